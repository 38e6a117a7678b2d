//! The rows of a snapshot, in the order of the file: which episodes begin, go on, are succeeded or have ended.

use super::ImportFailure;
use super::sequence::Sequencer;
use crate::claim::MadeClaim;
use crate::day::Day;
use crate::fault::RowFault;
use crate::snapshot::{EpisodeStep, RowContent, Window};
use crate::source::Row;
use detente_proto::v1::{self, bound::Bound, command::Command};
use uuid::Uuid;

/// The most claims that a confirmation may leave out.
const MOST_KEPT: usize = 1000;
/// The most keys without a claim of which a confirmation may say nothing, and their most bytes.
const MOST_UNKNOWN: (usize, usize) = (10_000, 200 * 1024);

impl Sequencer<'_> {
    /// Takes the claims of a row.
    pub(super) fn snapshot_row(
        &mut self,
        row: &Row,
        mut claims: Vec<MadeClaim>,
        window: &Window,
    ) -> Result<(), ImportFailure> {
        let mut faults = Vec::new();
        let mut keys: Vec<Uuid> = Vec::with_capacity(claims.len());
        for made in &mut claims {
            let key = self.episode_of(made, window);
            if let Some(before) = self.known.episodes.named_by(key) {
                faults.push(RowFault::row(format!("the key `{}` was there before, in line {before}", made.key)));
            } else if keys.contains(&key) {
                faults.push(RowFault::row(format!("two claims of the row have the key `{}`", made.key)));
            }
            faults.extend(made.needs.iter().filter_map(|needed| self.clash(needed)));
            keys.push(key);
        }
        if !faults.is_empty() {
            keys.iter().zip(&claims).for_each(|(key, made)| self.known.episodes.keep(*key, &made.key));
            return Ok(self.reject(row.file.display_path(), row.line, &faults, row.raw().as_bytes())?);
        }
        let line = u32::try_from(row.line).unwrap_or(u32::MAX - 1);
        let mut turns = Vec::with_capacity(claims.len());
        for (made, key) in claims.into_iter().zip(keys) {
            let claim = Uuid::try_parse(&made.claim.claim_id).unwrap_or_default();
            let said = RowContent::of(&made, self.tools.dataset);
            let steps = self.known.episodes.turn(key, claim, said, window, self.job.corrects);
            self.known.episodes.name(key, line);
            turns.push((steps, made));
        }
        self.register_needed(row, turns.iter().map(|(steps, made)| (steps.iter().any(EpisodeStep::takes_row), made)))?;
        self.begin_row();
        turns.into_iter().try_for_each(|(steps, made)| self.take_turn(steps, made, window))?;
        self.end_row(row);
        Ok(())
    }

    /// The key of a claim; the claim gets the id of the episode that it would begin.
    fn episode_of(&mut self, made: &mut MadeClaim, window: &Window) -> Uuid {
        if self.job.mapping.dataset.occurrence {
            self.number(&mut made.key);
        }
        let episode = format!("{}@{}", made.key, window.day.text());
        made.claim.claim_id = self.tools.ids.id(&episode).to_string();
        if let Some(own) = made.claim.external_ids.first_mut() {
            own.id = episode;
        }
        self.tools.ids.id(&made.key)
    }

    fn take_turn(&mut self, steps: Vec<EpisodeStep>, made: MadeClaim, window: &Window) -> Result<(), ImportFailure> {
        if steps.is_empty() {
            self.tally.unchanged += 1;
        }
        steps.into_iter().try_for_each(|step| self.take_step(step, Some(&made), window))
    }

    /// Records a change. `made`: the claim of the row that causes it.
    fn take_step(&mut self, step: EpisodeStep, made: Option<&MadeClaim>, window: &Window) -> Result<(), ImportFailure> {
        let absent = || format!("not in the snapshot of {} of {}", window.day.text(), self.tools.dataset);
        let note = made.map_or_else(absent, |made| made.note.clone());
        let bytes = made.map_or(0, |made| made.bytes);
        let command = match step {
            EpisodeStep::Begin { after, begun } => {
                self.tally.asserted += 1;
                let claim = made.map(|made| claim_of(made, &begun, after));
                Command::AssertClaim(v1::AssertClaim { claim })
            }
            EpisodeStep::Succeed { claim, ended, begun } => {
                self.tally.succeeded += 1;
                self.note_succession();
                let next = made.map(|made| claim_of(made, &begun, None));
                Command::SupersedeClaim(v1::SupersedeClaim { claim_id: claim.to_string(), ended, claim: next })
            }
            EpisodeStep::Replace { claim: known, began, begun, supersedes } => {
                self.tally.revised += 1;
                let claim = made.map(|made| {
                    let mut claim = claim_of(made, &begun, supersedes);
                    claim.claim_id = known.to_string();
                    if let Some(own) = claim.external_ids.first_mut() {
                        own.id = format!("{}@{}", made.key, began.text());
                    }
                    claim
                });
                let kind = made.map_or(self.job.revised, |made| self.kind_in_place(made));
                Command::ReviseClaim(v1::ReviseClaim { claim, update_mask: None, kind })
            }
            EpisodeStep::Reinstate(claim) => {
                self.tally.reinstated += 1;
                Command::ReinstateClaim(v1::ReinstateClaim { claim_id: claim.to_string() })
            }
            EpisodeStep::End { claim, ended, seen } => {
                self.tally.ended += 1;
                self.note_end();
                Command::ReviseClaim(end(claim, ended, &seen))
            }
            EpisodeStep::Retract(claim) => {
                self.tally.retracted += 1;
                let reason = self.job.retracted;
                Command::RetractClaim(v1::RetractClaim { claim_id: claim.to_string(), reason })
            }
        };
        self.command(command, note, bytes)
    }

    /// The `RevisionKind` of a claim that is corrected in place. A change of the world that gives a claim a range of days as
    /// its end is how the end by a snapshot is recorded, so one that the row says is recorded as a correction.
    fn kind_in_place(&self, made: &MadeClaim) -> i32 {
        let kind = self.kind_of(made.revised);
        let is_range = match made.claim.valid_to.as_ref().and_then(|to| to.bound.as_ref()) {
            Some(Bound::Known(date)) => date.edtf.starts_with('['),
            _ => false,
        };
        let is_end = is_range && kind == i32::from(v1::RevisionKind::WorldChange);
        if is_end { v1::RevisionKind::Correction.into() } else { kind }
    }

    /// A rejected row has these keys.
    pub(super) fn keep_episodes(&mut self, keys: &[String]) {
        for key in keys {
            let mut key = key.clone();
            if self.job.mapping.dataset.occurrence {
                self.number(&mut key);
            }
            self.known.episodes.keep(self.tools.ids.id(&key), &key);
        }
    }

    /// Ends what is gone, and confirms what goes on.
    pub(super) fn finish_snapshot(&mut self, window: &Window) -> Result<(), ImportFailure> {
        let going_on = self.known.episodes.going_on();
        if self.tally.rows == 0 {
            return if going_on > 0 { Err(ImportFailure::Ended(going_on)) } else { Ok(()) };
        }
        self.begin_row();
        let gone = self.known.episodes.steps_of_missing_rows(window);
        if self.tally.keyless > 0 {
            // Any of them might be a row whose key could not be read, and so none is confirmed either.
            (self.tally.spared, self.tally.unconfirmed) = (gone.len() as u64, going_on as u64);
            return Ok(());
        }
        gone.into_iter().try_for_each(|step| self.take_step(step, None, window))?;
        let note = format!("snapshot of {}", window.day.text());
        if self.known.episodes.last_confirmed().is_some_and(|last| *last >= window.day) {
            return self.confirm_left_out(window, &note);
        }
        if !self.confirm_going_on(window, &note)? {
            self.tally.unconfirmed = going_on as u64;
        }
        Ok(())
    }

    /// Confirms all that goes on but what was rejected; false if too much was.
    fn confirm_going_on(&mut self, window: &Window, note: &str) -> Result<bool, ImportFailure> {
        let (except, unknown) = (self.known.episodes.rejected_claims(), self.known.episodes.unknown());
        let (most, most_bytes) = MOST_UNKNOWN;
        let bytes: usize = unknown.iter().map(String::len).sum();
        if except.len() > MOST_KEPT || unknown.len() > most || bytes > most_bytes {
            return Ok(false);
        }
        self.tally.confirmed += 1;
        self.note_confirmation();
        let confirm = v1::ConfirmClaims {
            label: self.tools.label.clone(),
            as_of: window.day.text().to_owned(),
            except_claim_ids: except.iter().map(Uuid::to_string).collect(),
            unknown_external_ids: unknown,
        };
        self.command(Command::ConfirmClaims(confirm), note.to_owned(), 0)?;
        Ok(true)
    }

    /// Confirms what the first import of the snapshot could not, because rows of it were rejected.
    fn confirm_left_out(&mut self, window: &Window, note: &str) -> Result<(), ImportFailure> {
        let has_absent = self.known.episodes.has_unknown_absent(&window.day);
        if has_absent && self.confirm_going_on(window, note)? {
            return Ok(());
        }
        for claim in self.known.episodes.left_out(&window.day) {
            self.tally.confirmed += 1;
            let as_of = window.day.text().to_owned();
            let confirm = v1::ConfirmClaim { claim_id: claim.to_string(), as_of };
            self.command(Command::ConfirmClaim(confirm), note.to_owned(), 0)?;
        }
        Ok(())
    }
}

