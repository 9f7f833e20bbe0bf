//! A run on one position.

use std::sync::Arc;

use meterbench::advice::Advice;
use meterbench::calibration::registers::RegisterSet;
use meterbench::clock::Moment;
use meterbench::gui::session::{Limits, Link, Links, Notice};
use meterbench::meter::BusStatistics;
use meterbench::procedure::event::MeterReading;
use meterbench::procedure::{Control, Event, Measurement, RunReport, Verdict};
use meterbench::reference::{LoadPoint, PowerFactor, ReferenceReading};
use meterbench::units::{Amps, Hertz, Vars, Volts, Watts};

pub fn connected() -> Links {
    let ready = |name: &str| Link::Ready(name.to_owned());
    Links {
        meters: vec![ready("M90E26")],
        reference: ready("Meterbench SIM"),
        source: ready("Meterbench SIM"),
        simulated: true,
        open: true,
    }
}

pub fn began() -> Notice {
    let limits = Limits { voltage: Some(0.2), current: Some(0.2), energy: Some(0.2) };
    Notice::Began { control: Arc::new(Control::new(|_| {})), limits, expected: Vec::new() }
}

pub fn reference(millis: u64) -> Notice {
    let reading = ReferenceReading {
        at: Moment::from_micros(millis * 1000),
        u: Volts(240.0),
        i: Amps(5.0),
        p: Watts(1200.0),
        q: Some(Vars(0.0)),
        s: None,
        pf: Some(1.0),
        phase: None,
        f: Some(Hertz(50.0)),
    };
    Notice::Run(Event::Reference { reading })
}

pub fn running() -> Vec<Notice> {
    let mut after = RegisterSet::power_on();
    after.set(m90e26::Register::Ugain, 0x71D8).unwrap();
    let point = LoadPoint { u: Volts(240.0), i: Amps(5.0), pf: PowerFactor::UNITY, f: Hertz(50.0) };
    let steps = ["Identify the chip and reset it", "Voltage and current gain", "Verify at Un, Ib, PF 1.0"];
    let reading = MeterReading { at: Moment::from_micros(500_000), u: Volts(240.12), i: Some(Amps(5.02)) };
    vec![
        Notice::Links(connected()),
        began(),
        Notice::Run(Event::Started { serials: vec!["MT7".to_owned()], steps: steps.map(str::to_owned).to_vec() }),
        Notice::Run(Event::StepStarted { position: 0, step: 0 }),
        Notice::Run(Event::StepDone {
            position: 0,
            step: 0,
            verdict: Verdict::Pass,
            detail: "M90E26, never calibrated".to_owned(),
        }),
        Notice::Run(Event::LoadPoint { point }),
        Notice::Run(Event::LoadPointReached { point }),
        Notice::Run(Event::StepStarted { position: 0, step: 1 }),
        reference(0),
        Notice::Run(Event::Meter { position: 0, reading }),
        reference(1000),
        Notice::Run(Event::StepProgress {
            position: 0,
            step: 1,
            fraction: 0.4,
            rest: None,
            detail: "Averaging meter and reference".to_owned(),
        }),
        Notice::Run(Event::Registers { position: 0, changes: RegisterSet::power_on().changes_to(&after) }),
    ]
}

pub fn report(verdict: Verdict, measurements: Vec<Measurement>, advice: Option<Advice>) -> Notice {
    Notice::Ended(vec![RunReport {
        record: String::new(),
        verdict,
        simulated: true,
        serial: "MT7".to_owned(),
        profile: "opensmartmeter-mt50".to_owned(),
        procedure: "calibrate".to_owned(),
        traceability: meterbench::procedure::Traceability::default(),
        instruments: vec!["Meterbench SIM".to_owned()],
        registers: RegisterSet::power_on().to_json(),
        registers_before: RegisterSet::power_on().to_json(),
        flash: None,
        measurements,
        steps: Vec::new(),
        advice,
        bus: BusStatistics::default(),
        duration_s: 152.0,
    }])
}

pub fn energy_error(percent: f64) -> Measurement {
    Measurement::judged("energy_error", "Un Ib PF 1.0", (percent, "%"), Some((-0.2, 0.2)))
}
