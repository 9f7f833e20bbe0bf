//! What each column of a list is taken for: as it was the last time, or else by its name, until a person says otherwise.

use std::collections::BTreeMap;

use rusqlite::Transaction;

use super::error::ProvisionError;
use super::mapping::{Mapping, STOCK_ONLY};
use super::store::{InFile as _, Provisioning};
use super::table::Table;
use crate::image::field;

/// What a column is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TakenFor {
    /// Nothing: it is left out.
    Nothing,
    /// The unit's serial number.
    Serial,
    /// A field of this name.
    Field(&'static str),
}

pub(super) const SERIAL: &str = "serial";

/// Names that people give columns, beside those of the fields, in small letters and without what stands between them.
const KNOWN_AS: [(&str, &[&str]); 9] = [
    (SERIAL, &["serialnumber", "serialno", "sn", "unit", "unitserial", "meterserial", "meterserialnumber", "device"]),
    ("meter_number", &["meterno", "number"]),
    ("token", &["accesstoken", "devicetoken", "access"]),
    ("host", &["server", "hostname", "serverhost", "url"]),
    ("port", &["serverport"]),
    ("apn_user", &["apnusername"]),
    ("apn_password", &["apnpass", "apnpw"]),
    ("starting_code", &["startcode"]),
    ("openpaygo_key", &["openpaygosecretkey", "secretkey"]),
];

impl TakenFor {
    /// Everything a column can be taken for.
    pub fn all() -> impl Iterator<Item = Self> {
        let fields = field::PROVISIONING.iter().chain(&STOCK_ONLY).map(|name| Self::Field(name));
        [Self::Nothing, Self::Serial].into_iter().chain(fields)
    }

    /// The field's name, `serial`, or nothing.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Serial => SERIAL,
            Self::Field(name) => name,
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::all().find(|taken| taken.name() == name)
    }

    /// What a column of this name most likely is.
    pub(super) fn guessed(header: &str) -> Option<Self> {
        let plain = |text: &str| -> String {
            text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
        };
        let header = plain(header);
        let also = |name: &str| KNOWN_AS.iter().any(|(known, also)| *known == name && also.contains(&header.as_str()));
        Self::all().skip(1).find(|taken| plain(taken.name()) == header || also(taken.name()))
    }
}

impl Table {
    /// What the columns were taken for the last time, or else what their names say. No field is given to two of them.
    #[must_use]
    pub fn guess(&self, remembered: &BTreeMap<String, String>) -> Vec<TakenFor> {
        let mut taken = Vec::new();
        for header in self.headers() {
            let known = remembered.get(header).and_then(|name| TakenFor::named(name));
            let found = known.or_else(|| TakenFor::guessed(header)).filter(|found| !taken.contains(found));
            taken.push(found.unwrap_or(TakenFor::Nothing));
        }
        taken
    }

    /// The description of columns that are taken so, in their order.
    ///
    /// # Errors
    /// Two columns are taken for the same.
    pub fn mapping(&self, taken: &[TakenFor]) -> Result<Mapping, ProvisionError> {
        let mut mapping = Mapping::default();
        for (header, taken) in self.headers().zip(taken) {
            let header = header.to_owned();
            let before = match taken {
                TakenFor::Nothing => {
                    mapping.left_out.insert(header);
                    None
                }
                TakenFor::Serial => mapping.serial.replace(header),
                TakenFor::Field(name) => mapping.columns.insert((*name).to_owned(), header),
            };
            if let Some(before) = before {
                let problem = format!("{} is chosen for {before:?} and for another column", taken.name());
                return Err(ProvisionError::Columns { problem });
            }
        }
        Ok(mapping)
    }
}

impl Provisioning {
    /// What columns were taken for the last time, by their names.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn headings(&self) -> Result<BTreeMap<String, String>, ProvisionError> {
        let mut read = self.connection.prepare("SELECT name, field FROM heading").in_file(&self.file)?;
        let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).in_file(&self.file)?;
        rows.collect::<rusqlite::Result<_>>().in_file(&self.file)
    }
}

/// Keeps what the columns of a list were taken for.
pub(super) fn remember(transaction: &Transaction<'_>, table: &Table, mapping: &Mapping) -> rusqlite::Result<()> {
    for header in table.headers() {
        let of = |column: &String| column == header;
        let field = match mapping.columns.iter().find(|(_, column)| of(column)) {
            _ if mapping.serial.as_ref().is_some_and(of) => SERIAL,
            Some((field, _)) => field,
            None if mapping.left_out.contains(header) => "",
            None => TakenFor::named(header).map_or("", TakenFor::name),
        };
        let keep = "INSERT INTO heading (name, field) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET field = ?2";
        transaction.execute(keep, (header, field))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(csv: &str) -> Table {
        Table::read(csv.as_bytes()).expect("a table")
    }

    #[test]
    fn columns_are_known_by_what_people_call_them() {
        let table = table("Serial No.,Access Token,API-Key,Remark,meter_number,SN\na,b,c,d,1,e\n");
        let found: Vec<&str> = table.guess(&BTreeMap::new()).into_iter().map(TakenFor::name).collect();
        assert_eq!(found, ["serial", "token", "api_key", "", "meter_number", ""], "the serial number once");
        let remembered = [("Remark", "apn"), ("Access Token", ""), ("SN", "no such field")];
        let remembered = remembered.map(|(header, field)| (header.to_owned(), field.to_owned()));
        let found: Vec<&str> = table.guess(&remembered.into()).into_iter().map(TakenFor::name).collect();
        assert_eq!(found, ["serial", "", "api_key", "apn", "meter_number", ""], "what a person said counts");
    }

    #[test]
    fn a_column_that_is_left_out_stays_out() {
        let table = table("token,host\nt1,example.org\n");
        let mapping = table.mapping(&[TakenFor::Nothing, TakenFor::Field("host")]).expect("a mapping");
        let (lines, ignored) = table.lines(&mapping).expect("lines");
        assert_eq!(ignored, ["token"]);
        assert!(lines.iter().all(|line| line.fields.keys().eq(["host"])));
        assert!(table.mapping(&[TakenFor::Field("host"); 2]).is_err());
    }

    #[test]
    fn what_may_be_a_secret_is_masked() {
        let table = table("a,b,c\nMT1,hush,80\nMT2,,8080\n");
        let shown = |column, taken| table.shown(column, taken).collect::<Vec<_>>();
        assert_eq!(shown(0, Some("serial")), ["MT1", "MT2"]);
        assert_eq!(shown(1, Some("token")), ["***", ""]);
        assert_eq!(shown(1, None), ["***", ""], "nobody has said what it is");
        assert_eq!(shown(2, Some("port")), ["80", "8080"]);
        assert_eq!(shown(2, Some("sts_private_key")), ["***", "***"]);
        assert_eq!((table.lengths(1), table.lengths(2)), ((0, 4), (2, 4)));
        assert!(!format!("{table:?}").contains("hush"));
    }
}
