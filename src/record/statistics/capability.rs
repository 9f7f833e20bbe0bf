//! Each measurement against its limits: mean, spread, Cpk, histogram.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::record::error::StoreError;
use crate::record::search::{Bound, Filter, MATCHES};
use crate::record::store::{InFile as _, Store};
use crate::record::summary::{BINS, Counts, Moments};

/// Bars a histogram has at most; with so many it can still be read.
const BARS: usize = 24;
/// Unit of what is counted.
const COUNT: &str = "imp";

/// All values of one measurement with the same limits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Capability {
    /// What was measured.
    pub name: String,
    /// Where.
    pub load_point: String,
    /// Unit of the value.
    pub unit: String,
    /// Least value that passes.
    pub lower: Option<f64>,
    /// Greatest value that passes.
    pub upper: Option<f64>,
    /// Where the limits come from.
    pub limit_source: String,
    /// How many values.
    pub n: u64,
    /// Those out of limits.
    pub failed: u64,
    /// Those that passed, near to what is not accepted.
    pub marginal: u64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation (n - 1); none of one value.
    pub deviation: Option<f64>,
    /// The least value.
    pub least: f64,
    /// The greatest value.
    pub greatest: f64,
    /// Distance of the mean from the nearer limit in units of three standard deviations (of all values, so some call it Ppk).
    /// None without limits or without spread, and none of counts: they are not spread as it assumes.
    pub cpk: Option<f64>,
    /// How the values lie between the limits; none without two limits.
    pub histogram: Option<Histogram>,
}

/// Values by size.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Histogram {
    /// Where the first bar begins.
    pub from: f64,
    /// Width of a bar.
    pub width: f64,
    /// Values in each bar.
    pub counts: Vec<u64>,
    /// Values below the lower limit.
    pub below: u64,
    /// Values above the upper limit.
    pub above: u64,
}

impl Store {
    /// Every measurement that matches, by name and load point; one with other limits stands for itself.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn capabilities(&self, filter: &Filter) -> Result<Vec<Capability>, StoreError> {
        let Some(bound) = self.bind(filter)? else { return Ok(Vec::new()) };
        let read = || {
            let mut totals = self.totals(&bound)?;
            let mut quantities = self.connection.prepare_cached(
                "SELECT id, name, load_point, unit, lower, upper, limit_source FROM quantity ORDER BY name, load_point, id",
            )?;
            let mut found = Vec::new();
            let mut quantities = quantities.query([])?;
            while let Some(row) = quantities.next()? {
                let Some(Total { moments, counts, marginal }) = totals.remove(&row.get::<_, i64>(0)?) else { continue };
                let (unit, lower, upper): (String, Option<f64>, Option<f64>) = (row.get(3)?, row.get(4)?, row.get(5)?);
                let deviation = moments.deviation();
                let cpk = if unit == COUNT { None } else { cpk(&moments, lower, upper) };
                found.push(Capability {
                    name: row.get(1)?,
                    load_point: row.get(2)?,
                    unit,
                    limit_source: row.get(6)?,
                    n: moments.n,
                    failed: moments.failed,
                    marginal,
                    mean: moments.mean,
                    deviation,
                    least: moments.least,
                    greatest: moments.greatest,
                    cpk,
                    histogram: lower.zip(upper).map(|limits| histogram(&counts, limits)),
                    lower,
                    upper,
                });
            }
            Ok(found)
        };
        read().in_file(&self.file)
    }

    /// What matches, summed up by quantity. The sums are read from end to end in the order they lie in: to look each of them up
    /// by its grouping takes twice the time.
    fn totals(&self, bound: &Bound) -> rusqlite::Result<HashMap<i64, Total>> {
        let sql = format!("SELECT g.id FROM grouping g WHERE {MATCHES} AND g.golden = 0");
        let mut groupings = self.connection.prepare_cached(&sql)?;
        let groupings = groupings.query_map(bound.parameters().as_slice(), |row| row.get(0))?;
        let groupings = groupings.collect::<rusqlite::Result<HashSet<i64>>>()?;
        let mut totals: HashMap<i64, Total> = HashMap::new();
        let mut sums = self.connection.prepare_cached(
            "SELECT quantity, grouping, n, failed, mean, m2, least, greatest, bins, marginal FROM summary ORDER BY quantity, grouping",
        )?;
        let mut sums = sums.query([])?;
        while let Some(row) = sums.next()? {
            if groupings.contains(&row.get(1)?) {
                let total = totals.entry(row.get(0)?).or_default();
                total.moments.merge(&Moments::from_row(row, 2)?);
                total.counts.take(row.get_ref(8)?.as_blob()?);
                total.marginal += u64::try_from(row.get::<_, i64>(9)?).unwrap_or(0);
            }
        }
        Ok(totals)
    }
}

