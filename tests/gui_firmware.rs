//! The firmware page as a person meets it, on the simulated boot loader and behind the simulated probe.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on stops"
)]

mod flash_rig;
mod outline;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use egui::accesskit::Role;
use egui::{DroppedFile, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use flash_rig::{FLASH, program};
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
        // A message names the place alone.
        let place =
            target.rsplit_once(':').and_then(|(rest, port)| Some(format!("{}:{port}", rest.rsplit_once(':')?.1)));
        text = place.map_or(text.clone(), |place| text.replace(&place, "PLACE"));
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

/// Drops a file onto the window, and waits until it was read.
fn drop_file(window: &mut Window, path: &Path) {
    window.input_mut().dropped_files.push(Arc::new(Dropped(path.to_owned())));
    window.step();
    until(window, "read", |app| matches!(app.core.firmware.image, Chosen::Image(_) | Chosen::Bad(..)));
}

fn press(window: &mut Window, label: &str) {
    window.get_by_role_and_label(Role::Button, label).click();
    settle(window);
}

fn shows(window: &Window, part: &str) -> bool {
    outline::outline(window, 400).contains(part)
}

/// Asks the chip.
fn ask(window: &mut Window) {
    press(window, "Ask the chip   Enter");
    idle(window);
}

/// Asks the chip, agrees to flash it by Enter, and waits for the end.
fn flash(window: &mut Window) {
    press(window, "Flash…");
    key(window, Key::Enter);
    idle(window);
}

fn outcome(window: &Window) -> &Outcome {
    window.state().core.firmware.outcome.as_ref().unwrap_or_else(|| panic!("no result: {}", outline(window)))
}

fn assert_verified(window: &Window) {
    assert!(matches!(outcome(window), Outcome::Verified(report) if report.verified), "{}", outline(window));
}

/// Panics unless the flash holds the image in this file.
fn assert_holds(flash: &[u8], file: &Path) {
    let image = Image::read(&std::fs::read(file).unwrap(), None, FLASH).unwrap();
    for segment in image.segments() {
        let start = (segment.address - FLASH) as usize;
        assert!(flash[start..start + segment.bytes.len()] == segment.bytes, "{segment:?}");
    }
}

#[test]
fn nothing_is_chosen() {
    let window = window("");
    insta::assert_snapshot!("nothing", outline(&window));
}

#[test]
fn a_file_that_is_no_image_is_said_and_another_one_taken() {
    let mut window = window("");
    drop_file(&mut window, &file("cut.hex", b":10000000000102030405060708090A0B0C0D0E0F78\n"));
    insta::assert_snapshot!("bad", outline(&window));
    drop_file(&mut window, &unit("plain.hex", [None, None]));
    insta::assert_snapshot!("no_target", outline(&window));
    // What looks like no format is a binary, and one that no chip could start.
    drop_file(&mut window, &file("letter.txt", b"Dear all, this is no program"));
    assert!(shows(&window, "A chip could not start it"));
}

#[test]
fn a_silent_chip_answers_when_boot0_is_set() {
    let (chip, target) = rom(RomOptions { silent_at: Some(1), ..RomOptions::default() }, None);
    let mut window = window(&target);
    drop_file(&mut window, &unit("silent.hex", [None, None]));
    assert!(shows(&window, "Set BOOT0 to 1 and reset the chip"));
    ask(&mut window);
    insta::assert_snapshot!("silent", outline(&window));
    chip.lock().mend();
    chip.lock().reset();
    // The button has the focus.
    key(&mut window, Key::Enter);
    idle(&mut window);
    insta::assert_snapshot!("asked", outline(&window));
}

#[test]
fn another_chip_is_not_flashed() {
    let (_, target) = rom(RomOptions { product: 0x412, ..RomOptions::default() }, None);
    let mut window = window(&target);
    drop_file(&mut window, &unit("wrong-chip.hex", [None, None]));
    ask(&mut window);
    insta::assert_snapshot!("wrong_chip", outline(&window));
    window.state_mut().firmware.confirm();
    assert!(window.query_by_role_and_label(Role::Button, "Flash…").is_none());
}

#[test]
fn the_meter_profile_says_which_chips_are_fine() {
    let (_, shipped) = meterbench::profile::text_of("opensmartmeter-mt50").unwrap();
    let text = shipped.replace("chips = [\"0410\"]", "chips = [\"0420\", \"0412\"]");
    let profile = file("clone.toml", text.replace("name = \"opensmartmeter-mt50\"", "name = \"clone\"").as_bytes());
    for (product, fine) in [(0x412, true), (0x420, true), (0x410, false)] {
        let (_, target) = rom(RomOptions { product, ..RomOptions::default() }, None);
        let mut window = window(&target);
        window.state_mut().page.profile = profile.display().to_string();
        drop_file(&mut window, &unit("clone.hex", [None, None]));
        ask(&mut window);
        assert_eq!(shows(&window, "this is chip 0x410, expected was 0x420 or 0x412"), !fine, "{product:#x}");
        let warning = "This is not the meter's chip, which is STM32F100 value line, STM32F10x low-density";
        assert_eq!(shows(&window, warning), !fine, "{product:#x}");
    }
    // Nothing is asked for a meter that nobody knows.
    let (_, target) = rom(RomOptions::default(), None);
    let mut window = window(&target);
    window.state_mut().page.profile = "there-is-none".to_owned();
    drop_file(&mut window, &unit("clone.hex", [None, None]));
    ask(&mut window);
    assert!(shows(&window, "The profile is missing or has a fault"));
}

#[test]
fn differences_are_told_by_their_meaning_and_secrets_are_not() {
    let (chip, target) = rom(RomOptions::default(), None);
    let mut window = window(&target);
    let old = unit("MT7.hex", [Some(&block("MT7", "old-secret")), None]);
    drop_file(&mut window, &old);
    ask(&mut window);
    press(&mut window, "Compare   Enter");
    idle(&mut window);
    assert!(shows(&window, "The chip is erased where the image goes"));
    press(&mut window, "Flash…   Enter");
    insta::assert_snapshot!("confirm", outline(&window));
    key(&mut window, Key::Escape);
    assert!(!shows(&window, "Leave it as it is") && chip.lock().erased_pages() == 0);
    press(&mut window, "Flash…   Enter");
    key(&mut window, Key::Enter);
    idle(&mut window);
    assert_verified(&window);
    assert_holds(chip.lock().flash(), &old);
    insta::assert_snapshot!("verified", outline(&window));
    press(&mut window, "Start the program   Enter");
    idle(&mut window);
    insta::assert_snapshot!("started", outline(&window));
    assert_eq!(chip.lock().running(), Some(FLASH));

    // The same unit comes back for an image of another one.
    chip.lock().reset();
    press(&mut window, "Next board   Enter");
    let mut other = block("MT8", "new-secret");
    other.set_register(m90e26::Register::Ugain, 0x71D8);
    drop_file(&mut window, &unit("MT8.hex", [Some(&other), None]));
    ask(&mut window);
    press(&mut window, "Compare   Enter");
    idle(&mut window);
    let text = outline(&window);
    assert!(!text.contains("secret"), "{text}");
    insta::assert_snapshot!("difference", text);
    // Where something is lost, Enter leaves it.
    press(&mut window, "Flash…   Enter");
    let erased = chip.lock().erased_pages();
    key(&mut window, Key::Enter);
    idle(&mut window);
    assert!(window.state().core.firmware.outcome.is_none() && chip.lock().erased_pages() == erased);
    // An image without calibration would lose the unit's.
    drop_file(&mut window, &unit("blank.hex", [None, None]));
    press(&mut window, "Compare   Enter");
    idle(&mut window);
    assert!(shows(&window, "The chip holds the calibration of MT7, and the image brings none: flashing loses it"));
    // And the image that is there needs nothing.
    drop_file(&mut window, &old);
    press(&mut window, "Compare   Enter");
    idle(&mut window);
    assert!(shows(&window, "The chip holds this image, byte for byte"));
}

#[test]
fn what_is_flashed_is_kept_with_who_did_it() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (_chip, target) = rom(RomOptions::default(), None);
    let mut window = window(&target);
    window.state_mut().core.data_folder = Some(folder.path().to_owned());
    window.state_mut().core.settings.operator = "Ada".to_owned();
    drop_file(&mut window, &unit("kept.hex", [Some(&block("MT7", "hush")), None]));
    ask(&mut window);
    press(&mut window, "Flash…");
    key(&mut window, Key::Enter);
    idle(&mut window);
    assert_verified(&window);
    assert!(shows(&window, "Flashed and verified, record F1"));
    let store = meterbench::record::Store::open(&meterbench::record::file_in(folder.path())).unwrap();
    let kept = store.flashing(None, 1).unwrap().unwrap();
    let flashing = &kept.record.flashing;
    assert_eq!((flashing.operator.as_deref(), flashing.serial.as_deref()), (Some("Ada"), Some("MT7")));
    assert_eq!((flashing.outcome.word(), flashing.through.as_str()), ("VERIFIED", "rom+tcp"));
    assert!(store.check().unwrap().clean() && !kept.text.contains("hush"));
    drop(store);

    // What cannot be kept is not shown as proven.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    std::fs::create_dir(folder.path().join("records.db")).unwrap();
    window.state_mut().core.data_folder = Some(folder.path().to_owned());
    press(&mut window, "Next board");
    ask(&mut window);
    press(&mut window, "Flash…");
    key(&mut window, Key::Enter);
    idle(&mut window);
    let outcome = window.state().core.firmware.outcome.clone();
    let Some(Outcome::Failed(advice)) = outcome else { panic!("{outcome:?}") };
    assert!(advice.what.starts_with("The flashing (VERIFIED) could not be recorded"), "{}", advice.what);
}

