//! What a register's word means, in words: one line for the table, a line for each field for the detail.

use m90e26::field::{
    ActiveEnergy, ChecksumState, EnStatus, FuncEn, HighPass, LnMode, LnSel, MMode, ReactiveEnergy, SysStatus,
    ZeroCrossing, command,
};
use m90e26::{Access, Encoding, Register, Section, value};

use crate::calibration::formula::{
    amps_from_current_offset, degrees_from_phase, fraction_from_gain, volts_from_sag_threshold,
};
use crate::gui::session::Registers;
use crate::gui::texts::words;
use crate::meter::{Line, Quantity};
use crate::units::{Amps, Degrees, Hertz, Percent, Vars, VoltAmps, Volts, Watts};

/// The frequency an angle is told for.
const MAINS: Hertz = Hertz(50.0);

/// A field of a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its bits, as in "15-13".
    pub bits: &'static str,
    /// Its name in the datasheet.
    pub name: &'static str,
    /// What it says.
    pub text: String,
}

/// The part of the map in words.
#[must_use]
pub fn section(section: Section) -> &'static str {
    match section {
        Section::Special => t!("Special"),
        Section::MeteringCalibration => t!("Metering calibration"),
        Section::MeasurementCalibration => t!("Measurement calibration"),
        Section::Energy => t!("Energy"),
        Section::Measurement => t!("Measurement"),
    }
}

/// What may be done with a register, in a word or two.
#[must_use]
pub fn access(access: Access) -> &'static str {
    match access {
        Access::Read => t!("read"),
        Access::Write => t!("write"),
        Access::ReadWrite => t!("read/write"),
        Access::ReadClear => t!("read clears"),
    }
}

/// The word as a number, after its encoding; empty where it is no number.
#[must_use]
pub fn number(register: Register, word: u16) -> String {
    match (register, register.encoding()) {
        (Register::Lphi | Register::Nphi, _) => value::phi(word).to_string(),
        (_, Encoding::Unsigned) => word.to_string(),
        (_, Encoding::TwosComplement) => value::twos_complement(word).to_string(),
        (_, Encoding::SignMagnitude) => value::sign_magnitude(word).to_string(),
        (_, Encoding::Fields | Encoding::Command) => String::new(),
    }
}

/// What the word of a register means; other registers read with it give some words their meaning.
#[must_use]
pub fn meaning(register: Register, word: u16, others: &Registers) -> String {
    match register {
        Register::SysStatus => status(SysStatus::from_bits(word)),
        Register::FuncEn => watched(FuncEn::from_bits(word)),
        Register::EnStatus => energy_status(EnStatus::from_bits(word)),
        Register::MMode => {
            let texts = fields(register, word).into_iter().map(|field| format!("{} {}", field.name, field.text));
            texts.collect::<Vec<_>>().join(", ")
        }
        Register::SmallPMod if word == command::SMALL_POWER => t!("small-power mode").to_owned(),
        Register::SmallPMod => t!("normal mode").to_owned(),
        Register::CalStart => start(t!("metering"), "CS1", word),
        Register::AdjStart => start(t!("measuring"), "CS2", word),
        Register::SagTh => others.value(Register::Ugain).map_or_else(
            || words::meaning(register).to_owned(),
            |ugain| t!("sag below {voltage}", voltage = format_args!("{:.1}", volts_from_sag_threshold(word, ugain))),
        ),
        Register::PLconstH | Register::PLconstL => pl_constant(register, word, others),
        Register::Lgain => t!("{error} L line energy", error = Percent::from_fraction(fraction_from_gain(word))),
        Register::Ngain => t!("{error} N line energy", error = Percent::from_fraction(fraction_from_gain(word))),
        Register::Lphi => angle("L", word),
        Register::Nphi => angle("N", word),
        Register::Ugain | Register::IgainL | Register::IgainN => {
            t!("{error} against power-on", error = Percent::error(word.into(), register.power_on().into()))
        }
        Register::IoffsetL => offset(register, word, others.value(Register::IgainL)),
        Register::IoffsetN => offset(register, word, others.value(Register::IgainN)),
        Register::Cs1 => t!("the chip's own sum of 21 to 2B").to_owned(),
        Register::Cs2 => t!("the chip's own sum of 31 to 3A").to_owned(),
        _ if register.section() == Section::Energy => {
            t!("{pulses} pulses", pulses = format_args!("{:.1}", value::pulses(word)))
        }
        _ => match quantity(register) {
            Some(quantity) => {
                let lsb = others.words.get(&register).map_or(0, |read| read.lsb);
                measured(quantity, word, lsb)
            }
            None => words::meaning(register).to_owned(),
        },
    }
}

