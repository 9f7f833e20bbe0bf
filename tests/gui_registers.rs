//! The registers page as a person meets it: what it says in each state, and reading and writing the simulated meter.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

mod outline;

use std::sync::Arc;
use std::time::Duration;

use egui::Theme;
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use m90e26::Register;
use meterbench::calibration::registers::dump::Dump;
use meterbench::gui::app::dress;
use meterbench::gui::command::{Command, Commands};
use meterbench::gui::core::Core;
use meterbench::gui::pages::PageCtx;
use meterbench::gui::pages::registers::{RegisterFile, RegistersPage};
use meterbench::gui::session::{
    AddressTexts, Limits, Link, Links, Notice, RegisterNotice, RegisterRequest, RegisterWord, Scope, Session, Write,
};
use meterbench::gui::tokens::Tokens;
use meterbench::job::NoWake;
use meterbench::procedure::Control;

/// The page with a core behind it, and the part of the application that carries out its commands.
struct Desk {
    core: Core,
    page: RegistersPage,
    tokens: Tokens,
    asked: Commands,
}

type Window = Harness<'static, Desk>;

fn window(core: Core) -> Window {
    let desk = Desk { core, page: RegistersPage::default(), tokens: Tokens::of(Theme::Dark), asked: Vec::new() };
    let mut window = Harness::builder().with_size([1280.0, 720.0]).with_context_setup(dress).build_ui_state(
        |ui, desk: &mut Desk| {
            desk.core.drain();
            let mut commands = Commands::new();
            let mut page = PageCtx { core: &desk.core, commands: &mut commands, tokens: &desk.tokens };
            desk.page.registers_ui(ui, &mut page);
            for command in commands {
                desk.asked.push(command.clone());
                match command {
                    Command::ReadRegisters(scope) => desk.core.request_registers(RegisterRequest::Read(scope)),
                    Command::WriteRegister(write) => desk.core.request_registers(RegisterRequest::Write(write)),
                    Command::WriteRegisters(writes) => {
                        desk.core.request_registers(RegisterRequest::WriteAll(writes));
                    }
                    Command::RegisterFile(_) => {}
                    other => panic!("{other:?} is not this page's"),
                }
            }
        },
        desk,
    );
    window.run();
    window
}

/// The window as text.
fn outline(window: &Window) -> String {
    outline::outline(window, usize::MAX)
}

fn links() -> Notice {
    let ready = || Link::Ready("Meterbench SIM".to_owned());
    Notice::Links(Links { meters: vec![ready()], reference: ready(), source: ready(), simulated: true, open: true })
}

fn words(changed: &[(Register, u16)]) -> Notice {
    let word = |register: Register| {
        let found = changed.iter().find(|(other, _)| *other == register);
        let value = found.map_or(register.power_on(), |(_, value)| *value);
        (register, RegisterWord { value, lsb: 0 })
    };
    Notice::Registers(RegisterNotice::Read(Scope::Map.registers().map(word).collect()))
}

/// In normal operation, with two registers of a calibration.
fn calibrated() -> Notice {
    words(&[
        (Register::CalStart, 0x8765),
        (Register::AdjStart, 0x8765),
        (Register::Ugain, 0x71D8),
        (Register::Lgain, 0x1D39),
    ])
}

fn told(notices: Vec<Notice>) -> Window {
    let mut core = Core::default();
    for notice in notices {
        core.apply(notice);
    }
    window(core)
}

fn began() -> Notice {
    Notice::Began { control: Arc::new(Control::new(|_| {})), limits: Limits::default(), expected: Vec::new() }
}

/// A window on the simulated station.
fn station() -> Window {
    let mut core = Core::with(Session::spawn(Arc::new(NoWake)).unwrap());
    let text = |text: &str| text.to_owned();
    core.connect(AddressTexts {
        meter: text("sim:?seed=7"),
        reference: text(""),
        source: text(""),
        ..AddressTexts::default()
    });
    let mut window = window(core);
    until(&mut window, "connected", |desk| matches!(desk.core.links.meter(), Link::Ready(_)));
    window
}

