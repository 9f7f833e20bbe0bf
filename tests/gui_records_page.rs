//! The records page: found as one types or scans, shown in full, compared and counted, by role and label.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on stops")]

mod drawn;
mod outline;
mod recorded;
#[path = "recorded/page.rs"]
mod records_page;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use meterbench::gui::app::{App, dress};
use meterbench::gui::archive::{Archive, ArchiveNotice, ArchiveRequest, Key as Place, PAGE};
use meterbench::gui::core::Core;
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::reprint::{Order, Press, Sheet};
use meterbench::gui::route::Route;
use meterbench::job::{NoWake, Wake};
use meterbench::procedure::Verdict;
use meterbench::procedure::golden::GoldenRun;
use meterbench::record::flashing::{Outcome, Written};
use meterbench::record::listing::{Total, Wanted};
use meterbench::record::readings::Reading;
use meterbench::record::seal::Hash;
use meterbench::record::{Draft, Filter, Flashing, Keeper, Store, file_in};

use recorded::{draft, drafts};
use records_page::{Window, folder, press, scan, stored, until, window, window_of};

/// The window as text, without what is another each time: the station's name and hashes.
fn outlined(window: &Window, folder: &Path) -> String {
    let store = Store::read_only(&file_in(folder)).unwrap();
    let mut text = outline::outline(window, 160).replace(store.station(), "STATION");
    for number in 1..=store.len().unwrap() {
        let hash = store.record(None, number).unwrap().unwrap().hash.to_string();
        text = text.replace(&hash, "HASH");
    }
    text
}

/// Thirty runs; the unit of the last failed first, and has readings.
fn some() -> Vec<Draft> {
    let mut all = drafts(30);
    for (number, draft) in all.iter_mut().enumerate() {
        draft.entry.simulated = number % 10 != 3;
    }
    let last = &mut all[17];
    assert_eq!((last.entry.serial.as_str(), last.entry.verdict), ("MT0000007", Verdict::Pass));
    let before = drafts(30)[7].entry.registers_after.clone();
    last.entry.registers_after = before;
    last.entry.registers_after[2].1 = "0x71D8".to_owned();
    let reading = |second: u32, device: &str| Reading {
        device: device.to_owned(),
        at_s: 10.0 + f64::from(second),
        u: Some(240.0 + f64::from(second % 3) * 0.01),
        i: Some(5.0),
        p: (device == "reference").then_some(1200.0),
        q: None,
        s: None,
        pf: None,
        phase: None,
        f: None,
    };
    last.entry.readings = (0..60).flat_map(|second| [reading(second, "reference"), reading(second, "meter")]).collect();
    all
}

#[test]
fn an_empty_store_says_what_to_do() {
    let folder = stored(&[]);
    let mut window = window(folder.path());
    until(&mut window, "No records yet");
    insta::assert_snapshot!("empty", outlined(&window, folder.path()));
}

#[test]
fn runs_are_listed_newest_first_and_filtered() {
    let folder = stored(&some());
    let mut window = window(folder.path());
    until(&mut window, "30 records");
    insta::assert_snapshot!("list", outlined(&window, folder.path()));
    window.get_by_role_and_label(Role::ComboBox, "Verdict").click();
    window.run_steps(3);
    window.get_by_role_and_label(Role::Button, "FAIL").click();
    until(&mut window, "1 record");
    window.get_by_label_contains("MT0000007 FAIL");
    window.get_by_role_and_label(Role::Button, "Clear filters").click();
    until(&mut window, "30 records");
    // A day that is none is marked and restricts nothing.
    window.get_by_role_and_label(Role::TextInput, "From day").focus();
    window.run_steps(2);
    window.get_by_role_and_label(Role::TextInput, "From day").type_text("yesterday");
    window.run_steps(3);
    until(&mut window, "30 records");
    let day = window.get_by_role_and_label(Role::TextInput, "From day");
    assert_eq!(day.accesskit_node().value().as_deref(), Some("yesterday"));
    assert_eq!(day.accesskit_node().description().as_deref(), Some("Write a day as 2026-11-21"));
    window.get_by_label("yesterday is no day and restricts nothing; write 2026-11-21");
}