/// The fields of a register made of fields; none for a number.
#[must_use]
pub fn fields(register: Register, word: u16) -> Vec<Field> {
    match register {
        Register::MMode => mode_fields(MMode::from_bits(word)),
        Register::SysStatus => {
            let status = SysStatus::from_bits(word);
            vec![
                field("15-14", "CalErr", sum("CS1", status.cal_err())),
                field("13-12", "AdjErr", sum("CS2", status.adj_err())),
                field("7", "LNchange", happened(status.ln_change(), t!("the metered line changed"))),
                field("6", "RevQchg", happened(status.rev_q(), t!("the direction of reactive energy changed"))),
                field("5", "RevPchg", happened(status.rev_p(), t!("the direction of active energy changed"))),
                field("1", "SagWarn", happened(status.sag(), t!("the voltage sagged"))),
            ]
        }
        Register::FuncEn => {
            let on = FuncEn::from_bits(word);
            let state = |on: bool, what: &str| format!("{what}: {}", if on { t!("on") } else { t!("off") });
            vec![
                field("5", "SagEn", state(on.sag_en(), t!("sag on the interrupt pin"))),
                field("4", "SagWo", state(on.sag_wo(), t!("sag on the warning pin"))),
                field("3", "RevQEn", state(on.rev_q_en(), t!("reverse reactive energy"))),
                field("2", "RevPEn", state(on.rev_p_en(), t!("reverse active energy"))),
            ]
        }
        Register::EnStatus => {
            let status = EnStatus::from_bits(word);
            let either = |bit: bool, yes: &str, no: &str| if bit { yes.to_owned() } else { no.to_owned() };
            vec![
                field("15", "Qnoload", either(status.q_no_load(), t!("no reactive load"), t!("reactive load"))),
                field("14", "Pnoload", either(status.p_no_load(), t!("no active load"), t!("active load"))),
                field(
                    "13",
                    "RevQ",
                    either(status.rev_q(), t!("reactive energy in reverse"), t!("reactive energy forward")),
                ),
                field(
                    "12",
                    "RevP",
                    either(status.rev_p(), t!("active energy in reverse"), t!("active energy forward")),
                ),
                field("11", "Lline", either(status.l_line(), t!("L line metered"), t!("N line metered"))),
                field("1-0", "LNMode", line_mode(status.ln_mode()).to_owned()),
            ]
        }
        _ => Vec::new(),
    }
}

fn field(bits: &'static str, name: &'static str, text: impl Into<String>) -> Field {
    Field { bits, name, text: text.into() }
}

fn mode_fields(mode: MMode) -> Vec<Field> {
    let line = match mode.lnsel() {
        LnSel::L => "L",
        LnSel::N => "N",
    };
    let filters = match mode.dishpf() {
        HighPass::BothOn => t!("both filters on"),
        HighPass::Hpf1Only => t!("HPF1 only"),
        HighPass::Hpf0Only => t!("HPF0 only"),
        HighPass::BothOff => t!("both filters off"),
    };
    let active = match mode.amod() {
        ActiveEnergy::ForwardReverse => t!("forward and reverse"),
        ActiveEnergy::Absolute => t!("absolute"),
    };
    let reactive = match mode.rmod() {
        ReactiveEnergy::ForwardReverse => t!("forward and reverse"),
        ReactiveEnergy::Absolute => t!("absolute"),
    };
    let crossings = match mode.zxcon() {
        ZeroCrossing::Positive => t!("positive crossings"),
        ZeroCrossing::Negative => t!("negative crossings"),
        ZeroCrossing::All => t!("all crossings"),
        ZeroCrossing::Off => t!("no crossings"),
    };
    vec![
        field("15-13", "Lgain", format!("×{}", mode.lgain().factor())),
        field("12-11", "Ngain", format!("×{}", mode.ngain().factor())),
        field("10", "LNSel", line),
        field("9-8", "DisHPF", filters),
        field("7", "Amod", active),
        field("6", "Rmod", reactive),
        field("5-4", "Zxcon", crossings),
        field("3-0", "Pthresh", format!("{} %", mode.pthresh().percent())),
    ]
}

