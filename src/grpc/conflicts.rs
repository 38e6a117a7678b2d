//! `ListConflicts`: claims that contradict one another.

use super::service::Service;
use super::status::Refusal;
use crate::v1;

pub(super) async fn list_conflicts(
    _: &Service,
    _: v1::ListConflictsRequest,
) -> Result<v1::ListConflictsResponse, Refusal> {
    Err(Refusal::Stopping)
}
