//! The channel to a server.
//!
//! Connecting is a step of its own, so that "there is no server" is told apart from "the server says no". Keepalive
//! finds a peer that has silently gone; without it a call could wait for ever.

use std::{error::Error, time::Duration};

use tonic::transport::{Channel, Endpoint};

use super::Failure;
use crate::v1::ledger_service_client::LedgerServiceClient;

/// A connected client.
pub(crate) type Ledger = LedgerServiceClient<Channel>;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// A page stays under 3 MiB or so; one claim with all its disputes may be larger.
const MAX_REPLY_BYTES: usize = 16 << 20;

/// Connects to the server at a URL, for example `http://127.0.0.1:7443`; the scheme may be left out.
pub(crate) async fn ledger(server: &str) -> Result<Ledger, Failure> {
    let channel = endpoint(server)?
        .connect()
        .await
        .map_err(|error| Failure::Unreachable { server: server.to_owned(), cause: innermost(&error) })?;
    Ok(LedgerServiceClient::new(channel).max_decoding_message_size(MAX_REPLY_BYTES))
}

fn endpoint(server: &str) -> Result<Endpoint, Failure> {
    let url = match server.split_once("://") {
        None => format!("http://{server}"),
        Some(("http", _)) => server.to_owned(),
        Some((scheme, _)) => {
            return Err(Failure::Usage(format!("--server {server}: the scheme must be http, not {scheme}")));
        }
    };
    let endpoint = Endpoint::from_shared(url).map_err(|error| Failure::Usage(format!("--server {server}: {error}")))?;
    let endpoint = endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .user_agent(concat!("detente/", env!("CARGO_PKG_VERSION")))
        .map_err(Failure::other)?;
    Ok(endpoint)
}

/// The cause at the bottom of a chain of errors: the operating system's word, not "transport error".
fn innermost(error: &dyn Error) -> String {
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
        assert_eq!(endpoint("127.0.0.1:7443").unwrap().uri().to_string(), "http://127.0.0.1:7443/");
    }

    #[test]
    fn an_address_that_cannot_be_one_is_wrong_usage() {
        for server in ["https://h:1", "http://", "http://a b"] {
            assert!(matches!(endpoint(server), Err(Failure::Usage(_))), "{server}");
        }
    }

    #[tokio::test]
    async fn a_closed_port_is_told_as_unreachable_with_its_cause() {
        let failure = ledger("http://127.0.0.1:1").await.unwrap_err();
        assert!(matches!(&failure, Failure::Unreachable { cause, .. } if cause.contains("refused")), "{failure}");
    }
}
