//! The thread that owns the flash target while it works: it opens it, does one task, and lets it go.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::comparison::Comparison;
use super::opened::Opened;
use crate::advice::Advice;
use crate::clock::{Moment, RealClock, SharedClock};
use crate::flash::{
    self, EraseScope, FlashError, Identity, Options, Plan, Progress, Report, Reuse, Stage, Target, UniqueId, Watch,
};
use crate::image::{Image, Segment};
use crate::job::{JobCtl, JobError, JobHandle, Wake};
use crate::port::OpenError;
use crate::port::url::DeviceUrl;
use crate::profile;
use crate::record::flashing::{Attempt, Flashing};
use crate::record::{Keeper, Receipt};

/// Progress is shown so often; a probe does some hundred blocks a second.
const SHOWN_EVERY: Duration = Duration::from_millis(50);

/// What is done besides writing and reading back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// How much is erased.
    pub erase: Erase,
    /// Lift readout protection if it is on, which erases the chip.
    pub unprotect: bool,
    /// Switch readout protection on afterwards.
    pub protect: bool,
    /// Start the program afterwards.
    pub start: bool,
}

/// How much is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erase {
    /// Only the pages that differ.
    Changed,
    /// The pages of the image.
    Pages,
    /// The whole chip.
    Chip,
}

/// What the target is wanted for.
#[derive(Clone, Debug)]
pub enum Task {
    /// Ask the chip what it is.
    Ask,
    /// Read back what the image would replace.
    Compare(Arc<Opened>),
    /// Put the image on the chip with this unique id, prove it, and keep that.
    Flash(Arc<Opened>, Wishes, Option<UniqueId>, Keeping),
    /// Start the program whose vector table is at this address.
    Start(u32),
}

/// Where flashing is recorded, and who did it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keeping {
    /// The folder with the records; none where nothing is recorded.
    pub folder: Option<PathBuf>,
    /// Who sits at the bench; empty where nobody said.
    pub operator: String,
}

/// What the thread tells on its way.
#[derive(Debug)]
pub enum Told {
    /// These are the chips the meter may have.
    Expected(Vec<u16>),
    /// The chip has said what it is.
    Chip(Identity),
    /// How far it is.
    Progress(Progress),
}

/// What came of a task.
#[derive(Debug)]
pub enum Done {
    /// The chip was asked.
    Asked,
    /// Chip and image were compared.
    Compared(Box<Comparison>),
    /// The image is on the chip, and this is the record of it.
    Flashed(Report, Option<Receipt>),
    /// The program was started.
    Started,
}

/// Why a task was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// In words.
    pub advice: Advice,
    /// Why, as far as the page does something about it.
    pub cause: Cause,
}

/// Why a task was not done, as far as the page does something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Somebody stopped it.
    Cancelled,
    /// Readout protection is on.
    Protected,
    /// The chip does not answer, or the way to it is not there.
    Silent,
    /// Anything else.
    Other,
}

/// The thread as its owner sees it.
pub type Work = JobHandle<Told, Result<Done, Stopped>>;

/// Starts a task on the target at this address, behind which is the chip of a meter of this profile.
///
/// # Errors
/// The system has no thread left.
pub fn spawn(url: DeviceUrl, meter: String, task: Task, wake: Arc<dyn Wake>) -> std::io::Result<Work> {
    JobHandle::spawn("flash-target", wake, move |ctl| Ok::<_, JobError>(perform(&url, &meter, &task, ctl)))
}

