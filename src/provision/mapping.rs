//! Which column of a list is which field: data that a person writes, or nothing where the columns are named as the fields are.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::image::field::{self, FieldError};
use meter_interface::block::Block;

/// Fields that only the stock firmware has: a private key that is a number from 100 to 111, and a tariff in whole units.
pub(super) const STOCK_ONLY: [&str; 2] = ["sts_private_key", "tariff"];

/// Fields whose values no two units may share: what a server or a keypad tells units apart by.
pub(super) const ONLY_ONCE: [&str; 3] = ["meter_number", "token", "openpaygo_key"];

/// How a list is read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The column with the unit's serial number; one that is named `serial` needs no entry. Without one the rows are given in turn.
    pub serial: Option<String>,
    /// Field and column. A column that is named as a field needs no entry.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// Field and value that is the same for all rows.
    #[serde(default)]
    pub constants: BTreeMap<String, String>,
    /// Columns that are named as fields and are none.
    #[serde(default)]
    pub left_out: BTreeSet<String>,
}

impl Mapping {
    /// Reads one from TOML.
    ///
    /// # Errors
    /// Says what is wrong with it, without quoting it: constants may be secrets.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            format!(
                "line {line} of the columns' description is not TOML with serial, left_out, [columns] and [constants]"
            )
        })
    }
}

/// Whether a field can be provisioned at all.
pub(super) fn is_field(name: &str) -> bool {
    field::PROVISIONING.contains(&name) || STOCK_ONLY.contains(&name)
}

/// Checks a value without keeping it, those that only the stock firmware has among them.
///
/// # Errors
/// No such field, or no such value in it.
pub fn check(name: &str, value: &str) -> Result<(), FieldError> {
    let number = |least: u32, most: u32| {
        let fits = value.parse().is_ok_and(|number: u32| (least..=most).contains(&number));
        let problem = format!("must be a whole number, {least} to {most}");
        if fits { Ok(()) } else { Err(FieldError::Wrong { name: name.to_owned(), problem }) }
    };
    match name {
        // The range the stock firmware's documents give.
        "sts_private_key" => number(100, 111),
        "tariff" => number(0, 1_000_000),
        _ => field::set(&mut Block::default(), name, value),
    }
}
