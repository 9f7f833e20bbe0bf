//! The procedure on the simulated bench: both lines and offsets, a person for a bench, and everything that can end a run.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod simulated;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use m90e26::Register;
use meterbench::load::LoadPoint;
use meterbench::meter::{BusStatistics, Meter, MeterError, Word};
use meterbench::operator::{Answer, Operator, OperatorError, Prompt};
use meterbench::port::PortError;
use meterbench::procedure::{Control, Event, Verdict};
use meterbench::profile::procedure::EnergyMethod;
use meterbench::profile::verification::Test;
use meterbench::reference::manual::{Confirm, ManualReference, ManualSource};
use meterbench::reference::{
    BenchServices, Identity, InstrumentError, Off, Reference, ReferenceReading, SWITCH_OFF, Source,
};
use meterbench::sim::world::{Mains, World};
use simulated::{Outcome, Setup, plan, run};

fn quiet() -> Control {
    Control::new(|_| {})
}

fn measured(outcome: &Outcome, name: &str, load_point: &str) -> f64 {
    let found = outcome
        .report
        .measurements
        .iter()
        .find(|measurement| measurement.name == name && measurement.load_point == load_point);
    found.unwrap_or_else(|| panic!("{name} at {load_point}")).value
}

#[test]
fn both_lines_with_offsets() {
    for seed in 1..=10 {
        let setup = Setup::new(&format!("sim:?seed={seed}&board=m90e26-l24"));
        let outcome = setup.run(&plan("m90e26-l24", "calibrate"), &quiet());
        assert_eq!(outcome.report.verdict, Verdict::Pass, "seed {seed}: {:?}", outcome.report.advice);
        assert_eq!(outcome.held, outcome.reported());
        for name in ["voltage_error", "current_error_L", "current_error_N", "energy_error_L", "energy_error_N"] {
            let error = measured(&outcome, name, "Un, Ib, PF 1.0");
            assert!(error.abs() < 0.03, "seed {seed}: {name} {error}");
        }
        assert_ne!(outcome.held.get(Register::IoffsetL), Ok(0), "the board has an offset");
    }
}

#[test]
fn an_ideal_board_gets_the_gains_it_was_built_with() {
    let outcome = run("sim:?seed=1&unrest=0", "calibrate");
    assert_eq!(outcome.report.verdict, Verdict::Pass);
    assert_eq!(outcome.held.get(Register::Ugain), Ok(29_144));
    assert_eq!(outcome.held.get(Register::IgainN), Ok(3926));
    assert_eq!(outcome.held.get(Register::Nphi), Ok(0));
    // 22.2 mV on paper, 18.6 % less on the board.
    let gain = f64::from(outcome.held.get(Register::Ngain).expect("register")) / 32_768.0;
    assert!((gain - (1.0 / 0.8141 - 1.0)).abs() < 3e-5, "{gain}");
    assert_eq!(outcome.held.get(Register::Lgain), outcome.held.get(Register::Ngain), "mirrored");
}

#[test]
fn what_was_in_the_chip_is_kept_and_does_not_matter() {
    let setup = Setup::new("sim:?seed=3");
    setup.device.lock().chip().write(Register::Ugain.address(), 0x1234, 0.0);
    let outcome = setup.run(&plan("opensmartmeter-mt50", "calibrate"), &quiet());
    assert_eq!(outcome.report.verdict, Verdict::Pass);
    assert_eq!(outcome.report.registers_before["Ugain"], "0x1234");
    assert_eq!(outcome.held, run("sim:?seed=3", "calibrate").held);
}

#[test]
fn defects_are_told_apart() {
    for (defect, verdict, part) in [
        ("ct-reversed", Verdict::Fail, "backwards"),
        ("ct-wrong-line", Verdict::Fail, "N line"),
        ("ct-open", Verdict::Error, "N line"),
        ("burden-wrong", Verdict::Fail, "IgainN"),
        ("divider-open", Verdict::Error, " V where the reference shows"),
        // Readings that scatter do not stand still, or not well enough to be averaged.
        ("noisy", Verdict::Error, "% is"),
        ("drifting", Verdict::Error, "moves"),
        ("checksum-refused", Verdict::Error, "SysStatus"),
    ] {
        let outcome = run(&format!("sim:?seed=4&defect={defect}"), "calibrate");
        let advice = outcome.report.advice.expect("advice");
        assert_eq!(outcome.report.verdict, verdict, "{defect}: {advice:?}");
        assert!(advice.what.contains(part), "{defect}: {advice:?}");
        assert!(!outcome.source_on, "{defect}");
    }
}

