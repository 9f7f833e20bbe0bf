//! Error by pulses: an optical head before a meter, counted against the reference's energy over the same time.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod simulated;
mod verifying;

use std::collections::VecDeque;
use std::time::Duration;

use meterbench::clock::{Moment, SharedClock};
use meterbench::port::pulse::{Edge, Output, PulseError, PulseInput, Sieve};
use meterbench::procedure::{Control, Plan, RunReport, Verdict};
use meterbench::profile;
use meterbench::sim::head::SimHead;
use simulated::Setup;
use verifying::{measured, text_of_entries};

const ENTRY: &str = r#"
[[verify]]
name = "Ib"
u_of_un = 1.0
i_of_ib = 1.0
pf = "1.0"
limits = { energy_percent = 0.5 }
limit_source = "test"
repeats = 2
"#;

fn plan(method: &str) -> Plan {
    let text = text_of_entries(ENTRY).replace("method = \"registers\"", &format!("method = \"{method}\"\npulses = 20"));
    let procedure = profile::parse(&text, "test.toml").unwrap_or_else(|error| panic!("{error}"));
    Plan { meter: profile::load_meter("opensmartmeter-mt50").expect("shipped"), procedure }
}

const UNIT: &str = "sim:?seed=7&state=calibrated";

fn run(plan: &Plan, head: impl FnOnce(&Setup) -> Option<Box<dyn PulseInput>>) -> RunReport {
    run_unit(UNIT, plan, head)
}

fn run_unit(unit: &str, plan: &Plan, head: impl FnOnce(&Setup) -> Option<Box<dyn PulseInput>>) -> RunReport {
    let mut setup = Setup::new(unit);
    setup.head = head(&setup);
    let outcome = setup.run(plan, &Control::new(|_| {}));
    assert!(!outcome.source_on, "the source is off");
    outcome.report
}

fn chip(setup: &Setup) -> Option<Box<dyn PulseInput>> {
    Some(Box::new(SimHead::new(setup.device.clone(), setup.clock.clone())))
}

#[test]
fn pulses_and_registers_find_the_same_error() {
    let (by_pulses, by_registers) = (run(&plan("pulses"), chip), run(&plan("registers"), |_| None));
    assert_eq!(by_pulses.verdict, Verdict::Pass, "{:?}", by_pulses.advice);
    let (pulses, registers) = (measured(&by_pulses, "energy_error"), measured(&by_registers, "energy_error"));
    assert!(pulses.method.contains("optical head") && registers.method.contains("register"), "{pulses:?}");
    let apart = (pulses.value - registers.value).abs();
    let known = pulses.uncertainty.expect("known").hypot(registers.uncertainty.expect("known"));
    assert!(apart < 4.0 * known + 0.005, "{apart} % apart, known to {known} %");
    assert!(pulses.expanded.is_some());
}

#[test]
fn a_lamp_that_blinks_for_energy_the_wrong_way_is_no_pass() {
    let report = run_unit("sim:?seed=7&state=calibrated&defect=ct-reversed", &plan("pulses"), chip);
    assert_eq!(report.verdict, Verdict::Fail, "{:?}", report.advice);
    assert!(report.advice.expect("advice").what.contains("backwards"), "the reason is said");
}

/// Pulses with a fixed time between them, whatever the meter does.
struct Metronome {
    clock: SharedClock,
    period: Duration,
    resolution: Duration,
    next: Option<Moment>,
}

impl PulseInput for Metronome {
    fn next(&mut self, deadline: Moment) -> Result<Option<Moment>, PulseError> {
        let next = *self.next.get_or_insert(self.clock.now() + self.period);
        self.clock.sleep_until(next.min(deadline));
        if next > deadline {
            return Ok(None);
        }
        self.next = Some(next + self.period);
        Ok(Some(next))
    }

    fn clear(&mut self) -> Result<(), PulseError> {
        self.next = None;
        Ok(())
    }

    fn resolution(&self) -> Duration {
        self.resolution
    }

    fn output(&self) -> Output {
        Output::Lamp
    }
}

#[test]
fn a_meter_that_needs_longer_for_its_pulses_is_slow_and_negative() {
    let plan = plan("pulses");
    let rating = &plan.meter.rating;
    let exact = 3_600_000.0 / (rating.constant_imp_per_kwh * rating.un.0 * rating.ib.0);
    let error = |factor: f64| {
        let metronome = |setup: &Setup| -> Option<Box<dyn PulseInput>> {
            let period = Duration::from_secs_f64(exact * factor);
            Some(Box::new(Metronome {
                clock: setup.clock.clone(),
                period,
                resolution: Duration::from_micros(100),
                next: None,
            }))
        };
        let report = run(&plan, metronome);
        (report.verdict, measured(&report, "energy_error").value)
    };
    // The source is off its setting by a little, and that is the reference's to tell: the same in all three.
    let (_, exact_error) = error(1.0);
    let ((slow_verdict, slow), (fast_verdict, fast)) = (error(1.02), error(0.98));
    assert!((slow - exact_error + 1.96).abs() < 0.02, "1/1.02 - 1 = -1.96 %: {slow} {exact_error}");
    assert!((fast - exact_error - 2.04).abs() < 0.02, "1/0.98 - 1 = +2.04 %: {fast} {exact_error}");
    assert_eq!((slow_verdict, fast_verdict), (Verdict::Fail, Verdict::Fail));
}