#[test]
fn a_protected_chip_is_told_and_flashed_after_the_question() {
    let (chip, target) = rom(RomOptions { protected: true, ..RomOptions::default() }, None);
    let mut window = window(&target);
    let image = unit("protected.hex", [None, None]);
    drop_file(&mut window, &image);
    ask(&mut window);
    insta::assert_snapshot!("protected", outline(&window));
    press(&mut window, "Flash…   Enter");
    assert!(shows(&window, "lifting that erases all of it"));
    press(&mut window, "Flash");
    idle(&mut window);
    assert_verified(&window);
    assert_holds(chip.lock().flash(), &image);
}

#[test]
fn flashing_shows_how_far_it_is_and_stops_when_asked() {
    // Slow enough to be seen.
    let (chip, target) = rom(RomOptions::default(), Some(57_600));
    let mut window = window(&target);
    let image = unit("cancelled.hex", [None, None]);
    drop_file(&mut window, &image);
    ask(&mut window);
    press(&mut window, "Flash…");
    key(&mut window, Key::Enter);
    until(&mut window, "writing", |app| {
        app.core
            .firmware
            .progress()
            .is_some_and(|progress| format!("{:?}", progress.stage) == "Write" && progress.done > 1024)
    });
    assert!(shows(&window, "Writing") && shows(&window, "kB/s") && shows(&window, "s left"), "{}", outline(&window));
    assert!(shows(&window, "Stopped now, the chip holds no working program until it is flashed again"));
    // No run begins meanwhile, and no second task.
    window.state_mut().core.apply(Notice::Links(Links { open: true, ..Links::default() }));
    key(&mut window, Key::F5);
    window.state_mut().core.connect(meterbench::settings::StationAddresses {
        meter: target.replace("rom+", "afe+"),
        ..Default::default()
    });
    assert!(window.state().core.message.0.contains("The flash target is at work"), "{:?}", window.state().core.message);
    key(&mut window, Key::Escape);
    idle(&mut window);
    assert!(matches!(outcome(&window), Outcome::Cancelled(_)), "{}", outline(&window));
    insta::assert_snapshot!("cancelled", outline(&window));
    // The next try works.
    window.state_mut().core.apply(Notice::Links(Links::default()));
    press(&mut window, "Flash…   Enter");
    key(&mut window, Key::Enter);
    idle(&mut window);
    assert_verified(&window);
    assert_holds(chip.lock().flash(), &image);
}

