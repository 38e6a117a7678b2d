//! A journal in memory that a test has a word in: before it writes, which may take as long as the test likes or fail.

use detente_domain::position::RecordedAt;
use detente_journal::memory::MemoryJournal;
use detente_journal::{Append, AppendError, AppendHeader, CheckpointError, Head, Journal, LedgerId, Reader, Room, Run};
use std::sync::Arc;

/// The hook that runs before a group is written, or a large append is begun, which has no appends to show.
type Before = Box<dyn FnMut(&[Append]) -> Result<(), AppendError> + Send>;

/// The journal.
pub(crate) struct Hooked {
    inner: MemoryJournal,
    before: Before,
    room: Arc<dyn Room>,
}

impl Hooked {
    /// An empty journal.
    pub(crate) fn new(
        ledger: LedgerId,
        before: impl FnMut(&[Append]) -> Result<(), AppendError> + Send + 'static,
    ) -> Self {
        let inner = MemoryJournal::new(ledger);
        let room = inner.room();
        Self { inner, before: Box::new(before), room }
    }

    /// The same, with another idea of how much room there is.
    pub(crate) fn with_room(self, room: Arc<dyn Room>) -> Self {
        Self { room, ..self }
    }
}

impl Journal for Hooked {
    fn ledger_id(&self) -> LedgerId {
        self.inner.ledger_id()
    }

    fn head(&self) -> Head {
        self.inner.head()
    }

    fn floor(&self) -> RecordedAt {
        self.inner.floor()
    }

    fn append(&mut self, group: &[Append]) -> Result<Head, AppendError> {
        (self.before)(group)?;
        self.inner.append(group)
    }

    fn begin(&mut self, header: &AppendHeader, bytes: u64) -> Result<Box<dyn Run + '_>, AppendError> {
        (self.before)(&[])?;
        self.inner.begin(header, bytes)
    }

    fn room(&self) -> Arc<dyn Room> {
        Arc::clone(&self.room)
    }

    fn reader(&self) -> Arc<dyn Reader> {
        self.inner.reader()
    }

    fn checkpoint(&mut self) -> Result<(), CheckpointError> {
        self.inner.checkpoint()
    }
}
