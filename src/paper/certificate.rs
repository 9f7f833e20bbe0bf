//! What a certificate says: one record, in words and figures as they are printed.
//!
//! Only a PASS gives a certificate, and only as long as no later attempt at the unit ended with FAIL; every other record gives a
//! test report, and the two have different titles.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::error::PaperError;
use super::profile_text::{self, Place};
use super::qr::Qr;
use super::row::{self, Row};
use super::standing;
use super::template::Template;
use super::typeset::{Imprint, Paper, Press};
use crate::advice::Advice;
use crate::procedure::Verdict;
use crate::procedure::custody::InstrumentUsed;
use crate::record::entry::{Entry, Measurement, Used};
use crate::record::{Record, Store};

/// Title of a paper that vouches for a unit.
const CERTIFICATE: &str = "Calibration certificate";
/// Title of one that does not.
const TEST_REPORT: &str = "Test report";

/// A record as it is printed.
#[derive(Clone, Debug, Serialize)]
pub struct Certificate {
    /// What it is: a certificate, or a test report.
    pub title: &'static str,
    /// How the run ended.
    pub verdict: &'static str,
    /// Something in it was simulated.
    pub simulated: bool,
    /// Serial number of the unit.
    pub serial: String,
    /// Its place in the chain.
    pub record: Chained,
    /// Nameplate, where the profile says it.
    pub rating: Option<String>,
    /// Meter profile with the hash of its text.
    pub profile: Used,
    /// Procedure with the hash of its text.
    pub procedure: Used,
    /// End of the run: local time with its distance to UTC.
    pub ended: String,
    /// Time zone.
    pub zone: String,
    /// A clock that was set back, in words.
    pub clock: Option<String>,
    /// How long it took.
    pub duration: String,
    /// Program and version.
    pub program: String,
    /// Batch.
    pub batch: Option<String>,
    /// Operator.
    pub operator: Option<String>,
    /// Place on the bench, from 1.
    pub position: u32,
    /// Hash of the image that was flashed.
    pub image_sha256: Option<String>,
    /// Report of flashing.
    pub flash: Option<String>,
    /// Reference and source: as they named themselves, with the certificates they were used by.
    pub instruments: Vec<String>,
    /// How errors and their uncertainties became verdicts; none where the record does not say it.
    pub decision_rule: Option<String>,
    /// What the expanded uncertainties cover.
    pub coverage: Option<String>,
    /// What a supervisor has allowed; then every result is marked.
    pub exceptions: Option<String>,
    /// A golden unit was measured: the verdict is the bench's.
    pub golden: bool,
    /// That a later attempt at the unit ended with FAIL, in words.
    pub later: Option<String>,
    /// That the run was cut off and taken up, each time in words.
    pub continued: Vec<String>,
    /// What was measured at load points, with limits.
    pub results: Vec<Row>,
    /// Constants computed and compared with what is plausible.
    pub constants: Vec<Row>,
    /// What has no limits.
    pub others: Vec<Row>,
    /// Sources of limits; rows name them by their place, from 1.
    pub limit_sources: Vec<String>,
    /// Errors in percent, to draw.
    pub curve: Vec<Point>,
    /// Registers before and after.
    pub registers: Vec<Register>,
    /// What was done.
    pub steps: Vec<Step>,
    /// What the operator was told.
    pub advice: Option<Advice>,
    /// Serial number and hash of the record.
    pub qr: Qr,
}

/// A record's place in its chain.
#[derive(Clone, Debug, Serialize)]
pub struct Chained {
    /// Station.
    pub station: String,
    /// Number, from 1.
    pub number: u64,
    /// Hash over the record.
    pub hash: String,
}

/// An error to draw.
#[derive(Clone, Debug, Serialize)]
pub struct Point {
    /// Quantity and power factor.
    pub series: String,
    /// Where.
    pub load_point: String,
    /// Current in multiples of Ib, where the procedure says it.
    pub i_of_ib: Option<f64>,
    /// The error in percent.
    pub error: f64,
    /// Its limits.
    pub lower: Option<f64>,
    /// Its limits.
    pub upper: Option<f64>,
    /// Its standard uncertainty.
    pub uncertainty: Option<f64>,
}

/// A register before and after.
#[derive(Clone, Debug, Serialize)]
pub struct Register {
    /// Its name.
    pub name: String,
    /// As found.
    pub before: Option<String>,
    /// As left.
    pub after: Option<String>,
    /// The two differ.
    pub changed: bool,
}

/// A step as it is printed.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// What it does.
    pub title: String,
    /// How it ended.
    pub verdict: &'static str,
    /// What it found or what the operator answered.
    pub detail: String,
    /// How long it took, in seconds.
    pub duration_s: String,
}

