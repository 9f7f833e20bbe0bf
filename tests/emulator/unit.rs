//! A whole emulated unit: one flash memory, which the simulated ROM boot loader writes and QEMU boots, with reset and BOOT0 as pins.
//!
//! The service port is a TCP port that stays, as a terminal server's does, whether or not a program runs behind it. What is sent to a unit that
//! runs no program is lost.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use meterbench::clock::{Moment, SharedClock, sleep};
use meterbench::image::{Format, Image};
use meterbench::meter::service::ServiceMeter;
use meterbench::port::{self, LineSettings};
use meterbench::sim::device::{Answer, Device, Shared};
use meterbench::sim::rom::{RomDevice, RomOptions};
use meterbench::sim::serve::{Outlet, serve};

use super::{Wires, committed, for_this_machine};

/// The controller's side of USART1: it listens only when it left reset with BOOT0 high.
struct Controller {
    rom: RomDevice,
    loads: bool,
}

impl Device for Controller {
    fn on_byte(&mut self, byte: u8, at: Moment) -> Option<Answer> {
        if self.loads { self.rom.on_byte(byte, at) } else { None }
    }
}

/// One end of the service port's line.
type End = Arc<Mutex<Option<TcpStream>>>;

/// What runs a flash memory's content, beside the chip on some wires; it ends when dropped.
pub struct Program {
    child: Option<Child>,
    folder: PathBuf,
    chip: String,
    /// Where its service port connects to.
    behind: u16,
    /// Address of the service port.
    pub service: String,
}

impl Program {
    /// Nothing runs yet.
    pub fn new(wires: &Wires, name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("unit-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("folder");
        let (front, back) = (End::default(), End::default());
        let service = carry("bench to meter", &front, &back);
        let behind = carry("meter to bench", &back, &front);
        let service = format!("service+tcp:127.0.0.1:{service}");
        Self { child: None, folder, chip: wires.address.clone(), behind, service }
    }

    /// Runs what is in the flash, from its beginning.
    pub fn start(&mut self, flash: &[u8]) {
        self.stop();
        let file = self.folder.join("flash.bin");
        fs::write(&file, flash).expect("written");
        let child = Command::new("qemu-system-arm")
            .args(["-machine", "netduino2", "-nographic", "-monitor", "none"])
            .arg("-device")
            .arg(format!("loader,file={},addr=0x08000000", file.display()))
            .args(["-serial", "null"])
            .args(["-serial", &format!("tcp:127.0.0.1:{},nodelay=on", self.behind)])
            .args(["-serial", &format!("tcp:{},nodelay=on", self.chip)])
            .stdin(Stdio::null())
            .spawn();
        self.child = Some(child.expect("qemu-system-arm, which scripts/prepare installs for the tests"));
    }

    /// Nothing runs any more.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _already_over = child.kill();
            let _already_over = child.wait();
        }
    }

    /// The firmware that it can run, as a file: nothing but the word that is told to it differs from the committed one.
    pub fn firmware(&self) -> PathBuf {
        let (content, image) = committed();
        let file = self.folder.join("meter.hex");
        let hex = for_this_machine(&content, &image).write(Format::Hex).expect("HEX");
        fs::write(&file, hex).expect("written");
        file
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.stop();
        let _nothing_left = fs::remove_dir_all(&self.folder);
    }
}

/// The unit; it is switched off when dropped.
pub struct Unit {
    controller: Shared<Controller>,
    boot0: bool,
    program: Program,
    /// Address of the service port.
    pub service: String,
    /// Address of the boot loader.
    pub loader: String,
    clock: SharedClock,
}

impl Unit {
    /// A unit whose program was never calibrated, on these wires, running.
    pub fn start(wires: &Wires, name: &str) -> Self {
        let (content, image) = committed();
        let mut rom = RomDevice::new(RomOptions::default());
        rom.place(&for_this_machine(&content, &image).write(Format::Bin).expect("bytes"));
        let controller = Shared::new(Controller { rom, loads: false });
        let served = serve(&Outlet::Tcp("127.0.0.1:0".to_owned()), controller.clone(), None, &wires.clock);
        let loader = format!("rom{}", served.expect("served").address);
        let program = Program::new(wires, name);
        let service = program.service.clone();
        let mut unit = Self { controller, boot0: false, program, service, loader, clock: wires.clock.clone() };
        unit.reset();
        unit.await_program();
        unit
    }

    /// The firmware this unit can run, as a file.
    pub fn firmware(&self) -> PathBuf {
        self.program.firmware()
    }

    /// The BOOT0 pin.
    pub fn set_boot0(&mut self, high: bool) {
        self.boot0 = high;
    }

    /// The reset pin goes low and high again.
    pub fn reset(&mut self) {
        self.program.stop();
        let mut controller = self.controller.lock();
        controller.loads = self.boot0;
        controller.rom.reset();
        if !self.boot0 {
            self.program.start(controller.rom.flash());
        }
    }

    /// Cells of the flash change by themselves.
    pub fn disturb(&self, offset: usize, bits: u8) {
        self.controller.lock().rom.disturb(offset, bits);
    }

    /// Another program is in the flash.
    pub fn overwrite(&self, byte: u8) {
        self.controller.lock().rom.fill(byte);
    }

    /// What stands in the flash.
    pub fn flash(&self) -> Image {
        let bytes = self.controller.lock().rom.flash().to_vec();
        Image::read(&bytes, Some(Format::Bin), 0x0800_0000).expect("an image")
    }

    fn await_program(&self) {
        let url = self.service.parse().expect("address");
        for _ in 0..100 {
            let port = port::open(&url, LineSettings::eight_n_one(115_200), &self.clock).expect("a port");
            if ServiceMeter::new(port, self.clock.clone()).identify().is_ok() {
                return;
            }
            sleep(&*self.clock, Duration::from_millis(100));
        }
        panic!("the emulated unit does not answer");
    }
}

/// Listens on a free port, keeps who connects as `here`, and carries what he sends `there`.
fn carry(name: &str, here: &End, there: &End) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let (here, there) = (Arc::clone(here), Arc::clone(there));
    let work = move || {
        while let Ok((mut stream, _)) = listener.accept() {
            stream.set_nodelay(true).expect("TCP");
            *here.lock().expect("no panic") = Some(stream.try_clone().expect("a copy"));
            let mut buffer = [0; 256];
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                if let Some(other) = there.lock().expect("no panic").as_mut() {
                    let _nobody_listens = other.write_all(buffer.get(..count).unwrap_or_default());
                }
            }
            *here.lock().expect("no panic") = None;
        }
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(work).expect("a thread");
    port
}
