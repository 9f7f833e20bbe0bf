//! A simulated bench for tests, with a look behind the scenes and parts that can be replaced.

#![allow(
    dead_code,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "each test uses a part of it, and stops at what it did not expect"
)]

use std::sync::Arc;

use m90e26::Register;
use meterbench::calibration::registers::RegisterSet;
use meterbench::clock::{SharedClock, VirtualClock};
use meterbench::meter::Meter;
use meterbench::meter::afe::AfeMeter;
use meterbench::operator::{Answer, Operator, OperatorError, Prompt};
use meterbench::port::pulse::PulseInput;
use meterbench::procedure::{self, Bench, Control, Custody, FlashSite, Place, Plan, RunReport};
use meterbench::profile;
use meterbench::reference::scpi::ScpiLink;
use meterbench::reference::{BenchServices, Reference, Source};
use meterbench::sim::device::{AfeDevice, Shared};
use meterbench::sim::{SimOptions, Station};

/// Nobody is at the bench.
pub struct Nobody;

impl Operator for Nobody {
    fn tell(&self, _message: &str) {}
    fn ask(&self, _prompt: &Prompt) -> Result<Answer, OperatorError> {
        Err(OperatorError::Absent)
    }
}

/// Meter, reference and source on simulated wires, before a run.
pub struct Setup {
    pub clock: SharedClock,
    pub station: Station,
    pub device: Shared<AfeDevice>,
    pub meter: Box<dyn Meter>,
    /// The optical head before it.
    pub head: Option<Box<dyn PulseInput>>,
    pub reference: Box<dyn Reference>,
    pub source: Box<dyn Source>,
    pub operator: Arc<dyn Operator>,
    /// The chip to flash.
    pub flash: Option<FlashSite>,
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

/// A plan of shipped profiles.
pub fn plan(meter: &str, procedure: &str) -> Plan {
    Plan {
        meter: profile::load_meter(meter).expect("shipped"),
        procedure: profile::load_procedure(procedure).expect("shipped"),
    }
}

impl Setup {
    /// As a `sim:` address describes it.
    pub fn new(address: &str) -> Self {
        let options = SimOptions::from_url(&address.parse().expect("address")).expect("options");
        let clock = VirtualClock::shared(None);
        let station = Station::new(clock.clone(), options.seed, options.unrest);
        let device = station.meter(&options);
        let meter = AfeMeter::new(station.meter_port(&options, device.clone()), clock.clone(), None);
        let operator: Arc<dyn Operator> = Arc::new(Nobody);
        let services = BenchServices { clock: clock.clone(), operator: operator.clone() };
        let instrument = profile::load_instrument("meterbench-sim").expect("shipped").profile;
        let link = ScpiLink::new(station.instrument_port(), instrument, &services);
        let reference = Box::new(link.reference().expect("reads"));
        let source = Box::new(link.source().expect("supplies"));
        Self { clock, station, device, meter: Box::new(meter), head: None, reference, source, operator, flash: None }
    }

    /// Runs a plan.
    pub fn run(self, plan: &Plan, control: &Control) -> Outcome {
        self.run_with(plan, &Custody::default(), control)
    }

    /// Runs a plan with what the station knows of its instruments.
    pub fn run_with(self, plan: &Plan, custody: &Custody, control: &Control) -> Outcome {
        let Self { clock, station, device, meter, head, reference, source, operator, flash } = self;
        let positions = vec![Place { serial: "UNIT".to_owned(), meter, head, flash }];
        let mut bench = Bench { positions, reference, source, clock, operator, simulated: true };
        let report = procedure::run_with(&mut bench, plan, custody, control).remove(0);
        let mut held = RegisterSet::power_on();
        for register in RegisterSet::ORDER {
            let value = device.lock().chip().read(Register::address(register), 0.0);
            held.set(register, value).expect("calibration register");
        }
        Outcome { report, held, source_on: station.world().is_on() }
    }
}

/// Runs a shipped procedure on one simulated OpenSmartMeter.
pub fn run(address: &str, procedure: &str) -> Outcome {
    Setup::new(address).run(&plan("opensmartmeter-mt50", procedure), &Control::new(|_| {}))
}
