//! Statistics and search against the same figures computed the slow way, and exports read back by others.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod recorded;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use calamine::{Data, Reader as _, Xlsx, open_workbook};
use meterbench::procedure::Verdict;
use meterbench::record::export::Format;
use meterbench::record::{Draft, Filter, Store, StoreError, file_in};
use tempfile::TempDir;

use recorded::{draft, drafts};

fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn store(folder: &Path, drafts: &[Draft]) -> Store {
    let mut store = Store::open(&file_in(folder)).unwrap();
    store.append_all(drafts).unwrap();
    store
}

#[test]
fn yields_and_capability_are_those_of_the_values() {
    let folder = folder();
    let mut drafts = drafts(400);
    for (number, draft) in drafts.iter_mut().enumerate() {
        if number % 40 == 3 {
            draft.entry.verdict = Verdict::Error;
        }
        draft.entry.simulated = number % 3 == 0;
    }
    let store = store(folder.path(), &drafts);
    let filters = [
        Filter::default(),
        Filter { simulated: Some(false), ..Filter::default() },
        Filter { position: Some(2), operator: Some("morning".to_owned()), ..Filter::default() },
        Filter { batch: Some("nobody's".to_owned()), ..Filter::default() },
    ];
    for filter in filters {
        let meant = |draft: &Draft| {
            filter.simulated.is_none_or(|simulated| draft.entry.simulated == simulated)
                && filter.position.is_none_or(|position| draft.entry.position == position)
                && filter.operator.as_ref().is_none_or(|name| draft.entry.operator.as_ref() == Some(name))
                && filter.batch.as_ref().is_none_or(|name| draft.entry.batch.as_ref() == Some(name))
        };
        let chosen: Vec<&Draft> = drafts.iter().filter(|draft| meant(draft)).collect();
        let yields = store.yields(&filter).unwrap();
        let with = |verdict| chosen.iter().filter(|draft| draft.entry.verdict == verdict).count() as u64;
        assert_eq!(
            (yields.attempts, yields.passed, yields.failed, yields.errors),
            (chosen.len() as u64, with(Verdict::Pass), with(Verdict::Fail), with(Verdict::Error))
        );
        // First and last measured attempts of all units, then those that the filter means.
        let mut units: BTreeMap<(&str, bool), Vec<&Draft>> = BTreeMap::new();
        for draft in drafts.iter().filter(|draft| draft.entry.verdict != Verdict::Error) {
            units.entry((&draft.entry.serial, draft.entry.simulated)).or_default().push(draft);
        }
        let ends = |end: fn(&Vec<&Draft>) -> usize| {
            let ends: Vec<&Draft> = units.values().map(|unit| unit[end(unit)]).filter(|draft| meant(draft)).collect();
            let passed = ends.iter().filter(|draft| draft.entry.verdict == Verdict::Pass).count();
            (ends.len() as u64, passed as u64)
        };
        assert_eq!((yields.first_units, yields.first_passed), ends(|_| 0), "{filter:?}");
        assert_eq!((yields.last_units, yields.last_passed), ends(|unit| unit.len() - 1), "{filter:?}");
        let capabilities = store.capabilities(&filter).unwrap();
        let values: Vec<f64> = chosen.iter().map(|draft| draft.entry.measurements[3].value.unwrap()).collect();
        let Some(energy) = capabilities.iter().find(|one| one.name == "energy_error" && one.load_point == "Un Ib PF 1")
        else {
            assert!(values.is_empty());
            continue;
        };
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let square: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (square / (values.len() - 1) as f64).sqrt();
        let cpk = (0.2 - mean.abs()) / (3.0 * deviation);
        assert_eq!(energy.n, values.len() as u64);
        assert!((energy.mean - mean).abs() < 1e-12 && (energy.deviation.unwrap() - deviation).abs() < 1e-12);
        assert!((energy.cpk.unwrap() - cpk).abs() < 1e-6);
        let histogram = energy.histogram.as_ref().unwrap();
        assert_eq!(histogram.counts.iter().sum::<u64>(), energy.n);
    }
    let failures = store.failures(&Filter::default()).unwrap();
    assert_eq!(failures[0].attempts.max(failures[1].attempts), 10, "{failures:?}");
    assert!(failures.iter().any(|failure| failure.cause == "energy_error at Un 0.05 Ib PF 1"), "{failures:?}");
    assert_eq!(failures.last().unwrap().cumulated_percent, 100.0);
    assert!(store.check().unwrap().clean());
}

