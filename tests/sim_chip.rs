//! The simulated chip against its datasheet: registers, states, read-clear, LastData, LSB, thresholds, and the bytes.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::time::Duration;

use m90e26::field::command::{CAL_CHECK, CAL_POWER_ON, CAL_START, SMALL_POWER, SOFT_RESET};
use m90e26::uart::{encode_read, encode_write};
use m90e26::{Access, Register, checksum};
use meterbench::clock::Moment;
use meterbench::sim::board::{Board, BoardKind, Defect, M90E26_L24, OPENSMARTMETER};
use meterbench::sim::chip::Chip;
use meterbench::sim::device::{AfeDevice, Device};
use meterbench::sim::fault::Faults;
use meterbench::sim::world::{Mains, World};

const IB: Mains = Mains { u: 240.0, i: 5.0, phi: 0.0, f: 50.0 };

fn chip(kind: &'static BoardKind, mains: Mains) -> Chip {
    Chip::new(Board::new(kind, 1, 0.0, None), World::ideal(mains))
}

fn read(chip: &mut Chip, register: Register, secs: f64) -> u16 {
    chip.read(register.address(), secs)
}

fn write(chip: &mut Chip, register: Register, value: u16) {
    chip.write(register.address(), value, 0.0);
}

fn calibrating(kind: &'static BoardKind, mains: Mains) -> Chip {
    let mut chip = chip(kind, mains);
    write(&mut chip, Register::CalStart, CAL_START);
    write(&mut chip, Register::AdjStart, CAL_START);
    chip
}

#[test]
fn after_power_on_every_register_holds_its_value() {
    let mut chip = chip(&OPENSMARTMETER, Mains::default());
    for register in Register::ALL {
        let expected = match register {
            // The chip's own calculation over the power-on values.
            Register::Cs1 => 0x55CB,
            Register::Cs2 => 0x6BB9,
            // Anti-tamper pins, no load on either energy.
            Register::EnStatus => 0xC800,
            Register::LastData => continue,
            _ => register.power_on(),
        };
        assert_eq!(read(&mut chip, register, 0.0), expected, "{register}");
    }
}

#[test]
fn only_789a_resets() {
    let mut chip = calibrating(&OPENSMARTMETER, IB);
    write(&mut chip, Register::Ugain, 0x1234);
    write(&mut chip, Register::SoftReset, 0x789B);
    assert_eq!(read(&mut chip, Register::Ugain, 0.0), 0x1234);
    write(&mut chip, Register::SoftReset, SOFT_RESET);
    assert_eq!(read(&mut chip, Register::Ugain, 0.0), 0x6720);
    assert_eq!(read(&mut chip, Register::CalStart, 0.0), CAL_POWER_ON);
}

#[test]
fn an_address_that_is_none_reads_0_and_ignores_writes() {
    let mut chip = chip(&OPENSMARTMETER, IB);
    for address in (0..=0x7F).filter(|address| Register::from_address(*address).is_none()) {
        chip.write(address, 0xFFFF, 0.0);
        assert_eq!(chip.read(address, 0.0), 0, "{address:02X}");
    }
    for register in Register::ALL.into_iter().filter(|register| register.access() == Access::Read) {
        let before = read(&mut chip, register, 0.0);
        write(&mut chip, register, !before);
        if register != Register::LastData {
            assert_eq!(read(&mut chip, register, 0.0), before, "{register}");
        }
    }
}

#[test]
fn last_data_is_the_last_word_either_way() {
    let mut chip = chip(&OPENSMARTMETER, IB);
    write(&mut chip, Register::Ugain, 0x4321);
    assert_eq!(read(&mut chip, Register::LastData, 0.0), 0x4321);
    read(&mut chip, Register::IgainL, 0.0);
    assert_eq!(read(&mut chip, Register::LastData, 0.0), 0x7A13);
    assert_eq!(read(&mut chip, Register::LastData, 0.0), 0x7A13, "reading it changes nothing");
}

