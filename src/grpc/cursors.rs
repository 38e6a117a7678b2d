//! Named cursors: places in the feed that the server keeps.

use super::service::Service;
use super::status::Refusal;
use crate::v1;

pub(super) async fn create_cursor(
    _: &Service,
    _: v1::CreateCursorRequest,
) -> Result<v1::CreateCursorResponse, Refusal> {
    Err(Refusal::Stopping)
}

pub(super) async fn acknowledge_cursor(
    _: &Service,
    _: v1::AcknowledgeCursorRequest,
) -> Result<v1::AcknowledgeCursorResponse, Refusal> {
    Err(Refusal::Stopping)
}

pub(super) async fn list_cursors(_: &Service, _: v1::ListCursorsRequest) -> Result<v1::ListCursorsResponse, Refusal> {
    Err(Refusal::Stopping)
}

pub(super) async fn delete_cursor(
    _: &Service,
    _: v1::DeleteCursorRequest,
) -> Result<v1::DeleteCursorResponse, Refusal> {
    Err(Refusal::Stopping)
}
