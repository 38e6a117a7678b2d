//! The steps that must happen in the order of the file: repeated keys, first registrations, and the comparison of a row
//! with the record.

use super::names::NewNames;
use super::places::Places;
use super::{
    ConsumerStopped, ImportFailure, ImportOutcome, ImportTally, Job, MappedRow, Out, RecordedState, RejectedRow,
};
use crate::claim::{MadeClaim, Tools};
use crate::class::{EntityRegistration, RegisteredEntity};
use crate::ending::Ending;
use crate::fault::RowFault;
use crate::plan::RowOutcome;
use crate::release::{TakenBack, Verdict};
use crate::scope::UnusedColumns;
use crate::source::{FileName, Row, RowResult};
use crate::version::{Version, occurrence_key};
use detente_proto::v1::{self, command::Command};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use uuid::Uuid;

/// The most commands that go out at once.
const BATCH_COMMANDS: usize = 1000;
/// And how many bytes, about.
const BATCH_BYTES: usize = 1 << 20;
/// The bytes that a command takes in addition to its claim, approximately.
const COMMAND_BYTES: usize = 64;

/// Puts rows in order, and makes commands of them.
pub(super) struct Sequencer<'s> {
    pub(super) job: &'s Job<'s>,
    pub(super) tools: &'s Tools<'s>,
    pub(super) known: &'s mut RecordedState,
    pub(super) out: &'s mut dyn Out,
    pub(super) tally: ImportTally,
    /// The number of times that each key has come in each version, if keys may come again; of a record in each row.
    occurrences: HashMap<(u128, Option<Version>), u32>,
    /// The version of the row.
    pub(super) version: Option<Version>,
    /// The place of the row.
    place: Option<(Arc<FileName>, u64)>,
    /// True if what is wrong with the row, or odd, has been reported.
    pub(super) is_reported: bool,
    commands: Vec<v1::Command>,
    bytes: usize,
    /// The number of commands that the row has made so far, of one sort.
    pub(super) made: u32,
    pub(super) places: Places,
    /// New names of parties that may be renamed, in the order of the rows that have them.
    pub(super) new_names: Vec<NewNames>,
}

impl<'s> Sequencer<'s> {
    pub(super) fn new(
        job: &'s Job<'s>,
        tools: &'s Tools<'s>,
        known: &'s mut RecordedState,
        out: &'s mut dyn Out,
    ) -> Self {
        let occurrences = HashMap::new();
        let (tally, places) = (ImportTally::default(), Places::default());
        let (commands, new_names) = (Vec::new(), Vec::new());
        let (version, place, is_reported) = (None, None, false);
        let (bytes, made) = (0, 0);
        Self {
            job,
            tools,
            known,
            out,
            tally,
            occurrences,
            version,
            place,
            is_reported,
            commands,
            bytes,
            made,
            places,
            new_names,
        }
    }

    /// Takes the next row.
    pub(super) fn row(&mut self, mapped: MappedRow) -> Result<(), ImportFailure> {
        self.tally.rows += 1;
        let mapped = match mapped {
            MappedRow::Row(row, outcome, version) => {
                self.begin_version(version);
                self.begin_place(&row);
                MappedRow::Row(row, outcome, None)
            }
            bad @ MappedRow::Bad(_) => {
                self.begin_version(None);
                bad
            }
        };
        match mapped {
            MappedRow::Bad(RowResult::Bad { file, line, faults, raw }) => {
                self.tally.keyless += 1;
                self.reject(file.display_path(), line, &faults, &raw)?;
            }
            MappedRow::Bad(RowResult::Row(row)) => {
                self.reject(row.file.display_path(), row.line, &[], row.raw().as_bytes())?
            }
            MappedRow::Row(row, RowOutcome::Rejected { faults, keys }, _) => {
                match keys {
                    Some(keys) if self.tools.snapshot.is_some() => self.keep_episodes(&keys),
                    Some(keys) => keys.iter().for_each(|key| self.keep(key)),
                    None => self.tally.keyless += 1,
                }
                self.reject(row.file.display_path(), row.line, &faults, row.raw().as_bytes())?;
            }
            MappedRow::Row(row, RowOutcome::Claims { claims, notices, have_ended }, _) => {
                claims.iter().for_each(|made| self.tally.note_dates(made));
                notices.iter().for_each(|notice| self.odd(&row, notice));
                self.tally.silent += u64::from(claims.is_empty());
                match &self.tools.snapshot {
                    Some(window) => self.snapshot_row(&row, claims, window)?,
                    None => self.claims(&row, claims, have_ended)?,
                }
            }
            MappedRow::Row(_, RowOutcome::Older, _) => self.tally.older += 1,
            // A snapshot treats a row that takes its claims back as absent.
            MappedRow::Row(_, RowOutcome::Retracted(..), _) if self.tools.snapshot.is_some() => {}
            MappedRow::Row(row, RowOutcome::Retracted(keys, reason), _) => self.retract(&row, keys, reason)?,
        }
        Ok(())
    }

