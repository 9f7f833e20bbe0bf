//! A chip to flash over SWD.

use super::address::{Connect, SwdAddress};
use super::controller::{self, Controller};
use super::core;
use super::error::SwdError;
use super::link::{Link, ResetPin};
use crate::clock::SharedClock;
use crate::flash::chip::Chip;
use crate::flash::error::FlashError;
use crate::flash::plan::{EraseScope, PagePlan, Plan, is_blank};
use crate::flash::watch::{Stage, Watch};
use crate::flash::{Identity, Programmed, Target, UniqueId};
use crate::port::url::{DeviceUrl, UrlError};

/// How often a page is tried whose flash was not erased when it should have been.
const ATTEMPTS: u32 = 3;

/// A chip behind a probe.
pub struct SwdTarget {
    address: SwdAddress,
    clock: SharedClock,
    link: Option<Link>,
    chip: Option<&'static Chip>,
    state: State,
    /// Our own protection counts for the debugger at once.
    protected: bool,
}

/// What was done to the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing: it runs.
    Running,
    /// It was stopped, and its program is as it was.
    Halted,
    /// It was stopped, and its program is not what it was.
    Changed,
}

impl SwdTarget {
    /// Reads `swd:VID:PID:SERIAL`; the probe is opened when it is used first.
    ///
    /// # Errors
    /// Another kind of address or option.
    pub fn open(url: &DeviceUrl, clock: &SharedClock) -> Result<Self, UrlError> {
        let address = SwdAddress::from_url(url)?;
        let clock = clock.clone();
        Ok(Self { address, clock, link: None, chip: None, state: State::Running, protected: false })
    }

    /// The connection, which is made if there is none. A chip that does not answer while it runs is tried with its reset held:
    /// its program may use the wires for something else, or sleep.
    fn link(&mut self) -> Result<&Link, SwdError> {
        if self.link.is_none() {
            let running = match self.address.connect {
                Connect::AsNeeded => Some(Link::connect(&self.address, ResetPin::Free)),
                Connect::UnderReset => None,
            };
            self.link = Some(match running {
                Some(Ok(link)) => link,
                Some(Err(error)) if !matches!(error, SwdError::NoChip { .. }) => return Err(error),
                failed => {
                    let link = Link::connect(&self.address, ResetPin::Held).map_err(|error| match failed {
                        Some(Err(first)) => first,
                        _ => error,
                    })?;
                    core::release_and_halt(&link, &self.clock)?;
                    self.state = State::Halted;
                    link
                }
            });
        }
        self.link.as_ref().ok_or(SwdError::Lost)
    }

    fn halt(&mut self) -> Result<(), SwdError> {
        let clock = self.clock.clone();
        core::reset_and_halt(self.link()?, &clock)?;
        if self.state == State::Running {
            self.state = State::Halted;
        }
        Ok(())
    }

    fn set_protection(&mut self, on: bool) -> Result<(), FlashError> {
        self.halt()?;
        self.state = State::Changed;
        let clock = self.clock.clone();
        let link = self.link()?;
        Controller::unlock(link, &clock)?.set_readout_protection(on)?;
        // The reset takes the option bytes over.
        core::reset_and_halt(link, &clock)?;
        let protected = controller::is_protected(link)?;
        self.protected = protected;
        if protected == on { Ok(()) } else { Err(SwdError::OptionBytes { protected }.into()) }
    }
}

/// Erases what the plan says.
fn erase(
    controller: &Controller<'_>,
    chip: &Chip,
    plan: &Plan,
    done: &mut Programmed,
    watch: &mut Watch<'_>,
) -> Result<(), FlashError> {
    watch.begin(Stage::Erase, plan.length());
    watch.checkpoint()?;
    if plan.erase == EraseScope::Chip {
        controller.erase_all(chip.flash)?;
        done.pages_erased += plan.pages.len() as u32;
        watch.reached(plan.length());
        return Ok(());
    }
    let mut erased = 0;
    for page in &plan.pages {
        watch.checkpoint()?;
        controller.erase_page(page.address)?;
        done.pages_erased += 1;
        erased += page.bytes.len() as u64;
        watch.reached(erased);
    }
    Ok(())
}

