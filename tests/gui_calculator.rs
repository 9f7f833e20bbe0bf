//! The calculator as a person meets it: typed by label, read off the page, copied, saved and opened again.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on stops")]

mod outline;

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers, OutputCommand, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use m90e26::Register;
use meterbench::advice::Advice;
use meterbench::calibration::sheet::SheetInputs;
use meterbench::calibration::workbook::Workbook;
use meterbench::gui::app::dress;
use meterbench::gui::pages::calculator::{
    Arithmetic, CalculatorCommand, CalculatorPage, FIELDS, Form, Format, Kind, MODE_FIELDS, Results, State,
};
use meterbench::gui::tokens::Tokens;
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

const GOLDEN: &str = include_str!("golden/sheet/golden.jsonl");

#[derive(Default)]
struct Shown {
    page: CalculatorPage,
    commands: Vec<CalculatorCommand>,
}

type Window = Harness<'static, Shown>;

/// Tall enough for all inputs, so that none has to be scrolled to.
fn window(page: CalculatorPage) -> Window {
    let tokens = Tokens::of(Theme::Dark);
    let mut window = Harness::builder().with_size([1280.0, 1800.0]).with_context_setup(dress).build_ui_state(
        move |ui, shown: &mut Shown| {
            let commands = shown.page.calculator_ui(ui, &tokens);
            shown.commands.extend(commands);
        },
        Shown { page, commands: Vec::new() },
    );
    window.run();
    window
}

/// The window as text.
fn outline(window: &Window) -> String {
    outline::outline(window, usize::MAX)
}

fn input<'a>(window: &'a Window, label: &'a str) -> egui_kittest::Node<'a> {
    window
        .query_by_role_and_label(Role::TextInput, label)
        .or_else(|| window.query_by_role_and_label(Role::MultilineTextInput, label))
        .unwrap_or_else(|| panic!("no input {label}"))
}

/// Types into an input after what stands there is taken away.
fn enter(window: &mut Window, label: &str, text: &str) {
    input(window, label).focus();
    window.run();
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.key_press(Key::Backspace);
    window.run();
    if !text.is_empty() {
        input(window, label).type_text(text);
        window.run();
    }
}

fn hex(window: &Window, name: &str) -> Option<String> {
    window.state().page.results().row(name).unwrap_or_else(|| panic!("no row {name}")).hex.clone()
}

/// The row's hex and that it stands on the page.
fn reads(window: &Window, name: &str, expected: &str) {
    assert_eq!(hex(window, name).as_deref(), Some(expected), "{name}");
    assert!(window.query_all_by_label(expected).count() > 0, "{name} {expected} is not on the page");
}

fn note() -> Map<String, Json> {
    let fields = json!({
        "mm_lgain": "011: Gain 24", "gl": 24, "vl_mv": 1, "vu_mv": 250, "un_v": 220, "ib_a": 5, "mc_imp_kwh": 3200,
        "error_pct": -13.78, "error_05l_pct": 0.95, "start_fraction": 0.004,
        "vol_mea_v": 246.01, "un_actual_v": 220.024, "ugain_old": 26400,
        "cur_mea_a": 6.744, "ib_actual_a": 5.008, "igain_old": 31251,
        "offset_power_l": ["FFC4", "FFCA", "FFCA", "FFDC", "FFC5"],
    });
    fields.as_object().unwrap().clone()
}

fn page(fields: &Map<String, Json>) -> CalculatorPage {
    CalculatorPage::with(Form::from_fields(fields).unwrap())
}

#[test]
fn untouched_reads_as() {
    insta::assert_snapshot!("calculator_untouched", outline(&window(CalculatorPage::default())));
}

#[test]
fn the_sheet_reads_as() {
    let mut form = Form::from_fields(&note()).unwrap();
    form.arithmetic = Arithmetic::Sheet;
    insta::assert_snapshot!("calculator_sheet", outline(&window(CalculatorPage::with(form))));
}

