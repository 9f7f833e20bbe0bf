//! Meter and reference averaged together over the same time.

use std::time::Duration;

use super::Position;
use crate::clock::Moment;
use crate::meter::{Line, Quantity};
use crate::procedure::error::StepError;
use crate::procedure::event::MeterReading;
use crate::procedure::feed::Stretch;
use crate::reference::ReferenceReading;
use crate::units::{Percent, Volts};

/// One quantity over a stretch of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Average {
    /// Mean of the meter's readings, in its register's unit.
    pub meter: f64,
    /// Mean of what the reference showed at the same moments.
    pub reference: f64,
    /// Standard uncertainty of their ratio, relative, from the scatter.
    pub uncertainty: f64,
    /// Degrees of freedom of that scatter.
    pub freedom: f64,
}

/// Voltage and currents over a stretch of time.
#[derive(Clone, Debug)]
pub(super) struct Averages {
    /// Voltage.
    pub u: Average,
    /// Current per line, in register amperes of the meter and real ones of the reference.
    pub i: Vec<(Line, Average)>,
}

/// Readings of so long make one block.
const BLOCK: Duration = Duration::from_millis(500);
/// A scatter of fewer blocks says nothing.
const FEWEST_BLOCKS: usize = 4;

/// Where too few blocks came in the time, it is so many times as long.
const MOST_TIMES: u32 = 3;

/// At the end of the time a result this many times less certain than wanted still serves.
pub(super) const ENOUGH: f64 = 4.0;

/// How long to average.
#[derive(Clone, Copy, Debug)]
pub(super) struct Until {
    /// At least so long.
    pub min: Duration,
    /// At most so long, unless hardly a reading came.
    pub max: Duration,
    /// In between until the ratios are known to this standard uncertainty; at the end [`ENOUGH`] times it still serves.
    pub known_to: Option<Percent>,
}

impl Until {
    /// A fixed time.
    pub(super) fn over(time: Duration) -> Self {
        Self { min: time, max: time, known_to: None }
    }
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
        let (uncertainty, freedom) = self.uncertainty(stretch, of);
        Average { meter, reference, uncertainty, freedom }
    }

    /// From the scatter of the means of blocks: the chip renews its values more slowly than they can be read, so single
    /// readings repeat each other and their scatter would promise too much.
    fn uncertainty(&self, stretch: &Stretch, of: impl Fn(&ReferenceReading) -> f64) -> (f64, f64) {
        let Some((start, _)) = self.points.first() else { return (f64::INFINITY, 1.0) };
        let mut blocks: Vec<(f64, f64)> = Vec::new();
        for (at, value) in &self.points {
            let block = (at.since(*start).as_secs_f64() / BLOCK.as_secs_f64()) as usize;
            blocks.resize(blocks.len().max(block + 1), (0.0, 0.0));
            if let Some((sum, count)) = blocks.get_mut(block) {
                *sum += value / stretch.at(*at, &of);
                *count += 1.0;
            }
        }
        // The last block may have hardly begun.
        blocks.pop();
        let means: Vec<f64> = blocks.iter().filter(|(_, count)| *count > 0.0).map(|(sum, count)| sum / count).collect();
        let n = means.len() as f64;
        let mean = means.iter().sum::<f64>() / n;
        let squares: f64 = means.iter().map(|block| (block / mean - 1.0).powi(2)).sum();
        if means.len() < FEWEST_BLOCKS {
            return (f64::INFINITY, 1.0);
        }
        ((squares / (n - 1.0) / n).sqrt(), n - 1.0)
    }
}

impl Averages {
    fn known_enough(self, until: Until, elapsed: Duration) -> Result<Self, StepError> {
        let achieved = Percent::from_fraction(self.uncertainty());
        match until.known_to {
            Some(_) if achieved.0.is_infinite() => {
                Err(StepError::TooFew { quantity: "voltage or current", seconds: elapsed.as_secs_f64() })
            }
            Some(target) if achieved.0 > target.0 * ENOUGH => Err(StepError::Uncertain {
                quantity: "the ratio of voltage or current",
                seconds: elapsed.as_secs_f64(),
                achieved_percent: achieved.0,
                target_percent: target.0,
            }),
            _ => Ok(self),
        }
    }

    /// The largest of the ratios' uncertainties, relative.
    fn uncertainty(&self) -> f64 {
        self.i.iter().map(|(_, current)| current.uncertainty).fold(self.u.uncertainty, f64::max)
    }
}

fn averages(u: &Samples, i: &[(Line, Samples)], stretch: &Stretch) -> Averages {
    Averages {
        u: u.average(stretch, |reading| reading.u.0),
        i: i.iter().map(|(line, samples)| (*line, samples.average(stretch, |reading| reading.i.0))).collect(),
    }
}

impl Position<'_> {
    /// Reads voltage and the currents of `lines` in turn, and averages them with the reference.
    pub(super) fn average(
        &mut self,
        lines: &[Line],
        until: Until,
        mut each: impl FnMut(&Self, f64),
    ) -> Result<Averages, StepError> {
        let from = self.now();
        let mut look_at = until.min;
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
            each(self, elapsed.as_secs_f64() / until.max.as_secs_f64());
            if elapsed < look_at {
                continue;
            }
            look_at = elapsed + BLOCK;
            let known = averages(&u, &i, &self.around.feed.so_far(from)?).uncertainty();
            let wanted = until.known_to.map_or(0.0, Percent::fraction);
            let max = if known.is_infinite() && until.known_to.is_some() { until.max * MOST_TIMES } else { until.max };
            if known <= wanted || elapsed >= max {
                let to = self.now();
                self.reference_at(to)?;
                let averages = averages(&u, &i, &self.around.feed.stretch(from, to)?);
                return averages.known_enough(until, elapsed);
            }
        }
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
        let current = i.first().and_then(|(_, samples)| newest(samples));
        if let Some((at, volts)) = newest(u) {
            let i = current.map(|(_, amps)| self.around.plan.amps_from_register(amps));
            self.show(MeterReading { at, u: Volts(volts), i });
        }
    }
}