#[test]
fn unplugged_in_the_middle_the_next_try_works() {
    let image = unit("unplugged.hex", [Some(&block("MT9", "t")), None]);
    for gone_at in [900, 3000, 5000] {
        let (chip, target) = rom(RomOptions { gone_at: Some(gone_at), ..RomOptions::default() }, None);
        let mut window = window(&target);
        drop_file(&mut window, &image);
        ask(&mut window);
        flash(&mut window);
        assert!(matches!(outcome(&window), Outcome::Failed(_)), "{gone_at}: {}", outline(&window));
        if gone_at == 3000 {
            insta::assert_snapshot!("failed", outline(&window));
        }
        chip.lock().mend();
        chip.lock().reset();
        press(&mut window, "Flash…   Enter");
        key(&mut window, Key::Enter);
        idle(&mut window);
        assert_verified(&window);
        assert_holds(chip.lock().flash(), &image);
    }
}

#[test]
fn a_page_that_does_not_take_its_bytes_fails() {
    let options = RomOptions { write_protected: [1].into(), ..RomOptions::default() };
    let (_, target) = rom(options, None);
    let mut window = window(&target);
    drop_file(&mut window, &unit("mismatch.hex", [None, None]));
    ask(&mut window);
    flash(&mut window);
    assert!(matches!(outcome(&window), Outcome::Failed(advice) if advice.what.contains("bytes differ")));
    assert!(shows(&window, "FAILED"));
}