fn until(window: &mut Window, what: &str, so: impl Fn(&Desk) -> bool) {
    for _ in 0..12_000 {
        window.step();
        if so(window.state()) {
            window.run();
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("not {what}: {}", outline(window));
}

fn press(window: &mut Window, label: &str) {
    window.get_by_role_and_label(Role::Button, label).click();
    window.run();
}

fn select(window: &mut Window, register: Register) {
    let row = format!("{:02X} {},", register.address(), register.name());
    window.get_by(|node| node.label().is_some_and(|label| label.starts_with(&row))).click_accesskit();
    window.run();
}

fn read_all(window: &mut Window) {
    press(window, "Read all");
    until(window, "read", |desk| !desk.core.registers.busy);
}

fn type_into(window: &mut Window, role: Role, label: &str, text: &str) {
    window.get_by_role_and_label(role, label).focus();
    window.run();
    window.get_by_role_and_label(role, label).type_text(text);
    window.run();
}

fn enter(window: &mut Window, value: &str) {
    type_into(window, Role::TextInput, "New value, hex", value);
}

/// The row of a register, as it is said.
fn row(window: &Window, register: Register) -> String {
    let start = format!("Button \"{:02X} {},", register.address(), register.name());
    outline(window).lines().find(|line| line.starts_with(&start)).unwrap_or_default().to_owned()
}

#[test]
fn before_reading_reads_as() {
    insta::assert_snapshot!("before", outline(&told(vec![links()])));
}

#[test]
fn after_reading_reads_as() {
    let mut window = station();
    read_all(&mut window);
    insta::assert_snapshot!("after", outline(&window));
}

#[test]
fn the_unit_of_a_dump_has_room_for_its_serial_number() {
    let mut window = told(vec![links(), calibrated()]);
    for size in [[1280.0, 720.0], [1000.0, 640.0]] {
        window.set_size(size.into());
        window.run();
        let field = window.get_by_role_and_label(Role::TextInput, "of unit").rect();
        assert!(field.width() > 100.0 && field.right() < size[0], "{field:?}");
    }
}

#[test]
fn a_write_that_breaks_a_checksum_reads_as() {
    let mut window = told(vec![links(), calibrated()]);
    select(&mut window, Register::Ugain);
    enter(&mut window, "7000");
    press(&mut window, "Write…");
    insta::assert_snapshot!("confirm", outline(&window));
    assert!(window.state().asked.is_empty());
    // Escape keeps the old value, and so does Enter on what has the focus.
    window.key_press(egui::Key::Escape);
    window.run();
    press(&mut window, "Write…");
    window.key_press(egui::Key::Enter);
    window.run();
    window.get_by_label("Write…");
    assert!(window.state().asked.is_empty());
}

#[test]
fn sag_threshold_is_written_in_two_steps_and_read_back() {
    let mut window = station();
    select(&mut window, Register::SagTh);
    window.get_by_label("Read all registers first, so that the old value is known");
    read_all(&mut window);
    enter(&mut window, "1f2f");
    window.get_by_label("sag below 171.6 V → 181.9 V");
    press(&mut window, "Write…");
    window.get_by_label("1D6A → 1F2F");
    assert!(window.state().core.registers.written.is_none());
    press(&mut window, "Write to the chip");
    until(&mut window, "written", |desk| desk.core.registers.written.is_some() && !desk.core.registers.busy);
    window.get_by_label("Written and read back: 1D6A → 1F2F");
    assert!(row(&window, Register::SagTh).contains("1F2F, 7983, sag below 181.9 V, ≠ 1D6A differs"));
    // The chip has it, not only the page.
    read_all(&mut window);
    assert_eq!(window.state().core.registers.value(Register::SagTh), Some(0x1F2F));
}

#[test]
fn values_out_of_range_are_refused_in_words() {
    let mut window = told(vec![links(), calibrated()]);
    for (register, value, why) in [
        (Register::Ugain, "FFFF", "Ugain takes 0000 to 7FFF, bit 15 must be 0"),
        (Register::Lphi, "0400", "Lphi takes 0000 to 03FF, or 8000 to 83FF for negative: 10 bits and the sign"),
        (Register::SagTh, "12345", "One to four hexadecimal digits are a value, as in 71D8"),
        (Register::SagTh, "1d6a", "SagTh is 1D6A already"),
        (Register::CalStart, "1", "CalStart takes 5678 for calibration or 8765 for normal operation"),
    ] {
        select(&mut window, Register::MMode);
        select(&mut window, register);
        enter(&mut window, value);
        window.get_by_label(why);
        assert!(window.get_by_label("Write…").accesskit_node().is_disabled(), "{register}");
    }
}

#[test]
fn what_can_only_be_read_has_no_form() {
    let mut window = told(vec![links(), calibrated()]);
    select(&mut window, Register::Irms);
    window.get_by_label("Irms can only be read");
    assert!(window.query_by_label("Write…").is_none());
}

#[test]
fn the_station_refuses_what_the_page_would_not_ask() {
    let mut window = station();
    let write = Write { register: Register::Irms, value: 1 };
    window.state_mut().core.request_registers(RegisterRequest::Write(write));
    until(&mut window, "refused", |desk| desk.core.problem.is_some());
    window.get_by_label("Irms can only be read");
    assert!(matches!(window.state().core.links.meter(), Link::Ready(_)));
}

#[test]
fn energies_are_read_only_when_asked_for() {
    let mut window = station();
    read_all(&mut window);
    for register in [Register::SysStatus, Register::APenergy] {
        assert_eq!(window.state().core.registers.value(register), None);
    }
    press(&mut window, "Read and clear status and energy");
    until(&mut window, "read", |desk| !desk.core.registers.busy);
    assert_eq!(window.state().core.registers.value(Register::APenergy), Some(0));
    assert!(row(&window, Register::SysStatus).contains("checksums right, no events"));
    // What was cleared stays in sight when the map is read again.
    read_all(&mut window);
    assert!(window.state().core.registers.value(Register::SysStatus).is_some());
}

#[test]
fn a_run_disables_it_all_and_makes_the_reading_old() {
    let mut window = told(vec![links(), calibrated(), began()]);
    select(&mut window, Register::SagTh);
    assert!(window.get_by_label("Read all").accesskit_node().is_disabled());
    assert!(window.get_by_role_and_label(Role::TextInput, "New value, hex").accesskit_node().is_disabled());
    let reason = "A run goes on; registers can be read and written when it is over";
    assert!(window.get_all_by_label(reason).count() > 1);
    window.state_mut().core.apply(Notice::Ended(Vec::new()));
    window.run();
    window.get_by_label("Read before a run, which may have changed them; read again");
    window.get_by_label("Read all registers first, so that the old value is known");
}

#[test]
fn without_a_station_it_says_so() {
    let window = told(vec![Notice::Links(Links::default())]);
    window.get_by_label("No station is connected; connect one to read its registers");
    assert!(window.get_by_label("Read all").accesskit_node().is_disabled());
}

#[test]
fn pasted_values_are_compared() {
    let mut window = told(vec![links(), calibrated()]);
    window.get_by_role_and_label(Role::ComboBox, "Compare with").click();
    window.run();
    press(&mut window, "Pasted values");
    let text = "Ugain = 0x71D8\nLgain = 0x1D00";
    type_into(&mut window, Role::MultilineTextInput, "Names and values as TOML, JSON, hex or C", text);
    window.get_by_label("2 registers to compare with");
    assert!(row(&window, Register::Ugain).contains("= 71D8 same"), "{}", row(&window, Register::Ugain));
    assert!(row(&window, Register::Lgain).contains("≠ 1D00 differs"));
    window.get_by_label("Only differing").click();
    window.run();
    assert!(row(&window, Register::Ugain).is_empty() && !row(&window, Register::Lgain).is_empty());
}

#[test]
fn the_profile_is_compared() {
    let mut window = told(vec![links(), calibrated()]);
    window.get_by_role_and_label(Role::ComboBox, "Compare with").click();
    window.run();
    press(&mut window, "opensmartmeter-mt50");
    let differing = outline(&window).lines().filter(|line| line.ends_with("differs\"")).count();
    assert!(differing > 0, "{}", outline(&window));
    // A gain is measured in each unit; the profile has none.
    assert!(!row(&window, Register::Lgain).contains("differs") && !row(&window, Register::Lgain).contains("same"));
}

#[test]
fn the_filter_finds_names_addresses_and_words() {
    let mut window = told(vec![links(), calibrated()]);
    type_into(&mut window, Role::TextInput, "Filter", "phase comp");
    assert!(!row(&window, Register::Lphi).is_empty() && row(&window, Register::Ugain).is_empty());
}

#[test]
fn windows_small_and_large_hold_it_all() {
    for size in [[640.0, 360.0], [960.0, 600.0], [3840.0, 2160.0]] {
        let mut window = told(vec![links(), calibrated()]);
        window.set_size(size.into());
        window.run();
        select(&mut window, Register::MMode);
        let narrow = window.query_by_label("Back to the map").is_some();
        assert_eq!(narrow, size[0] < 760.0);
        if narrow {
            press(&mut window, "Back to the map");
        }
        window.get_by_label("Read all");
    }
}

/// A dump of the simulated unit with these registers changed.
fn dump(window: &Window, changed: &[(Register, u16)]) -> String {
    let mut words: std::collections::BTreeMap<Register, u16> =
        window.state().core.registers.words.iter().map(|(register, word)| (*register, word.value)).collect();
    words.extend(changed.iter().copied());
    let (serial, saved) = ("MT4711".to_owned(), "2026-03-04T05:06:07Z".to_owned());
    Dump { serial, saved, simulated: Some(true), words, unknown: Vec::new() }.to_json()
}

#[test]
fn another_unit_is_compared_in_words() {
    let mut window = told(vec![links(), calibrated()]);
    let text = dump(&window, &[(Register::MMode, 0x7C22), (Register::Ugain, 0x7000), (Register::Urms, 0x1234)]);
    let said = window.state_mut().page.load("other.json", &text).unwrap();
    assert!(said.starts_with("other.json: "), "{said}");
    window.run();
    insta::assert_snapshot!("differences", outline(&window));
    for words in
        ["Chip → MT4711 (other.json)", "SIMULATED: these registers are of no real unit", "71D8 → 7000", "9422 → 7C22"]
    {
        window.get_by_label(words);
    }
    // A measured value differs from moment to moment and is not compared.
    assert!(!row(&window, Register::Urms).contains("differs"));
    assert!(
        outline(&window).contains("Lgain: ")
            || outline(&window).contains("LGain: ")
            || outline(&window).contains("gain")
    );
    window.get_by_label("Only differing").click();
    window.run();
    assert!(row(&window, Register::Lgain).is_empty() && !row(&window, Register::MMode).is_empty());
    // Field by field at the register itself, too.
    select(&mut window, Register::MMode);
    window.get_by_label("≠ MT4711 (other.json) has 7C22");
    // What is no register list changes nothing.
    let problem = window.state_mut().page.load("notes.txt", "hello").unwrap_err();
    assert!(problem.starts_with("notes.txt: "), "{problem}");
    window.run();
    window.get_by_label("≠ MT4711 (other.json) has 7C22");
}

/// PL_Constant stands in two registers: what the other side has in one of them means nothing without the other.
#[test]
fn both_words_of_one_number_make_one_difference() {
    let mut window = told(vec![links(), calibrated()]);
    let text = dump(&window, &[(Register::PLconstH, 0x0016), (Register::PLconstL, 0xA000)]);
    window.state_mut().page.load("other.json", &text).unwrap();
    window.run();
    window.get_by_label("PLconstH, PLconstL");
    let [high, low] = [Register::PLconstH, Register::PLconstL].map(Register::power_on);
    window.get_by_label(&format!("{high:04X} {low:04X} → 0016 A000"));
    let shown = outline(&window);
    // 0x0016A000, and neither half of it with the other half of the chip.
    assert_eq!(shown.lines().filter(|line| line.contains("→ 1482752")).count(), 1, "{shown}");
    assert_eq!(shown.lines().filter(|line| line.contains("PL_Constant") && line.contains("→")).count(), 1, "{shown}");
    // At each of the registers, too.
    for half in [Register::PLconstH, Register::PLconstL] {
        select(&mut window, half);
        let shown = outline(&window);
        assert!(shown.contains("→ 1482752"), "{half}: {shown}");
    }
}

#[test]
fn differences_are_written_after_a_question_and_the_chip_goes_on() {
    let mut window = station();
    read_all(&mut window);
    let text = dump(&window, &[(Register::Ugain, 0x7000), (Register::Lgain, 0x0123), (Register::SagTh, 0x1F2F)]);
    window.state_mut().page.load("unit.json", &text).unwrap();
    window.run();
    press(&mut window, "Write the differences…");
    for words in ["03 SagTh 1D6A → 1F2F", "23 Lgain 0000 → 0123", "31 Ugain 6720 → 7000"] {
        window.get_by_label(words);
    }
    assert!(outline(&window).contains("CS1") && outline(&window).contains("CS2"), "{}", outline(&window));
    insta::assert_snapshot!("write_all", outline(&window));
    // Enter on what has the focus writes nothing.
    window.key_press(egui::Key::Enter);
    window.run();
    assert!(window.query_by_label("Keep all").is_none());
    let wrote = |asked: &Commands| asked.iter().any(|command| matches!(command, Command::WriteRegisters(_)));
    assert!(!wrote(&window.state().asked));
    press(&mut window, "Write the differences…");
    let button = window.state().core.registers.busy;
    assert!(!button);
    let label = window.get_by(|node| {
        node.role() == Role::Button && node.label().is_some_and(|label| label.ends_with("words to the chip"))
    });
    label.click();
    window.run();
    until(&mut window, "written", |desk| wrote(&desk.asked) && !desk.core.registers.busy);
    let registers = &window.state().core.registers;
    for (register, value) in [(Register::Ugain, 0x7000), (Register::Lgain, 0x0123), (Register::SagTh, 0x1F2F)] {
        assert_eq!(registers.value(register), Some(value), "{register}: {:?}", window.state().core.problem);
    }
    assert!(window.state().core.problem.is_none());
}

#[test]
fn a_chip_in_normal_operation_gets_its_checksums_too() {
    let mut window = told(vec![links(), calibrated()]);
    window.state_mut().page.load("a.txt", "Ugain 7000\nLgain 0123").unwrap();
    window.run();
    press(&mut window, "Write the differences…");
    let text = outline(&window);
    assert!(text.contains("so metering goes on") && text.contains("so measuring goes on"), "{text}");
    assert!(text.contains("Write 6 words to the chip?"), "{text}");
    window.get_by_label("Write the checksums that match, too").click();
    window.run();
    let text = outline(&window);
    assert!(text.contains("CS1 will not match any more, and the chip stops metering until CS1 is"), "{text}");
    press(&mut window, "Write 2 words to the chip");
    let Some(Command::WriteRegisters(writes)) = window.state().asked.last() else { panic!("nothing was asked") };
    assert_eq!(
        *writes,
        [Write { register: Register::Lgain, value: 0x0123 }, Write { register: Register::Ugain, value: 0x7000 }]
    );
}

#[test]
fn a_dump_is_saved_with_whose_it_is() {
    let mut window = told(vec![links()]);
    assert!(window.get_by_label("Save dump…").accesskit_node().is_disabled());
    window.state_mut().core.apply(calibrated());
    window.run();
    type_into(&mut window, Role::TextInput, "of unit", "MT99");
    press(&mut window, "Save dump…");
    let Some(Command::RegisterFile(RegisterFile::Save(dump))) = window.state().asked.last() else {
        panic!("not asked")
    };
    assert_eq!((dump.serial.as_str(), dump.simulated), ("MT99", Some(true)));
    assert_eq!(dump.words.get(&Register::Ugain), Some(&0x71D8));
    press(&mut window, "Open file…");
    assert!(matches!(window.state().asked.last(), Some(Command::RegisterFile(RegisterFile::Open))));
}

#[test]
fn access_rules_hold_for_every_register() {
    let mut window = told(vec![links(), calibrated()]);
    for register in Register::ALL {
        select(&mut window, register);
        let writable = register.access() == m90e26::Access::ReadWrite;
        assert_eq!(window.query_by_label("Write…").is_some(), writable, "{register}");
        assert_eq!(
            Write { register, value: 0x1234 & 0x7FFF }.check().is_ok(),
            writable && !command(register),
            "{register}"
        );
    }
}

/// It takes a few words only.
fn command(register: Register) -> bool {
    matches!(register, Register::CalStart | Register::AdjStart | Register::SmallPMod | Register::Lphi | Register::Nphi)
}
