//! `ListCommitments`: promises, and what became of them.

use super::service::Service;
use super::status::Refusal;
use crate::v1;

pub(super) async fn list_commitments(
    _: &Service,
    _: v1::ListCommitmentsRequest,
) -> Result<v1::ListCommitmentsResponse, Refusal> {
    Err(Refusal::Stopping)
}
