//! What has to be done in the order of the file: keys that come again, what is registered first, what a row is to the record.

use super::places::Places;
use super::{Failed, Job, Known, Made, Mapped, Out, Rejected, Stopped, Tally};
use crate::ingest::claim::{MadeClaim, Tools};
use crate::ingest::class::Registered;
use crate::ingest::fault::Fault;
use crate::ingest::plan::Outcome;
use crate::ingest::release::Verdict;
use crate::ingest::source::{Read, Row};
use crate::v1::{self, command::Command};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use uuid::Uuid;

/// How many commands go out at once, at most.
const BATCH_COMMANDS: usize = 1000;
/// And how many bytes, about.
const BATCH_BYTES: usize = 1 << 20;
/// What a command takes beside its claim, about.
const COMMAND_BYTES: usize = 64;

/// Puts rows in order, and makes commands of them.
pub(super) struct Sequencer<'s> {
    job: &'s Job<'s>,
    tools: &'s Tools<'s>,
    known: &'s mut Known,
    out: &'s mut dyn Out,
    tally: Tally,
    /// How often each key has come, where it may come again.
    occurrences: HashMap<u128, u32>,
    commands: Vec<v1::Command>,
    bytes: usize,
    /// How many commands the row has made so far, of one sort.
    made: u32,
    places: Places,
}

impl<'s> Sequencer<'s> {
    pub(super) fn new(job: &'s Job<'s>, tools: &'s Tools<'s>, known: &'s mut Known, out: &'s mut dyn Out) -> Self {
        let occurrences = HashMap::new();
        let (tally, places) = (Tally::default(), Places::default());
        Self { job, tools, known, out, tally, occurrences, commands: Vec::new(), bytes: 0, made: 0, places }
    }

    /// Takes the next row.
    pub(super) fn row(&mut self, mapped: Mapped) -> Result<(), Failed> {
        self.tally.rows += 1;
        match mapped {
            Mapped::Bad(Read::Bad { file, line, faults, raw }) => {
                self.tally.keyless += 1;
                self.reject(file.shown(), line, &faults, &raw)?;
            }
            Mapped::Bad(Read::Row(row)) => self.reject(row.file.shown(), row.line, &[], row.raw().as_bytes())?,
            Mapped::Row(row, Outcome::Rejected { faults, keys }) => {
                match keys {
                    Some(keys) => keys.iter().for_each(|key| self.keep(key)),
                    None => self.tally.keyless += 1,
                }
                self.reject(row.file.shown(), row.line, &faults, row.raw().as_bytes())?;
            }
            Mapped::Row(row, Outcome::Claims(claims)) => self.claims(&row, claims)?,
        }
        Ok(())
    }

    /// Says how far it is.
    pub(super) fn told(&mut self) -> Result<(), Failed> {
        self.out.progress(&self.tally);
        Ok(())
    }

    /// Retracts what has vanished, and gives out what is left.
    pub(super) fn finish(mut self) -> Result<Made, Failed> {
        if self.job.complete {
            if self.tally.rows == 0 && self.known.claims.in_force() > 0 {
                return Err(Failed::Empty(self.known.claims.in_force()));
            }
            self.retract_vanished()?;
        }
        self.flush()?;
        self.out.progress(&self.tally);
        Ok(Made { tally: self.tally, places: self.places })
    }