fn sum(which: &str, state: ChecksumState) -> String {
    match state {
        ChecksumState::Right => t!("{which} right", which),
        ChecksumState::Wrong => t!("{which} wrong", which),
        ChecksumState::Undefined(code) => {
            t!("{which} not known, code {code}", which, code = format_args!("{code:02b}"))
        }
    }
}

fn happened(bit: bool, what: &str) -> String {
    if bit { what.to_owned() } else { t!("no").to_owned() }
}

fn status(status: SysStatus) -> String {
    if status.is_clean() {
        return t!("checksums right, no events").to_owned();
    }
    let mut words = Vec::new();
    if status.cal_error() {
        words.push(sum("CS1", status.cal_err()));
    }
    if status.adj_error() {
        words.push(sum("CS2", status.adj_err()));
    }
    for (bit, word) in [
        (status.ln_change(), t!("metered line changed")),
        (status.rev_q(), t!("reactive direction changed")),
        (status.rev_p(), t!("active direction changed")),
        (status.sag(), t!("voltage sagged")),
    ] {
        if bit {
            words.push(word.to_owned());
        }
    }
    words.join(", ")
}

fn watched(on: FuncEn) -> String {
    let events = [
        (on.sag_en(), t!("sag on the interrupt pin")),
        (on.sag_wo(), t!("sag on the warning pin")),
        (on.rev_q_en(), t!("reverse reactive energy")),
        (on.rev_p_en(), t!("reverse active energy")),
    ];
    let words: Vec<&str> = events.into_iter().filter(|(bit, _)| *bit).map(|(_, word)| word).collect();
    if words.is_empty() { t!("nothing watched").to_owned() } else { t!("watches {words}", words = words.join(", ")) }
}

fn energy_status(status: EnStatus) -> String {
    let texts: Vec<String> = fields(Register::EnStatus, status.bits()).into_iter().map(|field| field.text).collect();
    texts.join(", ")
}

fn line_mode(mode: LnMode) -> &'static str {
    match mode {
        LnMode::AntiTamper => t!("pins: anti-tamper"),
        LnMode::L => t!("pins: L line"),
        LnMode::LPlusN => t!("pins: L and N"),
        LnMode::Flexible => t!("pins: as MMode says"),
    }
}

fn start(what: &str, sum: &str, word: u16) -> String {
    match word {
        command::CAL_POWER_ON => t!("after power-on, no {what}", what),
        command::CAL_START => t!("calibration, {what} whatever {sum} is", what, sum),
        command::CAL_CHECK => t!("normal operation, {what} while {sum} is right", what, sum),
        _ => t!("no command, no {what}", what),
    }
}

fn pl_constant(register: Register, word: u16, others: &Registers) -> String {
    let of = |other| if other == register { Some(word) } else { others.value(other) };
    match (of(Register::PLconstH), of(Register::PLconstL)) {
        (Some(high), Some(low)) => t!("PL_Constant {number}", number = u32::from(high) << 16 | u32::from(low)),
        _ => words::meaning(register).to_owned(),
    }
}

fn angle(line: &str, word: u16) -> String {
    t!("{line} line current {angle}° at 50 Hz", line, angle = format_args!("{:+.3}", degrees_from_phase(word, MAINS).0))
}

fn offset(register: Register, word: u16, gain: Option<u16>) -> String {
    match gain.map(|gain| amps_from_current_offset(word, gain)) {
        Some(Ok(amps)) => {
            t!("{amps} {unit} by the register's scale", amps = format_args!("{:+.4}", amps.0), unit = Amps::UNIT)
        }
        _ => words::meaning(register).to_owned(),
    }
}

fn quantity(register: Register) -> Option<Quantity> {
    let of_line = |line| {
        [
            Quantity::Irms(line),
            Quantity::Pmean(line),
            Quantity::Qmean(line),
            Quantity::Smean(line),
            Quantity::PowerFactor(line),
            Quantity::Angle(line),
        ]
    };
    let both = [Quantity::Urms, Quantity::Frequency];
    let all = both.into_iter().chain(of_line(Line::L)).chain(of_line(Line::N));
    all.into_iter().find(|quantity| quantity.register() == register)
}

