//! The self test as a step of a procedure and as a command: a good unit, a bad part, a silent meter, an operator who says no, a cancel.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod firmware_rig;
mod service_port;
mod simulated;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firmware_rig::block;
use meter_interface::block::Text;
use meter_interface::map::{Crash, CrashKind};
use meterbench::clock::{RealClock, SharedClock};
use meterbench::meter::service::ServiceMeter;
use meterbench::operator::{Answer, Kind, Operator, OperatorError, Prompt};
use meterbench::port::Port as _;
use meterbench::procedure::{Control, Plan, Verdict};
use meterbench::profile::self_test::{Part, SelfTest, When};
use meterbench::sim::{SimOptions, Station};
use serde_json::Value;
use service_port::{LineFaults, ServicePort};
use simulated::{Outcome, Setup, plan};

/// Somebody who does what is asked, and answers.
struct Person {
    port: ServicePort,
    control: Arc<Control>,
    /// The question that is answered with no.
    no_to: &'static str,
    /// The instruction or question at which the run is cancelled.
    cancels_at: &'static str,
    heard: Mutex<Vec<String>>,
}

impl Operator for Person {
    fn tell(&self, _message: &str) {}

    fn ask(&self, prompt: &Prompt) -> Result<Answer, OperatorError> {
        let is = |part: &str| !part.is_empty() && prompt.question.contains(part);
        self.heard.lock().expect("nobody panicked").push(prompt.question.clone());
        if is(self.cancels_at) {
            self.control.cancel();
            if prompt.kind != Kind::Confirm {
                return Err(OperatorError::Cancelled);
            }
        }
        if is("press a key") {
            self.port.peer().press_key_soon();
        }
        Ok(match prompt.kind {
            Kind::Confirm => Answer::Confirmed,
            _ => Answer::Choice(usize::from(is(self.no_to))),
        })
    }
}

struct Run {
    port: ServicePort,
    outcome: Outcome,
    heard: Vec<String>,
}

/// What goes wrong in a run.
#[derive(Default)]
struct Trouble {
    no_to: &'static str,
    cancels_at: &'static str,
    without_eeprom: bool,
    silent: bool,
}

fn quick_plan(when: When, keys: &[&str]) -> Plan {
    let mut plan = plan("opensmartmeter-mt50", "calibrate-quick");
    let tests = keys.iter().map(|key| Part::from_key(key).expect("a test")).collect();
    plan.procedure.profile.self_test = Some(SelfTest { when, tests });
    plan
}

fn all_keys() -> Vec<&'static str> {
    Part::all().map(Part::key).collect()
}

fn run(plan: &Plan, trouble: &Trouble) -> Run {
    let mut setup = Setup::new("sim:?seed=4");
    let port = ServicePort::new(&setup.clock, setup.device.clone(), Some(block()));
    if trouble.without_eeprom {
        port.peer().board.eeprom = None;
    }
    if trouble.silent {
        port.peer().faults = LineFaults { lost: 1.0, ..LineFaults::default() };
    }
    setup.meter = Box::new(ServiceMeter::new(Box::new(port.clone()), setup.clock.clone()));
    let control = Arc::new(Control::new(|_| {}));
    let person = Arc::new(Person {
        port: port.clone(),
        control: control.clone(),
        no_to: trouble.no_to,
        cancels_at: trouble.cancels_at,
        heard: Mutex::default(),
    });
    setup.operator = person.clone();
    let outcome = setup.run(plan, &control);
    assert!(!outcome.source_on);
    let heard = person.heard.lock().expect("nobody panicked").clone();
    Run { port, outcome, heard }
}

/// Value and verdict of one measurement.
fn measured(run: &Run, name: &str) -> (f64, Verdict) {
    let measurements = &run.outcome.report.measurements;
    let found = measurements.iter().find(|measurement| measurement.name == name);
    let found = found.unwrap_or_else(|| panic!("{name} among {measurements:?}"));
    (found.value, found.verdict)
}

