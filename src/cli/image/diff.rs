//! `meterbench image diff`: where two images differ, in the words of the calibration and byte by byte.

use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;

use serde_json::json;

use super::Reading;
use crate::cli::exit::Exit;
use crate::image::block::Pages;
use crate::image::diff::{Difference, differences};
use crate::image::pages;

/// Say where two images differ, or an image and what `flash read` has read from a chip; exit code 1 when they do
#[derive(clap::Args, Debug)]
pub(super) struct Diff {
    /// The one image
    old: PathBuf,
    /// The other
    new: PathBuf,
    /// The second file is what a chip holds: erased flash around the image is no difference
    #[arg(long)]
    chip: bool,
    #[command(flatten)]
    reading: Reading,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Bytes of a calibration are shown in words, and not as bytes: there are secrets among them.
const IN_WORDS: &str = "in words above";

impl Diff {
    pub(super) fn run(&self, out: &mut dyn Write) -> anyhow::Result<Exit> {
        let (old, new) = (self.reading.load(&self.old)?, self.reading.load(&self.new)?);
        let mut found = differences(&old.image, &new.image);
        if self.chip {
            found.retain(|difference| !erased_around(difference));
        }
        // Two images without pages, or with pages in one of them only, are compared as bytes alone.
        let [of_old, of_new] = [&old, &new].map(|opened| Pages::find(&opened.content, &opened.image).ok());
        let changes =
            of_old.zip(of_new).map(|(before, after)| pages::changes((before, &old.image), (after, &new.image)));
        let changes = changes.unwrap_or_default();
        if self.json {
            let bytes: Vec<_> = found.iter().map(to_json).collect();
            writeln!(out, "{}", json!({ "same": found.is_empty(), "calibration": changes, "bytes": bytes }))?;
        } else {
            for change in &changes {
                let [old, new] =
                    [&change.old, &change.new].map(|value| if value.is_empty() { "not set" } else { value });
                writeln!(out, "{:<21} {old} -> {new}", change.name)?;
            }
            for difference in &found {
                print_difference(difference, out)?;
            }
        }
        Ok(if found.is_empty() { Exit::DONE } else { Exit::FAILED })
    }
}

/// The chip has nothing but erased flash where the image has nothing at all.
fn erased_around(difference: &Difference) -> bool {
    difference.old.iter().zip(&difference.new).all(|pair| matches!(pair, (None, Some(0xFF))) || pair.0 == pair.1)
}

/// Bytes shown of a difference; the rest is counted.
const SHOWN: usize = 16;

fn hex(bytes: &[Option<u8>]) -> String {
    bytes.iter().take(SHOWN).fold(String::new(), |mut text, byte| {
        match byte {
            Some(byte) => write!(text, "{byte:02X}").ok(),
            None => write!(text, "--").ok(),
        };
        text
    })
}

fn print_difference(difference: &Difference, out: &mut dyn Write) -> anyhow::Result<()> {
    if pages::is_in_pages(difference.address) {
        writeln!(out, "{:#010x}  {} bytes of a calibration page, {IN_WORDS}", difference.address, difference.length())?;
        return Ok(());
    }
    let more = difference.length().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!("  and {more} bytes more") };
    let (old, new) = (hex(&difference.old), hex(&difference.new));
    writeln!(out, "{:#010x}  {old} -> {new}{more}", difference.address)?;
    Ok(())
}

fn to_json(difference: &Difference) -> serde_json::Value {
    json!({ "address": format!("{:#010x}", difference.address), "length": difference.length() })
}
