//! The firmware page as a person meets it, on the simulated boot loader and behind the simulated probe.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

mod flash_rig;
mod outline;

use std::path::{Path, PathBuf};
use std::time::Duration;

use egui::accesskit::Role;
use egui::{DroppedFile, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use flash_rig::{FLASH, probe, program};
use meter_interface::block::{Block, Copy, PAGE, Secret, Text};
use meterbench::clock::RealClock;
use meterbench::gui::app::{App, dress};
use meterbench::gui::command::Command;
use meterbench::gui::core::Core;
use meterbench::gui::firmware_view::{Chosen, Outcome};
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::pages::firmware::FirmwareCommand;
use meterbench::gui::route::Route;
use meterbench::gui::session::{Link, Links, Notice};
use meterbench::image::{Format, Image, Segment};
use meterbench::sim::device::Shared;
use meterbench::sim::probe::ProbeOptions;
use meterbench::sim::rom::{RomDevice, RomOptions};
use meterbench::sim::serve::serve;

type Window = Harness<'static, App>;

/// A window on its firmware page, with a flash target.
fn window(target: &str) -> Window {
    let mut app = App::with(Core::default(), BenchPage::default());
    app.core.settings.target = target.to_owned();
    let mut window = Harness::builder().with_size([1280.0, 900.0]).with_context_setup(dress).build_ui_state(
        |ui, app: &mut App| {
            app.take_in();
            app.draw_ui(ui);
        },
        app,
    );
    key(&mut window, Key::F6);
    assert_eq!(window.state().route, Route::Firmware);
    window
}

/// A chip in its boot loader behind a TCP port, and its address.
fn rom(options: RomOptions, baud: Option<u32>) -> (Shared<RomDevice>, String) {
    let chip = Shared::new(RomDevice::new(options));
    let served = serve(&"tcp:127.0.0.1:0".parse().unwrap(), chip.clone(), baud, &RealClock::shared()).unwrap();
    (chip, format!("rom{}", served.address))
}

fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("gui-firmware").join(name);
    meterbench::disk::replace(&path, content).unwrap();
    path
}

/// A meter's image: a program, and pages with these blocks.
fn unit(name: &str, blocks: [Option<&Block>; 2]) -> PathBuf {
    let mut bytes = Vec::new();
    for block in blocks {
        let mut page = [0xFF; PAGE];
        if let Some(block) = block {
            block.encode(&mut page).unwrap();
        }
        bytes.extend(page);
    }
    let code = program(4096).segments().to_vec();
    let segments = code.into_iter().chain([Segment { address: Copy::A.address(), bytes }]);
    file(name, &Image::from_segments(segments).unwrap().write(Format::Hex).unwrap())
}

fn block(serial: &str, token: &str) -> Block {
    Block {
        sequence: 1,
        serial: Text::new(serial).unwrap(),
        token: Secret::new(Text::new(token).unwrap()),
        ..Block::default()
    }
}

/// The page as text, without what differs from run to run.
fn outline(window: &Window) -> String {
    let text = outline::outline(window, 160);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("gui-firmware");
    let target = window.state().core.settings.target.clone();
    let mut text = text.replace(&*folder.to_string_lossy(), "FOLDER").replace('\\', "/");
    if !target.is_empty() {
        text = text.replace(&target, "TARGET");
    }
    // Seconds and rates are the machine's.
    let lines = text.lines().map(|line| {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        for number in 1..words.len() {
            if words[number].trim_end_matches('"') == "s" {
                words[number - 1] = "N".to_owned();
            }
        }
        words.join(" ")
    });
    lines.skip_while(|line| !line.starts_with("Tab \"About\"")).skip(1).collect::<Vec<_>>().join("\n")
}

fn key(window: &mut Window, key: Key) {
    window.key_press_modifiers(Modifiers::NONE, key);
    settle(window);
}

fn settle(window: &mut Window) {
    for _ in 0..4 {
        window.step();
    }
}

fn until(window: &mut Window, what: &str, so: impl Fn(&App) -> bool) {
    for _ in 0..6_000 {
        window.step();
        if so(window.state()) {
            return settle(window);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("not {what}: {}", outline(window));
}

fn idle(window: &mut Window) {
    until(window, "idle", |app| !app.core.firmware.is_busy());
}

/// Drops a file onto the window, and waits until it was read.
fn drop_file(window: &mut Window, path: &Path) {
    window.input_mut().dropped_files.push(DroppedFile::from_path(path));
    window.step();
    window.input_mut().dropped_files.clear();
    until(window, "read", |app| matches!(app.core.firmware.image, Chosen::Image(_) | Chosen::Bad(..)));
}

fn press(window: &mut Window, label: &str) {
    window.get_by_role_and_label(Role::Button, label).click();
    settle(window);
}

fn shows(window: &Window, part: &str) -> bool {
    outline::outline(window, 400).contains(part)
}

#[test]
fn nothing_is_chosen() {
    let window = window("");
    insta::assert_snapshot!("nothing", outline(&window));
}
