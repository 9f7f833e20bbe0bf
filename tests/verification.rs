//! Each kind of test: a good unit passes, a defective one fails with its reason in words, a silent one is an ERROR.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod firmware_rig;
mod service_port;
mod simulated;
mod verifying;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use m90e26::{Line, Register};
use meter_interface::block::{Block, Ratio, Text};
use meterbench::meter::service::ServiceMeter;
use meterbench::meter::{BusStatistics, Meter, MeterError, Reach, Word};
use meterbench::operator::{Answer, Operator, OperatorError, Prompt};
use meterbench::procedure::{Control, Event, RunReport, Verdict};
use meterbench::profile::{self, Procedure};
use meterbench::sim::calibrated;
use service_port::{LineFaults, ServicePort};
use simulated::{Setup, plan};
use verifying::{DIAL, LOOK, SHORT_NO_LOAD, STARTING, detail, measured, of_entries, run, text_of_entries, verify};

const ACCURACY: &str = r#"
[[verify]]
name = "Ib"
u_of_un = 1.0
i_of_ib = 1.0
pf = "1.0"
limits = { energy_percent = 0.2, voltage_percent = 0.2, current_percent = 0.2 }
limit_source = "test"
repeats = 3
discards = 1
"#;

const REPEATABILITY: &str = r#"
[[verify]]
name = "Ib repeated"
kind = "repeatability"
u_of_un = 1.0
i_of_ib = 1.0
pf = "1.0"
repeats = 6
deviation_percent = 0.1
limit_source = "test"
"#;

const WARM_UP: &str = r#"
[[verify]]
name = "Ib warm"
kind = "warm-up"
u_of_un = 1.0
i_of_ib = 1.0
pf = "1.0"
duration_secs = 60
"#;

/// Without the readings, whose limits would tell first.
fn energy_alone() -> String {
    ACCURACY.replace(", voltage_percent = 0.2, current_percent = 0.2", "")
}

/// Passes on a good unit, with these values measured; ends as said with a defect; is an ERROR when the meter falls silent.
fn expect(entry: &str, defect: &str, (verdict, part): (Verdict, &str), silent_at: u32) {
    for seed in [3, 4, 5] {
        let good = verify(&format!("sim:?state=calibrated&seed={seed}"), entry);
        assert_eq!(good.verdict, Verdict::Pass, "seed {seed}: {:?} {:?}", good.advice, good.measurements);
        let bad = verify(&format!("sim:?state=calibrated&seed={seed}&defect={defect}"), entry);
        let words = format!("{} {}", detail(&bad), bad.advice.as_ref().map_or("", |advice| advice.what.as_str()));
        assert_eq!(bad.verdict, verdict, "{defect}: {words} {:?}", bad.measurements);
        assert!(words.contains(part), "{defect}: {words}");
    }
    let silent = verify(&format!("sim:?state=calibrated&seed=3&silent_at={silent_at}"), entry);
    assert_eq!(silent.verdict, Verdict::Error, "{:?}", silent.measurements);
    assert!(silent.advice.expect("advice").what.contains("answer"));
}

#[test]
fn errors_at_a_load_point() {
    expect(ACCURACY, "burden-wrong", (Verdict::Fail, "energy -"), 8);
    expect(ACCURACY, "ct-reversed", (Verdict::Fail, "flows backwards"), 12);
    let report = verify("sim:?state=calibrated&seed=3", ACCURACY);
    let single: Vec<f64> = (1..=3).map(|number| measured(&report, &format!("energy_error_{number}")).value).collect();
    let mean = single.iter().sum::<f64>() / 3.0;
    let judged = measured(&report, "energy_error");
    assert!((judged.value - mean).abs() < 1e-12, "the mean is judged");
    assert_eq!((judged.lower, judged.upper, judged.limit_source.as_str()), (Some(-0.2), Some(0.2), "test"));
    let deviation = measured(&report, "energy_error_deviation");
    assert!(deviation.lower.is_none() && deviation.value < 0.02, "{deviation:?}");
    let rounded = measured(&report, "energy_error_rounded");
    assert!((rounded.value / 0.1 - (rounded.value / 0.1).round()).abs() < 1e-9 && rounded.lower.is_none());
    assert!(report.measurements.iter().all(|one| one.name != "energy_error_4"), "the discarded one does not count");
}

