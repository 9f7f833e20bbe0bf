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
use meterbench::procedure::golden::GoldenRun;
use meterbench::procedure::uncertainty::Expanded;
use meterbench::record::entry::{Measurement, Step};
use meterbench::record::{Draft, Entry, Hash, Record, Store, file_in};
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
fn signs_that_no_font_has_become_boxes_and_a_font_helps() {
    let mut draft = draft(6);
    draft.entry.serial = "МТ-№12/é-Ω-ß".to_owned();
    draft.entry.operator = Some("Zoë Łukasiewicz-Müller ".repeat(12));
    draft.entry.instruments = vec!["A\u{7}bell\u{1b}[2J and\r\na line".to_owned(), "x".repeat(300)];
    let pdf = Pdf::checked(&printed(&draft).1.pdf);
    assert!(pdf.text().contains("МТ-№12/é-Ω-ß"), "{}", pdf.text());
    assert!(pdf.code().starts_with("МТ-№12/é-Ω-ß sha256:"), "{}", pdf.code());

    draft.entry.serial = "MT\u{2d30}1".to_owned();
    draft.entry.operator = Some("Ω漢字 😀".to_owned());
    // What is drawn as nothing, what turns the text around, what is joined to the letter before it.
    draft.entry.batch = Some("a\u{200b}b\u{feff}c\u{202e}d\u{e000}e\u{20dd}\u{301}\u{10ffff}".to_owned());
    let (_folder, store, record) = stored(&draft);
    let templates = folder();
    let print = || {
        let certificate = Certificate::from_store(&store, &record).expect("gathered");
        let press = Press::new(Some(templates.path().to_owned()));
        certificate.print(&record, &press).unwrap_or_else(|error| panic!("{error}"))
    };
    let paper = print();
    let text = Pdf::checked(&paper.pdf).text();
    assert!(text.contains("MT□1") && text.contains("Ω□□ □"), "{text}");
    let remark = |field: &str| {
        let begin = format!("record 1, {field}: no font has ");
        paper.remarks.iter().find(|remark| remark.starts_with(&begin)).unwrap_or_else(|| panic!("{:?}", paper.remarks))
    };
    assert!(remark("serial").contains("U+2D30") && remark("operator").contains("字 U+5B57"), "{:?}", paper.remarks);
    let code = Certificate::from_store(&store, &record).expect("gathered").qr.text;
    assert!(code.starts_with("MT\u{2d30}1 sha256:"), "the code holds it as it is: {code}");
    assert_eq!(store.record(None, 1).expect("read").expect("there").record.entry, draft.entry, "the record stays");

    std::fs::copy(TIFINAGH, templates.path().join("more.ttf")).expect("fonts-dejavu-core, which scripts/test installs");
    assert!(Pdf::checked(&print().pdf).text().contains("MT\u{2d30}1"));
    // What a template of one's own says is its author's.
    std::fs::remove_file(templates.path().join("more.ttf")).expect("removed");
    std::fs::write(
        templates.path().join("certificate.typ"),
        "#set document(title: [x])\n#set text(font: \"Inter\")\nx\u{2d30}",
    )
    .expect("written");
    let error = refused(&draft, &Press::new(Some(templates.path().to_owned())));
    assert!(matches!(&error, PaperError::Sign { text, .. } if text.contains('\u{2d30}')), "{error:?}");
    assert!(error.advice().next.contains(&templates.path().display().to_string()), "{:?}", error.advice());
}

/// A draft of a verification in class 1: each error with its mean rounded beside it.
fn verified(errors: &[(&str, f64, f64)]) -> Draft {
    let mut draft = draft(0);
    let procedure = "kind = \"procedure\"\nname = \"made-up\"\n[standard]\nclass = \"1\"\n".to_owned();
    draft.entry.procedure.sha256 = Hash::of(procedure.as_bytes());
    draft.documents[1] = procedure;
    let pattern = draft.entry.measurements[3].clone();
    let one = |name: &str, at: &str, value: f64, limit: Option<f64>| Measurement {
        name: name.to_owned(),
        load_point: at.to_owned(),
        value: Some(value),
        lower: limit.map(|limit| -limit),
        upper: limit,
        ..pattern.clone()
    };
    draft.entry.measurements.clear();
    for (at, value, rounded) in errors {
        let beside = [("energy_error_1", *value), ("energy_error_rounded", *rounded)];
        let beside = beside.map(|(name, value)| Measurement { uncertainty: None, ..one(name, at, value, None) });
        draft.entry.measurements.push(one("energy_error", at, *value, Some(1.0)));
        draft.entry.measurements.extend(beside);
    }
    draft
}

