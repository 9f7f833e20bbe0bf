//! A simulated unit on a simulated bench for the stories about a procedure's flash step: its chip, its metering chip, and what happens to
//! it behind the bench's back.

#![allow(
    dead_code,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "each story uses its part, and stops at what it did not expect"
)]

use std::sync::{Arc, Mutex, OnceLock};

use meter_interface::block::{Block, Copy, FLASH_START, PAGE, choose};
use meter_interface::map::Program;
use meterbench::clock::{Moment, SharedClock};
use meterbench::flash::rom::entry::{ControlLine, Entry};
use meterbench::flash::rom::{RomTarget, target::LINE};
use meterbench::flash::{FlashError, Identity, Plan as FlashPlan, Programmed, Target, Watch};
use meterbench::image::firmware::Firmware;
use meterbench::meter::service::ServiceMeter;
use meterbench::meter::{Meter, Reach, Way};
use meterbench::port::{Level, LineSettings, Port, PortError, Signal};
use meterbench::procedure::{Control, FlashReport, FlashSite, Imprint, Plan, Verdict};
use meterbench::sim::device::Shared;
use meterbench::sim::line::SimLine;
use meterbench::sim::rom::RomOptions;
use meterbench::sim::unit::SimUnit;

use crate::service_port::ServicePort;
use crate::simulated::{Outcome, Setup, plan};

pub const LINES: Entry = Entry::Signals {
    reset: ControlLine { signal: Signal::Dtr, active: Level::On },
    boot0: Some(ControlLine { signal: Signal::Rts, active: Level::On }),
};

pub fn firmware() -> Arc<Firmware> {
    static READ: OnceLock<Arc<Firmware>> = OnceLock::new();
    let read = || {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/firmware/images/meter.elf");
        Arc::new(Firmware::read(&std::fs::read(file).expect("the image"), None, FLASH_START).expect("firmware"))
    };
    Arc::clone(READ.get_or_init(read))
}

/// As far as the linker puts the program; behind it nothing is flashed before the calibration pages.
pub fn program_length() -> usize {
    let unit = firmware().of_unit(Block::default()).expect("a unit's image");
    unit.program.image().end() as usize - FLASH_START as usize
}

/// A unit with its chip, before a run.
pub struct Rig {
    pub setup: Setup,
    pub unit: Shared<SimUnit>,
    pub starts: Starts,
    pub plan: Plan,
}

/// The service port's line, at whose end there is nobody until the program runs.
#[derive(Clone)]
pub struct Running {
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
pub enum Mishap {
    None,
    /// Each time something was programmed, these bits turn over.
    AfterProgramming(usize, u8),
    /// When all was read back, just before the program starts.
    BeforeStart(usize, u8),
}

/// What happens when the unit starts by its target.
#[derive(Clone, Default)]
pub struct Starts(pub Arc<Mutex<Option<Happens>>>);

pub type Happens = Box<dyn FnMut() + Send>;

impl Starts {
    pub fn happen(&self) {
        if let Some(happens) = self.0.lock().expect("no panic").as_mut() {
            happens();
        }
    }
}

/// The boot loader, with a mishap.
pub struct Mishandled {
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
    pub fn new(seed: u64, options: RomOptions) -> Self {
        Self::with(seed, options, LINES, Mishap::None)
    }

    pub fn with(seed: u64, options: RomOptions, entry: Entry, mishap: Mishap) -> Self {
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
    pub fn through_service(mut self, change: fn(&mut Option<Block>, &mut [u16; 6])) -> Self {
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

    pub fn run(self) -> Outcome {
        self.run_under(&Control::new(|_| {}))
    }

    pub fn run_under(self, control: &Control) -> Outcome {
        let outcome = self.setup.run(&self.plan, control);
        assert!(!outcome.source_on);
        outcome
    }
}

pub fn page(unit: &Shared<SimUnit>, copy: Copy) -> Vec<u8> {
    let start = (copy.address() - FLASH_START) as usize;
    unit.lock().rom().flash()[start..start + PAGE].to_vec()
}

pub fn block_of(unit: &Shared<SimUnit>) -> Option<Block> {
    choose(&page(unit, Copy::A), &page(unit, Copy::B)).ok().map(|choice| choice.block)
}

/// The number of a simulated chip with seed 1, as its program reads it out of its memory.
pub fn unique() -> [u16; 6] {
    let mut words = [0; 6];
    for (word, pair) in words.iter_mut().zip(b"SIMULATE\x01\0\0\0".chunks(2)) {
        *word = u16::from_le_bytes([pair[0], pair[1]]);
    }
    words
}

pub fn what(outcome: &Outcome) -> String {
    outcome.report.advice.as_ref().map(|advice| advice.what.clone()).unwrap_or_default()
}

/// Never PASS, and what stopped it was said.
pub fn assert_refused(outcome: &Outcome, part: &str) {
    assert_eq!(outcome.report.verdict, Verdict::Error, "{part}: {:?}", outcome.report.steps);
    assert!(what(outcome).contains(part), "{part}: {}", what(outcome));
    assert!(!outcome.report.flash.as_ref().is_some_and(FlashReport::is_proven), "{part}");
}
