//! The profiles that are part of the program.

use super::Kind;

macro_rules! shipped {
    ($($kind:ident $folder:literal $name:literal),* $(,)?) => {
        &[$((Kind::$kind, $name, include_str!(concat!("../../profiles/", $folder, "/", $name, ".toml")))),*]
    };
}

/// Kind, name and text; the name is that of the file and that inside it, which a test compares.
const SHIPPED: &[(Kind, &str, &str)] = shipped![
    Meter "meters" "opensmartmeter-mt25",
    Meter "meters" "opensmartmeter-mt50",
    Meter "meters" "opensmartmeter-mt100",
    Meter "meters" "m90e26-l24",
    Procedure "procedures" "calibrate",
    Procedure "procedures" "calibrate-quick",
    Procedure "procedures" "calibrate-self-test",
    Instrument "references" "zera-mt310s2",
    Instrument "references" "yokogawa-wt310",
    Instrument "references" "gwinstek-gpm-8213",
    Instrument "references" "scpi-source",
    Instrument "references" "meterbench-sim",
];

/// One shipped profile in a list.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Listed {
    /// What it describes.
    pub kind: Kind,
    /// Its name, as options and addresses take it.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
}

/// All shipped profiles, by kind.
#[must_use]
pub fn list() -> Vec<Listed> {
    SHIPPED
        .iter()
        .map(|(kind, name, text)| Listed { kind: *kind, name: (*name).to_owned(), title: title_of(text) })
        .collect()
}

pub(super) fn find(kind: Option<Kind>, name: &str) -> Option<&'static str> {
    let mut all = SHIPPED.iter();
    all.find(|entry| entry.1 == name && kind.is_none_or(|kind| kind == entry.0)).map(|entry| entry.2)
}

/// Kind, name and text of each.
pub(super) fn texts() -> impl Iterator<Item = (Kind, &'static str, &'static str)> {
    SHIPPED.iter().copied()
}

pub(super) fn title_of(text: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Title {
        title: String,
    }
    toml::from_str::<Title>(text).map(|title| title.title).unwrap_or_default()
}
