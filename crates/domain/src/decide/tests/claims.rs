//! Commands about claims, within one append and after another.

use super::*;
use crate::event::LabelConfirmation;

#[test]
fn later_commands_see_what_earlier_ones_did() {
    let events = shelf().record(vec![
        assert_claim(state(9, "2025")),
        Command::Dispute(id(9), dispute(1)),
        Command::Retract(id(9), RetractionReason::Duplicate),
        Command::Resolve(id(9), dispute_id(1), DisputeOutcome::Upheld),
        Command::Reinstate(id(9)),
        revise(state(9, "2026")),
        Command::Confirm(id(1), date("2025-04")),
        Command::ReviseParty(party("AZE")),
        Command::ReviseParty(party("AZE")),
        Command::WithdrawSource(source_id("gazette")),
        Command::ReviseSource(source("gazette")),
    ]);
    let revisions: Vec<u32> = events.iter().map(|event| event.revision).collect();
    assert_eq!(revisions, [1, 2, 3, 4, 5, 6, 2, 2, 3, 2, 3]);
    assert!(events.iter().all(|event| &*event.note == "why"));
    assert_eq!(
        shelf().wrong(vec![Command::Retract(id(1), RetractionReason::Wrong), revise(state(1, "2025"))]),
        ["commands[1].revise_claim.claim.claim_id"]
    );
}

#[test]
fn a_claim_may_be_linked_to_one_that_comes_later_or_never() {
    let links = vec![Link { link_type: LinkType::After, target: id(77) }];
    assert_eq!(shelf().record(vec![assert_claim(Claim { links, ..state(9, "2025") })]).len(), 1);
}

#[test]
fn a_patch_is_laid_over_the_claim_as_the_append_has_it_so_far() {
    let events = shelf().record(vec![
        revise(state(1, "2026/..")),
        Command::Patch(RevisionKind::Enriched, Box::new(Labelled(id(1)))),
        Command::Patch(RevisionKind::Enriched, Box::new(Labelled(id(1)))),
    ]);
    let last = events[2].change.content().unwrap();
    assert_eq!((last.labels.len(), last.time.clone()), (2, state(1, "2026/..").time));
}

#[test]
fn a_patch_after_a_confirmation_in_the_same_append_keeps_what_was_confirmed() {
    let patch = || Command::Patch(RevisionKind::Enriched, Box::new(Labelled(id(1))));
    let events = shelf().record(vec![Command::Confirm(id(1), date("2025-05")), patch()]);
    assert_eq!(events[1].change.content().unwrap().as_of, Some(date("2025-05")));
    let again = shelf().record(vec![patch(), Command::Confirm(id(1), date("2025-05")), patch()]);
    assert_eq!(again[2].change.content().unwrap().as_of, Some(date("2025-05")));
    let replaced = shelf().record(vec![Command::Confirm(id(1), date("2025-05")), revise(state(1, "2025/..")), patch()]);
    assert_eq!(replaced[2].change.content().unwrap().as_of, None);
}

#[test]
fn to_supersede_ends_the_old_claim_and_links_the_new_one_to_it_once() {
    let link = Link { link_type: LinkType::Supersedes, target: id(1) };
    for links in [Vec::new(), vec![link.clone()]] {
        let successor = Claim { links, ..state(9, "2025-06/..") };
        let decision =
            decide(&shelf(), batch(vec![Command::Supersede(id(1), date("2025-05"), Box::new(successor))])).unwrap();
        assert_eq!(decision.made, [2]);
        let [old, new] = decision.events.as_slice() else { panic!("{decision:?}") };
        assert!(matches!(old.change, Change::ClaimRevised(RevisionKind::WorldChange, _)));
        assert_eq!(old.change.content().unwrap().time.bounds().unwrap().1, &Bound::Known(date("2025-05")));
        assert_eq!(new.change.content().unwrap().links, std::slice::from_ref(&link));
        assert_eq!((old.revision, new.revision), (2, 1));
    }
}

#[test]
fn a_confirmation_may_say_the_same_date_again() {
    assert_eq!(
        shelf().record(vec![Command::Confirm(id(1), date("2025-03-31")), Command::Confirm(id(3), date("2020"))]).len(),
        2
    );
}

#[test]
fn a_label_is_confirmed_no_less_far_than_before_and_leaves_out_what_is_recorded() {
    let confirm = |label: &str, as_of: &str, except: Vec<ClaimId>| {
        Command::ConfirmAll(Box::new(LabelConfirmation {
            label: label.into(),
            as_of: date(as_of),
            except,
            unknown: Vec::new(),
        }))
    };
    let events = shelf().record(vec![
        confirm("a", "2025-03", vec![id(1)]),
        confirm("a", "2025-03-31", Vec::new()),
        confirm("b", "2020", Vec::new()),
    ]);
    assert!(events.iter().all(|event| event.revision == 0 && event.change.claim_id().is_none()), "{events:?}");
    assert_eq!(
        shelf().wrong(vec![confirm("a", "2025-03", vec![id(99)]), confirm("a", "2025-02", Vec::new())]),
        ["commands[0].confirm_claims.except_claim_ids[0]", "commands[1].confirm_claims.as_of"]
    );
}
