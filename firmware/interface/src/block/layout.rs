//! The table of fields: struct, encoding, decoding and documentation are made from it.

use m90e26::{Line, Register, checksum};

use super::field::{self, Field};
use super::{BlockError, Bytes, Date, HEADER, Ratio, Secret, Text};

/// One field, for the documentation.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its first byte, counted from the beginning of the block.
    pub offset: usize,
    /// Bytes it takes.
    pub size: usize,
    /// Its name in [`Block`].
    pub name: &'static str,
    /// What kind of value it is.
    pub kind: &'static str,
    /// What it means, with its unit.
    pub meaning: &'static str,
}

macro_rules! layout {
    ($($offset:literal $name:ident: $kind:ty, $meaning:literal;)*) => {
        /// The content of a calibration block. The layout in bytes is [`FIELDS`].
        ///
        /// Empty text, no bytes, 0 for a number of the provisioning: not set.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Block {
            /// Of two valid copies the one with the higher number is in force.
            pub sequence: u32,
            $(#[doc = concat!($meaning, ".")] pub $name: $kind,)*
        }

        /// All fields behind the header, in the order of their bytes.
        pub const FIELDS: &[Row] = &[$(Row {
            offset: $offset,
            size: <$kind as Field>::SIZE,
            name: stringify!($name),
            kind: <$kind as Field>::KIND,
            meaning: $meaning,
        },)*];

        impl Block {
            pub(super) fn put_fields(&self, secrets: Secrets, block: &mut [u8]) {
                $(if let Some(bytes) = block.get_mut($offset..$offset + <$kind as Field>::SIZE)
                    && (secrets == Secrets::Kept || !<$kind as Field>::SECRET)
                {
                    self.$name.put(bytes);
                })*
                if secrets == Secrets::Withheld {
                    field::fill(block, FLAGS, &[self.flags | SECRETS_WITHHELD]);
                }
            }

            /// Fields that `body` does not hold completely keep their defaults: an older block ends before them.
            pub(super) fn take_fields(&mut self, body: &[u8]) -> Result<(), BlockError> {
                $(load(&mut self.$name, body, $offset, stringify!($name))?;)*
                Ok(())
            }
        }
    };
}

/// Takes one field; one that the body does not hold completely stays as it is. A function of its own for each kind, not for each field: the
/// meter's flash is small.
#[inline(never)]
fn load<T: Field>(place: &mut T, body: &[u8], offset: usize, name: &'static str) -> Result<(), BlockError> {
    let Some(bytes) = body.get(offset..).and_then(|rest| rest.get(..T::SIZE)) else { return Ok(()) };
    match T::take(bytes) {
        Ok(value) => *place = value,
        Err(invalid) => return Err(BlockError::Field { name, invalid }),
    }
    Ok(())
}

/// What becomes of the secrets when a block is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrets {
    /// They are written.
    Kept,
    /// They are left out, and the block says so.
    Withheld,
}

layout! {
    12 metering: [u16; 11], "The chip's registers 21 to 2B: PLconstH to MMode";
    34 cs1: u16, "Checksum CS1 over them";
    36 measurement: [u16; 10], "The chip's registers 31 to 3A: Ugain to QoffsetN";
    56 cs2: u16, "Checksum CS2 over them";
    58 sag_th: u16, "The chip's register SagTh";
    60 func_en: u16, "The chip's register FuncEn";
    62 line: Line, "The line that meters, whose current and power the meter shows: 0 is L, 1 is N";
    63 flags: u8, "Bit 0: read out of a meter, all secrets are left out; a meter does not run on such a block";
    64 current_scale: Ratio, "Current, and with it power, is the register's times this; numerator u16, then denominator u16";
    68 pulses_per_kwh: u32, "Whole pulses of the chip's energy registers (ten counts each) for 1 kWh, by which counts become energy";
    72 constant_imp_per_kwh: u32, "The meter constant on the nameplate, imp/kWh";

    76 serial: Text<24>, "Serial number";
    100 calibrated_on: Option<Date>, "Day of the calibration: year u16, month u8, day u8; zeros for none";
    104 bench: Text<24>, "The bench that calibrated it";
    128 record: Text<40>, "The bench's record of the calibration";

    168 meter_number: u32, "Number by which the servers know the meter: MT and this number";
    172 token: Secret<Text<32>>, "ThingsBoard access token";
    204 host: Text<64>, "ThingsBoard host";
    268 port: u16, "ThingsBoard port";
    270 payg_port: u16, "Port of the pay-as-you-go server";
    272 payg_host: Text<64>, "Host of the pay-as-you-go server";
    336 payg_path: Text<64>, "Path on the pay-as-you-go server";
    400 api_key: Secret<Text<64>>, "API key of the pay-as-you-go server";
    464 apn: Text<32>, "Access point name of the mobile network";
    496 apn_user: Text<32>, "User at the access point";
    528 apn_password: Secret<Text<32>>, "Password at the access point";
    560 starting_code: Secret<u32>, "OpenPAYGO starting code, nine digits";
    564 openpaygo_key: Secret<Bytes<16>>, "OpenPAYGO secret key: length, then the bytes";
    581 sts_key: Secret<Bytes<16>>, "STS private key: length, then the bytes";
    598 reserved: u16, "0";
    600 tariff_millis_per_kwh: u32, "Price of 1 kWh in thousandths of the currency unit";
}

