//! Between text and quantities: what a load point is as commands, and what an answer is as values.
//!
//! No port and no clock in here. What is not a number is never one: dashes, `NAN`, `INF`, SCPI-99's 9.9E37 (infinity)
//! and 9.91E37 (not a number), an empty field and a wrong count of fields are all refused.

use crate::clock::Moment;
use crate::profile::instrument::{
    Field, Identify, IdentityField, PhaseSign, PowerFrom, Quantity, ReadQuery, SourceCommands,
};
use crate::profile::template::TemplateValues;
use crate::reference::{Identity, LoadPoint, ReferenceReading};
use crate::units::Amps;
use crate::units::{Degrees, Hertz, Vars, VoltAmps, Volts, Watts};

/// From here on a number is one of SCPI's ways to say that there is none.
const NO_NUMBER: f64 = 9.0e36;

/// Why a field is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoNumber {
    /// The instrument says that it has no value.
    Absent,
    /// Neither a number nor a known way to say that there is none.
    Nonsense,
}

/// One field as a number.
///
/// # Errors
/// There is no value in it, or no sense.
pub fn number(text: &str) -> Result<f64, NoNumber> {
    const ABSENT: [&str; 9] = ["NAN", "INF", "INFINITY", "NINF", "OVER", "OVERFLOW", "OF", "OL", "ERROR"];
    let text = text.trim();
    let word = text.trim_start_matches(['+', '-']);
    if word.is_empty() || ABSENT.iter().any(|absent| word.eq_ignore_ascii_case(absent)) {
        return Err(NoNumber::Absent);
    }
    // Rust reads more than instruments write, "infinity" for one; so the characters are looked at first.
    if !word.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-')) {
        return Err(NoNumber::Nonsense);
    }
    match text.parse::<f64>() {
        Ok(value) if value.abs() < NO_NUMBER => Ok(value),
        Ok(_) => Err(NoNumber::Absent),
        Err(_) => Err(NoNumber::Nonsense),
    }
}

/// Values collected from the answers of one reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Values([Option<f64>; 8]);

impl Values {
    fn slot(quantity: Quantity) -> usize {
        match quantity {
            Quantity::U => 0,
            Quantity::I => 1,
            Quantity::P => 2,
            Quantity::Q => 3,
            Quantity::S => 4,
            Quantity::Pf => 5,
            Quantity::Phase => 6,
            Quantity::F => 7,
        }
    }

    /// One value, if an answer held it.
    #[must_use]
    pub fn of(&self, quantity: Quantity) -> Option<f64> {
        self.0.get(Self::slot(quantity)).copied().flatten()
    }

    /// Takes what the profile wants from one answer.
    ///
    /// # Errors
    /// Says what is wrong with the answer.
    pub fn take(&mut self, query: &ReadQuery, answer: &str) -> Result<(), String> {
        let fields: Vec<&str> = answer.split(query.separator).map(str::trim).collect();
        if let Some(count) = query.field_count
            && fields.len() != count
        {
            return Err(format!("{count} fields are expected, {} came", fields.len()));
        }
        for field in &query.fields {
            let text = find(field, &fields)?;
            let quantity = field.quantity;
            let value = match number(text) {
                Ok(value) => Some(value * field.scale + field.offset),
                Err(NoNumber::Absent) if field.may_be_absent => None,
                Err(NoNumber::Absent) => return Err(format!("there is no value for {quantity:?}: {text:?}")),
                Err(NoNumber::Nonsense) => return Err(format!("{text:?} is no number for {quantity:?}")),
            };
            if let (Some(value), Some(slot)) = (value, self.0.get_mut(Self::slot(quantity))) {
                believable(quantity, value)?;
                *slot = Some(value);
            }
        }
        Ok(())
    }

    /// The reading made of all answers.
    ///
    /// # Errors
    /// Voltage, current or power is missing.
    pub fn reading(&self, power: PowerFrom, at: Moment) -> Result<ReferenceReading, String> {
        let need = |quantity| self.of(quantity).ok_or_else(|| format!("there is no value for {quantity:?}"));
        let (u, i) = (need(Quantity::U)?, need(Quantity::I)?);
        let p = match power {
            PowerFrom::Measured => need(Quantity::P)?,
            PowerFrom::UIPf => u * i * need(Quantity::Pf)?,
        };
        Ok(ReferenceReading {
            at,
            u: Volts(u),
            i: Amps(i),
            p: Watts(p),
            q: self.of(Quantity::Q).map(Vars),
            s: self.of(Quantity::S).map(VoltAmps),
            pf: self.of(Quantity::Pf),
            phase: self.of(Quantity::Phase).map(|degrees| Degrees(half_turn(degrees))),
            f: self.of(Quantity::F).map(Hertz),
        })
    }
}

