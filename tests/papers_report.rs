//! Batch reports and labels read back by other programs.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod read_back;
mod recorded;

use meterbench::paper::label::{Label, Size};
use meterbench::paper::report::Report;
use meterbench::paper::zpl::{self, Dots};
use meterbench::paper::{PaperError, Press};
use meterbench::procedure::Verdict;
use meterbench::record::entry::Measurement;
use meterbench::record::{Draft, Filter, Record, Store, file_in};
use read_back::Pdf;
use recorded::{A_DAY, draft, drafts};
use tempfile::TempDir;

fn store_of(drafts: &[Draft]) -> (TempDir, Store) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
    let mut store = Store::open(&file_in(folder.path())).expect("store");
    store.append_all(drafts).expect("stored");
    (folder, store)
}

/// Words of the line that has all of these.
fn line<'a>(text: &'a str, words: &[&str]) -> Vec<&'a str> {
    let found = text.lines().find(|line| words.iter().all(|word| line.contains(word)));
    found.unwrap_or_else(|| panic!("{words:?} in\n{text}")).split_whitespace().collect()
}

#[test]
fn a_report_says_what_the_statistics_say() {
    // Two days, so that there is a trend.
    let mut all = drafts(150);
    all.extend((A_DAY..A_DAY + 50).map(draft));
    all[3].entry.verdict = Verdict::Error;
    all[3].entry.steps[1].verdict = Verdict::Error;
    let (_folder, store) = store_of(&all);
    let filter = Filter { batch: Some("week 0".to_owned()), ..Filter::default() };
    let (report, at) = Report::of(&store, &filter).expect("gathered");
    let paper = report.print(at, &Press::new(None)).unwrap_or_else(|error| panic!("{error}"));
    let pdf = Pdf::checked(&paper.pdf);
    let (pages, text) = (pdf.pages(), pdf.text());
    assert_eq!(pages.len(), paper.pages);
    for (number, page) in pages.iter().enumerate() {
        assert!(page.contains("SIMULATED: none of these values"), "{page}");
        assert!(page.contains(&format!("Page {} of {}", number + 1, pages.len())), "{page}");
    }
    let yields = store.yields(&filter).expect("yields");
    assert_eq!((yields.attempts, yields.failed, yields.errors), (200, 4, 1));
    let share = |share: Option<f64>| format!("{:.1} %", share.expect("units"));
    line(&text, &[&share(yields.first_pass_percent()), &share(yields.final_percent()), "200", "80.0 s"]);
    assert!(text.contains(&format!("{} PASS, {} FAIL,", yields.passed, yields.failed)), "{text}");
    for failure in store.failures(&filter).expect("failures") {
        let words = line(&text, &[&failure.cause.replace('_', " "), " %"]);
        assert!(words.contains(&failure.attempts.to_string().as_str()), "{words:?}");
    }
    let capabilities = store.capabilities(&filter).expect("capabilities");
    assert!(capabilities.len() >= 5);
    for one in &capabilities {
        // In its table, not among the causes of failure and not above its charts.
        let (name, count) = (one.name.replace('_', " "), format!(" {} ", one.n));
        let row = |line: &&str| {
            let begins = line.trim_start().strip_prefix(&name).is_some_and(|rest| rest.starts_with("  "));
            begins && line.contains(&one.load_point) && line.contains(&count)
        };
        let found = text.lines().find(row).unwrap_or_else(|| panic!("{one:?} in\n{text}"));
        let words: Vec<&str> = found.split_whitespace().collect();
        let numbers: Vec<f64> = words.iter().filter_map(|word| word.parse().ok()).collect();
        // As many digits as the spread leaves: extremes to two digits of it, the mean to three.
        let near = |wanted: f64| {
            numbers.iter().any(|number| (number - wanted).abs() <= one.deviation.unwrap_or(0.0) * 0.05 + 1e-9)
        };
        for wanted in [Some(one.mean), one.deviation, Some(one.least), Some(one.greatest), one.lower, one.upper] {
            assert!(wanted.is_none_or(near), "{wanted:?} of {} in {words:?}", one.name);
        }
        assert!(one.cpk.is_none_or(|cpk| words.contains(&format!("{cpk:.2}").as_str())), "{:?} {words:?}", one.cpk);
    }
    for day in ["2026-01-01", "2026-01-02"] {
        assert!(line(&text, &[day]).contains(&day));
    }
    // Each unit once, with both of its attempts where it has two.
    for number in (0..150).chain(A_DAY..A_DAY + 50).filter(|number| number % 50 != 17) {
        let serial = format!("MT{number:07}");
        let words = line(&text, &[&serial]);
        let (attempts, first) = if number % 50 == 7 { ("2", "FAIL") } else { ("1", "PASS") };
        let first = if number == 3 { "ERROR" } else { first };
        assert_eq!(&words[..3], [serial.as_str(), attempts, first], "{words:?}");
        assert_eq!(text.matches(&serial).count(), 1);
    }
    let again = report.print(store.list(&filter, None, 1).expect("list")[0].at.clone(), &Press::new(None));
    assert!(again.expect("printed").pdf == paper.pdf, "another report of the same records");
}

