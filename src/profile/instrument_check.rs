//! What must be true of an instrument profile beyond its types.

use std::time::Duration;

use super::check::Findings;
use super::instrument::{
    Accuracy, Field, Identify, InstrumentProfile, Link, PowerFrom, Quantity, Read, ReadQuery, SourceCommands,
};
use super::template::{Placeholder, Template};

pub(super) fn check(profile: &InstrumentProfile, findings: &mut Findings) {
    findings.text("name", &profile.name);
    findings.text("title", &profile.title);
    plain("setup", &profile.setup, findings);
    link(&profile.link, findings);
    identify(&profile.identify, findings);
    let useful = profile.read.is_some() || profile.source.is_some();
    findings.require(useful, "read", "a reference has [read], a source has [source]; here is neither");
    if let Some(part) = &profile.read {
        read(part, findings);
    }
    if let Some(part) = &profile.source {
        source(part, findings);
    }
    accuracy(&profile.accuracy, findings);
}

fn link(link: &Link, findings: &mut Findings) {
    for (key, terminator) in [("link.terminator", &link.terminator), ("link.reply_terminator", &link.reply_terminator)]
    {
        let good = (1..=4).contains(&terminator.len()) && terminator.is_ascii();
        findings.require(good, key, "1 to 4 ASCII characters are allowed");
    }
    at_least("link.timeout_millis", link.timeout, 10, findings);
    findings.require(link.command_gap <= Duration::from_secs(10), "link.command_gap_millis", "10000 is the most");
    if let Some(serial) = link.serial {
        findings.within("link.serial.baud", f64::from(serial.baud), 300.0, 4_000_000.0);
        findings.within("link.serial.data_bits", f64::from(serial.data_bits), 7.0, 8.0);
        findings.within("link.serial.stop_bits", f64::from(serial.stop_bits), 1.0, 2.0);
    }
}

fn identify(identify: &Identify, findings: &mut Findings) {
    plain("identify.query", std::slice::from_ref(&identify.query), findings);
    // Without a word to expect, any instrument would do, and a late answer could not be told from an identification.
    let telling = |part: &String| part.chars().filter(char::is_ascii_alphanumeric).count() >= 3;
    let good = !identify.expect.is_empty() && identify.expect.iter().all(telling);
    findings.require(
        good,
        "identify.expect",
        "texts of the answer, each with three letters or digits or more, are needed",
    );
}

fn read(read: &Read, findings: &mut Findings) {
    at_least("read.interval_millis", read.interval, 10, findings);
    if let Some(ready) = &read.ready {
        plain("read.ready.query", std::slice::from_ref(&ready.query), findings);
        findings.require(ready.mask != 0, "read.ready.mask", "no bit is set, so it would never be ready");
        at_least("read.ready.poll_millis", ready.poll, 1, findings);
        findings.require(ready.timeout > ready.poll, "read.ready.timeout_millis", "must exceed poll_millis");
    }
    let mut seen: Vec<Quantity> = Vec::new();
    for (number, query) in read.query.iter().enumerate() {
        let key = format!("read.query[{number}]");
        plain(&format!("{key}.send"), std::slice::from_ref(&query.send), findings);
        findings.require(!query.fields.is_empty(), format!("{key}.fields"), "nothing is taken from the answer");
        for (position, entry) in query.fields.iter().enumerate() {
            let key = format!("{key}.fields[{position}]");
            field(&key, query, entry, findings);
            let first = !seen.contains(&entry.quantity);
            findings.require(first, format!("{key}.quantity"), "stands there twice");
            seen.push(entry.quantity);
        }
    }
    let needed: &[Quantity] = match read.power {
        PowerFrom::Measured => &[Quantity::U, Quantity::I, Quantity::P],
        PowerFrom::UIPf => &[Quantity::U, Quantity::I, Quantity::Pf],
    };
    for quantity in needed {
        let problem = format!("no field gives {quantity:?}; u, i and p are needed, or pf with power = \"u_i_pf\"");
        findings.require(seen.contains(quantity), "read.query", problem);
    }
    let both = read.power == PowerFrom::UIPf && seen.contains(&Quantity::P);
    findings.require(!both, "read.power", "a field gives p, so it need not be computed");
}

