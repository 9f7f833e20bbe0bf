//! Errors at a load point: voltage and current registers, and energy, once or several times.

use crate::meter::{Line, Reach};
use crate::procedure::error::StepError;
use crate::procedure::position::Position;
use crate::procedure::position::assess::Doubt;
use crate::procedure::position::averages::{Average, Until};
use crate::procedure::position::energy::{EnergyError, Wanted};
use crate::procedure::report::Measurement;
use crate::procedure::rounding;
use crate::procedure::uncertainty::Standard;
use crate::profile::inventory::Measurand;
use crate::profile::procedure::EnergyMethod;
use crate::profile::verification::{Accuracy, Series};
use crate::reference::LoadPoint;
use crate::units::Percent;

/// Steps of the chip's registers with their lower word, and of what a link without registers shows.
const VOLTS: (f64, f64) = (0.01 / 65536.0, 0.01);
const AMPS: (f64, f64) = (0.001 / 65536.0, 0.01);

/// Several errors of one load point.
pub(super) struct Errors {
    /// Each of them, in percent.
    pub single: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// Standard deviation of the single error; none of one alone.
    pub deviation: Option<f64>,
    /// Standard uncertainty of the mean, from the measurement or from the scatter, whichever says more.
    pub uncertainty: Option<Standard>,
    /// How they were obtained.
    pub method: &'static str,
}

impl Position<'_> {
    /// Measures voltage, current and energy as a user of the meter would, and compares with the limits.
    pub(in crate::procedure::position) fn accuracy(
        &mut self,
        name: &str,
        accuracy: &Accuracy,
        point: &LoadPoint,
    ) -> Result<String, StepError> {
        let plan = self.around.plan;
        if self.meter.reach() == Reach::Readings && plan.procedure.energy.method == EnergyMethod::Registers {
            return self.verify_readings(name, accuracy, point);
        }
        let limits = &accuracy.limits;
        let lines = self.measured_lines()?;
        let mut words = Vec::new();
        let currents = if limits.current.is_some() { lines.as_slice() } else { &[] };
        self.settle_at(point, currents, accuracy.series.settle)?;
        if limits.voltage.is_some() || limits.current.is_some() {
            let rms = &plan.procedure.rms;
            let until = Until { min: rms.min, max: rms.max, known_to: Some(rms.verify_uncertainty) };
            let averages = self.guarded(|position| {
                position.average(currents, until, |position, part| {
                    position.progress(part * 0.3, "Averaging meter and reference".to_owned());
                })
            })?;
            let scale = plan.meter.calibration.current_scale;
            let source = accuracy.limit_source.as_str();
            let voltage = (Measurand::Voltage, point, self.step(VOLTS));
            words.push(self.judge_average(
                (name, source),
                "voltage_error",
                (averages.u, 1.0),
                voltage,
                limits.voltage,
            )?);
            for (line, average) in averages.i {
                let quantity = format!("current_error_{line}");
                let current = (Measurand::Current, point, self.step(AMPS) * scale);
                words.push(self.judge_average((name, source), &quantity, (average, scale), current, limits.current)?);
            }
        }
        if let Some(limit) = limits.energy {
            for &line in &lines {
                let errors = self.energy_series(line, point, &accuracy.series)?;
                let quantity = if lines.len() > 1 { format!("energy_error_{line}") } else { "energy_error".to_owned() };
                words.push(self.record_errors((name, point), &quantity, &errors, (limit, &accuracy.limit_source))?);
            }
            self.select_line(plan.meter.registers.m_mode.0)?;
        }
        self.still_the_same()?;
        words.retain(|word| !word.is_empty());
        Ok(words.join(", "))
    }

    /// Measures the energy error of a line as often as wanted.
    pub(super) fn energy_series(
        &mut self,
        line: Line,
        point: &LoadPoint,
        series: &Series,
    ) -> Result<Errors, StepError> {
        let plan = self.around.plan;
        let times = &plan.procedure.energy;
        let wanted = Wanted {
            uncertainty: series.uncertainty.unwrap_or(times.verify_uncertainty),
            max: series.timeout.unwrap_or(times.max),
        };
        self.select_line(plan.mmode_for(line))?;
        for _ in 0..series.discards {
            self.guarded(|position| position.energy_error(line, point, wanted))?;
        }
        let mut found = Vec::with_capacity(usize::from(series.repeats));
        for _ in 0..series.repeats {
            found.push(self.guarded(|position| position.energy_error(line, point, wanted))?);
        }
        Ok(Errors::of(&found))
    }

    /// Records the mean with its limit, and beside it what a certificate prints and what an auditor wants to see.
    pub(super) fn record_errors(
        &mut self,
        (name, point): (&str, &LoadPoint),
        quantity: &str,
        errors: &Errors,
        (limit, source): (Percent, &str),
    ) -> Result<String, StepError> {
        let mean = Percent(errors.mean);
        let judged = Measurement::judged(quantity, name, (mean.0, "%"), Some((-limit.0, limit.0)))
            .limited_by(source)
            .obtained(errors.method, errors.uncertainty.map(|standard| standard.value));
        // The register's steps are what scatters.
        let doubt = Doubt { measurand: Measurand::Energy, point, scatter: errors.uncertainty, meter_step: 0.0 };
        self.record(self.assess(judged, doubt)?);
        let beside = |suffix: &str, value: f64, method: &'static str| {
            Measurement::judged(format!("{quantity}_{suffix}"), name, (value, "%"), None).obtained(method, None)
        };
        let mut words = format!("energy {mean}");
        if let Some(deviation) = errors.deviation {
            for (number, error) in errors.single.iter().enumerate() {
                self.record(beside(&(number + 1).to_string(), *error, errors.method));
            }
            self.record(beside("deviation", deviation, "standard deviation of the single error"));
            words += &format!(", mean of {}, s {deviation:.4} %", errors.single.len());
        }
        if let Some(standard) = &self.around.plan.procedure.standard
            && let Some(step) = rounding::step(&standard.class)
        {
            let rounded = rounding::rounded(mean, step);
            self.record(beside("rounded", rounded.0, "rounded to a tenth of the class, a half to the even step"));
        }
        Ok(words)
    }

    /// Step of a reading over this link, from the step with and without the chip's lower word.
    fn step(&self, (word, shown): (f64, f64)) -> f64 {
        if self.meter.reach().registers() { word } else { shown }
    }

    fn judge_average(
        &mut self,
        (name, source): (&str, &str),
        quantity: &str,
        (average, scale): (Average, f64),
        (measurand, point, step): (Measurand, &LoadPoint, f64),
        limit: Option<Percent>,
    ) -> Result<String, StepError> {
        let error = Percent::error(average.meter * scale, average.reference);
        let Some(limit) = limit else { return Ok(String::new()) };
        let measurement = Measurement::judged(quantity, name, (error.0, "%"), Some((-limit.0, limit.0)))
            .limited_by(source)
            .obtained("averaged together", Some(average.uncertainty * 100.0));
        let doubt = Doubt {
            measurand,
            point,
            scatter: Some(Standard::scatter(average.uncertainty * 100.0, average.freedom)),
            meter_step: step / average.reference * 100.0,
        };
        self.record(self.assess(measurement, doubt)?);
        let word = quantity.split('_').next().unwrap_or(quantity);
        Ok(format!("{word} {error}"))
    }
}

