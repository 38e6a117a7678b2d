//! Numbers of settings, each within its range.

use super::{ConfigError, MIB};
use std::time::Duration;

/// Bytes of a number of MiB.
pub(super) fn bytes(name: &'static str, mib: Option<u64>) -> Result<Option<usize>, ConfigError> {
    const EXPECTED: &str = "a number of MiB from 1 to 1048576";
    let within = |mib: &u64| (1..=MIB).contains(mib);
    let checked = mib.map(|value| {
        let bytes = Some(value).filter(within).and_then(|mib| usize::try_from(mib * MIB).ok());
        bytes.ok_or(ConfigError::OutOfRange { name, value, expected: EXPECTED })
    });
    checked.transpose()
}

/// Returns the bytes of memory for requests, questions and replies in flight. The largest request would not fit into
/// less than `LEAST_MIB`.
pub(super) fn memory(mib: Option<u64>) -> Result<Option<usize>, ConfigError> {
    const LEAST_MIB: u64 = 64;
    match mib {
        Some(value) if value < LEAST_MIB => {
            let expected = "a number of MiB from 64 to 1048576";
            Err(ConfigError::OutOfRange { name: "memory_mib", value, expected })
        }
        _ => bytes("memory_mib", mib),
    }
}

/// The time of a number of days.
pub(super) fn days(name: &'static str, days: Option<u64>) -> Result<Option<Duration>, ConfigError> {
    const MOST: u64 = 36_500;
    match days {
        Some(value) if !(1..=MOST).contains(&value) => {
            Err(ConfigError::OutOfRange { name, value, expected: "a number of days from 1 to 36500" })
        }
        _ => Ok(days.map(|days| Duration::from_secs(days * 24 * 60 * 60))),
    }
}

/// Time that a reply may be left unread.
pub(super) fn unread_time(name: &'static str, seconds: Option<u64>) -> Result<Option<Duration>, ConfigError> {
    match seconds {
        Some(value) if !(1..=600).contains(&value) => {
            Err(ConfigError::OutOfRange { name, value, expected: "a number of seconds from 1 to 600" })
        }
        _ => Ok(seconds.map(Duration::from_secs)),
    }
}

/// A share in percent.
pub(super) fn percent(name: &'static str, percent: Option<u8>) -> Result<Option<u8>, ConfigError> {
    match percent {
        Some(value) if !(1..=100).contains(&value) => {
            Err(ConfigError::OutOfRange { name, value: value.into(), expected: "a percentage from 1 to 100" })
        }
        _ => Ok(percent),
    }
}

/// A number of things of which there is at least one.
pub(super) fn at_least_one(name: &'static str, count: Option<usize>) -> Result<Option<usize>, ConfigError> {
    const MOST: usize = 1 << 20;
    match count {
        Some(value) if !(1..=MOST).contains(&value) => {
            Err(ConfigError::OutOfRange { name, value: value as u64, expected: "a number from 1 to 1048576" })
        }
        _ => Ok(count),
    }
}
