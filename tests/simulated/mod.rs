//! A simulated bench for tests, with a look behind the scenes.

use std::sync::Arc;

use m90e26::Register;
use meterbench::calibration::registers::RegisterSet;
use meterbench::clock::VirtualClock;
use meterbench::meter::afe::AfeMeter;
use meterbench::procedure::{self, Bench, Control, Plan, RunReport};
use meterbench::profile;
use meterbench::reference::scpi::ScpiLink;
use meterbench::reference::{BenchServices, Operator, OperatorError};
use meterbench::sim::{SimOptions, Station};

/// Nobody is at the bench.
pub struct Nobody;

impl Operator for Nobody {
    fn tell(&self, _message: &str) {}
    fn ask(&self, _question: &str) -> Result<String, OperatorError> {
        Err(OperatorError::Absent)
    }
}

/// What a run reported, and what was left behind.
pub struct Outcome {
    /// The report.
    pub report: RunReport,
    /// What the chip holds, by the chip itself.
    pub held: RegisterSet,
    /// The source still supplies.
    pub source_on: bool,
}

impl Outcome {
    /// The registers of the report.
    pub fn reported(&self) -> RegisterSet {
        let mut set = RegisterSet::power_on();
        for register in RegisterSet::ORDER {
            let text = self.report.registers[register.name()].as_str().expect("text");
            let word = u16::from_str_radix(text.trim_start_matches("0x"), 16).expect("hex");
            set.set(register, word).expect("calibration register");
        }
        set
    }
}

/// Runs a procedure on one simulated meter.
pub fn run(meter: &str, procedure: &str) -> Outcome {
    let plan = Plan {
        meter: profile::load_meter("opensmartmeter-mt50").expect("shipped"),
        procedure: profile::load_procedure(procedure).expect("shipped"),
    };
    run_plan(meter, &plan, &Control::new(|_| {}))
}

/// Runs a plan on one simulated meter.
pub fn run_plan(meter: &str, plan: &Plan, control: &Control) -> Outcome {
    let options = SimOptions::from_url(&meter.parse().expect("address")).expect("options");
    let clock = VirtualClock::shared(None);
    let station = Station::new(clock.clone(), options.seed, options.unrest);
    let device = station.meter(&options);
    let afe = AfeMeter::new(station.meter_port(&options, device.clone()), clock.clone(), None);
    let operator: Arc<dyn Operator> = Arc::new(Nobody);
    let services = BenchServices { clock: clock.clone(), operator: operator.clone() };
    let instrument = profile::load_instrument("meterbench-sim").expect("shipped").profile;
    let link = ScpiLink::new(station.instrument_port(), instrument, &services);
    let mut bench = Bench {
        positions: vec![(format!("SIM{}", options.seed), Box::new(afe))],
        reference: Box::new(link.reference().expect("reads")),
        source: Box::new(link.source().expect("supplies")),
        clock,
        operator,
        simulated: true,
    };
    let report = procedure::run(&mut bench, plan, control).remove(0);
    let mut held = RegisterSet::power_on();
    for register in RegisterSet::ORDER {
        let value = device.lock().chip().read(Register::address(register), 0.0);
        held.set(register, value).expect("calibration register");
    }
    Outcome { report, held, source_on: station.world().is_on() }
}
