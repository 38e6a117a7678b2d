//! `GetTimeline`: how the state moved over a span of valid time.

use super::service::Service;
use super::status::Refusal;
use crate::v1;

pub(super) async fn get_timeline(_: &Service, _: v1::GetTimelineRequest) -> Result<v1::GetTimelineResponse, Refusal> {
    Err(Refusal::Stopping)
}
