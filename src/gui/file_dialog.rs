//! The system's file dialogs, each with the reading or writing that follows, on a thread of its own: the window goes on
//! drawing meanwhile. One dialog at a time.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::history_csv::HistoryExport;
use super::pages::calculator::CalculatorCommand;
use super::pages::registers::RegisterFile;
use super::reprint::Order;
use super::texts;
use crate::calibration::registers::dump::Dump;
use crate::clock::{RealClock, SharedClock};
use crate::disk;
use crate::image::Format;
use crate::job::{JobError, JobEvent, JobHandle, Wake};

/// No case, workbook or list of registers is larger; what is was chosen by mistake.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// What a dialog is opened for.
#[derive(Debug)]
pub enum FileWish {
    /// A file of the calculator.
    Calculator(CalculatorCommand),
    /// A file of registers.
    Registers(RegisterFile),
    /// The lines of the log, to be kept.
    Log(String),
    /// No dialog: a file was dropped onto the window.
    Dropped(PathBuf),
    /// An image, to be chosen.
    Image,
    /// A provisioning list, to be chosen.
    Provisioning,
    /// The history of the live page, to be written as a table.
    History(Box<HistoryExport>),
    /// A paper of a record.
    Reprint(Box<Order>),
}

/// What came of a dialog.
#[derive(Debug, PartialEq)]
pub enum Chosen {
    /// The text of a case.
    Case(String),
    /// The bytes of a workbook.
    Workbook(Vec<u8>),
    /// The text of a file with registers, and the file's name.
    Registers(String, String),
    /// The log's lines were written to this file.
    SavedLog(PathBuf),
    /// The history was written to this file.
    Exported(PathBuf),
    /// A paper was written to this file.
    Printed(PathBuf),
    /// A case was written to this file.
    SavedCase(PathBuf),
    /// Registers were written to this file.
    SavedRegisters(PathBuf),
    /// This file is an image.
    Image(PathBuf),
    /// This file is a provisioning list.
    Provisioning(PathBuf),
    /// Nothing was chosen.
    Nothing,
    /// There was no dialog to choose in.
    NoDialog,
}

/// Nobody cancels so fast: a dialog that is gone sooner was never there. The system does not tell the one from the other.
const LEAST: Duration = Duration::from_millis(300);

/// What a dialog brings, with what follows from it.
struct Asking {
    clock: SharedClock,
}