#[test]
fn limits_decide() {
    let mut plan = plan("opensmartmeter-mt50", "calibrate-quick");
    for point in plan.procedure.profile.verify.iter_mut().filter_map(Test::accuracy_mut) {
        point.limits.current = point.limits.current.map(|_| meterbench::units::Percent(0.000_001));
    }
    let outcome = Setup::new("sim:?seed=5").run(&plan, &quiet());
    assert_eq!(outcome.report.verdict, Verdict::Fail);
    assert!(outcome.report.advice.is_none(), "nothing stopped it; a limit was missed");
    let failed: Vec<_> = outcome.report.steps.iter().filter(|step| step.verdict == Verdict::Fail).collect();
    assert_eq!(failed.len(), 1);
    assert!(failed[0].title.starts_with("Verify"));
}

#[test]
fn cancelled_in_every_step() {
    let plan = plan("opensmartmeter-mt50", "calibrate");
    for wanted in 0..plan.steps().len() {
        let control: Arc<OnceLock<Arc<Control>>> = Arc::new(OnceLock::new());
        let inside = control.clone();
        let cancelling = Arc::new(Control::new(move |event| {
            if matches!(event, Event::StepStarted { step, .. } if step == wanted) {
                inside.get().expect("set").cancel();
            }
        }));
        control.set(cancelling.clone()).unwrap_or_else(|_| panic!("set once"));
        let outcome = Setup::new("sim:?seed=6").run(&plan, &cancelling);
        assert_eq!(outcome.report.verdict, Verdict::Aborted, "step {wanted}");
        assert_eq!(outcome.report.steps.len(), wanted + 1);
        assert!(!outcome.source_on, "step {wanted}");
        if wanted == 0 {
            assert!(outcome.report.registers.is_empty(), "nothing was read");
        } else {
            assert_eq!(outcome.held, outcome.reported(), "step {wanted}: the report says what the chip holds");
        }
    }
}

#[test]
fn a_cancel_in_the_middle_leaves_no_divided_pl_constant() {
    let plan = plan("opensmartmeter-mt50", "calibrate");
    let initial = plan.initial_registers().expect("profile").pl_constant();
    let control: Arc<OnceLock<Arc<Control>>> = Arc::new(OnceLock::new());
    let inside = control.clone();
    // Energy goes on while the register is followed: PL_Constant is divided then.
    let cancelling = Arc::new(Control::new(move |event| {
        if matches!(&event, Event::StepProgress { step: 3, detail, .. } if detail.contains("Energy error")) {
            inside.get().expect("set").cancel();
        }
    }));
    control.set(cancelling.clone()).unwrap_or_else(|_| panic!("set once"));
    let outcome = Setup::new("sim:?seed=6").run(&plan, &cancelling);
    assert_eq!(outcome.report.verdict, Verdict::Aborted);
    assert_eq!(outcome.held.pl_constant(), initial);
}

#[test]
fn noise_that_passes_as_stable_is_still_too_uncertain() {
    let mut plan = plan("opensmartmeter-mt50", "calibrate");
    plan.procedure.profile.stability.tolerance = meterbench::units::Percent(10.0);
    let outcome = Setup::new("sim:?seed=6&defect=noisy").run(&plan, &quiet());
    assert_eq!(outcome.report.verdict, Verdict::Error);
    assert!(outcome.report.advice.expect("advice").what.contains("is known to"));
}

/// A meter that does something else at its n-th read.
struct Treacherous {
    inner: Box<dyn Meter>,
    reads: u32,
    at: u32,
    act: fn() -> Result<Word, MeterError>,
}

impl Meter for Treacherous {
    fn connect(&mut self) -> Result<(), MeterError> {
        self.inner.connect()
    }

    fn read(&mut self, register: Register) -> Result<Word, MeterError> {
        self.reads += 1;
        if self.reads == self.at { (self.act)() } else { self.inner.read(register) }
    }

    fn write(&mut self, register: Register, value: u16) -> Result<(), MeterError> {
        self.inner.write(register, value)
    }

    fn bus(&self) -> BusStatistics {
        self.inner.bus()
    }
}

#[test]
fn a_worker_that_panics_leaves_no_source_on() {
    for at in [1, 40, 400, 3000] {
        let mut setup = Setup::new("sim:?seed=6");
        setup.meter = Box::new(Treacherous { inner: setup.meter, reads: 0, at, act: || panic!("on purpose") });
        let outcome = setup.run(&plan("opensmartmeter-mt50", "calibrate"), &quiet());
        assert_eq!(outcome.report.verdict, Verdict::Error);
        assert!(!outcome.source_on);
    }
}

