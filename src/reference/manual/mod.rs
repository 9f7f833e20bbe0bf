//! A bench without a wire: the operator sets the source, reads the reference and types what it shows.

use std::time::Duration;

use super::{BenchServices, Identity, InstrumentError, LoadPoint, Off, Reference, ReferenceReading, Source, ask_until};
use crate::clock::{Moment, sleep};
use crate::operator::{OperatorError, Prompt, Sketch, ask_number};
use crate::port::url::{DeviceUrl, UrlError};
use crate::units::{Amps, Volts, Watts};

pub mod entry;

use entry::Power;

/// Typed values are given again and again at this pace, so that whoever averages them sees time pass.
const INTERVAL: Duration = Duration::from_millis(200);

/// A load point is asked for so many times.
const TRIES: usize = 5;

/// Time for a person to go to a load point.
const PATIENCE: Duration = Duration::from_secs(600);

/// What the operator read at one load point.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Typed {
    u: Volts,
    i: Amps,
    p: Watts,
    pf: Option<f64>,
}

impl Typed {
    fn reading(self, at: Moment) -> ReferenceReading {
        let Self { u, i, p, pf } = self;
        ReferenceReading { at, u, i, p, q: None, s: None, pf, phase: None, f: None }
    }
}

/// The reference the operator reads.
pub struct ManualReference {
    services: BenchServices,
    model: String,
    serial: String,
    /// From the address, until the first load point has taken it.
    given: Option<Typed>,
    /// The load point the given values belong to.
    given_for: Option<LoadPoint>,
    current: Option<Typed>,
}

impl ManualReference {
    /// From `manual:`, with the options `model` and `serial` of the reference for the record, and `u`, `i` with `pf` or `p`
    /// for values that are known already; those hold for one load point.
    ///
    /// # Errors
    /// An unknown option, or one that cannot be read.
    pub fn from_url(url: &DeviceUrl, services: BenchServices) -> Result<Self, UrlError> {
        Self::check(url)?;
        let text = |name: &str| url.option(name).unwrap_or_default().to_owned();
        Ok(Self {
            services,
            model: text("model"),
            serial: text("serial"),
            given: given(url)?,
            given_for: None,
            current: None,
        })
    }

    /// What [`Self::from_url`] checks.
    ///
    /// # Errors
    /// As there.
    pub fn check(url: &DeviceUrl) -> Result<(), UrlError> {
        url.expect_options(&["u", "i", "p", "pf", "model", "serial"])?;
        given(url).map(|_| ())
    }

    /// Asks until the values are those of the load point: typed values do not settle by themselves, so waiting helps nobody.
    fn ask_all(&self, point: &LoadPoint) -> Result<Typed, InstrumentError> {
        let mut problem = None;
        let mut tries = 1;
        loop {
            let typed = self.ask_each(point, problem)?;
            let Some(shown) = point.missed_by(&typed.reading(Moment::START)) else { return Ok(typed) };
            let wanted = format!("the load point {:.1}, {:.3}, PF {}", point.u, point.i, point.pf);
            if tries >= TRIES {
                let question = format!("U, I and P of {wanted}");
                let answer = format!("{}, {}, {}", typed.u, typed.i, typed.p);
                return Err(InstrumentError::Typed { question, answer, problem: shown });
            }
            problem = Some(format!("That is not {wanted}: {shown}. Set the source and read the reference again"));
            tries += 1;
        }
    }

    fn ask_each(&self, point: &LoadPoint, problem: Option<String>) -> Result<Typed, InstrumentError> {
        let u = format!("U as the reference shows (load point {:.1})", point.u);
        let u = self.ask_about((u, problem), "V", point.u.0)?;
        let i = format!("I as the reference shows (load point {:.3})", point.i);
        let i = self.ask_about((i, None), "A", point.i.0)?;
        if i == 0.0 {
            return Ok(Typed { u: Volts(u), i: Amps(i), p: Watts(0.0), pf: None });
        }
        let wanted = point.u.0 * point.i.0 * point.pf.magnitude;
        let factor = point.pf.magnitude;
        let question = format!("P as the reference shows (about {wanted:.1} W), or the power factor as PF {factor}");
        ask_until(&*self.services.operator, &Prompt::text(question).with(Sketch::ReadDisplay), |answer| {
            let typed = typed(u, i, entry::power(answer)?)?;
            entry::near(typed.p.0, wanted, "W")?;
            Ok(typed)
        })
    }

    /// A value that is not far from the one wanted, and not negative.
    fn ask_about(
        &self,
        (question, problem): (String, Option<String>),
        unit: &'static str,
        wanted: f64,
    ) -> Result<f64, InstrumentError> {
        let [least, most] = entry::around(wanted);
        let prompt = Prompt::number(question, unit, [least.max(0.0), most]).with(Sketch::ReadDisplay).after(problem);
        ask_number(&*self.services.operator, &prompt).map_err(|source| unanswered(&prompt.question, source))
    }
}

impl Reference for ManualReference {
    fn identify(&mut self) -> Result<Identity, InstrumentError> {
        Ok(Identity {
            maker: "read by the operator".to_owned(),
            model: self.model.clone(),
            serial: self.serial.clone(),
            version: String::new(),
            simulated: false,
        })
    }

