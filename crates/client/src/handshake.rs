//! A TLS handshake that failed, and which side refused.
//!
//! With TLS 1.3 a client is done before the server has judged its certificate, so a refusal of the server comes with the
//! first answer instead. It passes through the transport as text, which begins with [`BY_SERVER`].

use std::error::Error as StdError;
use std::fmt;

/// A side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// This client.
    Client,
    /// The server.
    Server,
}

/// The beginning of a refusal by this client.
const BY_CLIENT: &str = "this client refused the server in the TLS handshake: ";
/// The beginning of a refusal by the server.
const BY_SERVER: &str = "the server refused this client in the TLS handshake: ";
/// The words of a server with TLS to a client without.
const WITHOUT_TLS: &str = "this port speaks TLS";

/// A refusal in a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HandshakeRefusal {
    pub(super) by: Side,
    pub(super) cause: String,
}

impl fmt::Display for HandshakeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let opening = match self.by {
            Side::Client => BY_CLIENT,
            Side::Server => BY_SERVER,
        };
        write!(f, "{opening}{}", self.cause.replace('"', "'"))
    }
}

impl StdError for HandshakeRefusal {}

impl HandshakeRefusal {
    /// The refusal in a chain of errors.
    pub(super) fn find(error: &(dyn StdError + 'static)) -> Option<Self> {
        let (mut found, mut next) = (None, Some(error));
        while let Some(error) = next {
            let text = error.to_string();
            if text.contains(WITHOUT_TLS) {
                let cause = "it speaks TLS, so its URL begins with https://".to_owned();
                found = Some(Self { by: Side::Server, cause });
            }
            for (opening, by) in [(BY_CLIENT, Side::Client), (BY_SERVER, Side::Server)] {
                if let Some((_, cause)) = text.split_once(opening) {
                    // The transport puts it between quotes.
                    let cause = cause.split('"').next().unwrap_or_default().to_owned();
                    found = Some(Self { by, cause });
                }
            }
            next = error.source();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_found_in_the_words_of_the_transport() {
        let refusal = HandshakeRefusal { by: Side::Server, cause: "its word".to_owned() };
        let wrapped = std::io::Error::other(format!("h2: {refusal}"));
        assert_eq!(HandshakeRefusal::find(&wrapped), Some(refusal.clone()));
        assert_eq!(HandshakeRefusal::find(&refusal), Some(refusal));
        assert_eq!(HandshakeRefusal::find(&std::io::Error::other("broken pipe")), None);
    }
}
