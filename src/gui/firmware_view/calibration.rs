//! The calibration block of an image in words: what each of its two pages holds, which of them counts, and where the blocks in
//! force of two images differ. Secrets are `***`.

use m90e26::Register;
use meter_interface::block::{Block, BlockError, Copy, PAGE};

use crate::image::Image;
use crate::image::block::Pages;

/// What one page holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageInWords {
    /// `A` or `B`.
    pub copy: String,
    /// A meter would run on it.
    pub in_force: bool,
    /// In a few words.
    pub state: String,
}

/// The blocks of an image in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InWords {
    /// A, then B.
    pub pages: Vec<PageInWords>,
    /// Fields of the block in force, by name; empty when there is none.
    pub fields: Vec<(&'static str, String)>,
    /// Its registers, by name.
    pub registers: Vec<(&'static str, String)>,
    /// Why the chip would refuse them; empty when it would not.
    pub problems: Vec<String>,
}

/// A register or a field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its name.
    pub name: String,
    /// What the chip holds.
    pub old: String,
    /// What the image holds.
    pub new: String,
}

impl InWords {
    /// Of the pages of an image.
    #[must_use]
    pub fn of(pages: Pages, image: &Image) -> Self {
        let Some((winner, block)) = pages.read(image).ok() else {
            return Self { pages: Copy::ALL.map(|copy| page(pages, image, copy, None)).into(), ..Self::default() };
        };
        let [cs1, cs2] = block.checksums();
        let wrong = |register: Register, stored: u16, computed: u16| {
            (stored != computed).then(|| {
                t!(
                    "{register} is {stored}, and its registers give {computed}: the chip would refuse them",
                    register,
                    stored = format_args!("{stored:04X}"),
                    computed = format_args!("{computed:04X}")
                )
            })
        };
        Self {
            pages: Copy::ALL.map(|copy| page(pages, image, copy, Some(winner))).into(),
            fields: fields(&block).into_iter().filter(|(_, value)| !value.is_empty()).collect(),
            registers: registers(&block).collect(),
            problems: [wrong(Register::Cs1, block.cs1, cs1), wrong(Register::Cs2, block.cs2, cs2)]
                .into_iter()
                .flatten()
                .collect(),
        }
    }

    /// The value of a field; empty when it is not set.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// A block is in force.
    #[must_use]
    pub fn is_calibrated(&self) -> bool {
        self.pages.iter().any(|page| page.in_force)
    }
}

fn page(pages: Pages, image: &Image, copy: Copy, winner: Option<Copy>) -> PageInWords {
    let in_force = winner == Some(copy);
    let state = match Block::decode(image.bytes(pages.address(copy), PAGE).unwrap_or_default()) {
        Ok(block) if block.secrets_withheld() => {
            t!("sequence {number}, CRC right, but read out of a meter without its secrets", number = block.sequence)
        }
        Ok(block) if in_force => t!("in force, sequence {number}, CRC right", number = block.sequence),
        Ok(block) => t!("not in force, sequence {number}, CRC right", number = block.sequence),
        Err(BlockError::Blank) => t!("erased").to_owned(),
        Err(error) => t!("no block: {error}", error),
    };
    PageInWords { copy: copy.to_string(), in_force, state }
}

