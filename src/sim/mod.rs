//! The simulated station: chip, board, reference and source over real bytes, with one shared physics.
//!
//! Product code cannot tell these from devices: it opens a port and talks. Everything is seeded and runs by the clock it is
//! given, virtual inside one process, real when [`serve`]d. Not here: anything that product code asks to find out whether
//! it is being simulated; that is told by the identification of the simulated instruments, as a real one would.
//!
//! Documents: Atmel-46002B (chip), Atmel-46102B (formulas the model is derived from).

use std::time::Duration;

use crate::clock::SharedClock;
use crate::port::Port;
use crate::port::url::{DeviceUrl, UrlError};

pub mod bench;
pub mod board;
pub mod calibrated;
pub mod chip;
pub mod device;
pub mod fault;
pub mod head;
pub mod instrument;
pub mod line;
pub mod measuring;
pub mod metering;
pub mod noise;
pub mod probe;
pub mod rom;
pub mod serve;
pub mod stm32;
pub mod unit;
pub mod world;

use bench::SimBench;
use board::{Board, BoardKind, Defect, KINDS, OPENSMARTMETER};
use chip::Chip;
use device::{AfeDevice, Shared};
use fault::{FAULT_OPTIONS, Faults};
use line::SimLine;
use world::World;

/// What a `sim:` address says of one simulated meter.
#[derive(Clone, Debug)]
pub struct SimOptions {
    /// Seed of board, bench and faults.
    pub seed: u64,
    /// Kind of board.
    pub board: &'static BoardKind,
    /// What is wrong with the board.
    pub defect: Option<Defect>,
    /// What has been done to it before.
    pub state: State,
    /// Scale of all tolerances and noises; 1 is usual, 0 ideal.
    pub unrest: f64,
    /// From the request's end to the answer's start.
    pub answer_after: Duration,
    /// Highest speed the line carries.
    pub max_baud: Option<u32>,
    /// What goes wrong on the line.
    pub faults: Faults,
    /// Virtual seconds per real second; none is as fast as it goes.
    pub pace: Option<f64>,
}

/// What has been done to a simulated meter before it comes to the bench.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Just made: the chip holds its power-on values.
    #[default]
    Raw,
    /// Calibrated and running: the chip holds its constants and meters.
    Calibrated,
}

/// States with the names they have in an address.
const STATES: [(&str, State); 2] = [("raw", State::Raw), ("calibrated", State::Calibrated)];

/// Options of a `sim:` address other than the faults.
const OPTIONS: [&str; 8] = ["seed", "board", "defect", "state", "unrest", "answer_us", "max_baud", "pace"];

impl SimOptions {
    /// Reads a `sim:` address.
    ///
    /// # Errors
    /// An unknown option or a value that makes no sense.
    pub fn from_url(url: &DeviceUrl) -> Result<Self, UrlError> {
        let known: Vec<&str> = OPTIONS.into_iter().chain(FAULT_OPTIONS).collect();
        url.expect_options(&known)?;
        let seed = url.parsed("seed")?.unwrap_or(1);
        let number = |name: &str, least: f64, most: f64| match url.parsed::<f64>(name)? {
            Some(value) if !(least..=most).contains(&value) => {
                Err(url.error(format!("the option {name} is {least} to {most}")))
            }
            value => Ok(value),
        };
        Ok(Self {
            seed,
            board: named(url, "board", &KINDS.map(|kind| (kind.name, kind)))?.unwrap_or(&OPENSMARTMETER),
            defect: named(url, "defect", &Defect::NAMES)?,
            state: named(url, "state", &STATES)?.unwrap_or_default(),
            unrest: number("unrest", 0.0, 100.0)?.unwrap_or(1.0),
            answer_after: Duration::from_micros(url.parsed("answer_us")?.unwrap_or(1000)),
            max_baud: url.parsed("max_baud")?,
            faults: Faults::from_url(url, seed)?,
            pace: number("pace", 0.01, 10_000.0)?,
        })
    }
}

/// The addresses of several simulated meters from the first of them: `positions=24` stands for so many boards with the seeds
/// that follow. Any other address stands for itself.
///
/// # Errors
/// A number of positions that makes no sense.
pub fn each_position(url: &DeviceUrl) -> Result<Vec<DeviceUrl>, UrlError> {
    let Some(count) = url.parsed::<u64>("positions")?.filter(|_| url.kind == "sim") else {
        return Ok(vec![url.clone()]);
    };
    if !(1..=MOST_POSITIONS).contains(&count) {
        return Err(url.error(format!("the option positions is 1 to {MOST_POSITIONS}")));
    }
    let first = url.parsed::<u64>("seed")?.unwrap_or(1);
    let one = url.without("positions");
    Ok((0..count).map(|number| one.with("seed", first.wrapping_add(number))).collect())
}

/// More positions than this no bench has.
const MOST_POSITIONS: u64 = 64;

fn named<T: Copy>(url: &DeviceUrl, option: &str, names: &[(&str, T)]) -> Result<Option<T>, UrlError> {
    let Some(text) = url.option(option) else { return Ok(None) };
    match names.iter().find(|(name, _)| *name == text) {
        Some((_, value)) => Ok(Some(*value)),
        None => {
            let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
            Err(url.error(format!("{option} is one of {}", known.join(", "))))
        }
    }
}

/// The simulated wires with whatever hangs on them.
pub struct Station {
    clock: SharedClock,
    seed: u64,
    world: World,
    bench: Shared<SimBench>,
}

impl Station {
    /// A station with dead wires. `unrest` scales the bench's own imperfections.
    #[must_use]
    pub fn new(clock: SharedClock, seed: u64, unrest: f64) -> Self {
        let world = World::new(seed, unrest);
        let bench = Shared::new(SimBench::new(world.clone(), seed, unrest));
        Self { clock, seed, world, bench }
    }

    /// A meter on these wires, to be looked into by tests and reached through [`Self::meter_port`].
    #[must_use]
    pub fn meter(&self, options: &SimOptions) -> Shared<AfeDevice> {
        let board = Board::new(options.board, options.seed, options.unrest, options.defect);
        let mut chip = Chip::new(board, self.world.clone());
        if options.state == State::Calibrated {
            calibrated::start(&mut chip);
        }
        Shared::new(AfeDevice::new(chip, options.answer_after, options.faults.clone()))
    }

    /// An in-process line to a meter, at the speed of its UART.
    #[must_use]
    pub fn meter_port(&self, options: &SimOptions, meter: Shared<AfeDevice>) -> Box<dyn Port> {
        let name = format!("simulated meter {}", options.seed);
        let line = SimLine::new(name, self.clock.clone(), Box::new(meter), Some(DEFAULT_BAUD));
        Box::new(line.limited_to(options.max_baud))
    }

    /// An in-process line to the simulated instrument, reference and source in one.
    #[must_use]
    pub fn instrument_port(&self) -> Box<dyn Port> {
        let name = format!("simulated bench {}", self.seed);
        Box::new(SimLine::new(name, self.clock.clone(), Box::new(self.bench.clone()), None))
    }

    /// The wires.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The instrument.
    #[must_use]
    pub fn bench(&self) -> &Shared<SimBench> {
        &self.bench
    }
}

/// Speed a line starts at.
const DEFAULT_BAUD: u32 = 9600;
