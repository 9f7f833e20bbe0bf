//! Records as they are, one JSON object a line.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use serde_json::json;

use super::{failed, finish};
use crate::record::error::StoreError;
use crate::record::search::Filter;
use crate::record::store::{InFile as _, Store};

pub(super) fn write(store: &Store, filter: &Filter, to: &Path) -> Result<u64, StoreError> {
    let mut out = BufWriter::new(File::create_new(to).map_err(failed)?);
    let mut known = BTreeSet::new();
    let count = store.each(filter, |connection, record| {
        for used in [&record.record.entry.profile, &record.record.entry.procedure] {
            if known.insert(used.sha256) {
                let sql = "SELECT content FROM document WHERE sha256 = ?1";
                let text: String = connection.query_row(sql, [used.sha256], |row| row.get(0)).in_file(&store.file)?;
                let line = json!({ "document": used.name, "sha256": used.sha256, "text": text });
                writeln!(out, "{line}").map_err(failed)?;
            }
        }
        // The text of `record` is the very one the hash is taken over.
        writeln!(out, "{{\"hash\":\"{}\",\"record\":{}}}", record.hash, record.record.canonical()?).map_err(failed)
    })?;
    store.each_flashing(filter, |record| {
        writeln!(out, "{{\"hash\":\"{}\",\"flashing\":{}}}", record.hash, record.text).map_err(failed)
    })?;
    finish(&out.into_inner().map_err(failed)?)?;
    Ok(count)
}
