//! `ListUpcoming`: what comes into force, lapses, or stops being certain, and when?

use super::service::Service;
use super::status::Refusal;
use crate::v1;

pub(super) async fn list_upcoming(
    _: &Service,
    _: v1::ListUpcomingRequest,
) -> Result<v1::ListUpcomingResponse, Refusal> {
    Err(Refusal::Stopping)
}
