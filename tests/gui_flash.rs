//! What the window's station does with a flash target and an image: the run flashes, and says how far it is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

use std::sync::Arc;
use std::time::Duration;

use meterbench::gui::session::{AddressTexts, Consent, Notice, Order, Session};
use meterbench::job::NoWake;
use meterbench::procedure::{Event, FlashReport, RunReport, Verdict};

const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/firmware/images/meter.elf");

/// Connects and orders, with the targets of the positions apart by spaces; returns the reports, or what was refused, and the details of progress.
fn run(meter: &str, serials: &[&str], targets: &str, image: &str) -> (Result<Vec<RunReport>, String>, Vec<String>) {
    let mut session = Session::spawn(Arc::new(NoWake)).unwrap();
    assert!(session.connect(AddressTexts {
        meter: meter.to_owned(),
        reference: String::new(),
        source: String::new(),
        ..AddressTexts::default()
    }));
    let order = Order {
        serials: serials.iter().map(|&serial| serial.to_owned()).collect(),
        profile: "opensmartmeter-mt50".to_owned(),
        procedure: "calibrate-flash-quick".to_owned(),
        targets: targets.split(' ').map(str::to_owned).collect(),
        image: image.to_owned(),
        provisioning: String::new(),
        golden: false,
    };
    assert!(session.start(order, Consent::default()));
    let mut details = Vec::new();
    for _ in 0..12_000 {
        match session.poll() {
            Some(Ok(Notice::Ended(reports))) => {
                session.close(None);
                return (Ok(reports), details);
            }
            Some(Ok(Notice::Refused(advice))) => {
                session.close(None);
                return (Err(advice.what), details);
            }
            Some(Ok(Notice::Run(Event::StepProgress { detail, .. }))) => details.push(detail),
            Some(Err(error)) => panic!("{error:?}"),
            Some(Ok(_)) => {}
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    panic!("no end");
}

#[test]
fn every_position_gets_its_own_image_and_progress_is_shown() {
    let (reports, details) = run("sim:?seed=7&positions=3", &["A1", "", "A3"], "sim:", IMAGE);
    let reports = reports.unwrap();
    assert_eq!(reports.len(), 2);
    for report in &reports {
        assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.advice);
        assert!(report.flash.as_ref().is_some_and(FlashReport::is_proven));
    }
    let images: Vec<_> = reports.iter().map(|report| &report.flash.as_ref().unwrap().image_sha256).collect();
    assert_ne!(images.first(), images.last());
    let shown = |word: &str| details.iter().any(|detail| detail.starts_with(word) && detail.contains("kB/s"));
    assert!(shown("Writing") && shown("Reading back"), "{details:?}");
}

#[test]
fn what_is_missing_is_said_before_anything_begins() {
    for (meter, serials, target, image, part) in [
        ("sim:", vec!["A1"], "", IMAGE, "No flash target"),
        ("sim:", vec!["A1"], "sim:", "", "No image"),
        ("sim:", vec!["A1"], "sim:", "/nowhere.elf", "/nowhere.elf"),
        ("sim:", vec!["A1"], "sim:", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), "calibration page"),
        ("sim:", vec!["A1"], "rom+tcp:127.0.0.1:1", IMAGE, "use sim:"),
        ("sim:?positions=2", vec!["A1", "A2"], "rom+tcp:127.0.0.1:1", IMAGE, "Position 2 has no flash target"),
        ("sim:?positions=2", vec!["", "A2"], "rom+tcp:127.0.0.1:1 ", IMAGE, "Position 2 has no flash target"),
        ("sim:?positions=2", vec!["A1", "A2"], "rom+tcp:127.0.0.1:1 rom+tcp:127.0.0.1:1", IMAGE, "have the same"),
        ("sim:?positions=2", vec!["A1", "A2"], "sim: rom+serial", IMAGE, "rom+serial"),
    ] {
        let (refused, _) = run(meter, &serials, target, image);
        let what = refused.err().unwrap_or_default();
        assert!(what.contains(part), "{part}: {what}");
    }
}