#[test]
fn the_shipped_procedure_tests_every_part_and_then_calibrates() {
    let run = run(&plan("opensmartmeter-mt50", "calibrate-self-test"), &Trouble::default());
    let report = &run.outcome.report;
    assert_eq!(report.verdict, Verdict::Pass, "{:?} {:?}", report.advice, report.steps);
    assert_eq!(report.steps[0].title, "Self test of the meter's parts");
    assert_eq!(report.steps[0].detail, "13 parts are good");
    for part in Part::all() {
        let name = format!("self_test_{}", part.key().replace('-', "_"));
        assert_eq!(measured(&run, &name), (1.0, Verdict::Pass), "{name}");
        let (secs, verdict) = measured(&run, &format!("{name}_time"));
        assert_eq!(verdict, Verdict::Pass, "{name} took {secs} s");
        let limits = report.measurements.iter().find(|one| one.name == format!("{name}_time")).expect("there").upper;
        assert_eq!(limits.is_some(), part != Part::Echo, "{name}");
    }
    assert_eq!(measured(&run, "self_test_supply_value"), (1650.0, Verdict::Pass));
    // A person is asked for six things to see or hear, and does one; each question names the unit.
    assert_eq!(run.heard.len(), 2 * 6 + 1, "{:?}", run.heard);
    assert!(run.heard.iter().all(|question| question.starts_with("UNIT: ")), "{:?}", run.heard);
}

#[test]
fn after_the_calibration_the_chip_keeps_what_was_written() {
    // A question that stands for minutes: the meter takes its chip back meanwhile.
    let plan = quick_plan(When::After, &["echo", "afe", "red-led"]);
    let run = run(&plan, &Trouble::default());
    let report = &run.outcome.report;
    assert_eq!(report.verdict, Verdict::Pass, "{:?} {:?}", report.advice, report.steps);
    let titles: Vec<&str> = report.steps.iter().map(|step| step.title.as_str()).collect();
    let place = |title: &str| titles.iter().position(|step| step.starts_with(title)).expect("a step");
    assert!(place("Checksums") < place("Self test") && place("Self test") < place("Verify at"), "{titles:?}");
    assert_eq!(run.outcome.held, run.outcome.reported());
}

#[test]
fn a_dead_part_is_a_fail_and_ends_the_run() {
    let run = run(&quick_plan(When::Before, &all_keys()), &Trouble { without_eeprom: true, ..Trouble::default() });
    let report = &run.outcome.report;
    assert_eq!(report.verdict, Verdict::Fail, "{:?}", report.steps);
    assert_eq!(report.steps.len(), 1, "nothing is calibrated: {:?}", report.steps);
    assert!(report.steps[0].detail.contains("EEPROM"), "{}", report.steps[0].detail);
    assert_eq!(measured(&run, "self_test_eeprom"), (0.0, Verdict::Fail));
    // The others were tested all the same.
    assert_eq!(measured(&run, "self_test_keypad"), (1.0, Verdict::Pass));
}

#[test]
fn a_no_of_the_operator_is_a_fail() {
    let trouble = Trouble { no_to: "red LED", ..Trouble::default() };
    let run = run(&quick_plan(When::Before, &["red-led", "green-led"]), &trouble);
    assert_eq!(run.outcome.report.verdict, Verdict::Fail);
    assert_eq!(measured(&run, "self_test_red_led"), (0.0, Verdict::Fail));
    assert_eq!(measured(&run, "self_test_green_led"), (1.0, Verdict::Pass));
    assert!(run.outcome.report.advice.is_some());
}

#[test]
fn a_silent_meter_is_an_error() {
    let run = run(&quick_plan(When::Before, &all_keys()), &Trouble { silent: true, ..Trouble::default() });
    let report = &run.outcome.report;
    assert_eq!(report.verdict, Verdict::Error, "{:?}", report.steps);
    assert!(report.measurements.is_empty() && run.heard.is_empty());
}