#[test]
fn what_is_wrong_from_the_start_or_moves_is_never_a_pass() {
    for (defect, part) in [
        ("chip-dead", "no answer"),
        ("checksum-refused", "SysStatus"),
        ("ct-open", "no energy"),
        ("divider-open", "no energy"),
    ] {
        let report = verify(&format!("sim:?state=calibrated&seed=4&defect={defect}"), &energy_alone());
        let words = report.advice.as_ref().map_or_else(|| detail(&report), |advice| advice.what.clone());
        assert_eq!(report.verdict, Verdict::Error, "{defect}: {words}");
        assert!(words.contains(part), "{defect}: {words}");
    }
    for defect in ["noisy", "drifting"] {
        let report = verify(&format!("sim:?state=calibrated&seed=4&defect={defect}"), ACCURACY);
        assert_eq!(report.verdict, Verdict::Error, "{defect}");
        // Readings that scatter do not stand still, or not well enough to be averaged.
        assert!(report.advice.expect("advice").what.contains("% is"), "{defect}");
    }
    let raw = verify("sim:?seed=4", ACCURACY);
    assert_eq!(raw.verdict, Verdict::Error);
    assert!(
        raw.advice.expect("advice").what.contains("CalStart reads 6886"),
        "nothing is calibrated, and nothing is written"
    );
}

#[test]
fn the_scatter_of_errors() {
    expect(REPEATABILITY, "unsteady", (Verdict::Fail, "s 0."), 12);
}

#[test]
fn energy_counted_against_energy() {
    expect(DIAL, "burden-wrong", (Verdict::Fail, "energy -"), 20);
    let report = verify("sim:?state=calibrated&seed=3", DIAL);
    let (pulses, error) = (measured(&report, "dial_pulses"), measured(&report, "dial_error"));
    assert!(pulses.value >= 100.0 && error.uncertainty.expect("known") < 0.0101, "{pulses:?} {error:?}");
}

#[test]
fn it_starts_and_goes_on() {
    expect(STARTING, "not-starting", (Verdict::Fail, "does not start"), 300);
    let report = verify("sim:?state=calibrated&seed=3", STARTING);
    // 240 V x 20 mA: an impulse of 1 Wh takes 750 s.
    let time = measured(&report, "starting_time");
    assert!((time.value - 750.0).abs() < 60.0 && time.upper == Some(900.0), "{time:?}");
    assert!(measured(&report, "starting_goes_on").value >= 2.0);
}

#[test]
fn nothing_is_registered_without_current() {
    expect(SHORT_NO_LOAD, "creeping", (Verdict::Fail, "creeps"), 60);
    let report = verify("sim:?state=calibrated&seed=3", SHORT_NO_LOAD);
    assert_eq!(measured(&report, "no_load_pulses").value, 0.0);
    // 60 x 10^6 / (1000 x 240 x 80) minutes.
    assert!((measured(&report, "no_load_time").value - 187.5).abs() < 5.0);
    // A chip that counts nothing because it is reset proves nothing.
    let reset = verify("sim:?state=calibrated&seed=3&reset_at=60", SHORT_NO_LOAD);
    assert_eq!(reset.verdict, Verdict::Error);
    assert!(reset.advice.expect("advice").what.contains("reset itself"));
}

#[test]
fn warming_up_judges_nothing_and_tells_what_remains() {
    let remain = Arc::new(AtomicUsize::new(0));
    let heard = Arc::clone(&remain);
    let control = Control::new(move |event| {
        if matches!(&event, Event::StepProgress { detail, .. } if detail.contains("remain")) {
            heard.fetch_add(1, Ordering::Relaxed);
        }
    });
    let setup = Setup::new("sim:?state=calibrated&seed=3&defect=burden-wrong");
    let report = setup.run(&of_entries(&format!("{WARM_UP}{SHORT_NO_LOAD}")), &control).report;
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.advice);
    assert!(report.measurements.iter().all(|one| one.name.starts_with("no_load")), "{:?}", report.measurements);
    assert!(remain.load(Ordering::Relaxed) >= 10);
    assert!(report.steps[1].duration_s >= 60.0);
    let alone = profile::parse::<Procedure>(&text_of_entries(WARM_UP), "test.toml").expect_err("it judges nothing");
    assert!(alone.to_string().contains("judges nothing"), "{alone}");
}

/// Answers one thing always.
struct Says(usize);

impl Operator for Says {
    fn tell(&self, _message: &str) {}
    fn ask(&self, prompt: &Prompt) -> Result<Answer, OperatorError> {
        assert!(prompt.read("").is_err(), "Enter alone answers nothing");
        Ok(Answer::Choice(self.0))
    }
}

#[test]
fn a_person_looks() {
    let asked = |operator: Arc<dyn Operator>| {
        let mut setup = Setup::new("sim:?seed=3&gone_at=0");
        setup.operator = operator;
        setup.run(&of_entries(LOOK), &Control::new(|_| {}))
    };
    let yes = asked(Arc::new(Says(0)));
    assert_eq!(yes.report.verdict, Verdict::Pass, "no meter is needed for it");
    assert!(!yes.source_on);
    assert_eq!(measured(&yes.report, "visual_check_2").limit_source, "Label readable?");
    let no = asked(Arc::new(Says(1)));
    assert_eq!(no.report.verdict, Verdict::Fail);
    assert!(detail(&no.report).contains("Housing whole?"));
    let nobody = asked(Arc::new(simulated::Nobody));
    assert_eq!(nobody.report.verdict, Verdict::Error, "a look that nobody took");
}

