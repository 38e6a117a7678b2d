//! Rows that the ledger alone can refuse: the fault is not in the row but in its relation to the record.
//!
//! The misfits are left out of the stage, and the rest is tried again, until it fits. A row is left out as a whole;
//! parties and sources that it would have been the first to name are registered all the same, because later rows may
//! name them, too. An entity that somebody registered meanwhile is taken as it is.

use super::rows::RowsSummary;
use super::staging::StageUpload;
use crate::cli::export::Ask;
use crate::cli::{CommandFailure, notice};
use detente_ingest::pipeline::{Places, RowPlace};
use detente_proto::v1::{self, CommitStageResponse, StageViolation, StagedAppend};
use std::collections::{BTreeMap, BTreeSet};

/// More refused rows than this are no bad rows but another ledger.
const MOST: usize = 500_000;

/// The rows that the ledger refuses.
#[derive(Debug, Default)]
pub(super) struct RefusedRows {
    /// Each with everything that is wrong with it.
    pub(super) rows: BTreeMap<RowPlace, String>,
    /// The numbers of the commands that are left out.
    pub(super) leave_out: BTreeSet<u64>,
    /// The number of rows left out; several may be cells of one line.
    pub(super) count: u64,
}

/// The outcome of a stage.
pub(super) enum StageOutcome {
    /// It was recorded; or checked, as it would be.
    Append(Box<StagedAppend>),
    /// The ledger refuses all of it: nothing is left to record.
    Nothing,
    /// Not all of it can be recorded, and all of it was wanted.
    Refused,
}

impl RefusedRows {
    /// Brings a stage to its goal, without the rows that do not fit the record.
    pub(super) async fn settle(
        &mut self,
        staging: &mut StageUpload<'_, impl Ask>,
        gathered: &RowsSummary,
        wanted: StageGoal,
    ) -> Result<StageOutcome, CommandFailure> {
        loop {
            if wanted != StageGoal::Check {
                let committed = staging.commit(&self.numbers(), &gathered.known.claims).await?;
                if let Some(append) = committed {
                    return Ok(StageOutcome::Append(Box::new(append)));
                }
            }
            loop {
                let checked = staging.misfits(&self.numbers()).await?;
                if checked.violation_count == 0 {
                    match wanted {
                        StageGoal::Check => {
                            return Ok(StageOutcome::Append(Box::new(checked.append.unwrap_or_default())));
                        }
                        StageGoal::RecordAll if self.count > 0 => return Ok(StageOutcome::Refused),
                        StageGoal::Record | StageGoal::RecordAll => break,
                    }
                }
                if !self.take(&checked, &gathered.places)? {
                    return Ok(if wanted == StageGoal::RecordAll {
                        StageOutcome::Refused
                    } else {
                        StageOutcome::Nothing
                    });
                }
            }
        }
    }

    fn numbers(&self) -> Vec<u64> {
        self.leave_out.iter().copied().collect()
    }

    /// Leaves out what does not fit; false where nothing is left.
    fn take(&mut self, checked: &CommitStageResponse, places: &Places) -> Result<bool, CommandFailure> {
        let before = self.leave_out.len();
        for violation in &checked.violations {
            if !violation.field.starts_with("commands[") {
                return Ok(false);
            }
            self.leave(violation, places);
        }
        if self.leave_out.len() == before || self.rows.len() > MOST {
            let told = checked.violations.iter().map(|of| format!("{}: {}", of.field, of.description));
            let count = checked.violation_count;
            let first = told.take(3).collect::<Vec<_>>().join("; ");
            return Err(CommandFailure::Rejected(format!(
                "the ledger refuses it in {count} places, the first: {first}"
            )));
        }
        Ok(true)
    }

