//! `GetServerInfo`: what server this is.

use super::context::context;
use super::service::Service;
use super::status::CallRefusal;
use super::work::here;
use detente_ledger::wire::time::timestamp;
use detente_proto::v1;

/// The version of the format on disk.
const FORMAT_VERSION: u32 = 1;

/// The features of this server beyond the basics.
const FEATURES: [&str; 21] = [
    "text_search",
    "query_boundary",
    "idempotent_append",
    "staged_append",
    "reflection",
    "gzip",
    "zstd",
    "what_if",
    "diff",
    "subscribe",
    "cursors",
    "upcoming",
    "watch_clock",
    "timeline",
    "series",
    "perspectives",
    "conflicts",
    "corroboration",
    "commitments",
    "gaps",
    "merges",
];

pub(super) fn get_server_info(service: &Service) -> Result<v1::GetServerInfoResponse, CallRefusal> {
    here(|| {
        let ledger = &service.ledger;
        Ok(v1::GetServerInfoResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ledger_id: ledger.ledger_id().to_string(),
            format_version: FORMAT_VERSION,
            head: Some(context(&ledger.head(), "")),
            store_position: ledger.store_position().0,
            limits: Some(service.limits.message(ledger.stage_limits(), service.memory.limit())),
            features: FEATURES.map(str::to_owned).into(),
            now: Some(timestamp(ledger.clock().now())),
        })
    })
}
