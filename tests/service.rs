//! The bench over the service port of the meter's own firmware: identification, registers, a whole calibration, and nothing lost or mixed
//! up on bad lines.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod firmware_rig;
mod service_port;
mod simulated;

use std::time::Duration;

use m90e26::field::SysStatus;
use m90e26::{Line, Register};
use meter_interface::block::{Block, BlockError, Ratio, Secret, Text};
use meter_interface::map::{Command, Quantity as Shown, State, Test, TestState};
use meterbench::clock::sleep;
use meterbench::meter::service::{ServiceError, ServiceMeter};
use meterbench::meter::{Meter, MeterError, Quantity};
use meterbench::procedure::{Control, Verdict};
use meterbench::reference::LoadPoint;
use service_port::{LineFaults, ServicePort};
use simulated::{Setup, plan};

/// A block of the OpenSmartMeter as its makers have it; each board differs from it by its tolerances.
fn block() -> Block {
    let mut block = Block {
        sequence: 3,
        line: Line::N,
        current_scale: Ratio::new(20, 1).expect("positive"),
        pulses_per_kwh: 2000,
        constant_imp_per_kwh: 1000,
        serial: Text::new("MT50-000123").expect("fits"),
        token: Secret::new(Text::new("A1B2C3D4E5F6G7H8I9J0").expect("fits")),
        func_en: 0x0030,
        sag_th: 0x1F2F,
        ..Block::default()
    };
    let words = [0x001E, 0xC8B4, 0x1D39, 0, 0x1D39, 0, 0x08BD, 0x08BD, 0x0AEC, 0, 0x9422];
    for (register, word) in Register::METERING.into_iter().zip(words) {
        assert!(block.set_register(register, word));
    }
    assert!(block.set_register(Register::Ugain, 0x71D8));
    assert!(block.set_register(Register::IgainN, 0x0F56));
    block
}

/// A meter that has been running for some seconds on a live line, and a bench that is connected to it.
struct Rig {
    setup: Setup,
    port: ServicePort,
    meter: ServiceMeter,
}

fn rig_with(block: Option<Block>) -> Rig {
    let mut setup = Setup::new("sim:?seed=4");
    let port = ServicePort::new(&setup.clock, setup.device.clone(), block);
    let plan = plan("opensmartmeter-mt50", "calibrate");
    let point: LoadPoint = plan.meter.rating.load_point(1.0, 1.0, meterbench::load::PowerFactor::UNITY);
    setup.source.apply(&point).expect("it supplies");
    sleep(&*setup.clock, Duration::from_secs(10));
    let mut meter = ServiceMeter::new(Box::new(port.clone()), setup.clock.clone());
    meter.connect().expect("it answers");
    Rig { setup, port, meter }
}

fn rig() -> Rig {
    rig_with(Some(block()))
}

#[test]
fn it_says_who_it_is() {
    let Rig { mut meter, .. } = rig();
    let found = meter.identify().expect("it answers");
    assert_eq!(found.serial, "MT50-000123");
    assert_eq!(found.identity.pulses_per_kwh, 2000);
    assert_eq!((found.identity.scale_numerator, found.identity.copy, found.identity.sequence), (20, 1, 3));
    let read = meter.block().expect("it answers").expect("a block");
    assert!(read.secrets_withheld() && !read.token.is_set());
    assert_eq!(read, block().without_secrets());
}

#[test]
fn readings_are_the_lines() {
    let Rig { mut meter, .. } = rig();
    let snapshot = meter.snapshot().expect("it answers");
    assert_eq!(snapshot.state, State::Metering);
    let shown = |quantity: Shown| {
        let measured = snapshot.measured(quantity);
        assert!(measured.age_millis < 1000, "{quantity:?} is {} ms old", measured.age_millis);
        f64::from(measured.value.expect("a value")) / f64::from(quantity.per_unit())
    };
    // An uncalibrated board is off by its tolerances.
    for (quantity, truth) in [(Shown::Voltage, 240.0), (Shown::Current, 5.0), (Shown::ActivePower, 1200.0)] {
        assert!((shown(quantity) / truth - 1.0).abs() < 0.2, "{quantity:?} {}", shown(quantity));
    }
    assert!((shown(Shown::Frequency) - 50.0).abs() < 0.1);
    // The same through the chip's registers, to their noise.
    let volts = meter.quantity(Quantity::Urms).expect("it answers");
    let amps = meter.quantity(Quantity::Irms(Line::N)).expect("it answers") * 20.0;
    assert!((volts / shown(Shown::Voltage) - 1.0).abs() < 1e-3, "{volts}");
    assert!((amps / shown(Shown::Current) - 1.0).abs() < 1e-2, "{amps}");
}