#[test]
fn what_is_not_simulated_is_told_from_what_is() {
    let mut all = drafts(30);
    for draft in &mut all[10..] {
        draft.entry.simulated = false;
    }
    let (_folder, store) = store_of(&all);
    let text = |filter: &Filter| {
        let (report, at) = Report::of(&store, filter).expect("gathered");
        Pdf::checked(&report.print(at, &Press::new(None)).expect("printed").pdf).text()
    };
    let mixed = text(&Filter::default());
    assert!(mixed.contains("SIMULATED: 10 of 30 attempts were not measured on a real unit"), "{mixed}");
    assert!(mixed.contains("all records"), "{mixed}");
    let real = text(&Filter { simulated: Some(false), ..Filter::default() });
    assert!(!real.contains("SIMULATED") && real.contains("real only"), "{real}");
    let nothing = Report::of(&store, &Filter { batch: Some("none".to_owned()), ..Filter::default() });
    assert!(matches!(nothing, Err(PaperError::Empty)));
}

fn record_of(draft: &Draft) -> (TempDir, Record) {
    let (folder, store) = store_of(std::slice::from_ref(draft));
    let record = store.record(None, 1).expect("read").expect("there");
    (folder, record)
}

#[test]
fn a_label_scans_as_the_serial_number() {
    let (_folder, record) = record_of(&draft(0));
    for (size, page) in [("50x25", "141.732 x 70.8661 pts"), ("30x30", "85.0394 x 85.0394 pts"), ("100x15", "")] {
        let label = Label::of(&record, size.parse().expect("size")).expect("passed");
        let paper = label.print(&record, &Press::new(None)).unwrap_or_else(|error| panic!("{error}"));
        let pdf = Pdf::checked(&paper.pdf);
        assert_eq!((paper.pages, pdf.code().as_str()), (1, "MT0000000"), "{size}");
        let text = pdf.text();
        for said in ["MT0000000", "2026-01-01", "made-up-meter", "SIMULATED"] {
            assert!(text.contains(said), "{said} on {size}: {text}");
        }
        assert!(pdf.info("Page size").starts_with(page), "{}", pdf.info("Page size"));
    }
    let (_folder, failed) = record_of(&draft(7));
    assert!(matches!(Label::of(&failed, Size::default()), Err(PaperError::NotPassed { number: 1, .. })));
}

