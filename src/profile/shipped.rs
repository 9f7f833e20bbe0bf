//! The profiles that are part of the program.

use std::sync::LazyLock;

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
    Procedure "procedures" "calibrate-flash",
    Procedure "procedures" "calibrate-flash-quick",
    Procedure "procedures" "calibrate-flash-chip",
    Procedure "procedures" "production",
    Procedure "procedures" "iec62053-21-class1",
    Procedure "procedures" "iec62053-21-class2",
    Procedure "procedures" "iec62053-22-class05s",
    Procedure "procedures" "mid-class-b",
    Procedure "procedures" "opensmartmeter-points",
    Procedure "procedures" "opensmartmeter-protections",
    Procedure "procedures" "opensmartmeter-first-trial",
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

static LISTED: LazyLock<Vec<Listed>> = LazyLock::new(|| {
    let listed = |(kind, name, text)| Listed { kind, name: str::to_owned(name), title: title_of(text) };
    texts().map(listed).collect()
});

/// All shipped profiles, by kind.
#[must_use]
pub fn list() -> Vec<Listed> {
    LISTED.clone()
}

/// The names of the shipped profiles of a kind.
pub fn names(kind: Kind) -> impl Iterator<Item = &'static str> {
    texts().filter(move |entry| entry.0 == kind).map(|entry| entry.1)
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
