//! A chip flashed through its boot loader: what is written, what is left alone, what is refused before anything is changed.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod flash_rig;

use std::collections::BTreeSet;

use flash_rig::{FLASH, LINE, Rig, image, program};
use meterbench::clock::Moment;
use meterbench::flash::rom::RomTarget;
use meterbench::flash::rom::entry::{ControlLine, Entry};
use meterbench::flash::rom::loader::Loader;
use meterbench::flash::{EraseScope, FlashError, Options, Reuse, Stage, Target, Watch};
use meterbench::port::{Level, PortError, Signal};
use meterbench::sim::device::{Answer, Device, Shared};
use meterbench::sim::line::SimLine;
use meterbench::sim::rom::{EraseCommand, RomDevice, RomOptions};

/// Writes down what goes over the line.
struct Tap {
    device: Shared<RomDevice>,
    log: Shared<Vec<String>>,
    heard: Vec<u8>,
}

impl Device for Tap {
    fn on_byte(&mut self, byte: u8, at: Moment) -> Option<Answer> {
        self.heard.push(byte);
        let answer = self.device.on_byte(byte, at)?;
        let heard = std::mem::take(&mut self.heard);
        self.log.lock().push(format!("{heard:02X?} -> {:02X?}", answer.bytes));
        Some(answer)
    }
}

#[test]
fn the_conversation_of_an_identification() {
    let rig = Rig::new(RomOptions { seed: 0x0403_0201, ..RomOptions::default() });
    let log = Shared::new(Vec::new());
    let tap = Tap { device: rig.chip.clone(), log: log.clone(), heard: Vec::new() };
    let mut target = flash_rig::target(Box::new(tap), &rig.clock, None);
    let identity = target.identify(&mut Watch::nobody(rig.clock.clone())).expect("a chip");
    assert_eq!((identity.chip.id, identity.flash_kib, identity.protected), (0x410, Some(64), false));
    assert_eq!(identity.loader, "boot loader 2.2");
    assert_eq!(identity.unique_id.expect("told").to_string(), "040302014554414c554d4953");
    let lines = [
        "[7F] -> [79]",
        "[00, FF] -> [79, 0B, 22, 00, 01, 02, 11, 21, 31, 43, 63, 73, 82, 92, 79]",
        "[02, FD] -> [79, 01, 04, 10, 79]",
        "[11, EE] -> [79]",
        "[1F, FF, F7, E0, F7] -> [79]",
        "[01, FE] -> [79, 40, 00]",
        "[11, EE] -> [79]",
        "[1F, FF, F7, E8, FF] -> [79]",
        "[0B, F4] -> [79, 53, 49, 4D, 55, 4C, 41, 54, 45, 01, 02, 03, 04]",
    ];
    assert_eq!(*log.lock(), lines);
}

#[test]
fn get_version() {
    let rig = Rig::new(RomOptions::default());
    let port = SimLine::new("chip".to_owned(), rig.clock.clone(), Box::new(rig.chip.clone()), None);
    let mut loader = Loader::new(Box::new(port), rig.clock.clone(), LINE);
    loader.open().expect("fresh");
    assert_eq!(loader.version().expect("told"), 0x22);
    loader.open().expect("a loader that is open already refuses 7F, and that will do");
    assert_eq!(loader.version().expect("told"), 0x22);
}

#[test]
fn a_program_is_written_and_proven() {
    for erase in [EraseCommand::Erase, EraseCommand::Extended] {
        let rig = Rig::new(RomOptions { erase, ..RomOptions::default() });
        let image = program(5000);
        let report = rig.flash(&image, &Options { start: true, ..Options::default() }).expect("flashed");
        rig.assert_holds(&image);
        assert_eq!((report.pages_erased, report.bytes_written, report.bytes_skipped), (5, 5120, 0));
        assert!(report.verified && report.started && report.simulated, "{report:?}");
        assert_eq!(rig.chip.lock().running(), Some(FLASH));
        assert!(rig.chip.lock().flash()[5120..].iter().all(|byte| *byte == 0), "other pages are as they were");
    }
}

