//! From a template and its data to a PDF: Typst with a closed world. It sees the templates, the user's folder of them and
//! `data.json`; no network, no packages, no fonts of the system, no date of its own.
//!
//! The PDF is one for the archive (PDF/A-2b, ISO 19005-2): it holds everything that is needed to show it in ten years.

use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use typst::diag::{FileError, FileResult, PackageError, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration as TypstDuration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World, WorldExt as _};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use super::error::PaperError;
use super::fonts;
use super::legible::Replacer;
use super::template::{self, Origin, Template};
use crate::record::Stamp;

/// A report of some thousand units takes seconds; what takes longer than this goes round in circles.
const LIMIT: Duration = Duration::from_secs(120);
/// Typst follows nested content by recursion.
const STACK_BYTES: usize = 16 << 20;
/// How many papers Typst remembers parts of: enough for the next certificate, little memory.
const REMEMBERED: usize = 2;

/// A finished paper.
#[derive(Clone, Debug)]
pub struct Paper {
    /// The PDF.
    pub pdf: Vec<u8>,
    /// Its pages.
    pub pages: usize,
    /// What could not be printed as it stands in the records, and what Typst had to remark about the template.
    pub remarks: Vec<String>,
}

/// What the PDF says of itself.
#[derive(Clone, Debug)]
pub struct Imprint {
    /// What it was made of, the same each time it is made.
    pub ident: String,
    /// When that came to be.
    pub at: Stamp,
}

/// Makes papers.
#[derive(Clone, Debug)]
pub struct Press {
    folder: Option<PathBuf>,
    limit: Duration,
}

impl Press {
    /// With the templates and fonts in this folder, where there is one, before the shipped ones.
    #[must_use]
    pub const fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, limit: LIMIT }
    }

    /// Waits no longer than this.
    #[must_use]
    pub const fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Makes a PDF of the data by the template.
    ///
    /// # Errors
    /// The template has a mistake, or the data cannot be set; never because of what was printed before.
    pub fn print(&self, template: Template, data: &impl Serialize, imprint: Imprint) -> Result<Paper, PaperError> {
        let data = serde_json::to_value(data)?;
        let folder = self.folder.clone();
        // On a thread of its own: a template may take any time, and a fault of the typesetter must stop nothing else.
        let (done, wait) = sync_channel(1);
        let work = move || {
            let result = Desk::lay(folder, template, data).and_then(|desk| desk.print(&imprint));
            typst::comemo::evict(REMEMBERED);
            done.send(result).ok();
        };
        let thread = std::thread::Builder::new().name("paper".to_owned()).stack_size(STACK_BYTES).spawn(work);
        thread.map_err(|error| PaperError::Stopped { reason: error.to_string() })?;
        match wait.recv_timeout(self.limit) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => Err(PaperError::TooSlow { limit: self.limit }),
            Err(RecvTimeoutError::Disconnected) => {
                Err(PaperError::Stopped { reason: "its thread panicked; the message is on standard error".to_owned() })
            }
        }
    }
}

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));

/// One paper in the making.
struct Desk {
    folder: Option<PathBuf>,
    main: FileId,
    data: Bytes,
    remarks: Vec<String>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    /// Each file is read once, so that one that changes meanwhile cannot be two.
    read: Mutex<Vec<(FileId, FileResult<Bytes>, Origin)>>,
}

impl Desk {
    fn lay(folder: Option<PathBuf>, template: Template, mut data: Value) -> Result<Self, PaperError> {
        let fonts = fonts::all(folder.as_deref())?;
        let remarks = Replacer::new(&fonts).replace(&mut data);
        let path = VirtualPath::new(template.file())
            .map_err(|error| PaperError::Stopped { reason: format!("{}: {error}", template.file()) })?;
        Ok(Self {
            folder,
            main: RootedPath::new(VirtualRoot::Project, path).intern(),
            data: Bytes::new(serde_json::to_vec(&data)?),
            remarks,
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            read: Mutex::default(),
        })
    }

