//! Transcripts: what goes over the line, when, and what becomes of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::*;
use crate::clock::VirtualClock;
use crate::operator::{Answer, Operator, OperatorError, Prompt};
use crate::port::{Level, LineSettings, PortError, Signal};
use crate::profile::{load_instrument, parse, text_of};
use crate::reference::{PowerFactor, Side};
use crate::units::{Amps, Hertz, Volts, Watts};

mod bad_answers;
mod simulated;

const IDN: &str = "Meterbench,SIM-BENCH,SIMULATED-7,1\n";
const GOOD: &str = "2.400000E2,5.000000E0,6.000000E2,1.039230E3,1.200000E3,5.000000E-1,6.000000E1,5.000000E1\n";

/// One exchange: the command that must come, and what is answered after so many milliseconds.
type Exchange = (&'static str, Vec<(u64, Vec<u8>)>);

fn says(command: &'static str, answer: &str) -> Exchange {
    late(command, 5, answer)
}

fn late(command: &'static str, millis: u64, answer: &str) -> Exchange {
    (command, vec![(millis, answer.as_bytes().to_vec())])
}

fn silent(command: &'static str) -> Exchange {
    (command, Vec::new())
}

#[derive(Default)]
struct Transcript {
    script: VecDeque<Exchange>,
    sent: Vec<String>,
    /// Bytes on their way to the bench, by the moment they arrive.
    coming: Vec<(Moment, Vec<u8>)>,
    broken: bool,
}

#[derive(Clone)]
struct ScriptedPort {
    clock: SharedClock,
    transcript: Arc<Mutex<Transcript>>,
}

impl ScriptedPort {
    fn with<T>(&self, work: impl FnOnce(&mut Transcript) -> T) -> T {
        work(&mut self.transcript.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Port for ScriptedPort {
    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        let now = self.clock.now();
        self.with(|transcript| {
            if transcript.broken {
                return Err(PortError::Gone { port: "scripted".to_owned(), reason: "unplugged".to_owned() });
            }
            let command = String::from_utf8_lossy(bytes).trim_end().to_owned();
            let (expected, answers) = transcript.script.pop_front().unwrap_or_else(|| panic!("{command} is too much"));
            assert_eq!(command, expected);
            transcript.sent.push(command);
            for (millis, bytes) in answers {
                transcript.coming.push((now + Duration::from_millis(millis), bytes));
            }
            transcript.coming.sort_by_key(|(at, _)| *at);
            Ok(())
        })
    }

    fn read(&mut self, into: &mut [u8], deadline: Moment) -> Result<usize, PortError> {
        let next = self.with(|transcript| transcript.coming.first().map(|(at, _)| *at));
        match next {
            Some(at) if at <= deadline.max(self.clock.now()) => {
                self.clock.sleep_until(at);
                self.with(|transcript| {
                    let bytes = &mut transcript.coming[0].1;
                    let count = bytes.len().min(into.len());
                    into[..count].copy_from_slice(&bytes[..count]);
                    bytes.drain(..count);
                    if bytes.is_empty() {
                        transcript.coming.remove(0);
                    }
                    Ok(count)
                })
            }
            _ => {
                self.clock.sleep_until(deadline);
                Ok(0)
            }
        }
    }

    fn configure(&mut self, _line: LineSettings) -> Result<(), PortError> {
        Ok(())
    }

    fn set_signal(&mut self, _signal: Signal, _level: Level) -> Result<(), PortError> {
        Ok(())
    }
}

struct Nobody;

impl Operator for Nobody {
    fn tell(&self, _message: &str) {}
    fn ask(&self, _prompt: &Prompt) -> Result<Answer, OperatorError> {
        Err(OperatorError::Absent)
    }
}

struct Bench {
    link: ScpiLink,
    port: ScriptedPort,
}

impl Bench {
    fn new(profile: InstrumentProfile, script: Vec<Exchange>) -> Self {
        let clock = VirtualClock::shared(None);
        let transcript = Arc::new(Mutex::new(Transcript { script: script.into(), ..Transcript::default() }));
        let port = ScriptedPort { clock: Arc::clone(&clock), transcript };
        let services = BenchServices { clock, operator: Arc::new(Nobody) };
        Self { link: ScpiLink::new(Box::new(port.clone()), profile, &services), port }
    }

    fn of(name: &str, script: Vec<Exchange>) -> Self {
        Self::new(load_instrument(name).expect(name).profile, script)
    }

    /// The simulated bench, already identified.
    fn greeted(script: Vec<Exchange>) -> (Self, ScpiReference) {
        let mut whole = vec![says("*IDN?", IDN), silent("*CLS")];
        whole.extend(script);
        let bench = Self::of("meterbench-sim", whole);
        let mut reference = bench.link.reference().expect("[read]");
        assert!(reference.identify().expect("identity").simulated);
        (bench, reference)
    }

    fn finished(&self) {
        self.port.with(|transcript| assert!(transcript.script.is_empty(), "{:?}", transcript.script));
    }
}

fn volts(reading: Result<ReferenceReading, InstrumentError>) -> f64 {
    reading.expect("a reading").u.0
}

#[test]
fn a_reading_is_what_the_instrument_shows() {
    let (bench, mut reference) = Bench::greeted(vec![says("MEAS:ALL?", GOOD), says("MEAS:ALL?", GOOD)]);
    let first = reference.read().expect("reading");
    assert_eq!((first.u, first.i, first.p), (Volts(240.0), Amps(5.0), Watts(600.0)));
    assert_eq!((first.pf, first.f), (Some(0.5), Some(Hertz(50.0))));
    let second = reference.read().expect("reading");
    let apart = second.at.since(first.at);
    assert!(apart >= Duration::from_millis(190) && apart <= Duration::from_millis(210), "{apart:?}");
    bench.finished();
}

#[test]
fn an_answer_in_pieces_is_one_answer() {
    let (one, two) = GOOD.split_at(17);
    let pieces = ("MEAS:ALL?", vec![(5, one.as_bytes().to_vec()), (400, two.as_bytes().to_vec())]);
    let (_, mut reference) = Bench::greeted(vec![pieces]);
    assert_eq!(volts(reference.read()), 240.0);
}

#[test]
fn a_late_answer_is_never_that_of_the_next_question() {
    let old = GOOD.replace("2.400000E2", "1.000000E2");
    // The time-out is 1000 ms; the old answer comes after the next question was sent.
    let (bench, mut reference) =
        Bench::greeted(vec![late("MEAS:ALL?", 1010, &old), late("*IDN?", 30, IDN), says("MEAS:ALL?", GOOD)]);
    assert!(matches!(reference.read(), Err(InstrumentError::Silent { .. })));
    assert_eq!(volts(reference.read()), 240.0);
    bench.finished();
}

#[test]
fn a_late_answer_that_came_in_between_is_dropped() {
    let old = GOOD.replace("2.400000E2", "1.000000E2");
    let (bench, mut reference) =
        Bench::greeted(vec![late("MEAS:ALL?", 1500, &old), says("*IDN?", IDN), says("MEAS:ALL?", GOOD)]);
    assert!(reference.read().is_err());
    sleep(&*bench.port.clock, Duration::from_secs(2));
    assert_eq!(volts(reference.read()), 240.0);
    bench.finished();
}

#[test]
fn late_identifications_are_counted() {
    let old = GOOD.replace("2.400000E2", "1.000000E2");
    // Silence over two questions; then everything comes at once, in order, the last identification only after a while.
    let (bench, mut reference) = Bench::greeted(vec![
        late("MEAS:ALL?", 2100, &old),
        late("*IDN?", 1200, IDN),
        late("*IDN?", 300, IDN),
        // In order means after the last identification.
        late("MEAS:ALL?", 150, GOOD),
    ]);
    assert!(reference.read().is_err());
    assert!(matches!(reference.read(), Err(InstrumentError::Silent { .. })), "a late answer is no sign of life");
    assert_eq!(volts(reference.read()), 240.0);
    bench.finished();
}

#[test]
fn what_comes_unasked_is_dropped_and_the_step_regained() {
    let (bench, mut reference) = Bench::greeted(vec![
        says("MEAS:ALL?", &format!("{GOOD}{}", GOOD.replace("2.4", "1.0"))),
        says("*IDN?", IDN),
        says("MEAS:ALL?", GOOD),
    ]);
    assert_eq!(volts(reference.read()), 240.0);
    assert_eq!(volts(reference.read()), 240.0);
    bench.finished();
}

#[test]
fn another_instrument_is_refused() {
    let bench = Bench::of("zera-mt310s2", vec![says("*IDN?", IDN)]);
    let error = bench.link.reference().expect("[read]").identify().expect_err("not a ZERA");
    assert!(matches!(&error, InstrumentError::WrongInstrument { found, .. } if found.contains("SIM-BENCH")), "{error}");
    let bench = Bench::of("zera-mt310s2", vec![silent("*IDN?")]);
    let error = bench.link.reference().expect("[read]").identify().expect_err("nobody");
    assert!(error.to_string().contains("within 3000 ms"), "{error}");
}

#[test]
fn old_answers_before_the_first_question_are_dropped() {
    let bench = Bench::of("meterbench-sim", vec![says("*IDN?", IDN), silent("*CLS")]);
    bench.port.with(|transcript| transcript.coming.push((Moment::from_micros(30_000), GOOD.into())));
    let identity = bench.link.reference().expect("[read]").identify().expect("identity");
    assert_eq!((identity.model.as_str(), identity.serial.as_str()), ("SIM-BENCH", "SIMULATED-7"));
}

#[test]
fn a_line_that_broke_is_said_so() {
    let (bench, mut reference) = Bench::greeted(vec![]);
    bench.port.with(|transcript| transcript.broken = true);
    assert!(matches!(reference.read(), Err(InstrumentError::Port { .. })));
}

#[test]
fn the_golden_answer_of_the_gpm_8213() {
    let setup = load_instrument("gwinstek-gpm-8213").expect("shipped").profile.setup;
    let mut script = vec![says("*IDN?", "GWInstek,GPM-8213,GES913349,V1.05\r\n")];
    for command in &setup {
        let text: &'static str = Box::leak(command.text().to_owned().into_boxed_str());
        script.push(silent(text));
    }
    let line = "127.58E+00,240.02E-03,17.688E+00,30.622E+00,59.993E+00,0.5776E+00,24.997E+00,NAN\r\n";
    script.push(says(":NUM:NORM:VALUE?", line));
    let bench = Bench::of("gwinstek-gpm-8213", script);
    let mut reference = bench.link.reference().expect("[read]");
    let identity = reference.identify().expect("identity");
    assert_eq!((identity.serial.as_str(), identity.simulated), ("GES913349", false));
    let reading = reference.read().expect("reading");
    assert_eq!((reading.u.0, reading.i.0, reading.p.0), (127.58, 0.24002, 17.688));
    assert_eq!(
        (reading.pf, reading.q.map(|q| q.0), reading.f.map(|f| f.0)),
        (Some(0.5776), Some(24.997), Some(59.993))
    );
    bench.finished();
}

#[test]
fn the_golden_answer_of_the_zera() {
    let bench = Bench::of(
        "zera-mt310s2",
        vec![
            says("*IDN?", "ZERA GmbH Koenigswinter, MT310s2, R1.0.1\n"),
            silent("CONFIGURATION:RNG1:RNGAUTO 1;"),
            says("MEASURE:RMS1?", "RMS1:UL1:[V]:229.69;RMS1:UL2:[V]:1.5;RMS1:IL1:[A]:5.002;RMS1:IL2:[A]:0.0;\n"),
            says("MEASURE:POW1?", "POW1:P1:[W]:1148.3;POW1:P2:[W]:0.0;POW1:PS:[W]:1148.3;\n"),
            says("MEASURE:POW2?", "POW2:Q1:[Var]:12.5;POW2:Q2:[Var]:0;\n"),
            says("MEASURE:POW3?", "POW3:S1:[VA]:1148.9;\n"),
            says("MEASURE:RNG1:F?", "RNG1:F:[Hz]:50.01;\n"),
        ],
    );
    let mut reference = bench.link.reference().expect("[read]");
    let identity = reference.identify().expect("identity");
    assert_eq!((identity.model.as_str(), identity.version.as_str()), ("MT310s2", "R1.0.1"));
    let reading = reference.read().expect("reading");
    assert_eq!((reading.u.0, reading.i.0, reading.p.0), (229.69, 5.002, 1148.3));
    assert_eq!(reading.f, Some(Hertz(50.01)));
    bench.finished();
}

#[test]
fn a_reading_waits_until_the_instrument_has_a_new_one() {
    let setup = load_instrument("yokogawa-wt310").expect("shipped").profile.setup;
    let mut script = vec![says("*IDN?", "YOKOGAWA,WT310,C2PJ12345E,F1.03\n")];
    for command in &setup {
        let text: &'static str = Box::leak(command.text().to_owned().into_boxed_str());
        script.push(silent(text));
    }
    script.extend([says(":STAT:EESR?", "0\n"), says(":STAT:EESR?", "2\n"), says(":STAT:EESR?", "1\n")]);
    script.push(says(":NUM:NORM:VAL?", "240.0E+00,5.0E+00,1.2E+03,1.2E+03,NAN,NAN,NAN,50.0E+00\n"));
    let bench = Bench::of("yokogawa-wt310", script);
    let mut reference = bench.link.reference().expect("[read]");
    reference.identify().expect("identity");
    let reading = reference.read().expect("reading");
    assert_eq!((reading.p, reading.pf, reading.phase), (Watts(1200.0), None, None));
    bench.finished();
}

const HALF: LoadPoint = LoadPoint {
    u: Volts(240.0),
    i: Amps(5.0),
    pf: PowerFactor { magnitude: 0.5, side: Side::Capacitive },
    f: Hertz(50.0),
};

const NO_ERROR: &str = "0,\"No error\"\n";

#[test]
fn a_load_point_is_set_checked_and_switched_on() {
    let bench = Bench::of(
        "meterbench-sim",
        vec![
            says("*IDN?", IDN),
            silent("*CLS"),
            says("SYST:ERR?", "-113,\"of yesterday\"\n"),
            says("SYST:ERR?", NO_ERROR),
            says("SYST:ERR?", NO_ERROR),
            silent("SOUR:VOLT 240.000"),
            silent("SOUR:CURR 5.0000"),
            silent("SOUR:PHAS -60.000"),
            silent("SOUR:FREQ 50.000"),
            says("SYST:ERR?", NO_ERROR),
            silent("OUTP ON"),
            says("SYST:ERR?", NO_ERROR),
            silent("OUTP OFF"),
            says("SYST:ERR?", NO_ERROR),
        ],
    );
    let mut source = bench.link.source().expect("[source]");
    source.identify().expect("identity");
    let before = bench.port.clock.now();
    source.apply(&HALF).expect("set");
    assert!(bench.port.clock.now().since(before) >= Duration::from_secs(1), "settled");
    source.switch_off().expect("off");
    bench.finished();
}

#[test]
fn a_source_that_refuses_is_not_switched_on() {
    let (bench, _) = Bench::greeted(vec![
        silent("SOUR:VOLT 240.000"),
        silent("SOUR:CURR 5.0000"),
        silent("SOUR:PHAS -60.000"),
        silent("SOUR:FREQ 50.000"),
        says("SYST:ERR?", "-222,\"Data out of range\"\n"),
        says("SYST:ERR?", NO_ERROR),
    ]);
    let error = bench.link.source().expect("[source]").apply(&HALF).expect_err("refused");
    assert!(error.to_string().contains("-222"), "{error}");
    bench.finished();
}

#[test]
fn a_load_point_out_of_range_is_not_sent() {
    let (bench, _) = Bench::greeted(vec![]);
    let mut source = bench.link.source().expect("[source]");
    for point in [
        LoadPoint { u: Volts(301.0), ..HALF },
        LoadPoint { i: Amps(100.1), ..HALF },
        LoadPoint { u: Volts(f64::NAN), ..HALF },
        LoadPoint { i: Amps(-1.0), ..HALF },
        LoadPoint { f: Hertz(0.0), ..HALF },
    ] {
        assert!(matches!(source.apply(&point), Err(InstrumentError::OutOfRange { .. })), "{point:?}");
    }
    bench.finished();
}

#[test]
fn off_is_sent_even_when_nothing_answers() {
    let (bench, mut reference) = Bench::greeted(vec![silent("MEAS:ALL?"), silent("OUTP OFF"), silent("*IDN?")]);
    assert!(reference.read().is_err());
    let error = bench.link.source().expect("[source]").switch_off().expect_err("cannot be checked");
    assert!(matches!(error, InstrumentError::Silent { .. }), "{error}");
    bench.finished();
}

#[test]
fn commands_are_acknowledged_where_the_profile_says_so() {
    let (_, text) = text_of("meterbench-sim").expect("shipped");
    let text = text.replace("error_query = \"SYST:ERR?\"", "acknowledge = \"OK\"").replace("setup = [\"*CLS\"]", "");
    let profile = parse::<InstrumentProfile>(&text, "own.toml").expect("good").profile;
    let set = |answer| {
        vec![
            says("*IDN?", IDN),
            says("SOUR:VOLT 240.000", "OK\n"),
            says("SOUR:CURR 5.0000", "ok\n"),
            says("SOUR:PHAS -60.000", "OK\n"),
            says("SOUR:FREQ 50.000", "OK\n"),
            says("OUTP ON", answer),
        ]
    };
    let mut script = set("OK\n");
    // Off comes twice: at once, and again in step, so that its acknowledgement is known to be its own.
    script.extend([says("OUTP OFF", "OK\n"), says("*IDN?", IDN), says("OUTP OFF", "OK\n")]);
    let bench = Bench::new(profile.clone(), script);
    let mut source = bench.link.source().expect("[source]");
    source.identify().expect("identity");
    source.apply(&HALF).expect("set");
    source.switch_off().expect("off");
    bench.finished();
    let bench = Bench::new(profile, set("ERROR 3\n"));
    let mut source = bench.link.source().expect("[source]");
    source.identify().expect("identity");
    let error = source.apply(&HALF).expect_err("refused").to_string();
    assert!(error.contains("ERROR 3") && error.contains("OUTP ON"), "{error}");
}

#[test]
fn two_users_of_one_line_do_not_stop_the_clock() {
    let script = (0..20).map(|_| late("MEAS:ALL?", 300, GOOD)).collect();
    let (bench, reference) = Bench::greeted(script);
    let clock = Arc::clone(&bench.port.clock);
    let members = crate::clock::muster(&clock, 2);
    let second = bench.link.reference().expect("[read]");
    std::thread::scope(|scope| {
        for (member, mut reference) in members.into_iter().zip([reference, second]) {
            scope.spawn(move || {
                let _member = member;
                for _ in 0..10 {
                    assert_eq!(volts(reference.read()), 240.0);
                }
            });
        }
    });
    bench.finished();
}
