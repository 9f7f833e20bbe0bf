//! The calls in an image, with the constants that stand in the argument registers and where these come from.
//!
//! Code is followed from its beginning to its end as it lies there. Where a branch arrives or leaves, and where an instruction is not
//! known, nothing is known any more; so what is known is known on every way to the call. A callee keeps r4 to r11 (AAPCS 6.1.1).

use std::collections::{BTreeMap, BTreeSet};

use super::thumb::{Effect, Register, length, narrow, wide};
use crate::image::Image;

/// Where a constant is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// MOVS at this address; 8 bits.
    Movs(u32),
    /// MOVW or MOV.W at this address, into this register.
    Movw(u32, Register),
    /// The word at this address in a literal pool.
    Pool(u32),
    /// No instruction: the code goes on here only if the register has this value.
    Condition(u32),
}

/// A constant in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Constant {
    pub(super) value: u32,
    pub(super) origin: Origin,
}

/// A call and what it gets in r0 to r3, where that is a constant.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) target: u32,
    pub(super) arguments: [Option<Constant>; 4],
}

/// All calls, and the constants that are used by something else than calls.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) calls: Vec<Call>,
    pub(super) used: BTreeSet<Origin>,
    /// How many instructions load a word of a pool.
    pub(super) loads: BTreeMap<u32, usize>,
}

impl Calls {
    pub(super) fn of(image: &Image) -> Self {
        let instructions = instructions(image);
        let arrivals: BTreeSet<u32> = instructions
            .iter()
            .filter_map(|(_, effect)| match effect {
                Effect::Branch { target } | Effect::UnlessEqual { target } | Effect::UnlessZero { target, .. } => {
                    *target
                }
                _ => None,
            })
            .collect();
        let mut found = Self::default();
        let mut registers: [Option<Constant>; 16] = [None; 16];
        let mut compared = None;
        for (address, effect) in &instructions {
            if arrivals.contains(address) {
                compared = None;
                found.forget(&mut registers);
            }
            found.follow(image, *address, effect, &mut registers);
            // What is known because the code goes on.
            let sure = match (effect, compared.take()) {
                (Effect::UnlessEqual { .. }, Some(sure)) => Some(sure),
                (Effect::UnlessZero { register, .. }, _) => Some((*register, 0)),
                _ => None,
            };
            if let Some((register, value)) = sure {
                let origin = Origin::Condition(*address);
                found.used.insert(origin);
                set(&mut registers, register, Some(Constant { value, origin }));
            }
            if let Effect::Compare { register, value } = effect {
                compared = Some((*register, *value));
            }
        }
        found
    }

    fn follow(&mut self, image: &Image, address: u32, effect: &Effect, registers: &mut [Option<Constant>; 16]) {
        let made = |value, origin| Some(Constant { value, origin });
        match effect {
            Effect::Movs { to, value } => set(registers, *to, made(*value, Origin::Movs(address))),
            Effect::Movw { to, value } => set(registers, *to, made(*value, Origin::Movw(address, *to))),
            Effect::Load { to, from } => {
                *self.loads.entry(*from).or_default() += 1;
                let word = image.word(*from);
                set(registers, *to, word.and_then(|value| made(value, Origin::Pool(*from))));
            }
            Effect::Copy { to, from } => {
                let value = registers.get(usize::from(*from)).copied().flatten();
                set(registers, *to, value);
            }
            Effect::Call { target } => {
                let [r0, r1, r2, r3, ..] = *registers;
                self.calls.push(Call { target: *target, arguments: [r0, r1, r2, r3] });
                for scratch in [0, 1, 2, 3, 12, 14] {
                    set(registers, scratch, None);
                }
            }
            // The caller gets r0 and r1, and its own r4 to r11 back.
            Effect::Return => {
                self.reads(registers, &[0, 1]);
                *registers = [None; 16];
            }
            Effect::Branch { .. } | Effect::UnlessEqual { .. } | Effect::UnlessZero { .. } => self.forget(registers),
            Effect::Compare { register, .. } => self.reads(registers, &[*register]),
            Effect::Other { reads, writes } => {
                self.reads(registers, reads);
                if let Some(to) = writes {
                    set(registers, *to, None);
                }
            }
            Effect::Unknown { reads } => {
                self.reads(registers, reads);
                self.forget(registers);
            }
        }
    }

    fn reads(&mut self, registers: &[Option<Constant>; 16], which: &[Register]) {
        let constants = which.iter().filter_map(|register| registers.get(usize::from(*register)).copied().flatten());
        self.used.extend(constants.map(|constant| constant.origin));
    }

    /// Whatever is in a register may be used where nobody looks.
    fn forget(&mut self, registers: &mut [Option<Constant>; 16]) {
        self.used.extend(registers.iter().flatten().map(|constant| constant.origin));
        *registers = [None; 16];
    }
}

fn set(registers: &mut [Option<Constant>; 16], to: Register, constant: Option<Constant>) {
    if let Some(register) = registers.get_mut(usize::from(to)) {
        *register = constant;
    }
}

/// Everything as if it were code, with its addresses. Constants and tables in between look like odd code, which costs calls that
/// are not found, and is why what is found has to prove itself.
fn instructions(image: &Image) -> Vec<(u32, Effect)> {
    let mut found = Vec::new();
    for segment in image.segments() {
        let half = |at: u32| {
            let start = usize::try_from(at).ok()?;
            let (low, high) = (segment.bytes.get(start)?, segment.bytes.get(start + 1)?);
            Some(u16::from_le_bytes([*low, *high]))
        };
        let mut at = segment.address & 1;
        while let Some(first) = half(at) {
            let address = segment.address.wrapping_add(at);
            let effect = match length(first) {
                2 => narrow(address, first),
                _ => match half(at + 2) {
                    Some(second) => wide(address, first, second),
                    None => break,
                },
            };
            found.push((address, effect));
            at += length(first);
        }
    }
    found
}
