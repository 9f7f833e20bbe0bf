//! Records that are noted beside the file and gone: told before a run, and given up for good by somebody who says so.
//!
//! Nothing is forgotten by that: the note is put aside and not taken away, and every later check tells of it.

use rusqlite::OptionalExtension as _;

use super::{Checked, Kind};
use crate::advice::Advice;
use crate::record::error::StoreError;
use crate::record::flashing::chain::receipt;
use crate::record::heads::{self, PutAside};
use crate::record::seal::Receipt;
use crate::record::store::{InFile as _, Store};

impl Store {
    /// That records are gone which are noted beside the file, quickly: only the end of each chain is looked at.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn lost(&self) -> Result<Option<Advice>, StoreError> {
        let mut checked = Checked::default();
        self.check_noted(&self.noted(Kind::Runs), &mut checked).in_file(&self.file)?;
        Ok(checked.findings.iter().find(|finding| finding.record.is_some()).map(|finding| {
            Advice::new(
                format!("the records are not those that this station kept last: {finding}"),
                "The file of the records was changed, cut off, or replaced by an older one",
                "Look for the newer file or backup and put it back before units are tested; where it is gone for good, `meterbench records check --accept-loss` says so in every later check",
            )
        }))
    }

    /// Takes it that what is noted and gone stays gone. The notes are put aside, and those of what is left take their place.
    ///
    /// # Errors
    /// The file cannot be read, or the notes cannot be changed.
    pub fn accept_loss(&self) -> Result<Vec<PutAside>, StoreError> {
        let mut accepted = Vec::new();
        for kind in [Kind::Runs, Kind::Flashings] {
            let of_chain = format!(
                "SELECT t.number, t.hash FROM {} t JOIN station s ON s.id = t.station
                 WHERE s.uid = ?1 AND t.number <= ?2 ORDER BY t.number DESC LIMIT 1",
                kind.table()
            );
            for (station, noted) in self.noted(kind) {
                let (Ok(Some(noted)), Some(folder)) = (noted, self.folder()) else { continue };
                let number = i64::try_from(noted.number).unwrap_or(i64::MAX);
                let newest = |up_to: i64| -> Result<Option<Receipt>, StoreError> {
                    let found = self.connection.query_row(&of_chain, (&station, up_to), receipt);
                    found.optional().in_file(&self.file)
                };
                if newest(number)? == Some(noted) {
                    continue;
                }
                let put_aside = heads::put_aside(folder, kind, &station, noted);
                accepted.push(put_aside.map_err(|source| StoreError::File { file: folder.to_owned(), source })?);
                if let Some(left) = newest(i64::MAX)? {
                    self.note(kind, &station, left);
                }
            }
        }
        Ok(accepted)
    }

    /// What was given up before.
    pub(super) fn remark_losses(&self, checked: &mut Checked) {
        let Some(folder) = self.folder() else { return };
        let lost = [Kind::Runs, Kind::Flashings].into_iter().flat_map(|kind| heads::all_put_aside(folder, kind));
        checked.remarks.extend(lost.map(|lost| lost.to_string()));
    }
}