#[test]
fn another_board_than_the_one_confirmed_is_left_alone() {
    let (chip, target) = rom(RomOptions::default(), None);
    let mut window = window(&target);
    drop_file(&mut window, &unit("exchanged.hex", [None, None]));
    ask(&mut window);
    *chip.lock() = RomDevice::new(RomOptions { seed: 2, ..RomOptions::default() });
    flash(&mut window);
    assert!(matches!(outcome(&window), Outcome::Failed(advice) if advice.what.contains("confirmed was chip")));
    assert_eq!(chip.lock().erased_pages(), 0);
}

#[test]
fn over_a_probe_too() {
    let device = Shared::new(meterbench::sim::probe::ProbeDevice::new(ProbeOptions::default()));
    let served = serve(&"tcp:127.0.0.1:0".parse().unwrap(), device.clone(), None, &RealClock::shared()).unwrap();
    let target = format!("swd:1d50:6018:{}", served.address.strip_prefix("+tcp:").unwrap());
    let mut window = window(&target);
    let image = unit("probe.hex", [Some(&block("MT10", "t")), None]);
    drop_file(&mut window, &image);
    // Nothing is left to hands.
    assert!(shows(&window, "Connect the board") && !shows(&window, "BOOT0"));
    ask(&mut window);
    press(&mut window, "Compare   Enter");
    idle(&mut window);
    press(&mut window, "Flash…   Enter");
    key(&mut window, Key::Enter);
    idle(&mut window);
    assert_verified(&window);
    assert_holds(device.lock().chip().memories().flash(), &image);
    assert!(shows(&window, "SIMULATED"));
}

