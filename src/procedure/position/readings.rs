//! Verification of a meter that shows readings and no registers: what it prints against the reference at the same moments.

use std::time::Duration;

use super::Position;
use super::assess::Doubt;
use crate::clock::Moment;
use crate::meter::Readings;
use crate::procedure::error::StepError;
use crate::procedure::report::Measurement;
use crate::procedure::uncertainty::Standard;
use crate::profile::inventory::Measurand;
use crate::profile::verification::Accuracy;
use crate::reference::{LoadPoint, ReferenceReading};
use crate::units::Percent;

/// Fewer readings than this tell nothing of their scatter.
const FEWEST: usize = 5;
/// Readings that keep coming are taken as long as the procedure averages; a log that is printed rarely gets so much longer.
const PATIENCE: u32 = 20;

/// Steps of what the stock firmware prints: Urms has 0.01 V, the halved current in 0.01 A is doubled, the power factor has two digits, and
/// the power is the product of the three (SAM_UART.cpp of the OpenSmartMeter).
const VOLTS: f64 = 0.01;
const AMPERES: f64 = 0.02;
const POWER_FACTOR: f64 = 0.01;

/// One quantity: its name, the reading's value, the relative steps it is printed in, the reference's value, its limit.
type Quantity =
    (&'static str, fn(&Readings) -> f64, fn(&Readings) -> f64, fn(&ReferenceReading) -> f64, Option<Percent>);

impl Position<'_> {
    /// Averages readings until scatter and rounding are below a tenth of each limit; a limit that the log's digits cannot keep is an ERROR. Power stands for energy: the log counts too coarsely.
    pub(super) fn verify_readings(
        &mut self,
        name: &str,
        accuracy: &Accuracy,
        point: &LoadPoint,
    ) -> Result<String, StepError> {
        let plan = self.around.plan;
        let (line, scale) = (plan.metered_line(), plan.meter.calibration.current_scale);
        let rms = &plan.procedure.rms;
        let limits = &accuracy.limits;
        let quantities: [Quantity; 3] = [
            ("voltage_error", |shown| shown.u, |shown| VOLTS / shown.u, |truth| truth.u.0, limits.voltage),
            ("current_error", |shown| shown.i, |shown| AMPERES / shown.i, |truth| truth.i.0, limits.current),
            ("power_error", |shown| shown.p, steps_of_power, |truth| truth.p.0, limits.energy),
        ];
        // The log may still tell of the load point before.
        self.wait(plan.procedure.stability.window)?;
        let from = self.now();
        let longest: Duration = rms.max * PATIENCE;
        let mut shown: Vec<(Moment, Readings)> = Vec::new();
        let judged = loop {
            self.around.control.checkpoint()?;
            let readings = self.meter.readings(line, scale)?;
            shown.push((self.now(), readings));
            let elapsed = self.now().since(from);
            self.progress(
                elapsed.as_secs_f64() / longest.as_secs_f64(),
                format!("{} readings of the log", shown.len()),
            );
            if shown.len() < FEWEST || elapsed < rms.min {
                continue;
            }
            let to = self.now();
            self.reference_at(to)?;
            let stretch = self.around.feed.stretch(from, to)?;
            let mut judged = Vec::new();
            let mut unsure = None;
            for (name, of_meter, steps, of_reference, limit) in quantities {
                let Some(limit) = limit else { continue };
                let errors = shown
                    .iter()
                    .map(|(at, readings)| Percent::error(of_meter(readings), stretch.at(*at, of_reference)).0)
                    .collect::<Vec<_>>();
                let (mean, scatter) = mean_and_uncertainty(&errors);
                let uncertainty = scatter.hypot(rounding(steps(&readings)));
                // What is no number is not known well enough.
                if uncertainty.is_nan() || uncertainty > limit.0 / 10.0 {
                    unsure = Some((name, uncertainty, limit.0 / 10.0));
                }
                judged.push((name, mean, uncertainty, limit.0));
            }
            match unsure {
                None => break judged,
                Some((quantity, achieved_percent, target_percent)) if elapsed >= longest => {
                    let seconds = elapsed.as_secs_f64();
                    return Err(StepError::Uncertain { quantity, seconds, achieved_percent, target_percent });
                }
                Some(_) => {}
            }
        };
        let mut words = Vec::new();
        for (quantity, error, uncertainty, limit) in judged {
            let measurement = Measurement::judged(quantity, name, (error, "%"), Some((-limit, limit)))
                .limited_by(&accuracy.limit_source)
                .obtained("readings of the log", Some(uncertainty));
            let measurand = match quantity {
                "voltage_error" => Measurand::Voltage,
                "current_error" => Measurand::Current,
                _ => Measurand::Energy,
            };
            // Its digits are in the uncertainty already.
            let scatter = Some(Standard::scatter(uncertainty, shown.len() as f64 - 1.0));
            let doubt = Doubt { measurand, point, scatter, meter_step: 0.0 };
            self.record(self.assess(measurement, doubt)?);
            words.push(format!("{} {}", quantity.split('_').next().unwrap_or(quantity), Percent(error)));
        }
        Ok(words.join(", "))
    }
}

fn steps_of_power(shown: &Readings) -> f64 {
    (VOLTS / shown.u).hypot(AMPERES / shown.i).hypot(POWER_FACTOR / shown.pf)
}

/// Standard uncertainty in percent of a value that is printed in these relative steps: any place between two of them is as likely.
fn rounding(relative_step: f64) -> f64 {
    relative_step.abs() / 12_f64.sqrt() * 100.0
}

fn mean_and_uncertainty(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}
