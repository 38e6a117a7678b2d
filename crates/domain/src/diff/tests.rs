//! Net changes of small histories.

use super::*;
use crate::bound::Bound;
use crate::claim::{Citation, Code, ExternalId, Time};
use crate::edtf::parse_valid;
use crate::name::{ClaimId, SourceId, Word};
use crate::vocabulary::Modality;
use ChangeReason::{
    Confirmation, Correction, Dispute, LateReport, New, PrecisionRefined, Reinstatement, Resolution, Retraction,
    TimePassed, WorldChange,
};
use proptest::prelude::*;
use uuid::Uuid;

fn claim(valid: &str, place: &str) -> Claim {
    let (from, to) = parse_valid(valid).unwrap();
    Claim {
        id: ClaimId(Uuid::from_u128(1)),
        kind: Word::parse("agreement").unwrap(),
        time: Time::State(from, to),
        texts: Vec::new(),
        parties: Vec::new(),
        relationships: Vec::new(),
        as_of: None,
        refers_to: None,
        attribution: Vec::new(),
        modality: Modality::Asserted,
        polarity: None,
        status: None,
        due: None,
        quantities: Vec::new(),
        place: place.into(),
        codes: Vec::new(),
        sources: Vec::new(),
        links: Vec::new(),
        external_ids: Vec::new(),
        labels: Vec::new(),
    }
}

fn saying(made_by: ChangeReason, valid: &str, place: &str) -> Revision {
    let content = claim(valid, place);
    let (from, to) = content.time.bounds().unwrap();
    let validity = Some(ValidTime::resolve(from, to, None).unwrap());
    Revision { made_by, content: Arc::new(content), retracted: None, dispute: None, validity }
}

fn assertion() -> Revision {
    saying(New, "2025/..", "Baku")
}

fn revision(made_by: ChangeReason, place: &str) -> Revision {
    saying(made_by, "2025/..", place)
}

fn retraction(made_by: ChangeReason, of: &Revision) -> Revision {
    Revision { made_by, retracted: Some(RetractionReason::Wrong), ..of.clone() }
}

fn dispute(made_by: ChangeReason, dispute: u128) -> Revision {
    Revision { made_by, dispute: Some((DisputeId(Uuid::from_u128(dispute)), made_by == Dispute)), ..assertion() }
}

fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

fn between(from: &str, to: &str) -> DiffQuestion {
    DiffQuestion { dates: Some(Dates { from: period(from), to: period(to), mode: None }), known_by: None }
}

const CLAIMS: DiffQuestion = DiffQuestion { dates: None, known_by: None };

