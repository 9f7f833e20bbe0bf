//! What a chip holds beside what an image would put there: by meaning first, then by pages and bytes.

use super::opened::Opened;
use crate::flash::Plan;
use crate::image::Image;
use crate::image::diff::differences;
use crate::image::field::Changed;
use crate::image::pages::{InWords, changes};
use meter_interface::block::{Copy, PAGE};

/// Places shown; the rest is counted.
const PLACES: usize = 8;

/// How chip and image differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Registers and fields of the calibration that differ.
    pub changes: Vec<Changed>,
    /// The blocks on the chip; none when the image has no place for any.
    pub on_chip: Option<InWords>,
    /// What should not be missed: a calibration that would be lost, another unit's image.
    pub warning: Option<Warning>,
    /// The chip is erased where the image goes.
    pub blank: bool,
    /// Pages of the image.
    pub pages: usize,
    /// Those that differ.
    pub pages_differing: usize,
    /// Bytes that differ.
    pub bytes_differing: usize,
    /// The first places that differ outside of the calibration: address and bytes.
    pub places: Vec<(u32, usize)>,
    /// Further places.
    pub more_places: usize,
}

/// What flashing would do that may not be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The chip has a calibration, and the image brings none.
    Lost {
        /// The unit's serial number, as the chip has it.
        serial: String,
    },
    /// The image is made for another unit.
    OtherUnit {
        /// The chip's serial number.
        chip: String,
        /// The image's.
        image: String,
    },
}

impl Comparison {
    /// Of what was read from the pages of a plan.
    #[must_use]
    pub fn of(chip: &Image, opened: &Opened, plan: &Plan) -> Self {
        // Bytes of a page that the image leaves out are erased with it.
        let planned = |address: u32, byte: u8| opened.image.byte(address).unwrap_or(0xFF) != byte;
        let page_differs = |page: &crate::flash::PagePlan| {
            (page.address..).zip(&page.bytes).any(|(address, &wanted)| chip.byte(address) != Some(wanted))
        };
        let bytes_differing = chip
            .segments()
            .iter()
            .flat_map(|segment| (segment.address..).zip(&segment.bytes))
            .filter(|(address, byte)| planned(*address, **byte))
            .count();
        let whole = plan.pages.iter().map(|page| (page.address, page.bytes.clone()));
        let whole = Image::from_segments(whole.map(|(address, bytes)| crate::image::Segment { address, bytes }));
        let code = |address: u32| {
            !Copy::ALL.into_iter().any(|copy| {
                let first = opened.pages.map_or(copy.address(), |pages| pages.address(copy));
                (first..first.saturating_add(PAGE as u32)).contains(&address)
            })
        };
        let found = whole.map(|whole| differences(chip, &whole)).unwrap_or_default();
        let places: Vec<(u32, usize)> = found
            .iter()
            .filter(|difference| code(difference.address))
            .map(|difference| (difference.address, difference.length()))
            .collect();
        let on_chip = opened.pages.map(|pages| InWords::of(pages, chip));
        Self {
            changes: opened.pages.map(|pages| changes((pages, chip), (pages, &opened.image))).unwrap_or_default(),
            warning: warning(on_chip.as_ref(), opened.calibration.as_ref().ok()),
            on_chip,
            blank: chip.segments().iter().all(|segment| segment.bytes.iter().all(|byte| *byte == 0xFF)),
            pages: plan.pages.len(),
            pages_differing: plan.pages.iter().filter(|page| page_differs(page)).count(),
            bytes_differing,
            more_places: places.len().saturating_sub(PLACES),
            places: places.into_iter().take(PLACES).collect(),
        }
    }

    /// Chip and image are the same.
    #[must_use]
    pub const fn is_same(&self) -> bool {
        self.pages_differing == 0
    }
}

fn warning(chip: Option<&InWords>, image: Option<&InWords>) -> Option<Warning> {
    let chip = chip.filter(|chip| chip.is_calibrated())?;
    let serial = chip.field("serial").to_owned();
    match image.filter(|image| image.is_calibrated()) {
        None => Some(Warning::Lost { serial }),
        Some(image) if image.field("serial") != serial => {
            Some(Warning::OtherUnit { chip: serial, image: image.field("serial").to_owned() })
        }
        Some(_) => None,
    }
}
