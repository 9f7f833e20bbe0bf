//! The profiles page as a person meets it: duplicate, edit with its faults, save, rename, compare, delete, leave.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on stops")]

mod outline;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use meterbench::gui::app::{App, dress};
use meterbench::gui::command::Command;
use meterbench::gui::core::Core;
use meterbench::gui::device::Device;
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::route::Route;
use meterbench::gui::shelf::ShelfRequest;
use meterbench::job::NoWake;
use meterbench::profile::library::{self, Library};
use meterbench::profile::{self, Kind};
use proptest::prelude::*;

type Window = Harness<'static, App>;

const OWN: &str = "mt50-lab";

/// An empty folder of this test's own.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("profiles-test").join(test);
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn window_of(folder: &Path, size: [f32; 2]) -> Window {
    let library = Library::in_folder(folder.to_owned());
    let mut app = App::with(Core::default(), BenchPage::default()).keeping_profiles(library, Arc::new(NoWake));
    app.route = Route::Profiles;
    let mut window = Harness::builder().with_size(size).with_context_setup(dress).build_ui_state(
        |ui, app: &mut App| {
            app.take_in();
            app.draw_ui(ui);
        },
        app,
    );
    settled(&mut window);
    window
}

fn window(folder: &Path) -> Window {
    window_of(folder, [1280.0, 720.0])
}

/// Until the disk has done what was asked.
fn settled(window: &mut Window) {
    for _ in 0..2000 {
        window.run();
        if !window.state().core.profiles_busy {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("the profiles' thread does not answer");
}

/// The window as text, without where the test's folder lies.
fn outline(window: &Window) -> String {
    outline::outline(window, 300).replace(env!("CARGO_MANIFEST_DIR"), "")
}

fn press(window: &mut Window, label: &str) {
    window.get_by_role_and_label(Role::Button, label).click_accesskit();
    window.run();
    settled(window);
}

fn choose(window: &mut Window, name: &str) {
    window
        .get_by(|node| node.role() == Role::Button && node.label().is_some_and(|label| label.starts_with(name)))
        .click_accesskit();
    window.run();
}

fn field<'a>(window: &'a Window, name: &str) -> egui_kittest::Node<'a> {
    let label = format!("Text of {name}");
    window.get_by(move |node| node.label().is_some_and(|found| found == label))
}

/// Puts a text in the place of the one that stands there, as somebody who pastes it.
fn retype(window: &mut Window, name: &str, text: &str) {
    field(window, name).focus();
    window.run();
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.run();
    window.event(egui::Event::Paste(text.to_owned()));
    window.run();
}

fn name_it(window: &mut Window, name: &str) {
    let label = "New name";
    window.get_by_role_and_label(Role::TextInput, label).focus();
    window.run();
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.run();
    window.get_by_role_and_label(Role::TextInput, label).type_text(name);
    window.run();
}

/// A window on a copy of the MT50.
fn with_copy(folder: &Path) -> Window {
    let mut window = window(folder);
    choose(&mut window, "opensmartmeter-mt50");
    press(&mut window, "Duplicate…");
    name_it(&mut window, OWN);
    window.key_press(Key::Enter);
    window.run();
    settled(&mut window);
    window
}

fn file(folder: &Path) -> PathBuf {
    folder.join("meters").join(format!("{OWN}.toml"))
}

fn copied_text(folder: &Path) -> String {
    fs::read_to_string(file(folder)).unwrap()
}

fn said(window: &Window, part: &str) -> bool {
    outline(window).contains(part)
}

/// What was typed stands in the editor still.
fn kept(window: &Window) -> bool {
    field(window, OWN).accesskit_node().value().is_some_and(|text| text.ends_with("# mine\n"))
}