impl Certificate {
    /// Of a record alone, with what the store has of profile and procedure; nothing is known of later attempts.
    ///
    /// # Errors
    /// The serial number does not fit into a code.
    pub fn of(record: &Record, profile: Option<&str>, procedure: Option<&str>) -> Result<Self, PaperError> {
        let sealed = &record.record;
        let entry = &sealed.entry;
        let places = procedure
            .map(|text| profile_text::places(text, profile.and_then(profile_text::imax_of_ib)))
            .unwrap_or_default();
        let mut limit_sources = Vec::new();
        // Load points first, as they are printed: so the notes of the limits are numbered as they are come upon.
        let (constants, at_points): (Vec<_>, Vec<_>) =
            entry.measurements.iter().partition(|one| one.load_point.is_empty());
        let all: Vec<&Measurement> = at_points.into_iter().chain(constants).collect();
        let tenth = procedure.and_then(profile_text::tenth_of_class);
        let rows = row::of_all(&all, tenth, &mut limit_sources);
        let (judged, others): (Vec<Row>, Vec<Row>) =
            rows.into_iter().partition(|row| row.lower.is_some() || row.upper.is_some() || row.verdict != "PASS");
        let (constants, results) = judged.into_iter().partition(|row| row.load_point.is_empty());
        let back = sealed.clock_back_ms;
        Ok(Self {
            title: match (&entry.traceability.golden, entry.verdict) {
                // The bench was judged, by a unit whose errors are known.
                (Some(_), _) => "Golden unit report",
                // Questions and self tests alone say nothing of errors.
                (None, Verdict::Pass) if entry.measurements.iter().any(is_error) => CERTIFICATE,
                (None, _) => TEST_REPORT,
            },
            verdict: entry.verdict.word(),
            simulated: entry.simulated,
            serial: printable(&entry.serial),
            record: Chained { station: sealed.station.clone(), number: sealed.number, hash: record.hash.to_string() },
            rating: profile.and_then(profile_text::rating),
            profile: Used { name: printable(&entry.profile.name), ..entry.profile.clone() },
            procedure: Used { name: printable(&entry.procedure.name), ..entry.procedure.clone() },
            ended: entry.at.to_string(),
            zone: printable(&entry.at.zone),
            clock: (back > 0).then(|| format!("set back by {} s since the record before", back as f64 / 1000.0)),
            duration: format!("{:.1} s", entry.duration_s),
            program: printable(&entry.program),
            batch: entry.batch.as_deref().map(printable),
            operator: entry.operator.as_deref().map(printable),
            position: entry.position,
            image_sha256: entry.image_sha256.map(|hash| hash.to_string()),
            flash: entry.flash.as_deref().map(flashed),
            instruments: instruments(entry),
            decision_rule: entry.traceability.decision_rule.as_deref().map(printable),
            coverage: entry.traceability.coverage.as_deref().map(printable),
            exceptions: entry.traceability.mark().as_deref().map(printable),
            golden: entry.traceability.golden.is_some(),
            later: None,
            continued: entry.traceability.continued.iter().map(|one| printable(&one.to_string())).collect(),
            curve: entry.measurements.iter().filter_map(|one| point(one, &places)).collect(),
            registers: registers(&entry.registers_before, &entry.registers_after),
            steps: entry
                .steps
                .iter()
                .map(|step| Step {
                    title: printable(&step.title),
                    verdict: step.verdict.word(),
                    detail: printable(&step.detail),
                    duration_s: format!("{:.1}", step.duration_s),
                })
                .collect(),
            advice: entry
                .advice
                .as_ref()
                .map(|advice| Advice::new(printable(&advice.what), printable(&advice.why), printable(&advice.next))),
            qr: Qr::of(&format!("{} sha256:{}", entry.serial, record.hash))?,
            results,
            constants,
            others,
            limit_sources,
        })
    }

    /// Of a record, with the texts that lie beside it in its store and with what became of the unit since.
    ///
    /// # Errors
    /// The store cannot be read, or the serial number does not fit into a code.
    pub fn from_store(store: &Store, record: &Record) -> Result<Self, PaperError> {
        let entry = &record.record.entry;
        let profile = store.document(entry.profile.sha256)?;
        let procedure = store.document(entry.procedure.sha256)?;
        let mut paper = Self::of(record, profile.as_deref(), procedure.as_deref())?;
        if let Some(failed) = standing::failed_since(store, record)? {
            let (number, day) = (failed.number, failed.at.day());
            paper.later = Some(format!("A later attempt, record {number} of {day}, ended with FAIL"));
            if paper.title == CERTIFICATE {
                paper.title = TEST_REPORT;
            }
        }
        Ok(paper)
    }

    /// Prints it.
    ///
    /// # Errors
    /// The template has a mistake, or a sign no font has.
    pub fn print(&self, record: &Record, press: &Press) -> Result<Paper, PaperError> {
        let imprint = Imprint { ident: self.record.hash.clone(), at: record.record.entry.at.clone() };
        press.print(Template::Certificate, self, imprint)
    }
}

/// Words from files and devices as they can be set: without what moves the pen instead of drawing.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect()
}

