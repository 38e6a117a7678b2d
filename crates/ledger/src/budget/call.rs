//! The time, steps and memory of one call.

use super::memory::{MemoryBudget, Reservation, SMALL};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Steps between two looks at the clock and the signal: a fraction of a millisecond.
const LOOK_EVERY: u32 = 2048;
/// Number of bytes reserved per step, so that small lists do not go to the shared counter each time.
const RESERVE_AT_ONCE: usize = 256 << 10;

/// The reason a call ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overrun {
    /// Its caller has left.
    Cancelled,
    /// Its deadline has passed.
    DeadlineExceeded,
    /// It took all the steps that it had.
    Steps,
    /// It needs more memory than one call may have.
    TooLarge,
    /// Others hold the memory that it needs.
    MemoryFull,
    /// It would have to wait for a disk, and is so short that others may wait for it.
    WouldWait,
}

/// A way to end a call from outside: its caller has left, on its own or because the server cut the connection.
#[derive(Debug, Default)]
pub struct Signal(AtomicBool);

impl Signal {
    /// Ends the call.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Ends a call when it is dropped, since nobody waits for the call any more.
#[derive(Debug, Default)]
pub struct CancelOnDrop(Arc<Signal>);

impl CancelOnDrop {
    /// The signal that it gives.
    #[must_use]
    pub fn signal(&self) -> Arc<Signal> {
        Arc::clone(&self.0)
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// The bounds of one call.
#[derive(Clone, Debug)]
pub struct CallBudget {
    /// Ends the call from outside.
    pub signal: Option<Arc<Signal>>,
    /// The instant at which the caller stops waiting.
    pub deadline: Option<Instant>,
    /// Maximum number of steps.
    pub steps: u64,
    /// Set for a call so short that others may wait for it.
    pub is_brief: bool,
    /// Maximum bytes of memory for this call.
    pub memory: usize,
    /// The budget its memory comes from.
    pub shared: Arc<MemoryBudget>,
}

/// A call that is running on this thread.
struct RunningCall {
    budget: CallBudget,
    /// Steps that are left beyond those handed to [`UNTIL_LOOK`].
    steps_left: u64,
    held: usize,
    reserved: Option<Reservation>,
}

thread_local! {
    static UNTIL_LOOK: Cell<u32> = const { Cell::new(u32::MAX) };
    static RUNNING: RefCell<Option<RunningCall>> = const { RefCell::new(None) };
}

/// Returns true if the call on this thread is so short that others may wait for it.
#[must_use]
pub fn is_brief() -> bool {
    RUNNING.with_borrow(|running| running.as_ref().is_some_and(|running| running.budget.is_brief))
}

/// Takes one step of the call that runs on this thread: one entry looked at, one comparison, one element built.
#[inline]
pub fn step() {
    steps(1);
}

/// Takes `count` steps at once.
#[inline]
pub fn steps(count: u32) {
    UNTIL_LOOK.with(|left| match left.get().checked_sub(count) {
        Some(rest) => left.set(rest),
        None => look(count),
    });
}

/// Ends the call on this thread if it is brief: what comes next may wait for a disk.
pub fn leave_brief() {
    if is_brief() {
        resume_unwind(Box::new(Overrun::WouldWait));
    }
}

/// Number of steps that the call on this thread has taken; 0 outside of a call.
#[must_use]
pub fn taken_by_call() -> u64 {
    let left = u64::from(UNTIL_LOOK.get());
    let taken = |running: &RunningCall| running.budget.steps.saturating_sub(running.steps_left.saturating_add(left));
    RUNNING.with_borrow(|running| running.as_ref().map_or(0, taken))
}

/// Accounts for `bytes` of memory that the call will hold until it ends.
pub fn hold(bytes: usize) {
    let overrun = RUNNING.with_borrow_mut(|running| running.as_mut().and_then(|running| running.hold(bytes)));
    if let Some(overrun) = overrun {
        resume_unwind(Box::new(overrun));
    }
}

#[cold]
fn look(count: u32) {
    let next = RUNNING.with_borrow_mut(|running| match running {
        None => Ok(u32::MAX),
        Some(running) => running.look(count),
    });
    match next {
        Ok(next) => UNTIL_LOOK.set(next),
        Err(overrun) => resume_unwind(Box::new(overrun)),
    }
}

impl RunningCall {
    fn look(&mut self, count: u32) -> Result<u32, Overrun> {
        if let Some(overrun) = self.budget.overrun() {
            return Err(overrun);
        }
        if self.steps_left == 0 {
            return Err(Overrun::Steps);
        }
        // Steps past the interval are not carried over: a look costs less than counting them exactly.
        self.steps_left = self.steps_left.saturating_sub(u64::from(count));
        let next = u32::try_from(self.steps_left).unwrap_or(u32::MAX).min(LOOK_EVERY);
        self.steps_left -= u64::from(next);
        Ok(next)
    }

    fn hold(&mut self, bytes: usize) -> Option<Overrun> {
        self.held = self.held.saturating_add(bytes);
        if self.held > self.budget.memory {
            return Some(Overrun::TooLarge);
        }
        let reserved = self.reserved.as_ref().map_or(SMALL, |reserved| reserved.bytes());
        if self.held <= reserved {
            return None;
        }
        let more = (self.held - reserved).max(RESERVE_AT_ONCE);
        let has_grown = match &mut self.reserved {
            Some(reserved) => reserved.grow(more),
            None => {
                self.reserved = self.budget.shared.try_reserve(SMALL + more);
                self.reserved.is_some()
            }
        };
        (!has_grown).then_some(Overrun::MemoryFull)
    }
}

impl CallBudget {
    /// The reason to end now, if there is one.
    #[must_use]
    pub fn overrun(&self) -> Option<Overrun> {
        if self.signal.as_ref().is_some_and(|signal| signal.is_cancelled()) {
            return Some(Overrun::Cancelled);
        }
        let is_late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        is_late.then_some(Overrun::DeadlineExceeded)
    }

    /// Runs `work` within these bounds. Its memory is given back when it ends. Calls do not nest: an inner one replaces
    /// the outer one until it ends.
    ///
    /// # Errors
    /// An [`Overrun`] when a bound was met; any other panic goes on.
    pub fn run<T>(self, work: impl FnOnce() -> T) -> Result<T, Overrun> {
        if let Some(overrun) = self.overrun() {
            return Err(overrun);
        }
        let first = u32::try_from(self.steps).unwrap_or(u32::MAX).min(LOOK_EVERY);
        let running = RunningCall { steps_left: self.steps - u64::from(first), budget: self, held: 0, reserved: None };
        let outer = (RUNNING.replace(Some(running)), UNTIL_LOOK.replace(first));
        // `work` only borrows through shared references, whose locks do not poison.
        let ended = catch_unwind(AssertUnwindSafe(work));
        drop(RUNNING.replace(outer.0));
        UNTIL_LOOK.set(outer.1);
        ended.map_err(|panic| match panic.downcast::<Overrun>() {
            Ok(overrun) => *overrun,
            Err(panic) => resume_unwind(panic),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn budget(steps: u64) -> CallBudget {
        let shared = MemoryBudget::new(4 << 20);
        CallBudget { signal: None, deadline: None, steps, is_brief: false, memory: 2 << 20, shared }
    }

    #[test]
    fn a_call_takes_the_steps_it_has_and_no_more() {
        let count = |limit, asked| budget(limit).run(|| (0..asked).for_each(|_| step()));
        assert_eq!(count(10_000, 10_000), Ok(()));
        assert_eq!(count(10_000, 10_001 + u64::from(LOOK_EVERY)), Err(Overrun::Steps));
        assert_eq!(count(5, 6), Err(Overrun::Steps));
    }

    #[test]
    fn the_steps_that_a_call_took_are_counted_one_by_one() {
        let count = |asked: u32| budget(1 << 40).run(|| (0..asked).for_each(|_| step())).map(|()| taken_by_call());
        assert_eq!(count(7), Ok(0), "the call is over");
        let within = |asked: u32| {
            budget(1 << 40).run(|| {
                (0..asked).for_each(|_| step());
                taken_by_call()
            })
        };
        assert_eq!((within(0), within(7)), (Ok(0), Ok(7)));
        // A look at the clock counts the step that led to it.
        assert!(within(10_000).is_ok_and(|taken| taken.abs_diff(10_000) <= 5));
    }

    #[test]
    fn nothing_outside_of_a_call_is_ended() {
        steps(u32::MAX);
        steps(u32::MAX);
        hold(usize::MAX);
    }

    #[test]
    fn a_call_ends_when_its_caller_leaves_or_its_time_is_over() {
        let signal = Arc::<Signal>::default();
        let endless = CallBudget { signal: Some(Arc::clone(&signal)), ..budget(u64::MAX) };
        let left = endless.run(|| {
            let mut taken = 0_u64;
            loop {
                taken += 1;
                if taken == 100_000 {
                    signal.cancel();
                }
                step();
            }
        });
        assert_eq!(left, Err::<(), _>(Overrun::Cancelled));
        let late = CallBudget { deadline: Instant::now().checked_add(Duration::from_millis(5)), ..budget(u64::MAX) };
        assert_eq!(
            late.run(|| loop {
                step()
            }),
            Err::<(), _>(Overrun::DeadlineExceeded)
        );
    }

    #[test]
    fn memory_that_a_call_held_is_there_for_the_next_one() {
        let call = budget(u64::MAX);
        assert_eq!(call.clone().run(|| hold(2 << 20)), Ok(()));
        assert_eq!(call.clone().run(|| hold((2 << 20) + 1)), Err(Overrun::TooLarge));
        let taken = call.shared.try_reserve(3 << 20).unwrap();
        assert_eq!(call.clone().run(|| hold(2 << 20)), Err(Overrun::MemoryFull));
        drop(taken);
        assert_eq!(call.clone().run(|| (0..100).for_each(|_| hold(1 << 10))), Ok(()));
        assert_eq!(call.shared.used_bytes(), 0);
    }

    #[test]
    fn only_a_brief_call_ends_where_it_would_wait() {
        let waits = |is_brief| CallBudget { is_brief, ..budget(9) }.run(leave_brief);
        assert_eq!((waits(true), waits(false)), (Err(Overrun::WouldWait), Ok(())));
        leave_brief();
    }

    #[test]
    fn a_defect_is_no_overrun() {
        let panicked = catch_unwind(|| budget(1).run(|| resume_unwind(Box::new("a defect")))).is_err();
        assert!(panicked);
        assert!(RUNNING.with_borrow(Option::is_none));
    }
}
