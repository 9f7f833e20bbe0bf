//! A simulated chip on an in-process line, for the stories about flashing.

#![allow(dead_code, clippy::expect_used, reason = "each story uses its part, and stops at what it did not expect")]

pub mod probe;

use meterbench::clock::{SharedClock, VirtualClock};
use meterbench::flash::rom::RomTarget;
use meterbench::flash::rom::entry::Entry;
use meterbench::flash::{self, FlashError, Options, Progress, Report, Watch};
use meterbench::image::{Image, Segment};
use meterbench::port::{LineSettings, Parity};
use meterbench::sim::device::{Device, Shared};
use meterbench::sim::line::SimLine;
use meterbench::sim::rom::{RomDevice, RomOptions};

/// The fastest line of the boot loader.
pub const LINE: LineSettings = LineSettings { baud: 115_200, data_bits: 8, parity: Parity::Even, stop_bits: 1 };

/// Where flash starts.
pub const FLASH: u32 = 0x0800_0000;

/// A chip, a clock and a host.
pub struct Rig {
    pub clock: SharedClock,
    pub chip: Shared<RomDevice>,
    /// Paced as a UART, or as fast as it goes.
    pub baud: Option<u32>,
}

impl Rig {
    pub fn new(options: RomOptions) -> Self {
        let chip = Shared::new(RomDevice::new(options));
        // An earlier program is there, so that what is not erased shows.
        chip.lock().fill(0x00);
        Self { clock: VirtualClock::shared(None), chip, baud: None }
    }

    pub fn paced(options: RomOptions) -> Self {
        Self { baud: Some(LINE.baud), ..Self::new(options) }
    }

    pub fn target(&self) -> RomTarget {
        target(Box::new(self.chip.clone()), &self.clock, self.baud)
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

    /// Panics unless the chip holds the image.
    pub fn assert_holds(&self, image: &Image) {
        let chip = self.chip.lock();
        for segment in image.segments() {
            let start = (segment.address - FLASH) as usize;
            assert!(chip.flash()[start..start + segment.bytes.len()] == segment.bytes, "{segment:?}");
        }
        assert_eq!(chip.programming_errors(), 0, "nothing was programmed that was not erased");
    }
}

pub fn target(device: Box<dyn Device>, clock: &SharedClock, baud: Option<u32>) -> RomTarget {
    let port = SimLine::new("simulated chip".to_owned(), clock.clone(), device, baud);
    let mut port: Box<dyn meterbench::port::Port> = Box::new(port);
    port.configure(LINE).expect("a line");
    RomTarget::new(port, LINE, clock.clone(), Entry::AlreadyRunning)
}

/// A program of `length` bytes without a blank block, with a vector table.
pub fn program(length: usize) -> Image {
    let mut bytes: Vec<u8> = (0..length as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    bytes[..4].copy_from_slice(&0x2000_5000_u32.to_le_bytes());
    bytes[4..8].copy_from_slice(&(FLASH | 0x101).to_le_bytes());
    image(&[(FLASH, &bytes)])
}

pub fn image(parts: &[(u32, &[u8])]) -> Image {
    let segments = parts.iter().map(|&(address, bytes)| Segment { address, bytes: bytes.to_vec() });
    Image::from_segments(segments).expect("fits")
}
