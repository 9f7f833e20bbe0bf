//! A catalog: the translations of one language, read from TOML and compared with the texts there are.
//!
//! A mistake costs the entry it stands in, which stays English and is named; only what is no TOML is refused as a whole.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use toml::{Table, Value};

/// All texts of the window, as the template lists them.
const TEMPLATE: &str = include_str!("../../../assets/texts/template.toml");

/// Faults that are named; a file made for something else would have hundreds.
const NAMED: usize = 8;

static KEYS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let table = TEMPLATE.parse::<Table>().unwrap_or_default();
    table.into_iter().filter_map(|(_, value)| value.try_into::<Table>().ok()).flatten().map(|(key, _)| key).collect()
});

/// Translations by their English text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    texts: HashMap<String, String>,
}

/// A catalog as it was found.
#[derive(Debug)]
pub struct Read {
    /// What the language calls itself; empty where the file does not say.
    pub name: String,
    /// What could be used.
    pub catalog: Catalog,
    /// What could not, in words.
    pub faults: Vec<String>,
}

impl Catalog {
    /// Reads the text of a catalog.
    #[must_use]
    pub fn read(text: &str) -> Read {
        let mut read = Read { name: String::new(), catalog: Self::default(), faults: Vec::new() };
        let table = match text.parse::<Table>() {
            Ok(table) => table,
            Err(error) => {
                read.faults.push(t!("not TOML: {reason}", reason = error.to_string().trim().replace('\n', " ")));
                return read;
            }
        };
        for (part, value) in table {
            match (part.as_str(), value) {
                ("name", Value::String(name)) => read.name = name.trim().to_owned(),
                ("texts", Value::Table(texts)) => read.take(texts),
                (other, _) => read.faults.push(t!("“{other}” is neither name nor texts", other)),
            }
        }
        let more = read.faults.len().saturating_sub(NAMED);
        if more > 0 {
            read.faults.truncate(NAMED);
            read.faults.push(t!("and {more} more", more));
        }
        read
    }

    /// The translation of a text.
    #[must_use]
    pub fn translation(&self, text: &str) -> Option<&str> {
        self.texts.get(text).map(String::as_str)
    }

    /// How many texts it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// It has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

impl Read {
    fn take(&mut self, texts: Table) {
        for (key, value) in texts {
            match checked(&key, value) {
                Ok(translation) if translation.is_empty() => {}
                Ok(translation) => {
                    self.catalog.texts.insert(key, translation);
                }
                Err(fault) => self.faults.push(fault),
            }
        }
    }
}

/// All texts that can be translated.
pub fn keys() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(String::as_str)
}

fn checked(key: &str, value: Value) -> Result<String, String> {
    if !KEYS.contains(key) {
        return Err(t!("“{key}” is no text of this program", key));
    }
    let Value::String(translation) = value else {
        return Err(t!("“{key}” is not translated by a text", key));
    };
    // An empty one is a line of the template nobody has filled in.
    match (placeholders(key), placeholders(&translation)) {
        _ if translation.is_empty() => Ok(translation),
        (wanted, Some(found)) if wanted.as_ref() == Some(&found) => Ok(translation),
        (wanted, _) => {
            let names: Vec<_> = wanted.unwrap_or_default().into_iter().map(|name| format!("{{{name}}}")).collect();
            let names = if names.is_empty() { t!("no braces").to_owned() } else { names.join(" ") };
            Err(t!("“{key}”: the translation has to have {names}", key, names))
        }
    }
}

/// The names in braces; none where a brace stands alone.
#[must_use]
pub fn placeholders(text: &str) -> Option<BTreeSet<&str>> {
    let mut names = BTreeSet::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}')?;
        let plain = !name.is_empty()
            && name.chars().all(|letter| letter.is_ascii_lowercase() || "_0123456789".contains(letter));
        if before.contains('}') || !plain {
            return None;
        }
        names.insert(name);
        rest = after;
    }
    (!rest.contains('}')).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_costs_its_entry_only() {
        let read = Catalog::read(
            "name = \"X\"\nother = 1\n[texts]\n\"Connect\" = \"Verbinden\"\n\"Log\" = \"\"\n\"No such text\" = \"a\"\n\
             \"Details\" = 3\n\"Profile {name}\" = \"Profil {nam}\"\n\"Position {number}\" = \"Platz {number}\"\n\
             \"Cancel\" = \"Ab{bruch\"\n",
        );
        assert_eq!(read.name, "X");
        assert_eq!(read.catalog.translation("Connect"), Some("Verbinden"));
        assert_eq!(read.catalog.translation("Position {number}"), Some("Platz {number}"));
        assert_eq!(read.catalog.len(), 2);
        let faults = read.faults.join("\n");
        for part in [
            "other",
            "No such text",
            "Details",
            "has to have {name}",
            "“Cancel”: the translation has to have no braces",
        ] {
            assert!(faults.contains(part), "{part} in {faults}");
        }
        assert_eq!(read.faults.len(), 5);
    }

    #[test]
    fn what_is_no_toml_is_no_language() {
        let read = Catalog::read("Connect: Verbinden");
        assert!(read.catalog.is_empty() && read.faults.len() == 1);
        let many: String = (0..100).map(|number| format!("\"no text {number}\" = \"\"\n")).collect();
        assert_eq!(Catalog::read(&format!("[texts]\n{many}")).faults.len(), NAMED + 1);
    }

    #[test]
    fn braces_name_values() {
        assert_eq!(placeholders("a {b} c {d_2}"), Some(BTreeSet::from(["b", "d_2"])));
        for bad in ["{", "a } b", "{}", "{a:.1}", "}{a}", "{a}}"] {
            assert_eq!(placeholders(bad), None, "{bad}");
        }
    }
}