#[test]
fn all_ones_are_no_reading() {
    // What a dead line reads: the stock firmware takes it for a value.
    let mut errors = 0;
    for at in 45..60 {
        let mut setup = Setup::new("sim:?seed=6");
        let all_ones =
            || Ok(Word { value: 0xFFFF, at: meterbench::clock::Moment::START, by: meterbench::clock::Moment::START });
        setup.meter = Box::new(Treacherous { inner: setup.meter, reads: 0, at, act: all_ones });
        let outcome = setup.run(&plan("opensmartmeter-mt50", "calibrate"), &quiet());
        if outcome.report.verdict == Verdict::Pass {
            // An LSB word of all ones is a number like others.
            let error = measured(&outcome, "voltage_error", "Un, Ib, PF 1.0");
            assert!(error.abs() < 0.05, "read {at}: {error}");
        } else {
            assert_eq!(outcome.report.verdict, Verdict::Error, "read {at}");
            errors += 1;
        }
    }
    assert!(errors >= 5, "{errors}");
}

struct Reluctant {
    inner: Box<dyn Source>,
    refusals: u32,
}

impl Source for Reluctant {
    fn identify(&mut self) -> Result<Identity, InstrumentError> {
        self.inner.identify()
    }

    fn apply(&mut self, point: &LoadPoint) -> Result<(), InstrumentError> {
        self.inner.apply(point)
    }

    fn switch_off(&mut self) -> Result<Off, InstrumentError> {
        if self.refusals > 0 {
            self.refusals -= 1;
            let source = PortError::Gone { port: "source".to_owned(), reason: "test".to_owned() };
            return Err(InstrumentError::Port { instrument: "source".to_owned(), source });
        }
        self.inner.switch_off()
    }

    fn patience(&self) -> std::time::Duration {
        self.inner.patience()
    }
}

#[test]
fn a_source_that_was_never_on_does_not_hide_what_happened() {
    let mut setup = Setup::new("sim:?seed=6&gone_at=0");
    setup.source = Box::new(Reluctant { inner: setup.source, refusals: 1000 });
    let outcome = setup.run(&plan("opensmartmeter-mt50", "calibrate-quick"), &quiet());
    assert_eq!(outcome.report.verdict, Verdict::Error);
    assert!(outcome.report.advice.expect("advice").what.contains("unplugged"));
}

#[test]
fn a_source_that_does_not_go_off_is_no_pass() {
    let reluctant = |refusals| {
        let mut setup = Setup::new("sim:?seed=6");
        setup.source = Box::new(Reluctant { inner: setup.source, refusals });
        setup.run(&plan("opensmartmeter-mt50", "calibrate-quick"), &quiet())
    };
    let outcome = reluctant(2);
    assert_eq!((outcome.report.verdict, outcome.source_on), (Verdict::Pass, false), "tried again");
    let outcome = reluctant(1000);
    assert_eq!(outcome.report.verdict, Verdict::Error);
    assert!(outcome.report.advice.expect("advice").next.contains("by hand NOW"));
}

struct Failing {
    inner: Box<dyn Reference>,
    left: u32,
    panics: bool,
}

impl Reference for Failing {
    fn identify(&mut self) -> Result<Identity, InstrumentError> {
        self.inner.identify()
    }

    fn read(&mut self) -> Result<ReferenceReading, InstrumentError> {
        assert!(self.left > 0 || !self.panics, "on purpose");
        if self.left == 0 {
            return Err(InstrumentError::Silent {
                instrument: "reference".to_owned(),
                command: "MEAS?".to_owned(),
                waited_millis: 1,
            });
        }
        self.left -= 1;
        self.inner.read()
    }

    fn load_point_changed(&mut self, point: &LoadPoint) -> Result<(), InstrumentError> {
        self.inner.load_point_changed(point)
    }
}

#[test]
fn a_reference_that_falls_silent_ends_the_run() {
    for (left, panics) in [(0, false), (3, false), (60, true), (200, false), (400, true)] {
        let mut setup = Setup::new("sim:?seed=6");
        setup.reference = Box::new(Failing { inner: setup.reference, left, panics });
        let outcome = setup.run(&plan("opensmartmeter-mt50", "calibrate"), &quiet());
        assert_eq!(outcome.report.verdict, Verdict::Error, "after {left} readings");
        assert!(!outcome.source_on);
        assert!(outcome.report.advice.expect("advice").what.contains("reference"));
    }
}

/// A person who sets the wires as told and reads them off.
struct Person {
    world: Mutex<Option<World>>,
    now: Mutex<Option<meterbench::clock::SharedClock>>,
    asked: AtomicU32,
}

impl Person {
    fn set(&self, text: &str) {
        let number = |unit: &str| {
            let before = text.split(unit).next().unwrap_or_default();
            before.rsplit([' ', ',']).find_map(|word| word.parse::<f64>().ok())
        };
        let clock = self.now.lock().expect("lock").clone().expect("clock");
        let world = self.world.lock().expect("lock").clone().expect("world");
        let secs = clock.now().secs();
        if text.starts_with("Set the source") {
            let phi = if text.contains("PF 0.5L") { 60.0 } else { 0.0 };
            let i = if text.contains("open") { 0.0 } else { number(" A").expect("amps") };
            world.set(secs, |mains| *mains = Mains { u: number(" V").expect("volts"), i, phi, f: 50.0 });
            world.switch(secs, true);
        } else if text == SWITCH_OFF {
            world.switch(secs, false);
        }
    }
}