#[test]
fn the_application_notes_examples_typed_in() {
    let mut window = window(CalculatorPage::default());
    for (label, text) in [
        ("Un", "220"),
        ("Ib", "5"),
        ("GL", "24"),
        ("VL", "1"),
        ("VU", "250"),
        ("MC", "3200"),
        ("Error, L line", "-13,78"),
        ("Error at 0.5L, L line", "0.95"),
        ("Start-up fraction", "0,004"),
        ("Voltage, meter", "246.01"),
        ("Voltage, reference", "220.024"),
        ("Voltage, old gain", "26400"),
        ("L current, meter", "6,744"),
        ("L current, reference", "5.008"),
        ("L current, old gain", "31251"),
        ("Active power readings, L line", "FFC4 FFCA FFCA FFDC FFC5"),
        ("MMode hex", "7C22"),
    ] {
        enter(&mut window, label, text);
    }
    for (name, expected) in [
        ("PL_Constant", "0015D174"),
        ("PLconstH", "0015"),
        ("PLconstL", "D174"),
        ("Lgain", "1475"),
        ("Lphi", "0024"),
        ("PStartTh", "08BD"),
        ("Ugain", "5C3B"),
        ("IgainL", "5AA7"),
        ("PoffsetL", "0035"),
        ("MMode", "7C22"),
    ] {
        reads(&window, name, expected);
    }
    let results = window.state().page.results();
    assert!(results.warnings.is_empty(), "{:?}", results.warnings);
    assert_eq!(results.words.len(), 25);
}

#[test]
fn the_page_is_the_command() {
    let lines = GOLDEN.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    for line in lines.take(120) {
        let fields = line["in"].as_object().unwrap();
        let results = page(fields).results().clone();
        let evaluation = meterbench::calibration::readings::Readings::from_json(fields).unwrap().evaluate();
        for (register, word) in &results.words {
            let expected = match register {
                Register::Cs1 => evaluation.cs1(),
                Register::Cs2 => evaluation.cs2(),
                other => evaluation.value(*other),
            };
            assert_eq!(Some(*word), expected, "{}: {register}", line["id"]);
        }
        let failed =
            evaluation.failed.len() + usize::from(evaluation.cs1().is_none()) + usize::from(evaluation.cs2().is_none());
        assert_eq!(results.words.len() + failed, 25, "{}", line["id"]);
        for register in &evaluation.failed {
            // Each failed register's row has the reason that is its own.
            let reason = evaluation.reason(*register).unwrap();
            let about = if register.name().starts_with("PLconst") { "PL_Constant" } else { register.name() };
            let named = [about, "Urms", "Irms"].iter().any(|name| reason.contains(name)) || reason.starts_with("the ");
            assert!(named, "{} {register}: {reason}", line["id"]);
            let row = results.row(about).unwrap();
            assert!(row.state == State::Failed && !row.meaning.is_empty(), "{row:?}");
        }
    }
}

#[test]
fn sheet_mode_is_the_sheet() {
    let lines = GOLDEN.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    for line in lines {
        let fields = line["in"].as_object().unwrap();
        let mut form = Form::from_fields(fields).unwrap();
        form.arithmetic = Arithmetic::Sheet;
        assert_eq!(
            SheetInputs::from_json(&form.sheet_fields()).unwrap().calculate(),
            SheetInputs::from_json(fields).unwrap().calculate()
        );
        let results = Results::of(&form);
        for (name, field) in [
            ("MMode", "mmode_hex"),
            ("PL_Constant", "pl_constant_hex"),
            ("PLconstH", "plconsth_hex"),
            ("Lgain", "lgain_hex"),
            ("Ugain", "ugain_hex"),
            ("IgainL", "igain_hex"),
            ("SagTh", "sagth_hex"),
        ] {
            assert_eq!(results.row(name).unwrap().hex.as_deref(), line["out"][field].as_str(), "{} {name}", line["id"]);
        }
    }
}

