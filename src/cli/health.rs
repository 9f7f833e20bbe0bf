//! What a meter's own program tells of itself over its service port: its stack, and what ended it last time.

use std::fmt;

use meter_interface::map::{Crash, CrashKind, Diagnostics};
use serde_json::{Value, json};

use crate::meter::service::{ServiceError, ServiceMeter};

/// Each part is missing where the meter's program is too old to tell it.
pub struct Health {
    diagnostics: Option<Diagnostics>,
    crash: Option<Crash>,
}

impl Health {
    /// Asks the meter.
    ///
    /// # Errors
    /// The meter does not answer.
    pub fn of(meter: &mut ServiceMeter) -> Result<Self, ServiceError> {
        Ok(Self { diagnostics: meter.diagnostics()?, crash: meter.crash()? })
    }

    /// Stack in bytes and longest turn of the main loop.
    pub fn diagnostics(&self) -> Value {
        self.diagnostics.map_or(Value::Null, |found| {
            json!({
                "stack_bytes": found.stack_bytes, "stack_unused": found.stack_unused,
                "longest_turn_ms": found.longest_turn_millis,
            })
        })
    }

    /// The crash record; its kind also says that there was no crash.
    pub fn crash(&self) -> Value {
        self.crash.map_or(Value::Null, |crash| {
            json!({
                "kind": crash.kind.to_string(), "boot": crash.boot, "uptime_ms": crash.uptime_millis,
                "program_counter": format!("{:08X}", crash.program_counter),
                "link_register": format!("{:08X}", crash.link_register), "message": crash.message.as_str(),
            })
        })
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Diagnostics { stack_bytes, stack_unused, longest_turn_millis }) = self.diagnostics {
            let used = stack_bytes.saturating_sub(stack_unused);
            write!(f, "Stack: {used} of {stack_bytes} bytes used at most; longest turn {longest_turn_millis} ms")?;
        }
        let Some(crash) = &self.crash else { return Ok(()) };
        let between = if self.diagnostics.is_some() { "; " } else { "" };
        if crash.kind == CrashKind::None {
            return write!(f, "{between}no crash on record");
        }
        let secs = f64::from(crash.uptime_millis) / 1e3;
        write!(f, "{between}crash on record: {}, in start {} after {secs:.1} s", crash.kind, crash.boot)?;
        if !crash.message.is_empty() {
            write!(f, ", {}", crash.message.as_str())?;
        }
        if crash.program_counter != 0 {
            write!(f, ", at {:08X}, called from {:08X}", crash.program_counter, crash.link_register)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use meter_interface::block::Text;

    use super::*;

    #[test]
    fn each_kind_of_end_says_what_is_known_of_it() {
        let none = Crash {
            kind: CrashKind::None,
            boot: 0,
            uptime_millis: 0,
            program_counter: 0,
            link_register: 0,
            message: Text::default(),
        };
        let said = |crash| Health { diagnostics: None, crash }.to_string();
        assert_eq!(said(None), "");
        assert_eq!(said(Some(none)), "no crash on record");
        let message = Text::new("meter/src/lcd.rs:7").expect("text");
        let panic = Crash { kind: CrashKind::Panic, boot: 3, uptime_millis: 12_340, message, ..none };
        assert_eq!(said(Some(panic)), "crash on record: Panic, in start 3 after 12.3 s, meter/src/lcd.rs:7");
        let program_counter = 0x0800_1234;
        let fault = Crash { kind: CrashKind::HardFault, program_counter, link_register: 0x0800_0101, ..none };
        assert_eq!(
            said(Some(fault)),
            "crash on record: Hard fault, in start 0 after 0.0 s, at 08001234, called from 08000101"
        );
    }
}
