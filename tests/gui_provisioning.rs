//! Provisioning lists as a person meets them in the window: a file is opened, its columns are looked at, checked and imported, and the runs
//! that flash give each unit its row.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on stops"
)]

mod outline;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use egui::accesskit::Role;
use egui::{DroppedFile, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use meterbench::gui::app::{App, dress};
use meterbench::gui::provision_view::draft::{Checked, Draft};
use meterbench::gui::session::{AddressTexts, Consent, Notice, Order, Session};
use meterbench::job::NoWake;
use meterbench::procedure::{Event, RunReport, Verdict};
use meterbench::provision::{Provisioning, State};
use meterbench::record::{Store, file_in};
use meterbench::settings;

type Window = Harness<'static, App>;

const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/firmware/images/meter.elf");
const LIST: &str = "Serial No.,Access token,Starting code,Port,Remark\nMT1,tell-nobody-1,123456781,80,a\nMT2,tell-nobody-2,123456782,81,b\n";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// A file that its owner only can read.
fn file(folder: &Path, name: &str, content: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    path
}

/// A window on its firmware page, with its lists in this folder.
fn window(folder: &Path, size: [f32; 2]) -> Window {
    let mut found = settings::Store::in_folder(folder.to_owned()).load();
    found.settings.addresses.meter = "sim:?seed=7".to_owned();
    found.writable = false;
    let mut app = App::recording(Arc::new(NoWake), None, found, folder.to_owned());
    app.core.data_folder = Some(folder.to_owned());
    let mut window = Harness::builder().with_size(size).with_context_setup(dress).build_ui_state(
        |ui, app: &mut App| {
            app.take_in();
            app.draw_ui(ui);
        },
        app,
    );
    window.key_press_modifiers(Modifiers::NONE, Key::F6);
    until(&mut window, "looked", |app| app.core.provisioning.lists.is_some());
    window
}

fn until(window: &mut Window, what: &str, so: impl Fn(&App) -> bool) {
    for _ in 0..6_000 {
        window.step();
        if so(window.state()) {
            (0..4).for_each(|_| window.step());
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("not {what}: {}", outline::outline(window, 200));
}

fn checked(app: &App) -> Option<&Checked> {
    app.core.provisioning.draft.as_ref().map(Draft::checked).filter(|checked| **checked != Checked::Busy)
}

/// A file under the pointer.
#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

fn drop_file(window: &mut Window, path: &Path) {
    window.input_mut().dropped_files.push(Arc::new(Dropped(path.to_owned())));
    window.step();
}

/// Opens a file by dropping it onto the page, and waits for its check.
fn open(window: &mut Window, path: &Path) {
    drop_file(window, path);
    until(window, "checked", |app| checked(app).is_some());
}

/// Takes a column for something else, by the box that a person would open.
fn take(window: &mut Window, header: &str, field: &str) {
    window.get_by_role_and_label(Role::ComboBox, &format!("Column {header} is taken for")).click();
    (0..4).for_each(|_| window.step());
    let entry = |window: &Window, act: &dyn Fn(egui_kittest::Node<'_>)| {
        let mut entries = window.get_all_by_label(field);
        act(entries.rfind(|node| node.accesskit_node().role() == Role::Button).expect("in the box"));
    };
    entry(window, &|node| node.scroll_to_me());
    (0..8).for_each(|_| window.step());
    entry(window, &|node| node.click());
    (0..4).for_each(|_| window.step());
    until(window, "checked", |app| checked(app).is_some());
}

/// What stands in front of the page: the dialog, or the card.
fn shown(window: &Window, from: &str) -> String {
    let text = outline::outline(window, 200);
    let lines = text.lines().skip_while(|line| !line.contains(from));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_list_is_looked_at_checked_and_imported() {
    let folder = folder();
    let mut window = window(folder.path(), [1280.0, 900.0]);
    open(&mut window, &file(folder.path(), "lot-47.csv", LIST));
    insta::assert_snapshot!("import", shown(&window, "Import lot-47.csv"));
    let all = outline::outline(&window, 200);
    assert!(!all.contains("tell-nobody") && !all.contains("12345678"), "{all}");
    assert!(matches!(checked(window.state()), Some(Checked::Right(found)) if found.added == 2));

    // Whoever finds everything right goes on by Enter.
    window.key_press(Key::Enter);
    until(&mut window, "imported", |app| app.core.provisioning.list("lot-47").is_some());
    assert_eq!(window.state().core.settings.provisioning, "lot-47");
    window.get_by_label_contains("lot-47: 2 rows added, 0 were there already");
    window.get_by_label("2 free, 0 used");
    let rows = Provisioning::open(folder.path()).unwrap().rows(Some("lot-47")).unwrap();
    assert_eq!(rows[0].unit.as_deref(), Some("MT1"));
    assert_eq!(rows[0].fields, ["port", "starting_code", "token"]);
}

#[test]
fn what_is_wrong_is_said_as_columns_are_chosen() {
    let folder = folder();
    let mut window = window(folder.path(), [1280.0, 900.0]);
    let wrong = |window: &Window| match checked(window.state()) {
        Some(Checked::Wrong(faults, _)) => faults.join("; "),
        other => panic!("{other:?}"),
    };
    // Twice the same unit, a code of eight digits, a token that is too long.
    let csv = "Serial No.,Access token,Code\nMT1,hush-1,123456781\nMT1,hush-2,12345678901\n\
               MT3,hush-much-longer-than-thirty-two-characters,1\n";
    open(&mut window, &file(folder.path(), "lot.csv", csv));
    let found = wrong(&window);
    assert!(found.contains("MT1 stands there twice") && found.contains("line 4 of the list: token has 43"), "{found}");
    assert!(window.get_by_role_and_label(Role::Button, "Import").accesskit_node().is_disabled());
    assert!(!found.contains("hush"), "{found}");

    // Without the serial number, rows are given in turn: that is no fault, and not what one expects.
    take(&mut window, "Serial No.", "left out");
    window.get_by_label("No column is the serial number: units get the rows in turn");
    take(&mut window, "Access token", "left out");
    assert!(wrong(&window).contains("no column of the list is a field"));
    take(&mut window, "Code", "starting_code");
    let found = wrong(&window);
    assert!(found.contains("line 3 of the list: starting_code") && !found.contains("12345678901"), "{found}");
    take(&mut window, "Access token", "starting_code");
    assert!(wrong(&window).contains("starting_code is chosen for"), "{}", wrong(&window));
    insta::assert_snapshot!("import_faults", shown(&window, "Import lot.csv"));

    window.key_press(Key::Escape);
    until(&mut window, "closed", |app| app.core.provisioning.draft.is_none());
    assert!(window.state().core.provisioning.lists.as_ref().unwrap().is_empty(), "nothing was taken");
}

#[test]
fn columns_are_taken_as_they_were_the_last_time() {
    let folder = folder();
    let mut window = window(folder.path(), [1280.0, 900.0]);
    open(&mut window, &file(folder.path(), "first.csv", "Unit,Geheim,token\nMT1,11,t1\n"));
    take(&mut window, "Geheim", "meter_number");
    take(&mut window, "token", "left out");
    window.get_by_role_and_label(Role::Button, "Import").click();
    until(&mut window, "imported", |app| app.core.provisioning.list("first").is_some());
    open(&mut window, &file(folder.path(), "second.csv", "token,Unit,Geheim,more\nt2,MT2,12,x\n"));
    let draft = window.state().core.provisioning.draft.as_ref().unwrap();
    let names: Vec<&str> = draft.taken.iter().map(|taken| taken.name()).collect();
    assert_eq!(names, ["", "serial", "meter_number", ""]);
}

#[test]
fn what_is_no_list_is_said() {
    let folder = folder();
    let mut window = window(folder.path(), [1280.0, 900.0]);
    for (name, content, part) in [("empty.csv", "token\n", "no row"), ("ragged.csv", "a,b\n1\n", "1 columns")] {
        let path = file(folder.path(), name, content);
        drop_file(&mut window, &path);
        let said = |app: &App| app.core.provisioning.trouble.as_ref().is_some_and(|advice| advice.what.contains(part));
        until(&mut window, part, said);
        window.get_by_label_contains(name);
    }
    drop_file(&mut window, &folder.path().join("nowhere.csv"));
    until(&mut window, "said", |app| {
        app.core.provisioning.trouble.as_ref().is_some_and(|advice| advice.what.starts_with("nowhere.csv: "))
    });
}

/// Connects and orders at the simulated station; returns the reports with what was said after them, or what was refused and
/// whether the source was ever on.
fn run(
    folder: &Path,
    serials: &[&str],
    target: &str,
    list: &str,
) -> Result<(Vec<RunReport>, Vec<String>), (String, bool)> {
    let mut session = Session::recording(Arc::new(NoWake), folder.to_owned()).unwrap();
    let meter = format!("sim:?seed=7&positions={}", serials.len());
    assert!(session.connect(AddressTexts { meter, ..AddressTexts::default() }));
    let order = Order {
        serials: serials.iter().map(|&serial| serial.to_owned()).collect(),
        profile: "opensmartmeter-mt50".to_owned(),
        procedure: "calibrate-flash-quick".to_owned(),
        targets: target.split(' ').map(str::to_owned).collect(),
        image: IMAGE.to_owned(),
        provisioning: list.to_owned(),
        golden: false,
    };
    let again = serials.iter().map(|&serial| serial.to_owned()).collect();
    assert!(session.start(order, Consent { again, ..Consent::default() }));
    let (mut ended, mut said, mut began) = (None, Vec::new(), false);
    for _ in 0..12_000 {
        match session.poll() {
            Some(Ok(Notice::Ended(reports))) => ended = Some(reports),
            Some(Ok(Notice::Refused(advice))) => {
                session.close(None);
                return Err((advice.what, began));
            }
            Some(Ok(Notice::Run(Event::LoadPoint { .. }) | Notice::Began { .. })) => began = true,
            Some(Ok(Notice::Said(text))) => said.push(text),
            Some(Err(error)) => panic!("{error:?}"),
            Some(Ok(_)) => {}
            None => match ended.take() {
                Some(reports) => {
                    // What is said of the rows comes right behind the end.
                    std::thread::sleep(Duration::from_millis(100));
                    while let Some(Ok(notice)) = session.poll() {
                        if let Notice::Said(text) = notice {
                            said.push(text);
                        }
                    }
                    session.close(None);
                    return Ok((reports, said));
                }
                None => std::thread::sleep(Duration::from_millis(5)),
            },
        }
    }
    panic!("no end");
}

#[test]
fn a_run_in_the_window_gives_each_unit_its_row() {
    let folder = folder();
    let folder = folder.path();
    let mut lists = Provisioning::open(folder).unwrap();
    let three = b"token,host\ntell-nobody-1,a.example.org\ntell-nobody-2,b.example.org\ntell-nobody-3,c.example.org\n";
    lists.import("lot", three, &Default::default()).unwrap();
    let states = |lists: &Provisioning| -> Vec<State> {
        lists.rows(Some("lot")).unwrap().into_iter().map(|row| row.state).collect()
    };

    let (reports, said) = run(folder, &["A1"], "sim:", "lot").unwrap();
    assert_eq!((reports[0].verdict, said), (Verdict::Pass, vec![]));
    assert_eq!(reports[0].flash.as_ref().unwrap().provisioning_row.as_deref(), Some("lot row 1"));
    assert_eq!(states(&lists), [State::Used, State::Free, State::Free]);
    let store = Store::open(&file_in(folder)).unwrap();
    let record = store.record(None, 1).unwrap().unwrap();
    assert_eq!(record.record.entry.provisioning_row.as_deref(), Some("lot row 1"));
    assert!(!format!("{record:?}").contains("tell-nobody"));

    // Half written, the chip may hold the values; no other unit gets them.
    let (reports, said) = run(folder, &["A2"], "sim:?gone_at=20000", "lot").unwrap();
    assert_eq!(reports[0].verdict, Verdict::Error);
    assert!(said.iter().any(|text| text.starts_with("lot row 2 stays with A2")), "{said:?}");
    assert_eq!(states(&lists), [State::Used, State::OnChip, State::Free]);

    // Two units, one row: neither is begun with, and the row is as it was.
    let (refused, began) = run(folder, &["A3", "A4"], "sim:", "lot").unwrap_err();
    assert!(refused.contains("no free row left") && !began, "{refused}");
    let (refused, began) = run(folder, &["A3"], "sim:", "another").unwrap_err();
    assert!(refused.contains("no provisioning list \"another\"") && !began, "{refused}");
    assert_eq!(states(&lists), [State::Used, State::OnChip, State::Free]);
    // A target that is none is found out behind the reservation.
    let (_, began) = run(folder, &["A3"], "rom+tcp:127.0.0.1:1", "lot").unwrap_err();
    assert!(!began && states(&lists)[2] == State::Free);

    let (reports, _) = run(folder, &["A2"], "sim:", "lot").unwrap();
    assert_eq!(reports[0].verdict, Verdict::Pass, "{:?}", reports[0].advice);
    assert_eq!(states(&lists), [State::Used, State::Used, State::Free]);
}

#[test]
fn rows_that_wait_for_somebody_are_shown_and_decided_about() {
    let folder = folder();
    let mut lists = Provisioning::open(folder.path()).unwrap();
    lists.import("lot", b"token\nt1\nt2\nt3\n", &Default::default()).unwrap();
    let row = lists.reserve("lot", "MT1").unwrap();
    lists.leave_on_chip(&row).unwrap();
    lists.reserve("lot", "MT2").unwrap();
    drop(lists);
    let mut window = window(folder.path(), [1280.0, 900.0]);
    window.state_mut().core.settings.provisioning = "lot".to_owned();
    (0..4).for_each(|_| window.step());
    insta::assert_snapshot!("waiting", shown(&window, "\"Provisioning\""));
    // A row that another unit can get is asked about, and Enter by accident leaves it.
    let free = |window: &mut Window| {
        window.get_by_role_and_label(Role::Button, "lot row 2 is free").click();
        (0..4).for_each(|_| window.step());
        window.get_by_label("Is lot row 2 free?");
    };
    free(&mut window);
    insta::assert_snapshot!("release", shown(&window, "Is lot row 2 free?"));
    window.key_press(Key::Enter);
    (0..8).for_each(|_| window.step());
    assert!(window.query_by_label("Is lot row 2 free?").is_none());
    assert_eq!(window.state().core.provisioning.list("lot").unwrap().free, 1);
    free(&mut window);
    let buttons = window.get_all_by_role_and_label(Role::Button, "lot row 2 is free");
    buttons.last().expect("in the question").click();
    until(&mut window, "decided", |app| app.core.provisioning.list("lot").is_some_and(|list| list.free == 2));
    window.get_by_role_and_label(Role::Button, "lot row 1 is used").click();
    until(&mut window, "decided", |app| app.core.provisioning.list("lot").is_some_and(|list| list.waiting.is_empty()));

    // A list that went away is missed before a run is.
    window.state_mut().core.settings.provisioning = "gone".to_owned();
    (0..4).for_each(|_| window.step());
    window.get_by_label_contains("There is no list gone");
}
