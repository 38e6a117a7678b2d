//! Brings in appends that were recorded elsewhere, at the recorded times they have there.

use super::line::parse_instant;
use super::{TransferError, TransferSummary};
use crate::Ledger;
use crate::clock::new_id;
use crate::error::AppendError;
use crate::wire::command::parse_append;
use crate::wire::json;
use crate::write::append::AppendRequest;
use detente_domain::rejection::{Conflict, Rejection};
use detente_proto::v1;
use serde::Deserialize;
use std::io::BufRead;

/// One line of a backfill.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BackfillLine {
    recorded_at: String,
    append: serde_json::Value,
}

/// Records every line. An append that was recorded before under the same request id is left as it is.
///
/// # Errors
/// The first line that is wrong or does not fit the record; the lines before it are recorded.
pub fn backfill(
    lines: &mut dyn BufRead,
    ledger: &Ledger,
    recorded_by: Option<&str>,
    progress: &dyn Fn(u64),
) -> Result<TransferSummary, TransferError> {
    let mut carried = TransferSummary::default();
    for (nth, text) in lines.lines().enumerate() {
        let line = nth as u64 + 1;
        let text = text?;
        if text.trim().is_empty() {
            continue;
        }
        let wrong = |what: String| TransferError::Line { line, what };
        let parsed: BackfillLine = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let recorded_at = parse_instant(&parsed.recorded_at).map_err(wrong)?;
        let request = request_of(parsed.append, ledger, recorded_by).map_err(wrong)?;
        let count = request.batch.commands.len();
        let appended = ledger.backfill(request, recorded_at).map_err(|error| refusal(line, error))?;
        carried.appends += 1;
        if appended.replayed {
            carried.known += 1;
        } else {
            carried.events += count as u64;
        }
        progress(appended.at.position().0);
    }
    Ok(carried)
}

fn request_of(append: serde_json::Value, ledger: &Ledger, by: Option<&str>) -> Result<AppendRequest, String> {
    let mut message: v1::AppendRequest = json::read(append).map_err(|error| error.to_string())?;
    if message.recorded_by.is_empty() {
        by.unwrap_or_default().clone_into(&mut message.recorded_by);
    }
    let parsed = parse_append(message, &mut || new_id(ledger.clock())).map_err(|violations| {
        let told = violations.iter().map(|v| format!("{}: {}", v.field, v.description));
        told.collect::<Vec<_>>().join("; ")
    })?;
    Ok(AppendRequest {
        request: parsed.request,
        recorded_by: parsed.recorded_by,
        batch: parsed.batch,
        validate_only: parsed.validate_only,
    })
}

/// A refusal with everything that led to it, which an error's own words leave out.
fn refusal(line: u64, error: AppendError) -> TransferError {
    match error {
        AppendError::Rejected(Rejection::Violations(violations)) => {
            let told = violations.iter().map(|v| format!("{}: {}", v.field, v.description));
            TransferError::Line { line, what: told.collect::<Vec<_>>().join("; ") }
        }
        AppendError::Rejected(Rejection::Conflicts(conflicts)) => {
            let told = conflicts.iter().map(|conflict| match conflict {
                Conflict::Revision { index, expected, .. } => format!("preconditions[{index}]: expected {expected}"),
                Conflict::Boundary { index, touched_at, .. } => {
                    format!("preconditions[{index}]: touched at {touched_at}")
                }
            });
            TransferError::Line { line, what: told.collect::<Vec<_>>().join("; ") }
        }
        source => TransferError::Append { line, source },
    }
}
