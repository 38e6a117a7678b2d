//! `detente serve`: opens the ledger, or makes it, and serves it until a signal stops it.

use super::free_memory;
use super::making::{announce, create, exists};
use super::{fault, keep_to_owner, not_opened};
use crate::cli::{CommandFailure, LogFormat, ServeArgs, bar, notice};
use crate::config::{self, Config, Overrides};
use crate::demo::{self, DemoError};
use crate::server::{
    self, Entrances, IdentitySet, Reload, ServeError, ServerOptions, TlsSet, ledger_options, raise_descriptors,
    within_descriptors,
};
use crate::telemetry;
use detente_ledger::Ledger;
use detente_ledger::error::AppendError;
use detente_ledger::open::LedgerOptions;
use detente_ledger::write::clock_guard::ClockFault;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

/// Serves until SIGTERM or SIGINT.
pub(super) async fn run(args: ServeArgs) -> Result<(), CommandFailure> {
    let config = Config::of(overrides(args)).map_err(|error| CommandFailure::Usage(error.to_string()))?;
    keep_to_owner();
    let (form, filter, traces) = (config.log_format, config.log_filter.as_deref(), config.otlp_endpoint.as_deref());
    let telemetry = telemetry::begin(form, filter, traces).map_err(CommandFailure::other)?;
    // A server has a runtime of its own, with the configured number of threads.
    let served = tokio::task::spawn_blocking(move || runtime(&config)?.block_on(serve(config)));
    let served = served.await;
    tokio::task::spawn_blocking(|| telemetry.end()).await.map_err(CommandFailure::other)?;
    served.map_err(CommandFailure::other)?
}

fn overrides(args: ServeArgs) -> Overrides {
    let tls = args.tls();
    let log_format = args.log_format.map(|form| match form {
        LogFormat::Text => config::LogFormat::Text,
        LogFormat::Json => config::LogFormat::Json,
    });
    Overrides {
        data: args.data,
        listen: args.listen,
        metrics_listen: args.metrics_listen,
        tls,
        keys: args.keys,
        insecure: args.insecure,
        demo: args.demo,
        read_only: args.read_only,
        accept_clock: args.accept_clock,
        log_format,
        file: args.config,
    }
}

/// With one thread there is nothing to hand over between threads, which small calls gain from.
fn runtime(config: &Config) -> Result<Runtime, CommandFailure> {
    let mut builder = match workers(config) {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.worker_threads(workers(config)).enable_all().on_thread_park(free_memory::take_part);
    builder.build().map_err(CommandFailure::other)
}

/// Returns the number of threads that serve.
fn workers(config: &Config) -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    config.workers.unwrap_or(processors)
}

async fn serve(config: Config) -> Result<(), CommandFailure> {
    // Signals are handled from here on, since a reader of the serving line may send one at once.
    let stop = stop_asked().map_err(CommandFailure::other)?;
    let reload = Reload::default();
    if let Some(files) = config.tls.clone() {
        // Files that do not fit are told before the ledger is opened.
        let read = tokio::task::spawn_blocking(move || TlsSet::read(&files).map(drop));
        read.await.map_err(CommandFailure::other)?.map_err(CommandFailure::other)?;
    }
    let identity = config.identity.clone();
    let read = tokio::task::spawn_blocking(move || IdentitySet::read(&identity).map(drop));
    read.await.map_err(CommandFailure::other)?.map_err(CommandFailure::other)?;
    if config.tls.is_some() || config.identity.has_a_way() {
        tokio::spawn(reload_asked(reload.clone()).map_err(CommandFailure::other)?);
    }
    let calls = listen(&config.listen).await?;
    let metrics = match &config.metrics_listen {
        Some(addresses) => Some(listen(addresses).await?),
        None => None,
    };
    let address = calls.local_addr().map_err(CommandFailure::other)?;
    if let Some(address) = metrics.as_ref().and_then(|listener| listener.local_addr().ok()) {
        tracing::info!(%address, "metrics and probes have a port of their own");
    }
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let options = within_descriptors(raise_descriptors(), ServerOptions::of(&config), &ledger_options(&config));
    let (log_format, data) = (config.log_format, config.data.clone());
    tokio::spawn(free_memory::rounds(workers(&config)));
    let memory = options.memory;
    let ledger = tokio::task::spawn_blocking(move || open(&config)).await.map_err(CommandFailure::other)??;
    warn_of_clock(&ledger, &data, log_format)?;
    let head = ledger.head();
    if log_format == config::LogFormat::Json {
        tracing::info!(%address, ledger = %head.ledger_id, position = head.position().0, basis = %head.basis, memory, "serving");
    } else {
        let (ledger, events, basis) = (head.ledger_id, head.position(), head.basis);
        let memory = memory >> 20;
        notice(&format!(
            "serving {ledger} on {scheme}://{address}, {events} events, basis {basis}, {memory} MiB for calls in flight"
        ));
    }
    server::run(Arc::new(ledger), Entrances { calls, metrics, reload }, options, stop).await.map_err(
        |error| match error {
            ServeError::LedgerFailed(why) => {
                CommandFailure::other(anyhow::anyhow!("the ledger has stopped writing: {why}"))
            }
            other => CommandFailure::other(other),
        },
    )
}