/// All values of one quantity that match.
#[derive(Default)]
struct Total {
    moments: Moments,
    counts: Counts,
    marginal: u64,
}

/// A lower limit of 0 that no value has passed is where such values begin, and nothing to keep away from.
fn cpk(of: &Moments, lower: Option<f64>, upper: Option<f64>) -> Option<f64> {
    let deviation = of.deviation().filter(|deviation| *deviation > 0.0)?;
    let lower = lower.filter(|lower| *lower != 0.0 || of.least < 0.0);
    let distances = [lower.map(|lower| of.mean - lower), upper.map(|upper| upper - of.mean)];
    distances.into_iter().flatten().min_by(f64::total_cmp).map(|nearest| nearest / (3.0 * deviation))
}

/// Bars over where the values are, each as wide as a whole number of bins.
fn histogram(bins: &Counts, (lower, upper): (f64, f64)) -> Histogram {
    let inside = bins.inside();
    let first = inside.iter().position(|count| *count > 0).unwrap_or(0);
    let last = inside.iter().rposition(|count| *count > 0).unwrap_or(0);
    let each = (last - first + 1).div_ceil(BARS);
    let occupied = inside.get(first..=last).unwrap_or_default();
    let counts = occupied.chunks(each).map(|bins| bins.iter().sum()).collect();
    let width = (upper - lower) / f64::from(BINS);
    Histogram {
        from: lower + width * first as f64,
        width: width * each as f64,
        counts,
        below: bins.below(),
        above: bins.above(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capability_is_the_distance_of_the_nearer_limit() {
        let of = |values: &[f64]| {
            let mut moments = Moments::default();
            values.iter().for_each(|value| moments.merge(&Moments::of(*value, false)));
            moments
        };
        // A standard deviation of 0.125.
        let three = of(&[-0.125, 0.0, 0.125]);
        assert_eq!(cpk(&three, Some(-0.375), Some(0.6)), Some(1.0));
        assert_eq!(cpk(&three, None, Some(-0.375)), Some(-1.0));
        assert_eq!(cpk(&three, None, None), None);
        assert_eq!(cpk(&of(&[0.1]), Some(-1.0), Some(1.0)), None);
        assert_eq!(cpk(&of(&[0.1, 0.1]), Some(-1.0), Some(1.0)), None);
        // Nothing is less than nothing: only the upper limit can be come near to.
        assert_eq!(cpk(&of(&[0.0, 0.125, 0.25]), Some(0.0), Some(0.5)), Some(1.0));
        assert_eq!(cpk(&three, Some(0.0), Some(0.5)), Some(0.0));
    }

    #[test]
    fn bars_hold_all_values_and_lie_where_they_are() {
        let mut counts = Counts::default();
        // Bins 551 to 600 of -1 to 1: values from 0.1 to 0.2; and one above.
        for bin in (551_u16..=600).chain([BINS + 1]) {
            let [low, high] = bin.to_le_bytes();
            counts.take(&[low, high, 2, 0, 0, 0]);
        }
        let histogram = histogram(&counts, (-1.0, 1.0));
        assert!(histogram.counts.len() <= BARS);
        assert_eq!(histogram.counts.iter().sum::<u64>(), 100);
        assert_eq!((histogram.below, histogram.above), (0, 2));
        assert!((histogram.from - 0.1).abs() < 1e-9, "{}", histogram.from);
        let to = histogram.from + histogram.width * histogram.counts.len() as f64;
        assert!((0.2..0.206).contains(&to), "{to}");
    }
}
