//! Facts about meters, instruments and procedures, as TOML.
//!
//! A profile is data the user may read, copy and change; so it is read strictly: an unknown key, a wrong value or a missing
//! part is an error with its line. Shipped profiles are part of the program and found by name, those of the user's [`library`]
//! too; a name with a path separator or ending in `.toml` is a file. Each loaded profile carries its own text, because a record stores what was used.

use std::fmt;
use std::path::{MAIN_SEPARATOR, Path};

pub mod block;
pub mod changes;
pub mod check;
pub mod controller;
pub mod decision;
pub mod error;
pub mod flashing;
pub mod instrument;
pub mod inventory;
pub mod library;
pub mod meter;
pub mod procedure;
pub mod scalars;
pub mod self_test;
pub mod sources;
pub mod template;
pub mod verification;
pub mod vigilance;

mod checked;
mod instrument_check;
mod locate;
mod shipped;

use check::Findings;
pub use error::{Finding, ProfileError};
pub use instrument::InstrumentProfile;
use library::Library;
pub use meter::MeterProfile;
pub use procedure::Procedure;
pub use shipped::{Listed, list, names};

/// What a profile describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A meter type.
    Meter,
    /// What is done to a unit.
    Procedure,
    /// A reference or a source.
    Instrument,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Meter => "meter",
            Self::Procedure => "procedure",
            Self::Instrument => "instrument",
        })
    }
}

/// A profile and where it came from.
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    /// The name inside the profile.
    pub name: String,
    /// The path as given, or the shipped name.
    pub origin: String,
    /// The text it was read from, for the record.
    pub text: String,
    /// What it says.
    pub profile: T,
}

impl<T> std::ops::Deref for Loaded<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.profile
    }
}

/// A meter profile by name or file.
///
/// # Errors
/// No such profile, an unreadable file, or a fault in the text.
pub fn load_meter(name: &str) -> Result<Loaded<MeterProfile>, ProfileError> {
    load(name)
}

/// A procedure by name or file.
///
/// # Errors
/// No such profile, an unreadable file, or a fault in the text.
pub fn load_procedure(name: &str) -> Result<Loaded<Procedure>, ProfileError> {
    load(name)
}

/// An instrument profile by name or file.
///
/// # Errors
/// No such profile, an unreadable file, or a fault in the text.
pub fn load_instrument(name: &str) -> Result<Loaded<InstrumentProfile>, ProfileError> {
    load(name)
}

/// What the three kinds of profile have in common.
pub trait Profile: serde::de::DeserializeOwned + fmt::Debug {
    /// What it describes.
    const KIND: Kind;

    /// Its name.
    fn name(&self) -> &str;

    /// Everything that is wrong beyond types.
    fn check(&self, findings: &mut Findings);
}

/// The first key of every profile; read before the rest, so that a meter profile given as a procedure is told apart from a
/// procedure full of unknown keys.
#[derive(serde::Deserialize)]
struct Head {
    kind: Kind,
}

/// Reads a profile's text; `origin` names it in errors.
///
/// # Errors
/// A fault in the text.
pub fn parse<T: Profile>(text: &str, origin: &str) -> Result<Loaded<T>, ProfileError> {
    let kind = kind_of(text, origin)?;
    if kind != T::KIND {
        let problem = format!("this is a {kind} profile, and a {} profile is wanted", T::KIND);
        let findings = vec![locate::finding_at_key(text, "kind", problem)];
        return Err(ProfileError::Content { file: origin.to_owned(), findings });
    }
    let profile: T = checked::checked(text, origin, T::check)?;
    let name = profile.name().to_owned();
    Ok(Loaded { name, origin: origin.to_owned(), text: text.to_owned(), profile })
}

/// Which kind of profile a text is.
///
/// # Errors
/// The text is not TOML, or its `kind` is missing or unknown.
pub fn kind_of(text: &str, origin: &str) -> Result<Kind, ProfileError> {
    let head: Result<Head, _> = toml::from_str(text);
    head.map(|head| head.kind).map_err(|error| ProfileError::Content {
        file: origin.to_owned(),
        findings: vec![locate::finding_from_toml(text, &error)],
    })
}

/// The text of a profile, from the program, the user's library or a file, and its kind.
///
/// # Errors
/// No such profile, an unreadable file, or a text without a kind.
pub fn text_of(name: &str) -> Result<(Kind, String), ProfileError> {
    let (text, origin) = if is_file(name) {
        (read_file(name)?, name.to_owned())
    } else if let Some(text) = shipped::find(None, name) {
        (text.to_owned(), name.to_owned())
    } else {
        let file = Library::installed().find(None, name).ok_or_else(|| unknown(None, name))?;
        (read_file(&file)?, file)
    };
    Ok((kind_of(&text, &origin)?, text))
}

/// Loads the text of any kind and checks it.
///
/// # Errors
/// A fault in the text.
pub fn check_text(text: &str, origin: &str) -> Result<(Kind, String), ProfileError> {
    let kind = kind_of(text, origin)?;
    let name = match kind {
        Kind::Meter => parse::<MeterProfile>(text, origin)?.name,
        Kind::Procedure => parse::<Procedure>(text, origin)?.name,
        Kind::Instrument => parse::<InstrumentProfile>(text, origin)?.name,
    };
    Ok((kind, name))
}

/// A name that ships is the program's own, whatever lies in the user's library: nobody's profile stands in for another.
fn load<T: Profile>(name: &str) -> Result<Loaded<T>, ProfileError> {
    if is_file(name) {
        return parse(&read_file(name)?, name);
    }
    if let Some(text) = shipped::find(Some(T::KIND), name) {
        return parse(text, name);
    }
    let file = Library::installed().find(Some(T::KIND), name).ok_or_else(|| unknown(Some(T::KIND), name))?;
    let text = read_file(&file)?;
    let loaded = parse::<T>(&text, &file)?;
    match library::name_finding(&text, &loaded.name, name) {
        Some(finding) => Err(ProfileError::Content { file, findings: vec![finding] }),
        None => Ok(loaded),
    }
}

fn unknown(kind: Option<Kind>, name: &str) -> ProfileError {
    let known = Library::installed().names(kind).join(", ");
    ProfileError::Unknown { kind, name: name.to_owned(), known }
}

/// A shipped name holds neither a separator nor an ending; both separators count everywhere, so that one habit serves.
fn is_file(name: &str) -> bool {
    name.contains(['/', MAIN_SEPARATOR]) || name.ends_with(".toml")
}

fn read_file(path: &str) -> Result<String, ProfileError> {
    library::read_text(Path::new(path)).map_err(|source| ProfileError::File { file: path.to_owned(), source })
}
