//! Flashing over bad lines: what is put right by itself, what ends the attempt, and that the next attempt works each time.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod flash_rig;

use std::time::Duration;

use flash_rig::{Rig, program};
use meterbench::clock::{Moment, VirtualClock};
use meterbench::flash::{FlashError, Options, Stage, Target, Watch};
use meterbench::port::PortError;
use meterbench::sim::device::{Answer, Device};
use meterbench::sim::rom::RomOptions;
use proptest::prelude::*;

/// Bytes and answers of one attempt, to place faults by.
fn heard(length: usize) -> u64 {
    let rig = Rig::new(RomOptions::default());
    rig.flash(&program(length), &Options::default()).expect("flashed");
    rig.chip.lock().heard()
}

/// Every number up to `end` in about `points` steps.
fn spread(end: u64, points: u64) -> impl Iterator<Item = u64> {
    let step = (end / points).max(1);
    (1..=end).step_by(step as usize)
}

#[test]
fn one_refusal_anywhere_is_put_right() {
    for nack_at in 1..90 {
        let rig = Rig::new(RomOptions { nack_at: Some(nack_at), ..RomOptions::default() });
        rig.flash(&program(1500), &Options::default()).unwrap_or_else(|error| panic!("{nack_at}: {error}"));
        rig.assert_holds(&program(1500));
    }
}

#[test]
fn one_lost_byte_anywhere_is_put_right() {
    let image = program(1500);
    for lose_at in 1..heard(1500) {
        let rig = Rig::new(RomOptions { lose_at: Some(lose_at), ..RomOptions::default() });
        rig.flash(&image, &Options::default()).unwrap_or_else(|error| panic!("{lose_at}: {error}"));
        let chip = rig.chip.lock();
        assert_eq!(chip.flash()[..1500], image.segments()[0].bytes, "{lose_at}");
    }
}

#[test]
fn one_lost_answer_byte_anywhere_is_put_right() {
    let image = program(1500);
    for lose_answer_at in 1..2200 {
        let rig = Rig::new(RomOptions { lose_answer_at: Some(lose_answer_at), ..RomOptions::default() });
        rig.flash(&image, &Options::default()).unwrap_or_else(|error| panic!("{lose_answer_at}: {error}"));
        let chip = rig.chip.lock();
        assert_eq!(chip.flash()[..1500], image.segments()[0].bytes, "{lose_answer_at}");
    }
}

#[test]
fn after_a_cut_at_any_point_the_next_attempt_works() {
    let image = program(9000);
    let mut cuts = 0;
    for gone_at in spread(heard(9000) - 1, 250) {
        for reset in [false, true] {
            let rig = Rig::new(RomOptions { gone_at: Some(gone_at), ..RomOptions::default() });
            match rig.flash(&image, &Options::default()) {
                Err(FlashError::Port(PortError::Gone { .. })) => {}
                other => panic!("{gone_at}: {other:?}"),
            }
            // The line is plugged in again; with its supply cut too, the chip starts anew.
            rig.chip.lock().mend();
            if reset {
                rig.chip.lock().reset();
            }
            rig.flash(&image, &Options::default()).unwrap_or_else(|error| panic!("{gone_at}, {reset}: {error}"));
            let chip = rig.chip.lock();
            assert_eq!(chip.flash()[..9000], image.segments()[0].bytes, "{gone_at}, {reset}");
            cuts += 1;
        }
    }
    assert!(cuts >= 500, "{cuts}");
}

#[test]
fn an_interrupted_program_never_starts() {
    let whole = heard(9000);
    let image = program(9000);
    for gone_at in spread(whole / 2, 60) {
        let rig = Rig::new(RomOptions { gone_at: Some(gone_at), ..RomOptions::default() });
        rig.flash(&image, &Options::default()).expect_err("cut");
        let chip = rig.chip.lock();
        let (table, rest) = chip.flash()[..9000].split_at(8);
        let untouched = chip.flash().iter().all(|byte| *byte == 0);
        let complete = rest == &image.segments()[0].bytes[8..];
        assert!(untouched || table == [0xFF; 8] || complete, "{gone_at}: {table:02X?}");
    }
}

