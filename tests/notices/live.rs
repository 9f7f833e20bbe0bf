//! Readings of a meter and a reference side by side.

use std::sync::Arc;

use meterbench::clock::Moment;
use meterbench::gui::session::{Basis, ChipState, Link, Links, MeterRound, Notice, WatchNotice};
use meterbench::meter::BusStatistics;
use meterbench::profile;
use meterbench::reference::ReferenceReading;
use meterbench::units::{Amps, Degrees, Vars, VoltAmps, Volts, Watts};

pub const NORMAL: ChipState = ChipState { en_status: 0x8003, cal_start: 0x8765, adj_start: 0x8765 };

pub fn links() -> Notice {
    let ready = || Link::Ready("Meterbench SIM".to_owned());
    Notice::Links(Links { meters: vec![ready()], reference: ready(), source: ready(), simulated: true, open: true })
}

pub fn watching() -> Notice {
    let meter = profile::load_meter("opensmartmeter-mt50").unwrap();
    let procedure = profile::load_procedure("calibrate").unwrap();
    Notice::Watch(WatchNotice::Began(Arc::new(Basis::new(0, &meter, &procedure))))
}

pub fn at(secs: f64) -> Moment {
    Moment::from_micros((secs * 1e6).round() as u64)
}

pub fn reference(secs: f64) -> ReferenceReading {
    ReferenceReading {
        at: at(secs),
        u: Volts(240.0),
        i: Amps(5.0),
        p: Watts(600.0),
        q: Some(Vars(1039.2)),
        s: Some(VoltAmps(1200.0)),
        pf: Some(0.5),
        phase: Some(Degrees(60.0)),
        f: None,
    }
}

pub fn round(secs: f64, volts: f64) -> MeterRound {
    MeterRound {
        at: at(secs),
        secs: [secs; 8],
        values: [volts, 5.0005, 600.6, 1039.0, 1200.1, 0.5, 50.01, 59.9],
        state: Some(NORMAL),
        sys_status: None,
        energy: None,
        bus: BusStatistics {
            transactions: (secs * 120.0) as u64,
            retries: 2,
            timeouts: 1,
            wire_micros: (secs * 750_000.0) as u64,
            ..BusStatistics::default()
        },
    }
}

/// Seconds of readings of both sides, ten and five a second.
pub fn readings(from: f64, to: f64, volts: f64) -> Vec<Notice> {
    let mut notices = Vec::new();
    let tenths = ((to - from) * 10.0).round() as u32;
    for tenth in 0..=tenths {
        let secs = from + f64::from(tenth) * 0.1;
        if tenth % 2 == 0 {
            notices.push(Notice::Watch(WatchNotice::Reference(vec![reference(secs)])));
        }
        notices.push(Notice::Watch(WatchNotice::Meter(vec![round(secs - 0.01, volts)])));
    }
    notices.push(Notice::Watch(WatchNotice::Reference(vec![reference(to + 0.05)])));
    notices
}
