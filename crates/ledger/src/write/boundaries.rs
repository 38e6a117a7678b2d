//! Query boundaries, evaluated before the writer has to: "nothing since position P touched a claim that matches".
//!
//! Such a precondition may look at much of the record. The thread that asks for the append evaluates it from a snapshot,
//! within the bounds of its call; the writer then evaluates only the events that came since. A claim that an event touched
//! stays touched, so a boundary that does not hold can be refused at once.

use crate::Ledger;
use crate::error::AppendError;
use crate::read::record::{DecisionRecord, EVERYTHING};
use detente_domain::command::Precondition;
use detente_domain::decide::conflicts;
use detente_domain::position::Position;
use detente_domain::rejection::Rejection;
use uuid::Uuid;

impl Ledger {
    /// Judges preconditions where a boundary is among them. Returns them with what is left to judge.
    ///
    /// `request` is the id of the append's request: one that has been recorded is replayed, whatever came after.
    ///
    /// # Errors
    /// [`AppendError::Rejected`] with all preconditions that do not hold.
    pub fn judge_boundaries(
        &self,
        preconditions: &[Precondition],
        request: Option<Uuid>,
    ) -> Result<Vec<Precondition>, AppendError> {
        let is_boundary = |precondition: &Precondition| matches!(precondition, Precondition::Boundary(..));
        if !preconditions.iter().any(is_boundary) {
            return Ok(preconditions.to_vec());
        }
        let view = self.record.store.question_view();
        let record = DecisionRecord { store: &self.record.store, view: &view, cut: EVERYTHING };
        let conflicts = conflicts(&record, preconditions);
        let through = view.head();
        drop(view);
        // Asked afterwards: then a request whose own events were seen is known.
        if request.is_some_and(|id| self.record.store.view().requests.get(id).is_some()) {
            return Ok(preconditions.to_vec());
        }
        if conflicts.is_empty() {
            Ok(preconditions.iter().map(|precondition| held_through(precondition, through)).collect())
        } else {
            Err(AppendError::Rejected(Rejection::Conflicts(conflicts)))
        }
    }
}

fn held_through(precondition: &Precondition, through: Position) -> Precondition {
    match precondition {
        Precondition::Boundary(filter, after) => {
            Precondition::BoundaryHeld { filter: filter.clone(), after: *after, through: through.max(*after) }
        }
        other => other.clone(),
    }
}