#[test]
fn the_pace_and_the_trend_of_days() {
    let folder = folder();
    let mut drafts: Vec<Draft> = drafts(8);
    drafts.extend((2000..2008).map(draft));
    let store = store(folder.path(), &drafts);
    let yields = store.yields(&Filter::default()).unwrap();
    // Four positions take turns: from end to end at one of them it is four times the time between two units.
    assert_eq!((yields.takt_s, yields.mean_duration_s), (Some(80.0), Some(160.0)));
    let trend = store.trend(&Filter::default(), "Ugain").unwrap();
    let days: Vec<(String, u64)> = trend.iter().map(|point| (point.day.to_string(), point.n)).collect();
    assert_eq!(days, [("2026-01-01".to_owned(), 8), ("2026-01-02".to_owned(), 8)]);
    let values: Vec<f64> = drafts[..8].iter().map(|draft| draft.entry.measurements[0].value.unwrap()).collect();
    assert!((trend[0].mean - values.iter().sum::<f64>() / 8.0).abs() < 1e-6);
    let second = Filter { from: Some("2026-01-02".parse().unwrap()), ..Filter::default() };
    assert_eq!(store.yields(&second).unwrap().attempts, 8);
    assert_eq!(store.list(&second, None, 50).unwrap().len(), 8);
}

#[test]
fn records_are_found_by_either_end_of_the_serial_number() {
    let folder = folder();
    let store = store(folder.path(), &drafts(200));
    let found = |part: &str| -> Vec<String> {
        let found = store.search(part, &Filter::default(), None, 100).unwrap();
        found.into_iter().map(|one| one.serial).collect()
    };
    assert_eq!(found("MT0000012"), ["MT0000012"]);
    assert_eq!(found("0123"), ["MT0000123"]);
    assert_eq!(found("MT000019").len(), 10);
    // Attempt 17 is unit 7 again, and so on: newest first.
    assert_eq!(found("00007"), ["MT0000007", "MT0000007"]);
    assert_eq!(found("%"), Vec::<String>::new());
    let failed = store.list(&Filter::default(), Some(Verdict::Fail), 3).unwrap();
    assert_eq!(failed.iter().map(|one| one.number).collect::<Vec<_>>(), [158, 108, 58]);
}

#[test]
fn a_list_tells_what_a_verdict_alone_does_not() {
    let folder = folder();
    let mut marked = draft(3);
    marked.entry.measurements[2].marginal = true;
    marked.entry.traceability.exceptions = vec!["the reference is overdue".to_owned()];
    marked.entry.traceability.supervisor = Some("B. Oss".to_owned());
    let store = store(folder.path(), &[draft(2), marked]);
    let found = store.list(&Filter::default(), None, 2).unwrap();
    let told: Vec<_> = found.iter().map(|one| (one.marginal, one.exception.as_deref(), one.golden)).collect();
    assert_eq!(told, [(true, Some("the reference is overdue; allowed by B. Oss"), false), (false, None, false)]);
}

#[test]
fn another_station_is_imported_once_with_its_chain() {
    let (here, there) = (folder(), folder());
    let mut mine = store(here.path(), &drafts(20));
    let mut theirs = store(there.path(), &(100..130).map(draft).collect::<Vec<_>>());
    let copy = there.path().join("copy.db");
    assert_eq!(theirs.backup(&copy).unwrap(), 30);
    assert!(matches!(theirs.backup(&copy), Err(StoreError::File { .. })), "a backup replaces nothing");
    let imported = mine.import(&copy).unwrap();
    assert_eq!((imported.added, imported.known), (30, 0));
    let again = mine.import(&copy).unwrap();
    assert_eq!((again.added, again.known), (0, 30));
    // What came since then follows, from the file itself this time.
    theirs.append(&draft(130)).unwrap();
    let more = mine.import(theirs.file()).unwrap();
    assert_eq!((more.added, more.known), (1, 30));
    let station = theirs.station().to_owned();
    assert_eq!(mine.record(Some(&station), 31).unwrap(), theirs.record(None, 31).unwrap());
    let checked = mine.check().unwrap();
    assert!(checked.clean() && (checked.records, checked.chains) == (51, 2), "{checked:?}");
    assert_eq!(checked.remarks, [""; 0], "both chains are noted");
    // Its own chain goes on as before.
    assert_eq!(mine.append(&draft(20)).unwrap().number, 21);
    let only = Filter { station: Some(station), ..Filter::default() };
    assert_eq!(mine.yields(&only).unwrap().attempts, 31);
}

#[test]
fn a_copy_that_was_written_to_is_no_import() {
    let (here, there) = (folder(), folder());
    let mut mine = store(here.path(), &drafts(5));
    mine.backup(&file_in(there.path())).unwrap();
    let mut fork = Store::open(&file_in(there.path())).unwrap();
    fork.append(&draft(50)).unwrap();
    mine.append(&draft(60)).unwrap();
    let error = mine.import(fork.file()).unwrap_err();
    assert!(matches!(error, StoreError::Forked { number: 6, .. }), "{error}");
    rusqlite::Connection::open(fork.file())
        .unwrap()
        .execute_batch("DROP TRIGGER attempt_stays; UPDATE attempt SET simulated = 0 WHERE number = 2")
        .unwrap();
    let error = mine.import(fork.file()).unwrap_err();
    assert!(matches!(error, StoreError::Changed { .. }), "{error}");
    assert!(mine.check().unwrap().clean());
}

