//! `meterbench flash`: an image onto a chip; what is on a chip into a file; which probes there are.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use meter_interface::block::FLASH_START;
use serde_json::json;

use super::exit::Exit;
use super::image;
use crate::clock::{RealClock, SharedClock};
use crate::disk;
use crate::flash::{
    self, EraseScope, FlashError, Options, Progress, Readout, Report, Reuse, Stage, Target, UniqueId, Watch, advice,
    swd,
};
use crate::image::show::Summary;
use crate::image::{Format, Image, Segment};
use crate::port::OpenError;
use crate::port::url::DeviceUrl;
use crate::procedure::Control;
use crate::record::flashing::{Attempt, Flashing};
use crate::record::{Keeper, Receipt};

/// Write an image to a chip, read it back, start it
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Flash {
    #[command(subcommand)]
    action: Option<Action>,
    /// List the debug probes that are plugged in, and do nothing else
    #[arg(long)]
    list: bool,
    /// The chip: rom+serial:/dev/ttyUSB0, rom+tcp:host:port; with &reset=dtr&boot0=rts the adapter enters the boot loader.
    /// Over a debug probe swd:, swd:VID:PID, swd:VID:PID:SERIAL, for a Black Magic probe on TCP swd:1d50:6018:host:port
    #[arg(long, required_unless_present = "list")]
    target: Option<DeviceUrl>,
    /// The image: ELF, Intel HEX or binary
    #[arg(long, required_unless_present = "list")]
    image: Option<PathBuf>,
    /// What kind of file the image is; without it, what it looks like
    #[arg(long)]
    format: Option<Format>,
    /// Where a binary belongs
    #[arg(long, default_value = "0x08000000", value_parser = image::number)]
    address: u32,
    /// Product numbers the chip may have, checked before anything is erased; several with --chip given several times
    #[arg(long, default_value = "0x410", value_parser = image::number)]
    chip: Vec<u32>,
    /// Do not read back what was written
    #[arg(long)]
    no_verify: bool,
    /// Erase the whole chip instead of the pages needed: quicker, and nothing old stays
    #[arg(long, conflicts_with_all = ["only_changed", "known"])]
    erase_chip: bool,
    /// Read what is there first, and leave pages alone that are right already
    #[arg(long, conflicts_with = "known")]
    only_changed: bool,
    /// An image the chip is known to hold: pages in which it does not differ are sampled, but neither read in full nor written
    #[arg(long)]
    known: Option<PathBuf>,
    /// Lift readout protection if it is on, which erases the chip
    #[arg(long)]
    unprotect: bool,
    /// Switch readout protection on afterwards
    #[arg(long)]
    protect: bool,
    /// Start the program afterwards
    #[arg(long)]
    start: bool,
    /// Who sits at the bench, for the record
    #[arg(long, value_parser = super::words)]
    operator: Option<String>,
    /// Keep no record of this flashing, and say so in its report
    #[arg(long)]
    no_record: bool,
    /// Print one JSON object on standard output
    #[arg(long)]
    json: bool,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Read what is on a chip into a file; over a debug probe without stopping the program
    Read(Read),
}

#[derive(clap::Args, Debug)]
struct Read {
    /// The chip, as for flashing
    #[arg(long)]
    target: DeviceUrl,
    /// The first address
    #[arg(long, default_value = "0x08000000", value_parser = image::number)]
    address: u32,
    /// How many bytes
    #[arg(long, value_parser = image::number)]
    length: u32,
    /// Where they go, readable by its owner only: .hex is Intel HEX, anything else binary
    #[arg(long = "output", alias = "out", value_name = "FILE")]
    out: PathBuf,
    /// Print one JSON object on standard output
    #[arg(long)]
    json: bool,
}

