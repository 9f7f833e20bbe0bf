//! How numbers stand on paper: as many digits as they are known to, and never so few that a value seems to keep a limit it does
//! not keep.

/// Decimals of a value in percent whose uncertainty nobody stated.
const DECIMALS: usize = 3;
/// More decimals than any value here deserves.
const MOST_DECIMALS: usize = 12;

/// Whether a plus is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// Deviations say which way they go.
    Both,
    /// Only minus.
    Minus,
}

impl Sign {
    /// Deviations are in percent; register words and the like have no unit or another.
    pub(super) fn for_unit(unit: &str) -> Self {
        if unit == "%" { Self::Both } else { Self::Minus }
    }
}

/// Decimals of an uncertainty with two significant digits, and so of its value (GUM, 7.2.6).
fn decimals(uncertainty: f64) -> usize {
    let written = format!("{uncertainty:.1e}");
    let exponent: i32 = written.split('e').nth(1).and_then(|exponent| exponent.parse().ok()).unwrap_or(0);
    usize::try_from(1 - exponent).unwrap_or(0).min(MOST_DECIMALS)
}

/// An uncertainty with two significant digits.
pub(super) fn uncertainty(value: f64) -> String {
    fixed(value, if value > 0.0 { decimals(value) } else { DECIMALS }, Sign::Minus)
}

/// A value with the digits its uncertainty leaves, and as many more as it takes to lie on the same side of its limits.
pub(super) fn value(value: f64, uncertainty: Option<f64>, limits: [Option<f64>; 2], sign: Sign) -> String {
    let mut places = match uncertainty.filter(|uncertainty| *uncertainty > 0.0) {
        Some(uncertainty) => decimals(uncertainty),
        None if value.fract() == 0.0 && sign == Sign::Minus => 0,
        None => DECIMALS,
    };
    loop {
        let written = fixed(value, places, sign);
        let read: f64 = written.parse().unwrap_or(value);
        let [lower, upper] = limits;
        let keeps = |value: f64| (lower.is_none_or(|lower| value >= lower), upper.is_none_or(|upper| value <= upper));
        if keeps(read) == keeps(value) || places >= MOST_DECIMALS {
            return written;
        }
        places += 1;
    }
}

/// A limit: exactly the number that was compared.
pub(super) fn limit(limit: f64, sign: Sign) -> String {
    if sign == Sign::Both && limit > 0.0 { format!("+{limit}") } else { limit.to_string() }
}

/// What is left of a limit when `taken` is taken from it: as many digits as that has, and as many more as it takes for a value to
/// lie on the same side of it as it is written (`value`: as measured, and as written).
pub(super) fn near(limit: f64, taken: f64, value: Option<(f64, f64)>, sign: Sign) -> String {
    let mut places = if taken > 0.0 { decimals(taken) } else { DECIMALS };
    loop {
        let written = fixed(limit, places, sign);
        let read: f64 = written.parse().unwrap_or(limit);
        let same = value.is_none_or(|(measured, printed)| {
            (measured > limit) == (printed > read) && (measured < limit) == (printed < read)
        });
        if same || places >= MOST_DECIMALS {
            return written;
        }
        places += 1;
    }
}

/// So many decimals; what rounds to zero has no sign.
pub(super) fn fixed(value: f64, decimals: usize, sign: Sign) -> String {
    let written = format!("{value:.decimals$}");
    let zero = !written.contains(|c: char| ('1'..='9').contains(&c));
    match written.strip_prefix('-') {
        Some(digits) if zero => digits.to_owned(),
        None if sign == Sign::Both && !zero => format!("+{written}"),
        _ => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_follow_the_uncertainty() {
        let both = |number, uncertainty| value(number, uncertainty, [None, None], Sign::Both);
        assert_eq!(both(0.007_587_69, Some(0.000_997_75)), "+0.0076");
        assert_eq!(uncertainty(0.000_997_75), "0.0010");
        assert_eq!(both(-0.006_629, Some(0.004_874)), "-0.0066");
        assert_eq!(uncertainty(0.004_874), "0.0049");
        assert_eq!(both(-16.0810, Some(25.0)), "-16");
        assert_eq!(both(-0.0001, None), "0.000");
        assert_eq!(value(29_010.0, None, [None, None], Sign::Minus), "29010");
        assert_eq!(value(-37.0, None, [None, None], Sign::Minus), "-37");
    }

    #[test]
    fn a_value_out_of_limits_never_reads_as_if_it_kept_them() {
        let near = |number| value(number, Some(0.01), [Some(-0.2), Some(0.2)], Sign::Both);
        assert_eq!(near(0.200_04), "+0.20004");
        assert_eq!(near(0.2), "+0.200");
        assert_eq!(near(-0.200_000_1), "-0.2000001");
        assert_eq!(near(0.199_9), "+0.200");
        assert_eq!(limit(0.2, Sign::Both), "+0.2");
        assert_eq!(limit(24_772.0, Sign::Minus), "24772");
    }

    #[test]
    fn what_is_left_of_a_limit_never_reads_as_if_a_value_kept_it() {
        assert_eq!(near(0.974, 0.026, Some((0.1, 0.1)), Sign::Both), "+0.974");
        assert_eq!(near(0.974_04, 0.026, Some((0.974_4, 0.974_4)), Sign::Both), "+0.974");
        assert_eq!(near(0.974_44, 0.026, Some((0.974_4, 0.974_4)), Sign::Both), "+0.97444");
    }
}
