//! The cut at which a client asks, where a question names none.

use detente_proto::v1::ReplyContext;
use parking_lot::Mutex;
use std::sync::Arc;

/// The cut at which a client asks.
#[derive(Clone, Debug, Default)]
pub(super) enum Cut {
    /// All that is recorded when the question arrives.
    #[default]
    Head,
    /// One basis.
    At(Arc<str>),
    /// That of the first answer, and from each append of its own on that of the append.
    Session(Arc<Mutex<Option<SessionPosition>>>),
}

/// The position that a session has reached.
#[derive(Clone, Debug)]
pub(super) struct SessionPosition {
    position: u64,
    basis: String,
}

impl Cut {
    /// The basis to ask at.
    pub(super) fn basis(&self) -> Option<String> {
        match self {
            Self::Head => None,
            Self::At(basis) => Some(basis.to_string()),
            Self::Session(seen) => seen.lock().as_ref().map(|seen| seen.basis.clone()),
        }
    }

    /// Takes notice of an answer, or of an append. Appends that return out of order do not lead back.
    pub(super) fn notice(&self, context: Option<&ReplyContext>) {
        let (Self::Session(seen), Some(context)) = (self, context) else { return };
        let mut seen = seen.lock();
        if !context.basis.is_empty() && seen.as_ref().is_none_or(|seen| seen.position <= context.position) {
            *seen = Some(SessionPosition { position: context.position, basis: context.basis.clone() });
        }
    }

    /// Forgets the position, so that the next question is answered at the head.
    pub(super) fn forget(&self) {
        if let Self::Session(seen) = self {
            *seen.lock() = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(position: u64) -> ReplyContext {
        ReplyContext { position, basis: format!("{position}-x"), ..Default::default() }
    }

    #[test]
    fn a_session_goes_forward_and_never_back() {
        let cut = Cut::Session(Arc::default());
        assert_eq!(cut.basis(), None);
        for (noticed, basis) in [(3, "3-x"), (5, "5-x"), (4, "5-x")] {
            cut.notice(Some(&context(noticed)));
            assert_eq!(cut.basis().unwrap(), basis);
        }
        cut.forget();
        assert_eq!(cut.basis(), None);
    }

    #[test]
    fn what_stands_at_a_basis_stays_there() {
        let cut = Cut::At("3-x".into());
        cut.notice(Some(&context(9)));
        assert_eq!(cut.basis().unwrap(), "3-x");
    }
}