fn find<'a>(field: &Field, fields: &[&'a str]) -> Result<&'a str, String> {
    if let Some(index) = field.index {
        return fields.get(index).copied().ok_or_else(|| format!("there is no field {index}"));
    }
    let label = field.after.as_deref().unwrap_or_default();
    let mut found = fields.iter().filter_map(|text| after_label(text, label));
    match (found.next(), found.next()) {
        (Some(value), None) => Ok(value),
        (None, _) => Err(format!("no field is named {label:?}")),
        (Some(_), Some(_)) => Err(format!("more than one field is named {label:?}")),
    }
}

/// What follows the label, which begins the field or stands behind a colon: `UL1:` is not the end of `XUL1:`.
fn after_label<'a>(field: &'a str, label: &str) -> Option<&'a str> {
    let starts = std::iter::once(0).chain(field.match_indices(':').map(|(colon, _)| colon + 1));
    starts.filter_map(|start| field.get(start..)).find_map(|rest| {
        let (head, value) = rest.split_at_checked(label.len())?;
        head.eq_ignore_ascii_case(label).then_some(value)
    })
}

/// Bounds no bench reaches: beyond them the answer is something else than the profile says.
fn believable(quantity: Quantity, value: f64) -> Result<(), String> {
    let (low, high) = match quantity {
        Quantity::U => (0.0, 10_000.0),
        Quantity::I => (0.0, 100_000.0),
        Quantity::P | Quantity::Q | Quantity::S => (-1e9, 1e9),
        Quantity::Pf => (-1.01, 1.01),
        Quantity::Phase => (-360.0, 360.0),
        Quantity::F => (0.0, 1000.0),
    };
    if (low..=high).contains(&value) { Ok(()) } else { Err(format!("{value} is out of range for {quantity:?}")) }
}

fn half_turn(degrees: f64) -> f64 {
    match degrees {
        over if over > 180.0 => over - 360.0,
        under if under < -180.0 => under + 360.0,
        within => within,
    }
}

/// Whether an identification is that of the instrument the profile is for.
#[must_use]
pub fn is_expected(identify: &Identify, answer: &str) -> bool {
    let answer = answer.to_ascii_lowercase();
    identify.expect.iter().all(|part| answer.contains(&part.to_ascii_lowercase()))
}

/// The parts of an identification.
#[must_use]
pub fn identity(identify: &Identify, answer: &str) -> Identity {
    let mut parts = answer.split(',').map(|part| part.trim().to_owned());
    let simulated = answer.contains("SIMULATED");
    let none = String::new;
    let mut identity = Identity { maker: none(), model: none(), serial: none(), version: none(), simulated };
    for field in &identify.fields {
        let part = parts.next().unwrap_or_default();
        match field {
            IdentityField::Maker => identity.maker = part,
            IdentityField::Model => identity.model = part,
            IdentityField::Serial => identity.serial = part,
            IdentityField::Version => identity.version = part,
            IdentityField::Skip => {}
        }
    }
    identity
}

/// The commands that set a load point.
///
/// # Errors
/// The value and the limit it exceeds.
pub fn set_commands(source: &SourceCommands, point: &LoadPoint) -> Result<Vec<String>, String> {
    if !(0.0..=source.max_u.0).contains(&point.u.0) {
        return Err(format!("{}: 0 to {} is its range", point.u, source.max_u));
    }
    if !(0.0..=source.max_i.0).contains(&point.i.0) {
        return Err(format!("{}: 0 to {} is its range", point.i, source.max_i));
    }
    if !(0.0..=1.0).contains(&point.pf.magnitude) || !(10.0..=1000.0).contains(&point.f.0) {
        return Err(format!("power factor {} at {}", point.pf, point.f));
    }
    let lag = point.pf.phase().0;
    let values = TemplateValues {
        u_volts: point.u.0,
        i_amps: point.i.0,
        pf: point.pf.magnitude,
        phase_degrees: match source.phase {
            PhaseSign::LagPositive => lag,
            PhaseSign::LagNegative => -lag,
        },
        f_hertz: point.f.0,
    };
    Ok(source.set.iter().map(|template| template.render(&values)).collect())
}