#[test]
fn a_shipped_profile_can_only_be_read_and_duplicated() {
    let folder = folder("shipped");
    let mut window = window(&folder);
    choose(&mut window, "opensmartmeter-mt50");
    insta::assert_snapshot!("shipped", outline(&window));
    assert!(window.query_by_label("Save").is_none() && window.query_by_label("Delete…").is_none());
    retype(&mut window, "opensmartmeter-mt50", "x = 1");
    assert!(!window.state().core.profiles.is_empty() && !said(&window, "Not saved"));
    assert!(fs::read_dir(&folder).unwrap().next().is_none(), "nothing is written by looking");
}

#[test]
fn duplicating_gives_a_profile_of_ones_own() {
    let folder = folder("duplicate");
    let mut window = window(&folder);
    choose(&mut window, "opensmartmeter-mt50");
    press(&mut window, "Duplicate…");
    for (name, why) in [
        ("opensmartmeter-mt25", "the name of a shipped profile"),
        ("CALIBRATE", "the name of a shipped profile"),
        ("a b", "is no name"),
        ("../x", "is no name"),
        ("nul", "a device on Windows"),
        ("", "Give it a name"),
    ] {
        name_it(&mut window, name);
        if name.is_empty() {
            window.key_press(Key::Backspace);
            window.run();
        }
        assert!(said(&window, why), "{name}: {}", outline(&window));
        assert!(window.get_by_role_and_label(Role::Button, "Duplicate").accesskit_node().is_disabled());
    }
    name_it(&mut window, OWN);
    insta::assert_snapshot!("duplicate", outline(&window));
    press(&mut window, "Duplicate");
    let text = copied_text(&folder);
    assert!(text.starts_with("# Copied from opensmartmeter-mt50\n") && text.contains("name = \"mt50-lab\""), "{text}");
    assert_eq!(library::findings(Kind::Meter, OWN, &text), []);
    insta::assert_snapshot!("own", outline(&window));
    // It can be chosen on the bench.
    assert!(window.state().page.profiles.iter().any(|(name, title)| name == OWN && title.contains("(yours)")));
    // A second one of that name cannot be made.
    press(&mut window, "Duplicate…");
    name_it(&mut window, "MT50-LAB");
    assert!(said(&window, "There is a profile named mt50-lab already"));
}

#[test]
fn faults_are_said_with_their_place_as_one_types() {
    let folder = folder("faults");
    let mut window = with_copy(&folder);
    let text = copied_text(&folder);
    for (from, to, line_of, part) in [
        (
            "un_volts = 240",
            "un_volts = 9240",
            "un_volts = 9240",
            "column 12: rating.un_volts: 9240 is out of range; 10 to 500",
        ),
        (
            "un_volts = 240",
            "un_volt = 240",
            "un_volt = 240",
            "column 1: rating.un_volt: unknown field `un_volt`, expected one of",
        ),
        ("un_volts = 240", "un_volts = ", "un_volts = \n", "column 12"),
        ("name = \"mt50-lab\"", "name = \"calibrate\"", "name = \"calibrate\"", "is wanted, or rename the profile"),
        ("kind = \"meter\"", "kind = \"motor\"", "kind = \"motor\"", "`meter`"),
    ] {
        assert!(text.contains(from), "{from}");
        let broken = text.replacen(from, to, 1);
        retype(&mut window, OWN, &broken);
        let at = broken.find(line_of).unwrap();
        let line = broken[..at].matches('\n').count() + 1;
        assert!(said(&window, &format!("line {line}, column")) && said(&window, part), "{to}: {}", outline(&window));
        assert!(said(&window, "so it cannot be used") && said(&window, "Not saved"));
        let (invalid, described) = {
            let node = field(&window, OWN);
            let node = node.accesskit_node();
            (node.data().invalid().is_some(), node.data().description().unwrap_or_default().to_owned())
        };
        assert!(invalid && described.contains(part), "{described}");
    }
    let broken = text.replacen("un_volts = 240", "un_volts = 9240", 1);
    retype(&mut window, OWN, &broken);
    insta::assert_snapshot!("faults", outline(&window));
    // Two at once are both there.
    retype(&mut window, OWN, &broken.replacen("imax_amps = 80", "imax_amps = 1", 1));
    assert!(said(&window, "2 faults") && said(&window, "rating.imax_amps"));
    press(&mut window, "Revert");
    assert!(said(&window, "Passes its checks") && !said(&window, "Not saved"));
    assert_eq!(copied_text(&folder), text);
}

