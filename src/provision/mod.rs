//! What servers and networks know a unit by, given to units one by one: tokens, keys, numbers, from lists in CSV.
//!
//! A row of a list is *reserved* when a run starts, *used* once the run has passed, and free again when it has not. It never
//! belongs to two units, whatever crashes: a reservation that its process took with it stays until the same unit comes again or a
//! person decides. The values are secrets; they lie in a file of their own, which only its owner may read, and no value is ever
//! shown. Not here: putting values into an image (`image`), the records, which name a row and none of its values.

use std::path::{Path, PathBuf};

mod allotment;
mod columns;
mod error;
mod give;
mod holder;
mod import;
mod list;
mod mapping;
mod reservation;
mod schema;
mod store;
mod table;

pub use allotment::{Allotment, Standing};
pub use columns::TakenFor;
pub use error::ProvisionError;
pub use import::Imported;
pub use list::{Overview, Row, State};
pub use mapping::{Mapping, check};
pub use reservation::{Reservation, Values};
pub use store::Provisioning;
pub use table::{Faults, Table, is_readable_by_others};

/// The file in a folder for data.
#[must_use]
pub fn file_in(folder: &Path) -> PathBuf {
    folder.join("provisioning.db")
}
