//! As much of the Thumb-2 instruction set as it takes to know which constants a call gets, and to doubt everything else.
//!
//! Follows the ARMv7-M Architecture Reference Manual (DDI 0403), chapter A5 for the encodings and A7 for the instructions. An
//! instruction that is not told apart here may read whatever its fields could name, and leaves nothing known behind.

/// A register's number, 0 to 15.
pub(super) type Register = u8;

/// What an instruction does, as far as constants are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// A constant of at most 8 bits; other bits of the instruction cannot hold more.
    Movs { to: Register, value: u32 },
    /// A constant in an instruction of 32 bits, which can be MOVW with any 16 bits.
    Movw { to: Register, value: u32 },
    /// A word from the literal pool at this address.
    Load { to: Register, from: u32 },
    /// One register becomes another.
    Copy { to: Register, from: Register },
    /// Calls this address.
    Call { target: u32 },
    /// Leaves the function.
    Return,
    /// May go on somewhere else; registers keep what they have where it does not.
    Branch { target: Option<u32> },
    /// Compares a register with a constant, for the instruction behind it.
    Compare { register: Register, value: u32 },
    /// Goes on here only if what was just compared is equal.
    UnlessEqual { target: Option<u32> },
    /// Goes on here only if the register is zero.
    UnlessZero { target: Option<u32>, register: Register },
    /// Reads some registers, and writes one at most.
    Other { reads: Vec<Register>, writes: Option<Register> },
    /// Nobody knows.
    Unknown { reads: Vec<Register> },
}

/// The length of the instruction that begins with this half-word, in bytes.
pub(super) const fn length(first: u16) -> u32 {
    if first >> 11 >= 0b11101 { 4 } else { 2 }
}

/// An instruction of 16 bits at an address.
pub(super) fn narrow(address: u32, word: u16) -> Effect {
    let field = |shift: u16| (word >> shift & 7) as Register;
    let immediate = u32::from(word & 0xFF);
    // The processor's own idea of where it is: two instructions ahead.
    let pc = address.wrapping_add(4);
    match word >> 11 {
        // LSLS by 0 is MOVS between registers.
        0b00000 if word >> 6 == 0 => Effect::Copy { to: field(0), from: field(3) },
        0b00000..=0b00010 => other([field(3)], Some(field(0))),
        0b00011 => other([field(3), field(6)], Some(field(0))),
        0b00100 => Effect::Movs { to: field(8), value: immediate },
        0b00101 => Effect::Compare { register: field(8), value: immediate },
        0b00110 | 0b00111 => other([field(8)], Some(field(8))),
        0b01000 => special(word),
        0b01001 => Effect::Load { to: field(8), from: (pc & !3).wrapping_add(immediate * 4) },
        0b01010 | 0b01011 => {
            let is_load = word >> 9 & 7 >= 3;
            let mut reads = vec![field(3), field(6)];
            reads.extend((!is_load).then_some(field(0)));
            Effect::Other { reads, writes: is_load.then_some(field(0)) }
        }
        0b01100 | 0b01110 | 0b10000 => other([field(3), field(0)], None),
        0b01101 | 0b01111 | 0b10001 => other([field(3)], Some(field(0))),
        0b10010 => other([field(8)], None),
        0b10011..=0b10101 => other([], Some(field(8))),
        0b10110 | 0b10111 => miscellaneous(word, pc),
        0b11010 | 0b11011 if word >> 8 & 0xF < 0xE => {
            let offset = i32::from((word & 0xFF) as u8 as i8) * 2;
            let target = Some(pc.wrapping_add_signed(offset));
            if word >> 8 & 0xF == 1 { Effect::UnlessEqual { target } } else { Effect::Branch { target } }
        }
        0b11100 => {
            let offset = (i32::from(word & 0x7FF) << 21) >> 20;
            Effect::Branch { target: Some(pc.wrapping_add_signed(offset)) }
        }
        _ => Effect::Unknown { reads: all() },
    }
}

