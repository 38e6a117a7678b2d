//! The deadline of a call: the instant at which its client stops waiting, as `grpc-timeout` says it.
//!
//! It is known to whatever the call sets going on its own task ([`Deadline::current`]), in whichever protocol the call came:
//! what comes over HTTP is handed to the service with the same header.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tonic::codegen::http::HeaderMap;

tokio::task_local! {
    static CURRENT: Deadline;
}

/// The instant at which a client stops waiting; none where it says none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Deadline(pub(super) Option<Instant>);

impl Deadline {
    /// The deadline of a request that has just come. A header that is malformed counts as none, as in other servers.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let said = headers.get("grpc-timeout").and_then(|limit| limit.to_str().ok()).and_then(parse);
        Self(said.and_then(|limit| Instant::now().checked_add(limit)))
    }

    /// The deadline of the call that is being answered.
    pub(super) fn current() -> Option<Instant> {
        CURRENT.try_with(|deadline| deadline.0).ok().flatten()
    }

    /// Polls the answer to a call with this deadline.
    pub(super) fn poll<F: Future + Unpin>(self, answer: &mut F, context: &mut Context<'_>) -> Poll<F::Output> {
        match self.0 {
            None => Pin::new(answer).poll(context),
            Some(_) => CURRENT.sync_scope(self, || Pin::new(answer).poll(context)),
        }
    }
}

/// A timeout of at most eight digits and a unit, as the gRPC protocol writes it.
fn parse(limit: &str) -> Option<Duration> {
    let (digits, unit) = limit.split_at_checked(limit.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_read_in_every_unit_and_nothing_else_is_one() {
        let read = |limit| parse(limit).map(|limit| limit.as_nanos());
        let units = [("2H", 7_200_000_000_000), ("3M", 180_000_000_000), ("50S", 50_000_000_000), ("7m", 7_000_000)];
        units.iter().for_each(|(limit, nanos)| assert_eq!(read(limit), Some(*nanos), "{limit}"));
        assert_eq!((read("12345678u"), read("0n")), (Some(12_345_678_000), Some(0)));
        for wrong in ["", "S", "123456789S", "5", "-5S", "5 S", "5s", "1.5S", "٥S"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
