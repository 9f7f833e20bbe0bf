//! The records page over a store of 100 000 runs: how long an answer takes from the letter typed to what is drawn, and how long
//! a frame takes while one scrolls and types. `METERBENCH_BENCH_RECORDS` makes it more or fewer runs.
//!
//! Answers are timed by the clock on the wall, frames by the thread's own time on the processor, as in `frame`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark stops at what it did not expect"
)]

#[path = "../recorded/mod.rs"]
mod recorded;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cpu_time::ThreadTime;
use egui::{Context, Event, Key, Modifiers, Pos2, RawInput, Rect, vec2};
use meterbench::clock::{RealClock, SharedClock};
use meterbench::gui::app::{App, dress};
use meterbench::gui::archive::{Archive, ArchiveNotice, ArchiveRequest, Key as Place};
use meterbench::gui::core::Core;
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::route::Route;
use meterbench::job::NoWake;
use meterbench::procedure::Verdict;
use meterbench::record::listing::Wanted;
use meterbench::record::{Draft, Filter, Store, file_in};
use recorded::draft;

const AT_ONCE: u64 = 1000;
const TURNS: usize = 15;
const FRAMES: usize = 600;
const WARM_UP: usize = 30;

fn main() {
    let count: u64 = std::env::var("METERBENCH_BENCH_RECORDS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
    let file = file_in(folder.path());
    let mut store = Store::open(&file).expect("store");
    let mut next = 0;
    while next < count {
        let part: Vec<Draft> = (next..count.min(next + AT_ONCE)).map(draft).collect();
        store.append_all(&part).expect("stored");
        next += AT_ONCE;
    }
    let station = store.station().to_owned();
    drop(store);
    println!("{count} runs");
    answers(&file, &station, count);
    frames(&file, count);
}

/// From asking to the answer, through the archive's thread.
fn answers(file: &Path, station: &str, count: u64) {
    let clock = RealClock::shared();
    let mut archive = Archive::spawn(file.to_owned(), Arc::new(NoWake)).expect("a thread");
    let part = |part: String| ArchiveRequest::List(Wanted { part, ..Wanted::default() });
    let failed = Wanted { verdict: Some(Verdict::Fail), ..Wanted::default() };
    let key = |number| Place { station: station.to_owned(), number };
    let asked = [
        ("all, first page", ArchiveRequest::List(Wanted::default())),
        ("all, last page", ArchiveRequest::Rows(Wanted::default(), (count - 1) / 100 * 100)),
        ("FAIL", ArchiveRequest::List(failed)),
        ("search M", part("M".to_owned())),
        ("search by serial number", part(format!("MT{:07}", count / 2))),
        ("search by the last 4 digits", part(format!("{:04}", count / 3 % 10_000))),
        ("scan a serial number", ArchiveRequest::Find(format!("MT{:07}", count / 2))),
        ("open a record", ArchiveRequest::Open(key(count / 2))),
        ("compare four", ArchiveRequest::Compare((1..=4).map(key).collect())),
        ("statistics", ArchiveRequest::Count(Filter::default(), None)),
    ];
    println!("{:<30} {:>9} {:>9} {:>9}", "answer", "median", "first", "worst");
    for (name, request) in asked {
        let mut turns: Vec<f64> = (0..TURNS).map(|_| answer(&mut archive, &request, &clock)).collect();
        let first = turns[0];
        turns.sort_by(f64::total_cmp);
        println!("{name:<30} {:>9.2} {first:>9.2} {:>9.2} ms", turns[TURNS / 2], turns[TURNS - 1]);
    }
}

fn answer(archive: &mut Archive, request: &ArchiveRequest, clock: &SharedClock) -> f64 {
    let began = clock.now();
    archive.ask(request.clone());
    loop {
        match archive.poll() {
            Some(Ok(ArchiveNotice::Refused(_, advice))) => panic!("{advice:?}"),
            Some(Ok(_)) => return clock.now().since(began).as_secs_f64() * 1e3,
            Some(Err(error)) => panic!("{error}"),
            None => std::thread::sleep(Duration::from_micros(50)),
        }
    }
}

/// Time of a frame while the list is scrolled, and while one types.
fn frames(file: &Path, count: u64) {
    println!("{:<30} {:>9} {:>9} {:>9}", "frame, 1280x720", "draw p50", "p99", "both p99");
    let app = || App::with(Core::default(), BenchPage::default()).reading_records(file.to_owned(), Arc::new(NoWake));
    let key = |key: Key, modifiers: Modifiers| Event::Key {
        key,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers,
    };
    measure("list, standing still", app(), |_| Vec::new());
    measure("list, a page each frame", app(), |frame| match frame {
        // From the end backwards: what comes is never there yet.
        0 => vec![key(Key::End, Modifiers::COMMAND)],
        _ => vec![key(Key::PageUp, Modifiers::NONE)],
    });
    measure("list, a letter each 3rd frame", app(), |frame| match frame % 30 {
        0 => vec![key(Key::Escape, Modifiers::NONE)],
        part if part % 3 == 0 => {
            let serial = format!("MT{:07}", frame as u64 * 97 % count);
            vec![Event::Text(serial.chars().nth(part / 3 - 1).unwrap_or('0').to_string())]
        }
        _ => Vec::new(),
    });
    measure("a record", app(), |frame| match frame {
        0 => vec![Event::Text(format!("MT{:07}", count / 2)), key(Key::Enter, Modifiers::NONE)],
        _ => Vec::new(),
    });
}

fn measure(name: &str, mut app: App, events: impl Fn(usize) -> Vec<Event>) {
    let ctx = Context::default();
    dress(&ctx);
    let screen = Rect::from_min_size(Pos2::ZERO, vec2(1280.0, 720.0));
    let (mut draw, mut both) = (Vec::new(), Vec::new());
    for frame in 0..WARM_UP + FRAMES {
        let events = match frame {
            0 => {
                let modifiers = Modifiers::NONE;
                let key = Route::Records.key();
                vec![Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers }]
            }
            frame if frame < WARM_UP => Vec::new(),
            frame => events(frame - WARM_UP),
        };
        let time = Some(frame as f64 / 60.0);
        let input = RawInput { screen_rect: Some(screen), time, focused: true, events, ..RawInput::default() };
        let start = ThreadTime::now();
        app.take_in();
        let mut output = ctx.run_ui(input, |ui| app.draw_ui(ui));
        // Nobody paints, so nobody takes the fonts' pictures over.
        output.textures_delta.clear();
        let drawn = start.elapsed();
        let _meshes = ctx.tessellate(output.shapes, output.pixels_per_point);
        let done = start.elapsed();
        if frame >= WARM_UP {
            draw.push(drawn);
            both.push(done);
        }
        // As a screen does: what was asked for comes between two frames.
        std::thread::sleep(Duration::from_millis(4));
    }
    let [p50, p99] = quantiles(draw);
    let [_, both] = quantiles(both);
    println!("{name:<30} {p50:>9.3} {p99:>9.3} {both:>9.3} ms");
}

/// Median and the 99th of a hundred, in milliseconds.
fn quantiles(mut times: Vec<Duration>) -> [f64; 2] {
    times.sort();
    [0.5, 0.99].map(|part| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3)
}
