//! Finding records: by serial number as one types it, and by everything one filters by.

use rusqlite::{OptionalExtension as _, Row, ToSql, named_params};
use serde::Serialize;

use super::error::StoreError;
use super::rows::{Json, Word};
use super::seal::Hash;
use super::store::{InFile as _, Store};
use super::time::{Day, Stamp};
use super::words::find_word;
use crate::procedure::{Traceability, Verdict};

/// Which records are meant; what is not given does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// First day, by the station's calendar.
    pub from: Option<Day>,
    /// Last day.
    pub to: Option<Day>,
    /// Station of the chain.
    pub station: Option<String>,
    /// Meter profile.
    pub profile: Option<String>,
    /// Procedure.
    pub procedure: Option<String>,
    /// Batch.
    pub batch: Option<String>,
    /// Operator.
    pub operator: Option<String>,
    /// Place on the bench, from 1.
    pub position: Option<u32>,
    /// Only simulated runs, or only real ones.
    pub simulated: Option<bool>,
}

/// The condition of a filter on the table `grouping g`, with the parameters of [`Bound`].
pub(super) const MATCHES: &str = "(:from IS NULL OR g.day >= :from) AND (:to IS NULL OR g.day <= :to)
    AND (:station IS NULL OR g.station = :station) AND (:profile IS NULL OR g.profile = :profile)
    AND (:procedure IS NULL OR g.procedure = :procedure) AND (:batch IS NULL OR g.batch = :batch)
    AND (:operator IS NULL OR g.operator = :operator) AND (:position IS NULL OR g.position = :position)
    AND (:simulated IS NULL OR g.simulated = :simulated)";

/// A filter with its words looked up.
pub(super) struct Bound {
    from: Option<i32>,
    to: Option<i32>,
    station: Option<i64>,
    profile: Option<i64>,
    procedure: Option<i64>,
    batch: Option<i64>,
    operator: Option<i64>,
    position: Option<u32>,
    simulated: Option<bool>,
}

impl Bound {
    pub(super) fn parameters(&self) -> [(&'static str, &dyn ToSql); 9] {
        [
            (":from", &self.from),
            (":to", &self.to),
            (":station", &self.station),
            (":profile", &self.profile),
            (":procedure", &self.procedure),
            (":batch", &self.batch),
            (":operator", &self.operator),
            (":position", &self.position),
            (":simulated", &self.simulated),
        ]
    }
}

/// A record in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    /// Station of its chain.
    pub station: String,
    /// Number in that chain.
    pub number: u64,
    /// Hash.
    pub hash: Hash,
    /// End of the run.
    #[serde(serialize_with = "as_text")]
    pub at: Stamp,
    /// Serial number of the unit.
    pub serial: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Something in it was simulated.
    pub simulated: bool,
    /// It was a golden unit, and the bench was judged.
    pub golden: bool,
    /// One of its values passed near to what is not accepted.
    pub marginal: bool,
    /// What a supervisor allowed, in words; none where nothing was.
    pub exception: Option<String>,
    /// Meter profile.
    pub profile: String,
    /// Procedure.
    pub procedure: String,
    /// Batch.
    pub batch: Option<String>,
    /// Operator.
    pub operator: Option<String>,
    /// Place on the bench, from 1.
    pub position: u32,
    /// How long the run took, in seconds.
    pub duration_s: f64,
}

fn as_text<S: serde::Serializer>(stamp: &Stamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(stamp)
}

pub(super) const COLUMNS: &str =
    "s.uid, a.number, a.hash, a.at_ms, a.utc_offset_s, unit.serial, a.verdict, a.simulated, profile.text,
    procedure.text, batch.text, operator.text, a.position, a.duration_s, a.golden,
    EXISTS (SELECT 1 FROM measurement m WHERE m.attempt = a.id AND m.marginal), traceability.text";
pub(super) const JOINS: &str = "JOIN station s ON s.id = a.station JOIN unit ON unit.id = a.unit
    JOIN word profile ON profile.id = a.profile JOIN word procedure ON procedure.id = a.procedure
    LEFT JOIN word batch ON batch.id = a.batch LEFT JOIN word operator ON operator.id = a.operator
    LEFT JOIN word traceability ON traceability.id = a.traceability";

