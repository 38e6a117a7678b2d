//! Calls of the services, with messages for bytes, and what is shown where one fails.

use super::check::{Faults, faults, name_of};
use super::request::PageRequest;
use crate::grpc::local::Problem;
use crate::grpc::requests::LedgerRequest;
use detente_proto::v1::GetServerInfoRequest;
use prost::Message as _;

/// The field of a request that has the token of a page.
pub(super) const PAGE_TOKEN: &str = "page_token";

/// The failure to answer an address.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    /// The HTTP status.
    pub(super) status: u16,
    /// In one line: as the service says it, or all that is wrong with the address.
    pub(super) message: String,
}

impl Wrong {
    /// The failure of an address with these faults.
    pub(super) fn faulty(faults: &Faults) -> Self {
        let words =
            faults.iter().map(|(name, what)| if name.is_empty() { what.clone() } else { format!("{name}: {what}") });
        Self { status: 400, message: words.collect::<Vec<_>>().join("; ") }
    }

    /// The failure of a call, in which a token is called `token`.
    fn of(problem: Problem, token: &str) -> Self {
        let faults = rename_fields(problem.violations(), token);
        if problem.status == 400 && !faults.is_empty() {
            return Self::faulty(&faults);
        }
        Self { status: problem.status, message: problem.message }
    }
}

impl From<Problem> for Wrong {
    fn from(problem: Problem) -> Self {
        Self::of(problem, PAGE_TOKEN)
    }
}

/// A request that is only checked, with the name that the address has for its page token.
pub(super) struct CheckedRequest<'a> {
    path: String,
    bytes: Vec<u8>,
    token: &'a str,
}

impl<'a> CheckedRequest<'a> {
    /// A request, and the name that the address has for its page token.
    pub(super) fn new<Q: LedgerRequest>(request: &Q, token: &'a str) -> Self {
        Self { path: Q::path(), bytes: request.encode_to_vec(), token }
    }
}

/// Calls the rpc of a request.
pub(super) async fn call<Q: LedgerRequest>(asked: &PageRequest, request: &Q) -> Result<Q::Reply, Wrong> {
    call_paged(asked, request, PAGE_TOKEN).await
}

/// Calls the rpc of a request whose page token the address gives under another name. If the address has faults of its own,
/// the services only check the request for others.
pub(super) async fn call_paged<Q: LedgerRequest>(
    asked: &PageRequest,
    request: &Q,
    token: &str,
) -> Result<Q::Reply, Wrong> {
    if Q::RPC != GetServerInfoRequest::RPC && !faults(asked).is_empty() {
        check(asked, request, token).await?;
    }
    let reply = asked.local.unary(&Q::path(), request.encode_to_vec(), None).await;
    Q::Reply::decode(reply.map_err(|problem| Wrong::of(problem, token))?)
        .map_err(|error| Wrong { status: 500, message: error.to_string() })
}

/// Looks for the faults of an address and of the request that is made of it, without an answer.
pub(super) async fn check(asked: &PageRequest, request: &impl LedgerRequest, token: &str) -> Result<(), Wrong> {
    check_all(asked, &[CheckedRequest::new(request, token)]).await
}

/// Looks for the faults of an address and of all requests that are made of it, without an answer.
pub(super) async fn check_all(asked: &PageRequest, requests: &[CheckedRequest<'_>]) -> Result<(), Wrong> {
    let mut faults = faults(asked);
    for CheckedRequest { path, bytes, token } in requests {
        // A service that cannot check says so in the call itself.
        let more = asked.local.validate(path, bytes.clone()).await.unwrap_or_default();
        let is_new = |(name, _): &(String, String)| !faults.iter().any(|(known, _)| known == name);
        let more: Faults = rename_fields(more, token).into_iter().filter(is_new).collect();
        faults.extend(more);
    }
    if faults.is_empty() { Ok(()) } else { Err(Wrong::faulty(&faults)) }
}

/// Violations under the names that the address has for their fields.
fn rename_fields(violations: Faults, token: &str) -> Faults {
    let name = |field: &str| if field == PAGE_TOKEN { token.to_owned() } else { name_of(field).to_owned() };
    violations.into_iter().map(|(field, what)| (name(&field), what)).collect()
}