#[test]
fn a_meter_without_a_block_says_so() {
    let Rig { mut meter, .. } = rig_with(None);
    assert_eq!(meter.snapshot().expect("it answers").state, State::NotCalibrated);
    assert_eq!(meter.block().expect("it answers"), Err(BlockError::Blank));
}

#[test]
fn writing_unlocks_and_locking_brings_the_block_back() {
    let Rig { mut meter, setup, .. } = rig();
    meter.write(Register::CalStart, 0x5678).expect("unlocked by itself");
    meter.write(Register::AdjStart, 0x5678).expect("unlocked");
    meter.write(Register::Ugain, 0x1234).expect("unlocked");
    assert_eq!(meter.read(Register::Ugain).expect("it answers").value, 0x1234);
    assert_eq!(meter.snapshot().expect("it answers").state, State::Bench);
    // Longer than the unlock lasts by itself: reading keeps it up.
    for _ in 0..9 {
        sleep(&*setup.clock, Duration::from_secs(10));
        assert_eq!(meter.read(Register::Ugain).expect("it answers").value, 0x1234);
    }
    assert!(matches!(meter.write(Register::Urms, 1), Err(MeterError::ReadOnly { .. })));
    let refused = meter.write(Register::Ugain, 0x8000).expect_err("bit 15 must be 0");
    assert!(refused.to_string().contains("does not take this value"), "{refused}");
    meter.lock().expect("it answers");
    sleep(&*setup.clock, Duration::from_secs(3));
    assert_eq!(meter.read(Register::Ugain).expect("it answers").value, 0x71D8);
    assert_eq!(meter.snapshot().expect("it answers").state, State::Metering);
}

#[test]
fn an_abandoned_unlock_ends_by_itself() {
    let Rig { mut meter, setup, port } = rig();
    meter.write(Register::Ugain, 0x1234).expect("unlocked");
    drop(meter);
    sleep(&*setup.clock, Duration::from_secs(64));
    let mut other = ServiceMeter::new(Box::new(port), setup.clock.clone());
    assert_eq!(other.snapshot().expect("it answers").state, State::Metering);
    assert_eq!(other.read(Register::Ugain).expect("it answers").value, 0x71D8);
}

#[test]
fn status_is_newer_than_the_question() {
    let Rig { mut meter, .. } = rig();
    meter.read(Register::SysStatus).expect("it answers");
    // A checksum that is wrong, checked: the very next reading has to show it.
    meter.write(Register::CalStart, 0x5678).expect("unlocked");
    meter.write(Register::Cs1, 0x0001).expect("unlocked");
    meter.write(Register::CalStart, 0x8765).expect("unlocked");
    let status = SysStatus::from_bits(meter.read(Register::SysStatus).expect("it answers").value);
    assert!(status.cal_error(), "{status:?}");
}

#[test]
fn a_whole_calibration_passes() {
    let setup = Setup::new("sim:?seed=4");
    let port = ServicePort::new(&setup.clock, setup.device.clone(), Some(block()));
    let meter = Box::new(ServiceMeter::new(Box::new(port), setup.clock.clone()));
    let outcome = Setup { meter, ..setup }.run(&plan("opensmartmeter-mt50", "calibrate-quick"), &Control::new(|_| {}));
    let report = &outcome.report;
    assert_eq!(report.verdict, Verdict::Pass, "{:?} {:?}", report.advice, report.steps);
    assert!(!outcome.source_on);
    println!(
        "{} transactions, {} retries, {:.1} s",
        report.bus.transactions,
        report.bus.retries,
        report.steps.iter().map(|step| step.duration_s).sum::<f64>()
    );
}

