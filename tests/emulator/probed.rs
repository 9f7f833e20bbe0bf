//! An emulated unit with a debug probe at its controller: what the probe starts, QEMU boots. Its chip can be reached beside the
//! controller, as on a board whose controller was never programmed.

use meterbench::clock::Moment;
use meterbench::image::{Format, Image};
use meterbench::sim::device::{Answer, Device, Shared};
use meterbench::sim::probe::{ProbeDevice, ProbeOptions};
use meterbench::sim::serve::{Outlet, serve};

use super::Wires;
use super::unit::Program;

/// Probe and controller.
struct Controller {
    probe: ProbeDevice,
    program: Program,
    starts: u64,
}

impl Device for Controller {
    fn on_byte(&mut self, byte: u8, at: Moment) -> Option<Answer> {
        let answer = self.probe.on_byte(byte, at);
        let chip = self.probe.chip();
        if chip.running().is_none() {
            self.program.stop();
        } else if chip.core().starts() != self.starts {
            self.starts = chip.core().starts();
            self.program.start(chip.memories().flash());
        }
        answer
    }

    fn is_gone(&self, at: Moment) -> bool {
        self.probe.is_gone(at)
    }
}

/// The unit, its controller erased; it is switched off when dropped.
pub struct ProbedUnit {
    controller: Shared<Controller>,
    /// Address of the metering chip, which only the bench reaches until the controller runs a program.
    pub chip: String,
    /// Address of the service port.
    pub service: String,
    /// Address of the probe.
    pub probe: String,
}

impl ProbedUnit {
    /// A unit on these wires.
    pub fn new(wires: &Wires, name: &str) -> Self {
        let anywhere = Outlet::Tcp("127.0.0.1:0".to_owned());
        let program = Program::new(wires, name);
        let service = program.service.clone();
        let probe = ProbeDevice::new(ProbeOptions::default());
        let controller = Shared::new(Controller { starts: probe.chip().core().starts(), probe, program });
        let probe = serve(&anywhere, controller.clone(), None, &wires.clock).expect("served").address;
        let chip = serve(&anywhere, wires.chip.clone(), None, &wires.clock).expect("served").address;
        let probe = format!("swd:1d50:6018:{}", probe.trim_start_matches("+tcp:"));
        Self { controller, chip: format!("afe{chip}"), service, probe }
    }

    /// The firmware this unit can run, as a file.
    pub fn firmware(&self) -> std::path::PathBuf {
        self.controller.lock().program.firmware()
    }

    /// The supply of the whole unit goes off and on.
    pub fn power_cycle(&self, wires: &Wires) {
        let mut controller = self.controller.lock();
        let Controller { probe, program, starts } = &mut *controller;
        program.stop();
        probe.power_on();
        wires.chip.lock().chip().power_on();
        *starts = probe.chip().core().starts();
        if probe.chip().running().is_some() {
            program.start(probe.chip().memories().flash());
        }
    }

    /// Nobody reads the flash from outside.
    pub fn is_protected(&self) -> bool {
        self.controller.lock().probe.chip().memories().is_protected()
    }

    /// What stands in the flash.
    pub fn flash(&self) -> Image {
        let bytes = self.controller.lock().probe.chip().memories().flash().to_vec();
        Image::read(&bytes, Some(Format::Bin), 0x0800_0000).expect("an image")
    }
}

impl Drop for ProbedUnit {
    fn drop(&mut self) {
        // The server keeps the controller.
        self.controller.lock().program.stop();
    }
}
