//! `ComparePerspectives`: the state according to different voices.

use super::service::Service;
use super::status::Refusal;
use crate::v1;

pub(super) async fn compare_perspectives(
    _: &Service,
    _: v1::ComparePerspectivesRequest,
) -> Result<v1::ComparePerspectivesResponse, Refusal> {
    Err(Refusal::Stopping)
}
