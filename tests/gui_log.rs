//! The log's drawer as a person meets it: filtered, copied, and never with a secret in it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

mod outline;

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers, OutputCommand};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::{Zoned, civil::date, tz::TimeZone};
use meterbench::gui::app::{App, dress};
use meterbench::gui::core::{Core, Tone};
use meterbench::gui::pages::bench::BenchPage;
use meterbench::job::NoWake;
use meterbench::log::{LINES, Level, Log};
use tracing_subscriber::layer::SubscriberExt as _;

type Window = Harness<'static, App>;

fn now() -> Zoned {
    date(2026, 3, 1).at(8, 30, 0, 0).to_zoned(TimeZone::UTC).unwrap()
}

fn window(log: &Log) -> Window {
    let app = App::with(Core::default(), BenchPage::default()).showing_log(log.clone(), Arc::new(NoWake));
    Harness::builder().with_size([1280.0, 720.0]).with_context_setup(dress).build_ui_state(
        |ui, app: &mut App| {
            app.take_in();
            app.draw_ui(ui);
        },
        app,
    )
}

fn open(window: &mut Window) {
    window.run();
    window.key_press_modifiers(Modifiers::COMMAND, Key::J);
    window.run();
    window.run();
}

fn lines(window: &Window) -> Vec<String> {
    let outline = outline::outline(window, 200);
    let lines = outline.lines().filter_map(|line| line.strip_prefix("ListBoxOption "));
    lines.map(|line| line.trim_end_matches(" chosen").trim_matches('"').to_owned()).collect()
}

fn filled() -> Log {
    let log = Log::in_memory(LINES, now);
    log.tell(Level::Debug, "meter", "once more");
    log.tell(Level::Info, "station", "station open");
    log.tell(Level::Warning, "gui", "its converter was unplugged");
    log.tell(Level::Error, "station", "the meter does not answer");
    log
}

#[test]
fn the_drawer_opens_by_key_and_reads_as() {
    let mut window = window(&filled());
    window.run();
    assert_eq!(window.state().core.unread, 2);
    open(&mut window);
    // On the bench page the scanner keeps its field.
    assert!(!window.get_by_role_and_label(Role::TextInput, "Find in the log").is_focused());
    assert_eq!(window.state().core.unread, 0);
    insta::assert_snapshot!("log_open", outline::outline(&window, 80));
    window.key_press_modifiers(Modifiers::COMMAND, Key::J);
    window.run();
    assert_eq!(lines(&window).len(), 0);
}

#[test]
fn opening_the_log_takes_no_scan_from_the_bench() {
    let mut window = window(&filled());
    window.run();
    // By its button, which takes the focus from the field.
    window.get_by_role_and_label(Role::Button, "Log").click();
    window.run();
    let scanned = |window: &mut Window, label: &str| {
        window.event(egui::Event::Text(label.to_owned()));
        window.run();
        assert_eq!(window.state().log.text, "");
        let field = window.get_by_role_and_label(Role::TextInput, "Serial number");
        assert_eq!(field.accesskit_node().value().as_deref(), Some(label));
    };
    scanned(&mut window, "MT1");
    window.get_by_role_and_label(Role::Button, "Hide").click();
    window.run();
    scanned(&mut window, "MT2");
    // Elsewhere one opens the log to find something; the bench gets its focus back from it.
    window.key_press(Key::F9);
    window.run();
    open(&mut window);
    assert!(window.get_by_role_and_label(Role::TextInput, "Find in the log").is_focused());
    window.key_press(Key::F1);
    window.run();
    scanned(&mut window, "MT3");
    // Esc in the search hides the log.
    window.get_by_role_and_label(Role::TextInput, "Find in the log").click();
    window.run();
    window.key_press(Key::Escape);
    window.run();
    assert!(!window.state().log.is_open());
    scanned(&mut window, "MT4");
}

