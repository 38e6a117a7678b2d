//! The memory that a request takes: of its bytes while they come, and of what they are decoded to, for as long as its call is
//! being answered.
//!
//! ```text
//!   a message ──┬─ at most PLAIN bytes ──────────> codec.rs: weighed and decoded where it came
//!   body.rs     ├─ compressed ──> inflate.rs ──┬─> at most PLAIN bytes: likewise
//!               └─ larger: gathered ───────────┴─> request.rs: weighed and decoded on a thread where nobody waits
//! ```
//!
//! All memory is reserved before it is taken: for the bytes as they come, for the inflated bytes, and for the decoded
//! message. The reservation waits a second for others to get their answers, and is then refused: with `OVERLOADED` if
//! there would be room without them, and with `LIMIT_EXCEEDED` if there never is. Nothing has been done for the request
//! then. Small requests reserve nothing and cost nothing: there are no more of them at once than there are streams.

mod body;
mod request;

use super::status::CallRefusal;
use body::RequestBody;
use detente_ledger::budget::{MemoryBudget, Reservation, SMALL};
pub(super) use request::rpc_named;
use std::any::Any;
use std::cell::RefCell;
use std::sync::Arc;
use std::task::Poll;
use tonic::body::Body;
use tonic::codegen::http::Request;

thread_local! {
    /// The intake of the call that is being answered on this thread.
    static CURRENT: RefCell<Option<Intake>> = const { RefCell::new(None) };
}

/// A request with its memory: what was reserved for it, and the message where it was decoded aside.
pub(super) struct Intake {
    rpc: &'static str,
    reserved: Reservation,
    message: Option<Box<dyn Any + Send>>,
    /// Memory reserved for its reply; none where that is small.
    reply: Option<Reservation>,
    marks: CallMarks,
}

/// Marks that a request from within the process carries.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CallMarks {
    in_body: bool,
    only_validated: bool,
}

impl CallMarks {
    /// The marks of a request.
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let marks = request.extensions();
        Self {
            in_body: marks.get::<AnsweredInBody>().is_some(),
            only_validated: marks.get::<OnlyValidated>().is_some(),
        }
    }
}

/// A mark on a request whose answer becomes a body, the refusal too: more fits there than into headers.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnsweredInBody;

/// A mark on a request of which only the violations are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct OnlyValidated;

/// An intake that is current on this thread until this is dropped.
struct Current<'a>(&'a mut Option<Intake>);

impl<'a> Current<'a> {
    fn enter(own: &'a mut Option<Intake>) -> Self {
        CURRENT.with_borrow_mut(|current| std::mem::swap(current, own));
        Self(own)
    }
}

impl Drop for Current<'_> {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(|current| std::mem::swap(current, self.0));
    }
}

impl Intake {
    /// The intake of a call of an rpc.
    pub(super) fn new(rpc: &'static str, budget: &Arc<MemoryBudget>, marks: CallMarks) -> Self {
        Self { rpc, reserved: budget.nothing(), message: None, reply: None, marks }
    }

    /// Returns true if the answer to the current call becomes a body.
    pub(super) fn is_answered_in_a_body() -> bool {
        CURRENT.with_borrow(|current| current.as_ref().is_some_and(|intake| intake.marks.in_body))
    }

    /// Returns true if the current call ends once its request has been validated.
    pub(super) fn is_only_validated() -> bool {
        CURRENT.with_borrow(|current| current.as_ref().is_some_and(|intake| intake.marks.only_validated))
    }

    /// The name of the rpc.
    pub(super) const fn rpc(&self) -> &'static str {
        self.rpc
    }

    /// A request of which nothing is taken in that is not reserved. Its body is read while the call is polled.
    pub(super) fn meter(request: Request<Body>, limit: usize) -> Request<Body> {
        let compression = RequestBody::compression(request.headers());
        request.map(|body| Body::new(RequestBody::new(body, compression, limit)))
    }

    /// Polls the answer to the call.
    pub(super) fn poll<T>(own: &mut Option<Self>, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
        let _current = Current::enter(own);
        poll()
    }

    /// Memory of the budget that the current call has not reserved.
    pub(super) fn beside() -> usize {
        let beside = |current: &Option<Self>| current.as_ref().map_or(usize::MAX, |intake| intake.reserved.beside());
        CURRENT.with_borrow(beside)
    }

    /// Reserves what decoding takes where the request came, which cannot wait.
    pub(super) fn reserve(bytes: usize) -> Result<(), CallRefusal> {
        if bytes <= SMALL {
            return Ok(());
        }
        let grown = |current: &mut Option<Self>| current.as_mut().is_none_or(|intake| intake.reserved.grow(bytes));
        if CURRENT.with_borrow_mut(grown) { Ok(()) } else { Err(CallRefusal::Overloaded("large requests")) }
    }

    /// The message that was decoded aside, for the call that is being answered.
    pub(super) fn take_message<M: 'static>() -> Option<M> {
        let message = CURRENT.with_borrow_mut(|current| current.as_mut().and_then(|intake| intake.message.take()));
        message?.downcast().ok().map(|message| *message)
    }

    /// The memory budget of the call that is being answered.
    pub(super) fn budget() -> Option<Arc<MemoryBudget>> {
        CURRENT.with_borrow(|current| current.as_ref().map(|intake| Arc::clone(intake.reserved.budget())))
    }

    /// Keeps what is reserved for the reply of the call that is being answered.
    pub(super) fn keep_reply(reserved: Reservation) {
        CURRENT.with_borrow_mut(|current| current.as_mut().map(|intake| intake.reply.replace(reserved)));
    }

    /// Hands on what is reserved for the reply.
    pub(super) fn take_reply(&mut self) -> Option<Reservation> {
        self.reply.take()
    }

    fn keep(message: Box<dyn Any + Send>, reserved: Reservation) {
        CURRENT.with_borrow_mut(|current| {
            if let Some(intake) = current {
                intake.reserved.absorb(reserved);
                intake.message = Some(message);
            }
        });
    }

    /// The rpc and the memory budget of the call that is being answered.
    fn current() -> Option<(&'static str, Arc<MemoryBudget>)> {
        let current = |intake: &Self| (intake.rpc, Arc::clone(intake.reserved.budget()));
        CURRENT.with_borrow(|intake| intake.as_ref().map(current))
    }
}
