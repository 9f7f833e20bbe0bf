//! The inputs in a copy of the Excel sheet `energy_setpoint_calculator.xlsx`, and what looks wrong in them.
//!
//! Only input cells are read, by the addresses of [`SheetInputs::FIELDS`]; results are computed anew, as a file may hold results
//! of other inputs. Not here: what makes no sense in the numbers themselves (`readings`), finding and opening files.

use std::io::Cursor;

use calamine::{Data, Range, Reader, Xlsx, open_workbook_from_rs};
use serde_json::{Map, Value as Json};
use thiserror::Error;

use super::sheet::SheetInputs;

/// The sheet the calculator stands on.
const SHEET: &str = "Sheet1";

/// The cells with formulas of their own (VL and VU), as the workbook is delivered.
const FORMULAS: [(&str, &str, &str); 2] = [("vl_mv", "B25", "UN*VRATIO*1000"), ("vu_mv", "B26", "IB*IRATIO*1000")];

/// Cells that hold the same quantity and are not linked.
const UNLINKED: [(&[&str], &str); 2] = [(&["B22", "B87"], "the nominal voltage"), (&["B23", "B70"], "Ib")];

/// A file that cannot be taken over.
#[derive(Debug, Error)]
pub enum WorkbookError {
    /// It is no workbook.
    #[error("this is no .xlsx workbook: {0}")]
    Format(#[from] calamine::XlsxError),
    /// The sheet is missing.
    #[error("the workbook has no sheet called {SHEET}; it has {}", found.join(", "))]
    NoSheet {
        /// The sheets it has.
        found: Vec<String>,
    },
    /// None of the input cells holds anything.
    #[error("none of the calculator's input cells on {SHEET} holds anything: this is another workbook")]
    Empty,
    /// A cell holds what no input can be.
    #[error("cell {cell}: {error}")]
    Cell {
        /// Its address.
        cell: &'static str,
        /// What is wrong.
        error: super::sheet::InputError,
    },
}

/// What a workbook holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Workbook {
    /// The input cells by field name; an empty cell is missing, null in `vl_mv` or `vu_mv` is the sheet's own formula.
    pub fields: Map<String, Json>,
    /// The same for the sheet's arithmetic.
    pub inputs: SheetInputs,
    /// What looks swapped, mistyped or changed, in words with the cell.
    pub remarks: Vec<String>,
}

impl Workbook {
    /// Reads the bytes of an .xlsx file.
    ///
    /// # Errors
    /// No workbook, no sheet of that name, or none of the inputs in it.
    pub fn read(bytes: &[u8]) -> Result<Self, WorkbookError> {
        let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(bytes))?;
        if !book.sheet_names().iter().any(|name| name == SHEET) {
            return Err(WorkbookError::NoSheet { found: book.sheet_names() });
        }
        let values = book.worksheet_range(SHEET)?;
        let formulas = book.worksheet_formula(SHEET)?;
        let mut remarks = Vec::new();
        let mut fields = Map::new();
        for (field, cell) in SheetInputs::FIELDS {
            let formula = at(&formulas, cell).map_or("", String::as_str);
            let value = at(&values, cell).unwrap_or(&Data::Empty);
            if let Some(json) = content(field, cell, value, formula, &mut remarks) {
                fields.insert((*field).to_owned(), json);
            }
        }
        if fields.is_empty() {
            return Err(WorkbookError::Empty);
        }
        let mut inputs = SheetInputs::default();
        for (field, cell) in SheetInputs::FIELDS {
            if let Some(json) = fields.get(*field) {
                inputs.set(field, json).map_err(|error| WorkbookError::Cell { cell, error })?;
            }
        }
        remarks.extend(odd(&fields));
        Ok(Self { fields, inputs, remarks })
    }
}

