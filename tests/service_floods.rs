//! The service port of the whole meter under garbage, half frames and floods: it answers within two seconds of their end, and metering
//! knows nothing of them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod firmware_rig;

use firmware_rig::Rig;
use m90e26::Register;
use meter_interface::map::{Alarms, Quantity, Snapshot, State};
use modbus_core::rtu::crc16;

/// How long a flood lasts.
const SECS: u64 = 30;
/// Bytes in a second at 115200 baud.
const BYTES_PER_SEC: usize = 11_520;
/// The meter answers again within this time.
const RECOVERY_MILLIS: u64 = 2_000;

/// xorshift64
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

fn framed(body: &[u8]) -> Vec<u8> {
    let mut frame = body.to_vec();
    frame.extend(crc16(body).to_be_bytes());
    frame
}

/// A request for registers of the meter.
fn read_input(address: u16, count: u16) -> Vec<u8> {
    let ([a, b], [c, d]) = (address.to_be_bytes(), count.to_be_bytes());
    framed(&[1, 4, a, b, c, d])
}

/// What is on the wire for a second, by its number.
type Flood = fn(&mut Dice) -> Vec<u8>;

/// One piece after the other without a pause, until a second is full.
fn filled(mut piece: impl FnMut() -> Vec<u8>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(BYTES_PER_SEC + 256);
    while bytes.len() < BYTES_PER_SEC {
        bytes.extend(piece());
    }
    bytes.truncate(BYTES_PER_SEC);
    bytes
}

const FLOODS: [(&str, Flood); 8] = [
    ("noise", |dice| filled(|| vec![dice.roll() as u8])),
    ("zeros", |_| vec![0; BYTES_PER_SEC]),
    ("ones", |_| vec![0xFF; BYTES_PER_SEC]),
    ("beginnings of frames", |dice| {
        filled(|| read_input(Snapshot::START, 68)[..1 + (dice.roll() % 7) as usize].to_vec())
    }),
    ("frames with a wrong CRC", |dice| {
        filled(|| {
            let mut frame = read_input(Snapshot::START, 68);
            frame[(dice.roll() % 8) as usize] ^= 1 << (dice.roll() % 8);
            frame
        })
    }),
    ("writes of 255 bytes that never come", |_| filled(|| vec![1, 16, 0, 0x31, 0, 0x7B, 0xFF])),
    ("good requests without waiting for the answers", |_| filled(|| read_input(Snapshot::START, 68))),
    ("good requests to the chip without waiting for the answers", |_| filled(|| framed(&[1, 3, 0, 0x21, 0, 12]))),
];

/// Voltage and age of what the meter shows; nothing that it shows is old or invented, whatever is on its port.
fn expect_metering(rig: &Rig, flood: &str) {
    let snapshot = rig.meter_snapshot();
    assert_eq!(snapshot.state, State::Metering, "{flood}");
    for quantity in [Quantity::Voltage, Quantity::Current, Quantity::ActivePower, Quantity::Frequency] {
        let measured = snapshot.measured(quantity);
        assert!(measured.value.is_some() && measured.age_millis < 700, "{flood}: {quantity:?} {measured:?}");
    }
    let microvolts = snapshot.measured(Quantity::Voltage).value.unwrap_or_default();
    assert!((200_000_000..260_000_000).contains(&microvolts), "{flood}: {microvolts} uV");
}

/// Milliseconds until a good answer to a request that is repeated until there is one.
fn recovery_millis(rig: &mut Rig, flood: &str) -> u64 {
    let ended = rig.now;
    rig.received();
    loop {
        assert!((rig.now - ended) / 1_000 <= RECOVERY_MILLIS, "{flood}: no answer");
        // A pause, as a bench makes after a failure.
        rig.run(30);
        rig.received();
        rig.send(&read_input(Snapshot::START, Snapshot::WORDS as u16));
        for _ in 0..100 {
            rig.run(1);
            let answer = &rig.board.to_bench;
            if answer.len() == 5 + 2 * Snapshot::WORDS
                && crc16(&answer[..answer.len() - 2]).to_be_bytes() == answer[answer.len() - 2..]
            {
                return (rig.now - ended) / 1_000;
            }
        }
    }
}

/// A meter that has metered for a while, and its counts so far.
fn metering(seed: u64) -> Rig {
    let mut rig = Rig::calibrated(&format!("sim:?seed={seed}"));
    rig.run(3_000);
    rig
}

