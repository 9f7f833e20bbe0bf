//! One command of the boot loader, stage by stage (AN3155, section 3).
//!
//! An [`Exchange`] does no I/O and reads no clock: its driver sends what [`Exchange::poll`] says, passes on what comes, and is
//! told the answer or what went wrong. After anything but `Ok` and [`Fault::Refused`] nobody knows what the loader waits for;
//! the driver has to find it again before the next command.

use std::time::Duration;

use super::codec::{ACK, Command, NACK};
use crate::clock::Moment;

/// One stage: bytes out, an answer back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// What is sent.
    pub send: Vec<u8>,
    /// What has to come back.
    pub reply: Reply,
    /// How long that may take.
    pub within: Duration,
}

/// The answer to a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// ACK.
    Ack,
    /// ACK, so many bytes.
    Data(usize),
    /// ACK, so many bytes, ACK.
    Framed(usize),
    /// ACK, a byte N, N + 1 bytes, ACK.
    Counted,
    /// ACK, ACK: accepted, and done.
    Twice,
}

/// What the driver does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send these bytes.
    Send(Vec<u8>),
    /// Wait for bytes until then.
    Receive(Moment),
    /// Over: the data bytes of all stages, or the fault.
    Done(Result<Vec<u8>, Fault>),
}

/// Why a command failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// NACK to this stage, from 0.
    Refused {
        /// The stage.
        stage: usize,
    },
    /// Not all of the answer came in time.
    Silent {
        /// The stage.
        stage: usize,
    },
    /// A byte where ACK or NACK belongs.
    Unexpected {
        /// The stage.
        stage: usize,
        /// The byte.
        found: u8,
    },
}

/// A command under way.
#[derive(Clone, Debug)]
pub struct Exchange {
    stages: Vec<Stage>,
    at: usize,
    /// When the stage's answer has to be there; none before the stage was sent.
    deadline: Option<Moment>,
    /// What came of the stage's answer.
    received: Vec<u8>,
    data: Vec<u8>,
    over: Option<Fault>,
}

impl Exchange {
    /// `command`, accepted within `within`, and what follows.
    #[must_use]
    pub fn new(command: Command, reply: Reply, within: Duration) -> Self {
        let first = Stage { send: command.frame().to_vec(), reply, within };
        Self { stages: vec![first], at: 0, deadline: None, received: Vec::new(), data: Vec::new(), over: None }
    }

    /// Adds a stage.
    #[must_use]
    pub fn then(mut self, send: impl Into<Vec<u8>>, reply: Reply, within: Duration) -> Self {
        self.stages.push(Stage { send: send.into(), reply, within });
        self
    }

    /// What to do now.
    pub fn poll(&mut self, now: Moment) -> Action {
        if let Some(fault) = self.over {
            return Action::Done(Err(fault));
        }
        let Some(stage) = self.stages.get(self.at) else {
            return Action::Done(Ok(std::mem::take(&mut self.data)));
        };
        match self.deadline {
            None => {
                self.deadline = Some(now + stage.within);
                Action::Send(stage.send.clone())
            }
            Some(deadline) if deadline <= now => {
                self.over = Some(Fault::Silent { stage: self.at });
                Action::Done(Err(Fault::Silent { stage: self.at }))
            }
            Some(deadline) => Action::Receive(deadline),
        }
    }

