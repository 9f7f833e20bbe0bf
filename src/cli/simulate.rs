//! `meterbench simulate`: a simulated station for other processes.

use std::io::Write;
use std::time::Duration;

use super::exit::Exit;
use crate::clock::{RealClock, SharedClock};
use crate::port::url::{DeviceUrl, Transport, UrlError};
use crate::sim::device::{AfeDevice, Shared};
use crate::sim::probe::{ProbeDevice, ProbeOptions};
use crate::sim::rom::{RomDevice, RomOptions};
use crate::sim::serve::{Outlet, serve};
use crate::sim::unit::ProbedUnit;
use crate::sim::{SimOptions, Station};

/// Vendor and product of a Black Magic probe.
const BLACK_MAGIC: &str = "1d50:6018";

/// Serve a simulated meter and its bench on TCP or a pty, until killed
#[derive(clap::Args, Debug)]
pub struct Simulate {
    /// The first meter's board, line faults and seed, as a sim: address; further meters have the next seeds
    #[arg(long, default_value = "sim:?seed=1", value_parser = simulated)]
    sim: DeviceUrl,
    /// Where a meter's chip is served: tcp:127.0.0.1:0 (a free port) or pty; several times for several meters
    #[arg(long, default_value = "tcp:127.0.0.1:0")]
    meter: Vec<Outlet>,
    /// Where the bench's instrument (reference and source) is served
    #[arg(long, default_value = "tcp:127.0.0.1:0")]
    bench: Outlet,
    /// Serve a chip in its ROM's boot loader too, to be flashed
    #[arg(long)]
    rom: Option<Outlet>,
    /// What that chip is like and what goes wrong: sim:?flash=64&protected=1&nack_at=40
    #[arg(long, default_value = "sim:", value_parser = simulated)]
    rom_chip: DeviceUrl,
    /// Pace the boot loader's line as a UART of this speed with even parity would
    #[arg(long)]
    rom_baud: Option<u32>,
    /// Serve the first meter's controller behind a Black Magic probe too, to be flashed over SWD: tcp:127.0.0.1:0. Started on an
    /// image with a calibration block it loads the meter's chip
    #[arg(long)]
    probe: Option<Outlet>,
    /// What probe and chip are like and what goes wrong: sim:?flash=64&protected=1&gone_at=4000
    #[arg(long, default_value = "sim:", value_parser = simulated)]
    probe_chip: DeviceUrl,
    /// Pace the meters' lines as a UART of this speed would
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    baud: Option<u32>,
    /// End after so many seconds
    #[arg(long, value_parser = super::seconds)]
    seconds: Option<Duration>,
    /// Print the addresses as one JSON object
    #[arg(long)]
    json: bool,
}

/// What is simulated is told by a `sim:` address; one of a device would be served as if it had said nothing.
fn simulated(text: &str) -> Result<DeviceUrl, UrlError> {
    let url: DeviceUrl = text.parse()?;
    match (url.kind.as_str(), &url.transport) {
        ("sim", Transport::Direct) => Ok(url),
        _ => Err(url.error("a sim: address is wanted here, such as sim:?seed=7")),
    }
}

impl Simulate {
    /// Serves until killed, or until the time is over.
    ///
    /// # Errors
    /// A wrong address, or an outlet that cannot be opened.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Exit> {
        let first = SimOptions::from_url(&self.sim)?;
        let clock = RealClock::shared();
        let station = Station::new(clock.clone(), first.seed, first.unrest);
        let mut meters = Vec::new();
        let mut boards = Vec::new();
        for (number, outlet) in self.meter.iter().enumerate() {
            let options = SimOptions { seed: first.seed + number as u64, ..first.clone() };
            let board = station.meter(&options);
            let served = serve(outlet, board.clone(), self.baud, &clock)?;
            meters.push(format!("afe{served}"));
            boards.push(board);
        }
        let served = serve(&self.bench, station.bench().clone(), None, &clock)?;
        let bench = format!("scpi{served}?profile=meterbench-sim");
        let rom = self.serve_rom(&clock)?;
        let probe = self.serve_probe(boards.first(), &clock)?;
        if self.json {
            let mut addresses = serde_json::json!({ "meters": meters, "bench": bench });
            for (name, address) in [("rom", rom), ("probe", probe)] {
                if let (Some(address), Some(object)) = (address, addresses.as_object_mut()) {
                    object.insert(name.to_owned(), address.into());
                }
            }
            writeln!(out, "{addresses}")?;
        } else {
            for meter in &meters {
                writeln!(out, "meter      {meter}")?;
            }
            writeln!(out, "reference  {bench}")?;
            for chip in [&rom, &probe].into_iter().flatten() {
                writeln!(out, "chip       {chip}")?;
            }
            let run =
                format!("meterbench run --meter {} --reference '{bench}' --serial SIM1", meters.join(" --meter "));
            match &probe {
                Some(probe) => {
                    writeln!(out, "\n{run} --procedure calibrate-flash-quick --flash {probe} --image FILE")?;
                }
                None => writeln!(out, "\n{run}")?,
            }
        }
        out.flush()?;
        match self.seconds {
            Some(seconds) => std::thread::sleep(seconds),
            None => loop {
                std::thread::park();
            },
        }
        Ok(Exit::DONE)
    }

    /// The controller of a board behind a probe, and its address.
    fn serve_probe(&self, board: Option<&Shared<AfeDevice>>, clock: &SharedClock) -> anyhow::Result<Option<String>> {
        let (Some(outlet), Some(board)) = (&self.probe, board) else { return Ok(None) };
        let probe = ProbeDevice::new(ProbeOptions::from_url(&self.probe_chip)?);
        let device = Shared::new(ProbedUnit::new(probe, board.clone()));
        let served = serve(outlet, device, None, clock)?;
        match served.address.strip_prefix("+tcp:") {
            Some(address) => Ok(Some(format!("swd:{BLACK_MAGIC}:{address}"))),
            None => anyhow::bail!("a simulated probe is reached by TCP only: say tcp:127.0.0.1:0"),
        }
    }

    /// The chip to be flashed, and its address.
    fn serve_rom(&self, clock: &SharedClock) -> anyhow::Result<Option<String>> {
        let Some(outlet) = &self.rom else { return Ok(None) };
        let device = Shared::new(RomDevice::new(RomOptions::from_url(&self.rom_chip)?));
        // The server counts ten bits to a character, and with parity there are eleven.
        let served = serve(outlet, device, self.rom_baud.map(|baud| baud / 11 * 10), clock)?;
        // A pty knows no parity.
        let parity = if *outlet == Outlet::Pty { "?parity=none" } else { "" };
        Ok(Some(format!("rom{served}{parity}")))
    }
}
