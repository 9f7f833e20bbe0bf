//! A run from the window: what is asked before anything is switched on, the run, and its record.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::watch::Basis;
use super::{Consent, Link, Notice, Order, WatchNotice, Worker, flashing, order};
use crate::advice::Advice;
use crate::operator::{Answer, Operator as _, OperatorError, Prompt};
use crate::procedure::{self, Control, Custody, Event, Plan, RunReport, TakenUp, Verdict};
use crate::profile::vigilance::GoldenUnit;
use crate::provision::Allotment;
use crate::record::{Interrupted, Journal, Keeper, Readings, Sitting, Stamp};

/// A run that has been asked for and has not begun.
pub(super) struct Beginning {
    pub(super) plan: Plan,
    control: Arc<Control>,
    readings: Arc<Readings>,
    journal: Arc<OnceLock<Journal>>,
    /// The units' rows of the provisioning list.
    allotment: Option<Allotment>,
    /// The window knows of it, and can cancel it.
    told: bool,
}

/// Why it does not begin; without advice because somebody stopped it.
pub(super) type NotBegun = Option<Advice>;

/// What a run stands on.
pub(super) struct Standing {
    pub(super) custody: Custody,
    /// What is known of the units, where they are golden ones.
    pub(super) golden: Vec<GoldenUnit>,
}