#[test]
fn what_is_saved_is_in_the_file_and_a_fault_is_saved_too() {
    let folder = folder("save");
    let mut window = with_copy(&folder);
    let text = copied_text(&folder);
    let changed = text.replacen("class = \"1\"", "class = \"2\"", 1);
    retype(&mut window, OWN, &changed);
    assert_eq!(copied_text(&folder), text, "not before somebody saves");
    window.key_press_modifiers(Modifiers::COMMAND, Key::S);
    window.run();
    settled(&mut window);
    assert_eq!(copied_text(&folder), changed);
    assert!(said(&window, "Saved mt50-lab") && !said(&window, "Not saved"));
    assert!(window.get_by_role_and_label(Role::Button, "Save").accesskit_node().is_disabled());
    // Half a profile is work too; it is kept and not offered on the bench.
    let half = changed.replacen("un_volts = 240", "un_volts = ", 1);
    retype(&mut window, OWN, &half);
    press(&mut window, "Save");
    assert_eq!(copied_text(&folder), half);
    assert!(said(&window, "it cannot be used until its faults are corrected"));
    assert!(!window.state().page.profiles.iter().any(|(name, _)| name == OWN));
    assert!(fs::read_dir(folder.join("meters")).unwrap().count() == 1, "nothing is left beside it");
}

#[test]
fn what_somebody_else_wrote_is_not_overwritten() {
    let folder = folder("changed");
    let mut window = with_copy(&folder);
    let text = copied_text(&folder);
    retype(&mut window, OWN, &format!("{text}# mine\n"));
    let theirs = format!("{text}# theirs\n");
    fs::write(file(&folder), &theirs).unwrap();
    press(&mut window, "Save");
    assert!(said(&window, "was changed by another program since it was opened"));
    assert_eq!(copied_text(&folder), theirs);
    assert!(kept(&window) && said(&window, "Not saved"), "nothing typed is lost");
}

#[test]
fn a_disk_that_refuses_costs_nothing() {
    let folder = folder("refused");
    let mut window = with_copy(&folder);
    let text = copied_text(&folder);
    // Where the new file would be written beside the old one lies a folder: the same refusal for whoever runs the test.
    let in_the_way = folder.join("meters").join("mt50-lab.toml.new");
    fs::create_dir_all(in_the_way.join("x")).unwrap();
    retype(&mut window, OWN, &format!("{text}# mine\n"));
    press(&mut window, "Save");
    assert!(said(&window, "mt50-lab.toml cannot be written"), "{}", outline(&window));
    assert!(kept(&window) && said(&window, "Not saved"));
    assert_eq!(copied_text(&folder), text);
    insta::assert_snapshot!("refused", outline(&window));
    fs::remove_dir_all(in_the_way).unwrap();
    press(&mut window, "Save");
    assert_eq!(copied_text(&folder), format!("{text}# mine\n"));
    // A folder that cannot be made.
    let nowhere = folder.join("file");
    fs::write(&nowhere, "x").unwrap();
    let mut window = window_of(&nowhere, [1280.0, 720.0]);
    press(&mut window, "Duplicate…");
    name_it(&mut window, OWN);
    press(&mut window, "Duplicate");
    assert!(said(&window, "cannot be written"), "{}", outline(&window));
}