/// Data processing, high registers, BX and BLX.
fn special(word: u16) -> Effect {
    let low = |shift: u16| (word >> shift & 7) as Register;
    if word & 0x0400 == 0 {
        return match word >> 6 & 0xF {
            // TST, CMP, CMN write flags only.
            0b1000 | 0b1010 | 0b1011 => other([low(0), low(3)], None),
            _ => other([low(0), low(3)], Some(low(0))),
        };
    }
    let to = low(0) | (word >> 4 & 8) as Register;
    let from = (word >> 3 & 0xF) as Register;
    match word >> 8 & 3 {
        0b00 => other([to, from], Some(to)),
        0b01 => other([to, from], None),
        0b10 if to < 15 => Effect::Copy { to, from },
        0b11 if word & 0x80 == 0 && from == 14 => Effect::Return,
        _ => Effect::Unknown { reads: all() },
    }
}

/// Stack, extensions, CBZ, hints.
fn miscellaneous(word: u16, pc: u32) -> Effect {
    let field = |shift: u16| (word >> shift & 7) as Register;
    let list = |word: u16| (0..8).filter(|register| word >> register & 1 != 0).collect();
    match word >> 8 & 0xF {
        0b0000 => other([], None),
        0b0001 | 0b0011 | 0b1001 | 0b1011 => {
            let offset = u32::from(word >> 3 & 0x1F) * 2 + u32::from(word >> 9 & 1) * 64;
            let target = Some(pc.wrapping_add(offset));
            // CBNZ has bit 11 set, CBZ has not.
            if word & 0x0800 != 0 {
                Effect::UnlessZero { target, register: field(0) }
            } else {
                Effect::Branch { target }
            }
        }
        0b0010 | 0b1010 => other([field(3)], Some(field(0))),
        0b0100 | 0b0101 => Effect::Other { reads: list(word), writes: None },
        0b1101 => Effect::Return,
        0b1111 if word & 0xF == 0 => other([], None),
        _ => Effect::Unknown { reads: all() },
    }
}

/// An instruction of 32 bits at an address.
pub(super) fn wide(address: u32, first: u16, second: u16) -> Effect {
    let pc = address.wrapping_add(4);
    let to = (second >> 8 & 0xF) as Register;
    let named = [first & 0xF, second >> 12, second >> 8 & 0xF, second & 0xF].map(|register| register as Register);
    let immediate_12 = u32::from(first >> 10 & 1) << 11 | u32::from(second >> 12 & 7) << 8 | u32::from(second & 0xFF);
    match (first, second) {
        // MOVW, encoding T3.
        _ if first & 0xFBF0 == 0xF240 && second & 0x8000 == 0 && to < 13 => {
            Effect::Movw { to, value: u32::from(first & 0xF) << 12 | immediate_12 }
        }
        // MOV.W with a modified constant and without flags, encoding T2.
        _ if first & 0xFBFF == 0xF04F && second & 0x8000 == 0 && to < 13 => match expanded(immediate_12) {
            value if value <= 0xFFFF => Effect::Movw { to, value },
            _ => other([], Some(to)),
        },
        // BL, encoding T1; B.W, encoding T4.
        _ if first & 0xF800 == 0xF000 && matches!(second & 0xD000, 0xD000 | 0x9000) => {
            let target = pc.wrapping_add_signed(far(first, second));
            if second & 0x4000 != 0 { Effect::Call { target } } else { Effect::Branch { target: Some(target) } }
        }
        // A conditional branch: encoding T3 reaches as far as a function, and where to does not matter here.
        _ if first & 0xF800 == 0xF000 && second & 0xD000 == 0x8000 && first >> 7 & 7 != 7 => {
            Effect::Branch { target: conditional(pc, first, second) }
        }
        // LDR.W from the literal pool, encoding T2.
        _ if first & 0xFF7F == 0xF85F && second >> 12 < 13 => {
            let offset = u32::from(second & 0xFFF);
            let base = pc & !3;
            let from = if first & 0x80 != 0 { base.wrapping_add(offset) } else { base.wrapping_sub(offset) };
            Effect::Load { to: (second >> 12) as Register, from }
        }
        // LDMIA SP! with the program counter among its registers, and LDR PC from the stack: the end of a function.
        _ if first == 0xE8BD && second & 0x8000 != 0 || first == 0xF85D && second == 0xFB04 => Effect::Return,
        // STMDB SP!: the beginning of one.
        _ if first == 0xE92D => Effect::Other { reads: all(), writes: None },
        // STRB, STRH, STR and LDRB, LDRH, LDR with 12 bits of offset.
        _ if first & 0xFE80 == 0xF880 => {
            let is_load = first & 0x10 != 0;
            let register = (second >> 12) as Register;
            let mut reads = vec![(first & 0xF) as Register];
            reads.extend((!is_load).then_some(register));
            Effect::Other { reads, writes: is_load.then_some(register) }
        }
        _ => Effect::Unknown { reads: named.to_vec() },
    }
}