fn measured(quantity: Quantity, word: u16, lsb: u16) -> String {
    let Some(number) = quantity.from_words(word, lsb) else { return t!("no measured value").to_owned() };
    match quantity {
        Quantity::Urms => Volts(number).to_string(),
        Quantity::Irms(_) => Amps(number).to_string(),
        Quantity::Pmean(_) => Watts(number).to_string(),
        Quantity::Qmean(_) => Vars(number).to_string(),
        Quantity::Smean(_) => VoltAmps(number).to_string(),
        Quantity::PowerFactor(_) => t!("PF {number}", number = format_args!("{number:.3}")),
        Quantity::Angle(_) => format!("{:.1}", Degrees(number)),
        Quantity::Frequency => Hertz(number).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::session::RegisterWord;

    fn told(register: Register, word: u16) -> String {
        let words = Register::ALL.map(|register| (register, RegisterWord { value: register.power_on(), lsb: 0 }));
        let others = Registers { words: words.into_iter().collect(), ..Registers::default() };
        meaning(register, word, &others)
    }

    #[test]
    fn words_in_words() {
        for (register, word, expected) in [
            (Register::SagTh, 0x1F2F, "sag below 181.9 V"),
            (Register::Lgain, 0x1D39, "+22.830 % L line energy"),
            (Register::Nphi, 0x8024, "N line current -0.316° at 50 Hz"),
            (Register::Ugain, 0x71D8, "+10.394 % against power-on"),
            (Register::PLconstL, 0xD174, "PL_Constant 1429876"),
            (Register::IoffsetN, 0xFFF0, "-0.0001 A by the register's scale"),
            (Register::CalStart, 0x6886, "after power-on, no metering"),
            (Register::AdjStart, 0x8765, "normal operation, measuring while CS2 is right"),
            (Register::AdjStart, 0x1234, "no command, no measuring"),
            (Register::SmallPMod, 0xA987, "small-power mode"),
            (Register::SysStatus, 0x0000, "checksums right, no events"),
            (Register::SysStatus, 0xC022, "CS1 wrong, active direction changed, voltage sagged"),
            (Register::SysStatus, 0x1080, "CS2 not known, code 01, metered line changed"),
            (Register::FuncEn, 0x000C, "watches reverse reactive energy, reverse active energy"),
            (Register::FuncEn, 0x0000, "nothing watched"),
            (
                Register::EnStatus,
                0xC801,
                "no reactive load, no active load, reactive energy forward, active energy forward, L line metered, \
                 pins: L line",
            ),
            (
                Register::MMode,
                0x7422,
                "Lgain ×24, Ngain ×1, LNSel L, DisHPF both filters on, Amod forward and reverse, \
                 Rmod forward and reverse, Zxcon all crossings, Pthresh 3.125 %",
            ),
            (Register::APenergy, 15, "1.5 pulses"),
            (Register::Urms, 23_998, "239.98 V"),
            (Register::Urms, 0xFFFF, "no measured value"),
            (Register::Pmean2, 0xFFF6, "-10.0 W"),
            (Register::PowerF, 0x83E8, "PF -1.000"),
            (Register::Pangle, 0x8258, "-60.0 °"),
            (Register::PStartTh, 0x08BD, "Active start-up power threshold"),
        ] {
            assert_eq!(told(register, word), expected, "{register} {word:04X}");
        }
    }

    #[test]
    fn every_word_of_every_register_has_a_meaning() {
        for register in Register::ALL {
            for word in [0, 1, 0x7FFF, 0x8000, 0xFFFF, register.power_on()] {
                assert!(!told(register, word).is_empty(), "{register}");
                assert!(!meaning(register, word, &Registers::default()).is_empty(), "{register}");
            }
        }
    }

    #[test]
    fn numbers_follow_the_encoding() {
        for (register, word, expected) in [
            (Register::Ugain, 0x71D8, "29144"),
            (Register::Lgain, 0xFFFF, "-1"),
            (Register::Lphi, 0xFC24, "-36"),
            (Register::PowerF, 0x83E8, "-1000"),
            (Register::MMode, 0x9422, ""),
        ] {
            assert_eq!(number(register, word), expected);
        }
    }
}