/// Counts of the N line's energy, read for a while at the bench's own pace.
fn counted(rig: &mut Rig, secs: u64) -> (u64, u32) {
    let end = rig.setup.clock.now() + Duration::from_secs(secs);
    let (mut sum, mut failed) = (0, 0);
    while rig.setup.clock.now() < end {
        match rig.meter.read(Register::APenergy) {
            Ok(word) => sum += u64::from(word.value),
            Err(MeterError::Service(ServiceError::NoAnswer { .. } | ServiceError::Garbled { .. })) => failed += 1,
            Err(error) => panic!("{error}"),
        }
    }
    (sum, failed)
}

#[test]
fn no_energy_is_lost_on_a_bad_line() {
    let mut quiet = rig();
    quiet.meter.read(Register::APenergy).expect("it answers");
    let (expected, failed) = counted(&mut quiet, 60);
    assert_eq!(failed, 0);
    assert!(expected > 200, "{expected}");
    for faults in [
        LineFaults { flips: 0.002, ..LineFaults::default() },
        LineFaults { lost: 0.05, ..LineFaults::default() },
        LineFaults { late: 0.05, ..LineFaults::default() },
    ] {
        let mut rig = rig();
        rig.meter.read(Register::APenergy).expect("it answers");
        rig.port.peer().faults = faults;
        let (sum, failed) = counted(&mut rig, 60);
        rig.port.peer().faults = LineFaults::default();
        let start = rig.setup.clock.now();
        let rest = rig.meter.read(Register::APenergy).expect("it answers").value;
        // The same energy, but for the step or two that the last readings' moments decide.
        let elapsed = rig.setup.clock.now().since(start).as_secs_f64();
        let got = sum + u64::from(rest);
        let over = (elapsed + 3.0) * expected as f64 / 60.0;
        assert!(
            got + 2 >= expected && got as f64 <= expected as f64 + over,
            "{got} of {expected}, {failed} failed, {faults:?}"
        );
        let bus = rig.meter.bus();
        assert!(bus.retries > 10, "the line was bad: {bus:?}");
        println!(
            "{faults:?}: {got} of {expected} counts, {} transactions, {} retries, {failed} readings failed",
            bus.transactions, bus.retries
        );
    }
}

#[test]
fn answers_are_not_mixed_up_on_a_bad_line() {
    let expected = block();
    for faults in [
        LineFaults { late: 0.2, ..LineFaults::default() },
        LineFaults { lost: 0.2, ..LineFaults::default() },
        LineFaults { flips: 0.01, ..LineFaults::default() },
        LineFaults { flips: 0.003, late: 0.1, lost: 0.05 },
    ] {
        let Rig { mut meter, port, .. } = rig();
        port.peer().faults = faults;
        let (mut good, mut failed) = (0, 0);
        // Neighbours have different words, and all answers have the same shape.
        for _ in 0..8 {
            for register in Register::METERING.into_iter().chain(Register::MEASUREMENT) {
                match meter.read(register) {
                    Ok(word) => {
                        assert_eq!(Some(word.value), expected.register(register), "{register} with {faults:?}");
                        good += 1;
                    }
                    Err(MeterError::Service(ServiceError::NoAnswer { .. } | ServiceError::Garbled { .. })) => {
                        failed += 1;
                    }
                    Err(error) => panic!("{register}: {error} with {faults:?}"),
                }
            }
        }
        println!("{faults:?}: {good} right, {failed} not answered, {:?}", meter.bus());
        assert!(good > 10 * failed, "{good} right, {failed} not answered");
    }
}

#[test]
fn writes_on_a_bad_line_arrive_or_are_errors() {
    let Rig { mut meter, port, setup } = rig();
    meter.write(Register::AdjStart, 0x5678).expect("unlocked");
    port.peer().faults = LineFaults { flips: 0.003, late: 0.1, lost: 0.05 };
    for word in 0x1000..0x1040 {
        if meter.write(Register::Ugain, word).is_ok() {
            let now = setup.clock.now().secs();
            let held = setup.device.lock().chip().read(Register::Ugain.address(), now);
            assert_eq!(held, word);
        }
    }
}

