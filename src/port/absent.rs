//! A port that could not be opened, for a bench that works with the others meanwhile.

use super::{Level, LineSettings, Port, PortError, Signal};
use crate::clock::Moment;

/// Whatever is asked of it, it says why it is not there.
pub struct AbsentPort {
    port: String,
    reason: String,
}

impl AbsentPort {
    /// In place of the port that gave this error.
    #[must_use]
    pub fn after(error: &PortError) -> Self {
        match error {
            PortError::Open { port, reason } | PortError::Gone { port, reason } => {
                Self { port: port.clone(), reason: reason.clone() }
            }
            PortError::Unsupported { port, what } => Self { port: port.clone(), reason: format!("it cannot {what}") },
        }
    }

    fn refuse<T>(&self) -> Result<T, PortError> {
        Err(PortError::Open { port: self.port.clone(), reason: self.reason.clone() })
    }
}

impl Port for AbsentPort {
    fn write(&mut self, _bytes: &[u8]) -> Result<(), PortError> {
        self.refuse()
    }

    fn read(&mut self, _into: &mut [u8], _deadline: Moment) -> Result<usize, PortError> {
        self.refuse()
    }

    fn configure(&mut self, _line: LineSettings) -> Result<(), PortError> {
        self.refuse()
    }

    fn set_signal(&mut self, _signal: Signal, _level: Level) -> Result<(), PortError> {
        self.refuse()
    }
}