fn field(key: &str, query: &ReadQuery, field: &Field, findings: &mut Findings) {
    match (field.index, &field.after) {
        (Some(index), None) => match query.field_count {
            None => findings.add(key, "with index, the query needs field_count: another count is another answer"),
            Some(count) => {
                findings.require(index < count, format!("{key}.index"), format!("is from 0 to {}", count.max(1) - 1));
            }
        },
        (None, Some(after)) => findings.text(format!("{key}.after"), after),
        _ => findings.add(key, "either index or after is needed"),
    }
    let scale = field.scale.is_finite() && field.scale != 0.0;
    findings.require(scale, format!("{key}.scale"), "a finite number other than 0 is allowed");
    findings.require(field.offset.is_finite(), format!("{key}.offset"), "a finite number is allowed");
    let needed = matches!(field.quantity, Quantity::U | Quantity::I | Quantity::P);
    findings.require(
        !(needed && field.may_be_absent),
        format!("{key}.may_be_absent"),
        "u, i and p are what a reference is for: they may not be absent",
    );
}

fn source(source: &SourceCommands, findings: &mut Findings) {
    for (name, place) in [("u", Placeholder::U), ("i", Placeholder::I)] {
        let there = source.set.iter().any(|template| template.has(place));
        findings.require(there, "source.set", format!("no command has {{{name}}}"));
    }
    let turns = source.set.iter().any(|template| template.has(Placeholder::Pf) || template.has(Placeholder::Phase));
    findings.require(turns, "source.set", "no command has {pf} or {phase_deg}");
    for (key, commands) in [("source.on", &source.on), ("source.off", &source.off)] {
        findings.require(!commands.is_empty(), key, "at least one command is needed");
        plain(key, commands, findings);
    }
    findings.within("source.max_u_volts", source.max_u.0, 1.0, 1000.0);
    findings.within("source.max_i_amps", source.max_i.0, 0.001, 10_000.0);
    at_least("source.patience_secs", source.patience, 1000, findings);
    if let Some(query) = &source.error_query {
        plain("source.error_query", std::slice::from_ref(query), findings);
        let some = !source.no_error.is_empty() && source.no_error.iter().all(|start| !start.is_empty());
        findings.require(some, "source.no_error", "at least one beginning is needed, and none empty");
    }
    if let Some(answer) = &source.acknowledge {
        findings.text("source.acknowledge", answer);
    }
}

fn accuracy(accuracy: &Accuracy, findings: &mut Findings) {
    for (key, value) in
        [("accuracy.u_percent", accuracy.u), ("accuracy.i_percent", accuracy.i), ("accuracy.p_percent", accuracy.p)]
    {
        if let Some(value) = value {
            findings.within(key, value.0, 0.0001, 10.0);
        }
    }
    for (key, date) in [("accuracy.calibrated", &accuracy.calibrated), ("accuracy.due", &accuracy.due)] {
        if let Some(date) = date {
            findings.require(is_date(date), key, format!("{date:?} is not a date; YYYY-MM-DD is"));
        }
    }
}

fn is_date(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let number = |part: &str, digits: usize| (part.len() == digits).then(|| part.parse::<u16>().ok()).flatten();
    let [year, month, day] = parts.as_slice() else { return false };
    number(year, 4).is_some()
        && number(month, 2).is_some_and(|month| (1..=12).contains(&month))
        && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
}

/// Only commands that set a load point have values in them.
fn plain(key: &str, commands: &[Template], findings: &mut Findings) {
    use Placeholder::{F, I, Pf, Phase, U};
    let places = |command: &Template| [U, I, Pf, Phase, F].into_iter().any(|place| command.has(place));
    let bare = !commands.iter().any(places);
    findings.require(bare, key, "values in braces are allowed in source.set only");
}

fn at_least(key: &str, time: Duration, millis: u64, findings: &mut Findings) {
    findings.require(time >= Duration::from_millis(millis), key, format!("{millis} ms is the least"));
}
