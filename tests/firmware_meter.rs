//! The meter's program against the simulated chip: it loads, meters, keeps its energy, protects, and says when it cannot.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod firmware_rig;

use firmware_rig::{MAINS, Rig, block, page};
use m90e26::Register;
use meter_firmware::board::Coil;
use meter_interface::block::PAGE;
use meter_interface::map::{Alarms, Protections, QUANTITIES, Quantity, Relay, State};
use meterbench::sim::world::Mains;

/// What the chip gave out is what the meter has, once the line is good again.
fn expect_no_pulse_lost(rig: &mut Rig, fault: &str) {
    let given = rig.afe.given;
    let tally = u64::from(rig.tally(Register::APenergy).count);
    // A reading may be under way.
    let newer = rig.afe.given - given;
    assert!((given..=given + newer).contains(&tally), "{fault}: the chip gave {given}, the meter has {tally}");
}

#[test]
fn starts_within_a_second_and_shows_what_is_on_the_wires() {
    let mut rig = Rig::calibrated("sim:?seed=1");
    rig.run(1_000);
    let snapshot = rig.snapshot();
    assert_eq!(snapshot.state, State::Metering);
    assert_eq!((snapshot.cs1_chip, snapshot.cs2_chip), (block().cs1, block().cs2));
    assert_eq!((snapshot.chip_loads, snapshot.chip_resets), (1, 0));
    assert!(snapshot.alarms.is_empty(), "{:?}", snapshot.alarms.texts().collect::<Vec<_>>());
    let value = |quantity| f64::from(snapshot.measured(quantity).value.expect("a value"));
    // An uncalibrated board is some per cent off.
    assert!((value(Quantity::Voltage) / 230e6 - 1.0).abs() < 0.05);
    assert!((value(Quantity::Current) / 20e6 - 1.0).abs() < 0.1);
    assert!((value(Quantity::ActivePower) / 4_600e3 - 1.0).abs() < 0.15);
    assert!((value(Quantity::Frequency) - 50_000.0).abs() < 50.0);
    for quantity in QUANTITIES {
        assert!(snapshot.measured(quantity).age_millis < 500, "{quantity:?}");
    }
    assert_eq!(rig.board.lines(), ["CS1 327C agreed", "CS2 993B agreed"]);
    assert_eq!(rig.identity().serial.as_str(), "SIM1");
}

#[test]
fn polls_at_nine_tenths_of_what_the_line_carries() {
    for (answer_micros, least) in [(0, 0.97), (1_000, 0.84)] {
        let mut rig = Rig::calibrated(&format!("sim:?seed=1&answer_us={answer_micros}"));
        rig.run(2_000);
        let (before, at) = (rig.meter.chip().statistics(), rig.now);
        rig.run(10_000);
        let (after, micros) = (rig.meter.chip().statistics(), rig.now - at);
        let transactions = (after.transactions - before.transactions) as f64;
        let share = (after.wire_micros - before.wire_micros) as f64 / micros as f64;
        // What the chip takes to answer is not the meter's to save.
        let possible = micros as f64 / (6_250.0 + answer_micros as f64);
        println!(
            "chip answers after {answer_micros} us: {:.1} transactions/s, {:.1} % of the {:.1} possible, wire {:.1} % busy",
            transactions * 1e6 / micros as f64,
            100.0 * transactions / possible,
            possible * 1e6 / micros as f64,
            100.0 * share
        );
        assert!(transactions / possible > 0.9, "{transactions} of {possible}");
        assert!(share > least, "{share}");
        assert!(rig.snapshot().readings_per_10_secs > 900);
    }
}

#[test]
fn no_pulse_is_lost_or_counted_twice_on_a_bad_line() {
    for fault in [
        "drop=0.001",
        "flip=0.001",
        "late=0.01",
        "garbage=0.01",
        "drop=0.01",
        "silent_at=20",
        "drop=0.003&flip=0.003&late=0.003",
    ] {
        let mut rig = Rig::calibrated(&format!("sim:?seed=3&{fault}"));
        rig.run(60_000);
        rig.afe.faults = Default::default();
        rig.run(3_000);
        assert!(rig.afe.given > 300, "{fault}: {} counts", rig.afe.given);
        let snapshot = rig.snapshot();
        assert_eq!(snapshot.state, State::Metering, "{fault}");
        assert!(snapshot.chip_retries > 0, "{fault}");
        expect_no_pulse_lost(&mut rig, fault);
    }
}

