//! The map: windows keep what is put into them, addresses and access agree with the chip's own rules.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test stops at what it did not expect")]

use m90e26::{Access, Register};
use meter_interface::block::Text;
use meter_interface::map::{
    Alarms, Command, Control, Crash, CrashKind, ECHO, Events, Floats, Guard, Holding, Identity, Measured, Program,
    Protections, Quantity, READ_MOST, Relay, ResetCause, SelfTest, Snapshot, State, TALLIED, Tally, Test, TestResult,
    TestState, Window, echoed, tally_address,
};
use proptest::prelude::*;

fn snapshot() -> Snapshot {
    Snapshot::decode(&[0; Snapshot::WORDS]).expect("as many as needed")
}

#[test]
fn windows_do_not_overlap_and_fit_into_a_request() {
    let windows = Window::ALL;
    for pair in windows.windows(2) {
        assert!(usize::from(pair[0].start()) + pair[0].words() <= usize::from(pair[1].start()), "{pair:?}");
    }
    for window in windows.iter().filter(|window| **window != Window::Block) {
        assert!(window.words() <= usize::from(READ_MOST), "{window:?} is one moment");
    }
}

#[test]
fn a_request_stays_in_its_window() {
    assert_eq!(Window::holding(0x0000, 35), Some((Window::Identity, 0)));
    assert_eq!(Window::holding(0x0000, 36), None);
    assert_eq!(Window::holding(0x0102, 2), Some((Window::Snapshot, 2)));
    assert_eq!(Window::holding(0x0210, 5), Some((Window::Tally(Register::ATenergy), 0)));
    assert_eq!(Window::holding(0x0211, 5), None);
    assert_eq!(Window::holding(0x0213, 2), Some((Window::Tally(Register::ATenergy), 3)));
    assert_eq!(Window::holding(0x05FF, 1), Some((Window::Block, 511)));
    assert_eq!(Window::holding(0x05FF, 2), None);
    assert_eq!(Window::holding(0xFFFF, 0xFFFF), None);
    assert_eq!(tally_address(Register::APenergy), Some(0x0200));
    assert_eq!(tally_address(Register::Urms), None);
}

#[test]
fn words_stand_where_the_document_says() {
    let mut snapshot = snapshot();
    snapshot.sequence = 0x0001_0002;
    snapshot.state = State::Metering;
    snapshot.measured = [Measured::NONE; 8];
    snapshot.measured[0] = Measured { value: Some(239_870_000), age_millis: 12 };
    snapshot.measured[2] = Measured { value: Some(-2), age_millis: 0 };
    snapshot.total_counts = 0x0102_0304_0506_0708;
    let words = snapshot.encode();
    assert_eq!(words[..6], [1, 2, 0, 0, 0, 4]);
    assert_eq!(words[10..19], [0x0E4C, 0x2030, 12, 0x8000, 0, 0xFFFF, 0xFFFF, 0xFFFE, 0]);
    assert_eq!(words[34..38], [0x0102, 0x0304, 0x0506, 0x0708]);
    assert_eq!(Snapshot::decode(&words), Ok(snapshot));
    assert!(Snapshot::decode(&words[1..]).is_err());
}

#[test]
fn floats_are_readings_young_enough_or_nan() {
    let mut snapshot = snapshot();
    snapshot.measured = [Measured::NONE; 8];
    snapshot.measured[Quantity::Voltage.index()] = Measured { value: Some(230_120_000), age_millis: 40 };
    snapshot.measured[Quantity::Current.index()] = Measured { value: Some(5_000_000), age_millis: 2001 };
    snapshot.total_milliwatt_hours = 1_250_000;
    let floats = Floats::of(&snapshot);
    assert_eq!(floats.quantities[0], 230.12);
    assert!(floats.quantities[1..].iter().all(|value| value.is_nan()));
    assert_eq!(floats.energy_kwh, 1.25);
    assert_eq!(floats.encode()[2..4], [0x4366, 0x1EB8]);
}

#[test]
fn texts_from_a_device_are_made_printable() {
    let message = Text::new("hard fault in afe").expect("fits");
    let crash =
        Crash { kind: CrashKind::HardFault, boot: 3, uptime_millis: 1, program_counter: 2, link_register: 4, message };
    assert_eq!(Crash::decode(&crash.encode()), Ok(crash));
    let mut words = crash.encode();
    words[8] = 0x0741;
    words[9] = 0xFF00;
    let decoded = Crash::decode(&words).expect("as many as needed");
    assert_eq!(decoded.message.as_str(), "?A?");
}