#[test]
fn a_backup_is_whole_while_others_write() {
    let folder = folder();
    let store = store(folder.path(), &drafts(300));
    let copies = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut writer = Store::open(&file_in(folder.path())).unwrap();
            for number in 300..400 {
                writer.append(&draft(number)).unwrap();
            }
        });
        let mut copies = Vec::new();
        while !writer.is_finished() {
            let copy = folder.path().join(format!("copy{}.db", copies.len()));
            store.backup(&copy).unwrap();
            copies.push(copy);
        }
        copies
    });
    for copy in copies {
        let copy = Store::read_only(&copy).unwrap();
        let checked = copy.check().unwrap();
        assert!(checked.clean() && checked.records >= 300, "{checked:?}");
    }
    assert_eq!(store.len().unwrap(), 400);
}

/// What Python says of a file.
fn python(script: &str, file: &Path) -> Option<String> {
    let output = Command::new("python3").args(["-c", script]).arg(file).output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn tables_are_read_by_others() {
    let folder = folder();
    let mut drafts = drafts(60);
    let nasty = "=1+1,\"quoted\"\nsecond line";
    drafts[0].entry.operator = Some(nasty.to_owned());
    drafts[1].entry.measurements[2].value = None;
    let store = store(folder.path(), &drafts);
    let all = Filter::default();
    let (csv, xlsx) = (folder.path().join("csv"), folder.path().join("all.xlsx"));
    assert_eq!(store.export(&all, Format::Csv, &csv).unwrap(), 60);
    assert_eq!(store.export(&all, Format::Xlsx, &xlsx).unwrap(), 60);
    assert!(store.export(&all, Format::Xlsx, &xlsx).is_err(), "an export replaces nothing");
    let measurements: usize = drafts.iter().map(|draft| draft.entry.measurements.len()).sum();

    let script = "import csv, json, sys
tables = {}
for name in ('attempts', 'measurements', 'steps', 'registers', 'readings'):
    with open(f'{sys.argv[1]}/{name}.csv', newline='', encoding='utf-8') as file:
        tables[name] = list(csv.DictReader(file, strict=True))
print(json.dumps(tables))";
    if let Some(text) = python(script, &csv) {
        let tables: BTreeMap<String, Vec<BTreeMap<String, String>>> = serde_json::from_str(&text).unwrap();
        let count = |name: &str| tables[name].len();
        assert_eq!((count("attempts"), count("measurements"), count("steps")), (60, measurements, 240));
        assert_eq!((count("registers"), count("readings")), (60 * 23, 0));
        assert_eq!(tables["attempts"][0]["operator"], format!("'{nasty}"), "no formula");
        assert!(tables["attempts"].iter().all(|row| row["simulated"] == "SIMULATED"));
        let value: f64 = tables["measurements"][3]["value"].parse().unwrap();
        assert_eq!(Some(value), drafts[0].entry.measurements[3].value, "to the last bit");
        assert_eq!(tables["measurements"][7]["value"], "");
    }

    let mut workbook: Xlsx<_> = open_workbook(&xlsx).unwrap();
    assert_eq!(workbook.sheet_names(), ["attempts", "measurements", "steps", "registers", "readings", "flashings"]);
    let attempts = workbook.worksheet_range("attempts").unwrap();
    assert_eq!(attempts.height(), 61);
    let column = |name: &str| attempts.rows().next().unwrap().iter().position(|cell| *cell == *name).unwrap();
    assert_eq!(attempts[(1, column("operator"))], Data::String(nasty.to_owned()));
    assert_eq!(attempts[(8, column("verdict"))], Data::String("FAIL".to_owned()));
    let values = workbook.worksheet_range("measurements").unwrap();
    assert_eq!(values.height(), measurements + 1);
    assert_eq!(values[(4, 6)], Data::Float(drafts[0].entry.measurements[3].value.unwrap()));

    let script = "import sys
try:
    import openpyxl
except ImportError:
    print('absent')
    sys.exit()
book = openpyxl.load_workbook(sys.argv[1])
print([(sheet.title, sheet.max_row) for sheet in book])
assert book['attempts']['P2'].data_type != 'f'";
    if let Some(text) = python(script, &xlsx)
        && text.trim() != "absent"
    {
        assert!(text.contains(&format!("('measurements', {})", measurements + 1)), "{text}");
    }
}
