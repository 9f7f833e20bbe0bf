//! The procedure's flash step for a unit that comes back: only its calibration is flashed, and the rest proven by its program's own CRC.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod firmware_rig;
mod service_port;
mod simulated;
mod unit_rig;

use meter_interface::block::{Block, Copy, FLASH_START, PAGE, Text};
use meterbench::procedure::Verdict;
use meterbench::profile::flashing::Unchanged;
use meterbench::sim::rom::RomOptions;
use unit_rig::{Rig, assert_refused, block_of, firmware, page, program_length, what};

/// A unit that comes back: it runs this firmware, with a calibration in its first page and a newer one in its second.
fn returned(seed: u64) -> Rig {
    let mut rig = Rig::new(seed, RomOptions::default()).through_service(|_, _| {});
    rig.plan.procedure.profile.flash.as_mut().expect("it flashes").unchanged = Unchanged::ProgramCrc;
    let old = Block { serial: Text::new("UNIT").expect("text"), ..Block::default() };
    let mut flash = vec![0xFF; 64 << 10];
    let unit = firmware().of_unit(old.clone()).expect("a unit's image").image;
    for segment in unit.segments() {
        let start = (segment.address - FLASH_START) as usize;
        flash[start..start + segment.bytes.len()].copy_from_slice(&segment.bytes);
    }
    let mut page = [0xFF; PAGE];
    Block { sequence: 9, ..old }.encode(&mut page).expect("a page is enough");
    let b = (Copy::B.address() - FLASH_START) as usize;
    flash[b..b + PAGE].copy_from_slice(&page);
    rig.unit.lock().rom().place(&flash);
    rig
}

#[test]
fn of_a_unit_that_comes_back_only_the_calibration_is_flashed_and_the_rest_is_proven_by_its_program() {
    let rig = returned(5);
    let unit = rig.unit.clone();
    let outcome = rig.run();
    assert_eq!(outcome.report.verdict, Verdict::Pass, "{} {:?}", what(&outcome), outcome.report.steps);
    let flash = outcome.report.flash.as_ref().expect("flashed");
    let chip = flash.chip.as_ref().expect("a report");
    let pages = program_length().div_ceil(PAGE) * PAGE;
    assert_eq!((chip.bytes_trusted, chip.bytes_read_back, chip.pages_erased), (pages as u64, 2 * PAGE as u64, 2));
    assert!(flash.is_proven());
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let crc = crc.checksum(&unit.lock().rom().flash()[..program_length()]);
    let told = flash.answered.as_ref().and_then(|answered| answered.program_crc.clone());
    assert_eq!(told, Some(format!("{crc:08x}")));
    let detail = &outcome.report.steps.iter().find(|step| step.title.starts_with("Flash")).expect("a step").detail;
    assert!(detail.contains("left to the program's own CRC") && !detail.contains("all read back"), "{detail}");
    // The old calibration in the other page had the higher number.
    assert_eq!(page(&unit, Copy::B), [0xFF; PAGE]);
    assert_eq!(block_of(&unit).expect("a block").cs1, outcome.reported().cs1());

    // To write and read back 60 KiB takes 13.9 s on the wire at 115200 baud, and to erase them page by page, as stm32flash does, 1.5 s.
    assert!(chip.seconds < 0.05 * 15.4, "{} s", chip.seconds);
}

#[test]
fn what_is_trusted_and_not_there_is_no_pass() {
    // A byte that no sample is taken of.
    let rig = returned(5);
    rig.unit.lock().rom().disturb(PAGE + 700, 0x10);
    let outcome = rig.run();
    assert_refused(&outcome, "program CRC");
    assert!(outcome.report.flash.expect("flashed").chip.expect("a report").bytes_trusted > 0);

    // A byte of a sample, and a chip that was never flashed: nothing is trusted, all is written and read back.
    for erased in [false, true] {
        let rig = returned(5);
        if erased {
            rig.unit.lock().rom().fill(0xFF);
        } else {
            rig.unit.lock().rom().disturb(20, 0x10);
        }
        let outcome = rig.run();
        assert_eq!(outcome.report.verdict, Verdict::Pass, "{} {:?}", what(&outcome), outcome.report.steps);
        let chip = outcome.report.flash.expect("flashed").chip.expect("a report");
        let all = (program_length().div_ceil(PAGE) + 2) * PAGE;
        assert_eq!((chip.bytes_trusted, chip.bytes_read_back), (0, all as u64));
    }
}