/// The first byte behind the fields the chip cannot do without.
pub(super) const ESSENTIAL: usize = 76;

/// The first byte behind all fields.
pub(super) const END: usize = match FIELDS.last() {
    Some(last) => last.offset + last.size,
    None => HEADER,
};

// Every field begins where the one before it ends, and one of them ends where the essential part does.
const _: () = {
    let mut fields = FIELDS;
    let (mut end, mut essential) = (HEADER, false);
    while let [first, rest @ ..] = fields {
        assert!(first.offset == end, "a field must begin where the one before it ends");
        end = first.offset + first.size;
        essential = essential || end == ESSENTIAL;
        fields = rest;
    }
    assert!(essential, "the essential part ends with a field");
};

/// Where `flags` stands.
const FLAGS: usize = 63;

/// Bit 0 of it.
const SECRETS_WITHHELD: u8 = 1;

impl Default for Block {
    /// A chip with its power-on registers, in a meter that nobody calibrated.
    fn default() -> Self {
        let metering = Register::METERING.map(Register::power_on);
        let measurement = Register::MEASUREMENT.map(Register::power_on);
        Self {
            sequence: 0,
            metering,
            cs1: checksum(metering),
            measurement,
            cs2: checksum(measurement),
            sag_th: Register::SagTh.power_on(),
            func_en: Register::FuncEn.power_on(),
            line: Line::L,
            flags: 0,
            current_scale: Ratio::ONE,
            pulses_per_kwh: 0,
            constant_imp_per_kwh: 0,
            serial: Text::default(),
            calibrated_on: None,
            bench: Text::default(),
            record: Text::default(),
            meter_number: 0,
            token: Secret::default(),
            host: Text::default(),
            port: 0,
            payg_port: 0,
            payg_host: Text::default(),
            payg_path: Text::default(),
            api_key: Secret::default(),
            apn: Text::default(),
            apn_user: Text::default(),
            apn_password: Secret::default(),
            starting_code: Secret::default(),
            openpaygo_key: Secret::default(),
            sts_key: Secret::default(),
            reserved: 0,
            tariff_millis_per_kwh: 0,
        }
    }
}

impl Block {
    /// The word of a chip register the block holds, checksums, SagTh and FuncEn included; `None` for all others.
    #[must_use]
    pub fn register(&self, register: Register) -> Option<u16> {
        let covered = |list: &[Register], words: &[u16]| {
            list.iter().zip(words).find(|(candidate, _)| **candidate == register).map(|(_, word)| *word)
        };
        match register {
            Register::Cs1 => Some(self.cs1),
            Register::Cs2 => Some(self.cs2),
            Register::SagTh => Some(self.sag_th),
            Register::FuncEn => Some(self.func_en),
            _ => covered(&Register::METERING, &self.metering)
                .or_else(|| covered(&Register::MEASUREMENT, &self.measurement)),
        }
    }

    /// Puts a chip register's word into the block, and keeps the checksums right; false for a register it does not hold, and for
    /// the checksums themselves.
    pub fn set_register(&mut self, register: Register, word: u16) -> bool {
        let covered = Register::METERING.iter().zip(&mut self.metering);
        let covered = covered.chain(Register::MEASUREMENT.iter().zip(&mut self.measurement));
        let others = [(&Register::SagTh, &mut self.sag_th), (&Register::FuncEn, &mut self.func_en)];
        let Some((_, place)) = covered.chain(others).find(|(candidate, _)| **candidate == register) else {
            return false;
        };
        *place = word;
        [self.cs1, self.cs2] = self.checksums();
        true
    }

    /// CS1 and CS2 as the registers in the block give them.
    #[must_use]
    pub fn checksums(&self) -> [u16; 2] {
        [checksum(self.metering), checksum(self.measurement)]
    }

    /// Whether it was read out of a meter without its secrets.
    #[must_use]
    pub const fn secrets_withheld(&self) -> bool {
        self.flags & SECRETS_WITHHELD != 0
    }

    /// The block as a meter shows it on the service port: without its secrets.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        self.flags |= SECRETS_WITHHELD;
        self.token = Secret::default();
        self.api_key = Secret::default();
        self.apn_password = Secret::default();
        self.starting_code = Secret::default();
        self.openpaygo_key = Secret::default();
        self.sts_key = Secret::default();
        self
    }
}
