//! The channel to a server.
//!
//! To connect is a step of its own, which tells a missing server from a server that refuses. A channel connects again
//! by itself before a call that needs it. Keepalive finds a peer that has silently gone; without it a call could wait
//! for ever.

use super::access::Access;
use super::authorized_channel::{AuthorizedChannel, authorization, is_this_machine};
use super::error::Error;
use super::handshake::HandshakeRefusal;
use super::options::{Compression, Options};
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use std::error::Error as StdError;
use tonic::codec::CompressionEncoding;
use tonic::transport::{Channel, Endpoint};

/// The generated client.
pub(super) type Stub = LedgerServiceClient<AuthorizedChannel>;

/// Connects to the server at a URL; the scheme may be left out.
pub(super) async fn connect(server: &str, options: &Options, access: &Access) -> Result<Stub, Error> {
    let endpoint = endpoint(server, options)?;
    let authorization = access.token.as_deref().map(authorization).transpose()?;
    let is_secret = endpoint.uri().scheme_str() == Some("https");
    if access.token.is_some() && !is_secret && !endpoint.uri().host().is_some_and(is_this_machine) {
        let why = format!("a token is not sent to {server} without TLS, for everybody on the way could read it");
        return Err(Error::Access(why));
    }
    let channel = match endpoint.uri().scheme_str() {
        Some("https") => secret(endpoint, access).await?,
        _ => plain(server, &endpoint).await?,
    };
    Ok(stub(AuthorizedChannel::new(channel, authorization), options))
}

async fn plain(server: &str, endpoint: &Endpoint) -> Result<Channel, Error> {
    let server = server.to_owned();
    endpoint.connect().await.map_err(|error| match HandshakeRefusal::find(&error) {
        Some(HandshakeRefusal { by, cause }) => Error::Handshake { server, by, cause },
        None => Error::Unreachable { server, cause: innermost(&error) },
    })
}

#[cfg(feature = "tls")]
async fn secret(endpoint: Endpoint, access: &Access) -> Result<Channel, Error> {
    super::tls::connect(endpoint, access).await
}

#[cfg(not(feature = "tls"))]
async fn secret(endpoint: Endpoint, _: &Access) -> Result<Channel, Error> {
    let why = "https needs the feature `tls` of this client".to_owned();
    Err(Error::Address { server: endpoint.uri().to_string(), why })
}

fn stub(channel: AuthorizedChannel, options: &Options) -> Stub {
    let stub = LedgerServiceClient::new(channel).max_decoding_message_size(options.max_reply_bytes);
    match options.compression {
        Compression::None => stub,
        Compression::Replies => accepting(stub),
        Compression::Both => accepting(stub).send_compressed(PREFERRED),
    }
}

/// The encoding of requests, and the first that replies may have.
#[cfg(feature = "zstd")]
const PREFERRED: CompressionEncoding = CompressionEncoding::Zstd;
#[cfg(not(feature = "zstd"))]
const PREFERRED: CompressionEncoding = CompressionEncoding::Gzip;

fn accepting(stub: Stub) -> Stub {
    stub.accept_compressed(PREFERRED).accept_compressed(CompressionEncoding::Gzip)
}

fn endpoint(server: &str, options: &Options) -> Result<Endpoint, Error> {
    let wrong = |why: String| Error::Address { server: server.to_owned(), why };
    let url = match server.split_once("://") {
        None => format!("http://{server}"),
        Some(("http" | "https", _)) => server.to_owned(),
        Some((scheme, _)) => return Err(wrong(format!("the scheme must be http or https, not {scheme}"))),
    };
    let endpoint = Endpoint::from_shared(url).map_err(|error| wrong(error.to_string()))?;
    let endpoint = endpoint
        .connect_timeout(options.connect_timeout)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(options.keepalive_interval)
        .keep_alive_timeout(options.keepalive_timeout)
        .user_agent(concat!("detente/", env!("CARGO_PKG_VERSION")));
    endpoint.map_err(|error| wrong(error.to_string()))
}

/// The cause at the bottom of a chain of errors: the operating system's word, not "transport error".
pub(super) fn innermost(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_may_be_named_without_its_scheme() {
        let endpoint = endpoint("127.0.0.1:7443", &Options::default()).unwrap();
        assert_eq!(endpoint.uri().to_string(), "http://127.0.0.1:7443/");
    }

    #[test]
    fn an_address_that_cannot_be_one_is_told_as_such() {
        for server in ["ftp://h:1", "http://", "http://a b"] {
            assert!(matches!(endpoint(server, &Options::default()), Err(Error::Address { .. })), "{server}");
        }
    }

    #[tokio::test]
    async fn a_token_goes_without_tls_to_this_machine_alone() {
        let access = Access::default().token("dk_a");
        let error = connect("http://192.0.2.1:1", &Options::default(), &access).await.unwrap_err();
        assert!(matches!(&error, Error::Access(why) if why.contains("without TLS")), "{error}");
        for server in ["http://127.0.0.1:1", "localhost:1", "http://[::1]:1"] {
            let error = connect(server, &Options::default(), &access).await.unwrap_err();
            assert!(matches!(error, Error::Unreachable { .. }), "{error}");
        }
        let error = connect("http://127.0.0.1:1", &Options::default(), &access.token("a\nb")).await.unwrap_err();
        assert!(matches!(error, Error::Access(_)), "{error}");
    }

    #[tokio::test]
    async fn a_closed_port_is_told_as_unreachable_with_its_cause() {
        let error = connect("http://127.0.0.1:1", &Options::default(), &Access::default()).await.unwrap_err();
        assert!(matches!(&error, Error::Unreachable { cause, .. } if cause.contains("refused")), "{error}");
    }
}