    fn claims(&mut self, row: &Row, mut claims: Vec<MadeClaim>) -> Result<(), Failed> {
        let mut ids = Vec::with_capacity(claims.len());
        for made in &mut claims {
            let id = self.identify(made);
            ids.push(id);
        }
        let mut faults = Vec::new();
        for (at, (made, id)) in claims.iter().zip(&ids).enumerate() {
            if let Some(before) = self.known.claims.named_by(*id) {
                faults.push(Fault::row(format!("the key `{}` was there before, in line {before}", made.key)));
            } else if ids.iter().take(at).any(|known| known == id) {
                faults.push(Fault::row(format!("two claims of the row have the key `{}`", made.key)));
            }
            faults.extend(made.needs.iter().filter_map(|needed| self.clash(needed)));
        }
        if !faults.is_empty() {
            return Ok(self.reject(row.file.shown(), row.line, &faults, row.raw().as_bytes())?);
        }
        let line = u32::try_from(row.line).unwrap_or(u32::MAX - 1);
        let judge = |(made, id): (MadeClaim, Uuid)| (self.known.claims.judge(id, made.content, line), made);
        let judged: Vec<_> = claims.into_iter().zip(ids).map(judge).collect();
        self.made = 0;
        for (_, made) in judged.iter().filter(|(verdict, _)| *verdict != Verdict::Nothing) {
            made.needs.iter().try_for_each(|needed| self.register(needed))?;
        }
        self.places.note(row.file.shown(), row.line, self.made, true);
        self.made = 0;
        judged.into_iter().try_for_each(|(verdict, made)| self.claim(verdict, made))?;
        self.places.note(row.file.shown(), row.line, self.made, false);
        Ok(())
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

    fn number(&mut self, key: &mut String) {
        let count = self.occurrences.entry(self.tools.ids.id(key).as_u128()).or_insert(0);
        *count += 1;
        if *count > 1 {
            key.push_str(&format!("#{count}"));
        }
    }

    fn keep(&mut self, key: &str) {
        let mut key = key.to_owned();
        if self.job.mapping.dataset.occurrence {
            self.number(&mut key);
        }
        self.known.claims.keep(self.tools.ids.id(&key));
    }

    /// What is wrong with a party whose id another key has made too.
    fn clash(&mut self, needed: &Registered) -> Option<Fault> {
        let made_of = needed.made_of?;
        match self.known.registered.entry(needed.known_by) {
            Entry::Occupied(mut known) => match *known.get() {
                0 => {
                    known.insert(made_of);
                    None
                }
                other if other == made_of => None,
                _ => {
                    let what = "another key of the file comes to the same party id: tell them apart (`{key|unique_id}`), or \
                                say `same = true` in the class if they are one party";
                    Some(Fault::field(format!("party {}", needed.id), what))
                }
            },
            Entry::Vacant(_) => None,
        }
    }

    fn claim(&mut self, verdict: Verdict, made: MadeClaim) -> Result<(), Failed> {
        let MadeClaim { claim, note, bytes, .. } = made;
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
                let revise = v1::ReviseClaim { claim: Some(claim), update_mask: None, kind: self.job.revised };
                self.command(Command::ReviseClaim(revise), note, bytes)
            }
            Verdict::Nothing => {
                self.tally.unchanged += 1;
                Ok(())
            }
        }
    }

    fn register(&mut self, needed: &Registered) -> Result<(), Failed> {
        if self.known.registered.contains_key(&needed.known_by) {
            return Ok(());
        }
        for before in &needed.needs {
            self.register(before)?;
        }
        self.known.registered.insert(needed.known_by, needed.made_of.unwrap_or_default());
        match &needed.command {
            Command::RegisterSource(_) => self.tally.sources += 1,
            _ => self.tally.parties += 1,
        }
        self.command(needed.command.clone(), String::new(), 256)
    }

    fn retract_vanished(&mut self) -> Result<(), Failed> {
        let vanished = self.known.claims.vanished();
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

    fn reject(&mut self, file: &str, line: u64, faults: &[Fault], raw: &[u8]) -> Result<(), Stopped> {
        self.tally.rejected += 1;
        self.out.rejected(&Rejected { file, line, faults, raw })
    }

    fn command(&mut self, command: Command, note: String, bytes: usize) -> Result<(), Failed> {
        self.commands.push(v1::Command { note, command: Some(command) });
        self.made += 1;
        self.bytes += bytes + COMMAND_BYTES;
        if self.commands.len() >= BATCH_COMMANDS || self.bytes >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failed> {
        self.bytes = 0;
        let commands = std::mem::take(&mut self.commands);
        if commands.is_empty() || (self.job.strict && self.tally.rejected > 0) {
            return Ok(());
        }
        Ok(self.out.commands(commands)?)
    }
}