#[test]
fn a_cancel_stops_at_a_question_and_in_the_middle_of_a_test() {
    for cancels_at in ["Was the red LED", "press a key"] {
        let run = run(
            &quick_plan(When::Before, &["red-led", "keypad", "afe"]),
            &Trouble { cancels_at, ..Trouble::default() },
        );
        assert_eq!(run.outcome.report.verdict, Verdict::Aborted, "{cancels_at}");
        assert!(run.outcome.report.measurements.iter().all(|one| !one.name.starts_with("self_test_afe")));
        // Nothing goes on in the meter, and it is locked.
        let snapshot = run.port.peer().snapshot();
        assert_eq!(snapshot.unlocked_secs, 0, "{cancels_at}");
    }
}

#[test]
fn the_relay_is_closed_again() {
    let run = run(&quick_plan(When::Before, &["relay-off"]), &Trouble::default());
    assert_eq!(run.outcome.report.verdict, Verdict::Pass);
    let switched: Vec<&str> = run.port.peer().switched.clone();
    let off = switched.iter().rposition(|&sign| sign == "relay off").expect("it was opened");
    assert!(switched[off..].contains(&"relay on"), "{switched:?}");
}

#[test]
fn a_link_without_a_service_port_is_told_before_anything_is_switched_on() {
    let outcome = Setup::new("sim:?seed=4").run(&quick_plan(When::After, &["afe"]), &Control::new(|_| {}));
    let report = &outcome.report;
    assert_eq!(report.verdict, Verdict::Error);
    assert!(report.steps.is_empty() && report.instruments.is_empty(), "{report:?}");
    let advice = report.advice.as_ref().expect("advice");
    assert!(advice.what.contains("service port"), "{advice:?}");
}

/// A meter in real time whose service port is on TCP.
struct Served {
    port: ServicePort,
    address: String,
}

fn serve() -> Served {
    let clock = RealClock::shared();
    let options = SimOptions::from_url(&"sim:?seed=4".parse().expect("address")).expect("options");
    let station = Station::new(clock.clone(), options.seed, options.unrest);
    let port = ServicePort::new(&clock, station.meter(&options), Some(block()));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("service+tcp:{}", listener.local_addr().expect("bound"));
    let behind = port.clone();
    let work = move || {
        while let Ok((stream, _)) = listener.accept() {
            carry(&stream, behind.clone(), &clock);
        }
    };
    std::thread::Builder::new().name("service port".to_owned()).spawn(work).expect("a thread");
    Served { port, address }
}

/// Bytes both ways until the other side hangs up.
fn carry(mut stream: &TcpStream, mut port: ServicePort, clock: &SharedClock) {
    stream.set_read_timeout(Some(Duration::from_millis(2))).expect("a limit");
    let mut bytes = [0; 256];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return,
            Ok(count) => port.write(&bytes[..count]).expect("it takes bytes"),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return,
        }
        let count = port.read(&mut bytes, clock.now()).expect("it gives bytes");
        if stream.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
}

fn start(address: &str, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_meterbench"))
        .args(["selftest", "--json", "--meter", address])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started")
}

