//! What is wrong with a test beyond types: every number has bounds, and a limit has to be worth something.

use std::time::Duration;

use super::{
    Accuracy, Current, Dial, Findings, Kind, Limits, Load, NoLoad, NoLoadFormula, Protection, Questions, Repeatability,
    Series, Starting, Test,
};

/// Longest a test may take; the reference's readings are kept for 900 s, and energy is compared over all of them.
const LONGEST_COUNT: Duration = Duration::from_secs(800);
/// More errors of one load point than this take a shift.
const MOST_REPEATS: u16 = 100;
/// Fewer errors than this have no scatter worth the name.
const FEWEST_FOR_SCATTER: u16 = 3;
/// More questions than this nobody answers with his eyes open.
const MOST_QUESTIONS: usize = 50;
/// Longest question, so that it stands on a screen.
const LONGEST_QUESTION: usize = 300;

impl Test {
    /// Everything that is wrong with it; `key` is where it stands.
    pub(in crate::profile) fn check(&self, key: &str, findings: &mut Findings) {
        findings.text(format!("{key}.name"), &self.name);
        for misplaced in &self.misplaced {
            let kind = self.kind_name();
            let problem = format!("kind {kind} does not take it; it takes {}", kind.takes().join(", "));
            findings.add(format!("{key}.{misplaced}"), problem);
        }
        if let Some(load) = self.load() {
            load.check(key, findings);
        }
        match &self.kind {
            Kind::Accuracy(accuracy) => accuracy.check(key, findings),
            Kind::Repeatability(repeatability) => repeatability.check(key, findings),
            Kind::Dial(dial) => dial.check(key, findings),
            Kind::Starting(starting) => starting.check(key, findings),
            Kind::NoLoad(no_load) => no_load.check(key, findings),
            Kind::WarmUp(warm_up) => at_least_a_second(warm_up.duration, &format!("{key}.duration_secs"), findings),
            Kind::Protection(protection) => protection.check(key, findings),
            Kind::Questions(questions) => questions.check(key, findings),
        }
    }
}

impl Load {
    fn check(&self, key: &str, findings: &mut Findings) {
        findings.within(format!("{key}.u_of_un"), self.u_of_un, 0.5, 1.3);
        let (name, most) = match self.current {
            Current::OfIb(_) => ("i_of_ib", 1000.0),
            Current::OfImax(_) => ("i_of_imax", 1.2),
        };
        findings.within(format!("{key}.{name}"), self.current.multiple(), 0.0, most);
        if let Some(frequency) = self.frequency {
            // The chip's range (datasheet: Freq 45 to 65 Hz).
            findings.within(format!("{key}.frequency_hz"), frequency.0, 45.0, 65.0);
        }
    }

    /// A relative error needs something to relate to.
    fn check_power(&self, key: &str, findings: &mut Findings) {
        let name = if matches!(self.current, Current::OfIb(_)) { "i_of_ib" } else { "i_of_imax" };
        let problem = "without current neither energy nor current has an error in %";
        findings.require(self.current.multiple() > 0.0, format!("{key}.{name}"), problem);
        let problem = "without active power energy has no error in %";
        findings.require(self.pf.magnitude > 0.0, format!("{key}.pf"), problem);
    }
}

impl Series {
    fn check(&self, fewest: u16, key: &str, findings: &mut Findings) {
        let good = (fewest..=MOST_REPEATS).contains(&self.repeats);
        findings.require(good, format!("{key}.repeats"), format!("{fewest} to {MOST_REPEATS} is allowed"));
        let good = self.discards <= MOST_REPEATS;
        findings.require(good, format!("{key}.discards"), format!("0 to {MOST_REPEATS} is allowed"));
        if let Some(timeout) = self.timeout {
            countable(timeout, &format!("{key}.timeout_secs"), findings);
        }
        if let Some(uncertainty) = self.uncertainty {
            findings.within(format!("{key}.uncertainty_percent"), uncertainty.0, 0.0001, 1.0);
        }
    }
}

