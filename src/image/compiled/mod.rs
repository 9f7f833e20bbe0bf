//! The stock firmware's calibration in a compiled image: constants in the code that writes the metering chip's registers.
//!
//! Its source has calls of the shape `AFECHIP(0, Ugain, 0x71D8)`; compiled, each is a few instructions that put constants into the
//! argument registers, and a BL. [`patch`] finds the one function that is called so for every register of the stock firmware,
//! exactly once each, with words whose checksums are right. Then, and only then, it changes constants, and only those that nothing else
//! uses. Inlined or otherwise transformed calls are not found, and that is said.

use std::collections::{BTreeMap, BTreeSet};

use m90e26::{Register, checksum};

use super::Image;

mod calls;
mod thumb;

use calls::{Call, Calls, Constant, Origin};

/// The registers that the stock firmware writes once each.
const EXPECTED: [Register; 16] = [
    Register::FuncEn,
    Register::SagTh,
    Register::PLconstH,
    Register::PLconstL,
    Register::Lgain,
    Register::Ngain,
    Register::Lphi,
    Register::PStartTh,
    Register::PNolTh,
    Register::QStartTh,
    Register::QNolTh,
    Register::MMode,
    Register::Cs1,
    Register::Ugain,
    Register::IgainN,
    Register::Cs2,
];

/// Why an image is not touched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompiledError {
    /// No function is called as it should be.
    #[error(
        "no function in this image is called once for each of the stock firmware's registers, with checksums that are right"
    )]
    NotFound,
    /// More than one is.
    #[error("two functions in this image are called for the chip's registers, at {first:#010x} and {second:#010x}")]
    Ambiguous {
        /// The one.
        first: u32,
        /// The other.
        second: u32,
    },
    /// The image writes no such register.
    #[error("this image does not write {name}")]
    Missing {
        /// The register.
        name: &'static str,
    },
    /// The constant has another use.
    #[error("the constant of {name} at {address:#010x} is used for something else too")]
    Shared {
        /// The register.
        name: &'static str,
        /// Where the constant is made.
        address: u32,
    },
    /// The instruction has no room.
    #[error("{name} can be 0 to 255 only in this image: the instruction at {address:#010x} has 8 bits for it")]
    NoRoom {
        /// The register.
        name: &'static str,
        /// Where the constant is made.
        address: u32,
    },
    /// A checksum is asked for that the words do not have.
    #[error("{name} is given as 0x{given:04X}, but the registers give 0x{computed:04X}")]
    Checksum {
        /// CS1 or CS2.
        name: &'static str,
        /// As given.
        given: u16,
        /// As the registers give it.
        computed: u16,
    },
    /// Asked for twice.
    #[error("two values are given for {name}")]
    WantedTwice {
        /// The register.
        name: &'static str,
    },
}

/// A constant that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Replaced {
    /// The register, as the datasheet spells it.
    pub name: &'static str,
    /// Where the constant is made, as 0x and eight digits.
    pub address: String,
    /// The word as it was.
    pub old: u16,
    /// The word as it is.
    pub new: u16,
}

/// The words the image writes into the chip, by register.
///
/// # Errors
/// They are not found with certainty.
pub fn values(image: &Image) -> Result<BTreeMap<Register, u16>, CompiledError> {
    let writes = writes(&Calls::of(image))?;
    Ok(writes.into_iter().map(|(register, constant)| (register, constant.value as u16)).collect())
}

/// Replaces the words of `wanted` registers, and the checksums over them.
///
/// # Errors
/// The calls are not found with certainty, or a constant cannot be changed alone; then nothing is replaced at all.
pub fn patch(image: &Image, wanted: &[(Register, u16)]) -> Result<(Image, Vec<Replaced>), CompiledError> {
    let calls = Calls::of(image);
    let writes = writes(&calls)?;
    let mut new: BTreeMap<Register, u16> = BTreeMap::new();
    for &(register, word) in wanted {
        if !writes.contains_key(&register) {
            return Err(CompiledError::Missing { name: register.name() });
        }
        if new.insert(register, word).is_some() {
            return Err(CompiledError::WantedTwice { name: register.name() });
        }
    }
    add_checksums(&writes, &mut new)?;
    let mut patched = image.clone();
    let mut replaced = Vec::new();
    for (&register, &word) in &new {
        let Some(&Constant { value, origin }) = writes.get(&register) else { continue };
        let old = value as u16;
        if old == word {
            continue;
        }
        let (name, address) = (register.name(), origin.address());
        if !is_free(&calls, &writes, &new, origin, word) {
            return Err(CompiledError::Shared { name, address });
        }
        let bytes = match origin {
            // Nothing is free that a condition decides.
            Origin::Condition(_) => return Err(CompiledError::Shared { name, address }),
            Origin::Movs(_) => vec![u8::try_from(word).map_err(|_| CompiledError::NoRoom { name, address })?],
            Origin::Movw(_, to) => thumb::movw(to, word).to_vec(),
            Origin::Pool(_) => u32::from(word).to_le_bytes().to_vec(),
        };
        patched = patched.overwritten(address, &bytes).ok_or(CompiledError::NotFound)?;
        replaced.push(Replaced { name, address: format!("{address:#010x}"), old, new: word });
    }
    // What was changed is looked for anew: the image says what it should say, and nothing else.
    let mut expected: BTreeMap<Register, u16> =
        writes.into_iter().map(|(register, constant)| (register, constant.value as u16)).collect();
    expected.extend(new);
    if values(&patched)? != expected {
        return Err(CompiledError::NotFound);
    }
    Ok((patched, replaced))
}

