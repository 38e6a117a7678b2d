//! A disk in memory that keeps unsynced changes aside, and at a power cut drops, tears or reorders them by seed.
//!
//! Every file has the bytes that programs see (`now`), the bytes that are safe (`durable`) and the changes between the
//! two. Names are the same. The n-th operation can fail; at the n-th operation the machine can die. A failed sync
//! forgets the changes that it should have made durable while programs still see them, as Linux does.

mod content;
mod handles;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use detente_journal::file::disk::{Disk, DiskDir, DiskFile};
use detente_journal::file::lock::{Lock, LockError};

use self::content::Content;
use self::handles::{FaultyDir, FaultyFile, Held};
use self::names::{NameChange, Names};

use super::Random;

#[derive(Clone)]
pub(crate) struct FaultyDisk(Arc<Mutex<State>>);

struct State {
    files: Vec<Content>,
    names: Names,
    durable_names: Names,
    name_changes: Vec<NameChange>,
    locks: BTreeSet<PathBuf>,
    operations: u64,
    dies_at: Option<u64>,
    fails_at: Option<u64>,
    is_dead: bool,
    lies: bool,
    lies_about_names: bool,
    space: u64,
    /// Bytes that writes may still add; the write that needs more is cut short.
    room: u64,
    /// Operations that fail, with their error numbers.
    refused: BTreeMap<Operation, i32>,
}

/// An operation of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Create,
    Open,
    OpenDir,
    List,
    Rename,
    Remove,
    SyncDir,
    Space,
    Write,
    Truncate,
    Sync,
}

impl Operation {
    pub(crate) const ALL: [Self; 11] = [
        Self::Create,
        Self::Open,
        Self::OpenDir,
        Self::List,
        Self::Rename,
        Self::Remove,
        Self::SyncDir,
        Self::Space,
        Self::Write,
        Self::Truncate,
        Self::Sync,
    ];
}

/// The effect of an operation.
#[derive(PartialEq)]
enum Fate {
    Done,
    Failed,
    /// The power went while it was under way: it may have its effect.
    Cut,
}

impl FaultyDisk {
    pub(crate) fn new() -> Self {
        Self::of(BTreeMap::new())
    }

