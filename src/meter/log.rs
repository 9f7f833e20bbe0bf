//! What the stock OpenSmartMeter firmware prints on its RS-232 port: `log+serial`, `log+tcp`.
//!
//! Lines of text at 115200 baud, 8N1, that come when the firmware likes: checksums at boot, readings at each poll of its server. It takes no
//! commands, so a meter is only read along here: readings, no registers. Format as printed by the published sources (SAM_UART.cpp,
//! EnAccess OpenSmartMeter).

use std::time::Duration;

use m90e26::Register;

use super::{BusStatistics, Line, Meter, MeterError, Quantity, Reach, Readings, Word};
use crate::clock::SharedClock;
use crate::port::{LineSettings, Port};

/// Speed of the line, 8N1.
pub const BAUD: u32 = 115_200;

/// How long the log may keep silent when the address does not say.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// No line of the log is nearly as long; what is longer is noise.
const LONGEST_LINE: usize = 120;
/// More remarks than a boot and a bad hour give; the oldest go first.
const MOST_REMARKS: usize = 200;

/// What waits in a line is fewer chunks of 256 bytes than this.
const MOST_OLD_CHUNKS: usize = 256;

/// Something the log said.
#[derive(Clone, Debug, PartialEq)]
enum Entry {
    /// All readings of one poll.
    Readings(Readings),
    /// Anything else it is known to say.
    Remark(String),
}

/// Makes entries of bytes.
///
/// The values of a poll belong together, so one that is missing or cannot be read takes the whole poll with it.
#[derive(Debug, Default)]
struct LogReader {
    line: Vec<u8>,
    /// The line has grown too long or held what is no text, and is skipped up to its end.
    spoilt: bool,
    poll: Poll,
}

/// The values of a poll that have come so far.
#[derive(Debug, Default)]
struct Poll {
    pf: Option<f64>,
    f: Option<f64>,
    u: Option<f64>,
    i: Option<f64>,
}

impl LogReader {
    fn feed(&mut self, bytes: &[u8]) -> Vec<Entry> {
        let mut entries = Vec::new();
        for &byte in bytes {
            match byte {
                b'\n' | b'\r' => entries.extend(self.end_of_line()),
                b' '..=b'~' if self.line.len() < LONGEST_LINE => self.line.push(byte),
                _ => self.spoilt = true,
            }
        }
        entries
    }

    fn end_of_line(&mut self) -> Option<Entry> {
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.spoilt) {
            self.poll = Poll::default();
            return None;
        }
        let text = String::from_utf8(line).ok()?;
        let text = text.trim();
        if text.is_empty() { None } else { self.entry(text) }
    }

    fn entry(&mut self, text: &str) -> Option<Entry> {
        let remark = || Some(Entry::Remark(text.to_owned()));
        let Some((name, value)) = text.split_once(':').map(|(name, value)| (name.trim(), value.trim())) else {
            let known = ["Device Powered!", "Checksum 1 Error!!", "Checksum 2 Error!!", "Read failed", "Write failed"];
            return if known.contains(&text) { remark() } else { self.stray() };
        };
        let number = value.parse::<f64>().ok().filter(|value| value.is_finite());
        match name {
            "Checksum 1" | "Checksum 2" => match u16::from_str_radix(value, 16) {
                Ok(word) => Some(Entry::Remark(format!("{name}: {word:04X}"))),
                Err(_) => self.stray(),
            },
            "POWER FACTOR" => {
                self.poll = Poll { pf: number.filter(|pf| pf.abs() <= 1.0), ..Poll::default() };
                None
            }
            "FREQUENCY" => {
                self.poll.f = number.filter(|f| *f >= 0.0);
                None
            }
            "MAINS VOLTAGE" => {
                self.poll.u = number.filter(|u| *u >= 0.0);
                None
            }
            "CURRENT" => {
                self.poll.i = number.filter(|i| *i >= 0.0);
                None
            }
            "ACTIVE POWER" => {
                let Poll { pf, f, u, i } = std::mem::take(&mut self.poll);
                let (u, i, p, pf, f) = (u?, i?, number?, pf?, f?);
                Some(Entry::Readings(Readings { u, i, p, q: None, pf, angle: None, f }))
            }
            "ENERGY" | "CREDIT" if number.is_some() => remark(),
            _ => self.stray(),
        }
    }

    /// A line the firmware does not print: its neighbours are not trusted either.
    fn stray(&mut self) -> Option<Entry> {
        self.poll = Poll::default();
        None
    }
}

/// A meter with the stock firmware, read along.
pub struct LogMeter {
    port: Box<dyn Port>,
    clock: SharedClock,
    patience: Duration,
    reader: LogReader,
    remarks: Vec<String>,
    statistics: BusStatistics,
}

impl LogMeter {
    /// A log on an open port; it may keep silent for `patience`.
    #[must_use]
    pub fn new(port: Box<dyn Port>, clock: SharedClock, patience: Duration) -> Self {
        let (reader, remarks, statistics) = (LogReader::default(), Vec::new(), BusStatistics::default());
        Self { port, clock, patience, reader, remarks, statistics }
    }