/// A run whose person does what it asks for at its end.
fn heeded(person: &Arc<Person>) -> Control {
    let person = Arc::clone(person);
    Control::new(move |event| {
        if matches!(event, Event::SwitchOffByHand) {
            person.set(SWITCH_OFF);
        }
    })
}

impl Operator for Person {
    fn tell(&self, message: &str) {
        self.set(message);
    }

    fn ask(&self, prompt: &Prompt) -> Result<Answer, OperatorError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.set(&prompt.question);
        // A reference that takes its time to show a settled value.
        let clock = self.now.lock().expect("lock").clone().expect("clock");
        let mains = self.world.lock().expect("lock").clone().expect("world").at(clock.now().secs() + 60.0);
        let typed = match prompt.question.as_str() {
            text if text.starts_with("U as") => format!("{:.3}", mains.u),
            text if text.starts_with("I as") => format!("{:.4}", mains.i).replace('.', ","),
            text if text.starts_with("P as") => format!("{:.2} W", mains.p()),
            text if text.contains("energy error") => {
                self.asked.fetch_add(1000, Ordering::Relaxed);
                if text.contains("0.5L") { "-0.3".to_owned() } else { "-16.08".to_owned() }
            }
            _ => String::new(),
        };
        prompt.read(&typed).map_err(|_| OperatorError::Unreadable)
    }
}

fn by_hand(setup: &mut Setup) -> Arc<Person> {
    let person = Arc::new(Person {
        world: Mutex::new(Some(setup.station.world().clone())),
        now: Mutex::new(Some(setup.clock.clone())),
        asked: AtomicU32::new(0),
    });
    setup.operator = person.clone();
    person
}

#[test]
fn a_person_sets_and_reads_the_whole_bench() {
    let mut setup = Setup::new("sim:?seed=6&unrest=0.2");
    let person = by_hand(&mut setup);
    let services = BenchServices { clock: setup.clock.clone(), operator: person.clone() };
    setup.reference = Box::new(
        ManualReference::from_url(&"manual:?model=FYL".parse().expect("address"), services.clone()).expect("address"),
    );
    setup.source = Box::new(ManualSource::new(services, Confirm::Enter));
    let outcome = setup.run(&plan("opensmartmeter-mt50", "calibrate"), &heeded(&person));
    assert_eq!(outcome.report.verdict, Verdict::Pass, "{:?}", outcome.report.advice);
    assert!(!outcome.source_on, "told to switch off, and did");
    // PF 1, PF 0.5L, and PF 1 again: the verification begins where the calibration ended.
    assert_eq!(person.asked.load(Ordering::Relaxed), 3 * 4, "source, U, I and P at each load point");
}

#[test]
fn without_a_source_the_run_goes_on_when_the_reference_shows_the_point() {
    let mut setup = Setup::new("sim:?seed=6");
    let person = by_hand(&mut setup);
    let services = BenchServices { clock: setup.clock.clone(), operator: person.clone() };
    setup.source = Box::new(ManualSource::new(services, Confirm::Reference));
    let outcome = setup.run(&plan("opensmartmeter-mt50", "calibrate-quick"), &heeded(&person));
    assert_eq!(outcome.report.verdict, Verdict::Pass, "{:?}", outcome.report.advice);
    assert_eq!(person.asked.load(Ordering::Relaxed), 0, "told, not asked");
    assert!(!outcome.source_on);
}

#[test]
fn the_energy_error_may_be_read_off_the_benchs_display() {
    let mut setup = Setup::new("sim:?seed=7&unrest=0");
    let person = by_hand(&mut setup);
    let mut plan = plan("opensmartmeter-mt50", "calibrate-quick");
    plan.procedure.profile.energy.method = EnergyMethod::Displayed;
    let outcome = setup.run(&plan, &quiet());
    // What is displayed decides, also in the verification: this person always reads the same.
    assert_eq!(outcome.report.verdict, Verdict::Fail);
    let gain = f64::from(outcome.held.get(Register::Ngain).expect("register").cast_signed()) / 32_768.0;
    assert!((gain - 0.1916).abs() < 0.002, "{gain}");
    assert!(person.asked.load(Ordering::Relaxed) >= 4000, "asked four times");
    let shown = outcome.report.measurements.iter().filter(|done| done.method == "displayed by the bench").count();
    assert_eq!(shown, 4);
}