#[test]
fn typing_finds_beginnings_and_ends_and_a_mistake_is_no_dead_end() {
    let folder = stored(&some());
    let mut window = window(folder.path());
    until(&mut window, "30 records");
    // The page's own key gave the search its focus.
    window.get_by_label("Search by serial number").type_text("007");
    until(&mut window, "2 records");
    insta::assert_snapshot!("search", outlined(&window, folder.path()));
    press(&mut window, Modifiers::NONE, Key::Escape);
    until(&mut window, "30 records");
    let search = window.get_by_role_and_label(Role::TextInput, "Search by serial number");
    assert!(search.accesskit_node().is_focused(), "Esc leaves the next label its field");
    press(&mut window, Modifiers::COMMAND, Key::F);
    window.get_by_label("Search by serial number").type_text("X9");
    until(&mut window, "No record matches");
    window.get_by_role_and_label(Role::Button, "Show all records").click();
    until(&mut window, "30 records");
}

#[test]
fn the_arrows_choose_enter_opens_and_escape_goes_back() {
    let folder = stored(&some());
    let mut window = window(folder.path());
    until(&mut window, "30 records");
    for _ in 0..13 {
        press(&mut window, Modifiers::NONE, Key::ArrowDown);
    }
    press(&mut window, Modifiers::NONE, Key::Enter);
    until(&mut window, "About the run");
    window.get_by_label_contains("MT0000007 FAIL, simulated");
    insta::assert_snapshot!("detail", outlined(&window, folder.path()));
    // The attempt before has none before itself.
    press(&mut window, Modifiers::ALT, Key::ArrowLeft);
    until(&mut window, "The unit's first attempt");
    window.get_by_label_contains("attempt 1 of 2");
    press(&mut window, Modifiers::NONE, Key::Escape);
    until(&mut window, "30 records");
    assert!(window.query_by_label("About the run").is_none());
    // The place in the list is kept: the next one is above it.
    press(&mut window, Modifiers::NONE, Key::ArrowUp);
    press(&mut window, Modifiers::NONE, Key::Enter);
    until(&mut window, "About the run");
    window.get_by_label("MT0000018");
}

#[test]
fn a_scanned_label_opens_its_unit_wherever_one_is() {
    let folder = stored(&some());
    let mut window = window(folder.path());
    until(&mut window, "30 records");
    scan(&mut window, "MT0000007");
    until(&mut window, "About the run");
    window.get_by_label_contains("attempt 2 of 2");
    // The next label comes while a record is shown, and does not join the one before.
    scan(&mut window, "MT0000011");
    until(&mut window, "record 12, ");
    window.get_by_label("MT0000011");
    // Statistics: the search has lost its focus to a button.
    window.get_by_role_and_label(Role::Button, "Statistics").click();
    until(&mut window, "Yield and pace");
    window.ctx.memory_mut(|memory| {
        if let Some(focused) = memory.focused() {
            memory.surrender_focus(focused);
        }
    });
    scan(&mut window, "MT0000003");
    until(&mut window, "record 4, ");
    window.get_by_label("MT0000003");
    scan(&mut window, "NOBODY");
    until(&mut window, "No record of NOBODY");
}

/// A scanner types letter by letter, and a frame may pass between two of them.
#[test]
fn letters_that_come_without_the_focus_keep_their_order() {
    let folder = stored(&some());
    let mut window = window(folder.path());
    until(&mut window, "30 records");
    // The caret was left at the beginning.
    press(&mut window, Modifiers::NONE, Key::Home);
    for begin in ["search", "From day"] {
        if begin == "From day" {
            press(&mut window, Modifiers::NONE, Key::Escape);
            until(&mut window, "30 records");
            window.get_by_role_and_label(Role::TextInput, "From day").focus();
            window.run_steps(2);
            press(&mut window, Modifiers::NONE, Key::Enter);
        }
        window.ctx.memory_mut(|memory| {
            if let Some(focused) = memory.focused() {
                memory.surrender_focus(focused);
            }
        });
        window.step();
        for letter in "MT0000011".chars() {
            window.event(Event::Text(letter.to_string()));
            window.step();
        }
        let search = window.get_by_role_and_label(Role::TextInput, "Search by serial number");
        assert_eq!(search.accesskit_node().value().as_deref(), Some("MT0000011"), "{begin}");
    }
}

