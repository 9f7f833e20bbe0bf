//! SysStatus 01, FuncEn 02 and EnStatus 46 (DS).

use super::bits;

bits! {
    /// What happened since SysStatus was read last; reading clears it.
    SysStatus
}

/// Two bits that say whether a checksum was found right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChecksumState {
    /// 00.
    Right,
    /// 11.
    Wrong,
    /// 01 or 10, which the datasheet does not define.
    Undefined(u8),
}

impl ChecksumState {
    const fn from_code(code: u16) -> Self {
        match code {
            0b00 => Self::Right,
            0b11 => Self::Wrong,
            code => Self::Undefined(code as u8),
        }
    }
}

impl SysStatus {
    const NAMED: u16 = 0xF0E2;

    /// CS1 over the metering registers, bits 15-14.
    #[must_use]
    pub const fn cal_err(self) -> ChecksumState {
        ChecksumState::from_code(self.field(14, 0b11))
    }

    /// CS2 over the measurement registers, bits 13-12.
    #[must_use]
    pub const fn adj_err(self) -> ChecksumState {
        ChecksumState::from_code(self.field(12, 0b11))
    }

    /// CS1 is not known to be right: any of its bits is set.
    #[must_use]
    pub const fn cal_error(self) -> bool {
        !matches!(self.cal_err(), ChecksumState::Right)
    }

    /// CS2 is not known to be right: any of its bits is set.
    #[must_use]
    pub const fn adj_error(self) -> bool {
        !matches!(self.adj_err(), ChecksumState::Right)
    }

    /// The metered line changed, bit 7.
    #[must_use]
    pub const fn ln_change(self) -> bool {
        self.field(7, 1) != 0
    }

    /// The direction of reactive energy changed, bit 6.
    #[must_use]
    pub const fn rev_q(self) -> bool {
        self.field(6, 1) != 0
    }

    /// The direction of active energy changed, bit 5.
    #[must_use]
    pub const fn rev_p(self) -> bool {
        self.field(5, 1) != 0
    }

    /// The voltage sagged, bit 1.
    #[must_use]
    pub const fn sag(self) -> bool {
        self.field(1, 1) != 0
    }

    /// None of the named bits is set.
    #[must_use]
    pub const fn is_clean(self) -> bool {
        self.bits() & Self::NAMED == 0
    }
}

bits! {
    /// Which events are watched.
    FuncEn
}

impl FuncEn {
    /// After power-on: changes of direction are watched, sag is not.
    pub const POWER_ON: Self = Self::from_bits(0x000C);

    /// SagEn, bit 5: sag is reported on the IRQ pin.
    #[must_use]
    pub const fn sag_en(self) -> bool {
        self.field(5, 1) != 0
    }

    /// SagWo, bit 4: sag is reported on the WarnOut pin.
    #[must_use]
    pub const fn sag_wo(self) -> bool {
        self.field(4, 1) != 0
    }

    /// RevQEn, bit 3: changes of the direction of reactive energy are watched.
    #[must_use]
    pub const fn rev_q_en(self) -> bool {
        self.field(3, 1) != 0
    }

    /// RevPEn, bit 2: changes of the direction of active energy are watched.
    #[must_use]
    pub const fn rev_p_en(self) -> bool {
        self.field(2, 1) != 0
    }

    /// The same with another SagEn.
    #[must_use]
    pub const fn with_sag_en(self, on: bool) -> Self {
        self.with_field(5, 1, on as u16)
    }

    /// The same with another SagWo.
    #[must_use]
    pub const fn with_sag_wo(self, on: bool) -> Self {
        self.with_field(4, 1, on as u16)
    }

    /// The same with another RevQEn.
    #[must_use]
    pub const fn with_rev_q_en(self, on: bool) -> Self {
        self.with_field(3, 1, on as u16)
    }

    /// The same with another RevPEn.
    #[must_use]
    pub const fn with_rev_p_en(self, on: bool) -> Self {
        self.with_field(2, 1, on as u16)
    }
}

