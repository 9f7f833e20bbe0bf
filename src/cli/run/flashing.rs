//! What `meterbench run` flashes: the options, checked against procedure and units before anything is opened.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use meter_interface::block::FLASH_START;

use super::Run;
use crate::image::firmware::Firmware;
use crate::procedure::flashing::Imprint;
use crate::procedure::{FlashSite, Plan};
use crate::provision::Allotment;
use crate::record;
use crate::station::Ways;

/// The firmware of each unit; none when the procedure flashes nothing.
pub(super) fn images(run: &Run, plan: &Plan) -> anyhow::Result<Vec<Arc<Firmware>>> {
    let units = run.meter.len();
    if plan.procedure.flash.is_none() {
        if !run.flash.is_empty() || !run.image.is_empty() || !run.service.is_empty() {
            bail!(
                "the procedure {} flashes nothing: leave out --flash, --image and --service, or choose calibrate-flash",
                plan.procedure.name
            );
        }
        return Ok(Vec::new());
    }
    if run.flash.len() != units {
        bail!(
            "{units} meters and {} flash targets: the procedure flashes, so each meter has its --flash",
            run.flash.len()
        );
    }
    if !run.service.is_empty() && run.service.len() != units {
        bail!(
            "{units} meters and {} addresses after flashing: --service is given for each meter or for none",
            run.service.len()
        );
    }
    let images = run.image.iter().map(|file| read(file).map(Arc::new)).collect::<anyhow::Result<Vec<_>>>()?;
    match images.as_slice() {
        [] => bail!("the procedure flashes: which firmware? Say --image FILE"),
        [only] => Ok(vec![Arc::clone(only); units]),
        several if several.len() == units => Ok(images),
        several => bail!("{units} meters and {} images: --image is given once, or once for each meter", several.len()),
    }
}

fn read(file: &Path) -> anyhow::Result<Firmware> {
    let name = || file.display().to_string();
    let content = std::fs::read(file).with_context(name)?;
    Firmware::read(&content, None, FLASH_START).with_context(name)
}

/// What is flashed where, with the values that the units have of a provisioning list.
pub(super) fn sites(
    run: &Run,
    images: &[Arc<Firmware>],
    ways: &Ways,
    allotment: Option<&Allotment>,
) -> anyhow::Result<Vec<FlashSite>> {
    let mut sites = Vec::new();
    for (position, ((firmware, url), serial)) in images.iter().zip(&run.flash).zip(&run.serial).enumerate() {
        let (target, hands) = ways.target(position, url)?;
        let link = run.service.get(position).filter(|url| run.meter.get(position) != Some(url));
        let link = link.map(|url| ways.meter(url)).transpose()?;
        let provisioned = allotment.map_or(Ok(None), |allotment| allotment.provisioned(serial))?;
        let imprint = Imprint { provisioned, ..record::imprint(serial, &run.bench) };
        sites.push(FlashSite { firmware: Arc::clone(firmware), target, hands, link, opened: None, imprint });
    }
    Ok(sites)
}
