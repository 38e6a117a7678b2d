//! Calls of the services, with messages for bytes, and what is shown where one fails.

use super::asked::PageRequest;
use super::check::{Faults, faults, name_of};
use crate::grpc::local::Problem;
use prost::Message;

/// The field of a request that has the token of a page.
pub(super) const PAGE_TOKEN: &str = "page_token";
/// The rpc with an empty request, so that no address is wrong for it.
const WITHOUT_REQUEST: &str = "GetServerInfo";

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

/// Calls an rpc with one reply.
pub(super) async fn call<R: Message + Default>(
    asked: &PageRequest,
    rpc: &str,
    request: &impl Message,
) -> Result<R, Wrong> {
    call_paged(asked, rpc, request, PAGE_TOKEN).await
}

/// Calls an rpc whose page token the address gives under another name. If the address has faults of its own, the
/// services only check the request for others.
pub(super) async fn call_paged<R: Message + Default>(
    asked: &PageRequest,
    rpc: &str,
    request: &impl Message,
    token: &str,
) -> Result<R, Wrong> {
    if rpc != WITHOUT_REQUEST && !faults(asked).is_empty() {
        check(asked, rpc, request, token).await?;
    }
    let reply = asked.local.unary(&path_of(rpc), request.encode_to_vec(), None).await;
    R::decode(reply.map_err(|problem| Wrong::of(problem, token))?)
        .map_err(|error| Wrong { status: 500, message: error.to_string() })
}

/// Looks for the faults of an address and of the request that is made of it, without an answer.
pub(super) async fn check(asked: &PageRequest, rpc: &str, request: &impl Message, token: &str) -> Result<(), Wrong> {
    check_all(asked, &[(rpc, request.encode_to_vec(), token)]).await
}

/// Looks for the faults of an address and of all requests that are made of it, without an answer. Of each request: its rpc,
/// its bytes, and the name that the address has for its page token.
pub(super) async fn check_all(asked: &PageRequest, requests: &[(&str, Vec<u8>, &str)]) -> Result<(), Wrong> {
    let mut faults = faults(asked);
    for (rpc, request, token) in requests {
        // A service that cannot check says so in the call itself.
        let more = asked.local.validate(&path_of(rpc), request.clone()).await.unwrap_or_default();
        let is_new = |(name, _): &(String, String)| !faults.iter().any(|(known, _)| known == name);
        let more: Faults = rename_fields(more, token).into_iter().filter(is_new).collect();
        faults.extend(more);
    }
    if faults.is_empty() { Ok(()) } else { Err(Wrong::faulty(&faults)) }
}

fn path_of(rpc: &str) -> String {
    format!("/detente.v1.LedgerService/{rpc}")
}

/// Violations under the names that the address has for their fields.
fn rename_fields(violations: Faults, token: &str) -> Faults {
    let name = |field: &str| if field == PAGE_TOKEN { token.to_owned() } else { name_of(field).to_owned() };
    violations.into_iter().map(|(field, what)| (name(&field), what)).collect()
}
