//! The chip's measuring path: rms and mean values from raw signals, Ugain, Igain and the offsets.

use std::f64::consts::SQRT_2;

use m90e26::field::command;
use m90e26::{Register, value};

use super::board::{Board, Channel};
use super::noise::Stream;
use super::world::World;

/// The calibration words the path works with.
#[derive(Clone, Copy, Debug)]
pub struct MeasuringWords {
    ugain: f64,
    igain: [f64; 2],
    uoffset: f64,
    ioffset: [f64; 2],
    poffset: [f64; 2],
    qoffset: [f64; 2],
    sag_threshold: f64,
    small_power: bool,
}

impl MeasuringWords {
    /// Takes the words out of the registers.
    pub fn from_registers(get: impl Fn(Register) -> u16) -> Self {
        let unsigned = |register| f64::from(get(register));
        let signed = |register| f64::from(value::twos_complement(get(register)));
        Self {
            ugain: unsigned(Register::Ugain),
            igain: [unsigned(Register::IgainL), unsigned(Register::IgainN)],
            uoffset: signed(Register::Uoffset),
            ioffset: [signed(Register::IoffsetL), signed(Register::IoffsetN)],
            poffset: [signed(Register::PoffsetL), signed(Register::PoffsetN)],
            qoffset: [signed(Register::QoffsetL), signed(Register::QoffsetN)],
            sag_threshold: unsigned(Register::SagTh),
            small_power: get(Register::SmallPMod) == command::SMALL_POWER,
        }
    }
}

/// Values as the registers' formats want them, before rounding.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    urms: f64,
    freq: f64,
    lines: [LineValues; 2],
    small_power: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct LineValues {
    /// Register amperes.
    irms: f64,
    /// kW and kvar of the register, or counts in small-power mode.
    p: f64,
    q: f64,
}

/// What the measuring path shows at `secs`.
#[must_use]
pub fn measure(world: &World, board: &Board, secs: f64, words: &MeasuringWords) -> Measured {
    let mains = world.at(secs);
    let kind = board.kind;
    let gain_u = words.ugain / kind.ugain;
    let clean_u = mains.u * board.signal(Channel::U, secs).abs() * gain_u;
    let noise_u = 1.0 + board.reading_noise(Stream::ReadVoltage, secs);
    let urms = (clean_u * noise_u + (board.offset[0] + words.uoffset / 100.0) * gain_u).max(0.0);
    let line = |channel: Channel| line_values(&mains, board, channel, secs, words, clean_u);
    Measured {
        urms,
        freq: if mains.u > 0.05 * kind.un_volts { mains.f } else { 0.0 },
        lines: [line(Channel::L), line(Channel::N)],
        small_power: words.small_power,
    }
}

fn line_values(
    mains: &super::world::Mains,
    board: &Board,
    channel: Channel,
    secs: f64,
    words: &MeasuringWords,
    u: f64,
) -> LineValues {
    let kind = board.kind;
    let (number, stream, igain_true) = match channel {
        Channel::N => (1, Stream::ReadCurrentN, kind.igain_n),
        Channel::U | Channel::L => (0, Stream::ReadCurrentL, kind.igain_l),
    };
    let pick = |values: &[f64; 2]| values.get(number).copied().unwrap_or_default();
    let igain = pick(&words.igain);
    let sign = board.signal(channel, secs).signum();
    // A transformer on the wrong line carries its sample with it: the reading scales with what that channel expects.
    let expected = if number == 0 { kind.vl_mv } else { kind.vn_mv };
    let sample = board.current_sample_mv(channel);
    let share = if sample == 0.0 {
        0.0
    } else if expected > 0.0 {
        sample / expected
    } else {
        1.0
    };
    let amps = mains.i / kind.current_scale * board.signal(channel, secs).abs() * share * igain / igain_true;
    let noisy = amps * (1.0 + board.reading_noise(stream, secs));
    let offset_amps = board.offset.get(number + 1).copied().unwrap_or_default() * igain / igain_true;
    // The inverse of the application note's rule: offset = -counts * Igain / 2^16 * 2^8, counts of 0.001 A.
    let trimmed_amps = if igain > 0.0 { pick(&words.ioffset) * 256.0 / igain / 1000.0 } else { 0.0 };
    let irms = (noisy + offset_amps + trimmed_amps).max(0.0);
    let shift = board.phase.get(number).copied().unwrap_or_default();
    let angle = (mains.phi + shift).to_radians();
    // Small-power counts to kW; the application note and the datasheet disagree about the power of two.
    let small = words.ugain * igain / (1e5 * 4_194_304.0) * 0.001;
    let board_offset = |at: usize| board.power_offset.get(at).copied().unwrap_or_default();
    let p_small = board_offset(number * 2) + pick(&words.poffset);
    let q_small = board_offset(number * 2 + 1) + pick(&words.qoffset);
    let (p, q) = (u * noisy / 1000.0 * sign * angle.cos(), u * noisy / 1000.0 * sign * angle.sin());
    if words.small_power {
        let jitter = (board.reading_noise(Stream::ReadPower, secs) * 1e4).round();
        let counts = |kw: f64| if small > 0.0 { kw / small } else { 0.0 };
        return LineValues { irms, p: counts(p) + p_small + jitter, q: counts(q) + q_small + jitter };
    }
    LineValues { irms, p: p + p_small * small, q: q + q_small * small }
}

