//! Entrances of an rpc: a method, a media type, and the version of HTTP that carries it.
//!
//! | method and media type | HTTP/1.1 | HTTP/2 | which rpcs |
//! |---|---|---|---|
//! | POST `application/grpc`, `+proto` | | yes | all |
//! | POST `application/grpc-web`, `-text`, each alone or with `+proto` | yes | yes | all |
//! | POST `application/json`, `application/proto` (Connect) | yes | yes | with one message each way |
//! | POST `application/connect+json`, `+proto` (Connect) | yes | yes | with a stream of replies |
//! | the same | 505 | yes | with streams both ways |
//! | GET, HEAD (Connect) | yes | yes | without side effects |
//!
//! Media types are compared without regard to case, and their parameters are passed over. None of these is
//! sent by a page of another origin without asking first (WHATWG Fetch, CORS-safelisted request headers), so no page makes
//! anything happen by a form, and what is taken for one protocol is never read as another. A media type on a GET says nothing.

use crate::http::{RpcKind, rpc_kind};
use tonic::codegen::http::{HeaderMap, Method, Version, header};

/// The services that are called.
const SERVICES: [&str; 4] = [
    "/detente.v1.LedgerService/",
    "/grpc.health.v1.Health/",
    "/grpc.reflection.v1.ServerReflection/",
    "/grpc.reflection.v1alpha.ServerReflection/",
];

/// The media types that carry a call, in the form that the services know them by.
const CARRIERS: [(&str, Carrier); 10] = [
    ("application/grpc", Carrier::Grpc),
    ("application/grpc+proto", Carrier::Grpc),
    ("application/grpc-web", Carrier::GrpcWeb),
    ("application/grpc-web+proto", Carrier::GrpcWeb),
    ("application/grpc-web-text", Carrier::GrpcWeb),
    ("application/grpc-web-text+proto", Carrier::GrpcWeb),
    ("application/json", Carrier::Connect),
    ("application/proto", Carrier::Connect),
    ("application/connect+json", Carrier::ConnectStream),
    ("application/connect+proto", Carrier::ConnectStream),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carrier {
    Grpc,
    GrpcWeb,
    Connect,
    ConnectStream,
}

/// The protocol that a request is meant in, going by its media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IntendedProtocol {
    /// gRPC, which has a status of its own.
    Grpc,
    /// gRPC-Web, likewise.
    GrpcWeb,
    /// Any other.
    Http,
}

/// The entrance by which a request comes to an rpc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RpcEntrance {
    /// As it should; with the media type as the services know it where it is written otherwise.
    Rpc(Option<&'static str>),
    /// As it should, by GET: the message is in the query.
    Query,
    /// It is for no rpc.
    Elsewhere,
    /// It asks which methods there are.
    Options,
    /// A method that is none of this rpc's.
    Method,
    /// By a version of HTTP that cannot carry streams both ways.
    Version,
    /// With a media type that carries no call; with those that would.
    Media(&'static str),
}

/// The methods of the rpc at a path.
pub(super) fn methods(path: &str) -> &'static str {
    if has_get(path) { "GET, HEAD, POST, OPTIONS" } else { "POST, OPTIONS" }
}

fn has_get(path: &str) -> bool {
    rpc_kind(path) == Some(RpcKind::Unary { has_get: true })
}

/// The protocol that a request is meant in.
pub(super) fn intended_protocol(headers: &HeaderMap) -> IntendedProtocol {
    let content = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |content| content.as_bytes());
    let begins = |with: &[u8]| content.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    match (begins(b"application/grpc"), begins(b"application/grpc-web")) {
        (_, true) => IntendedProtocol::GrpcWeb,
        (true, false) => IntendedProtocol::Grpc,
        (false, false) => IntendedProtocol::Http,
    }
}