/// The reason, the fields and the causes of a change; none where there is none.
type ChangeSummary = Option<(ChangeReason, Vec<&'static str>, Vec<(usize, ChangeReason)>)>;

fn summary(before: Option<&Revision>, since: &[Revision], question: &DiffQuestion) -> ChangeSummary {
    let change = compare(before, since, question)?;
    let causes = change.causes.iter().map(|cause| (cause.nth, cause.reason)).collect();
    Some((change.reason, change.fields, causes))
}

#[test]
fn what_was_undone_in_between_is_no_change() {
    let before = assertion();
    let reinstated = Revision { made_by: Reinstatement, ..before.clone() };
    assert_eq!(summary(Some(&before), &[retraction(Retraction, &before), reinstated], &CLAIMS), None);
    let there_and_back = [revision(Correction, "Moscow"), revision(Correction, "Baku")];
    assert_eq!(summary(Some(&before), &there_and_back, &CLAIMS), None);
    assert_eq!(summary(Some(&before), &[dispute(Dispute, 1), dispute(Resolution, 1)], &CLAIMS), None);
    assert_eq!(summary(None, &[assertion(), retraction(Retraction, &before)], &CLAIMS), None);
    assert_eq!(summary(Some(&before), &[], &CLAIMS), None);
    assert_eq!(summary(None, &[], &CLAIMS), None);
}

#[test]
fn only_events_with_a_lasting_effect_are_causes_and_the_last_of_them_is_the_reason() {
    let before = assertion();
    let since = [
        revision(Correction, "Moscow"),
        retraction(Retraction, &revision(Correction, "Moscow")),
        revision(Reinstatement, "Moscow"),
        saying(PrecisionRefined, "2025-02/..", "Moscow"),
        Revision { made_by: Confirmation, ..saying(PrecisionRefined, "2025-02/..", "Moscow") },
    ];
    let expected = (PrecisionRefined, vec!["valid_from", "place"], vec![(0, Correction), (3, PrecisionRefined)]);
    assert_eq!(summary(Some(&before), &since, &CLAIMS), Some(expected));
    let retracted = [since.as_slice(), &[retraction(Retraction, &since[4])]].concat();
    let (reason, fields, _) = summary(Some(&before), &retracted, &CLAIMS).unwrap();
    assert_eq!((reason, fields), (Retraction, vec!["valid_from", "place", "retraction"]));
}

#[test]
fn that_one_dispute_ended_does_not_undo_another() {
    let since = [dispute(Dispute, 1), dispute(Dispute, 2), dispute(Resolution, 1)];
    assert_eq!(summary(Some(&assertion()), &since, &CLAIMS), Some((Dispute, vec!["disputes"], vec![(1, Dispute)])));
    let changed = summary(Some(&dispute(Dispute, 1)), &[dispute(Resolution, 1)], &CLAIMS);
    assert_eq!(changed, Some((Resolution, vec!["disputes"], vec![(0, Resolution)])));
}

#[test]
fn a_claim_that_the_earlier_side_lacks_is_new_whatever_came_after() {
    let since = [assertion(), revision(Correction, "Moscow")];
    assert_eq!(summary(None, &since, &CLAIMS), Some((New, vec![], vec![(0, New), (1, Correction)])));
    assert_eq!(summary(None, &since, &between("2024", "2025")), Some((New, vec![], vec![(0, New)])));
    assert_eq!(summary(None, &since, &between("2025", "2024")), None);
}

#[test]
fn what_was_over_by_the_earlier_cut_is_a_late_report() {
    let known_by = |day: &str| DiffQuestion { dates: None, known_by: Some(period(day).a) };
    let reason = |valid: &str, day| summary(None, &[saying(New, valid, "")], &known_by(day)).unwrap().0;
    assert_eq!(reason("2025-03", "2025-04-01"), LateReport, "an end is the instant after its day");
    assert_eq!(reason("2025-03", "2025-03-31"), New);
    assert_eq!(reason("2025-03/..", "2026-01-01"), New);
    assert_eq!(summary(None, &[saying(New, "2025-03", "")], &CLAIMS).unwrap().0, New, "nothing says by when");
}

#[test]
fn the_date_alone_can_bring_a_claim_into_the_state_or_out_of_it() {
    let state = saying(New, "2025-03/2025-06", "Baku");
    for (from, to, certainty) in [
        ("2025-02", "2025-04", (None, Some(Certainty::Definite))),
        ("2025-04", "2025-08", (Some(Certainty::Definite), None)),
        ("2025-03-02", "2025-04-01", (Some(Certainty::Possible), Some(Certainty::Definite))),
    ] {
        let change = compare(Some(&state), &[], &between(from, to)).unwrap();
        assert_eq!((change.reason, change.causes.len(), change.fields.len()), (TimePassed, 0, 0));
        assert_eq!((change.sides.certainty_before, change.sides.certainty_after), certainty);
    }
    assert_eq!(compare(Some(&state), &[], &between("2025-04", "2025-05")), None);
}

#[test]
fn that_a_state_was_recorded_as_ended_is_why_it_is_over_though_it_held_at_the_earlier_date() {
    let ended = saying(WorldChange, "2025/2025-10", "Baku");
    let change = summary(Some(&assertion()), std::slice::from_ref(&ended), &between("2025-07", "2025-11"));
    assert_eq!(change, Some((WorldChange, vec!["valid_to"], vec![(0, WorldChange)])));
    // It would have been over anyway: what was recorded of its place is not why.
    let moved = saying(Correction, "2025/2025-10", "Moscow");
    let change = summary(Some(&ended), &[moved], &between("2025-07", "2025-11"));
    assert_eq!(change, Some((TimePassed, vec!["place"], vec![])));
}

#[test]
fn where_both_sides_have_it_what_was_recorded_of_it_outweighs_the_date() {
    let before = saying(New, "2025-03/..", "Baku");
    let moved = saying(Correction, "2025-03/..", "Moscow");
    let change = compare(Some(&before), &[moved], &between("2025-03-02", "2025-05")).unwrap();
    assert_eq!((change.reason, &*change.fields), (Correction, &["place"][..]));
    assert!(change.sides.both() && change.sides.differ());
}

#[test]
fn what_is_not_in_the_state_at_either_date_does_not_matter() {
    let change = summary(Some(&assertion()), &[revision(Correction, "Moscow")], &between("2023", "2024"));
    assert_eq!(change, None);
    let taken_back = retraction(Retraction, &assertion());
    assert_eq!(summary(Some(&taken_back), &[dispute(Dispute, 1)], &between("2023", "2024")), None);
}

fn any_revision() -> impl Strategy<Value = Revision> {
    let valid = prop::sample::select(vec!["2025-01/2025-03", "2025-02/..", "/2025-02", "2025-02-10/2025-04"]);
    let reason = prop::sample::select(vec![Correction, WorldChange, Dispute, Retraction]);
    (valid, prop::sample::select(vec!["Baku", "Moscow"]), reason, any::<bool>()).prop_map(
        |(valid, place, made_by, is_retracted)| {
            let retracted = is_retracted.then_some(RetractionReason::Wrong);
            Revision { retracted, ..saying(made_by, valid, place) }
        },
    )
}

/// Lets each revision begin a dispute, end the oldest one that stands, or neither. The disputes that stand after all.
fn with_disputes(since: &mut [Revision], moves: &[u8], mut standing: Vec<u128>) -> Vec<u128> {
    for ((revision, which), nth) in since.iter_mut().zip(moves).zip(100..) {
        let dispute = |number: u128| DisputeId(Uuid::from_u128(number));
        match which {
            0 => {
                standing.push(nth);
                revision.dispute = Some((dispute(nth), true));
            }
            1 if !standing.is_empty() => revision.dispute = Some((dispute(standing.remove(0)), false)),
            _ => {}
        }
    }
    standing
}

proptest! {
    #[test]
    fn there_is_a_change_exactly_where_the_answers_differ_and_a_cause_exactly_where_time_is_not_it(
        before in prop::option::of(any_revision()),
        mut since in prop::collection::vec(any_revision(), 0..5),
        moves in prop::collection::vec(0_u8..3, 5),
        dates in prop::option::of((0_usize..4, 0_usize..4)),
    ) {
        let standing = before.as_ref().map(|_| vec![1, 2]).unwrap_or_default();
        let standing_after = with_disputes(&mut since, &moves, standing.clone());
        let days = ["2025-01-15", "2025-02", "2025-02-15", "2025-05"];
        let question = dates.map_or(CLAIMS, |(from, to)| between(days[from], days[to]));
        let answer = |revision: Option<&Revision>, date: Option<Period>, disputes: &[u128]| {
            let seen = revision.filter(|r| r.retracted.is_none() || dates.is_none() && before.is_some())?;
            let certainty = date.map(|date| seen.certainty_at(&date, None));
            if certainty == Some(None) { return None; }
            let fields = (seen.content.clone(), seen.retracted, disputes.to_vec());
            Some((certainty, fields))
        };
        let earlier = answer(before.as_ref(), question.dates.map(|dates| dates.from), &standing);
        let later = answer(since.last().or(before.as_ref()), question.dates.map(|dates| dates.to), &standing_after);
        let change = compare(before.as_ref(), &since, &question);
        prop_assert_eq!(change.is_some(), earlier != later, "{:?} {:?}", earlier, later);
        if let Some(change) = change {
            prop_assert_eq!(change.causes.is_empty(), change.reason == TimePassed);
            prop_assert!(change.causes.windows(2).all(|pair| pair[0].nth < pair[1].nth));
            prop_assert!(change.causes.iter().all(|cause| cause.nth < since.len()));
            let last = change.causes.last().map(|cause| cause.reason);
            prop_assert!(before.is_none() || last.is_none_or(|last| last == change.reason));
        }
    }
}

/// A revision that cites a source, fetched at a second, and has an id of a release.
fn of_release(made_by: ChangeReason, place: &str, release: &str, id: &str, fetched: i64) -> Revision {
    let (source, scheme) = (SourceId::parse("panel").unwrap(), "panel".into());
    let citation =
        Citation { source, locator: "".into(), quote: "".into(), retrieved_at: Some((fetched, 0)), granularity: None };
    let external_ids = vec![ExternalId { scheme, id: id.into(), release: release.into() }];
    let content = Arc::new(Claim { sources: vec![citation], external_ids, ..claim("2025/..", place) });
    Revision { content, ..revision(made_by, place) }
}

#[test]
fn the_release_of_an_id_and_the_time_of_fetching_are_no_content() {
    let before = of_release(New, "Baku", "1", "AAA:BBB", 1);
    let later = |place, release, fetched| of_release(WorldChange, place, release, "AAA:BBB", fetched);
    assert_eq!(summary(Some(&before), &[later("Baku", "2", 2)], &CLAIMS), None);
    assert_eq!(summary(Some(&before), &[later("Moscow", "2", 2), later("Baku", "3", 3)], &CLAIMS), None);
    let moved =
        summary(Some(&before), &[later("Baku", "2", 2), later("Moscow", "3", 3), later("Moscow", "4", 4)], &CLAIMS);
    assert_eq!(moved, Some((WorldChange, vec!["place"], vec![(1, WorldChange)])));
    let renamed = summary(Some(&before), &[of_release(Correction, "Baku", "2", "AAA:CCC", 1)], &CLAIMS);
    assert_eq!(renamed, Some((Correction, vec!["external_ids"], vec![(0, Correction)])));
}

#[test]
fn the_order_of_a_list_that_is_a_set_is_no_content() {
    let with = |labels: [&str; 2], codes: [&str; 2], ids: [&str; 2]| {
        let code = |code: &str| Code { scheme: "CAMEO".into(), code: code.into() };
        let id = |id: &str| ExternalId { scheme: "made-up".into(), id: id.into(), release: "1".into() };
        let (codes, external_ids) = (codes.map(code).to_vec(), ids.map(id).to_vec());
        let content =
            Claim { labels: labels.map(Into::into).to_vec(), codes, external_ids, ..(*assertion().content).clone() };
        Revision { content: Arc::new(content), ..assertion() }
    };
    let before = with(["a", "b"], ["01", "02"], ["x", "y"]);
    assert_eq!(changed_fields(&before, &[&with(["b", "a"], ["02", "01"], ["y", "x"])]), [""; 0]);
    let changed = with(["b", "c"], ["02", "03"], ["x", "x"]);
    assert_eq!(changed_fields(&before, &[&changed]), ["codes", "external_ids", "labels"]);
}

#[test]
fn an_open_start_and_an_unknown_one_differ_as_fields() {
    let time = |from| Arc::new(Claim { time: Time::State(from, Bound::Open), ..claim("2025", "") });
    let open = Revision { content: time(Bound::Open), ..assertion() };
    let unknown = Revision { content: time(Bound::Unknown), ..assertion() };
    assert_eq!(changed_fields(&open, &[&unknown]), ["valid_from"]);
}
