//! Residual errors after calibration of seeded boards: the sheet's way beside the bench's way beside the registers' bound.
//!
//! What is left is not measured but known: the simulator tells the chip's error on ideal wires without noise. It is given
//! relative to the reference the board was calibrated against, whose own error no calibration can see.
//!
//! The sheet's way: one reading of the stock meter's LCD with the stock gains in it (0.01 V; 0.02 A), the error of the
//! bench's display to 0.01 %, every formula truncated by INT, no phase compensation. The bench's way: `run` with the
//! `calibrate` procedure. The bound: half a step of the register, with everything measured perfectly.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

#[path = "../simulated/mod.rs"]
mod simulated;

use m90e26::{Line, Register};
use meterbench::calibration::formula::{degrees_per_step, fraction_from_gain};
use meterbench::calibration::registers::RegisterSet;
use meterbench::procedure::{Control, Plan, Verdict};
use meterbench::sim::SimOptions;
use meterbench::sim::board::Board;
use meterbench::sim::chip::Chip;
use meterbench::sim::world::{Mains, World};
use meterbench::units::Hertz;
use simulated::{Outcome, Setup};

const BOARDS: u64 = 1000;
/// Long after power-on, when boards are warm.
const WARM_SECS: f64 = 120.0;

/// Errors in percent: U, I, energy at PF 1 and at PF 0.5L.
type Errors = [f64; 4];

fn main() {
    let plan = simulated::plan("opensmartmeter-mt50", "calibrate");
    let (mut sheet, mut bench, mut bound) = (Vec::new(), Vec::new(), Vec::new());
    let mut seconds = 0.0;
    for seed in 1..=BOARDS {
        let (errors, halves, duration) = calibrate(seed, &plan);
        if std::env::var_os("METERBENCH_EACH").is_some() {
            println!("{seed} {errors:.4?}");
        }
        bench.push(errors);
        bound.push(halves);
        seconds += duration;
        sheet.push(as_the_sheet_does(seed, &plan));
    }
    println!("Residual errors in %, {BOARDS} boards (seeds 1 to {BOARDS}), {}", plan.meter.name);
    println!(
        "{:<16} {:>24}  {:>24}  {:>24}  {:>10}  {:>11}",
        "", "sheet p50 p99 max", "bench p50 p99 max", "bound p50 p99 max", "bench/bound", "sheet/bench"
    );
    for (number, name) in ["U", "I", "energy PF 1", "energy PF 0.5L"].into_iter().enumerate() {
        let [sheet, bench, bound] = [&sheet, &bench, &bound].map(|all| quantiles(all, number));
        println!(
            "{name:<16} {}  {}  {}  {:>11.2}  {:>11.1}",
            row(sheet),
            row(bench),
            row(bound),
            bench[1] / bound[1],
            sheet[1] / bench[1]
        );
    }
    println!("ratios at p99; a run takes {:.0} s of bench time on average", seconds / BOARDS as f64);
}

fn quantiles(all: &[Errors], number: usize) -> [f64; 3] {
    let mut values: Vec<f64> = all.iter().map(|errors| errors[number].abs()).collect();
    values.sort_by(f64::total_cmp);
    let at = |part: f64| values[((values.len() - 1) as f64 * part).round() as usize];
    [at(0.5), at(0.99), at(1.0)]
}

fn row(values: [f64; 3]) -> String {
    values.map(|value| format!("{value:>8.4}")).join("")
}

/// The bench's way: residual errors, the bound for this board, and how long it took.
fn calibrate(seed: u64, plan: &Plan) -> (Errors, Errors, f64) {
    let setup = Setup::new(&format!("sim:?seed={seed}"));
    let (device, instrument) = (setup.device.clone(), setup.station.bench().clone());
    let Outcome { report, held, .. } = setup.run(plan, &Control::new(|_| {}));
    assert_eq!(report.verdict, Verdict::Pass, "seed {seed}: {:?}", report.advice);
    let reference = instrument.lock().calibration_errors();
    let truth = |phi: f64| device.lock().chip().truth(load(phi), plan.counts_per_wh());
    let (unity, half) = (truth(0.0), truth(60.0));
    let seen = |error: f64, reference: f64| ((1.0 + error) / (1.0 + reference) - 1.0) * 100.0;
    let errors = [
        seen(unity.u, reference[0]),
        seen(unity.i[1], reference[1]),
        seen(unity.energy, reference[2]),
        seen(half.energy, reference[2]),
    ];
    (errors, bound(seed, &held), report.duration_s)
}

/// What rounding alone would leave of this board: the position of the exact value between two register steps is as good as
/// random, so each board is given its own.
fn bound(seed: u64, held: &RegisterSet) -> Errors {
    let get = |register| f64::from(held.get(register).expect("calibration register"));
    let part = |stream: u64| {
        let bits = (seed * 4 + stream).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (bits ^ (bits >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) as f64 / u64::MAX as f64 - 0.5
    };
    let gain_step = 100.0 / 32_768.0 / (1.0 + fraction_from_gain(get(Register::Ngain) as u16));
    let phase_step = 100.0 * 3.0_f64.sqrt() * degrees_per_step(Hertz(50.0)).0.to_radians();
    let gain = gain_step * part(2);
    [100.0 / get(Register::Ugain) * part(0), 100.0 / get(Register::IgainN) * part(1), gain, gain + phase_step * part(3)]
}

fn load(phi: f64) -> Mains {
    Mains { u: 240.0, i: 5.0, phi, f: 50.0 }
}

/// One reading of the LCD, INT, no phase.
fn as_the_sheet_does(seed: u64, plan: &Plan) -> Errors {
    let options = SimOptions::from_url(&format!("sim:?seed={seed}").parse().expect("url")).expect("options");
    let board = Board::new(options.board, seed, 1.0, None);
    let mut chip = Chip::new(board, World::ideal(load(0.0)));
    let write = |chip: &mut Chip, register: Register, value: u16| chip.write(register.address(), value, WARM_SECS);
    write(&mut chip, Register::CalStart, 0x5678);
    write(&mut chip, Register::AdjStart, 0x5678);
    let initial = plan.initial_registers().expect("profile");
    for (register, value) in initial.iter() {
        write(&mut chip, register, value);
    }
    let scale = plan.meter.calibration.current_scale;
    // The stock firmware's own values are what stands in the meter when the LCD is read.
    let (ugain, igain) = (0x71D8, 0x0F56);
    write(&mut chip, Register::Ugain, ugain);
    write(&mut chip, Register::IgainN, igain);
    let volts = f64::from(chip.read(Register::Urms.address(), WARM_SECS)) * 0.01;
    // The stock firmware shows the register as hundredths of an ampere, times two.
    let amps = f64::from(chip.read(Register::Irms2.address(), WARM_SECS)) * 0.001 * scale;
    let error = (chip.truth(load(0.0), plan.counts_per_wh()).energy * 1e4).round() / 1e4;
    let gain = (-error / (1.0 + error) * 32_768.0).floor();
    write(&mut chip, Register::Ugain, (f64::from(ugain) * 240.0 / volts).floor() as u16);
    write(&mut chip, Line::N.igain(), (f64::from(igain) * 5.0 / amps).floor() as u16);
    write(&mut chip, Line::L.gain(), gain as i16 as u16);
    write(&mut chip, Line::N.gain(), gain as i16 as u16);
    let (unity, half) = (chip.truth(load(0.0), plan.counts_per_wh()), chip.truth(load(60.0), plan.counts_per_wh()));
    [unity.u * 100.0, unity.i[1] * 100.0, unity.energy * 100.0, half.energy * 100.0]
}
