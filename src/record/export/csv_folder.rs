//! A folder with one CSV file a table.

use std::fs::{self, File};
use std::path::Path;

use super::tables::{Cell, TABLES, flashing_row, rows};
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
    let mut write = |(table, cells): (usize, Vec<Cell>)| match files.get_mut(table) {
        Some(file) => file.write_record(cells.iter().map(text)).map_err(failed),
        None => Ok(()),
    };
    let count = store.each(filter, |_, record| rows(&record).into_iter().try_for_each(&mut write))?;
    store.each_flashing(filter, |record| write(flashing_row(&record)))?;
    for file in files {
        let file: File = file.into_inner().map_err(failed)?;
        finish(&file)?;
    }
    Ok(count)
}

/// A number has a point and as many digits as bring the very same value back. A spreadsheet would compute a text that looks like a
/// formula, whoever scanned or typed it: such a one has an apostrophe before it.
fn text(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
        Cell::Nothing => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_computed_as_a_formula() {
        let said = |text_of: &str| text(&text_of.into());
        assert_eq!(["=1+1", "@SUM(1)", "-x", "MT1"].map(said), ["'=1+1", "'@SUM(1)", "'-x", "MT1"]);
        assert_eq!(text(&Cell::Number(-0.5)), "-0.5");
    }
}
