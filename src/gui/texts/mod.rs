//! The texts of the window and their translations, as gettext has it: the English text stands in the code and is the key.
//!
//! `t!("Connect")` and `t!("{count} units", count)` are how a text is written; `mark!("Connect")` where it must be constant,
//! with [`of`] at the place that draws it. A language is a [`catalog`]; what it does not have stays English. Each thread
//! speaks a language of its own, and only the one that draws is told any: records and the log stay English without anybody
//! taking care. Not here: units, names of registers, numbers.

use std::cell::Cell;
use std::fmt::{Display, Write as _};

use catalog::Catalog;

/// A text in the language of the window: `&'static str`, or `String` where it has values. The names in the text's braces
/// are the values', and nothing else stands in braces; how a number looks is said by its value (`format_args!`).
macro_rules! t {
    (@value $name:ident) => { $name };
    (@value $name:ident $value:expr) => { $value };
    ($text:literal) => { $crate::gui::texts::of($text) };
    ($text:literal, $($name:ident $(= $value:expr)?),+ $(,)?) => {
        match $crate::gui::texts::found($text) {
            None => format!($text, $($name = t!(@value $name $($value)?)),+),
            Some(text) => $crate::gui::texts::filled(
                text,
                &[$((stringify!($name), &t!(@value $name $($value)?) as &dyn ::std::fmt::Display)),+],
            ),
        }
    };
}

/// A constant text that is translated where it is drawn, by [`of`].
macro_rules! mark {
    ($text:literal) => {
        $text
    };
}

pub mod catalog;
pub mod language;
pub mod shelf;
pub mod words;

thread_local! {
    static SPOKEN: Cell<Option<&'static Catalog>> = const { Cell::new(None) };
}

/// Has this thread speak a language; none is English.
pub fn speak(catalog: Option<&'static Catalog>) {
    SPOKEN.set(catalog);
}

/// What this thread speaks, for a thread that it starts.
#[must_use]
pub fn spoken() -> Option<&'static Catalog> {
    SPOKEN.get()
}

/// The translation of a text, if there is one.
#[must_use]
pub fn found(text: &str) -> Option<&'static str> {
    SPOKEN.get()?.translation(text)
}

/// The translation of a text or the text. Also for whole texts that come from elsewhere, such as the titles of steps.
#[must_use]
pub fn of(text: &str) -> &str {
    found(text).unwrap_or(text)
}

/// A translated text with its values.
#[must_use]
pub fn filled(text: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut full = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        full.push_str(before);
        let Some((name, after)) = behind.split_once('}') else { break };
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            write!(full, "{value}").ok();
        }
        rest = after;
    }
    full.push_str(rest);
    full
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_translation_stays_english() {
        let (count, of) = (3, 4);
        assert_eq!(t!("{count} of {all}", count, all = of + 1), "3 of 5");
        assert_eq!(t!("Nothing of this kind"), "Nothing of this kind");
    }

    #[test]
    fn values_stand_where_the_translation_wants_them() {
        let (a, b) = (format_args!("{:.1}", 1.25).to_string(), "x");
        assert_eq!(filled("von {b} nach {a}: {b}", &[("a", &a), ("b", &b)]), "von x nach 1.2: x");
    }
}
