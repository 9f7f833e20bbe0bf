//! The procedure's flash step: what passes, and everything that must not.

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

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock};

use m90e26::Register;
use meter_interface::block::{Block, Copy, FLASH_START, Secret, Text};
use meter_interface::map::Test;
use meterbench::clock::{Moment, SharedClock};
use meterbench::flash::rom::entry::Entry;
use meterbench::flash::{Hands, UniqueId};
use meterbench::meter::log::LogMeter;
use meterbench::meter::{Meter, Reach, Way};
use meterbench::operator::{Answer, Operator, OperatorError, Prompt, Sketch};
use meterbench::port::{Level, LineSettings, Port, PortError, Signal};
use meterbench::procedure::flashing::Provisioned;
use meterbench::procedure::{Control, Event, Verdict};
use meterbench::profile;
use meterbench::profile::flashing::{Restart, Through, Unchanged};
use meterbench::profile::procedure::EnergyMethod;
use meterbench::profile::self_test::{Part, SelfTest, When};
use meterbench::sim::device::{Device, Shared};
use meterbench::sim::head::SimHead;
use meterbench::sim::rom::RomOptions;
use meterbench::sim::unit::SimUnit;
use meterbench::units::Percent;
use simulated::Outcome;
use unit_rig::{LINES, Mishap, Rig, assert_refused, block_of, what};

#[test]
fn the_image_is_the_units_own() {
    let rig = Rig::new(3, RomOptions::default());
    let unit = rig.unit.clone();
    let outcome = rig.run();
    assert_eq!(outcome.report.verdict, Verdict::Pass, "{:?} {:?}", outcome.report.advice, outcome.report.steps);
    let flash = outcome.report.flash.as_ref().expect("flashed");
    let chip = flash.chip.as_ref().expect("a report");
    assert!(chip.verified && chip.started && chip.bytes_trusted == 0 && flash.is_proven());
    assert_eq!(chip.unique_id.as_deref(), Some(UniqueId(*b"SIMULATE\x01\0\0\0").to_string().as_str()));
    let held = block_of(&unit).expect("a block");
    assert_eq!(
        (held.serial.as_str(), held.bench.as_str(), held.record.as_str()),
        ("UNIT", "Bench 1", "0123456789abcdef")
    );
    let reported = outcome.reported();
    assert_eq!((held.cs1, held.cs2), (reported.cs1(), reported.cs2()));
    assert_eq!(held.checksums(), [held.cs1, held.cs2]);
    assert_eq!((held.pulses_per_kwh, held.constant_imp_per_kwh, held.current_scale.numerator()), (2000, 1000, 20));
    assert_eq!(outcome.held, reported, "the chip was loaded by the unit's own program");
}

#[test]
fn provisioned_values_are_in_the_unit_and_nowhere_else() {
    const TOKEN: &str = "A1B2C3D4E5F6G7H8I9J0";
    let mut rig = Rig::new(3, RomOptions::default()).through_service(|_, _| {});
    let token = Secret::new(Text::new(TOKEN).expect("fits"));
    // Whatever calibration such a row brings along is none.
    let block = Block { token, meter_number: 123, cs1: 7, pulses_per_kwh: 1, ..Block::default() };
    let site = rig.setup.flash.as_mut().expect("a site");
    site.imprint.provisioned = Some(Provisioned { block, row: "17".to_owned() });
    let unit = rig.unit.clone();
    let outcome = rig.run();
    assert_eq!(outcome.report.verdict, Verdict::Pass, "{:?}", outcome.report.advice);
    let held = block_of(&unit).expect("a block");
    assert_eq!((held.token, held.meter_number, held.pulses_per_kwh), (token, 123, 2000));
    assert_eq!(held.cs1, outcome.reported().cs1());
    let told = serde_json::to_string(&outcome.report).expect("JSON");
    assert!(told.contains("\"provisioning_row\":\"17\"") && !told.contains(TOKEN), "{told}");
}

#[test]
fn over_the_service_port_the_unit_says_so_itself() {
    let outcome = Rig::new(3, RomOptions::default()).through_service(|_, _| {}).run();
    assert_eq!(outcome.report.verdict, Verdict::Pass, "{:?} {:?}", outcome.report.advice, outcome.report.steps);
    let answered = outcome.report.flash.and_then(|flash| flash.answered).expect("it answered");
    assert_eq!(answered.through, "the service port");
    assert!(answered.firmware.is_some_and(|version| !version.is_empty()));
}

