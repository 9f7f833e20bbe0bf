//! Reading and writing the meter's registers by hand, between the runs.
//!
//! Three sides of it: what may be asked for and whether it may be done, the work on the station's thread, and what the
//! window keeps of the last reading. What the words mean is the page's affair.

use std::collections::BTreeMap;

use m90e26::field::command;
use m90e26::{Access, Encoding, Register};

use super::{Link, Notice, Open, Worker};
use crate::advice::Advice;
use crate::calibration::registers::RegisterSet;
use crate::meter::{Meter, MeterError};
use crate::procedure::{self, StepError};

/// Which registers are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All that reading does not change.
    Map,
    /// Those that reading sets to zero: SysStatus and the energies.
    Clearing,
}

impl Scope {
    /// The registers of the scope, by address.
    pub fn registers(self) -> impl Iterator<Item = Register> {
        Register::ALL.into_iter().filter(move |register| match register.access() {
            Access::Read | Access::ReadWrite => self == Self::Map,
            Access::ReadClear => self == Self::Clearing,
            Access::Write => false,
        })
    }
}

/// A word for a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// Which one.
    pub register: Register,
    /// What is to be in it.
    pub value: u16,
}

impl Write {
    /// Whether the register takes this word from a person's hand.
    ///
    /// # Errors
    /// Says in words why not.
    pub fn check(self) -> Result<(), String> {
        let Self { register, value } = self;
        match register.access() {
            Access::Read => return Err(t!("{register} can only be read", register)),
            Access::ReadClear => return Err(t!("{register} can only be read, which clears it", register)),
            Access::Write => {
                return Err(t!("{register} resets the chip; a run does that, this page does not", register));
            }
            Access::ReadWrite => {}
        }
        match (register, value) {
            (Register::Ugain, 0x8000..) => Err(t!("Ugain takes 0000 to 7FFF, bit 15 must be 0").to_owned()),
            (Register::Lphi | Register::Nphi, _) if value & 0x7C00 != 0 => {
                Err(t!("{register} takes 0000 to 03FF, or 8000 to 83FF for negative: 10 bits and the sign", register))
            }
            (Register::CalStart | Register::AdjStart, command::CAL_START | command::CAL_CHECK) => Ok(()),
            (Register::CalStart | Register::AdjStart, _) => {
                Err(t!("{register} takes 5678 for calibration or 8765 for normal operation", register))
            }
            (Register::SmallPMod, command::SMALL_POWER | command::NORMAL_POWER) => Ok(()),
            (Register::SmallPMod, _) => {
                Err(t!("SmallPMod takes A987 for small-power mode or 0000 for normal").to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// What is asked of the station's thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisterRequest {
    /// Read these.
    Read(Scope),
    /// Write one, read it back, then read the whole map again: one write can change other registers.
    Write(Write),
    /// Write these in their order, each read back; the first that fails ends it. Then read the whole map again.
    WriteAll(Vec<Write>),
}

impl RegisterRequest {
    /// What it writes.
    fn writes(&self) -> &[Write] {
        match self {
            Self::Read(_) => &[],
            Self::Write(write) => std::slice::from_ref(write),
            Self::WriteAll(writes) => writes,
        }
    }
}

/// A register's content as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterWord {
    /// The sixteen bits.
    pub value: u16,
    /// The LSB register read right after it; 0 where it has none.
    pub lsb: u16,
}

/// A write that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Which register.
    pub register: Register,
    /// What was in it just before.
    pub old: u16,
    /// What it reads now.
    pub new: u16,
}

/// What the station's thread tells about registers.
#[derive(Clone, Debug, PartialEq)]
pub enum RegisterNotice {
    /// These were read, by register.
    Read(Vec<(Register, RegisterWord)>),
    /// This was written and read back.
    Written(Written),
    /// The request is done with, whether it came to something or not.
    Done,
}

/// What the window knows of the meter's registers.
#[derive(Clone, Debug, Default)]
pub struct Registers {
    /// The words read last.
    pub words: BTreeMap<Register, RegisterWord>,
    /// A request is being worked on.
    pub busy: bool,
    /// A run has begun since they were read.
    pub outdated: bool,
    /// The write done last.
    pub written: Option<Written>,
}

impl Registers {
    /// Takes in what concerns registers.
    pub fn apply(&mut self, notice: &Notice) {
        match notice {
            // Another station may be another meter.
            Notice::Links(links) if !links.open => *self = Self::default(),
            Notice::Began { .. } => self.outdated = !self.words.is_empty(),
            Notice::Registers(RegisterNotice::Read(words)) => {
                let whole = words.iter().any(|(register, _)| register.access() != Access::ReadClear);
                if whole {
                    // What was cleared by reading it before a run says nothing about now.
                    self.words.retain(|register, _| !self.outdated && register.access() == Access::ReadClear);
                    self.outdated = false;
                }
                self.words.extend(words.iter().copied());
            }
            Notice::Registers(RegisterNotice::Written(written)) => self.written = Some(*written),
            Notice::Registers(RegisterNotice::Done) => self.busy = false,
            _ => {}
        }
    }

    /// The word of a register, if it was read.
    #[must_use]
    pub fn value(&self, register: Register) -> Option<u16> {
        self.words.get(&register).map(|word| word.value)
    }

    /// The calibration registers as they were read; `None` while one is missing.
    #[must_use]
    pub fn set(&self) -> Option<RegisterSet> {
        let mut set = RegisterSet::power_on();
        for register in RegisterSet::ORDER {
            set.set(register, self.value(register)?).ok()?;
        }
        Some(set)
    }
}

impl Worker<'_> {
    /// Carries out a request and says when it is done with.
    pub(super) fn registers(&mut self, position: usize, request: &RegisterRequest) {
        if let Err(advice) = self.try_registers(position, request) {
            self.ctl.notice(Notice::Refused(advice));
        }
        self.ctl.notice(Notice::Registers(RegisterNotice::Done));
    }

    fn try_registers(&mut self, position: usize, request: &RegisterRequest) -> Result<(), Advice> {
        for write in request.writes() {
            write.check().map_err(|what| refused(&what))?;
        }
        let Some(open) = &mut self.open else { return Err(no_station()) };
        open.keep_time();
        let Open { bench, world, seen, .. } = open;
        let Some(place) = bench.positions.get_mut(position) else { return Err(no_station()) };
        let mut told = Vec::new();
        let result = serve(&mut *place.meter, request, &mut told, || self.ctl.is_cancelled());
        *seen = (bench.clock.now(), world.now());
        for notice in told {
            self.ctl.notice(Notice::Registers(notice));
        }
        match result {
            Ok(()) => Ok(()),
            Err(Trouble::Refused(advice)) => Err(advice),
            Err(Trouble::Meter(error)) => {
                if let Some(link) = self.links.meters.get_mut(position) {
                    *link = Link::Trouble(error.to_string());
                }
                self.show_links();
                Err(procedure::advice::of(&StepError::Meter(error)))
            }
        }
    }
}

enum Trouble {
    Meter(MeterError),
    Refused(Advice),
}

impl From<MeterError> for Trouble {
    fn from(error: MeterError) -> Self {
        Self::Meter(error)
    }
}

/// Does it, and notes what there is to tell: what was read before a failure is worth telling too.
fn serve(
    meter: &mut dyn Meter,
    request: &RegisterRequest,
    told: &mut Vec<RegisterNotice>,
    cancelled: impl Fn() -> bool,
) -> Result<(), Trouble> {
    let scope = match request {
        RegisterRequest::Read(scope) => *scope,
        RegisterRequest::Write(_) | RegisterRequest::WriteAll(_) => Scope::Map,
    };
    let mut refused = None;
    for (done, write) in request.writes().iter().enumerate() {
        match write_one(meter, *write) {
            Ok(written) => told.push(RegisterNotice::Written(written)),
            // What the chip holds now is worth reading, unless it does not answer.
            Err(Trouble::Refused(advice)) => {
                refused = Some(after(advice, done, request.writes().len()));
                break;
            }
            Err(trouble) => return Err(trouble),
        }
    }
    let mut words = Vec::new();
    let mut read = Ok(());
    for register in scope.registers() {
        if cancelled() {
            return Ok(());
        }
        match read_one(meter, register) {
            Ok(word) => words.push((register, word)),
            Err(error) => {
                read = Err(error.into());
                break;
            }
        }
    }
    if !words.is_empty() {
        // Before the write: what was asked for is told last.
        told.insert(0, RegisterNotice::Read(words));
    }
    match refused {
        Some(advice) => Err(Trouble::Refused(advice)),
        None => read,
    }
}

/// Says how far several writes came.
fn after(advice: Advice, done: usize, all: usize) -> Advice {
    if all < 2 {
        return advice;
    }
    Advice { what: t!("{what} ({done} of {all} words were written before)", what = advice.what, done, all), ..advice }
}

fn read_one(meter: &mut dyn Meter, register: Register) -> Result<RegisterWord, MeterError> {
    let value = meter.read(register)?.value;
    let lsb = if register.extended_by_lsb() { meter.read(Register::Lsb)?.value } else { 0 };
    Ok(RegisterWord { value, lsb })
}

fn write_one(meter: &mut dyn Meter, Write { register, value }: Write) -> Result<Written, Trouble> {
    let old = meter.read(register)?.value;
    meter.write(register, value)?;
    let new = meter.read(register)?.value;
    // A checksum reads back as the chip's own sum, not as what was written.
    let own_sum = matches!(register, Register::Cs1 | Register::Cs2);
    if new != value && !own_sum && register.encoding() != Encoding::Command {
        return Err(Trouble::Refused(Advice::new(
            t!(
                "{register} reads {new} after {value} was written",
                register,
                new = format_args!("{new:04X}"),
                value = format_args!("{value:04X}")
            ),
            t!("The chip was reset in between, or something else writes to it"),
            t!("Read all registers again; make sure that the meter's own controller is held in reset"),
        )));
    }
    Ok(Written { register, old, new })
}

fn no_station() -> Advice {
    Advice::new(
        t!("no station is connected"),
        t!("The addresses were not opened, or opening them failed"),
        t!("Check the addresses and connect"),
    )
}

fn refused(what: &str) -> Advice {
    Advice::new(what, t!("The datasheet gives this register no such value"), t!("Enter another value"))
}