#[test]
fn the_sheets_errors_are_shown_as_it_shows_them() {
    let mut form = Form::from_fields(&note()).unwrap();
    form.arithmetic = Arithmetic::Sheet;
    let mut window = window(CalculatorPage::with(form));
    enter(&mut window, "MC", "");
    reads(&window, "PL_Constant", "#DIV/0!");
    enter(&mut window, "MC", "many");
    reads(&window, "PL_Constant", "#VALUE!");
    enter(&mut window, "MC", "0.0001");
    reads(&window, "PL_Constant", "#NUM!");
    let row = window.state().page.results().row("PL_Constant").unwrap();
    assert_eq!((row.state, row.decimal.as_deref()), (State::Failed, Some("45756043636363")));
    // The N line is not in it.
    assert!(input(&window, "Error, N line").accesskit_node().is_disabled());
    window.get_by_label("Nearest (bench)").click();
    window.run();
    assert!(!input(&window, "Error, N line").accesskit_node().is_disabled());
    assert_eq!(hex(&window, "PL_Constant"), None);
}

#[test]
fn mmode_goes_both_ways() {
    let mut window = window(CalculatorPage::default());
    let option = |window: &Window, name: &str| window.state().page.form.text(name).to_owned();
    assert_eq!(window.state().page.form.mmode(), Some(0x9422));
    enter(&mut window, "MMode hex", "7c22");
    assert_eq!(option(&window, "mm_lgain"), "011: Gain 24");
    assert_eq!(option(&window, "mm_ngain"), "11: Gain 1");
    reads(&window, "MMode", "7C22");
    enter(&mut window, "MMode hex", "94");
    assert_eq!(hex(&window, "MMode"), None);
    window.get_by_label("MMode hex: not a word of four hex digits");
    window.get_by_label("As the sheet").click();
    window.run();
    reads(&window, "MMode", "#VALUE!");
    window.get_by_label("Nearest (bench)").click();
    window.run();
    enter(&mut window, "MMode hex", "0x9422");
    reads(&window, "MMode", "9422");
    // By the list: the word follows.
    window.get_by_role_and_label(Role::ComboBox, "L gain").click();
    window.run();
    window.get_by_label("011: Gain 24").click();
    window.run();
    reads(&window, "MMode", "7422");
    assert_eq!(input(&window, "MMode hex").accesskit_node().value().as_deref(), Some("7422"));
}

#[test]
fn what_is_no_number_gives_no_result() {
    let mut window = window(page(&note()));
    reads(&window, "Ugain", "5C3B");
    enter(&mut window, "Voltage, meter", "24x");
    let row = window.state().page.results().row("Ugain").unwrap();
    assert_eq!((row.state, &row.hex, &row.decimal), (State::Failed, &None, &None));
    assert!(window.query_all_by_label("Voltage, meter: not a number").count() == 2);
    assert_eq!(hex(&window, "CS2"), None);
    reads(&window, "IgainL", "5AA7");
    // Not a stale or default number when an input beside the deciding ones is bad.
    enter(&mut window, "Voltage, meter", "246.01");
    enter(&mut window, "Voltage, old gain", "many");
    assert_eq!(hex(&window, "Ugain"), None);
    for (label, name) in [
        ("MC", "PL_Constant"),
        ("GL", "PStartTh"),
        ("Mains frequency", "Lphi"),
        ("Active power readings, L line", "PoffsetL"),
        ("Registers in force", "QStartTh"),
    ] {
        enter(&mut window, label, "x?");
        assert_eq!(hex(&window, name), None, "{name} with a bad {label}");
    }
}

#[test]
fn a_result_out_of_range_says_what_it_smells_of() {
    let mut window = window(CalculatorPage::default());
    enter(&mut window, "Error, N line", "-72");
    let row = window.state().page.results().row("Ngain").unwrap().clone();
    assert!(
        row.meaning.starts_with("Ngain would have to be 84261 and takes -16384 to 16384; that smells of"),
        "{row:?}"
    );
    window.get_by_label(&row.meaning);
    assert_eq!(hex(&window, "CS1"), None);
    assert!(window.state().page.results().warnings[0].starts_with("The error of the N line at PF 1"));
    window.get_by_label(&window.state().page.results().warnings[0]);
}