fn text_of(draft: &Draft) -> String {
    Pdf::checked(&printed(draft).1.pdf).text()
}

fn line<'a>(text: &'a str, words: &[&str]) -> &'a str {
    let found = text.lines().find(|line| words.iter().all(|word| line.contains(word)));
    found.unwrap_or_else(|| panic!("{words:?} in\n{text}"))
}

#[test]
fn the_rounded_value_stands_beside_its_error() {
    let text = text_of(&verified(&[("low", -0.005, 0.0), ("basic", 0.2512, 0.2), ("top", -0.351, -0.4)]));
    for (at, numbers_there) in [
        ("low", ["-0.0050", "0.0", "-1", "+1", "0.0010"]),
        ("basic", ["+0.2512", "+0.2", "-1", "+1", "0.0010"]),
        ("top", ["-0.3510", "-0.4", "-1", "+1", "0.0010"]),
    ] {
        let line = line(&text, &["energy error", &format!(" {at} "), "PASS"]);
        let behind = &line[line.find(&format!(" {at} ")).expect("there") + at.len() + 1..];
        assert_eq!(numbers(behind), numbers_there, "{line}");
    }
    assert!(text.contains("Rounded to a tenth of the class") && !text.contains("error rounded"), "{text}");
    assert!(text.contains("energy error 1"), "single errors stay\n{text}");
}

#[test]
fn an_exception_marks_the_verdict_and_every_result() {
    let mut draft = verified(&[("low", -0.005, 0.0), ("basic", 0.2512, 0.2)]);
    let reason = "the calibration of the reference 050012 ended on 2025-12-01, 31 days ago";
    draft.entry.traceability.exceptions = vec![reason.to_owned()];
    draft.entry.traceability.supervisor = Some("Boss".to_owned());
    let pdf = Pdf::checked(&printed(&draft).1.pdf);
    let text = pdf.text();
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(joined.matches("31 days ago").count(), 1, "said once\n{text}");
    assert!(joined.contains(&format!("{reason}; allowed by Boss")), "{text}");
    assert_eq!(
        text.lines().filter(|line| line.contains("PASS") && line.contains('†')).count(),
        3,
        "verdict and two results\n{text}"
    );
    assert!(text.contains("Under exception †"), "{text}");
    for page in pdf.pages() {
        assert!(page.contains("UNDER EXCEPTION †"), "{page}");
    }
    assert!(!text_of(&verified(&[("basic", 0.2512, 0.2)])).contains('†'));
}

#[test]
fn a_standard_uncertainty_is_not_taken_for_an_expanded_one() {
    let mut draft = verified(&[("low", -0.005, 0.0), ("basic", 0.2512, 0.2)]);
    draft.entry.measurements[0].expanded = Some(expanded(0.026));
    let text = text_of(&draft);
    let words = |at: &str| line(&text, &["energy error", at, "PASS"]).split_whitespace().collect::<Vec<_>>();
    let (certified, scatter) = (words(" low "), words(" basic "));
    assert!(certified.contains(&"0.026") && !certified.contains(&"u"), "{certified:?}");
    assert!(scatter.windows(2).any(|two| two == ["u", "0.0010"]), "{scatter:?}");
    assert!(text.contains("u is no expanded uncertainty"), "{text}");
}

fn expanded(expanded: f64) -> Expanded {
    Expanded {
        expanded,
        coverage_factor: 2.0,
        degrees_of_freedom: None,
        from_reference: expanded / 2.0,
        from_resolution: 0.0,
        from_time_base: 0.0,
    }
}

#[test]
fn a_guard_band_is_seen_in_the_row() {
    let mut draft = verified(&[("low", 0.98, 1.0), ("basic", 0.2512, 0.2)]);
    for at in [0, 3] {
        draft.entry.measurements[at].expanded = Some(expanded(0.026));
        draft.entry.measurements[at].guard_band = Some(0.026);
    }
    draft.entry.measurements[0].verdict = Verdict::Fail;
    draft.entry.verdict = Verdict::Fail;
    let text = text_of(&draft);
    for (at, verdict) in [(" low ", "FAIL"), (" basic ", "PASS")] {
        let line = line(&text, &["energy error", at, verdict]);
        assert!(line.contains("±0.974"), "{line}");
    }
    assert!(text.contains("Accepted are the limits less the guard band"), "{text}");
    assert!(!text_of(&verified(&[("basic", 0.2512, 0.2)])).contains("Accepted"));
}

