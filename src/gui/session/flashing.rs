//! The chips, the image and the provisioning rows of an order, for a procedure that flashes. Everything is read and reserved here, on
//! the station's thread, before anything is switched on.

use std::path::Path;
use std::sync::Arc;

use meter_interface::block::FLASH_START;

use super::Order;
use crate::advice::Advice;
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
    let of_target =
        |what: String| Advice::new(what, t!("The procedure flashes the units"), t!("Choose the flash target"));
    let url: DeviceUrl = match order.target.trim() {
        "" => return Err(of_target(t!("No flash target is chosen").to_owned())),
        text => text.parse().map_err(|error: crate::port::url::UrlError| of_target(error.to_string()))?,
    };
    let units = || order.serials.iter().filter(|serial| !serial.is_empty());
    if units().count() > 1 && url.kind != "sim" {
        return Err(Advice::new(
            t!("{units} units, and one flash target", units = units().count()),
            t!("A chip's cable reaches one position"),
            t!("Test one unit at a time, or use the command line, which takes a target for each"),
        ));
    }
    let allotment = allot(order.provisioning.trim(), units().map(String::as_str), folder)?;
    let site = |(position, serial): (usize, &String)| {
        if serial.is_empty() {
            return Ok(None);
        }
        let (target, hands) = ways.target(position, &url).map_err(|error| of_target(error.to_string()))?;
        let firmware = Arc::clone(&firmware);
        let provisioned = allotment.as_ref().map_or(Ok(None), |allotment| allotment.provisioned(serial));
        let provisioned = provisioned.map_err(|error| error.advice())?;
        let imprint = Imprint { provisioned, ..record::imprint(serial, "") };
        Ok(Some(FlashSite { firmware, target, hands, link: None, opened: None, imprint }))
    };
    match order.serials.iter().enumerate().map(site).collect() {
        Ok(sites) => Ok((sites, allotment)),
        Err(advice) => {
            allotment.into_iter().for_each(Allotment::give_back);
            Err(advice)
        }
    }
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
    Firmware::read(&content, None, FLASH_START).map_err(|error| advice(format!("{file}: {error}")))
}