fn perform(
    url: &DeviceUrl,
    meter: &str,
    task: &Task,
    ctl: &JobCtl<Told, Result<Done, Stopped>>,
) -> Result<Done, Stopped> {
    let clock = RealClock::shared();
    let chips = chips(meter)?;
    ctl.notice(Told::Expected(chips.clone()));
    tracing::info!(target = %url, task = task.word(), "flash target opened");
    let result = open(url, &clock).and_then(|mut target| {
        let shown = Shown::default();
        let mut watch = Watch::new(clock.clone(), || ctl.is_cancelled(), |progress| shown.tell(progress, &clock, ctl));
        task.on((&mut *target, url), &chips, &clock, &mut watch, ctl)
    });
    match result {
        Ok(done) => {
            tracing::info!(task = task.word(), "done");
            Ok(done)
        }
        Err(stopped) => {
            tracing::error!(task = task.word(), "{}", stopped.advice.what);
            Err(stopped)
        }
    }
}

/// The chips a meter of this profile may have.
fn chips(meter: &str) -> Result<Vec<u16>, Stopped> {
    let loaded = profile::load_meter(meter).map_err(|error| Stopped {
        advice: Advice::new(
            error.to_string(),
            mark!("The profile is missing or has a fault"),
            mark!("Choose another profile, or correct this one"),
        ),
        cause: Cause::Other,
    })?;
    Ok(loaded.controller.chips())
}

fn open(url: &DeviceUrl, clock: &SharedClock) -> Result<Box<dyn Target>, Stopped> {
    flash::open(url, clock).map_err(|error| match error {
        OpenError::Port(error) => FlashError::from(error).into(),
        OpenError::Url(error) => Stopped {
            advice: Advice::new(
                error.to_string(),
                mark!("The address names no way to a chip"),
                mark!("Choose the flash target again"),
            ),
            cause: Cause::Other,
        },
    })
}

impl Task {
    /// For the log.
    const fn word(&self) -> &'static str {
        match self {
            Self::Ask => "identify",
            Self::Compare(_) => "compare",
            Self::Flash(..) => "flash",
            Self::Start(_) => "start",
        }
    }

    fn on(
        &self,
        (target, url): (&mut dyn Target, &DeviceUrl),
        chips: &[u16],
        clock: &SharedClock,
        watch: &mut Watch<'_>,
        ctl: &JobCtl<Told, Result<Done, Stopped>>,
    ) -> Result<Done, Stopped> {
        watch.begin(Stage::Identify, 0);
        let identity = target.identify(watch)?;
        tracing::info!(
            chip = identity.chip.name,
            unique_id = identity.unique_id.map(|id| id.to_string()),
            protected = identity.protected,
            loader = identity.loader,
            "the chip has answered"
        );
        ctl.notice(Told::Chip(identity.clone()));
        identity.expect(chips)?;
        watch.checkpoint()?;
        match self {
            Self::Ask => Ok(Done::Asked),
            Self::Compare(opened) => compare(target, opened, &identity, watch).map(Box::new).map(Done::Compared),
            Self::Flash(opened, wishes, confirmed, keeping) => {
                same_chip(*confirmed, identity.unique_id)?;
                let (options, began) = (wishes.options(chips), clock.now());
                let result = flash::flash(target, &opened.image, &options, clock, watch);
                let operator = keeping.operator.as_str();
                let attempt = Attempt { image: &opened.image, file: &opened.name, target: url, operator };
                let seconds = clock.now().since(began).as_secs_f64();
                let kept = keeping.keep(&Flashing::of(&attempt, &identity, &result, seconds));
                let (report, receipt) = (result?, kept?);
                tracing::info!(
                    image = opened.name,
                    sha256 = opened.summary.sha256,
                    unique_id = report.unique_id,
                    written = report.bytes_written,
                    skipped = report.bytes_skipped,
                    verified = report.verified,
                    seconds = report.seconds,
                    "flashed"
                );
                Ok(Done::Flashed(report, receipt))
            }
            Self::Start(address) => {
                watch.begin(Stage::Start, 0);
                target.start(*address)?;
                Ok(Done::Started)
            }
        }
    }
}

impl Keeping {
    /// What cannot be recorded was not proven: it is shown as a failure that says so.
    fn keep(&self, flashing: &Flashing) -> Result<Option<Receipt>, Stopped> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let kept = Keeper::in_folder(folder.clone()).keep_flashing(flashing);
        kept.map(Some).map_err(|advice| {
            tracing::error!("{}", advice.what);
            Stopped { advice, cause: Cause::Other }
        })
    }
}

