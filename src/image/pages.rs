//! The calibration block of an image in words: what each of its two pages holds, which of them counts, field by field and
//! register by register; and the same of two images, side by side.

use m90e26::Register;
use meter_interface::block::{Block, BlockError, Copy, PAGE};
use serde::Serialize;

use super::Image;
use super::block::Pages;
use super::field::{self, Changed, Shown};

/// What one page holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PageInWords {
    /// `A` or `B`.
    pub copy: String,
    /// Where it is, as 0x and eight digits.
    pub address: String,
    /// The sequence number of a whole block.
    pub sequence: Option<u32>,
    /// Whether its CRC is right; `None` where there is no block to have one.
    pub crc_right: Option<bool>,
    /// A meter would run on it.
    pub in_force: bool,
    /// All that in a few words.
    pub state: String,
}

/// A register with its word, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegisterInWords {
    /// As the datasheet spells it.
    pub name: &'static str,
    /// Four hexadecimal digits, as the datasheet writes it.
    pub word: String,
    /// What it is.
    #[serde(skip)]
    pub meaning: &'static str,
}

/// The block of an image in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InWords {
    /// A, then B.
    pub pages: Vec<PageInWords>,
    /// Registers of the block in force; empty when there is none.
    pub registers: Vec<RegisterInWords>,
    /// Its other fields.
    pub fields: Vec<Shown>,
    /// Why a meter would not run on the block in force although its CRC is right; empty when it would.
    pub problems: Vec<String>,
}

impl InWords {
    /// Of the pages of an image.
    #[must_use]
    pub fn of(pages: Pages, image: &Image) -> Self {
        let in_force = pages.read(image).ok();
        let winner = in_force.as_ref().map(|(copy, _)| *copy);
        let page = |copy| page(image, pages.address(copy), copy, winner);
        let (registers, fields, problems) = in_force
            .map_or_else(Default::default, |(_, block)| (registers(&block), field::shown(&block), problems(&block)));
        Self { pages: Copy::ALL.map(page).into(), registers, fields, problems }
    }

    /// A block is in force.
    #[must_use]
    pub fn is_calibrated(&self) -> bool {
        self.pages.iter().any(|page| page.in_force)
    }

    /// The value of a field; empty when it is not set.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|field| field.name == name).map_or("", |field| &field.value)
    }

    /// The fields that are set.
    pub fn set_fields(&self) -> impl Iterator<Item = &Shown> {
        self.fields.iter().filter(|field| !field.value.is_empty())
    }
}

fn page(image: &Image, address: u32, copy: Copy, winner: Option<Copy>) -> PageInWords {
    let found = Block::decode(image.bytes(address, PAGE).unwrap_or_default());
    let in_force = winner == Some(copy);
    let (sequence, crc_right) = match &found {
        Ok(block) => (Some(block.sequence), Some(true)),
        Err(BlockError::Crc { .. }) => (None, Some(false)),
        // The CRC is looked at before the fields.
        Err(BlockError::Field { .. }) => (None, Some(true)),
        Err(_) => (None, None),
    };
    let state = match &found {
        Ok(block) if block.secrets_withheld() => {
            format!("sequence {}, CRC right, but read out of a meter without its secrets", block.sequence)
        }
        Ok(block) if in_force => format!("in force, sequence {}, CRC right", block.sequence),
        Ok(block) => format!("not in force, sequence {}, CRC right", block.sequence),
        Err(BlockError::Blank) => "erased".to_owned(),
        Err(error) => format!("no block: {error}"),
    };
    PageInWords { copy: copy.to_string(), address: format!("{address:#010x}"), sequence, crc_right, in_force, state }
}

/// The chip's registers a block holds, by address, the checksums where they belong.
fn held(block: &Block) -> impl Iterator<Item = (Register, u16)> + '_ {
    Register::ALL.into_iter().filter_map(|register| Some((register, block.register(register)?)))
}

fn registers(block: &Block) -> Vec<RegisterInWords> {
    let in_words = |(register, word): (Register, u16)| RegisterInWords {
        name: register.name(),
        word: format!("{word:04X}"),
        meaning: register.meaning(),
    };
    held(block).map(in_words).collect()
}

