//! A board without hardware: it notes what the program does with it.

use meter_firmware::board::{Board, Coil, Led, Restart};
use meter_firmware::i2c::BusError;
use meter_firmware::lcd::Nibble;

/// Bytes of the EEPROM, and of its pages.
const EEPROM: usize = 4096;
const EEPROM_PAGE: usize = 32;
/// The EEPROM writes for so long, and answers to nobody meanwhile.
const WRITE_MICROS: u64 = 10_000;

/// The stand-in.
pub struct StandIn {
    pub now: u64,
    pub to_chip: Vec<u8>,
    pub to_bench: Vec<u8>,
    pub to_modem: Vec<u8>,
    pub eeprom: Option<Vec<u8>>,
    pub eeprom_writes: u32,
    busy_until: u64,
    /// There is a clock. It shows 2026-11-21 08:45:30 in the beginning.
    pub rtc: bool,
    /// What it was set to and when; days do not pass.
    clock: ([u8; 7], u64),
    /// Each pulse: coil, begin, end.
    pub pulses: Vec<(Coil, u64, u64)>,
    coil: Option<(Coil, u64)>,
    pub red: bool,
    pub green: bool,
    pub buzzing: bool,
    pub contacts: u16,
    pub sense: Option<u16>,
    pub failing: bool,
    pub restarted: Option<Restart>,
    lcd: Hd44780,
}

impl Default for StandIn {
    fn default() -> Self {
        Self {
            now: 0,
            to_chip: Vec::new(),
            to_bench: Vec::new(),
            to_modem: Vec::new(),
            eeprom: Some(vec![0xFF; EEPROM]),
            eeprom_writes: 0,
            busy_until: 0,
            rtc: true,
            clock: ([0x30, 0x45, 0x08, 7, 0x21, 0x11, 0x26], 0),
            pulses: Vec::new(),
            coil: None,
            red: false,
            green: false,
            buzzing: false,
            contacts: 0,
            sense: Some(1_650),
            failing: false,
            restarted: None,
            lcd: Hd44780::default(),
        }
    }
}

impl StandIn {
    /// The two lines of the display.
    pub fn lines(&self) -> [String; 2] {
        [0, 0x40].map(|start| {
            self.lcd.memory[start..start + 16]
                .iter()
                .map(|&byte| char::from(byte))
                .collect::<String>()
                .trim_end()
                .into()
        })
    }

    fn eeprom(&mut self, write: &[u8], read: &mut [u8]) -> Result<(), BusError> {
        if self.now < self.busy_until {
            return Err(BusError::NoDevice);
        }
        let memory = self.eeprom.as_mut().ok_or(BusError::NoDevice)?;
        let (&[high, low], content) = write.split_first_chunk().ok_or(BusError::Refused)?;
        let address = usize::from(u16::from_be_bytes([high, low])) % EEPROM;
        for (place, byte) in read.iter_mut().enumerate() {
            *byte = memory[(address + place) % EEPROM];
        }
        // A write goes round within its page.
        let page = address / EEPROM_PAGE * EEPROM_PAGE;
        for (place, &byte) in content.iter().enumerate() {
            memory[page + (address + place) % EEPROM_PAGE] = byte;
        }
        if !content.is_empty() {
            self.eeprom_writes += 1;
            self.busy_until = self.now + WRITE_MICROS;
        }
        Ok(())
    }

    fn clock(&mut self, write: &[u8], read: &mut [u8]) -> Result<(), BusError> {
        if !self.rtc {
            return Err(BusError::NoDevice);
        }
        if let Some(set) = write.get(1..8) {
            self.clock = (set.try_into().expect("seven registers"), self.now);
        }
        let ([second, minute, hour, rest @ ..], since) = self.clock;
        let number = |digits: u8| u64::from(digits >> 4) * 10 + u64::from(digits & 0xF);
        let digits = |number: u64| (number / 10 * 16 + number % 10) as u8;
        let secs = number(hour) * 3_600 + number(minute) * 60 + number(second) + (self.now - since) / 1_000_000;
        let [weekday, day, month, year] = rest;
        let registers =
            [digits(secs % 60), digits(secs / 60 % 60), digits(secs / 3_600 % 24), weekday, day, month, year];
        read.iter_mut().zip(registers).for_each(|(byte, register)| *byte = register);
        Ok(())
    }
}

impl Board for StandIn {
    fn chip_send(&mut self, bytes: &[u8]) {
        self.to_chip.extend(bytes);
    }

    fn service_send(&mut self, bytes: &[u8]) {
        self.to_bench.extend(bytes);
    }

    fn modem_send(&mut self, bytes: &[u8]) {
        self.to_modem.extend(bytes);
    }

    fn i2c(&mut self, device: u8, write: &[u8], read: &mut [u8]) -> Result<(), BusError> {
        match device {
            0x50 => self.eeprom(write, read),
            0x68 => self.clock(write, read),
            _ => Err(BusError::NoDevice),
        }
    }

    fn drive_relay(&mut self, coil: Option<Coil>) {
        if let Some((driven, since)) = self.coil.take() {
            self.pulses.push((driven, since, self.now));
        }
        self.coil = coil.map(|coil| (coil, self.now));
    }

    fn light(&mut self, led: Led, on: bool) {
        match led {
            Led::Red => self.red = on,
            Led::Green => self.green = on,
        }
    }

    fn buzz(&mut self, on: bool) {
        self.buzzing = on;
    }

    fn latch(&mut self, nibble: Nibble) {
        self.lcd.on_nibble(nibble, self.now);
    }

    fn keys(&mut self) -> u16 {
        self.contacts
    }

    fn sense_millivolts(&mut self) -> Option<u16> {
        self.sense
    }

    fn supply_fails(&self) -> bool {
        self.failing
    }

    fn stack_unused(&self) -> u16 {
        12_000
    }

    fn restart(&mut self, into: Restart) {
        self.restarted = Some(into);
    }
}

/// The display's controller as its datasheet has it: what comes while it is busy is lost, and a nibble lost turns all that follows into
/// nonsense.
struct Hd44780 {
    memory: [u8; 0x80],
    address: usize,
    four_bits: bool,
    upper: Option<u8>,
    ready_at: u64,
}

impl Default for Hd44780 {
    fn default() -> Self {
        Self { memory: [b' '; 0x80], address: 0, four_bits: false, upper: None, ready_at: 40_000 }
    }
}

impl Hd44780 {
    fn on_nibble(&mut self, nibble: Nibble, now: u64) {
        if now < self.ready_at {
            return;
        }
        let byte = match (self.four_bits, self.upper.take()) {
            (false, _) => nibble.bits << 4,
            (true, None) => {
                self.upper = Some(nibble.bits);
                return;
            }
            (true, Some(upper)) => upper << 4 | nibble.bits,
        };
        self.ready_at = now + 37;
        match (nibble.data, byte) {
            (true, byte) => {
                self.memory[self.address & 0x7F] = byte;
                self.address += 1;
            }
            (false, 0x80..) => self.address = usize::from(byte & 0x7F),
            (false, 0x20..=0x3F) => self.four_bits = byte & 0x10 == 0,
            (false, 0x01) => {
                self.memory = [b' '; 0x80];
                self.address = 0;
                self.ready_at = now + 1_520;
            }
            (false, _) => {}
        }
    }
}
