//! A simulated chip behind a simulated Black Magic probe on TCP.

use meterbench::clock::{RealClock, SharedClock};
use meterbench::flash::swd::SwdTarget;
use meterbench::flash::{self, FlashError, Options, Progress, Report, Watch};
use meterbench::image::Image;
use meterbench::sim::device::Shared;
use meterbench::sim::probe::{ProbeDevice, ProbeOptions};
use meterbench::sim::serve::serve;

use super::{FLASH, program};

/// A chip, its probe, and the program it runs.
pub struct Rig {
    pub clock: SharedClock,
    pub device: Shared<ProbeDevice>,
    /// What the whole flash held before.
    pub before: Vec<u8>,
    url: String,
}

impl Rig {
    pub fn new(options: ProbeOptions) -> Self {
        let clock = RealClock::shared();
        let before = program(64 << 10).flat().expect("small");
        let device = Shared::new(fresh(options, &before));
        let served = serve(&"tcp:127.0.0.1:0".parse().expect("outlet"), device.clone(), None, &clock).expect("a port");
        let address = served.address.strip_prefix("+tcp:").expect("TCP");
        Self { clock, device, before, url: format!("swd:1d50:6018:{address}") }
    }

    /// Another chip at the same address.
    pub fn renew(&self, options: ProbeOptions) {
        *self.device.lock() = fresh(options, &self.before);
    }

    pub fn target(&self) -> SwdTarget {
        target(&self.clock, &self.url)
    }

    pub fn target_with(&self, options: &str) -> SwdTarget {
        target(&self.clock, &format!("{}?{options}", self.url))
    }

    pub fn flash(&self, image: &Image, options: &Options) -> Result<Report, FlashError> {
        flash::flash(&mut self.target(), image, options, &self.clock, &mut Watch::nobody(self.clock.clone()))
    }

    /// Stops when `stop` says so.
    pub fn flash_until(&self, image: &Image, stop: impl Fn(Progress) -> bool) -> Result<Report, FlashError> {
        let stopped = std::cell::Cell::new(false);
        let mut watch =
            Watch::new(self.clock.clone(), || stopped.get(), |progress| stopped.set(stopped.get() || stop(progress)));
        flash::flash(&mut self.target(), image, &Options::default(), &self.clock, &mut watch)
    }

    /// Panics unless the chip holds the image, and its controller was treated as PM0075 wants it.
    pub fn assert_holds(&self, image: &Image) {
        let device = self.device.lock();
        let memories = device.chip().memories();
        for segment in image.segments() {
            let start = (segment.address - FLASH) as usize;
            assert!(memories.flash()[start..start + segment.bytes.len()] == segment.bytes, "{segment:?}");
        }
        assert_eq!(memories.programming_errors(), 0, "nothing was programmed that was not erased");
        assert_eq!(device.chip().controller().violations(), 0);
    }

    /// Panics unless the program runs on as if nobody had looked.
    pub fn assert_undisturbed(&self) {
        let device = self.device.lock();
        let chip = device.chip();
        assert!(chip.memories().flash() == self.before);
        assert_eq!((chip.core().halts(), chip.core().resets()), (0, 0));
        assert_eq!(chip.running(), Some(FLASH));
    }
}

fn fresh(options: ProbeOptions, program: &[u8]) -> ProbeDevice {
    let mut device = ProbeDevice::new(options);
    device.chip_mut().load(program);
    device
}

pub fn target(clock: &SharedClock, url: &str) -> SwdTarget {
    SwdTarget::open(&url.parse().expect("an address"), clock).expect("an address")
}