    /// Reads until `wanted` finds something in what came with one reading of the port.
    fn until<T>(&mut self, what: &'static str, wanted: impl Fn(&[Entry]) -> Option<T>) -> Result<T, MeterError> {
        let start = self.clock.now();
        let deadline = start + self.patience;
        let found = loop {
            let mut chunk = [0; 256];
            let count = self.port.read(&mut chunk, deadline)?;
            let entries = self.reader.feed(chunk.get(..count).unwrap_or_default());
            self.note(&entries);
            match wanted(&entries) {
                Some(found) => break Some(found),
                // A log that never pauses is still given up in time.
                None if count == 0 || self.clock.now() >= deadline => break None,
                None => {}
            }
        };
        self.statistics.busy_micros += self.clock.now().since(start).as_micros() as u64;
        found.ok_or(MeterError::LogSilent { what, seconds: self.patience.as_secs() })
    }

    fn note(&mut self, entries: &[Entry]) {
        for entry in entries {
            match entry {
                Entry::Readings(_) => self.statistics.transactions += 1,
                Entry::Remark(text) => self.remarks.push(text.clone()),
            }
        }
        let surplus = self.remarks.len().saturating_sub(MOST_REMARKS);
        self.remarks.drain(..surplus);
    }

    /// Readings that were printed after this was asked.
    fn next_readings(&mut self) -> Result<Readings, MeterError> {
        // What has been waiting in the line is of any age.
        let mut old = [0; 256];
        for _ in 0..MOST_OLD_CHUNKS {
            let count = self.port.read(&mut old, crate::clock::Moment::START)?;
            let entries = self.reader.feed(old.get(..count).unwrap_or_default());
            self.note(&entries);
            if count == 0 {
                break;
            }
        }
        self.until("complete readings", |entries| {
            entries.iter().rev().find_map(|entry| match entry {
                Entry::Readings(readings) => Some(*readings),
                Entry::Remark(_) => None,
            })
        })
    }
}

impl Meter for LogMeter {
    fn connect(&mut self) -> Result<(), MeterError> {
        self.port.configure(LineSettings::eight_n_one(BAUD))?;
        self.until("line that the stock firmware prints", |entries| entries.first().map(|_| ()))
    }

    fn read(&mut self, register: Register) -> Result<Word, MeterError> {
        Err(MeterError::LogOnly { register })
    }

    fn write(&mut self, register: Register, _value: u16) -> Result<(), MeterError> {
        Err(MeterError::LogOnly { register })
    }

    fn bus(&self) -> BusStatistics {
        self.statistics
    }

    fn reach(&self) -> Reach {
        Reach::Readings
    }

    /// The log shows real amperes and watts; only what no scale applies to is a register's quantity.
    fn quantity(&mut self, quantity: Quantity) -> Result<f64, MeterError> {
        match quantity {
            Quantity::Urms => Ok(self.next_readings()?.u),
            Quantity::Frequency => Ok(self.next_readings()?.f),
            Quantity::PowerFactor(_) => Ok(self.next_readings()?.pf),
            _ => Err(MeterError::LogOnly { register: quantity.register() }),
        }
    }

    fn readings(&mut self, _line: Line, _current_scale: f64) -> Result<Readings, MeterError> {
        self.next_readings()
    }

