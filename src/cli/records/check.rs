//! `meterbench records check`: whether anything was changed, and what.

use super::Output;
use crate::cli::exit::Exit;
use crate::cli::message;
use crate::record::Store;
use crate::record::check::Checked;

/// Computes every hash again and follows every chain; exit code 1 when something was changed
#[derive(clap::Args, Debug)]
pub(super) struct Check {
    /// First make the sums beside the records anew; the records stay as they are
    #[arg(long)]
    sums: bool,
    /// Take it that records which are noted beside the file and gone stay gone; every later check tells of them
    #[arg(long)]
    accept_loss: bool,
}

impl Check {
    pub(super) fn run(&self, store: &mut Store, output: &mut Output<'_>) -> anyhow::Result<Exit> {
        if self.sums {
            store.rebuild_sums()?;
        }
        if self.accept_loss {
            let accepted = store.accept_loss()?;
            if accepted.is_empty() {
                message("nothing that is noted is gone");
            }
        }
        let checked = store.check()?;
        if output.json {
            writeln!(output.out, "{}", serde_json::to_string(&checked)?)?;
        } else {
            for finding in &checked.findings {
                writeln!(output.out, "{finding}")?;
            }
            if checked.more > 0 {
                writeln!(output.out, "and {} more", checked.more)?;
            }
            let result = if checked.clean() { "nothing was changed" } else { "SOMETHING WAS CHANGED" };
            let Checked { records, flashings, chains, .. } = &checked;
            writeln!(output.out, "{records} records and {flashings} flashings in {chains} chains: {result}")?;
            for remark in &checked.remarks {
                writeln!(output.out, "{remark}")?;
            }
            if !checked.clean() {
                writeln!(
                    output.out,
                    "next  Keep the file as it is, and compare what is named with the newest backup, papers and exports"
                )?;
            }
            writeln!(
                output.out,
                "A chain that was computed anew to its very end, with the hash noted beside it, would look right: keep backups elsewhere"
            )?;
        }
        Ok(if checked.clean() { Exit::DONE } else { Exit::FAILED })
    }
}