#[test]
fn the_total_is_what_the_chip_counted_and_survives_restarts() {
    let mut rig = Rig::calibrated("sim:?seed=4&unrest=0");
    rig.run(30_000);
    let before = rig.snapshot();
    assert!(before.total_counts > 200);
    // The supply fails: the last record is written at once, and the processor starts anew.
    rig.board.failing = true;
    rig.run(100);
    rig.board.failing = false;
    let kept = rig.meter_snapshot().total_counts;
    rig.restart();
    assert_eq!(rig.meter_snapshot().total_counts, kept);
    rig.run(2_000);
    let after = rig.meter_snapshot();
    assert!(after.boot > before.boot);
    // The chip went on metering and was not reset: what it counted meanwhile is there too, and all it ever gave.
    assert_eq!((after.state, after.chip_loads), (State::Metering, 0));
    assert!(after.total_counts > kept);
    let under_way = rig.afe.given - after.total_counts;
    assert!(under_way <= 10, "{under_way} counts are missing");
}

#[test]
fn a_chip_that_resets_is_loaded_again_and_keeps_the_energy() {
    let mut rig = Rig::calibrated("sim:?seed=5&reset_at=10");
    rig.run(10_000);
    let before = rig.snapshot();
    rig.run(2_000);
    let after = rig.snapshot();
    assert_eq!((after.state, after.chip_loads, after.chip_resets), (State::Metering, 2, 1));
    assert!(after.alarms.contains(Alarms::CHIP_RESET));
    assert!(after.total_counts > before.total_counts);
    assert!(after.measured(Quantity::Voltage).age_millis < 500);
    expect_no_pulse_lost(&mut rig, "reset");
}

#[test]
fn while_a_chip_is_reset_nothing_it_reads_is_shown() {
    let mut rig = Rig::calibrated("sim:?seed=5&reset_at=10");
    for _ in 0..4_000 {
        rig.run(5);
        let snapshot = rig.meter_snapshot();
        if let Some(microvolts) = snapshot.measured(Quantity::Voltage).value {
            assert!(microvolts > 200_000_000, "a voltage of {microvolts} uV is invented");
        }
    }
}

#[test]
fn a_silent_chip_is_said_to_be_silent_and_its_readings_age() {
    let mut rig = Rig::calibrated("sim:?seed=6");
    rig.run(3_000);
    rig.afe.silent = true;
    rig.run(1_000);
    let snapshot = rig.snapshot();
    assert_eq!(snapshot.state, State::ChipSilent);
    assert!(snapshot.alarms.contains(Alarms::CHIP_SILENT));
    assert!(snapshot.measured(Quantity::Voltage).age_millis > 900);
    rig.run(2_000);
    assert!(rig.snapshot().measured(Quantity::Voltage).age_millis > 2_900);
    assert_eq!(rig.board.lines(), ["CHIP SILENT", "Not metering"]);
    assert_eq!(rig.read(3, 0x2B, 1), Err(11));
    rig.afe.silent = false;
    rig.run(2_000);
    let snapshot = rig.snapshot();
    assert_eq!(snapshot.state, State::Metering);
    assert!(snapshot.measured(Quantity::Voltage).age_millis < 500);
    expect_no_pulse_lost(&mut rig, "silence");
}

#[test]
fn a_chip_that_refuses_its_checksums_is_reported() {
    let mut rig = Rig::calibrated("sim:?seed=7&defect=checksum-refused");
    rig.run(3_000);
    let snapshot = rig.snapshot();
    assert_eq!(snapshot.state, State::ChipRefused);
    assert!(snapshot.alarms.contains(Alarms::CHIP_CS1.with(Alarms::CHIP_CS2)));
    assert_eq!(snapshot.measured(Quantity::Voltage).value, None);
    assert_eq!(snapshot.total_counts, 0);
    assert_eq!(rig.board.lines()[0], "CHECKSUM ERROR");
}