#[test]
fn somebody_else_or_something_old_answers() {
    type Change = fn(&mut Option<Block>, &mut [u16; 6]);
    let cases: [(Change, &str); 6] = [
        (|block, _| block.as_mut().expect("one").serial = Text::new("OTHER").expect("text"), "serial number"),
        (|block, _| block.as_mut().expect("one").sequence = 0, "calibration number"),
        (
            |block, _| {
                let block = block.as_mut().expect("one");
                assert!(block.set_register(Register::Ugain, 0x71D8));
            },
            "calibration block",
        ),
        (|block, _| block.as_mut().expect("one").constant_imp_per_kwh = 3200, "calibration block"),
        (|_, unique| unique[5] ^= 1, "unique id"),
        (|block, _| *block = None, "serial number"),
    ];
    for (change, part) in cases {
        assert_refused(&Rig::new(5, RomOptions::default()).through_service(change).run(), part);
    }
}

/// The log's line, while somebody has it open: what is said before is said to nobody.
type Line = Arc<Mutex<Option<VecDeque<u8>>>>;

/// The stock firmware's log: what it says at its start, then readings each second that follow the wires.
struct Printer {
    clock: SharedClock,
    world: meterbench::sim::world::World,
    text: Line,
    next: f64,
    gain: f64,
}

impl Port for Printer {
    fn write(&mut self, _: &[u8]) -> Result<(), PortError> {
        Ok(())
    }

    fn read(&mut self, into: &mut [u8], deadline: Moment) -> Result<usize, PortError> {
        let mut line = self.text.lock().expect("no panic");
        let text = line.as_mut().expect("open");
        if text.is_empty() {
            self.clock.sleep_until(deadline.min(Moment::from_micros((self.next * 1e6) as u64)));
            if self.clock.now().secs() >= self.next {
                self.next = self.clock.now().secs() + 1.0;
                let mains = self.world.at(self.clock.now().secs());
                let (u, pf) = (mains.u * self.gain, mains.phi.to_radians().cos());
                let i = (mains.i / 0.02).round() * 0.02;
                let poll = format!(
                    "POWER FACTOR : {pf:.2}\r\nFREQUENCY : {:.2}\r\nMAINS VOLTAGE : {u:.2}\r\nCURRENT  : {i:.2}\r\n\
                     ACTIVE POWER : {:.2}\r\n",
                    mains.f,
                    u * i * pf
                );
                text.extend(poll.bytes());
            }
        }
        let count = text.len().min(into.len());
        into.iter_mut().zip(text.drain(..count)).for_each(|(slot, byte)| *slot = byte);
        Ok(count)
    }

    fn configure(&mut self, _: LineSettings) -> Result<(), PortError> {
        Ok(())
    }

    fn set_signal(&mut self, _: Signal, _: Level) -> Result<(), PortError> {
        Ok(())
    }
}

/// A run whose proof is the log, which begins with these words over the block in the flash.
fn by_log(start: fn(&Block) -> String, gain: f64) -> Outcome {
    let mut rig = Rig::new(17, RomOptions::default());
    let procedure = &mut rig.plan.procedure.profile;
    procedure.flash.as_mut().expect("it flashes").verify_through = vec![Through::Log];
    for point in &mut procedure.verify {
        let limits = &mut point.accuracy_mut().expect("errors at a load point").limits;
        // What the log's digits can keep.
        (limits.energy, limits.current) = (None, Some(Percent(1.5)));
        limits.voltage = Some(Percent(0.2));
    }
    let (clock, unit) = (rig.setup.clock.clone(), rig.unit.clone());
    let world = rig.setup.station.world().clone();
    let line = Line::default();
    let listened = line.clone();
    let begins = Box::new(move || {
        if let Some(text) = listened.lock().expect("no panic").as_mut() {
            text.extend(start(&block_of(&unit).expect("a block")).bytes());
        }
    });
    *rig.starts.0.lock().expect("no panic") = Some(begins);
    let open = move || {
        *line.lock().expect("no panic") = Some(VecDeque::new());
        let next = clock.now().secs();
        let port = Printer { clock: clock.clone(), world: world.clone(), text: line.clone(), next, gain };
        let patience = std::time::Duration::from_secs(5);
        let meter: Box<dyn Meter> = Box::new(LogMeter::new(Box::new(port), clock.clone(), patience));
        Ok(meter)
    };
    let way = Way { reach: Reach::Readings, open: Box::new(open) };
    rig.setup.flash.as_mut().expect("a site").link = Some(way);
    rig.run()
}

