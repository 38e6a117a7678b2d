//! Stages: appends that are laid out piece by piece before they are recorded whole.
//!
//! ```text
//!   open ── add, add, add ... (a file in `stages/`, synced) ── commit ──> one append in the journal, the file is removed
//!             │ killed: open again, it says how far it is       │ refused: the stage is as it was
//!             └ drop                                            └ replayed: the id is that of a recorded append
//! ```
//!
//! A stage is no part of the record: it is not exported, and `verify` and `rebuild` know nothing of it. It takes its bytes on the disk
//! and no more. Reading it ([`mod@file`]) holds a frame at a time; checking it ([`check`]) keeps how each claim it touches stands; recording it
//! ([`record`]) keeps what the view keeps of any append.
//!
//! A call that adds to a stage or records it holds its file ([`OpenStage::file`]), so commands are added one call after the other, and none
//! while it is recorded. Its progress can be asked meanwhile.
//!
//! Reasons: `docs/design/stages.md`.

mod check;
mod commit;
mod error;
mod file;
mod opening;
mod place;
mod record;
mod staged_append;

pub use commit::{Commit, CommitOutcome};
pub use error::{MOST_TOLD, StageError, TOLD, Unfit};
pub use opening::NewStage;
pub(crate) use place::StageStorage;
pub(crate) use record::StageWork;
pub use staged_append::StagedAppend;

use crate::Ledger;
use crate::error::AppendError;
use crate::wire::sink::Sink;
use crate::wire::staged_commands::StagedCommands;
use detente_domain::position::RecordedAt;
use detente_domain::rejection::Violation;
use detente_journal::{LedgerId, RequestMark};
use detente_proto::v1;
use file::{StageEnd, StageFile};
use opening::StageOpening;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The limits of stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageLimits {
    /// The most open stages.
    pub stages: usize,
    /// The most bytes of one of them on the disk.
    pub bytes: u64,
}

impl Default for StageLimits {
    fn default() -> Self {
        Self { stages: 16, bytes: 4 << 30 }
    }
}

/// A stage as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its id.
    pub id: Uuid,
    /// The state.
    pub state: StageState,
}

/// The state of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StageState {
    /// Commands can be added, and it can be recorded.
    Open {
        /// The title.
        title: String,
        /// The name of the recorder.
        recorded_by: String,
        /// The recorded time that the client asked for.
        recorded_at: Option<RecordedAt>,
        /// The time at which it was opened.
        created_at: RecordedAt,
        /// The progress.
        progress: StageProgress,
    },
    /// It is recorded.
    Recorded(StagedAppend),
    /// Its file cannot be read.
    Damaged,
}

/// The progress of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageProgress {
    /// The number of the next command.
    pub next: u64,
    /// The bytes of the disk that it takes.
    pub bytes: u64,
}

impl From<StageEnd> for StageProgress {
    fn from(end: StageEnd) -> Self {
        Self { next: end.next, bytes: end.offset }
    }
}

/// The open stages of a ledger.
pub(crate) struct Stages {
    place: StageStorage,
    ledger: LedgerId,
    limits: StageLimits,
    all: Mutex<BTreeMap<Uuid, StageSlot>>,
}

enum StageSlot {
    Sound(Arc<OpenStage>),
    Damaged { why: String },
}

/// An open stage.
struct OpenStage {
    opening: StageOpening,
    /// Its file; none once it is recorded or dropped.
    file: Mutex<Option<StageFile>>,
    progress: Mutex<StageProgress>,
    /// The time at which it was last opened or added to in this run. A clock that jumps does not make a stage old.
    touched: Mutex<Instant>,
}

impl OpenStage {
    fn of(opening: StageOpening, file: StageFile) -> Self {
        let progress = Mutex::new(file.end().into());
        Self { opening, file: Mutex::new(Some(file)), progress, touched: Mutex::new(Instant::now()) }
    }

    fn touch(&self) {
        *self.touched.lock() = Instant::now();
    }

    fn stage(&self, id: Uuid) -> Stage {
        let opening = &self.opening;
        let state = StageState::Open {
            title: opening.title.clone(),
            recorded_by: opening.recorded_by.clone(),
            recorded_at: opening.asked_at(),
            created_at: opening.created_at(),
            progress: *self.progress.lock(),
        };
        Stage { id, state }
    }
}

impl Stages {
    /// Opens the stages at a place. A damaged one is logged, and its file is kept for an operator to look at.
    pub(crate) fn open(place: StageStorage, ledger: LedgerId, limits: StageLimits) -> io::Result<Self> {
        let mut all = BTreeMap::new();
        for (id, file) in place.files()? {
            let slot = match StageFile::open(file)? {
                Some((file, opening, torn)) if opening.belongs_to(id, ledger) => {
                    if torn > 0 {
                        tracing::warn!(stage = %id, torn, next = file.end().next, "a stage ended with what is not sound");
                    }
                    StageSlot::Sound(Arc::new(OpenStage::of(opening, file)))
                }
                Some(_) => StageSlot::Damaged { why: "it is of another ledger or stage".to_owned() },
                None => StageSlot::Damaged { why: "it does not begin as a stage does".to_owned() },
            };
            if let StageSlot::Damaged { why } = &slot {
                tracing::error!(stage = %id, %why, "a stage cannot be read; it is refused until it is dropped");
            }
            all.insert(id, slot);
        }
        Ok(Self { place, ledger, limits, all: Mutex::new(all) })
    }

