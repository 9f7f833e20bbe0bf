//! A folder with one CSV file a table.

use std::fs::{self, File};
use std::path::Path;

use super::tables::{Cell, TABLES, rows};
use super::{failed, finish};
use crate::record::error::StoreError;
use crate::record::search::Filter;
use crate::record::store::Store;

pub(super) fn write(store: &Store, filter: &Filter, to: &Path) -> Result<u64, StoreError> {
    fs::create_dir_all(to).map_err(failed)?;
    let mut files = Vec::with_capacity(TABLES.len());
    for (name, columns) in TABLES {
        let mut file = csv::Writer::from_path(to.join(format!("{name}.csv"))).map_err(failed)?;
        file.write_record(columns).map_err(failed)?;
        files.push(file);
    }
    let count = store.each(filter, |_, record| {
        for (table, cells) in rows(&record) {
            if let Some(file) = files.get_mut(table) {
                file.write_record(cells.iter().map(text)).map_err(failed)?;
            }
        }
        Ok(())
    })?;
    for file in files {
        let file: File = file.into_inner().map_err(failed)?;
        finish(&file)?;
    }
    Ok(count)
}

/// A number has a point and as many digits as bring the very same value back.
fn text(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
        Cell::Nothing => String::new(),
    }
}
