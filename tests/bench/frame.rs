//! Time of a frame without rasterising: the live page with an hour of history at ten readings a second, and the bench page
//! with one run's data and with 24 positions at work. Drawing and tessellation are told apart; each frame of the live page
//! brings a new reading, each frame of the 24 positions what happened meanwhile.
//!
//! Times are the thread's own on the processor: what else the machine does is no part of a frame.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark stops at what it did not expect"
)]

#[path = "../simulated/mod.rs"]
mod simulated;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cpu_time::ThreadTime;
use egui::{Context, Pos2, RawInput, Rect, vec2};
use meterbench::clock::Moment;
use meterbench::gui::app::{App, dress};
use meterbench::gui::core::Core;
use meterbench::gui::history::{CAPACITY, Row};
use meterbench::gui::measurand::Measurand;
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::pages::live::Show;
use meterbench::gui::route::Route;
use meterbench::gui::session::{Basis, ChipState, Limits, Link, Links, MeterRound, Notice, WatchNotice};
use meterbench::meter::BusStatistics;
use meterbench::operator::Operator;
use meterbench::procedure::{self, Bench, Control, Event, Place};
use meterbench::reference::ReferenceReading;
use meterbench::station::{self, Addresses, Station};
use meterbench::units::{Amps, Degrees, Hertz, Vars, VoltAmps, Volts, Watts};

/// Frames measured.
const FRAMES: usize = 1000;
/// Frames before, in which fonts are laid out.
const WARM_UP: usize = 30;
/// Between two readings.
const EVERY_SECS: f64 = 0.1;

fn main() {
    println!("{:<44} {:>8} {:>8} {:>8} {:>8} {:>9}", "frame", "draw p50", "p99", "tess p50", "p99", "both p99");
    for (name, show, width_secs, size) in [
        ("live, values of 1 min, 1280x720", Show::Value, 60.0, (1280.0, 720.0)),
        ("live, values of 1 h, 1280x720", Show::Value, 3600.0, (1280.0, 720.0)),
        ("live, error of 1 h, 1280x720", Show::Error, 3600.0, (1280.0, 720.0)),
        ("live, values of 1 h, 3840x2160", Show::Value, 3600.0, (3840.0, 2160.0)),
    ] {
        let mut app = App::with(live_core(), BenchPage::default());
        app.route = Route::Live;
        app.live.plot.choose(Measurand::U, show);
        app.live.plot.width_secs = width_secs;
        let mut number = CAPACITY as u32;
        measure(name, size, &mut app, |app| {
            number += 1;
            arrive(&mut app.core, number);
        });
    }
    let mut app = App::with(live_core(), BenchPage::default());
    app.route = Route::Live;
    let mut number = CAPACITY as u32;
    measure("live, 1 h, another quantity each frame", (1280.0, 720.0), &mut app, |app| {
        number += 1;
        arrive(&mut app.core, number);
        app.live.plot.width_secs = 3600.0;
        app.live.plot.choose(Measurand::ALL[number as usize % Measurand::ALL.len()], Show::Value);
    });
    let mut app = App::with(bench_core(), BenchPage::default());
    measure("bench, one run's data, 1280x720", (1280.0, 720.0), &mut app, |_| {});
    for (name, size) in
        [("bench, 24 positions, 1280x720", (1280.0, 720.0)), ("bench, 24 positions, 3840x2160", (3840.0, 2160.0))]
    {
        let (core, mut events) = core_of_many();
        let mut app = App::with(core, BenchPage::default());
        let each_frame = events.len() / (WARM_UP + FRAMES);
        assert!(each_frame > 0, "{} events are too few for these frames", events.len());
        measure(name, size, &mut app, |app| {
            for event in events.drain(..each_frame) {
                app.core.apply(Notice::Run(event));
            }
        });
        assert!(app.core.positions.all().iter().all(|position| position.run.running), "they work to the last frame");
    }
}

/// Draws frame after frame and prints what they took, in milliseconds.
fn measure(name: &str, (width, height): (f32, f32), app: &mut App, mut each: impl FnMut(&mut App)) {
    let ctx = Context::default();
    dress(&ctx);
    let screen = Rect::from_min_size(Pos2::ZERO, vec2(width, height));
    let (mut draw, mut tessellate, mut both) = (Vec::new(), Vec::new(), Vec::new());
    let mut vertices = 0;
    for frame in 0..WARM_UP + FRAMES {
        each(app);
        let input = RawInput {
            screen_rect: Some(screen),
            time: Some(frame as f64 * EVERY_SECS),
            focused: true,
            ..RawInput::default()
        };
        let start = ThreadTime::now();
        let mut output = ctx.run_ui(input, |ui| app.draw_ui(ui));
        // Nobody paints, so nobody takes the fonts' pictures over.
        output.textures_delta.clear();
        let drawn = start.elapsed();
        let meshes = ctx.tessellate(output.shapes, output.pixels_per_point);
        let done = start.elapsed();
        if frame >= WARM_UP {
            draw.push(drawn);
            tessellate.push(done.saturating_sub(drawn));
            both.push(done);
        }
        vertices = meshes
            .iter()
            .map(|mesh| match &mesh.primitive {
                egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len(),
                egui::epaint::Primitive::Callback(_) => 0,
            })
            .sum();
    }
    let [d50, d99] = quantiles(draw);
    let [t50, t99] = quantiles(tessellate);
    let [_, b99] = quantiles(both);
    println!("{name:<44} {d50:>8.3} {d99:>8.3} {t50:>8.3} {t99:>8.3} {b99:>9.3} ms, {vertices} vertices");
}