#[test]
fn impedances_give_the_sampling_voltages() {
    let mut fields = note();
    for (name, json) in [("vl_mv", Json::Null), ("vu_mv", Json::Null), ("k1_ohm", 1000.into()), ("k2_kohm", 400.into())]
    {
        fields.insert(name.to_owned(), json);
    }
    let mut window = window(page(&fields));
    // 5 A / 2000 through 30 Ohm parallel to 1 kOhm; 220 V over 1000 kOhm and 1 kOhm parallel to 400 kOhm.
    assert_eq!(input(&window, "VL").accesskit_node().value().as_deref(), Some("72.8155"));
    assert_eq!(input(&window, "VU").accesskit_node().value().as_deref(), Some("219.2327"));
    enter(&mut window, "K1", "none");
    assert_eq!(input(&window, "VL").accesskit_node().value().as_deref(), Some("–"));
    assert_eq!(hex(&window, "PL_Constant"), None);
    window.get_by_label("VL from K1 and Ib").click();
    window.run();
    enter(&mut window, "VL", "1");
    assert!(hex(&window, "PL_Constant").is_some());
}

/// What the next frames put to the clipboard.
fn copied(window: &mut Window) -> String {
    for _ in 0..3 {
        window.step();
        for command in &window.output().platform_output.commands {
            if let OutputCommand::CopyText(text) = command {
                return text.clone();
            }
        }
    }
    panic!("nothing was copied")
}

#[test]
fn what_is_typed_behind_tab_in_one_frame_lands_in_the_next_field() {
    let mut window = window(page(&note()));
    input(&window, "Un").focus();
    window.run();
    let key = |key| Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers: Modifiers::NONE };
    let text = |text: &str| Event::Text(text.to_owned());
    let typed = [text("240"), key(Key::Tab), text("5"), key(Key::Tab), key(Key::Tab), text("7"), key(Key::Enter)];
    let before = all_inputs(&window);
    window.input_mut().events.extend(typed);
    window.run_steps(12);
    let after = all_inputs(&window);
    let first = before.iter().position(|(label, _)| label == "Un").unwrap();
    let grown = |number: usize| after[first + number].1.strip_prefix(before[first + number].1.as_str()).unwrap_or("?");
    assert_eq!([grown(0), grown(1), grown(2), grown(3)], ["240", "5", "", "7"], "{before:?}\n{after:?}");
}

/// All inputs of one line as they stand on the page, with what is typed in them.
fn all_inputs(window: &Window) -> Vec<(String, String)> {
    let inputs = window.get_all_by_role(Role::TextInput).map(|node| {
        let node = node.accesskit_node();
        (node.label().unwrap_or_default(), node.value().unwrap_or_default())
    });
    inputs.collect()
}

#[test]
fn what_cannot_be_opened_is_said_with_what_to_do() {
    let mut window = window(page(&note()));
    window.state_mut().page.refuse(Advice::new("big.toml cannot be read", "", "Choose another file"));
    window.run();
    window.get_by_label("big.toml cannot be read");
    window.get_by_label("Choose another file");
    // The next thing that is done takes it away.
    window.get_by_label("Copy as hex").click();
    window.run();
    assert!(window.query_by_label("big.toml cannot be read").is_none());
}

#[test]
fn registers_are_copied() {
    let mut window = window(page(&note()));
    for (button, line, lines, said) in [
        ("Copy as hex", "Ugain 0x5C3B", 25, "Copied 23 registers as hex with both checksums"),
        ("Copy as C", "AFECHIP(0, Ugain, 0x5C3B);", 25, "Copied 23 registers as C with both checksums"),
        ("Copy as #define", "#define AFE_Ugain 0x5C3B", 25, "Copied 23 registers as #define with both checksums"),
        ("Copy as TOML", "Ugain = \"5C3B\"", 24, "Copied 23 registers as TOML"),
    ] {
        window.get_by_label(button).click();
        let text = copied(&mut window);
        assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
        assert_eq!(text.lines().count(), lines);
        window.run();
        window.get_by_label(said);
        // What was copied can be put back as the registers in force.
        let mut form = Form::default();
        *form.text_mut("registers") = text;
        assert_eq!(form.registers().get(Register::Ugain), Ok(0x5C3B));
    }
    enter(&mut window, "MC", "many");
    assert!(window.query_by_label("Copied 23 registers as TOML").is_none());
    window.get_by_label("Copy as C").click();
    window.run();
    window.get_by_label("Copied 21 registers as C with one checksum; 2 have no value");
    enter(&mut window, "MC", "3200");
    let words = &window.state().page.results().words;
    assert!(Format::Calls.text(words).contains("AFECHIP(0, CSTwo, 0x"));
    assert!(toml::from_str::<toml::Table>(&Format::Toml.text(words)).is_ok());
}

