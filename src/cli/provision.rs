//! `meterbench provision`: lists of what servers and networks know units by.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::exit::Exit;
use super::{advise, message};
use crate::provision::{Allotment, Mapping, ProvisionError, Provisioning, Row, State, Values, is_readable_by_others};

/// Import lists of tokens, keys and numbers, see which unit has which row, release rows
#[derive(clap::Args, Debug)]
pub struct ProvisionCommand {
    #[command(subcommand)]
    action: Action,
    /// One JSON object, or one a line
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Take a list in CSV; its first line names the columns. The file can be deleted afterwards
    Import(Import),
    /// Say which unit has which row; values are never shown
    List {
        /// The list; without it, all
        name: Option<String>,
        /// Only rows that a run left behind when it was cut off
        #[arg(long)]
        left_behind: bool,
        /// Only rows on the chips of units that did not pass
        #[arg(long)]
        on_chip: bool,
    },
    /// Decide about a row that a run left behind or that is on a chip: whether its unit has the values or not
    Release {
        /// The list
        name: String,
        /// The row's number in it
        row: u64,
        /// free: no unit has the values; used: the unit has them
        #[arg(long = "as", value_name = "STATE")]
        into: Into,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Into {
    Free,
    Used,
}

#[derive(clap::Args, Debug)]
struct Import {
    /// The CSV
    file: PathBuf,
    /// Name of the list; the file's without it
    #[arg(long)]
    name: Option<String>,
    /// What the columns are: TOML with serial = COLUMN, [columns] FIELD = COLUMN, [constants] FIELD = VALUE
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// The column with the unit's serial number; without one the rows are given in turn
    #[arg(long, value_name = "COLUMN")]
    serial: Option<String>,
    /// A field and its column; columns named as fields need none. Several times
    #[arg(long = "column", value_name = "FIELD=COLUMN")]
    columns: Vec<String>,
}

impl ProvisionCommand {
    /// Does it with the lists in the folder `data`.
    ///
    /// # Errors
    /// A file that cannot be read, or `out` that cannot be written.
    pub fn run(&self, data: &Path, out: &mut dyn Write) -> anyhow::Result<Exit> {
        let done =
            Provisioning::open(data).map_err(anyhow::Error::from).and_then(|mut lists| self.act(&mut lists, out));
        match done.map_err(anyhow::Error::downcast::<ProvisionError>) {
            Ok(exit) => Ok(exit),
            Err(Ok(error)) => Ok(refused(&error)),
            Err(Err(error)) => Err(error),
        }
    }

    fn act(&self, lists: &mut Provisioning, out: &mut dyn Write) -> anyhow::Result<Exit> {
        match &self.action {
            Action::Import(import) => import.run(lists, self.json, out)?,
            Action::List { name, left_behind, on_chip } => {
                let rows = lists.rows(name.as_deref())?;
                let wanted = |row: &&Row| match row.state {
                    State::LeftBehind if *left_behind => true,
                    State::OnChip if *on_chip => true,
                    _ => !left_behind && !on_chip,
                };
                for row in rows.iter().filter(wanted) {
                    if self.json {
                        serde_json::to_writer(&mut *out, row)?;
                        writeln!(out)?;
                    } else {
                        writeln!(out, "{}", line(row))?;
                    }
                }
                for state in [State::LeftBehind, State::OnChip].into_iter().filter(|_| !self.json) {
                    if let Some(next) = next(state).filter(|_| rows.iter().filter(wanted).any(|row| row.state == state))
                    {
                        message(next);
                    }
                }
            }
            Action::Release { name, row, into } => {
                lists.release(name, *row, if *into == Into::Used { State::Used } else { State::Free })?;
            }
        }
        Ok(Exit::DONE)
    }
}

impl Import {
    fn run(&self, lists: &mut Provisioning, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
        let mut mapping = match &self.map {
            Some(file) => {
                let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
                Mapping::from_toml(&text).map_err(anyhow::Error::msg).with_context(|| file.display().to_string())?
            }
            None => Mapping::default(),
        };
        for column in &self.columns {
            let (field, column) = column.split_once('=').context("say --column FIELD=COLUMN")?;
            mapping.columns.insert(field.to_owned(), column.to_owned());
        }
        mapping.serial = self.serial.clone().or(mapping.serial);
        let name = match &self.name {
            Some(name) => name.clone(),
            None => name_of(&self.file)?,
        };
        let imported = import(lists, &self.file, &name, &mapping)?;
        if json {
            serde_json::to_writer(&mut *out, &imported)?;
            writeln!(out)?;
        } else {
            writeln!(out, "{name}: {} rows added, {} were there already", imported.added, imported.known)?;
            if !imported.ignored_columns.is_empty() {
                writeln!(out, "left out, being no fields: {}", imported.ignored_columns.join(", "))?;
            }
        }
        Ok(())
    }
}

fn import(
    lists: &mut Provisioning,
    file: &Path,
    name: &str,
    mapping: &Mapping,
) -> anyhow::Result<crate::provision::Imported> {
    let csv = std::fs::read(file).with_context(|| file.display().to_string())?;
    if is_readable_by_others(file) {
        message(&format!("{} can be read by others than its owner, and there are secrets in it", file.display()));
    }
    Ok(lists.import(name, &csv, mapping)?)
}

/// A list is named as its file is, without the ending.
fn name_of(file: &Path) -> anyhow::Result<String> {
    let stem = file.file_stem().and_then(|stem| stem.to_str());
    Ok(stem.with_context(|| format!("{} gives no name for the list: say --name", file.display()))?.to_owned())
}

fn line(row: &Row) -> String {
    let Row { list, number, unit, state, serial, .. } = row;
    let serial = serial.as_deref().unwrap_or_default();
    let state = match state {
        State::Free => match unit {
            Some(unit) => format!("free, for {unit}"),
            None => "free".to_owned(),
        },
        State::Reserved => format!("reserved for {serial} by a run that goes on"),
        State::LeftBehind => format!("LEFT BEHIND by a run of {serial} that was cut off"),
        State::OnChip => format!("ON THE CHIP of {serial}, which did not pass"),
        State::Used => format!("used by {serial}"),
    };
    format!("{list} row {number}: {state}   ({})", row.fields.join(", "))
}

/// What to do about rows that wait for somebody.
const fn next(state: State) -> Option<&'static str> {
    match state {
        State::LeftBehind => Some(
            "Left behind: test the unit again, it gets the same row; or look whether it has the values, and decide: provision release",
        ),
        State::OnChip => Some(
            "On the chip: test the unit again, it gets the same row; once its chip was erased or the board is scrapped, \
             provision release LIST ROW --as free",
        ),
        State::Free | State::Reserved | State::Used => None,
    }
}

/// Says why nothing was done. A slip in a list or a name is bad input; a file that cannot be used is an ERROR.
pub(super) fn refused(error: &ProvisionError) -> Exit {
    advise(&error.advice());
    match error {
        ProvisionError::Database { .. } | ProvisionError::Lost { .. } | ProvisionError::Damaged { .. } => {
            Exit::COULD_NOT_MEASURE
        }
        _ => Exit::BAD_INPUT,
    }
}

/// Reserves a row for each unit, or for none. `name` is a list, or a CSV file that becomes one, its columns named as the fields are
/// and the serial numbers in a column `serial` if it has one.
pub(super) fn reserve(data: &Path, name: &str, serials: &[String]) -> anyhow::Result<Allotment> {
    let file = Path::new(name);
    let is_file = file.extension().is_some_and(|extension| extension == "csv");
    let list = if is_file { name_of(file)? } else { name.to_owned() };
    if is_file {
        let text = std::fs::read_to_string(file).with_context(|| name.to_owned())?;
        let mut header = text.lines().next().unwrap_or_default().split([',', ';', '\t']);
        let serial = header.any(|column| column.trim().trim_matches('"') == SERIAL).then(|| SERIAL.to_owned());
        import(&mut Provisioning::open(data)?, file, &list, &Mapping { serial, ..Mapping::default() })?;
    }
    Ok(Allotment::reserve(data, &list, serials.iter().map(String::as_str))?)
}

/// The column of serial numbers in a list that is given to a run as a file.
const SERIAL: &str = "serial";

/// Values of a unit in a list for its calibration block.
pub(super) fn values_of(data: &Path, list: &str, serial: &str) -> anyhow::Result<Vec<(String, String)>> {
    Ok(owned(row_of(data, list, serial)?.for_block()))
}

/// Values of a unit in a list for the stock firmware's sources.
pub(super) fn stock_values_of(data: &Path, list: &str, serial: &str) -> anyhow::Result<Vec<(String, String)>> {
    Ok(owned(row_of(data, list, serial)?.expose()))
}

fn owned<'a>(values: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    values.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn row_of(data: &Path, list: &str, serial: &str) -> anyhow::Result<Values> {
    if !crate::provision::file_in(data).is_file() {
        bail!("there are no provisioning lists in {}", data.display());
    }
    Ok(Provisioning::open(data)?.of_unit(list, serial)?)
}