/// Listens on the first of some addresses that can be listened on.
async fn listen(addresses: &[SocketAddr]) -> Result<TcpListener, CommandFailure> {
    TcpListener::bind(addresses).await.map_err(|error| {
        let at = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        CommandFailure::other(anyhow::anyhow!("cannot listen on {at}: {error}"))
    })
}

fn open(config: &Config) -> Result<Ledger, CommandFailure> {
    let options = ledger_options(config);
    let shown = bar("bringing the store up, events", 0);
    let progress = |done, total| {
        shown.set_length(total);
        shown.set_position(done);
    };
    let opened = match (config.read_only, config.demo) {
        (true, _) => Ledger::open_read_only(&config.data, &options, &progress).map_err(not_opened),
        (false, true) => open_demo(config, &options, &progress),
        (false, false) => open_or_create(config, &options, &progress),
    };
    shown.finish_and_clear();
    opened
}

fn open_or_create(
    config: &Config,
    options: &LedgerOptions,
    progress: &(impl Fn(u64, u64) + Sync),
) -> Result<Ledger, CommandFailure> {
    if !exists(&config.data)? {
        let ledger = create(&config.data, options)?;
        announce_new(config);
        return Ok(ledger);
    }
    let (ledger, recovery) = Ledger::open(&config.data, options, progress).map_err(not_opened)?;
    if let Some(torn) = recovery.torn {
        tracing::warn!(?torn, "cut off a write that was never acknowledged");
    }
    Ok(ledger)
}

fn open_demo(
    config: &Config,
    options: &LedgerOptions,
    progress: &(impl Fn(u64, u64) + Sync),
) -> Result<Ledger, CommandFailure> {
    let was_there = exists(&config.data)?;
    let ledger = demo::open(&config.data, options, progress).map_err(|error| demo_not_opened(config, error))?;
    if !was_there {
        announce_new(config);
    }
    Ok(ledger)
}

/// Says that a ledger was made: in the log, and on the terminal unless the log is all that it shows.
fn announce_new(config: &Config) {
    tracing::info!(path = %config.data.display(), "made a new ledger");
    if config.log_format == config::LogFormat::Text {
        announce(&config.data);
    }
}

fn demo_not_opened(config: &Config, error: DemoError) -> CommandFailure {
    match error {
        DemoError::Open(error) => not_opened(error),
        DemoError::OtherLedger(_) => CommandFailure::Usage(error.to_string()),
        DemoError::Io(error) => fault::at(&config.data, "cannot look into", &error),
        // Its words hold those of its causes already.
        DemoError::Refused(AppendError::DiskFull(why)) => {
            let (data, advice) = (config.data.display(), "make room on it, or set reserve_mib lower");
            CommandFailure::other(anyhow::anyhow!("the dossier cannot be recorded in {data}: {why}; {advice}"))
        }
        DemoError::Dossier(_) | DemoError::Refused(_) => {
            CommandFailure::other(anyhow::anyhow!("{}: {error}", config.data.display()))
        }
    }
}

/// Says what is wrong with the clock. One that is far ahead of where it was last seen needs a word from the operator.
fn warn_of_clock(ledger: &Ledger, data: &Path, log_format: config::LogFormat) -> Result<(), CommandFailure> {
    match ledger.clock_fault() {
        Some(fault @ ClockFault::Away { .. }) if !ledger.is_read_only() => {
            Err(CommandFailure::other(anyhow::anyhow!("{} is not served: {fault}", data.display())))
        }
        Some(fault) => {
            tracing::warn!(%fault, "the clock is wrong; appends are refused");
            if log_format == config::LogFormat::Text {
                notice(&format!("appends are refused: {fault}"));
            }
            Ok(())
        }
        None => Ok(()),
    }
}

/// Has the files of TLS read again at each SIGHUP.
fn reload_asked(reload: Reload) -> std::io::Result<impl Future<Output = ()>> {
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        while hangup.recv().await.is_some() {
            reload.ask();
        }
    })
}

/// Completes at a signal to stop.
fn stop_asked() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
