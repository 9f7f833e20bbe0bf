//! The operator at a bench without a wire, played from a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::*;
use crate::clock::VirtualClock;
use crate::operator::{Answer, Operator};
use crate::reference::PowerFactor;
use crate::units::Hertz;

struct Script {
    answers: Mutex<VecDeque<&'static str>>,
    said: Mutex<Vec<String>>,
}

impl Operator for Script {
    fn tell(&self, message: &str) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).push(message.to_owned());
    }

    fn ask(&self, prompt: &Prompt) -> Result<Answer, OperatorError> {
        prompt.problem.iter().for_each(|problem| self.tell(problem));
        self.tell(&prompt.question);
        let next = || self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        prompt.read_until(|problem| self.tell(problem), || next().map(str::to_owned).ok_or(OperatorError::Absent))
    }
}

impl Script {
    fn said(&self) -> Vec<String> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn bench(answers: &[&'static str]) -> (BenchServices, Arc<Script>) {
    let script =
        Arc::new(Script { answers: Mutex::new(answers.iter().copied().collect()), said: Mutex::new(Vec::new()) });
    let operator: Arc<dyn Operator> = Arc::<Script>::clone(&script);
    (BenchServices { clock: VirtualClock::shared(None), operator }, script)
}

fn reference(url: &str, answers: &[&'static str]) -> (ManualReference, Arc<Script>) {
    let (services, script) = bench(answers);
    (ManualReference::from_url(&url.parse().expect(url), services).expect(url), script)
}

const IB: LoadPoint = LoadPoint { u: Volts(240.0), i: Amps(5.0), pf: PowerFactor::UNITY, f: Hertz(50.0) };
const HALF: LoadPoint = LoadPoint { pf: PowerFactor::HALF_INDUCTIVE, ..IB };

#[test]
fn the_operator_types_what_the_reference_shows() {
    let (mut reference, _) = reference("manual:?model=FYL&serial=17", &["240,12", "5003 mA", "1.2009 kW"]);
    assert_eq!(reference.identify().expect("identity").serial, "17");
    assert!(reference.read().is_err(), "nothing was asked yet");
    reference.load_point_changed(&IB).expect("answers");
    let first = reference.read().expect("reading");
    let second = reference.read().expect("reading");
    assert_eq!((first.u, first.i, first.pf), (Volts(240.12), Amps(5.003), None));
    assert!((first.p.0 - 1200.9).abs() < 1e-9);
    assert!(second.at > first.at, "each reading is a fresh one");
}

#[test]
fn a_power_factor_says_that_it_is_one() {
    for answer in ["PF 0.5", "pf=0,5", "0.5L", "cos 0.5", "0.5 PF"] {
        let (mut reference, _) = reference("manual:", &["240", "5", answer]);
        reference.load_point_changed(&HALF).expect(answer);
        let reading = reference.read().expect("reading");
        assert_eq!((reading.p, reading.pf), (Watts(600.0), Some(0.5)), "{answer}");
    }
}

#[test]
fn nonsense_is_asked_again_but_not_for_ever() {
    let (mut first, script) =
        reference("manual:", &["", "nan", "240.1.2", "2,400.1", "240 V", "5", "1", "1.3 kW", "1198"]);
    first.load_point_changed(&IB).expect("in the end");
    assert_eq!(first.read().expect("reading").p, Watts(1198.0));
    let said = script.said().join("\n");
    for part in ["\"nan\" is not a number", "more than one decimal mark", "1 W is far", "more than U x I"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let (mut second, _) = reference("manual:", &["inf"; 9]);
    assert!(matches!(
        second.load_point_changed(&IB),
        Err(InstrumentError::Operator { source: OperatorError::Unreadable, .. })
    ));
    assert!(second.read().is_err(), "no values of another load point");
    let (mut third, _) = reference("manual:", &["240"]);
    assert!(matches!(third.load_point_changed(&IB), Err(InstrumentError::Operator { .. })));
}

#[test]
fn without_current_there_is_no_power_to_ask_for() {
    let (mut reference, script) = reference("manual:", &["240", "0"]);
    reference.load_point_changed(&LoadPoint { i: Amps(0.0), ..IB }).expect("two answers");
    assert_eq!(reference.read().expect("reading").p, Watts(0.0));
    assert_eq!(script.said().len(), 2);
}

#[test]
fn values_in_the_address_hold_for_one_load_point() {
    let (mut reference, script) = reference("manual:?u=240.1&i=5.003&pf=1", &["240", "5", "PF 0.5", ""]);
    reference.load_point_changed(&IB).expect("given");
    assert!(script.said().is_empty());
    assert!((reference.read().expect("reading").p.0 - 240.1 * 5.003).abs() < 1e-9);
    reference.load_point_changed(&HALF).expect("asked");
    assert_eq!(reference.read().expect("reading").p, Watts(600.0));
    reference.load_point_changed(&IB).expect("given again");
    assert_eq!(reference.read().expect("reading").u, Volts(240.1));
}

#[test]
fn values_of_another_load_point_are_refused() {
    let (mut reference, _) = reference("manual:?u=240.1&i=5.003&pf=1", &[]);
    assert!(matches!(reference.load_point_changed(&HALF), Err(InstrumentError::Typed { .. })));
    assert!(reference.read().is_err());
    for url in ["manual:?u=240", "manual:?u=240&i=5&p=1200&pf=1", "manual:?u=x&i=5&pf=1", "manual:?w=1", "manual:?e=99"]
    {
        let (services, _) = bench(&[]);
        assert!(ManualReference::from_url(&url.parse().expect(url), services).is_err(), "{url}");
    }
}

#[test]
fn the_source_is_set_by_the_operator() {
    let (services, script) = bench(&[""]);
    let mut source = ManualSource::new(services.clone(), Confirm::Enter);
    source.apply(&HALF).expect("Enter");
    assert!(source.apply(&HALF).is_err(), "nobody there");
    let mut source = ManualSource::new(services, Confirm::Reference);
    source.apply(&LoadPoint { i: Amps(0.0), ..IB }).expect("told");
    assert_eq!(source.switch_off().expect("nothing to fail"), Off::ByHand, "a person has to");
    assert_eq!(source.patience(), Duration::from_secs(600));
    let said = script.said();
    assert_eq!(said[0], "Set the source to 240.0 V, 5.000 A, PF 0.5L, 50.0 Hz, switched on");
    assert!(said[2].contains("current circuit open"), "{said:?}");
}
