//! The M90E26 as its datasheet has it: registers, calibration states, checksums, read-clear, LastData, LSB.
//!
//! Follows Atmel-46002B; the signals come from [`super::metering`] and [`super::measuring`]. Time is an argument: the chip
//! catches up with the world whenever it is asked for something.

use m90e26::field::{FuncEn, MMode, command};
use m90e26::{Access, Register, checksum};

use super::board::{Board, Contact, Defect};
use super::measuring::{self, Measured, MeasuringWords};
use super::metering::{self, Counters, MeteringWords};
use super::world::{Mains, World};

// SysStatus, by bit (Atmel-46002B, register 01).
const CAL_ERR: u16 = 0b11 << 14;
const ADJ_ERR: u16 = 0b11 << 12;
const LN_CHANGE: u16 = 1 << 7;
const REV_P_CHG: u16 = 1 << 5;
const SAG_WARN: u16 = 1 << 1;

/// What CalStart or AdjStart has made of its half of the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Half {
    /// After power-on: nothing is metered or measured.
    Idle,
    /// Works whatever the checksum.
    Calibrating,
    /// Works as long as the checksum is right.
    Normal,
    /// The checksum was wrong, or the command was none: nothing works.
    Fault,
}

/// Relative errors of a chip against ideal wires.
#[derive(Clone, Copy, Debug)]
pub struct Truth {
    /// Voltage.
    pub u: f64,
    /// Current by the L and the N line.
    pub i: [f64; 2],
    /// Energy.
    pub energy: f64,
}

/// One chip on one board.
pub struct Chip {
    board: Board,
    world: World,
    words: [u16; 128],
    metering: Half,
    measuring: Half,
    /// PLconstH waits for PLconstL before it takes effect (Atmel-46102B).
    pl_constant: u32,
    counters: Counters,
    events: u16,
    reverse: bool,
    l_line: bool,
    sagging: bool,
    last_data: u16,
    lsb: u16,
    now: f64,
    frozen: Measured,
}

impl Chip {
    /// Powers the chip on at the world's start.
    #[must_use]
    pub fn new(board: Board, world: World) -> Self {
        let mut chip = Self {
            board,
            world,
            words: [0; 128],
            metering: Half::Idle,
            measuring: Half::Idle,
            pl_constant: 0,
            counters: Counters::default(),
            events: 0,
            reverse: false,
            l_line: true,
            sagging: false,
            last_data: 0,
            lsb: 0,
            now: 0.0,
            frozen: Measured::default(),
        };
        chip.power_on();
        chip
    }

    /// Everything back to power-on values: SoftReset, or the supply went away for a moment.
    pub fn power_on(&mut self) {
        self.words = [0; 128];
        for register in Register::ALL {
            self.put(register, register.power_on());
        }
        self.metering = Half::Idle;
        self.measuring = Half::Idle;
        self.counters = Counters::default();
        self.frozen = Measured::default();
        self.latch_pl_constant();
        (self.events, self.last_data, self.lsb) = (0, 0, 0);
        (self.reverse, self.sagging) = (false, false);
    }

    /// A read over the serial interface. An address that is none reads 0000.
    pub fn read(&mut self, address: u8, secs: f64) -> u16 {
        self.catch_up(secs);
        let value = match Register::from_address(address) {
            None => 0,
            Some(Register::LastData) => return self.last_data,
            Some(register) => self.read_register(register),
        };
        self.last_data = value;
        value
    }

    /// A write over the serial interface. An address that is none, or that cannot be written, ignores it.
    pub fn write(&mut self, address: u8, value: u16, secs: f64) {
        self.catch_up(secs);
        self.last_data = value;
        let Some(register) = Register::from_address(address) else { return };
        match register {
            Register::SoftReset if value == command::SOFT_RESET => self.power_on(),
            Register::CalStart => self.command_metering(value),
            Register::AdjStart => self.command_measuring(value),
            _ if register.access() == Access::ReadWrite => {
                self.put(register, value);
                if register == Register::PLconstL {
                    self.latch_pl_constant();
                }
                self.watch_checksums();
            }
            _ => {}
        }
    }

    /// The board around it.
    #[must_use]
    pub const fn board(&self) -> &Board {
        &self.board
    }

    /// The meter's own program moves the relay in the load's way.
    pub fn switch_relay(&mut self, contact: Contact, secs: f64) {
        self.catch_up(secs);
        self.board.switch(contact);
    }

    /// How far the chip is off with the registers it has now, without noise, on ideal wires: what no measurement can know
    /// and a simulation can.
    #[must_use]
    pub fn truth(&self, mains: Mains, counts_per_wh: f64) -> Truth {
        let board = self.board.without_noise();
        let world = World::ideal(mains);
        let secs = self.now;
        let measured = measuring::measure(&world, &board, secs, &self.measuring_words());
        let flow = metering::flow(&mains, &board, &self.metering_words(), secs);
        let [amps_l, amps_n] = measured.amps().map(|amps| amps * board.kind.current_scale);
        Truth {
            u: measured.volts() / mains.u - 1.0,
            i: [amps_l / mains.i - 1.0, amps_n / mains.i - 1.0],
            energy: flow.counts_per_sec * 3600.0 / mains.p() / counts_per_wh - 1.0,
        }
    }

    /// Pulses of the output CF1 up to `secs`, and how many come each second.
    pub fn pulses(&mut self, secs: f64) -> (f64, f64) {
        self.catch_up(secs);
        self.counters.pulses()
    }