/// Below the sag threshold: SagTh = 100 * U * sqrt 2 / (4 * Ugain / 32768) solved for U (Atmel-46002B).
#[must_use]
pub fn sags(world: &World, board: &Board, secs: f64, words: &MeasuringWords) -> bool {
    let u = world.at(secs).u * board.signal(Channel::U, secs).abs() * words.ugain / board.kind.ugain;
    100.0 * u * SQRT_2 / (4.0 * words.ugain.max(1.0) / 32_768.0) < words.sag_threshold
}

impl Measured {
    /// Voltage in V.
    #[must_use]
    pub fn volts(&self) -> f64 {
        self.urms
    }

    /// Currents of the L and the N line in register amperes.
    #[must_use]
    pub fn amps(&self) -> [f64; 2] {
        self.lines.map(|line| line.irms)
    }

    /// The word a measuring register shows, and the LSB word behind it where it has one; `None` for other registers.
    #[must_use]
    pub fn get(&self, register: Register) -> Option<(u16, Option<u16>)> {
        let [l, n] = self.lines;
        let s = |line: LineValues| line.p.hypot(line.q);
        let pf = |line: LineValues| if s(line) > 1e-9 { line.p / s(line) } else { 0.0 };
        let angle = |line: LineValues| if s(line) > 1e-9 { line.q.atan2(line.p).to_degrees() } else { 0.0 };
        let magnitude = |value: f64| value::sign_magnitude_raw(value.round() as i32).unwrap_or(0x7FFF);
        let mean = |value: f64| {
            if self.small_power { ((value.round() as i16) as u16, Some(0)) } else { signed_with_lsb(value) }
        };
        let (word, lsb) = match register {
            Register::Urms => unsigned_with_lsb(self.urms * 100.0),
            Register::Irms => unsigned_with_lsb(l.irms * 1000.0),
            Register::Irms2 => unsigned_with_lsb(n.irms * 1000.0),
            Register::Pmean => mean(l.p * if self.small_power { 1.0 } else { 1000.0 }),
            Register::Pmean2 => mean(n.p * if self.small_power { 1.0 } else { 1000.0 }),
            Register::Qmean => mean(l.q * if self.small_power { 1.0 } else { 1000.0 }),
            Register::Qmean2 => mean(n.q * if self.small_power { 1.0 } else { 1000.0 }),
            Register::Smean => unsigned_with_lsb(s(l) * 1000.0),
            Register::Smean2 => unsigned_with_lsb(s(n) * 1000.0),
            Register::Freq => ((self.freq * 100.0).round() as u16, None),
            Register::PowerF => (magnitude(pf(l) * 1000.0), None),
            Register::PowerF2 => (magnitude(pf(n) * 1000.0), None),
            Register::Pangle => (magnitude(angle(l) * 10.0), None),
            Register::Pangle2 => (magnitude(angle(n) * 10.0), None),
            _ => return None,
        };
        Some((word, lsb))
    }
}

/// 16 bits and the 8 below them; bits 7-0 of LSB are always 0 (Atmel-46002B).
fn unsigned_with_lsb(counts: f64) -> (u16, Option<u16>) {
    let fixed = (counts * 256.0).round().clamp(0.0, 16_777_215.0) as u32;
    ((fixed >> 8) as u16, Some((fixed as u8 as u16) << 8))
}

fn signed_with_lsb(counts: f64) -> (u16, Option<u16>) {
    let fixed = (counts * 256.0).round().clamp(-8_388_608.0, 8_388_607.0) as i32;
    ((fixed >> 8) as u16, Some((fixed as u8 as u16) << 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lsb_is_the_low_half_of_the_number() {
        assert_eq!(unsigned_with_lsb(23_998.5), (23_998, Some(0x8000)));
        assert_eq!(signed_with_lsb(-0.25), (0xFFFF, Some(0xC000)));
    }
}
