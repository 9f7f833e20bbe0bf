//! Finds what was changed behind the store's back: every record is hashed again, and every chain followed.
//!
//! Found are: a changed value anywhere in a record or in a text it names, a record that is gone, put elsewhere or put in, a
//! chain cut off at its end (by what is noted beside the file), rows that belong to no record, triggers and tables that are
//! not this program's, sums that do not fit. Not found can be: a chain that somebody has computed anew from some record to
//! its end, together with the noted hash. Hashes on paper or in a backup tell then.

mod loss;
mod sums;

use std::collections::BTreeMap;
use std::fmt;

use rusqlite::Connection;
use serde::Serialize;

use super::error::StoreError;
use super::heads::{self, Kind};
use super::seal::{Hash, Receipt, Record};
use super::store::{InFile as _, Store};
use super::{rows, schema};

/// Findings that are listed; more are only counted.
const LISTED: usize = 1000;

/// What is wrong, and with which record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Station of the chain; none where the whole file is meant.
    pub station: Option<String>,
    /// Number of the record; none where no single one is meant.
    pub record: Option<u64>,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.station, self.record) {
            (Some(station), Some(record)) => write!(f, "record {record} of station {station}: {}", self.problem),
            (Some(station), None) => write!(f, "station {station}: {}", self.problem),
            _ => f.write_str(&self.problem),
        }
    }
}

/// What a check saw.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Checked {
    /// Records hashed again.
    pub records: u64,
    /// Flashings hashed again.
    pub flashings: u64,
    /// Chains followed.
    pub chains: u64,
    /// What is wrong, in the order of chains and numbers.
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub more: u64,
    /// What could not be checked, and why.
    pub remarks: Vec<String>,
}

impl Checked {
    /// Nothing is wrong.
    #[must_use]
    pub fn clean(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn find(&mut self, station: Option<&str>, record: Option<u64>, problem: impl Into<String>) {
        if self.findings.len() < LISTED {
            self.findings.push(Finding { station: station.map(str::to_owned), record, problem: problem.into() });
        } else {
            self.more += 1;
        }
    }
}

/// What is noted beside the file of a station's chain.
pub(super) type Noted = (String, std::io::Result<Option<Receipt>>);

impl Store {
    /// Checks everything. Others may add records meanwhile; those of the moment it began are checked.
    ///
    /// # Errors
    /// The file cannot be read at all; what can be read and is wrong is a finding.
    pub fn check(&self) -> Result<Checked, StoreError> {
        // One transaction: all is seen as it was at its beginning. What is noted beside the file is read before that, for it
        // may be behind the records but not ahead of them.
        let (noted, noted_flashings) = (self.noted(Kind::Runs), self.noted(Kind::Flashings));
        let transaction = self.connection.unchecked_transaction().in_file(&self.file)?;
        let mut checked = Checked::default();
        self.check_noted(&noted, &mut checked).in_file(&self.file)?;
        let mut chains = transaction.prepare("SELECT id, uid FROM station ORDER BY id").in_file(&self.file)?;
        let chains = chains.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).in_file(&self.file)?;
        for chain in chains {
            let (id, station): (i64, String) = chain.in_file(&self.file)?;
            checked.chains += 1;
            let before = checked.records;
            follow(&transaction, id, &station, &mut checked).in_file(&self.file)?;
            if checked.records > before && !noted.iter().any(|(noted, _)| *noted == station) {
                checked.remarks.push(unnoted(&station));
            }
        }
        self.remark_losses(&mut checked);
        documents(&transaction, &mut checked).in_file(&self.file)?;
        strays(&transaction, &mut checked).in_file(&self.file)?;
        if schema::version(&transaction).in_file(&self.file)? == schema::VERSION {
            Self::check_flashings(&transaction, &noted_flashings, &mut checked).in_file(&self.file)?;
            // Tables of another shape cannot be compared.
            if definitions(&transaction, &mut checked).in_file(&self.file)? {
                check_sums(&transaction, &mut checked);
            }
        }
        let sound: String =
            transaction.pragma_query_value(None, "integrity_check", |row| row.get(0)).in_file(&self.file)?;
        if sound != "ok" {
            checked.find(None, None, format!("the file is damaged: {sound}"));
        }
        Ok(checked)
    }

