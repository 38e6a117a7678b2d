//! Calls of rpcs with one reply, which is the body of the answer.

use super::protocol::Invocation;
use super::query::QueryMessage;
use super::{Codec, body, compress, message, metadata, tag};
use crate::grpc::inflate::{Compression, Payload};
use crate::grpc::local::OneReply;
use crate::http::failure::HttpFailure;
use crate::http::json::Defaults;
use crate::http::size_bound;
use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

/// Prefix of the trailers of a call among the headers of its answer.
const TRAILER: &str = "trailer-";

/// A reply in the form of the protocol.
struct UnaryReply {
    body: Bytes,
    codec: Codec,
    compression: Option<Compression>,
    trailers: HeaderMap,
}

/// Answers a call whose message is the body of the request.
pub(super) async fn answer(call: &Invocation, codec: Codec, body: &mut Body) -> Result<Response, HttpFailure> {
    let sent = body::read(&call.web, body, 0).await?;
    reply_to(call, codec, call.sent, sent).await?.response()
}

/// Answers a call whose message is in the query of the address. A client that has the reply already gets none.
pub(super) async fn by_query(call: &Invocation, parts: &Parts) -> Result<Response, HttpFailure> {
    let QueryMessage { codec, compression, bytes } = QueryMessage::of(parts.uri.query().unwrap_or_default())?;
    let sent = Payload { bytes: bytes.into(), reserved: call.web.memory.nothing() };
    let told = reply_to(call, codec, compression, sent).await?;
    let tag = tag::tag(&told.form(), &told.body);
    let is_known = tag::is_known(&parts.headers, &tag);
    let mut response = told.response()?;
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::ETAG, HeaderValue::try_from(tag).map_err(HttpFailure::defect)?);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    if is_known || parts.method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    Ok(response)
}

/// The reply to a message.
async fn reply_to(
    call: &Invocation,
    codec: Codec,
    sent: Option<Compression>,
    payload: Payload,
) -> Result<UnaryReply, HttpFailure> {
    let (web, rpc) = (&call.web, call.rpc);
    let message = message::message(call, codec, sent, payload).await?;
    let timeout = call.grpc_timeout();
    let (body, trailers) = match codec {
        Codec::Proto => {
            let OneReply { message, trailers } = web.local.one(&rpc.path, message, timeout.as_deref()).await?;
            (message, trailers)
        }
        Codec::Json => {
            let (path, method) = (rpc.path.as_str(), &rpc.method);
            let reply = size_bound::one(web, path, method, message, timeout.as_deref(), Defaults::LeftOut).await?;
            (reply.json, reply.trailers)
        }
    };
    let compression = compress::choose(call.wanted, body.len());
    let body = match compression {
        None => body,
        Some(compression) => compress::compress(web, compression, body).await?,
    };
    Ok(UnaryReply { body, codec, compression, trailers })
}

impl UnaryReply {
    const fn content_type(&self) -> &'static str {
        match self.codec {
            Codec::Json => "application/json",
            Codec::Proto => "application/proto",
        }
    }

    /// Its form, in words that no other form has.
    fn form(&self) -> String {
        format!("{} {}", self.content_type(), self.compression.map_or("identity", Compression::name))
    }

    fn response(self) -> Result<Response, HttpFailure> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type()));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(self.body.len()));
        if let Some(compression) = self.compression {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(compression.name()));
        }
        headers.extend(trailers(&self.trailers)?);
        let mut response = Response::new(Body::from(self.body));
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// Trailers of a call as headers of its answer.
fn trailers(trailers: &HeaderMap) -> Result<HeaderMap, HttpFailure> {
    let mut headers = HeaderMap::new();
    for (name, value) in metadata(trailers) {
        let name = HeaderName::try_from(format!("{TRAILER}{name}")).map_err(HttpFailure::defect)?;
        headers.append(name, value.clone());
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_are_headers_with_a_prefix_and_the_status_is_none_of_them() {
        let given: HeaderMap = [("grpc-status", "0"), ("cost", "7"), ("mark-bin", "AQI")]
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .into_iter()
            .collect();
        let told = trailers(&given).unwrap();
        assert_eq!(
            (told.len(), &told["trailer-cost"], &told["trailer-mark-bin"]),
            (2, &"7".parse().unwrap(), &"AQI".parse().unwrap())
        );
    }
}