    /// The limits of stages.
    pub(crate) const fn limits(&self) -> StageLimits {
        self.limits
    }

    /// Forgets the stages that are recorded: the process ended after that and before their files were removed.
    pub(crate) fn forget_recorded(&self, mark_of: impl Fn(Uuid) -> Option<RequestMark>) {
        let is_recorded = |id: &Uuid| mark_of(*id).is_some_and(|mark| mark.is_staged());
        let ids: Vec<Uuid> = self.all.lock().keys().copied().filter(is_recorded).collect();
        for id in ids {
            if let Err(error) = self.forget(id) {
                tracing::warn!(stage = %id, %error, "the file of a recorded stage cannot be removed");
            }
        }
    }

    /// An open stage; none where there is none with this id.
    fn find(&self, id: Uuid) -> Result<Option<Arc<OpenStage>>, StageError> {
        match self.all.lock().get(&id) {
            None => Ok(None),
            Some(StageSlot::Sound(staging)) => Ok(Some(Arc::clone(staging))),
            Some(StageSlot::Damaged { why }) => Err(StageError::Damaged { id, why: why.clone() }),
        }
    }

    /// Makes a stage, unless there is one already; `may_be` is called before.
    fn create(
        &self,
        new: &NewStage,
        now: RecordedAt,
        may_be: impl FnOnce() -> Result<(), StageError>,
    ) -> Result<Stage, StageError> {
        let mut all = self.all.lock();
        match all.get(&new.id) {
            Some(StageSlot::Damaged { why }) => return Err(StageError::Damaged { id: new.id, why: why.clone() }),
            Some(StageSlot::Sound(staging)) if staging.opening.says(new) => {
                staging.touch();
                return Ok(staging.stage(new.id));
            }
            Some(StageSlot::Sound(_)) => return Err(StageError::IdReused),
            None => {}
        }
        may_be()?;
        if all.len() >= self.limits.stages {
            return Err(StageError::TooMany(self.limits.stages));
        }
        let opening = StageOpening::of(new, self.ledger, now);
        let staging = OpenStage::of(opening.clone(), self.place.create(new.id, &opening)?);
        let stage = staging.stage(new.id);
        all.insert(new.id, StageSlot::Sound(Arc::new(staging)));
        Ok(stage)
    }

    /// Removes a stage and its file.
    fn forget(&self, id: Uuid) -> Result<(), StageError> {
        self.all.lock().remove(&id);
        self.place.remove(id)
    }

    /// The time since an open stage was touched.
    fn idle(&self, id: Uuid) -> Option<Duration> {
        match self.all.lock().get(&id)? {
            StageSlot::Sound(staging) => Some(staging.touched.lock().elapsed()),
            StageSlot::Damaged { .. } => None,
        }
    }

    /// The stages that have not been touched for a time of `age`, and whose files nobody holds.
    fn idle_for(&self, age: Duration) -> Vec<Uuid> {
        let is_old = |staging: &OpenStage| staging.touched.lock().elapsed() >= age && !staging.file.is_locked();
        let old = |(id, slot): (&Uuid, &StageSlot)| match slot {
            StageSlot::Sound(staging) if is_old(staging) => Some(*id),
            StageSlot::Sound(_) | StageSlot::Damaged { .. } => None,
        };
        self.all.lock().iter().filter_map(old).collect()
    }

    fn list(&self) -> Vec<Stage> {
        let stage = |(id, slot): (&Uuid, &StageSlot)| match slot {
            StageSlot::Sound(staging) => (staging.opening.created_at(), staging.stage(*id)),
            StageSlot::Damaged { .. } => (RecordedAt::MIN, Stage { id: *id, state: StageState::Damaged }),
        };
        let mut stages: Vec<_> = self.all.lock().iter().map(stage).collect();
        stages.sort_by_key(|(created_at, _)| *created_at);
        stages.into_iter().map(|(_, stage)| stage).collect()
    }
}

impl Ledger {
    /// Opens a stage; one that was opened with the same values is returned as it stands. Waits for the disk.
    ///
    /// # Errors
    /// If the id means something else, the recorded time cannot be, or there are too many stages.
    pub fn open_stage(&self, new: &NewStage) -> Result<Stage, StageError> {
        if let Some((append, mark)) = self.record.append_under(new.id) {
            if !mark.is_of(&new.key()) {
                return Err(StageError::IdReused);
            }
            return Ok(Stage { id: new.id, state: StageState::Recorded(self.record.load_staged_append(append)?) });
        }
        self.stages.create(new, self.record.clock.now(), || self.may_be_recorded_at(new.recorded_at))
    }

