//! What the station knows of its instruments before a run.

use std::path::Path;

use crate::procedure::Custody;
use crate::profile::inventory::{CalendarDate, Inventory};
use crate::record::Keeper;
use crate::station::Addresses;

/// From the file in the folder with the records, the newest record there, and the addresses.
///
/// # Errors
/// The file is there and wrong.
pub fn custody(
    folder: Option<&Path>,
    keeper: Option<&mut Keeper>,
    addresses: &Addresses,
    supervisor: Option<String>,
) -> anyhow::Result<Custody> {
    let inventory = folder.map(Inventory::load).transpose()?.unwrap_or_default();
    // A store that cannot be read is said when the run is recorded.
    let newest = keeper.and_then(|keeper| keeper.store().and_then(|store| store.newest_day()).ok()).flatten();
    Ok(Custody {
        inventory,
        reference_address: addresses.reference.as_ref().map(ToString::to_string),
        source_address: addresses.source.as_ref().map(ToString::to_string),
        today: Some(CalendarDate::today()),
        last_record: newest.and_then(|day| day.to_string().parse().ok()),
        supervisor,
    })
}
