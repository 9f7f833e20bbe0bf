//! Step: the unit's own image, made of what was found out, onto its chip and read back.

use m90e26::Register;
use m90e26::field::command;
use meter_interface::block::{Block, Ratio, Text};

use super::{OwnImage, Position};
use crate::calibration::registers::RegisterSet;
use crate::flash::{self, Hands, Options, Progress, Reuse, Stage, Watch};
use crate::meter::Reach;
use crate::operator::{Prompt, Sketch};
use crate::procedure::error::StepError;
use crate::procedure::event::Event;
use crate::procedure::flashing::{FlashReport, FlashSite, Imprint};
use crate::profile::flashing::{Flashing, Through, Unchanged};

impl Position<'_> {
    /// A jumper is set by hand before this unit is flashed and after it, and not while it is supplied.
    #[must_use]
    pub fn needs_jumper(&self) -> bool {
        self.failure.is_none() && self.site.as_ref().is_some_and(|site| site.hands == Hands::Boot0)
    }

    /// This unit keeps its supply while it is flashed, and starts when hands have taken it away and given it back.
    #[must_use]
    pub fn needs_power_cycle(&self) -> bool {
        let table = self.around.plan.procedure.flash.as_ref();
        let by_hand = table.zip(self.site.as_ref()).is_some_and(|(table, site)| table.by_hand(site.hands));
        self.failure.is_none() && by_hand && !self.needs_jumper()
    }

    /// Asks for it. Whatever supplies the unit besides the source is out of reach of the bench.
    pub fn ask_for_power_cycle(&mut self) {
        let asked = self.ask("take its supply away and give it back", Sketch::PowerCycle);
        self.failure = asked.err();
    }

    /// Everything flashing needs is there, and the way that the unit is then reached over can prove it.
    pub(super) fn check_flashing(&self, later: Reach) -> Result<(), StepError> {
        let Some(table) = &self.around.plan.procedure.flash else { return Ok(()) };
        let site = self.site.as_ref().ok_or(StepError::NothingToFlash)?;
        table.expect_proof(Through::from(later))?;
        if table.unchanged == Unchanged::ProgramCrc && !later.service() {
            let test = "Flashing with unchanged = \"program-crc\"".to_owned();
            return Err(StepError::OutOfReach { test, needs: "the meter's service port" });
        }
        site.firmware.of_unit(self.own_block(&site.imprint)?)?;
        Ok(())
    }

    /// What the bench has written goes: what the chip holds later it has from the meter's own program.
    pub(super) fn forget_registers(&mut self) -> Result<(), StepError> {
        if self.around.plan.procedure.flash.is_some() {
            self.meter.write(Register::SoftReset, command::SOFT_RESET)?;
        }
        Ok(())
    }

    /// Patches, flashes and reads back. When this is through the chip holds the unit's image; where its procedure trusts that for a part,
    /// the restart has yet to prove it.
    pub(super) fn flash(&mut self) -> Result<String, StepError> {
        let plan = self.around.plan;
        let (Some(table), Some(site)) = (&plan.procedure.flash, self.site.take()) else {
            return Err(StepError::NothingToFlash);
        };
        // It is put back whatever happens: the restart needs it.
        let result = self.flash_at(table, site);
        self.site = Some(site);
        result
    }

    fn flash_at(&mut self, table: &Flashing, site: &mut FlashSite) -> Result<String, StepError> {
        site.opened = None;
        let unit = site.firmware.of_unit(self.own_block(&site.imprint)?)?;
        self.flashed = Some(FlashReport {
            image_sha256: unit.sha256.clone(),
            copy: unit.copy.to_string(),
            sequence: unit.block.sequence,
            chip: None,
            answered: None,
            record: site.imprint.record.clone(),
            provisioning_row: site.imprint.provisioned.as_ref().map(|values| values.row.clone()),
        });
        let by_hand = table.by_hand(site.hands);
        if site.hands == Hands::Boot0 {
            self.ask("set BOOT0 to 1 and reset its controller", Sketch::Boot0Jumper)?;
        }
        let options = Options {
            chips: self.around.plan.meter.controller.chips(),
            reuse: match table.unchanged {
                Unchanged::ReadBack => Reuse::ReadBack,
                Unchanged::ProgramCrc => Reuse::Known(unit.program.image().clone()),
            },
            verify: true,
            protect: table.protect,
            ..Options::default()
        };
        let mut target = (site.target)().map_err(|source| StepError::TargetClosed { source })?;
        let (clock, control) = (self.around.clock, self.around.control);
        let (position, step) = (self.number, self.current_step);
        let tell = |progress: Progress| {
            let (fraction, detail) = words(progress);
            control.tell(Event::StepProgress { position, step, fraction, rest: None, detail });
        };
        let mut watch = Watch::new(clock.clone(), || control.is_cancelled(), tell);
        let mut report = flash::flash(&mut *target, &unit.image, &options, clock, &mut watch)?;
        let mut target = Some(target).filter(|_| !by_hand);
        // Before the unit starts, whoever starts it: what it says at its start is said once.
        if let Some(way) = &mut site.link {
            site.opened = Some((way.open)().map_err(|source| StepError::LinkClosed { source })?);
        }
        if let Some(target) = &mut target {
            flash::start(&mut **target, &unit.image, &mut report, &mut watch)?;
        }
        drop((watch, target));
        let proof = match report.bytes_trusted {
            0 => "all read back".to_owned(),
            trusted => format!("{} read back, {trusted} left to the program's own CRC", report.bytes_read_back),
        };
        let detail = format!(
            "{} bytes written, {} left as they were, {proof}, in {:.1} s; chip {}, unique id {}",
            report.bytes_written,
            report.bytes_skipped,
            report.seconds,
            report.chip_id,
            report.unique_id.as_deref().unwrap_or("unknown"),
        );
        if let Some(flashed) = &mut self.flashed {
            flashed.chip = Some(report);
        }
        if site.hands == Hands::Boot0 {
            self.ask("set BOOT0 back to 0, then take its supply away and give it back", Sketch::Boot0Jumper)?;
        }
        self.unit = Some(OwnImage { block: unit.block.without_secrets(), program: unit.program });
        Ok(detail)
    }

    fn ask(&self, what: &str, sketch: Sketch) -> Result<(), StepError> {
        let prompt = Prompt::confirm(format!("{}: {what}", self.serial)).with(sketch);
        self.around.operator.ask(&prompt)?;
        Ok(())
    }

    /// The unit's calibration block: what was found out, and what it is told besides.
    fn own_block(&self, imprint: &Imprint) -> Result<Block, StepError> {
        let (plan, calibration) = (self.around.plan, &self.around.plan.meter.calibration);
        let mut block = imprint.provisioned.as_ref().map(|values| values.block.clone()).unwrap_or_default();
        for register in RegisterSet::ORDER {
            if !block.set_register(register, self.registers.get(register)?) {
                return Err(StepError::BlockField {
                    field: register.name(),
                    reason: "it has no place for it".to_owned(),
                });
            }
        }
        block.line = plan.metered_line();
        block.current_scale = ratio(calibration.current_scale).ok_or_else(|| StepError::BlockField {
            field: "current_scale",
            reason: format!("{} is no ratio of two 16-bit numbers", calibration.current_scale),
        })?;
        block.pulses_per_kwh = whole("pulses_per_kwh", calibration.chip_constant_imp_per_kwh)?;
        block.constant_imp_per_kwh = whole("constant_imp_per_kwh", plan.meter.rating.constant_imp_per_kwh)?;
        block.serial = text("serial", &self.serial)?;
        block.calibrated_on = imprint.calibrated_on;
        block.bench = text("bench", &imprint.bench)?;
        block.record = text("record", &imprint.record)?;
        Ok(block)
    }
}

