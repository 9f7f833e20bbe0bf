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

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock};

use m90e26::Register;
use meter_interface::block::{Block, Copy, FLASH_START, PAGE, Secret, Text, choose};
use meter_interface::map::{Program, Test};
use meterbench::clock::{Moment, SharedClock};
use meterbench::flash::rom::entry::{ControlLine, Entry};
use meterbench::flash::rom::{RomTarget, target::LINE};
use meterbench::flash::{FlashError, Hands, Identity, Plan as FlashPlan, Programmed, Target, UniqueId, Watch};
use meterbench::image::firmware::Firmware;
use meterbench::meter::log::LogMeter;
use meterbench::meter::service::ServiceMeter;
use meterbench::meter::{Meter, Reach, Way};
use meterbench::operator::{Answer, Operator, OperatorError, Prompt, Sketch};
use meterbench::port::{Level, LineSettings, Port, PortError, Signal};
use meterbench::procedure::flashing::Provisioned;
use meterbench::procedure::{Control, Event, FlashReport, FlashSite, Imprint, Plan, Verdict};
use meterbench::profile;
use meterbench::profile::flashing::{Restart, Through, Unchanged};
use meterbench::profile::procedure::EnergyMethod;
use meterbench::profile::self_test::{Part, SelfTest, When};
use meterbench::sim::device::{Device, Shared};
use meterbench::sim::head::SimHead;
use meterbench::sim::line::SimLine;
use meterbench::sim::rom::RomOptions;
use meterbench::sim::unit::SimUnit;
use meterbench::units::Percent;
use service_port::ServicePort;
use simulated::{Outcome, Setup, plan};

const LINES: Entry = Entry::Signals {
    reset: ControlLine { signal: Signal::Dtr, active: Level::On },
    boot0: Some(ControlLine { signal: Signal::Rts, active: Level::On }),
};

fn firmware() -> Arc<Firmware> {
    static READ: OnceLock<Arc<Firmware>> = OnceLock::new();
    let read = || {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/firmware/images/meter.elf");
        Arc::new(Firmware::read(&std::fs::read(file).expect("the image"), None, FLASH_START).expect("firmware"))
    };
    Arc::clone(READ.get_or_init(read))
}

/// As far as the linker puts the program; behind it nothing is flashed before the calibration pages.
fn program_length() -> usize {
    let unit = firmware().of_unit(Block::default()).expect("a unit's image");
    unit.program.image().end() as usize - FLASH_START as usize
}

/// A unit with its chip, before a run.
struct Rig {
    setup: Setup,
    unit: Shared<SimUnit>,
    starts: Starts,
    plan: Plan,
}

/// The service port's line, at whose end there is nobody until the program runs.
#[derive(Clone)]
struct Running {
    clock: SharedClock,
    port: Arc<Mutex<Option<ServicePort>>>,
}

impl Port for Running {
    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        self.port.lock().expect("no panic").as_mut().map_or(Ok(()), |port| port.write(bytes))
    }

    fn read(&mut self, into: &mut [u8], deadline: Moment) -> Result<usize, PortError> {
        match self.port.lock().expect("no panic").as_mut() {
            Some(port) => port.read(into, deadline),
            None => {
                self.clock.sleep_until(deadline);
                Ok(0)
            }
        }
    }

    fn configure(&mut self, _: LineSettings) -> Result<(), PortError> {
        Ok(())
    }

    fn set_signal(&mut self, _: Signal, _: Level) -> Result<(), PortError> {
        Ok(())
    }
}

/// What happens to the flash behind the bench's back.
#[derive(Clone, Copy)]
enum Mishap {
    None,
    /// Each time something was programmed, these bits turn over.
    AfterProgramming(usize, u8),
    /// When all was read back, just before the program starts.
    BeforeStart(usize, u8),
}

/// What happens when the unit starts by its target.
#[derive(Clone, Default)]
struct Starts(Arc<Mutex<Option<Happens>>>);

type Happens = Box<dyn FnMut() + Send>;

impl Starts {
    fn happen(&self) {
        if let Some(happens) = self.0.lock().expect("no panic").as_mut() {
            happens();
        }
    }
}

/// The boot loader, with a mishap.
struct Mishandled {
    inner: RomTarget,
    unit: Shared<SimUnit>,
    mishap: Mishap,
    starts: Starts,
}

impl Target for Mishandled {
    fn identify(&mut self, watch: &mut Watch<'_>) -> Result<Identity, FlashError> {
        self.inner.identify(watch)
    }

    fn program(&mut self, plan: &FlashPlan, watch: &mut Watch<'_>) -> Result<Programmed, FlashError> {
        let done = self.inner.program(plan, watch)?;
        if let Mishap::AfterProgramming(offset, bits) = self.mishap {
            self.unit.lock().rom().disturb(offset, bits);
        }
        Ok(done)
    }

    fn read(&mut self, address: u32, length: usize) -> Result<Vec<u8>, FlashError> {
        self.inner.read(address, length)
    }

    fn protect(&mut self) -> Result<(), FlashError> {
        self.inner.protect()
    }

    fn unprotect(&mut self) -> Result<(), FlashError> {
        self.inner.unprotect()
    }

