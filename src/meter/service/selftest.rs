//! The self test by the meter's own commands.

use std::time::Duration;

use meter_interface::map::{Control, ECHO, Exception, SelfTest, Test, TestResult, TestState, echoed};

use super::codec::{Answer, Request};
use super::{ServiceError, ServiceMeter, nonsense};
use crate::clock::sleep;

/// How often the result is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// What the meter may take beyond a test's own limit.
pub const GRACE: Duration = Duration::from_secs(1);

/// How the echo over the service port went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// Words sent.
    pub words: usize,
    /// Words that came back otherwise.
    pub wrong: usize,
    /// Times something had to be sent again.
    pub retries: u64,
}

impl ServiceMeter {
    /// Has the meter test one part and waits for the result. `wait` is called before each look at it; it may end the waiting with an
    /// error of its own, and the test is stopped then.
    ///
    /// # Errors
    /// The meter does not answer, refuses, or does not come to an end; what `wait` says.
    pub fn test<E: From<ServiceError>>(
        &mut self,
        test: Test,
        mut wait: impl FnMut() -> Result<(), E>,
    ) -> Result<TestResult, E> {
        let runs = self.self_test()?.runs;
        match self.write_unlocked(Control::SelfTest.address(), test.number()) {
            // When the answer to the start got lost, the meter is busy with just this test.
            Err(ServiceError::Refused { exception: Exception::Busy }) if self.self_test()?.runs != runs => {}
            result => result?,
        }
        let end = self.link.clock().now() + Duration::from_secs(u64::from(test.limit_secs())) + GRACE;
        loop {
            if let Err(error) = wait() {
                self.write_unlocked(Control::SelfTest.address(), 0)?;
                return Err(error);
            }
            let window = self.self_test()?;
            let index = usize::from(test.number()).saturating_sub(1);
            let result = window.results.get(index).copied().unwrap_or_default();
            let ended = window.runs != runs && window.running == 0;
            if ended && !matches!(result.state, TestState::NotRun | TestState::Running) {
                return Ok(result);
            }
            if self.link.clock().now() >= end {
                self.write_unlocked(Control::SelfTest.address(), 0)?;
                return Ok(TestResult { state: TestState::TimedOut, value: result.value });
            }
            sleep(&**self.link.clock(), LOOK);
        }
    }

    /// Sends patterns and reads them back, inverted by the meter.
    ///
    /// # Errors
    /// The meter does not answer.
    pub fn echo(&mut self) -> Result<Echo, ServiceError> {
        let before = self.link.statistics().retries;
        let count = ECHO.end - ECHO.start;
        let (mut words, mut wrong) = (0, 0);
        // All bits both ways beside each other, then each word different, so that exchanged ones show.
        let patterns: [fn(u16) -> u16; 4] = [
            |_| 0x5555,
            |_| 0xAAAA,
            |index| if index % 2 == 0 { 0 } else { 0xFFFF },
            |index| index.wrapping_mul(0x9E37),
        ];
        for pattern in patterns {
            let sent: Vec<u16> = (0..count).map(pattern).collect();
            let reply = self.link.ask(&Request::WriteMany { address: ECHO.start, words: sent.clone() })?;
            if reply.answer != Answer::Written {
                return Err(nonsense(&reply));
            }
            let (back, _) = self.words(&Request::ReadHolding { address: ECHO.start, count })?;
            words += sent.len();
            wrong += sent.iter().zip(&back).filter(|(sent, back)| echoed(**sent) != **back).count();
        }
        Ok(Echo { words, wrong, retries: self.link.statistics().retries - before })
    }

    fn self_test(&mut self) -> Result<SelfTest, ServiceError> {
        let (words, reply) = self.input(SelfTest::START, SelfTest::WORDS)?;
        SelfTest::decode(&words).map_err(|_| nonsense(&reply))
    }
}
