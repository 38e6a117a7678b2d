//! The services of a server: the ledger, health, and reflection in both its versions, so that grpcurl needs no proto file.

use super::call::Call;
use super::direct::Direct;
use super::generated::ledger_service_server::LedgerServiceServer;
use super::limits::Limits;
use super::service::Service;
use super::standard::Standard;
use crate::budget::{MemoryBudget, PeerShares};
use crate::ledger::Ledger;
use crate::wire::DESCRIPTOR;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tonic_reflection::server::Builder;

/// All services of a server.
#[derive(Debug)]
pub struct Services {
    /// The services.
    pub routes: Routes,
    /// The straight way to the ledger's.
    pub direct: Direct,
    /// What they say of their health.
    pub health: Health,
    /// How many streams are open.
    pub streams: OpenStreams,
    /// How many subscriptions are open.
    pub subscriptions: OpenStreams,
}

/// How many streams of a sort are open.
#[derive(Clone, Debug)]
pub struct OpenStreams {
    places: PeerShares,
}

impl OpenStreams {
    /// How many there are now, and how many there may be.
    #[must_use]
    pub fn standing(&self) -> (u64, u64) {
        let (held, whole) = self.places.standing();
        (held as u64, whole as u64)
    }
}

/// What a server says of its health, as a whole and for the ledger's service.
#[derive(Clone)]
pub struct Health(HealthReporter);

impl Health {
    /// Says that it serves.
    pub async fn serving(&self) {
        self.say(ServingStatus::Serving).await;
    }

    /// Says that it does not serve any more.
    pub async fn not_serving(&self) {
        self.say(ServingStatus::NotServing).await;
    }

    async fn say(&self, status: ServingStatus) {
        self.0.set_service_status("", status).await;
        self.0.set_service_status(<LedgerServiceServer<Service> as NamedService>::NAME, status).await;
    }
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Health").finish_non_exhaustive()
    }
}

/// The services over a ledger. Every stream ends when `stopping` is cancelled.
///
/// # Errors
/// When the descriptors cannot be read, which a test excludes.
pub fn services(
    ledger: Arc<Ledger>,
    limits: Limits,
    memory: Arc<MemoryBudget>,
    stopping: CancellationToken,
) -> Result<Services, tonic_reflection::server::Error> {
    let service = Service::new(Arc::clone(&ledger), limits, Arc::clone(&memory), stopping);
    let streams = OpenStreams { places: service.streams.clone() };
    let feeds = service.feeds.clone();
    let subscriptions = OpenStreams { places: feeds.clone() };
    let service = LedgerServiceServer::new(service)
        .accept_compressed(Zstd)
        .accept_compressed(Gzip)
        .send_compressed(Zstd)
        .send_compressed(Gzip)
        .max_decoding_message_size(limits.request_bytes);
    // Requests of these methods hold a few names.
    const FEW_BYTES: usize = 16 << 10;
    let reporter = HealthReporter::new();
    let health = tonic_health::pb::health_server::HealthServer::new(
        tonic_health::server::HealthService::from_health_reporter(reporter.clone()),
    );
    let counting = Arc::clone(&ledger);
    let ledger = Call { service, ledger, memory, request_bytes: limits.request_bytes };
    let direct = Direct(ledger.clone());
    let health = health.accept_compressed(Gzip).send_compressed(Gzip).max_decoding_message_size(FEW_BYTES);
    let (newer, older) = (described().build_v1()?, described().build_v1alpha()?);
    let newer = newer.accept_compressed(Gzip).send_compressed(Gzip).max_decoding_message_size(FEW_BYTES);
    let older = older.accept_compressed(Gzip).send_compressed(Gzip).max_decoding_message_size(FEW_BYTES);
    let routes = Routes::new(ledger)
        .add_service(Standard { service: health, streams: feeds.clone(), ledger: Arc::clone(&counting) })
        .add_service(Standard { service: newer, streams: feeds.clone(), ledger: Arc::clone(&counting) })
        .add_service(Standard { service: older, streams: feeds, ledger: counting });
    Ok(Services { routes, direct, health: Health(reporter), streams, subscriptions })
}

/// What reflection tells: the contract with its comments, the details of errors, health, and itself.
fn described<'d>() -> Builder<'d> {
    Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTOR)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
