//! The languages the window can speak: English, those compiled in, those a user put into a folder.

use std::path::PathBuf;
use std::sync::LazyLock;

use super::catalog::{Catalog, Read};

/// How the settings call the language of the code.
pub const ENGLISH: &str = "english";

const SHIPPED: [(&str, &str); 1] = [("deutsch", include_str!("../../../assets/texts/deutsch.toml"))];

static PARSED: LazyLock<Vec<Language>> =
    LazyLock::new(|| SHIPPED.iter().map(|(id, text)| Language::of(id, text, None)).collect());

/// One of them.
#[derive(Clone, Debug)]
pub struct Language {
    /// How the settings call it: the name of its file.
    pub id: String,
    /// What it calls itself.
    pub name: String,
    /// Where a user's lies.
    pub file: Option<PathBuf>,
    /// Its texts; none are English.
    pub catalog: Option<&'static Catalog>,
    /// What was wrong with its file, in words.
    pub faults: Vec<String>,
}

impl Language {
    /// From the text of a catalog. The catalog stays for the life of the program, as a text in use may be anywhere; there is
    /// one for each file that was read.
    #[must_use]
    pub fn of(id: &str, text: &str, file: Option<PathBuf>) -> Self {
        let Read { name, catalog, faults } = Catalog::read(text);
        let name = if name.is_empty() { id.to_owned() } else { name };
        let catalog = (!catalog.is_empty()).then(|| &*Box::leak(Box::new(catalog)));
        Self { id: id.to_owned(), name, file, catalog, faults }
    }

    /// A file that gave no texts.
    #[must_use]
    pub fn refused(id: &str, fault: String, file: PathBuf) -> Self {
        Self { id: id.to_owned(), name: id.to_owned(), file: Some(file), catalog: None, faults: vec![fault] }
    }

    /// It can be chosen.
    #[must_use]
    pub fn usable(&self) -> bool {
        self.id == ENGLISH || self.catalog.is_some()
    }
}

/// The languages of the program itself, English first.
#[must_use]
pub fn shipped() -> Vec<Language> {
    let english =
        Language { id: ENGLISH.to_owned(), name: "English".to_owned(), file: None, catalog: None, faults: Vec::new() };
    std::iter::once(english).chain(PARSED.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_has_no_faults() {
        for language in shipped() {
            assert!(language.usable() && language.faults.is_empty(), "{}: {:?}", language.name, language.faults);
        }
    }
}
