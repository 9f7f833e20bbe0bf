//! One register's change in words, for the operator who is asked before it is written.

use std::fmt;

use m90e26::Register;
use m90e26::field::{ActiveEnergy, FuncEn, HighPass, LnSel, MMode, ReactiveEnergy, ZeroCrossing};

use super::RegisterSet;
use crate::calibration::formula::{
    amps_from_current_offset, degrees_from_phase, fraction_from_gain, volts_from_sag_threshold,
};
use crate::units::{Amps, Hertz, Percent};

/// The frequency an angle is told for.
const MAINS: Hertz = Hertz(50.0);

/// A register with its old and new value and what the change does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterChange {
    /// Which one.
    pub register: Register,
    /// The value before.
    pub old: u16,
    /// The value after.
    pub new: u16,
    /// The effect in words, such as "+10.394 % voltage gain".
    pub meaning: String,
}

impl RegisterChange {
    /// The change of one register between two sets; other registers of the sets give it its meaning.
    pub(super) fn between(register: Register, old: &RegisterSet, new: &RegisterSet) -> Self {
        let change = Change { register, old, new };
        Self { register, old: old.value(register), new: new.value(register), meaning: change.meaning() }
    }
}

impl fmt::Display for RegisterChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { register, old, new, meaning } = self;
        write!(f, "{register} 0x{old:04X} ({old}) -> 0x{new:04X} ({new}): {meaning}")
    }
}

struct Change<'a> {
    register: Register,
    old: &'a RegisterSet,
    new: &'a RegisterSet,
}

impl Change<'_> {
    fn meaning(&self) -> String {
        match self.register {
            Register::PLconstH | Register::PLconstL => {
                let (old, new) = (self.old.pl_constant(), self.new.pl_constant());
                // More PL_Constant makes each pulse worth more energy.
                format!("PL_Constant {old} -> {new}, {}", relative(new.into(), old.into(), "pulses and energy"))
            }
            Register::Lgain => self.energy_gain("L line energy"),
            Register::Ngain => self.energy_gain("N line energy"),
            Register::Lphi => self.phase("L line current"),
            Register::Nphi => self.phase("N line current"),
            Register::PStartTh => self.proportional("active start-up threshold"),
            Register::PNolTh => self.proportional("active no-load threshold"),
            Register::QStartTh => self.proportional("reactive start-up threshold"),
            Register::QNolTh => self.proportional("reactive no-load threshold"),
            Register::Ugain => self.proportional("voltage gain"),
            Register::IgainL => self.proportional("L line current gain"),
            Register::IgainN => self.proportional("N line current gain"),
            Register::IoffsetL => self.current_offset("L line current offset", Register::IgainL),
            Register::IoffsetN => self.current_offset("N line current offset", Register::IgainN),
            Register::Uoffset => self.signed("voltage offset"),
            Register::PoffsetL => self.signed("L line active power offset"),
            Register::QoffsetL => self.signed("L line reactive power offset"),
            Register::PoffsetN => self.signed("N line active power offset"),
            Register::QoffsetN => self.signed("N line reactive power offset"),
            Register::SagTh => {
                let volts = |set: &RegisterSet| {
                    volts_from_sag_threshold(set.value(Register::SagTh), set.value(Register::Ugain))
                };
                format!("sag below {:.1} -> {:.1}", volts(self.old), volts(self.new))
            }
            Register::MMode => mode_changes(self.old.mmode(), self.new.mmode()),
            Register::FuncEn => {
                let (old, new) = self.words();
                event_changes(FuncEn::from_bits(old), FuncEn::from_bits(new))
            }
            // A set holds no others.
            other => other.meaning().to_owned(),
        }
    }

    fn words(&self) -> (u16, u16) {
        (self.old.value(self.register), self.new.value(self.register))
    }

    fn proportional(&self, what: &str) -> String {
        let (old, new) = self.words();
        relative(old.into(), new.into(), what)
    }

    fn energy_gain(&self, what: &str) -> String {
        let (old, new) = self.words();
        relative(1.0 + fraction_from_gain(old), 1.0 + fraction_from_gain(new), what)
    }

    fn phase(&self, what: &str) -> String {
        let (old, new) = self.words();
        let angle = |register| degrees_from_phase(register, MAINS);
        format!("{what} {:+.3}° -> {:+.3}° at 50 Hz", angle(old).0, angle(new).0)
    }

    fn signed(&self, what: &str) -> String {
        let (old, new) = self.words();
        format!("{what} {} -> {}", old.cast_signed(), new.cast_signed())
    }

    fn current_offset(&self, what: &str, gain: Register) -> String {
        let (old, new) = self.words();
        let amps = |register, set: &RegisterSet| {
            amps_from_current_offset(register, set.value(gain))
                .map_or_else(|_| "nothing".to_owned(), |amps: Amps| format!("{:+.4} {}", amps.0, Amps::UNIT))
        };
        format!("{what} {} -> {}", amps(old, self.old), amps(new, self.new))
    }
}

