//! Certificates read back by other programs: every number that is printed is the record's.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod read_back;
mod recorded;

use meterbench::advice::Advice;
use meterbench::paper::certificate::Certificate;
use meterbench::paper::{Paper, PaperError, Press};
use meterbench::procedure::Verdict;
use meterbench::record::entry::{Measurement, Step};
use meterbench::record::{Draft, Entry, Record, Store, file_in};
use read_back::Pdf;
use recorded::draft;
use tempfile::TempDir;

/// A font with letters that none of the program's has.
const TIFINAGH: &str = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";

fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder")
}

/// The record a store makes of a draft.
fn stored(draft: &Draft) -> (TempDir, Store, Record) {
    let folder = folder();
    let mut store = Store::open(&file_in(folder.path())).expect("store");
    let receipt = store.append(draft).expect("stored");
    let record = store.record(None, receipt.number).expect("read").expect("there");
    (folder, store, record)
}

fn printed(draft: &Draft) -> (Record, Paper) {
    let (_folder, store, record) = stored(draft);
    let certificate = Certificate::from_store(&store, &record).expect("gathered");
    let paper = certificate.print(&record, &Press::new(None)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(paper.remarks, Vec::<String>::new());
    (record, paper)
}

fn refused(draft: &Draft, press: &Press) -> PaperError {
    let (_folder, store, record) = stored(draft);
    let certificate = Certificate::from_store(&store, &record).expect("gathered");
    certificate.print(&record, press).expect_err("refused")
}

/// Numbers of a line, as a reader of the paper sees them.
fn numbers(line: &str) -> Vec<&str> {
    line.split_whitespace().filter(|word| word.parse::<f64>().is_ok()).collect()
}

/// The printed text is the number, rounded to as many digits as it has.
fn is_rounded(text: &str, value: f64) {
    let read: f64 = text.parse().expect("number");
    let decimals = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let half = 0.5 * 10_f64.powi(-i32::try_from(decimals).expect("few"));
    assert!((read - value).abs() <= half * 1.000_001, "{text} is not {value}");
}

/// Each measurement that has limits and a load point stands in a line of its own, with all its numbers.
fn results_are_the_records(entry: &Entry, text: &str) {
    let mut lines = text.lines();
    for one in entry.measurements.iter().filter(|one| one.lower.is_some() && !one.load_point.is_empty()) {
        let name = one.name.replace('_', " ");
        let line = lines
            .find(|line| line.contains(&name) && line.contains(&one.load_point) && line.contains(one.verdict.word()))
            .unwrap_or_else(|| panic!("{name} at {} in\n{text}", one.load_point));
        let behind = &line[line.find(&one.load_point).expect("found") + one.load_point.len()..];
        let numbers = numbers(behind);
        let [value, lower, upper, uncertainty] = numbers.as_slice() else { panic!("{line}") };
        is_rounded(value, one.value.expect("value"));
        let expanded = one.expanded.map(|of| of.expanded);
        is_rounded(uncertainty, expanded.or(one.uncertainty).expect("uncertainty"));
        assert_eq!((lower.parse().ok(), upper.parse().ok()), (one.lower, one.upper), "{line}");
        assert!(line.contains(&one.method), "{line}");
        let outside = |value: f64| value < one.lower.expect("limit") || value > one.upper.expect("limit");
        assert_eq!(outside(value.parse().expect("number")), one.verdict == Verdict::Fail, "{line}");
    }
}

fn registers_and_steps_are_the_records(entry: &Entry, text: &str) {
    let words: Vec<&str> = text.split_whitespace().collect();
    for ((name, before), (_, after)) in entry.registers_before.iter().zip(&entry.registers_after) {
        let row = [name.as_str(), before.as_str(), after.as_str()];
        assert!(words.windows(3).any(|three| three == row), "{row:?}");
    }
    for step in &entry.steps {
        let line = text.lines().find(|line| line.contains(&step.title) && line.contains(&step.detail));
        let line = line.unwrap_or_else(|| panic!("{} in\n{text}", step.title));
        assert!(line.contains(step.verdict.word()) && line.contains(&format!("{:.1}", step.duration_s)), "{line}");
    }
}

#[test]
fn a_certificate_says_what_the_record_says() {
    let (record, paper) = printed(&draft(0));
    let pdf = Pdf::checked(&paper.pdf);
    let (pages, entry) = (pdf.pages(), &record.record.entry);
    assert_eq!(pages.len(), paper.pages);
    let text = pdf.text();
    results_are_the_records(entry, &text);
    registers_and_steps_are_the_records(entry, &text);
    let hash = record.hash.to_string();
    for (number, page) in pages.iter().enumerate() {
        for always in
            [&hash, &record.record.station, &entry.serial, "Calibration certificate", "SIMULATED: these values"]
        {
            assert!(page.contains(always), "{always} on page {}\n{page}", number + 1);
        }
        assert!(page.contains(&format!("Page {} of {}", number + 1, pages.len())), "{page}");
        assert!(!page.contains("FAIL") && !page.contains("Test report"));
    }
    // Hashes of the texts run over two lines.
    let joined: String = text.split_whitespace().collect();
    assert!(joined.contains("week0") && joined.contains("morning") && joined.contains("MakerModel1SIMULATED"));
    for used in [&entry.profile, &entry.procedure] {
        let hash = used.sha256.to_string();
        assert!(text.contains(&hash[..32]) && text.contains(&hash[32..]), "{hash} in\n{text}");
    }
    for said in ["Sign convention", "(meter - reference) / reference", "a slow meter is negative", "Tested by", "PASS"]
    {
        assert!(text.contains(said), "{said} in\n{text}");
    }
    assert_eq!(pdf.code(), format!("{} sha256:{hash}", entry.serial));
    assert_eq!(pdf.info("CreationDate"), "2026-01-01T07:00:00+01");
    assert_eq!(pdf.info("Title"), format!("Calibration certificate {}", entry.serial));
}

#[test]
fn the_same_record_gives_the_same_bytes() {
    let (_folder, store, record) = stored(&draft(3));
    let print = || {
        let certificate = Certificate::from_store(&store, &record).expect("gathered");
        certificate.print(&record, &Press::new(None)).expect("printed").pdf
    };
    let first = print();
    // In between another one, so that what Typst remembers is not all there is.
    printed(&draft(4));
    assert!(first == print(), "another paper of the same record");
    assert!(first.len() < 300_000, "{} bytes", first.len());
}

#[test]
fn a_fail_is_a_test_report_and_says_so_on_every_page() {
    let mut draft = draft(7);
    draft.entry.simulated = false;
    draft.entry.advice = Some(Advice::new("The energy error is +0.300 %", "The burden is another", "Compare it"));
    let (record, paper) = printed(&draft);
    let pdf = Pdf::checked(&paper.pdf);
    results_are_the_records(&record.record.entry, &pdf.text());
    for page in pdf.pages() {
        assert!(page.contains("Test report") && page.contains("FAIL"), "{page}");
        assert!(!page.contains("Calibration certificate") && !page.contains("SIMULATED:"), "{page}");
    }
    let text = pdf.text();
    for said in ["This unit did not pass. This is not a certificate.", "The energy error is +0.300 %", "Compare it"] {
        assert!(text.contains(said), "{said} in\n{text}");
    }
    assert_eq!(pdf.info("Title"), "Test report MT0000007");
}

#[test]
fn an_error_without_anything_measured_is_a_test_report_too() {
    let mut draft = draft(1);
    let entry = &mut draft.entry;
    entry.verdict = Verdict::Error;
    (entry.measurements, entry.steps, entry.instruments) = (Vec::new(), Vec::new(), Vec::new());
    (entry.registers_before, entry.registers_after) = (Vec::new(), Vec::new());
    (entry.batch, entry.operator) = (None, None);
    let text = Pdf::checked(&printed(&draft).1.pdf).text();
    for said in ["Test report", "ERROR", "could not be measured", "No instrument named itself", "No step was begun"] {
        assert!(text.contains(said), "{said} in\n{text}");
    }
    let mut draft = draft_with_verdict(Verdict::Aborted);
    draft.entry.measurements[2].value = None;
    draft.entry.measurements[2].verdict = Verdict::Error;
    let text = Pdf::checked(&printed(&draft).1.pdf).text();
    assert!(text.contains("stopped by a person") && text.contains("ABORTED"), "{text}");
}

fn draft_with_verdict(verdict: Verdict) -> Draft {
    let mut draft = draft(2);
    draft.entry.verdict = verdict;
    draft
}

#[test]
fn long_tables_go_over_pages_with_their_heads() {
    let mut draft = draft(5);
    let pattern = draft.entry.measurements[3].clone();
    let point = |number: u64| Measurement {
        load_point: format!("Un, {number}.5 Ib, PF 0.8C"),
        value: Some(recorded::noise(number, 1) * 0.19),
        ..pattern.clone()
    };
    draft.entry.measurements = (0..150).map(point).collect();
    let step = |number: usize| Step {
        title: format!("Step {number}"),
        verdict: Verdict::Pass,
        detail: format!("answered {number}: yes"),
        started_s: number as f64,
        duration_s: 1.25,
    };
    draft.entry.steps = (0..90).map(step).collect();
    let (record, paper) = printed(&draft);
    let pdf = Pdf::checked(&paper.pdf);
    let text = pdf.text();
    results_are_the_records(&record.record.entry, &text);
    assert!(text.contains("answered 89: yes"));
    let with = |words: &str| pdf.pages().iter().filter(|page| page.contains(words)).count();
    assert!(
        with("Uncertainty") + with("Std. uncertainty") >= 3 && with("Result or answer") >= 2,
        "heads are repeated\n{text}"
    );
    assert_eq!(with("SIMULATED: these"), paper.pages);
}

#[test]
fn signs_that_no_font_has_are_named_and_a_font_helps() {
    let mut draft = draft(6);
    draft.entry.serial = "МТ-№12/é-Ω-ß".to_owned();
    draft.entry.operator = Some("Zoë Łukasiewicz-Müller ".repeat(12));
    draft.entry.instruments = vec!["A\u{7}bell\u{1b}[2J and\r\na line".to_owned(), "x".repeat(300)];
    let pdf = Pdf::checked(&printed(&draft).1.pdf);
    assert!(pdf.text().contains("МТ-№12/é-Ω-ß"), "{}", pdf.text());
    assert!(pdf.code().starts_with("МТ-№12/é-Ω-ß sha256:"), "{}", pdf.code());

    draft.entry.serial = "MT\u{2d30}1".to_owned();
    let templates = folder();
    let press = Press::new(Some(templates.path().to_owned()));
    let error = refused(&draft, &press);
    let PaperError::Sign { text, .. } = &error else { panic!("{error:?}") };
    assert!(text.contains('\u{2d30}'), "{text}");
    let advice = error.advice();
    assert!(advice.next.contains(&templates.path().display().to_string()), "{advice:?}");
    std::fs::copy(TIFINAGH, templates.path().join("more.ttf")).expect("fonts-dejavu-core, which scripts/test installs");
    let (_folder, store, record) = stored(&draft);
    let certificate = Certificate::from_store(&store, &record).expect("gathered");
    let paper = certificate.print(&record, &press).unwrap_or_else(|error| panic!("{error}"));
    assert!(Pdf::checked(&paper.pdf).text().contains("MT\u{2d30}1"));
}
