//! `meterbench flash`: an image onto a chip.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use super::exit::Exit;
use super::image;
use crate::clock::RealClock;
use crate::flash::rom::RomTarget;
use crate::flash::{self, EraseScope, FlashError, Options, Progress, Report, Reuse, Stage, Watch, advice};
use crate::image::Format;
use crate::port::OpenError;
use crate::port::url::DeviceUrl;
use crate::procedure::Control;

/// Write an image to a chip, read it back, start it
#[derive(clap::Args, Debug)]
pub struct Flash {
    /// The chip: rom+serial:/dev/ttyUSB0, rom+tcp:host:port; with &reset=dtr&boot0=rts the adapter enters the boot loader
    #[arg(long)]
    target: DeviceUrl,
    /// The image: ELF, Intel HEX or binary
    #[arg(long)]
    image: PathBuf,
    /// What kind of file the image is; without it, what it looks like
    #[arg(long)]
    format: Option<Format>,
    /// Where a binary belongs
    #[arg(long, default_value = "0x08000000", value_parser = image::number)]
    address: u32,
    /// The chip's product number, checked before anything is erased
    #[arg(long, default_value = "0x410", value_parser = image::number)]
    chip: u32,
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
    /// Print one JSON object on standard output
    #[arg(long)]
    json: bool,
}

impl Flash {
    /// Does it. Progress goes to standard error, the report to `out`.
    ///
    /// # Errors
    /// Bad input: a file that is no image, an address that is none.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Exit> {
        let image = image::load(&self.image, self.format, self.address)?;
        let reuse = match &self.known {
            Some(known) => Reuse::Known(image::load(known, None, self.address)?),
            None if self.only_changed => Reuse::ReadBack,
            None => Reuse::Nothing,
        };
        let options = Options {
            chip: u16::try_from(self.chip)?,
            erase: if self.erase_chip { EraseScope::Chip } else { EraseScope::Pages },
            reuse,
            verify: !self.no_verify,
            unprotect: self.unprotect,
            protect: self.protect,
            start: self.start,
        };
        let clock = RealClock::shared();
        let mut target = match RomTarget::open(&self.target, &clock) {
            Ok(target) => target,
            // A port that is not there is no bad usage: it may be there tomorrow.
            Err(OpenError::Port(error)) => return Ok(tell(&error.into())),
            Err(error @ OpenError::Url(_)) => return Err(error.into()),
        };
        let control = Arc::new(Control::new(|_| {}));
        super::cancel_on_signals(&control);
        let mut said = None;
        let mut watch = Watch::new(clock.clone(), || control.is_cancelled(), |progress| say(progress, &mut said));
        let result = flash::flash(&mut target, &image, &options, &clock, &mut watch);
        drop(watch);
        match result {
            Ok(report) if self.json => {
                serde_json::to_writer(&mut *out, &report)?;
                writeln!(out)?;
            }
            Ok(report) => print(&report, out)?,
            Err(error) => return Ok(tell(&error)),
        }
        Ok(Exit::DONE)
    }
}

/// The advice on standard error, and the exit code that goes with it.
fn tell(error: &FlashError) -> Exit {
    let advice = advice::advice(error);
    eprintln!("what  {}\nwhy   {}\nnext  {}", advice.what, advice.why, advice.next);
    match error {
        FlashError::Cancelled { .. } => Exit::ABORTED,
        // The image, not the chip, is at fault.
        FlashError::TooLarge { .. } | FlashError::OutsideFlash { .. } | FlashError::Misaligned { .. } => {
            Exit::BAD_INPUT
        }
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
            eprintln!("{stage:?}: {done} of {total} bytes, {:.1} kB/s, {:.0} s left", rate / 1e3, left.as_secs_f64());
        }
        _ => super::message(&format!("{stage:?}")),
    }
}

fn print(report: &Report, out: &mut dyn Write) -> anyhow::Result<()> {
    let simulated = if report.simulated { "   (SIMULATED)" } else { "" };
    let id = report.unique_id.as_deref().unwrap_or("unknown");
    writeln!(out, "chip      {}, {} KiB, boot loader {}{simulated}", report.chip_id, report.flash_kib, report.loader)?;
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
