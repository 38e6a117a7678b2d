//! The reasons of refusals that are not ours. Tonic refuses a message that is too large, cannot be decompressed, or is
//! missing, with a bare status, and calls most of them its own error. The contract demands a reason for every error,
//! and that a client's fault is reported as such, so those refusals get theirs here.

use super::status::CallRefusal;
use detente_domain::rejection::Violation;
use http_body::Frame;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderMap, Response};
use tonic::{Code, Status};

/// The refusal behind a status without details; none where there is no refusal of the transport.
pub(super) fn refusal_of_bare(status: &Status) -> Option<CallRefusal> {
    if !status.details().is_empty() {
        return None;
    }
    let said = || match status.message() {
        "" => "there is no such rpc".to_owned(),
        said => said.to_owned(),
    };
    match status.code() {
        Code::Internal if status.message() == "Missing request message." => {
            Some(CallRefusal::Unsupported("the rpc takes one message, and none was sent".to_owned()))
        }
        Code::OutOfRange | Code::ResourceExhausted => Some(CallRefusal::TooLarge(Violation::new("", said()))),
        Code::Internal | Code::InvalidArgument => Some(CallRefusal::Invalid(vec![Violation::new("", said())])),
        Code::Unimplemented => Some(CallRefusal::Unsupported(said())),
        _ => None,
    }
}

/// Gives a refusal among the headers of an answer its reason.
pub(super) fn with_reason(mut response: Response<Body>) -> Response<Body> {
    give_reason(response.headers_mut());
    response
}

/// Gives a refusal at the end of a stream its reason.
pub(super) fn with_reason_in_trailers(frame: Frame<Bytes>) -> Frame<Bytes> {
    match frame.into_trailers() {
        Ok(mut trailers) => {
            give_reason(&mut trailers);
            Frame::trailers(trailers)
        }
        Err(frame) => frame,
    }
}

/// Gives the refusal among headers or trailers its reason.
pub(super) fn give_reason(headers: &mut HeaderMap) {
    if let Some(refusal) = Status::from_header_map(headers).as_ref().and_then(refusal_of_bare) {
        headers.extend(refusal.headers());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::StatusExt as _;

    #[test]
    fn a_bare_refusal_of_the_transport_is_given_its_reason_and_others_stay() {
        let of = |status: Status| {
            let mut headers = HeaderMap::new();
            status.add_header(&mut headers).unwrap();
            give_reason(&mut headers);
            let status = Status::from_header_map(&headers).unwrap();
            (status.code(), status.get_details_error_info().map(|info| info.reason))
        };
        let given = |code, reason: &str| (code, Some(reason.to_owned()));
        assert_eq!(of(Status::internal("Missing request message.")), given(Code::Unimplemented, "UNSUPPORTED"));
        assert_eq!(of(Status::invalid_argument("no")), given(Code::InvalidArgument, "INVALID_REQUEST"));
        assert_eq!(of(Status::out_of_range("too large")), given(Code::ResourceExhausted, "LIMIT_EXCEEDED"));
        assert_eq!(of(Status::unimplemented("")), given(Code::Unimplemented, "UNSUPPORTED"));
        assert_eq!(of(Status::not_found("unknown service")), (Code::NotFound, None));
        assert_eq!(of(CallRefusal::Defect.into()), given(Code::Internal, "INTERNAL"), "a defect stays one");
    }
}