/// Judges how a request comes to an rpc, if it is for one.
pub(super) fn entry(version: Version, method: &Method, path: &str, headers: &HeaderMap) -> RpcEntrance {
    if !SERVICES.iter().any(|service| path.starts_with(service)) {
        return RpcEntrance::Elsewhere;
    }
    if *method == Method::OPTIONS {
        return RpcEntrance::Options;
    }
    if *method != Method::POST {
        let is_look = *method == Method::GET || *method == Method::HEAD;
        return if is_look && has_get(path) { RpcEntrance::Query } else { RpcEntrance::Method };
    }
    let is_http2 = version >= Version::HTTP_2;
    let mut contents = headers.get_all(header::CONTENT_TYPE).into_iter();
    let said = match (contents.next(), contents.next()) {
        (Some(said), None) => said.as_bytes(),
        _ => b"",
    };
    let kind = said.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let known = CARRIERS.iter().find(|(name, _)| kind.eq_ignore_ascii_case(name.as_bytes()));
    match known {
        Some((_, Carrier::ConnectStream)) if !is_http2 && rpc_kind(path) == Some(RpcKind::BothWays) => {
            RpcEntrance::Version
        }
        Some((name, carrier)) if carrier.is_taken(is_http2, path) => {
            RpcEntrance::Rpc((said != name.as_bytes()).then_some(name))
        }
        _ => RpcEntrance::Media(accepted_types(is_http2, rpc_kind(path))),
    }
}

impl Carrier {
    /// Returns true if it carries calls of the rpc at a path. An unknown rpc passes: the services refuse it.
    fn is_taken(self, is_http2: bool, path: &str) -> bool {
        match self {
            Self::Grpc => is_http2,
            Self::GrpcWeb => true,
            Self::Connect => matches!(rpc_kind(path), None | Some(RpcKind::Unary { .. })),
            Self::ConnectStream => !matches!(rpc_kind(path), Some(RpcKind::Unary { .. })),
        }
    }
}

