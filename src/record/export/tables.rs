//! A record as rows of tables, the same for every format that has tables.

use crate::record::flashing::{FlashRecord, SealedFlashing, Written};
use crate::record::seal::Record;

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// Words.
    Text(String),
    /// A number.
    Number(f64),
    /// Nothing was measured or said.
    Nothing,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

/// Name and columns of a table. Each begins with what tells the record: station, number, serial number, simulated.
pub(super) const TABLES: [(&str, &[&str]); 6] = [
    (
        "attempts",
        &[
            "station",
            "record",
            "serial",
            "simulated",
            "verdict",
            "ended",
            "zone",
            "clock_back_s",
            "duration_s",
            "profile",
            "profile_sha256",
            "procedure",
            "procedure_sha256",
            "batch",
            "operator",
            "position",
            "program",
            "instruments",
            "decision_rule",
            "coverage",
            "certificates",
            "exception",
            "golden",
            "what",
            "why",
            "next",
            "image_sha256",
            "flash",
            "provisioning_row",
            "bus",
            "hash",
            "previous",
        ],
    ),
    (
        "measurements",
        &[
            "station",
            "record",
            "serial",
            "simulated",
            "name",
            "load_point",
            "value",
            "unit",
            "lower",
            "upper",
            "verdict",
            "uncertainty",
            "expanded_uncertainty",
            "coverage_factor",
            "guard_band",
            "marginal",
            "limit_source",
            "method",
        ],
    ),
    ("steps", &["station", "record", "serial", "simulated", "title", "verdict", "detail", "started_s", "duration_s"]),
    ("registers", &["station", "record", "serial", "simulated", "register", "before", "after"]),
    (
        "readings",
        &["station", "record", "serial", "simulated", "device", "at_s", "u", "i", "p", "q", "s", "pf", "phase", "f"],
    ),
    (
        "flashings",
        &[
            "station",
            "flashing",
            "serial",
            "simulated",
            "outcome",
            "ended",
            "zone",
            "operator",
            "program",
            "through",
            "loader",
            "chip_id",
            "unique_id",
            "image",
            "image_sha256",
            "bytes_written",
            "bytes_skipped",
            "bytes_trusted",
            "verified",
            "protected",
            "started",
            "seconds",
            "failure",
            "hash",
            "previous",
        ],
    ),
];

/// The row of a flashing in its table, the last one.
pub(super) fn flashing_row(record: &FlashRecord) -> (usize, Vec<Cell>) {
    let SealedFlashing { station, previous, flashing, .. } = &record.record;
    let text = |text: &Option<String>| Cell::from(text.as_deref());
    let shown = |value: &dyn std::fmt::Display| Cell::Text(value.to_string());
    let written = flashing.written;
    let bytes = |of: fn(Written) -> u64| Cell::from(written.map(|written| of(written) as f64));
    let switch = |of: fn(Written) -> bool| Cell::from(written.map(|written| if of(written) { "yes" } else { "no" }));
    let cells = vec![
        station.as_str().into(),
        Cell::Text(record.name()),
        text(&flashing.serial),
        (if flashing.simulated { "SIMULATED" } else { "real" }).into(),
        flashing.outcome.word().into(),
        shown(&flashing.at),
        flashing.at.zone.as_str().into(),
        text(&flashing.operator),
        flashing.program.as_str().into(),
        flashing.through.as_str().into(),
        flashing.loader.as_str().into(),
        flashing.chip_id.as_str().into(),
        text(&flashing.unique_id),
        flashing.image.as_str().into(),
        shown(&flashing.image_sha256),
        bytes(|written| written.bytes_written),
        bytes(|written| written.bytes_skipped),
        bytes(|written| written.bytes_trusted),
        switch(|written| written.verified),
        switch(|written| written.protected),
        switch(|written| written.started),
        flashing.seconds.into(),
        text(&flashing.failure),
        shown(&record.hash),
        shown(previous),
    ];
    (TABLES.len() - 1, cells)
}

