//! How a value goes from day to day: the drift of a lot of components shows in the gain registers first.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::record::error::StoreError;
use crate::record::search::{Filter, MATCHES};
use crate::record::store::{InFile as _, Store};
use crate::record::summary::Moments;
use crate::record::time::Day;

/// One day of one value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrendPoint {
    /// The day.
    #[serde(serialize_with = "as_text")]
    pub day: Day,
    /// Where it was measured.
    pub load_point: String,
    /// How many values.
    pub n: u64,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation; none of one value.
    pub deviation: Option<f64>,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
}

fn as_text<S: serde::Serializer>(day: &Day, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

impl Store {
    /// The measurement of that name (`Ugain`, `energy_error`) by load point and day, whatever its limits were.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn trend(&self, filter: &Filter, name: &str) -> Result<Vec<TrendPoint>, StoreError> {
        let Some(bound) = self.bind(filter)? else { return Ok(Vec::new()) };
        let sql = format!(
            "SELECT q.load_point, g.day, s.n, s.failed, s.mean, s.m2, s.least, s.greatest
             FROM quantity q JOIN summary s ON s.quantity = q.id JOIN grouping g ON g.id = s.grouping
             WHERE q.name = :name AND {MATCHES} AND g.golden = 0"
        );
        let read = || {
            let mut parameters = bound.parameters().to_vec();
            parameters.push((":name", &name));
            let mut statement = self.connection.prepare_cached(&sql)?;
            let mut rows = statement.query(parameters.as_slice())?;
            let mut days: BTreeMap<(String, Day), Moments> = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let key = (row.get(0)?, Day(row.get(1)?));
                days.entry(key).or_default().merge(&Moments::from_row(row, 2)?);
            }
            Ok(days)
        };
        let point = |((load_point, day), of): ((String, Day), Moments)| TrendPoint {
            day,
            load_point,
            n: of.n,
            mean: of.mean,
            deviation: of.deviation(),
            least: of.least,
            greatest: of.greatest,
        };
        Ok(read().in_file(&self.file)?.into_iter().map(point).collect())
    }
}
