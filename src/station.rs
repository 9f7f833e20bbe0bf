//! A station from its addresses: what the command line and the window name becomes meters, reference, source and a clock.
//!
//! The clock follows from the addresses: when all of them are `sim:`, the whole station lives in this process and runs on
//! virtual time; one real address makes time real.

use std::sync::Arc;
use std::time::Duration;

use meter_interface::map;

pub mod check;
mod ways;

pub use ways::Ways;

use crate::clock::{RealClock, SharedClock, VirtualClock};
use crate::meter::afe::AfeMeter;
use crate::meter::service::ServiceMeter;
use crate::meter::{Meter, log};
use crate::operator::Operator;
use crate::port::absent::AbsentPort;
use crate::port::pulse::watch::WatchedHead;
use crate::port::pulse::{Output, PulseInput, Sieve};
use crate::port::serial::{Input, InputLine};
use crate::port::url::{DeviceUrl, Transport, UrlError};
use crate::port::{self, LINE_OPTIONS, Level, LineSettings, OpenError, Port, PortError};
use crate::profile::{self, ProfileError};
use crate::reference::manual::{Confirm, ManualReference, ManualSource};
use crate::reference::scpi::ScpiLink;
use crate::reference::{BenchServices, Reference, Source};
use crate::sim::device::{AfeDevice, Shared};
use crate::sim::head::SimHead;
use crate::sim::{self, SimOptions};

/// The addresses of a station.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// One for each position.
    pub meters: Vec<DeviceUrl>,
    /// The reference; without one a simulated station brings its own.
    pub reference: Option<DeviceUrl>,
    /// The source; without one the reference's instrument supplies, if it can, or else the operator.
    pub source: Option<DeviceUrl>,
    /// Those opened later, through [`Ways`]. They too decide whose time it is.
    pub later: Vec<DeviceUrl>,
}

/// An open station.
pub struct Station {
    /// One for each position.
    pub meters: Vec<Box<dyn Meter>>,
    /// For each position the optical head that a simulated meter brings along.
    pub heads: Vec<Option<Box<dyn PulseInput>>>,
    /// Tells the truth.
    pub reference: Box<dyn Reference>,
    /// Supplies the load points.
    pub source: Box<dyn Source>,
    /// Opens what a run comes to later.
    pub ways: Ways,
    /// Time.
    pub clock: SharedClock,
    /// Some address is `sim:`.
    pub simulated: bool,
}

/// Why a station cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StationError {
    /// An address is wrong.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// A port cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// An instrument's profile is missing or wrong.
    #[error(transparent)]
    Profile(#[from] ProfileError),
}

/// Opens everything the addresses name.
///
/// # Errors
/// An address that is wrong, a port that is not there (other than that of one meter of several), a profile that does not
/// load. Nothing stays open then.
pub fn open(addresses: &Addresses, operator: &Arc<dyn Operator>) -> Result<Station, StationError> {
    let is_sim = |url: &DeviceUrl| url.kind == "sim";
    let urls = || addresses.meters.iter().chain(&addresses.reference).chain(&addresses.source);
    let all_simulated = urls().chain(&addresses.later).all(is_sim);
    let options: Vec<SimOptions> =
        urls().filter(|url| is_sim(url)).map(SimOptions::from_url).collect::<Result<_, _>>()?;
    let pace = options.iter().find_map(|options| options.pace);
    let clock = if all_simulated { VirtualClock::shared(pace) } else { RealClock::shared() };
    // The first simulated address seeds the wires that all simulated parts share.
    let wires = options.first().map(|first| sim::Station::new(clock.clone(), first.seed, first.unrest));
    let opener = Opener { clock: &clock, operator, wires: wires.as_ref() };

    addresses.meters.iter().try_for_each(check::meter)?;
    // The bench first: a meter must not be opened for nothing when it is not even named.
    let (reference, source) = opener.bench(addresses)?;
    let boards = addresses.meters.iter().map(|url| opener.board(url)).collect::<Result<Vec<_>, _>>()?;
    let meters = match addresses.meters.as_slice() {
        [only] => vec![opener.meter(only, boards.first().and_then(Option::as_ref))?],
        several => {
            let each = several.iter().zip(&boards);
            each.map(|(url, board)| opener.meter_of_several(url, board.as_ref())).collect::<Result<_, _>>()?
        }
    };
    let head = |board: &Shared<AfeDevice>| {
        let head: Box<dyn PulseInput> = Box::new(SimHead::new(board.clone(), clock.clone()));
        head
    };
    let heads = boards.iter().map(|board| board.as_ref().map(head)).collect();
    let ways = Ways { clock: clock.clone(), operator: operator.clone(), virtual_time: all_simulated, boards };
    Ok(Station { meters, heads, reference, source, ways, simulated: wires.is_some(), clock })
}

