//! Sessions as transcripts: what goes out, what comes in, and when.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod fake;

use fake::{Chip, Faults, Line};
use m90e26::Register;
use m90e26::field::command::SOFT_RESET;
use m90e26::uart::{Action, Operation, Session, SessionError, Timing, encode_read_answer};

/// The session sends these bytes now.
macro_rules! send {
    ($session:ident @ $now:expr, $($byte:literal)*) => {
        assert_eq!($session.poll($now), Action::Send(&[$($byte),*]), "at {}", $now)
    };
}

/// The session wants to receive until then.
macro_rules! nothing {
    ($session:ident @ $now:expr, until $until:expr) => {
        assert_eq!($session.poll($now), Action::Receive { until_micros: $until }, "at {}", $now)
    };
}

/// These bytes come in.
macro_rules! come {
    ($session:ident @ $now:expr, $($byte:literal)*) => { $session.on_bytes(&[$($byte),*], $now) };
}

/// The operation is over, with this result.
macro_rules! done {
    ($session:ident @ $now:expr) => {
        match $session.poll($now) {
            Action::Done(result) => {
                assert_eq!($session.poll($now), Action::Idle);
                result
            }
            action => panic!("{action:?} at {}", $now),
        }
    };
}

/// At 9600 baud: request on the wire 3125, then 5000, answer 3125, gaps 1042.
const READ_WITHIN: u64 = 3125 + 5000 + 3125 + 1042;
const SETTLE: u64 = 3125;

fn session() -> Session {
    Session::new(Timing::at(9600))
}

#[test]
fn a_read() {
    let mut s = session();
    assert_eq!(s.poll(0), Action::Idle);
    s.start(Operation::read(Register::Urms), 100);
    nothing!(s @ 100, until 100);
    send!(s @ 100, 0xFE 0xC9 0xC9);
    nothing!(s @ 110, until 100 + READ_WITHIN);
    come!(s @ 6000, 0x59);
    nothing!(s @ 6000, until 100 + READ_WITHIN);
    come!(s @ 8000, 0xD8 0x31);
    let outcome = done!(s @ 8000).unwrap();
    assert_eq!((outcome.value, outcome.recovered, outcome.attempts), (23_000, false, 1));
    assert_eq!((outcome.sent_at_micros, outcome.answered_at_micros), (3225, 8000));
    let statistics = s.statistics();
    assert_eq!((statistics.transactions, statistics.bytes_sent, statistics.bytes_received), (1, 3, 3));
    assert_eq!(statistics.wire_micros, 3125 + 1042 + 2084);
}

#[test]
fn a_write_is_confirmed_by_last_data() {
    let mut s = session();
    s.start(Operation::write(Register::CalStart, 0x5678), 0);
    nothing!(s @ 0, until 0);
    send!(s @ 0, 0xFE 0x20 0x56 0x78 0xEE);
    come!(s @ 7000, 0xEE);
    send!(s @ 7000, 0xFE 0x86 0x86);
    come!(s @ 16_000, 0x56 0x78 0xCE);
    assert_eq!(done!(s @ 16_000).unwrap().value, 0x5678);
}

#[test]
fn a_soft_reset_is_confirmed_by_its_answer() {
    let mut s = session();
    s.start(Operation::write(Register::SoftReset, SOFT_RESET), 0);
    nothing!(s @ 0, until 0);
    send!(s @ 0, 0xFE 0x00 0x78 0x9A 0x12);
    come!(s @ 7000, 0x12);
    assert!(done!(s @ 7000).is_ok());
}

#[test]
fn a_dead_chip_takes_three_attempts_with_silence_after_each() {
    let mut s = session();
    s.start(Operation::read(Register::Freq), 0);
    nothing!(s @ 0, until 0);
    send!(s @ 0, 0xFE 0xCC 0xCC);
    let mut now = READ_WITHIN;
    for _ in 0..2 {
        nothing!(s @ now - READ_WITHIN, until now);
        nothing!(s @ now, until now + 20_000);
        now += 20_000;
        // In caution, the fence goes first.
        nothing!(s @ now, until now + SETTLE);
        now += SETTLE;
        send!(s @ now, 0xFE 0x85 0x85);
        now += READ_WITHIN;
    }
    nothing!(s @ now - READ_WITHIN, until now);
    nothing!(s @ now, until now + 20_000);
    assert_eq!(done!(s @ now + 20_000), Err(SessionError::NoAnswer { address: 0x4C, attempts: 3 }));
    assert_eq!((s.statistics().timeouts, s.statistics().retries), (3, 2));
}

