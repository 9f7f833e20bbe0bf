//! Thousands of random faults: no count is lost or delivered twice, and no wrong value is ever believed.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod fake;

use fake::{Faults, Line};
use m90e26::Register;
use m90e26::uart::{Operation, Session, Statistics, Timing};

const ENERGY: [u8; 6] = [0x40, 0x41, 0x42, 0x43, 0x44, 0x45];
const OTHERS: [Register; 5] = [Register::Urms, Register::Freq, Register::Lsb, Register::LastData, Register::Irms2];

struct Tally {
    produced: [u64; 6],
    read: [u64; 6],
    failed: u64,
    done: u64,
}

/// Runs random operations over a bad line, then reads what is left over a good one.
fn storm(seed: u64, faults: Faults, timing: Timing, operations: u32) -> (Tally, Statistics) {
    let mut line = Line::new(seed);
    line.faults = faults;
    let mut session = Session::new(timing);
    let mut tally = Tally { produced: [0; 6], read: [0; 6], failed: 0, done: 0 };
    for turn in 0..operations + 24 {
        let calm = turn >= operations;
        if calm {
            line.faults = Faults::default();
            line.now += 10_000_000;
        } else {
            for (index, &address) in ENERGY.iter().enumerate() {
                let counts = if line.random.one_in(2) { line.random.below(700) as u16 } else { 0 };
                let room = u16::MAX - line.chip.registers[usize::from(address)];
                let counts = counts.min(room);
                line.chip.registers[usize::from(address)] += counts;
                tally.produced[index] += u64::from(counts);
            }
            for register in OTHERS {
                let value = if line.random.one_in(4) { 0 } else { line.random.below(0x1_0000) as u16 };
                line.chip.registers[usize::from(register.address())] = value;
            }
            let pause = if line.random.one_in(20) { 5_000_000 } else { 50_000 };
            line.now += line.random.below(pause);
        }
        line.chip.executed.clear();
        if calm || line.random.one_in(2) {
            let index = if calm { turn as usize % 6 } else { line.random.below(6) as usize };
            match line.run(&mut session, Operation::Read(ENERGY[index])) {
                Ok(outcome) => {
                    tally.read[index] += u64::from(outcome.value);
                    tally.done += 1;
                }
                Err(error) => {
                    // What is under way from the storm may disturb the calm, once.
                    assert!(!calm || turn < operations + 6, "seed {seed}: {error}");
                    tally.failed += 1;
                }
            }
        } else if line.random.one_in(4) {
            let value = line.random.below(0x8000) as u16;
            match line.run(&mut session, Operation::write(Register::Ugain, value)) {
                Ok(outcome) => {
                    assert_eq!(outcome.value, value);
                    assert_eq!(line.chip.registers[0x31], value, "seed {seed} turn {turn}: write believed, not done");
                    tally.done += 1;
                }
                Err(_) => tally.failed += 1,
            }
        } else {
            let register = OTHERS[line.random.below(5) as usize];
            match line.run(&mut session, Operation::read(register)) {
                Ok(outcome) => {
                    let given = (register.address(), outcome.value);
                    assert!(line.chip.executed.contains(&given), "seed {seed} turn {turn}: {register} {outcome:?}");
                    tally.done += 1;
                }
                Err(_) => tally.failed += 1,
            }
        }
    }
    for (index, address) in ENERGY.iter().enumerate() {
        assert_eq!(tally.read[index], tally.produced[index], "seed {seed}, register {address:02X}");
    }
    (tally, session.statistics())
}

fn storms(faults: Faults, timing: Timing) -> Statistics {
    let mut sum = Statistics::default();
    let mut done = 0;
    for seed in 1..=300 {
        let (tally, statistics) = storm(seed, faults, timing, 250);
        sum.timeouts += statistics.timeouts;
        sum.checksum_errors += statistics.checksum_errors;
        sum.recovered += statistics.recovered;
        sum.unexpected_bytes += statistics.unexpected_bytes;
        sum.transactions += statistics.transactions;
        done += tally.done;
        println!("seed {seed}: {} done, {} failed, {statistics:?}", tally.done, tally.failed);
    }
    assert!(done > 1000);
    sum
}

#[test]
fn dropped_bytes() {
    let sum = storms(Faults { drop: 8, ..Faults::default() }, Timing::at(9600));
    assert!(sum.timeouts > 1000 && sum.recovered > 100, "{sum:?}");
}

#[test]
fn flipped_bits() {
    let sum = storms(Faults { flip: 8, ..Faults::default() }, Timing::at(9600));
    assert!(sum.checksum_errors > 1000 && sum.recovered > 100, "{sum:?}");
}

#[test]
fn late_answers() {
    let sum = storms(Faults { late_answer: 6, late_micros: 400_000, ..Faults::default() }, Timing::at(9600));
    assert!(sum.unexpected_bytes > 1000 && sum.recovered > 100, "{sum:?}");
}

#[test]
fn late_requests() {
    let sum = storms(Faults { late_request: 6, late_micros: 200_000, ..Faults::default() }, Timing::at(9600));
    assert!(sum.unexpected_bytes > 1000, "{sum:?}");
}

#[test]
fn answers_that_lag_behind() {
    let faults = Faults { lag_micros: 80_000, drop: 12, mute: 12, ..Faults::default() };
    let sum = storms(faults, Timing { attempts: 6, ..Timing::at(9600) });
    assert!(sum.unexpected_bytes > 1000 && sum.recovered > 100, "{sum:?}");
}

#[test]
fn everything_at_once() {
    let faults = Faults {
        drop: 20,
        flip: 20,
        late_answer: 20,
        late_request: 40,
        mute: 30,
        late_micros: 300_000,
        lag_micros: 60_000,
    };
    let sum = storms(faults, Timing::at(9600));
    assert!(sum.recovered > 100 && sum.unexpected_bytes > 1000, "{sum:?}");
}

#[test]
fn a_single_attempt_loses_nothing_either() {
    let faults = Faults { drop: 10, flip: 20, mute: 10, late_answer: 20, late_micros: 300_000, ..Faults::default() };
    let sum = storms(faults, Timing { attempts: 1, ..Timing::at(9600) });
    assert!(sum.recovered > 100, "{sum:?}");
}

#[test]
fn a_good_line_costs_nothing_extra() {
    let (tally, statistics) = storm(7, Faults::default(), Timing::at(9600), 500);
    assert_eq!((tally.failed, statistics.retries, statistics.timeouts, statistics.unexpected_bytes), (0, 0, 0, 0));
    assert_eq!(statistics.recovered, 0);
}