impl Default for FuncEn {
    fn default() -> Self {
        Self::POWER_ON
    }
}

bits! {
    /// The state of metering.
    EnStatus
}

/// The LNMode pins, bits 1-0 of EnStatus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LnMode {
    /// 00: the line with the greater power is metered.
    AntiTamper,
    /// 01: the L line.
    L,
    /// 10: both lines together.
    LPlusN,
    /// 11: the line MMode.LNSel names.
    Flexible,
}

impl EnStatus {
    /// Reactive power is below its threshold, bit 15.
    #[must_use]
    pub const fn q_no_load(self) -> bool {
        self.field(15, 1) != 0
    }

    /// Active power is below its threshold, bit 14.
    #[must_use]
    pub const fn p_no_load(self) -> bool {
        self.field(14, 1) != 0
    }

    /// Reactive energy flows in reverse, bit 13.
    #[must_use]
    pub const fn rev_q(self) -> bool {
        self.field(13, 1) != 0
    }

    /// Active energy flows in reverse, bit 12.
    #[must_use]
    pub const fn rev_p(self) -> bool {
        self.field(12, 1) != 0
    }

    /// The L line is metered, bit 11.
    #[must_use]
    pub const fn l_line(self) -> bool {
        self.field(11, 1) != 0
    }

    /// The LNMode pins.
    #[must_use]
    pub const fn ln_mode(self) -> LnMode {
        match self.field(0, 0b11) {
            0b00 => LnMode::AntiTamper,
            0b01 => LnMode::L,
            0b10 => LnMode::LPlusN,
            _ => LnMode::Flexible,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Register;

    #[test]
    fn sys_status() {
        let clean = SysStatus::from_bits(0);
        assert!(clean.is_clean() && !clean.cal_error() && !clean.adj_error());
        let metering = SysStatus::from_bits(0xC000);
        assert_eq!((metering.cal_err(), metering.adj_err()), (ChecksumState::Wrong, ChecksumState::Right));
        let measuring = SysStatus::from_bits(0x3000);
        assert!(measuring.adj_error() && !measuring.cal_error());
        assert_eq!(SysStatus::from_bits(0x4000).cal_err(), ChecksumState::Undefined(1));
        assert!(SysStatus::from_bits(0x4000).cal_error());
        let events = SysStatus::from_bits(0x00E2);
        assert!(events.ln_change() && events.rev_q() && events.rev_p() && events.sag() && !events.is_clean());
        // Reserved bits survive and are no event.
        assert_eq!(SysStatus::from_bits(0x0F1D).bits(), 0x0F1D);
        assert!(SysStatus::from_bits(0x0F1D).is_clean());
    }

    #[test]
    fn func_en() {
        let on = FuncEn::default();
        assert_eq!(on.bits(), Register::FuncEn.power_on());
        assert!(on.rev_p_en() && on.rev_q_en() && !on.sag_en() && !on.sag_wo());
        assert_eq!(on.with_sag_en(true).with_sag_wo(true).bits(), 0x003C);
        assert_eq!(FuncEn::from_bits(0xFFFF).with_rev_p_en(false).with_rev_q_en(false).bits(), 0xFFF3);
    }

    #[test]
    fn en_status() {
        let on = EnStatus::from_bits(Register::EnStatus.power_on());
        assert!(on.q_no_load() && on.p_no_load() && on.l_line() && !on.rev_q() && !on.rev_p());
        assert_eq!(on.ln_mode(), LnMode::AntiTamper);
        assert!(EnStatus::from_bits(0x3000).rev_q() && EnStatus::from_bits(0x3000).rev_p());
        for (bits, mode) in [(1, LnMode::L), (2, LnMode::LPlusN), (3, LnMode::Flexible)] {
            assert_eq!(EnStatus::from_bits(bits).ln_mode(), mode);
        }
    }
}
