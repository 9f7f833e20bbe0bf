//! A chip to flash through its ROM's boot loader.

use super::codec::Command;
use super::entry::{ENTRY_OPTIONS, Entry};
use super::loader::Loader;
use crate::clock::SharedClock;
use crate::flash::chip::Chip;
use crate::flash::error::FlashError;
use crate::flash::plan::{EraseScope, PagePlan, Plan, is_blank};
use crate::flash::watch::{Stage, Watch};
use crate::flash::{Identity, Programmed, Target, UniqueId};
use crate::port::url::{DeviceUrl, Transport, UrlError};
use crate::port::{self, LINE_OPTIONS, LineSettings, OpenError, Parity, Port};

/// The fastest line the loader understands on every chip (AN3155), even parity.
pub const LINE: LineSettings = LineSettings { baud: 115_200, data_bits: 8, parity: Parity::Even, stop_bits: 1 };

/// How often a command, a page or a list of pages is tried.
const ATTEMPTS: u32 = 3;

/// Pages erased by one command: at 40 ms a page a cancel is obeyed within two thirds of a second.
const GROUP: usize = 16;

/// A chip in its boot loader.
pub struct RomTarget {
    loader: Loader,
    entry: Entry,
}

impl RomTarget {
    /// On an open port.
    #[must_use]
    pub fn new(port: Box<dyn Port>, line: LineSettings, clock: SharedClock, entry: Entry) -> Self {
        Self { loader: Loader::new(port, clock, line), entry }
    }

    /// Opens `rom+serial:` or `rom+tcp:`.
    ///
    /// # Errors
    /// Another kind of address or option, or the port is not there.
    pub fn open(url: &DeviceUrl, clock: &SharedClock) -> Result<Self, OpenError> {
        let (entry, line) = Self::settings(url)?;
        let port = port::open(url, line, clock)?;
        Ok(Self::new(port, line, clock.clone(), entry))
    }

    /// What can be checked about an address without opening its port.
    ///
    /// # Errors
    /// Another kind of address or option.
    pub fn check(url: &DeviceUrl) -> Result<(), UrlError> {
        if url.transport == Transport::Direct {
            return Err(url.error("it names no port: say rom+serial: or rom+tcp:"));
        }
        Self::settings(url).and_then(|(_, line)| port::line_settings(url, line)).map(|_| ())
    }

    fn settings(url: &DeviceUrl) -> Result<(Entry, LineSettings), UrlError> {
        if url.kind != "rom" {
            return Err(url.error("the way to a chip starts with rom+serial:, rom+tcp: or swd:"));
        }
        let options: Vec<&str> = LINE_OPTIONS.into_iter().chain(ENTRY_OPTIONS).collect();
        url.expect_options(&options)?;
        let entry = Entry::from_url(url)?;
        Ok((entry, LineSettings { baud: url.parsed("baud")?.unwrap_or(LINE.baud), ..LINE }))
    }

