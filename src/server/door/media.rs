//! Entrances of an rpc: a method, a media type, and the version of HTTP that carries it.
//!
//! | media type | HTTP/1.1 | HTTP/2 | which rpcs |
//! |---|---|---|---|
//! | `application/grpc`, `+proto` | | yes | all |
//! | `application/grpc-web`, `-text`, each alone or with `+proto` | yes | yes | all |
//! | `application/json`, `application/proto` (Connect) | yes | yes | those of the ledger |
//!
//! Always by POST. Media types are compared without regard to case, and their parameters are passed over. None of these is
//! sent by a page of another origin without asking first (WHATWG Fetch, CORS-safelisted request headers), so no page makes
//! anything happen by a form, and what is taken for one protocol is never read as another.

use tonic::codegen::http::{HeaderMap, Method, Version, header};

/// The services that are called, with whether Connect reaches them.
const SERVICES: [(&str, bool); 4] = [
    ("/detente.v1.LedgerService/", true),
    ("/grpc.health.v1.Health/", false),
    ("/grpc.reflection.v1.ServerReflection/", false),
    ("/grpc.reflection.v1alpha.ServerReflection/", false),
];

/// The media types that carry a call, in the form that the services know them by.
const CARRIERS: [(&str, Carrier); 8] = [
    ("application/grpc", Carrier::Grpc),
    ("application/grpc+proto", Carrier::Grpc),
    ("application/grpc-web", Carrier::GrpcWeb),
    ("application/grpc-web+proto", Carrier::GrpcWeb),
    ("application/grpc-web-text", Carrier::GrpcWeb),
    ("application/grpc-web-text+proto", Carrier::GrpcWeb),
    ("application/json", Carrier::Connect),
    ("application/proto", Carrier::Connect),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carrier {
    Grpc,
    GrpcWeb,
    Connect,
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
pub(super) enum Entry {
    /// As it should; with the media type as the services know it where it is written otherwise.
    Rpc(Option<&'static str>),
    /// It is for no rpc.
    Elsewhere,
    /// It asks which methods there are.
    Options,
    /// By a method that is none of an rpc's.
    Method,
    /// With a media type that carries no call; with those that would.
    Media(&'static str),
}

/// The methods of an rpc.
pub(super) const METHODS: &str = "POST, OPTIONS";

/// The protocol that a request is meant in.
pub(super) fn meant(headers: &HeaderMap) -> IntendedProtocol {
    let content = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |content| content.as_bytes());
    let begins = |with: &[u8]| content.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    match (begins(b"application/grpc"), begins(b"application/grpc-web")) {
        (_, true) => IntendedProtocol::GrpcWeb,
        (true, false) => IntendedProtocol::Grpc,
        (false, false) => IntendedProtocol::Http,
    }
}

/// Judges how a request comes to an rpc, if it is for one.
pub(super) fn entry(version: Version, method: &Method, path: &str, headers: &HeaderMap) -> Entry {
    let Some((_, has_connect)) = SERVICES.iter().find(|(service, _)| path.starts_with(service)) else {
        return Entry::Elsewhere;
    };
    if *method == Method::OPTIONS {
        return Entry::Options;
    }
    if *method != Method::POST {
        return Entry::Method;
    }
    let is_http2 = version >= Version::HTTP_2;
    let taken = |carrier: Carrier| match carrier {
        Carrier::Grpc => is_http2,
        Carrier::GrpcWeb => true,
        Carrier::Connect => *has_connect,
    };
    let mut contents = headers.get_all(header::CONTENT_TYPE).into_iter();
    let said = match (contents.next(), contents.next()) {
        (Some(said), None) => said.as_bytes(),
        _ => b"",
    };
    let kind = said.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let known = CARRIERS.iter().find(|(name, carrier)| kind.eq_ignore_ascii_case(name.as_bytes()) && taken(*carrier));
    match known {
        Some((name, _)) => Entry::Rpc((said != name.as_bytes()).then_some(name)),
        None => Entry::Media(accepted(is_http2, *has_connect)),
    }
}

/// Media types that an rpc takes, in the form of `accept-post`.
const fn accepted(is_http2: bool, has_connect: bool) -> &'static str {
    match (is_http2, has_connect) {
        (true, true) => {
            "application/grpc, application/grpc-web, application/grpc-web-text, application/json, application/proto"
        }
        (true, false) => "application/grpc, application/grpc-web, application/grpc-web-text",
        (false, true) => "application/grpc-web, application/grpc-web-text, application/json, application/proto",
        (false, false) => "application/grpc-web, application/grpc-web-text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::codegen::http::HeaderValue;

    fn of(version: Version, method: &str, path: &str, contents: &[&str]) -> Entry {
        let mut headers = HeaderMap::new();
        for content in contents {
            headers.append(header::CONTENT_TYPE, HeaderValue::from_str(content).unwrap());
        }
        entry(version, &method.parse().unwrap(), path, &headers)
    }

    #[test]
    fn an_rpc_is_entered_by_its_own_media_types_alone() {
        const LEDGER: &str = "/detente.v1.LedgerService/Append";
        const HEALTH: &str = "/grpc.health.v1.Health/Check";
        // For each: taken for the ledger over HTTP/1.1 and HTTP/2, and for health likewise.
        for (content, [ledger1, ledger2, health1, health2]) in [
            ("application/grpc", [false, true, false, true]),
            ("application/grpc+proto", [false, true, false, true]),
            ("Application/gRPC; charset=utf-8", [false, true, false, true]),
            ("application/grpc+json", [false; 4]),
            ("application/grpcx", [false; 4]),
            ("application/grpc-web", [true; 4]),
            ("application/grpc-web+proto", [true; 4]),
            ("application/grpc-web-text", [true; 4]),
            ("application/grpc-web-text+proto", [true; 4]),
            ("application/grpc-web+json", [false; 4]),
            ("application/json", [true, true, false, false]),
            ("APPLICATION/JSON;charset=UTF-8", [true, true, false, false]),
            ("application/proto", [true, true, false, false]),
            ("application/jsonp", [false; 4]),
            ("application/connect+json", [false; 4]),
            ("application/connect+proto", [false; 4]),
            ("application/x-www-form-urlencoded", [false; 4]),
            ("multipart/form-data; boundary=x", [false; 4]),
            ("text/plain", [false; 4]),
            ("text/plain; application/json", [false; 4]),
            ("application/octet-stream", [false; 4]),
            ("", [false; 4]),
        ] {
            let taken = |version, path| matches!(of(version, "POST", path, &[content]), Entry::Rpc(_));
            let (one, two) = (Version::HTTP_11, Version::HTTP_2);
            let found = [taken(one, LEDGER), taken(two, LEDGER), taken(one, HEALTH), taken(two, HEALTH)];
            assert_eq!(found, [ledger1, ledger2, health1, health2], "{content:?}");
        }
        for contents in [&[][..], &["application/json", "application/json"], &["text/plain", "application/json"]] {
            assert!(matches!(of(Version::HTTP_2, "POST", LEDGER, contents), Entry::Media(_)), "{contents:?}");
        }
        for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE", "post"] {
            assert_eq!(of(Version::HTTP_2, method, LEDGER, &["application/grpc"]), Entry::Method, "{method}");
        }
        assert_eq!(of(Version::HTTP_2, "OPTIONS", LEDGER, &[]), Entry::Options);
        assert_eq!(of(Version::HTTP_11, "POST", "/what-if", &["text/plain"]), Entry::Elsewhere);
    }

    #[test]
    fn a_media_type_goes_on_as_the_services_know_it() {
        let path = "/detente.v1.LedgerService/Append";
        assert_eq!(of(Version::HTTP_2, "POST", path, &["application/grpc"]), Entry::Rpc(None));
        let web = of(Version::HTTP_11, "POST", path, &["Application/gRPC-Web ; x=y"]);
        assert_eq!(web, Entry::Rpc(Some("application/grpc-web")));
    }
}