#[test]
fn a_golden_run_is_marked_in_the_list() {
    let mut all = drafts(3);
    all[1].entry.traceability.golden = Some(GoldenRun {
        certificate: "L-1".to_owned(),
        laboratory: "Laboratory".to_owned(),
        characterised: "2026-01-01".to_owned(),
    });
    let folder = stored(&all);
    let mut window = window(folder.path());
    until(&mut window, "3 records");
    window.get_by_label_contains("MT0000001 PASS, simulated, golden unit: the bench was judged");
    assert_eq!(drawn::all(&window).iter().filter(|text| text.starts_with("golden")).count(), 1);
}

/// The row that was chosen belongs to the list before; its record is not the label's.
#[test]
fn a_scanned_label_is_not_mistaken_for_the_chosen_row() {
    let folder = stored(&some());
    let mut window = window(folder.path());
    until(&mut window, "30 records");
    press(&mut window, Modifiers::NONE, Key::ArrowDown);
    scan(&mut window, "MT0000011");
    until(&mut window, "About the run");
    window.get_by_label_contains("record 12, ");
    window.get_by_label("MT0000011");
}

/// What filters nothing is not offered, and what is shown narrow is the record.
#[test]
fn an_opened_record_has_no_filters() {
    let folder = stored(&some());
    let mut window = window_of(folder.path(), [640.0, 360.0]);
    until(&mut window, "30 records");
    window.get_by_role_and_label(Role::Button, "Filters");
    scan(&mut window, "MT0000007");
    until(&mut window, "About the run");
    assert!(window.query_by_role_and_label(Role::Button, "Filters").is_none());
}

#[test]
fn figures_and_the_mark_of_simulated_runs_are_read_whole() {
    let mut all = some();
    for (number, draft) in all.iter_mut().enumerate().skip(20) {
        (draft.entry.verdict, draft.entry.simulated) =
            ([Verdict::Aborted, Verdict::Error, Verdict::Fail, Verdict::Pass][number % 4], true);
    }
    let folder = stored(&all);
    for size in [[1280.0, 720.0], [1600.0, 900.0]] {
        let mut window = window_of(folder.path(), size);
        until(&mut window, "30 records");
        assert!(drawn::all(&window).iter().filter(|text| *text == "SIMULATED").count() > 10);
        assert_eq!(drawn::cut(&window), Vec::<String>::new(), "{size:?}");
        scan(&mut window, "MT0000007");
        until(&mut window, "About the run");
        let shown = drawn::all(&window);
        assert!(shown.iter().any(|text| text == "Before"), "{size:?}");
        assert_eq!(drawn::cut(&window), Vec::<String>::new(), "{size:?}");
    }
}

fn flashing(serial: &str, outcome: Outcome) -> Flashing {
    let written = Written {
        bytes_written: 40_412,
        bytes_skipped: 1024,
        bytes_trusted: 0,
        verified: true,
        protected: false,
        started: true,
    };
    let failed = outcome == Outcome::Failed;
    Flashing {
        uid: format!("{:032x}", serial.len()),
        at: drafts(1)[0].entry.at.clone(),
        outcome,
        failure: failed.then(|| "the chip did not erase page 12: it answered NACK".to_owned()),
        simulated: false,
        operator: Some("Ada".to_owned()),
        program: "meterbench 0.1.0".to_owned(),
        through: "rom+serial".to_owned(),
        loader: "boot loader 2.2".to_owned(),
        chip_id: "0x410".to_owned(),
        unique_id: Some("0123456789ABCDEF01234567".to_owned()),
        image: "meter.hex".to_owned(),
        image_sha256: Hash::of(b"image"),
        serial: Some(serial.to_owned()),
        written: (!failed).then_some(written),
        seconds: 14.2,
    }
}