/// A factor as the block has it, when it is exact.
fn ratio(factor: f64) -> Option<Ratio> {
    (1..=1000_u16).find_map(|denominator| {
        let numerator = (factor * f64::from(denominator)).round();
        let exact = (numerator / f64::from(denominator) - factor).abs() <= factor * 1e-12;
        let fits = exact && (1.0..=f64::from(u16::MAX)).contains(&numerator);
        if fits { Ratio::new(numerator as u16, denominator) } else { None }
    })
}

fn whole(field: &'static str, number: f64) -> Result<u32, StepError> {
    let fits = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    if fits {
        Ok(number as u32)
    } else {
        Err(StepError::BlockField { field, reason: format!("{number} is not whole") })
    }
}

fn text<const N: usize>(field: &'static str, text: &str) -> Result<Text<N>, StepError> {
    Text::new(text).map_err(|invalid| StepError::BlockField { field, reason: format!("{text:?} {invalid}") })
}

/// How far flashing is as a whole, and in words. The shares are those of a full write and read-back at 115200 baud.
fn words(progress: Progress) -> (f32, String) {
    let Progress { stage, done, total, rate, left } = progress;
    let (begin, end, doing) = match stage {
        Stage::Identify => (0.0, 0.02, "Looking for the chip"),
        Stage::Unprotect => (0.02, 0.02, "Lifting the protection"),
        Stage::Compare | Stage::Read => (0.02, 0.1, "Comparing"),
        Stage::Erase => (0.1, 0.2, "Erasing"),
        Stage::Write => (0.2, 0.6, "Writing"),
        Stage::Verify => (0.6, 0.97, "Reading back"),
        Stage::Protect => (0.97, 0.98, "Protecting"),
        Stage::Start => (0.98, 1.0, "Starting"),
    };
    let part = if total == 0 { 0.0 } else { (done as f32 / total as f32).clamp(0.0, 1.0) };
    let detail = match (rate, left) {
        (Some(rate), Some(left)) => {
            format!("{doing}: {done} of {total} bytes, {:.1} kB/s, {:.0} s left", rate / 1e3, left.as_secs_f64())
        }
        _ if total > 0 => format!("{doing}: {done} of {total} bytes"),
        _ => doing.to_owned(),
    };
    (begin + (end - begin) * part, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_exact_or_none() {
        for (factor, expected) in [(20.0, (20, 1)), (1.0, (1, 1)), (2.5, (5, 2)), (0.125, (1, 8)), (0.001, (1, 1000))] {
            assert_eq!(ratio(factor), Ratio::new(expected.0, expected.1), "{factor}");
        }
        for factor in [std::f64::consts::PI, 1e6, 1e-6, 0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(ratio(factor), None, "{factor}");
        }
        assert!(whole("", 2000.0).is_ok() && whole("", 0.5).is_err() && whole("", f64::NAN).is_err());
    }
}
