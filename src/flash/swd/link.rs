//! The connection to a chip's memory through a probe, on a thread of its own.
//!
//! Probe drivers block for as long as they like, and some panic when a probe goes away in the middle of a message. So a thread
//! owns the probe, and who asks waits for a limited time. A thread that is stuck is left behind and ends when its probe answers
//! or goes away; until then it keeps the probe. Nothing more can be done from outside: probe-rs has no time limits for a Black
//! Magic probe on TCP. Over USB its drivers have limits of their own, of a few seconds.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use probe_rs::architecture::arm::memory::ArmMemoryInterface;
use probe_rs::architecture::arm::sequences::DefaultArmSequence;
use probe_rs::architecture::arm::{ArmDebugInterface, ArmError, DapError, FullyQualifiedApAddress};
use probe_rs::probe::blackmagic::BlackMagicProbeFactory;
use probe_rs::probe::list::Lister;
use probe_rs::probe::{
    DebugProbeError, DebugProbeSelector, Probe, ProbeCreationError, ProbeFactory as _, WireProtocol,
};

use super::address::SwdAddress;
use super::error::SwdError;
use super::list;

/// Name of the thread that owns the probe. It may end in a panic, which is then told as [`SwdError::Lost`].
pub const DRIVER_THREAD: &str = "debug probe";

/// A driver asks a dead line five times, each for a second, in both dialects of the wire.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);
/// The slowest access is a block at 5 kHz.
const ACCESS_LIMIT: Duration = Duration::from_secs(5);

/// The reset pin among the pins of a probe (CMSIS-DAP, DAP_SWJ_Pins).
const NRESET: u32 = 1 << 7;

type Memory<'a> = dyn ArmMemoryInterface + 'a;
type Task = Box<dyn FnOnce(&mut Memory<'_>) + Send>;

/// State of the chip's reset pin while connecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetPin {
    /// High: the chip runs.
    Free,
    /// Low, until [`Link::release_reset`].
    Held,
}

/// A chip's memory at the other end of a probe.
pub struct Link {
    tasks: SyncSender<Task>,
    probe: String,
}

impl Link {
    /// Opens the probe and attaches to the chip. Takes up to [`CONNECT_LIMIT`] and cannot be cancelled.
    ///
    /// # Errors
    /// There is no such probe, or no chip answers.
    pub fn connect(address: &SwdAddress, pin: ResetPin) -> Result<Self, SwdError> {
        let (tasks, inbox) = sync_channel(1);
        let (report, reported) = sync_channel(1);
        let address = address.clone();
        let work = move || work(&address, pin, &report, &inbox);
        let thread = std::thread::Builder::new().name(DRIVER_THREAD.to_owned()).spawn(work);
        thread.map_err(|error| SwdError::Access { what: "start".to_owned(), reason: error.to_string() })?;
        let probe = wait(&reported, CONNECT_LIMIT)??;
        Ok(Self { tasks, probe })
    }

    /// What the probe calls itself.
    #[must_use]
    pub fn probe(&self) -> &str {
        &self.probe
    }

    /// Reads a register or another aligned word.
    ///
    /// # Errors
    /// The access failed.
    pub fn read_word(&self, address: u32) -> Result<u32, SwdError> {
        self.ask(format!("read {address:#010x}"), move |memory| memory.read_word_32(address.into()))
    }

    /// Writes a register or another aligned word.
    ///
    /// # Errors
    /// The access failed.
    pub fn write_word(&self, address: u32, value: u32) -> Result<(), SwdError> {
        self.ask(format!("write {address:#010x}"), move |memory| memory.write_word_32(address.into(), value))
    }

    /// Reads any bytes.
    ///
    /// # Errors
    /// The access failed.
    pub fn read(&self, address: u32, length: usize) -> Result<Vec<u8>, SwdError> {
        self.ask(format!("read {address:#010x}"), move |memory| {
            if address.is_multiple_of(4) && length.is_multiple_of(4) {
                let mut words = vec![0; length / 4];
                memory.read_32(address.into(), &mut words)?;
                return Ok(words.into_iter().flat_map(u32::to_le_bytes).collect());
            }
            let mut bytes = vec![0; length];
            memory.read_8(address.into(), &mut bytes)?;
            Ok(bytes)
        })
    }

    /// Writes half-words as half-words; an odd byte at the end is left out.
    ///
    /// # Errors
    /// The access failed.
    pub fn write_half_words(&self, address: u32, bytes: &[u8]) -> Result<(), SwdError> {
        let half_words: Vec<u16> = bytes.as_chunks().0.iter().copied().map(u16::from_le_bytes).collect();
        self.ask(format!("write {address:#010x}"), move |memory| memory.write_16(address.into(), &half_words))
    }

    /// Lets go of the reset pin.
    ///
    /// # Errors
    /// The probe cannot.
    pub fn release_reset(&self) -> Result<(), SwdError> {
        self.ask("release the reset pin".to_owned(), |memory| {
            memory.get_arm_debug_interface()?.swj_pins(NRESET, NRESET, 0)?;
            Ok(())
        })
    }

