//! The rows of a snapshot, in the order of the file: which episodes begin, go on, are succeeded or have ended.

use super::Failed;
use super::sequence::Sequencer;
use crate::ingest::claim::MadeClaim;
use crate::ingest::fault::Fault;
use crate::ingest::snapshot::{Gone, Turn, Window};
use crate::ingest::source::Row;
use crate::v1::{self, bound::Bound, command::Command};
use uuid::Uuid;

/// The most claims that a confirmation may leave out.
const MOST_KEPT: usize = 1000;

/// The fields that a row gives a claim, whichever snapshot it is in.
const SAID: [&str; 17] = [
    "kind",
    "texts",
    "parties",
    "relationships",
    "refers_to",
    "attribution",
    "modality",
    "polarity",
    "status",
    "due",
    "quantities",
    "place",
    "codes",
    "sources",
    "labels",
    "valid_from",
    "valid_to",
];

impl Sequencer<'_> {
    /// Takes the claims of a row.
    pub(super) fn snapshot_row(
        &mut self,
        row: &Row,
        mut claims: Vec<MadeClaim>,
        window: &Window,
    ) -> Result<(), Failed> {
        let mut faults = Vec::new();
        let mut keys: Vec<Uuid> = Vec::with_capacity(claims.len());
        for made in &mut claims {
            let key = self.episode_of(made, window);
            if let Some(before) = self.known.episodes.named_by(key) {
                faults.push(Fault::row(format!("the key `{}` was there before, in line {before}", made.key)));
            } else if keys.contains(&key) {
                faults.push(Fault::row(format!("two claims of the row have the key `{}`", made.key)));
            }
            faults.extend(made.needs.iter().filter_map(|needed| self.clash(needed)));
            keys.push(key);
        }
        if !faults.is_empty() {
            return Ok(self.reject(row.file.shown(), row.line, &faults, row.raw().as_bytes())?);
        }
        let line = u32::try_from(row.line).unwrap_or(u32::MAX - 1);
        let mut turns = Vec::with_capacity(claims.len());
        for (made, key) in claims.into_iter().zip(keys) {
            let claim = Uuid::try_parse(&made.claim.claim_id).unwrap_or_default();
            let corrects = self.job.corrects;
            let turn = self.known.episodes.turn(key, claim, made.claim.clone(), window, corrects);
            self.known.episodes.name(key, line);
            if turn == Turn::Twice {
                let what = format!("`{}` has begun and ended in this snapshot already", made.key);
                faults.push(Fault::row(what));
            }
            turns.push((turn, made));
        }
        if !faults.is_empty() {
            return Ok(self.reject(row.file.shown(), row.line, &faults, row.raw().as_bytes())?);
        }
        self.register_needed(row, turns.iter().map(|(turn, made)| (*turn != Turn::GoesOn, made)))?;
        self.begin_row();
        turns.into_iter().try_for_each(|(turn, made)| self.take_turn(turn, made, window))?;
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

    fn take_turn(&mut self, turn: Turn, made: MadeClaim, window: &Window) -> Result<(), Failed> {
        let MadeClaim { mut claim, note, bytes, .. } = made;
        match turn {
            Turn::Begins => {
                self.tally.asserted += 1;
                self.command(Command::AssertClaim(v1::AssertClaim { claim: Some(claim) }), note, bytes)
            }
            Turn::Succeeded(before) => {
                self.tally.succeeded += 1;
                let ended = window.ended.clone().unwrap_or_default();
                let supersede = v1::SupersedeClaim { claim_id: before.to_string(), ended, claim: Some(claim) };
                self.command(Command::SupersedeClaim(supersede), note, bytes)
            }
            Turn::Corrected(known) => {
                self.tally.revised += 1;
                claim.claim_id = known.to_string();
                let paths = SAID.iter().filter(|path| !is_of_window(&claim, path)).map(|path| (*path).to_owned());
                let update_mask = Some(prost_types::FieldMask { paths: paths.collect() });
                let revise = v1::ReviseClaim { claim: Some(claim), update_mask, kind: self.job.revised };
                self.command(Command::ReviseClaim(revise), note, bytes)
            }
            Turn::GoesOn | Turn::Twice => {
                self.tally.unchanged += 1;
                Ok(())
            }
        }
    }

    /// A rejected row has these keys.
    pub(super) fn keep_episodes(&mut self, keys: &[String]) {
        for key in keys {
            let mut key = key.clone();
            if self.job.mapping.dataset.occurrence {
                self.number(&mut key);
            }
            self.known.episodes.keep(self.tools.ids.id(&key));
        }
    }

    /// Ends what is gone, and confirms what goes on.
    pub(super) fn finish_snapshot(&mut self, window: &Window) -> Result<(), Failed> {
        let going_on = self.known.episodes.going_on();
        if self.tally.rows == 0 && going_on > 0 {
            return Err(Failed::Empty(going_on));
        }
        let gone = self.known.episodes.gone(window);
        if self.tally.keyless > 0 {
            // Any of them might be a row whose key could not be read, and so none is confirmed either.
            self.tally.spared = gone.len() as u64;
            return Ok(());
        }
        for gone in gone {
            self.end(gone, window)?;
        }
        let except = self.known.episodes.kept();
        let is_new = self.known.episodes.last().is_none_or(|last| *last < window.day);
        if except.len() > MOST_KEPT || !is_new || self.tally.rows == 0 {
            return Ok(());
        }
        self.tally.confirmed += 1;
        let confirm = v1::ConfirmClaims {
            label: self.tools.label.clone(),
            as_of: window.day.text().to_owned(),
            except_claim_ids: except.iter().map(Uuid::to_string).collect(),
        };
        let note = format!("snapshot of {}", window.day.text());
        self.command(Command::ConfirmClaims(confirm), note, 0)
    }

    fn end(&mut self, gone: Gone, window: &Window) -> Result<(), Failed> {
        let note = format!("not in the snapshot of {} of {}", window.day.text(), self.tools.dataset);
        match (gone, &window.ended) {
            (Gone::Ended(id), Some(ended)) => {
                self.tally.ended += 1;
                let date = v1::KnownDate { edtf: ended.clone(), ..v1::KnownDate::default() };
                let valid_to = Some(v1::Bound { bound: Some(Bound::Known(date)) });
                let claim = Some(v1::Claim { claim_id: id.to_string(), valid_to, ..v1::Claim::default() });
                let update_mask = Some(prost_types::FieldMask { paths: vec!["valid_to".to_owned()] });
                let revise = v1::ReviseClaim { claim, update_mask, kind: v1::RevisionKind::WorldChange.into() };
                self.command(Command::ReviseClaim(revise), note, 0)
            }
            (Gone::Ended(id) | Gone::Wrong(id), _) => {
                self.tally.retracted += 1;
                let retract = v1::RetractClaim { claim_id: id.to_string(), reason: self.job.retracted };
                self.command(Command::RetractClaim(retract), note, 0)
            }
        }
    }
}

/// Returns true if a field is an end that follows from the snapshots, and not from the row.
fn is_of_window(claim: &v1::Claim, path: &str) -> bool {
    let end = match path {
        "valid_from" => &claim.valid_from,
        "valid_to" => &claim.valid_to,
        _ => return false,
    };
    match end.as_ref().and_then(|end| end.bound.as_ref()) {
        Some(Bound::Known(date)) => date.edtf.starts_with('['),
        Some(Bound::Open(_)) | None => true,
        Some(Bound::Unknown(_)) => false,
    }
}
