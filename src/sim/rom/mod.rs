//! A simulated STM32F103 in its ROM's boot loader, byte for byte by AN3155.
//!
//! Written from the chip's side and shares no code with the host's: what both had wrong would stay unseen. The flash is that of
//! [`super::stm32`]. What the ROM answers after PGERR is written down nowhere; here it answers ACK, the worst case for a host,
//! which then learns of it only by reading back. Write-protected pages are neither erased nor written, and AN3155 says that the
//! host is not told. While the flash is busy the processor takes no bytes from the UART.
//!
//! Not simulated: option bytes beyond the protections, the speed (any will do), commands of later loaders.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::device::{Answer, Device};
use super::stm32::{FLASH, Memories, PAGE, RAM, RAM_LENGTH, Specimen};
use crate::clock::Moment;

mod options;

pub use options::{EraseCommand, RomOptions};

const ACK: u8 = 0x79;
const NACK: u8 = 0x1F;
const OPENING: u8 = 0x7F;

/// The loader's own variables are there.
const RAM_USED: u32 = 0x200;

const VERSION: u8 = 0x22;

/// Typical times of the datasheet (flash memory characteristics); the least for an erase is 20 ms, the most 40 ms.
const PAGE_ERASE: Duration = Duration::from_millis(25);
const MASS_ERASE: Duration = Duration::from_millis(25);
const HALF_WORD: Duration = Duration::from_nanos(52_500);
/// What the loader needs to look at a message.
const THINKING: Duration = Duration::from_micros(10);

/// Where in a conversation the loader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Out of reset: waits for the byte that tells the speed.
    Asleep,
    /// Waits for a command.
    Ready,
    /// Waits for the command's complement.
    Command(u8),
    /// Collects address and checksum for a command.
    Address(u8),
    /// Collects a count and its complement.
    ReadCount(u32),
    /// Collects a count, data and checksum.
    WriteData(u32),
    /// Collects a list of pages.
    Pages,
    /// As above, with two bytes for each number.
    ExtendedPages,
    /// Collects a list of sectors to protect.
    Sectors,
    /// Runs the program that was jumped to; the loader is gone until the next reset.
    Running(u32),
}

/// The chip.
pub struct RomDevice {
    options: RomOptions,
    memories: Memories,
    state: State,
    /// What was collected of a message.
    message: Vec<u8>,
    busy_until: Moment,
    /// Bytes from the host so far, ACKs and bytes to the host.
    heard: u64,
    acks: u64,
    said: u64,
}

impl RomDevice {
    /// A chip fresh out of reset with BOOT0 high, its flash erased.
    #[must_use]
    pub fn new(options: RomOptions) -> Self {
        let memories = Memories::new(Specimen {
            flash_kib: options.flash_kib,
            seed: options.seed,
            protected: options.protected,
            write_protected: options.write_protected.clone(),
            weak_at: options.weak_at,
            dead_at: None,
        });
        Self {
            options,
            memories,
            state: State::Asleep,
            message: Vec::new(),
            busy_until: Moment::START,
            heard: 0,
            acks: 0,
            said: 0,
        }
    }

    /// Reset with BOOT0 high. Faults that have struck do not strike again.
    pub fn reset(&mut self) {
        self.memories.load_options();
        self.state = State::Asleep;
        self.message.clear();
    }

    /// The line is whole from now on; the chip keeps its state.
    pub fn mend(&mut self) {
        let RomOptions { nack_at, lose_at, lose_answer_at, silent_at, gone_at, .. } = &mut self.options;
        (*nack_at, *lose_at, *lose_answer_at, *silent_at, *gone_at) = (None, None, None, None, None);
    }

    /// The flash as it is.
    #[must_use]
    pub fn flash(&self) -> &[u8] {
        self.memories.flash()
    }

    /// Puts something into the flash, as an earlier program.
    pub fn fill(&mut self, byte: u8) {
        self.memories.fill(byte);
    }

    /// Puts a program at the start of the flash, as its maker did.
    pub fn place(&mut self, program: &[u8]) {
        self.memories.place(program);
    }

    /// Cells change by themselves: these bits of the byte at this offset turn over.
    pub fn disturb(&mut self, offset: usize, bits: u8) {
        self.memories.disturb(offset, bits);
    }

    /// Where the program started that the chip runs, if it runs one.
    #[must_use]
    pub fn running(&self) -> Option<u32> {
        if let State::Running(address) = self.state { Some(address) } else { None }
    }

