//! The arithmetic of the OpenSmartMeter's Excel sheet `energy_setpoint_calculator.xlsx`, its errors included.
//!
//! Somebody who moves from the sheet to the bench, or doubts either, must get the sheet's own words for the same inputs: each
//! integer, hex and bit text the same, each float to 1e-9. So nothing here is range-checked or corrected: VL and VU stay
//! swapped, a Ugain over 0x7FFF passes, an error of -60 % gives the same Lgain as +100 %. What the bench itself uses is
//! [`super::formula`].
//!
//! The golden values are LibreOffice's, in tests/golden/sheet. Integers are the floor of exact arithmetic (see `arithmetic`).

mod arithmetic;
mod cell;
mod functions;
mod inputs;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;

use arithmetic::Arithmetic;
pub use cell::{CellError, Input, Sampling, Value};
pub use inputs::{InputError, SheetInputs};

type Cell<T> = Result<T, CellError>;

macro_rules! outputs {
    ($($(#[$doc:meta])* $field:ident in $cell:literal,)*) => {
        /// The formula cells of the sheet after one calculation.
        #[derive(Clone, Debug, PartialEq)]
        pub struct SheetOutputs {
            $($(#[$doc])* pub $field: Value,)*
        }

        impl SheetOutputs {
            /// Name, cell address and value of all fields, in the order of the sheet.
            pub fn fields(&self) -> impl Iterator<Item = (&'static str, &'static str, &Value)> {
                [$((stringify!($field), $cell, &self.$field),)*].into_iter()
            }
        }
    };
}

outputs! {
    /// Ratio of the voltage divider, V/V.
    vratio in "B1",
    /// Ratio of the current transformer with its burden, V/A.
    iratio in "B2",
    /// Bits of the L gain option.
    mm_bits_lgain in "F5",
    /// Bits of the N gain option.
    mm_bits_ngain in "F6",
    /// Bit of the line option.
    mm_bits_lnsel in "F7",
    /// Bits of the filter option.
    mm_bits_dishpf in "F8",
    /// Bit of the active pulse option.
    mm_bits_amod in "F9",
    /// Bit of the reactive pulse option.
    mm_bits_rmod in "F10",
    /// Bits of the zero crossing option.
    mm_bits_zxcon in "F11",
    /// Bits of the threshold option.
    mm_bits_pthresh in "F12",
    /// All bits of MMode, most significant first.
    mmode_bin in "B14",
    /// The first eight of them.
    mmode_hi_bin in "B15",
    /// The last eight of them; they overlap the first when bits are missing.
    mmode_lo_bin in "C15",
    /// The first eight in hex.
    mmode_hi_hex in "B16",
    /// The last eight in hex.
    mmode_lo_hex in "C16",
    /// MMode, 2BH.
    mmode_hex in "B17",
    /// VL as it was used, mV.
    vl_mv in "B25",
    /// VU as it was used, mV.
    vu_mv in "B26",
    /// PL_Constant.
    pl_constant in "B31",
    /// PL_Constant, eight hex digits.
    pl_constant_hex in "B32",
    /// PLconstH, 21H.
    plconsth_hex in "B33",
    /// PLconstL, 22H.
    plconstl_hex in "B34",
    /// Error of the meter under test, percent.
    error_pct in "B52",
    /// Gain correction as a fraction.
    lratio in "B53",
    /// Lgain as a number, two's complement.
    lgain in "B54",
    /// Lgain, 23H.
    lgain_hex in "B55",
    /// New Ugain.
    ugain in "B66",
    /// Ugain, 31H.
    ugain_hex in "B67",
    /// New IgainL.
    igain in "B75",
    /// IgainL, 32H.
    igain_hex in "B76",
    /// Offset helper: three counts scaled by Igain, without the complement the application note asks for.
    ioffset_raw in "H76",
    /// The same in hex.
    ioffset_raw_hex in "H77",
    /// Ugain of the sag threshold.
    sag_ugain in "B88",
    /// SagTh.
    sagth in "B94",
    /// SagTh, 03H.
    sagth_hex in "B95",
}

impl SheetInputs {
    /// What the sheet shows for these inputs.
    #[must_use]
    pub fn calculate(&self) -> SheetOutputs {
        let [lgain_bits, ngain_bits, lnsel_bits, dishpf_bits, amod_bits, rmod_bits, zxcon_bits, pthresh_bits] =
            self.mmode_options().map(|option| functions::bits_of_option(&option.text()));
        let options: [&Cell<String>; 8] =
            [&lgain_bits, &ngain_bits, &lnsel_bits, &dishpf_bits, &amod_bits, &rmod_bits, &zxcon_bits, &pthresh_bits];
        let mmode: Cell<String> = options.into_iter().cloned().collect();
        let mmode_hi = mmode.clone().map(|bits| functions::left(&bits, 8));
        let mmode_lo = mmode.clone().map(|bits| functions::right(&bits, 8));
        let hi_hex = mmode_hi.clone().and_then(|bits| functions::bin2hex(&bits));
        let lo_hex = mmode_lo.clone().and_then(|bits| functions::bin2hex(&bits));
        let mmode_hex = hi_hex.clone().and_then(|hi| Ok(format!("0x{hi}{}", lo_hex.clone()?)));

        let pl = self.pl_constant();
        let pl_hex = hex(&pl, Some(8));
        let (error_pct, lratio) = self.lratio();
        let lgain = self.lgain(&error_pct);
        let ugain = quotient(&self.ugain_old, &self.un_actual_v, &self.vol_mea_v);
        let igain = quotient(&self.igain_old, &self.ib_actual_a, &self.cur_mea_a);
        let ioffset = igain.clone().map(ioffset_raw);
        let sagth = self.sagth(&ugain);

        SheetOutputs {
            vratio: vratio::<f64>(self).into(),
            iratio: iratio::<f64>(self).into(),
            mm_bits_lgain: lgain_bits.into(),
            mm_bits_ngain: ngain_bits.into(),
            mm_bits_lnsel: lnsel_bits.into(),
            mm_bits_dishpf: dishpf_bits.into(),
            mm_bits_amod: amod_bits.into(),
            mm_bits_rmod: rmod_bits.into(),
            mm_bits_zxcon: zxcon_bits.into(),
            mm_bits_pthresh: pthresh_bits.into(),
            mmode_bin: mmode.into(),
            mmode_hi_bin: mmode_hi.into(),
            mmode_lo_bin: mmode_lo.into(),
            mmode_hi_hex: hi_hex.into(),
            mmode_lo_hex: lo_hex.into(),
            mmode_hex: mmode_hex.into(),
            vl_mv: sampling_shown(&self.vl_mv, || vl::<f64>(self)),
            vu_mv: sampling_shown(&self.vu_mv, || vu::<f64>(self)),
            pl_constant: number(&pl),
            plconsth_hex: prefixed(pl_hex.clone().map(|hex| functions::left(&hex, 4))),
            plconstl_hex: prefixed(pl_hex.clone().map(|hex| functions::right(&hex, 4))),
            pl_constant_hex: pl_hex.into(),
            error_pct: error_pct.into(),
            lratio: lratio.into(),
            lgain: number(&lgain),
            lgain_hex: prefixed(hex(&lgain, Some(4))),
            ugain: number(&ugain),
            ugain_hex: prefixed(hex(&ugain, Some(4))),
            igain: number(&igain),
            igain_hex: prefixed(hex(&igain, Some(4))),
            ioffset_raw: number(&ioffset),
            ioffset_raw_hex: hex(&ioffset, None).into(),
            sag_ugain: number(&ugain),
            sagth: number(&sagth),
            sagth_hex: prefixed(hex(&sagth, Some(4))),
        }
    }

    /// The options from bit 15 down to bit 0.
    fn mmode_options(&self) -> [&Input; 8] {
        [
            &self.mm_lgain,
            &self.mm_ngain,
            &self.mm_lnsel,
            &self.mm_dishpf,
            &self.mm_amod,
            &self.mm_rmod,
            &self.mm_zxcon,
            &self.mm_pthresh,
        ]
    }

    /// B31: 838860800 (GL VL VU) / (MC UN IB).
    fn pl_constant(&self) -> Cell<BigInt> {
        let input = BigRational::input;
        let samples = input(&self.gl)?.times(vl(self)?)?.times(vu(self)?)?;
        let energy = input(&self.mc_imp_kwh)?.times(input(&self.un_v)?)?.times(input(&self.ib_a)?)?;
        BigRational::constant(838_860_800).times(samples)?.over(energy).map(|pl| arithmetic::floor(&pl))
    }

    /// B52 and B53.
    fn lratio(&self) -> (Cell<f64>, Cell<f64>) {
        let error_pct = error_pct(self);
        let lratio = error_pct.and_then(lratio);
        (error_pct, lratio)
    }

    /// B54, two's complement of the ratio in 2^-15. An error the program snapped to 0 is 0 here too.
    fn lgain(&self, error_shown: &Cell<f64>) -> Cell<BigInt> {
        let ratio = if *error_shown == Ok(0.0) { BigRational::zero() } else { lratio(error_pct(self)?)? };
        let scaled = ratio.clone().times(BigRational::constant(1 << 15))?;
        let lgain = if ratio < BigRational::zero() { BigRational::constant(1 << 16).plus(scaled)? } else { scaled };
        Ok(arithmetic::floor(&lgain))
    }

    /// B94: 100 Un SQRT(2) x / (4 Ugain / 32768).
    fn sagth(&self, ugain: &Cell<BigInt>) -> Cell<BigInt> {
        let input = BigRational::input;
        let peak = BigRational::constant(100).times(input(&self.sag_un_v)?)?.times(input(&self.sag_x)?)?;
        let ugain = BigRational::from_integer(ugain.clone()?);
        let gain = BigRational::constant(4).times(ugain)?.over(BigRational::constant(32_768))?;
        peak.over(gain).map(|sagth| arithmetic::floor_times_sqrt2(&sagth))
    }
}

/// B1: the lower leg is 1 kOhm parallel to K2, the upper one 1000 kOhm.
fn vratio<A: Arithmetic>(inputs: &SheetInputs) -> Cell<A> {
    let one = A::constant(1);
    let conductance = one.clone().plus(one.clone().over(A::input(&inputs.k2_kohm)?)?)?;
    let lower = one.over(conductance)?;
    lower.clone().over(A::constant(1000).plus(lower)?)
}

/// B2: a 2000:1 transformer on 30 Ohm parallel to K1.
fn iratio<A: Arithmetic>(inputs: &SheetInputs) -> Cell<A> {
    let k1 = A::input(&inputs.k1_ohm)?;
    let burden = A::constant(30).times(k1.clone())?.over(A::constant(30).plus(k1)?)?;
    A::constant(1).over(A::constant(2000))?.times(burden)
}

/// B25: a constant, or UN Vratio 1000.
fn vl<A: Arithmetic>(inputs: &SheetInputs) -> Cell<A> {
    match &inputs.vl_mv {
        Sampling::Constant(constant) => A::input(constant),
        Sampling::Formula => A::input(&inputs.un_v)?.times(vratio(inputs)?)?.times(A::constant(1000)),
    }
}

/// B26: a constant, or IB Iratio 1000.
fn vu<A: Arithmetic>(inputs: &SheetInputs) -> Cell<A> {
    match &inputs.vu_mv {
        Sampling::Constant(constant) => A::input(constant),
        Sampling::Formula => A::input(&inputs.ib_a)?.times(iratio(inputs)?)?.times(A::constant(1000)),
    }
}

/// B52: (B50 / B49 - 1) 100.
fn error_pct<A: Arithmetic>(inputs: &SheetInputs) -> Cell<A> {
    let quotient = A::input(&inputs.f_meas_hz)?.over(A::input(&inputs.f_ref_hz)?)?;
    quotient.minus(A::constant(1))?.times(A::constant(100))
}

/// B53: -B52 / 100 / (1 + B52 / 100).
fn lratio<A: Arithmetic>(error_pct: A) -> Cell<A> {
    let hundred = A::constant(100);
    let fraction = error_pct.clone().over(hundred.clone())?;
    A::constant(0).minus(error_pct)?.over(hundred)?.over(A::constant(1).plus(fraction)?)
}

/// B66 and B75: old gain times actual by measured.
fn quotient(gain_old: &Input, actual: &Input, measured: &Input) -> Cell<BigInt> {
    let product = BigRational::input(gain_old)?.times(BigRational::input(actual)?)?;
    product.over(BigRational::input(measured)?).map(|gain| arithmetic::floor(&gain))
}

/// H76: 3 Igain / 2^16 2^8.
fn ioffset_raw(igain: BigInt) -> BigInt {
    arithmetic::floor(&BigRational::new(igain * BigInt::from(3), 256.into()))
}

fn number(integer: &Cell<BigInt>) -> Value {
    integer.as_ref().map_err(|error| *error).and_then(arithmetic::shown).into()
}

fn hex(integer: &Cell<BigInt>, places: Option<usize>) -> Cell<String> {
    integer.as_ref().map_err(|error| *error).and_then(|integer| functions::dec2hex(integer, places))
}

/// `="0x"&...`.
fn prefixed(hex: Cell<String>) -> Value {
    hex.map(|hex| format!("0x{hex}")).into()
}

fn sampling_shown(sampling: &Sampling, formula: impl FnOnce() -> Cell<f64>) -> Value {
    match sampling {
        Sampling::Formula => formula().into(),
        Sampling::Constant(constant) => constant.shown(),
    }
}
