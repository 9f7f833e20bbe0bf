//! How long the long tests take: starting current, no load, energy counted. The formulas are the standards', their figures the
//! procedure's.

use std::time::Duration;

use crate::profile::meter::Rating;
use crate::profile::verification::{Dial, NoLoad, NoLoadFormula, Starting};
use crate::units::Percent;

/// Longer than this a test is a slip of the keyboard: a day.
const LONGEST: Duration = Duration::from_secs(86_400);

/// After the first impulse at the starting current, a meter that goes on registering makes this many counts, each a tenth of the chip's
/// impulse.
pub const COUNTS_TO_GO_ON: u32 = 2;

/// Time an exact meter takes for one impulse at the starting current.
#[must_use]
pub fn one_pulse(starting: &Starting, rating: &Rating) -> Duration {
    let load = starting.load.at(rating);
    let watts = f64::from(starting.elements) * load.u.0 * load.i.0;
    bounded(3.6e6 / (rating.constant_imp_per_kwh * watts))
}

/// Time within which the first impulse has to come at the starting current: t = 1.2 x 60 x 1000 / (k m U Ist) minutes, the factor
/// being the procedure's.
#[must_use]
pub fn starting(starting: &Starting, rating: &Rating) -> Duration {
    one_pulse(starting, rating).mul_f64(starting.time_factor).min(LONGEST)
}

/// Duration of a no-load test: minutes = coefficient / (k m Un Imax), or with the starting current / (k m U Ist).
#[must_use]
pub fn no_load(no_load: &NoLoad, rating: &Rating) -> Duration {
    let k = rating.constant_imp_per_kwh * f64::from(no_load.elements);
    let minutes = match no_load.formula {
        NoLoadFormula::Imax => no_load.coefficient / (k * rating.un.0 * rating.imax.0),
        NoLoadFormula::StartingCurrent(of_ib) => {
            no_load.coefficient / (k * no_load.load.at(rating).u.0 * rating.ib.0 * of_ib)
        }
    };
    bounded(minutes * 60.0 * no_load.time_factor)
}

/// Duration of a dial test: its own least time, or the time its impulses take.
#[must_use]
pub fn dial(dial: &Dial, rating: &Rating) -> Duration {
    let load = dial.load.at(rating);
    let watts = load.u.0 * load.i.0 * load.pf.magnitude;
    dial.duration.max(bounded(dial.pulses * 3.6e6 / (rating.constant_imp_per_kwh * watts)))
}

/// The interval within which a step of the register is seen, in seconds: a reading and the pause behind it.
const SEEN_WITHIN_SECS: f64 = 0.014;
/// A slope is drawn through so many steps at the least.
const FEWEST_COUNTS: f64 = 9.0;

/// Time after which the slope of a register that steps every `count` is known to `uncertainty`: it falls with the time to the power of
/// 3/2, as that of any straight line through evenly spaced points does.
#[must_use]
pub fn until_known(count: Duration, uncertainty: Percent) -> Duration {
    let count = count.as_secs_f64();
    bounded((SEEN_WITHIN_SECS * count.sqrt() / uncertainty.fraction()).powf(2.0 / 3.0).max(FEWEST_COUNTS * count))
}

/// Seconds as a time; what is none is the longest.
pub(super) fn bounded(secs: f64) -> Duration {
    Duration::try_from_secs_f64(secs).unwrap_or(LONGEST).min(LONGEST)
}

/// Minutes and seconds, as an operator reads them.
#[must_use]
pub fn words(time: Duration) -> String {
    let secs = time.as_secs_f64().round() as u64;
    match (secs / 60, secs % 60) {
        (0, secs) => format!("{secs} s"),
        (minutes, secs) => format!("{minutes} min {secs:02} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::PowerFactor;
    use crate::profile::verification::{Current, Load};
    use crate::units::Volts;

    /// 5(80) A, 230 V, 1000 imp/kWh: the meter whose times are worked out in the sources.
    fn rating() -> Rating {
        let meter = crate::profile::load_meter("opensmartmeter-mt50").expect("shipped");
        Rating { un: Volts(230.0), ..meter.profile.rating }
    }

    fn voltage_alone(u_of_un: f64) -> Load {
        Load { u_of_un, current: Current::OfIb(0.0), pf: PowerFactor::UNITY, frequency: None }
    }

    fn no_load_of(u_of_un: f64, formula: NoLoadFormula, coefficient: f64) -> f64 {
        let test = NoLoad {
            load: voltage_alone(u_of_un),
            formula,
            coefficient,
            elements: 1,
            time_factor: 1.0,
            pulses: 1.0,
            limit_source: "worked example".to_owned(),
        };
        no_load(&test, &rating()).as_secs_f64() / 60.0
    }

    #[test]
    fn times_are_those_of_the_worked_examples() {
        let start = Starting {
            load: Load { current: Current::OfIb(0.004), ..voltage_alone(1.0) },
            time_factor: 1.2,
            elements: 1,
            limit_source: "worked example".to_owned(),
        };
        assert!((one_pulse(&start, &rating()).as_secs_f64() - 782.6).abs() < 0.05);
        assert!((starting(&start, &rating()).as_secs_f64() / 60.0 - 15.65).abs() < 0.005);
        for (u_of_un, formula, coefficient, minutes) in [
            (1.15, NoLoadFormula::Imax, 600e6, 32.6),
            (1.15, NoLoadFormula::Imax, 480e6, 26.1),
            (1.1, NoLoadFormula::StartingCurrent(0.004), 240e3, 47.4),
            (1.15, NoLoadFormula::StartingCurrent(0.004), 240e3, 45.4),
        ] {
            let computed = no_load_of(u_of_un, formula, coefficient);
            assert!((computed - minutes).abs() < 0.05, "{computed} min instead of {minutes}");
        }
    }

    #[test]
    fn what_remains_is_told_in_minutes() {
        assert_eq!(words(Duration::from_secs(59)), "59 s");
        assert_eq!(words(Duration::from_secs_f64(1956.5)), "32 min 37 s");
    }
}
