//! The boot loader's commands over a port.

use std::time::Duration;

use super::codec::{self, ACK, Command, FILLER, LONGEST, NACK, OPENING};
use super::session::{Action, Exchange, Fault, Reply};
use super::timing;
use crate::clock::{Moment, SharedClock};
use crate::flash::error::FlashError;
use crate::port::{LineSettings, Port};

/// How often 7F is sent. A loader that is in its command loop takes the first for half a command and refuses the second.
const OPENINGS: u32 = 2;
/// How often a single filler is sent until the loader refuses it: it needs one or two.
const FILLERS: u32 = 3;

/// A boot loader at the end of a port.
pub struct Loader {
    port: Box<dyn Port>,
    clock: SharedClock,
    line: LineSettings,
    commands: Vec<u8>,
}

/// What came instead of ACK or NACK.
enum Reaction {
    Ack,
    Nack,
    Other(u8),
    Nothing,
}

impl Loader {
    /// On an open port with these settings.
    #[must_use]
    pub fn new(port: Box<dyn Port>, clock: SharedClock, line: LineSettings) -> Self {
        Self { port, clock, line, commands: Vec::new() }
    }

    /// The port, for its signals.
    pub(super) fn port(&mut self) -> (&mut dyn Port, &SharedClock) {
        (&mut *self.port, &self.clock)
    }

    /// Brings the loader to its command loop, wherever it is: fresh out of reset, in the loop already, or in the middle of a
    /// message that an earlier attempt never finished.
    ///
    /// # Errors
    /// It does not answer, or something else does.
    pub fn open(&mut self) -> Result<(), FlashError> {
        self.drain(Duration::ZERO)?;
        let mut strange = None;
        for _ in 0..OPENINGS {
            match self.poke(OPENING)? {
                Reaction::Ack | Reaction::Nack => return Ok(()),
                Reaction::Other(found) => {
                    strange.get_or_insert(found);
                    self.drain(timing::QUIET)?;
                }
                Reaction::Nothing => {}
            }
        }
        match strange {
            Some(OPENING) => Err(FlashError::Echo),
            Some(found) => Err(FlashError::Strange { found }),
            None => self.find_again(),
        }
    }

    /// Brings a loader back to its command loop that waits for the rest of a message.
    ///
    /// # Errors
    /// It does not answer.
    pub fn find_again(&mut self) -> Result<(), FlashError> {
        self.port.write(&[FILLER; LONGEST])?;
        self.drain(timing::carried(LONGEST, self.line) + timing::QUIET)?;
        // Now it is in the loop, perhaps with half a command: the filler that completes one is refused.
        for _ in 0..FILLERS {
            match self.poke(FILLER)? {
                Reaction::Nack => return self.drain(timing::QUIET),
                Reaction::Ack | Reaction::Other(_) => self.drain(timing::QUIET)?,
                Reaction::Nothing => {}
            }
        }
        // A chip that was reset meanwhile waits for its first byte.
        match self.poke(OPENING)? {
            Reaction::Ack => Ok(()),
            _ => Err(FlashError::NoAnswer),
        }
    }

    /// Version of the loader, 0x22 for 2.2. Learns the commands it has.
    ///
    /// # Errors
    /// As for every command: the line fails, the loader is silent, refuses, or answers nonsense.
    pub fn get(&mut self) -> Result<u8, FlashError> {
        let exchange = Exchange::new(Command::GET, Reply::Counted, timing::read(20, self.line));
        let answer = self.run(Command::GET, exchange)?;
        let Some((version, commands)) = answer.split_first() else {
            return Err(FlashError::Malformed { command: Command::GET, problem: "it is empty".to_owned() });
        };
        self.commands = commands.to_vec();
        Ok(*version)
    }

    /// Version of the loader, without its commands.
    ///
    /// # Errors
    /// As for [`Self::get`].
    pub fn version(&mut self) -> Result<u8, FlashError> {
        let exchange = Exchange::new(Command::GET_VERSION, Reply::Framed(3), timing::read(5, self.line));
        let answer = self.run(Command::GET_VERSION, exchange)?;
        let problem = "it is empty".to_owned();
        answer.first().copied().ok_or(FlashError::Malformed { command: Command::GET_VERSION, problem })
    }

    /// Product number of the chip.
    ///
    /// # Errors
    /// As for [`Self::get`].
    pub fn id(&mut self) -> Result<u16, FlashError> {
        let exchange = Exchange::new(Command::GET_ID, Reply::Counted, timing::read(5, self.line));
        let answer = self.run(Command::GET_ID, exchange)?;
        match answer.as_slice() {
            [high, low] => Ok(u16::from_be_bytes([*high, *low])),
            other => {
                let problem = format!("{} bytes instead of 2", other.len());
                Err(FlashError::Malformed { command: Command::GET_ID, problem })
            }
        }
    }

    /// Reads 1 to 256 bytes.
    ///
    /// # Errors
    /// As for [`Self::get`].
    pub fn read(&mut self, address: u32, length: usize) -> Result<Vec<u8>, FlashError> {
        let within = timing::command(self.line);
        let exchange = Exchange::new(Command::READ, Reply::Ack, within)
            .then(codec::address(address), Reply::Ack, within)
            .then(codec::read_count(length), Reply::Data(length), timing::read(length, self.line));
        self.run(Command::READ, exchange)
    }

