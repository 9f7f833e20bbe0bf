//! The flash program and erase controller, register by register (PM0075, 3).

use std::time::Duration;

use super::{FLASH, Memories, OPTION_BYTES, PAGE, Programming};
use crate::clock::Moment;

/// Where its registers start.
pub const FPEC: u32 = 0x4002_2000;

const KEYR: u32 = 0x04;
const OPTKEYR: u32 = 0x08;
const SR: u32 = 0x0C;
const CR: u32 = 0x10;
const AR: u32 = 0x14;
const OBR: u32 = 0x1C;
const WRPR: u32 = 0x20;

const KEYS: [u32; 2] = [0x4567_0123, 0xCDEF_89AB];

const SR_BSY: u32 = 1 << 0;
const SR_PGERR: u32 = 1 << 2;
const SR_WRPRTERR: u32 = 1 << 4;
const SR_EOP: u32 = 1 << 5;

const CR_PG: u32 = 1 << 0;
const CR_PER: u32 = 1 << 1;
const CR_MER: u32 = 1 << 2;
const CR_OPTPG: u32 = 1 << 4;
const CR_OPTER: u32 = 1 << 5;
const CR_STRT: u32 = 1 << 6;
const CR_LOCK: u32 = 1 << 7;
const CR_OPTWRE: u32 = 1 << 9;

/// How long flash takes.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// A page, or all of it.
    pub erase: Duration,
    /// A half-word.
    pub half_word: Duration,
}

impl Times {
    /// Typical by the datasheet's flash memory characteristics; the least for an erase is 20 ms, the most 40 ms.
    pub const TYPICAL: Self = Self { erase: Duration::from_millis(25), half_word: Duration::from_nanos(52_500) };
}

/// How far a sequence of keys is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lock {
    Closed,
    FirstKey,
    Open,
    /// After a wrong key, until the next reset.
    Jammed,
}

impl Lock {
    fn key(self, key: u32) -> Self {
        match self {
            Self::Closed if key == KEYS[0] => Self::FirstKey,
            Self::FirstKey if key == KEYS[1] => Self::Open,
            _ => Self::Jammed,
        }
    }
}

/// A bus error, which a probe sees as a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusError;

/// The controller.
pub struct Controller {
    times: Times,
    lock: Lock,
    option_lock: Lock,
    control: u32,
    status: u32,
    address: u32,
    busy_until: Moment,
    violations: u64,
}

impl Controller {
    /// A controller out of reset.
    #[must_use]
    pub fn new(times: Times) -> Self {
        Self {
            times,
            lock: Lock::Closed,
            option_lock: Lock::Closed,
            control: 0,
            status: 0,
            address: 0,
            busy_until: Moment::START,
            violations: 0,
        }
    }

    /// A reset of the chip.
    pub fn reset(&mut self) {
        *self = Self { violations: self.violations, ..Self::new(self.times) };
    }

    /// How often it was used in a way that PM0075 forbids: keys to an open lock, wrong keys, changes while it was busy, flash
    /// written without PG or not as a half-word.
    #[must_use]
    pub fn violations(&self) -> u64 {
        self.violations
    }

    /// When it is through with what it does.
    #[must_use]
    pub fn busy_until(&self) -> Moment {
        self.busy_until
    }

    /// A register's value.
    #[must_use]
    pub fn read(&self, offset: u32, memories: &Memories, now: Moment) -> u32 {
        match offset {
            SR => self.status | if now < self.busy_until { SR_BSY } else { 0 },
            CR => {
                let locked = if self.lock == Lock::Open { 0 } else { CR_LOCK };
                let writable = if self.option_lock == Lock::Open { CR_OPTWRE } else { 0 };
                self.control | locked | writable
            }
            AR => self.address,
            OBR => {
                let [_, _, user, _, data0, _, data1, ..] = *memories.option_bytes();
                u32::from(data1) << 18
                    | u32::from(data0) << 10
                    | u32::from(user) << 2
                    | u32::from(memories.is_protected()) << 1
            }
            WRPR => u32::MAX,
            _ => 0,
        }
    }

    /// Writes a register.
    pub fn write(&mut self, offset: u32, value: u32, memories: &mut Memories, now: Moment) {
        if now < self.busy_until && offset != SR {
            self.violations += 1;
            return;
        }
        match offset {
            KEYR => {
                self.lock = self.lock.key(value);
                self.violations += u64::from(self.lock == Lock::Jammed);
            }
            OPTKEYR if self.lock == Lock::Open => {
                self.option_lock = self.option_lock.key(value);
                self.violations += u64::from(self.option_lock == Lock::Jammed);
            }
            SR => self.status &= !(value & (SR_PGERR | SR_WRPRTERR | SR_EOP)),
            AR => self.address = value,
            CR if self.lock != Lock::Open => self.violations += 1,
            CR => {
                self.control = value & (CR_PG | CR_PER | CR_MER | CR_OPTPG | CR_OPTER);
                if value & CR_LOCK != 0 {
                    (self.lock, self.option_lock) = (Lock::Closed, Lock::Closed);
                }
                if value & CR_OPTWRE == 0 && self.option_lock == Lock::Open {
                    self.option_lock = Lock::Closed;
                }
                if value & CR_STRT != 0 {
                    self.start(memories, now);
                }
            }
            _ => {}
        }
    }

    /// Erases what CR and AR say.
    fn start(&mut self, memories: &mut Memories, now: Moment) {
        let mut erased = true;
        match self.control {
            CR_PER => {
                let page = self.address.saturating_sub(FLASH) as usize / PAGE;
                erased = memories.erase_page(u16::try_from(page).unwrap_or(u16::MAX));
            }
            CR_MER => memories.erase_all(),
            CR_OPTER if self.option_lock == Lock::Open => memories.erase_options(),
            _ => {
                self.violations += 1;
                return;
            }
        }
        self.status |= if erased { SR_EOP } else { SR_WRPRTERR };
        self.busy_until = now + self.times.erase;
    }

    /// A half-word written into flash or option bytes over the bus. A write that comes while another is going on waits for it.
    ///
    /// # Errors
    /// Nothing is to be programmed now.
    pub fn program(
        &mut self,
        address: u32,
        half_word: [u8; 2],
        memories: &mut Memories,
        now: Moment,
    ) -> Result<(), BusError> {
        let result = match self.control {
            CR_PG if self.lock == Lock::Open && memories.is_flash(address) => {
                memories.program(address - FLASH, half_word)
            }
            CR_OPTPG if self.option_lock == Lock::Open && (OPTION_BYTES..OPTION_BYTES + 16).contains(&address) => {
                let [byte, _] = half_word;
                memories.program_option(address - OPTION_BYTES, byte)
            }
            _ => {
                self.violations += 1;
                return Err(BusError);
            }
        };
        self.status |= match result {
            Programming::Done => SR_EOP,
            Programming::NotErased => SR_PGERR,
            Programming::WriteProtected => SR_WRPRTERR,
        };
        self.busy_until = self.busy_until.max(now) + self.times.half_word;
        Ok(())
    }

    /// Something was written into flash that was no half-word.
    pub fn wrong_width(&mut self) -> BusError {
        self.violations += 1;
        BusError
    }
}
