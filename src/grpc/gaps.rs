//! `ListGaps`: what is missing in the record.

use super::service::Service;
use super::status::Refusal;
use crate::v1;

pub(super) async fn list_gaps(_: &Service, _: v1::ListGapsRequest) -> Result<v1::ListGapsResponse, Refusal> {
    Err(Refusal::Stopping)
}
