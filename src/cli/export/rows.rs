//! Asks a ledger for the rows of a table, page by page, all at the cut of the first.

use super::CommandFailure;
use crate::cli::cut_args::CutArgs;
use detente_ingest::tables::{OutputRow, RowCoordinates, sheet::SheetProperty};
use detente_proto::v1::{self, ledger_service_client::LedgerServiceClient};
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::StdError;

/// As many as a server gives at once.
const LARGEST_PAGE: u32 = 1000;

/// A way to call a ledger: a channel to a server, or the services themselves.
pub(crate) trait Ask: GrpcService<Body, ResponseBody = Body, Error: Into<StdError>> {}

impl<T: GrpcService<Body, ResponseBody = Body, Error: Into<StdError>>> Ask for T {}

/// The client of a ledger.
pub(crate) type Client<T> = LedgerServiceClient<T>;

/// The question of an export.
#[derive(Debug)]
pub(super) struct ExportQuestion {
    pub(super) filter: Option<v1::Filter>,
    pub(super) cut: CutArgs,
    pub(super) valid_at: Option<String>,
    pub(super) mode: Option<v1::StateMode>,
    pub(super) include_retracted: bool,
}

/// The facts that the answers of an export have in common.
#[derive(Debug, Default)]
pub(super) struct ExportSummary {
    context: RowCoordinates,
    emptiness: Option<v1::Emptiness>,
    rows: u64,
}

/// Takes a row.
type RowSink<'p> = &'p mut dyn FnMut(&OutputRow<'_>) -> Result<(), CommandFailure>;

impl ExportSummary {
    /// Returns the properties that a file states of itself.
    pub(super) fn properties(&self) -> Vec<SheetProperty> {
        let mut said = vec![("ledger_id", self.context.ledger_id.clone()), ("basis", self.context.basis.clone())];
        if !self.context.valid_at.is_empty() {
            said.push(("valid_at", self.context.valid_at.clone()));
        }
        said.extend(self.emptiness.map(|emptiness| ("emptiness", emptiness.as_str_name().to_owned())));
        said
    }

    /// Returns a sentence about the export for people.
    pub(super) fn words(&self) -> String {
        let rows = match self.rows {
            1 => "1 row".to_owned(),
            rows => format!("{rows} rows"),
        };
        match self.emptiness {
            Some(emptiness) if emptiness != v1::Emptiness::NotEmpty => {
                let emptiness = emptiness.as_str_name().trim_start_matches("EMPTINESS_").to_lowercase();
                format!("exported {rows} at basis {} ({})", self.context.basis, emptiness.replace('_', " "))
            }
            _ => format!("exported {rows} at basis {}", self.context.basis),
        }
    }
}

/// The claims of a state.
pub(super) async fn state(
    ledger: &mut Client<impl Ask>,
    question: ExportQuestion,
    put: RowSink<'_>,
) -> Result<ExportSummary, CommandFailure> {
    let mut request = v1::GetStateRequest {
        filter: question.filter,
        valid_at: question.valid_at.unwrap_or_default(),
        mode: question.mode.unwrap_or_default().into(),
        cut: question.cut.cut(),
        include_retracted: question.include_retracted,
        page_size: LARGEST_PAGE,
        ..Default::default()
    };
    let mut told = ExportSummary::default();
    loop {
        let reply = ledger.get_state(request.clone()).await?.into_inner();
        told.emptiness = Some(reply.emptiness());
        told.context = reply.context.unwrap_or_default();
        for found in &reply.matches {
            put(&OutputRow::of_match(found, &told.context))?;
        }
        told.rows += reply.matches.len() as u64;
        if reply.next_page_token.is_empty() {
            return Ok(told);
        }
        request.page_token = reply.next_page_token;
    }
}

/// The claims of a cut.
pub(super) async fn claims(
    ledger: &mut Client<impl Ask>,
    question: ExportQuestion,
    put: RowSink<'_>,
) -> Result<ExportSummary, CommandFailure> {
    let mut request = v1::ListClaimsRequest {
        filter: question.filter,
        cut: question.cut.cut(),
        include_retracted: question.include_retracted,
        page_size: LARGEST_PAGE,
        ..Default::default()
    };
    let mut told = ExportSummary::default();
    loop {
        let reply = ledger.list_claims(request.clone()).await?.into_inner();
        told.context = reply.context.unwrap_or_default();
        for claim in &reply.claims {
            put(&OutputRow::of_claim(claim, &told.context))?;
        }
        told.rows += reply.claims.len() as u64;
        if reply.next_page_token.is_empty() {
            return Ok(told);
        }
        request.page_token = reply.next_page_token;
    }
}

/// Writes the events up to a cut. A reading has no cut of its own, so a list at that cut is read first for its
/// position.
pub(super) async fn events(
    ledger: &mut Client<impl Ask>,
    question: ExportQuestion,
    put: RowSink<'_>,
) -> Result<ExportSummary, CommandFailure> {
    let at_cut = v1::ListPartiesRequest { cut: question.cut.cut(), page_size: 1, ..Default::default() };
    let context = ledger.list_parties(at_cut).await?.into_inner().context.unwrap_or_default();
    let mut told = ExportSummary { context, ..ExportSummary::default() };
    let reading = v1::ReadEventsRequest { filter: question.filter, ..Default::default() };
    let mut batches = ledger.read_events(reading).await?.into_inner();
    while let Some(batch) = batches.message().await? {
        for event in batch.events.iter().take_while(|event| event.position <= told.context.position) {
            put(&OutputRow::of_event(event))?;
            told.rows += 1;
        }
        if batch.through_position >= told.context.position {
            break;
        }
    }
    Ok(told)
}
