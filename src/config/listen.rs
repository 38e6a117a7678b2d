//! The address to listen on: a port of an address, or of a host that resolves to addresses.

use super::ConfigError;
use serde::Deserialize;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;

/// An address to listen on, as it is written: `127.0.0.1:7443`, `[::1]:7443`, `localhost:7443`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ListenAddress(String);

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_host =
            |host: &str| !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || ":/@[]".contains(c));
        let is_named = text.rsplit_once(':').is_some_and(|(host, port)| is_host(host) && port.parse::<u16>().is_ok());
        if is_named || text.parse::<SocketAddr>().is_ok() {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "{text:?} is no address to listen on; expected a host and a port, such as 127.0.0.1:7443, [::1]:7443 or localhost:7443"
        ))
    }
}

impl TryFrom<String> for ListenAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl ListenAddress {
    /// The addresses that it means, those of IPv4 first.
    pub(super) fn resolve(&self) -> Result<Vec<SocketAddr>, ConfigError> {
        let unresolved = |why: String| ConfigError::Unresolved { listen: self.0.clone(), why };
        let found: Vec<SocketAddr> = self.0.to_socket_addrs().map_err(|error| unresolved(error.to_string()))?.collect();
        if found.is_empty() { Err(unresolved("the name has no address".to_owned())) } else { Ok(found) }
    }
}