fn problems(block: &Block) -> Vec<String> {
    let [cs1, cs2] = block.checksums();
    let wrong = |register: Register, stored: u16, computed: u16| {
        let text =
            format!("{register} is {stored:04X}, and its registers give {computed:04X}: the chip would refuse them");
        (stored != computed).then_some(text)
    };
    [wrong(Register::Cs1, block.cs1, cs1), wrong(Register::Cs2, block.cs2, cs2)].into_iter().flatten().collect()
}

/// Registers and fields in which the blocks in force differ; a block that is not there has none of either.
#[must_use]
pub fn changes((old_pages, old): (Pages, &Image), (new_pages, new): (Pages, &Image)) -> Vec<Changed> {
    let in_force = |pages: Pages, image| pages.read(image).ok().map(|(_, block)| block);
    let (old, new) = match (in_force(old_pages, old), in_force(new_pages, new)) {
        (None, None) => return Vec::new(),
        (Some(old), Some(new)) => (old, new),
        (old, new) => {
            let word = |block: Option<Block>| if block.is_some() { "there" } else { "none" }.to_owned();
            return vec![Changed { name: "calibration".to_owned(), old: word(old), new: word(new) }];
        }
    };
    let mut changes: Vec<Changed> = held(&old)
        .zip(held(&new))
        .filter(|((_, old), (_, new))| old != new)
        .map(|((register, old), (_, new))| Changed {
            name: register.name().to_owned(),
            old: format!("{old:04X}"),
            new: format!("{new:04X}"),
        })
        .collect();
    changes.extend(field::changes(&old, &new));
    changes
}

/// Whether an address lies in a page where the interface has the calibration: its bytes may be secrets.
#[must_use]
pub fn is_in_pages(address: u32) -> bool {
    Copy::ALL.into_iter().any(|copy| (copy.address()..copy.address() + PAGE as u32).contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Segment;

    /// Pages as a meter has them, with these blocks in them.
    fn image(blocks: [Option<&Block>; 2]) -> Image {
        let mut bytes = Vec::new();
        for block in blocks {
            let mut page = [0xFF; PAGE];
            if let Some(block) = block {
                block.encode(&mut page).expect("encoded");
            }
            bytes.extend(page);
        }
        Image::from_segments([Segment { address: Copy::A.address(), bytes }]).expect("an image")
    }

    fn words(image: &Image) -> InWords {
        InWords::of(Pages::find(b"", image).expect("pages"), image)
    }

    #[test]
    fn the_newer_block_is_in_force() {
        let (old, new) = (Block { sequence: 7, ..Block::default() }, Block { sequence: 8, ..Block::default() });
        let words = words(&image([Some(&new), Some(&old)]));
        let states: Vec<&str> = words.pages.iter().map(|page| page.state.as_str()).collect();
        assert_eq!(states, ["in force, sequence 8, CRC right", "not in force, sequence 7, CRC right"]);
        assert_eq!(words.registers.len(), 25);
        assert!(words.problems.is_empty());
    }

    #[test]
    fn what_is_wrong_is_said() {
        let block = Block { cs1: 1, ..Block::default() };
        let healthy = image([Some(&block), None]);
        let words = words(&healthy);
        assert_eq!(words.problems, ["CS1 is 0001, and its registers give 55CB: the chip would refuse them"]);
        assert_eq!(words.pages[1].state, "erased");
        let broken = healthy.overwritten(Copy::A.address() + 40, &[0x99]).expect("there");
        let words = self::words(&broken);
        assert_eq!((words.pages[0].crc_right, words.pages[0].in_force), (Some(false), false));
        assert!(words.registers.is_empty());
        let withheld = Block::default().without_secrets();
        let words = self::words(&image([Some(&withheld), None]));
        assert!(words.pages[0].state.contains("without its secrets") && !words.pages[0].in_force);
    }

    #[test]
    fn registers_and_fields_are_compared_by_name() {
        let old = Block::default();
        let mut new = old.clone();
        new.set_register(Register::Ugain, 0x71D8);
        field::set(&mut new, "serial", "MT7").expect("set");
        let (first, second) = (image([Some(&old), None]), image([None, Some(&new)]));
        let names = |old: &Image, new: &Image| -> Vec<String> {
            let pages = |image| Pages::find(b"", image).expect("pages");
            changes((pages(old), old), (pages(new), new)).into_iter().map(|change| change.name).collect()
        };
        assert_eq!(names(&first, &second), ["Ugain", "CS2", "serial"]);
        assert!(names(&first, &first).is_empty());
        assert_eq!(names(&image([None, None]), &second), ["calibration"]);
    }
}