#[test]
fn nothing_is_measured_before_it_is_started() {
    let mut chip = chip(&OPENSMARTMETER, IB);
    assert_eq!(read(&mut chip, Register::Urms, 1.0), 0);
    assert_eq!(read(&mut chip, Register::APenergy, 60.0), 0);
}

#[test]
fn rms_values_follow_gain_and_lsb() {
    let mut chip = calibrating(&OPENSMARTMETER, IB);
    write(&mut chip, Register::Ugain, 29_144);
    write(&mut chip, Register::IgainN, 3926);
    assert_eq!(read(&mut chip, Register::Urms, 1.0), 24_000);
    let mut shown = |register| {
        let word = read(&mut chip, register, 1.0);
        let lsb = read(&mut chip, Register::Lsb, 1.0);
        assert_eq!(lsb & 0xFF, 0, "bits 7-0 are always 0");
        f64::from(word) + f64::from(lsb) / 65_536.0
    };
    // 5 A over the current scale of 20, in 0.001 A.
    assert!((shown(Register::Irms2) - 250.0).abs() < 0.01);
    assert!(shown(Register::Irms) < 0.01, "nothing is connected to L");
    assert!((shown(Register::Pmean2) - 60.0).abs() < 0.01, "1200 W over 20");
    assert_eq!(read(&mut chip, Register::PowerF2, 1.0), 1000);
    assert_eq!(read(&mut chip, Register::Freq, 1.0), 5000);
    write(&mut chip, Register::Ugain, 14_572);
    assert_eq!(read(&mut chip, Register::Urms, 1.0), 12_000);
}

#[test]
fn the_application_notes_constants_meter_exactly() {
    // MC 3200 at 220 V and 5 A with the note's PL_Constant and gain 24 on L: 3200 * 1.1 = 3520 pulses an hour.
    let mut chip = calibrating(&M90E26_L24, Mains { u: 220.0, i: 5.0, phi: 0.0, f: 50.0 });
    write(&mut chip, Register::MMode, 0x7C22);
    let counts = read(&mut chip, Register::APenergy, 3600.0);
    assert!((f64::from(counts) - 35_200.0).abs() <= 2.0, "{counts}");
    assert_eq!(read(&mut chip, Register::APenergy, 3600.0), 0, "reading clears");
    assert_eq!(read(&mut chip, Register::ANenergy, 3600.0), 0);
    let total = read(&mut chip, Register::ATenergy, 3600.0);
    assert!(total.abs_diff(counts) <= 1);
}

#[test]
fn gain_and_phase_act_as_the_note_says() {
    let counts = |gain: u16, lphi: u16, phi: f64| {
        let mut chip = calibrating(&M90E26_L24, Mains { u: 220.0, i: 5.0, phi, f: 50.0 });
        write(&mut chip, Register::MMode, 0x7C22);
        write(&mut chip, Register::Lgain, gain);
        write(&mut chip, Register::Lphi, lphi);
        f64::from(read(&mut chip, Register::APenergy, 3600.0))
    };
    // A board 13.78 % slow needs 1475: that much faster.
    assert!((counts(0x1475, 0, 0.0) / counts(0, 0, 0.0) - 1.0 / 0.8622).abs() < 1e-4);
    // 0024 takes +0.95 % away at PF 0.5 inductive.
    assert!((counts(0, 0x0024, 60.0) / counts(0, 0, 60.0) - 1.0 + 0.0095).abs() < 2e-4);
    // Dividing PL_Constant by four counts four times as fast; it takes effect with PLconstL.
    let mut chip = calibrating(&M90E26_L24, Mains { u: 220.0, i: 5.0, phi: 0.0, f: 50.0 });
    write(&mut chip, Register::MMode, 0x7C22);
    let quarter = 0x0015_D174_u32 / 4;
    write(&mut chip, Register::PLconstH, (quarter >> 16) as u16);
    let slow = read(&mut chip, Register::APenergy, 360.0);
    assert!(slow.abs_diff(3520) <= 1, "not before PLconstL: {slow}");
    write(&mut chip, Register::PLconstL, quarter as u16);
    let fast = read(&mut chip, Register::APenergy, 720.0);
    assert!(fast.abs_diff(14_080) <= 2, "{fast}");
}