    fn may_be_recorded_at(&self, at: Option<RecordedAt>) -> Result<(), StageError> {
        let Some(at) = at else { return Ok(()) };
        let head = self.head();
        if at > self.record.clock.now().max(head.recorded_at.unwrap_or(RecordedAt::MIN)) {
            return Err(StageError::Invalid(vec![Violation::new("recorded_at", "lies in the future")]));
        }
        if head.recorded_at.is_some_and(|last| at < last) {
            return Err(AppendError::RecordedTimeGoesBack.into());
        }
        Ok(())
    }

    /// Adds commands to a stage, from the one with a number on, except those that are staged already. They are on
    /// stable storage when this returns.
    ///
    /// # Errors
    /// If there is no such stage, commands are missing before these, or one is malformed; then none of them is staged.
    pub fn add_to_stage(&self, id: Uuid, first: u64, commands: &[v1::Command]) -> Result<StageProgress, StageError> {
        let staging = self.stages.find(id)?.ok_or_else(|| self.not_open(id))?;
        staging.touch();
        let mut file = staging.file.lock();
        let open = file.as_mut().ok_or_else(|| self.not_open(id))?;
        let end = open.end();
        let known = end.next.checked_sub(first).ok_or(StageError::Gap { id, next: end.next })?;
        let known = usize::try_from(known).unwrap_or(usize::MAX).min(commands.len());
        let fresh = commands.get(known..).unwrap_or_default();
        if fresh.is_empty() {
            return Ok(end.into());
        }
        look_at(id, first, known, fresh)?;
        let bytes = StageFile::measure(fresh);
        if end.offset.saturating_add(bytes) > self.stages.limits.bytes {
            return Err(StageError::TooLarge(self.stages.limits.bytes));
        }
        self.stages.place.room_for(bytes)?;
        open.add(fresh).map_err(|error| error::not_written(&error))?;
        let progress = open.end().into();
        *staging.progress.lock() = progress;
        Ok(progress)
    }

    /// A stage, open or recorded.
    ///
    /// # Errors
    /// If there is none.
    pub fn stage(&self, id: Uuid) -> Result<Stage, StageError> {
        if let Some(append) = self.record.staged_append(id) {
            return Ok(Stage { id, state: StageState::Recorded(self.record.load_staged_append(append)?) });
        }
        match self.stages.find(id) {
            Ok(Some(staging)) => Ok(staging.stage(id)),
            Ok(None) => Err(StageError::NotFound(id)),
            Err(_) => Ok(Stage { id, state: StageState::Damaged }),
        }
    }

    /// The open stages, the oldest first.
    #[must_use]
    pub fn list_stages(&self) -> Vec<Stage> {
        self.stages.list()
    }

    /// Drops an open stage, damaged or not; false if there is none. Waits for a call that holds its file.
    ///
    /// # Errors
    /// If its file cannot be removed.
    pub fn drop_stage(&self, id: Uuid) -> Result<bool, StageError> {
        match self.stages.find(id) {
            Ok(None) => return Ok(false),
            Ok(Some(staging)) => {
                let mut file = staging.file.lock();
                if file.take().is_none() {
                    return Ok(false);
                }
                self.stages.forget(id)?;
            }
            Err(_) => self.stages.forget(id)?,
        }
        Ok(true)
    }

    /// The time since an open stage was opened, opened again or added to.
    #[must_use]
    pub fn stage_idle(&self, id: Uuid) -> Option<Duration> {
        self.stages.idle(id)
    }

    /// Drops the stages that nobody has opened again or added to for a time of `age`. Waits for the disk.
    pub fn drop_untouched_stages(&self, age: Duration) {
        for id in self.stages.idle_for(age) {
            match self.drop_stage(id) {
                Ok(dropped) => tracing::warn!(stage = %id, dropped, "a stage that nobody touched was dropped"),
                Err(error) => tracing::warn!(stage = %id, %error, "a stage that nobody touched cannot be dropped"),
            }
        }
    }

    /// The reason why a stage cannot be added to.
    fn not_open(&self, id: Uuid) -> StageError {
        if self.record.staged_append(id).is_some() { StageError::Recorded(id) } else { StageError::NotFound(id) }
    }
}

impl Ledger {
    /// The limits of stages.
    #[must_use]
    pub const fn stage_limits(&self) -> StageLimits {
        self.stages.limits()
    }
}

/// Checks that commands are well-formed, each by itself. The first `known` commands of the request are not among them.
fn look_at(id: Uuid, first: u64, known: usize, commands: &[v1::Command]) -> Result<(), StageError> {
    let mut sink = Sink::input();
    let mut staged = StagedCommands::of(id);
    let first = usize::try_from(first).unwrap_or(usize::MAX);
    for (index, command) in (known..).zip(commands) {
        staged.parse(first.saturating_add(index), index, command.clone(), &mut sink);
    }
    sink.finish().map_err(StageError::Invalid)
}