impl Worker<'_> {
    pub(super) fn start(&mut self, order: &Order, consent: &Consent) {
        for serial in order.serials.iter().filter(|serial| !serial.is_empty() && !consent.again.contains(*serial)) {
            // A golden unit comes again every shift.
            let warning = if order.golden { None } else { self.tested_before(serial) };
            if let Some(warning) = warning {
                return self.ctl.notice(Notice::Tested { serial: serial.clone(), warning });
            }
        }
        let plan = match order::plan(order) {
            Ok(plan) => plan,
            Err(advice) => return self.ctl.notice(Notice::Refused(advice)),
        };
        let mut run = self.beginning(plan);
        match self.prepare(order, consent, &mut run) {
            Ok((standing, earlier)) => self.run(run, &standing, earlier, consent),
            Err(advice) => {
                self.operator.rest();
                if let Some(allotment) = run.allotment.take() {
                    allotment.give_back();
                }
                if run.told {
                    self.ctl.notice(Notice::NotBegun);
                }
                if let Some(advice) = advice {
                    self.ctl.notice(Notice::Refused(advice));
                }
            }
        }
    }

    fn beginning(&self, plan: Plan) -> Beginning {
        let ctl = self.ctl.clone();
        let (readings, journal) = (Arc::new(Readings::default()), Arc::new(OnceLock::<Journal>::new()));
        let (heard, written) = (Arc::clone(&readings), Arc::clone(&journal));
        let control = Arc::new(Control::new(move |event| {
            heard.hear(&event);
            if let Some(journal) = written.get() {
                journal.hear(&event);
            }
            match event {
                Event::Reference { .. } | Event::Meter { .. } | Event::StepProgress { .. } => {
                    ctl.progress(Notice::Run(event));
                }
                Event::Reached { .. } | Event::Admitted(_) | Event::StartsAgain { .. } => {}
                _ => ctl.notice(Notice::Run(event)),
            }
        }));
        if self.ctl.is_cancelled() {
            control.cancel();
        }
        self.operator.work_under(&control);
        Beginning { plan, control, readings, journal, allotment: None, told: false }
    }

    /// Tells the window, once: from then on it can cancel.
    fn begin(&self, run: &mut Beginning) {
        if !std::mem::replace(&mut run.told, true) {
            let basis = Basis::new(0, &run.plan.meter, &run.plan.procedure);
            self.ctl.notice(Notice::Watch(WatchNotice::Began(Arc::new(basis))));
            let (limits, expected) = (order::limits(&run.plan), run.plan.expected());
            self.ctl.notice(Notice::Began { control: Arc::clone(&run.control), limits, expected });
        }
    }

    /// Asks before the run.
    pub(super) fn ask(&self, run: &mut Beginning, prompt: &Prompt) -> Result<Answer, NotBegun> {
        self.begin(run);
        self.operator.ask(prompt).map_err(|error| match error {
            OperatorError::Cancelled => None,
            error => Some(procedure::advice::of(&error.into())),
        })
    }

    /// Everything that can keep the run from beginning, what cannot be taken back last.
    fn prepare(
        &mut self,
        order: &Order,
        consent: &Consent,
        run: &mut Beginning,
    ) -> Result<(Standing, BTreeMap<String, TakenUp>), NotBegun> {
        let standing = self.ready(order, run)?;
        let Some(open) = &mut self.open else {
            return Err(Some(Advice {
                what: t!("no station is connected").to_owned(),
                why: t!("The addresses were not opened, or opening them failed").to_owned(),
                next: t!("Check the addresses and connect").to_owned(),
            }));
        };
        let folder = self.records.as_ref().map(Keeper::folder);
        let (sites, allotment) = flashing::sites(order, &run.plan, &open.ways, folder).map_err(Some)?;
        run.allotment = allotment;
        let mut sites = sites.into_iter();
        for (number, place) in open.bench.positions.iter_mut().enumerate() {
            place.serial = order.serials.get(number).cloned().unwrap_or_default();
            place.flash = sites.next().flatten();
        }
        let earlier = self.earlier(order, consent, run)?;
        Ok((standing, earlier))
    }

    /// Runs of these units that were cut off: asks whether to go on, and gives up what nobody goes on with.
    fn earlier(
        &self,
        order: &Order,
        consent: &Consent,
        run: &mut Beginning,
    ) -> Result<BTreeMap<String, TakenUp>, NotBegun> {
        let Some(folder) = self.records.as_ref().map(|keeper| keeper.folder().to_owned()) else {
            return Ok(BTreeMap::new());
        };
        let unreadable = |error: std::io::Error| {
            let why = t!("What is left of a run that was cut off cannot be read or recorded");
            Some(Advice::new(
                error.to_string(),
                why,
                t!("Check the folder of the records and its disk, then start again"),
            ))
        };
        let found = Interrupted::of(&folder, &order.serials, &run.plan, &Stamp::now()).map_err(unreadable)?;
        if let Some(serial) = found.busy.first() {
            let what = t!("{serial} is being tested by another process", serial);
            let why = t!("Another window or a command line works with the same records");
            return Err(Some(Advice::new(what, why, t!("Wait until that run is over"))));
        }
        let goes_on = match found.question(&run.plan) {
            Some(question) => {
                let prompt = Prompt::choice(question, &[t!("Continue"), t!("Start again")], None);
                self.ask(run, &prompt)? == Answer::Choice(0)
            }
            None => false,
        };
        for (page, reason) in &found.closed {
            let text = t!("{words}. It starts again: {reason}", words = page.words(&run.plan), reason);
            self.ctl.notice(Notice::Said(text));
            page.give_up(&folder, reason).map_err(unreadable)?;
        }
        let (taken_up, pages) =
            Interrupted::settle(found.open, goes_on, &folder, (&order.serials, &run.readings)).map_err(unreadable)?;
        let [operator, batch] = consent.named();
        let meters = std::iter::once(&self.addresses.meter).chain(&self.addresses.more_meters).cloned().collect();
        let sitting = Sitting { operator, batch, meters };
        run.journal.set(Journal::new(&folder, &run.plan, sitting, &run.readings).taking_up(&pages)).ok();
        Ok(taken_up)
    }

    fn run(&mut self, mut run: Beginning, standing: &Standing, earlier: BTreeMap<String, TakenUp>, consent: &Consent) {
        self.begin(&mut run);
        let Some(open) = &mut self.open else { return };
        let bench = &mut open.bench;
        let mut reports = procedure::go_on(bench, &run.plan, &standing.custody, earlier, &run.control);
        self.operator.rest();
        self.shown.clear();
        let measured = |report: &RunReport| matches!(report.verdict, Verdict::Pass | Verdict::Fail);
        let used = bench.positions.iter().zip(&mut self.links.meters).filter(|(place, _)| !place.serial.is_empty());
        let mut answered: Vec<&mut Link> =
            used.zip(&reports).filter(|(_, report)| measured(report)).map(|((_, link), _)| link).collect();
        if !answered.is_empty() {
            // What measured one unit answers, and so does every meter that was measured.
            answered.extend([&mut self.links.reference, &mut self.links.source]);
            for link in answered {
                if matches!(link, Link::Trouble(_)) {
                    *link = Link::Ready(t!("answers again").to_owned());
                }
            }
            self.show_links();
        }
        for (report, unit) in reports.iter_mut().zip(&standing.golden) {
            procedure::golden::judge(report, unit);
        }
        let told = self.record(&mut reports, (&run.plan, &run.readings), consent, run.allotment);
        self.ctl.notice(Notice::Ended(reports));
        for told in told {
            self.ctl.notice(Notice::Said(told));
        }
        self.keep_vigil();
    }
}
