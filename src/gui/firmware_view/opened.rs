//! An image that was read from a file, and what there is to say of it. Read on a thread of its own.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::advice::Advice;
use crate::image::block::Pages;
use crate::image::pages::InWords;
use crate::image::show::Summary;
use crate::image::{Format, Image};
use crate::job::{JobError, JobHandle, Wake};

/// No image of such a chip is larger; what is was chosen by mistake.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// What was read.
#[derive(Debug)]
pub struct Opened {
    /// The file.
    pub path: PathBuf,
    /// Its name without its folders.
    pub name: String,
    /// What kind of file it is.
    pub format: Format,
    /// The bytes with their addresses. Secrets may be among them.
    pub image: Image,
    /// In figures.
    pub summary: Summary,
    /// The calibration pages, where the image has them.
    pub pages: Option<Pages>,
    /// What they hold, or why there are none.
    pub calibration: Result<InWords, String>,
}

/// A file that is being read.
pub type Reading = JobHandle<(), Result<Arc<Opened>, Advice>>;

/// The name of a file without its folders.
#[must_use]
pub fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Reads a file on a thread; a binary begins at `address`.
///
/// # Errors
/// The system has no thread left.
pub fn spawn(path: PathBuf, address: u32, wake: Arc<dyn Wake>) -> std::io::Result<Reading> {
    JobHandle::spawn("image", wake, move |_| Ok::<_, JobError>(open(&path, address).map(Arc::new)))
}

fn open(path: &Path, address: u32) -> Result<Opened, Advice> {
    let name = name_of(path);
    let content = content(path).map_err(|reason| {
        Advice::new(
            format!("{name}: {reason}"),
            mark!("The file was moved or deleted, or this user may not read it"),
            mark!("Choose the image again"),
        )
    })?;
    let of_image = |error: &dyn std::fmt::Display| {
        Advice::new(
            format!("{name}: {error}"),
            mark!("It is no ELF, Intel HEX or binary for this kind of chip, or part of the file is missing"),
            mark!("Choose the file that the build has written"),
        )
    };
    let format = Format::of_file(path, &content);
    let image = Image::read(&content, Some(format), address).map_err(|error| of_image(&error))?;
    let summary = Summary::of(&image).map_err(|error| of_image(&error))?;
    let found = Pages::find(&content, &image);
    let pages = found.as_ref().ok().copied();
    let calibration = found.map(|pages| InWords::of(pages, &image)).map_err(|error| error.to_string());
    tracing::info!(image = name, sha256 = summary.sha256, bytes = summary.length, "image read");
    Ok(Opened { path: path.to_owned(), name, format, image, summary, pages, calibration })
}

fn content(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    // A folder opens, and fails only when it is read.
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST_FILE { Err(t!("it is larger than 16 MiB").to_owned()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, content: &[u8]) -> PathBuf {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("opened-test").join(name);
        crate::disk::replace(&path, content).expect("written");
        path
    }

    #[test]
    fn the_meters_own_image_is_shown_with_its_calibration() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("firmware/images/meter.hex");
        let opened = open(&path, 0x0800_0000).expect("an image");
        assert!(opened.summary.problems.is_empty() && opened.pages.is_some());
        let calibration = opened.calibration.expect("pages");
        assert!(!calibration.is_calibrated() && calibration.pages.iter().all(|page| page.state == "erased"));
    }

    #[test]
    fn what_is_no_image_is_said_with_its_name() {
        let advice = open(&written("cut.hex", b":10000000000102030405060708090A0B0C0D0E0F78\n"), 0).expect_err("cut");
        assert!(advice.what.starts_with("cut.hex: ") && advice.what.contains("end record"), "{}", advice.what);
        assert!(open(Path::new("no/such.bin"), 0).expect_err("none").what.starts_with("such.bin: "));
        let text = open(&written("letter.bin", b"Dear all"), 0x0800_0000).expect("a binary of eight bytes");
        assert!(!text.summary.problems.is_empty() && text.calibration.is_err());
    }
}
