//! The simulated bench as an instrument: lines of text in, lines of text out, in the way of SCPI.
//!
//! What it understands is what the profile `meterbench-sim` sends. It knows no port, no clock and no physics: those come from
//! whoever serves it and from the [`BenchModel`].

use std::collections::VecDeque;

/// Greatest values it agrees to supply; the profile states the same.
const MAX_VOLTS: f64 = 300.0;
const MAX_AMPS: f64 = 100.0;

/// Longest command.
const LONGEST_LINE: usize = 256;

/// Errors kept; the last one then says that some were lost (SCPI-99).
const QUEUE: usize = 16;

/// SCPI's number for "not a number" (SCPI-99).
const NOT_A_NUMBER: &str = "9.91E+37";

/// What the simulated reference shows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SimReadings {
    /// Voltage.
    pub u_volts: f64,
    /// Current.
    pub i_amps: f64,
    /// Active power.
    pub p_watts: f64,
    /// Reactive power, inductive positive.
    pub q_vars: f64,
    /// Apparent power.
    pub s_volt_amps: f64,
    /// Power factor; none without current.
    pub pf: Option<f64>,
    /// Phase angle, inductive positive; none without current.
    pub phase_degrees: Option<f64>,
    /// Frequency; none without voltage.
    pub f_hertz: Option<f64>,
}

/// What the simulated source is told to supply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimSetting {
    /// Voltage.
    pub u_volts: f64,
    /// Current; 0 is the open circuit.
    pub i_amps: f64,
    /// Phase angle, inductive positive.
    pub phase_degrees: f64,
    /// Frequency.
    pub f_hertz: f64,
}

/// The physics behind the instrument.
pub trait BenchModel {
    /// A fresh reading.
    fn read(&mut self) -> SimReadings;
    /// One value of the setting was changed; while switched on, the outputs follow at once.
    fn set(&mut self, setting: SimSetting);
    /// Switches the outputs on.
    fn on(&mut self);
    /// Switches the outputs off.
    fn off(&mut self);
}

/// The instrument's side of the conversation.
#[derive(Debug)]
pub struct ScpiInstrument<M> {
    model: M,
    seed: u64,
    setting: SimSetting,
    line: Vec<u8>,
    /// The line is too long: everything up to its end is dropped.
    overrun: bool,
    errors: VecDeque<(i16, &'static str)>,
}

impl<M: BenchModel> ScpiInstrument<M> {
    /// An instrument just switched on: outputs off, nothing set. The seed is its serial number.
    pub fn new(model: M, seed: u64) -> Self {
        let setting = SimSetting { u_volts: 0.0, i_amps: 0.0, phase_degrees: 0.0, f_hertz: 50.0 };
        Self { model, seed, setting, line: Vec::new(), overrun: false, errors: VecDeque::new() }
    }

    /// Takes bytes as they come and appends the answers to `out`.
    pub fn on_bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for byte in bytes {
            match byte {
                b'\n' => self.end_of_line(out),
                _ if self.line.len() >= LONGEST_LINE => self.overrun = true,
                _ => self.line.push(*byte),
            }
        }
    }

    /// The physics.
    pub fn model(&mut self) -> &mut M {
        &mut self.model
    }