/// Media types that an rpc takes, in the form of `accept-post`.
const fn accepted_types(is_http2: bool, kind: Option<RpcKind>) -> &'static str {
    match (is_http2, kind) {
        (true, Some(RpcKind::Unary { .. }) | None) => {
            "application/grpc, application/grpc-web, application/grpc-web-text, application/json, application/proto"
        }
        (false, Some(RpcKind::Unary { .. }) | None) => {
            "application/grpc-web, application/grpc-web-text, application/json, application/proto"
        }
        (true, Some(RpcKind::ServerStream | RpcKind::BothWays)) => {
            "application/grpc, application/grpc-web, application/grpc-web-text, application/connect+json, \
             application/connect+proto"
        }
        (false, Some(RpcKind::ServerStream)) => {
            "application/grpc-web, application/grpc-web-text, application/connect+json, application/connect+proto"
        }
        (false, Some(RpcKind::BothWays)) => "application/grpc-web, application/grpc-web-text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::codegen::http::HeaderValue;

    fn of(version: Version, method: &str, path: &str, contents: &[&str]) -> RpcEntrance {
        let mut headers = HeaderMap::new();
        for content in contents {
            headers.append(header::CONTENT_TYPE, HeaderValue::from_str(content).unwrap());
        }
        entry(version, &method.parse().unwrap(), path, &headers)
    }

    #[test]
    fn an_rpc_is_entered_by_its_own_media_types_alone() {
        const APPEND: &str = "/detente.v1.LedgerService/Append";
        const SUBSCRIBE: &str = "/detente.v1.LedgerService/Subscribe";
        const HEALTH: &str = "/grpc.health.v1.Health/Check";
        const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
        // For each the rpcs that take it over HTTP/1.1 and HTTP/2: those with one reply, with a stream, with two streams.
        for (content, [one1, one2, stream1, stream2, both1, both2]) in [
            ("application/grpc", [false, true, false, true, false, true]),
            ("application/grpc+proto", [false, true, false, true, false, true]),
            ("Application/gRPC; charset=utf-8", [false, true, false, true, false, true]),
            ("application/grpc+json", [false; 6]),
            ("application/grpcx", [false; 6]),
            ("application/grpc-web", [true; 6]),
            ("application/grpc-web+proto", [true; 6]),
            ("application/grpc-web-text", [true; 6]),
            ("application/grpc-web-text+proto", [true; 6]),
            ("application/grpc-web+json", [false; 6]),
            ("application/json", [true, true, false, false, false, false]),
            ("APPLICATION/JSON;charset=UTF-8", [true, true, false, false, false, false]),
            ("application/proto", [true, true, false, false, false, false]),
            ("Application/Proto ; x=y", [true, true, false, false, false, false]),
            ("application/jsonp", [false; 6]),
            ("application/connect+json", [false, false, true, true, false, true]),
            ("Application/Connect+JSON; charset=utf-8", [false, false, true, true, false, true]),
            ("application/connect+proto", [false, false, true, true, false, true]),
            ("application/connect", [false; 6]),
            ("application/connect+xml", [false; 6]),
            ("application/x-www-form-urlencoded", [false; 6]),
            ("multipart/form-data; boundary=x", [false; 6]),
            ("text/plain", [false; 6]),
            ("text/plain; application/json", [false; 6]),
            ("application/octet-stream", [false; 6]),
            ("", [false; 6]),
        ] {
            let taken = |version, path| matches!(of(version, "POST", path, &[content]), RpcEntrance::Rpc(_));
            let (one, two) = (Version::HTTP_11, Version::HTTP_2);
            let both = |path| [taken(one, path), taken(two, path)];
            assert_eq!(both(APPEND), [one1, one2], "{content:?}");
            assert_eq!(both(HEALTH), [one1, one2], "{content:?}");
            assert_eq!(both(SUBSCRIBE), [stream1, stream2], "{content:?}");
            assert_eq!(both(REFLECTION), [both1, both2], "{content:?}");
        }
        let old = of(Version::HTTP_11, "POST", REFLECTION, &["application/connect+proto"]);
        assert_eq!(old, RpcEntrance::Version);
        for contents in [&[][..], &["application/json", "application/json"], &["text/plain", "application/json"]] {
            assert!(matches!(of(Version::HTTP_2, "POST", APPEND, contents), RpcEntrance::Media(_)), "{contents:?}");
        }
        for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE", "post"] {
            for path in [APPEND, SUBSCRIBE, HEALTH, REFLECTION] {
                assert_eq!(
                    of(Version::HTTP_2, method, path, &["application/grpc"]),
                    RpcEntrance::Method,
                    "{method} {path}"
                );
            }
        }
        let none = "/detente.v1.LedgerService/NoSuchRpc";
        for content in ["application/json", "application/connect+proto"] {
            assert_eq!(of(Version::HTTP_11, "POST", none, &[content]), RpcEntrance::Rpc(None), "it is told further in");
        }
        assert_eq!(of(Version::HTTP_2, "OPTIONS", APPEND, &[]), RpcEntrance::Options);
        assert_eq!(of(Version::HTTP_11, "POST", "/what-if", &["text/plain"]), RpcEntrance::Elsewhere);
    }

    #[test]
    fn what_has_no_side_effects_is_entered_by_get_too() {
        for (path, has) in [
            ("/detente.v1.LedgerService/GetState", true),
            ("/detente.v1.LedgerService/Diff", true),
            ("/detente.v1.LedgerService/Append", false),
            ("/detente.v1.LedgerService/Subscribe", false),
            ("/detente.v1.LedgerService/ReadEvents", false),
            ("/detente.v1.LedgerService/NoSuchRpc", false),
        ] {
            for method in ["GET", "HEAD"] {
                for contents in [&[][..], &["application/grpc"]] {
                    let entry = of(Version::HTTP_2, method, path, contents);
                    assert_eq!(entry, if has { RpcEntrance::Query } else { RpcEntrance::Method }, "{method} {path}");
                }
            }
            assert_eq!(methods(path).contains("GET"), has);
            assert_eq!(of(Version::HTTP_2, "DELETE", path, &[]), RpcEntrance::Method);
        }
    }

    #[test]
    fn a_media_type_goes_on_as_the_services_know_it() {
        let path = "/detente.v1.LedgerService/Append";
        assert_eq!(of(Version::HTTP_2, "POST", path, &["application/grpc"]), RpcEntrance::Rpc(None));
        let web = of(Version::HTTP_11, "POST", path, &["Application/gRPC-Web ; x=y"]);
        assert_eq!(web, RpcEntrance::Rpc(Some("application/grpc-web")));
    }
}
