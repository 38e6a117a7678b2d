//! The append that a stage became, from the record alone, since nothing else is left of the stage.

use super::error::StageError;
use crate::error::{AppendError, ReadFailure};
use crate::read::cut::ResolvedCut;
use crate::read::reader::RecordReader;
use crate::read::render::Renderer;
use crate::store::AppendNo;
use crate::wire::tally::Tally;
use detente_domain::position::{Position, RecordedAt};
use detente_journal::RequestMark;
use uuid::Uuid;

/// The number of events that are counted without letting the writer in between.
const STRETCH: u64 = 1024;

/// The append that a stage became, or for a check would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedAppend {
    /// The cut right after it; for a check, the head it was checked against.
    pub at: ResolvedCut,
    /// The positions of its first and last event; none for a check.
    pub span: Option<(Position, Position)>,
    /// The recorded time; none for a check.
    pub recorded_at: Option<RecordedAt>,
    /// The number of its events of each kind.
    pub tally: Tally,
}

impl RecordReader {
    /// The append that was recorded under an id, with the mark of its request.
    pub(super) fn append_under(&self, id: Uuid) -> Option<(AppendNo, RequestMark)> {
        let view = self.store.view();
        view.requests.get(id).filter(|(append, _)| *append <= self.last_published())
    }

    /// The staged append that was recorded under an id.
    pub(super) fn staged_append(&self, id: Uuid) -> Option<AppendNo> {
        self.append_under(id).filter(|(_, mark)| mark.is_staged()).map(|(append, _)| append)
    }

    /// The append that a stage became, its events counted here.
    pub(super) fn load_staged_append(&self, append: AppendNo) -> Result<StagedAppend, StageError> {
        let StagedAppend { at, span, recorded_at, mut tally } = self.staged_append_with(append, Tally::default());
        let (first, last) = span.unwrap_or_default();
        let mut next = first;
        while next <= last {
            let until = Position(next.0.saturating_add(STRETCH)).min(last.next());
            let view = self.store.view();
            let mut renderer = Renderer::new(&self.store, &view);
            for position in next.0..until.0 {
                let counted = renderer.with_event(Position(position), |event| tally.count_encoded(event));
                if !counted.map_err(AppendError::from)? {
                    return Err(
                        AppendError::from(ReadFailure::Damaged(format!("the event at {position} is none"))).into()
                    );
                }
            }
            next = until;
        }
        Ok(StagedAppend { at, span, recorded_at, tally })
    }

    /// The append that a stage became, with events that are counted already.
    pub(super) fn staged_append_with(&self, append: AppendNo, tally: Tally) -> StagedAppend {
        let view = self.store.view();
        let span = (view.index.appends.last(append.before()).next(), view.index.appends.last(append));
        let recorded_at = view.index.appends.recorded_at(append);
        StagedAppend { at: self.after_append(&view.index, append), span: Some(span), recorded_at, tally }
    }
}
