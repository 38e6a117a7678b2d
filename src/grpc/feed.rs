//! `Subscribe`: a stream that never ends by itself.

use super::service::Service;
use super::status::Refusal;
use crate::v1;
use std::pin::Pin;
use tokio_stream::Stream;
use tonic::Status;

pub(super) type SubscribeStream = Pin<Box<dyn Stream<Item = Result<v1::SubscribeResponse, Status>> + Send>>;

pub(super) async fn subscribe(_: &Service, _: v1::SubscribeRequest) -> Result<SubscribeStream, Refusal> {
    Err(Refusal::Stopping)
}