fn honest(block: &Block) -> String {
    format!("Device Powered!\r\nChecksum 1:{:X}\r\nChecksum 2:{:X}\r\n", block.cs1, block.cs2)
}

#[test]
fn a_unit_that_only_prints() {
    let outcome = by_log(honest, 1.0);
    assert_eq!(outcome.report.verdict, Verdict::Pass, "{} {:?}", what(&outcome), outcome.report.steps);
    let found = &outcome.report.measurements;
    assert!(found.iter().filter(|measured| measured.method == "readings of the log").count() == 4, "{found:?}");
    assert_eq!(by_log(honest, 1.01).report.verdict, Verdict::Fail, "measured, and out of limits");
    let other = |block: &Block| honest(&Block { cs1: block.cs1 ^ 1, ..block.clone() });
    assert_refused(&by_log(other, 1.0), "Checksum 1");
    assert_refused(&by_log(|_| "Device Powered!\r\nChecksum 1 Error!!\r\n".to_owned(), 1.0), "complaint");
    assert_refused(&by_log(|_| String::new(), 1.0), "both checksums");
}

#[test]
fn versions_and_ways_are_those_of_the_procedure() {
    let mut rig = Rig::new(5, RomOptions::default()).through_service(|_, _| {});
    rig.plan.procedure.profile.flash.as_mut().expect("it flashes").firmware = Some("99.0.0".to_owned());
    assert_refused(&rig.run(), "firmware version");
}

#[test]
fn what_the_links_cannot_do_is_known_before_anything_is_switched_on() {
    let refused = |rig: Rig, part: &str| {
        let on = Arc::new(Mutex::new(false));
        let seen = on.clone();
        let control = Control::new(move |event| {
            *seen.lock().expect("no panic") |= matches!(event, Event::LoadPoint { .. } | Event::StepStarted { .. });
        });
        let outcome = rig.run_under(&control);
        assert_refused(&outcome, part);
        assert!(outcome.report.steps.is_empty() && !*on.lock().expect("no panic"), "{part}");
    };
    let only = |mut rig: Rig, through| {
        rig.plan.procedure.profile.flash.as_mut().expect("it flashes").verify_through = vec![through];
        rig
    };
    refused(only(Rig::new(5, RomOptions::default()), Through::Service), "does not take as a proof");
    refused(only(Rig::new(5, RomOptions::default()).through_service(|_, _| {}), Through::Chip), "the service port");

    // Through a link that is opened when the unit has started.
    let never = || -> Result<Box<dyn Meter>, _> { panic!("opened") };
    let later = |reach| {
        let mut rig = Rig::new(5, RomOptions::default());
        rig.setup.flash.as_mut().expect("a site").link = Some(Way { reach, open: Box::new(never) });
        rig
    };
    refused(later(Reach::Readings), "the log");
    let mut rig = later(Reach::Chip);
    let tests = vec![Part::Of(Test::Eeprom)];
    rig.plan.procedure.profile.self_test = Some(SelfTest { when: When::After, tests });
    refused(rig, "the meter's service port");
    let mut rig = only(later(Reach::Readings), Through::Log);
    let protections = profile::load_procedure("opensmartmeter-protections").expect("shipped").profile.verify;
    rig.plan.procedure.profile.verify = protections;
    refused(rig, "the meter's relay");
    let mut rig = Rig::new(5, RomOptions::default());
    rig.plan.procedure.profile.energy.method = EnergyMethod::Pulses;
    refused(rig, "optical head");
    let mut rig = later(Reach::Chip);
    rig.plan.procedure.profile.flash.as_mut().expect("it flashes").unchanged = Unchanged::ProgramCrc;
    refused(rig, "program-crc");
}

#[test]
fn pulses_are_counted_at_the_unit_whatever_way_it_is_reached_over() {
    let mut rig = Rig::new(5, RomOptions::default()).through_service(|_, _| {});
    rig.plan.procedure.profile.energy.method = EnergyMethod::Pulses;
    rig.setup.head = Some(Box::new(SimHead::new(rig.setup.device.clone(), rig.setup.clock.clone())));
    let outcome = rig.run();
    assert_eq!(outcome.report.verdict, Verdict::Pass, "{} {:?}", what(&outcome), outcome.report.steps);
    let errors = outcome.report.measurements.iter().filter(|measured| measured.name == "energy_error");
    let methods: Vec<_> = errors.map(|measured| measured.method.clone()).collect();
    assert!(methods.len() == 2 && methods.iter().all(|method| method.contains("optical head")), "{methods:?}");
}