    fn remarks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.remarks)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;
    use crate::clock::{Moment, VirtualClock, sleep};
    use crate::port::{Level, PortError, Signal};

    const BOOT: &str = "Device Powered!\r\nChecksum 1:327C\r\nChecksum 2:993B\r\n";
    const POLL: &str = "POWER FACTOR : 0.99\r\nFREQUENCY : 50.01\r\nMAINS VOLTAGE : 239.87\r\nCURRENT  : 5.00\r\n\
                        ACTIVE POWER : 1187.36\r\nENERGY : 0.12\r\nCREDIT : 100\r\n";

    fn readings() -> Readings {
        Readings { u: 239.87, i: 5.0, p: 1187.36, q: None, pf: 0.99, angle: None, f: 50.01 }
    }

    fn remarks(text: &str) -> Vec<String> {
        let entries = LogReader::default().feed(text.as_bytes()).into_iter();
        let remark = |entry| match entry {
            Entry::Remark(text) => Some(text),
            Entry::Readings(_) => None,
        };
        entries.filter_map(remark).collect()
    }

    #[test]
    fn a_poll_is_one_reading() {
        for text in [POLL.to_owned(), POLL.replace("\r\n", "\n"), POLL.replace(" : ", ":")] {
            let entries = LogReader::default().feed(text.as_bytes());
            assert_eq!(entries[0], Entry::Readings(readings()));
            assert_eq!(entries.len(), 3);
        }
    }

    #[test]
    fn boot_and_errors_are_remarks() {
        assert_eq!(remarks(BOOT), ["Device Powered!", "Checksum 1: 327C", "Checksum 2: 993B"]);
        let bad = "Checksum 1:32C\r\nChecksum 1 Error!!\r\nRead failed\r\nChecksum 2:99999\r\nhello\r\n";
        assert_eq!(remarks(bad), ["Checksum 1: 032C", "Checksum 1 Error!!", "Read failed"]);
    }

    #[test]
    fn a_poll_with_a_bad_line_is_none() {
        let read = |text: &str| {
            let entries = LogReader::default().feed(text.as_bytes());
            entries.into_iter().any(|entry| matches!(entry, Entry::Readings(_)))
        };
        assert!(read(POLL));
        for line in POLL.lines().take(5) {
            let (name, _) = line.split_once(':').expect("a value");
            for bad in ["", "nan", "inf", "5,00", "1.2.3", "\u{7f}5", "-1e999"] {
                assert!(!read(&POLL.replace(line, &format!("{name}: {bad}"))), "{name}: {bad}");
            }
            assert!(!read(&POLL.replace(&format!("{line}\r\n"), "")), "{name} missing");
            assert!(!read(&POLL.replace(line, "Rexd failed")), "{name} replaced");
        }
        // Half of one poll and half of the next make none.
        let (first, second) = POLL.split_at(POLL.find("CURRENT").expect("there"));
        assert!(!read(&format!("{first}{first}")) && !read(second));
    }

    #[test]
    fn noise_does_not_stop_the_reading() {
        let mut reader = LogReader::default();
        assert_eq!(reader.feed(&[0xFF; 5000]), []);
        assert_eq!(reader.feed(b"\r\n"), []);
        assert_eq!(reader.feed(POLL.as_bytes())[0], Entry::Readings(readings()));
        assert!(reader.line.len() <= LONGEST_LINE);
    }

    proptest! {
        #[test]
        fn any_bytes_and_any_chunks(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 1usize..40) {
            let mut whole = LogReader::default();
            let mut torn = LogReader::default();
            let bytes = [&bytes, b"\n".as_slice(), POLL.as_bytes()].concat();
            let all = whole.feed(&bytes);
            let pieces: Vec<Entry> = bytes.chunks(cut).flat_map(|chunk| torn.feed(chunk)).collect();
            prop_assert_eq!(&all, &pieces);
            prop_assert!(all.contains(&Entry::Readings(readings())));
        }
    }

    /// Text that arrives at its times.
    struct Script {
        clock: SharedClock,
        due: VecDeque<(Moment, Vec<u8>)>,
    }

    impl Port for Script {
        fn write(&mut self, _: &[u8]) -> Result<(), PortError> {
            Ok(())
        }

        fn read(&mut self, into: &mut [u8], deadline: Moment) -> Result<usize, PortError> {
            let at = self.due.front().map_or(deadline, |(at, _)| *at).min(deadline);
            self.clock.sleep_until(at);
            let now = self.clock.now();
            let Some((_, bytes)) = self.due.front_mut().filter(|(at, _)| *at <= now) else { return Ok(0) };
            let count = bytes.len().min(into.len());
            into[..count].copy_from_slice(&bytes[..count]);
            bytes.drain(..count);
            if bytes.is_empty() {
                self.due.pop_front();
            }
            Ok(count)
        }

        fn configure(&mut self, _: LineSettings) -> Result<(), PortError> {
            Ok(())
        }

        fn set_signal(&mut self, _: Signal, _: Level) -> Result<(), PortError> {
            Ok(())
        }
    }

    fn meter(due: &[(f64, String)]) -> (LogMeter, SharedClock) {
        let clock = VirtualClock::shared(None);
        let due = due.iter().map(|(secs, text)| (Moment::START + Duration::from_secs_f64(*secs), text.clone().into()));
        let port = Script { clock: clock.clone(), due: due.collect() };
        (LogMeter::new(Box::new(port), clock.clone(), PATIENCE), clock)
    }

    #[test]
    fn readings_are_newer_than_the_question() {
        let later = POLL.replace("239.87", "230.00");
        let (mut meter, clock) = meter(&[(0.5, BOOT.to_owned()), (5.0, POLL.to_owned()), (15.0, later)]);
        meter.connect().expect("it prints");
        sleep(&*clock, Duration::from_secs(10));
        assert_eq!(meter.readings(Line::N, 20.0).expect("a poll").u, 230.0);
        assert_eq!(clock.now().secs(), 15.0);
        assert_eq!(meter.remarks()[..3], ["Device Powered!", "Checksum 1: 327C", "Checksum 2: 993B"]);
        let error = meter.readings(Line::N, 20.0).expect_err("nothing comes any more").to_string();
        assert_eq!(error, "the meter's log showed no complete readings for 30 s");
    }

    #[test]
    fn registers_are_out_of_reach() {
        let (mut meter, _) = meter(&[]);
        assert!(matches!(meter.read(Register::Ugain), Err(MeterError::LogOnly { .. })));
        assert!(matches!(meter.write(Register::Ugain, 1), Err(MeterError::LogOnly { .. })));
        assert!(matches!(meter.connect(), Err(MeterError::LogSilent { .. })));
    }
}
