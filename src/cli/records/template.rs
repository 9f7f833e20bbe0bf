//! `meterbench records template`: the shipped templates of papers, to begin one's own with.

use serde_json::json;

use super::Output;
use crate::cli::exit::Exit;
use crate::cli::message;
use crate::paper::template::shipped;

/// Prints a shipped template. A file of the same name in the folder `templates` beside the records takes its place
#[derive(clap::Args, Debug)]
pub(super) struct Template {
    /// certificate.typ, report.typ, label.typ, page.typ or chart.typ; without it their names are printed
    name: Option<String>,
}

impl Template {
    pub(super) fn run(&self, output: &mut Output<'_>) -> anyhow::Result<Exit> {
        let Some(wanted) = &self.name else {
            for (name, _) in shipped() {
                let line = if output.json { json!({ "name": name }).to_string() } else { name.to_owned() };
                writeln!(output.out, "{line}")?;
            }
            return Ok(Exit::DONE);
        };
        let Some((name, text)) = shipped().find(|(name, _)| name == wanted) else {
            message(&format!("there is no template {wanted}"));
            return Ok(Exit::BAD_INPUT);
        };
        if output.json {
            writeln!(output.out, "{}", json!({ "name": name, "text": text }))?;
        } else {
            write!(output.out, "{text}")?;
        }
        Ok(Exit::DONE)
    }
}
