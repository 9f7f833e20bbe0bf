//! What `meterbench run` flashes: the options, checked against procedure and units before anything is opened.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use meter_interface::block::FLASH_START;

use super::Run;
use crate::flash;
use crate::image::Format;
use crate::image::firmware::Firmware;
use crate::port::url::{DeviceUrl, Transport};
use crate::procedure::flashing::Imprint;
use crate::procedure::{FlashSite, Plan};
use crate::profile::flashing::Flashing;
use crate::provision::Allotment;
use crate::record;
use crate::station::Ways;

/// The firmware of each unit; none when the procedure flashes nothing.
pub(super) fn images(run: &Run, plan: &Plan) -> anyhow::Result<Vec<Arc<Firmware>>> {
    let units = run.meter.len();
    let Some(table) = &plan.procedure.flash else {
        if !run.flash.is_empty() || !run.image.is_empty() || !run.service.is_empty() {
            bail!(
                "the procedure {} flashes nothing: leave out --flash, --image and --service, or choose calibrate-flash",
                plan.procedure.name
            );
        }
        return Ok(Vec::new());
    };
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
    expect_free_ports(run, table)?;
    let images = run.image.iter().map(|file| read(file).map(Arc::new)).collect::<anyhow::Result<Vec<_>>>()?;
    match images.as_slice() {
        [] => bail!("the procedure flashes: which firmware? Say --image FILE"),
        [only] => Ok(vec![Arc::clone(only); units]),
        several if several.len() == units => Ok(images),
        several => bail!("{units} meters and {} images: --image is given once, or once for each meter", several.len()),
    }
}

/// An address with its option, and its position on the bench.
type Held<'a> = (&'static str, usize, &'a DeviceUrl);

fn held<'a>(option: &'static str, urls: impl IntoIterator<Item = &'a DeviceUrl>) -> impl Iterator<Item = Held<'a>> {
    urls.into_iter().enumerate().map(move |(place, url)| (option, place, url))
}

/// A port cannot be open twice, and what a run opens late would be refused late.
fn expect_free_ports(run: &Run, table: &Flashing) -> anyhow::Result<()> {
    let all: Vec<Held<'_>> = held("--meter", &run.meter)
        .chain(held("--pulses", &run.pulses))
        .chain(held("--reference", &run.reference))
        .chain(held("--source", &run.source))
        .chain(held("--flash", &run.flash))
        .chain(held("--service", &run.service))
        .collect();
    for (index, &(second, other_place, other)) in all.iter().enumerate() {
        for &(first, place, one) in all.iter().take(index) {
            let shared = match (first, second) {
                // One instrument, or one meter.
                ("--reference", "--source") | ("--meter", "--service") => one == other && place == other_place,
                // The target is let go before hands start the unit.
                ("--flash", "--service") => {
                    place == other_place && flash::hands(one).is_ok_and(|hands| table.by_hand(hands))
                }
                _ => false,
            };
            if one.transport == other.transport && one.transport != Transport::Direct && !shared {
                bail!("{first} {one} and {second} {other} are on one port, which cannot be open twice at a time");
            }
        }
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<Firmware> {
    let name = || file.display().to_string();
    let content = std::fs::read(file).with_context(name)?;
    Firmware::read(&content, Some(Format::of_file(file, &content)), FLASH_START).with_context(name)
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