/// An error at a load point that was judged. What cannot be negative, such as a standard deviation, is none.
fn is_error(one: &Measurement) -> bool {
    let limited = one.lower.or(one.upper).is_some() && one.lower.is_none_or(|lower| lower < 0.0);
    one.unit == "%" && !one.load_point.is_empty() && limited
}

/// A line for each instrument.
fn instruments(entry: &Entry) -> Vec<String> {
    let used = &entry.traceability.instruments;
    if used.is_empty() {
        return entry.instruments.iter().map(|name| printable(name)).collect();
    }
    let line = |used: &InstrumentUsed| {
        let mut words =
            vec![format!("{}: {}", used.role.word(), used.identity), format!("serial number {}", used.serial)];
        match &used.certificate {
            Some(certificate) => words.push(format!("certificate {certificate}")),
            None => words.push("no certificate is listed".to_owned()),
        }
        words.extend(used.laboratory.as_ref().map(|laboratory| format!("by {laboratory}")));
        words.extend(used.calibrated.as_ref().map(|day| format!("calibrated {day}")));
        words.extend(used.due.as_ref().map(|day| format!("due {day}")));
        if used.by_maker && !used.uncertainty.is_empty() {
            words.push("uncertainty by its maker's figures".to_owned());
        }
        // What was allowed is said once, with who allowed it.
        let mark = if used.exception.is_some() { " †" } else { "" };
        printable(&words.join(", ")) + mark
    };
    used.iter().map(line).collect()
}

/// The report of flashing in words; as it is where it cannot be read.
fn flashed(report: &str) -> String {
    let Ok(value) = serde_json::from_str::<Value>(report) else { return printable(report) };
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let mut words = Vec::new();
    words.extend(text("/chip/unique_id").map(|id| format!("chip {id}")));
    let verified = value.pointer("/chip/verified").and_then(Value::as_bool) == Some(true);
    let trusted = value.pointer("/chip/bytes_trusted").and_then(Value::as_u64).unwrap_or(0);
    words.push(match (verified, trusted, text("/answered/program_crc")) {
        (true, 0, _) => "every byte read back".to_owned(),
        (true, _, Some(crc)) => format!("{trusted} bytes proven by the program's CRC {crc}, every other read back"),
        _ => "NOT VERIFIED".to_owned(),
    });
    words.push(match (text("/answered/through"), text("/answered/firmware")) {
        (Some(through), Some(firmware)) => format!("found running through {through}, firmware {firmware}"),
        (Some(through), None) => format!("found running through {through}"),
        (None, _) => "NOT FOUND RUNNING".to_owned(),
    });
    printable(&words.join(", "))
}

/// Errors in percent that have limits are drawn; one without would stretch the scale until the others lie on zero.
fn point(one: &Measurement, places: &BTreeMap<String, Place>) -> Option<Point> {
    let error = one.value.filter(|_| is_error(one))?;
    let place = places.get(&one.load_point);
    let name = printable(&one.name).replace('_', " ");
    Some(Point {
        series: place.map_or_else(|| name.clone(), |place| format!("{name}, PF {}", printable(&place.pf))),
        load_point: printable(&one.load_point),
        i_of_ib: place.map(|place| place.i_of_ib),
        error,
        lower: one.lower,
        upper: one.upper,
        uncertainty: one.uncertainty,
    })
}

fn registers(before: &[(String, String)], after: &[(String, String)]) -> Vec<Register> {
    let word = |list: &[(String, String)], name: &str| -> Option<String> {
        list.iter().find(|(other, _)| other == name).map(|(_, word)| printable(word))
    };
    let only_before = before.iter().filter(|(name, _)| word(after, name).is_none());
    let all = after.iter().chain(only_before);
    all.map(|(name, _)| {
        let (before, after) = (word(before, name), word(after, name));
        Register {
            name: printable(name),
            changed: before.is_some() && after.is_some() && before != after,
            before,
            after,
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::flashed;

    #[test]
    fn what_was_not_read_back_is_not_said_to_be() {
        let of = |chip: &str, answered: &str| flashed(&format!("{{\"chip\":{chip},\"answered\":{answered}}}"));
        let through = "{\"through\":\"the service port\",\"program_crc\":\"cbf43926\"}";
        // Records of before trust have no count of it.
        assert!(of("{\"verified\":true}", through).contains("every byte read back"));
        assert!(of("{\"verified\":true,\"bytes_trusted\":0}", "null").contains("every byte read back"));
        let trusted = of("{\"verified\":true,\"bytes_trusted\":40960}", through);
        assert!(
            trusted.contains("40960 bytes proven by the program's CRC cbf43926, every other read back"),
            "{trusted}"
        );
        assert!(of("{\"verified\":true,\"bytes_trusted\":40960}", "null").contains("NOT VERIFIED"));
        assert!(of("{\"verified\":false,\"bytes_trusted\":0}", through).contains("NOT VERIFIED"));
    }
}
