//! `GetSeries`: counts and scores in buckets of valid time.

use super::service::Service;
use super::status::Refusal;
use crate::v1;

pub(super) async fn get_series(_: &Service, _: v1::GetSeriesRequest) -> Result<v1::GetSeriesResponse, Refusal> {
    Err(Refusal::Stopping)
}
