//! Resolves a cut to the last append that may be seen.

use crate::error::{QueryError, UnresolvedSide};
use crate::read::reader::RecordReader;
use crate::store::{AppendNo, Index};
use detente_domain::cut::{Basis, Cut};
use detente_domain::position::{Position, RecordedAt};
use uuid::Uuid;

/// A resolved cut: the part of the record that an answer is computed from. Every answer carries one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolvedCut {
    /// The ledger that answers.
    pub ledger_id: Uuid,
    /// The exact cut.
    pub basis: Basis,
    /// The recorded time of the last append of the cut, if there is one.
    pub recorded_at: Option<RecordedAt>,
    /// The asked instant, if the cut was named by one.
    pub known_at: Option<RecordedAt>,
    /// True if the answer supposes something on top of it.
    pub supposed: bool,
}

impl ResolvedCut {
    /// The last position of the cut.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.basis.position
    }
}

impl RecordReader {
    /// Resolves a cut against what is durable.
    pub(crate) fn resolve(&self, index: &Index, cut: Cut) -> Result<ResolvedCut, QueryError> {
        let visible = self.visible(index);
        let append = match cut {
            Cut::Head => visible,
            Cut::KnownAt(instant) if instant > self.now(index) => return Err(self.in_future(index)),
            Cut::KnownAt(instant) => index.appends.known_at(instant, visible),
            Cut::At(position) => self.append_ending_at(index, position)?,
            Cut::Basis(basis) => self.append_of(index, basis)?,
        };
        let known_at = if let Cut::KnownAt(instant) = cut { Some(instant) } else { None };
        Ok(ResolvedCut { known_at, ..self.after_append(index, append) })
    }

    /// Resolves the cuts of a comparison; the error has each that cannot be resolved.
    pub(super) fn resolve_sides(
        &self,
        index: &Index,
        from: Cut,
        to: Cut,
    ) -> Result<(ResolvedCut, ResolvedCut), QueryError> {
        match (self.resolve(index, from), self.resolve(index, to)) {
            (Ok(earlier), Ok(later)) => Ok((earlier, later)),
            (earlier, later) => {
                let side = |is_later, cut, error| UnresolvedSide { is_later, cut, error };
                let earlier = earlier.err().map(|error| side(false, from, error));
                let later = later.err().map(|error| side(true, to, error));
                Err(QueryError::UnresolvedSides(earlier.into_iter().chain(later).collect()))
            }
        }
    }

    /// The appends that may be seen: what is durable, as far as a snapshot has it.
    pub(crate) fn visible(&self, index: &Index) -> AppendNo {
        self.last_published().min(index.appends.last_number())
    }

    /// The cut right after an append.
    pub(crate) fn after_append(&self, index: &Index, append: AppendNo) -> ResolvedCut {
        ResolvedCut {
            ledger_id: self.ledger_id.0,
            basis: Basis { position: index.appends.last(append), mark: index.appends.mark(append) },
            recorded_at: index.appends.recorded_at(append),
            known_at: None,
            supposed: false,
        }
    }

    fn append_ending_at(&self, index: &Index, position: Position) -> Result<AppendNo, QueryError> {
        let head = index.appends.last(self.visible(index));
        if position > head {
            return Err(self.in_future(index));
        }
        if position == Position::START {
            return Ok(AppendNo::NONE);
        }
        let append = index.appends.holding(position);
        let after = index.appends.last(append);
        if after == position {
            return Ok(append);
        }
        Err(QueryError::CutInsideAppend { before: index.appends.last(append.before()), after })
    }

    fn append_of(&self, index: &Index, basis: Basis) -> Result<AppendNo, QueryError> {
        let append = self.append_ending_at(index, basis.position).map_err(|_| QueryError::BasisMismatch)?;
        if index.appends.mark(append) == basis.mark { Ok(append) } else { Err(QueryError::BasisMismatch) }
    }

    fn in_future(&self, index: &Index) -> QueryError {
        QueryError::CutInFuture { head: index.appends.last(self.visible(index)), now: self.now(index) }
    }

    /// The clock as the record has it: it stands at the last recorded time where the system's is behind, after a leap back
    /// or two appends within its smallest step. So the recorded time of an answer can always be asked with.
    pub(crate) fn now(&self, index: &Index) -> RecordedAt {
        self.clock.now().max(index.appends.recorded_at(self.visible(index)).unwrap_or(RecordedAt::MIN))
    }
}
