//! Claims that end because a later version of their record no longer has them, or because their row says so.

use super::ImportFailure;
use super::sequence::Sequencer;
use crate::claim::MadeClaim;
use crate::day::Day;
use crate::ending::{self, Ending};
use crate::version::Version;
use detente_proto::v1::{self, command::Command};
use uuid::Uuid;

impl Sequencer<'_> {
    /// Returns true if the row has the last version of a claim, or if there are no versions.
    pub(super) fn is_last(&self, id: Uuid) -> bool {
        let versions = self.tools.versions.as_ref().zip(self.version.as_ref());
        versions.is_none_or(|(versions, version)| versions.is_last(id, version))
    }

    /// Ends a claim that a later version of its record no longer has, or that its row says has ended. None for any other.
    pub(super) fn end(&self, made: &mut MadeClaim, id: Uuid, have_ended: bool) -> Option<Ending> {
        let (versions, version) = (self.tools.versions.as_ref()?, self.version.as_ref()?);
        let (by, seen) = if have_ended {
            let by = version.day();
            let recorded = self.known.claims.claim(id);
            let seen = [
                versions.before(&made.record, version).and_then(Version::day),
                recorded.and_then(|claim| Day::parse(&claim.as_of)).filter(|day| Some(day) < by.as_ref()),
                recorded.zip(by.as_ref()).and_then(|(claim, by)| ending::seen_before(claim, by)),
            ];
            (by, seen.into_iter().flatten().max())
        } else {
            let dropped = versions.dropped_by(id, &made.record)?;
            (dropped.day(), version.day())
        };
        let ending = ending::end(&mut made.claim, seen.as_ref(), by.as_ref());
        if ending == Ending::Ended {
            (made.content, made.bytes) = ending::digest(&made.claim, self.tools.dataset);
            made.revised = Some(v1::RevisionKind::WorldChange.into());
        }
        Some(ending)
    }

    /// Ends the recorded claims of which the file has a version of their record without them, and no version with them.
    pub(super) fn end_missing(&mut self) -> Result<(), ImportFailure> {
        let Some(versions) = self.tools.versions.as_ref().filter(|_| self.job.mapping.dataset.record > 0) else {
            return Ok(());
        };
        for id in self.known.claims.vanished_claims() {
            let Some(recorded) = self.known.claims.claim(id) else { continue };
            let own = recorded.external_ids.iter().find(|known| known.scheme == self.tools.dataset);
            let Some(of_record) = own.and_then(|own| versions.of_key(&own.id)) else { continue };
            let seen = Day::parse(&recorded.as_of);
            let is_later = |version: &&Version| version.day().zip(seen.as_ref()).is_none_or(|(day, seen)| day > *seen);
            let Some(by) = of_record.iter().find(is_later) else { continue };
            let mut claim = recorded.clone();
            let ending = ending::end(&mut claim, seen.as_ref(), by.day().as_ref());
            self.known.claims.keep(id);
            match ending {
                Ending::Ended => {
                    self.tally.revised += 1;
                    let (claim_id, valid_to) = (id.to_string(), claim.valid_to);
                    let claim = Some(v1::Claim { claim_id, valid_to, ..v1::Claim::default() });
                    let update_mask = Some(prost_types::FieldMask { paths: vec!["valid_to".to_owned()] });
                    let kind = v1::RevisionKind::WorldChange.into();
                    self.command(Command::ReviseClaim(v1::ReviseClaim { claim, update_mask, kind }), String::new(), 0)?;
                }
                Ending::Before => {}
                Ending::Never => {
                    self.take_back(id, u32::MAX - 1, self.job.retracted)?;
                }
            }
        }
        Ok(())
    }
}
