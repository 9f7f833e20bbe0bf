//! MMode, 2B: what is metered, with which gains and filters (DS; the example is of AN).

use super::bits;

bits! {
    /// The metering mode.
    ///
    /// ```
    /// use m90e26::field::{LineGain, MMode, NGain, ZeroCrossing};
    ///
    /// let mode = MMode::POWER_ON.with_lgain(LineGain::X24).with_ngain(NGain::X1).with_zxcon(ZeroCrossing::All);
    /// assert_eq!(mode.lgain().factor(), 24);
    /// ```
    MMode
}

/// Amplification of the L line current channel, bits 15-13.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineGain {
    /// 1; four codes, of which 100 is written.
    X1,
    /// 4.
    X4,
    /// 8.
    X8,
    /// 16.
    X16,
    /// 24.
    X24,
}

impl LineGain {
    /// The amplification as a number.
    #[must_use]
    pub const fn factor(self) -> u8 {
        match self {
            Self::X1 => 1,
            Self::X4 => 4,
            Self::X8 => 8,
            Self::X16 => 16,
            Self::X24 => 24,
        }
    }
}

/// Amplification of the N line current channel, bits 12-11.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NGain {
    /// 1; two codes, of which 10 is written.
    X1,
    /// 2.
    X2,
    /// 4.
    X4,
}

impl NGain {
    /// The amplification as a number.
    #[must_use]
    pub const fn factor(self) -> u8 {
        match self {
            Self::X1 => 1,
            Self::X2 => 2,
            Self::X4 => 4,
        }
    }
}

/// The line metered when the LNMode pins leave the choice to this bit, bit 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LnSel {
    /// The N line.
    N,
    /// The L line.
    L,
}

/// The high-pass filters, bits 9-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HighPass {
    /// Both on.
    BothOn,
    /// HPF1 on, HPF0 off.
    Hpf1Only,
    /// HPF1 off, HPF0 on.
    Hpf0Only,
    /// Both off.
    BothOff,
}

/// What CF1 counts, bit 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActiveEnergy {
    /// Forward and reverse energy.
    ForwardReverse,
    /// Absolute energy.
    Absolute,
}

/// What CF2 counts, bit 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReactiveEnergy {
    /// Forward (inductive) and reverse (capacitive) energy.
    ForwardReverse,
    /// Absolute energy.
    Absolute,
}

/// Which zero crossings are signalled, bits 5-4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ZeroCrossing {
    /// Upwards.
    Positive,
    /// Downwards.
    Negative,
    /// Both.
    All,
    /// None.
    Off,
}

/// The difference of L and N line power at which anti-tamper metering changes lines, bits 3-0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pthresh(u8);

impl Pthresh {
    /// The threshold of a code; of the code the low four bits count.
    #[must_use]
    pub const fn from_code(code: u8) -> Self {
        Self(code & 0xF)
    }

    /// Four bits.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.0
    }

    /// The threshold in percent.
    #[must_use]
    pub const fn percent(self) -> f32 {
        match self.0 {
            0 => 12.5,
            1 => 6.25,
            2 => 3.125,
            3 => 1.5625,
            code => (code - 3) as f32,
        }
    }
}

impl MMode {
    /// The mode after power-on.
    pub const POWER_ON: Self = Self::from_bits(0x9422);

    /// Amplification of the L line current channel.
    #[must_use]
    pub const fn lgain(self) -> LineGain {
        match self.field(13, 0b111) {
            0b000 => LineGain::X4,
            0b001 => LineGain::X8,
            0b010 => LineGain::X16,
            0b011 => LineGain::X24,
            _ => LineGain::X1,
        }
    }

    /// The same mode with another L line amplification.
    #[must_use]
    pub const fn with_lgain(self, gain: LineGain) -> Self {
        let code = match gain {
            LineGain::X4 => 0b000,
            LineGain::X8 => 0b001,
            LineGain::X16 => 0b010,
            LineGain::X24 => 0b011,
            LineGain::X1 => 0b100,
        };
        self.with_field(13, 0b111, code)
    }

    /// Amplification of the N line current channel.
    #[must_use]
    pub const fn ngain(self) -> NGain {
        match self.field(11, 0b11) {
            0b00 => NGain::X2,
            0b01 => NGain::X4,
            _ => NGain::X1,
        }
    }

    /// The same mode with another N line amplification.
    #[must_use]
    pub const fn with_ngain(self, gain: NGain) -> Self {
        let code = match gain {
            NGain::X2 => 0b00,
            NGain::X4 => 0b01,
            NGain::X1 => 0b10,
        };
        self.with_field(11, 0b11, code)
    }

    /// The line metered in flexible mode.
    #[must_use]
    pub const fn lnsel(self) -> LnSel {
        if self.field(10, 1) == 0 { LnSel::N } else { LnSel::L }
    }

    /// The same mode with the other line.
    #[must_use]
    pub const fn with_lnsel(self, line: LnSel) -> Self {
        self.with_field(10, 1, matches!(line, LnSel::L) as u16)
    }

    /// The high-pass filters.
    #[must_use]
    pub const fn dishpf(self) -> HighPass {
        match self.field(8, 0b11) {
            0b00 => HighPass::BothOn,
            0b01 => HighPass::Hpf1Only,
            0b10 => HighPass::Hpf0Only,
            _ => HighPass::BothOff,
        }
    }