#[test]
fn a_later_fail_takes_the_certificate_away() {
    let folder = folder();
    let mut store = Store::open(&file_in(folder.path())).expect("store");
    let of = |number: u64, verdict: Verdict, simulated: bool| {
        let mut draft = draft(number);
        (draft.entry.serial, draft.entry.verdict) = ("MT1".to_owned(), verdict);
        draft.entry.simulated = simulated;
        draft
    };
    store.append(&of(0, Verdict::Pass, false)).expect("stored");
    let text = |store: &Store, number: u64| {
        let record = store.record(None, number).expect("read").expect("there");
        let certificate = Certificate::from_store(store, &record).expect("gathered");
        Pdf::checked(&certificate.print(&record, &Press::new(None)).expect("printed").pdf).text()
    };
    // Neither what was simulated nor what could not be measured says anything of the unit.
    store.append(&of(1, Verdict::Fail, true)).expect("stored");
    store.append(&of(2, Verdict::Error, false)).expect("stored");
    let before = text(&store, 1);
    assert!(before.contains("Calibration certificate") && !before.contains("later attempt"), "{before}");
    store.append(&of(3, Verdict::Fail, false)).expect("stored");
    let after = text(&store, 1);
    assert!(after.contains("Test report") && !after.contains("Calibration certificate"), "{after}");
    let joined = after.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(joined.contains("A later attempt, record 4 of 2026-01-01, ended with FAIL."), "{after}");
    assert!(joined.contains("This is not a certificate."), "{after}");
    store.append(&of(4, Verdict::Pass, false)).expect("stored");
    assert!(text(&store, 5).contains("Calibration certificate"), "the attempt after it has its own");
}

#[test]
fn a_golden_unit_is_not_said_to_have_failed() {
    let mut draft = draft_with_verdict(Verdict::Fail);
    draft.entry.traceability.golden = Some(GoldenRun {
        certificate: "L-5".to_owned(),
        laboratory: "A laboratory".to_owned(),
        characterised: "2026-01-10".to_owned(),
    });
    let text = text_of(&draft);
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(joined.contains("The bench did not measure this unit of known errors as the laboratory did"), "{text}");
    assert!(joined.contains("Golden unit report") && !joined.contains("This unit did not pass"), "{text}");
}

#[test]
fn signatures_are_never_alone_on_a_page() {
    for registers in [0, 23] {
        for steps in (0..64).step_by(3) {
            let mut draft = draft(8);
            let pattern = draft.entry.steps[0].clone();
            draft.entry.steps = (0..steps).map(|_| pattern.clone()).collect();
            draft.entry.registers_before.truncate(registers);
            draft.entry.registers_after.truncate(registers);
            let pages = Pdf::checked(&printed(&draft).1.pdf).pages();
            let last = pages.last().expect("a page");
            let row = if registers > 0 {
                "Reg11"
            } else if steps > 0 {
                "Identify the chip"
            } else {
                "No step was"
            };
            assert!(last.contains("Tested by") && last.contains(row), "{registers} registers, {steps} steps\n{last}");
        }
    }
}

#[test]
fn a_standard_deviation_is_no_point_of_the_curve() {
    let mut draft = verified(&[("low", -0.005, 0.0), ("basic", 0.2512, 0.2)]);
    let repeatability = Measurement {
        name: "repeatability_L".to_owned(),
        lower: Some(0.0),
        upper: Some(0.1),
        ..draft.entry.measurements[0].clone()
    };
    draft.entry.measurements.push(repeatability);
    let (_folder, store, record) = stored(&draft);
    let certificate = Certificate::from_store(&store, &record).expect("gathered");
    assert_eq!(certificate.curve.len(), 2);
    assert!(certificate.curve.iter().all(|point| point.series == "energy error"), "{:?}", certificate.curve);
    // Alone it says nothing of errors.
    draft.entry.measurements.retain(|one| one.name.starts_with("repeatability"));
    let (_folder, store, record) = stored(&draft);
    assert_eq!(Certificate::from_store(&store, &record).expect("gathered").title, "Test report");
}