#[test]
fn flashings_are_listed_and_one_opens_in_its_place() {
    let folder = stored(&some());
    let mut keeper = Keeper::in_folder(folder.path().to_owned());
    let mut hashes = Vec::new();
    for (serial, outcome) in [("MT0000001", Outcome::Verified), ("MT000002", Outcome::Failed)] {
        hashes.push(keeper.keep_flashing(&flashing(serial, outcome)).unwrap().hash.to_string());
    }
    let mut window = window(folder.path());
    until(&mut window, "30 records");
    // A filter that flashings know nothing of does not hide them.
    window.get_by_role_and_label(Role::ComboBox, "Verdict").click();
    window.run_steps(3);
    window.get_by_role_and_label(Role::Button, "FAIL").click();
    until(&mut window, "1 record");
    window.get_by_role_and_label(Role::Button, "Flashings").click();
    until(&mut window, "2 flashings");
    assert!(window.query_by_role_and_label(Role::ComboBox, "Verdict").is_none());
    window.get_by_label_contains("MT000002 FAILED").click();
    until(&mut window, "it answered NACK");
    window.get_by_label_contains("MT0000001 VERIFIED").click();
    until(&mut window, "every byte");
    assert!(window.query_by_label_contains("it answered NACK").is_none(), "one at a time");
    // Arrows and Enter do as in the list: the clicked row is the second, and the first opens instead of it.
    press(&mut window, Modifiers::NONE, Key::ArrowUp);
    press(&mut window, Modifiers::NONE, Key::Enter);
    until(&mut window, "it answered NACK");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(window.query_by_label_contains("it answered NACK").is_none(), "Enter closes it again");
    press(&mut window, Modifiers::NONE, Key::ArrowDown);
    press(&mut window, Modifiers::NONE, Key::Enter);
    until(&mut window, "every byte");
    let text = hashes.iter().fold(outlined(&window, folder.path()), |text, hash| text.replace(hash, "HASH"));
    insta::assert_snapshot!("flashings", text);
    window.get_by_label("Search by serial number").type_text("MT000000");
    until(&mut window, "1 flashing");
    assert!(window.query_by_label_contains("MT000002").is_none());
    // One that is kept meanwhile is there when the page is.
    press(&mut window, Modifiers::NONE, Route::Bench.key());
    keeper.keep_flashing(&flashing("MT00000003", Outcome::Cancelled)).unwrap();
    press(&mut window, Modifiers::NONE, Route::Records.key());
    until(&mut window, "MT00000003 CANCELLED");
    // The list has its filter and what was typed still.
    press(&mut window, Modifiers::NONE, Key::Escape);
    until(&mut window, "MT0000007 FAIL");
    window.get_by_role_and_label(Role::ComboBox, "Verdict");
}

#[test]
fn statistics_never_mix_simulated_runs_with_real_ones() {
    let folder = stored(&some());
    let mut window = window_of(folder.path(), [1280.0, 1700.0]);
    until(&mut window, "30 records");
    window.get_by_role_and_label(Role::Button, "Statistics").click();
    until(&mut window, "27 simulated runs are left out");
    window.get_by_label_contains("3 attempts: 3 PASS");
    insta::assert_snapshot!("statistics", outlined(&window, folder.path()));
    // What was measured is read as on the bench page, and whole: the names, and the limits of a register.
    let shown = drawn::all(&window);
    assert!(shown.contains(&"energy error".to_owned()), "{shown:?}");
    assert!(!shown.iter().any(|text| text.contains("energy_error")), "{shown:?}");
    assert_eq!((drawn::elided(&window), drawn::cut(&window)), (Vec::new(), Vec::new()));
    window.get_by_role_and_label(Role::ComboBox, "Run").click();
    window.run_steps(3);
    window.get_by_role_and_label(Role::Button, "simulated").click();
    until(&mut window, "SIMULATED: these figures are of simulated runs");
    until(&mut window, "27 attempts");
    window.get_by_label_contains("1 attempts, cumulated 100.0 %");
    window.get_by_role_and_label(Role::Button, "IgainL").click();
    until(&mut window, "Trend of IgainL");
}

