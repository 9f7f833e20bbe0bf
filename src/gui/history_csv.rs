//! The history as a table for other programs: one line a moment, units in the names of the columns.
//!
//! Lines of remarks, marked by `#`, come before the names. Each line of numbers carries the mark of simulated readings, so that
//! no part of the file can pass for measured. An empty cell is a missing value.

use std::io::Write;

use jiff::Timestamp;

use super::history::{History, Row};
use super::measurand::Measurand;

/// What is written, taken at one moment.
#[derive(Clone, Debug)]
pub struct HistoryExport {
    /// The rows.
    pub history: History,
    /// A part of the station is simulated.
    pub simulated: bool,
    /// Place on the bench, from 0.
    pub position: usize,
    /// Meter profile the currents and powers are scaled by.
    pub profile: String,
    /// When the rows were taken.
    pub taken_at: Timestamp,
}

impl PartialEq for HistoryExport {
    /// The same moment of the same place is the same table.
    fn eq(&self, other: &Self) -> bool {
        self.taken_at == other.taken_at
            && self.position == other.position
            && self.history.span() == other.history.span()
    }
}

impl HistoryExport {
    /// A name for the file.
    #[must_use]
    pub fn file_name(&self) -> String {
        let mark = if self.simulated { "-simulated" } else { "" };
        format!("live{mark}-{}.csv", self.taken_at.strftime("%Y%m%d-%H%M%S"))
    }

    /// Writes the table.
    ///
    /// # Errors
    /// The file takes nothing more.
    pub fn write(&self, mut to: impl Write) -> Result<(), csv::Error> {
        let mark = if self.simulated { "SIMULATED" } else { "measured" };
        writeln!(to, "# Meterbench {} live readings, {mark}", env!("CARGO_PKG_VERSION"))?;
        writeln!(to, "# taken {} UTC, position {}, meter profile {}", self.taken_at, self.position + 1, self.profile)?;
        writeln!(to, "# time_s counts by the station's clock; the last line was read just before the table was taken")?;
        writeln!(to, "# the reference is interpolated to the moments of the meter's readings")?;
        let mut table = csv::Writer::from_writer(to);
        table.write_record(names())?;
        let newest = self.history.span().map_or(0.0, |(_, newest)| newest);
        for row in self.history.rows() {
            table.write_record(cells(row, newest, mark))?;
        }
        table.flush()?;
        Ok(())
    }
}

/// Column names, each with its unit.
fn names() -> Vec<String> {
    let mut names = vec!["time_s".to_owned(), "before_last_s".to_owned()];
    for measurand in Measurand::ALL {
        let sign = column(measurand);
        let unit = match measurand {
            Measurand::Pf => "1",
            Measurand::Phase => "deg",
            _ => measurand.unit(),
        };
        let error = if measurand == Measurand::Phase { "deg" } else { "percent" };
        names.extend([
            format!("meter_{sign}_{unit}"),
            format!("reference_{sign}_{unit}"),
            format!("error_{sign}_{error}"),
        ]);
    }
    names.push("mark".to_owned());
    names
}

/// Letters without accents, for programs that read nothing else.
const fn column(measurand: Measurand) -> &'static str {
    match measurand {
        Measurand::Phase => "phase",
        other => other.sign(),
    }
}

fn cells(row: &Row, newest: f64, mark: &str) -> Vec<String> {
    let number = |value: Option<f64>, digits: usize| value.map(|value| format!("{value:.digits$}")).unwrap_or_default();
    let mut cells = vec![format!("{:.3}", row.secs), format!("{:.3}", newest - row.secs)];
    for measurand in Measurand::ALL {
        // Three digits more than the screen: nothing is lost that the chip's low word gives.
        let digits = measurand.decimals() + 3;
        cells.push(number(measurand.of(&row.meter), digits));
        cells.push(number(measurand.of(&row.reference), digits));
        cells.push(number(measurand.error(&row.meter, &row.reference), 5));
    }
    cells.push(mark.to_owned());
    cells
}

#[cfg(test)]
mod tests {
    use super::super::measurand::NO_VALUES;
    use super::*;

    fn export(simulated: bool) -> HistoryExport {
        let mut history = History::default();
        let reference = [240.0, 5.0, 1200.0, 0.0, 1200.0, 1.0, 50.0, 0.0];
        let mut meter = reference;
        meter[0] = 240.24;
        meter[7] = 0.1;
        history.push(Row { secs: 10.0, meter: NO_VALUES, reference });
        history.push(Row { secs: 10.5, meter, reference });
        let taken_at = "2026-03-04T05:06:07Z".parse().unwrap();
        HistoryExport { history, simulated, position: 0, profile: "opensmartmeter-mt50".to_owned(), taken_at }
    }

    #[test]
    fn the_table_reads_back() {
        let mut bytes = Vec::new();
        export(true).write(&mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("SIMULATED\n# taken 2026-03-04T05:06:07Z UTC, position 1"), "{text}");
        let mut table = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
        let names = table.headers().unwrap().clone();
        let lines: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
        let cell = |line: usize, name: &str| {
            let place = names.iter().position(|other| other == name).unwrap_or_else(|| panic!("{name} in {names:?}"));
            lines[line][place].to_owned()
        };
        assert_eq!(lines.len(), 2);
        assert_eq!(cell(0, "meter_U_V"), "", "nothing is no zero");
        assert_eq!(cell(0, "reference_U_V"), "240.00000");
        assert_eq!(cell(0, "before_last_s"), "0.500");
        assert_eq!(cell(1, "time_s"), "10.500");
        assert_eq!(cell(1, "meter_U_V"), "240.24000");
        assert_eq!(cell(1, "error_U_percent"), "0.10000");
        assert_eq!(cell(1, "error_Q_percent"), "");
        assert_eq!(cell(1, "error_phase_deg"), "0.10000");
        assert_eq!(cell(1, "mark"), "SIMULATED");
    }

    #[test]
    fn the_name_of_the_file_tells_simulated() {
        assert_eq!(export(true).file_name(), "live-simulated-20260304-050607.csv");
        assert_eq!(export(false).file_name(), "live-20260304-050607.csv");
    }
}