#[test]
fn a_bit_that_is_not_as_it_was_written() {
    let block_a = (Copy::A.address() - FLASH_START) as usize;
    for offset in [0, 4, 1000, 20_000, block_a + 13, block_a + 40] {
        let mishap = Mishap::AfterProgramming(offset, 0x04);
        assert_refused(&Rig::with(7, RomOptions::default(), LINES, mishap).run(), "written was");
    }
    // After the read-back only what the unit says can tell.
    for offset in [3, 20_001, block_a, block_a + 13, block_a + 40, block_a + 600] {
        let mishap = Mishap::BeforeStart(offset, 0x80);
        let outcome = Rig::with(7, RomOptions::default(), LINES, mishap).run();
        if offset != 20_001 {
            assert_refused(&outcome, "has not started");
        }
        let changed = Rig::with(7, RomOptions::default(), LINES, mishap).through_service(|_, _| {}).run();
        assert_refused(&changed, if offset >= block_a { "serial number" } else { "program CRC" });
    }
}

#[test]
fn chips_that_are_not_flashed() {
    for (options, part) in [
        (RomOptions { product: 0x414, ..RomOptions::default() }, "0x414"),
        (RomOptions { protected: true, ..RomOptions::default() }, "protected"),
        (RomOptions { flash_kib: 32, ..RomOptions::default() }, "flash"),
        (RomOptions { silent_at: Some(1), ..RomOptions::default() }, "does not answer"),
        (RomOptions { write_protected: [62].into(), ..RomOptions::default() }, "written was"),
    ] {
        assert_refused(&Rig::new(9, options).run(), part);
    }
}

#[test]
fn a_chip_that_the_meter_profile_allows() {
    let (_, text) = profile::text_of("opensmartmeter-mt50").expect("shipped");
    let clones = text.replace("chips = [\"0410\"]", "chips = [\"0410\", \"0420\"]");
    for (product, verdict) in [(0x410, Verdict::Pass), (0x420, Verdict::Pass), (0x412, Verdict::Error)] {
        let mut rig = Rig::new(9, RomOptions { product, ..RomOptions::default() });
        rig.plan.meter = profile::parse(&clones, "clones.toml").expect("a profile");
        assert_eq!(rig.run().report.verdict, verdict, "{product:#x}");
    }
}

#[test]
fn a_cut_or_a_silence_anywhere_is_no_pass() {
    for at in [2, 50, 700, 5_000, 20_000, 43_000, 44_200] {
        let cut = Rig::new(11, RomOptions { gone_at: Some(at), ..RomOptions::default() }).run();
        assert_refused(&cut, "is gone");
        let dead = Rig::new(11, RomOptions { silent_at: Some(at), ..RomOptions::default() }).run();
        assert_refused(&dead, "answer");
    }
}

#[test]
fn one_refusal_is_put_right_and_proven() {
    for nack_at in [5, 40, 200] {
        let rig = Rig::new(11, RomOptions { nack_at: Some(nack_at), ..RomOptions::default() });
        let outcome = rig.run();
        assert_eq!(outcome.report.verdict, Verdict::Pass, "{nack_at}: {}", what(&outcome));
    }
}

#[test]
fn without_target_or_image_nothing_is_begun() {
    let mut rig = Rig::new(11, RomOptions::default());
    rig.setup.flash = None;
    let outcome = rig.run();
    assert_refused(&outcome, "no flash target");
    assert!(outcome.report.steps.is_empty());
}

#[test]
fn a_serial_number_that_does_not_fit_is_known_at_once() {
    let rig = Rig::new(11, RomOptions::default());
    let mut setup = rig.setup;
    setup.flash.as_mut().expect("a site").imprint.bench = "A name that is much too long for it".to_owned();
    let outcome = setup.run(&rig.plan, &Control::new(|_| {}));
    assert_refused(&outcome, "cannot hold bench");
    assert!(outcome.report.steps.is_empty());
}

#[test]
fn cancelled_in_every_step_and_in_the_middle_of_flashing() {
    let steps = Rig::new(13, RomOptions::default()).plan.steps().len();
    let middle = ["Comparing", "Erasing", "Writing", "Reading back"];
    let moments = (0..steps).map(|step| (step, None)).chain(middle.map(|word| (6, Some(word))));
    for (wanted, word) in moments {
        let control: Arc<OnceLock<Arc<Control>>> = Arc::new(OnceLock::new());
        let inside = control.clone();
        let cancelling = Arc::new(Control::new(move |event| {
            let now = match (&event, word) {
                (Event::StepStarted { step, .. }, None) => *step == wanted,
                (Event::StepProgress { step, detail, .. }, Some(word)) => *step == wanted && detail.starts_with(word),
                _ => false,
            };
            if now {
                inside.get().expect("set").cancel();
            }
        }));
        control.set(cancelling.clone()).unwrap_or_else(|_| panic!("set once"));
        let outcome = Rig::new(13, RomOptions::default()).run_under(&cancelling);
        assert_eq!(outcome.report.verdict, Verdict::Aborted, "step {wanted} {word:?}: {}", what(&outcome));
        assert_eq!(outcome.report.steps.len(), wanted + 1);
    }
}

