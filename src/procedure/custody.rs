//! Whether the bench's instruments may be used today, and what a run may say of its uncertainty with them.
//!
//! An instrument is found in the station's list by the serial number it says, or by its address where it says none. Another
//! serial number than the list has, a certificate that is over, a clock that cannot be right: each stops the run before anything
//! is switched on. What is only a matter of dates a supervisor can allow; the record says who did.

use serde::{Deserialize, Serialize};

use crate::advice::Advice;
use crate::load::LoadPoint;
use crate::profile::instrument::Accuracy;
use crate::profile::inventory::{CalendarDate, Certified, Inventory, Measurand, Owned, Resolution};
use crate::profile::vigilance::Missing;
use crate::reference::Identity;

use super::golden::GoldenRun;
use super::uncertainty::Standard;
use super::unfinished::Continued;

/// What an instrument is on the bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Tells the truth.
    Reference,
    /// Supplies the load points.
    Source,
}

impl Role {
    /// As it is printed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Source => "source",
        }
    }
}

/// What the front end knows before a run; nothing of it means that dates are not looked at and nothing is listed.
#[derive(Clone, Debug, Default)]
pub struct Custody {
    /// The station's own instruments.
    pub inventory: Inventory,
    /// Address of the reference.
    pub reference_address: Option<String>,
    /// Address of the source.
    pub source_address: Option<String>,
    /// The day by the system's clock.
    pub today: Option<CalendarDate>,
    /// The day of the newest record.
    pub last_record: Option<CalendarDate>,
    /// Who allows what dates forbid.
    pub supervisor: Option<String>,
    /// What that person has allowed before the run.
    pub exceptions: Vec<String>,
    /// A supervisor can be asked while the run waits.
    pub asks_supervisor: bool,
    /// The reference that the last golden unit has proven; none where nobody asks for golden units.
    pub proven: Option<Proven>,
}

/// What a golden unit has proven, and what another reference than that means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Serial number of the reference then.
    pub reference: String,
    /// What happens with another one.
    pub missing: Missing,
}

/// An instrument as it was used; part of the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentUsed {
    /// What it was on the bench.
    pub role: Role,
    /// How it named itself.
    pub identity: String,
    /// Serial number: its own word, or else the list's.
    pub serial: String,
    /// Number of its calibration certificate; none where the station has none for it.
    pub certificate: Option<String>,
    /// Who calibrated it.
    pub laboratory: Option<String>,
    /// When it was calibrated.
    pub calibrated: Option<String>,
    /// Last day on which it may be used.
    pub due: Option<String>,
    /// What a supervisor allowed: the certificate is over, or the clock cannot be right.
    pub exception: Option<String>,
    /// Expanded uncertainties that were used: those of the certificate, or its maker's figures.
    pub uncertainty: Vec<Certified>,
    /// The uncertainties are its maker's figures (limits, evenly spread) and no certificate's.
    pub by_maker: bool,
}

/// What the verdicts of a run stand on besides its measurements; part of the record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traceability {
    /// Reference and source.
    pub instruments: Vec<InstrumentUsed>,
    /// Decision rule in words; none where the run came to no instrument.
    pub decision_rule: Option<String>,
    /// What expanded uncertainties cover, in words.
    pub coverage: Option<String>,
    /// What else was allowed: a golden unit was not measured in time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<String>,
    /// Who allowed these exceptions, and those that stand with the instruments.
    pub supervisor: Option<String>,
    /// It was a golden unit, and the bench was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub golden: Option<GoldenRun>,
    /// The run was cut off and taken up, so often and there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub continued: Vec<Continued>,
}

impl Traceability {
    /// Nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// With what was allowed in an earlier part of the same run.
    pub(super) fn add_earlier(&mut self, continued: Vec<Continued>, earlier: &Self) {
        self.continued = continued;
        for exception in &earlier.exceptions {
            if !self.exceptions.contains(exception) {
                self.exceptions.push(exception.clone());
            }
        }
        for used in earlier.instruments.iter().filter_map(|used| used.exception.as_ref()) {
            if self.instruments.iter().all(|now| now.exception.is_none()) {
                self.exceptions.push(used.clone());
            }
        }
        if self.supervisor.is_none() {
            self.supervisor.clone_from(&earlier.supervisor);
        }
    }

