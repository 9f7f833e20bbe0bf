//! Everything an instrument may say that is no reading.

use proptest::prelude::*;

use super::*;
use crate::profile::instrument::{PowerFrom, Quantity, ReadQuery};
use crate::reference::scpi::codec::{NoNumber, Values, number};

fn sim_query() -> ReadQuery {
    let profile = load_instrument("meterbench-sim").expect("shipped").profile;
    profile.read.expect("[read]").query.remove(0)
}

/// What is said about an answer that differs from a good one in its voltage.
fn voltage(text: &str) -> Result<(), String> {
    Values::default().take(&sim_query(), GOOD.trim().replace("2.400000E2", text).as_str())
}

#[test]
fn what_is_no_number_is_no_value() {
    for text in [
        "", " ", "-", "----", "--.--", "+", "NAN", "nan", "-NAN", "INF", "+INF", "-inf", "INFINITY", "9.9E37",
        "+9.9E+37", "-9.9E37", "9.91E37", "9.91E+37", "1E400", "OVER", "OL",
    ] {
        assert!(voltage(text).is_err(), "{text:?}");
    }
    for text in ["abc", "0x10", "2.4.0", "240 V", "1e", "e5", "1e5e5", "240;5", "２４０", "1_000"] {
        assert_eq!(number(text), Err(NoNumber::Nonsense), "{text:?}");
        assert!(voltage(text).is_err(), "{text:?}");
    }
    for text in ["-240", "-1E-3", "1E6"] {
        assert!(voltage(text).expect_err(text).contains("out of range"));
    }
    for (text, value) in
        [("+240.1", 240.1), ("2.401E+02", 240.1), (" 240 ", 240.0), (".5", 0.5), ("5.", 5.0), ("0", 0.0)]
    {
        assert_eq!(number(text), Ok(value));
    }
}

#[test]
fn another_count_of_fields_is_another_answer() {
    let query = sim_query();
    let good = GOOD.trim();
    for answer in ["", "1", &good.replacen(',', ";", 1), &format!("{good},1"), good.rsplit_once(',').expect("fields").0]
    {
        let problem = Values::default().take(&query, answer).expect_err(answer);
        assert!(problem.contains("8 fields"), "{problem}");
    }
}

#[test]
fn only_what_may_be_absent_may_be_absent() {
    let query = sim_query();
    let mut values = Values::default();
    values.take(&query, "240,0,0,0,0,9.91E+37,NAN,50").expect("no power factor without current");
    assert_eq!((values.of(Quantity::Pf), values.of(Quantity::Phase), values.of(Quantity::F)), (None, None, Some(50.0)));
    assert!(Values::default().take(&query, "240,0,0,0,0,abc,NAN,50").is_err(), "nonsense is not absence");
    assert!(Values::default().take(&query, "240,0,0,NAN,0,1,0,50").is_err(), "q is expected here");
}

#[test]
fn power_is_computed_only_where_the_profile_says_so() {
    let mut query = sim_query();
    query.fields.retain(|field| field.quantity != Quantity::P);
    let mut values = Values::default();
    values.take(&query, GOOD.trim()).expect("good");
    assert!(values.reading(PowerFrom::Measured, Moment::START).is_err());
    let computed = values.reading(PowerFrom::UIPf, Moment::START).expect("u, i and pf are there");
    assert_eq!(computed.p, Watts(600.0));
}

#[test]
fn scale_offset_and_sign_are_applied() {
    let mut query = sim_query();
    for field in &mut query.fields {
        match field.quantity {
            Quantity::U => (field.scale, field.offset) = (2.0, 1.0),
            Quantity::Phase => field.scale = -1.0,
            _ => {}
        }
    }
    let mut values = Values::default();
    values.take(&query, &GOOD.trim().replace("6.000000E1", "3.000000E2")).expect("good");
    let reading = values.reading(PowerFrom::Measured, Moment::START).expect("all there");
    assert_eq!((reading.u, reading.phase.map(|phase| phase.0)), (Volts(481.0), Some(60.0)));
}