/// The change of something proportional to a register.
fn relative(old: f64, new: f64, what: &str) -> String {
    if new == 0.0 {
        format!("no {what}")
    } else if old == 0.0 {
        format!("{what} from nothing")
    } else {
        format!("{} {what}", Percent::error(new, old))
    }
}

fn mode_changes(old: MMode, new: MMode) -> String {
    let mut changes = Vec::new();
    let mut compare = |what: &str, old: String, new: String| {
        if old != new {
            changes.push(format!("{what} {old} -> {new}"));
        }
    };
    let line = |mode: MMode| match mode.lnsel() {
        LnSel::L => "L".to_owned(),
        LnSel::N => "N".to_owned(),
    };
    compare("L gain", old.lgain().factor().to_string(), new.lgain().factor().to_string());
    compare("N gain", old.ngain().factor().to_string(), new.ngain().factor().to_string());
    compare("metered line", line(old), line(new));
    compare("high-pass filters", filters(old), filters(new));
    compare("active pulses", active(old), active(new));
    compare("reactive pulses", reactive(old), reactive(new));
    compare("zero crossings", crossings(old), crossings(new));
    compare("line threshold", threshold(old), threshold(new));
    if changes.is_empty() { "another code of the same mode".to_owned() } else { changes.join(", ") }
}

fn filters(mode: MMode) -> String {
    match mode.dishpf() {
        HighPass::BothOn => "both on",
        HighPass::Hpf1Only => "HPF1 only",
        HighPass::Hpf0Only => "HPF0 only",
        HighPass::BothOff => "both off",
    }
    .to_owned()
}

fn active(mode: MMode) -> String {
    match mode.amod() {
        ActiveEnergy::ForwardReverse => "forward and reverse",
        ActiveEnergy::Absolute => "absolute",
    }
    .to_owned()
}

fn reactive(mode: MMode) -> String {
    match mode.rmod() {
        ReactiveEnergy::ForwardReverse => "forward and reverse",
        ReactiveEnergy::Absolute => "absolute",
    }
    .to_owned()
}

fn crossings(mode: MMode) -> String {
    match mode.zxcon() {
        ZeroCrossing::Positive => "positive",
        ZeroCrossing::Negative => "negative",
        ZeroCrossing::All => "all",
        ZeroCrossing::Off => "none",
    }
    .to_owned()
}

fn threshold(mode: MMode) -> String {
    format!("{} %", mode.pthresh().percent())
}

