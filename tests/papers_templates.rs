//! Templates of a user's own: they take the shipped ones' place, and a mistake in them is told with file and line.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod read_back;
mod recorded;

use std::fs;
use std::time::Duration;

use meterbench::paper::certificate::Certificate;
use meterbench::paper::template::{Origin, shipped};
use meterbench::paper::{Paper, PaperError, Press};
use meterbench::record::{Record, Store, file_in};
use read_back::Pdf;
use recorded::draft;
use tempfile::TempDir;

struct Shop {
    folder: TempDir,
    store: Store,
    record: Record,
}

impl Shop {
    fn with(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).expect("written");
        }
        let mut store = Store::open(&file_in(&folder.path().join("store"))).expect("store");
        let receipt = store.append(&draft(0)).expect("stored");
        let record = store.record(None, receipt.number).expect("read").expect("there");
        Self { folder, store, record }
    }

    fn print(&self, limit: Duration) -> Result<Paper, PaperError> {
        let press = Press::new(Some(self.folder.path().to_owned())).within(limit);
        Certificate::from_store(&self.store, &self.record)?.print(&self.record, &press)
    }
}

const LONG: Duration = Duration::from_secs(120);

fn mistake(text: &str) -> PaperError {
    Shop::with(&[("certificate.typ", text.as_bytes())]).print(LONG).expect_err("refused")
}

#[test]
fn a_template_of_ones_own_takes_the_place() {
    let own = b"#import \"page.typ\": number\n#let data = json(\"data.json\")\n#set document(title: [Own])\nOur own paper for #data.serial, #number(\"-1\")";
    let text = Pdf::checked(&Shop::with(&[("certificate.typ", own)]).print(LONG).expect("printed").pdf).text();
    assert!(text.contains("Our own paper for MT0000000, -1"), "{text}");
    // What is shared may be replaced alone, and the shipped texts are what to begin with.
    let (_, page) = shipped().find(|(name, _)| *name == "page.typ").expect("shipped");
    let page = page.replace("[Page #counter", "[Sheet #counter");
    let text = Pdf::checked(&Shop::with(&[("page.typ", page.as_bytes())]).print(LONG).expect("printed").pdf).text();
    assert!(text.contains("Sheet 1 of") && text.contains("Calibration certificate"), "{text}");
}

#[test]
fn a_mistake_is_told_with_file_line_and_reason() {
    let error = mistake("#let data = json(\"data.json\")\n\n#nonsense\n");
    let PaperError::Template { file, line, message, origin } = &error else { panic!("{error:?}") };
    assert_eq!((file.as_deref(), *line), (Some("certificate.typ"), Some(3)));
    assert!(message.contains("unknown variable: nonsense"), "{message}");
    assert!(matches!(origin, Origin::Own(_)));
    let advice = error.advice();
    assert!(advice.what.starts_with("certificate.typ, line 3: unknown variable"), "{advice:?}");
    for (text, wanted) in [
        ("#let x = (", "unclosed delimiter"),
        ("#json(\"data.json\").nothing", "nothing"),
        ("#while true { }", "always true"),
        ("#let n = 0\n#while n >= 0 { n += 1 }", "infinite"),
        ("#import \"@preview/cetz:0.3.0\": canvas", "packages are not fetched"),
        ("#read(\"nowhere.txt\")", "nowhere.txt"),
        ("#read(\"../../../etc/passwd\")", "escape"),
        ("#read(\"/etc/passwd\")", "etc/passwd"),
        ("#datetime.today()", "date"),
        ("#panic(\"no\")", "panicked"),
        ("#let f(x) = f(x)\n#f(1)", "depth"),
    ] {
        let error = mistake(text);
        let PaperError::Template { message, .. } = &error else { panic!("{text}: {error:?}") };
        assert!(message.to_lowercase().contains(wanted), "{text}: {message}");
    }
}

#[test]
fn what_is_no_template_at_all_is_told_too() {
    let nested = format!("#{}", "(".repeat(100_000));
    for bytes in [b"\xff\xfe\x00".as_slice(), b"#\"", nested.as_bytes()] {
        let error = Shop::with(&[("certificate.typ", bytes)]).print(LONG).expect_err("refused");
        assert!(matches!(error, PaperError::Template { .. }), "{error:?}");
    }
    let shop = Shop::with(&[]);
    fs::create_dir(shop.folder.path().join("certificate.typ")).expect("folder");
    let error = shop.print(LONG).expect_err("refused");
    assert!(error.to_string().contains("certificate.typ"), "{error}");
    // A font that is none is left aside.
    Shop::with(&[("broken.ttf", b"no font")]).print(LONG).expect("printed");
}

#[test]
fn nobody_waits_for_a_template_that_takes_too_long() {
    let slow = b"#for a in range(3000) { for b in range(3000) { let c = calc.sin(a + b) } }";
    let error = Shop::with(&[("certificate.typ", slow)]).print(Duration::from_millis(50)).expect_err("refused");
    assert!(matches!(error, PaperError::TooSlow { .. }), "{error:?}");
}