#[test]
fn chip_registers_keep_their_access() {
    for register in Register::ALL {
        let holding = Holding::at(Holding::of(register)).expect("every register has its address");
        assert_eq!(holding, Holding::Chip(register));
        let writable = holding.guard() == Guard::Unlocked;
        match register.access() {
            Access::ReadClear => assert!(!holding.readable() && !writable, "{register}"),
            Access::Write => assert!(!holding.readable() && writable, "{register}"),
            Access::ReadWrite => assert!(holding.readable() && writable, "{register}"),
            Access::Read => {
                assert!(!writable, "{register}");
                assert_eq!(holding.readable(), !matches!(register, Register::LastData | Register::Lsb), "{register}");
            }
        }
        match Holding::with_lsb(register) {
            None => assert!(!register.extended_by_lsb()),
            Some(address) => {
                assert_eq!(Holding::at(address), Some(Holding::WithLsb(register)));
                assert_eq!(Holding::at(address + 1), Some(Holding::LsbOf(register)));
            }
        }
    }
    // What is cleared by being read is counted.
    let counted = TALLIED.into_iter().chain([Register::SysStatus]);
    let clearing = Register::ALL.into_iter().filter(|register| register.access() == Access::ReadClear);
    assert!(clearing.into_iter().all(|register| counted.clone().any(|other| other == register)));
}

#[test]
fn addresses_without_a_register_are_none() {
    let known = (0..=u16::MAX).filter(|address| Holding::at(*address).is_some()).count();
    let extended = Register::ALL.iter().filter(|register| register.extended_by_lsb()).count();
    assert_eq!(known, Register::ALL.len() + 2 * extended + Control::ALL.len() + ECHO.len());
    assert_eq!(Holding::at(0x0206), None);
    assert_eq!(Holding::at(ECHO.end), None);
    assert_eq!(echoed(0x1234), 0xEDCB);
    assert!(!Holding::Chip(Register::Ugain).takes(0x8000) && Holding::Chip(Register::Ugain).takes(0x7FFF));
}

#[test]
fn codes_survive_unknown_words() {
    assert_eq!(State::from_word(99), State::Unknown(99));
    assert_eq!(State::from_word(99).word(), 99);
    assert_eq!(Control::Unlock.address(), 0x0201);
    assert_eq!(Command::from_word(0xB007), Command::BootLoader);
    let alarms = Alarms::CRASH.with(Alarms::EEPROM);
    assert!(alarms.contains(Alarms::CRASH) && !alarms.without(Alarms::CRASH).contains(Alarms::CRASH));
    assert_eq!(alarms.texts().count(), 2);
    assert_eq!(Alarms::from_bits(0x8000).bits(), 0x8000);
}

#[test]
fn tests_stand_in_the_order_of_their_numbers() {
    for (test, number) in Test::ALL.into_iter().zip(1..) {
        assert_eq!(test.number(), number);
        assert_eq!(Test::from_number(number), Some(test));
    }
    assert_eq!(Test::from_number(0), None);
    assert_eq!(Test::from_number(13), None);
}

proptest! {
    #[test]
    fn windows_give_back_their_words(words in any::<[u16; 32]>(), more in any::<[u16; 32]>(), last in any::<[u16; 32]>()) {
        let all: Vec<u16> = words.into_iter().chain(more).chain(last).collect();
        let snapshot = Snapshot::decode(&all[..Snapshot::WORDS]).expect("length");
        prop_assert_eq!(&snapshot.encode()[..], &all[..Snapshot::WORDS]);
        let tally = Tally::decode(&all[..Tally::WORDS]).expect("length");
        prop_assert_eq!(&tally.encode()[..], &all[..Tally::WORDS]);
        let events = Events::decode(&all[..Events::WORDS]).expect("length");
        prop_assert_eq!(&events.encode()[..], &all[..Events::WORDS]);
        let test = SelfTest::decode(&all[..SelfTest::WORDS]).expect("length");
        prop_assert_eq!(&test.encode()[..], &all[..SelfTest::WORDS]);
        // Texts are made printable, so here the second time tells.
        let identity = Identity::decode(&all[..Identity::WORDS]).expect("length");
        prop_assert_eq!(Identity::decode(&identity.encode()).expect("length"), identity);
        let crash = Crash::decode(&all[..Crash::WORDS]).expect("length");
        prop_assert_eq!(Crash::decode(&crash.encode()).expect("length"), crash);
        let program = Program::decode(&all[..Program::WORDS]).expect("length");
        prop_assert_eq!(&program.encode()[..], &all[..Program::WORDS]);
    }
}

/// The check value of CRC-32/ISO-HDLC, which every catalogue of CRCs names.
#[test]
fn a_program_is_summed_as_the_document_says() {
    let program = Program::over(0x0800_0000, b"123456789");
    assert_eq!(program, Program { start: 0x0800_0000, length: 9, crc: 0xCBF4_3926 });
    assert_eq!(program.encode(), [0x0800, 0, 0, 9, 0xCBF4, 0x3926]);
}

#[test]
fn what_a_snapshot_holds_comes_back() {
    let mut full = snapshot();
    full.relay = Relay::Closed;
    full.protections = Protections::OVERLOAD;
    full.alarms = Alarms::RTC;
    full.reset_cause = ResetCause::Watchdog;
    full.crash = CrashKind::Panic;
    full.measured[7] = Measured { value: Some(i32::MAX), age_millis: u16::MAX };
    assert_eq!(Snapshot::decode(&full.encode()), Ok(full));
    let mut results = [TestResult::default(); 12];
    results[11] = TestResult { state: TestState::Passed, value: 0x41 };
    let test = SelfTest { running: 0, elapsed_millis: 5, runs: 9, results };
    assert_eq!(SelfTest::decode(&test.encode()), Ok(test));
}