#[test]
fn a_block_with_a_wrong_checksum_is_refused_by_the_chip() {
    let mut wrong = block();
    wrong.cs2 ^= 0x0101;
    let mut rig = Rig::new("sim:?seed=8", [page(&wrong), vec![0xFF; PAGE]], MAINS);
    rig.run(3_000);
    let snapshot = rig.snapshot();
    assert_eq!(snapshot.state, State::ChipRefused);
    assert!(snapshot.alarms.contains(Alarms::CHIP_CS2) && !snapshot.alarms.contains(Alarms::CHIP_CS1));
    assert_eq!((snapshot.cs2_chip, snapshot.cs2_block), (wrong.cs2 ^ 0x0101, wrong.cs2));
}

#[test]
fn without_a_block_nothing_is_metered() {
    let mut rig = Rig::new("sim:?seed=9", [vec![0xFF; PAGE], vec![0x00; PAGE]], MAINS);
    rig.run(3_000);
    let snapshot = rig.snapshot();
    assert_eq!(snapshot.state, State::NotCalibrated);
    assert!(snapshot.alarms.contains(Alarms::BLOCK_B) && !snapshot.alarms.contains(Alarms::BLOCK_A));
    assert!(snapshot.measured.iter().all(|measured| measured.value.is_none()));
    assert_eq!(snapshot.total_counts, 0);
    assert_eq!(rig.board.lines()[0], "NOT CALIBRATED");
    assert!(rig.board.red && rig.board.pulses.is_empty());
}

#[test]
fn of_two_blocks_the_newer_valid_one_is_in_force() {
    let mut newer = block();
    newer.sequence = 2;
    let mut damaged = page(&newer);
    damaged[100] ^= 1;
    for (second, copy, sequence) in [(page(&newer), 2, 2), (damaged, 1, 1)] {
        let mut rig = Rig::new("sim:?seed=10", [page(&block()), second], MAINS);
        rig.run(1_000);
        let identity = rig.identity();
        assert_eq!((identity.copy, identity.sequence), (copy, sequence));
        assert_eq!(rig.snapshot().alarms.contains(Alarms::BLOCK_B), copy == 1);
    }
}

#[test]
fn over_voltage_opens_the_relay_by_one_pulse() {
    let mut rig = Rig::new("sim:?seed=11", [page(&block()), vec![0xFF; PAGE]], Mains { u: 262.0, ..MAINS });
    rig.run(4_000);
    let snapshot = rig.snapshot();
    assert_eq!((snapshot.relay, snapshot.protections), (Relay::Open, Protections::OVER_VOLTAGE));
    let [(coil, begin, end)] = rig.board.pulses[..] else { panic!("{:?}", rig.board.pulses) };
    assert_eq!(coil, Coil::Open);
    assert!((200_000..205_000).contains(&(end - begin)), "{}", end - begin);
}

#[test]
fn a_sound_supply_closes_the_relay() {
    let mut rig = Rig::calibrated("sim:?seed=12");
    rig.run(4_000);
    assert_eq!(rig.snapshot().relay, Relay::Closed);
    assert_eq!(rig.board.pulses.len(), 1);
}

#[test]
fn the_display_turns_its_pages_and_follows_the_keypad() {
    let mut rig = Rig::calibrated("sim:?seed=13&unrest=0");
    rig.run(1_000);
    assert_eq!(rig.board.lines().map(|line| line[..3].to_owned()), ["CS1", "CS2"]);
    // A page stays for five seconds; the first is the stock meter's first.
    rig.run(3_500);
    let mut seen = Vec::new();
    for _ in 0..8 {
        seen.push(rig.board.lines());
        rig.run(5_000);
    }
    let beginnings = [
        ["V=23", "W=4"],
        ["ENERGY   Load on", "0.0"],
        ["Meter number", "SIM1"],
        ["Date/time", "2026-11-21 08:45"],
        ["Battery sense", "1.650 V"],
        ["f 50.00 Hz", "Version "],
        ["CS1 ", "CS2 "],
        ["Calibrated", "no date"],
    ];
    for (page, expected) in seen.iter().zip(beginnings) {
        for (line, beginning) in page.iter().zip(expected) {
            assert!(line.starts_with(beginning), "{beginning} of {seen:?}");
        }
    }
    assert_eq!(rig.board.lines(), seen[0]);
    let before = rig.board.lines();
    rig.board.contacts = 1 << 14;
    rig.run(300);
    rig.board.contacts = 0;
    rig.run(100);
    assert_ne!(rig.board.lines(), before);
}

