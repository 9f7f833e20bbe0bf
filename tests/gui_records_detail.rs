//! One record in full: how sure it is, its papers, and where its page begins.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on stops")]

mod drawn;
mod outline;
mod recorded;
#[path = "recorded/page.rs"]
mod records_page;

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Event, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use meterbench::gui::app::App;
use meterbench::gui::core::Core;
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::reprint::Press;
use meterbench::gui::route::Route;
use meterbench::job::NoWake;
use meterbench::procedure::custody::{InstrumentUsed, Role as CustodyRole};
use meterbench::procedure::uncertainty::Expanded;
use meterbench::record::file_in;

use recorded::drafts;
use records_page::{Window, scan, stored, until, window, window_of};

#[test]
fn another_record_begins_at_its_top() {
    let folder = stored(&drafts(30));
    let mut window = window(folder.path());
    until(&mut window, "30 records");
    let top = |window: &Window| window.get_by_label("Measurements").rect().top();
    scan(&mut window, "MT0000007");
    until(&mut window, "record 18, ");
    let begin = top(&window);
    window.event(Event::PointerMoved(egui::pos2(700.0, 400.0)));
    window.event(Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, -400.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    window.run_steps(30);
    assert!(top(&window) < begin - 100.0, "it was scrolled");
    scan(&mut window, "MT0000011");
    until(&mut window, "record 12, ");
    assert!((top(&window) - begin).abs() < 1.0, "{} instead of {begin}", top(&window));
}

/// What the command line prints of a record's uncertainties and instruments is there to be seen too.
#[test]
fn a_record_shows_how_sure_it_is_and_by_which_instruments() {
    let mut all = drafts(3);
    let entry = &mut all[2].entry;
    let error = entry.measurements.iter_mut().find(|one| one.name == "energy_error").unwrap();
    error.expanded = Some(Expanded {
        expanded: 0.0315,
        coverage_factor: 2.025,
        degrees_of_freedom: Some(40.0),
        from_reference: 0.01,
        from_resolution: 0.0,
        from_time_base: 0.0,
    });
    entry.traceability.decision_rule = Some("guard band of 1 U".to_owned());
    entry.traceability.instruments.push(InstrumentUsed {
        role: CustodyRole::Reference,
        identity: "Maker Model 1".to_owned(),
        serial: "REF-7".to_owned(),
        certificate: Some("DKD-2026-11".to_owned()),
        laboratory: None,
        calibrated: None,
        due: Some("2027-03-01".to_owned()),
        exception: None,
        uncertainty: Vec::new(),
        by_maker: false,
    });
    let folder = stored(&all);
    let mut window = window_of(folder.path(), [1280.0, 1700.0]);
    until(&mut window, "3 records");
    scan(&mut window, "MT0000002");
    until(&mut window, "About the run");
    let shown = drawn::all(&window);
    assert!(shown.iter().any(|text| text == "0.0315 % (k 2.02)" || text == "0.0315 % (k 2.03)"), "{shown:?}");
    window.get_by_label_contains("uncertainty 0.0315 %");
    window.get_by_label("reference REF-7: DKD-2026-11, due 2027-03-01");
    window.get_by_label("guard band of 1 U");
    assert_eq!(drawn::cut(&window), Vec::<String>::new());
    // Where none was recorded there is no column for it.
    scan(&mut window, "MT0000001");
    until(&mut window, "record 2, ");
    assert!(!drawn::all(&window).iter().any(|text| text.starts_with("Uncertainty")));
}

/// A paper that cannot be made says so before a file is chosen for it.
#[test]
fn a_unit_that_did_not_pass_has_a_report_and_no_label() {
    let folder = stored(&drafts(8));
    let file = file_in(folder.path());
    let press = Press { file: file.clone(), print: Arc::new(|_, _, _| Err("not printed".to_owned())) };
    let mut window = window(folder.path());
    let app = App::with(Core::default(), BenchPage::default());
    *window.state_mut() = app.reading_records(file, Arc::new(NoWake)).printing(press);
    window.step();
    window.key_press(Route::Records.key());
    window.step();
    scan(&mut window, "MT0000007");
    until(&mut window, "About the run");
    assert!(window.query_by_role_and_label(Role::Button, "Certificate…").is_none());
    assert!(!window.get_by_role_and_label(Role::Button, "Test report…").accesskit_node().is_disabled());
    let label = window.get_by_role_and_label(Role::Button, "Label…");
    assert!(label.accesskit_node().is_disabled());
    label.hover();
    until(&mut window, "Only a unit that passed gets a label; this one: FAIL");
}
