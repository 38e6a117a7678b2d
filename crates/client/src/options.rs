//! The options of a client. Their defaults suit one server in the same network.

use std::time::Duration;

/// The options of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The time that making a connection may take.
    pub connect_timeout: Duration,
    /// The time that one attempt of a call may take; the server learns of it. Streams have no such end.
    pub call_timeout: Duration,
    /// The time that a connection may be silent, while a call is in flight, before the client pings the server.
    pub keepalive_interval: Duration,
    /// The time that the answer to a ping may take. A connection without one is broken.
    pub keepalive_timeout: Duration,
    /// The largest reply that is read, in bytes. A page stays under 4 MiB.
    pub max_reply_bytes: usize,
    /// The messages that are compressed on the way.
    pub compression: Compression,
    /// The time within which a call is tried again. No attempt begins after that.
    pub patience: Duration,
    /// The pause before the second attempt. It doubles with each; the actual pause is a random one between a half and all of
    /// it, and never shorter than the server asked for.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

/// The messages that are compressed on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Nothing.
    None,
    /// Replies, with gzip, or with Zstandard where the feature `zstd` is on.
    Replies,
    /// Replies and requests. Every Detente server reads both encodings.
    Both,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(30),
            keepalive_interval: Duration::from_secs(20),
            keepalive_timeout: Duration::from_secs(10),
            max_reply_bytes: 16 << 20,
            compression: Compression::Replies,
            patience: Duration::from_secs(30),
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(5),
        }
    }
}