    fn ask<R: Send + 'static>(
        &self,
        what: String,
        work: impl FnOnce(&mut Memory<'_>) -> Result<R, ArmError> + Send + 'static,
    ) -> Result<R, SwdError> {
        let (answer, answered) = sync_channel(1);
        let task: Task = Box::new(move |memory| {
            answer.send(work(memory)).ok();
        });
        self.tasks.try_send(task).map_err(|error| match error {
            TrySendError::Full(_) => SwdError::Silent { seconds: ACCESS_LIMIT.as_secs() },
            TrySendError::Disconnected(_) => SwdError::Lost,
        })?;
        wait(&answered, ACCESS_LIMIT)?.map_err(|error| SwdError::Access { what, reason: words(&error) })
    }
}

fn wait<T>(answers: &Receiver<T>, limit: Duration) -> Result<T, SwdError> {
    answers.recv_timeout(limit).map_err(|error| match error {
        RecvTimeoutError::Timeout => SwdError::Silent { seconds: limit.as_secs() },
        RecvTimeoutError::Disconnected => SwdError::Lost,
    })
}

/// The thread's work: attaches, then does what it is asked until nobody can ask any more.
fn work(address: &SwdAddress, pin: ResetPin, report: &SyncSender<Result<String, SwdError>>, tasks: &Receiver<Task>) {
    let memory_port = FullyQualifiedApAddress::v1_with_default_dp(0);
    let (mut interface, name) = match attach(address, pin) {
        Ok(attached) => attached,
        Err(error) => {
            report.send(Err(error)).ok();
            return;
        }
    };
    if let Err(error) = interface.memory_interface(&memory_port).map(drop) {
        interface.swj_pins(NRESET, NRESET, 0).ok();
        report.send(Err(no_chip(&error))).ok();
        return;
    }
    match interface.memory_interface(&memory_port) {
        Ok(mut memory) => {
            report.send(Ok(name)).ok();
            while let Ok(task) = tasks.recv() {
                task(&mut *memory);
            }
        }
        Err(error) => {
            report.send(Err(no_chip(&error))).ok();
        }
    }
}

fn attach(address: &SwdAddress, pin: ResetPin) -> Result<(Box<dyn ArmDebugInterface + 'static>, String), SwdError> {
    let (mut probe, name) = open(address)?;
    let cannot =
        |error: &dyn std::error::Error| SwdError::Access { what: "set up its wires".to_owned(), reason: words(error) };
    probe.select_protocol(WireProtocol::Swd).map_err(|error| cannot(&error))?;
    match probe.set_speed(address.speed_khz) {
        // A probe with one speed has a good one.
        Ok(_) | Err(DebugProbeError::UnsupportedSpeed(_) | DebugProbeError::CommandNotSupportedByProbe { .. }) => {}
        Err(error) => return Err(cannot(&error)),
    }
    let attached = match pin {
        ResetPin::Free => probe.attach_to_unspecified(),
        ResetPin::Held => probe.attach_to_unspecified_under_reset(),
    };
    if let Err(error) = attached {
        probe.target_reset_deassert().ok();
        return Err(SwdError::NoChip { reason: words(&error) });
    }
    match probe.try_into_arm_debug_interface(DefaultArmSequence::create()) {
        Ok(interface) => Ok((interface, name)),
        Err((mut probe, error)) => {
            probe.target_reset_deassert().ok();
            Err(no_chip(&error))
        }
    }
}

fn open(address: &SwdAddress) -> Result<(Probe, String), SwdError> {
    let not_there = || SwdError::NoProbe { address: address.to_string() };
    let selector: DebugProbeSelector = match &address.probe {
        Some(probe) => probe.parse().map_err(|_| not_there())?,
        None => list::only_one()?,
    };
    let network = selector.serial_number.as_deref().is_some_and(|serial| serial.contains(':'));
    let opened = if (selector.vendor_id, selector.product_id) == list::BLACK_MAGIC {
        // Asked alone: the other drivers have nothing to say where there is no USB.
        BlackMagicProbeFactory.open(&selector).map(Probe::from_specific_probe)
    } else {
        Lister::new().open(selector)
    };
    let probe = opened.map_err(|error| match error {
        DebugProbeError::ProbeCouldNotBeCreated(ProbeCreationError::NotFound) => not_there(),
        // Whatever is at the other end of a network address, it does not talk like a probe.
        _ if network => not_there(),
        error => SwdError::CannotOpen { address: address.to_string(), reason: words(&error) },
    })?;
    let name = probe.get_name();
    Ok((probe, name))
}

/// What went wrong while a chip was looked for: no chip, if it was not the probe.
fn no_chip(error: &ArmError) -> SwdError {
    match error {
        ArmError::NoTargetResponse { .. }
        | ArmError::Timeout
        | ArmError::Dap(DapError::NoAcknowledge | DapError::Protocol(_))
        | ArmError::Probe(DebugProbeError::TargetNotFound)
        | ArmError::ApDoesNotExist(_) => SwdError::NoChip { reason: words(error) },
        error => SwdError::Access { what: "attach to the chip".to_owned(), reason: words(error) },
    }
}

/// An error with its causes, each once.
fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.contains(&more) {
            words = format!("{}: {more}", words.trim_end_matches('.'));
        }
        cause = error.source();
    }
    words.trim_end_matches('.').to_owned()
}
