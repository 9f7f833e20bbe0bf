//! What a paper takes from the texts of profile and procedure that lie beside the records.
//!
//! They are read loosely, not as today's profiles: a record of ten years ago was made with a profile of ten years ago, and what
//! cannot be read of it is left out of the paper rather than keeping it from being printed.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::procedure::rounding;

/// Where a load point lies.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// Current in multiples of Ib.
    pub i_of_ib: f64,
    /// Power factor as the procedure writes it.
    pub pf: String,
}

fn number(table: &Table, name: &str) -> Option<f64> {
    match table.get(name)? {
        Value::Float(value) => Some(*value),
        Value::Integer(value) => Some(*value as f64),
        _ => None,
    }
    .filter(|value| value.is_finite())
}

/// The nameplate: `240 V, 5(80) A, 50 Hz, class 1, 1000 imp/kWh`; none where the profile does not say it.
pub(super) fn rating(profile: &str) -> Option<String> {
    let profile: Table = profile.parse().ok()?;
    let rating = profile.get("rating")?.as_table()?;
    let number = |name: &str| number(rating, name);
    let mut parts = vec![format!("{} V", number("un_volts")?)];
    parts.push(format!("{}({}) A", number("ib_amps")?, number("imax_amps")?));
    parts.extend(number("frequency_hz").map(|frequency| format!("{frequency} Hz")));
    parts.extend(rating.get("class").and_then(Value::as_str).map(|class| format!("class {class}")));
    parts.extend(number("constant_imp_per_kwh").map(|constant| format!("{constant} imp/kWh")));
    Some(parts.join(", "))
}

/// Imax in multiples of Ib, where a meter profile says both.
pub(super) fn imax_of_ib(profile: &str) -> Option<f64> {
    let profile: Table = profile.parse().ok()?;
    let rating = profile.get("rating")?.as_table()?;
    Some(number(rating, "imax_amps")? / number(rating, "ib_amps")?)
}

/// A tenth of the class that a procedure verifies, in percent: the step of errors on a certificate.
pub(super) fn tenth_of_class(procedure: &str) -> Option<f64> {
    let procedure: Table = procedure.parse().ok()?;
    let class = procedure.get("standard")?.as_table()?.get("class")?.as_str()?;
    rounding::step(class).map(|step| step.0)
}

/// Load points by the names they have in the record.
pub(super) fn places(procedure: &str, imax_of_ib: Option<f64>) -> BTreeMap<String, Place> {
    let mut found = BTreeMap::new();
    if let Ok(procedure) = procedure.parse::<Table>() {
        collect(&Value::Table(procedure), imax_of_ib, &mut found);
    }
    found
}

fn collect(value: &Value, imax_of_ib: Option<f64>, into: &mut BTreeMap<String, Place>) {
    match value {
        Value::Table(table) => {
            let of_imax = number(table, "i_of_imax").zip(imax_of_ib).map(|(part, imax)| part * imax);
            let named = table.get("name").and_then(Value::as_str).zip(number(table, "i_of_ib").or(of_imax));
            if let (Some((name, i_of_ib)), Some(pf)) = (named, table.get("pf").and_then(Value::as_str)) {
                into.insert(name.to_owned(), Place { i_of_ib, pf: pf.to_owned() });
            }
            table.values().for_each(|value| collect(value, imax_of_ib, into));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, imax_of_ib, into)),
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = include_str!("../../profiles/meters/opensmartmeter-mt50.toml");
    const PROCEDURE: &str = include_str!("../../profiles/procedures/calibrate.toml");

    #[test]
    fn shipped_profiles_say_what_is_printed() {
        assert_eq!(rating(PROFILE).as_deref(), Some("240 V, 5(80) A, 50 Hz, class 1, 1000 imp/kWh"));
        assert_eq!(imax_of_ib(PROFILE), Some(16.0));
        let places = places(PROCEDURE, None);
        assert_eq!(places.get("Un, Ib, PF 0.5L"), Some(&Place { i_of_ib: 1.0, pf: "0.5L".to_owned() }));
        let class1 = include_str!("../../profiles/procedures/iec62053-21-class1.toml");
        let places = super::places(class1, imax_of_ib(PROFILE));
        assert_eq!(places.get("Imax, PF 0.5L"), Some(&Place { i_of_ib: 16.0, pf: "0.5L".to_owned() }));
        assert_eq!((tenth_of_class(class1), tenth_of_class(PROCEDURE)), (Some(0.1), None));
        assert_eq!((rating("not toml ="), rating("kind = 1")), (None, None));
    }
}
