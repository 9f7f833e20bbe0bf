//! A text read into its type and checked beyond it, with the line of whatever is wrong; for profiles and for the station's own files.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::check::Findings;
use super::error::{Finding, ProfileError};
use super::{library, locate};

/// Reads a text and checks what it says; `origin` names it in errors.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn checked<T: DeserializeOwned>(
    text: &str,
    origin: &str,
    check: impl FnOnce(&T, &mut Findings),
) -> Result<T, ProfileError> {
    let content = |findings: Vec<Finding>| ProfileError::Content { file: origin.to_owned(), findings };
    let read: T = toml::from_str(text).map_err(|error| content(vec![locate::finding_from_toml(text, &error)]))?;
    let mut findings = Findings::default();
    check(&read, &mut findings);
    if findings.0.is_empty() {
        return Ok(read);
    }
    let located = findings.0.into_iter().map(|(key, problem)| locate::finding_at_key(text, &key, problem));
    Err(content(located.collect()))
}

/// What a file of the station says, or what goes without one.
///
/// # Errors
/// The file cannot be read, or something in it is wrong.
pub(super) fn of_station<T: Default>(
    file: &Path,
    parse: impl FnOnce(&str, &str) -> Result<T, ProfileError>,
) -> Result<T, ProfileError> {
    match library::read_text(file) {
        Ok(text) => parse(&text, &file.display().to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(T::default()),
        Err(source) => Err(ProfileError::File { file: file.display().to_string(), source }),
    }
}