/// What the chip gave is what the total has: no pulse more, none less.
fn expect_every_pulse(rig: &mut Rig, flood: &str) {
    let given = rig.afe.given;
    let total = rig.meter_snapshot().total_counts;
    // What the chip gave in the exchange under way is not added yet.
    assert!(total <= given && given - total <= 5, "{flood}: the chip gave {given}, the total is {total}");
    rig.run(50);
    let tally = u64::from(rig.tally(Register::APenergy).count);
    assert!(tally >= given, "{flood}: the chip gave {given}, the tally is {tally}");
}

#[test]
fn floods_end_and_leave_nothing_behind() {
    for (seed, (flood, bytes)) in (31..).zip(FLOODS) {
        let mut rig = metering(seed);
        let mut quiet = metering(seed);
        let mut dice = Dice(seed);
        let transactions = rig.meter.chip().statistics().transactions;
        for _ in 0..SECS {
            rig.send(&bytes(&mut dice));
            for _ in 0..4 {
                rig.run(250);
                expect_metering(&rig, flood);
            }
        }
        quiet.run(SECS * 1_000);
        let busy = rig.meter.chip().statistics().transactions - transactions;
        let millis = recovery_millis(&mut rig, flood);
        let snapshot = rig.snapshot();
        println!(
            "{flood}: {} bytes in {SECS} s, next good answer {millis} ms after them; {} counts ({} on a quiet port), \
             {busy} transactions with the chip, {} frames dropped",
            SECS as usize * BYTES_PER_SEC,
            rig.afe.given,
            quiet.afe.given,
            snapshot.service_errors
        );
        assert_eq!((snapshot.boot, snapshot.chip_resets, snapshot.chip_retries), (1, 0, 0), "{flood}");
        assert!(snapshot.alarms.without(Alarms::CHIP_RESET).is_empty(), "{flood}");
        // The same seed on the same wires: the flooded meter counted what the quiet one did, and metered as often.
        assert!(rig.afe.given >= quiet.afe.given && rig.afe.given - quiet.afe.given < 60, "{flood}");
        assert!(busy as f64 > 0.9 * 132.0 * SECS as f64, "{flood}: {busy} transactions");
        expect_every_pulse(&mut rig, flood);
    }
}

#[test]
fn garbage_and_half_frames_between_good_requests() {
    let mut rig = metering(41);
    let mut dice = Dice(41);
    let (mut answered, mut lost, mut slowest) = (0u32, 0u32, 0);
    let end = rig.now + SECS * 1_000_000;
    while rig.now < end {
        let garbage: Vec<u8> = match dice.roll() % 3 {
            0 => (0..dice.roll() % 300).map(|_| dice.roll() as u8).collect(),
            1 => read_input(Snapshot::START, 68)[..(dice.roll() % 8) as usize].to_vec(),
            _ => Vec::new(),
        };
        rig.send(&garbage);
        let began = rig.now;
        rig.run(garbage.len() as u64 * 87 / 1_000 + dice.roll() % 25);
        // Asked as a bench does: again after a pause, as long as nothing good comes.
        loop {
            rig.received();
            rig.send(&read_input(0x0000, 35));
            rig.run(20);
            let answer = rig.received();
            if answer.len() == 75 && answer[3..5] == [0x4D, 0x42] {
                answered += 1;
                break;
            }
            lost += 1;
            rig.run(30);
        }
        slowest = slowest.max((rig.now - began) / 1_000);
        expect_metering(&rig, "garbage");
    }
    println!("{answered} requests answered, {lost} sent again, the slowest after {slowest} ms");
    assert!(slowest < RECOVERY_MILLIS && answered > 100, "{answered} answered, the slowest after {slowest} ms");
    assert!(lost > 0 && rig.snapshot().service_errors > 0, "nothing was ever wrong");
    expect_every_pulse(&mut rig, "garbage");
}

#[test]
fn half_a_write_changes_nothing_even_when_unlocked() {
    let mut rig = metering(42);
    rig.write(0x0201, 0xCA1B).expect("unlocked");
    let whole = framed(&[1, 16, 0, 0x31, 0, 2, 4, 0x12, 0x34, 0x23, 0x45]);
    for length in 1..whole.len() {
        rig.send(&whole[..length]);
        rig.run(40);
        assert!(rig.received().is_empty(), "{length} bytes");
    }
    assert_eq!(rig.read(3, 0x31, 2).expect("it answers"), [0x71D8, 0x7A13]);
    rig.send(&whole);
    rig.run(100);
    assert_eq!(rig.read(3, 0x31, 2).expect("it answers"), [0x1234, 0x2345]);
}
