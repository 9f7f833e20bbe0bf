//! What is written to SoftReset, SmallPMod, CalStart and AdjStart (DS).

/// SoftReset: all registers take their power-on values.
pub const SOFT_RESET: u16 = 0x789A;

/// SmallPMod: small-power mode, in which the power offset is measured.
pub const SMALL_POWER: u16 = 0xA987;

/// SmallPMod: any other value is normal mode.
pub const NORMAL_POWER: u16 = 0x0000;

/// CalStart and AdjStart as they are after power-on: no metering, no measuring.
pub const CAL_POWER_ON: u16 = 0x6886;

/// CalStart and AdjStart: the block takes its power-on values and works whatever its checksum is.
pub const CAL_START: u16 = 0x5678;

/// CalStart and AdjStart: the block works if its checksum is right, else it stops and SysStatus says so.
pub const CAL_CHECK: u16 = 0x8765;
