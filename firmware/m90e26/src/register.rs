//! The register table: every register of the chip with its address, access, power-on value and format (DS).
//!
//! The table is written once, in the macro `registers!`; the enum, its order and its look-ups are made from it. What the
//! bits of a register mean is in [`crate::field`], what its number means in [`crate::value`].

use core::fmt;

/// What a transaction may do with a register, and what reading does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Only reading has a meaning.
    Read,
    /// Only writing has a meaning.
    Write,
    /// Reads back what was written (the checksums CS1 and CS2 excepted: they read back the chip's own sum).
    ReadWrite,
    /// Reading sets the register to zero: a reading that got lost is lost unless LastData still has it.
    ReadClear,
}

/// How the sixteen bits become a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// 0 to 65535.
    Unsigned,
    /// -32768 to 32767.
    TwosComplement,
    /// Bit 15 is the sign, the rest the magnitude.
    SignMagnitude,
    /// Bit fields, see [`crate::field`].
    Fields,
    /// Magic words, see [`crate::field::command`].
    Command,
}

/// The part of the register map a register stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Section {
    /// 00 to 08: status, reset, protocol aids.
    Special,
    /// 20 to 2C: what energy and pulses depend on.
    MeteringCalibration,
    /// 30 to 3B: what the measured values depend on.
    MeasurementCalibration,
    /// 40 to 46: counted energy and its status.
    Energy,
    /// 48 to 6F: voltage, current, power and the like.
    Measurement,
}

macro_rules! registers {
    ($($address:literal $variant:ident $name:literal $access:ident $power_on:literal $encoding:ident $section:ident
       $meaning:literal;)*) => {
        /// A register of the M90E26.
        #[repr(u8)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Register {
            $(#[doc = concat!($meaning, ".")] $variant = $address,)*
        }

        impl Register {
            /// All registers, in the order of their addresses.
            pub const ALL: [Register; [$($address),*].len()] = [$(Register::$variant),*];

            /// The register at `address`; `None` where the chip has none (there it reads 0000 and ignores writing).
            #[must_use]
            pub const fn from_address(address: u8) -> Option<Register> {
                match address {
                    $($address => Some(Register::$variant),)*
                    _ => None,
                }
            }

            /// The name as the datasheet spells it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Register::$variant => $name,)* }
            }

            /// What may be done with the register.
            #[must_use]
            pub const fn access(self) -> Access {
                match self { $(Register::$variant => Access::$access,)* }
            }

            /// The value after power-on or a soft reset.
            #[must_use]
            pub const fn power_on(self) -> u16 {
                match self { $(Register::$variant => $power_on,)* }
            }

            /// How its bits become a number.
            #[must_use]
            pub const fn encoding(self) -> Encoding {
                match self { $(Register::$variant => Encoding::$encoding,)* }
            }

            /// The part of the map it stands in.
            #[must_use]
            pub const fn section(self) -> Section {
                match self { $(Register::$variant => Section::$section,)* }
            }

            /// One line on what it is, with the weight of its lowest bit.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Register::$variant => $meaning,)* }
            }
        }
    };
}

