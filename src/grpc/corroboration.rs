//! `ListCorroboration`: what stands behind claims and against them.

use super::service::Service;
use super::status::Refusal;
use crate::v1;

pub(super) async fn list_corroboration(
    _: &Service,
    _: v1::ListCorroborationRequest,
) -> Result<v1::ListCorroborationResponse, Refusal> {
    Err(Refusal::Stopping)
}
