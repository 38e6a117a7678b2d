//! The envelope at the end of a stream: the error, if there is one, and the trailers.

use super::metadata;
use crate::grpc::local::{Problem, frame_head};
use crate::http::failure::value;
use axum::body::Bytes;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Map, Value};

/// The flag of this envelope.
const END: u8 = 2;

/// The envelope that ends a stream.
pub(super) fn end(problem: Option<&Problem>, trailers: &HeaderMap) -> Bytes {
    let mut told = Map::new();
    if let Some(problem) = problem {
        told.insert("error".to_owned(), value(problem));
    }
    let mut kept: Map<String, Value> = Map::new();
    for (name, value) in metadata(trailers) {
        let text = value.to_str().map_or_else(|_| STANDARD_NO_PAD.encode(value.as_bytes()), str::to_owned);
        let values = kept.entry(name).or_insert_with(|| Value::Array(Vec::new()));
        values.as_array_mut().map(|values| values.push(text.into())).unwrap_or_default();
    }
    if !kept.is_empty() {
        told.insert("metadata".to_owned(), kept.into());
    }
    let json = Value::from(told).to_string();
    envelope(END, json.into_bytes())
}

fn envelope(flag: u8, message: Vec<u8>) -> Bytes {
    // A message of this size has a head.
    let head = frame_head(flag, message.len()).unwrap_or_default();
    [&head[..], &*message].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grpc::local::FRAME_HEAD;
    use axum::http::{HeaderName, HeaderValue};
    use serde_json::json;

    fn end_value(problem: Option<&Problem>, trailers: &[(&'static str, &'static str)]) -> Value {
        let mut headers = HeaderMap::new();
        for (name, value) in trailers {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let envelope = end(problem, &headers);
        assert_eq!(envelope[..FRAME_HEAD], frame_head(END, envelope.len() - FRAME_HEAD).unwrap());
        serde_json::from_slice(&envelope[FRAME_HEAD..]).unwrap()
    }

    #[test]
    fn an_end_has_the_error_and_the_trailers_and_nothing_where_there_is_none() {
        assert_eq!(end_value(None, &[("grpc-status", "0")]), json!({}));
        let problem = Problem { code: "aborted", status: 409, message: "why".to_owned(), details: Vec::new() };
        let error = json!({ "code": "aborted", "message": "why" });
        assert_eq!(end_value(Some(&problem), &[("grpc-message", "why")]), json!({ "error": error }));
        let trailers = [("cost", "7"), ("cost", "8"), ("grpc-status", "0"), ("mark-bin", "AQI")];
        assert_eq!(end_value(None, &trailers), json!({ "metadata": { "cost": ["7", "8"], "mark-bin": ["AQI"] } }));
    }
}
