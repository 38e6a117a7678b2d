//! The stages that an earlier run left. A stage of the very same import is continued if the data set is unchanged, and
//! dropped if not. Stages of other imports of the data set are reported.
//!
//! The first 48 bits of a stage's id follow from all that is imported; its title names the basis that its commands were
//! made against. So the stage is found again whatever was recorded meanwhile, and is continued at that basis.

use super::known_claims::{self, KnownCut};
use super::patient::PatientLedger;
use super::staging::drop_stage;
use crate::cli::export::Ask;
use crate::cli::{CommandFailure, notice};
use detente_proto::v1;

/// The part of an id that follows from the input.
const MARK_BYTES: usize = 6;
/// The words before the basis in a title.
const AT: &str = ", compared at ";

/// All that an import is of, in one number.
#[derive(Clone, Copy, Debug)]
pub(super) struct ImportMark(pub(super) [u8; 16]);

impl ImportMark {
    /// The id of a stage whose commands were made against a cut; `rest` follows from both.
    pub(super) fn id(self, rest: [u8; 16]) -> uuid::Uuid {
        let mut bytes = rest;
        bytes.iter_mut().zip(self.0).take(MARK_BYTES).for_each(|(to, from)| *to = from);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    fn is_of(self, stage: &v1::Stage) -> bool {
        let id = uuid::Uuid::try_parse(&stage.stage_id).unwrap_or_default();
        id.as_bytes().iter().zip(&self.0).take(MARK_BYTES).all(|(one, other)| one == other)
    }
}

/// Returns the title of an import's stage.
pub(super) fn title(dataset: &str, release: &str, cut: &KnownCut) -> String {
    let release = if release.is_empty() { String::new() } else { format!(" {release}") };
    format!("import of {dataset}{release}{AT}{}", cut.basis)
}

fn cut_of(stage: &v1::Stage) -> Option<KnownCut> {
    let (_, basis) = stage.title.rsplit_once(AT)?;
    let (position, _) = basis.split_once('-')?;
    Some(KnownCut { position: position.parse().ok()?, basis: basis.to_owned() })
}

/// The open stages of imports of a data set.
pub(super) async fn of(
    ledger: &mut PatientLedger<'_, impl Ask>,
    dataset: &str,
) -> Result<Vec<v1::Stage>, CommandFailure> {
    let listed = ledger.call(async |ledger| ledger.list_stages(v1::ListStagesRequest {}).await).await?;
    let words = format!("import of {dataset}");
    let is_of = |stage: &v1::Stage| {
        let rest = stage.title.strip_prefix(&words);
        cut_of(stage).is_some() && rest.is_some_and(|rest| rest.starts_with([' ', ',']))
    };
    Ok(listed.stages.into_iter().filter(is_of).collect())
}

/// Returns the basis to continue at, if an earlier run of the same import left a stage that is still good.
pub(super) async fn basis(
    ledger: &mut PatientLedger<'_, impl Ask>,
    dataset: &str,
    mark: ImportMark,
) -> Result<Option<String>, CommandFailure> {
    let mut going_on = None;
    for stage in of(ledger, dataset).await? {
        let Some(cut) = cut_of(&stage).filter(|_| mark.is_of(&stage)) else {
            notice(&format!(
                "an unfinished import is there too: {} ({} commands); `detente stages drop {}` drops it",
                stage.title, stage.next_command, stage.stage_id
            ));
            continue;
        };
        // If two stages are still good, one is enough.
        if going_on.is_some() {
            drop_stage(ledger, &stage.stage_id).await?;
            continue;
        }
        if known_claims::unchanged_since(ledger, dataset, cut.position, |_| true).await?.is_some() {
            going_on = Some(cut.basis);
        } else {
            notice("an earlier run left a stage, and the data set was changed since: beginning anew");
            drop_stage(ledger, &stage.stage_id).await?;
        }
    }
    Ok(going_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_says_what_it_is_of_and_at_which_basis() {
        let cut = KnownCut { position: 12, basis: "12-0f1e".to_owned() };
        let mark = ImportMark([7; 16]);
        let stage_id = mark.id([9; 16]).to_string();
        let stage = v1::Stage { title: title("pacts", "2, new", &cut), stage_id, ..v1::Stage::default() };
        assert_eq!(stage.title, "import of pacts 2, new, compared at 12-0f1e");
        assert_eq!(cut_of(&stage), Some(cut));
        assert!(mark.is_of(&stage) && !ImportMark([8; 16]).is_of(&stage));
    }
}