    fn noted(&self, kind: Kind) -> Vec<Noted> {
        let Some(folder) = self.folder() else { return Vec::new() };
        let read = |station: String| {
            let noted = heads::read(folder, kind, &station);
            (station, noted)
        };
        heads::stations(folder, kind).into_iter().map(read).collect()
    }

    fn check_noted(&self, noted: &[Noted], checked: &mut Checked) -> rusqlite::Result<()> {
        for (station, noted) in noted {
            let noted = match noted {
                Ok(Some(noted)) => noted,
                Ok(None) => continue,
                Err(error) => {
                    checked.find(
                        Some(station),
                        None,
                        format!("the hash noted beside the file cannot be read: {error}"),
                    );
                    continue;
                }
            };
            let sql = "SELECT a.number, a.hash FROM attempt a JOIN station s ON s.id = a.station
                       WHERE s.uid = ?1 AND a.number <= ?2 ORDER BY a.number DESC LIMIT 1";
            let number = i64::try_from(noted.number).unwrap_or(i64::MAX);
            let mut find = self.connection.prepare_cached(sql)?;
            let found: Option<(i64, Hash)> = rusqlite::OptionalExtension::optional(
                find.query_row((station, number), |row| Ok((row.get(0)?, row.get(1)?))),
            )?;
            match found {
                Some((found, hash)) if found == number => {
                    if hash != noted.hash {
                        checked.find(
                            Some(station),
                            Some(noted.number),
                            "its hash is not the one noted beside the file",
                        );
                    }
                }
                Some((found, _)) => checked.find(
                    Some(station),
                    Some(noted.number),
                    format!("it is gone: the chain was cut off behind record {found}"),
                ),
                None => checked.find(Some(station), Some(noted.number), "it is gone, and the whole chain with it"),
            }
        }
        Ok(())
    }
}

/// Follows one chain from its first record.
fn follow(connection: &Connection, id: i64, station: &str, checked: &mut Checked) -> rusqlite::Result<()> {
    let mut before = Receipt { number: 0, hash: Hash::before_all(station) };
    let mut before_at = None;
    let mut rows = connection.prepare("SELECT id, number, golden FROM attempt WHERE station = ?1 ORDER BY number")?;
    let rows =
        rows.query_map([id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, bool>(2)?)))?;
    for row in rows {
        let (row, number, golden) = row?;
        let number = u64::try_from(number).unwrap_or(0);
        checked.records += 1;
        let record = match rows::read(connection, row) {
            Ok(Some(record)) => record,
            Ok(None) => {
                checked.find(Some(station), Some(number), "something it refers to is gone");
                before = Receipt { number, hash: stored_hash(connection, row)? };
                before_at = None;
                continue;
            }
            Err(error) => {
                checked.find(Some(station), Some(number), format!("it cannot be read: {error}"));
                before = Receipt { number, hash: stored_hash(connection, row).unwrap_or(Hash([0; 32])) };
                before_at = None;
                continue;
            }
        };
        judge(&record, before, before_at, station, checked);
        // A column of its own, because the statistics leave these out.
        if golden != record.record.entry.traceability.golden.is_some() {
            let problem = "it was changed: whether it was a golden unit does not fit its content";
            checked.find(Some(station), Some(number), problem);
        }
        before = Receipt { number, hash: record.hash };
        before_at = Some(record.record.entry.at.at_ms);
    }
    Ok(())
}

