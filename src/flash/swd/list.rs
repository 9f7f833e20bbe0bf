//! Which probes are plugged in.

use probe_rs::probe::blackmagic::BlackMagicProbeFactory;
use probe_rs::probe::cmsisdap::CmsisDapFactory;
use probe_rs::probe::jlink::JLinkFactory;
use probe_rs::probe::list::{Accessibility, Lister};
use probe_rs::probe::stlink::StLinkFactory;
use probe_rs::probe::{DebugProbeInfo, DebugProbeSelector};
use serde::Serialize;

use super::error::SwdError;

/// Vendor and product of a Black Magic probe.
pub(super) const BLACK_MAGIC: (u16, u16) = (0x1D50, 0x6018);

/// A probe that is plugged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProbeFound {
    /// What names it as a target.
    pub address: String,
    /// What it calls itself.
    pub name: String,
    /// What kind it is.
    pub kind: &'static str,
    /// This user may open it.
    pub accessible: bool,
}

/// The probes that are plugged in. One on TCP is not among them.
#[must_use]
pub fn list() -> Vec<ProbeFound> {
    let found = Lister::new().list_all_with_access();
    let probes = found.into_iter().filter_map(|item| {
        let kind = kind(&item.info)?;
        let address = format!("swd:{}", DebugProbeSelector::from(&item.info));
        let accessible = item.accessibility == Accessibility::Accessible;
        Some(ProbeFound { address, name: item.info.identifier, kind, accessible })
    });
    probes.collect()
}

/// The kinds that have SWD and are known to work; probe-rs lists every FTDI adapter too.
fn kind(probe: &DebugProbeInfo) -> Option<&'static str> {
    if probe.is_probe_type::<StLinkFactory>() {
        Some("ST-LINK")
    } else if probe.is_probe_type::<CmsisDapFactory>() {
        Some("CMSIS-DAP")
    } else if probe.is_probe_type::<JLinkFactory>() {
        Some("J-Link")
    } else if probe.is_probe_type::<BlackMagicProbeFactory>() {
        Some("Black Magic")
    } else {
        None
    }
}

/// The probe that `swd:` alone means.
///
/// # Errors
/// There is none, or more than one.
pub(super) fn only_one() -> Result<DebugProbeSelector, SwdError> {
    let probes = Lister::new().list_all();
    let mut known = probes.iter().filter(|probe| kind(probe).is_some());
    match (known.next(), known.next()) {
        (None, _) => Err(SwdError::NoProbe { address: "swd:".to_owned() }),
        (Some(probe), None) => Ok(probe.into()),
        _ => Err(SwdError::SeveralProbes { found: list().into_iter().map(|probe| probe.address).collect() }),
    }
}
