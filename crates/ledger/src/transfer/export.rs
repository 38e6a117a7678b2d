//! Writes the whole record as JSON Lines.

use super::line::{AppendLine, EndLine, FORM, Line, hex};
use super::{TransferError, TransferSummary};
use crate::wire::json;
use detente_journal::{LedgerId, Reader};
use detente_proto::v1;
use prost::Message as _;
use std::io::Write;

/// Writes everything up to the durable head.
///
/// # Errors
/// If the journal cannot be read or the output cannot be written.
pub fn export(
    ledger: LedgerId,
    journal: &dyn Reader,
    out: &mut dyn Write,
    progress: &dyn Fn(u64, u64),
) -> Result<TransferSummary, TransferError> {
    let head = journal.head();
    let mut carried = TransferSummary::default();
    put(out, &Line::Header { form: FORM, ledger_id: ledger.0 })?;
    for chunk in journal.read(detente_domain::position::Position(1))? {
        let chunk = chunk?;
        if chunk.first == chunk.header.first {
            put(out, &Line::Append { append: AppendLine::of(&chunk.header) })?;
            carried.appends += 1;
        }
        for record in &chunk.records {
            put_event(out, &hex(&record.salt.0), &record.event)?;
            carried.events += 1;
        }
        progress(carried.events, head.position.0);
    }
    put(out, &Line::End { end: EndLine { position: head.position.0, link: hex(&head.link.0) } })?;
    out.flush()?;
    Ok(carried)
}

fn put(out: &mut dyn Write, line: &Line) -> Result<(), TransferError> {
    serde_json::to_writer(&mut *out, line).map_err(std::io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

/// An event's line is put together by hand: its JSON is written already.
fn put_event(out: &mut dyn Write, salt: &str, event: &[u8]) -> Result<(), TransferError> {
    let event = v1::Event::decode(event).map_err(|error| TransferError::Write(error.to_string()))?;
    writeln!(out, "{{\"salt\":\"{salt}\",\"event\":{}}}", json::line(&event)?)?;
    Ok(())
}
