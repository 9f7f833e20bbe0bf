//! The meter's real firmware in QEMU: the committed image on an emulated Cortex-M3, the simulated chip on its USART3, its service port
//! (USART2) on TCP.
//!
//! The machine, netduino2, is an STM32F205: its UARTs are where the F103 has them, but it has no clock tree, no pins and no I2C. So the
//! program finds no crystal, no EEPROM and no real-time clock, says so, and runs on its internal oscillator, which this machine has at
//! 120 MHz. That is the one thing told to the image here besides its calibration: the word at the symbol INTERNAL_OSCILLATOR_HZ.

#![allow(dead_code, clippy::expect_used, clippy::panic, reason = "a test stops at what it did not expect")]

pub mod probed;
mod terminal;
pub mod unit;

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use meter_interface::block::Block;
use meterbench::clock::{RealClock, SharedClock, sleep};
use meterbench::image::block::Pages;
use meterbench::image::{Format, Image};
use meterbench::meter::service::ServiceMeter;
use meterbench::port::{self, LineSettings};
use meterbench::sim::device::{AfeDevice, Shared};
use meterbench::sim::serve::{Outlet, serve};
use meterbench::sim::{SimOptions, Station};
pub use terminal::Terminal;

/// The core's clock in this machine.
const CORE_HZ: u32 = 120_000_000;

/// The image as it is committed: the file and what it holds.
pub fn committed() -> (Vec<u8>, Image) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("firmware/images/meter.elf");
    let content = fs::read(path).expect("the image");
    let image = Image::read(&content, None, 0).expect("an image");
    (content, image)
}

/// The image with the one word that is told to it.
fn for_this_machine(content: &[u8], image: &Image) -> Image {
    let oscillator = Image::symbol(content, "INTERNAL_OSCILLATOR_HZ").expect("symbol");
    assert_eq!(image.word(oscillator), Some(8_000_000));
    image.overwritten(oscillator, &CORE_HZ.to_le_bytes()).expect("in the image")
}

/// The wires, and a chip that is served to whatever meter is started.
pub struct Wires {
    pub clock: SharedClock,
    pub station: Station,
    pub chip: Shared<AfeDevice>,
    /// `host:port` of the chip.
    address: String,
}

impl Wires {
    /// A board of a `sim:` address.
    pub fn new(address: &str) -> Self {
        let options = SimOptions::from_url(&address.parse().expect("address")).expect("options");
        let clock = RealClock::shared();
        let station = Station::new(clock.clone(), options.seed, options.unrest);
        let chip = station.meter(&options);
        let served = serve(&Outlet::Tcp("127.0.0.1:0".to_owned()), chip.clone(), None, &clock).expect("served");
        let address = served.address.trim_start_matches("+tcp:").to_owned();
        Self { clock, station, chip, address }
    }

    /// Voltage and current come on.
    pub fn supply(&self, volts: f64, amperes: f64) {
        let now = self.clock.now().secs();
        self.station.world().set(now, |mains| (mains.u, mains.i, mains.phi, mains.f) = (volts, amperes, 0.0, 50.0));
        self.station.world().switch(now, true);
    }
}

/// An emulated meter; it is switched off when dropped.
pub struct Emulator {
    child: Child,
    folder: PathBuf,
    /// TCP port of the service port.
    pub port: u16,
    clock: SharedClock,
}

impl Emulator {
    /// Runs the committed image, with a calibration block if there is one.
    pub fn start(wires: &Wires, name: &str, block: Option<&Block>) -> Self {
        let (content, mut image) = committed();
        if let Some(block) = block {
            let pages = Pages::find(&content, &image).expect("pages");
            image = pages.patch(&image, block.clone()).expect("patched").0;
        }
        image = for_this_machine(&content, &image);

        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("emulator-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("folder");
        let file = folder.join("meter.bin");
        fs::write(&file, image.write(Format::Bin).expect("bytes")).expect("written");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let child = Command::new("qemu-system-arm")
            .args(["-machine", "netduino2", "-nographic", "-monitor", "none"])
            .arg("-device")
            .arg(format!("loader,file={},addr=0x08000000", file.display()))
            .args(["-serial", "null"])
            .args(["-serial", &format!("tcp:127.0.0.1:{port},server=on,wait=off,nodelay=on")])
            .args(["-serial", &format!("tcp:{},nodelay=on", wires.address)])
            .stdin(Stdio::null())
            .spawn()
            .expect("qemu-system-arm, which scripts/prepare installs for the tests");
        let emulator = Self { child, folder, port, clock: wires.clock.clone() };
        emulator.await_boot();
        emulator
    }

    /// The service port.
    pub fn meter(&self) -> ServiceMeter {
        let url = format!("service+tcp:127.0.0.1:{}", self.port).parse().expect("address");
        let port = port::open(&url, LineSettings::eight_n_one(115_200), &self.clock).expect("a port");
        ServiceMeter::new(port, self.clock.clone())
    }

    /// The service port as a serial port of this machine.
    pub fn terminal(&self) -> Terminal {
        Terminal::new(TcpStream::connect(("127.0.0.1", self.port)).expect("the service port"))
    }

    /// Bytes sent to the service port by `stream` that the machine has not read yet, as the system tells them of its sockets.
    pub fn unread(&self, stream: &TcpStream) -> u32 {
        let loopback = |port: u16| format!("0100007F:{port:04X}");
        let (here, there) = (loopback(stream.local_addr().expect("an address").port()), loopback(self.port));
        let table = fs::read_to_string("/proc/net/tcp").expect("the system's table of sockets");
        let queued = |row: &str| {
            let mut fields = row.split_whitespace().skip(1);
            let ends = (fields.next()?, fields.next()?);
            let (unsent, unread) = fields.nth(1)?.split_once(':')?;
            let bytes = if ends == (&here, &there) {
                unsent
            } else if ends == (&there, &here) {
                unread
            } else {
                return None;
            };
            u32::from_str_radix(bytes, 16).ok()
        };
        table.lines().filter_map(queued).sum()
    }

    /// What comes before the program listens is lost; so ask until it answers.
    fn await_boot(&self) {
        for _ in 0..100 {
            let url = format!("service+tcp:127.0.0.1:{}", self.port).parse().expect("address");
            if let Ok(port) = port::open(&url, LineSettings::eight_n_one(115_200), &self.clock)
                && ServiceMeter::new(port, self.clock.clone()).identify().is_ok()
            {
                return;
            }
            sleep(&*self.clock, Duration::from_millis(100));
        }
        panic!("the emulated meter does not answer");
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _already_over = self.child.kill();
        let _already_over = self.child.wait();
        let _nothing_left = fs::remove_dir_all(&self.folder);
    }
}
