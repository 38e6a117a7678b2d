//! The client that the verbs ask with.

use std::time::Duration;

use super::{CommandFailure, global_args::GlobalArgs};
use detente_client::{Client, Options};

/// The time within which a call is tried again: long enough for a server that restarts, and no longer than somebody at
/// a terminal waits without any message.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connects to the server, with the trust and the proof that the flags name.
pub(crate) async fn ledger(global: &GlobalArgs) -> Result<Client, CommandFailure> {
    let access = global.access.resolve(&global.server)?;
    let options = Options { patience: PATIENCE, ..Options::default() };
    Ok(Client::connect_as(&access.url, options, &access.access).await?)
}