    /// Does something again that failed on the line, after the loader has been found again.
    fn again<T>(&mut self, mut command: impl FnMut(&mut Loader) -> Result<T, FlashError>) -> Result<T, FlashError> {
        let mut attempt = 1;
        loop {
            match command(&mut self.loader) {
                Err(error) if error.is_transient() && attempt < ATTEMPTS => {
                    tracing::debug!(%error, attempt, "once more");
                    self.recover(error)?;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    /// A loader that cannot be found again ends the attempt with what went wrong first.
    fn recover(&mut self, error: FlashError) -> Result<(), FlashError> {
        match self.loader.find_again() {
            Err(FlashError::NoAnswer) => Err(error),
            other => other,
        }
    }

    fn erase(&mut self, plan: &Plan, done: &mut Programmed, watch: &mut Watch<'_>) -> Result<(), FlashError> {
        watch.begin(Stage::Erase, plan.length());
        watch.checkpoint()?;
        if plan.erase == EraseScope::Chip {
            self.again(Loader::erase_all)?;
            done.pages_erased += plan.pages.len() as u32;
            watch.reached(plan.length());
            return Ok(());
        }
        let mut erased = 0;
        for group in plan.pages.chunks(GROUP) {
            watch.checkpoint()?;
            let numbers: Vec<u16> = group.iter().map(|page| page.number).collect();
            let mut tries = 0;
            self.again(|loader| {
                tries += 1;
                loader.erase(&numbers)
            })?;
            done.retries += tries - 1;
            done.pages_erased += group.len() as u32;
            erased += group.iter().map(|page| page.bytes.len() as u64).sum::<u64>();
            watch.reached(erased);
        }
        Ok(())
    }

    /// Writes an erased page, its end first. After a fault nobody knows what the flash holds, so the page is erased again.
    fn write_page(&mut self, page: &PagePlan, done: &mut Programmed, watch: &Watch<'_>) -> Result<(), FlashError> {
        let mut attempt = 1;
        loop {
            let error = match self.write_blocks(page, watch) {
                Ok((written, skipped)) => {
                    done.bytes_written += written;
                    done.bytes_skipped += skipped;
                    return Ok(());
                }
                Err(error) if error.is_transient() && attempt < ATTEMPTS => error,
                Err(error) => return Err(error),
            };
            tracing::debug!(%error, page = page.number, "the page once more");
            self.recover(error)?;
            self.again(|loader| loader.erase(&[page.number]))?;
            done.pages_erased += 1;
            done.retries += 1;
            attempt += 1;
        }
    }

    fn write_blocks(&mut self, page: &PagePlan, watch: &Watch<'_>) -> Result<(u64, u64), FlashError> {
        let (mut written, mut skipped) = (0, 0);
        for (address, bytes) in page.blocks().rev() {
            if is_blank(bytes) {
                skipped += bytes.len() as u64;
                continue;
            }
            watch.checkpoint()?;
            self.loader.write(address, bytes)?;
            written += bytes.len() as u64;
        }
        Ok((written, skipped))
    }

    /// Reads what a protected chip refuses to tell.
    fn details(&mut self, chip: &Chip) -> Result<Option<(u32, UniqueId)>, FlashError> {
        let result = self.again(|loader| {
            let size = loader.read(chip.flash_size_at, 2)?;
            let id = loader.read(chip.unique_id_at, 12)?;
            Ok((size, id))
        });
        match result {
            Ok((size, id)) => {
                let malformed =
                    || FlashError::Malformed { command: Command::READ, problem: "it is too short".to_owned() };
                let size = <[u8; 2]>::try_from(size).map_err(|_| malformed())?;
                let id = <[u8; 12]>::try_from(id).map_err(|_| malformed())?;
                Ok(Some((chip.flash_kib(u16::from_le_bytes(size)), UniqueId(id))))
            }
            // Refused as a command, not for its address: that is the protection (AN3155, Read Memory).
            Err(FlashError::Refused { stage: 0, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Target for RomTarget {
    fn identify(&mut self, watch: &mut Watch<'_>) -> Result<Identity, FlashError> {
        watch.checkpoint()?;
        let entry = self.entry;
        let (port, clock) = self.loader.port();
        entry.enter(port, &**clock)?;
        self.loader.open()?;
        watch.checkpoint()?;
        let version = self.again(Loader::get)?;
        let id = self.again(Loader::id)?;
        let chip = Chip::of(id).ok_or(FlashError::UnknownChip { found: id })?;
        let details = self.details(chip)?;
        Ok(Identity {
            chip,
            loader: format!("boot loader {}.{}", version >> 4, version & 0xF),
            flash_kib: details.map(|(size, _)| size),
            unique_id: details.map(|(_, id)| id),
            protected: details.is_none(),
        })
    }

    fn program(&mut self, plan: &Plan, watch: &mut Watch<'_>) -> Result<Programmed, FlashError> {
        let mut done = Programmed::default();
        self.erase(plan, &mut done, watch)?;
        watch.begin(Stage::Write, plan.length());
        for page in plan.pages.iter().rev() {
            self.write_page(page, &mut done, watch)?;
            watch.reached(done.bytes_written + done.bytes_skipped);
        }
        Ok(done)
    }

    fn read(&mut self, address: u32, length: usize) -> Result<Vec<u8>, FlashError> {
        self.again(|loader| loader.read(address, length))
    }

    fn protect(&mut self) -> Result<(), FlashError> {
        self.loader.change_protection(Command::READOUT_PROTECT)
    }

    fn unprotect(&mut self) -> Result<(), FlashError> {
        self.loader.change_protection(Command::READOUT_UNPROTECT)
    }

    fn start(&mut self, address: u32) -> Result<(), FlashError> {
        let entry = self.entry;
        let (port, clock) = self.loader.port();
        if entry.leave(port, &**clock)? {
            return Ok(());
        }
        self.loader.go(address)
    }
}