    /// What was allowed, in words, for every result of the run to be marked with; none where nothing was.
    #[must_use]
    pub fn mark(&self) -> Option<String> {
        let allowed: Vec<&str> = {
            let with_instruments = self.instruments.iter().filter_map(|used| used.exception.as_deref());
            with_instruments.chain(self.exceptions.iter().map(String::as_str)).collect()
        };
        let supervisor = self.supervisor.as_deref().unwrap_or("nobody");
        (!allowed.is_empty()).then(|| format!("{}; allowed by {supervisor}", allowed.join("; ")))
    }
}

/// The reference's word on how well it measures.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    lines: Vec<Certified>,
    by_maker: bool,
    resolution: Resolution,
    /// Limit of the clock's error, relative.
    time_base: f64,
}

impl Trust {
    /// Standard uncertainty of the reference in percent; none where nobody says anything of this load point.
    #[must_use]
    pub fn reference(&self, measurand: Measurand, point: &LoadPoint) -> Option<Standard> {
        let line = self.lines.iter().find(|line| line.covers(measurand, point))?;
        Some(if self.by_maker {
            Standard::rectangular(line.expanded_percent)
        } else {
            Standard::certified(line.expanded_percent, line.k)
        })
    }

    /// Step of the reference's reading in percent of it.
    #[must_use]
    pub fn step_percent(&self, measurand: Measurand, point: &LoadPoint) -> f64 {
        let Resolution { u_volts, i_amps, p_watts } = self.resolution;
        let (step, reading) = match measurand {
            Measurand::Voltage => (u_volts, point.u.0),
            Measurand::Current => (i_amps, point.i.0),
            Measurand::Energy => (p_watts, point.u.0 * point.i.0 * point.pf.magnitude),
        };
        if reading > 0.0 { step / reading * 100.0 } else { 0.0 }
    }

    /// Standard uncertainty of time in percent.
    #[must_use]
    pub fn time_base(&self) -> Standard {
        Standard::rectangular(self.time_base * 100.0)
    }
}

/// Why an instrument may not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustodyError {
    /// Another instrument than the list has.
    #[error("the {} says serial number {found:?}, and the station's list has {listed:?} for it", .role.word())]
    OtherSerial {
        /// What it is on the bench.
        role: Role,
        /// What it says.
        found: String,
        /// What the list says.
        listed: String,
    },
    /// The list has to have it, and does not.
    #[error("the {} {identity:?} is not in the station's list of instruments", .role.word())]
    NotListed {
        /// What it is on the bench.
        role: Role,
        /// How it names itself.
        identity: String,
    },
    /// Its certificate is over.
    #[error("the calibration of the {} {serial} ended on {due}, {days} days ago", .role.word())]
    Overdue {
        /// What it is on the bench.
        role: Role,
        /// Which one.
        serial: String,
        /// Last day.
        due: CalendarDate,
        /// Since then.
        days: i32,
    },
    /// No golden unit was measured with it since it was exchanged.
    #[error("the reference {found:?} is another one than at the last golden unit, {proven:?} then")]
    Exchanged {
        /// Its serial number.
        found: String,
        /// The one that is proven.
        proven: String,
    },
    /// The clock says a day that cannot be.
    #[error("the computer's clock says {today}, and {than} is of {day}")]
    ClockBack {
        /// What the clock says.
        today: CalendarDate,
        /// What is known to have been before.
        than: String,
        /// When that was.
        day: CalendarDate,
    },
}

impl CustodyError {
    /// A supervisor can allow it.
    #[must_use]
    pub const fn is_allowable(&self) -> bool {
        matches!(self, Self::Overdue { .. } | Self::ClockBack { .. } | Self::Exchanged { .. })
    }