impl Flash {
    /// Does it. Progress goes to standard error, the report to `out` once it is recorded in the folder `data`.
    ///
    /// # Errors
    /// Bad input: a file that is no image, an address that is none; no folder for records.
    pub fn run(&self, data: anyhow::Result<PathBuf>, out: &mut dyn Write) -> anyhow::Result<Exit> {
        if let Some(Action::Read(read)) = &self.action {
            return read.run(out);
        }
        if self.list {
            return list(self.json, out);
        }
        let (Some(target), Some(image)) = (&self.target, &self.image) else { bail!("say --target and --image") };
        let name = image.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut keeper = if self.no_record { None } else { Some(Keeper::in_folder(data?)) };
        let image = image::load(image, self.format, self.address)?;
        let begins = image.segments().first().is_some_and(|first| first.address == FLASH_START);
        for problem in Summary::of(&image)?.problems.into_iter().filter(|_| begins) {
            super::message(&format!("{name}: {problem}; the chip will not run this image"));
        }
        let reuse = match &self.known {
            Some(known) => Reuse::Known(image::load(known, None, self.address)?),
            None if self.only_changed => Reuse::ReadBack,
            None => Reuse::Nothing,
        };
        let options = Options {
            chips: self.chip.iter().map(|chip| u16::try_from(*chip)).collect::<Result<_, _>>()?,
            erase: if self.erase_chip { EraseScope::Chip } else { EraseScope::Pages },
            reuse,
            verify: !self.no_verify,
            unprotect: self.unprotect,
            protect: self.protect,
            start: self.start,
        };
        let clock = RealClock::shared();
        let began = clock.now();
        let mut identity = None;
        let result = with_target(target, &clock, |chip, watch| {
            watch.begin(Stage::Identify, 0);
            identity = Some(chip.identify(watch)?);
            flash::flash(chip, &image, &options, &clock, watch)
        })?;
        // A chip that has not said what it is was left alone: there is nothing to record.
        let kept = match (&mut keeper, &identity) {
            (Some(keeper), Some(identity)) => {
                let operator = self.operator.as_deref().unwrap_or_default();
                let attempt = Attempt { image: &image, file: &name, target, operator };
                let seconds = clock.now().since(began).as_secs_f64();
                Some(keeper.keep_flashing(&Flashing::of(&attempt, identity, &result, seconds)))
            }
            _ => None,
        };
        let (record, lost) = match kept {
            Some(Ok(receipt)) => (Some(receipt), None),
            Some(Err(advice)) => (None, Some(advice)),
            None => (None, None),
        };
        match result {
            Ok(report) if self.json => {
                serde_json::to_writer(&mut *out, &Recorded { report: &report, record })?;
                writeln!(out)?;
            }
            Ok(report) => {
                print(&report, out)?;
                match record {
                    Some(Receipt { number, hash }) => writeln!(out, "record    F{number}  {hash}")?,
                    None => writeln!(out, "NOT RECORDED")?,
                }
            }
            Err(error) => {
                if self.json {
                    let advice = advice::advice(&error);
                    writeln!(out, "{}", json!({ "verified": false, "error": advice, "record": record }))?;
                }
                if let Some(Receipt { number, .. }) = record {
                    super::message(&format!("recorded as F{number}"));
                }
                lost.iter().for_each(super::advise);
                return Ok(tell(&error));
            }
        }
        lost.iter().for_each(super::advise);
        Ok(if lost.is_some() { Exit::COULD_NOT_MEASURE } else { Exit::DONE })
    }
}

/// A report and its place among the flashings; none where it has none.
#[derive(serde::Serialize)]
struct Recorded<'a> {
    #[serde(flatten)]
    report: &'a Report,
    record: Option<Receipt>,
}

impl Read {
    fn run(&self, out: &mut dyn Write) -> anyhow::Result<Exit> {
        if self.length == 0 {
            bail!("--length 0 reads nothing");
        }
        let clock = RealClock::shared();
        let read =
            |target: &mut dyn Target, watch: &mut Watch<'_>| flash::read_out(target, self.address, self.length, watch);
        let Readout { identity, bytes } = match with_target(&self.target, &clock, read)? {
            Ok(readout) => readout,
            Err(error) => return Ok(tell(&error)),
        };
        let content = content(&self.out, self.address, bytes)?;
        // A unit's flash holds its keys.
        disk::replace_secretly(&self.out, &content).with_context(|| self.out.display().to_string())?;
        let chip = format!("{:#05x}", identity.chip.id);
        let id = identity.unique_id.as_ref().map(UniqueId::to_string);
        let simulated = identity.unique_id.as_ref().is_some_and(UniqueId::is_simulated);
        if self.json {
            let report = json!({
                "chip_id": chip,
                "unique_id": id,
                "loader": identity.loader,
                "address": format!("{:#010x}", self.address),
                "bytes": self.length,
                "simulated": simulated,
            });
            writeln!(out, "{report}")?;
        } else {
            let simulated = if simulated { "   (SIMULATED)" } else { "" };
            writeln!(out, "chip      {chip}, through {}{simulated}", identity.loader)?;
            writeln!(out, "unique id {}", id.as_deref().unwrap_or("unknown"))?;
            writeln!(out, "read      {} bytes at {:#010x}", self.length, self.address)?;
        }
        Ok(Exit::DONE)
    }
}

