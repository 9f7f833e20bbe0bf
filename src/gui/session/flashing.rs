//! The chips, the image and the provisioning rows of an order, for a procedure that flashes. Everything is read and reserved here, on
//! the station's thread, before anything is switched on.

use std::path::Path;
use std::sync::Arc;

use meter_interface::block::FLASH_START;

use super::Order;
use crate::advice::Advice;
use crate::image::Format;
use crate::image::firmware::Firmware;
use crate::port::url::DeviceUrl;
use crate::procedure::{FlashSite, Imprint, Plan};
use crate::provision::Allotment;
use crate::record;
use crate::station::Ways;

/// What is flashed at each position; nothing where there is no unit, or when the procedure flashes nothing. Where a provisioning list is
/// chosen, each unit has its row then, with the lists in `folder`.
pub(super) fn sites(
    order: &Order,
    plan: &Plan,
    ways: &Ways,
    folder: Option<&Path>,
) -> Result<(Vec<Option<FlashSite>>, Option<Allotment>), Advice> {
    if plan.procedure.flash.is_none() {
        return Ok((order.serials.iter().map(|_| None).collect(), None));
    }
    let firmware = Arc::new(firmware(&order.image)?);
    let targets = targets(order)?;
    let units = order.serials.iter().filter(|serial| !serial.is_empty());
    let allotment = allot(order.provisioning.trim(), units.map(String::as_str), folder)?;
    let site = |(position, (serial, url)): (usize, (&String, &Option<DeviceUrl>))| {
        let Some(url) = url else { return Ok(None) };
        let (target, hands) = ways.target(position, url).map_err(|error| no_target(error.to_string()))?;
        let firmware = Arc::clone(&firmware);
        let provisioned = allotment.as_ref().map_or(Ok(None), |allotment| allotment.provisioned(serial));
        let provisioned = provisioned.map_err(|error| error.advice())?;
        let imprint = Imprint { provisioned, ..record::imprint(serial, "") };
        Ok(Some(FlashSite { firmware, target, hands, link: None, opened: None, imprint }))
    };
    match order.serials.iter().zip(&targets).enumerate().map(site).collect() {
        Ok(sites) => Ok((sites, allotment)),
        Err(advice) => {
            allotment.into_iter().for_each(Allotment::give_back);
            Err(advice)
        }
    }
}

fn no_target(what: String) -> Advice {
    Advice::new(what, t!("The procedure flashes the units"), t!("Choose the flash target"))
}

/// The address of each unit's chip, by position. A simulated target that stands alone is that of every simulated unit.
fn targets(order: &Order) -> Result<Vec<Option<DeviceUrl>>, Advice> {
    let of_more = |what: String| {
        Advice::new(
            what,
            t!("A chip's cable reaches one position"),
            t!("Name the targets of the further positions below the first one's, in the panel of the flash target"),
        )
    };
    let mut targets: Vec<Option<DeviceUrl>> = Vec::new();
    for (position, serial) in order.serials.iter().enumerate() {
        let text = match order.targets.as_slice() {
            [only] if only.trim().starts_with("sim:") => only.trim(),
            texts => texts.get(position).map_or("", |text| text.trim()),
        };
        let url = match text {
            _ if serial.is_empty() => None,
            "" if position == 0 => return Err(no_target(t!("No flash target is chosen").to_owned())),
            "" => return Err(of_more(t!("Position {position} has no flash target", position = position + 1))),
            text => Some(text.parse::<DeviceUrl>().map_err(|error| no_target(error.to_string()))?),
        };
        let same = |other: &Option<DeviceUrl>| url.as_ref().is_some_and(|url| url.kind != "sim") && *other == url;
        if let Some(other) = targets.iter().position(same) {
            let (one, other) = (other + 1, position + 1);
            return Err(of_more(t!("Positions {one} and {other} have the same flash target", one, other)));
        }
        targets.push(url);
    }
    Ok(targets)
}

/// A row for each unit, or for none.
fn allot<'a>(
    list: &str,
    units: impl Iterator<Item = &'a str>,
    folder: Option<&Path>,
) -> Result<Option<Allotment>, Advice> {
    if list.is_empty() {
        return Ok(None);
    }
    let Some(folder) = folder else {
        return Err(Advice::new(
            t!("The provisioning list {list} is not here", list),
            t!("This window has no folder for data"),
            t!("Choose no provisioning list on the firmware page"),
        ));
    };
    Allotment::reserve(folder, list, units).map(Some).map_err(|error| error.advice())
}

fn firmware(file: &str) -> Result<Firmware, Advice> {
    let advice = |what: String| {
        Advice::new(
            what,
            t!("The procedure flashes the units"),
            t!("Name the meter's image in the settings, beside the flash target"),
        )
    };
    let file = file.trim();
    if file.is_empty() {
        return Err(advice(t!("No image is chosen").to_owned()));
    }
    let content = std::fs::read(file).map_err(|error| advice(format!("{file}: {error}")))?;
    let format = Format::of_file(Path::new(file), &content);
    Firmware::read(&content, Some(format), FLASH_START).map_err(|error| advice(format!("{file}: {error}")))
}