#[test]
fn a_late_answer_is_not_taken_for_the_next() {
    let timing = Timing { attempts: 1, ..Timing::at(9600) };
    let mut s = Session::new(timing);
    s.start(Operation::read(Register::Urms), 0);
    nothing!(s @ 0, until 0);
    send!(s @ 0, 0xFE 0xC9 0xC9);
    nothing!(s @ 0, until READ_WITHIN);
    nothing!(s @ READ_WITHIN, until READ_WITHIN + 20_000);
    assert!(done!(s @ 40_000).is_err());

    // The answer to Urms comes when Freq was asked; by itself it would be 230 Hz.
    s.start(Operation::read(Register::Freq), 40_000);
    nothing!(s @ 40_000, until 40_000 + SETTLE);
    send!(s @ 50_000, 0xFE 0x85 0x85);
    come!(s @ 52_000, 0x59 0xD8 0x31);
    nothing!(s @ 52_000, until 72_000);
    // The answer to the fence is drained, and prolongs the silence.
    come!(s @ 58_000, 0x00 0x00 0x00);
    nothing!(s @ 58_000, until 78_000);
    assert_eq!(done!(s @ 78_000), Err(SessionError::Unconfirmed { address: 0x4C, attempts: 1 }));

    // Two seconds later there is nothing to be cautious about.
    s.start(Operation::read(Register::Freq), 2_058_000);
    nothing!(s @ 2_058_000, until 2_058_000);
    send!(s @ 2_058_000, 0xFE 0xCC 0xCC);
    come!(s @ 2_065_000, 0x13 0x88 0x9B);
    assert_eq!(done!(s @ 2_065_000).unwrap().value, 5000);
}

/// Brings a session into caution with one doubt, at 32 292 and before the fence.
fn doubtful(operation: Operation) -> (Session, u64) {
    let mut s = session();
    s.start(operation, 0);
    nothing!(s @ 0, until 0);
    assert!(matches!(s.poll(0), Action::Send(_)));
    nothing!(s @ 0, until READ_WITHIN);
    nothing!(s @ READ_WITHIN, until READ_WITHIN + 20_000);
    let now = READ_WITHIN + 20_000;
    nothing!(s @ now, until now + SETTLE);
    (s, now + SETTLE)
}

#[test]
fn in_caution_the_fence_and_the_value_are_confirmed() {
    let (mut s, t) = doubtful(Operation::read(Register::Freq));
    send!(s @ t, 0xFE 0x85 0x85);
    come!(s @ t + 8000, 0 0 0);
    // One doubt, and one more because this chip's fence has not proved itself.
    let mut t = t + 8000;
    for _ in 0..2 {
        nothing!(s @ t, until t + SETTLE);
        send!(s @ t + SETTLE, 0xFE 0x86 0x86);
        t += 12_000;
        come!(s @ t, 0 0 0);
    }
    nothing!(s @ t, until t + SETTLE);
    send!(s @ t + SETTLE, 0xFE 0xCC 0xCC);
    t += 12_000;
    come!(s @ t, 0x13 0x88 0x9B);
    nothing!(s @ t, until t + SETTLE);
    send!(s @ t + SETTLE, 0xFE 0x86 0x86);
    t += 12_000;
    come!(s @ t, 0x13 0x88 0x9B);
    let outcome = done!(s @ t).unwrap();
    assert_eq!((outcome.value, outcome.attempts), (5000, 2));
}

#[test]
fn in_caution_a_zero_is_read_again_when_no_answer_can_be_late() {
    let (mut s, mut t) = doubtful(Operation::read(Register::Irms));
    // Fence with two confirmations, value with one: all zero.
    for _ in 0..5 {
        assert!(matches!(s.poll(t), Action::Send(_)));
        t += 8000;
        come!(s @ t, 0 0 0);
        if s.poll(t) == (Action::Receive { until_micros: t + SETTLE }) {
            t += SETTLE;
        }
    }
    nothing!(s @ t, until t + 2_000_000);
    t += 2_000_000;
    nothing!(s @ t, until t);
    send!(s @ t, 0xFE 0xC8 0xC8);
    come!(s @ t + 8000, 0x13 0x88 0x9B);
    assert_eq!(done!(s @ t + 8000).unwrap().value, 5000);
}

#[test]
fn junk_before_a_request_holds_it_back() {
    let mut s = session();
    s.start(Operation::read(Register::Urms), 0);
    nothing!(s @ 0, until 0);
    come!(s @ 0, 0xFF 0x00);
    nothing!(s @ 0, until 20_000);
    assert_eq!(s.statistics().unexpected_bytes, 2);
}

