//! `meterbench records show`: everything one record holds.

use std::io::Write;
use std::num::ParseIntError;
use std::str::FromStr;

use super::Output;
use crate::cli::exit::Exit;
use crate::cli::message;
use crate::procedure::Traceability;
use crate::record::flashing::Written;
use crate::record::{FlashRecord, Record, Store};

/// Shows a record
#[derive(clap::Args, Debug)]
pub(super) struct Show {
    /// Its number; that of a flashing has an F before it
    number: Which,
    /// Station of its chain, where records were imported
    #[arg(long)]
    station: Option<String>,
    /// Print profile and procedure as they were used, too
    #[arg(long)]
    texts: bool,
}

impl Show {
    pub(super) fn run(&self, store: &Store, output: &mut Output<'_>) -> anyhow::Result<Exit> {
        let number = match self.number {
            Which::Run(number) => number,
            Which::Flashing(number) => return self.flashing(store, number, output),
        };
        let Some(record) = store.record(self.station.as_deref(), number)? else {
            let of = self
                .station
                .as_deref()
                .map_or("this station; --station names another".to_owned(), |uid| format!("station {uid}"));
            message(&format!("there is no record {number} of {of}"));
            return Ok(Exit::BAD_INPUT);
        };
        let entry = &record.record.entry;
        let used = [&entry.profile, &entry.procedure];
        let texts = used.map(|used| store.document(used.sha256).map(Option::unwrap_or_default));
        if output.json {
            let mut shown = serde_json::to_value(&record)?;
            if let (true, Some(shown)) = (self.texts, shown.as_object_mut()) {
                let [profile, procedure] = texts;
                shown.insert("texts".to_owned(), serde_json::json!({ "profile": profile?, "procedure": procedure? }));
            }
            writeln!(output.out, "{shown}")?;
            return Ok(Exit::DONE);
        }
        print(&record, output)?;
        if self.texts {
            for (used, text) in used.into_iter().zip(texts) {
                writeln!(output.out, "\n# {} {}\n{}", used.name, used.sha256, text?)?;
            }
        }
        Ok(Exit::DONE)
    }
}

impl Show {
    fn flashing(&self, store: &Store, number: u64, output: &mut Output<'_>) -> anyhow::Result<Exit> {
        let Some(record) = store.flashing(self.station.as_deref(), number)? else {
            message(&format!("there is no flashing F{number}"));
            return Ok(Exit::BAD_INPUT);
        };
        if output.json {
            writeln!(output.out, "{}", serde_json::to_string(&record)?)?;
        } else {
            print_flashing(&record, output.out)?;
        }
        Ok(Exit::DONE)
    }
}

/// Which record is meant.
#[derive(Clone, Copy, Debug)]
enum Which {
    Run(u64),
    Flashing(u64),
}

impl FromStr for Which {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix(['F', 'f']) {
            Some(number) => number.parse().map(Self::Flashing),
            None => text.parse().map(Self::Run),
        }
    }
}

fn print_flashing(record: &FlashRecord, out: &mut dyn Write) -> anyhow::Result<()> {
    let (sealed, flashing) = (&record.record, &record.record.flashing);
    let simulated = if flashing.simulated { "   (SIMULATED)" } else { "" };
    let name = flashing.serial.as_deref().unwrap_or("no serial number");
    writeln!(out, "{name}  {}{simulated}", flashing.outcome.word())?;
    writeln!(out, "  flashing    {} of station {}", record.name(), sealed.station)?;
    writeln!(out, "  hash        {}", record.hash)?;
    writeln!(out, "  ended       {}  {}", flashing.at, flashing.at.zone)?;
    writeln!(out, "  duration    {:.1} s", flashing.seconds)?;
    writeln!(out, "  program     {}", flashing.program)?;
    if let Some(operator) = &flashing.operator {
        writeln!(out, "  operator    {operator}")?;
    }
    writeln!(out, "  image       {}  {}", flashing.image, flashing.image_sha256)?;
    let id = flashing.unique_id.as_deref().unwrap_or("unknown");
    writeln!(out, "  chip        {} {id}", flashing.chip_id)?;
    writeln!(out, "  through     {}: {}", flashing.through, flashing.loader)?;
    if let Some(Written { bytes_written, bytes_skipped, bytes_trusted, verified, protected, started }) =
        flashing.written
    {
        writeln!(out, "  written     {bytes_written} bytes, {bytes_skipped} skipped, {bytes_trusted} trusted")?;
        writeln!(out, "  verified    {}", if verified { "every byte written" } else { "no" })?;
        for (name, done) in [("protected", protected), ("started", started)] {
            if done {
                writeln!(out, "  {name:<11} yes")?;
            }
        }
    }
    if let Some(failure) = &flashing.failure {
        writeln!(out, "  failure     {failure}")?;
    }
    Ok(())
}