/// The claim of a row, with the start that follows from the snapshots where the row says none.
fn claim_of(made: &MadeClaim, begun: &str, supersedes: Option<Uuid>) -> v1::Claim {
    let mut claim = made.claim.clone();
    if !made.own.from {
        let date = v1::KnownDate { edtf: begun.to_owned(), ..v1::KnownDate::default() };
        claim.valid_from = Some(v1::Bound { bound: Some(Bound::Known(date)) });
    }
    let link = supersedes
        .map(|before| v1::Link { r#type: v1::LinkType::Supersedes.into(), claim_id: before.to_string() })
        .filter(|link| !claim.links.contains(link));
    claim.links.extend(link);
    claim
}

/// The end of a claim that was seen last on a day, and nothing else of it.
fn end(claim: Uuid, ended: String, seen: &Day) -> v1::ReviseClaim {
    let date = v1::KnownDate { edtf: ended, ..v1::KnownDate::default() };
    let valid_to = Some(v1::Bound { bound: Some(Bound::Known(date)) });
    let (claim_id, as_of) = (claim.to_string(), seen.text().to_owned());
    let claim = Some(v1::Claim { claim_id, valid_to, as_of, ..v1::Claim::default() });
    let update_mask = Some(prost_types::FieldMask { paths: vec!["valid_to".to_owned(), "as_of".to_owned()] });
    v1::ReviseClaim { claim, update_mask, kind: v1::RevisionKind::WorldChange.into() }
}
