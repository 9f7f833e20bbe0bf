//! Where the program keeps what outlives it: the platform's folders, or one folder a person names. Never the current one.

use std::path::{Path, PathBuf};

/// The folders of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// Settings.
    pub settings: PathBuf,
    /// What was measured and what happened.
    pub data: PathBuf,
}

impl Folders {
    /// The platform's folders; none where the user has no home.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        let found = directories::ProjectDirs::from("", "", "meterbench")?;
        Some(Self { settings: found.config_dir().to_owned(), data: found.data_dir().to_owned() })
    }

    /// Everything in one folder.
    #[must_use]
    pub fn below(folder: &Path) -> Self {
        Self { settings: folder.to_owned(), data: folder.to_owned() }
    }

    /// Profiles of one's own.
    #[must_use]
    pub fn profiles(&self) -> PathBuf {
        self.data.join("profiles")
    }

    /// Languages of one's own for the window.
    #[must_use]
    pub fn texts(&self) -> PathBuf {
        self.settings.join("texts")
    }

    /// Templates and fonts of one's own for papers.
    #[must_use]
    pub fn templates(&self) -> PathBuf {
        self.data.join("templates")
    }

    /// Where log files lie.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.data.join("log")
    }
}
