//! `detente dump`: the journal as it is stored, event by event, one JSON object a line. It serves to inspect a ledger
//! that cannot be served.

use super::fault::not_read;
use super::not_opened;
use crate::cli::{CommandFailure, DumpArgs, write};
use detente_domain::position::Position;
use detente_journal::file::ReadOnlyJournal;
use detente_journal::{Chunk, Journal as _};
use detente_ledger::open::{OpenError, journal_dir};
use detente_ledger::wire::json;
use detente_proto::v1;
use prost::Message as _;

/// Shows a stretch of the journal.
pub(super) fn run(args: &DumpArgs) -> Result<(), CommandFailure> {
    let in_journal = |source| not_opened(OpenError::Journal { path: args.data.clone(), source });
    let journal = ReadOnlyJournal::open(&journal_dir(&args.data)).map_err(in_journal)?;
    let reader = journal.reader();
    let mut left = args.limit.unwrap_or(u64::MAX);
    for chunk in reader.read(Position(args.from.max(1))).map_err(not_read)? {
        for line in lines(&chunk.map_err(not_read)?) {
            if left == 0 {
                return Ok(());
            }
            left -= 1;
            write(&line)?;
        }
    }
    Ok(())
}

fn lines(chunk: &Chunk) -> Vec<String> {
    let mut position = chunk.first;
    let mut lines = Vec::with_capacity(chunk.records.len());
    for record in &chunk.records {
        let event = v1::Event::decode(&*record.event).map_err(|error| error.to_string());
        let shown = event.and_then(|event| json::line(&event).map_err(|error| error.to_string()));
        lines.push(match shown {
            Ok(event) => format!("{event}\n"),
            Err(error) => format!("{{\"position\":\"{position}\",\"unreadable\":{}}}\n", serde_json::json!(error)),
        });
        position = position.next();
    }
    lines
}