#[cfg(unix)]
#[test]
fn a_folder_one_may_only_read_is_said() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder("read-only");
    let mut window = with_copy(&folder);
    let text = copied_text(&folder);
    fs::set_permissions(folder.join("meters"), fs::Permissions::from_mode(0o555)).unwrap();
    let refused = fs::write(folder.join("meters").join("probe"), "").is_err();
    retype(&mut window, OWN, &format!("{text}# mine\n"));
    press(&mut window, "Save");
    fs::set_permissions(folder.join("meters"), fs::Permissions::from_mode(0o755)).unwrap();
    // Who may do anything is refused nothing.
    assert_eq!(said(&window, "cannot be written"), refused);
    assert!(kept(&window));
}

#[test]
fn renaming_takes_the_name_inside_along() {
    let folder = folder("rename");
    let mut window = with_copy(&folder);
    window.state_mut().page.profile = OWN.to_owned();
    press(&mut window, "Rename…");
    assert!(said(&window, "That is its name already"));
    name_it(&mut window, "mt50-line-2");
    window.key_press(Key::Enter);
    window.run();
    settled(&mut window);
    let text = fs::read_to_string(folder.join("meters").join("mt50-line-2.toml")).unwrap();
    assert!(text.contains("name = \"mt50-line-2\"") && !file(&folder).exists());
    assert!(said(&window, "mt50-lab is now mt50-line-2") && said(&window, "Passes its checks"));
    assert_eq!(window.state().page.profile, "mt50-line-2", "the bench goes on with the same profile");
}

#[test]
fn deleting_is_asked_for_first() {
    let folder = folder("delete");
    let mut window = with_copy(&folder);
    press(&mut window, "Delete…");
    insta::assert_snapshot!("delete", outline(&window));
    // Enter on what has the focus, and Esc, keep it.
    window.key_press(Key::Enter);
    window.run();
    assert!(file(&folder).exists() && window.query_by_label("Keep it").is_none());
    press(&mut window, "Delete…");
    window.key_press(Key::Escape);
    window.run();
    assert!(file(&folder).exists() && window.query_by_label("Keep it").is_none());
    press(&mut window, "Delete…");
    press(&mut window, "Delete the file");
    assert!(!file(&folder).exists());
    assert!(!window.state().core.profiles.iter().any(|entry| entry.name == OWN));
    assert!(said(&window, "mt50-lab is deleted"));
}

#[test]
fn it_is_compared_with_the_one_it_came_from() {
    let folder = folder("compare");
    let mut window = with_copy(&folder);
    let text = copied_text(&folder).replacen("class = \"1\"", "class = \"2\"", 1);
    retype(&mut window, OWN, &text);
    press(&mut window, "Compare");
    assert!(said(&window, "2 lines of opensmartmeter-mt50 are gone (−), 3 lines are new (+)"), "{}", outline(&window));
    assert!(said(&window, "class = \\\"1\\\"") && said(&window, "class = \\\"2\\\""));
    insta::assert_snapshot!("compared", outline(&window));
    press(&mut window, "Compare");
    assert!(field(&window, OWN).accesskit_node().value().is_some_and(|shown| shown == text), "the text is still there");
}

#[test]
fn unsaved_changes_are_told_before_leaving() {
    let folder = folder("leave");
    let mut window = with_copy(&folder);
    let text = copied_text(&folder);
    let changed = format!("{text}# mine\n");
    retype(&mut window, OWN, &changed);
    // To another page: stays.
    window.key_press(Route::Settings.key());
    window.run();
    insta::assert_snapshot!("leave", outline(&window));
    window.key_press(Key::Enter);
    window.run();
    assert_eq!(window.state().route, Route::Profiles);
    assert!(kept(&window) && window.query_by_label("Go on editing").is_none());
    // To another profile, saved on the way.
    choose(&mut window, "calibrate-quick");
    press(&mut window, "Save and leave");
    assert_eq!(copied_text(&folder), changed);
    assert!(window.query_by_label("Text of calibrate-quick").is_some());
    // Without saving.
    choose(&mut window, OWN);
    retype(&mut window, OWN, "# gone\n");
    window.key_press(Route::Settings.key());
    window.run();
    press(&mut window, "Leave without saving");
    assert_eq!(window.state().route, Route::Settings);
    assert_eq!(copied_text(&folder), changed);
    // Nothing to tell, nothing told.
    window.key_press(Route::Profiles.key());
    window.run();
    window.key_press(Route::About.key());
    window.run();
    assert_eq!(window.state().route, Route::About);
}

