//! `meterbench run` on a unit whose last run was cut off: go on, or start again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::Run;
use crate::cli::message;
use crate::operator::{Answer, Operator, OperatorError, Prompt};
use crate::procedure::{Plan, TakenUp};
use crate::record::{Interrupted, Page, Readings};

/// What became of the question.
#[derive(Default)]
pub(super) struct Earlier {
    /// Runs to go on with, by serial number.
    pub taken_up: BTreeMap<String, TakenUp>,
    /// The same, as they lie beside the records.
    pub pages: Vec<Page>,
}

/// Finds what was cut off, asks, and gives up what nobody goes on with.
pub(super) fn earlier(
    run: &Run,
    folder: &Path,
    plan: &Plan,
    (operator, readings): (&Arc<dyn Operator>, &Readings),
) -> anyhow::Result<Earlier> {
    let context = || format!("what is left of earlier runs in {}", folder.display());
    let found = Interrupted::of(folder, &run.serial, plan, &crate::record::Stamp::now()).with_context(context)?;
    if let Some(serial) = found.busy.first() {
        bail!("{serial} is being tested by another process at this moment");
    }
    for (page, reason) in &found.closed {
        message(&format!("{}. It starts again: {reason}", page.words(plan)));
        page.give_up(folder, reason).with_context(context)?;
    }
    let Some(question) = found.question(plan) else {
        if run.r#continue && found.closed.is_empty() {
            message("Nothing was interrupted: the run begins at its beginning");
        }
        return Ok(Earlier::default());
    };
    let goes_on = match (run.r#continue, run.restart) {
        (true, _) => true,
        (_, true) => false,
        _ => match operator.ask(&Prompt::choice(question, &["Continue", "Start again"], None)) {
            Ok(answer) => answer == Answer::Choice(0),
            Err(error @ OperatorError::Absent) => bail!("{error}: say --continue or --restart"),
            Err(error) => bail!(error),
        },
    };
    let (taken_up, pages) =
        Interrupted::settle(found.open, goes_on, folder, (&run.serial, readings)).with_context(context)?;
    Ok(Earlier { taken_up, pages })
}