    fn begin_version(&mut self, version: Option<Version>) {
        let reported = self.job.reported.as_ref();
        self.is_reported = reported.is_some_and(|last| version.as_ref().is_none_or(|version| version <= last));
        self.version = version;
    }

    /// Begins a row: a record names the occurrences of a key anew in each, of which several rows may be items.
    fn begin_place(&mut self, row: &Row) {
        let is_same = self.place.as_ref().is_some_and(|(file, number)| *number == row.number && *file == row.file);
        if self.job.mapping.dataset.record > 0 && !is_same {
            self.occurrences.clear();
            self.place = Some((Arc::clone(&row.file), row.number));
        }
    }

    /// Says how far it is.
    pub(super) fn report_progress(&mut self) -> Result<(), ImportFailure> {
        self.out.progress(&self.tally);
        Ok(())
    }

    /// Retracts what has vanished, and gives out what is left.
    pub(super) fn finish(mut self) -> Result<ImportOutcome, ImportFailure> {
        self.is_reported = false;
        self.rename_parties()?;
        self.end_missing()?;
        if let Some(window) = &self.tools.snapshot {
            self.finish_snapshot(window)?;
        } else if self.job.complete {
            if self.tally.rows == 0 && self.known.claims.in_force() > 0 {
                return Err(ImportFailure::Empty(self.known.claims.in_force()));
            }
            self.retract_vanished()?;
        }
        self.flush()?;
        self.out.progress(&self.tally);
        Ok(ImportOutcome { tally: self.tally, places: self.places, unused: UnusedColumns::default() })
    }

    fn claims(&mut self, row: &Row, made: Vec<MadeClaim>, have_ended: bool) -> Result<(), ImportFailure> {
        let is_silent = made.is_empty();
        let mut claims = Vec::with_capacity(made.len());
        let mut repeated = 0;
        for mut made in made {
            let id = self.identify(&mut made);
            if !self.is_last(id) {
                continue;
            }
            let ending = self.end(&mut made, id, have_ended);
            // A file of versions may have one of them twice.
            if self.version.is_some() && self.known.claims.says_again(id, made.content) {
                repeated += 1;
            } else {
                claims.push((made, id, ending));
            }
        }
        if claims.is_empty() {
            self.tally.repeated += u64::from(repeated > 0);
            self.tally.older += u64::from(repeated == 0 && !is_silent);
            return Ok(());
        }
        let mut faults = Vec::new();
        for (at, (made, id, _)) in claims.iter().enumerate() {
            if let Some(before) = self.known.claims.named_by(*id) {
                let version = self.version.as_ref().map(|version| format!(", in the version `{}` too", version.text()));
                let version = version.unwrap_or_default();
                faults
                    .push(RowFault::row(format!("the key `{}` was there before, in line {before}{version}", made.key)));
            } else if claims.iter().take(at).any(|(_, known, _)| known == id) {
                faults.push(RowFault::row(format!("two claims of the row have the key `{}`", made.key)));
            }
            faults.extend(made.needs.iter().filter_map(|needed| self.clash(needed)));
        }
        if !faults.is_empty() {
            claims.iter().for_each(|(_, id, _)| self.known.claims.keep(*id));
            return Ok(self.reject(row.file.display_path(), row.line, &faults, row.raw().as_bytes())?);
        }
        let line = u32::try_from(row.line).unwrap_or(u32::MAX - 1);
        let (never, claims): (Vec<_>, Vec<_>) =
            claims.into_iter().partition(|(_, _, ending)| *ending == Some(Ending::Never));
        let judge = |(made, id, _): (MadeClaim, Uuid, _)| (self.known.claims.judge(id, made.content, line), made);
        let judged: Vec<_> = claims.into_iter().map(judge).collect();
        self.register_needed(row, judged.iter().map(|(verdict, made)| (*verdict != Verdict::Nothing, made)))?;
        self.begin_row();
        judged.into_iter().try_for_each(|(verdict, made)| self.claim(verdict, made))?;
        never.into_iter().try_for_each(|(_, id, _)| self.take_back(id, line, self.job.retracted).map(|_| ()))?;
        self.end_row(row);
        Ok(())
    }

