//! Time on the bus against what its transactions need: the bytes on the wire at 9600 baud, and the chip's 1 ms.
//!
//! Three ways to the same simulated chip, side by side: in this process on virtual time, over TCP and over a pty in real time,
//! where the simulator paces its line as a UART would and the operating system adds what it adds.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::time::Duration;

use m90e26::Register;
use meterbench::clock::{RealClock, SharedClock, VirtualClock};
use meterbench::meter::afe::AfeMeter;
use meterbench::meter::{Meter, Quantity};
use meterbench::port::{self, LineSettings, Port};
use meterbench::sim::serve::{Outlet, serve};
use meterbench::sim::{SimOptions, Station};

const ROUNDS: u32 = 200;
const CHIP: Duration = Duration::from_millis(1);

fn main() {
    println!("{:<10} {:>13} {:>12} {:>12} {:>8}", "way", "transactions", "needed", "taken", "ratio");
    let clock = VirtualClock::shared(None);
    let (station, options) = station(&clock);
    measure("in process", station.meter_port(&options, station.meter(&options)), &clock);
    for (way, outlet) in [("TCP", Outlet::Tcp("127.0.0.1:0".to_owned())), ("pty", Outlet::Pty)] {
        let clock = RealClock::shared();
        let (station, options) = self::station(&clock);
        let served = serve(&outlet, station.meter(&options), Some(9600), &clock).expect("outlet");
        let url = format!("afe{served}").parse().expect("address");
        measure(way, port::open(&url, LineSettings::eight_n_one(9600), &clock).expect("port"), &clock);
    }
}

fn station(clock: &SharedClock) -> (Station, SimOptions) {
    let options = SimOptions::from_url(&"sim:?seed=7".parse().expect("url")).expect("options");
    (Station::new(clock.clone(), 7, 1.0), options)
}

/// What a calibration does most: rms values with their LSB, and the energy register.
fn measure(way: &str, port: Box<dyn Port>, clock: &SharedClock) {
    let mut meter = AfeMeter::new(port, clock.clone(), Some(9600));
    meter.connect().expect("a chip");
    meter.write(Register::AdjStart, 0x5678).expect("written");
    let before = meter.bus();
    for _ in 0..ROUNDS {
        meter.quantity(Quantity::Urms).expect("volts");
        meter.quantity(Quantity::Irms(m90e26::Line::N)).expect("amps");
        meter.read(Register::APenergy).expect("counts");
    }
    let bus = meter.bus();
    let transactions = bus.transactions - before.transactions;
    let needed = Duration::from_micros(bus.wire_micros - before.wire_micros) + CHIP * transactions as u32;
    let taken = Duration::from_micros(bus.busy_micros - before.busy_micros);
    println!(
        "{way:<10} {transactions:>13} {:>10.1}ms {:>10.1}ms {:>8.3}",
        needed.as_secs_f64() * 1e3,
        taken.as_secs_f64() * 1e3,
        taken.as_secs_f64() / needed.as_secs_f64()
    );
}
