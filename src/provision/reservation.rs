//! A row that belongs to one run, and the values in it.

use std::collections::BTreeMap;
use std::fmt;

use meter_interface::block::{Block, Secret};

use super::mapping::STOCK_ONLY;
use crate::image::field::{self, FieldError};

/// Fields and their values. All of them are treated as secrets: formatting shows names only.
#[derive(Clone, Default, PartialEq)]
pub struct Values(BTreeMap<String, Secret<String>>);

impl Values {
    /// Of names and values.
    pub fn new(values: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(values.into_iter().map(|(name, value)| (name, Secret::new(value))).collect())
    }

    /// The names of the fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Names and values, for where they are used; they must not be printed from there.
    pub fn expose(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.expose().as_str()))
    }

    /// Those that a calibration block has a field for; they must not be printed either.
    pub fn for_block(&self) -> impl Iterator<Item = (&str, &str)> {
        self.expose().filter(|(name, _)| !STOCK_ONLY.contains(name))
    }

    /// Puts the values into a calibration block; what only the stock firmware has stays out of it.
    ///
    /// # Errors
    /// A value does not fit, and the block is as it was.
    pub fn fill(&self, block: &mut Block) -> Result<(), FieldError> {
        let mut filled = block.clone();
        for (name, value) in self.for_block() {
            field::set(&mut filled, name, value)?;
        }
        *block = filled;
        Ok(())
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.names().map(|name| (name, "***"))).finish()
    }
}

/// A row that is one unit's until it is confirmed or given back.
#[derive(Clone, Debug, PartialEq)]
pub struct Reservation {
    pub(super) id: i64,
    /// The list.
    pub list: String,
    /// The row's place in it, from 1.
    pub number: u64,
    /// The unit.
    pub serial: String,
    /// What the unit gets.
    pub values: Values,
}

impl Reservation {
    /// As records name the row.
    #[must_use]
    pub fn row(&self) -> String {
        row_name(&self.list, self.number)
    }
}

/// A row as records name it.
pub(super) fn row_name(list: &str, number: u64) -> String {
    format!("{list} row {number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(entries: &[(&str, &str)]) -> Values {
        Values::new(entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn nothing_is_shown_but_names() {
        let values = values(&[("token", "tell-nobody"), ("host", "example.org")]);
        let shown = format!("{values:?}");
        assert!(!shown.contains("tell-nobody") && !shown.contains("example.org") && shown.contains("token"), "{shown}");
    }

    #[test]
    fn values_go_into_a_block_all_or_none() {
        let mut block = Block::default();
        values(&[("token", "abc"), ("port", "80"), ("tariff", "1")]).fill(&mut block).expect("filled");
        assert_eq!((block.token.expose().as_str(), block.port), ("abc", 80));
        let before = block.clone();
        assert!(values(&[("host", "example.org"), ("port", "0")]).fill(&mut block).is_err());
        assert_eq!(block, before);
    }
}
