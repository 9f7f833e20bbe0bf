//! Meter and reference averaged together over the same time.

use std::time::Duration;

use super::Position;
use crate::clock::Moment;
use crate::meter::{Line, Quantity};
use crate::procedure::error::StepError;
use crate::procedure::event::MeterReading;
use crate::procedure::feed::Stretch;
use crate::reference::ReferenceReading;
use crate::units::{Amps, Volts};

/// One quantity over a stretch of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Average {
    /// Mean of the meter's readings, in its register's unit.
    pub meter: f64,
    /// Mean of what the reference showed at the same moments.
    pub reference: f64,
    /// Standard uncertainty of their ratio, relative, from the scatter.
    pub uncertainty: f64,
}

/// Voltage and currents over a stretch of time.
#[derive(Clone, Debug)]
pub(super) struct Averages {
    /// Voltage.
    pub u: Average,
    /// Current per line, in register amperes of the meter and real ones of the reference.
    pub i: Vec<(Line, Average)>,
}

struct Samples {
    quantity: Quantity,
    points: Vec<(Moment, f64)>,
}

impl Samples {
    fn new(quantity: Quantity) -> Self {
        Self { quantity, points: Vec::new() }
    }

    /// Each reading is set against the reference's value of the same moment, so what the source does cancels out.
    fn average(&self, stretch: &Stretch, of: impl Fn(&ReferenceReading) -> f64 + Copy) -> Average {
        let n = self.points.len() as f64;
        let reference = self.points.iter().map(|(at, _)| stretch.at(*at, of)).sum::<f64>() / n;
        let meter = self.points.iter().map(|(_, value)| value).sum::<f64>() / n;
        let ratio = meter / reference;
        let squares: f64 =
            self.points.iter().map(|(at, value)| (value / stretch.at(*at, of) / ratio - 1.0).powi(2)).sum();
        Average { meter, reference, uncertainty: (squares / (n - 1.0).max(1.0) / n).sqrt() }
    }
}

impl Position<'_> {
    /// Reads voltage and the currents of `lines` in turn for `time`, and averages them with the reference.
    pub(super) fn average(
        &mut self,
        lines: &[Line],
        time: Duration,
        mut each: impl FnMut(&Self, f64),
    ) -> Result<Averages, StepError> {
        let from = self.now();
        let mut u = Samples::new(Quantity::Urms);
        let mut i: Vec<(Line, Samples)> =
            lines.iter().map(|&line| (line, Samples::new(Quantity::Irms(line)))).collect();
        loop {
            self.sample(&mut u)?;
            for (_, samples) in &mut i {
                self.sample(samples)?;
            }
            self.show_newest(&u, &i);
            let elapsed = self.now().since(from);
            each(self, elapsed.as_secs_f64() / time.as_secs_f64());
            if elapsed >= time {
                break;
            }
        }
        let to = self.now();
        self.reference_at(to)?;
        let stretch = self.around.feed.stretch(from, to)?;
        let u = u.average(&stretch, |reading| reading.u.0);
        let i = i.iter().map(|(line, samples)| (*line, samples.average(&stretch, |reading| reading.i.0))).collect();
        Ok(Averages { u, i })
    }

    fn sample(&mut self, samples: &mut Samples) -> Result<(), StepError> {
        self.around.control.checkpoint()?;
        let start = self.now();
        let value = self.meter.quantity(samples.quantity)?;
        let middle = start + self.now().since(start) / 2;
        samples.points.push((middle, value));
        Ok(())
    }

    fn show_newest(&self, u: &Samples, i: &[(Line, Samples)]) {
        let newest = |samples: &Samples| samples.points.last().copied();
        let current = i.first().and_then(|(_, samples)| newest(samples)).map_or(0.0, |(_, amps)| amps);
        if let Some((at, volts)) = newest(u) {
            let i = self.around.plan.amps_from_register(current);
            self.show(MeterReading { at, u: Volts(volts), i: Amps(i.0) });
        }
    }
}