    /// What the operator can do.
    #[must_use]
    pub fn advice(&self) -> Advice {
        let (why, next) = match self {
            Self::OtherSerial { .. } => (
                "The instrument was exchanged, or the list has a slip: another instrument has another certificate",
                "Compare the plate with the list (`meterbench instruments list`); enter the new instrument with its certificate",
            ),
            Self::NotListed { .. } => (
                "The station's file says listed_only = true, so that nothing is measured with an instrument nobody calibrated",
                "Enter it with its certificate (`meterbench instruments add`), or connect the one that is listed",
            ),
            Self::Overdue { .. } => (
                "The instrument was not sent to calibration in time, or its new certificate was not entered",
                "Enter the new certificate, or use another instrument; a supervisor can allow the run (the window asks, the command line takes --supervisor NAME), and every result is marked",
            ),
            Self::Exchanged { .. } => (
                "The station's rules (bench.toml) want the bench proven by a unit of known errors, and this reference is not",
                "Measure a golden unit (--golden); a supervisor can allow the run (the window asks, the command line takes --supervisor NAME), and every result is marked",
            ),
            Self::ClockBack { .. } => (
                "The clock was set back, or its battery is empty: due dates cannot be told by it",
                "Set the clock; a supervisor can allow the run (the window asks, the command line takes --supervisor NAME), and every result is marked",
            ),
        };
        Advice::new(self.to_string(), why, next)
    }
}