registers! {
    0x00 SoftReset "SoftReset" Write     0x0000 Command        Special "Writing 789A resets the chip, other values are ignored";
    0x01 SysStatus "SysStatus" ReadClear 0x0000 Fields         Special "Checksum errors, changes of direction and line, voltage sag";
    0x02 FuncEn    "FuncEn"    ReadWrite 0x000C Fields         Special "Which events are watched and reported";
    0x03 SagTh     "SagTh"     ReadWrite 0x1D6A Unsigned       Special "Voltage sag threshold";
    0x04 SmallPMod "SmallPMod" ReadWrite 0x0000 Command        Special "A987 is small-power mode, anything else normal";
    0x06 LastData  "LastData"  Read      0x0000 Unsigned       Special "The value of the last transaction, read or written";
    0x08 Lsb       "LSB"       Read      0x0000 Unsigned       Special "Low word of the rms or mean power read last; bits 7-0 are 0";

    0x20 CalStart  "CalStart"  ReadWrite 0x6886 Command        MeteringCalibration "Metering calibration command";
    0x21 PLconstH  "PLconstH"  ReadWrite 0x0015 Unsigned       MeteringCalibration "PL_Constant, high word; taken over when PLconstL is written";
    0x22 PLconstL  "PLconstL"  ReadWrite 0xD174 Unsigned       MeteringCalibration "PL_Constant, low word";
    0x23 Lgain     "Lgain"     ReadWrite 0x0000 TwosComplement MeteringCalibration "L line energy gain, 2^-15";
    0x24 Lphi      "Lphi"      ReadWrite 0x0000 SignMagnitude  MeteringCalibration "L line phase compensation, bits 9-0 and sign";
    0x25 Ngain     "Ngain"     ReadWrite 0x0000 TwosComplement MeteringCalibration "N line energy gain, 2^-15";
    0x26 Nphi      "Nphi"      ReadWrite 0x0000 SignMagnitude  MeteringCalibration "N line phase compensation, bits 9-0 and sign";
    0x27 PStartTh  "PStartTh"  ReadWrite 0x08BD Unsigned       MeteringCalibration "Active start-up power threshold";
    0x28 PNolTh    "PNolTh"    ReadWrite 0x0000 Unsigned       MeteringCalibration "Active no-load power threshold";
    0x29 QStartTh  "QStartTh"  ReadWrite 0x0AEC Unsigned       MeteringCalibration "Reactive start-up power threshold";
    0x2A QNolTh    "QNolTh"    ReadWrite 0x0000 Unsigned       MeteringCalibration "Reactive no-load power threshold";
    0x2B MMode     "MMode"     ReadWrite 0x9422 Fields         MeteringCalibration "Metering mode";
    0x2C Cs1       "CS1"       ReadWrite 0x0000 Unsigned       MeteringCalibration "Checksum of 21-2B; reads back the chip's own";

    0x30 AdjStart  "AdjStart"  ReadWrite 0x6886 Command        MeasurementCalibration "Measurement calibration command";
    0x31 Ugain     "Ugain"     ReadWrite 0x6720 Unsigned       MeasurementCalibration "Voltage rms gain; bit 15 must be 0";
    0x32 IgainL    "IgainL"    ReadWrite 0x7A13 Unsigned       MeasurementCalibration "L line current rms gain";
    0x33 IgainN    "IgainN"    ReadWrite 0x7530 Unsigned       MeasurementCalibration "N line current rms gain";
    0x34 Uoffset   "Uoffset"   ReadWrite 0x0000 TwosComplement MeasurementCalibration "Voltage offset";
    0x35 IoffsetL  "IoffsetL"  ReadWrite 0x0000 TwosComplement MeasurementCalibration "L line current offset";
    0x36 IoffsetN  "IoffsetN"  ReadWrite 0x0000 TwosComplement MeasurementCalibration "N line current offset";
    0x37 PoffsetL  "PoffsetL"  ReadWrite 0x0000 TwosComplement MeasurementCalibration "L line active power offset";
    0x38 QoffsetL  "QoffsetL"  ReadWrite 0x0000 TwosComplement MeasurementCalibration "L line reactive power offset";
    0x39 PoffsetN  "PoffsetN"  ReadWrite 0x0000 TwosComplement MeasurementCalibration "N line active power offset";
    0x3A QoffsetN  "QoffsetN"  ReadWrite 0x0000 TwosComplement MeasurementCalibration "N line reactive power offset";
    0x3B Cs2       "CS2"       ReadWrite 0x0000 Unsigned       MeasurementCalibration "Checksum of 31-3A; reads back the chip's own";

    0x40 APenergy  "APenergy"  ReadClear 0x0000 Unsigned       Energy "Forward active energy, 0.1 pulse";
    0x41 ANenergy  "ANenergy"  ReadClear 0x0000 Unsigned       Energy "Reverse active energy, 0.1 pulse";
    0x42 ATenergy  "ATenergy"  ReadClear 0x0000 Unsigned       Energy "Absolute active energy, 0.1 pulse";
    0x43 RPenergy  "RPenergy"  ReadClear 0x0000 Unsigned       Energy "Forward (inductive) reactive energy, 0.1 pulse";
    0x44 RNenergy  "RNenergy"  ReadClear 0x0000 Unsigned       Energy "Reverse (capacitive) reactive energy, 0.1 pulse";
    0x45 RTenergy  "RTenergy"  ReadClear 0x0000 Unsigned       Energy "Absolute reactive energy, 0.1 pulse";
    0x46 EnStatus  "EnStatus"  Read      0xC800 Fields         Energy "No-load, direction, metered line, LN mode pins";

    0x48 Irms      "Irms"      Read      0x0000 Unsigned       Measurement "L line current, 0.001 A";
    0x49 Urms      "Urms"      Read      0x0000 Unsigned       Measurement "Voltage, 0.01 V";
    0x4A Pmean     "Pmean"     Read      0x0000 TwosComplement Measurement "L line active power, 0.001 kW";
    0x4B Qmean     "Qmean"     Read      0x0000 TwosComplement Measurement "L line reactive power, 0.001 kvar";
    0x4C Freq      "Freq"      Read      0x0000 Unsigned       Measurement "Frequency, 0.01 Hz";
    0x4D PowerF    "PowerF"    Read      0x0000 SignMagnitude  Measurement "L line power factor, 0.001";
    0x4E Pangle    "Pangle"    Read      0x0000 SignMagnitude  Measurement "L line phase angle, 0.1 degree";
    0x4F Smean     "Smean"     Read      0x0000 Unsigned       Measurement "L line apparent power, 0.001 kVA";

    0x68 Irms2     "Irms2"     Read      0x0000 Unsigned       Measurement "N line current, 0.001 A";
    0x6A Pmean2    "Pmean2"    Read      0x0000 TwosComplement Measurement "N line active power, 0.001 kW";
    0x6B Qmean2    "Qmean2"    Read      0x0000 TwosComplement Measurement "N line reactive power, 0.001 kvar";
    0x6D PowerF2   "PowerF2"   Read      0x0000 SignMagnitude  Measurement "N line power factor, 0.001";
    0x6E Pangle2   "Pangle2"   Read      0x0000 SignMagnitude  Measurement "N line phase angle, 0.1 degree";
    0x6F Smean2    "Smean2"    Read      0x0000 Unsigned       Measurement "N line apparent power, 0.001 kVA";
}