#[test]
fn an_endless_flood_ends() {
    let mut s = session();
    s.start(Operation::read(Register::Urms), 0);
    let mut now = 0;
    let result = loop {
        match s.poll(now) {
            Action::Done(result) => break result,
            _ => now += 500,
        }
        s.on_bytes(&[0x55; 16], now);
        assert!(now < s.worst_case_micros());
    };
    assert!(matches!(result, Err(SessionError::Flooded { address: 0x49, .. })), "{result:?}");
    assert!(now < 200_000, "{now}");
}

#[test]
fn a_driver_that_was_held_up_waits_again() {
    let answer = READ_WITHIN - 3125;
    let late = READ_WITHIN + 300_000;
    // Held up before it looked, while it waited, and with a part of the answer in hand.
    for (looks, first) in [(false, &[][..]), (true, &[]), (true, &[0x59])] {
        let mut s = session();
        s.start(Operation::read(Register::Urms), 0);
        nothing!(s @ 0, until 0);
        send!(s @ 0, 0xFE 0xC9 0xC9);
        if looks {
            nothing!(s @ 0, until READ_WITHIN);
        }
        s.on_bytes(first, 6000);
        nothing!(s @ late, until late + answer);
        s.on_bytes(&[0x59, 0xD8, 0x31][first.len()..], late + 1000);
        assert_eq!(done!(s @ late + 1000).unwrap().value, 23_000);
        assert_eq!(s.statistics().timeouts, 0);
    }
    // Not for ever, not even when the driver is late each time.
    let mut s = session();
    s.start(Operation::read(Register::Urms), 0);
    nothing!(s @ 0, until 0);
    send!(s @ 0, 0xFE 0xC9 0xC9);
    nothing!(s @ late, until late + answer);
    nothing!(s @ late + 2 * answer, until late + 2 * answer + 20_000);
    assert_eq!(s.statistics().timeouts, 1);
}

#[test]
fn what_a_driver_that_was_held_up_finds_is_no_flood() {
    let mut s = session();
    s.start(Operation::read(Register::Urms), 0);
    nothing!(s @ 0, until 0);
    send!(s @ 0, 0xFE 0xC9 0xC9);
    nothing!(s @ 0, until READ_WITHIN);
    nothing!(s @ READ_WITHIN, until READ_WITHIN + 20_000);
    // The answer has come late, and whoever drives looks later still.
    let late = READ_WITHIN + 500_000;
    come!(s @ late, 0x59 0xD8 0x31);
    nothing!(s @ late, until late + 20_000);
    nothing!(s @ late + 20_000, until late + 20_000 + SETTLE);
    send!(s @ late + 30_000, 0xFE 0x85 0x85);
}

#[test]
fn every_truncation_of_an_answer_is_a_timeout() {
    for length in 0..3 {
        let mut s = session();
        s.start(Operation::read(Register::Urms), 0);
        nothing!(s @ 0, until 0);
        send!(s @ 0, 0xFE 0xC9 0xC9);
        s.on_bytes(&encode_read_answer(23_000)[..length], 6000);
        nothing!(s @ 6000, until READ_WITHIN);
        nothing!(s @ READ_WITHIN, until READ_WITHIN + 20_000);
        assert_eq!(s.statistics().timeouts, 1);
    }
}

#[test]
fn wrong_and_surplus_bytes_fail_at_once() {
    for (answer, checksum_errors, unexpected) in [(&[0x59, 0xD8, 0x30][..], 1, 0), (&[0x59, 0xD8, 0x31, 0][..], 0, 1)] {
        let mut s = session();
        s.start(Operation::read(Register::Urms), 0);
        nothing!(s @ 0, until 0);
        send!(s @ 0, 0xFE 0xC9 0xC9);
        s.on_bytes(answer, 6000);
        nothing!(s @ 6000, until 26_000);
        assert_eq!(s.statistics().checksum_errors, checksum_errors);
        assert_eq!(s.statistics().unexpected_bytes, unexpected);
    }
}

/// An energy read up to the moment its own request is out: fence, confirmation of the fence, read.
fn energy_asked() -> (Session, u64) {
    let mut s = session();
    s.start(Operation::read(Register::ATenergy), 0);
    nothing!(s @ 0, until 0);
    send!(s @ 0, 0xFE 0x85 0x85);
    come!(s @ 8000, 0 0 0);
    send!(s @ 8000, 0xFE 0x86 0x86);
    come!(s @ 16_000, 0 0 0);
    send!(s @ 16_000, 0xFE 0xC2 0xC2);
    (s, 16_000 + READ_WITHIN)
}