fn add_checksums(
    writes: &BTreeMap<Register, Constant>,
    new: &mut BTreeMap<Register, u16>,
) -> Result<(), CompiledError> {
    let word = |register: Register| {
        let written = writes.get(&register).map(|constant| constant.value as u16);
        new.get(&register).copied().or(written).unwrap_or(register.power_on())
    };
    let computed = [
        (Register::Cs1, checksum(Register::METERING.map(word))),
        (Register::Cs2, checksum(Register::MEASUREMENT.map(word))),
    ];
    for (register, computed) in computed {
        match new.insert(register, computed) {
            Some(given) if given != computed => {
                return Err(CompiledError::Checksum { name: register.name(), given, computed });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a constant serves nothing but registers that all become this word.
fn is_free(
    calls: &Calls,
    writes: &BTreeMap<Register, Constant>,
    new: &BTreeMap<Register, u16>,
    origin: Origin,
    word: u16,
) -> bool {
    let registers: Vec<_> = writes.iter().filter(|(_, constant)| constant.origin == origin).collect();
    let uses = calls.calls.iter().flat_map(|call| call.arguments).flatten();
    let uses = uses.filter(|constant| constant.origin == origin).count();
    let loaded_once = match origin {
        Origin::Pool(address) => calls.loads.get(&address) == Some(&1),
        Origin::Movs(_) | Origin::Movw(..) | Origin::Condition(_) => true,
    };
    let all_become_it = registers.iter().all(|(register, _)| new.get(register) == Some(&word));
    // The same constant in another argument, or in another call, would be one use more.
    all_become_it && uses == registers.len() && loaded_once && !calls.used.contains(&origin)
}

/// What the one function that writes registers is called with.
fn writes(calls: &Calls) -> Result<BTreeMap<Register, Constant>, CompiledError> {
    let mut targets: BTreeMap<u32, Vec<&Call>> = BTreeMap::new();
    for call in &calls.calls {
        targets.entry(call.target).or_default().push(call);
    }
    let mut found: Option<(u32, BTreeMap<Register, Constant>)> = None;
    for (target, calls) in targets {
        // A method gets its object first.
        for first in [1, 0] {
            let Some(writes) = writes_of(&calls, first) else { continue };
            if let Some((other, _)) = found {
                return Err(CompiledError::Ambiguous { first: other, second: target });
            }
            found = Some((target, writes));
        }
    }
    found.map(|(_, writes)| writes).ok_or(CompiledError::NotFound)
}

fn writes_of(calls: &[&Call], first: usize) -> Option<BTreeMap<Register, Constant>> {
    let mut writes = BTreeMap::new();
    let mut more_than_once = BTreeSet::new();
    for call in calls {
        let mut arguments = call.arguments.iter().skip(first).copied();
        let (Some(Some(direction)), Some(Some(address)), Some(Some(word))) =
            (arguments.next(), arguments.next(), arguments.next())
        else {
            continue;
        };
        let register = u8::try_from(address.value).ok().and_then(Register::from_address);
        let (Some(register), 0, ..=0xFFFF) = (register, direction.value, word.value) else { continue };
        if writes.insert(register, word).is_some() {
            more_than_once.insert(register);
        }
    }
    let whole = EXPECTED.iter().all(|register| writes.contains_key(register) && !more_than_once.contains(register));
    writes.retain(|register, _| !more_than_once.contains(register));
    (whole && is_proven(&writes)).then_some(writes)
}

/// The checksums the image writes are those of the words it writes, with power-on words where it writes none.
fn is_proven(writes: &BTreeMap<Register, Constant>) -> bool {
    let word = |register: Register| writes.get(&register).map_or(register.power_on(), |constant| constant.value as u16);
    checksum(Register::METERING.map(word)) == word(Register::Cs1)
        && checksum(Register::MEASUREMENT.map(word)) == word(Register::Cs2)
}

impl Origin {
    const fn address(self) -> u32 {
        match self {
            Self::Movs(address) | Self::Movw(address, _) | Self::Pool(address) | Self::Condition(address) => address,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::image::Segment;

    proptest! {
        #[test]
        fn any_image_is_survived(address: u32, bytes in prop::collection::vec(any::<u8>(), 1..200)) {
            if let Ok(image) = Image::from_segments([Segment { address, bytes }]) {
                prop_assert_eq!(values(&image), Err(CompiledError::NotFound));
            }
        }
    }

    #[test]
    fn a_large_image_takes_no_time() {
        // A call in every word, each of another function.
        let bytes = [0xF0, 0xF0, 0x00, 0xF8].repeat(1 << 18);
        let image = Image::from_segments([Segment { address: 0x0800_0000, bytes }]).expect("an image");
        assert_eq!(values(&image), Err(CompiledError::NotFound));
    }
}
