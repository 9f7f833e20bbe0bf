//! Numbers as people type them: with a point or a comma, with a unit or without.

/// A number in `unit`, given in it, in thousands (`k`) or in thousandths (`m`) of it, or without any unit.
///
/// # Errors
/// Says what is wrong, for the one who typed it.
pub fn with_unit(text: &str, unit: &str) -> Result<f64, String> {
    let text = text.trim();
    let (number, factor) = if unit.is_empty() { (text, 1.0) } else { split(text, unit) };
    let commas = number.matches(',').count();
    if commas > 1 || (commas == 1 && number.contains('.')) {
        return Err(format!("{text:?} has more than one decimal mark"));
    }
    let plain = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '+' | '-'));
    match number.replace(',', ".").parse::<f64>() {
        Ok(value) if plain && value.is_finite() => Ok(value * factor),
        _ => Err(format!("{text:?} is not a number")),
    }
}

/// The number with as many decimals as it needs, three at most.
#[must_use]
pub fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The digits and what they are to be multiplied with.
fn split<'a>(text: &'a str, unit: &str) -> (&'a str, f64) {
    // The letter's case tells milli from mega but is typed as it comes; longer units are looked for first.
    let strip = |unit: &str| {
        let at = text.len().checked_sub(unit.len())?;
        let (number, end) = text.split_at_checked(at)?;
        end.eq_ignore_ascii_case(unit).then_some(number.trim_end())
    };
    let units = [(format!("m{unit}"), 1e-3), (format!("k{unit}"), 1e3), (unit.to_owned(), 1.0)];
    units.iter().find_map(|(unit, factor)| Some((strip(unit)?, *factor))).unwrap_or((text, 1.0))
}
