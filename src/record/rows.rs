//! Between a record and its rows. What is written here is read back here, exactly: the hash is taken over what comes back.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::entry::{Entry, Measurement, Step, Used};
use super::readings::Reading;
use super::seal::{Hash, Record, Sealed, bytes_from_hex};
use super::time::Stamp;
use super::words::{Words, unit};
use crate::procedure::uncertainty::Expanded;
use crate::procedure::{Traceability, Verdict};

impl ToSql for Hash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.as_slice()))
    }
}

impl FromSql for Hash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(<[u8; 32]>::column_result(value)?))
    }
}

/// A verdict as its word.
pub(super) struct Word(pub Verdict);

impl FromSql for Word {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        let all = [Verdict::Pass, Verdict::Fail, Verdict::Error, Verdict::Aborted, Verdict::NotRun];
        let found = all.into_iter().find(|verdict| verdict.word() == text);
        found.map(Self).ok_or_else(|| FromSqlError::Other(format!("{text:?} is no verdict").into()))
    }
}

/// Something kept as JSON.
pub(super) struct Json<T>(pub T);

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Self).map_err(|error| FromSqlError::Other(error.into()))
    }
}

fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn refuse(problem: &str) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(problem.into())
}

/// Writes all rows of a record and returns its row number. The documents it names must be there.
pub(super) fn write(
    connection: &Connection,
    words: &mut Words,
    station: i64,
    record: &Record,
) -> rusqlite::Result<i64> {
    let Record { hash, record: sealed } = record;
    let entry = &sealed.entry;
    let mut document = |used: &Used| {
        words.document(connection, used.sha256)?.ok_or_else(|| refuse("a profile's text is missing beside the record"))
    };
    let (profile_text, procedure_text) = (document(&entry.profile)?, document(&entry.procedure)?);
    let uid: [u8; 16] = bytes_from_hex(&entry.uid).ok_or_else(|| refuse("a record's own number is no number"))?;
    let (before_names, before): (Vec<_>, Vec<_>) = entry.registers_before.iter().map(|(a, b)| (a, b)).unzip();
    let (after_names, after): (Vec<_>, Vec<_>) = entry.registers_after.iter().map(|(a, b)| (a, b)).unzip();
    let (before_names, after_names) = (json(&before_names)?, json(&after_names)?);
    let traceability = (!entry.traceability.is_empty()).then(|| json(&entry.traceability)).transpose()?;
    let mut word = |text: &str| words.word(connection, text);
    let batch = entry.batch.as_deref().map(&mut word).transpose()?;
    let operator = entry.operator.as_deref().map(&mut word).transpose()?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO attempt (station, number, hash, previous, uid, unit, verdict, simulated, at_ms, utc_offset_s, zone,
             clock_back_ms, duration_s, profile, profile_text, procedure, procedure_text, batch, operator, position,
             program, before_names, before_values, after_names, after_values, bus, advice, image_sha256, flash,
             provisioning_row, traceability, golden)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
             ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32)",
    )?;
    insert.execute(params![
        station,
        i64::try_from(sealed.number).map_err(|_| refuse("the number is too large"))?,
        hash,
        sealed.previous,
        uid.as_slice(),
        unit(connection, &entry.serial)?,
        entry.verdict.word(),
        entry.simulated,
        entry.at.at_ms,
        entry.at.utc_offset_s,
        word(&entry.at.zone)?,
        sealed.clock_back_ms,
        entry.duration_s,
        word(&entry.profile.name)?,
        profile_text,
        word(&entry.procedure.name)?,
        procedure_text,
        batch,
        operator,
        entry.position,
        word(&entry.program)?,
        word(&before_names)?,
        json(&before)?,
        word(&after_names)?,
        json(&after)?,
        json(&entry.bus)?,
        entry.advice.as_ref().map(json).transpose()?,
        entry.image_sha256,
        entry.flash,
        entry.provisioning_row,
        traceability.as_deref().map(&mut word).transpose()?,
        entry.traceability.golden.is_some(),
    ])?;
    let id = connection.last_insert_rowid();
    let mut insert = connection.prepare_cached("INSERT INTO instrument VALUES (?1, ?2, ?3)")?;
    for (ordinal, identity) in (0_i64..).zip(&entry.instruments) {
        insert.execute(params![id, ordinal, words.word(connection, identity)?])?;
    }
    let mut insert = connection.prepare_cached("INSERT INTO step VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    for (ordinal, step) in (0_i64..).zip(&entry.steps) {
        let title = words.word(connection, &step.title)?;
        let verdict = step.verdict.word();
        insert.execute(params![id, ordinal, title, verdict, step.detail, step.started_s, step.duration_s])?;
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO measurement (attempt, ordinal, quantity, value, uncertainty, verdict, expanded, coverage_factor,
             freedom, from_reference, from_resolution, from_time_base, guard_band, marginal)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?;
    for (ordinal, one) in (0_i64..).zip(&entry.measurements) {
        let quantity = words.quantity(connection, one)?;
        let of = one.expanded;
        insert.execute(params![
            id,
            ordinal,
            quantity,
            one.value,
            one.uncertainty,
            one.verdict.word(),
            of.map(|of| of.expanded),
            of.map(|of| of.coverage_factor),
            of.and_then(|of| of.degrees_of_freedom),
            of.map(|of| of.from_reference),
            of.map(|of| of.from_resolution),
            of.map(|of| of.from_time_base),
            one.guard_band,
            one.marginal,
        ])?;
    }
    let mut insert =
        connection.prepare_cached("INSERT INTO reading VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")?;
    for (ordinal, one) in (0_i64..).zip(&entry.readings) {
        let device = words.word(connection, &one.device)?;
        let Reading { at_s, u, i, p, q, s, pf, phase, f, .. } = one;
        insert.execute(params![id, ordinal, device, at_s, u, i, p, q, s, pf, phase, f])?;
    }
    Ok(id)
}