    fn start(&mut self, address: u32) -> Result<(), FlashError> {
        if let Mishap::BeforeStart(offset, bits) = self.mishap {
            self.unit.lock().rom().disturb(offset, bits);
        }
        self.inner.start(address)?;
        self.starts.happen();
        Ok(())
    }
}

impl Rig {
    fn new(seed: u64, options: RomOptions) -> Self {
        Self::with(seed, options, LINES, Mishap::None)
    }

    fn with(seed: u64, options: RomOptions, entry: Entry, mishap: Mishap) -> Self {
        let mut setup = Setup::new(&format!("sim:?seed={seed}"));
        let unit = Shared::new(SimUnit::new(options, setup.device.clone()));
        let starts = Starts::default();
        let (clock, behind, happens) = (setup.clock.clone(), unit.clone(), starts.clone());
        let target = move || {
            let line = SimLine::new("controller".to_owned(), clock.clone(), Box::new(behind.clone()), Some(LINE.baud));
            let inner = RomTarget::new(Box::new(line), LINE, clock.clone(), entry);
            let target: Box<dyn Target> =
                Box::new(Mishandled { inner, unit: behind.clone(), mishap, starts: happens.clone() });
            Ok(target)
        };
        setup.flash = Some(FlashSite {
            firmware: firmware(),
            target: Box::new(target),
            hands: entry.hands(),
            link: None,
            opened: None,
            imprint: Imprint {
                record: "0123456789abcdef".to_owned(),
                bench: "Bench 1".to_owned(),
                ..Imprint::default()
            },
        });
        Self { setup, unit, starts, plan: plan("opensmartmeter-mt50", "calibrate-flash-quick") }
    }

    /// The service port of a meter that runs what is in the flash, after `change` has had its way with block and number.
    fn through_service(mut self, change: fn(&mut Option<Block>, &mut [u16; 6])) -> Self {
        let (clock, chip, unit) = (self.setup.clock.clone(), self.setup.device.clone(), self.unit.clone());
        let running = Running { clock: clock.clone(), port: Arc::default() };
        let started = running.port.clone();
        let begins = move || {
            let (mut block, mut unique) = (block_of(&unit), unique());
            change(&mut block, &mut unique);
            let length = program_length();
            let program = Program::over(FLASH_START, &unit.lock().rom().flash()[..length]);
            let port = ServicePort::started(&clock, chip.clone(), block, (unique, program));
            *started.lock().expect("no panic") = Some(port);
        };
        *self.starts.0.lock().expect("no panic") = Some(Box::new(begins));
        let open = move || {
            let meter: Box<dyn Meter> = Box::new(ServiceMeter::new(Box::new(running.clone()), running.clock.clone()));
            Ok(meter)
        };
        self.setup.flash.as_mut().expect("a site").link = Some(Way { reach: Reach::Service, open: Box::new(open) });
        self
    }

    fn run(self) -> Outcome {
        self.run_under(&Control::new(|_| {}))
    }

    fn run_under(self, control: &Control) -> Outcome {
        let outcome = self.setup.run(&self.plan, control);
        assert!(!outcome.source_on);
        outcome
    }
}

fn page(unit: &Shared<SimUnit>, copy: Copy) -> Vec<u8> {
    let start = (copy.address() - FLASH_START) as usize;
    unit.lock().rom().flash()[start..start + PAGE].to_vec()
}

fn block_of(unit: &Shared<SimUnit>) -> Option<Block> {
    choose(&page(unit, Copy::A), &page(unit, Copy::B)).ok().map(|choice| choice.block)
}

/// The number of a simulated chip with seed 1, as its program reads it out of its memory.
fn unique() -> [u16; 6] {
    let mut words = [0; 6];
    for (word, pair) in words.iter_mut().zip(b"SIMULATE\x01\0\0\0".chunks(2)) {
        *word = u16::from_le_bytes([pair[0], pair[1]]);
    }
    words
}

fn what(outcome: &Outcome) -> String {
    outcome.report.advice.as_ref().map(|advice| advice.what.clone()).unwrap_or_default()
}

/// Never PASS, and what stopped it was said.
fn assert_refused(outcome: &Outcome, part: &str) {
    assert_eq!(outcome.report.verdict, Verdict::Error, "{part}: {:?}", outcome.report.steps);
    assert!(what(outcome).contains(part), "{part}: {}", what(outcome));
    assert!(!outcome.report.flash.as_ref().is_some_and(FlashReport::is_proven), "{part}");
}

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

#[test]
fn pulses_are_counted_at_the_unit_whatever_way_it_is_reached_over() {
    let mut rig = Rig::new(5, RomOptions::default()).through_service(|_, _| {});
    rig.plan.procedure.profile.energy.method = EnergyMethod::Pulses;
    rig.setup.head = Some(Box::new(SimHead::new(rig.setup.device.clone(), rig.setup.clock.clone())));
    let outcome = rig.run();
    assert_eq!(outcome.report.verdict, Verdict::Pass, "{} {:?}", what(&outcome), outcome.report.steps);
    let errors = outcome.report.measurements.iter().filter(|measured| measured.name == "energy_error");
    let methods: Vec<_> = errors.map(|measured| measured.method).collect();
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
