//! The system's file dialogs, each with the reading or writing that follows, on a thread of its own: the window goes on
//! drawing meanwhile. One dialog at a time.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::pages::calculator::CalculatorCommand;
use crate::job::{JobError, JobEvent, JobHandle, Wake};

/// No case and no workbook is larger; what is was chosen by mistake.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// What came of a dialog.
#[derive(Debug, PartialEq)]
pub enum Chosen {
    /// The text of a case.
    Case(String),
    /// The bytes of a workbook.
    Workbook(Vec<u8>),
    /// A case was written to this file.
    Saved(PathBuf),
    /// Nothing was chosen.
    Nothing,
}

/// The dialog that stands open, if one does.
#[derive(Default)]
pub struct FileDialog {
    job: Option<JobHandle<(), Chosen>>,
}

impl FileDialog {
    /// Opens a dialog; a second one while the first stands open is not opened.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn open(&mut self, wish: CalculatorCommand, wake: Arc<dyn Wake>) -> std::io::Result<()> {
        if self.job.is_none() {
            self.job = Some(JobHandle::spawn("file dialog", wake, move |_| choose(wish).map_err(JobError::Failed))?);
        }
        Ok(())
    }

    /// What came of it, once. Never waits.
    pub fn poll(&mut self) -> Option<Result<Chosen, JobError>> {
        match self.job.as_mut()?.poll() {
            Some(JobEvent::Finished(result)) => {
                self.job = None;
                Some(result)
            }
            Some(JobEvent::Progress(())) | None => None,
        }
    }
}

fn choose(wish: CalculatorCommand) -> Result<Chosen, String> {
    let cases = || rfd::FileDialog::new().add_filter("Case", &["json"]);
    match wish {
        CalculatorCommand::OpenCase => match cases().set_title("Open a case").pick_file() {
            None => Ok(Chosen::Nothing),
            Some(path) => String::from_utf8(read(&path)?)
                .map(Chosen::Case)
                .map_err(|_| format!("{} is no text, and a case is", path.display())),
        },
        CalculatorCommand::OpenWorkbook => {
            let dialog = rfd::FileDialog::new().add_filter("Workbook", &["xlsx"]).set_title("Open the old sheet");
            dialog.pick_file().map_or(Ok(Chosen::Nothing), |path| read(&path).map(Chosen::Workbook))
        }
        CalculatorCommand::SaveCase(text) => {
            match cases().set_title("Save the case").set_file_name("case.json").save_file() {
                None => Ok(Chosen::Nothing),
                Some(path) => std::fs::write(&path, text)
                    .map(|()| Chosen::Saved(path.clone()))
                    .map_err(|error| format!("{} cannot be written: {error}", path.display())),
            }
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let problem = |reason: String| format!("{} cannot be read: {reason}", path.display());
    let file = std::fs::File::open(path).map_err(|error| problem(error.to_string()))?;
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|error| problem(error.to_string()))?;
    if bytes.len() as u64 > LARGEST_FILE { Err(problem("it is larger than 16 MiB".to_owned())) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_said() {
        let error = read(Path::new("no/such/case.json")).expect_err("no file");
        assert!(error.contains("no/such/case.json cannot be read"), "{error}");
        assert!(read(Path::new(env!("CARGO_MANIFEST_PATH"))).expect("a file").starts_with(b"[workspace]"));
    }

    #[test]
    fn without_a_dialog_nothing_comes() {
        assert_eq!(FileDialog::default().poll(), None);
    }
}
