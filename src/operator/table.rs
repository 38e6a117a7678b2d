//! `detente export` of a table from a directory: the services a server would have, asked without one.

use super::fault::is_unwritable;
use super::not_opened;
use crate::cli::{CommandFailure, TableExport};
use crate::grpc::limits::Limits;
use crate::grpc::services;
use crate::server::default_memory;
use detente_ledger::Ledger;
use detente_ledger::budget::MemoryBudget;
use detente_ledger::open::{LedgerOptions, OpenError};
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

/// A page stays under 3 MiB or so.
const MAX_REPLY_BYTES: usize = 16 << 20;

/// Opens the ledger of a directory, writes a table of it, and closes it.
pub(crate) async fn export_table(table: TableExport) -> Result<(), CommandFailure> {
    // Questions are computed on threads that may wait, which only a runtime of several threads has.
    let written = tokio::task::spawn_blocking(move || {
        let runtime =
            Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(CommandFailure::other)?;
        runtime.block_on(write(table))
    });
    written.await.map_err(CommandFailure::other)?
}

async fn write(table: TableExport) -> Result<(), CommandFailure> {
    let Some(data) = table.data.clone() else { return Err(CommandFailure::Usage("--data is missing".to_owned())) };
    let opened = tokio::task::spawn_blocking(move || open(&data));
    let ledger = opened.await.map_err(CommandFailure::other)?.map_err(not_opened)?;
    let ledger = Arc::new(ledger);
    let stopping = CancellationToken::new();
    let memory = MemoryBudget::new(default_memory());
    let services =
        services(Arc::clone(&ledger), Limits::default(), memory, stopping.clone()).map_err(CommandFailure::other)?;
    let mut client = LedgerServiceClient::new(services.routes.prepare()).max_decoding_message_size(MAX_REPLY_BYTES);
    let written = table.write(&mut client).await;
    stopping.cancel();
    drop(client);
    tokio::task::spawn_blocking(move || ledger.close()).await.map_err(CommandFailure::other)?;
    written
}

/// Opens a ledger with all it has, or without sled where nothing may be written.
fn open(data: &Path) -> Result<Ledger, OpenError> {
    let options = LedgerOptions::default();
    match Ledger::open(data, &options, &|_, _| {}) {
        Err(error) if is_unwritable(&error) => Ledger::open_read_only(data, &options, &|_, _| {}),
        opened => opened.map(|(ledger, _)| ledger),
    }
}