    /// The same mode with other high-pass filters.
    #[must_use]
    pub const fn with_dishpf(self, filters: HighPass) -> Self {
        let code = match filters {
            HighPass::BothOn => 0b00,
            HighPass::Hpf1Only => 0b01,
            HighPass::Hpf0Only => 0b10,
            HighPass::BothOff => 0b11,
        };
        self.with_field(8, 0b11, code)
    }

    /// What the active energy pulses count.
    #[must_use]
    pub const fn amod(self) -> ActiveEnergy {
        if self.field(7, 1) == 0 { ActiveEnergy::ForwardReverse } else { ActiveEnergy::Absolute }
    }

    /// The same mode with other active energy pulses.
    #[must_use]
    pub const fn with_amod(self, energy: ActiveEnergy) -> Self {
        self.with_field(7, 1, matches!(energy, ActiveEnergy::Absolute) as u16)
    }

    /// What the reactive energy pulses count.
    #[must_use]
    pub const fn rmod(self) -> ReactiveEnergy {
        if self.field(6, 1) == 0 { ReactiveEnergy::ForwardReverse } else { ReactiveEnergy::Absolute }
    }

    /// The same mode with other reactive energy pulses.
    #[must_use]
    pub const fn with_rmod(self, energy: ReactiveEnergy) -> Self {
        self.with_field(6, 1, matches!(energy, ReactiveEnergy::Absolute) as u16)
    }

    /// Which zero crossings are signalled.
    #[must_use]
    pub const fn zxcon(self) -> ZeroCrossing {
        match self.field(4, 0b11) {
            0b00 => ZeroCrossing::Positive,
            0b01 => ZeroCrossing::Negative,
            0b10 => ZeroCrossing::All,
            _ => ZeroCrossing::Off,
        }
    }

    /// The same mode with other zero crossings.
    #[must_use]
    pub const fn with_zxcon(self, crossings: ZeroCrossing) -> Self {
        let code = match crossings {
            ZeroCrossing::Positive => 0b00,
            ZeroCrossing::Negative => 0b01,
            ZeroCrossing::All => 0b10,
            ZeroCrossing::Off => 0b11,
        };
        self.with_field(4, 0b11, code)
    }

    /// The anti-tamper threshold.
    #[must_use]
    pub const fn pthresh(self) -> Pthresh {
        Pthresh::from_code(self.field(0, 0xF) as u8)
    }

    /// The same mode with another anti-tamper threshold.
    #[must_use]
    pub const fn with_pthresh(self, threshold: Pthresh) -> Self {
        self.with_field(0, 0xF, threshold.code() as u16)
    }
}

impl Default for MMode {
    fn default() -> Self {
        Self::POWER_ON
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Register;
    use proptest::prelude::*;

    #[test]
    fn power_on() {
        let mode = MMode::default();
        assert_eq!(mode.bits(), Register::MMode.power_on());
        assert_eq!((mode.lgain(), mode.ngain(), mode.lnsel()), (LineGain::X1, NGain::X1, LnSel::L));
        assert_eq!((mode.dishpf(), mode.zxcon()), (HighPass::BothOn, ZeroCrossing::All));
        assert_eq!((mode.amod(), mode.rmod()), (ActiveEnergy::ForwardReverse, ReactiveEnergy::ForwardReverse));
        assert_eq!((mode.pthresh().code(), mode.pthresh().percent()), (2, 3.125));
    }

    #[test]
    fn example_of_the_application_note() {
        let mode = MMode::from_bits(0x7C22);
        assert_eq!((mode.lgain().factor(), mode.ngain().factor(), mode.lnsel()), (24, 1, LnSel::L));
        // The example writes 11 for the N gain; from 10 the builders keep 10, which means the same.
        let built = MMode::POWER_ON.with_lgain(LineGain::X24).with_ngain(NGain::X1);
        assert_eq!(built.bits(), 0x7422);
        assert_eq!(MMode::from_bits(0x7C22).with_lgain(LineGain::X24), mode);
    }

    #[test]
    fn thresholds() {
        for (code, percent) in [(0, 12.5), (1, 6.25), (2, 3.125), (3, 1.5625), (4, 1.0), (15, 12.0)] {
            assert_eq!(Pthresh::from_code(code).percent(), percent);
        }
    }

    proptest! {
        #[test]
        fn writing_what_was_read_changes_no_meaning(bits: u16) {
            let mode = MMode::from_bits(bits);
            prop_assert_eq!(mode.bits(), bits);
            let same = mode
                .with_lnsel(mode.lnsel())
                .with_dishpf(mode.dishpf())
                .with_amod(mode.amod())
                .with_rmod(mode.rmod())
                .with_zxcon(mode.zxcon())
                .with_pthresh(mode.pthresh());
            prop_assert_eq!(same, mode);
            prop_assert_eq!(mode.with_lgain(mode.lgain()).lgain(), mode.lgain());
            prop_assert_eq!(mode.with_ngain(mode.ngain()).ngain(), mode.ngain());
            prop_assert_eq!(mode.with_lgain(LineGain::X8).bits() & 0x1FFF, bits & 0x1FFF);
            prop_assert_eq!(mode.with_ngain(NGain::X4).bits() & !0x1800, bits & !0x1800);
        }
    }
}