fn print(record: &Record, output: &mut Output<'_>) -> anyhow::Result<()> {
    let (sealed, out) = (&record.record, &mut *output.out);
    let entry = &sealed.entry;
    let simulated = if entry.simulated { "   (SIMULATED)" } else { "" };
    writeln!(out, "{}  {}{simulated}", entry.serial, entry.verdict)?;
    writeln!(out, "  record      {} of station {}", sealed.number, sealed.station)?;
    writeln!(out, "  hash        {}", record.hash)?;
    writeln!(out, "  ended       {}  {}", entry.at, entry.at.zone)?;
    if sealed.clock_back_ms > 0 {
        let back = sealed.clock_back_ms as f64 / 1000.0;
        writeln!(out, "  clock       {back} s earlier than the record before: it was set back")?;
    }
    writeln!(out, "  duration    {:.1} s", entry.duration_s)?;
    writeln!(out, "  profile     {}  {}", entry.profile.name, entry.profile.sha256)?;
    writeln!(out, "  procedure   {}  {}", entry.procedure.name, entry.procedure.sha256)?;
    writeln!(out, "  program     {}", entry.program)?;
    for (name, text) in [("batch", &entry.batch), ("operator", &entry.operator)] {
        if let Some(text) = text {
            writeln!(out, "  {name:<11} {text}")?;
        }
    }
    writeln!(out, "  position    {}", entry.position)?;
    for instrument in &entry.instruments {
        writeln!(out, "  instrument  {instrument}")?;
    }
    print_traceability(&entry.traceability, out)?;
    for step in &entry.steps {
        writeln!(out, "  {:<8} {} {}", step.verdict, step.title, step.detail)?;
    }
    if let Some(image) = &entry.image_sha256 {
        writeln!(out, "  image       {image}")?;
    }
    for (name, text) in [("flash", &entry.flash), ("row", &entry.provisioning_row)] {
        if let Some(text) = text {
            writeln!(out, "  {name:<11} {text}")?;
        }
    }
    for one in &entry.measurements {
        let number = |number: Option<f64>| number.map_or("-".to_owned(), |number| number.to_string());
        let (value, lower, upper) = (number(one.value), number(one.lower), number(one.upper));
        let (name, at, unit) = (&one.name, &one.load_point, &one.unit);
        let marginal = if one.marginal { "MARGINAL  " } else { "" };
        let sure = one
            .expanded
            .map_or_else(String::new, |of| format!("U {:.4} {unit} (k = {:.2})  ", of.expanded, of.coverage_factor));
        let guard = one.guard_band.map_or_else(String::new, |w| format!("guard band {w:.4} {unit}  "));
        writeln!(
            out,
            "  {:<8} {name:<18} {at:<18} {value} {unit}  ({lower} .. {upper})  {sure}{guard}{marginal}{}",
            one.verdict, one.limit_source
        )?;
    }
    for (name, after) in &entry.registers_after {
        let before = entry.registers_before.iter().find(|(other, _)| other == name).map_or("?", |(_, word)| word);
        writeln!(out, "  {name:<9} {before} -> {after}")?;
    }
    writeln!(out, "  readings    {}", entry.readings.len())?;
    if let Some(advice) = &entry.advice {
        writeln!(out, "  what  {}\n  why   {}\n  next  {}", advice.what, advice.why, advice.next)?;
    }
    Ok(())
}

fn print_traceability(of: &Traceability, out: &mut dyn Write) -> anyhow::Result<()> {
    if let Some(golden) = &of.golden {
        writeln!(
            out,
            "  GOLDEN UNIT certificate {} of {}: the bench was judged",
            golden.certificate, golden.characterised
        )?;
    }
    for used in &of.instruments {
        let of = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let (certificate, due) = (of(&used.certificate), of(&used.due));
        writeln!(out, "  certificate {:?} {}: {certificate}, due {due}", used.role, used.serial)?;
    }
    for (name, text) in [("decided by", &of.decision_rule), ("coverage", &of.coverage), ("EXCEPTION", &of.mark())] {
        if let Some(text) = text {
            writeln!(out, "  {name:<11} {text}")?;
        }
    }
    for continued in &of.continued {
        writeln!(out, "  CONTINUED   {continued}")?;
    }
    Ok(())
}