impl Wishes {
    fn options(self, chips: &[u16]) -> Options {
        let (erase, reuse) = match self.erase {
            Erase::Changed => (EraseScope::Pages, Reuse::ReadBack),
            Erase::Pages => (EraseScope::Pages, Reuse::Nothing),
            Erase::Chip => (EraseScope::Chip, Reuse::Nothing),
        };
        let Self { unprotect, protect, start, .. } = self;
        Options { chips: chips.to_vec(), erase, reuse, verify: true, unprotect, protect, start }
    }
}

/// A board that was exchanged since the question is not the one that was agreed to.
fn same_chip(confirmed: Option<UniqueId>, found: Option<UniqueId>) -> Result<(), Stopped> {
    match (confirmed, found) {
        (Some(confirmed), Some(found)) if confirmed != found => Err(Stopped {
            advice: Advice::new(
                t!("this is chip {found}, confirmed was chip {confirmed}", found, confirmed),
                mark!("Another board was connected since the chip was asked"),
                mark!(
                    "Look at what is known of this chip, and flash it if it is the right one; nothing was changed on it"
                ),
            ),
            cause: Cause::Other,
        }),
        _ => Ok(()),
    }
}

fn compare(
    target: &mut dyn Target,
    opened: &Opened,
    identity: &Identity,
    watch: &mut Watch<'_>,
) -> Result<Comparison, Stopped> {
    if identity.protected {
        return Err(FlashError::Protected.into());
    }
    let flash_kib = identity.flash_kib.unwrap_or(identity.chip.largest_kib);
    let plan = Plan::new(&opened.image, identity.chip, flash_kib, EraseScope::Pages)?;
    watch.begin(Stage::Read, plan.length());
    let mut segments = Vec::new();
    let mut read = 0;
    for page in &plan.pages {
        for (address, bytes) in page.blocks() {
            watch.checkpoint()?;
            let bytes = target.read(address, bytes.len())?;
            read += bytes.len() as u64;
            segments.push(Segment { address, bytes });
            watch.reached(read);
        }
    }
    let malformed = |error: crate::image::ImageError| Stopped {
        advice: Advice::new(
            error.to_string(),
            mark!("What was read from the chip makes no whole"),
            mark!("Compare again"),
        ),
        cause: Cause::Other,
    };
    let chip = Image::from_segments(segments).map_err(malformed)?;
    Ok(Comparison::of(&chip, opened, &plan))
}

/// Which progress was told last.
#[derive(Default)]
struct Shown(Cell<Option<(Stage, Moment)>>);

impl Shown {
    fn tell(&self, progress: Progress, clock: &SharedClock, ctl: &JobCtl<Told, Result<Done, Stopped>>) {
        let now = clock.now();
        let begins = self.0.get().is_none_or(|(stage, _)| stage != progress.stage);
        let due = self.0.get().is_none_or(|(_, at)| now.since(at) >= SHOWN_EVERY);
        if begins {
            tracing::info!(stage = ?progress.stage, bytes = progress.total, "flash stage");
            ctl.notice(Told::Progress(progress));
        } else if due || progress.done == progress.total {
            ctl.progress(Told::Progress(progress));
        } else {
            return;
        }
        self.0.set(Some((progress.stage, now)));
    }
}

impl From<FlashError> for Stopped {
    fn from(error: FlashError) -> Self {
        let cause = match &error {
            FlashError::Cancelled { .. } => Cause::Cancelled,
            FlashError::Protected => Cause::Protected,
            FlashError::NoAnswer | FlashError::Port(_) | FlashError::Swd(_) => Cause::Silent,
            _ => Cause::Other,
        };
        Self { advice: flash::advice::advice(&error), cause }
    }
}
