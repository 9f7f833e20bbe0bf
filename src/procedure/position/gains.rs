//! Step: Ugain and Igain at Un, Ib, PF 1.

use m90e26::Register;

use super::Position;
use super::averages::{Averages, Until};
use crate::calibration::formula;
use crate::meter::{Line, Quantity};
use crate::procedure::error::StepError;
use crate::procedure::plan::Step;
use crate::procedure::report::Measurement;
use crate::units::{Amps, Percent, Volts};

/// Below this part of the reference's value a channel counts as dead.
const DEAD: f64 = 0.05;
/// A phase angle beyond this at PF 1 is a reversed current.
const REVERSED_DEGREES: f64 = 90.0;

impl Position<'_> {
    /// Waits for stability, looks whether the readings make sense at all, averages, and writes Ugain and Igain.
    pub(super) fn gains(&mut self) -> Result<String, StepError> {
        let lines = self.around.plan.lines().to_vec();
        let averages = self.guarded(|position| {
            if let Some(point) = position.around.plan.load_point(Step::Gains) {
                position.settle_plausibly(&point, &lines)?;
            }
            let rms = &position.around.plan.procedure.rms;
            let until = Until { min: rms.min, max: rms.max, known_to: Some(rms.target_uncertainty) };
            position.average(&lines, until, |position, part| {
                position.progress(part, "Averaging meter and reference".to_owned());
            })
        })?;
        self.write_gains(&averages)
    }

    fn settle_plausibly(&mut self, point: &crate::reference::LoadPoint, lines: &[Line]) -> Result<(), StepError> {
        self.look_plausible(lines)?;
        self.settle(point, lines).map(|_| ())
    }

    /// A dead or swapped channel is told apart here, where its cause can still be seen.
    fn look_plausible(&mut self, lines: &[Line]) -> Result<(), StepError> {
        let reference = self.reference_at(self.now())?;
        let volts = self.meter.quantity(Quantity::Urms)?;
        if volts < DEAD * reference.u.0 {
            return Err(StepError::NoVoltage { meter_volts: volts, reference_volts: reference.u.0 });
        }
        for &line in lines {
            let amps = self.meter.quantity(Quantity::Irms(line))?;
            let real = self.around.plan.amps_from_register(amps).0;
            if real < DEAD * reference.i.0 {
                let other_amps = self.meter.quantity(Quantity::Irms(line.other()))?;
                let on_other_line = !lines.contains(&line.other()) && other_amps > amps.max(0.001) * 10.0;
                let reference_amps = reference.i.0;
                return Err(StepError::NoCurrent { line, meter_amps: real, reference_amps, other_amps, on_other_line });
            }
            let degrees = self.meter.quantity(Quantity::Angle(line))?;
            if degrees.abs() > REVERSED_DEGREES {
                return Err(StepError::Reversed { line, degrees });
            }
        }
        Ok(())
    }

    fn write_gains(&mut self, averages: &Averages) -> Result<String, StepError> {
        let plausible = self.around.plan.meter.plausible.clone();
        let mut set = self.registers.clone();
        let voltage = averages.u;
        self.as_found("voltage_error", voltage.meter, voltage.reference);
        let ugain =
            formula::ugain(self.registers.get(Register::Ugain)?, Volts(voltage.reference), Volts(voltage.meter))?;
        self.judge_constant(Register::Ugain, i32::from(ugain), Some(plausible.ugain))?;
        set.set(Register::Ugain, ugain)?;
        let mut words = format!("Ugain 0x{ugain:04X}");
        for (line, current) in &averages.i {
            let old = self.registers.get(line.igain())?;
            let real = current.reference;
            self.as_found(&format!("current_error_{line}"), self.around.plan.amps_from_register(current.meter).0, real);
            let shown = real / self.around.plan.meter.calibration.current_scale;
            let igain = formula::igain(*line, old, Amps(shown), Amps(current.meter))?;
            self.judge_constant(line.igain(), i32::from(igain), plausible.igain(*line))?;
            set.set(line.igain(), igain)?;
            words += &format!(", {} 0x{igain:04X}", line.igain());
            if let Some(findings) = self.findings.iter_mut().find(|findings| findings.line == *line) {
                findings.current = Some((current.meter, shown, old));
            }
        }
        self.guarded(|position| position.apply(&set))?;
        Ok(words)
    }

    /// The error with the registers the calibration starts from; not judged.
    fn as_found(&mut self, name: &str, meter: f64, reference: f64) {
        let error = Percent::error(meter, reference).0;
        let measurement = Measurement::judged(format!("{name}_start"), "Un, Ib, PF 1.0", (error, "%"), None);
        self.record(measurement.obtained("averaged together", None));
    }

    /// Records a constant with its window, and stops when it is outside: it smells of a wrong part or a wrong wire.
    pub(super) fn judge_constant(
        &mut self,
        register: Register,
        value: i32,
        window: Option<[i32; 2]>,
    ) -> Result<(), StepError> {
        let limits = window.map(|[low, high]| (f64::from(low), f64::from(high)));
        let measurement = Measurement::judged(register.name(), "", (f64::from(value), ""), limits)
            .limited_by("plausible values of the meter profile")
            .obtained("computed", None);
        self.record(measurement);
        match window {
            Some([low, high]) if !(low..=high).contains(&value) => {
                Err(StepError::Implausible { register, value, low, high })
            }
            _ => Ok(()),
        }
    }
}