#[test]
fn a_count_whose_answer_is_lost_comes_out_of_last_data() {
    let (mut s, t) = energy_asked();
    nothing!(s @ 16_000, until t);
    nothing!(s @ t, until t + 20_000);
    let mut t = t + 20_000;
    for _ in 0..2 {
        nothing!(s @ t, until t + SETTLE);
        send!(s @ t + SETTLE, 0xFE 0x86 0x86);
        t += 12_000;
        come!(s @ t, 0x00 0x2A 0x2A);
    }
    let outcome = done!(s @ t).unwrap();
    assert_eq!((outcome.value, outcome.recovered, outcome.sent_at_micros), (42, true, 16_000 + 3125));
    assert_eq!(s.statistics().recovered, 1);
}

#[test]
fn a_count_whose_request_is_lost_is_read_again() {
    let (mut s, t) = energy_asked();
    nothing!(s @ 16_000, until t);
    nothing!(s @ t, until t + 20_000);
    let mut t = t + 20_000;
    for _ in 0..2 {
        nothing!(s @ t, until t + SETTLE);
        send!(s @ t + SETTLE, 0xFE 0x86 0x86);
        t += 12_000;
        come!(s @ t, 0 0 0);
    }
    // Nothing was lost; the read is prepared anew, in caution.
    nothing!(s @ t, until t + SETTLE);
    send!(s @ t + SETTLE, 0xFE 0x85 0x85);
}

#[test]
fn a_count_owed_survives_failed_operations_and_other_registers() {
    let mut line = Line::new(1);
    let mut session = session();
    line.chip.registers[0x42] = 42;
    line.run(&mut session, Operation::read(Register::Urms)).unwrap();
    // The chip hears everything and says nothing: the register is cleared.
    line.run(&mut session, Operation::Read(m90e26::uart::session::FENCE)).unwrap();
    line.faults = Faults { mute: 1, ..Faults::default() };
    assert!(line.run(&mut session, Operation::read(Register::ATenergy)).is_err());
    assert_eq!(line.chip.registers[0x42], 0);
    // Another register is asked meanwhile, in vain and then with success.
    assert!(line.run(&mut session, Operation::read(Register::Freq)).is_err());
    line.faults = Faults::default();
    line.chip.registers[0x4C] = 5000;
    assert_eq!(line.run(&mut session, Operation::read(Register::Freq)).unwrap().value, 5000);
    let outcome = line.run(&mut session, Operation::read(Register::ATenergy)).unwrap();
    assert_eq!((outcome.value, outcome.recovered, outcome.attempts), (42, true, 0));
    assert_eq!(line.run(&mut session, Operation::read(Register::ATenergy)).unwrap().value, 0);
}

#[test]
fn a_chip_whose_fence_does_not_work_is_found_out() {
    let mut line = Line::new(1);
    line.chip.stubborn = true;
    line.chip.registers[0x42] = 42;
    line.chip.registers[0x49] = 23_000;
    let mut session = session();
    line.run(&mut session, Operation::read(Register::Urms)).unwrap();
    let error = line.run(&mut session, Operation::read(Register::ATenergy)).unwrap_err();
    assert_eq!(error, SessionError::Unconfirmed { address: 0x42, attempts: 3 });
    assert_eq!(line.chip.registers[0x42], 42, "not read, so not cleared");
}

#[test]
fn a_proven_fence_costs_one_transaction() {
    let mut line = Line::new(1);
    let mut session = session();
    for counts in [0, 5, 5] {
        line.chip.registers[0x49] = 23_000;
        line.run(&mut session, Operation::read(Register::Urms)).unwrap();
        line.chip.registers[0x42] = counts;
        let before = session.statistics().transactions;
        assert_eq!(line.run(&mut session, Operation::read(Register::ATenergy)).unwrap().value, counts);
        let taken = session.statistics().transactions - before;
        assert_eq!(taken, if counts == 0 { 3 } else { 2 });
    }
}

#[test]
fn a_started_operation_can_be_given_up() {
    let mut s = session();
    s.start(Operation::read(Register::Urms), 0);
    nothing!(s @ 0, until 0);
    send!(s @ 0, 0xFE 0xC9 0xC9);
    s.start(Operation::read(Register::Freq), 5000);
    nothing!(s @ 5000, until 25_000);
    come!(s @ 6000, 0x59 0xD8 0x31);
    nothing!(s @ 6000, until 26_000);
}

#[test]
fn all_registers_read_their_power_on_values() {
    let mut line = Line::new(1);
    let mut session = session();
    for register in Register::ALL {
        if register == Register::LastData {
            continue;
        }
        let outcome = line.run(&mut session, Operation::read(register)).unwrap();
        assert_eq!(outcome.value, register.power_on(), "{register}");
    }
    assert_eq!(Chip::new().last_data, 0);
}