#[test]
fn a_label_is_found_once_and_whole() {
    let profile = load_instrument("zera-mt310s2").expect("shipped").profile;
    let query = profile.read.expect("[read]").query.remove(0);
    let take = |answer: &str| Values::default().take(&query, answer);
    assert_eq!(take("RMS1:UL1:[V]:229.69;RMS1:IL1:[A]:5;"), Ok(()));
    assert_eq!(take("rms1:ul1:[v]:229.69;rms1:il1:[a]:5;"), Ok(()), "case does not matter");
    for (answer, part) in [
        ("RMS1:XUL1:[V]:229.69;RMS1:IL1:[A]:5;", "no field is named"),
        ("RMS1:UL1:[V]:229.69;RMS2:UL1:[V]:1;RMS1:IL1:[A]:5;", "more than one"),
        ("RMS1:UL1:[mV]:229.69;RMS1:IL1:[A]:5;", "no field is named"),
        ("RMS1:UL1:[V]:;RMS1:IL1:[A]:5;", "no value"),
        ("RMS1:UL1:[V]:2x;RMS1:IL1:[A]:5;", "no number"),
        ("", "no field is named"),
    ] {
        let problem = take(answer).expect_err(answer);
        assert!(problem.contains(part), "{answer}: {problem}");
    }
}

/// An answer as bytes; the error of the reading, and that the next reading is good and its own.
fn refused_then_recovered(answer: &[u8], part: &str) {
    let bad = ("MEAS:ALL?", vec![(5, answer.to_vec())]);
    let (bench, mut reference) = Bench::greeted(vec![bad, says("*IDN?", IDN), says("MEAS:ALL?", GOOD)]);
    let error = reference.read().expect_err(part).to_string();
    assert!(error.contains(part), "{error}");
    assert_eq!(volts(reference.read()), 240.0);
    bench.finished();
}

#[test]
fn the_line_recovers_from_every_bad_answer() {
    refused_then_recovered(b"\n", "8 fields are expected");
    refused_then_recovered(b"2.400000E2,5.0000", "its end did not come");
    refused_then_recovered(b"2.400000E2,5.0000\n", "8 fields are expected, 2 came");
    refused_then_recovered(b"\xff\xfe\x80,5\n", "no text");
    refused_then_recovered(b"2.4\x00\x07,5\n", "no text");
    refused_then_recovered(GOOD.replace("2.400000E2", "----").as_bytes(), "no value for U");
    refused_then_recovered(GOOD.replace("5.000000E0", "NAN").as_bytes(), "no value for I");
    refused_then_recovered(GOOD.replace("6.000000E2", "watt").as_bytes(), "no number for P");
    refused_then_recovered("1,".repeat(3000).as_bytes(), "too long");
}

#[test]
fn every_truncation_is_refused() {
    for length in 0..GOOD.len() - 1 {
        let piece = GOOD.as_bytes()[..length].to_vec();
        let (_, mut reference) = Bench::greeted(vec![("MEAS:ALL?", vec![(5, piece)])]);
        assert!(reference.read().is_err(), "{length}");
    }
}

proptest! {
    #[test]
    fn no_answer_makes_the_reader_panic(answer in ".{0,200}") {
        let query = sim_query();
        let mut values = Values::default();
        if values.take(&query, &answer).is_ok() {
            let reading = values.reading(PowerFrom::Measured, Moment::START);
            prop_assert!(reading.is_ok_and(|reading| reading.u.is_finite() && reading.i.is_finite()));
        }
    }

    #[test]
    fn no_labelled_answer_makes_the_reader_panic(answer in "(rms1:|RMS1:|é|;|:|UL1:|\\[V\\]:|IL1:\\[A\\]:|[0-9.eE+-]){0,30}") {
        let profile = load_instrument("zera-mt310s2").expect("shipped").profile;
        let query = profile.read.expect("[read]").query.remove(0);
        let _ = Values::default().take(&query, &answer);
    }

    #[test]
    fn numbers_come_back(value in -1e9_f64..1e9) {
        prop_assert_eq!(number(&format!("{value}")), Ok(value));
        prop_assert_eq!(number(&format!("{value:E}")), Ok(value));
    }

    #[test]
    fn bytes_from_the_line_are_a_reading_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let (_, mut reference) = Bench::greeted(vec![("MEAS:ALL?", vec![(5, bytes)])]);
        prop_assert!(reference.read().is_err());
    }
}
