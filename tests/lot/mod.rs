//! A lot of simulated units, some with a defect, through the procedures of a line: production from raw, and the protections over the
//! service port for those whose relay is in question.

#![allow(dead_code, clippy::expect_used, reason = "each test uses a part of it, and stops at what it did not expect")]

use meter_interface::block::{Block, Ratio};
use meterbench::meter::Line;
use meterbench::meter::service::ServiceMeter;
use meterbench::procedure::{Control, Plan, RunReport, Verdict};
use meterbench::record::Readings;
use meterbench::sim::board::Defect;
use meterbench::sim::calibrated;
use std::sync::Arc;

use crate::service_port::ServicePort;
use crate::simulated::{Setup, plan};

/// The procedures of the line.
pub struct Procedures {
    /// From raw to proven.
    pub production: Plan,
    /// The relay, over the service port.
    pub protections: Plan,
}

/// What came of one unit.
pub struct Inspected {
    /// Its defect, by the name in an address.
    pub defect: Option<&'static str>,
    /// What the bench says of it.
    pub report: RunReport,
    /// What was read on the way.
    pub readings: Arc<Readings>,
    /// Its relay was tested, over the service port.
    pub relay: bool,
}

impl Procedures {
    /// The shipped procedures.
    pub fn new() -> Self {
        Self {
            production: plan("opensmartmeter-mt50", "production"),
            protections: plan("opensmartmeter-mt50", "opensmartmeter-protections"),
        }
    }

    /// The procedure a unit went through.
    pub fn plan_of(&self, unit: &Inspected) -> &Plan {
        if unit.relay { &self.protections } else { &self.production }
    }

    /// Runs one unit. Every `good_in` units in turn are sound, then each defect has its turn.
    pub fn inspect(&self, number: u64, good_in: u64) -> Inspected {
        let defects = Defect::NAMES.len() as u64;
        let turn = number % (good_in + defects);
        let defect = turn.checked_sub(good_in).map(|turn| Defect::NAMES[turn as usize].0);
        // A sound unit now and then goes through the protections too.
        let relay = defect == Some("relay-stuck") || defect.is_none() && turn == 0;
        let readings = Arc::new(Readings::default());
        let heard = Arc::clone(&readings);
        let control = Control::new(move |event| heard.hear(&event));
        let address = defect.map_or_else(
            || format!("sim:?seed={}", number + 1),
            |defect| format!("sim:?seed={}&defect={defect}", number + 1),
        );
        let setup = Setup::new(&address);
        let mut report = if relay {
            let port = ServicePort::new(&setup.clock, setup.device.clone(), Some(block(&setup)));
            let meter = Box::new(ServiceMeter::new(Box::new(port), setup.clock.clone()));
            Setup { meter, ..setup }.run(&self.protections, &control).report
        } else {
            setup.run(&self.production, &control).report
        };
        report.serial = format!("SIM{}", number + 1);
        Inspected { defect, report, readings, relay }
    }
}

/// The calibration block that fits the unit.
fn block(setup: &Setup) -> Block {
    let mut block = Block {
        sequence: 1,
        line: Line::N,
        current_scale: Ratio::new(20, 1).expect("positive"),
        pulses_per_kwh: 2000,
        constant_imp_per_kwh: 1000,
        ..Block::default()
    };
    for (register, word) in calibrated::words(setup.device.lock().chip().board()) {
        assert!(block.set_register(register, word), "{register}");
    }
    block
}

impl Inspected {
    /// A defective unit that passed, or a sound one that did not.
    pub fn misjudged(&self) -> bool {
        self.defect.is_some() == (self.report.verdict == Verdict::Pass)
    }

    /// Why it did not pass, in words.
    pub fn reason(&self) -> String {
        let step = self.report.steps.iter().find(|step| step.verdict != Verdict::Pass);
        let advice = self.report.advice.as_ref().map(|advice| advice.what.clone());
        advice.or(step.map(|step| step.detail.clone())).unwrap_or_default()
    }

    /// The chance that another measurement of the same unit, as uncertain as this one, would find it out of limits.
    pub fn chance_of_failing(&self) -> f64 {
        let outside = |one: &meterbench::procedure::Measurement| {
            let (Some(uncertainty), Some(lower), Some(upper)) = (one.uncertainty, one.lower, one.upper) else {
                return 0.0;
            };
            beyond((upper - one.value) / uncertainty) + beyond((one.value - lower) / uncertainty)
        };
        1.0 - self.report.measurements.iter().map(|one| 1.0 - outside(one).min(1.0)).product::<f64>()
    }
}

/// The part of a normal distribution that lies beyond `sigmas` (Chernoff's bound with the factor 1/2, which is never too small).
fn beyond(sigmas: f64) -> f64 {
    if sigmas <= 0.0 { 1.0 } else { 0.5 * (-sigmas * sigmas / 2.0).exp() }
}
