//! The store that cannot lose a result: every run is one record, kept for good.
//!
//! A record is in the file before its verdict is shown ([`keeper`]); records are only ever added, and each carries the hash of
//! the one before ([`seal`]), so that [`check`] finds what was changed afterwards. Sums beside the records ([`summary`]) make
//! searching and [`statistics`] quick; they follow from the records and can be made anew. There is no way to delete: a file
//! that has grown too large is backed up and put away by a person. Not here: windows, the command line, secrets.

pub mod backup;
pub mod check;
pub mod entry;
mod error;
pub mod export;
pub mod flashing;
mod heads;
pub mod import;
mod imprint;
pub mod journal;
pub mod keeper;
pub mod listing;
mod newest;
pub mod readiness;
pub mod readings;
mod rows;
mod schema;
pub mod seal;
pub mod search;
mod spool;
pub mod statistics;
mod store;
pub mod summary;
mod time;
mod words;

pub use entry::{About, Draft, Entry};
pub use error::StoreError;
pub use flashing::{FlashRecord, Flashing};
pub use imprint::imprint;
pub use journal::{Interrupted, Journal, Page, Sitting};
pub use keeper::Keeper;
pub use readiness::{Intent, Readiness, Units};
pub use readings::Readings;
pub use seal::{Hash, Receipt, Record};
pub use search::Filter;
pub use store::Store;
pub use time::{Day, Stamp};

/// The store's file in a folder for data.
#[must_use]
pub fn file_in(folder: &std::path::Path) -> std::path::PathBuf {
    folder.join("records.db")
}