#[test]
fn a_head_that_tells_moments_badly_gives_no_error_of_the_meter() {
    let plan = plan("pulses");
    let coarse = |setup: &Setup| -> Option<Box<dyn PulseInput>> {
        let (period, resolution) = (Duration::from_secs(3), Duration::from_secs(1));
        Some(Box::new(Metronome { clock: setup.clock.clone(), period, resolution, next: None }))
    };
    let report = run(&plan, coarse);
    assert_eq!(report.verdict, Verdict::Error);
    assert!(report.advice.expect("advice").what.contains("the energy error by pulses is known to"));
}

/// Edges as a head sees them, through the sieve.
struct Seen {
    clock: SharedClock,
    sieve: Sieve,
    edges: VecDeque<(Duration, bool)>,
}

impl PulseInput for Seen {
    fn next(&mut self, deadline: Moment) -> Result<Option<Moment>, PulseError> {
        while let Some((pause, lit)) = self.edges.pop_front() {
            self.clock.sleep_until(self.clock.now() + pause);
            let edge = Edge { at: self.clock.now(), since_look: Duration::from_micros(500), lit, changed: true };
            if let Some(moment) = self.sieve.take(edge)? {
                return Ok(Some(moment));
            }
        }
        self.clock.sleep_until(deadline);
        Ok(None)
    }

    fn clear(&mut self) -> Result<(), PulseError> {
        self.sieve.clear();
        Ok(())
    }

    fn resolution(&self) -> Duration {
        Duration::from_millis(2)
    }

    fn output(&self) -> Output {
        Output::Lamp
    }
}

fn seen(edges: Vec<(Duration, bool)>) -> RunReport {
    let sieve = Sieve::new(Duration::from_millis(20), Duration::from_millis(25));
    run(&plan("pulses"), |setup| Some(Box::new(Seen { clock: setup.clock.clone(), sieve, edges: edges.into() })))
}

#[test]
fn missing_pulses_and_light_from_elsewhere_are_errors_and_no_values() {
    let dark = seen(Vec::new());
    let half = Duration::from_millis(5);
    let flicker = seen((0..400).map(|n| (half, n % 2 == 0)).collect());
    // Three pulses of a meter, then nobody stands before the lamp any more.
    let pulse = [(Duration::from_secs(3), true), (Duration::from_millis(30), false)];
    let stops = seen([pulse, pulse, pulse].concat());
    for (report, word) in [(&dark, "0 pulses came"), (&flicker, "sooner than 20 ms"), (&stops, "3 pulses came")] {
        assert_eq!(report.verdict, Verdict::Error, "{word}: {:?}", report.measurements);
        let advice = report.advice.as_ref().expect("advice");
        assert!(advice.what.contains(word), "{advice:?}");
        assert!(report.measurements.iter().all(|one| one.name != "energy_error"), "nothing is judged");
    }
}

#[test]
fn without_a_head_the_run_does_not_begin() {
    let report = run(&plan("pulses"), |_| None);
    assert_eq!((report.verdict, report.steps.len()), (Verdict::Error, 0));
    assert!(report.advice.expect("advice").what.contains("an optical head"));
}

#[test]
fn the_command_line_names_heads_and_a_simulated_meter_brings_its_own() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
    let procedure = folder.path().join("test.toml");
    let text = text_of_entries(ENTRY).replace("method = \"registers\"", "method = \"pulses\"\npulses = 20");
    std::fs::write(&procedure, text).expect("written");
    let run = |more: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_meterbench"))
            .args(["--data", folder.path().to_str().expect("text"), "run", "--json", "--procedure"])
            .args([procedure.to_str().expect("text"), "--meter", UNIT, "--serial", "MT1"])
            .args(more)
            .output()
            .expect("ran");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code().expect("ended"), text(output.stdout), text(output.stderr))
    };
    let (code, report, said) = run(&[]);
    assert_eq!(code, 0, "{report}{said}");
    assert!(report.contains("pulses of the optical head"), "{report}");
    for wrong in
        ["sim:", "pulse+tcp:localhost:1", "pulse+serial:/dev/null?line=txd", "pulse+serial:/dev/null?lines=cts"]
    {
        assert_eq!(run(&["--pulses", wrong]).0, 2, "{wrong}");
    }
    let (code, report, _) = run(&["--pulses", "pulse+serial:/dev/not-there?line=dcd&lit=low&output=chip"]);
    assert_eq!(code, 3, "{report}");
    assert!(report.contains("/dev/not-there cannot be opened"), "{report}");
}