#[test]
fn lines_are_filtered_by_level_and_by_text() {
    let mut window = window(&filled());
    open(&mut window);
    assert_eq!(lines(&window).len(), 3, "debugging lines are shown when they are asked for");
    window.get_by_label("Errors").click();
    window.run();
    assert_eq!(lines(&window), ["08:30:00.000 error station: the meter does not answer"]);
    window.get_by_label("All").click();
    window.run();
    assert_eq!(lines(&window).len(), 4);
    window.get_by_role_and_label(Role::TextInput, "Find in the log").click();
    window.run();
    window.event(egui::Event::Text("STATION open".to_owned()));
    window.run();
    assert_eq!(lines(&window), ["08:30:00.000 info station: station open"]);
    window.get_by_label("1 of 4 lines shown");
}

#[test]
fn all_or_the_selected_lines_are_copied() {
    let mut window = window(&filled());
    open(&mut window);
    let copied = |window: &mut Window, label: &str| {
        window.get_by_label(label).click();
        let mut text = None;
        for _ in 0..3 {
            window.step();
            for command in &window.output().platform_output.commands {
                if let OutputCommand::CopyText(copied) = command {
                    text = Some(copied.clone());
                }
            }
        }
        text.unwrap()
    };
    let all = copied(&mut window, "Copy shown lines");
    assert_eq!(all.lines().count(), 3);
    assert!(all.starts_with("2026-03-01T08:30:00.000+00:00 info    station: station open\n"), "{all}");
    window.get_by_label("08:30:00.000 warning gui: its converter was unplugged").click();
    window.run();
    let one = copied(&mut window, "Copy selected lines");
    assert_eq!(one, "2026-03-01T08:30:00.000+00:00 warning gui: its converter was unplugged");
}

#[test]
fn a_secret_gets_neither_into_the_window_nor_into_a_file() {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("gui_log_secret");
    std::fs::remove_dir_all(&folder).ok();
    let log = Log::in_folder(folder.clone(), now);
    let subscriber = tracing_subscriber::registry().with(meterbench::log::layer(log.clone()));
    tracing::subscriber::with_default(subscriber, || {
        tracing::error!(target: "meterbench::gui", token = "s3cr3t", "refused by http://anna:s3cr3t@host/x?api_key=s3cr3t");
        tracing::info!(target: "meterbench::gui", "the end");
    });
    let mut window = window(&log);
    open(&mut window);
    assert_eq!(lines(&window).len(), 2);
    assert!(!outline::outline(&window, 1000).contains("s3cr3t"));
    let file = folder.join("meterbench-2026-03-01-000.log");
    for _ in 0..2000 {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        if text.contains("the end") {
            assert!(text.contains("token=***") && !text.contains("s3cr3t"), "{text}");
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("nothing was written to {}", file.display());
}

#[test]
fn a_flood_is_bounded_and_the_newest_line_is_seen() {
    let log = Log::in_memory(LINES, now);
    for number in 0..LINES + 1000 {
        log.tell(Level::Info, "meter", &format!("line {number}"));
    }
    let mut window = window(&log);
    open(&mut window);
    window.run();
    window.get_by_label(&format!("{LINES} of {LINES} lines shown"));
    let last = format!("08:30:00.000 info meter: line {}", LINES + 999);
    assert_eq!(lines(&window).last(), Some(&last), "the newest is in view");
    assert!(lines(&window).len() < 40, "only what is seen is drawn");
}

#[test]
fn what_is_said_with_attention_is_in_the_log() {
    let log = Log::in_memory(LINES, now);
    let subscriber = tracing_subscriber::registry().with(meterbench::log::layer(log.clone()));
    tracing::subscriber::with_default(subscriber, || {
        Core::default().say("The disk is full", Tone::Attention);
    });
    let mut window = window(&log);
    open(&mut window);
    assert_eq!(lines(&window), ["08:30:00.000 warning gui: The disk is full"]);
}
