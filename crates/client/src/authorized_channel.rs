//! A channel that adds the token of the client to each of its calls.

use super::error::Error;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{HeaderValue, Request, Response, header};
use tonic::transport::Channel;
use tonic::transport::channel::ResponseFuture;

/// A channel that adds the token of the client, if it has one, to each of its calls.
#[derive(Clone, Debug)]
pub struct AuthorizedChannel {
    channel: Channel,
    authorization: Option<HeaderValue>,
}

impl AuthorizedChannel {
    pub(super) const fn new(channel: Channel, authorization: Option<HeaderValue>) -> Self {
        Self { channel, authorization }
    }
}

/// The header for a token. No log of the transport shows it.
pub(super) fn authorization(token: &str) -> Result<HeaderValue, Error> {
    let value = HeaderValue::try_from(format!("Bearer {token}"));
    let mut value = value.map_err(|_| Error::Access("the token has characters that none has".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Returns true if a host is this machine, so that nobody on the way reads what is not encrypted.
pub(super) fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = |ip: std::net::IpAddr| ip.to_canonical().is_loopback();
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(is_loopback)
}

impl Service<Request<Body>> for AuthorizedChannel {
    type Response = Response<Body>;
    type Error = tonic::transport::Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::poll_ready(&mut self.channel, context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if let Some(value) = &self.authorization {
            request.headers_mut().insert(header::AUTHORIZATION, value.clone());
        }
        Service::call(&mut self.channel, request)
    }
}