/// The content of an input cell; none for an empty one.
fn content(field: &str, cell: &str, value: &Data, formula: &str, remarks: &mut Vec<String>) -> Option<Json> {
    if !formula.is_empty() {
        let plain: String = formula.chars().filter(|c| !matches!(c, ' ' | '$' | '=')).collect();
        let own = FORMULAS.iter().find(|(other, ..)| *other == field).map(|(.., own)| *own);
        if own.is_some_and(|own| plain.eq_ignore_ascii_case(own)) {
            return Some(Json::Null);
        }
        remarks
            .push(format!("{cell} holds the formula ={formula} instead of a typed value; its last result was taken"));
    }
    let json = match value {
        Data::Empty => return None,
        Data::Int(number) => (*number).into(),
        Data::Float(number) => number_json(*number),
        Data::String(text) if text.trim().is_empty() => return None,
        Data::String(text) => text.as_str().into(),
        Data::Bool(_) | Data::DateTime(_) | Data::DateTimeIso(_) | Data::DurationIso(_) => {
            remarks.push(format!("{cell} holds {value}, a date or a truth value: retype it as a number"));
            value.to_string().into()
        }
        Data::Error(error) => {
            remarks.push(format!("{cell} shows {error}"));
            error.to_string().into()
        }
    };
    if !field.starts_with("mm_") && matches!(value, Data::String(_)) {
        remarks.push(format!("{cell} holds the text {json} where a number is needed"));
    }
    if field.starts_with("mm_") && !json.as_str().is_some_and(|text| text.contains(':')) {
        remarks.push(format!("{cell} holds {json}, which is none of the options offered there"));
    }
    Some(json)
}

/// An integral number without a decimal point.
fn number_json(number: f64) -> Json {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    #[expect(clippy::cast_possible_truncation, reason = "integral and within 2^53")]
    if number.fract() == 0.0 && number.abs() <= EXACT { (number as i64).into() } else { number.into() }
}

/// What looks swapped or mistyped.
fn odd(fields: &Map<String, Json>) -> Vec<String> {
    let mut remarks = Vec::new();
    let number = |field: &str| fields.get(field).and_then(Json::as_f64);
    let formula = |field: &str| fields.get(field) == Some(&Json::Null);
    match (formula("vl_mv"), formula("vu_mv")) {
        (true, true) => remarks.push(
            "B25 (VL) and B26 (VU) hold the sheet's formulas, which are swapped: VL there is the voltage channel. \
             Their product is right, so PL_Constant is"
                .to_owned(),
        ),
        (true, false) => remarks.push(
            "B25 (VL) computes the voltage channel and B26 (VU) is typed: if B26 is the voltage channel too, the current is missing"
                .to_owned(),
        ),
        (false, true) => remarks.push(
            "B26 (VU) computes the current channel and B25 (VL) is typed: if B25 is the current channel too, the voltage is missing"
                .to_owned(),
        ),
        (false, false) => {
            if let (Some(vl), Some(vu)) = (number("vl_mv"), number("vu_mv"))
                && vl > vu
            {
                remarks.push(format!("B25 (VL) {vl} mV and B26 (VU) {vu} mV look swapped: VL is the current channel"));
            }
        }
    }
    let address = |cell: &str| SheetInputs::FIELDS.iter().find(|(_, other)| *other == cell).map(|(field, _)| *field);
    for (cells, what) in UNLINKED {
        let told: Vec<(&str, f64)> = cells.iter().filter_map(|cell| Some((*cell, number(address(cell)?)?))).collect();
        if let [(a, first), (b, second)] = told.as_slice()
            && first != second
        {
            remarks.push(format!("{a} is {first} and {b} is {second}: both are {what}"));
        }
    }
    if let (Some(meter), Some(actual)) = (number("vol_mea_v"), number("un_actual_v"))
        && actual > 0.0
        && !(0.5..=2.0).contains(&(meter / actual))
    {
        remarks.push(format!("B60 (meter) {meter} V and B61 (reference) {actual} V are not the same voltage"));
    }
    if let Some(fraction) = number("sag_x").filter(|fraction| *fraction > 1.0) {
        remarks.push(format!("B89 is {fraction}: its label says x%, but it is a fraction such as 0.94"));
    }
    remarks
}