/// Bytes as the file's name wants them.
fn content(file: &Path, address: u32, bytes: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    let extension = file.extension().and_then(|extension| extension.to_str());
    if !matches!(extension, Some("hex" | "ihex")) {
        return Ok(bytes);
    }
    Ok(Image::from_segments([Segment { address, bytes }])?.write(Format::Hex)?)
}

fn list(as_json: bool, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let probes = swd::list();
    if as_json {
        serde_json::to_writer(&mut *out, &probes)?;
        writeln!(out)?;
        return Ok(Exit::DONE);
    }
    if probes.is_empty() {
        super::message("no debug probe is plugged in; one on TCP is not found by itself");
    }
    for probe in probes {
        let access = if probe.accessible { "" } else { "   may not be opened by this user: install the udev rules" };
        writeln!(out, "{:<12} {}   {}{access}", probe.kind, probe.address, probe.name)?;
    }
    Ok(Exit::DONE)
}

/// Opens a target and works on it, stoppable by signals, with progress on standard error.
fn with_target<R>(
    url: &DeviceUrl,
    clock: &SharedClock,
    work: impl FnOnce(&mut dyn Target, &mut Watch<'_>) -> Result<R, FlashError>,
) -> anyhow::Result<Result<R, FlashError>> {
    let mut target = match flash::open(url, clock) {
        Ok(target) => target,
        // A port that is not there is no bad usage: it may be there tomorrow.
        Err(OpenError::Port(error)) => return Ok(Err(error.into())),
        Err(error @ OpenError::Url(_)) => return Err(error.into()),
    };
    let control = Arc::new(Control::new(|_| {}));
    super::cancel_on_signals(&control);
    let mut said = None;
    let mut watch = Watch::new(clock.clone(), || control.is_cancelled(), |progress| say(progress, &mut said));
    Ok(work(&mut *target, &mut watch))
}

/// The advice on standard error, and the exit code that goes with it.
fn tell(error: &FlashError) -> Exit {
    super::advise(&advice::advice(error));
    match error {
        FlashError::Cancelled { .. } => Exit::ABORTED,
        // What was asked for, not the chip, is at fault.
        FlashError::NothingThere { .. }
        | FlashError::TooLarge { .. }
        | FlashError::OutsideFlash { .. }
        | FlashError::Misaligned { .. } => Exit::BAD_INPUT,
        _ => Exit::COULD_NOT_MEASURE,
    }
}

/// A line at the beginning and at each tenth of a stage.
fn say(progress: Progress, said: &mut Option<(Stage, u64)>) {
    let Progress { stage, done, total, rate, left } = progress;
    let tenth = (done * 10).checked_div(total).unwrap_or_default();
    if *said == Some((stage, tenth)) {
        return;
    }
    *said = Some((stage, tenth));
    match (rate, left) {
        (Some(rate), Some(left)) => {
            let (rate, left) = (rate / 1e3, left.as_secs_f64());
            super::message(&format!("{stage:?}: {done} of {total} bytes, {rate:.1} kB/s, {left:.0} s left"));
        }
        _ => super::message(&format!("{stage:?}")),
    }
}

fn print(report: &Report, out: &mut dyn Write) -> anyhow::Result<()> {
    let simulated = if report.simulated { "   (SIMULATED)" } else { "" };
    let id = report.unique_id.as_deref().unwrap_or("unknown");
    writeln!(out, "chip      {}, {} KiB, through {}{simulated}", report.chip_id, report.flash_kib, report.loader)?;
    writeln!(out, "unique id {id}")?;
    writeln!(
        out,
        "written   {} bytes in {:.1} s, {} skipped, {} pages erased",
        report.bytes_written, report.seconds, report.bytes_skipped, report.pages_erased
    )?;
    let verified = match (report.verified, report.bytes_trusted) {
        (false, _) => "no".to_owned(),
        (true, 0) => "every byte".to_owned(),
        (true, trusted) => format!("every byte written; {trusted} bytes trusted to be there"),
    };
    writeln!(out, "verified  {verified}")?;
    Ok(())
}
