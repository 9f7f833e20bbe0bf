//! What can go wrong between a probe and a chip.

/// Why a chip was not reached or not flashed over SWD. The words for the operator are in [`crate::flash::advice`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SwdError {
    /// There is none, or not the one named.
    #[error("no probe answers at {address}")]
    NoProbe {
        /// The address as given.
        address: String,
    },
    /// `swd:` alone names one only where there is one.
    #[error("there are {} probes: {}", found.len(), found.join(", "))]
    SeveralProbes {
        /// Their addresses.
        found: Vec<String>,
    },
    /// It is there, and the system or another program keeps it.
    #[error("{address} cannot be opened: {reason}")]
    CannotOpen {
        /// The address as given.
        address: String,
        /// What the driver said.
        reason: String,
    },
    /// The probe works, and nothing answers at the other end of its wires.
    #[error("the probe finds no chip: {reason}")]
    NoChip {
        /// What the driver said.
        reason: String,
    },
    /// The probe does not come back.
    #[error("the probe has not answered for {seconds} s")]
    Silent {
        /// How long was waited.
        seconds: u64,
    },
    /// The driver ended in the middle of its work.
    #[error("the connection to the probe is lost")]
    Lost,
    /// An access failed.
    #[error("the probe could not {what}: {reason}")]
    Access {
        /// What it was to do.
        what: String,
        /// What the driver said.
        reason: String,
    },
    /// The chip does not do what it must.
    #[error("the chip did not {what} within {millis} ms")]
    Stuck {
        /// What it was to do.
        what: &'static str,
        /// How long was waited.
        millis: u64,
    },
    /// WRPRTERR.
    #[error("the page at {address:#010x} is write-protected")]
    WriteProtected {
        /// An address in the page.
        address: u32,
    },
    /// PGERR.
    #[error("the flash at {address:#010x} does not erase")]
    NotErased {
        /// The first address of the block.
        address: u32,
    },
    /// The option bytes are not what was written.
    #[error("the option bytes did not take: the readout protection is {}", if *protected { "still on" } else { "not on" })]
    OptionBytes {
        /// What the chip says afterwards.
        protected: bool,
    },
    /// A protected program does not run while a debugger was there.
    #[error("the program cannot be started by the probe: it is protected now")]
    PowerCycle,
}
