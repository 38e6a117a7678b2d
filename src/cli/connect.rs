//! The client that the verbs ask with.

use std::time::Duration;

use super::CommandFailure;
use detente_client::{Client, Options};

/// The time within which a call is tried again: long enough for a server that restarts, and no longer than somebody at
/// a terminal waits without any message.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connects to the server at a URL, for example `http://127.0.0.1:7443`; the scheme may be left out.
pub(crate) async fn ledger(server: &str) -> Result<Client, CommandFailure> {
    Ok(Client::connect_with(server, Options { patience: PATIENCE, ..Options::default() }).await?)
}
