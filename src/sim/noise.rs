//! Noise as a function of seed, stream and index: the same question gets the same answer, in whatever order it is asked.
//!
//! A generator with state would make a run depend on who reads first; positions of a bench work side by side, so the noise
//! here is looked up instead (SplitMix64 as a hash, then Box and Muller for the bell curve).

use std::f64::consts::TAU;

/// What a noise value is for; each use has its own stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Stream {
    BoardVoltage = 1,
    BoardCurrentL,
    BoardCurrentN,
    BoardPhaseL,
    BoardPhaseN,
    BoardVoltageOffset,
    BoardCurrentOffset,
    BoardPowerOffset,
    BoardDriftVoltage,
    BoardDriftCurrent,
    BoardGain,
    ReadVoltage,
    ReadCurrentL,
    ReadCurrentN,
    ReadPower,
    SourceVoltage,
    SourceCurrent,
    SourcePhase,
    SourceFlicker,
    ReferenceVoltage,
    ReferenceCurrent,
    ReferencePower,
    ReferenceReading,
    FaultDrop,
    FaultFlip,
    FaultLate,
    FaultGarbage,
    BoardResidual,
    BoardUnsteady,
}

fn split_mix(mut state: u64) -> u64 {
    state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

/// 64 bits that look random.
#[must_use]
pub fn bits(seed: u64, stream: Stream, index: u64) -> u64 {
    split_mix(split_mix(split_mix(seed) ^ (stream as u64)) ^ index)
}

/// Evenly spread over 0..1.
#[must_use]
pub fn uniform(seed: u64, stream: Stream, index: u64) -> f64 {
    // 53 bits are what a double holds.
    (bits(seed, stream, index) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Normally distributed with mean 0 and standard deviation 1.
#[must_use]
pub fn normal(seed: u64, stream: Stream, index: u64) -> f64 {
    let first = 1.0 - uniform(seed, stream, index.wrapping_mul(2));
    let second = uniform(seed, stream, index.wrapping_mul(2).wrapping_add(1));
    (-2.0 * first.ln()).sqrt() * (TAU * second).cos()
}

/// Normally distributed, cut at two and a half standard deviations, as sorted components are.
#[must_use]
pub fn component(seed: u64, stream: Stream) -> f64 {
    normal(seed, stream, 0).clamp(-2.5, 2.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bell_has_mean_0_and_deviation_1() {
        let n = 100_000;
        let (mut sum, mut squares) = (0.0, 0.0);
        for index in 0..n {
            let x = normal(7, Stream::ReadVoltage, index);
            sum += x;
            squares += x * x;
        }
        let mean = sum / n as f64;
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((squares / n as f64 - 1.0).abs() < 0.02);
    }

    #[test]
    fn streams_and_seeds_differ() {
        assert_ne!(bits(1, Stream::ReadVoltage, 0), bits(2, Stream::ReadVoltage, 0));
        assert_ne!(bits(1, Stream::ReadVoltage, 0), bits(1, Stream::ReadPower, 0));
    }
}
