//! What many records say, gathered for one page. Simulated runs never count among real ones.

use crate::record::statistics::{Capability, Failure, TrendPoint, Yields};
use crate::record::{Filter, Store, StoreError};

/// Statistics of the records that match.
#[derive(Clone, Debug)]
pub struct Insight {
    /// What they have in common, as it was asked for.
    pub filter: Filter,
    /// They are simulated runs.
    pub simulated: bool,
    /// Attempts of the other kind that match too and are not counted.
    pub left_out: u64,
    /// Counts.
    pub yields: Yields,
    /// Causes of failure.
    pub failures: Vec<Failure>,
    /// Measurements.
    pub capabilities: Vec<Capability>,
    /// The measurement whose trend is told.
    pub trend_of: Option<String>,
    /// Its trend by load point and day.
    pub trend: Vec<TrendPoint>,
}

impl Insight {
    /// Reads it. Where nobody said which kind of run is meant, real ones are, unless there are none.
    pub(super) fn read(store: &Store, filter: &Filter, trend: Option<&str>) -> Result<Self, StoreError> {
        let of_kind = |simulated| Filter { simulated: Some(simulated), ..filter.clone() };
        let real = store.yields(&of_kind(false))?.attempts;
        let simulated = filter.simulated.unwrap_or(real == 0);
        let counted = of_kind(simulated);
        let left_out = match (filter.simulated, simulated) {
            (Some(_), _) => 0,
            (None, false) => store.yields(&of_kind(true))?.attempts,
            (None, true) => real,
        };
        let capabilities = store.capabilities(&counted)?;
        let there = |name: &str| capabilities.iter().any(|one| one.name == name);
        let trend_of = match trend.filter(|name| there(name)) {
            Some(name) => Some(name.to_owned()),
            None => {
                capabilities.iter().find(|one| is_gain(&one.name)).or(capabilities.first()).map(|one| one.name.clone())
            }
        };
        let trend = match &trend_of {
            Some(name) => store.trend(&counted, name)?,
            None => Vec::new(),
        };
        Ok(Self {
            filter: filter.clone(),
            simulated,
            left_out,
            yields: store.yields(&counted)?,
            failures: store.failures(&counted)?,
            capabilities,
            trend_of,
            trend,
        })
    }
}

/// A register that calibrates: a drift of the components shows in it first.
#[must_use]
pub fn is_gain(name: &str) -> bool {
    name.to_lowercase().contains("gain")
}
