//! Work for the writer, and its answers. One thread decides ([`crate::write::writer`]), another makes durable
//! ([`crate::write::commit`]).

use crate::Ledger;
use crate::error::AppendError;
use crate::read::cut::ResolvedCut;
use crate::write::queue::QueueRefusal;
use crate::write::stage::StageWork;
use detente_domain::command::{Batch, Command};
use detente_domain::decide::Decision;
use detente_domain::event::{Change, Event};
use detente_domain::position::{Position, RecordedAt};
use detente_journal::RequestKey;
use tokio::sync::oneshot;
use uuid::Uuid;

/// An append that a client asks for.
#[derive(Clone, Debug)]
pub struct AppendRequest {
    /// The id and the digest by which a retry is recognised.
    pub request: Option<RequestKey>,
    /// The name of the recorder.
    pub recorded_by: String,
    /// The commands and the preconditions.
    pub batch: Batch,
    /// True to check only.
    pub validate_only: bool,
}

/// The result of an append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppendReceipt {
    /// The cut right after it; for a check, the head.
    pub at: ResolvedCut,
    /// The recorded time; none for a check.
    pub recorded_at: Option<RecordedAt>,
    /// One result a command.
    pub results: Vec<CommandResult>,
    /// True if an earlier request with the same id recorded it.
    pub replayed: bool,
}

/// The result of one command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandResult {
    /// The claim, where it is about one.
    pub claim: Option<Uuid>,
    /// The party, where it is about one.
    pub party: Option<Box<str>>,
    /// The source, where it is about one.
    pub source: Option<Box<str>>,
    /// The dispute, where it is about one.
    pub dispute: Option<Uuid>,
    /// The kind, where it is about one.
    pub kind: Option<Box<str>>,
    /// The code scheme, where it is about one.
    pub scheme: Option<Box<str>>,
    /// The revision it made.
    pub revision: u32,
    /// The position of its last event; none for a check.
    pub position: Option<Position>,
}

/// The source of the recorded time of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recording {
    /// The ledger's clock.
    Now,
    /// The recorded time that it has elsewhere.
    Backfill(RecordedAt),
}

/// An append on its way to the writer.
pub(crate) struct Submission {
    pub(crate) request: AppendRequest,
    pub(crate) recording: Recording,
    pub(crate) reply: oneshot::Sender<Result<AppendReceipt, AppendError>>,
}

/// A piece of work for the writer.
pub(crate) enum Work {
    /// An append.
    Append(Submission),
    /// A stage that is to become one.
    Stage(Box<StageWork>),
}

impl Ledger {
    /// Records an append. It is on stable storage when this returns.
    ///
    /// # Errors
    /// [`AppendError`] says whether nothing happened or the outcome is unknown.
    pub async fn append(&self, request: AppendRequest) -> Result<AppendReceipt, AppendError> {
        self.submit(request, Recording::Now)?.await.unwrap_or_else(|_| Err(not_serving("the writer has ended")))
    }

    /// Records an append that was recorded elsewhere, at its own recorded time. Waits for it.
    ///
    /// # Errors
    /// As [`Ledger::append`]; and when the recorded time goes back behind the head.
    pub fn backfill(&self, request: AppendRequest, recorded_at: RecordedAt) -> Result<AppendReceipt, AppendError> {
        let reply = self.submit(request, Recording::Backfill(recorded_at))?;
        reply.blocking_recv().unwrap_or_else(|_| Err(not_serving("the writer has ended")))
    }

    fn submit(
        &self,
        request: AppendRequest,
        recording: Recording,
    ) -> Result<oneshot::Receiver<Result<AppendReceipt, AppendError>>, AppendError> {
        let (reply, answer) = oneshot::channel();
        self.send(Work::Append(Submission { request, recording, reply }))?;
        Ok(answer)
    }

    /// Gives the writer something to do.
    pub(crate) fn send(&self, work: Work) -> Result<(), AppendError> {
        self.queue.push(work).map_err(|refusal| match refusal {
            QueueRefusal::Full => AppendError::Overloaded,
            QueueRefusal::Closed => not_serving("it is shutting down"),
            QueueRefusal::Ended => not_serving("the writer has ended"),
        })
    }
}

pub(crate) fn not_serving(why: &str) -> AppendError {
    AppendError::NotServing(why.to_owned())
}

/// The number of events that a command makes.
pub(crate) const fn events_made(command: &Command) -> usize {
    match command {
        Command::Supersede(..) => 2,
        _ => 1,
    }
}

/// One result a command, from what was decided.
pub(crate) fn results_of(decision: &Decision, first: Option<Position>) -> Vec<CommandResult> {
    let mut until = 0;
    let results = decision.made.iter().map(|made| {
        until += made;
        let last = until.checked_sub(1).and_then(|at| decision.events.get(at));
        let position = first.map(|first| first.plus(until as u64).before());
        last.map_or_else(CommandResult::default, |event| result_of(event, position))
    });
    results.collect()
}

fn result_of(event: &Event, position: Option<Position>) -> CommandResult {
    let mut result = CommandResult { revision: event.revision, position, ..CommandResult::default() };
    result.claim = event.change.claim_id().map(|id| id.0);
    match &event.change {
        Change::ClaimDisputed(_, dispute) => result.dispute = Some(dispute.id.0),
        Change::DisputeResolved(_, dispute, _) => result.dispute = Some(dispute.0),
        Change::PartyRegistered(party) | Change::PartyRevised(party) => result.party = Some(party.id.as_str().into()),
        Change::SourceRegistered(source) | Change::SourceRevised(source) => {
            result.source = Some(source.id.as_str().into());
        }
        Change::SourceWithdrawn(id) => result.source = Some(id.as_str().into()),
        Change::KindRegistered(kind) | Change::KindRevised(kind) => result.kind = Some(kind.kind.as_str().into()),
        Change::SchemeRegistered(scheme) | Change::SchemeRevised(scheme) => {
            result.scheme = Some(scheme.scheme.clone());
        }
        Change::PartiesMerged(merged, _) | Change::PartiesUnmerged(merged) => {
            result.party = Some(merged.as_str().into());
        }
        _ => {}
    }
    result
}