fn other<const N: usize>(reads: [Register; N], writes: Option<Register>) -> Effect {
    Effect::Other { reads: reads.to_vec(), writes }
}

fn all() -> Vec<Register> {
    (0..16).collect()
}

/// The offset of BL and B.W.
fn far(first: u16, second: u16) -> i32 {
    let sign = u32::from(first >> 10 & 1);
    let bit = |shift: u16| u32::from(second >> shift & 1) ^ sign ^ 1;
    let offset =
        sign << 24 | bit(13) << 23 | bit(11) << 22 | u32::from(first & 0x3FF) << 12 | u32::from(second & 0x7FF) << 1;
    (offset << 7).cast_signed() >> 7
}

fn conditional(pc: u32, first: u16, second: u16) -> Option<u32> {
    let sign = u32::from(first >> 10 & 1);
    let offset = sign << 20
        | u32::from(second >> 11 & 1) << 19
        | u32::from(second >> 13 & 1) << 18
        | u32::from(first & 0x3F) << 12
        | u32::from(second & 0x7FF) << 1;
    Some(pc.wrapping_add_signed((offset << 11).cast_signed() >> 11))
}

/// ThumbExpandImm (A5.3.2).
fn expanded(immediate_12: u32) -> u32 {
    let byte = immediate_12 & 0xFF;
    match immediate_12 >> 8 {
        0 => byte,
        1 => byte << 16 | byte,
        2 => byte << 24 | byte << 8,
        3 => byte * 0x0101_0101,
        _ => (byte & 0x7F | 0x80).rotate_right(immediate_12 >> 7),
    }
}

/// MOVW, encoding T3: this constant into this register.
pub(super) fn movw(to: Register, value: u16) -> [u8; 4] {
    let first = 0xF240 | value >> 12 | (value >> 11 & 1) << 10;
    let second = (value >> 8 & 7) << 12 | u16::from(to) << 8 | value & 0xFF;
    let ([a, b], [c, d]) = (first.to_le_bytes(), second.to_le_bytes());
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn instructions_of_the_manual() {
        assert_eq!(narrow(0, 0x2331), Effect::Movs { to: 3, value: 0x31 });
        assert_eq!(narrow(0, 0x4620), Effect::Copy { to: 0, from: 4 });
        assert_eq!(narrow(0, 0x46A8), Effect::Copy { to: 8, from: 5 });
        assert_eq!(narrow(0x102, 0x4B01), Effect::Load { to: 3, from: 0x108 });
        assert_eq!(narrow(0, 0xBD10), Effect::Return);
        assert_eq!(narrow(0, 0x4770), Effect::Return);
        assert_eq!(narrow(0x10, 0xE7FE), Effect::Branch { target: Some(0x10) });
        assert_eq!(narrow(0x10, 0xD0FE), Effect::Branch { target: Some(0x10) });
        // As arm-none-eabi-as writes them: movw r3, #0x71d8; mov.w r2, #0x5600; bl to itself.
        assert_eq!(wide(0, 0xF247, 0x13D8), Effect::Movw { to: 3, value: 0x71D8 });
        assert_eq!(wide(0, 0xF44F, 0x42AC), Effect::Movw { to: 2, value: 0x5600 });
        assert_eq!(wide(0x100, 0xF7FF, 0xFFFE), Effect::Call { target: 0x100 });
        assert_eq!([length(0x4770), length(0xE7FE), length(0xF7FF), length(0xE92D)], [2, 2, 4, 4]);
    }

    proptest! {
        #[test]
        fn any_constant_goes_into_any_register(to in 0_u8..13, value: u16) {
            let [a, b, c, d] = movw(to, value);
            let effect = wide(0, u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
            prop_assert_eq!(effect, Effect::Movw { to, value: value.into() });
        }

        #[test]
        fn any_words_are_survived(address: u32, first: u16, second: u16) {
            narrow(address, first);
            wide(address, first, second);
        }
    }
}