fn event_changes(old: FuncEn, new: FuncEn) -> String {
    type Bit = (&'static str, fn(FuncEn) -> bool);
    let bits: [Bit; 4] = [
        ("sag detection", FuncEn::sag_en),
        ("sag on the warning pin", FuncEn::sag_wo),
        ("reverse reactive energy event", FuncEn::rev_q_en),
        ("reverse active energy event", FuncEn::rev_p_en),
    ];
    let changed = bits.into_iter().filter(|(_, bit)| bit(old) != bit(new));
    let changes: Vec<String> =
        changed.map(|(what, bit)| format!("{what} {}", if bit(new) { "on" } else { "off" })).collect();
    if changes.is_empty() { "reserved bits".to_owned() } else { changes.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(register: Register, old: u16, new: u16) -> String {
        let mut before = RegisterSet::power_on();
        before.set(register, old).unwrap();
        let mut after = before.clone();
        after.set(register, new).unwrap();
        let [change] = before.changes_to(&after).try_into().unwrap();
        change.to_string()
    }

    #[test]
    fn changes_in_words() {
        assert_eq!(
            change(Register::Ugain, 26_400, 29_144),
            "Ugain 0x6720 (26400) -> 0x71D8 (29144): +10.394 % voltage gain"
        );
        assert_eq!(change(Register::Lgain, 0, 0x1D39), "Lgain 0x0000 (0) -> 0x1D39 (7481): +22.830 % L line energy");
        assert_eq!(
            change(Register::Nphi, 0, 0x8024),
            "Nphi 0x0000 (0) -> 0x8024 (32804): N line current +0.000° -> -0.316° at 50 Hz"
        );
        assert_eq!(
            change(Register::PNolTh, 0, 0x08BD),
            "PNolTh 0x0000 (0) -> 0x08BD (2237): active no-load threshold from nothing"
        );
        assert_eq!(
            change(Register::PNolTh, 0x08BD, 0),
            "PNolTh 0x08BD (2237) -> 0x0000 (0): no active no-load threshold"
        );
        assert_eq!(
            change(Register::PoffsetL, 0, 0xFFCB),
            "PoffsetL 0x0000 (0) -> 0xFFCB (65483): L line active power offset 0 -> -53"
        );
        assert_eq!(
            change(Register::SagTh, 0x1D6A, 0x1F2F),
            "SagTh 0x1D6A (7530) -> 0x1F2F (7983): sag below 171.6 V -> 181.9 V"
        );
        assert_eq!(
            change(Register::IoffsetN, 0, 0xFFF0),
            "IoffsetN 0x0000 (0) -> 0xFFF0 (65520): N line current offset +0.0000 A -> -0.0001 A"
        );
    }

    #[test]
    fn modes_in_words() {
        assert_eq!(
            change(Register::MMode, 0x9422, 0x7822),
            "MMode 0x9422 (37922) -> 0x7822 (30754): L gain 1 -> 24, metered line L -> N"
        );
        assert_eq!(
            change(Register::MMode, 0x9422, 0x9DF0).split(": ").nth(1),
            Some(
                "high-pass filters both on -> HPF1 only, active pulses forward and reverse -> absolute, \
             reactive pulses forward and reverse -> absolute, zero crossings all -> none, line threshold 3.125 % -> 12.5 %"
            )
        );
        assert!(change(Register::MMode, 0x7422, 0x7C22).ends_with("another code of the same mode"));
        assert!(change(Register::FuncEn, 0x000C, 0x0030).ends_with(
            "sag detection on, sag on the warning pin on, reverse reactive energy event off, reverse active energy event off"
        ));
        assert!(change(Register::FuncEn, 0x000C, 0x800C).ends_with("reserved bits"));
    }

    #[test]
    fn pl_constant_is_told_as_one() {
        let old = RegisterSet::power_on();
        let mut new = old.clone();
        new.set_pl_constant(0x001E_C8B4);
        let words: Vec<String> = old.changes_to(&new).iter().map(ToString::to_string).collect();
        assert_eq!(
            words,
            [
                "PLconstH 0x0015 (21) -> 0x001E (30): PL_Constant 1429876 -> 2017460, -29.125 % pulses and energy",
                "PLconstL 0xD174 (53620) -> 0xC8B4 (51380): PL_Constant 1429876 -> 2017460, -29.125 % pulses and energy",
            ]
        );
    }
}
