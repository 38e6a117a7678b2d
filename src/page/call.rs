//! Calls of the services, with messages for bytes, and what is shown where one fails.

use super::asked::Asked;
use crate::grpc::local::Problem;
use prost::Message;

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    /// The HTTP status.
    pub(super) status: u16,
    /// In one line, as the service says it.
    pub(super) message: String,
}

impl From<Problem> for Wrong {
    fn from(problem: Problem) -> Self {
        Self { status: problem.status, message: problem.message }
    }
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Self { status: 400, message }
    }
}

/// Calls an rpc with one reply.
pub(super) async fn call<R: Message + Default>(asked: &Asked, rpc: &str, request: &impl Message) -> Result<R, Wrong> {
    let path = format!("/detente.v1.LedgerService/{rpc}");
    let reply = asked.local.unary(&path, request.encode_to_vec(), None).await?;
    R::decode(reply).map_err(|error| Wrong { status: 500, message: error.to_string() })
}
