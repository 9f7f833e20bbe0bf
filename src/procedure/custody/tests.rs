//! Instruments are found, refused and allowed.

use super::*;
use crate::load::PowerFactor;
use crate::units::{Amps, Hertz, Percent, Volts};

const LIST: &str = r#"
[[instrument]]
serial = "4711"
model = "RMM 3001"
address = "scpi+tcp:10.0.0.5:6320"
certificate = "K-17"
laboratory = "National institute"
calibrated = "2026-03-01"
due = "2027-03-01"
uncertainty = [{ measurand = "energy", i_amps = [1, 100], expanded_percent = 0.02 }]
resolution = { p_watts = 0.1 }
"#;

fn custody(today: &str) -> Custody {
    Custody {
        inventory: Inventory::parse(LIST, "test").expect("good"),
        reference_address: Some("scpi+tcp:10.0.0.5:6320?profile=x".to_owned()),
        today: Some(today.parse().expect("day")),
        ..Custody::default()
    }
}

fn identity(model: &str, serial: &str) -> Identity {
    let [maker, model, serial, version] = ["Maker", model, serial, "1"].map(str::to_owned);
    Identity { maker, model, serial, version, simulated: false }
}

fn admit(custody: &Custody, model: &str, serial: &str) -> Result<InstrumentUsed, CustodyError> {
    custody.admit(Role::Reference, &identity(model, serial), None).map(|(used, _)| used)
}

#[test]
fn an_instrument_is_known_by_its_serial_number_or_its_address() {
    let custody = custody("2026-11-21");
    for (model, serial) in [("RMM 3001", "4711"), ("rmm 3001", "")] {
        let used = admit(&custody, model, serial).expect("known");
        assert_eq!((used.serial.as_str(), used.certificate.as_deref()), ("4711", Some("K-17")));
        assert_eq!((used.due.as_deref(), used.exception), (Some("2027-03-01"), None));
    }
}

#[test]
fn another_serial_number_is_another_instrument() {
    let mut custody = custody("2026-11-21");
    let other = |result: Result<InstrumentUsed, CustodyError>| {
        assert!(matches!(result, Err(CustodyError::OtherSerial { .. })), "{result:?}");
    };
    other(admit(&custody, "Other model", "4712"));
    custody.reference_address = Some("scpi+tcp:10.0.0.9:6320".to_owned());
    other(admit(&custody, "RMM 3001", "4712"));
    custody.supervisor = Some("Somebody".to_owned());
    other(admit(&custody, "RMM 3001", "4712"));
    // Nothing is said of this one, unless everything has to be in the list.
    assert_eq!(admit(&custody, "Other model", "4712").expect("unlisted").certificate, None);
    custody.inventory.listed_only = true;
    assert!(matches!(admit(&custody, "Other model", "4712"), Err(CustodyError::NotListed { .. })));
}

#[test]
fn dates_forbid_and_a_supervisor_allows() {
    let overdue = |days| CustodyError::Overdue {
        role: Role::Reference,
        serial: "4711".to_owned(),
        due: "2027-03-01".parse().expect("day"),
        days,
    };
    assert!(admit(&custody("2027-03-01"), "RMM 3001", "4711").is_ok());
    assert_eq!(admit(&custody("2027-03-02"), "RMM 3001", "4711"), Err(overdue(1)));
    assert_eq!(admit(&custody("2028-03-01"), "RMM 3001", "4711"), Err(overdue(366)));
    let allowed = Custody { supervisor: Some("Ada".to_owned()), ..custody("2027-03-02") };
    let used = admit(&allowed, "RMM 3001", "4711").expect("allowed");
    let of = Traceability { instruments: vec![used], supervisor: allowed.supervisor, ..Traceability::default() };
    let mark = of.mark().expect("marked");
    assert!(mark.contains("ended on 2027-03-01") && mark.ends_with("allowed by Ada"), "{mark}");
}

#[test]
fn a_clock_that_was_set_back_is_noticed() {
    let before_its_certificate = admit(&custody("2026-02-28"), "RMM 3001", "4711");
    assert!(matches!(before_its_certificate, Err(CustodyError::ClockBack { .. })), "{before_its_certificate:?}");
    let newest = Some("2026-11-22".parse().expect("day"));
    let before_the_newest = Custody { last_record: newest, ..custody("2026-11-21") };
    let result = admit(&before_the_newest, "RMM 3001", "4711");
    assert!(matches!(result, Err(CustodyError::ClockBack { .. })), "{result:?}");
    assert!(admit(&Custody { last_record: newest, ..custody("2026-11-22") }, "RMM 3001", "4711").is_ok());
}

#[test]
fn what_a_certificate_says_is_normal_and_what_a_maker_says_rectangular() {
    let point = |i| LoadPoint { u: Volts(230.0), i: Amps(i), pf: PowerFactor::UNITY, f: Hertz(50.0) };
    let custody = custody("2026-11-21");
    let (_, trust) = custody.admit(Role::Reference, &identity("RMM 3001", "4711"), None).expect("known");
    let standard = trust.reference(Measurand::Energy, &point(5.0)).expect("covered");
    assert!((standard.value - 0.01).abs() < 1e-12);
    assert_eq!(trust.reference(Measurand::Energy, &point(0.5)), None, "below the certificate's range");
    assert!((trust.step_percent(Measurand::Energy, &point(5.0)) - 0.1 / 1150.0 * 100.0).abs() < 1e-12);
    // 50 ppm, evenly spread.
    assert!((trust.time_base().value - 0.005 / 3.0_f64.sqrt()).abs() < 1e-12);

    let figures = Accuracy { p: Some(Percent(0.03)), due: Some("2027-01-01".to_owned()), ..Accuracy::default() };
    let unlisted = Custody { today: custody.today, ..Custody::default() };
    let (used, trust) = unlisted.admit(Role::Reference, &identity("New", "1"), Some(&figures)).expect("taken");
    assert!(used.by_maker && used.certificate.is_none());
    let standard = trust.reference(Measurand::Energy, &point(0.5)).expect("everywhere");
    assert!((standard.value - 0.03 / 3.0_f64.sqrt()).abs() < 1e-12);
    assert_eq!(trust.reference(Measurand::Voltage, &point(0.5)), None);
    // A list that gives only dates leaves the figures their maker's.
    let mut dated = custody.clone();
    dated.inventory.instruments[0].uncertainty.clear();
    let (used, _) = dated.admit(Role::Reference, &identity("RMM 3001", "4711"), Some(&figures)).expect("known");
    assert_eq!((used.by_maker, used.certificate.as_deref(), used.uncertainty.len()), (true, Some("K-17"), 1));
    let (used, _) = custody.admit(Role::Reference, &identity("RMM 3001", "4711"), Some(&figures)).expect("known");
    assert!(!used.by_maker, "the certificate's own figures go before");
    let later = Custody { today: Some("2027-01-02".parse().expect("day")), ..Custody::default() };
    let refused = later.admit(Role::Reference, &identity("New", "1"), Some(&figures));
    assert!(matches!(refused, Err(CustodyError::Overdue { .. })), "the profile's date counts too");
}