    /// Takes bytes that came.
    pub fn on_bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.over.is_none() {
                self.on_byte(byte);
            }
        }
    }

    fn on_byte(&mut self, byte: u8) {
        let Some(stage) = self.stages.get(self.at) else { return };
        let position = self.received.len();
        self.received.push(byte);
        let data = match stage.reply {
            Reply::Ack | Reply::Twice => 0,
            Reply::Data(count) | Reply::Framed(count) => count,
            // The count itself is told apart from what it counts below.
            Reply::Counted => self.received.get(1).map_or(usize::MAX - 2, |count| usize::from(*count) + 2),
        };
        let closed = matches!(stage.reply, Reply::Framed(_) | Reply::Counted | Reply::Twice);
        if position == 0 || (closed && position == data + 1) {
            match byte {
                ACK => {}
                NACK => self.over = Some(Fault::Refused { stage: self.at }),
                found => self.over = Some(Fault::Unexpected { stage: self.at, found }),
            }
        }
        if self.received.len() == 1 + data + usize::from(closed) {
            let skip = if stage.reply == Reply::Counted { 2 } else { 1 };
            self.data.extend(self.received.iter().skip(skip).take(data + 1 - skip));
            self.received.clear();
            self.at += 1;
            self.deadline = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WITHIN: Duration = Duration::from_millis(100);

    fn at(millis: u64) -> Moment {
        Moment::from_micros(millis * 1000)
    }

    /// A transcript: what goes out, what comes back.
    fn run(mut exchange: Exchange, answers: &[&[u8]]) -> (Vec<Vec<u8>>, Result<Vec<u8>, Fault>) {
        let mut sent = Vec::new();
        let mut answers = answers.iter();
        let mut now = at(0);
        loop {
            match exchange.poll(now) {
                Action::Send(bytes) => sent.push(bytes),
                Action::Receive(deadline) => match answers.next() {
                    Some(bytes) => exchange.on_bytes(bytes),
                    None => now = deadline,
                },
                Action::Done(result) => return (sent, result),
            }
        }
    }

    fn read() -> Exchange {
        Exchange::new(Command::READ, Reply::Ack, WITHIN).then([8, 0, 0, 0, 8], Reply::Ack, WITHIN).then(
            [1, 0xFE],
            Reply::Data(2),
            WITHIN,
        )
    }

    #[test]
    fn a_read_in_three_stages() {
        let (sent, result) = run(read(), &[&[ACK], &[ACK], &[ACK, 0xCA], &[0xFE]]);
        assert_eq!(sent, [vec![0x11, 0xEE], vec![8, 0, 0, 0, 8], vec![1, 0xFE]]);
        assert_eq!(result, Ok(vec![0xCA, 0xFE]));
    }

    #[test]
    fn acknowledges_among_data_are_data() {
        let (_, result) = run(read(), &[&[ACK], &[ACK], &[ACK, NACK, ACK]]);
        assert_eq!(result, Ok(vec![NACK, ACK]));
    }

    #[test]
    fn get_and_get_id_count_themselves() {
        let get = || Exchange::new(Command::GET, Reply::Counted, WITHIN);
        assert_eq!(run(get(), &[&[ACK, 2, 0x22, 0x00, 0x01, ACK]]).1, Ok(vec![0x22, 0x00, 0x01]));
        assert_eq!(run(get(), &[&[ACK, 0, 0x22, ACK]]).1, Ok(vec![0x22]));
        assert_eq!(run(get(), &[&[ACK, 1, 4, 0x10, 0x55]]).1, Err(Fault::Unexpected { stage: 0, found: 0x55 }));
        let version = Exchange::new(Command::GET_VERSION, Reply::Framed(3), WITHIN);
        assert_eq!(run(version, &[&[ACK, 0x22, 0, 0, ACK]]).1, Ok(vec![0x22, 0, 0]));
    }

    #[test]
    fn refusals_and_strange_bytes_have_their_stage() {
        assert_eq!(run(read(), &[&[NACK]]).1, Err(Fault::Refused { stage: 0 }));
        assert_eq!(run(read(), &[&[ACK], &[NACK]]).1, Err(Fault::Refused { stage: 1 }));
        assert_eq!(run(read(), &[&[0x11, 0xEE]]).1, Err(Fault::Unexpected { stage: 0, found: 0x11 }));
    }

    #[test]
    fn every_truncation_is_silence() {
        let get = Exchange::new(Command::GET, Reply::Counted, WITHIN);
        let answer = [ACK, 2, 0x22, 0x00, 0x01, ACK];
        for length in 0..answer.len() {
            assert_eq!(run(get.clone(), &[&answer[..length]]).1, Err(Fault::Silent { stage: 0 }), "{length}");
        }
        let twice = Exchange::new(Command::READOUT_PROTECT, Reply::Twice, WITHIN);
        assert_eq!(run(twice.clone(), &[&[ACK]]).1, Err(Fault::Silent { stage: 0 }));
        assert_eq!(run(twice, &[&[ACK], &[ACK]]).1, Ok(vec![]));
    }

    proptest! {
        #[test]
        fn any_answer_is_survived(answers in proptest::collection::vec(any::<Vec<u8>>(), 0..6)) {
            let answers: Vec<&[u8]> = answers.iter().map(Vec::as_slice).collect();
            run(read(), &answers).1.ok();
            run(Exchange::new(Command::GET, Reply::Counted, WITHIN), &answers).1.ok();
        }
    }
}
