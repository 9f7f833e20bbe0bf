//! Flashing from beginning to end, whatever the way to the chip.

use serde::Serialize;

use super::error::FlashError;
use super::plan::{EraseScope, PagePlan, Plan, is_blank};
use super::watch::{Stage, Watch};
use super::{Identity, Programmed, Target, UniqueId};
use crate::clock::SharedClock;
use crate::image::Image;

/// A page that reads back wrong is erased and written once more: lost bytes are caught before, so what is left is a cell that
/// took badly, and it gets a second chance, not a third.
const REPAIRS: u32 = 1;

/// Pages looked at before the chip is believed to hold a known image: another chip, or one that was erased, shows in the first.
const SAMPLES: usize = 8;

/// What pages may stay as they are.
#[derive(Clone, Debug, Default)]
pub enum Reuse {
    /// None: everything is erased and written.
    #[default]
    Nothing,
    /// Pages that read back as the image has them.
    ReadBack,
    /// Pages of which this image, which the chip is known to hold, has bytes, and no others than the one to be written. Of these a few
    /// are looked at; if one is not as it should be, nothing stays.
    Known(Image),
}

/// What to do besides writing.
#[derive(Clone, Debug)]
pub struct Options {
    /// The product numbers the chip may have.
    pub chips: Vec<u16>,
    /// How much is erased.
    pub erase: EraseScope,
    /// What may stay.
    pub reuse: Reuse,
    /// Read back and compare every byte.
    pub verify: bool,
    /// Lift readout protection if it is on, which erases the chip.
    pub unprotect: bool,
    /// Switch readout protection on afterwards.
    pub protect: bool,
    /// Start the program afterwards.
    pub start: bool,
}

impl Default for Options {
    /// The OpenSmartMeter's chip; verify, and leave everything else alone.
    fn default() -> Self {
        Self {
            chips: vec![super::chip::STM32F103_MEDIUM],
            erase: EraseScope::Pages,
            reuse: Reuse::Nothing,
            verify: true,
            unprotect: false,
            protect: false,
            start: false,
        }
    }
}

/// What was done, for the record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Product number, as 0x and three digits.
    pub chip_id: String,
    /// 96 bits, in 24 hexadecimal digits.
    pub unique_id: Option<String>,
    /// What the chip was reached through.
    pub loader: String,
    /// Size of the chip's flash.
    pub flash_kib: u32,
    /// Bytes sent.
    pub bytes_written: u64,
    /// Bytes of the image's pages that were not sent: erased flash reads so, or they were there already.
    pub bytes_skipped: u64,
    /// Bytes of the image that were neither written nor read back, because the chip was known to hold them.
    pub bytes_trusted: u64,
    /// Bytes of the image's pages that were read, after writing or instead of it, and were right.
    pub bytes_read_back: u64,
    /// Pages erased.
    pub pages_erased: u32,
    /// Pages and lists of pages done again after a fault of line or flash.
    pub retries: u32,
    /// Every byte that was written has been read back and was right.
    pub verified: bool,
    /// Readout protection was switched on.
    pub protected: bool,
    /// The program was started.
    pub started: bool,
    /// From the first byte to the last answer.
    pub seconds: f64,
    /// The chip says of itself that it is simulated.
    pub simulated: bool,
}

/// Puts `image` on the chip behind `target`.
///
/// # Errors
/// As the steps have them; before [`Stage::Erase`] nothing on the chip was changed, unless it had to be unprotected.
pub fn flash(
    target: &mut dyn Target,
    image: &Image,
    options: &Options,
    clock: &SharedClock,
    watch: &mut Watch<'_>,
) -> Result<Report, FlashError> {
    let began = clock.now();
    watch.begin(Stage::Identify, 0);
    let identity = unlocked(target, options, watch)?;
    let flash_kib = identity.flash_kib.unwrap_or(identity.chip.largest_kib);
    let mut plan = Plan::new(image, identity.chip, flash_kib, options.erase)?;
    let whole = plan.length();
    keep_what_may_stay(target, &mut plan, &options.reuse, watch)?;
    let kept = whole - plan.length();
    let trusted = if matches!(options.reuse, Reuse::Known(_)) { kept } else { 0 };
    let read_back = if options.verify { whole } else { kept } - trusted;

    let mut done = target.program(&plan, watch)?;
    if options.verify {
        verify(target, plan, &mut done, watch)?;
    }
    if options.protect {
        watch.begin(Stage::Protect, 0);
        target.protect()?;
    }
    let mut report = Report {
        chip_id: format!("{:#05x}", identity.chip.id),
        unique_id: identity.unique_id.as_ref().map(UniqueId::to_string),
        loader: identity.loader,
        flash_kib,
        bytes_written: done.bytes_written,
        bytes_skipped: done.bytes_skipped + kept,
        bytes_trusted: trusted,
        bytes_read_back: read_back,
        pages_erased: done.pages_erased,
        retries: done.retries,
        verified: options.verify,
        protected: options.protect,
        started: false,
        seconds: clock.now().since(began).as_secs_f64(),
        simulated: identity.unique_id.as_ref().is_some_and(UniqueId::is_simulated),
    };
    if options.start {
        start(target, image, &mut report, watch)?;
        report.seconds = clock.now().since(began).as_secs_f64();
    }
    Ok(report)
}