#[test]
fn silence_from_any_point_ends_in_an_error_soon() {
    for silent_at in spread(heard(3000) - 1, 60) {
        let rig = Rig::new(RomOptions { silent_at: Some(silent_at), ..RomOptions::default() });
        let error = rig.flash(&program(3000), &Options::default()).expect_err("dead");
        assert!(matches!(error, FlashError::Silent { .. } | FlashError::NoAnswer), "{silent_at}: {error}");
        assert!(rig.clock.now().secs() < 60.0);
        rig.chip.lock().mend();
        rig.chip.lock().reset();
        rig.flash(&program(3000), &Options::default()).expect("the next attempt");
        rig.assert_holds(&program(3000));
    }
}

#[test]
fn a_cancel_is_obeyed_soon_and_the_next_attempt_works() {
    let image = program(30_000);
    for stage in [Stage::Identify, Stage::Erase, Stage::Write, Stage::Verify] {
        for share in [0, 3, 7] {
            let rig = Rig::paced(RomOptions::default());
            let asked = std::cell::Cell::new(None);
            let clock = rig.clock.clone();
            let result = rig.flash_until(&image, |progress| {
                let due = progress.stage == stage && progress.done * 10 >= progress.total * share;
                if due && asked.get().is_none() {
                    asked.set(Some(clock.now()));
                }
                due
            });
            // Asked for at the end of a stage, it is obeyed at the beginning of the next.
            let next = if stage == Stage::Erase { Stage::Write } else { stage };
            let obeyed = matches!(result, Err(FlashError::Cancelled { stage: at }) if at == stage || at == next);
            assert!(obeyed, "{stage:?} {result:?}");
            let took = rig.clock.now().since(asked.get().expect("asked"));
            assert!(took < Duration::from_millis(700), "{stage:?}: {took:?}");
            if stage == Stage::Identify {
                assert!(rig.chip.lock().flash().iter().all(|byte| *byte == 0), "nothing was changed");
            }
            rig.flash(&image, &Options::default()).expect("the next attempt");
            rig.assert_holds(&image);
        }
    }
}

/// Answers each byte with the same.
struct Loop(Box<dyn Fn(u8) -> Vec<u8> + Send>);

impl Device for Loop {
    fn on_byte(&mut self, byte: u8, _at: Moment) -> Option<Answer> {
        Some(Answer { delay: Duration::from_micros(100), bytes: (self.0)(byte) })
    }
}

fn identify(answer: impl Fn(u8) -> Vec<u8> + Send + 'static) -> FlashError {
    let clock = VirtualClock::shared(None);
    let mut target = flash_rig::target(Box::new(Loop(Box::new(answer))), &clock, None);
    let error = target.identify(&mut Watch::nobody(clock.clone())).expect_err("no chip");
    assert!(clock.now().secs() < 300.0, "it took {} s", clock.now().secs());
    error
}

#[test]
fn what_is_no_boot_loader_is_told_apart() {
    assert!(matches!(identify(|byte| vec![byte]), FlashError::Echo));
    assert!(matches!(identify(|_| b"POWER FACTOR : 0.99\r\n".to_vec()), FlashError::Strange { found: b'P' }));
    assert!(matches!(identify(|_| vec![]), FlashError::NoAnswer));
    assert!(matches!(identify(|_| vec![0x79]), FlashError::Silent { .. } | FlashError::Unexpected { .. }));
    assert!(matches!(identify(|_| vec![0x1F]), FlashError::Refused { .. }));
    assert!(matches!(
        identify(|_| vec![0x79; 4000]),
        FlashError::UnknownChip { .. } | FlashError::Malformed { .. } | FlashError::NoAnswer
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_device_that_says_anything_is_survived(answers: Vec<Vec<u8>>) {
        let at = std::sync::atomic::AtomicUsize::new(0);
        let opening = vec![vec![0x79]];
        let answers: Vec<Vec<u8>> = opening.into_iter().chain(answers).collect();
        identify(move |_| {
            let number = at.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            answers.get(number).cloned().unwrap_or_default()
        });
    }

    #[test]
    fn several_faults_at_once_never_give_a_false_success(
        nack_at in 1_u64..100, lose_at in 1_u64..2000, lose_answer_at in 1_u64..2000, weak in 0_u32..700
    ) {
        let rig = Rig::new(RomOptions {
            nack_at: Some(nack_at),
            lose_at: Some(lose_at),
            lose_answer_at: Some(lose_answer_at),
            weak_at: Some(weak * 2),
            ..RomOptions::default()
        });
        let image = program(1500);
        if rig.flash(&image, &Options::default()).is_ok() {
            prop_assert!(rig.chip.lock().flash()[..1500] == image.segments()[0].bytes);
        }
    }
}
