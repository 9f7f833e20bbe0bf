//! Results made up for tests of the store: each number gives the same one always.

#![allow(dead_code, clippy::expect_used, reason = "each test uses a part of it, and stops at what it did not expect")]

use std::collections::BTreeMap;

use meterbench::procedure::Verdict;
use meterbench::record::entry::{Measurement, Step, Used};
use meterbench::record::{Draft, Entry, Hash, Stamp};

/// Procedure as its text goes into the store.
pub const PROCEDURE: &str = "kind = \"procedure\"\nname = \"made-up\"\n";
/// Meter profile as its text goes into the store.
pub const PROFILE: &str = "kind = \"meter\"\nname = \"made-up\"\n";
/// 2026-01-01 06:00 UTC.
pub const BEGIN_MS: i64 = 1_767_247_200_000;
/// Time from unit to unit.
pub const TAKT_MS: i64 = 20_000;
/// Attempts of a day: 11 hours.
pub const A_DAY: u64 = 2000;

/// Noise of a number and a stream, -1 to 1, the same always (SplitMix64).
pub fn noise(number: u64, stream: u64) -> f64 {
    let mut word = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03);
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((word ^ (word >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

fn measurement(name: &str, load_point: &str, value: f64, limit: Option<f64>) -> Measurement {
    let failed = limit.is_some_and(|limit| value.abs() > limit);
    Measurement {
        name: name.to_owned(),
        load_point: load_point.to_owned(),
        value: Some(value + 0.0),
        unit: if limit.is_some() { "%" } else { "" }.to_owned(),
        lower: limit.map(|limit| -limit),
        upper: limit,
        verdict: if failed { Verdict::Fail } else { Verdict::Pass },
        expanded: None,
        guard_band: None,
        marginal: false,
        uncertainty: limit.map(|_| 0.001),
        limit_source: "made up".to_owned(),
        method: "noise".to_owned(),
    }
}

/// The number-th result: one of 2000 a day at four positions with two operators and a new batch each week. One in fifty
/// fails and comes again as the next but nine.
pub fn draft(number: u64) -> Draft {
    let again = number % 50 == 17;
    let unit = if again { number - 10 } else { number };
    let failing = number % 50 == 7;
    let day = number / A_DAY;
    let at_ms = BEGIN_MS + (day * 86_400_000).cast_signed() + (number % A_DAY).cast_signed() * TAKT_MS;
    let drift = (number as f64 / 1e6) * 200.0;
    let mut measurements = vec![
        measurement("Ugain", "", (29_000.0 + drift + 300.0 * noise(unit, 1)).round(), None),
        measurement("IgainL", "", (31_000.0 + 400.0 * noise(unit, 2)).round(), None),
        measurement("voltage_error", "Un Ib PF 1", 0.02 * noise(number, 3), Some(0.2)),
        measurement("energy_error", "Un Ib PF 1", 0.03 * noise(number, 4), Some(0.2)),
        measurement("energy_error", "Un Ib PF 0.5L", 0.05 * noise(number, 5), Some(0.2)),
    ];
    if failing {
        measurements.push(measurement("energy_error", "Un 0.05 Ib PF 1", 0.3, Some(0.2)));
    }
    let titles = ["Identify the chip", "Voltage and current gain", "Energy gain", "Verify"];
    let steps = titles.into_iter().enumerate().map(|(place, title)| Step {
        title: title.to_owned(),
        verdict: if failing && title == "Verify" { Verdict::Fail } else { Verdict::Pass },
        detail: format!("found {:.4}", noise(number, 10 + place as u64)),
        started_s: place as f64 * 40.0,
        duration_s: 40.0,
    });
    let registers = |shift: u64| -> Vec<(String, String)> {
        let word = |register: u64| (noise(unit, 20 + register + shift) * 32_767.0) as i16;
        (0..23).map(|register| (format!("Reg{register:02}"), format!("0x{:04X}", word(register)))).collect()
    };
    let used = |name: &str, text: &str| Used { name: name.to_owned(), sha256: Hash::of(text.as_bytes()) };
    let entry = Entry {
        uid: Hash::of(&number.to_le_bytes()).to_string()[..32].to_owned(),
        at: Stamp { at_ms, utc_offset_s: 3600, zone: "Africa/Lagos".to_owned() },
        duration_s: 160.0,
        serial: format!("MT{unit:07}"),
        verdict: if failing { Verdict::Fail } else { Verdict::Pass },
        simulated: true,
        profile: used("made-up-meter", PROFILE),
        procedure: used("made-up", PROCEDURE),
        batch: Some(format!("week {}", day / 7)),
        operator: Some(if number % A_DAY < A_DAY / 2 { "morning" } else { "afternoon" }.to_owned()),
        position: u32::try_from(number % 4).expect("small") + 1,
        program: "meterbench test".to_owned(),
        traceability: meterbench::procedure::Traceability::default(),
        instruments: vec!["Maker Model 1 SIMULATED".to_owned()],
        registers_before: registers(0),
        registers_after: registers(100),
        steps: steps.collect(),
        measurements,
        readings: Vec::new(),
        advice: None,
        bus: BTreeMap::from([("transactions".to_owned(), 4000 + number % 100)]),
        image_sha256: None,
        flash: None,
        provisioning_row: None,
    };
    Draft { entry, documents: vec![PROFILE.to_owned(), PROCEDURE.to_owned()] }
}

/// The first `count` results.
pub fn drafts(count: u64) -> Vec<Draft> {
    (0..count).map(draft).collect()
}
