//! `detente import` of rows into a directory: the services a server would have, asked without one.

use super::making::{exists, new_ledger, options_of_one_pass};
use super::{keep_to_owner, not_opened};
use crate::cli::{CommandFailure, RowImport};
use crate::grpc::limits::Limits;
use crate::grpc::services;
use crate::server::default_memory;
use detente_ledger::Ledger;
use detente_ledger::budget::MemoryBudget;
use detente_ledger::open::LedgerOptions;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

/// A batch of events stays under 1 MiB or so.
const MAX_REPLY_BYTES: usize = 16 << 20;

/// Opens the ledger of a directory, or makes one, imports rows into it, and closes it. A check makes none.
pub(crate) async fn import_rows(import: RowImport) -> Result<(), CommandFailure> {
    // Questions are computed on threads that may wait, which only a runtime of several threads has.
    let imported = tokio::task::spawn_blocking(move || {
        let runtime =
            Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(CommandFailure::other)?;
        runtime.block_on(run(import))
    });
    imported.await.map_err(CommandFailure::other)?
}

async fn run(import: RowImport) -> Result<(), CommandFailure> {
    let Some(data) = import.data.clone() else { return Err(CommandFailure::Usage("--data is missing".to_owned())) };
    let (check, accept_clock) = (import.is_check(), import.accepts_clock());
    let opened = tokio::task::spawn_blocking(move || open(&data, check, accept_clock));
    let Some(ledger) = opened.await.map_err(CommandFailure::other)?? else {
        return import.run_alone().await;
    };
    let ledger = Arc::new(ledger);
    let stopping = CancellationToken::new();
    let memory = MemoryBudget::new(default_memory());
    let services =
        services(Arc::clone(&ledger), Limits::default(), memory, stopping.clone()).map_err(CommandFailure::other)?;
    let mut client = LedgerServiceClient::new(services.routes.prepare()).max_decoding_message_size(MAX_REPLY_BYTES);
    let imported = import.run(&mut client).await;
    stopping.cancel();
    drop(client);
    tokio::task::spawn_blocking(move || ledger.close()).await.map_err(CommandFailure::other)?;
    imported
}

fn open(data: &Path, check: bool, accept_clock: bool) -> Result<Option<Ledger>, CommandFailure> {
    keep_to_owner();
    let options = LedgerOptions { accept_clock, ..options_of_one_pass() };
    match exists(data)? {
        true => Ok(Some(Ledger::open(data, &options, &|_, _| {}).map_err(not_opened)?.0)),
        false if check => Ok(None),
        false => new_ledger(data, &options).map(Some),
    }
}
