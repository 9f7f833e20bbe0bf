//! A board that has been through calibration: its chip holds the constants that fit it, and meters.
//!
//! The constants are those of a sound board: what is wrong with a specimen came after its calibration. They follow from the same
//! formulas as the physics (Atmel-46102B, section 3), solved for the registers.

use m90e26::field::{LnSel, MMode, command};
use m90e26::{Line, Register, value};

use super::board::{Board, Channel};
use super::chip::Chip;
use super::metering::{PL_FACTOR, THRESHOLD_FACTOR, degrees_per_lphi_step};

/// Registering begins at this fraction of Ib and stops at the other: below what class 1 asks for, above what noise makes.
const START_OF_IB: f64 = 0.0025;
const STOP_OF_IB: f64 = 0.0015;
/// Frequency at which the phase is compensated.
const F_HZ: f64 = 50.0;

/// Writes the constants and puts the chip into normal operation, as the meter's own program does when it starts.
pub fn start(chip: &mut Chip) {
    let mut write = |register: Register, word: u16| chip.write(register.address(), word, 0.0);
    write(Register::CalStart, command::CAL_START);
    write(Register::AdjStart, command::CAL_START);
    for (register, word) in words(chip.board()) {
        chip.write(register.address(), word, 0.0);
    }
    for (checksum, start) in [(Register::Cs1, Register::CalStart), (Register::Cs2, Register::AdjStart)] {
        // It reads as the chip's own sum and has to be written for the chip to compare with.
        let sum = chip.read(checksum.address(), 0.0);
        chip.write(checksum.address(), sum, 0.0);
        chip.write(start.address(), command::CAL_CHECK, 0.0);
    }
}

/// The constants of a sound board, as its maker would have found them.
#[must_use]
pub fn words(board: &Board) -> Vec<(Register, u16)> {
    let kind = board.kind;
    let mmode = MMode::from_bits(kind.mmode);
    let l_line = if kind.ln_mode == 0b11 { mmode.lnsel() == LnSel::L } else { kind.vl_mv > kind.vn_mv };
    let (sample, pga) =
        if l_line { (kind.vl_mv, mmode.lgain().factor()) } else { (kind.vn_mv, mmode.ngain().factor()) };
    let path = f64::from(pga) * sample * kind.vu_mv;
    let constant = (PL_FACTOR * path / (kind.chip_constant * kind.un_volts * kind.ib_amps)).round() as u32;
    let threshold = |of_ib: f64| (THRESHOLD_FACTOR * path * of_ib).round() as u16;
    let mut words = vec![
        (Register::FuncEn, 0x0030),
        (Register::PLconstH, (constant >> 16) as u16),
        (Register::PLconstL, constant as u16),
        (Register::MMode, kind.mmode),
        (Register::PStartTh, threshold(START_OF_IB)),
        (Register::PNolTh, threshold(STOP_OF_IB)),
        (Register::Ugain, (kind.ugain / board.sound_signal(Channel::U)).round() as u16),
    ];
    for (line, channel, igain) in [(Line::L, Channel::L, kind.igain_l), (Line::N, Channel::N, kind.igain_n)] {
        let signal = board.sound_signal(channel);
        let gain = (1.0 + board.residual()) / (signal * board.sound_signal(Channel::U)) - 1.0;
        let shift = board.phase.get(usize::from(line == Line::N)).copied().unwrap_or_default();
        let steps = (-shift / degrees_per_lphi_step(F_HZ)).round() as i32;
        words.push((line.gain(), (gain * 32_768.0).round() as i16 as u16));
        words.push((line.phase(), phase_word(steps)));
        // The gain that is right at Ib takes the offset up with it.
        let offset = board.offset.get(channel as usize).copied().unwrap_or_default();
        let read = signal + offset * kind.current_scale / kind.ib_amps;
        words.push((line.igain(), (igain / read).round() as u16));
    }
    words
}

/// Sign in bit 15, steps in bits 9-0 (Atmel-46002B, Lphi).
fn phase_word(steps: i32) -> u16 {
    let word = steps.unsigned_abs().min(0x3FF) as u16 | if steps < 0 { 0x8000 } else { 0 };
    debug_assert_eq!(i32::from(value::phi(word)), steps.clamp(-0x3FF, 0x3FF));
    word
}