#[test]
fn a_run_and_an_open_port_refuse() {
    let mut window = window("rom+serial:/dev/ttyUSB9");
    drop_file(&mut window, &unit("refused.hex", [None, None]));
    window.state_mut().page.addresses.meter = "afe+serial:/dev/ttyUSB9".to_owned();
    let ready = || Link::Ready("SIM".to_owned());
    let links = Links { meters: vec![ready()], open: true, ..Links::default() };
    window.state_mut().core.apply(Notice::Links(links));
    settle(&mut window);
    assert!(shows(&window, "the meter holds /dev/ttyUSB9"), "{}", outline(&window));
    assert!(window.query_by_role_and_label(Role::Button, "Disconnect").is_some());
    insta::assert_snapshot!("held", outline(&window));
    let control = Arc::new(meterbench::procedure::Control::new(|_| {}));
    let limits = meterbench::gui::session::Limits::default();
    window.state_mut().core.apply(Notice::Began { control, limits, expected: Vec::new() });
    settle(&mut window);
    assert!(shows(&window, "A run goes on") && !shows(&window, "Ask the chip   Enter"));
}

#[test]
fn the_station_lets_go_of_its_ports_and_takes_them_again() {
    let meter = "sim:?seed=7".to_owned();
    let addresses = meterbench::settings::StationAddresses { meter, ..Default::default() };
    let mut page = BenchPage::default();
    page.addresses = addresses.clone();
    let mut window = Harness::builder().with_size([1280.0, 720.0]).with_context_setup(dress).build_ui_state(
        |ui, app: &mut App| {
            app.take_in();
            app.draw_ui(ui);
        },
        App::at(Arc::new(meterbench::job::NoWake), page),
    );
    let open = |app: &App| app.core.links.open && matches!(app.core.links.meter(), Link::Ready(_));
    until(&mut window, "open", open);
    window.state_mut().core.disconnect();
    until(&mut window, "closed", |app| !app.core.links.open && app.core.links.meter() == Link::Off);
    window.state_mut().core.connect(addresses);
    until(&mut window, "open again", open);
}

#[test]
fn an_image_dropped_on_another_page_opens_this_one() {
    let mut window = window("");
    key(&mut window, Key::F1);
    assert_eq!(window.state().route, Route::Bench);
    let path = unit("elsewhere.hex", [None, None]);
    window.input_mut().dropped_files.push(Arc::new(Dropped(path)));
    until(&mut window, "read", |app| matches!(app.core.firmware.image, Chosen::Image(_)));
    assert_eq!(window.state().route, Route::Firmware);
    // The image that runs use is offered when the page is opened next.
    press(&mut window, "Use for runs");
    assert!(window.state().core.settings.image.ends_with("elsewhere.hex"));
}

#[test]
fn a_chip_is_protected_when_that_is_wanted() {
    let (chip, target) = rom(RomOptions::default(), None);
    let mut window = window(&target);
    drop_file(&mut window, &unit("to-protect.hex", [None, None]));
    window.get_by_role_and_label(Role::CheckBox, "Protect it from being read out afterwards").click();
    settle(&mut window);
    ask(&mut window);
    flash(&mut window);
    assert!(matches!(outcome(&window), Outcome::Verified(report) if report.protected), "{}", outline(&window));
    assert!(chip.lock().is_protected());
}

#[test]
fn the_keys_are_those_of_the_page() {
    let window = window("");
    let state = window.state();
    let offers = meterbench::gui::pages::firmware::offers(&state.core, &state.page.addresses);
    let shortcut = |wanted: FirmwareCommand| {
        let offer = offers.iter().find(|offer| offer.command == Command::from(wanted.clone())).unwrap();
        offer.command.look().shortcut.map(|key| (key.modifiers, key.logical_key))
    };
    assert_eq!(shortcut(FirmwareCommand::Choose), Some((Modifiers::COMMAND, Key::O)));
    assert_eq!(shortcut(FirmwareCommand::Cancel), Some((Modifiers::NONE, Key::Escape)));
}
