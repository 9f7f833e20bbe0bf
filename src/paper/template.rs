//! The templates: those compiled in, and the folder in which a user's own lie.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::error::PaperError;

/// A kind of paper that has a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// Certificate or test report of one record.
    Certificate,
    /// Report of a batch.
    Report,
    /// Label of a unit.
    Label,
}

/// Whose file something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Compiled in.
    Shipped,
    /// The user's, in this folder.
    Own(PathBuf),
}

/// Files compiled in: a template each, and what they share.
const SHIPPED: [(&str, &str); 5] = [
    ("certificate.typ", include_str!("../../assets/templates/certificate.typ")),
    ("report.typ", include_str!("../../assets/templates/report.typ")),
    ("label.typ", include_str!("../../assets/templates/label.typ")),
    ("page.typ", include_str!("../../assets/templates/page.typ")),
    ("chart.typ", include_str!("../../assets/templates/chart.typ")),
];

/// Greatest file a template may use; a logo is far smaller.
const LARGEST: u64 = 16 << 20;

impl Template {
    /// The file's name.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Certificate => "certificate.typ",
            Self::Report => "report.typ",
            Self::Label => "label.typ",
        }
    }
}

/// Names and texts of all shipped files, for who wants to begin with them.
pub fn shipped() -> impl Iterator<Item = (&'static str, &'static str)> {
    SHIPPED.into_iter()
}

/// A file by its path inside of the folder: the user's own, or else the shipped one.
pub(super) fn find(folder: Option<&Path>, name: &str) -> Result<Option<(Vec<u8>, Origin)>, PaperError> {
    if let Some(folder) = folder
        && let Some(own) = read(&folder.join(name))?
    {
        return Ok(Some((own, Origin::Own(folder.to_owned()))));
    }
    let shipped = SHIPPED.into_iter().find(|(other, _)| *other == name);
    Ok(shipped.map(|(_, text)| (text.as_bytes().to_vec(), Origin::Shipped)))
}

/// A file's bytes; none where there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, PaperError> {
    let failed = |source| PaperError::File { file: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // A pipe or a device would never end.
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(failed(io::Error::other("it is no file")));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(failed(io::Error::other("it is larger than 16 MiB")));
    }
    Ok(Some(bytes))
}