#[test]
fn energy_records_go_round_and_the_newest_good_one_counts() {
    let mut rig = Rig::calibrated("sim:?seed=14");
    rig.run(100_000);
    assert!((9..=12).contains(&rig.board.eeprom_writes), "{}", rig.board.eeprom_writes);
    rig.board.failing = true;
    rig.run(100);
    rig.board.failing = false;
    let kept = rig.snapshot().total_counts;
    // The newest record is damaged: the one before it counts.
    let newest = (0..127).max_by_key(|page| {
        let record: [u8; 32] = rig.board.eeprom.as_ref().expect("eeprom")[page * 32..][..32].try_into().expect("page");
        meter_firmware::store::Kept::decode(&record).map_or(0, |(sequence, _)| sequence)
    });
    rig.board.eeprom.as_mut().expect("eeprom")[newest.expect("a page") * 32 + 5] ^= 0x10;
    let mut board = std::mem::take(&mut rig.board);
    board.now += 1_000_000;
    let store = meter_firmware::store::Store::open(&mut board, 0);
    let total = store.held().expect("a record").totals.0[0];
    assert!(total > 0 && total <= kept, "{total} of {kept}");
}

#[test]
fn a_meter_without_its_eeprom_meters_and_says_so() {
    let mut rig = Rig::calibrated("sim:?seed=15");
    (rig.board.eeprom, rig.board.rtc) = (None, false);
    rig.restart();
    rig.run(5_000);
    let snapshot = rig.snapshot();
    assert_eq!(snapshot.state, State::Metering);
    assert!(snapshot.alarms.contains(Alarms::EEPROM.with(Alarms::RTC)));
    assert!(snapshot.total_counts > 0);
}

#[test]
fn the_clock_is_set_over_the_service_port_and_read_back() {
    let mut rig = Rig::calibrated("sim:?seed=16");
    rig.run(1_500);
    let shown = |rig: &mut Rig| {
        let words = rig.read(3, 0x0204, 2).expect("the clock");
        u32::from(words[0]) << 16 | u32::from(words[1])
    };
    // 2026-11-21 08:45:30 and a little more.
    let before = shown(&mut rig);
    assert!((848_565_930..848_565_935).contains(&before), "{before}");
    assert_eq!(rig.snapshot().clock_secs, before);
    // Locked, nothing is set; and the calendar ends with its century.
    assert_eq!(rig.write(0x0205, 1), Err(1));
    rig.write(0x0201, 0xCA1B).expect("unlocked");
    assert_eq!(rig.write(0x0204, 0xBC19), Err(3));
    // 2031-03-01 00:00:00, over a leap year from the last setting.
    let wanted: u32 = 983_404_800;
    rig.write(0x0204, (wanted >> 16) as u16).expect("taken");
    rig.write(0x0205, wanted as u16).expect("taken");
    rig.run(50);
    let after = shown(&mut rig);
    assert!((wanted..wanted + 2).contains(&after), "{after}");
    // A clock that is not there is told by its alarm, not by an old time.
    rig.board.rtc = false;
    rig.run(1_500);
    assert_eq!(shown(&mut rig), 0);
    assert!(rig.snapshot().alarms.contains(Alarms::RTC));
}

#[test]
fn the_stack_and_the_longest_turn_are_told() {
    let mut rig = Rig::calibrated("sim:?seed=17");
    rig.run(2_000);
    let words = rig.read(4, 0x0340, 3).expect("the window");
    assert_eq!(words[..2], [16_384, 12_000]);
    assert!((1..=2).contains(&words[2]), "the stand-in ticks every millisecond: {words:?}");
    assert_eq!(rig.read(4, 0x0340, 4), Err(2));
    // The check value of CRC-32 over its nine digits.
    assert_eq!(rig.read(4, 0x0348, 6).expect("the window"), [0x0800, 0, 0, 9, 0xCBF4, 0x3926]);
}
