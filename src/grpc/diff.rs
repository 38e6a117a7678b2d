//! `Diff`: what changed between two coordinates, and why?

use super::service::Service;
use super::status::Refusal;
use crate::v1;

pub(super) async fn diff(_: &Service, _: v1::DiffRequest) -> Result<v1::DiffResponse, Refusal> {
    Err(Refusal::Stopping)
}