#[test]
fn a_case_is_asked_for_and_taken_over() {
    let mut window = window(page(&note()));
    for button in ["Open case…", "Open workbook…", "Save case…"] {
        window.get_by_label(button).click();
        window.run();
    }
    let commands = std::mem::take(&mut window.state_mut().commands);
    let [CalculatorCommand::OpenCase, CalculatorCommand::OpenWorkbook, CalculatorCommand::SaveCase(text)] =
        commands.as_slice()
    else {
        panic!("{commands:?}")
    };
    window.get_by_label("Clear").click();
    window.run();
    assert_eq!(hex(&window, "Ugain").as_deref(), Some("6720"));
    window.state_mut().page.load_case(text).unwrap();
    window.run();
    reads(&window, "Ugain", "5C3B");
    let error = |text: &str| CalculatorPage::default().load_case(text).unwrap_err().to_string();
    assert!(error("nothing").starts_with("this is no case: "));
    assert!(error("{\"in\": {\"un_volts\": 1}}").contains("un_volts"));
    assert!(error("{\"in\": {\"un_v\": [1]}}").contains("un_v"));
}

#[test]
fn a_workbook_is_taken_over_with_its_remarks() {
    let mut writer = rust_xlsxwriter::Workbook::new();
    let sheet = writer.add_worksheet().set_name("Sheet1").unwrap();
    let original = SheetInputs::original();
    for (row, number) in [
        (21, 300.0),
        (22, 12.0),
        (23, 1.0),
        (24, 250.0),
        (25, 1.0),
        (26, 1000.0),
        (59, 203.9),
        (60, 243.1),
        (61, 26_400.0),
    ] {
        sheet.write_number(row, 1, number).unwrap();
    }
    let options = [
        original.mm_lgain,
        original.mm_ngain,
        original.mm_lnsel,
        original.mm_dishpf,
        original.mm_amod,
        original.mm_rmod,
    ];
    for (row, option) in (4..).zip(options) {
        sheet.write_string(row, 1, option.text()).unwrap();
    }
    let workbook = Workbook::read(&writer.save_to_buffer().unwrap()).unwrap();
    let mut page = CalculatorPage::default();
    page.load_workbook(workbook).unwrap();
    let window = window(page);
    reads(&window, "Ugain", "0x7AF3");
    // Two options are missing.
    reads(&window, "MMode", "#VALUE!");
    window.get_by_label("B25 (VL) 250 mV and B26 (VU) 1 mV look swapped: VL is the current channel");
}

#[test]
fn tab_goes_through_all_inputs() {
    let mut window = window(CalculatorPage::default());
    let mut met = Vec::new();
    for _ in 0..90 {
        window.key_press(Key::Tab);
        window.run();
        let focused = window.root().children_recursive().find(|node| node.accesskit_node().is_focused());
        met.extend(focused.and_then(|node| node.accesskit_node().label()));
    }
    for field in FIELDS.into_iter().filter(|field| field.name != "pl_multiple" && field.kind != Kind::Kept) {
        assert!(met.iter().any(|label| label == field.label), "{} is not met by Tab", field.label);
    }
    assert!(met.iter().any(|label| label == "PL_Constant as a multiple of four"));
}

#[test]
fn small_windows_hold_it() {
    let mut window = window(page(&note()));
    for size in [[640.0, 360.0], [1080.0, 656.0], [3840.0, 2160.0]] {
        window.set_size(size.into());
        window.run();
        // Where there is no room for both, inputs and results take turns.
        if size[0] < 800.0 {
            window.get_by_label("Results").click();
            window.run();
        }
        window.get_by_label("As the sheet");
    }
}

fn number() -> impl Strategy<Value = Json> {
    prop_oneof![
        (-1_000_000..1_000_000i64).prop_map(Json::from),
        any::<f64>()
            .prop_filter("JSON has no others", |number| number.is_finite() && number.fract() != 0.0)
            .prop_map(Json::from),
        "[a-z]{1,6}".prop_filter("no number", |text| text != "e").prop_map(Json::from),
    ]
}