/// Hands at the bench: they do to the unit what they are asked, as far as they listen.
struct Hand {
    unit: Shared<SimUnit>,
    clock: SharedClock,
    world: meterbench::sim::world::World,
    asked: Mutex<Vec<String>>,
    obeys: bool,
}

impl Operator for Hand {
    fn tell(&self, _: &str) {}

    fn ask(&self, prompt: &Prompt) -> Result<Answer, OperatorError> {
        assert!(!self.world.is_on(), "nobody touches a jumper of a meter on the mains");
        assert!(matches!(prompt.sketch, Some(Sketch::Boot0Jumper | Sketch::PowerCycle)));
        self.asked.lock().expect("no panic").push(prompt.question.clone());
        if self.obeys {
            let at: Moment = self.clock.now();
            let boot0 = if prompt.question.contains("BOOT0 to 1") { Level::On } else { Level::Off };
            let mut unit = self.unit.lock();
            unit.on_signal(Signal::Rts, boot0, at);
            unit.on_signal(Signal::Dtr, Level::On, at);
            unit.on_signal(Signal::Dtr, Level::Off, at);
        }
        Ok(Answer::Confirmed)
    }
}

fn by_hand(obeys: bool, entry: Entry, restart: Restart) -> (Outcome, Vec<String>) {
    let mut rig = Rig::with(15, RomOptions::default(), entry, Mishap::None);
    rig.plan.procedure.profile.flash.as_mut().expect("it flashes").restart = restart;
    let world = rig.setup.station.world().clone();
    let (unit, clock) = (rig.unit.clone(), rig.setup.clock.clone());
    let hand = Arc::new(Hand { unit, clock, world, asked: Mutex::default(), obeys });
    rig.setup.operator = hand.clone();
    let outcome = rig.run();
    let asked = hand.asked.lock().expect("no panic").clone();
    (outcome, asked)
}

#[test]
fn hands_do_what_lines_do_not() {
    assert_eq!(Entry::AlreadyRunning.hands(), Hands::Boot0);
    let (outcome, asked) = by_hand(true, Entry::AlreadyRunning, Restart::Target);
    assert_eq!(outcome.report.verdict, Verdict::Pass, "{} {asked:?}", what(&outcome));
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[0].starts_with("UNIT: set BOOT0 to 1") && asked[1].starts_with("UNIT: set BOOT0 back to 0"));

    let (outcome, asked) = by_hand(true, LINES, Restart::PowerCycle);
    assert_eq!(outcome.report.verdict, Verdict::Pass, "{} {asked:?}", what(&outcome));
    assert_eq!(asked, ["UNIT: take its supply away and give it back"]);
    // Nobody at the bench: flashed, and not started.
    let mut rig = Rig::new(15, RomOptions::default());
    rig.plan.procedure.profile.flash.as_mut().expect("it flashes").restart = Restart::PowerCycle;
    let on = Arc::new(Mutex::new((0, false)));
    let seen = on.clone();
    let control = Control::new(move |event| {
        let (flashing, on) = &mut *seen.lock().expect("no panic");
        match event {
            Event::LoadPoint { .. } => *on = true,
            Event::SourceOff => *on = false,
            // A debug probe gives no supply.
            Event::StepProgress { step: 6, detail, .. } if detail.starts_with("Writing") && *on => *flashing += 1,
            _ => {}
        }
    });
    let outcome = rig.run_under(&control);
    assert_refused(&outcome, "nobody");
    assert!(on.lock().expect("no panic").0 > 10, "the unit has its supply while it is flashed");
    assert!(outcome.report.flash.expect("flashed").chip.is_some_and(|chip| chip.verified && !chip.started));

    // Hands that only say they did.
    let (outcome, _) = by_hand(false, Entry::AlreadyRunning, Restart::Target);
    assert_refused(&outcome, "does not answer");
    let (outcome, _) = by_hand(false, LINES, Restart::PowerCycle);
    assert_refused(&outcome, "has not started");
}
