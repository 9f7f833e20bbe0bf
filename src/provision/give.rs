//! Giving rows to units: reserved, confirmed, given back, and released by a person. Each is one transaction that looks and
//! writes, so two programs cannot both find the same row free.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{OptionalExtension as _, Transaction};

use super::error::ProvisionError;
use super::holder::Holder;
use super::list::State;
use super::reservation::{Reservation, Values};
use super::store::{InFile as _, Provisioning, list_id, note, now_ms};

/// A row as the file has it.
struct Found {
    id: i64,
    number: i64,
    state: String,
    serial: Option<String>,
    holder: Option<String>,
    fields: String,
}

const COLUMNS: &str = "id, number, state, serial, holder, fields";

impl Provisioning {
    /// Reserves a row for a unit: its own where the list has serial numbers, or else the one it had before, or else the next free
    /// one. What the same unit left reserved when its process died is taken up again.
    ///
    /// # Errors
    /// There is no row for it, or a run that goes on has it.
    pub fn reserve(&mut self, list: &str, serial: &str) -> Result<Reservation, ProvisionError> {
        let holder = self.holder()?;
        let (file, folder) = (self.file.clone(), self.folder.clone());
        self.transaction(|transaction| {
            let (id, keyed) = list_id(transaction, list, &file)?;
            let found = if keyed {
                let found = find(transaction, "list = ?1 AND unit = ?2", (id, serial), &file)?;
                found.ok_or_else(|| ProvisionError::NoRow { list: list.to_owned(), serial: serial.to_owned() })?
            } else {
                let own = "list = ?1 AND serial = ?2 AND state <> 'free'";
                let free = "list = ?1 AND state = 'free' AND ?2 IS NOT NULL ORDER BY number LIMIT 1";
                let found = match find(transaction, own, (id, serial), &file)? {
                    Some(own) => Some(own),
                    None => find(transaction, free, (id, serial), &file)?,
                };
                found.ok_or_else(|| ProvisionError::Exhausted { list: list.to_owned() })?
            };
            let number = u64::try_from(found.number).unwrap_or(0);
            let other = found.serial.as_deref().filter(|other| *other != serial);
            match (found.state.as_str(), &found.holder) {
                ("reserved", Some(held)) => {
                    let alive = Holder::is_alive(&folder, held);
                    if alive || other.is_some() {
                        return Err(ProvisionError::Reserved {
                            list: list.to_owned(),
                            number,
                            serial: found.serial.unwrap_or_default(),
                            holder: if alive { "by a run that goes on" } else { "by a run that was cut off" },
                        });
                    }
                }
                ("used" | "on_chip", _) => {
                    if let Some(other) = other {
                        return Err(ProvisionError::Taken { list: list.to_owned(), number, serial: other.to_owned() });
                    }
                }
                _ => {}
            }
            let reserve = "UPDATE row SET before = iif(state = 'reserved', before, state), state = 'reserved',
                           serial = ?2, holder = ?3, changed_ms = ?4 WHERE id = ?1";
            transaction.execute(reserve, (found.id, serial, &holder, now_ms())).in_file(&file)?;
            note(transaction, found.id, "reserved", Some(serial)).in_file(&file)?;
            let fields: Option<BTreeMap<String, String>> = serde_json::from_str(&found.fields).ok();
            let values = fields.ok_or_else(|| ProvisionError::Damaged { list: list.to_owned(), number })?;
            Ok(Reservation {
                id: found.id,
                list: list.to_owned(),
                number,
                serial: serial.to_owned(),
                values: Values::new(values),
            })
        })
    }

    /// The unit has passed: the row is its own for good.
    ///
    /// # Errors
    /// The reservation is not there any more, or the file cannot be written.
    pub fn confirm(&mut self, reservation: &Reservation) -> Result<(), ProvisionError> {
        self.end(reservation, "used", "confirmed")
    }

    /// The unit has not passed, and its chip may hold the values: the row is its own until a person decides otherwise.
    ///
    /// # Errors
    /// The reservation is not there any more, or the file cannot be written.
    pub fn leave_on_chip(&mut self, reservation: &Reservation) -> Result<(), ProvisionError> {
        self.end(reservation, "on_chip", "on the chip of a unit that did not pass")
    }