impl Custody {
    /// Takes an instrument on, or says why not.
    ///
    /// # Errors
    /// It is not the one in the list, or dates forbid it and nobody allows it.
    pub fn admit(
        &self,
        role: Role,
        identity: &Identity,
        figures: Option<&Accuracy>,
    ) -> Result<(InstrumentUsed, Trust), CustodyError> {
        let name = format!("{} {} {}", identity.maker, identity.model, identity.serial).trim().to_owned();
        let listed = self.listed(role, identity)?;
        if listed.is_none() && role == Role::Reference && self.inventory.listed_only && !identity.simulated {
            return Err(CustodyError::NotListed { role, identity: name });
        }
        let mut used = InstrumentUsed {
            role,
            identity: name,
            serial: identity.serial.clone(),
            certificate: None,
            laboratory: None,
            calibrated: None,
            due: None,
            exception: None,
            uncertainty: Vec::new(),
            by_maker: false,
        };
        let mut trust = Trust { time_base: self.inventory.time_base_ppm * 1e-6, ..Trust::default() };
        let dates = match (listed, figures) {
            (Some(owned), _) => {
                used.serial.clone_from(&owned.serial);
                used.certificate = Some(owned.certificate.clone());
                used.laboratory = Some(owned.laboratory.clone()).filter(|name| !name.is_empty());
                used.uncertainty.clone_from(&owned.uncertainty);
                trust.resolution = owned.resolution;
                Some((Some(owned.calibrated), owned.due))
            }
            (None, Some(figures)) => {
                used.certificate.clone_from(&figures.certificate);
                let day = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<CalendarDate>().ok());
                let due = day(&figures.due);
                due.map(|due| (day(&figures.calibrated), due))
            }
            (None, None) => None,
        };
        // A list that gives dates only does not take the maker's figures away.
        if let Some(figures) = figures.filter(|_| used.uncertainty.is_empty()) {
            used.uncertainty = lines_of(figures);
            used.by_maker = !used.uncertainty.is_empty();
        }
        if let Some((calibrated, due)) = dates {
            (used.calibrated, used.due) = (calibrated.map(|day| day.to_string()), Some(due.to_string()));
            match self.by_dates(role, &used.serial, calibrated, due) {
                Err(error) if self.supervisor.is_some() && error.is_allowable() => {
                    used.exception = Some(error.to_string());
                }
                other => other?,
            }
        }
        match self.exchanged(role, &used.serial) {
            Some((Missing::Block, error)) if self.supervisor.is_none() => return Err(error),
            Some((Missing::Block, error)) => {
                let also = used.exception.iter().cloned().chain([error.to_string()]);
                used.exception = Some(also.collect::<Vec<_>>().join("; "));
            }
            // Who runs it says so, and goes on.
            Some((Missing::Warn, _)) | None => {}
        }
        trust.lines.clone_from(&used.uncertainty);
        trust.by_maker = used.by_maker;
        Ok((used, trust))
    }

    /// That the reference is another one than the last golden unit has proven, and what that means here.
    #[must_use]
    pub fn exchanged(&self, role: Role, serial: &str) -> Option<(Missing, CustodyError)> {
        let proven = self.proven.as_ref().filter(|proven| role == Role::Reference && proven.reference != serial)?;
        let error = CustodyError::Exchanged { found: serial.to_owned(), proven: proven.reference.clone() };
        Some((proven.missing, error))
    }

    /// The serial number an instrument has: its own word, or else that of the list.
    #[must_use]
    pub fn serial_of(&self, role: Role, identity: &Identity) -> String {
        let listed = self.listed(role, identity).ok().flatten();
        listed.map_or_else(|| identity.serial.clone(), |owned| owned.serial.clone())
    }

    fn listed(&self, role: Role, identity: &Identity) -> Result<Option<&Owned>, CustodyError> {
        let address = match role {
            Role::Reference => self.reference_address.as_deref(),
            // One address for both is one instrument.
            Role::Source => self.source_address.as_deref().or(self.reference_address.as_deref()),
        };
        let all = &self.inventory.instruments;
        let same_model =
            |owned: &&Owned| owned.model.as_deref().is_none_or(|model| model.eq_ignore_ascii_case(&identity.model));
        let here = |owned: &&Owned| address.is_some_and(|address| owned.is_at(address));
        if identity.serial.is_empty() {
            return Ok(newest(all.iter().filter(here).filter(same_model)));
        }
        let its_own = all.iter().filter(|owned| owned.serial == identity.serial).filter(same_model);
        if let Some(owned) = newest(its_own) {
            return Ok(Some(owned));
        }
        let of_its_model = |owned: &&Owned| owned.model.is_some() && same_model(owned);
        match all.iter().find(here).or_else(|| all.iter().find(of_its_model)) {
            // A source of its own at the reference's address is nobody's mistake.
            Some(owned) if !(role == Role::Source && self.source_address.is_none() && !of_its_model(&owned)) => {
                let (found, listed) = (identity.serial.clone(), owned.serial.clone());
                Err(CustodyError::OtherSerial { role, found, listed })
            }
            _ => Ok(None),
        }
    }

    fn by_dates(
        &self,
        role: Role,
        serial: &str,
        calibrated: Option<CalendarDate>,
        due: CalendarDate,
    ) -> Result<(), CustodyError> {
        let Some(today) = self.today else { return Ok(()) };
        if let Some(day) = self.last_record.filter(|day| *day > today) {
            return Err(CustodyError::ClockBack { today, than: "the newest record".to_owned(), day });
        }
        if let Some(day) = calibrated.filter(|day| *day > today) {
            let than = format!("the certificate of the {} {serial}", role.word());
            return Err(CustodyError::ClockBack { today, than, day });
        }
        if today > due {
            let (serial, days) = (serial.to_owned(), today.days_after(due));
            return Err(CustodyError::Overdue { role, serial, due, days });
        }
        Ok(())
    }
}

/// Of several certificates of one instrument the last.
fn newest<'a>(of: impl Iterator<Item = &'a Owned>) -> Option<&'a Owned> {
    of.max_by_key(|owned| owned.calibrated)
}

/// A profile's figures as lines that hold everywhere.
fn lines_of(figures: &Accuracy) -> Vec<Certified> {
    let of = [(Measurand::Voltage, figures.u), (Measurand::Current, figures.i), (Measurand::Energy, figures.p)];
    let line = |(measurand, limit): (Measurand, Option<crate::units::Percent>)| {
        let expanded_percent = limit?.0;
        Some(Certified { measurand, u_volts: None, i_amps: None, pf: None, expanded_percent, k: 3.0_f64.sqrt() })
    };
    of.into_iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests;
