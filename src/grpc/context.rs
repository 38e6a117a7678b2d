//! The coordinates that every reply carries.

use detente_domain::position::Position;
use detente_ledger::Ledger;
use detente_ledger::query::hints::NamedIds;
use detente_ledger::read::cut::ResolvedCut;
use detente_ledger::wire::time::timestamp;
use detente_proto::v1;

/// Returns the context of an answer at a cut; `valid_at` is the asked date, or empty.
pub(super) fn context(at: &ResolvedCut, valid_at: &str) -> v1::ReplyContext {
    v1::ReplyContext {
        ledger_id: at.ledger_id.to_string(),
        basis: at.basis.to_string(),
        position: at.position().0,
        recorded_at: at.recorded_at.map(timestamp),
        valid_at: valid_at.to_owned(),
        known_at: at.known_at.map(timestamp),
        supposed: at.supposed,
        hints: Vec::new(),
    }
}

/// The context of an answer to a question that names parties and sources. If the answer is empty, it has hints of those that
/// are not registered.
pub(super) fn with_hints<'q>(
    context: v1::ReplyContext,
    ledger: &Ledger,
    named: impl FnOnce() -> NamedIds<'q>,
    is_empty: bool,
) -> v1::ReplyContext {
    if !is_empty || context.supposed {
        return context;
    }
    v1::ReplyContext { hints: ledger.hints(&named(), Position(context.position)), ..context }
}