    /// A disk with these files, all durable.
    pub(crate) fn of(files: BTreeMap<PathBuf, Vec<u8>>) -> Self {
        let names = files.keys().cloned().zip(0..).collect::<Names>();
        let content = |bytes: Vec<u8>| Content { durable: bytes.clone(), changes: Vec::new(), now: bytes };
        Self(Arc::new(Mutex::new(State {
            files: files.into_values().map(content).collect(),
            durable_names: names.clone(),
            names,
            name_changes: Vec::new(),
            locks: BTreeSet::new(),
            operations: 0,
            dies_at: None,
            fails_at: None,
            is_dead: false,
            lies: false,
            lies_about_names: false,
            space: u64::MAX,
            room: u64::MAX,
            refused: BTreeMap::new(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// All files, as programs see them.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let state = self.state();
        state.names.iter().map(|(path, id)| (path.clone(), state.files[*id].now.clone())).collect()
    }

    pub(crate) fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Cuts the power during the n-th operation from now.
    pub(crate) fn die_in(&self, n: u64) {
        let mut state = self.state();
        state.dies_at = Some(state.operations + n);
    }

    /// Fails the n-th operation from now.
    pub(crate) fn fail_in(&self, n: u64) {
        let mut state = self.state();
        state.fails_at = Some(state.operations + n);
    }

    /// From now on syncing a file a second time does nothing, and says it was done.
    pub(crate) fn lie(&self) {
        self.state().lies = true;
    }

    /// From now on syncing directories does nothing, and says it was done.
    pub(crate) fn lie_about_names(&self) {
        self.state().lies_about_names = true;
    }

    /// From now on refuses an operation, with an error number; nothing of it happens. A sync forgets what it was to make durable.
    pub(crate) fn refuse(&self, operation: Operation, number: i32) {
        self.state().refused.insert(operation, number);
    }

    /// Refuses nothing any more.
    pub(crate) fn allow(&self) {
        self.state().refused.clear();
    }

    /// Takes only this many more bytes. A write of more leaves as many as fit, and fails for want of space.
    pub(crate) fn fill_but(&self, bytes: u64) {
        self.state().room = bytes;
    }

    /// Returns the number of these bytes that the disk takes.
    fn take_room(&self, bytes: usize) -> usize {
        let mut state = self.state();
        let taken = state.room.min(bytes as u64);
        if state.room != u64::MAX {
            state.room -= taken;
        }
        taken as usize
    }

    fn ask(&self, operation: Operation) -> io::Result<()> {
        let refused = self.state().refused.get(&operation).copied();
        refused.map_or(Ok(()), |number| Err(io::Error::from_raw_os_error(number)))
    }

    pub(crate) fn set_space(&self, bytes: u64) {
        self.state().space = bytes;
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.state().is_dead
    }

    /// The disk as a new process finds it on the same machine.
    pub(crate) fn after_a_kill(&self) -> Self {
        let state = self.state();
        let next = Self::new();
        let mut fresh = next.state();
        fresh.files.clone_from(&state.files);
        fresh.names.clone_from(&state.names);
        fresh.durable_names.clone_from(&state.durable_names);
        fresh.name_changes.clone_from(&state.name_changes);
        drop(fresh);
        next
    }

    /// The disk as it is found after the power comes back.
    pub(crate) fn after_a_power_cut(&self, random: &mut Random) -> Self {
        let state = self.state();
        let mut names = state.durable_names.clone();
        let kept = random.below(state.name_changes.len() as u64 + 1) as usize;
        state.name_changes.iter().take(kept).for_each(|change| change.apply(&mut names));
        let survivor = |(path, id): (PathBuf, usize)| (path, state.files[id].survivor(random));
        let next = Self::of(names.into_iter().map(survivor).collect());
        next.state().lies = state.lies;
        next.state().lies_about_names = state.lies_about_names;
        next
    }

    fn begin(&self) -> io::Result<(MutexGuard<'_, State>, Fate)> {
        let mut state = self.state();
        if state.is_dead {
            return Err(io::Error::other("the power is off"));
        }
        state.operations += 1;
        let now = Some(state.operations);
        state.is_dead = state.dies_at == now;
        let fate = match now {
            _ if state.is_dead => Fate::Cut,
            _ if state.fails_at == now => Fate::Failed,
            _ => Fate::Done,
        };
        Ok((state, fate))
    }

    fn change_name(&self, change: NameChange) -> io::Result<()> {
        let (mut state, fate) = self.begin()?;
        if fate != Fate::Failed {
            change.apply(&mut state.names);
            state.name_changes.push(change);
        }
        fate.result()
    }

    fn handle(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let id = *self.state().names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(FaultyFile { disk: self.clone(), id }))
    }
}

impl Fate {
    fn result(self) -> io::Result<()> {
        match self {
            Self::Done => Ok(()),
            Self::Failed => Err(io::Error::other("injected")),
            Self::Cut => Err(io::Error::other("the power went off")),
        }
    }
}

impl Disk for FaultyDisk {
    fn create_dir(&self, _dir: &Path) -> io::Result<()> {
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.ask(Operation::Create)?;
        let id = {
            let mut state = self.state();
            if state.names.contains_key(path) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            state.files.push(Content::default());
            state.files.len() - 1
        };
        self.change_name(NameChange::Add(path.to_owned(), id))?;
        self.handle(path)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.ask(Operation::Open)?;
        self.handle(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.ask(Operation::List)?;
        let state = self.state();
        let paths = state.names.keys().filter(|path| path.parent() == Some(dir));
        Ok(paths.filter_map(|path| path.file_name()?.to_str().map(str::to_owned)).collect())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.ask(Operation::Rename)?;
        self.change_name(NameChange::Rename(from.to_owned(), to.to_owned()))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.ask(Operation::Remove)?;
        self.change_name(NameChange::Remove(path.to_owned()))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.ask(Operation::SyncDir)?;
        let (mut guard, fate) = self.begin()?;
        let state = &mut *guard;
        if !state.lies_about_names && fate == Fate::Done {
            let (safe, open) = state.name_changes.drain(..).partition::<Vec<_>, _>(|change| change.is_in(dir));
            safe.iter().for_each(|change| change.apply(&mut state.durable_names));
            state.name_changes = open;
        }
        fate.result()
    }

    fn open_dir(&self, dir: &Path) -> io::Result<Arc<dyn DiskDir>> {
        self.ask(Operation::OpenDir)?;
        Ok(Arc::new(FaultyDir { disk: self.clone(), path: dir.to_owned() }))
    }

    fn available_space(&self, _dir: &Path) -> io::Result<u64> {
        self.ask(Operation::Space)?;
        Ok(self.state().space)
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn Lock>, LockError> {
        if !self.state().locks.insert(path.to_owned()) {
            return Err(LockError::Held { holder: Some(std::process::id()) });
        }
        Ok(Box::new(Held { disk: self.clone(), path: path.to_owned() }))
    }
}