/// Writes an erased page, its end first. One that turns out not to be erased is erased again.
fn write_page(
    controller: &Controller<'_>,
    page: &PagePlan,
    done: &mut Programmed,
    watch: &Watch<'_>,
) -> Result<(), FlashError> {
    for attempt in 1.. {
        match write_blocks(controller, page, watch) {
            Err(FlashError::Swd(error @ SwdError::NotErased { .. })) if attempt < ATTEMPTS => {
                tracing::debug!(%error, page = page.number, "the page once more");
                controller.erase_page(page.address)?;
                done.pages_erased += 1;
                done.retries += 1;
            }
            Err(error) => return Err(error),
            Ok((written, skipped)) => {
                done.bytes_written += written;
                done.bytes_skipped += skipped;
                break;
            }
        }
    }
    Ok(())
}

fn write_blocks(controller: &Controller<'_>, page: &PagePlan, watch: &Watch<'_>) -> Result<(u64, u64), FlashError> {
    let (mut written, mut skipped) = (0, 0);
    controller.begin_programming()?;
    for (address, bytes) in page.blocks().rev() {
        if is_blank(bytes) {
            skipped += bytes.len() as u64;
            continue;
        }
        watch.checkpoint()?;
        controller.program(address, bytes)?;
        written += bytes.len() as u64;
    }
    Ok((written, skipped))
}

impl Target for SwdTarget {
    fn identify(&mut self, watch: &mut Watch<'_>) -> Result<Identity, FlashError> {
        watch.checkpoint()?;
        let link = self.link()?;
        let id = core::product(link)?;
        let chip = Chip::of(id).ok_or(FlashError::UnknownChip { found: id })?;
        let protected = controller::is_protected(link)?;
        let size = link.read(chip.flash_size_at, 2).map(|bytes| <[u8; 2]>::try_from(bytes).ok());
        let unique = link.read(chip.unique_id_at, 12).map(|bytes| <[u8; 12]>::try_from(bytes).ok());
        // What a protected chip tells besides its protection differs from family to family.
        let told = |error: SwdError| if protected { Ok(None) } else { Err(error) };
        let identity = Identity {
            chip,
            loader: link.probe().to_owned(),
            flash_kib: size.or_else(told)?.map(|size| chip.flash_kib(u16::from_le_bytes(size))),
            unique_id: unique.or_else(|error| if protected { Ok(None) } else { Err(error) })?.map(UniqueId),
            protected,
        };
        self.chip = Some(chip);
        self.protected = protected;
        Ok(identity)
    }

    fn program(&mut self, plan: &Plan, watch: &mut Watch<'_>) -> Result<Programmed, FlashError> {
        let mut done = Programmed::default();
        if plan.pages.is_empty() {
            return Ok(done);
        }
        self.halt()?;
        self.state = State::Changed;
        let clock = self.clock.clone();
        let chip = self.chip.ok_or(SwdError::Lost)?;
        let controller = Controller::unlock(self.link()?, &clock)?;
        erase(&controller, chip, plan, &mut done, watch)?;
        watch.begin(Stage::Write, plan.length());
        for page in plan.pages.iter().rev() {
            write_page(&controller, page, &mut done, watch)?;
            watch.reached(done.bytes_written + done.bytes_skipped);
        }
        controller.lock()?;
        Ok(done)
    }

    fn read(&mut self, address: u32, length: usize) -> Result<Vec<u8>, FlashError> {
        Ok(self.link()?.read(address, length)?)
    }

    fn protect(&mut self) -> Result<(), FlashError> {
        self.set_protection(true)
    }

    fn unprotect(&mut self) -> Result<(), FlashError> {
        self.set_protection(false)
    }

    fn start(&mut self, address: u32) -> Result<(), FlashError> {
        if self.protected {
            return Err(SwdError::PowerCycle.into());
        }
        let clock = self.clock.clone();
        core::start(self.link()?, &clock, address)?;
        self.state = State::Running;
        Ok(())
    }
}

impl Drop for SwdTarget {
    /// A program that was only stopped goes on.
    fn drop(&mut self) {
        if let Some(link) = self.link.as_ref().filter(|_| self.state == State::Halted)
            && let Err(error) = core::resume(link)
        {
            tracing::warn!(%error, "the chip was left stopped");
        }
    }
}