    /// The unit has not passed: the row is as it was before, which is free, or used where the unit had passed with it earlier.
    ///
    /// # Errors
    /// The reservation is not there any more, or the file cannot be written.
    pub fn give_back(&mut self, reservation: &Reservation) -> Result<(), ProvisionError> {
        self.end(reservation, "before", "given back")
    }

    fn end(&mut self, reservation: &Reservation, state: &str, event: &str) -> Result<(), ProvisionError> {
        let holder = self.holder()?;
        let file = self.file.clone();
        self.transaction(|transaction| {
            // 'before' names a column here, the others a state.
            let sql =
                "UPDATE row SET state = iif(?4 = 'before', before, ?4), before = NULL, holder = NULL, changed_ms = ?5
                       WHERE id = ?1 AND state = 'reserved' AND holder = ?2 AND serial = ?3";
            let Reservation { id, list, number, serial, .. } = reservation;
            let changed = transaction.execute(sql, (id, &holder, serial, state, now_ms())).in_file(&file)?;
            if changed != 1 {
                return Err(ProvisionError::Lost { list: list.clone(), number: *number });
            }
            note(transaction, *id, event, Some(serial)).in_file(&file)
        })
    }

    /// A person decides about a row that a run left behind, or that was used wrongly: it is free again, or used. A run that goes on is not
    /// interfered with.
    ///
    /// # Errors
    /// There is no such row, a run has it, or nobody ever had it and it cannot be used.
    pub fn release(&mut self, list: &str, number: u64, into: State) -> Result<(), ProvisionError> {
        let (file, folder) = (self.file.clone(), self.folder.clone());
        let place = i64::try_from(number).unwrap_or(i64::MAX);
        self.transaction(|transaction| {
            let (id, _) = list_id(transaction, list, &file)?;
            let missing = || ProvisionError::NoRow { list: list.to_owned(), serial: format!("number {number}") };
            let found = find(transaction, "list = ?1 AND number = ?2", (id, place), &file)?.ok_or_else(missing)?;
            let serial = found.serial.clone().unwrap_or_default();
            if found.holder.is_some_and(|holder| Holder::is_alive(&folder, &holder)) {
                let holder = "by a run that goes on";
                return Err(ProvisionError::Reserved { list: list.to_owned(), number, serial, holder });
            }
            let (state, event) = match into {
                State::Used if serial.is_empty() => {
                    let problem = format!("row {number} was never given to a unit, so none can have it");
                    return Err(ProvisionError::Columns { problem });
                }
                State::Used => ("used", "declared used"),
                State::Free | State::Reserved | State::LeftBehind | State::OnChip => ("free", "released"),
            };
            let sql = "UPDATE row SET state = ?2, before = NULL, holder = NULL, changed_ms = ?3 WHERE id = ?1";
            transaction.execute(sql, (found.id, state, now_ms())).in_file(&file)?;
            note(transaction, found.id, event, Some(&serial)).in_file(&file)
        })
    }

    /// The values a unit has in a list, whatever state its row is in; for putting them into its image.
    ///
    /// # Errors
    /// There is no such list, or the unit has no row in it.
    pub fn of_unit(&self, list: &str, serial: &str) -> Result<Values, ProvisionError> {
        let transaction = self.connection.unchecked_transaction().in_file(&self.file)?;
        let (id, _) = list_id(&transaction, list, &self.file)?;
        let own = "list = ?1 AND serial = ?2 AND state <> 'free'";
        let found = find(&transaction, own, (id, serial), &self.file)?;
        let found = found.ok_or_else(|| ProvisionError::NoRow { list: list.to_owned(), serial: serial.to_owned() })?;
        let fields: Option<BTreeMap<String, String>> = serde_json::from_str(&found.fields).ok();
        let number = u64::try_from(found.number).unwrap_or(0);
        fields.map(Values::new).ok_or_else(|| ProvisionError::Damaged { list: list.to_owned(), number })
    }
}

fn find(
    transaction: &Transaction<'_>,
    which: &str,
    parameters: impl rusqlite::Params,
    file: &Path,
) -> Result<Option<Found>, ProvisionError> {
    let sql = format!("SELECT {COLUMNS} FROM row WHERE {which}");
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Found {
            id: row.get(0)?,
            number: row.get(1)?,
            state: row.get(2)?,
            serial: row.get(3)?,
            holder: row.get(4)?,
            fields: row.get(5)?,
        })
    };
    transaction.query_row(&sql, parameters, read).optional().in_file(file)
}
