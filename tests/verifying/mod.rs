//! Verification procedures for tests: some lines around the entries that a test is about, short runs, looks into reports.

#![allow(
    dead_code,
    clippy::expect_used,
    clippy::panic,
    reason = "each test uses a part of it, and stops at what it did not expect"
)]

use std::sync::Arc;

use meterbench::clock::VirtualClock;
use meterbench::meter::afe::AfeMeter;
use meterbench::operator::Operator;
use meterbench::procedure::{self, Bench, Control, Measurement, Place, Plan, RunReport};
use meterbench::profile;
use meterbench::reference::BenchServices;
use meterbench::reference::scpi::ScpiLink;
use meterbench::sim::{SimOptions, Station};

use crate::simulated::{Nobody, Setup};

const HEAD: &str = r#"
kind = "procedure"
name = "test"
title = "Test"
mode = "verify"
[standard]
name = "IEC 62053-21"
edition = "2003"
class = "1"
[stability]
window_secs = 1
tolerance_percent = 0.1
timeout_secs = 20
[rms]
target_uncertainty_percent = 0.01
verify_uncertainty_percent = 0.005
min_secs = 2
max_secs = 20
[energy]
method = "registers"
target_uncertainty_percent = 0.02
verify_uncertainty_percent = 0.02
min_secs = 4
max_secs = 60
pl_divisor = 1
"#;

/// Energy counted at Imax.
pub const DIAL: &str = r#"
[[verify]]
name = "Imax counted"
kind = "dial"
u_of_un = 1.0
i_of_imax = 1.0
pf = "1.0"
pulses = 100
duration_secs = 30
limits = { energy_percent = 0.1 }
limit_source = "test"
"#;

/// A look at the unit.
pub const LOOK: &str = r#"
[[verify]]
name = "As it lies there"
kind = "visual"
questions = ["Housing whole?", "Label readable?"]
"#;

/// The starting current of class 1.
pub const STARTING: &str = r#"
[[verify]]
name = "0.004 Ib"
kind = "starting"
i_of_ib = 0.004
time_factor = 1.2
limit_source = "test"
"#;

/// A tenth of class 1's time and impulse.
pub const SHORT_NO_LOAD: &str = r#"
[[verify]]
name = "115 % Un"
kind = "no-load"
u_of_un = 1.15
formula = "imax"
coefficient = 60000000.0
pulses = 0.1
limit_source = "test"
"#;

/// A verification with these entries, for the OpenSmartMeter.
pub fn of_entries(entries: &str) -> Plan {
    let text = format!("{HEAD}{entries}");
    let procedure = profile::parse(&text, "test.toml").unwrap_or_else(|error| panic!("{error}"));
    Plan { meter: profile::load_meter("opensmartmeter-mt50").expect("shipped"), procedure }
}

/// The text of a verification with these entries.
pub fn text_of_entries(entries: &str) -> String {
    format!("{HEAD}{entries}")
}

/// Runs a plan on one simulated meter.
pub fn run(address: &str, plan: &Plan) -> RunReport {
    let outcome = Setup::new(address).run(plan, &Control::new(|_| {}));
    assert!(!outcome.source_on, "{address}: the source is off");
    outcome.report
}

/// Runs entries on one simulated meter.
pub fn verify(address: &str, entries: &str) -> RunReport {
    run(address, &of_entries(entries))
}

/// The measurement of that name.
pub fn measured<'a>(report: &'a RunReport, name: &str) -> &'a Measurement {
    let found = report.measurements.iter().find(|one| one.name == name);
    found.unwrap_or_else(|| panic!("{name} is not in {:?}", report.measurements))
}

/// What the last step said.
pub fn detail(report: &RunReport) -> String {
    report.steps.last().map(|step| step.detail.clone()).unwrap_or_default()
}

/// Runs a plan on several simulated meters on the same wires.
pub fn side_by_side(addresses: &[&str], plan: &Plan) -> (usize, Vec<RunReport>) {
    let clock = VirtualClock::shared(None);
    let station = Station::new(clock.clone(), 1, 1.0);
    let operator: Arc<dyn Operator> = Arc::new(Nobody);
    let services = BenchServices { clock: clock.clone(), operator: operator.clone() };
    let instrument = profile::load_instrument("meterbench-sim").expect("shipped").profile;
    let link = ScpiLink::new(station.instrument_port(), instrument, &services);
    let positions: Vec<Place> = addresses
        .iter()
        .map(|address| {
            let options = SimOptions::from_url(&address.parse().expect("address")).expect("options");
            let port = station.meter_port(&options, station.meter(&options));
            Place {
                serial: format!("UNIT{}", options.seed),
                meter: Box::new(AfeMeter::new(port, clock.clone(), None)),
                head: None,
                flash: None,
            }
        })
        .collect();
    let count = positions.len();
    let reference = Box::new(link.reference().expect("reads"));
    let source = Box::new(link.source().expect("supplies"));
    let mut bench = Bench { positions, reference, source, clock, operator, simulated: true };
    (count, procedure::run(&mut bench, plan, &Control::new(|_| {})))
}
