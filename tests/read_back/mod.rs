//! PDFs read by programs nobody here wrote: poppler, qpdf, zbar.

#![allow(
    dead_code,
    clippy::expect_used,
    clippy::panic,
    reason = "each test uses a part of it, and stops at what it did not expect"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A PDF in a folder of its own.
pub struct Pdf {
    folder: TempDir,
    file: PathBuf,
}

fn ran(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; scripts/test installs it"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

impl Pdf {
    /// Keeps the bytes as a file, and has qpdf check its structure.
    pub fn checked(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
        let file = folder.path().join("paper.pdf");
        fs::write(&file, bytes).expect("written");
        let output = ran(Command::new("qpdf").arg("--check").arg(&file));
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("No syntax or stream encoding errors found"), "{said}");
        Self { folder, file }
    }

    fn read(&self, options: &[&str]) -> String {
        let output =
            ran(Command::new("pdftotext").args(options).args(["-layout", "-enc", "UTF-8"]).arg(&self.file).arg("-"));
        String::from_utf8(output.stdout).expect("UTF-8").replace('\u{2212}', "-")
    }

    /// Its text by page, as it stands there; minus signs as in numbers of programs.
    pub fn pages(&self) -> Vec<String> {
        self.read(&[]).trim_end_matches('\u{c}').split('\u{c}').map(str::to_owned).collect()
    }

    /// All of its text but the watermark, whose letters lie across and would stand between those of a line. What stands
    /// first on a page may be missing here.
    pub fn text(&self) -> String {
        self.read(&["-nodiag"])
    }

    /// What pdfinfo says under this name.
    pub fn info(&self, name: &str) -> String {
        let output = ran(Command::new("pdfinfo").arg("-isodates").arg(&self.file));
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}:")).map(str::trim));
        line.unwrap_or_else(|| panic!("{name} in {text}")).to_owned()
    }

    /// What the code on the first page says, seen as a picture.
    pub fn code(&self) -> String {
        let picture = self.folder.path().join("page");
        ran(Command::new("pdftoppm").args(["-r", "200", "-png", "-singlefile"]).arg(&self.file).arg(&picture));
        let output = ran(Command::new("zbarimg").args(["--raw", "-q"]).arg(Path::new(&picture).with_extension("png")));
        String::from_utf8(output.stdout).expect("UTF-8").trim_end_matches('\n').to_owned()
    }
}