/// The content of a cell such as B25.
fn at<'a, T: calamine::CellType>(range: &'a Range<T>, address: &str) -> Option<&'a T> {
    let split = address.find(|c: char| c.is_ascii_digit())?;
    let (letters, digits) = address.split_at_checked(split)?;
    let column = letters.bytes().fold(0, |column, letter| column * 26 + u32::from(letter - b'A') + 1);
    let row: u32 = digits.parse().ok()?;
    range.get_value((row.checked_sub(1)?, column.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::Workbook as Writer;

    use super::*;

    /// A workbook with the original inputs and these cells changed; None clears one, "=..." is a formula.
    fn book(sheet: &str, changes: &[(&str, Option<Json>)]) -> Vec<u8> {
        let mut cells: Vec<(String, Json)> = [
            ("K1", 1000.into()),
            ("K2", 400.into()),
            ("B5", "100: Gain 1".into()),
            ("B6", "10: Gain 1".into()),
            ("B7", "1: Meter on L line".into()),
            ("B8", "00: HPF1 and HPF0".into()),
            ("B9", "0: Fwd or rev energy pulse output".into()),
            ("B10", "0: Fwd or rev reactive energy pulse output".into()),
            ("B11", "10: All zero crossing".into()),
            ("B12", "0010: 3.125%".into()),
            ("B22", 300.into()),
            ("B23", 12.into()),
            ("B24", 1.into()),
            ("B25", "=UN*Vratio*1000".into()),
            ("B26", "=IB*Iratio*1000".into()),
            ("B27", 1000.into()),
            ("B49", 0.269.into()),
            ("B50", 0.219.into()),
            ("B60", 203.9.into()),
            ("B61", 243.1.into()),
            ("B62", 26_400.into()),
            ("B69", 19.92.into()),
            ("B70", 7.74.into()),
            ("B71", 31_251.into()),
            ("B87", 230.into()),
            ("B89", 0.94.into()),
        ]
        .map(|(cell, json): (&str, Json)| (cell.to_owned(), json))
        .to_vec();
        for (cell, json) in changes {
            cells.retain(|(other, _)| other != cell);
            cells.extend(json.clone().map(|json| ((*cell).to_owned(), json)));
        }
        let mut writer = Writer::new();
        let page = writer.add_worksheet().set_name(sheet).unwrap();
        for (cell, json) in cells {
            let (column, row) = (u16::from(cell.as_bytes()[0] - b'A'), cell[1..].parse::<u32>().unwrap() - 1);
            match json {
                Json::Number(number) => page.write_number(row, column, number.as_f64().unwrap()).unwrap(),
                Json::String(text) if text.starts_with('=') => page.write_formula(row, column, text.as_str()).unwrap(),
                Json::String(text) => page.write_string(row, column, text).unwrap(),
                other => panic!("{other}"),
            };
        }
        writer.save_to_buffer().unwrap()
    }

    #[test]
    fn the_original_inputs() {
        let workbook = Workbook::read(&book("Sheet1", &[])).unwrap();
        assert_eq!(workbook.inputs, SheetInputs::original());
        let words = workbook.remarks.join("\n");
        assert!(words.contains("B25 (VL) and B26 (VU) hold the sheet's formulas, which are swapped"), "{words}");
        assert!(words.contains("B22 is 300 and B87 is 230: both are the nominal voltage"), "{words}");
        assert!(words.contains("B23 is 12 and B70 is 7.74: both are Ib"), "{words}");
    }

    #[test]
    fn what_looks_wrong_is_named_by_its_cell() {
        let changes = [
            ("B25", Some(250.into())),
            ("B26", Some(1.into())),
            ("B89", Some(94.into())),
            ("B22", Some("230 V".into())),
            ("B5", Some(4.into())),
            ("B60", Some(24.into())),
            ("B62", Some("=2*13200".into())),
            ("B71", None),
        ];
        let workbook = Workbook::read(&book("Sheet1", &changes)).unwrap();
        let words = workbook.remarks.join("\n");
        for said in [
            "B25 (VL) 250 mV and B26 (VU) 1 mV look swapped",
            "B89 is 94: its label says x%",
            "B22 holds the text \"230 V\" where a number is needed",
            "B5 holds 4, which is none of the options",
            "B60 (meter) 24 V and B61 (reference) 243.1 V are not the same voltage",
            "B62 holds the formula =2*13200 instead of a typed value",
        ] {
            assert!(words.contains(said), "{said} is not in\n{words}");
        }
        assert!(!workbook.fields.contains_key("igain_old"));
        assert_eq!(workbook.fields.get("vl_mv"), Some(&250.into()));
    }

    #[test]
    fn one_formula_of_the_two_is_a_trap() {
        let words = |cell| Workbook::read(&book("Sheet1", &[(cell, Some(1.into()))])).unwrap().remarks.join("\n");
        assert!(words("B26").contains("the current is missing"));
        assert!(words("B25").contains("the voltage is missing"));
    }

    #[test]
    fn other_files_are_refused_in_words() {
        let error = |bytes: &[u8]| Workbook::read(bytes).unwrap_err().to_string();
        assert!(error(b"no workbook").starts_with("this is no .xlsx workbook: "));
        assert_eq!(error(&book("Tabelle1", &[])), "the workbook has no sheet called Sheet1; it has Tabelle1");
        let mut writer = Writer::new();
        writer.add_worksheet().set_name("Sheet1").unwrap().write_string(0, 0, "Hello").unwrap();
        assert!(error(&writer.save_to_buffer().unwrap()).ends_with("this is another workbook"));
    }
}
