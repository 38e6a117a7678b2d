//! Rows that are read a second time, as they stand in the file: what the ledger refused is known by its line alone.

use super::rows::read_failure;
use crate::cli::CommandFailure;
use detente_ingest::mapping::FileSpec;
use detente_ingest::pipeline::RowPlace;
use detente_ingest::source::{RowResult, SourceFiles, read};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Calls `each` with some rows of a file, in its order, and stops behind the last of them.
pub(super) fn collect(
    rows: &BTreeMap<RowPlace, String>,
    path: &Path,
    spec: &FileSpec,
    mut each: impl FnMut(&RowPlace, &[u8], &str) -> io::Result<()>,
) -> Result<(), CommandFailure> {
    let mut opened = SourceFiles::open(path).map_err(|bad| read_failure(bad.into()))?;
    let mut left: BTreeMap<&RowPlace, &str> = rows.iter().map(|(place, reason)| (place, reason.as_str())).collect();
    let mut written = Ok(());
    let came = read(&mut opened, spec, &mut |_, row| {
        let (file, line, raw) = match &row {
            RowResult::Row(row) => (&row.file, row.line, row.raw().as_bytes()),
            RowResult::Bad { file, line, raw, .. } => (file, *line, raw.as_slice()),
        };
        let place = RowPlace { file: file.display_path().to_owned(), line };
        // Several rows may be cells of one line, which is collected once.
        if let Some((place, reason)) = left.remove_entry(&place) {
            written = each(place, raw, reason);
        }
        if written.is_err() || left.is_empty() { Err("that was the last one".to_owned()) } else { Ok(()) }
    });
    written.map_err(CommandFailure::other)?;
    if left.is_empty() { Ok(()) } else { came.map_err(|bad| read_failure(bad.into())) }
}