#[test]
fn calibration_states() {
    let mut chip = calibrating(&OPENSMARTMETER, IB);
    let status = read(&mut chip, Register::SysStatus, 1.0);
    assert_eq!(status, 0x0080, "no error while calibrating; the metered line changed to N");
    write(&mut chip, Register::Ugain, 0x71D8);
    // Wrong CS2: AdjErr, and the values stand still.
    write(&mut chip, Register::Cs2, 0x0000);
    let held = read(&mut chip, Register::Urms, 1.0);
    write(&mut chip, Register::AdjStart, CAL_CHECK);
    assert_eq!(read(&mut chip, Register::SysStatus, 1.0), 0x3000);
    write(&mut chip, Register::Ugain, 0x6720);
    assert_eq!(read(&mut chip, Register::Urms, 2.0), held);
    // Right CS2: normal operation.
    write(&mut chip, Register::Ugain, 0x71D8);
    let words: Vec<u16> = Register::MEASUREMENT.iter().map(|register| chip.read(register.address(), 2.0)).collect();
    write(&mut chip, Register::Cs2, checksum(words));
    write(&mut chip, Register::AdjStart, CAL_CHECK);
    assert_eq!(read(&mut chip, Register::SysStatus, 2.0), 0);
    assert_eq!(read(&mut chip, Register::Urms, 2.0), 24_000);
    // A command that is none.
    write(&mut chip, Register::CalStart, 0x1111);
    assert_eq!(read(&mut chip, Register::SysStatus, 3.0), 0xC000);
    // A changed register in normal operation.
    write(&mut chip, Register::Ugain, 0x6720);
    assert_eq!(read(&mut chip, Register::SysStatus, 3.0), 0xF000);
    // Starting again brings the power-on values back.
    write(&mut chip, Register::AdjStart, CAL_START);
    assert_eq!(read(&mut chip, Register::SysStatus, 3.0), 0xC000);
    assert_eq!(read(&mut chip, Register::IgainL, 3.0), 0x7A13);
}

#[test]
fn below_the_start_threshold_nothing_counts() {
    // 0.4 % of Ib by the note's 08BD: 20 mA at its own 220 V.
    let counts = |amps: f64| {
        let mut chip = calibrating(&M90E26_L24, Mains { u: 220.0, i: amps, phi: 0.0, f: 50.0 });
        write(&mut chip, Register::MMode, 0x7C22);
        let counts = read(&mut chip, Register::APenergy, 3600.0);
        (counts, read(&mut chip, Register::EnStatus, 3600.0) & 0x4000 != 0)
    };
    assert_eq!(counts(0.019), (0, true));
    let (counted, no_load) = counts(0.021);
    assert!(counted.abs_diff(148) <= 1 && !no_load, "{counted}");
}

#[test]
fn a_sag_is_reported_once_when_enabled() {
    let world = World::new(1, 0.0);
    let mut chip = Chip::new(Board::new(&OPENSMARTMETER, 1, 0.0, None), world.clone());
    write(&mut chip, Register::FuncEn, 0x0020);
    write(&mut chip, Register::AdjStart, CAL_START);
    write(&mut chip, Register::Ugain, 29_144);
    world.set(0.0, |mains| *mains = IB);
    world.switch(0.0, true);
    read(&mut chip, Register::Urms, 10.0);
    read(&mut chip, Register::SysStatus, 10.0);
    world.set(11.0, |mains| mains.u = 100.0);
    read(&mut chip, Register::Urms, 20.0);
    assert_eq!(read(&mut chip, Register::SysStatus, 20.0) & 0x0002, 0x0002);
    assert_eq!(read(&mut chip, Register::SysStatus, 21.0) & 0x0002, 0);
}