#[test]
fn a_restart_in_the_middle_is_told() {
    let Rig { mut meter, port, setup } = rig();
    meter.read(Register::APenergy).expect("it answers");
    port.peer().power_cycle();
    sleep(&*setup.clock, Duration::from_secs(20));
    let error = meter.read(Register::APenergy).expect_err("what was counted is gone");
    assert!(matches!(error, MeterError::Service(ServiceError::StartedAnew)), "{error}");
    assert!(meter.read(Register::APenergy).expect("counting goes on").value < 100);
}

#[test]
fn a_restart_can_be_commanded() {
    let Rig { mut meter, setup, .. } = rig();
    let before = meter.snapshot().expect("it answers").boot;
    meter.command(Command::Restart).expect("it obeys");
    sleep(&*setup.clock, Duration::from_secs(5));
    let after = meter.snapshot().expect("it answers again");
    assert_eq!(after.boot, before + 1);
    assert!(after.uptime_millis < 6000);
}

#[test]
fn a_chip_that_falls_silent_is_told_as_such() {
    let mut rig = rig();
    // The chip's line is cut: what it sends is lost.
    rig.setup.device.lock().set_faults(
        meterbench::sim::fault::Faults::from_url(&"sim:?drop=1".parse().expect("address"), 1).expect("options"),
    );
    let error = rig.meter.read(Register::Ugain).expect_err("silent");
    assert!(error.to_string().contains("metering chip did not answer"), "{error}");
    let error = rig.meter.read(Register::APenergy).expect_err("silent");
    assert!(matches!(error, MeterError::Service(ServiceError::Stale { .. })), "{error}");
    sleep(&*rig.setup.clock, Duration::from_secs(3));
    let snapshot = rig.meter.snapshot().expect("the meter itself answers");
    assert_eq!(snapshot.state, State::ChipSilent);
    assert!(snapshot.measured(Shown::Voltage).age_millis > 2000 || snapshot.measured(Shown::Voltage).value.is_none());
}

#[test]
fn patterns_come_back_over_the_port() {
    let Rig { mut meter, .. } = rig();
    let echo = meter.echo().expect("it answers");
    assert_eq!((echo.words, echo.wrong, echo.retries), (256, 0, 0));
}

#[test]
fn every_part_is_tested() {
    let Rig { mut meter, port, setup } = rig();
    for test in Test::ALL {
        port.peer().seen.clear();
        let mut looks = 0;
        let result = meter
            .test(test, || {
                looks += 1;
                // Somebody presses a key after half a second: 1, then lets go.
                port.peer().board.contacts = u16::from(test == Test::Keypad && (5..10).contains(&looks));
                Ok::<(), ServiceError>(())
            })
            .expect("it answers");
        // The relay's pulse outlasts the command.
        sleep(&*setup.clock, Duration::from_millis(500));
        let seen = port.peer().seen.clone();
        let (state, sign) = match test {
            Test::RelayOn => (TestState::Shown, Some("relay on")),
            Test::RelayOff => (TestState::Shown, Some("relay off")),
            Test::Buzzer => (TestState::Shown, Some("buzzer")),
            Test::RedLed => (TestState::Shown, Some("red")),
            Test::GreenLed => (TestState::Shown, Some("green")),
            Test::Lcd => (TestState::Shown, None),
            _ => (TestState::Passed, None),
        };
        assert_eq!(result.state, state, "{test:?} {result:?}");
        assert!(sign.is_none_or(|sign| seen.contains(&sign)), "{test:?}: {seen:?}");
        match test {
            Test::Keypad => assert_eq!(result.value, u16::from(b'1')),
            Test::Supply => assert_eq!(result.value, 1650),
            Test::Afe => assert_eq!(result.value, 0x9422),
            _ => {}
        }
    }
    let timed_out = meter.test(Test::Keypad, || Ok::<(), ServiceError>(())).expect("it answers");
    assert_eq!(timed_out.state, TestState::TimedOut, "nobody pressed a key");
}