#[test]
fn what_is_blank_is_not_sent() {
    let rig = Rig::new(RomOptions::default());
    let mut bytes = vec![0xFF; 4096];
    bytes[0] = 1;
    bytes[4095] = 2;
    let image = image(&[(FLASH + 1024, &bytes)]);
    let report = rig.flash(&image, &Options::default()).expect("flashed");
    assert_eq!((report.bytes_written, report.bytes_skipped, report.pages_erased), (512, 3584, 4));
    rig.assert_holds(&image);
}

#[test]
fn the_whole_chip_in_one_go() {
    let rig = Rig::new(RomOptions::default());
    let options = Options { erase: EraseScope::Chip, ..Options::default() };
    rig.flash(&program(3000), &options).expect("flashed");
    rig.assert_holds(&program(3000));
    assert!(rig.chip.lock().flash()[3072..].iter().all(|byte| *byte == 0xFF));
}

#[test]
fn pages_that_are_right_already_stay() {
    let rig = Rig::new(RomOptions::default());
    let old = program(60 << 10);
    rig.flash(&old, &Options::default()).expect("flashed");
    let mut bytes = old.flat().expect("small");
    bytes[50 << 10] ^= 0xFF;
    let new = image(&[(FLASH, &bytes)]);
    for reuse in [Reuse::ReadBack, Reuse::Known(old.clone())] {
        let erased = rig.chip.lock().erased_pages();
        let report = rig.flash(&new, &Options { reuse, ..Options::default() }).expect("flashed");
        assert_eq!((report.bytes_written, report.pages_erased), (1024, 1));
        assert_eq!(rig.chip.lock().erased_pages(), erased + 1);
        rig.assert_holds(&new);
        rig.flash(&old, &Options::default()).expect("back again");
    }
}

#[test]
fn a_chip_that_does_not_hold_the_known_image_gets_all_of_it() {
    let rig = Rig::new(RomOptions::default());
    let image = program(20 << 10);
    let known = Options { reuse: Reuse::Known(image.clone()), ..Options::default() };
    let report = rig.flash(&image, &known).expect("flashed");
    assert_eq!((report.bytes_written, report.bytes_trusted), (20 << 10, 0));
    rig.assert_holds(&image);
    let report = rig.flash(&image, &known).expect("nothing to do");
    assert_eq!((report.bytes_written, report.bytes_trusted), (0, 20 << 10));
}

#[test]
fn time_at_115200_baud_is_the_wires_own() {
    let rig = Rig::paced(RomOptions::default());
    let image = program(60 << 10);
    let full = rig.flash(&image, &Options::default()).expect("flashed").seconds;
    // 268 characters of 11 bits to write a block and as many to read it, 52.5 us a half-word, 25 ms a page.
    let wire = 240.0 * (2.0 * 268.0 * 11.0 / 115_200.0 + 128.0 * 52.5e-6) + 60.0 * 25e-3;
    assert!((full / wire - 1.0).abs() < 0.02, "{full} s, the wire needs {wire} s");
    let chip = Options { erase: EraseScope::Chip, ..Options::default() };
    let quicker = rig.flash(&image, &chip).expect("flashed").seconds;
    // 1.5 s of erasing less, 0.25 s more until a loader that is open already has refused 7F.
    assert!(quicker < full - 1.2, "{quicker} s of {full} s");

    let mut bytes = image.flat().expect("small");
    bytes[59 << 10] ^= 1;
    let known = Options { reuse: Reuse::Known(image), ..Options::default() };
    let changed = rig.flash(&flash_rig::image(&[(FLASH, &bytes)]), &known).expect("flashed").seconds;
    assert!(changed < 0.05 * full, "{changed} s of {full} s");
}

