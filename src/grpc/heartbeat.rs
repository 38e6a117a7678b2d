//! The heartbeat of a stream: the longest time for which it may be silent.

use super::parse::Parse;
use std::time::Duration;

const DEFAULT: Duration = Duration::from_secs(10);
const LEAST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(300);
const NANOS_PER_SECOND: u32 = 1_000_000_000;

/// Parses the heartbeat at the field `heartbeat`; the default if there is none.
pub(super) fn heartbeat(asked: Option<prost_types::Duration>, parse: &mut Parse) -> Duration {
    let Some(asked) = asked else { return DEFAULT };
    let Some(span) = span(&asked).filter(|span| (LEAST..=MOST).contains(span)) else {
        parse.wrong("heartbeat", "expected a duration from 1 s to 5 min");
        return DEFAULT;
    };
    span
}

/// The span of time that the message says, if it is one by the definition of protobuf and not negative. The conversion of
/// `prost_types` overflows for the least number of seconds.
fn span(asked: &prost_types::Duration) -> Option<Duration> {
    let seconds = u64::try_from(asked.seconds).ok()?;
    let nanos = u32::try_from(asked.nanos).ok().filter(|nanos| *nanos < NANOS_PER_SECOND)?;
    Some(Duration::new(seconds, nanos))
}