impl Accuracy {
    fn check(&self, key: &str, findings: &mut Findings) {
        findings.text(format!("{key}.limit_source"), &self.limit_source);
        self.series.check(1, key, findings);
        let Limits { energy, voltage, current } = self.limits;
        let problem = "nothing is judged here; energy_percent, voltage_percent, current_percent are allowed";
        findings.require(energy.or(voltage).or(current).is_some(), format!("{key}.limits"), problem);
        for (name, limit) in [("energy_percent", energy), ("voltage_percent", voltage), ("current_percent", current)] {
            if let Some(limit) = limit {
                findings.within(format!("{key}.limits.{name}"), limit.0, 0.001, 100.0);
            }
        }
        if energy.is_some() {
            self.load.check_power(key, findings);
        } else if current.is_some() {
            let problem = "without current neither energy nor current has an error in %";
            findings.require(self.load.current.multiple() > 0.0, format!("{key}.i_of_ib"), problem);
        }
    }
}

impl Repeatability {
    fn check(&self, key: &str, findings: &mut Findings) {
        findings.text(format!("{key}.limit_source"), &self.limit_source);
        self.series.check(FEWEST_FOR_SCATTER, key, findings);
        findings.within(format!("{key}.deviation_percent"), self.deviation.0, 0.001, 10.0);
        self.load.check_power(key, findings);
    }
}

impl Dial {
    fn check(&self, key: &str, findings: &mut Findings) {
        findings.text(format!("{key}.limit_source"), &self.limit_source);
        findings.within(format!("{key}.pulses"), self.pulses, 1.0, 1e6);
        countable(self.duration, &format!("{key}.duration_secs"), findings);
        findings.within(format!("{key}.limits.energy_percent"), self.limit.0, 0.01, 10.0);
        self.load.check_power(key, findings);
    }
}

impl Starting {
    fn check(&self, key: &str, findings: &mut Findings) {
        findings.text(format!("{key}.limit_source"), &self.limit_source);
        findings.within(format!("{key}.i_of_ib"), self.load.current.multiple(), 0.0001, 0.1);
        findings.within(format!("{key}.time_factor"), self.time_factor, 1.0, 10.0);
        elements(self.elements, key, findings);
    }
}

impl NoLoad {
    fn check(&self, key: &str, findings: &mut Findings) {
        findings.text(format!("{key}.limit_source"), &self.limit_source);
        findings.within(format!("{key}.coefficient"), self.coefficient, 1e3, 1e10);
        findings.within(format!("{key}.time_factor"), self.time_factor, 1.0, 10.0);
        findings.within(format!("{key}.pulses"), self.pulses, 0.0, 10.0);
        elements(self.elements, key, findings);
        if let NoLoadFormula::StartingCurrent(of_ib) = self.formula {
            findings.within(format!("{key}.start_of_ib"), of_ib, 0.0001, 0.1);
        }
    }
}

impl Protection {
    fn check(&self, key: &str, findings: &mut Findings) {
        findings.text(format!("{key}.limit_source"), &self.limit_source);
        findings.within(format!("{key}.beyond_volts"), self.beyond.0, 10.0, 500.0);
        at_least_a_second(self.opens_within, &format!("{key}.opens_within_secs"), findings);
        at_least_a_second(self.closes_within, &format!("{key}.closes_within_secs"), findings);
    }
}

impl Questions {
    fn check(&self, key: &str, findings: &mut Findings) {
        let count = self.questions.len();
        let problem = format!("1 to {MOST_QUESTIONS} questions are allowed");
        findings.require((1..=MOST_QUESTIONS).contains(&count), format!("{key}.questions"), problem);
        for (number, question) in self.questions.iter().enumerate() {
            let key = format!("{key}.questions[{number}]");
            findings.text(&key, question);
            let short = question.chars().count() <= LONGEST_QUESTION;
            findings.require(short, key, format!("longer than {LONGEST_QUESTION} characters"));
        }
    }
}

fn elements(elements: u8, key: &str, findings: &mut Findings) {
    findings.require((1..=3).contains(&elements), format!("{key}.elements"), "1 to 3 is allowed");
}

fn at_least_a_second(time: Duration, key: &str, findings: &mut Findings) {
    findings.require(time >= Duration::from_secs(1), key, "1 s is the least");
}

fn countable(time: Duration, key: &str, findings: &mut Findings) {
    let good = (Duration::from_secs(1)..=LONGEST_COUNT).contains(&time);
    findings.require(good, key, format!("1 to {} s is allowed", LONGEST_COUNT.as_secs()));
}
