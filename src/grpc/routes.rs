//! The services of a server: the ledger, health, and reflection in both its versions, so that grpcurl needs no proto file.

use super::call::Call;
use super::direct::Direct;
use super::generated::ledger_service_server::LedgerServiceServer;
use super::health::Health;
use super::limits::Limits;
use super::reflection::{Catalog, DescriptorError, Reflection};
use super::service::Service;
use super::standard::Standard;
use detente_ledger::Ledger;
use detente_ledger::budget::{MemoryBudget, PeerShares};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tonic::service::Routes;
use tonic_health::pb::health_server::HealthServer;
use tonic_reflection::pb::v1::server_reflection_server::ServerReflectionServer as NewerServer;
use tonic_reflection::pb::v1alpha::server_reflection_server::ServerReflectionServer as OlderServer;

/// All services of a server.
#[derive(Debug)]
pub struct Services {
    /// The services.
    pub routes: Routes,
    /// The straight way to the ledger's.
    pub direct: Direct,
    /// The health that they report.
    pub health: Health,
    /// The open streams.
    pub streams: OpenStreams,
    /// The open subscriptions.
    pub subscriptions: OpenStreams,
}

/// The number of open streams of a sort.
#[derive(Clone, Debug)]
pub struct OpenStreams {
    places: PeerShares,
}

impl OpenStreams {
    /// Returns the number of open streams, and the largest number allowed.
    #[must_use]
    pub fn standing(&self) -> (u64, u64) {
        let (held, whole) = self.places.standing();
        (held as u64, whole as u64)
    }
}

/// The services over a ledger. Every stream ends when `stopping` is cancelled.
///
/// # Errors
/// If the descriptors cannot be read, which a test excludes.
pub fn services(
    ledger: Arc<Ledger>,
    limits: Limits,
    memory: Arc<MemoryBudget>,
    stopping: CancellationToken,
) -> Result<Services, DescriptorError> {
    let service = Service::new(Arc::clone(&ledger), limits, Arc::clone(&memory), stopping.clone());
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
    let counting = Arc::clone(&ledger);
    let ledger = Call { service, ledger, memory: Arc::clone(&memory), request_bytes: limits.request_bytes };
    let direct = Direct(ledger.clone());
    let catalog = Arc::new(Catalog::new()?);
    let health = Health::new();
    let told = HealthServer::new(health.service(catalog.services().to_vec(), stopping.clone()));
    let told = told.accept_compressed(Gzip).send_compressed(Gzip).max_decoding_message_size(FEW_BYTES);
    let reflection = Reflection { catalog, stopping };
    let newer = NewerServer::new(reflection.clone());
    let newer = newer.accept_compressed(Gzip).send_compressed(Gzip).max_decoding_message_size(FEW_BYTES);
    let older = OlderServer::new(reflection);
    let older = older.accept_compressed(Gzip).send_compressed(Gzip).max_decoding_message_size(FEW_BYTES);
    let routes = Routes::new(ledger)
        .add_service(Standard {
            service: told,
            streams: feeds.clone(),
            ledger: Arc::clone(&counting),
            memory: Arc::clone(&memory),
        })
        .add_service(Standard {
            service: newer,
            streams: feeds.clone(),
            ledger: Arc::clone(&counting),
            memory: Arc::clone(&memory),
        })
        .add_service(Standard { service: older, streams: feeds, ledger: counting, memory });
    Ok(Services { routes, direct, health, streams, subscriptions })
}