impl Store {
    /// The newest records that match, newest first, by day and within it by their order of arrival.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn list(&self, filter: &Filter, verdict: Option<Verdict>, limit: usize) -> Result<Vec<Found>, StoreError> {
        let Some(bound) = self.bind(filter)? else { return Ok(Vec::new()) };
        self.newest(&bound, verdict, limit).in_file(&self.file)
    }

    /// Records of units whose serial number begins or ends with `part`, newest first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn search(
        &self,
        part: &str,
        filter: &Filter,
        verdict: Option<Verdict>,
        limit: usize,
    ) -> Result<Vec<Found>, StoreError> {
        if part.is_empty() {
            return self.list(filter, verdict, limit);
        }
        let Some(bound) = self.bind(filter)? else { return Ok(Vec::new()) };
        self.by_serial(part, &bound, verdict, limit).in_file(&self.file)
    }

    /// The unit's last measured attempt. Only real attempts count for a real unit, and simulated ones for a simulated.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn last_measured(&self, serial: &str, simulated: bool) -> Result<Option<Found>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM attempt a JOIN place p ON p.attempt = a.id {JOINS} WHERE unit.serial = ?1
             AND a.simulated = ?2 AND a.verdict IN ('PASS', 'FAIL') ORDER BY p.ordered_ms DESC, a.id DESC LIMIT 1"
        );
        let find = || self.connection.prepare_cached(&sql)?.query_row((serial, simulated), found_from_row).optional();
        find().in_file(&self.file)
    }

    /// The attempt that speaks for a unit: its last measured one, or else its last of any kind; a real one before a simulated.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn speaks_for(&self, serial: &str) -> Result<Option<Found>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM attempt a JOIN place p ON p.attempt = a.id {JOINS} WHERE unit.serial = ?1
             ORDER BY a.simulated, a.verdict IN ('PASS', 'FAIL') DESC, p.ordered_ms DESC, a.id DESC LIMIT 1"
        );
        let find = || self.connection.prepare_cached(&sql)?.query_row([serial], found_from_row).optional();
        find().in_file(&self.file)
    }

    /// The filter with its words as numbers; none where a word occurs nowhere, so nothing matches.
    pub(super) fn bind(&self, filter: &Filter) -> Result<Option<Bound>, StoreError> {
        let mut everywhere = true;
        let mut word = |text: &Option<String>| -> rusqlite::Result<Option<i64>> {
            let Some(text) = text else { return Ok(None) };
            let found = find_word(&self.connection, text)?;
            everywhere &= found.is_some();
            Ok(found)
        };
        let mut words =
            || Ok([word(&filter.profile)?, word(&filter.procedure)?, word(&filter.batch)?, word(&filter.operator)?]);
        let [profile, procedure, batch, operator] = words().in_file(&self.file)?;
        let station = match &filter.station {
            None => None,
            Some(uid) => {
                let sql = "SELECT id FROM station WHERE uid = ?1";
                let found = self.connection.query_row(sql, [uid], |row| row.get(0)).optional().in_file(&self.file)?;
                everywhere &= found.is_some();
                found
            }
        };
        let (from, to) = (filter.from.map(|day| day.0), filter.to.map(|day| day.0));
        let (position, simulated) = (filter.position, filter.simulated);
        let bound = Bound { from, to, station, profile, procedure, batch, operator, position, simulated };
        Ok(everywhere.then_some(bound))
    }

    /// Goes from the last day backwards, so that a narrow filter is as quick as a wide one.
    fn newest(&self, bound: &Bound, verdict: Option<Verdict>, limit: usize) -> rusqlite::Result<Vec<Found>> {
        let any = match verdict {
            Some(Verdict::Pass) => "passed",
            Some(Verdict::Fail) => "failed",
            Some(Verdict::Error | Verdict::NotRun) => "errors",
            Some(Verdict::Aborted) => "aborted",
            None => "passed + failed + errors + aborted",
        };
        let sql = format!("SELECT DISTINCT day FROM grouping g WHERE {MATCHES} AND {any} > 0 ORDER BY day DESC");
        let mut days = self.connection.prepare_cached(&sql)?;
        let mut days = days.query(bound.parameters().as_slice())?;
        let sql = format!(
            "SELECT {COLUMNS} FROM grouping g JOIN place p ON p.grouping = g.id JOIN attempt a ON a.id = p.attempt {JOINS}
             WHERE g.day = :day AND {MATCHES} AND (:verdict IS NULL OR a.verdict = :verdict)
             ORDER BY a.id DESC LIMIT :limit"
        );
        let mut of_day = self.connection.prepare_cached(&sql)?;
        let mut found = Vec::new();
        while let Some(row) = days.next()? {
            let day: i32 = row.get(0)?;
            let verdict = verdict.map(Verdict::word);
            let left = i64::try_from(limit.saturating_sub(found.len())).unwrap_or(i64::MAX);
            let mut parameters = bound.parameters().to_vec();
            parameters.extend_from_slice(named_params! { ":day": day, ":verdict": verdict, ":limit": left });
            for row in of_day.query_map(parameters.as_slice(), found_from_row)? {
                found.push(row?);
            }
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }

    fn by_serial(
        &self,
        part: &str,
        bound: &Bound,
        verdict: Option<Verdict>,
        limit: usize,
    ) -> rusqlite::Result<Vec<Found>> {
        // Units first, and of each its attempts: few units share many digits, and those that share few are cut off.
        let sql = format!(
            "WITH some(id) AS (
                 SELECT id FROM (SELECT id FROM unit WHERE serial >= :part AND serial < :after ORDER BY serial LIMIT :units)
                 UNION SELECT id FROM
                     (SELECT id FROM unit WHERE reversed >= :trap AND reversed < :before ORDER BY reversed LIMIT :units))
             SELECT {COLUMNS} FROM some JOIN attempt a ON a.unit = some.id JOIN place p ON p.attempt = a.id
                 JOIN grouping g ON g.id = p.grouping {JOINS}
             WHERE {MATCHES} AND (:verdict IS NULL OR a.verdict = :verdict) ORDER BY a.id DESC LIMIT :limit"
        );
        let backwards: String = part.chars().rev().collect();
        // Behind everything that begins with the part: no text holds a greater character.
        let [after, before] = [part, backwards.as_str()].map(|text| format!("{text}\u{10FFFF}"));
        let (verdict, limit) = (verdict.map(Verdict::word), i64::try_from(limit).unwrap_or(i64::MAX));
        let mut parameters = bound.parameters().to_vec();
        parameters.extend_from_slice(named_params! {
            ":part": part, ":after": after, ":trap": backwards, ":before": before, ":units": UNITS,
            ":verdict": verdict, ":limit": limit,
        });
        let mut statement = self.connection.prepare_cached(&sql)?;
        statement.query_map(parameters.as_slice(), found_from_row)?.collect()
    }
}

/// Units looked at for one typed part; who has typed so little that more of them match goes on typing.
const UNITS: i64 = 500;

pub(super) fn found_from_row(row: &Row<'_>) -> rusqlite::Result<Found> {
    let number = row.get::<_, i64>(1)?;
    Ok(Found {
        station: row.get(0)?,
        number: u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(1, number))?,
        hash: row.get(2)?,
        at: Stamp { at_ms: row.get(3)?, utc_offset_s: row.get(4)?, zone: String::new() },
        serial: row.get(5)?,
        verdict: row.get::<_, Word>(6)?.0,
        simulated: row.get(7)?,
        profile: row.get(8)?,
        procedure: row.get(9)?,
        batch: row.get(10)?,
        operator: row.get(11)?,
        position: row.get(12)?,
        duration_s: row.get(13)?,
        golden: row.get(14)?,
        marginal: row.get(15)?,
        exception: row.get::<_, Option<Json<Traceability>>>(16)?.and_then(|Json(of)| of.mark()),
    })
}