/// Median and the 99th of a hundred, in milliseconds.
fn quantiles(mut times: Vec<Duration>) -> [f64; 2] {
    times.sort();
    [0.5, 0.99].map(|part| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3)
}

fn connected() -> Notice {
    let ready = || Link::Ready("Meterbench SIM".to_owned());
    Notice::Links(Links { meters: vec![ready()], reference: ready(), source: ready(), simulated: true, open: true })
}

fn noise(number: u32, stream: u32) -> f64 {
    // Weyl sequences: evenly spread, repeatable.
    (f64::from(number) * (0.618_033_988 + 0.1 * f64::from(stream))).fract() - 0.5
}

/// Everything both sides show at a reading.
fn shown(number: u32, side: u32) -> [f64; 8] {
    let part = |stream: u32| 1.0 + 4e-4 * noise(number, stream * 2 + side) + 1e-3 * (f64::from(number) / 3000.0).sin();
    let (u, i, phase) = (240.0 * part(0), 5.0 * part(1), 60.0 + 0.1 * noise(number, 4 + side));
    let s = u * i;
    let turn: f64 = phase;
    [u, i, s * turn.to_radians().cos(), s * turn.to_radians().sin(), s, turn.to_radians().cos(), 50.0 * part(3), phase]
}

/// A connected station that has been watched for an hour.
fn live_core() -> Core {
    let plan = simulated::plan("opensmartmeter-mt50", "calibrate");
    let mut core = Core::default();
    core.apply(connected());
    let basis = Basis::new(0, &plan.meter, &plan.procedure);
    core.apply(Notice::Watch(WatchNotice::Began(Arc::new(basis))));
    for number in 0..CAPACITY as u32 {
        let secs = f64::from(number) * EVERY_SECS;
        core.watch.history.push(Row { secs, meter: shown(number, 0), reference: shown(number, 1) });
    }
    assert_eq!(core.watch.history.len(), CAPACITY);
    core
}

/// One more reading of both sides, as the station's thread tells it.
fn arrive(core: &mut Core, number: u32) {
    let secs = f64::from(number) * EVERY_SECS;
    let at = Moment::after_start(Duration::from_secs_f64(secs));
    let [u, i, p, q, s, pf, f, phase] = shown(number, 1);
    let reading = ReferenceReading {
        at,
        u: Volts(u),
        i: Amps(i),
        p: Watts(p),
        q: Some(Vars(q)),
        s: Some(VoltAmps(s)),
        pf: Some(pf),
        phase: Some(Degrees(phase)),
        f: Some(Hertz(f)),
    };
    let round = MeterRound {
        at,
        secs: [secs; 8],
        values: shown(number, 0),
        state: Some(ChipState { en_status: 0x0802, cal_start: 0x8765, adj_start: 0x8765 }),
        sys_status: None,
        energy: None,
        bus: BusStatistics { transactions: u64::from(number) * 12, ..BusStatistics::default() },
    };
    core.apply(Notice::Watch(WatchNotice::Reference(vec![reading])));
    core.apply(Notice::Watch(WatchNotice::Meter(vec![round])));
}

/// Positions of a large bench.
const MANY: usize = 24;

/// A station on which units are being calibrated at many positions, and what happens there one after the other.
fn core_of_many() -> (Core, Vec<Event>) {
    let plan = simulated::plan("opensmartmeter-mt50", "calibrate");
    let address = |seed: usize| format!("sim:?seed={seed}").parse().expect("address");
    let addresses =
        Addresses { meters: (1..=MANY).map(address).collect(), reference: None, source: None, later: Vec::new() };
    let operator: Arc<dyn Operator> = Arc::new(simulated::Nobody);
    let Station { meters, reference, source, clock, simulated, .. } =
        station::open(&addresses, &operator).expect("a simulated station");
    let place = |(number, meter)| Place { serial: format!("MT{number}"), meter, head: None, flash: None };
    let positions = meters.into_iter().enumerate().map(place).collect();
    let events = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&events);
    let control = Control::new(move |event| listener.lock().expect("events").push(event));
    let mut bench = Bench { positions, reference, source, clock, operator, simulated };
    procedure::run(&mut bench, &plan, &control);
    let mut core = Core::default();
    let ready = || Link::Ready("Meterbench SIM".to_owned());
    let meters = vec![ready(); MANY];
    core.apply(Notice::Links(Links { meters, reference: ready(), source: ready(), simulated, open: true }));
    let limits = Limits { voltage: Some(0.2), current: Some(0.2), energy: Some(0.2) };
    core.apply(Notice::Began { control: Arc::new(Control::new(|_| {})), limits, expected: plan.expected() });
    let events = std::mem::take(&mut *events.lock().expect("events"));
    (core, events)
}

/// A station on which a unit has just been calibrated.
fn bench_core() -> Core {
    let plan = simulated::plan("opensmartmeter-mt50", "calibrate");
    let events = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&events);
    let control = Control::new(move |event| listener.lock().expect("events").push(event));
    let outcome = simulated::Setup::new("sim:?seed=7").run(&plan, &control);
    let mut core = Core::default();
    core.apply(connected());
    let limits = Limits { voltage: Some(0.2), current: Some(0.2), energy: Some(0.2) };
    core.apply(Notice::Began { control: Arc::new(Control::new(|_| {})), limits, expected: Vec::new() });
    for event in events.lock().expect("events").drain(..) {
        core.apply(Notice::Run(event));
    }
    core.apply(Notice::Ended(vec![outcome.report]));
    core
}