    /// Writes 1 to 256 bytes. That they are there is not said by the answer: pages that are write-protected or were not erased
    /// stay as they are (AN3155, Write Memory).
    ///
    /// # Errors
    /// As for [`Self::get`].
    pub fn write(&mut self, address: u32, data: &[u8]) -> Result<(), FlashError> {
        let within = timing::command(self.line);
        let exchange = Exchange::new(Command::WRITE, Reply::Ack, within)
            .then(codec::address(address), Reply::Ack, within)
            .then(codec::write_data(data), Reply::Ack, timing::write(data.len(), self.line));
        self.run(Command::WRITE, exchange).map(|_| ())
    }

    /// Erases pages by their numbers, with whichever command the loader has.
    ///
    /// # Errors
    /// As for [`Self::get`]; or it has neither.
    pub fn erase(&mut self, pages: &[u16]) -> Result<(), FlashError> {
        let command = self.erase_command()?;
        let list = if command == Command::ERASE {
            let short: Result<Vec<u8>, _> = pages.iter().map(|page| u8::try_from(*page)).collect();
            codec::erase_pages(&short.map_err(|_| FlashError::MissingCommand { command: Command::EXTENDED_ERASE })?)
        } else {
            codec::extended_erase_pages(pages)
        };
        let exchange = Exchange::new(command, Reply::Ack, timing::command(self.line)).then(
            list,
            Reply::Ack,
            timing::erase(pages.len(), self.line),
        );
        self.run(command, exchange).map(|_| ())
    }

    /// Erases everything.
    ///
    /// # Errors
    /// As for [`Self::erase`].
    pub fn erase_all(&mut self) -> Result<(), FlashError> {
        let command = self.erase_command()?;
        let all =
            if command == Command::ERASE { codec::ERASE_ALL.to_vec() } else { codec::EXTENDED_ERASE_ALL.to_vec() };
        let exchange =
            Exchange::new(command, Reply::Ack, timing::command(self.line)).then(all, Reply::Ack, timing::MASS_ERASE);
        self.run(command, exchange).map(|_| ())
    }

    /// Jumps to the program whose vector table is at `address`; the loader is gone then.
    ///
    /// # Errors
    /// As for [`Self::get`].
    pub fn go(&mut self, address: u32) -> Result<(), FlashError> {
        let within = timing::command(self.line);
        let exchange = Exchange::new(Command::GO, Reply::Ack, within).then(codec::address(address), Reply::Ack, within);
        self.run(Command::GO, exchange).map(|_| ())
    }

    /// One of the commands that reset the chip: the protections, on and off. Finds the loader again afterwards.
    ///
    /// # Errors
    /// As for [`Self::get`]; or the loader does not come back.
    pub fn change_protection(&mut self, command: Command) -> Result<(), FlashError> {
        let exchange = Exchange::new(command, Reply::Twice, timing::MASS_ERASE);
        self.run(command, exchange)?;
        crate::clock::sleep(&*self.clock, timing::AFTER_RESET);
        self.open()
    }

    fn erase_command(&self) -> Result<Command, FlashError> {
        [Command::ERASE, Command::EXTENDED_ERASE]
            .into_iter()
            .find(|command| self.commands.contains(&command.0))
            .ok_or(FlashError::MissingCommand { command: Command::ERASE })
    }

    fn run(&mut self, command: Command, mut exchange: Exchange) -> Result<Vec<u8>, FlashError> {
        let mut buffer = [0; 512];
        loop {
            match exchange.poll(self.clock.now()) {
                Action::Send(bytes) => {
                    tracing::trace!(target: "wire", "> {bytes:02X?}");
                    self.port.write(&bytes)?;
                }
                Action::Receive(deadline) => {
                    let count = self.port.read(&mut buffer, deadline)?;
                    let bytes = buffer.get(..count).unwrap_or_default();
                    tracing::trace!(target: "wire", "< {bytes:02X?}");
                    exchange.on_bytes(bytes);
                }
                Action::Done(result) => {
                    return result.map_err(|fault| match fault {
                        Fault::Refused { stage } => FlashError::Refused { command, stage },
                        Fault::Silent { .. } => FlashError::Silent { command },
                        Fault::Unexpected { found, .. } => FlashError::Unexpected { command, found },
                    });
                }
            }
        }
    }

    /// Sends one byte and looks what it does.
    fn poke(&mut self, byte: u8) -> Result<Reaction, FlashError> {
        self.port.write(&[byte])?;
        let mut answer = [0];
        let count = self.port.read(&mut answer, self.deadline(timing::OPENING))?;
        Ok(match (count, answer) {
            (0, _) => Reaction::Nothing,
            (_, [ACK]) => Reaction::Ack,
            (_, [NACK]) => Reaction::Nack,
            (_, [other]) => Reaction::Other(other),
        })
    }

    /// Throws away what comes until nothing has come for `quiet`; a flood is given up after a while.
    fn drain(&mut self, quiet: Duration) -> Result<(), FlashError> {
        let mut buffer = [0; 512];
        let give_up = self.deadline(quiet * 8 + timing::OPENING);
        while self.clock.now() < give_up {
            if self.port.read(&mut buffer, self.deadline(quiet))? == 0 {
                break;
            }
        }
        Ok(())
    }

    fn deadline(&self, time: Duration) -> Moment {
        self.clock.now() + time
    }
}