#[test]
fn units_stand_beside_each_other() {
    let folder = stored(&some());
    let mut window = window_of(folder.path(), [1280.0, 1700.0]);
    until(&mut window, "30 records");
    for serial in ["MT0000007", "MT0000011"] {
        scan(&mut window, serial);
        until(&mut window, "About the run");
        window.run_steps(3);
        until(&mut window, &format!("record {}, ", if serial == "MT0000011" { 12 } else { 18 }));
        window.get_by_role_and_label(Role::Button, "Compare with others").click();
        window.run_steps(3);
    }
    window.get_by_role_and_label(Role::Button, "Compare (2)").click();
    until(&mut window, "Registers the units were left with");
    insta::assert_snapshot!("compared", outlined(&window, folder.path()));
    // Back at the attempts of the unit that was scanned last, then at all.
    press(&mut window, Modifiers::NONE, Key::Escape);
    until(&mut window, "1 record");
    press(&mut window, Modifiers::NONE, Key::Escape);
    until(&mut window, "30 records");
}

#[test]
fn a_store_that_cannot_be_read_says_why_and_is_tried_again() {
    let folder = folder();
    let mut window = window(folder.path());
    until(&mut window, "there are no records in");
    Store::open(&file_in(folder.path())).unwrap().append_all(&drafts(3)).unwrap();
    window.get_by_role_and_label(Role::Button, "Read again").click();
    until(&mut window, "3 records");
    assert!(window.query_all_by_label_contains("there are no records in").next().is_none());
}

#[test]
fn a_newer_store_is_named_as_such() {
    let folder = stored(&drafts(3));
    let bytes = std::fs::read(file_in(folder.path())).unwrap();
    // The version of the schema stands at byte 60 of the file's header (SQLite, "The Database File Format", 1.3).
    let mut newer = bytes;
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(file_in(folder.path()), newer).unwrap();
    let mut window = window(folder.path());
    until(&mut window, "A newer version of this program has used the file");
}

#[test]
fn a_window_without_records_says_so() {
    let app = App::with(Core::default(), BenchPage::default());
    let mut window =
        Harness::builder().with_context_setup(dress).build_ui_state(|ui, app: &mut App| app.draw_ui(ui), app);
    window.key_press(Route::Records.key());
    window.run_steps(3);
    window.get_by_label("There are no records here");
}

/// Counts how often it was told that something came.
struct Counts(AtomicUsize);