const ATTEMPT: &str = "
    SELECT s.uid, a.number, a.hash, a.previous, a.clock_back_ms, a.uid, a.at_ms, a.utc_offset_s, zone.text, a.duration_s,
        unit.serial, a.verdict, a.simulated, profile.text, profile_text.sha256, procedure.text, procedure_text.sha256,
        batch.text, operator.text, a.position, program.text, before_names.text, a.before_values, after_names.text,
        a.after_values, a.bus, a.advice, a.image_sha256, a.flash, a.provisioning_row, traceability.text
    FROM attempt a JOIN station s ON s.id = a.station JOIN unit ON unit.id = a.unit JOIN word zone ON zone.id = a.zone
        JOIN word profile ON profile.id = a.profile JOIN document profile_text ON profile_text.id = a.profile_text
        JOIN word procedure ON procedure.id = a.procedure
        JOIN document procedure_text ON procedure_text.id = a.procedure_text
        LEFT JOIN word batch ON batch.id = a.batch LEFT JOIN word operator ON operator.id = a.operator
        JOIN word program ON program.id = a.program JOIN word before_names ON before_names.id = a.before_names
        JOIN word after_names ON after_names.id = a.after_names
        LEFT JOIN word traceability ON traceability.id = a.traceability
    WHERE a.id = ?1";