/// The fields of a form, with the hexadecimal digits resolved.
fn fields(form: &str) -> Vec<String> {
    let data = form.split("^FD").skip(1).map(|rest| rest.split("^FS").next().expect("ends"));
    data.map(|data| {
        let mut bytes = Vec::new();
        let mut rest = data.as_bytes();
        while let Some((first, behind)) = rest.split_first() {
            if *first == b'_' {
                let digits = std::str::from_utf8(&behind[..2]).expect("digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("digits"));
                rest = &behind[2..];
            } else {
                bytes.push(*first);
                rest = behind;
            }
        }
        String::from_utf8(bytes).expect("UTF-8")
    })
    .collect()
}

#[test]
fn a_form_holds_the_serial_number_and_no_command_of_its_own() {
    let mut draft = draft(0);
    draft.entry.serial = "MT^XZ~_1\\é".to_owned();
    let (_folder, record) = record_of(&draft);
    let label = Label::of(&record, Size::default()).expect("passed");
    let form = zpl::of(&label, Dots::PerMm8);
    assert_eq!((form.matches("^XA").count(), form.matches("^XZ").count(), form.matches('~').count()), (1, 1, 0));
    assert!(form.is_ascii() && form.starts_with("^XA\n^CI28\n^PW400\n^LL200\n"), "{form}");
    assert_eq!(form.matches("^FH_").count(), form.matches("^FD").count());
    let fields = fields(&form);
    assert_eq!(fields[0], "MM,B0011MT^XZ~_1\\é");
    assert_eq!(fields[1..], ["MT^XZ~_1\\é", "made-up-meter", "2026-01-01", "SIMULATED"]);
    // All of it lies on the label, at each resolution.
    for (dots, width, height) in [(Dots::PerMm8, 400, 200), (Dots::PerMm12, 600, 300), (Dots::PerMm24, 1200, 600)] {
        let form = zpl::of(&label, dots);
        for origin in form.split("^FO").skip(1) {
            let numbers: Vec<u32> = origin.split(['^', ',']).take(2).map(|word| word.parse().expect("dots")).collect();
            assert!(numbers[0] < width && numbers[1] < height, "{form}");
        }
        let module: u32 =
            form.split("^BQN,2,").nth(1).expect("code").split('^').next().and_then(|m| m.parse().ok()).expect("module");
        assert!(module * (u32::try_from(label.qr.size).expect("small") + 8) <= height, "{form}");
    }
}

#[test]
fn a_label_under_an_exception_says_so() {
    let mut draft = draft(0);
    draft.entry.traceability.exceptions = vec!["the reference is overdue".to_owned()];
    draft.entry.traceability.supervisor = Some("Boss".to_owned());
    let (_folder, record) = record_of(&draft);
    for size in ["50x25", "30x15"] {
        let label = Label::of(&record, size.parse().expect("size")).expect("passed");
        let text = Pdf::checked(&label.print(&record, &Press::new(None)).expect("printed").pdf).text();
        assert!(text.contains("UNDER EXCEPTION") && text.contains("SIMULATED"), "{text}");
        let form = zpl::of(&label, Dots::PerMm8);
        assert_eq!(fields(&form)[4..], ["SIMULATED", "UNDER EXCEPTION"]);
    }
}

fn report_text(store: &Store, filter: &Filter) -> String {
    let (report, at) = Report::of(store, filter).expect("gathered");
    Pdf::checked(&report.print(at, &Press::new(None)).expect("printed").pdf).text()
}

#[test]
fn a_report_names_what_was_measured_under_an_exception() {
    let mut all = drafts(5);
    for draft in &mut all[1..3] {
        draft.entry.traceability.exceptions = vec!["the reference is overdue".to_owned()];
        draft.entry.traceability.supervisor = Some("Boss".to_owned());
    }
    let (_folder, store) = store_of(&all);
    let text = report_text(&store, &Filter::default());
    line(&text, &["the reference is overdue; allowed by Boss", " 2 ", "MT0000001, MT0000002"]);
    for (number, marked) in [(0, false), (1, true), (2, true), (3, false)] {
        // The line of the table, not that of the exception.
        let serial = format!("MT000000{number}");
        let row = text.lines().find(|line| line.contains(&serial) && !line.contains("Boss")).expect("a row");
        assert_eq!(row.contains('†'), marked, "{row}");
    }
    let (_folder, store) = store_of(&drafts(5));
    let text = report_text(&store, &Filter::default());
    assert!(!text.contains('†') && !text.contains("exception"), "{text}");
}

#[test]
fn units_tested_outside_of_the_selection_are_told() {
    // Units 0 to 3 in batch A; unit 0 was tested before in batch B, unit 1 after, and unit 2 by another procedure.
    let mut all = drafts(7);
    let tested = [(0, "B", false), (0, "A", true), (1, "A", true), (2, "A", true), (3, "A", true), (1, "B", false)];
    for (draft, (unit, batch, passed)) in all.iter_mut().zip(tested) {
        draft.entry.serial = format!("MT{unit}");
        draft.entry.batch = Some(batch.to_owned());
        draft.entry.verdict = if passed { Verdict::Pass } else { Verdict::Fail };
    }
    all[6].entry.serial = "MT2".to_owned();
    all[6].entry.batch = Some("B".to_owned());
    all[6].entry.procedure.name = "another".to_owned();
    let (_folder, store) = store_of(&all);
    let filter = Filter { batch: Some("A".to_owned()), ..Filter::default() };
    let yields = store.yields(&filter).expect("yields");
    assert_eq!((yields.first_units, yields.last_units), (3, 3));
    let (report, _) = Report::of(&store, &filter).expect("gathered");
    assert_eq!((report.units.len(), report.outside.first, report.outside.last), (4, 1, 1));
    let text = report_text(&store, &filter);
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let wanted = "Of the 4 units below, 1 has the first and 1 has the last outside of this selection (‡)";
    assert!(joined.contains(wanted), "{text}");
    for (unit, ends) in [("MT0", ["PASS", "‡", "PASS"]), ("MT1", ["PASS", "PASS", "‡"])] {
        assert_eq!(line(&text, &[&format!(" {unit} ")])[2..5], ends);
    }
    assert!(!line(&text, &[" MT2 "]).contains(&"‡"));
    assert!(!report_text(&store, &Filter::default()).contains('‡'), "all records");
    // Each filter by itself agrees with the store: what is first and last inside is what its yields count.
    for filter in [
        Filter { operator: Some("morning".to_owned()), ..Filter::default() },
        Filter { position: Some(2), ..Filter::default() },
        Filter { procedure: Some("another".to_owned()), ..Filter::default() },
        Filter { procedure: Some("made-up".to_owned()), ..Filter::default() },
        Filter { batch: Some("B".to_owned()), ..Filter::default() },
    ] {
        let (report, _) = Report::of(&store, &filter).expect("gathered");
        let pairs = report.units.len() + report.outside.several;
        let yields = store.yields(&filter).expect("yields");
        let counted = (pairs - report.outside.first, pairs - report.outside.last);
        assert_eq!((yields.first_units as usize, yields.last_units as usize), counted, "{filter:?}");
    }
}

#[test]
fn capabilities_stand_by_number_and_without_rounded_values() {
    let mut draft = draft(0);
    let pattern = draft.entry.measurements[3].clone();
    let names = ["energy_error", "energy_error_10", "energy_error_2", "energy_error_1", "energy_error_rounded"];
    draft.entry.measurements =
        names.map(|name| Measurement { name: name.to_owned(), ..pattern.clone() }).into_iter().collect();
    let (_folder, store) = store_of(&[draft]);
    let (report, _) = Report::of(&store, &Filter::default()).expect("gathered");
    let names: Vec<&str> = report.capabilities.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["energy error", "energy error 1", "energy error 2", "energy error 10"]);
    assert!(report.trends.iter().all(|trend| !trend.name.contains("rounded")), "{:?}", report.trends);
}