    fn print(&self, imprint: &Imprint) -> Result<Paper, PaperError> {
        let made = typst::compile::<PagedDocument>(self);
        let document = made.output.map_err(|errors| self.mistake(&errors))?;
        let options = PdfOptions {
            ident: Smart::Custom(imprint.ident.clone()),
            creator: Smart::Custom(Some(concat!("Meterbench ", env!("CARGO_PKG_VERSION")).to_owned())),
            timestamp: timestamp(&imprint.at),
            standards: PdfStandards::new(&[PdfStandard::A_2b])
                .map_err(|error| PaperError::Stopped { reason: error.message().to_string() })?,
            ..PdfOptions::default()
        };
        let pdf = typst_pdf::pdf(&document, &options).map_err(|errors| self.mistake(&errors))?;
        let warnings = made.warnings.iter().map(|warning| self.said(warning).to_string());
        let remarks = self.remarks.iter().cloned().chain(warnings).collect();
        Ok(Paper { pdf, pages: document.pages().len(), remarks })
    }

    fn mistake(&self, errors: &[SourceDiagnostic]) -> PaperError {
        match errors.first() {
            Some(error) => self.said(error),
            None => PaperError::Stopped { reason: "it gave no reason".to_owned() },
        }
    }

    /// A message with its place, in words.
    fn said(&self, said: &SourceDiagnostic) -> PaperError {
        let hints = said.hints.iter().map(|hint| hint.v.as_str());
        let message = std::iter::once(said.message.as_str()).chain(hints).collect::<Vec<_>>().join("; ");
        if let Some((_, rest)) = message.split_once("the text `")
            && let Some((text, _)) = rest.split_once("` could not be displayed")
        {
            return PaperError::Sign { text: text.to_owned(), message, fonts: self.folder.clone() };
        }
        let Some(id) = said.span.id() else {
            return PaperError::Template { file: None, line: None, message, origin: self.origin(self.main) };
        };
        let source = self.source(id).ok();
        let begin = self.range(said.span).map(|range| range.start);
        let line = begin.zip(source).and_then(|(begin, source)| source.lines().byte_to_line(begin));
        let file = Some(id.vpath().get_without_slash().to_owned());
        PaperError::Template { file, line: line.map(|line| line + 1), message, origin: self.origin(id) }
    }

    fn origin(&self, id: FileId) -> Origin {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.iter().find(|(other, ..)| *other == id).map_or(Origin::Shipped, |(_, _, origin)| origin.clone())
    }

    fn bytes(&self, id: FileId) -> FileResult<Bytes> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known, _)) = read.iter().find(|(other, ..)| *other == id) {
            return known.clone();
        }
        let (found, origin) = self.find(id);
        read.push((id, found.clone(), origin));
        found
    }

    fn find(&self, id: FileId) -> (FileResult<Bytes>, Origin) {
        let name = id.vpath().get_without_slash();
        match id.root() {
            VirtualRoot::Package(_) => {
                let refused = PackageError::Other(Some("packages are not fetched for papers".into()));
                (Err(FileError::Package(refused)), Origin::Shipped)
            }
            VirtualRoot::Project if name == "data.json" => (Ok(self.data.clone()), Origin::Shipped),
            VirtualRoot::Project => match template::find(self.folder.as_deref(), name) {
                Ok(Some((bytes, origin))) => (Ok(Bytes::new(bytes)), origin),
                Ok(None) => (Err(FileError::NotFound(name.into())), Origin::Shipped),
                Err(error) => (Err(FileError::Other(Some(error.to_string().into()))), Origin::Shipped),
            },
        }
    }
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        let bytes = self.bytes(id)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| FileError::InvalidUtf8)?;
        // Some editors put a byte order mark before the text.
        Ok(Source::new(id, text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.bytes(id)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<TypstDuration>) -> Option<Datetime> {
        // A paper that shows the day it was printed would be another one each day.
        None
    }
}

/// The moment with the distance to UTC that the record states.
fn timestamp(at: &Stamp) -> Option<Timestamp> {
    let local_ms = at.at_ms.checked_add(i64::from(at.utc_offset_s) * 1000)?;
    let local = jiff::Timestamp::from_millisecond(local_ms).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
    let part = |part: i8| u8::try_from(part).ok();
    let moment = Datetime::from_ymd_hms(
        i32::from(local.year()),
        part(local.month())?,
        part(local.day())?,
        part(local.hour())?,
        part(local.minute())?,
        part(local.second())?,
    )?;
    Timestamp::new_local(moment, at.utc_offset_s / 60)
}