    fn read(&mut self) -> Result<ReferenceReading, InstrumentError> {
        let Some(typed) = self.current else {
            return Err(InstrumentError::Answer {
                instrument: "the operator".to_owned(),
                command: "a reading".to_owned(),
                answer: String::new(),
                problem: "nothing was asked yet: there was no load point".to_owned(),
            });
        };
        let clock = &self.services.clock;
        sleep(&**clock, INTERVAL);
        Ok(typed.reading(clock.now()))
    }

    fn load_point_changed(&mut self, point: &LoadPoint) -> Result<(), InstrumentError> {
        // Values of the last load point must not be read at this one, whatever happens while asking.
        self.current = None;
        if self.given.is_some() && self.given_for.is_none_or(|first| first == *point) {
            self.given_for = Some(*point);
            self.current = self.given.map(|given| belongs(given, point)).transpose()?;
        } else {
            self.current = Some(self.ask_all(point)?);
        }
        Ok(())
    }
}

/// The source the operator sets.
pub struct ManualSource {
    services: BenchServices,
    confirm: Confirm,
}

/// Whether the operator says when a load point is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// With Enter: needed where nothing but the operator sees the load point.
    Enter,
    /// The reference shows it.
    Reference,
}

impl ManualSource {
    /// A source set by the operator.
    #[must_use]
    pub fn new(services: BenchServices, confirm: Confirm) -> Self {
        Self { services, confirm }
    }

    /// From `manual:`, which takes no options here.
    ///
    /// # Errors
    /// There are options.
    pub fn from_url(url: &DeviceUrl, services: BenchServices, confirm: Confirm) -> Result<Self, UrlError> {
        url.expect_options(&[])?;
        Ok(Self::new(services, confirm))
    }
}

impl Source for ManualSource {
    fn identify(&mut self) -> Result<Identity, InstrumentError> {
        Ok(Identity {
            maker: "set by the operator".to_owned(),
            model: String::new(),
            serial: String::new(),
            version: String::new(),
            simulated: false,
        })
    }

    fn apply(&mut self, point: &LoadPoint) -> Result<(), InstrumentError> {
        let current = if point.i.0 == 0.0 { "current circuit open".to_owned() } else { format!("{:.3}", point.i) };
        let what = format!("Set the source to {:.1}, {current}, PF {}, {:.1}, switched on", point.u, point.pf, point.f);
        match self.confirm {
            Confirm::Reference => self.services.operator.tell(&what),
            Confirm::Enter => {
                let sketch = if point.i.0 == 0.0 { Sketch::LoadOff } else { Sketch::LoadOn };
                let prompt = Prompt::confirm(what).with(sketch);
                self.services.operator.ask(&prompt).map_err(|source| unanswered(&prompt.question, source))?;
            }
        }
        Ok(())
    }

    /// Does not wait: at the end of a cancelled run nobody may be there to answer.
    fn switch_off(&mut self) -> Result<Off, InstrumentError> {
        Ok(Off::ByHand)
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }
}

/// Values from the address: all of them or none.
fn given(url: &DeviceUrl) -> Result<Option<Typed>, UrlError> {
    if ["u", "i", "p", "pf"].iter().all(|name| url.option(name).is_none()) {
        return Ok(None);
    }
    let part = |name: &str| {
        url.option(name).ok_or_else(|| url.error(format!("{name} is missing; u, i and pf or p are given together")))
    };
    let bad = |name: &'static str| move |problem: String| url.error(format!("{name}: {problem}"));
    let u = entry::volts(part("u")?).map_err(bad("u"))?;
    let i = entry::amps(part("i")?).map_err(bad("i"))?;
    let power = match (url.option("p"), url.option("pf")) {
        (Some(p), None) => Power::Watts(entry::watts(p).map_err(bad("p"))?),
        (None, _) => Power::Factor(entry::factor(part("pf")?).map_err(bad("pf"))?),
        (Some(_), Some(_)) => return Err(url.error("p and pf say the same: give one of them")),
    };
    typed(u, i, power).map(Some).map_err(bad("p"))
}

fn typed(u: f64, i: f64, power: Power) -> Result<Typed, String> {
    let (p, pf) = match power {
        Power::Factor(pf) => (u * i * pf, Some(pf)),
        Power::Watts(p) => (p, None),
    };
    // A reference that shows more than U x I shows it of something else; its own tolerance is far below 2 %.
    if p.abs() > u * i * 1.02 {
        return Err(format!("{p:.1} W is more than U x I = {:.1} VA", u * i));
    }
    Ok(Typed { u: Volts(u), i: Amps(i), p: Watts(p), pf })
}

/// Values from the address are held against the load point like typed ones.
fn belongs(given: Typed, point: &LoadPoint) -> Result<Typed, InstrumentError> {
    let wanted = point.u.0 * point.i.0 * point.pf.magnitude;
    let near = entry::near(given.u.0, point.u.0, "V")
        .and_then(|_| entry::near(given.i.0, point.i.0, "A"))
        .and_then(|_| entry::near(given.p.0, wanted, "W"));
    near.map(|_| given).map_err(|problem| InstrumentError::Typed {
        question: "values in the address".to_owned(),
        answer: format!("{}, {}, {}", given.u, given.i, given.p),
        problem,
    })
}

fn unanswered(question: &str, source: OperatorError) -> InstrumentError {
    InstrumentError::Operator { question: question.to_owned(), source }
}

#[cfg(test)]
mod tests;