/// Opens a meter alone, in real time, to look at it without a reference.
///
/// # Errors
/// An address that is wrong or simulated, a port that is not there.
pub fn open_meter(
    url: &DeviceUrl,
    operator: &Arc<dyn Operator>,
) -> Result<(Box<dyn Meter>, SharedClock), StationError> {
    let clock = RealClock::shared();
    let meter = Opener { clock: &clock, operator, wires: None }.meter(url, None)?;
    Ok((meter, clock))
}

/// Opens the service port of a meter that runs our firmware.
///
/// # Errors
/// The address is no service port, or the port is not there.
pub fn open_service(url: &DeviceUrl, clock: &SharedClock) -> Result<ServiceMeter, StationError> {
    if url.kind != "service" {
        return Err(url.error("only a meter's service port does this: service+serial: or service+tcp:").into());
    }
    url.expect_options(&LINE_OPTIONS)?;
    let port = port::open(url, LineSettings::eight_n_one(map::BAUD), clock)?;
    Ok(ServiceMeter::new(port, clock.clone()))
}

/// Opens an optical head: `pulse+serial:PORT?line=cts`.
///
/// # Errors
/// The address is no head, or the port is not there.
pub fn open_head(url: &DeviceUrl, clock: &SharedClock) -> Result<Box<dyn PulseInput>, StationError> {
    check::head(url)?;
    let Transport::Serial(name) = &url.transport else {
        return Err(url.error("an optical head is pulse+serial:PORT").into());
    };
    let input = named(url, "line", &Input::NAMES)?.unwrap_or(Input::Cts);
    let lit = named(url, "lit", &[("high", Level::On), ("low", Level::Off)])?.unwrap_or(Level::On);
    let output = named(url, "output", &[("lamp", Output::Lamp), ("chip", Output::Chip)])?.unwrap_or(Output::Lamp);
    let millis = |name: &str, usual: u64| -> Result<Duration, UrlError> {
        let millis = url.parsed(name)?.unwrap_or(usual);
        let good = (1..=10_000).contains(&millis);
        if good { Ok(Duration::from_millis(millis)) } else { Err(url.error("1 to 10000 ms are allowed")) }
    };
    // A pulse that is shorter than the longest pause between two looks could be missed.
    let sieve = Sieve::new(millis("gap_ms", LEAST_GAP_MILLIS)?, millis("width_ms", LEAST_WIDTH_MILLIS)?);
    let line = InputLine::open(name, input, lit).map_err(OpenError::from)?;
    let started = WatchedHead::start(Box::new(line), sieve, output, clock.clone());
    let failed = |error: std::io::Error| PortError::Open { port: name.clone(), reason: error.to_string() };
    Ok(Box::new(started.map_err(failed).map_err(OpenError::from)?))
}

/// Shortest time between two pulses of a meter, and the shortest pulse; usual lamps light for 30 ms and more.
const LEAST_GAP_MILLIS: u64 = 20;
const LEAST_WIDTH_MILLIS: u64 = 25;

fn named<T: Copy>(url: &DeviceUrl, option: &str, names: &[(&str, T)]) -> Result<Option<T>, UrlError> {
    let Some(text) = url.option(option) else { return Ok(None) };
    let known = || names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let found = names.iter().find(|(name, _)| *name == text);
    found.map(|(_, value)| Some(*value)).ok_or_else(|| url.error(format!("{option} is one of {}", known())))
}

const METER_KINDS: &str = "a meter under test is afe+, service+ or log+, each with serial: or tcp:, or sim:";

/// What the address of a text log may say.
const LOG_OPTIONS: [&str; LINE_OPTIONS.len() + 1] = {
    let [baud, parity, data, stop] = LINE_OPTIONS;
    [baud, parity, data, stop, "patience"]
};

struct Opener<'a> {
    clock: &'a SharedClock,
    operator: &'a Arc<dyn Operator>,
    wires: Option<&'a sim::Station>,
}

/// Reference and source.
type BenchParts = (Box<dyn Reference>, Box<dyn Source>);
/// What one instrument can be.
type Instruments = (Option<Box<dyn Reference>>, Option<Box<dyn Source>>);