/// A link that writes nothing without being noticed, or that shows less.
struct Watched {
    inner: Box<dyn Meter>,
    writes: Arc<AtomicUsize>,
    reach: Reach,
}

impl Meter for Watched {
    fn connect(&mut self) -> Result<(), MeterError> {
        self.inner.connect()
    }
    fn read(&mut self, register: Register) -> Result<Word, MeterError> {
        self.inner.read(register)
    }
    fn write(&mut self, register: Register, value: u16) -> Result<(), MeterError> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.inner.write(register, value)
    }
    fn bus(&self) -> BusStatistics {
        self.inner.bus()
    }
    fn reach(&self) -> Reach {
        self.reach
    }
}

fn watched(address: &str, entries: &str, reach: Reach) -> (RunReport, usize, Vec<Event>) {
    let writes = Arc::new(AtomicUsize::new(0));
    let mut setup = Setup::new(address);
    let inner = std::mem::replace(&mut setup.meter, Box::new(Nothing));
    setup.meter = Box::new(Watched { inner, writes: writes.clone(), reach });
    let events = Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let control = Control::new(move |event| heard.lock().expect("whole").push(event));
    let report = setup.run(&of_entries(entries), &control).report;
    let events = std::mem::take(&mut *events.lock().expect("whole"));
    (report, writes.load(Ordering::Relaxed), events)
}

/// Stands in for a meter that was taken away.
struct Nothing;

impl Meter for Nothing {
    fn connect(&mut self) -> Result<(), MeterError> {
        Err(MeterError::NoRelay)
    }
    fn read(&mut self, _: Register) -> Result<Word, MeterError> {
        Err(MeterError::NoRelay)
    }
    fn write(&mut self, _: Register, _: u16) -> Result<(), MeterError> {
        Err(MeterError::NoRelay)
    }
    fn bus(&self) -> BusStatistics {
        BusStatistics::default()
    }
}

#[test]
fn a_verification_writes_nothing() {
    let entries = format!("{ACCURACY}{REPEATABILITY}{DIAL}{SHORT_NO_LOAD}{WARM_UP}");
    let whole = Reach::Chip;
    let (report, writes, _) = watched("sim:?state=calibrated&seed=3", &entries, whole);
    assert_eq!((report.verdict, writes), (Verdict::Pass, 0), "{:?}", report.advice);
    assert_eq!(report.registers, report.registers_before);
    let (report, writes, _) = watched("sim:?state=calibrated&seed=3&reset_at=12", &entries, whole);
    assert_eq!((report.verdict, writes), (Verdict::Error, 0), "not even after a reset");
}

#[test]
fn what_a_link_cannot_do_is_said_before_anything_is_switched_on() {
    let blind = Reach::Readings;
    for entry in [ACCURACY, REPEATABILITY, DIAL, STARTING, SHORT_NO_LOAD] {
        let (report, _, events) = watched("sim:?state=calibrated&seed=3", entry, blind);
        assert_eq!(report.verdict, Verdict::Error);
        assert!(report.advice.expect("advice").what.contains("cannot be done through this link"));
        assert!(!events.iter().any(|event| matches!(event, Event::LoadPoint { .. })), "the source stays off");
    }
    let readings = ACCURACY.replace("energy_percent = 0.2, ", "");
    let (report, _, _) = watched("sim:?state=calibrated&seed=3", &readings, blind);
    let advice = report.advice.expect("advice");
    assert!(advice.what.contains("current_error is known to"), "5 A in steps of 0.02 A do not prove 0.2 %: {advice:?}");
    let readings = readings.replace("current_percent = 0.2", "current_percent = 1.5");
    let (report, _, _) = watched("sim:?state=calibrated&seed=3", &readings, blind);
    assert_eq!(report.verdict, Verdict::Pass, "readings are readings: {:?}", report.advice);
    let (report, _, events) =
        watched("sim:?state=calibrated&seed=3", &ACCURACY.replace("i_of_ib = 1.0", "i_of_ib = 20.0"), Reach::Chip);
    assert_eq!(report.verdict, Verdict::Error);
    assert!(report.advice.expect("advice").what.contains("takes 96.0000 A at the most"), "100 A on an 80 A meter");
    assert!(!events.iter().any(|event| matches!(event, Event::LoadPoint { .. })), "the source stays off");
    let over_afe = run("sim:?state=calibrated&seed=3", &plan("opensmartmeter-mt50", "opensmartmeter-protections"));
    assert_eq!(over_afe.verdict, Verdict::Error);
    assert!(over_afe.advice.expect("advice").what.contains("relay"));
}