#[test]
fn a_save_that_is_refused_does_not_leave() {
    let folder = folder("leave-refused");
    let mut window = with_copy(&folder);
    let text = copied_text(&folder);
    fs::create_dir_all(folder.join("meters").join("mt50-lab.toml.new").join("x")).unwrap();
    retype(&mut window, OWN, &format!("{text}# mine\n"));
    window.key_press(Route::Settings.key());
    window.run();
    press(&mut window, "Save and leave");
    assert_eq!(window.state().route, Route::Profiles);
    assert!(kept(&window) && said(&window, "cannot be written"));
}

#[test]
fn closing_the_window_asks_too() {
    let folder = folder("close");
    let mut window = with_copy(&folder);
    let text = copied_text(&folder);
    retype(&mut window, OWN, &format!("{text}# mine\n"));
    let close = |window: &mut Window| {
        let viewport = window.input_mut().viewports.entry(egui::ViewportId::ROOT).or_default();
        viewport.events.push(egui::ViewportEvent::Close);
        window.step();
        let output = &window.output().viewport_output[&egui::ViewportId::ROOT];
        let kept = output.commands.contains(&egui::ViewportCommand::CancelClose);
        window.input_mut().viewports.entry(egui::ViewportId::ROOT).or_default().events.clear();
        window.run();
        kept
    };
    window.state_mut().route = Route::Bench;
    assert!(close(&mut window), "the window stays");
    assert_eq!(window.state().route, Route::Profiles);
    press(&mut window, "Leave without saving");
    assert!(!close(&mut window));
}

#[test]
fn a_file_with_a_shipped_name_stands_in_for_nothing() {
    let folder = folder("shadow");
    let meters = folder.join("meters");
    fs::create_dir_all(&meters).unwrap();
    let (_, shipped) = profile::text_of("opensmartmeter-mt50").unwrap();
    fs::write(meters.join("opensmartmeter-mt50.toml"), shipped.replacen("class = \"1\"", "class = \"2\"", 1)).unwrap();
    fs::write(meters.join("other.toml"), &shipped).unwrap();
    fs::write(meters.join("blob.toml"), [0xff, 0xfe, 0x00]).unwrap();
    fs::write(meters.join("notes.txt"), "no profile").unwrap();
    let window = window(&folder);
    let list =
        |name: &str| window.state().core.profiles.iter().filter(|entry| entry.name == name && entry.usable()).count();
    assert_eq!(list("opensmartmeter-mt50"), 1, "the program's own");
    assert_eq!((list("other"), list("blob"), list("notes")), (0, 0, 0));
    assert!(said(&window, "opensmartmeter-mt50 · yours, has faults") && said(&window, "other · yours, has faults"));
    let mut window = window;
    choose(&mut window, "opensmartmeter-mt50 · yours");
    assert!(said(&window, "is the name of a shipped profile") && said(&window, "yours, in"), "{}", outline(&window));
    choose(&mut window, "blob");
    assert!(said(&window, "it is no text in UTF-8"));
}

#[test]
fn small_windows_have_the_list_in_a_box() {
    let folder = folder("small");
    for size in [[640.0, 360.0], [853.0, 480.0], [3840.0, 2160.0]] {
        let mut window = window_of(&folder, size);
        window.run();
        assert_eq!(window.query_by_role_and_label(Role::ComboBox, "Profile").is_some(), size[0] < 800.0);
        window.get_by_label("Duplicate…");
    }
}