/// The rows of a record: number of the table, cells.
pub(super) fn rows(record: &Record) -> Vec<(usize, Vec<Cell>)> {
    let sealed = &record.record;
    let entry = &sealed.entry;
    let head = [
        sealed.station.as_str().into(),
        (sealed.number as f64).into(),
        entry.serial.as_str().into(),
        (if entry.simulated { "SIMULATED" } else { "real" }).into(),
    ];
    let row = |rest: Vec<Cell>| -> Vec<Cell> { head.iter().cloned().chain(rest).collect() };
    let text = |text: &Option<String>| Cell::from(text.as_deref());
    let hash = |hash: &dyn std::fmt::Display| Cell::Text(hash.to_string());
    let advice = entry.advice.as_ref();
    let mut rows = vec![(
        0,
        row(vec![
            entry.verdict.word().into(),
            hash(&entry.at),
            entry.at.zone.as_str().into(),
            (sealed.clock_back_ms as f64 / 1000.0).into(),
            entry.duration_s.into(),
            entry.profile.name.as_str().into(),
            hash(&entry.profile.sha256),
            entry.procedure.name.as_str().into(),
            hash(&entry.procedure.sha256),
            text(&entry.batch),
            text(&entry.operator),
            f64::from(entry.position).into(),
            entry.program.as_str().into(),
            entry.instruments.join("; ").as_str().into(),
            text(&entry.traceability.decision_rule),
            text(&entry.traceability.coverage),
            serde_json::to_string(&entry.traceability.instruments).unwrap_or_default().as_str().into(),
            text(&entry.traceability.mark()),
            (if entry.traceability.golden.is_some() { "GOLDEN" } else { "" }).into(),
            advice.map(|advice| advice.what.as_str()).into(),
            advice.map(|advice| advice.why.as_str()).into(),
            advice.map(|advice| advice.next.as_str()).into(),
            entry.image_sha256.map_or(Cell::Nothing, |sha256| hash(&sha256)),
            text(&entry.flash),
            text(&entry.provisioning_row),
            serde_json::to_string(&entry.bus).unwrap_or_default().as_str().into(),
            hash(&record.hash),
            hash(&sealed.previous),
        ]),
    )];
    rows.extend(entry.measurements.iter().map(|one| {
        let (name, load_point, unit) = (one.name.as_str(), one.load_point.as_str(), one.unit.as_str());
        let limits = [one.lower.into(), one.upper.into()];
        let [lower, upper] = limits;
        let value = [name.into(), load_point.into(), one.value.into(), unit.into(), lower, upper];
        let (expanded, factor) = one.expanded.map(|of| (of.expanded, of.coverage_factor)).unzip();
        let marginal = if one.marginal { "MARGINAL" } else { "" };
        let sure = [one.uncertainty, expanded, factor, one.guard_band].map(Cell::from);
        let rest = [one.verdict.word().into()].into_iter().chain(sure).chain([marginal.into()]);
        let sources = [one.limit_source.as_str().into(), one.method.as_str().into()];
        (1, row(value.into_iter().chain(rest).chain(sources).collect()))
    }));
    rows.extend(entry.steps.iter().map(|step| {
        let words = [step.title.as_str(), step.verdict.word(), step.detail.as_str()].map(Cell::from);
        let times = [step.started_s, step.duration_s].map(Cell::from);
        (2, row(words.into_iter().chain(times).collect()))
    }));
    let before =
        |name: &str| entry.registers_before.iter().find(|(other, _)| other == name).map(|(_, word)| word.as_str());
    let after =
        |name: &str| entry.registers_after.iter().find(|(other, _)| other == name).map(|(_, word)| word.as_str());
    let only_before = entry.registers_before.iter().filter(|(name, _)| after(name).is_none());
    rows.extend(
        entry
            .registers_after
            .iter()
            .chain(only_before)
            .map(|(name, _)| (3, row(vec![name.as_str().into(), before(name).into(), after(name).into()]))),
    );
    rows.extend(entry.readings.iter().map(|one| {
        let shown = [one.u, one.i, one.p, one.q, one.s, one.pf, one.phase, one.f].map(Cell::from);
        let told = [one.device.as_str().into(), one.at_s.into()];
        (4, row(told.into_iter().chain(shown).collect()))
    }));
    rows
}