/// The chip's registers a block holds, by address.
fn registers(block: &Block) -> impl Iterator<Item = (&'static str, String)> + '_ {
    Register::ALL
        .into_iter()
        .filter_map(|register| Some((register.name(), format!("{:04X}", block.register(register)?))))
}

/// All other fields by their names in the layout; what is not set is empty, and a secret never more than `***`.
fn fields(block: &Block) -> Vec<(&'static str, String)> {
    let number = |number: u32| if number == 0 { String::new() } else { number.to_string() };
    vec![
        ("serial", block.serial.to_string()),
        ("calibrated_on", block.calibrated_on.map(|date| date.to_string()).unwrap_or_default()),
        ("bench", block.bench.to_string()),
        ("record", block.record.to_string()),
        ("line", format!("{:?}", block.line)),
        ("current_scale", format!("{}/{}", block.current_scale.numerator(), block.current_scale.denominator())),
        ("pulses_per_kwh", number(block.pulses_per_kwh)),
        ("constant_imp_per_kwh", number(block.constant_imp_per_kwh)),
        ("meter_number", number(block.meter_number)),
        ("token", block.token.to_string()),
        ("host", block.host.to_string()),
        ("port", number(block.port.into())),
        ("payg_port", number(block.payg_port.into())),
        ("payg_host", block.payg_host.to_string()),
        ("payg_path", block.payg_path.to_string()),
        ("api_key", block.api_key.to_string()),
        ("apn", block.apn.to_string()),
        ("apn_user", block.apn_user.to_string()),
        ("apn_password", block.apn_password.to_string()),
        ("starting_code", block.starting_code.to_string()),
        ("openpaygo_key", block.openpaygo_key.to_string()),
        ("sts_key", block.sts_key.to_string()),
        ("tariff_millis_per_kwh", number(block.tariff_millis_per_kwh)),
    ]
}

/// Of a secret it is told that it differs, and not how.
fn secrets_differ(old: &Block, new: &Block) -> [(&'static str, bool); 6] {
    [
        ("token", old.token != new.token),
        ("api_key", old.api_key != new.api_key),
        ("apn_password", old.apn_password != new.apn_password),
        ("starting_code", old.starting_code != new.starting_code),
        ("openpaygo_key", old.openpaygo_key != new.openpaygo_key),
        ("sts_key", old.sts_key != new.sts_key),
    ]
}

/// Registers and fields in which the blocks in force differ.
#[must_use]
pub fn changes(pages: Pages, old: &Image, new: &Image) -> Vec<Changed> {
    let (old, new) = match (pages.read(old).ok(), pages.read(new).ok()) {
        (None, None) => return Vec::new(),
        (Some((_, old)), Some((_, new))) => (old, new),
        (old, new) => {
            let word = |there: bool| if there { t!("there") } else { t!("none") }.to_owned();
            let (old, new) = (word(old.is_some()), word(new.is_some()));
            return vec![Changed { name: "calibration".to_owned(), old, new }];
        }
    };
    let secrets = secrets_differ(&old, &new);
    let all = |block: &Block| registers(block).chain(fields(block)).collect::<Vec<_>>();
    let pairs = all(&old).into_iter().zip(all(&new));
    pairs
        .filter_map(|((name, old), (_, new))| {
            let another = secrets.contains(&(name, true)) && old == new;
            let shown = if another { t!("{value} (another)", value = new) } else { new.clone() };
            (another || old != new).then(|| Changed { name: name.to_owned(), old, new: shown })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use meter_interface::block::{FIELDS, Secret, Text};

    use super::*;
    use crate::image::Segment;

    fn image(blocks: [Option<&Block>; 2]) -> (Pages, Image) {
        let mut bytes = Vec::new();
        for block in blocks {
            let mut page = [0xFF; PAGE];
            if let Some(block) = block {
                block.encode(&mut page).expect("encoded");
            }
            bytes.extend(page);
        }
        let image = Image::from_segments([Segment { address: Copy::A.address(), bytes }]).expect("an image");
        (Pages::find(b"", &image).expect("pages"), image)
    }

    #[test]
    fn the_newer_block_is_in_force_and_secrets_are_masked() {
        let token = Secret::new(Text::new("hush").expect("short"));
        let new = Block { sequence: 8, token, ..Block::default() };
        let (pages, image) = image([Some(&new), Some(&Block { sequence: 7, ..Block::default() })]);
        let words = InWords::of(pages, &image);
        let states: Vec<&str> = words.pages.iter().map(|page| page.state.as_str()).collect();
        assert_eq!(states, ["in force, sequence 8, CRC right", "not in force, sequence 7, CRC right"]);
        assert_eq!((words.field("token"), words.registers.len()), ("***", 25));
        assert!(!format!("{words:?}").contains("hush"));
    }

    #[test]
    fn every_secret_of_the_layout_is_known_to_be_one() {
        let block = Block::default();
        let mut known: Vec<&str> = secrets_differ(&block, &block).map(|(name, _)| name).to_vec();
        let mut layout: Vec<&str> =
            FIELDS.iter().filter(|row| row.kind.starts_with("secret")).map(|row| row.name).collect();
        known.sort_unstable();
        layout.sort_unstable();
        assert_eq!(known, layout);
    }

    #[test]
    fn registers_and_fields_are_compared_by_name() {
        let old = Block { token: Secret::new(Text::new("a").expect("short")), ..Block::default() };
        let mut new = old.clone();
        new.set_register(Register::Ugain, 0x71D8);
        new.token = Secret::new(Text::new("b").expect("short"));
        let ((pages, first), (_, second)) = (image([Some(&old), None]), image([None, Some(&new)]));
        let found = changes(pages, &first, &second);
        let names: Vec<&str> = found.iter().map(|change| change.name.as_str()).collect();
        assert_eq!(names, ["Ugain", "CS2", "token"]);
        assert_eq!(found.last().map(|change| change.new.as_str()), Some("*** (another)"));
        assert!(changes(pages, &first, &first).is_empty());
        assert_eq!(changes(pages, &image([None, None]).1, &second)[0].name, "calibration");
    }
}
