//! Figures of records as they are read: fixed digits for an error, a sign that there is none where there is none.

use crate::gui::texts::words;
use crate::gui::widgets::error_bar::Begin;
pub(super) use crate::gui::widgets::number::plain;
use crate::gui::widgets::number::{NOTHING, signed};
use crate::record::entry::Measurement;

/// A value of a measurement with its unit; never a zero where there is none.
pub(super) fn value(value: Option<f64>, unit: &str) -> String {
    match (value, unit) {
        (None, _) => NOTHING.to_owned(),
        // What is so far off has no use for digits.
        (Some(value), "%") if value.abs() >= 100.0 => format!("{} %", signed(value, 1)),
        (Some(value), "%") => format!("{} %", signed(value, 4)),
        (Some(value), "") => plain(value),
        (Some(value), unit) => format!("{} {unit}", plain(value)),
    }
}

/// A spread or an uncertainty: a value without a sign.
pub(super) fn amount(of: Option<f64>, unit: &str) -> String {
    value(of, unit).trim_start_matches('+').to_owned()
}

/// What was measured and where; a register has no load point.
pub(super) fn named(name: &str, load_point: &str) -> String {
    let name = words::measured(name);
    if load_point.is_empty() { name } else { format!("{name} {load_point}") }
}

/// The limits: one figure where they lie about zero.
pub(super) fn limits(lower: Option<f64>, upper: Option<f64>, unit: &str) -> String {
    let with = |text: String| if unit.is_empty() { text } else { format!("{text} {unit}") };
    // As short as it was written: a limit is no reading.
    match (lower, upper) {
        (None, None) => NOTHING.to_owned(),
        (Some(lower), Some(upper)) if (lower + upper).abs() < 1e-12 => with(format!("± {upper}")),
        (Some(lower), Some(upper)) => with(format!("{lower} … {upper}")),
        (Some(lower), None) => with(format!("≥ {lower}")),
        (None, Some(upper)) => with(format!("≤ {upper}")),
    }
}

/// The value and the limit as a bar has them: distances from the middle between the limits, or from zero where zero is the
/// best there is.
pub(super) fn bar(of: &Measurement) -> (Begin, Option<f64>, Option<f64>) {
    let Some((lower, upper)) = of.lower.zip(of.upper) else { return (Begin::Middle, None, None) };
    if lower == 0.0 {
        return (Begin::Left, of.value, Some(upper));
    }
    let middle = (lower + upper) / 2.0;
    (Begin::Middle, of.value.map(|value| value - middle), Some((upper - lower) / 2.0))
}

/// U with its factor; a sign where it was not recorded.
pub(super) fn uncertainty(of: &Measurement) -> String {
    of.expanded.map_or_else(
        || NOTHING.to_owned(),
        |sure| format!("{} (k {:.2})", amount(Some(sure.expanded), &of.unit), sure.coverage_factor),
    )
}

/// A share in percent; a sign where nothing was counted.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or(NOTHING.to_owned(), |share| format!("{share:.1} %"))
}

/// A time in seconds.
pub(super) fn seconds(secs: Option<f64>) -> String {
    secs.map_or(NOTHING.to_owned(), |secs| format!("{secs:.1} s"))
}

/// A count with its thousands apart.
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202F}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_their_digits_and_nothing_is_no_zero() {
        assert_eq!(value(None, "%"), NOTHING);
        assert_eq!(value(Some(-0.0134), "%"), "-0.0134 %");
        assert_eq!(value(Some(29_112.0), ""), "29112");
        assert_eq!(value(Some(239.981_23), "V"), "239.981 V");
        assert_eq!(limits(Some(-0.2), Some(0.2), "%"), "± 0.2 %");
        assert_eq!(limits(None, None, "%"), NOTHING);
        assert_eq!(limits(Some(1.0), Some(3.0), ""), "1 … 3");
        assert_eq!(count(1_234_567), "1\u{202F}234\u{202F}567");
        assert_eq!(percent(None), NOTHING);
    }
}
