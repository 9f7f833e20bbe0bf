//! One Excel workbook with one sheet a table. Rows go to the disk as they come, so a large export needs no more memory.

use std::fs::File;
use std::path::Path;

use rust_xlsxwriter::{Format, Workbook};

use super::tables::{Cell, TABLES, flashing_row, rows};
use super::{failed, finish};
use crate::record::error::StoreError;
use crate::record::search::Filter;
use crate::record::store::Store;

/// Rows a sheet of Excel holds.
const ROWS: u32 = 1_048_576;
/// Characters a cell of Excel holds; the rest stands in the other formats.
const CHARACTERS: usize = 32_767;

/// A table's newest sheet.
struct Sheet {
    index: usize,
    /// Sheets this table has.
    part: usize,
    row: u32,
}

pub(super) fn write(store: &Store, filter: &Filter, to: &Path) -> Result<u64, StoreError> {
    let mut workbook = Workbook::new();
    let mut sheets = Vec::with_capacity(TABLES.len());
    for table in 0..TABLES.len() {
        sheets.push(begin(&mut workbook, table, 1)?);
    }
    let mut write = |(table, cells): (usize, Vec<Cell>)| {
        let Some(sheet) = sheets.get_mut(table) else { return Ok(()) };
        if sheet.row == ROWS {
            *sheet = begin(&mut workbook, table, sheet.part + 1)?;
        }
        let page = workbook.worksheet_from_index(sheet.index).map_err(failed)?;
        for (column, cell) in (0..).zip(&cells) {
            match cell {
                Cell::Text(text) if text.chars().count() > CHARACTERS => {
                    let cut: String = text.chars().take(CHARACTERS).collect();
                    page.write_string(sheet.row, column, cut)
                }
                Cell::Text(text) => page.write_string(sheet.row, column, text),
                Cell::Number(number) => page.write_number(sheet.row, column, *number),
                Cell::Nothing => continue,
            }
            .map_err(failed)?;
        }
        sheet.row += 1;
        Ok(())
    };
    let count = store.each(filter, |_, record| rows(&record).into_iter().try_for_each(&mut write))?;
    store.each_flashing(filter, |record| write(flashing_row(&record)))?;
    let mut file = File::create_new(to).map_err(failed)?;
    workbook.save_to_writer(&mut file).map_err(failed)?;
    finish(&file)?;
    Ok(count)
}

fn begin(workbook: &mut Workbook, table: usize, part: usize) -> Result<Sheet, StoreError> {
    let index = workbook.worksheets().len();
    let (name, columns) = TABLES.get(table).ok_or_else(|| failed("no such table"))?;
    let page = workbook.add_worksheet_with_constant_memory().map_err(failed)?;
    let name = if part == 1 { (*name).to_owned() } else { format!("{name} {part}") };
    page.set_name(name).map_err(failed)?;
    let bold = Format::new().set_bold();
    for (column, title) in (0..).zip(*columns) {
        page.write_string_with_format(0, column, *title, &bold).map_err(failed)?;
    }
    Ok(Sheet { index, part, row: 1 })
}