    fn leave(&mut self, violation: &StageViolation, places: &Places) {
        let StageViolation { command, field, description } = violation;
        let (_, path) = field.split_once("].").unwrap_or_default();
        let (verb, path) = path.split_once('.').unwrap_or_default();
        let origin = places.origin(*command);
        if !verb.contains("_claim") {
            self.leave_out.insert(*command);
            // At the id of what is registered, only that it is there already can be wrong.
            if !matches!((verb, path), ("register_party", "party.party_id") | ("register_source", "source.source_id")) {
                let place = origin.map(|origin| format!("{}:{}: ", origin.row.file, origin.row.line));
                notice(&format!("{}not registered: {path}: {description}", place.unwrap_or_default()));
            }
            return;
        }
        // A refused row may be the end of a claim that would be confirmed.
        self.leave_out.extend(places.confirmation());
        let Some(origin) = origin else {
            self.leave_out.insert(*command);
            notice(&format!("what no row says is not recorded: {verb}.{path}: {description}"));
            return;
        };
        if self.leave_out.insert(origin.commands.start) {
            self.count += 1;
        }
        self.leave_out.extend(origin.commands);
        let reasons = self.rows.entry(origin.row).or_default();
        let reason = format!("the ledger refuses {path}: {description}");
        if reasons.is_empty() {
            *reasons = reason;
        } else if !reasons.contains(&reason) {
            *reasons = format!("{reasons}; {reason}");
        }
    }
}

/// The goal of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StageGoal {
    /// All that fits of it is to be recorded.
    Record,
    /// All rows of it are to be recorded, or nothing.
    RecordAll,
    /// The misfits are to be found, and nothing is recorded.
    Check,
}

/// Returns the number of events of a kind in an append.
pub(super) fn event_count(append: &v1::StagedAppend, event: &str) -> u64 {
    append.counts.iter().find(|count| count.event == event).map(|count| count.count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_ingest::pipeline::Places;

    fn violation(command: u64, path: &str, description: &str) -> StageViolation {
        StageViolation { command, field: format!("commands[{command}].{path}"), description: description.to_owned() }
    }

    fn places() -> Places {
        let mut places = Places::default();
        places.note("a.csv", 2, 1, true);
        places.note("a.csv", 2, 2, false);
        places.note("a.csv", 3, 2, false);
        places
    }

    #[test]
    fn a_row_is_left_out_as_a_whole_with_all_that_is_wrong_and_without_its_registrations() {
        let mut refused = RefusedRows::default();
        for violation in [
            violation(2, "assert_claim.claim.valid_to", "too early"),
            violation(1, "assert_claim.claim.claim_id", "recorded already"),
            violation(7, "retract_claim.claim_id", "retracted already"),
        ] {
            refused.leave(&violation, &places());
        }
        assert_eq!(refused.numbers(), [1, 2, 7]);
        let told: Vec<_> = refused.rows.iter().map(|(place, why)| (place.line, why.as_str())).collect();
        let why = "the ledger refuses claim.valid_to: too early; the ledger refuses claim.claim_id: recorded already";
        assert_eq!((told, refused.count), (vec![(2, why)], 1));
    }

    #[test]
    fn what_somebody_registered_meanwhile_is_left_out_without_a_word() {
        let mut refused = RefusedRows::default();
        refused.leave(
            &violation(0, "register_party.party.party_id", "this party is registered already; revise it"),
            &places(),
        );
        assert_eq!((refused.numbers(), refused.rows.len()), (vec![0], 0));
    }

    #[test]
    fn where_nothing_is_left_or_it_is_no_command_that_is_wrong_it_ends() {
        let mut refused = RefusedRows::default();
        let of = |violations: Vec<StageViolation>| CommitStageResponse {
            violation_count: violations.len() as u64,
            violations,
            ..CommitStageResponse::default()
        };
        let nothing = StageViolation { field: "commands".to_owned(), ..StageViolation::default() };
        assert!(!refused.take(&of(vec![nothing]), &places()).unwrap());
        let same = of(vec![violation(3, "assert_claim.claim.kind", "no")]);
        assert!(refused.take(&same, &places()).unwrap());
        assert!(refused.take(&same, &places()).is_err(), "what is left out already cannot be wrong again");
    }
}