impl Asking {
    fn ask(
        &self,
        dialog: impl FnOnce() -> Option<PathBuf>,
        then: impl FnOnce(PathBuf) -> Result<Chosen, String>,
    ) -> Result<Chosen, String> {
        let opened = self.clock.now();
        match dialog() {
            Some(path) => then(path),
            None if self.clock.now().since(opened) < LEAST => Ok(Chosen::NoDialog),
            None => Ok(Chosen::Nothing),
        }
    }
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
    pub fn open(&mut self, wish: FileWish, wake: Arc<dyn Wake>) -> std::io::Result<()> {
        if self.job.is_none() {
            let language = texts::spoken();
            self.job = Some(JobHandle::spawn("file dialog", wake, move |_| {
                texts::speak(language);
                choose(wish).map_err(JobError::Failed)
            })?);
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

fn choose(wish: FileWish) -> Result<Chosen, String> {
    let asking = Asking { clock: RealClock::shared() };
    let new = rfd::FileDialog::new;
    match wish {
        FileWish::Calculator(wish) => choose_case(wish, &asking),
        FileWish::Registers(wish) => choose_registers(wish, &asking),
        FileWish::Dropped(path) => dropped(&path),
        FileWish::Image => {
            let dialog = new().add_filter(t!("Image"), &["elf", "hex", "ihex", "bin"]);
            let dialog = dialog.add_filter(t!("All files"), &["*"]).set_title(t!("Open an image"));
            asking.ask(|| dialog.pick_file(), |path| Ok(Chosen::Image(path)))
        }
        FileWish::Provisioning => {
            let dialog = rfd::FileDialog::new().add_filter("CSV", &["csv", "txt", "tsv"]);
            let dialog = dialog.add_filter(t!("All files"), &["*"]).set_title(t!("Open a provisioning list"));
            Ok(dialog.pick_file().map_or(Chosen::Nothing, Chosen::Provisioning))
        }
        FileWish::Log(lines) => {
            let dialog = new().add_filter(t!("Log"), &["log", "txt"]).set_title(t!("Save the log"));
            let dialog = dialog.set_file_name("meterbench.log");
            asking.ask(|| dialog.save_file(), |path| write(&path, &lines).map(|()| Chosen::SavedLog(path)))
        }
        FileWish::Reprint(order) => {
            let dialog = new().add_filter("PDF", &["pdf"]).set_title(t!("Save as a PDF"));
            let dialog = dialog.set_file_name(order.file_name());
            asking.ask(|| dialog.save_file(), |path| order.carry_out(&path).map(|()| Chosen::Printed(path)))
        }
        FileWish::History(export) => {
            let dialog = new().add_filter(t!("Table"), &["csv"]).set_title(t!("Export the history"));
            let dialog = dialog.set_file_name(export.file_name());
            asking.ask(|| dialog.save_file(), |path| write_history(&export, &path).map(|()| Chosen::Exported(path)))
        }
    }
}

/// Made in memory first, so that a table that is not whole never stands under its name.
fn write_history(export: &HistoryExport, path: &Path) -> Result<(), String> {
    let mut table = Vec::new();
    let written = export.write(&mut table).and_then(|()| Ok(disk::replace(path, &table)?));
    written.map_err(|error| t!("{path} cannot be written: {error}", path = path.display(), error))
}

fn choose_case(wish: CalculatorCommand, asking: &Asking) -> Result<Chosen, String> {
    let cases = || rfd::FileDialog::new().add_filter(t!("Case"), &["json"]);
    match wish {
        CalculatorCommand::OpenCase => {
            let dialog = cases().set_title(t!("Open a case"));
            asking.ask(|| dialog.pick_file(), |path| read_text(&path).map(Chosen::Case))
        }
        CalculatorCommand::OpenWorkbook => {
            let dialog =
                rfd::FileDialog::new().add_filter(t!("Workbook"), &["xlsx"]).set_title(t!("Open the old sheet"));
            asking.ask(|| dialog.pick_file(), |path| read(&path).map(Chosen::Workbook))
        }
        CalculatorCommand::SaveCase(text) => {
            let dialog = cases().set_title(t!("Save the case")).set_file_name("case.json");
            asking.ask(|| dialog.save_file(), |path| write(&path, &text).map(|()| Chosen::SavedCase(path)))
        }
    }
}

fn choose_registers(wish: RegisterFile, asking: &Asking) -> Result<Chosen, String> {
    match wish {
        RegisterFile::Open => {
            let dialog = rfd::FileDialog::new()
                .add_filter(t!("Registers"), &["json", "toml", "txt", "h", "hpp", "c", "cpp"])
                .add_filter(t!("All files"), &["*"])
                .set_title(t!("Compare with registers"));
            let named = |path: PathBuf| Ok(Chosen::Registers(name_of(&path), read_text(&path)?));
            asking.ask(|| dialog.pick_file(), named)
        }
        RegisterFile::Save(dump) => {
            let name: String =
                dump.serial.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
            let name = if name.is_empty() { "registers".to_owned() } else { format!("registers-{name}") };
            let dialog = rfd::FileDialog::new().add_filter("JSON", &["json"]).add_filter("TOML", &["toml"]);
            let dialog = dialog.set_title(t!("Save the registers")).set_file_name(format!("{name}.json"));
            asking.ask(|| dialog.save_file(), |path| save_dump(&path, dump).map(|()| Chosen::SavedRegisters(path)))
        }
    }
}

/// Writes a dump, as TOML where the file's ending asks for it.
fn save_dump(path: &Path, dump: Dump) -> Result<(), String> {
    let saved = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let dump = Dump { saved, ..dump };
    let toml = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    write(path, &if toml { dump.to_toml() } else { dump.to_json() })
}

/// A dropped file says by its content what it is.
fn dropped(path: &Path) -> Result<Chosen, String> {
    let bytes = read(path)?;
    // An .xlsx is a ZIP archive.
    if bytes.starts_with(b"PK") {
        return Ok(Chosen::Workbook(bytes));
    }
    // Content without a form of its own is an image when its name says so.
    if Format::of(&bytes) != Format::Bin || path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("bin")) {
        return Ok(Chosen::Image(path.to_owned()));
    }
    let what = t!("a case, a workbook, an image or a list of registers was expected");
    let text = String::from_utf8(bytes).map_err(|_| t!("{path} is no text; {what}", path = path.display(), what))?;
    let json = serde_json::from_str::<serde_json::Value>(&text).ok();
    if json.is_some_and(|json| json.get("in").is_some()) {
        return Ok(Chosen::Case(text));
    }
    match Dump::read(&text) {
        Ok(dump) if !dump.words.is_empty() => Ok(Chosen::Registers(name_of(path), text)),
        _ => Err(t!("{path} was not understood; {what}", path = path.display(), what)),
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    disk::replace(path, text.as_bytes())
        .map_err(|error| t!("{path} cannot be written: {error}", path = path.display(), error))
}

fn read_text(path: &Path) -> Result<String, String> {
    String::from_utf8(read(path)?).map_err(|_| t!("{path} is no text", path = path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let problem = |reason: String| t!("{path} cannot be read: {reason}", path = path.display(), reason);
    let file = std::fs::File::open(path).map_err(|error| problem(error.to_string()))?;
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|error| problem(error.to_string()))?;
    if bytes.len() as u64 > LARGEST_FILE { Err(problem(t!("it is larger than 16 MiB").to_owned())) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{VirtualClock, sleep};

    #[test]
    fn what_cannot_be_read_is_said() {
        let error = read(Path::new("no/such/case.json")).expect_err("no file");
        assert!(error.contains("no/such/case.json cannot be read"), "{error}");
        assert!(read(Path::new(env!("CARGO_MANIFEST_PATH"))).expect("a file").starts_with(b"[workspace]"));
    }

    #[test]
    fn a_dropped_file_is_told_by_its_content() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("dropped-test");
        let drop = |name: &str, text: &str| {
            let path = folder.join(name);
            disk::replace(&path, text.as_bytes()).expect("written");
            dropped(&path)
        };
        assert!(matches!(drop("a.json", "{\"in\": {}}"), Ok(Chosen::Case(_))));
        assert!(matches!(drop("b.xlsx", "PK..."), Ok(Chosen::Workbook(_))));
        assert!(matches!(drop("c.h", "#define AFE_Ugain 0x71D8\n"), Ok(Chosen::Registers(name, _)) if name == "c.h"));
        assert!(matches!(drop("e.hex", ":00000001FF\n"), Ok(Chosen::Image(_))));
        assert!(matches!(drop("f.bin", "\u{1}\u{2}"), Ok(Chosen::Image(_))));
        assert!(drop("d.txt", "hello").is_err_and(|error| error.contains("was expected")));
    }

    #[test]
    fn a_dump_is_written_by_its_ending_with_the_time() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("dump-test");
        let words = [(m90e26::Register::Ugain, 0x71D8)].into();
        let dump = Dump { serial: "MT1".to_owned(), simulated: Some(true), words, ..Dump::default() };
        for name in ["a.json", "a.TOML"] {
            save_dump(&folder.join(name), dump.clone()).expect("written");
            let text = read_text(&folder.join(name)).expect("text");
            assert_eq!(text.starts_with('{'), name == "a.json");
            let again = Dump::read(&text).expect("a dump");
            assert!(again.saved.starts_with("20") && again.saved.ends_with('Z'), "{}", again.saved);
            assert_eq!(Dump { saved: String::new(), ..again }, dump);
        }
    }

    #[test]
    fn a_dialog_that_never_opened_is_no_cancelled_one() {
        let asking = Asking { clock: VirtualClock::shared(None) };
        let asked = |lasts: Duration, path: Option<&str>| {
            let dialog = || {
                sleep(&*asking.clock, lasts);
                path.map(PathBuf::from)
            };
            asking.ask(dialog, |path| Ok(Chosen::SavedCase(path)))
        };
        assert_eq!(asked(Duration::from_millis(3), None), Ok(Chosen::NoDialog));
        assert_eq!(asked(Duration::from_millis(800), None), Ok(Chosen::Nothing));
        assert_eq!(asked(Duration::ZERO, Some("a")), Ok(Chosen::SavedCase("a".into())));
    }

    #[test]
    fn without_a_dialog_nothing_comes() {
        assert_eq!(FileDialog::default().poll(), None);
    }
}
