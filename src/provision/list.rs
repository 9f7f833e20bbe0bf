//! What is known of the rows: who has them, and none of their values.

use rusqlite::Row as SqlRow;
use serde::Serialize;

use super::error::ProvisionError;
use super::holder::Holder;
use super::store::{InFile as _, Provisioning};

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has it.
    Free,
    /// A run that goes on has it.
    Reserved,
    /// A run had it that did not come to say how it ended.
    LeftBehind,
    /// The chip of a unit that did not pass was flashed with it, so it is no other unit's.
    OnChip,
    /// It belongs to a unit.
    Used,
}

/// A row without its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The list.
    pub list: String,
    /// Place in the list, from 1.
    pub number: u64,
    /// The unit it is meant for; none where rows are given in turn.
    pub unit: Option<String>,
    /// What became of it.
    pub state: State,
    /// The unit that has it, or had it last.
    pub serial: Option<String>,
    /// Names of the fields it has values for.
    pub fields: Vec<String>,
}

/// A list at a glance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Its name.
    pub name: String,
    /// Rows that nobody has.
    pub free: usize,
    /// Rows that runs have.
    pub reserved: usize,
    /// Rows that belong to units.
    pub used: usize,
    /// Rows about which somebody has to do something.
    pub waiting: Vec<Row>,
}

impl Provisioning {
    /// All lists, by name.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn overview(&self) -> Result<Vec<Overview>, ProvisionError> {
        let mut lists: Vec<Overview> = Vec::new();
        for row in self.rows(None)? {
            if lists.last().is_none_or(|list| list.name != row.list) {
                lists.push(Overview { name: row.list.clone(), ..Overview::default() });
            }
            let Some(list) = lists.last_mut() else { continue };
            match row.state {
                State::Free => list.free += 1,
                State::Reserved => list.reserved += 1,
                State::Used => list.used += 1,
                State::LeftBehind | State::OnChip => list.waiting.push(row),
            }
        }
        Ok(lists)
    }

    /// The rows of a list, or of all.
    ///
    /// # Errors
    /// There is no such list, or the file cannot be read.
    pub fn rows(&self, list: Option<&str>) -> Result<Vec<Row>, ProvisionError> {
        if let Some(list) = list {
            super::store::list_id(&self.connection, list, &self.file)?;
        }
        let sql = "SELECT list.name, row.number, row.unit, row.state, row.serial, row.holder,
                   (SELECT group_concat(key, ' ') FROM json_each(row.fields))
                   FROM row JOIN list ON list.id = row.list WHERE ?1 IS NULL OR list.name = ?1
                   ORDER BY list.name, row.number";
        let mut rows = self.connection.prepare(sql).in_file(&self.file)?;
        let rows = rows.query_map([list], |row| self.row(row)).in_file(&self.file)?;
        rows.collect::<rusqlite::Result<_>>().in_file(&self.file)
    }

    fn row(&self, row: &SqlRow<'_>) -> rusqlite::Result<Row> {
        let holder: Option<String> = row.get(5)?;
        let state = match (row.get::<_, String>(3)?.as_str(), holder) {
            ("free", _) => State::Free,
            ("used", _) => State::Used,
            ("on_chip", _) => State::OnChip,
            (_, Some(holder)) if Holder::is_alive(&self.folder, &holder) => State::Reserved,
            _ => State::LeftBehind,
        };
        let fields: Option<String> = row.get(6)?;
        Ok(Row {
            list: row.get(0)?,
            number: u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0),
            unit: row.get(2)?,
            state,
            serial: row.get(4)?,
            fields: fields.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        })
    }
}