#[test]
fn results_stand_as_written_whatever_was_done_first() {
    let point = |name: &str, i: &str, pf: &str| {
        ACCURACY
            .replace("name = \"Ib\"", &format!("name = \"{name}\""))
            .replace("i_of_ib = 1.0", i)
            .replace("pf = \"1.0\"", &format!("pf = \"{pf}\""))
            .replace("repeats = 3\ndiscards = 1\n", "")
            .replace(", voltage_percent = 0.2, current_percent = 0.2", "")
    };
    let entries = [
        point("one", "i_of_ib = 1.0", "1.0"),
        point("two", "i_of_imax = 1.0", "0.5L"),
        point("three", "i_of_ib = 1.0", "0.5L"),
        point("four", "i_of_imax = 1.0", "1.0"),
    ]
    .concat();
    let report = verify("sim:?state=calibrated&seed=3", &entries);
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.advice);
    let mut names: Vec<&str> = report.measurements.iter().map(|one| one.load_point.as_str()).collect();
    names.dedup();
    assert_eq!(names, ["one", "two", "three", "four"]);
    let done: Vec<&str> = report.steps[1..].iter().map(|step| step.title.as_str()).collect();
    assert_eq!(done, ["Verify at one", "Verify at three", "Verify at two", "Verify at four"], "one change less");
}

#[test]
fn several_positions_are_verified_side_by_side() {
    let (serials, reports) = verifying::side_by_side(
        &[
            "sim:?state=calibrated&seed=3",
            "sim:?state=calibrated&seed=4&defect=burden-wrong",
            "sim:?state=calibrated&seed=5&defect=chip-dead",
        ],
        &of_entries(ACCURACY),
    );
    assert_eq!(serials, 3);
    let verdicts: Vec<Verdict> = reports.iter().map(|report| report.verdict).collect();
    assert_eq!(verdicts, [Verdict::Pass, Verdict::Fail, Verdict::Error]);
    let alone = run("sim:?state=calibrated&seed=3", &of_entries(ACCURACY));
    assert!((reports[0].duration_s - alone.duration_s).abs() < 30.0, "one waits for nobody");
}

/// A calibrated meter that runs its own firmware, reached over its service port.
fn over_service(defect: &str, heard: impl Fn(&ServicePort, &Event) + Send + Sync + 'static) -> RunReport {
    let setup = Setup::new(&format!("sim:?seed=4{defect}"));
    let mut block = Block {
        sequence: 3,
        line: Line::N,
        current_scale: Ratio::new(20, 1).expect("positive"),
        pulses_per_kwh: 2000,
        constant_imp_per_kwh: 1000,
        serial: Text::new("MT50-000123").expect("fits"),
        ..Block::default()
    };
    for (register, word) in calibrated::words(setup.device.lock().chip().board()) {
        assert!(block.set_register(register, word), "{register}");
    }
    let port = ServicePort::new(&setup.clock, setup.device.clone(), Some(block));
    let meter = Box::new(ServiceMeter::new(Box::new(port.clone()), setup.clock.clone()));
    let control = Control::new(move |event| heard(&port, &event));
    let outcome = Setup { meter, ..setup }.run(&plan("opensmartmeter-mt50", "opensmartmeter-protections"), &control);
    assert!(!outcome.source_on);
    outcome.report
}

#[test]
fn the_relay_opens_beyond_the_limit_and_closes_again() {
    let good = over_service("", |_, _| {});
    assert_eq!(good.verdict, Verdict::Pass, "{:?} {:?} {:?}", good.advice, good.steps, good.measurements);
    let open: Vec<&str> = good
        .measurements
        .iter()
        .filter(|one| one.name == "relay_opens_current")
        .map(|one| one.load_point.as_str())
        .collect();
    assert_eq!(open, ["Over-voltage 255 V", "Under-voltage 145 V"]);
    assert!(measured(&good, "relay_opens_current").value < 0.01, "the contact is proven by the current");
    let stuck = over_service("&defect=relay-stuck", |_, _| {});
    assert_eq!(stuck.verdict, Verdict::Fail, "{:?}", stuck.advice);
    assert!(stuck.steps.iter().any(|step| step.detail.contains("the relay is stuck: 5.")), "{:?}", stuck.steps);
    let silent = over_service("", |port, event| {
        if matches!(event, Event::StepStarted { step: 2, .. }) {
            port.peer().faults = LineFaults { lost: 1.0, ..LineFaults::default() };
        }
    });
    assert_eq!(silent.verdict, Verdict::Error);
    assert!(silent.advice.expect("advice").what.contains("does not answer"));
}
