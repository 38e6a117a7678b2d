//! Waits for a server, and says how long that took: until it answers, or until sled has all that the journal has.

use crate::Common;
use crate::connect::Target;
use crate::result::Outcome;
use anyhow::{Result, bail};
use detente_proto::v1;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use std::time::{Duration, Instant};

/// The state to wait for.
#[derive(clap::Args)]
pub struct InfoArgs {
    #[command(flatten)]
    target: Target,
    /// Wait until sled has caught up, too.
    #[arg(long)]
    drained: bool,
    /// The most seconds to wait.
    #[arg(long, default_value_t = 120.0)]
    patience: f64,
    /// The same for whatever listens there: wait for a connection only, ask nothing.
    #[arg(long)]
    connect_only: bool,
}

/// Waits, then prints the head, the lag of sled at the first answer, and the time.
///
/// # Errors
/// If the patience is over.
pub async fn run(args: InfoArgs, common: Common) -> Result<()> {
    let began = Instant::now();
    let patience = Duration::from_secs_f64(args.patience);
    let mut first_lag = None;
    let (mut answered, mut said) = (None, Instant::now());
    while began.elapsed() < patience {
        if args.connect_only && args.target.connect().await.is_ok() {
            return Outcome::figure("any", "ready", began.elapsed().as_secs_f64(), "s").print(&common);
        }
        if let Ok((head, stored)) = positions(&args.target).await.map_err(|error| tell(&mut said, &error)) {
            let lag = *first_lag.get_or_insert(head.saturating_sub(stored));
            let ready = *answered.get_or_insert_with(|| began.elapsed().as_secs_f64());
            if !args.drained || stored >= head {
                return Outcome::figure("detente", "ready", began.elapsed().as_secs_f64(), "s")
                    .with("head", head as f64)
                    .with("lag_at_first", lag as f64)
                    .with("answers_after_s", ready)
                    .print(&common);
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bail!("not there after {} s", args.patience)
}

fn tell(said: &mut Instant, error: &anyhow::Error) {
    if said.elapsed() > Duration::from_secs(2) {
        *said = Instant::now();
        eprintln!("  waiting: {error}");
    }
}

async fn positions(target: &Target) -> Result<(u64, u64)> {
    let mut ledger = LedgerServiceClient::new(target.connect().await?);
    let info = ledger.get_server_info(v1::GetServerInfoRequest {}).await?.into_inner();
    Ok((info.head.map_or(0, |head| head.position), info.store_position))
}