#[test]
fn nothing_is_changed_before_everything_is_checked() {
    let small = RomOptions { product: 0x412, ..RomOptions::default() };
    let unknown = RomOptions { product: 0x999, ..RomOptions::default() };
    let outside = image(&[(0x2000_0000, &[1, 2, 3, 4])]);
    let odd = image(&[(FLASH + 2, &[1, 2])]);
    type Check = fn(&FlashError) -> bool;
    let cases: [(RomOptions, _, Check); 5] = [
        (
            small,
            program(100),
            |error| matches!(error, FlashError::WrongChip { expected, found: 0x412 } if *expected == [0x410]),
        ),
        (unknown, program(100), |error| matches!(error, FlashError::UnknownChip { found: 0x999 })),
        (RomOptions::default(), program(65537), |error| matches!(error, FlashError::TooLarge { .. })),
        (RomOptions::default(), outside, |error| matches!(error, FlashError::OutsideFlash { .. })),
        (RomOptions::default(), odd, |error| matches!(error, FlashError::Misaligned { .. })),
    ];
    for (options, image, check) in cases {
        let rig = Rig::new(options);
        let error = rig.flash(&image, &Options::default()).expect_err("refused");
        assert!(check(&error), "{error}");
        assert!(rig.chip.lock().flash().iter().all(|byte| *byte == 0), "{error}");
    }
}

#[test]
fn a_protected_chip_is_only_erased_when_asked() {
    let rig = Rig::new(RomOptions { protected: true, ..RomOptions::default() });
    let error = rig.flash(&program(2000), &Options::default()).expect_err("protected");
    assert!(matches!(error, FlashError::Protected), "{error}");
    assert!(rig.chip.lock().flash().iter().all(|byte| *byte == 0));

    let unprotect = Options { unprotect: true, protect: true, ..Options::default() };
    let report = rig.flash(&program(2000), &unprotect).expect("flashed");
    assert!(report.protected);
    assert!(rig.chip.lock().is_protected());
    rig.assert_holds(&program(2000));
    // And once more, now that our own protection is on.
    rig.flash(&program(3000), &unprotect).expect("flashed");
    rig.assert_holds(&program(3000));
}

#[test]
fn a_write_protected_page_is_found_out_by_reading() {
    let rig = Rig::new(RomOptions { write_protected: BTreeSet::from([2]), ..RomOptions::default() });
    match rig.flash(&program(5000), &Options::default()) {
        Err(FlashError::VerifyMismatch { address, found: 0, differing, .. }) => {
            assert!((FLASH + 2048..FLASH + 3072).contains(&address), "{address:x}");
            assert!(differing > 900);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_weak_cell_gets_a_second_chance() {
    let rig = Rig::new(RomOptions { weak_at: Some(1536), ..RomOptions::default() });
    let report = rig.flash(&program(5000), &Options::default()).expect("flashed");
    rig.assert_holds(&program(5000));
    assert_eq!((report.retries, report.pages_erased), (1, 6));
    assert!(report.verified);
}

#[test]
fn without_verification_the_report_says_so() {
    let rig = Rig::new(RomOptions::default());
    let report = rig.flash(&program(2000), &Options { verify: false, ..Options::default() }).expect("flashed");
    assert!(!report.verified);
}

#[test]
fn progress_runs_from_nothing_to_all_in_each_stage() {
    let rig = Rig::paced(RomOptions::default());
    let seen = Shared::new(Vec::new());
    rig.flash_until(&program(40_000), |progress| {
        seen.lock().push(progress);
        false
    })
    .expect("flashed");
    for stage in [Stage::Erase, Stage::Write, Stage::Verify] {
        let of_stage: Vec<_> = seen.lock().iter().copied().filter(|progress| progress.stage == stage).collect();
        let (first, last) = (of_stage[0], of_stage[of_stage.len() - 1]);
        assert_eq!((first.done, last.done), (0, last.total), "{stage:?}");
        assert!(of_stage.windows(2).all(|pair| pair[0].done <= pair[1].done));
        assert!(of_stage.len() > 3, "{stage:?}");
        assert!(last.rate.expect("a rate") > 1000.0);
    }
}

#[test]
fn a_line_without_modem_signals_says_so() {
    let rig = Rig::new(RomOptions::default());
    let port = SimLine::new("a pty".to_owned(), rig.clock.clone(), Box::new(rig.chip.clone()), None);
    let entry = Entry::Signals { reset: ControlLine { signal: Signal::Dtr, active: Level::On }, boot0: None };
    let mut target = RomTarget::new(Box::new(port), LINE, rig.clock.clone(), entry);
    let error = target.identify(&mut Watch::nobody(rig.clock.clone())).expect_err("refused");
    assert!(matches!(error, FlashError::Port(PortError::Unsupported { .. })), "{error}");
}