impl Register {
    /// The registers 21 to 2B, in the order in which CS1 covers them.
    pub const METERING: [Register; 11] = [
        Register::PLconstH,
        Register::PLconstL,
        Register::Lgain,
        Register::Lphi,
        Register::Ngain,
        Register::Nphi,
        Register::PStartTh,
        Register::PNolTh,
        Register::QStartTh,
        Register::QNolTh,
        Register::MMode,
    ];

    /// The registers 31 to 3A, in the order in which CS2 covers them.
    pub const MEASUREMENT: [Register; 10] = [
        Register::Ugain,
        Register::IgainL,
        Register::IgainN,
        Register::Uoffset,
        Register::IoffsetL,
        Register::IoffsetN,
        Register::PoffsetL,
        Register::QoffsetL,
        Register::PoffsetN,
        Register::QoffsetN,
    ];

    /// The seven-bit address.
    #[must_use]
    pub const fn address(self) -> u8 {
        self as u8
    }

    /// The register of that name, in any case. `CSOne` and `CSTwo`, as C sources write them, are CS1 and CS2.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Register> {
        if name.eq_ignore_ascii_case("CSOne") {
            return Some(Register::Cs1);
        }
        if name.eq_ignore_ascii_case("CSTwo") {
            return Some(Register::Cs2);
        }
        Register::ALL.into_iter().find(|register| register.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `pad`, not `write_str`: tables of registers are printed with a width.
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn addresses_ascend_and_look_up() {
        assert_eq!(Register::ALL.len(), 53);
        assert!(Register::ALL.windows(2).all(|pair| pair[0].address() < pair[1].address()));
        for address in 0..=0xFF {
            match Register::from_address(address) {
                Some(register) => assert_eq!(register.address(), address),
                None => assert!(!Register::ALL.iter().any(|register| register.address() == address)),
            }
        }
    }

    #[test]
    fn names_are_unique_and_look_up_in_any_case() {
        for register in Register::ALL {
            assert_eq!(Register::from_name(register.name()), Some(register));
            assert_eq!(Register::from_name(&register.name().to_uppercase()), Some(register));
            assert_eq!(Register::from_name(&register.name().to_lowercase()), Some(register));
            assert_eq!(register.to_string(), register.name());
            assert!(!register.meaning().is_empty());
        }
        assert_eq!(Register::from_name("csone"), Some(Register::Cs1));
        assert_eq!(Register::from_name("CSTwo"), Some(Register::Cs2));
        assert_eq!(Register::from_name("CS3"), None);
        assert_eq!(Register::from_name(""), None);
    }

    #[test]
    fn checksummed_blocks_are_contiguous() {
        for (register, address) in Register::METERING.into_iter().zip(0x21..) {
            assert_eq!(register.address(), address);
            assert_eq!(register.section(), Section::MeteringCalibration);
        }
        for (register, address) in Register::MEASUREMENT.into_iter().zip(0x31..) {
            assert_eq!(register.address(), address);
            assert_eq!(register.section(), Section::MeasurementCalibration);
        }
        assert_eq!(Register::METERING[10].address(), 0x2B);
        assert_eq!(Register::MEASUREMENT[9].address(), 0x3A);
    }

    #[test]
    fn sections_follow_the_addresses() {
        for register in Register::ALL {
            let expected = match register.address() {
                0x00..=0x08 => Section::Special,
                0x20..=0x2C => Section::MeteringCalibration,
                0x30..=0x3B => Section::MeasurementCalibration,
                0x40..=0x46 => Section::Energy,
                _ => Section::Measurement,
            };
            assert_eq!(register.section(), expected, "{register}");
        }
    }

    #[test]
    fn reading_clears_status_and_energy_only() {
        let clearing: std::vec::Vec<u8> =
            Register::ALL.iter().filter(|r| r.access() == Access::ReadClear).map(|r| r.address()).collect();
        assert_eq!(clearing, [0x01, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45]);
    }
}