impl Errors {
    fn of(found: &[EnergyError]) -> Self {
        let single: Vec<f64> = found.iter().map(|found| found.error.0).collect();
        let n = single.len() as f64;
        let mean = single.iter().sum::<f64>() / n;
        let squares: f64 = single.iter().map(|error| (error - mean).powi(2)).sum();
        let deviation = (single.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
        let each = |found: &EnergyError| {
            let uncertainty = found.uncertainty?.0 / n;
            Some(Standard { value: uncertainty, freedom: found.freedom })
        };
        let measured: Option<Vec<Standard>> = found.iter().map(each).collect();
        let measured = measured.map(|parts| Standard::combined(&parts));
        let scattered = deviation.map(|deviation| Standard::scatter(deviation / n.sqrt(), n - 1.0));
        let larger = |a: Standard, b: Standard| if b.value > a.value { b } else { a };
        Self {
            mean,
            deviation,
            uncertainty: measured.into_iter().chain(scattered).reduce(larger),
            method: found.first().map_or("", |found| found.method),
            single,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_as_certain_as_its_scatter_allows() {
        let found = |error: f64, uncertainty: Option<f64>| EnergyError {
            error: Percent(error),
            uncertainty: uncertainty.map(Percent),
            freedom: uncertainty.map(|_| 50.0),
            method: "energy register",
            phi: 0.0,
        };
        let errors = Errors::of(&[0.1, 0.2, 0.3].map(|error| found(error, Some(0.003))));
        assert!((errors.mean - 0.2).abs() < 1e-12);
        assert!((errors.deviation.expect("three") - 0.1).abs() < 1e-12);
        let scattered = errors.uncertainty.expect("known");
        assert!((scattered.value - 0.1 / 3.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(scattered.freedom, Some(2.0));
        let alike = Errors::of(&[found(0.2, Some(0.004)), found(0.2, Some(0.003))]);
        let measured = alike.uncertainty.expect("known");
        assert!((measured.value - 0.0025).abs() < 1e-12);
        // Welch and Satterthwaite, by hand: 0.0025⁴ / ((0.002⁴ + 0.0015⁴) / 50).
        assert!((measured.freedom.expect("known") - 92.73).abs() < 0.01, "{measured:?}");
        let one = Errors::of(&[found(-0.4, None)]);
        assert_eq!((one.mean, one.deviation, one.uncertainty), (-0.4, None, None));
    }
}