impl Opener<'_> {
    fn services(&self) -> BenchServices {
        BenchServices { clock: self.clock.clone(), operator: self.operator.clone() }
    }

    /// The simulated board of an address, where it names one.
    fn board(&self, url: &DeviceUrl) -> Result<Option<Shared<AfeDevice>>, UrlError> {
        match self.wires.filter(|_| url.kind == "sim") {
            Some(wires) => Ok(Some(wires.meter(&SimOptions::from_url(url)?))),
            None => Ok(None),
        }
    }

    fn meter(&self, url: &DeviceUrl, board: Option<&Shared<AfeDevice>>) -> Result<Box<dyn Meter>, StationError> {
        check::meter(url)?;
        match (url.kind.as_str(), self.wires.zip(board)) {
            ("sim", Some((wires, board))) => {
                let options = SimOptions::from_url(url)?;
                let port = wires.meter_port(&options, board.clone());
                Ok(Box::new(AfeMeter::new(port, self.clock.clone(), None)))
            }
            ("afe", _) => {
                let port = port::open(url, LineSettings::eight_n_one(9600), self.clock)?;
                Ok(Box::new(AfeMeter::new(port, self.clock.clone(), url.parsed("baud")?)))
            }
            ("service", _) => Ok(Box::new(open_service(url, self.clock)?)),
            ("log", _) => {
                let patience = url.parsed("patience")?.map_or(log::PATIENCE, Duration::from_secs);
                let port = port::open(url, LineSettings::eight_n_one(log::BAUD), self.clock)?;
                Ok(Box::new(log::LogMeter::new(port, self.clock.clone(), patience)))
            }
            _ => Err(url.error(METER_KINDS).into()),
        }
    }

    /// A port that is not there holds up its own position only: its meter answers with the reason.
    fn meter_of_several(
        &self,
        url: &DeviceUrl,
        board: Option<&Shared<AfeDevice>>,
    ) -> Result<Box<dyn Meter>, StationError> {
        match self.meter(url, board) {
            Err(StationError::Open(OpenError::Port(error))) => {
                tracing::warn!(%error, "a position has no port");
                let port = Box::new(AbsentPort::after(&error));
                Ok(Box::new(AfeMeter::new(port, self.clock.clone(), None)))
            }
            opened => opened,
        }
    }

    /// Reference and source; one address for both, or only one instrument that is both, shares one connection.
    fn bench(&self, addresses: &Addresses) -> Result<BenchParts, StationError> {
        let missing = || {
            let url = addresses.meters.first().map(ToString::to_string).unwrap_or_default();
            let problem = "a real meter needs a reference: --reference manual: or scpi+tcp:host:port?profile=NAME";
            UrlError { url, problem: problem.to_owned() }
        };
        let simulated = DeviceUrl::sim();
        let reference_url = match (&addresses.reference, self.wires) {
            (Some(url), _) => url,
            (None, Some(_)) if addresses.meters.iter().all(|url| url.kind == "sim") => &simulated,
            (None, _) => return Err(missing().into()),
        };
        let (reference, own_source) = self.instruments(reference_url)?;
        let reference = reference.ok_or_else(|| reference_url.error("this instrument's profile reads nothing"))?;
        let source = match &addresses.source {
            Some(url) if url == reference_url => own_source,
            Some(url) if url.kind == "manual" => {
                let confirm = if reference_url.kind == "manual" { Confirm::Enter } else { Confirm::Reference };
                let source: Box<dyn Source> = Box::new(ManualSource::from_url(url, self.services(), confirm)?);
                Some(source)
            }
            Some(url) => self.instruments(url)?.1,
            None => Some(own_source.unwrap_or_else(|| self.by_hand(Confirm::Reference))),
        };
        let source = source.ok_or_else(|| {
            addresses.source.as_ref().unwrap_or(reference_url).error("this instrument's profile supplies nothing")
        })?;
        Ok((reference, source))
    }

    fn instruments(&self, url: &DeviceUrl) -> Result<Instruments, StationError> {
        let link = match (url.kind.as_str(), self.wires) {
            ("manual", _) => {
                let reference = ManualReference::from_url(url, self.services())?;
                return Ok((Some(Box::new(reference)), Some(self.by_hand(Confirm::Enter))));
            }
            ("sim", Some(wires)) => self.scpi(wires.instrument_port(), SIM_PROFILE)?,
            ("scpi", _) => {
                let known: Vec<&str> = LINE_OPTIONS.into_iter().chain(["profile"]).collect();
                url.expect_options(&known)?;
                let name = url.option("profile").ok_or_else(|| {
                    url.error(
                        "the option profile is missing: which instrument is it? `meterbench profile list` names them",
                    )
                })?;
                let loaded = profile::load_instrument(name)?;
                let port = port::open(url, loaded.profile.line_settings(url)?, self.clock)?;
                self.scpi(port, name)?
            }
            _ => return Err(url.error("an instrument is manual:, scpi+tcp:, scpi+serial: or sim:").into()),
        };
        let reference = link.reference().map(|reference| Box::new(reference) as Box<dyn Reference>);
        let source = link.source().map(|source| Box::new(source) as Box<dyn Source>);
        Ok((reference, source))
    }

    fn by_hand(&self, confirm: Confirm) -> Box<dyn Source> {
        Box::new(ManualSource::new(self.services(), confirm))
    }

    fn scpi(&self, port: Box<dyn Port>, name: &str) -> Result<ScpiLink, StationError> {
        let loaded = profile::load_instrument(name)?;
        Ok(ScpiLink::new(port, loaded.profile, &self.services()))
    }
}

/// The profile of the simulator's own instrument.
const SIM_PROFILE: &str = "meterbench-sim";
