//! Whether a golden unit was measured when the station's rules want it.

use rusqlite::OptionalExtension as _;

use crate::advice::Advice;
use crate::procedure::custody::Role;
use crate::procedure::{Traceability, Verdict};
use crate::profile::inventory::Inventory;
use crate::profile::vigilance::Golden;
use crate::record::error::StoreError;
use crate::record::rows::Word;
use crate::record::store::{InFile as _, Store};
use crate::record::time::Stamp;

/// How it stands with the golden units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GoldenState {
    /// Nothing is asked, or all was done.
    Good,
    /// None was measured on this station yet.
    Never,
    /// The last one was not found as the laboratory found it.
    Failed,
    /// It is too long ago.
    TooLongAgo {
        /// Hours since.
        hours: i64,
    },
    /// Too many units came since.
    TooManyUnits {
        /// So many attempts.
        units: u64,
    },
    /// An instrument has another certificate since.
    OtherCertificate {
        /// Its serial number.
        serial: String,
    },
}

impl GoldenState {
    /// What the operator is told; none where all is good.
    #[must_use]
    pub fn advice(&self) -> Option<Advice> {
        let what = match self {
            Self::Good => return None,
            Self::Never => "no golden unit was measured on this bench yet".to_owned(),
            Self::Failed => "the last golden unit was not found as the laboratory found it".to_owned(),
            Self::TooLongAgo { hours } => format!("the last golden unit was measured {hours} hours ago"),
            Self::TooManyUnits { units } => format!("{units} units were measured since the last golden unit"),
            Self::OtherCertificate { serial } => {
                format!("instrument {serial} has another certificate since the last golden unit")
            }
        };
        let why = "The station's rules (bench.toml) want the bench proven by a unit of known errors";
        let next = "Measure a golden unit: run --golden --serial of the unit, with a procedure that verifies";
        Some(Advice::new(what, why, next))
    }
}

impl Store {
    /// Serial number of the reference that the last golden unit was measured with; none where none was, or nobody asks for one.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn golden_reference(&self, rules: &Golden, simulated: Option<bool>) -> Result<Option<String>, StoreError> {
        if !rules.is_wanted() {
            return Ok(None);
        }
        let sql = "SELECT w.text FROM attempt a JOIN station s ON s.id = a.station JOIN word w ON w.id = a.traceability
             WHERE s.own = 1 AND a.golden = 1 AND a.verdict = 'PASS' AND (?1 IS NULL OR a.simulated = ?1)
             ORDER BY a.number DESC LIMIT 1";
        let find =
            || self.connection.prepare_cached(sql)?.query_row([simulated], |row| row.get::<_, String>(0)).optional();
        let Some(text) = find().in_file(&self.file)? else { return Ok(None) };
        let then: Traceability = serde_json::from_str(&text)?;
        let reference = then.instruments.into_iter().find(|used| used.role == Role::Reference);
        Ok(reference.map(|used| used.serial))
    }

    /// Whether a golden unit is due. What was simulated proves no real bench, nor the other way round; none counts both.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn golden_state(
        &self,
        rules: &Golden,
        inventory: &Inventory,
        now: &Stamp,
        simulated: Option<bool>,
    ) -> Result<GoldenState, StoreError> {
        if !rules.is_wanted() {
            return Ok(GoldenState::Good);
        }
        // The newest that was measured: a FAIL is not made good by the PASS before it.
        let sql =
            "SELECT a.number, a.verdict, a.at_ms, w.text, a.station FROM attempt a JOIN station s ON s.id = a.station
             LEFT JOIN word w ON w.id = a.traceability
             WHERE s.own = 1 AND a.golden = 1 AND a.verdict IN ('PASS', 'FAIL') AND (?1 IS NULL OR a.simulated = ?1)
             ORDER BY a.number DESC LIMIT 1";
        let find = || {
            let mut find = self.connection.prepare_cached(sql)?;
            let last = find.query_row([simulated], |row| {
                let text: Option<String> = row.get(3)?;
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, Word>(1)?.0,
                    row.get::<_, i64>(2)?,
                    text,
                    row.get::<_, i64>(4)?,
                ))
            });
            let Some((number, verdict, at_ms, text, station)) = last.optional()? else { return Ok(None) };
            let sql = "SELECT count(*) FROM attempt WHERE station = ?1 AND number > ?2 AND golden = 0
                 AND (?3 IS NULL OR simulated = ?3)";
            let since: i64 =
                self.connection.prepare_cached(sql)?.query_row((station, number, simulated), |row| row.get(0))?;
            Ok(Some((verdict, at_ms, text, u64::try_from(since).unwrap_or(0))))
        };
        let Some((verdict, at_ms, text, since)) = find().in_file(&self.file)? else { return Ok(GoldenState::Never) };
        if verdict != Verdict::Pass {
            return Ok(GoldenState::Failed);
        }
        let hours = now.at_ms.saturating_sub(at_ms) as f64 / 3_600_000.0;
        if rules.every_hours.is_some_and(|every| hours > every) {
            return Ok(GoldenState::TooLongAgo { hours: hours as i64 });
        }
        if rules.after_units.is_some_and(|after| since >= u64::from(after)) {
            return Ok(GoldenState::TooManyUnits { units: since });
        }
        let then: Traceability = text.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default();
        let changed = then.instruments.iter().find(|used| {
            let now = inventory.newest_of(&used.serial);
            now.is_some_and(|now| Some(&now.certificate) != used.certificate.as_ref())
        });
        match changed {
            Some(used) if rules.after_certificate_change => {
                Ok(GoldenState::OtherCertificate { serial: used.serial.clone() })
            }
            _ => Ok(GoldenState::Good),
        }
    }
}