#[test]
fn commands_say_what_they_do() {
    let save = Command::Profile(ShelfRequest::Save {
        kind: Kind::Meter,
        name: OWN.to_owned(),
        text: String::new(),
        before: String::new(),
    });
    assert_eq!(save.title(), "Save profile mt50-lab");
    assert!(save.look().shortcut.is_some());
}

/// A shipped text with some of its bytes replaced, removed or doubled.
fn mutated() -> impl Strategy<Value = String> {
    let texts: Vec<String> =
        profile::list().into_iter().map(|listed| profile::text_of(&listed.name).unwrap().1).collect();
    let edit = (
        any::<prop::sample::Index>(),
        0_usize..40,
        prop_oneof![
            Just(String::new()),
            "[\\[\\]{}=\"'#.,\n 0-9a-z_°-]{1,6}",
            Just("\"\"\"".to_owned()),
            Just("1e999".to_owned()),
            Just("nan".to_owned()),
            Just("[[verify]]\n".to_owned()),
        ],
    );
    (prop::sample::select(texts), prop::collection::vec(edit, 1..5)).prop_map(|(mut text, edits)| {
        for (at, length, new) in edits {
            let floor = |mut at: usize| {
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                at
            };
            let start = floor(at.index(text.len() + 1));
            let end = floor((start + length).min(text.len()));
            text.replace_range(start..end.max(start), &new);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Whatever somebody types, the check says something with a place inside of the text, and nothing panics.
    #[test]
    fn the_check_stands_whatever_is_typed(text in mutated()) {
        for kind in [Kind::Meter, Kind::Procedure, Kind::Instrument] {
            for finding in library::findings(kind, OWN, &text) {
                prop_assert!(!finding.problem.is_empty());
                let lines = text.split('\n').count();
                prop_assert!(finding.line.is_none_or(|line| (1..=lines).contains(&line)), "{finding} of {lines}");
                prop_assert_eq!(finding.line.is_some(), finding.column.is_some());
                prop_assert!(finding.place.is_none_or(|place| place.start <= text.len() && place.end <= text.len()));
            }
        }
    }
}

#[test]
fn what_the_users_profiles_say_is_known_without_reading_them_again() {
    let folder = folder("known");
    let write = |below: &str, name: &str, text: String| {
        let path = folder.join(below);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join(format!("{name}.toml")), text).unwrap();
    };
    let meter = profile::text_of("opensmartmeter-mt50").unwrap().1.replace("opensmartmeter-mt50", OWN);
    let (before, after) = meter.split_once("[serial]\n").unwrap();
    let rest = after.split_once("\n[").unwrap().1;
    let ruled = |digits: u8| {
        format!("{before}[serial]\nprefix = \"LAB\"\ndigits_min = {digits}\ndigits_max = {digits}\n\n[{rest}")
    };
    write("meters", OWN, ruled(3));
    write("references", "lab-source", profile::text_of("scpi-source").unwrap().1.replace("scpi-source", "lab-source"));
    let mut window = window(&folder);
    window.state_mut().page.profile = OWN.to_owned();
    let fault = |window: &mut Window, serial: &str| {
        serial.clone_into(&mut window.state_mut().page.serial);
        window.state().page.fault()
    };
    assert_eq!(fault(&mut window, "LAB123"), None);
    assert!(fault(&mut window, "LAB1234").is_some());
    // The file changes, and the folder is looked at again.
    write("meters", OWN, ruled(4));
    press(&mut window, "Look again");
    assert_eq!(fault(&mut window, "LAB1234"), None);
    let read = |window: &Window, text: &str| Device::Source.read(text, &window.state().core.instruments).is_ok();
    assert!(read(&window, "scpi+tcp:10.0.0.5:5025?profile=lab-source"));
    assert!(!read(&window, "scpi+tcp:10.0.0.5:5025?profile=nobodys-source"));
}