impl Wake for Counts {
    fn wake(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What the archive tells next, within half a minute.
fn next(archive: &mut Archive) -> ArchiveNotice {
    for _ in 0..6000 {
        if let Some(told) = archive.poll() {
            return told.unwrap();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("nothing came");
}

#[test]
fn the_last_letter_is_always_answered_and_those_before_it_need_not_be() {
    let folder = stored(&drafts(2000));
    let wake = Arc::new(Counts(AtomicUsize::new(0)));
    let mut archive = Archive::spawn(file_in(folder.path()), Arc::<Counts>::clone(&wake)).unwrap();
    let part = |part: &str| Wanted { part: part.to_owned(), ..Wanted::default() };
    // A thousand letters at once are more than the channel holds.
    for letter in 0..1000 {
        archive.ask(ArchiveRequest::List(part(&format!("MT{letter:07}"))));
    }
    archive.ask(ArchiveRequest::Count(Filter::default(), None));
    let (mut answers, mut counted) = (0, false);
    loop {
        match next(&mut archive) {
            ArchiveNotice::Listed { wanted, .. } => {
                answers += 1;
                if wanted.part == "MT0000999" {
                    break;
                }
            }
            ArchiveNotice::Counted(_) => counted = true,
            other => panic!("{other:?}"),
        }
    }
    assert!(answers < 500, "{answers} of 1001 were answered although they were outdated");
    // What was asked for in another lane is answered too, although it was interrupted.
    while !counted {
        counted = matches!(next(&mut archive), ArchiveNotice::Counted(_));
    }
    assert!(wake.0.load(Ordering::Relaxed) >= 3);
}

#[test]
fn every_page_of_the_list_is_the_list() {
    let folder = stored(&drafts(4500));
    let store = Store::read_only(&file_in(folder.path())).unwrap();
    let failed = Wanted { verdict: Some(Verdict::Fail), ..Wanted::default() };
    let second = Filter { position: Some(2), operator: Some("morning".to_owned()), ..Filter::default() };
    let part = Wanted { part: "7".to_owned(), ..Wanted::default() };
    for wanted in [Wanted::default(), failed, Wanted { filter: second, ..Wanted::default() }, part] {
        let total = store.count(&wanted).unwrap();
        let meant = |draft: &Draft| {
            let entry = &draft.entry;
            wanted.verdict.is_none_or(|verdict| verdict == entry.verdict)
                && wanted.filter.position.is_none_or(|position| position == entry.position)
                && wanted.filter.operator.as_ref().is_none_or(|operator| entry.operator.as_ref() == Some(operator))
                && (entry.serial.starts_with(&wanted.part) || entry.serial.ends_with(&wanted.part))
        };
        let expected: Vec<u64> =
            (0..4500).rev().filter(|number| meant(&draft(*number))).map(|number| number + 1).collect();
        assert_eq!(total, Total::Exactly(expected.len() as u64), "{wanted:?}");
        let pages = (0..).map(|page| page * PAGE as u64).take_while(|offset| *offset < total.listed());
        let found: Vec<u64> =
            pages.flat_map(|offset| store.rows(&wanted, offset, PAGE).unwrap()).map(|found| found.number).collect();
        assert_eq!(found, expected, "{wanted:?}");
    }
    let many = Wanted { part: "MT".to_owned(), ..Wanted::default() };
    assert!(matches!(store.count(&many).unwrap(), Total::AtLeast(count) if count >= 500));
    let attempts = store.attempts_of("MT0000007").unwrap();
    assert_eq!(attempts.iter().map(|found| found.number).collect::<Vec<_>>(), [18, 8]);
}

#[test]
fn a_paper_is_printed_from_the_record_that_was_meant() {
    let folder = stored(&drafts(3));
    let file = file_in(folder.path());
    let station = Store::read_only(&file).unwrap().station().to_owned();
    let press = Press {
        file,
        print: Arc::new(|sheet, _, record| {
            let serial = &record.record.entry.serial;
            if sheet == Sheet::Label { Err("no label".to_owned()) } else { Ok(serial.clone().into_bytes()) }
        }),
    };
    let order = |sheet, number| Order {
        press: press.clone(),
        sheet,
        key: Place { station: station.clone(), number },
        serial: "MT/2 a".to_owned(),
    };
    assert_eq!(order(Sheet::Certificate, 2).file_name(), "certificate-MT_2_a-2.pdf");
    let path = folder.path().join("paper.pdf");
    order(Sheet::Certificate, 2).carry_out(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "MT0000001");
    assert_eq!(order(Sheet::Label, 2).carry_out(&path), Err("no label".to_owned()));
    assert_eq!(order(Sheet::Certificate, 9).carry_out(&path), Err("There is no record 9".to_owned()));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "MT0000001", "what was there stays");

    // The buttons are there when somebody prints, and not when nobody does.
    let mut window = window(folder.path());
    scan(&mut window, "MT0000001");
    until(&mut window, "About the run");
    assert!(window.query_by_role_and_label(Role::Button, "Certificate…").is_none());
    let app = App::with(Core::default(), BenchPage::default());
    let app = app.reading_records(file_in(folder.path()), Arc::new(NoWake)).printing(press);
    *window.state_mut() = app;
    window.step();
    window.key_press(Route::Records.key());
    window.step();
    scan(&mut window, "MT0000001");
    until(&mut window, "About the run");
    window.get_by_role_and_label(Role::Button, "Certificate…");
    assert!(!window.get_by_role_and_label(Role::Button, "Label…").accesskit_node().is_disabled());
}

#[test]
fn papers_are_made_from_the_records_shown() {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_meterbench"))
        .args(["run", "--procedure", "calibrate-quick", "--serial", "MT1", "--meter", "sim:?seed=7", "--data"])
        .arg(data)
        .output()
        .expect("ran");
    assert!(output.status.success(), "{output:?}");
    let store = Store::read_only(&file_in(data)).expect("store");
    let record = store.record(None, 1).expect("read").expect("there");
    let press = Press::of_records(data, data.join("templates"));
    for sheet in [Sheet::Certificate, Sheet::Label] {
        let pdf = (press.print)(sheet, &store, &record).expect("made");
        assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 5000, "{sheet:?}: {} bytes", pdf.len());
    }
}