    fn read_register(&mut self, register: Register) -> u16 {
        match register {
            Register::SysStatus => std::mem::take(&mut self.events) | self.checksum_errors(),
            Register::Lsb => self.lsb,
            Register::Cs1 => self.checksum_1(),
            Register::Cs2 => self.checksum_2(),
            Register::EnStatus => self.energy_status(),
            _ if register.access() == Access::ReadClear => self.counters.take(register),
            _ => match self.measured().get(register) {
                Some((value, lsb)) => {
                    if let Some(lsb) = lsb {
                        self.lsb = lsb;
                    }
                    value
                }
                None => self.get(register),
            },
        }
    }

    fn get(&self, register: Register) -> u16 {
        self.words.get(usize::from(register.address())).copied().unwrap_or_default()
    }

    fn put(&mut self, register: Register, value: u16) {
        if let Some(word) = self.words.get_mut(usize::from(register.address())) {
            *word = value;
        }
    }

    fn latch_pl_constant(&mut self) {
        self.pl_constant = u32::from(self.get(Register::PLconstH)) << 16 | u32::from(self.get(Register::PLconstL));
    }

    fn checksum_1(&self) -> u16 {
        checksum(Register::METERING.into_iter().map(|register| self.get(register)))
    }

    fn checksum_2(&self) -> u16 {
        checksum(Register::MEASUREMENT.into_iter().map(|register| self.get(register)))
    }

    fn checksums_agree(&self) -> [bool; 2] {
        let honest = self.board.defect != Some(Defect::ChecksumRefused);
        [honest && self.get(Register::Cs1) == self.checksum_1(), honest && self.get(Register::Cs2) == self.checksum_2()]
    }

    fn command_metering(&mut self, value: u16) {
        self.put(Register::CalStart, value);
        self.metering = match value {
            command::CAL_START => {
                Register::METERING.into_iter().for_each(|register| self.put(register, register.power_on()));
                self.latch_pl_constant();
                Half::Calibrating
            }
            command::CAL_CHECK if self.checksums_agree()[0] => Half::Normal,
            command::CAL_POWER_ON => Half::Idle,
            _ => Half::Fault,
        };
    }

    fn command_measuring(&mut self, value: u16) {
        self.put(Register::AdjStart, value);
        self.measuring = match value {
            command::CAL_START => {
                Register::MEASUREMENT.into_iter().for_each(|register| self.put(register, register.power_on()));
                Half::Calibrating
            }
            command::CAL_CHECK if self.checksums_agree()[1] => Half::Normal,
            command::CAL_POWER_ON => Half::Idle,
            _ => Half::Fault,
        };
    }

    /// In normal operation the chip goes on comparing: a changed register without its checksum is a fault.
    fn watch_checksums(&mut self) {
        let [metering, measuring] = self.checksums_agree();
        if self.metering == Half::Normal && !metering {
            self.metering = Half::Fault;
        }
        if self.measuring == Half::Normal && !measuring {
            self.measuring = Half::Fault;
        }
    }

    fn checksum_errors(&self) -> u16 {
        let error = |half, bits| if half == Half::Fault { bits } else { 0 };
        error(self.metering, CAL_ERR) | error(self.measuring, ADJ_ERR)
    }

    fn energy_status(&self) -> u16 {
        let flow = self.counters.flow;
        let mut status = u16::from(self.board.kind.ln_mode);
        let mut set = |bit: u32, on: bool| status |= u16::from(on) << bit;
        set(15, self.counters.no_load());
        set(14, self.counters.no_load());
        set(13, flow.reactive_per_sec < 0.0);
        set(12, flow.counts_per_sec < 0.0);
        set(11, flow.l_line || self.counters.no_load());
        status
    }

    fn metering_words(&self) -> MeteringWords {
        MeteringWords {
            pl_constant: self.pl_constant,
            gain: [self.get(Register::Lgain), self.get(Register::Ngain)],
            phi: [self.get(Register::Lphi), self.get(Register::Nphi)],
            threshold: [self.get(Register::PStartTh), self.get(Register::PNolTh)],
            mmode: MMode::from_bits(self.get(Register::MMode)),
        }
    }

    fn catch_up(&mut self, secs: f64) {
        if secs <= self.now {
            return;
        }
        let works = |half| matches!(half, Half::Calibrating | Half::Normal);
        if works(self.metering) {
            let words = self.metering_words();
            self.counters.advance(&self.world, &self.board, &words, self.now, secs);
        }
        self.now = secs;
        if works(self.measuring) {
            self.watch_events();
        }
    }

    /// Sets the SysStatus bits of what changed since the last look.
    fn watch_events(&mut self) {
        let enabled = FuncEn::from_bits(self.get(Register::FuncEn));
        let flow = self.counters.flow;
        let reverse = flow.counts_per_sec < 0.0;
        if reverse != self.reverse && enabled.rev_p_en() {
            self.events |= REV_P_CHG;
        }
        if flow.l_line != self.l_line && self.board.kind.ln_mode == 0 && !self.counters.no_load() {
            self.events |= LN_CHANGE;
            self.l_line = flow.l_line;
        }
        self.reverse = reverse;
        let sagging = measuring::sags(&self.world, &self.board, self.now, &self.measuring_words());
        if sagging && !self.sagging && enabled.sag_en() {
            self.events |= SAG_WARN;
        }
        self.sagging = sagging;
    }

    fn measuring_words(&self) -> MeasuringWords {
        MeasuringWords::from_registers(|register| self.get(register))
    }

    /// The measuring path's values; they stand still while it does not work.
    fn measured(&mut self) -> Measured {
        if matches!(self.measuring, Half::Calibrating | Half::Normal) {
            self.frozen = measuring::measure(&self.world, &self.board, self.now, &self.measuring_words());
        }
        self.frozen
    }
}