    /// Whether readout protection is on.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.memories.is_protected()
    }

    /// How often a half-word was programmed that was not erased.
    #[must_use]
    pub fn programming_errors(&self) -> u64 {
        self.memories.programming_errors()
    }

    /// Pages erased so far.
    #[must_use]
    pub fn erased_pages(&self) -> u64 {
        self.memories.erased_pages()
    }

    /// Bytes heard from the host so far, lost ones included.
    #[must_use]
    pub fn heard(&self) -> u64 {
        self.heard
    }

    /// What a byte does: the answer and how long it takes.
    fn step(&mut self, byte: u8) -> Option<(Vec<u8>, Duration)> {
        match self.state {
            State::Running(_) => None,
            State::Asleep => {
                if byte != OPENING {
                    return None;
                }
                self.state = State::Ready;
                self.ack(State::Ready)
            }
            State::Ready => {
                self.state = State::Command(byte);
                None
            }
            State::Command(code) => self.command(code, byte),
            _ => {
                self.message.push(byte);
                self.message_byte()
            }
        }
    }

    fn command(&mut self, code: u8, complement: u8) -> Option<(Vec<u8>, Duration)> {
        let erase = if self.options.erase == EraseCommand::Erase { 0x43 } else { 0x44 };
        let known = [0x00, 0x01, 0x02, 0x11, 0x21, 0x31, erase, 0x63, 0x73, 0x82, 0x92];
        let allowed_when_protected = matches!(code, 0x00..=0x02 | 0x92);
        if complement != !code || !known.contains(&code) || (self.is_protected() && !allowed_when_protected) {
            return self.refuse();
        }
        if !self.accepts() {
            return self.refuse();
        }
        let reply = |payload: &[u8]| Some(([&[ACK], payload].concat(), THINKING));
        self.state = State::Ready;
        match code {
            0x00 => reply(&[&[known.len() as u8, VERSION], &known[..], &[ACK]].concat()),
            0x01 => reply(&[VERSION, 0, 0, ACK]),
            0x02 => {
                let [high, low] = self.options.product.to_be_bytes();
                reply(&[1, high, low, ACK])
            }
            0x43 => self.collect(State::Pages),
            0x44 => self.collect(State::ExtendedPages),
            0x63 => self.collect(State::Sectors),
            0x73 => {
                self.memories.protect_pages(BTreeSet::new());
                self.reset();
                reply(&[ACK])
            }
            0x82 => {
                self.memories.set_protection(true);
                self.reset();
                reply(&[ACK])
            }
            0x92 => {
                self.memories.erase_all();
                self.memories.set_protection(false);
                self.reset();
                Some((vec![ACK, ACK], MASS_ERASE))
            }
            code => self.collect(State::Address(code)),
        }
    }

    fn collect(&mut self, state: State) -> Option<(Vec<u8>, Duration)> {
        self.state = state;
        self.message.clear();
        Some((vec![ACK], THINKING))
    }

    /// A byte more of a message: answers when it is complete.
    fn message_byte(&mut self) -> Option<(Vec<u8>, Duration)> {
        let length = self.message.len();
        let first = self.message.first().copied().unwrap_or_default();
        let sum = self.message.iter().fold(0, |sum, byte| sum ^ byte);
        match self.state {
            State::Address(code) => {
                let [a, b, c, d, _] = *self.message.as_slice() else { return None };
                let address = u32::from_be_bytes([a, b, c, d]);
                if sum != 0 || !self.may(code, address) || !self.accepts() {
                    return self.refuse();
                }
                match code {
                    0x11 => self.collect(State::ReadCount(address)),
                    0x31 => self.collect(State::WriteData(address)),
                    _ => {
                        self.state = State::Running(address);
                        Some((vec![ACK], THINKING))
                    }
                }
            }
            State::ReadCount(address) => {
                let [count, complement] = *self.message.as_slice() else { return None };
                if complement != !count || !self.accepts() {
                    return self.refuse();
                }
                let Some(bytes) = self.memories.read(address, usize::from(count) + 1) else { return self.refuse() };
                self.state = State::Ready;
                Some(([&[ACK], bytes.as_slice()].concat(), THINKING))
            }
            State::WriteData(address) => {
                if length < usize::from(first) + 3 {
                    return None;
                }
                if sum != 0 || !length.is_multiple_of(2) || !self.accepts() {
                    return self.refuse();
                }
                let data: Vec<u8> = self.message.iter().copied().skip(1).take(usize::from(first) + 1).collect();
                if !data.len().is_multiple_of(4) {
                    return self.refuse();
                }
                let time = self.write(address, &data);
                self.ack_after(time)
            }
            State::Pages => {
                if first == 0xFF && length == 2 {
                    return if sum == 0xFF && self.accepts() { self.erase_everything() } else { self.refuse() };
                }
                if first == 0xFF || length < usize::from(first) + 3 {
                    return None;
                }
                let pages =
                    self.message.iter().skip(1).take(usize::from(first) + 1).map(|page| u16::from(*page)).collect();
                self.erase_pages(pages, sum)
            }
            State::ExtendedPages => {
                let [high, low, ..] = *self.message.as_slice() else { return None };
                let count = usize::from(u16::from_be_bytes([high, low]));
                if count >= 0xFFF0 {
                    // FFFF is everything; banks are for larger chips.
                    return match length {
                        0..3 => None,
                        _ if count == 0xFFFF && sum == 0 && self.accepts() => self.erase_everything(),
                        _ => self.refuse(),
                    };
                }
                if length < 2 + (count + 1) * 2 + 1 {
                    return None;
                }
                let numbers = self.message.get(2..length - 1).unwrap_or_default();
                let pages =
                    numbers.chunks_exact(2).map(|pair| pair.iter().fold(0, |n, byte| n << 8 | u16::from(*byte)));
                let pages = pages.collect();
                self.erase_pages(pages, sum)
            }
            State::Sectors => {
                if length < usize::from(first) + 3 {
                    return None;
                }
                if sum != 0 || !self.accepts() {
                    return self.refuse();
                }
                // A sector of the write protection is four pages (PM0075, WRP).
                let sectors = self.message.iter().skip(1).take(usize::from(first) + 1);
                let pages = sectors.flat_map(|sector| u16::from(*sector) * 4..u16::from(*sector) * 4 + 4);
                self.memories.protect_pages(pages.collect());
                self.reset();
                Some((vec![ACK], THINKING))
            }
            State::Asleep | State::Ready | State::Command(_) | State::Running(_) => None,
        }
    }

    fn erase_pages(&mut self, pages: Vec<u16>, sum: u8) -> Option<(Vec<u8>, Duration)> {
        let exists = |page: &u16| usize::from(*page) * PAGE < self.flash().len();
        if sum != 0 || !pages.iter().all(exists) || !self.accepts() {
            return self.refuse();
        }
        let time = PAGE_ERASE * pages.len() as u32;
        for page in pages {
            // AN3155: the host is not told that a page is protected.
            self.memories.erase_page(page);
        }
        self.ack_after(time)
    }

    fn erase_everything(&mut self) -> Option<(Vec<u8>, Duration)> {
        self.memories.erase_all();
        self.ack_after(MASS_ERASE)
    }

    fn write(&mut self, address: u32, data: &[u8]) -> Duration {
        if self.memories.write_ram(address, data) {
            return THINKING;
        }
        for (offset, half_word) in (address.saturating_sub(FLASH)..).step_by(2).zip(data.as_chunks().0) {
            self.memories.program(offset, *half_word);
        }
        HALF_WORD * (data.len() as u32 / 2)
    }

    /// Whether a command may go to an address: programs start and are written in flash and RAM, reading goes further.
    fn may(&self, code: u8, address: u32) -> bool {
        let in_flash = self.memories.is_flash(address);
        let in_ram = (RAM + RAM_USED..RAM + RAM_LENGTH as u32).contains(&address);
        match code {
            0x11 => in_flash || in_ram || self.memories.read(address, 1).is_some(),
            0x31 => (in_flash || in_ram) && address.is_multiple_of(4),
            _ => in_flash || in_ram,
        }
    }

    /// Whether this ACK is to be given; the fault turns one into a NACK.
    fn accepts(&mut self) -> bool {
        self.acks += 1;
        self.options.nack_at != Some(self.acks)
    }

    fn ack(&mut self, state: State) -> Option<(Vec<u8>, Duration)> {
        self.ack_after_in(THINKING, state)
    }

    fn ack_after(&mut self, time: Duration) -> Option<(Vec<u8>, Duration)> {
        self.ack_after_in(time, State::Ready)
    }

    fn ack_after_in(&mut self, time: Duration, state: State) -> Option<(Vec<u8>, Duration)> {
        self.state = state;
        Some((vec![ACK], time))
    }

    fn refuse(&mut self) -> Option<(Vec<u8>, Duration)> {
        self.state = State::Ready;
        Some((vec![NACK], THINKING))
    }
}

impl Device for RomDevice {
    fn on_byte(&mut self, byte: u8, at: Moment) -> Option<Answer> {
        self.heard += 1;
        let struck = |fault: Option<u64>| fault.is_some_and(|number| self.heard >= number);
        let lost = self.options.lose_at == Some(self.heard);
        if lost || struck(self.options.silent_at) || struck(self.options.gone_at) || at < self.busy_until {
            return None;
        }
        let (bytes, delay) = self.step(byte)?;
        self.busy_until = at + delay;
        let mut bytes: VecDeque<u8> = bytes.into();
        let first = self.said + 1;
        self.said += bytes.len() as u64;
        if let Some(number) = self.options.lose_answer_at
            && let Some(position) = number.checked_sub(first)
        {
            bytes.remove(usize::try_from(position).unwrap_or(usize::MAX));
        }
        Some(Answer { delay, bytes: bytes.into() })
    }

    fn is_gone(&self, _at: Moment) -> bool {
        self.options.gone_at.is_some_and(|number| self.heard >= number)
    }
}