/// A value for a field, none for one left out.
fn content(kind: Kind, name: &'static str) -> BoxedStrategy<Option<Json>> {
    let json: BoxedStrategy<Json> = match kind {
        Kind::Number | Kind::Kept => number().boxed(),
        Kind::Sampling => prop_oneof![number(), Just(Json::Null)].boxed(),
        Kind::Bits(_) => {
            let mode = MODE_FIELDS.into_iter().find(|mode| mode.name == name).unwrap();
            any::<u16>().prop_map(move |word| mode.of(word).into()).boxed()
        }
        Kind::Readings => prop::collection::vec(any::<i16>(), 1..6).prop_map(|list| json!(list)).boxed(),
        Kind::Registers => {
            any::<u16>().prop_map(|word| json!({"Ugain": format!("0x{word:04X}"), "Lphi": "0x0024"})).boxed()
        }
    };
    prop::option::of(json).boxed()
}

fn case() -> impl Strategy<Value = Map<String, Json>> {
    let contents: Vec<_> = FIELDS.into_iter().map(|field| content(field.kind, field.name)).collect();
    contents.prop_map(|values| {
        let named = FIELDS.into_iter().zip(values);
        named.filter_map(|(field, json)| Some((field.name.to_owned(), json?))).collect()
    })
}

proptest! {
    /// What is opened is saved again as it was.
    #[test]
    fn a_case_goes_round(fields in case(), sheet: bool) {
        let arithmetic = if sheet { "sheet" } else { "nearest" };
        let text = json!({"in": fields, "arithmetic": arithmetic}).to_string();
        let form = Form::from_case(&text).unwrap();
        prop_assert_eq!(form.to_case(), text);
    }

    /// Whatever is typed, the saved case gives the same results.
    #[test]
    fn whatever_is_typed_is_kept(texts in prop::collection::vec(".{0,8}", FIELDS.len()), sheet: bool) {
        let mut form = Form::default();
        for (field, text) in FIELDS.into_iter().zip(texts) {
            *form.text_mut(field.name) = text;
        }
        form.arithmetic = if sheet { Arithmetic::Sheet } else { Arithmetic::Nearest };
        let again = Form::from_case(&form.to_case()).unwrap();
        prop_assert_eq!(again.to_case(), form.to_case());
        prop_assert_eq!(Results::of(&again).words, Results::of(&form).words);
    }
}

/// What was refused stands above everything; whoever types meanwhile loses neither a letter nor the place.
#[test]
fn typing_goes_on_below_a_problem() {
    let mut page = CalculatorPage::default();
    page.refuse(Advice::new("This is no case", "It has no inputs", "Choose another file"));
    let mut window = window(page);
    let place = input(&window, "Un").rect();
    input(&window, "Un").focus();
    window.run();
    for letter in ["2", "3", "0"] {
        window.event(Event::Text(letter.to_owned()));
        window.run();
        assert!(input(&window, "Un").is_focused(), "after {letter}");
        assert_eq!(input(&window, "Un").rect(), place, "after {letter}");
    }
    assert_eq!(window.state().page.form.text("un_v"), "230");
    assert!(window.query_by_label("This is no case").is_some(), "it stands until something else is asked for");
    // What is said elsewhere takes it away from above the field in the middle of a word.
    window.state_mut().page.tell("Saved the case".to_owned());
    window.run();
    assert!(window.query_by_label("This is no case").is_none());
    window.event(Event::Text("5".to_owned()));
    window.run();
    assert!(input(&window, "Un").is_focused());
    assert_eq!(window.state().page.form.text("un_v"), "2305");
}

/// Faults come and go below the rows above; the input that has the focus keeps it.
#[test]
fn a_fault_elsewhere_takes_no_focus() {
    let mut window = window(CalculatorPage::default());
    input(&window, "VL").focus();
    window.run();
    *window.state_mut().page.form.text_mut("un_v") = "x".to_owned();
    window.run();
    window.event(Event::Text("1".to_owned()));
    window.run();
    assert!(input(&window, "VL").is_focused());
    assert_eq!(window.state().page.form.text("vl_mv"), "1");
}
