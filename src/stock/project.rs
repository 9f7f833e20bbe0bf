//! Values into the files of a project: all of them are worked out before the first is written.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use m90e26::Register;
use serde::Serialize;

use crate::disk;
use crate::image::source::{self, SourceError, VariableError};
use crate::profile::sources::{SourceValue, Sources};

/// Largest source file that is read.
const LARGEST: u64 = 4 << 20;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// A file cannot be read or written.
    #[error("{}: {source}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is no source.
    #[error("{} is too large for a source", file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
    },
    /// The calls with registers are not as they should be.
    #[error("{}: {problem}", file.display())]
    Registers {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        problem: SourceError,
    },
    /// A variable or macro is not as it should be.
    #[error("{}: {problem}", file.display())]
    Variable {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        problem: VariableError,
    },
    /// The profile names no place for a value.
    #[error("the meter profile names no place in the sources for {field}")]
    NoPlace {
        /// The value's name.
        field: String,
    },
    /// A value has not the shape the profile wants there.
    #[error("{field} cannot be written as {name} in {file}: a number of up to five digits is wanted")]
    Shape {
        /// The value's name.
        field: String,
        /// The variable.
        name: String,
        /// Its file.
        file: String,
    },
}

/// What goes into a project: registers, and values by the names provisioning has for them.
#[derive(Clone, Default)]
pub struct Values {
    /// Words of the chip's registers, CS1 and CS2 among them.
    pub registers: Vec<(Register, u16)>,
    /// Names and values, secrets among them.
    pub values: BTreeMap<String, String>,
}

/// A place that was changed. No value is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Patched {
    /// The file, relative to the project.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// The register, variable or macro.
    pub name: String,
}

/// What becomes of one file.
struct Change {
    file: PathBuf,
    old: Vec<u8>,
    new: Vec<u8>,
    patched: Vec<Patched>,
}

/// A project of the stock firmware.
#[derive(Clone, Debug)]
pub struct Project<'a> {
    /// The folder with `platformio.ini`.
    pub folder: &'a Path,
    /// What the meter profile says of the sources.
    pub sources: &'a Sources,
}

impl Project<'_> {
    /// Puts the values into their places. The files become their owner's alone when there are secrets for them.
    ///
    /// # Errors
    /// A place is missing, there twice or not certain, or a value does not fit; then no file was touched. A file that cannot be
    /// written leaves the others as they were.
    pub fn patch(&self, values: &Values) -> Result<Vec<Patched>, ProjectError> {
        if let Some(field) =
            values.values.keys().find(|field| !self.sources.values.iter().any(|place| place.field == **field))
        {
            return Err(ProjectError::NoPlace { field: field.clone() });
        }
        let mut files: BTreeSet<&str> = self.sources.values.iter().map(|place| place.file.as_str()).collect();
        files.insert(&self.sources.registers);
        let mut changes = Vec::new();
        for name in files {
            changes.extend(self.patch_file(name, values)?);
        }
        write_all(&changes)?;
        Ok(changes.into_iter().flat_map(|change| change.patched).collect())
    }

    fn patch_file(&self, name: &str, values: &Values) -> Result<Option<Change>, ProjectError> {
        let mut wanted = Vec::new();
        for place in self.sources.values.iter().filter(|place| place.file == name) {
            let Some(value) = values.values.get(&place.field) else { continue };
            let SourceValue { field, file, name, written } = place;
            let shape = || ProjectError::Shape { field: field.clone(), name: name.clone(), file: file.clone() };
            wanted.push((name.as_str(), written.text(value).ok_or_else(shape)?));
        }
        let holds_registers = name == self.sources.registers && !values.registers.is_empty();
        if wanted.is_empty() && !holds_registers {
            return Ok(None);
        }
        let file = self.folder.join(name);
        let old = read(&file)?;
        let mut new = old.clone();
        let mut patched = Vec::new();
        let at = |line, what: String| Patched { file: name.to_owned(), line, name: what };
        if holds_registers {
            let done = source::patch(&new, &values.registers);
            let (text, replaced) = done.map_err(|problem| ProjectError::Registers { file: file.clone(), problem })?;
            new = text;
            patched.extend(replaced.into_iter().map(|replaced| at(replaced.line, replaced.name)));
        }
        let wanted: Vec<(&str, &str)> = wanted.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let done = source::patch_variables(&new, &wanted);
        let (text, placed) = done.map_err(|problem| ProjectError::Variable { file: file.clone(), problem })?;
        patched.extend(placed.into_iter().map(|placed| at(placed.line, placed.name)));
        Ok(Some(Change { file, old, new: text, patched }))
    }
}

fn read(file: &Path) -> Result<Vec<u8>, ProjectError> {
    let wrong = |source| ProjectError::File { file: file.to_owned(), source };
    if std::fs::metadata(file).map_err(wrong)?.len() > LARGEST {
        return Err(ProjectError::TooLarge { file: file.to_owned() });
    }
    std::fs::read(file).map_err(wrong)
}

/// Writes all files, or puts those back that were written before one could not be.
fn write_all(changes: &[Change]) -> Result<(), ProjectError> {
    for (done, Change { file, new, .. }) in changes.iter().enumerate() {
        if let Err(source) = disk::replace_secretly(file, new) {
            for Change { file, old, .. } in changes.iter().take(done) {
                if let Err(error) = disk::replace_secretly(file, old) {
                    tracing::error!(file = %file.display(), %error, "a source could not be put back");
                }
            }
            return Err(ProjectError::File { file: file.clone(), source });
        }
    }
    Ok(())
}
