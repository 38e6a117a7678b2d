//! Hints for errors, by their reason.

use super::refusal::CommandRefusal;
use detente_client::Side;
use detente_proto::v1::ErrorReason;

/// One line on what to do, where there is something to do.
pub(crate) fn of(refusal: &CommandRefusal) -> Option<String> {
    if refusal.told.outcome_is_unknown() {
        return Some(unknown(refusal));
    }
    if refusal.told.reason.is_none() && refusal.told.code == tonic::Code::Unauthenticated {
        return Some(of_handshake(Side::Server).to_owned());
    }
    let hint = match refusal.told.reason? {
        ErrorReason::ServiceNotFound => "name a service that the server has; reflection lists them",
        ErrorReason::DeadlineExceeded | ErrorReason::QuestionTooWide => {
            "narrow the question: name a relationship, a party, a kind or a date"
        }
        ErrorReason::InvalidRequest | ErrorReason::CommandRejected => {
            "nothing was written; mend what is listed and send it again (--validate-only checks without writing)"
        }
        ErrorReason::PreconditionFailed => "nothing was written; somebody else was faster: read again, decide again",
        ErrorReason::RequestIdReused => "nothing was written; give another --request-id, or none",
        ErrorReason::ClaimNotFound => "it may be recorded later than the cut: ask without --known-at, or list `claims`",
        ErrorReason::CutInFuture => "ask without a cut for all that is recorded; `detente info` shows the head",
        ErrorReason::CutInsideAppend => "an append is seen whole or not at all: give one of the positions named above",
        ErrorReason::BasisMismatch => "this basis belongs to another history: is it the right --server?",
        ErrorReason::PageTokenInvalid => "give the token with the very same question it came from",
        ErrorReason::LimitExceeded => "`detente info` shows the limits",
        ErrorReason::Overloaded => return Some(retry(refusal)),
        ErrorReason::NotServing => "nothing was written; try again when the server is back",
        ErrorReason::Damaged => "stop the server and run `detente verify --data DIR`",
        ErrorReason::DiskFull => "nothing was written and reads go on; make room on the server's disk",
        ErrorReason::ReadOnly => "nothing was written; name the server that records with --server or DETENTE_SERVER",
        ErrorReason::ClockWrong => "nothing was written and reads go on; set the clock of the server's machine right",
        ErrorReason::CursorNotFound => "make it with `detente cursors create`; `detente cursors` lists what there is",
        ErrorReason::CursorExists => "give another name, or delete that one first: `detente cursors delete`",
        ErrorReason::CursorBeyondDelivered => {
            "subscribe with the cursor first; only what was delivered can be done with"
        }
        ErrorReason::StageNotFound => "`detente stages` lists what is open; whoever stages opens it first (OpenStage)",
        ErrorReason::StageGap => "nothing was staged; go on with the command named above",
        ErrorReason::HostNotAllowed => "call the server by its address, or name the host in its `allowed_hosts`",
        ErrorReason::OriginNotAllowed => "name the origin in `allowed_origins` of the server's configuration",
        ErrorReason::Unsupported => "send it as the message says",
        ErrorReason::RequestTooSlow => "nothing was done; send it again over a faster connection, or in smaller pieces",
        ErrorReason::StageRecorded => "what is recorded stays; open a stage with another id for more",
        ErrorReason::Unauthenticated => {
            "show a key or a token with --token, DETENTE_TOKEN or --credentials, or a certificate with --cert"
        }
        ErrorReason::GrantMissing => "have an operator grant what is named above, or leave it out (--recorded-by)",
        ErrorReason::Internal => "this is a defect of the service; its log says more",
        ErrorReason::Unspecified | ErrorReason::OutcomeUnknown => return None,
    };
    Some(hint.to_owned())
}

/// The flags for the case that one side refuses the other in a handshake.
pub(crate) const fn of_handshake(by: Side) -> &'static str {
    match by {
        Side::Client => "--ca names the authority of the server's certificate; --server its name and its scheme",
        Side::Server => "--cert and --key name a certificate that the server knows",
    }
}

fn unknown(refusal: &CommandRefusal) -> String {
    match &refusal.request {
        Some(request) if request.total == 1 => format!(
            "whether it was recorded is not known; the same command with --request-id {} records it once",
            request.request_id
        ),
        Some(_) => "whether it was recorded is not known; the same command with the --request-id it was started with \
                    (told above) records each request once"
            .to_owned(),
        None => "the connection broke before the answer came; ask again".to_owned(),
    }
}

fn retry(refusal: &CommandRefusal) -> String {
    match refusal.told.retry_after {
        Some(delay) => format!("nothing was written; try again in {} s", delay.as_secs_f64()),
        None => "nothing was written; try again later".to_owned(),
    }
}