fn judge(record: &Record, before: Receipt, before_at: Option<i64>, station: &str, checked: &mut Checked) {
    let Record { hash, record: sealed } = record;
    let number = sealed.number;
    match number.saturating_sub(before.number) {
        1 => {}
        0 => checked.find(Some(station), Some(number), "its number is there twice"),
        2 => checked.find(Some(station), Some(number - 1), "it is gone"),
        _ => checked.find(Some(station), Some(before.number + 1), format!("it is gone, and all up to {}", number - 1)),
    }
    let computed = sealed.canonical().map(|text| Hash::of(text.as_bytes()));
    if computed.ok() != Some(*hash) {
        checked.find(Some(station), Some(number), "it was changed: its content does not give its hash");
    } else if number == before.number + 1 && sealed.previous != before.hash {
        let problem = if number == 1 {
            "it does not begin this station's chain".to_owned()
        } else {
            format!("it was sealed behind another record {}: that one was replaced or changed", number - 1)
        };
        checked.find(Some(station), Some(number), problem);
    } else if let Some(before_at) = before_at.filter(|_| number == before.number + 1) {
        let back = before_at.saturating_sub(sealed.entry.at.at_ms).max(0);
        if back != sealed.clock_back_ms {
            checked.find(Some(station), Some(number), "its time does not fit that of the record before");
        }
    }
}

fn unnoted(station: &str) -> String {
    format!(
        "no newest record of station {station} is noted beside the file, as in a copy: that nothing was cut off its end is only told by \
         papers, exports or a backup with a later record"
    )
}

fn stored_hash(connection: &Connection, row: i64) -> rusqlite::Result<Hash> {
    connection.query_row("SELECT hash FROM attempt WHERE id = ?1", [row], |row| row.get(0))
}

fn check_sums(connection: &Connection, checked: &mut Checked) {
    match sums::that_differ(connection) {
        Ok(differ) => {
            for of in differ {
                let problem = "do not fit the records; records check --sums makes them anew";
                checked.find(None, None, format!("the sums over {of} {problem}"));
            }
        }
        // A record that was changed may be one that cannot be counted.
        Err(error) => checked.find(None, None, format!("the sums cannot be compared: {error}")),
    }
}

/// Every text still has its hash.
fn documents(connection: &Connection, checked: &mut Checked) -> rusqlite::Result<()> {
    let mut rows = connection.prepare("SELECT id, sha256, content FROM document ORDER BY id")?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let (id, hash): (i64, Hash) = (row.get(0)?, row.get(1)?);
        if Hash::of(row.get_ref(2)?.as_bytes()?) != hash {
            let named = "SELECT count(*), min(number) FROM attempt WHERE profile_text = ?1 OR procedure_text = ?1";
            let (named, first): (i64, Option<i64>) =
                connection.query_row(named, [id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let first = first.map_or_else(String::new, |first| format!(", the first of them {first}"));
            checked.find(None, None, format!("the text {hash} was changed, which {named} records name{first}"));
        }
    }
    Ok(())
}

/// Rows that belong to no record.
fn strays(connection: &Connection, checked: &mut Checked) -> rusqlite::Result<()> {
    for table in ["instrument", "step", "measurement", "reading"] {
        let sql = format!(
            "SELECT count(*) FROM (SELECT DISTINCT attempt FROM {table}) WHERE attempt NOT IN (SELECT id FROM attempt)"
        );
        let count: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        if count > 0 {
            checked.find(None, None, format!("{count} records are gone and have left rows in the table {table}"));
        }
    }
    for table in ["attempt", "flashing"] {
        let sql = format!("SELECT count(*) FROM {table} WHERE station NOT IN (SELECT id FROM station)");
        let count: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        if count > 0 {
            checked.find(None, None, format!("{count} records belong to a station that is gone"));
        }
    }
    Ok(())
}

/// Whether tables, indexes and triggers are this program's.
fn definitions(connection: &Connection, checked: &mut Checked) -> rusqlite::Result<bool> {
    let before = checked.findings.len();
    let mut found: BTreeMap<_, _> = schema::objects(connection)?.into_iter().collect();
    for (name, sql) in schema::expected()? {
        match found.remove(&name) {
            Some(other) if other == sql => {}
            Some(_) => checked.find(None, None, format!("{name} in the file is not as this program made it")),
            None => checked.find(None, None, format!("{name} is gone from the file")),
        }
    }
    for name in found.into_keys() {
        checked.find(None, None, format!("{name} in the file is none of this program's"));
    }
    Ok(checked.findings.len() == before && checked.more == 0)
}