/// Reads a record by its row number; none where there is none, or where what it refers to is gone.
pub(super) fn read(connection: &Connection, id: i64) -> rusqlite::Result<Option<Record>> {
    let mut find = connection.prepare_cached(ATTEMPT)?;
    let Some(mut record) = find.query_row([id], record_from_row).optional()? else { return Ok(None) };
    let entry = &mut record.record.entry;
    let sql = "SELECT w.text FROM instrument i JOIN word w ON w.id = i.identity WHERE i.attempt = ?1 ORDER BY ordinal";
    entry.instruments = all(connection, sql, id, |row| row.get(0))?;
    let sql = "SELECT w.text, verdict, detail, started_s, duration_s FROM step s JOIN word w ON w.id = s.title
               WHERE s.attempt = ?1 ORDER BY ordinal";
    entry.steps = all(connection, sql, id, |row| {
        Ok(Step {
            title: row.get(0)?,
            verdict: row.get::<_, Word>(1)?.0,
            detail: row.get(2)?,
            started_s: row.get(3)?,
            duration_s: row.get(4)?,
        })
    })?;
    let sql =
        "SELECT name, load_point, value, unit, lower, upper, verdict, uncertainty, limit_source, method, expanded,
                   coverage_factor, freedom, from_reference, from_resolution, from_time_base, guard_band, marginal
               FROM measurement m JOIN quantity q ON q.id = m.quantity WHERE m.attempt = ?1 ORDER BY ordinal";
    entry.measurements = all(connection, sql, id, |row| {
        Ok(Measurement {
            name: row.get(0)?,
            load_point: row.get(1)?,
            value: row.get(2)?,
            unit: row.get(3)?,
            lower: row.get(4)?,
            upper: row.get(5)?,
            verdict: row.get::<_, Word>(6)?.0,
            uncertainty: row.get(7)?,
            limit_source: row.get(8)?,
            method: row.get(9)?,
            expanded: expanded(row)?,
            guard_band: row.get(16)?,
            marginal: row.get(17)?,
        })
    })?;
    let sql = "SELECT w.text, at_s, u, i, p, q, s, pf, phase, f FROM reading r JOIN word w ON w.id = r.device
               WHERE r.attempt = ?1 ORDER BY ordinal";
    entry.readings = all(connection, sql, id, |row| {
        Ok(Reading {
            device: row.get(0)?,
            at_s: row.get(1)?,
            u: row.get(2)?,
            i: row.get(3)?,
            p: row.get(4)?,
            q: row.get(5)?,
            s: row.get(6)?,
            pf: row.get(7)?,
            phase: row.get(8)?,
            f: row.get(9)?,
        })
    })?;
    Ok(Some(record))
}

fn expanded(row: &Row<'_>) -> rusqlite::Result<Option<Expanded>> {
    let Some(expanded) = row.get(10)? else { return Ok(None) };
    Ok(Some(Expanded {
        expanded,
        coverage_factor: row.get(11)?,
        degrees_of_freedom: row.get(12)?,
        from_reference: row.get(13)?,
        from_resolution: row.get(14)?,
        from_time_base: row.get(15)?,
    }))
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    id: i64,
    from: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare_cached(sql)?.query_map([id], from)?.collect()
}

fn registers(row: &Row<'_>, names: usize, values: usize) -> rusqlite::Result<Vec<(String, String)>> {
    let (Json(names), Json(values)) =
        (row.get::<_, Json<Vec<String>>>(names)?, row.get::<_, Json<Vec<String>>>(values)?);
    Ok(names.into_iter().zip(values).collect())
}

fn record_from_row(row: &Row<'_>) -> rusqlite::Result<Record> {
    let uid: [u8; 16] = row.get(5)?;
    let entry = Entry {
        uid: uid.iter().map(|byte| format!("{byte:02x}")).collect(),
        at: Stamp { at_ms: row.get(6)?, utc_offset_s: row.get(7)?, zone: row.get(8)? },
        duration_s: row.get(9)?,
        serial: row.get(10)?,
        verdict: row.get::<_, Word>(11)?.0,
        simulated: row.get(12)?,
        profile: Used { name: row.get(13)?, sha256: row.get(14)? },
        procedure: Used { name: row.get(15)?, sha256: row.get(16)? },
        batch: row.get(17)?,
        operator: row.get(18)?,
        position: row.get(19)?,
        program: row.get(20)?,
        registers_before: registers(row, 21, 22)?,
        registers_after: registers(row, 23, 24)?,
        bus: row.get::<_, Json<_>>(25)?.0,
        advice: row.get::<_, Option<Json<_>>>(26)?.map(|Json(advice)| advice),
        image_sha256: row.get(27)?,
        flash: row.get(28)?,
        provisioning_row: row.get(29)?,
        traceability: row.get::<_, Option<Json<Traceability>>>(30)?.map(|Json(of)| of).unwrap_or_default(),
        instruments: Vec::new(),
        steps: Vec::new(),
        measurements: Vec::new(),
        readings: Vec::new(),
    };
    let number = row.get::<_, i64>(1)?;
    let sealed = Sealed {
        station: row.get(0)?,
        number: u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(1, number))?,
        previous: row.get(3)?,
        clock_back_ms: row.get(4)?,
        entry,
    };
    Ok(Record { hash: row.get(2)?, record: sealed })
}