/// Exit code and report; the operator's input is given beforehand.
fn selftest(address: &str, arguments: &[&str], typed: &str) -> (Option<i32>, Value) {
    let mut child = start(address, arguments);
    child.stdin.take().expect("piped").write_all(typed.as_bytes()).expect("typed");
    let output = child.wait_with_output().expect("it ends");
    (output.status.code(), report(&output))
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

#[test]
fn the_command_tests_a_good_unit() {
    let served = serve();
    let (code, report) = selftest(
        &served.address,
        &["--only", "echo,afe,eeprom,rtc,modem,supply,red-led", "--set-clock"],
        // Looks, and has seen it.
        "\n1\n",
    );
    assert_eq!(code, Some(0), "{report}");
    assert_eq!((&report["verdict"], &report["serial"]), (&Value::from("PASS"), &Value::from("SIM1")));
    assert_eq!(report["tests"].as_array().expect("tests").len(), 7);
    assert_eq!(report["diagnostics"]["stack_bytes"], 16_384);
    assert_eq!(report["tests"][6]["judged"], "judged by the operator");
}

/// What `meterbench read` prints.
fn read(address: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterbench"));
    let output = command.args(["read", "--meter", address]).args(arguments).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_read_command_tells_the_stack_and_what_ended_the_program_last_time() {
    let served = serve();
    std::thread::sleep(Duration::from_secs(2));
    let text = read(&served.address, &[]);
    assert!(text.contains(" of 16384 bytes used at most; longest turn "), "{text}");
    assert!(text.contains("; no crash on record"), "{text}");
    let crash = Crash {
        kind: CrashKind::Panic,
        boot: 4,
        uptime_millis: 2_500,
        program_counter: 0,
        link_register: 0,
        message: Text::new("meter/src/lcd.rs:7").expect("text"),
    };
    served.port.peer().crash(crash);
    std::thread::sleep(Duration::from_secs(2));
    let text = read(&served.address, &[]);
    assert!(text.contains("; crash on record: Panic, in start 4 after 2.5 s, meter/src/lcd.rs:7"), "{text}");
    let report: Value = serde_json::from_str(&read(&served.address, &["--json"])).expect("JSON");
    assert_eq!(report["diagnostics"]["stack_bytes"], 16_384);
    assert_eq!((&report["crash"]["kind"], &report["crash"]["boot"]), (&Value::from("Panic"), &Value::from(4)));
    let (_, report) = selftest(&served.address, &["--only", "echo"], "");
    assert_eq!(report["crash"]["message"], "meter/src/lcd.rs:7");
}

#[test]
fn the_command_tells_a_bad_part_and_an_operators_no() {
    let served = serve();
    served.port.peer().board.eeprom = None;
    let (code, report) = selftest(&served.address, &["--only", "afe,eeprom,supply"], "");
    assert_eq!((code, &report["verdict"]), (Some(1), &Value::from("FAIL")), "{report}");
    assert_eq!(report["tests"][1]["verdict"], "FAIL");
    assert_eq!(report["tests"][2]["verdict"], "PASS");
    let (code, report) = selftest(&served.address, &["--only", "green-led"], "\n2\n");
    assert_eq!((code, &report["tests"][0]["verdict"]), (Some(1), &Value::from("FAIL")), "{report}");
    // Enter alone is no answer, and an input that ends is nobody.
    let (code, report) = selftest(&served.address, &["--only", "green-led"], "\n\n\n");
    assert_eq!((code, &report["verdict"]), (Some(3), &Value::from("ERROR")), "{report}");
}

#[test]
fn the_command_tells_silence_and_wrong_addresses() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("service+tcp:{}", silent.local_addr().expect("bound"));
    assert_eq!(selftest(&address, &[], ""), (Some(3), Value::Null));
    assert_eq!(selftest("afe+tcp:127.0.0.1:1", &[], "").0, Some(2));
    assert_eq!(selftest(&address, &["--only", "teapot"], "").0, Some(2));
}

#[cfg(unix)]
#[test]
fn the_command_can_be_cancelled_at_a_question() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let served = serve();
    let mut child = start(&served.address, &["--only", "supply,red-led"]);
    let typed = child.stdin.take();
    std::thread::sleep(Duration::from_secs(2));
    kill(Pid::from_raw(i32::try_from(child.id()).expect("an id")), Signal::SIGTERM).expect("sent");
    let output = child.wait_with_output().expect("it ends");
    drop(typed);
    let report = report(&output);
    assert_eq!((output.status.code(), &report["verdict"]), (Some(4), &Value::from("ABORTED")), "{report}");
    assert_eq!(report["tests"].as_array().expect("tests").len(), 1);
}
