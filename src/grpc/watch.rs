//! `WatchClock`: a stream that never ends by itself.

use super::service::Service;
use super::status::Refusal;
use crate::v1;
use std::pin::Pin;
use tokio_stream::Stream;
use tonic::Status;

pub(super) type ClockStream = Pin<Box<dyn Stream<Item = Result<v1::WatchClockResponse, Status>> + Send>>;

pub(super) async fn watch_clock(_: &Service, _: v1::WatchClockRequest) -> Result<ClockStream, Refusal> {
    Err(Refusal::Stopping)
}