    /// Registers what the claims of a row name, where they are recorded.
    pub(super) fn register_needed<'c>(
        &mut self,
        row: &Row,
        claims: impl Iterator<Item = (bool, &'c MadeClaim)>,
    ) -> Result<(), ImportFailure> {
        self.made = 0;
        for (is_recorded, made) in claims {
            for needed in &made.needs {
                if is_recorded {
                    self.register(needed)?;
                }
                self.compare_names(row, needed);
            }
        }
        self.places.note(row.file.display_path(), row.line, self.made, true);
        Ok(())
    }

    /// Begins a row: the commands that follow are made from it.
    pub(super) const fn begin_row(&mut self) {
        self.made = 0;
    }

    /// All is made of a row.
    pub(super) fn end_row(&mut self, row: &Row) {
        self.places.note(row.file.display_path(), row.line, self.made, false);
    }

    /// The id of a claim, which depends on how often its key has come, where it may come again.
    fn identify(&mut self, made: &mut MadeClaim) -> Uuid {
        if self.job.mapping.dataset.occurrence {
            self.number(&mut made.key);
            if let Some(own) = made.claim.external_ids.first_mut() {
                own.id.clone_from(&made.key);
            }
        }
        let id = self.tools.ids.id(&made.key);
        made.claim.claim_id = id.to_string();
        id
    }

    pub(super) fn number(&mut self, key: &mut String) {
        let occurrence = (self.tools.ids.id(key).as_u128(), self.version.clone());
        let count = self.occurrences.entry(occurrence).or_insert(0);
        *count += 1;
        *key = occurrence_key(key, *count);
    }

    fn keep(&mut self, key: &str) {
        let mut key = key.to_owned();
        if self.job.mapping.dataset.occurrence {
            self.number(&mut key);
        }
        self.known.claims.keep(self.tools.ids.id(&key));
    }

    /// Returns the fault of a party whose id another key has made, too.
    pub(super) fn clash(&mut self, needed: &EntityRegistration) -> Option<RowFault> {
        let made_of = needed.made_of?;
        match self.known.registered.entry(needed.known_by) {
            Entry::Occupied(mut known) => match known.get().made_of {
                0 => {
                    known.get_mut().made_of = made_of;
                    None
                }
                other if other == made_of => None,
                _ => {
                    let what = "another key of the file comes to the same party id: tell them apart (`{key|unique_id}`), or \
                                say `same = true` in the class if they are one party";
                    Some(RowFault::field(format!("party {}", needed.id), what))
                }
            },
            Entry::Vacant(_) => None,
        }
    }

    /// The `RevisionKind` of a change. `named`: the kind that the row names.
    pub(super) fn kind_of(&self, named: Option<i32>) -> i32 {
        named.filter(|_| !self.job.revised_by_flag).unwrap_or(self.job.revised)
    }

    /// Notes that the next command ends a claim and asserts the one that takes its place.
    pub(super) fn note_succession(&mut self) {
        self.places.succeed(self.made);
    }

    /// Notes that the next command confirms all claims that go on.
    pub(super) fn note_confirmation(&mut self) {
        self.places.confirm(self.made);
    }

    /// Notes that the next command ends a claim.
    pub(super) fn note_end(&mut self) {
        self.places.end(self.made);
    }

    fn claim(&mut self, verdict: Verdict, made: MadeClaim) -> Result<(), ImportFailure> {
        let MadeClaim { claim, note, revised, bytes, .. } = made;
        let kind = self.kind_of(revised);
        let claim_id = claim.claim_id.clone();
        let reinstate = Command::ReinstateClaim(v1::ReinstateClaim { claim_id });
        match verdict {
            Verdict::Assert => {
                self.tally.asserted += 1;
                self.command(Command::AssertClaim(v1::AssertClaim { claim: Some(claim) }), note, bytes)
            }
            Verdict::Reinstate => {
                self.tally.reinstated += 1;
                self.command(reinstate, note, 0)
            }
            Verdict::Revise { reinstate: back } => {
                if back {
                    self.tally.reinstated += 1;
                    self.command(reinstate, String::new(), 0)?;
                }
                self.tally.revised += 1;
                let revise = v1::ReviseClaim { claim: Some(claim), update_mask: None, kind };
                self.command(Command::ReviseClaim(revise), note, bytes)
            }
            Verdict::Nothing => {
                self.tally.unchanged += 1;
                Ok(())
            }
        }
    }