/// Starts the program of an image that [`flash`] has put on the chip without starting it, and notes that it was started.
///
/// # Errors
/// The chip refused.
pub fn start(
    target: &mut dyn Target,
    image: &Image,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<(), FlashError> {
    watch.begin(Stage::Start, 0);
    target.start(image.first())?;
    report.started = true;
    Ok(())
}

/// The chip's identity, checked, and without protection.
fn unlocked(target: &mut dyn Target, options: &Options, watch: &mut Watch<'_>) -> Result<Identity, FlashError> {
    let identity = target.identify(watch)?;
    identity.expect(&options.chips)?;
    if !identity.protected {
        return Ok(identity);
    }
    if !options.unprotect {
        return Err(FlashError::Protected);
    }
    watch.checkpoint()?;
    watch.begin(Stage::Unprotect, 0);
    target.unprotect()?;
    let identity = target.identify(watch)?;
    identity.expect(&options.chips)?;
    if identity.protected { Err(FlashError::Protected) } else { Ok(identity) }
}

/// Takes the pages out of the plan that are right already. When the whole chip is erased, none can stay.
fn keep_what_may_stay(
    target: &mut dyn Target,
    plan: &mut Plan,
    reuse: &Reuse,
    watch: &mut Watch<'_>,
) -> Result<(), FlashError> {
    if plan.erase == EraseScope::Chip {
        return Ok(());
    }
    match reuse {
        Reuse::Nothing => {}
        Reuse::Known(known) => {
            let (same, differing): (Vec<_>, Vec<_>) = plan.pages.iter().cloned().partition(|page| is_in(known, page));
            if holds_samples(target, &same, watch)? {
                plan.pages = differing;
            } else {
                tracing::warn!("the chip does not hold the image it was said to hold");
            }
        }
        Reuse::ReadBack => {
            watch.begin(Stage::Compare, plan.length());
            let mut compared = 0;
            let mut differing = Vec::new();
            for page in std::mem::take(&mut plan.pages) {
                if !reads_back(target, &page, watch)? {
                    differing.push(page.clone());
                }
                compared += page.bytes.len() as u64;
                watch.reached(compared);
            }
            plan.pages = differing;
        }
    }
    Ok(())
}

/// Whether an image has a page as it is planned; one that it says nothing of is not.
fn is_in(image: &Image, page: &PagePlan) -> bool {
    let mut known = (page.address..).zip(&page.bytes).map(|(address, planned)| (image.byte(address), *planned));
    known.clone().any(|(byte, _)| byte.is_some()) && known.all(|(byte, planned)| byte.unwrap_or(0xFF) == planned)
}

/// Whether a block each of a few of these pages is on the chip, the first page's with the vector table among them.
fn holds_samples(target: &mut dyn Target, pages: &[PagePlan], watch: &mut Watch<'_>) -> Result<bool, FlashError> {
    watch.begin(Stage::Compare, 0);
    for page in pages.iter().step_by(pages.len().div_ceil(SAMPLES).max(1)) {
        let Some((address, bytes)) = page.blocks().find(|(_, bytes)| !is_blank(bytes)) else { continue };
        watch.checkpoint()?;
        if target.read(address, bytes.len())? != bytes {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a page is on the chip already; stops at its first block that is not.
fn reads_back(target: &mut dyn Target, page: &PagePlan, watch: &Watch<'_>) -> Result<bool, FlashError> {
    for (address, bytes) in page.blocks() {
        watch.checkpoint()?;
        if target.read(address, bytes.len())? != bytes {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads every byte of the plan back. Pages that are wrong are done once more.
fn verify(
    target: &mut dyn Target,
    mut plan: Plan,
    done: &mut Programmed,
    watch: &mut Watch<'_>,
) -> Result<(), FlashError> {
    for repair in 0.. {
        let (mismatch, wrong) = compare(target, &plan, watch)?;
        let Some(mismatch) = mismatch else { return Ok(()) };
        if repair >= REPAIRS {
            return Err(mismatch);
        }
        tracing::warn!(%mismatch, "written once more");
        // Not the whole chip: the other pages are right.
        plan.erase = EraseScope::Pages;
        plan.pages.retain(|page| wrong.contains(&page.address));
        let again = target.program(&plan, watch)?;
        done.bytes_written += again.bytes_written;
        done.pages_erased += again.pages_erased;
        done.retries += again.retries + wrong.len() as u32;
    }
    Ok(())
}

/// The first difference between plan and chip, and the addresses of all pages that differ.
fn compare(
    target: &mut dyn Target,
    plan: &Plan,
    watch: &mut Watch<'_>,
) -> Result<(Option<FlashError>, Vec<u32>), FlashError> {
    watch.begin(Stage::Verify, plan.length());
    let mut first: Option<(u32, u8, u8)> = None;
    let mut differing = 0;
    let mut wrong = Vec::new();
    let mut compared = 0;
    for page in &plan.pages {
        for (address, bytes) in page.blocks() {
            watch.checkpoint()?;
            let found = target.read(address, bytes.len())?;
            for ((address, &expected), &found) in (address..).zip(bytes).zip(&found) {
                if expected != found {
                    first.get_or_insert((address, expected, found));
                    differing += 1;
                    if wrong.last() != Some(&page.address) {
                        wrong.push(page.address);
                    }
                }
            }
            compared += bytes.len() as u64;
            watch.reached(compared);
        }
    }
    let mismatch =
        first.map(|(address, expected, found)| FlashError::VerifyMismatch { address, expected, found, differing });
    Ok((mismatch, wrong))
}
