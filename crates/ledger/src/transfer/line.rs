//! The lines of an export.

use crate::wire::time::{read_instant, recorded_at};
use detente_domain::position::{Position, RecordedAt};
use detente_journal::{AppendHeader, Link, RequestMark, Salt};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// The version of the form. The one before has no salts of retries.
pub(super) const FORM: u32 = 2;
/// The versions that can be read.
pub(super) const READABLE: [u32; 2] = [1, FORM];

/// One line.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Line {
    /// The first one.
    Header {
        #[serde(rename = "detenteExport")]
        form: u32,
        #[serde(rename = "ledgerId")]
        ledger_id: Uuid,
    },
    /// Opens an append.
    Append { append: AppendLine },
    /// An event of the append that was opened last.
    Event { salt: String, event: Value },
    /// The last one.
    End { end: EndLine },
}

/// The header of an append.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AppendLine {
    first: u64,
    count: u64,
    recorded_at: String,
    recorded_by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_salt: Option<String>,
    #[serde(default)]
    backfilled: bool,
}

/// The end of an export.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndLine {
    pub(super) position: u64,
    pub(super) link: String,
}

impl AppendLine {
    pub(super) fn of(header: &AppendHeader) -> Self {
        Self {
            first: header.first.0,
            count: header.count,
            recorded_at: instant_text(header.recorded_at),
            recorded_by: header.recorded_by.clone(),
            request_id: header.request.map(|request| request.id),
            fingerprint: header.request.map(|request| hex(&request.fingerprint)),
            retry_salt: header.request.and_then(|request| request.salt).map(|salt| hex(&salt.0)),
            backfilled: header.backfilled,
        }
    }

    pub(super) fn header(self) -> Result<AppendHeader, String> {
        let fingerprint = self.fingerprint.map(|text| unhex(&text).ok_or("fingerprint: expected 32 hex digits"));
        let fingerprint = fingerprint.transpose()?;
        let retry_salt =
            self.retry_salt.map(|text| salt(&text).ok_or("retrySalt: expected 32 hex digits")).transpose()?;
        if self.request_id.is_some() != fingerprint.is_some() || (retry_salt.is_some() && fingerprint.is_none()) {
            return Err("requestId and fingerprint go together, and retrySalt with them".to_owned());
        }
        let mark = |(id, fingerprint)| RequestMark { id, fingerprint, salt: retry_salt };
        Ok(AppendHeader {
            first: Position(self.first),
            count: self.count,
            recorded_at: parse_instant(&self.recorded_at)?,
            recorded_by: self.recorded_by,
            request: self.request_id.zip(fingerprint).map(mark),
            backfilled: self.backfilled,
            floor: RecordedAt::MIN,
        })
    }
}

/// An instant in RFC 3339, to the microsecond.
pub(super) fn instant_text(at: RecordedAt) -> String {
    jiff::Timestamp::from_microsecond(at.0).map_or_else(|_| at.0.to_string(), |instant| instant.to_string())
}

/// Reads an instant, as every instant is read. Digits after the microsecond are cut.
pub(super) fn parse_instant(text: &str) -> Result<RecordedAt, String> {
    let wrong = |error: String| format!("`{text}` is no instant: {error}");
    let instant = read_instant(text).map_err(wrong)?;
    recorded_at(&instant).map_err(|error| wrong(error.to_owned()))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads exactly `N` bytes from hex digits.
pub(super) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != N * 2 || !text.is_ascii() {
        return None;
    }
    for (nth, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(nth * 2..nth * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

pub(super) fn salt(text: &str) -> Option<Salt> {
    unhex(text).map(Salt)
}

pub(super) fn link(text: &str) -> Option<Link> {
    unhex(text).map(Link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_an_instant_as_every_instant_is_written() {
        let at = RecordedAt(1_754_092_800_000_001);
        assert_eq!(parse_instant(&instant_text(at)), Ok(at));
        assert_eq!(parse_instant("2025-08-02T04:00:00.000001+04:00"), Ok(at));
        for wrong in ["2025-08-02T00:00Z", "20250802T000000Z", "2025-08-02T00:00:00[UTC]", ""] {
            assert!(parse_instant(wrong).is_err_and(|error| error.contains("is no instant")), "{wrong}");
        }
    }
}