#[test]
fn small_power_mode_shows_the_offset() {
    let board = Board::new(&OPENSMARTMETER, 5, 1.0, None);
    let expected = board.power_offset[2];
    let mut chip = Chip::new(board, World::ideal(Mains { i: 0.0, ..IB }));
    write(&mut chip, Register::AdjStart, CAL_START);
    write(&mut chip, Register::SmallPMod, SMALL_POWER);
    let mean = (0..20)
        .map(|number| f64::from(read(&mut chip, Register::Pmean2, 60.0 + f64::from(number)).cast_signed()))
        .sum::<f64>()
        / 20.0;
    assert!((mean - expected).abs() < 2.0, "{mean} {expected}");
    write(&mut chip, Register::PoffsetN, (-expected as i16).cast_unsigned());
    let left = read(&mut chip, Register::Pmean2, 90.0).cast_signed();
    assert!(left.abs() < 6, "{left}");
}

#[test]
fn a_reversed_transformer_counts_backwards() {
    let board = Board::new(&OPENSMARTMETER, 1, 0.0, Some(Defect::CtReversed));
    let mut chip = Chip::new(board, World::ideal(IB));
    write(&mut chip, Register::CalStart, CAL_START);
    write(&mut chip, Register::AdjStart, CAL_START);
    assert_eq!(read(&mut chip, Register::APenergy, 60.0), 0);
    assert!(read(&mut chip, Register::ANenergy, 60.0) > 0);
    assert_eq!(read(&mut chip, Register::PowerF2, 60.0), 0x83E8);
    assert_eq!(read(&mut chip, Register::EnStatus, 60.0) & 0x1000, 0x1000);
}

const NOTHING: [u8; 0] = [];

fn device() -> AfeDevice {
    AfeDevice::new(chip(&OPENSMARTMETER, IB), Duration::from_millis(1), Faults::default())
}

/// Bytes one millisecond apart, and what comes back.
fn talk(device: &mut AfeDevice, start_millis: u64, bytes: &[u8]) -> Vec<u8> {
    let mut answer = Vec::new();
    for (number, &byte) in bytes.iter().enumerate() {
        let at = Moment::from_micros((start_millis + number as u64) * 1000);
        answer.extend(device.on_byte(byte, at).into_iter().flat_map(|answer| answer.bytes));
    }
    answer
}

#[test]
fn the_uart_answers_right_frames_and_only_those() {
    let mut device = device();
    assert_eq!(talk(&mut device, 0, &encode_read(0x31)), [0x67, 0x20, 0x87]);
    assert_eq!(talk(&mut device, 100, &encode_write(0x31, 0x71D8)), [0x7A]);
    assert_eq!(talk(&mut device, 200, &encode_read(0x31)), [0x71, 0xD8, 0x49]);
    let [start, address, sum] = encode_read(0x31);
    assert_eq!(talk(&mut device, 300, &[start, address, sum ^ 1]), NOTHING);
    assert_eq!(talk(&mut device, 400, &[0x12, 0x34, start, address, sum]), [0x71, 0xD8, 0x49], "junk before FE");
}

#[test]
fn a_gap_of_more_than_20_ms_aborts() {
    let mut device = device();
    let [start, address, sum] = encode_read(0x31);
    assert_eq!(talk(&mut device, 0, &[start, address]), NOTHING);
    assert_eq!(talk(&mut device, 40, &[sum]), NOTHING);
    assert_eq!(talk(&mut device, 100, &[start, address]), NOTHING);
    assert_eq!(talk(&mut device, 115, &[sum]), [0x67, 0x20, 0x87], "13 ms are allowed");
}
