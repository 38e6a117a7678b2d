//! A file that has every version of its rows, recorded version by version: each append as of the instant of its version, so that
//! the past is as the readers of the data set saw it.
//!
//! Versions up to the head of the ledger are passed over: their content was recorded with a later one, or is older than
//! the ledger's. If all versions are, the last is recorded now.

use super::ImportArgs;
use super::input::{Input, RereadableInput};
use super::rows::one;
use crate::cli::export::{Ask, Client};
use crate::cli::output::OutputFormat;
use crate::cli::{CommandFailure, instant, notice};
use detente_ingest::version::Version;
use detente_proto::v1;

/// Imports the versions of a file, one after the other.
pub(super) async fn run(
    args: &ImportArgs,
    format: OutputFormat,
    spooled: &RereadableInput,
    ledger: &mut Client<impl Ask>,
) -> Result<(), CommandFailure> {
    let versions = Input::read(args, &spooled.path)?.versions()?;
    let mut instants = Vec::with_capacity(versions.len());
    for version in versions {
        let wrong =
            |error| CommandFailure::Usage(format!("--replay: the version `{}` is no instant: {error}", version.text()));
        instants.push((instant::read(version.text()).map_err(wrong)?, version));
    }
    let info = ledger.get_server_info(v1::GetServerInfoRequest {}).await.map_err(CommandFailure::other)?.into_inner();
    let head = info.head.and_then(|head| head.recorded_at);
    let is_later =
        |at: &prost_types::Timestamp| head.is_none_or(|head| (at.seconds, at.nanos) > (head.seconds, head.nanos));
    let last = instants.last().cloned();
    let passed_over = instants.iter().filter(|(at, _)| !is_later(at)).count();
    if let Some(head) = head.filter(|_| passed_over > 0) {
        notice(&passed_over_words(passed_over, instants.len(), &head));
    }
    let mut recorded: Option<Version> = None;
    for (at, version) in instants.into_iter().filter(|(at, _)| is_later(at)) {
        let input = Input::read(args, &spooled.path)?.at_version(version.clone(), Some(at), recorded.clone());
        one(args, format, spooled, input, Some(&mut *ledger)).await?;
        recorded = Some(version);
    }
    match last {
        Some((_, version)) if recorded.is_none() => {
            let input = Input::read(args, &spooled.path)?.at_version(version, None, None);
            one(args, format, spooled, input, Some(ledger)).await
        }
        _ => Ok(()),
    }
}

/// The notice that versions are not recorded as of their own instants, and why.
fn passed_over_words(count: usize, all: usize, head: &prost_types::Timestamp) -> String {
    let head = instant::format(Some(head));
    let rest = if count == all {
        "the last one is recorded as of now".to_owned()
    } else {
        format!("what they say is recorded with the first of the other {}", all - count)
    };
    format!(
        "--replay: {count} of {all} versions are not recorded as of their own instants, because the ledger recorded \
         something at {head} and no version can go before that; {rest}. A ledger of its own (--data DIR) has all of them"
    )
}