    fn end_of_line(&mut self, out: &mut Vec<u8>) {
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.overrun) {
            self.error(-363, "Input buffer overrun");
            return;
        }
        let text = String::from_utf8_lossy(&line).trim().to_ascii_uppercase();
        if text.is_empty() {
            return;
        }
        let (header, parameter) = text.split_once(char::is_whitespace).unwrap_or((&text, ""));
        if let Some(answer) = self.command(header.trim_start_matches(':'), parameter.trim()) {
            out.extend_from_slice(answer.as_bytes());
            out.push(b'\n');
        }
    }

    fn command(&mut self, header: &str, parameter: &str) -> Option<String> {
        match (header, parameter) {
            ("*IDN?", "") => return Some(format!("Meterbench,SIM-BENCH,SIMULATED-{},1", self.seed)),
            ("*OPC?", "") => return Some("1".to_owned()),
            ("SYST:ERR?", "") => {
                let (code, text) = self.errors.pop_front().unwrap_or((0, "No error"));
                return Some(format!("{code},\"{text}\""));
            }
            ("MEAS:ALL?", "") => return Some(self.measure()),
            ("*CLS", "") => self.errors.clear(),
            ("OUTP", "ON" | "1") => self.model.on(),
            ("OUTP", "OFF" | "0") => self.model.off(),
            ("OUTP", _) => self.error(-224, "Illegal parameter value"),
            ("SOUR:VOLT", value) => self.set(value, 0.0, MAX_VOLTS, |setting, u| setting.u_volts = u),
            ("SOUR:CURR", value) => self.set(value, 0.0, MAX_AMPS, |setting, i| setting.i_amps = i),
            ("SOUR:PHAS", value) => self.set(value, -180.0, 180.0, |setting, phase| setting.phase_degrees = phase),
            ("SOUR:FREQ", value) => self.set(value, 45.0, 65.0, |setting, f| setting.f_hertz = f),
            ("*IDN?" | "*OPC?" | "SYST:ERR?" | "MEAS:ALL?" | "*CLS", _) => self.error(-108, "Parameter not allowed"),
            _ => self.error(-113, "Undefined header"),
        }
        None
    }

    fn set(&mut self, value: &str, low: f64, high: f64, put: impl FnOnce(&mut SimSetting, f64)) {
        match value.parse::<f64>() {
            Ok(value) if (low..=high).contains(&value) => {
                put(&mut self.setting, value);
                self.model.set(self.setting);
            }
            Ok(_) => self.error(-222, "Data out of range"),
            Err(_) if value.is_empty() => self.error(-109, "Missing parameter"),
            Err(_) => self.error(-104, "Data type error"),
        }
    }

    fn measure(&mut self) -> String {
        let now = self.model.read();
        let fields = [
            Some(now.u_volts),
            Some(now.i_amps),
            Some(now.p_watts),
            Some(now.q_vars),
            Some(now.s_volt_amps),
            now.pf,
            now.phase_degrees,
            now.f_hertz,
        ];
        let texts = fields.map(|value| match value.filter(|value| value.is_finite()) {
            Some(value) => format!("{value:.6E}"),
            None => NOT_A_NUMBER.to_owned(),
        });
        texts.join(",")
    }

    fn error(&mut self, code: i16, text: &'static str) {
        if self.errors.len() < QUEUE {
            self.errors.push_back((code, text));
        } else if let Some(last) = self.errors.back_mut() {
            *last = (-350, "Queue overflow");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Noted {
        on: bool,
        set: Option<SimSetting>,
    }

    impl BenchModel for Noted {
        fn read(&mut self) -> SimReadings {
            let u_volts = if self.on { self.set.map_or(0.0, |set| set.u_volts) } else { 0.0 };
            SimReadings { u_volts, ..SimReadings::default() }
        }
        fn set(&mut self, setting: SimSetting) {
            self.set = Some(setting);
        }
        fn on(&mut self) {
            self.on = true;
        }
        fn off(&mut self) {
            self.on = false;
        }
    }

    fn ask(instrument: &mut ScpiInstrument<Noted>, lines: &str) -> String {
        let mut out = Vec::new();
        // Byte by byte: a line may arrive in any pieces.
        for byte in lines.bytes() {
            instrument.on_bytes(&[byte], &mut out);
        }
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn it_is_set_switched_and_read() {
        let mut instrument = ScpiInstrument::new(Noted::default(), 7);
        assert_eq!(ask(&mut instrument, "*IDN?\n"), "Meterbench,SIM-BENCH,SIMULATED-7,1\n");
        assert_eq!(ask(&mut instrument, "SOUR:VOLT 240.000\r\n:sour:phas -60\nOUTP ON\n"), "");
        assert!(instrument.model().on);
        let set = instrument.model().set.expect("set");
        assert_eq!((set.u_volts, set.phase_degrees, set.f_hertz), (240.0, -60.0, 50.0));
        let shown = ask(&mut instrument, "MEAS:ALL?\n");
        assert!(shown.starts_with("2.400000E2,0.000000E0,"), "{shown}");
        assert!(shown.ends_with(",9.91E+37,9.91E+37,9.91E+37\n"), "{shown}");
        assert_eq!(ask(&mut instrument, "OUTP OFF\nSYST:ERR?\n"), "0,\"No error\"\n");
        assert!(!instrument.model().on);
    }

    #[test]
    fn what_it_does_not_take_stands_in_its_errors() {
        let mut instrument = ScpiInstrument::new(Noted::default(), 7);
        let long = "X".repeat(300);
        for (line, code) in [
            ("SOUR:VOLT 301", "-222"),
            ("SOUR:VOLT nan", "-222"),
            ("SOUR:VOLT x", "-104"),
            ("SOUR:VOLT", "-109"),
            ("VOLT 240", "-113"),
            ("OUTP MAYBE", "-224"),
            ("*IDN? 1", "-108"),
            (long.as_str(), "-363"),
        ] {
            let answer = ask(&mut instrument, &format!("{line}\nSYST:ERR?\nSYST:ERR?\n"));
            assert!(answer.starts_with(code) && answer.ends_with("0,\"No error\"\n"), "{line}: {answer}");
        }
        assert_eq!(instrument.model().set, None);
        ask(&mut instrument, &"BAD\n".repeat(40));
        let answers = ask(&mut instrument, &"SYST:ERR?\n".repeat(17));
        assert!(answers.contains("-350") && answers.ends_with("0,\"No error\"\n"), "{answers}");
    }
}