    fn register(&mut self, needed: &EntityRegistration) -> Result<(), ImportFailure> {
        if self.known.registered.contains_key(&needed.known_by) {
            return Ok(());
        }
        for before in &needed.needs {
            self.register(before)?;
        }
        let made_of = needed.made_of.unwrap_or_default();
        let held = RegisteredEntity { made_of, names: needed.names.clone(), ..RegisteredEntity::default() };
        self.known.registered.insert(needed.known_by, held);
        match &needed.command {
            Command::RegisterSource(_) => self.tally.sources += 1,
            _ => self.tally.parties += 1,
        }
        self.command(needed.command.clone(), String::new(), 256)
    }

    /// Takes back the claims of a row that says so.
    fn retract(&mut self, row: &Row, keys: Vec<String>, reason: Option<i32>) -> Result<(), ImportFailure> {
        let reason = reason.unwrap_or(self.job.retracted);
        let line = u32::try_from(row.line).unwrap_or(u32::MAX - 1);
        self.made = 0;
        for mut key in keys {
            if self.job.mapping.dataset.occurrence {
                self.number(&mut key);
            }
            let id = self.tools.ids.id(&key);
            if self.is_last(id) && !self.take_back(id, line, reason)? {
                self.odd(row, &format!("takes back `{key}`, which is not recorded"));
            }
        }
        self.places.note(row.file.display_path(), row.line, self.made, false);
        Ok(())
    }

    /// Takes a claim back. Returns false if it is not recorded.
    pub(super) fn take_back(&mut self, id: Uuid, line: u32, reason: i32) -> Result<bool, ImportFailure> {
        match self.known.claims.take_back(id, line) {
            TakenBack::Now => {
                self.tally.retracted += 1;
                let retract = v1::RetractClaim { claim_id: id.to_string(), reason };
                self.command(Command::RetractClaim(retract), String::new(), 0)?;
            }
            TakenBack::Before => self.tally.unchanged += 1,
            TakenBack::Never => return Ok(false),
        }
        Ok(true)
    }

    /// Reports what is odd about a row, unless it has been reported.
    fn odd(&mut self, row: &Row, notice: &str) {
        if !self.is_reported {
            self.tally.odd += 1;
            self.out.odd(row.file.display_path(), row.line, notice);
        }
    }

    fn retract_vanished(&mut self) -> Result<(), ImportFailure> {
        let vanished = self.known.claims.vanished_claims();
        if self.tally.keyless > 0 {
            // Any of them might be a row whose key could not be read.
            self.tally.spared = vanished.len() as u64;
            return Ok(());
        }
        let note = match self.job.release {
            "" => String::new(),
            release => format!("not in release {release} of {}", self.tools.dataset),
        };
        for id in vanished {
            self.tally.retracted += 1;
            let retract = v1::RetractClaim { claim_id: id.to_string(), reason: self.job.retracted };
            self.command(Command::RetractClaim(retract), note.clone(), 0)?;
        }
        Ok(())
    }

    pub(super) fn reject(
        &mut self,
        file: &str,
        line: u64,
        faults: &[RowFault],
        raw: &[u8],
    ) -> Result<(), ConsumerStopped> {
        if self.is_reported {
            return Ok(());
        }
        self.tally.rejected += 1;
        self.out.reject(&RejectedRow { file, line, faults, raw })
    }

    pub(super) fn command(&mut self, command: Command, note: String, bytes: usize) -> Result<(), ImportFailure> {
        self.commands.push(v1::Command { note, command: Some(command) });
        self.made += 1;
        self.bytes += bytes + COMMAND_BYTES;
        if self.commands.len() >= BATCH_COMMANDS || self.bytes >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ImportFailure> {
        self.bytes = 0;
        let commands = std::mem::take(&mut self.commands);
        if commands.is_empty() || (self.job.strict && self.tally.rejected > 0) {
            return Ok(());
        }
        Ok(self.out.commands(commands)?)
    }
}
