//! The rows that the units of one run have: reserved before anything is switched on, settled by how each unit came out.
//!
//! PASS confirms a row, everything else gives it back, unless the unit's chip may hold the values: two boards with the same keys
//! must not exist. What is not settled stays reserved, and is left behind when the process ends.

use std::collections::BTreeMap;
use std::path::Path;

use meter_interface::block::Block;

use super::error::ProvisionError;
use super::reservation::Reservation;
use super::store::Provisioning;
use crate::procedure::flashing::Provisioned;
use crate::procedure::{RunReport, Verdict};

/// How a unit's result stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is in the records, or none are wanted.
    Final,
    /// It could not be stored and waits: what was measured may have been a PASS.
    Waiting,
}

/// The rows of one run.
#[derive(Debug)]
pub struct Allotment {
    lists: Provisioning,
    reservations: Vec<Reservation>,
}

impl Allotment {
    /// Reserves a row of the list for each unit, or for none, with the lists in a folder for data.
    ///
    /// # Errors
    /// A unit gets no row; nothing is reserved then.
    pub fn reserve<'a>(
        data: &Path,
        list: &str,
        serials: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, ProvisionError> {
        let mut allotment = Self { lists: Provisioning::open(data)?, reservations: Vec::new() };
        for serial in serials {
            match allotment.lists.reserve(list, serial) {
                Ok(reservation) => allotment.reservations.push(reservation),
                Err(error) => {
                    allotment.give_back();
                    return Err(error);
                }
            }
        }
        Ok(allotment)
    }

    /// Nothing was begun with any of the units.
    pub fn give_back(mut self) {
        for reservation in std::mem::take(&mut self.reservations) {
            if let Err(error) = self.lists.give_back(&reservation) {
                tracing::error!(row = reservation.row(), %error, "a row stays reserved");
            }
        }
    }

    /// The rows by serial number, as records name them.
    #[must_use]
    pub fn rows(&self) -> BTreeMap<String, String> {
        self.reservations.iter().map(|reservation| (reservation.serial.clone(), reservation.row())).collect()
    }

    /// What a unit's calibration block gets; nothing where it has no row.
    ///
    /// # Errors
    /// A value in the row does not fit.
    pub fn provisioned(&self, serial: &str) -> Result<Option<Provisioned>, ProvisionError> {
        let Some(reservation) = self.reservations.iter().find(|reservation| reservation.serial == serial) else {
            return Ok(None);
        };
        let (mut block, row) = (Block::default(), reservation.row());
        let unfit = |error| ProvisionError::Columns { problem: format!("{row}: {error}") };
        reservation.values.fill(&mut block).map_err(unfit)?;
        Ok(Some(Provisioned { block, row }))
    }

    /// What a unit's result means for its row. Returns what there is to be told about a row that is not settled by it.
    pub fn settle(&mut self, report: &RunReport, standing: Standing) -> Option<String> {
        let serial = &report.serial;
        let place = self.reservations.iter().position(|reservation| reservation.serial == *serial)?;
        let reservation = self.reservations.swap_remove(place);
        let row = reservation.row();
        let (settled, told) = match (report.verdict, standing) {
            (Verdict::Pass, Standing::Final) => (self.lists.confirm(&reservation), None),
            _ if report.holds_provisioned_values() => {
                let told = format!(
                    "{row} stays with {serial}: its chip may hold the values. Test it again; if its chip is erased, release the row"
                );
                (self.lists.leave_on_chip(&reservation), Some(told))
            }
            (_, Standing::Waiting) => {
                (Ok(()), Some(format!("{row} stays reserved for {serial} until its result is stored")))
            }
            _ => (self.lists.give_back(&reservation), None),
        };
        settled.map_or_else(|error| Some(format!("{row} stays reserved for {serial}: {error}")), |()| told)
    }
}
