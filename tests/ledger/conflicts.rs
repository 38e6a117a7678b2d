//! Conflicts against looking at every pair of claims: random histories, at every cut and asked date, by sort and filter, page
//! by page, and with what is supposed.

use crate::support::ask::one;
use crate::support::home::Home;
use crate::support::make::{assert, dispute, dispute_id, event, id, party_id, period, relationship, state, with, word};
use crate::support::oracle::Known;
use crate::support::random::ASKED;
use crate::support::told::{At, filters, tell};
use detente_domain::certainty::Certainty;
use detente_domain::claim::{Claim, Link};
use detente_domain::command::{Command, Suppositions};
use detente_domain::conflict::{ConflictType, overlap};
use detente_domain::cut::Cut;
use detente_domain::event::Dispute;
use detente_domain::filter::Filter;
use detente_domain::kind::{Kind, KindValue};
use detente_domain::name::ClaimId;
use detente_domain::period::Period;
use detente_domain::vocabulary::{DisputeOutcome, LinkType, Modality, RetractionReason, Status};
use detente_ledger::Ledger;
use detente_ledger::query::conflicts::ConflictsQuery;
use detente_ledger::query::page_size::PageSize;
use detente_ledger::wire::vocabulary::Twin;

/// A conflict in short: its sort, the claims, and what tells it from others.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    conflict_type: ConflictType,
    claim: ClaimId,
    other: Option<ClaimId>,
    dispute: String,
    matter: Option<(String, [String; 2])>,
    certainty: Certainty,
}

/// The question.
#[derive(Clone, Debug)]
struct Asked<'a> {
    filter: &'a Filter,
    valid_at: Option<Period>,
    types: Vec<ConflictType>,
}

/// Asks for all pages, each of the given number of entries.
fn ask(ledger: &Ledger, asked: &Asked<'_>, cut: Cut, supposed: &Suppositions, entries: usize) -> Vec<Row> {
    let mut query = ConflictsQuery {
        filter: asked.filter.clone(),
        valid_at: asked.valid_at,
        types: asked.types.clone(),
        cut,
        supposed: supposed.clone(),
        after: None,
        page: PageSize { entries, bytes: usize::MAX },
    };
    let claim = |claim: &detente_proto::v1::Claim| ClaimId(claim.claim_id.parse().unwrap());
    let mut all = Vec::new();
    loop {
        let found = ledger.conflicts(&query).unwrap();
        assert!(found.conflicts.len() <= entries && (found.next.is_none() || found.conflicts.len() == entries));
        all.extend(found.conflicts.into_iter().map(|found| Row {
            conflict_type: found.conflict_type,
            claim: claim(&found.claim),
            other: found.other.as_ref().map(claim),
            dispute: found.dispute.map(|dispute| dispute.dispute_id).unwrap_or_default(),
            matter: found.matter,
            certainty: found.certainty,
        }));
        query.after = found.next;
        if query.after.is_none() {
            return all;
        }
    }
}

/// A claim that stands, with its place in the order of first recording.
type Placed<'k> = (usize, &'k Known);

/// The order of conflicts: the places of the later and the earlier side, the type, and the rest.
type Key = (usize, Option<usize>, ConflictType, (usize, usize), String);

fn link_to(claim: &Claim, link_type: LinkType, other: &Claim) -> bool {
    claim.links.iter().any(|link| link.link_type == link_type && link.target == other.id)
}

fn links(one: Placed<'_>, two: Placed<'_>) -> Vec<(Key, Row)> {
    let (earlier, later) = (&one.1.content, &two.1.content);
    let contradict = |a, b| link_to(a, LinkType::Contradicts, b);
    if !contradict(earlier, later) && !contradict(later, earlier) {
        return Vec::new();
    }
    let row = Row {
        conflict_type: ConflictType::Link,
        claim: later.id,
        other: Some(earlier.id),
        dispute: String::new(),
        matter: None,
        certainty: Certainty::Definite,
    };
    vec![((two.0, Some(one.0), ConflictType::Link, (0, 0), String::new()), row)]
}

/// The disputes of a claim, each with its counter-claim if that stands.
fn disputes<'k>(at: &'k At, (place, known): Placed<'k>) -> Vec<(Key, Row, Option<Placed<'k>>)> {
    let standing = known.shown.disputes.iter().filter(|dispute| dispute.resolution.is_none());
    let rows = standing.enumerate().map(|(nth, dispute)| {
        let counter = dispute.counter_claim_id.parse().ok().and_then(|id| at.find(ClaimId(id)));
        let counter = counter.filter(|counter| counter.0 != place);
        let (later, earlier) = counter.map_or((place, None), |c| (place.max(c.0), Some(place.min(c.0))));
        let row = Row {
            conflict_type: ConflictType::Dispute,
            claim: known.content.id,
            other: counter.map(|counter| counter.1.content.id),
            dispute: dispute.dispute_id.clone(),
            matter: None,
            certainty: Certainty::Definite,
        };
        ((later, earlier, ConflictType::Dispute, (place, nth), String::new()), row, counter)
    });
    rows.collect()
}

/// The kinds of the histories that can have one value at a time, each with what its value is.
fn single_valued() -> Vec<Command> {
    let kind = |name: &str, value| {
        Command::RegisterKind(Kind {
            kind: word(name),
            description: "".into(),
            single_valued: true,
            value: Some(value),
            scale: Vec::new(),
            promise: false,
        })
    };
    vec![
        kind("post", KindValue::Role(word("actor"))),
        kind("count", KindValue::Quantity(word("persons"))),
        kind("stance", KindValue::Status),
        kind("vow", KindValue::Code("CAMEO".into())),
    ]
}

/// From, to, and the unit of a number.
type Numbers = (f64, f64, String);

/// The value of a claim of such a kind: as it is shown, and its numbers where it is a number.
fn value(claim: &Claim) -> Option<(String, Option<Numbers>)> {
    let words = |mut words: Vec<String>| {
        words.sort();
        words.dedup();
        (!words.is_empty()).then(|| (words.join("-"), None))
    };
    match claim.kind.as_str() {
        "post" => {
            let actors = claim.parties.iter().filter(|party| party.role.as_str() == "actor");
            words(actors.map(|party| party.party.to_string()).collect())
        }
        "vow" => {
            let codes = claim.codes.iter().filter(|code| &*code.scheme == "CAMEO");
            words(codes.map(|code| code.code.to_string()).collect())
        }
        "stance" => claim.status.map(|status| (status.name().replace("STATUS_", ""), None)),
        "count" => {
            let number = claim.quantities.first()?;
            let low = number.value.or(number.low).unwrap_or(f64::MIN);
            let high = number.value.or(number.high).unwrap_or(f64::MAX);
            let end = |end: Option<f64>| end.map(|end| end.to_string()).unwrap_or_default();
            let shown = match number.value {
                Some(value) => value.to_string(),
                None if low == high => low.to_string(),
                None => format!("{}..{}", end(number.low), end(number.high)),
            };
            let shown = if number.unit.is_empty() { shown } else { format!("{shown} {}", number.unit) };
            Some((shown, Some((low, high, number.unit.to_string()))))
        }
        _ => None,
    }
}

/// Two values of one kind on each relationship that both bear on, where they hold together.
fn values(one: Placed<'_>, two: Placed<'_>) -> Vec<(Key, Row)> {
    let (earlier, later) = (&one.1.content, &two.1.content);
    let takes_part = |claim: &Claim| {
        use Modality::{Absent, Denied, Hypothetical, NoInformation};
        !matches!(claim.modality, Denied | Absent | NoInformation | Hypothetical)
    };
    let follow = link_to(earlier, LinkType::Supersedes, later) || link_to(later, LinkType::Supersedes, earlier);
    if earlier.kind != later.kind || follow || !takes_part(earlier) || !takes_part(later) {
        return Vec::new();
    }
    let (Some((was, numbers)), Some((is, other_numbers))) = (value(earlier), value(later)) else { return Vec::new() };
    let differ = match (numbers, other_numbers) {
        (Some((low, high, unit)), Some((other_low, other_high, other_unit))) => {
            unit == other_unit && !(low <= other_high && other_low <= high)
        }
        _ => was != is,
    };
    let (Some(a), Some(b)) = (one.1.valid(), two.1.valid()) else { return Vec::new() };
    let Some(certainty) = overlap(&a, &b) else { return Vec::new() };
    let shared = earlier.relationships.iter().filter(|id| differ && later.relationships.contains(id));
    let rows = shared.map(|relationship| {
        let row = Row {
            conflict_type: ConflictType::SingleValued,
            claim: later.id,
            other: Some(earlier.id),
            dispute: String::new(),
            matter: Some((relationship.to_string(), [is.clone(), was.clone()])),
            certainty,
        };
        ((two.0, Some(one.0), ConflictType::SingleValued, (0, 0), relationship.to_string()), row)
    });
    rows.collect()
}

/// Every pair of claims, looked at.
fn by_pairs(at: &At, asked: &Asked<'_>) -> Vec<Row> {
    let matches = |known: &Known| asked.filter.matches(&known.content, known.at.recorded_at);
    let touches =
        |known: &Known| asked.valid_at.is_none_or(|at| known.valid().is_some_and(|valid| valid.may_touch(&at)));
    let standing: Vec<Placed<'_>> = at.standing().into_iter().filter(|(_, known)| touches(known)).collect();
    let mut rows: Vec<(Key, Row)> = Vec::new();
    for (nth, two) in standing.iter().enumerate() {
        for (key, row, counter) in disputes(at, *two) {
            let counter = counter.map(|counter| counter.1);
            if (matches(two.1) || counter.is_some_and(matches)) && counter.is_none_or(touches) {
                rows.push((key, row));
            }
        }
        for one in standing[..nth].iter().filter(|one| matches(one.1) || matches(two.1)) {
            rows.extend(links(*one, *two));
            rows.extend(values(*one, *two));
        }
    }
    rows.retain(|(_, row)| asked.types.is_empty() || asked.types.contains(&row.conflict_type));
    rows.sort_by(|one, two| one.0.cmp(&two.0));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The questions that are put at every cut: of each filter, at no date and at each, each sort and all.
fn questions(filters: &[Filter]) -> Vec<Asked<'_>> {
    let dates = || std::iter::once(None).chain(ASKED.iter().map(|asked| Some(period(asked))));
    let all = filters.iter().flat_map(|filter| dates().map(move |valid_at| Asked { filter, valid_at, types: vec![] }));
    let some = [vec![ConflictType::Link], vec![ConflictType::Dispute], vec![ConflictType::SingleValued]];
    let sorts = some.into_iter().map(|types| Asked { filter: &filters[0], valid_at: None, types });
    all.chain(sorts).collect()
}

/// Returns true if a filter has a recorded time, which tells suppositions from the record.
fn asks_when(filter: &Filter) -> bool {
    filter.items.iter().any(|item| item.recorded_from.or(item.recorded_before).is_some())
}

#[test]
fn conflicts_are_what_looking_at_every_pair_finds_at_every_cut_and_date() {
    let mut counts = [0; 3];
    let mut compared = 0;
    for seed in 0..10 {
        let told = tell(seed, 30, single_valued());
        let (cuts, filters) = (told.cuts(), filters(seed));
        for (nth, at) in cuts.iter().enumerate() {
            for (of, asked) in questions(&filters).iter().enumerate() {
                let expected = by_pairs(at, asked);
                let entries = [1, 3, 100][(of + nth) % 3];
                let got = ask(&told.home.ledger, asked, at.cut(), &Suppositions::default(), entries);
                assert_eq!(got, expected, "seed {seed}, cut {nth}: {asked:?}");
                if let Some(next) = cuts.get(nth + 1).filter(|_| of % 5 == 0 && !asks_when(asked.filter)) {
                    let supposed = ask(&told.home.ledger, asked, at.cut(), &at.next, 100);
                    assert_eq!(supposed, by_pairs(next, asked), "seed {seed}, supposed at {nth}: {asked:?}");
                }
                compared += 1;
                expected.iter().for_each(|row| counts[row.conflict_type as usize] += 1);
            }
        }
    }
    println!("{compared} answers compared: {counts:?} conflicts by link, dispute and value");
    assert!(counts.iter().all(|count| *count > 1000), "{counts:?}");
}

fn now(home: &Home, filter: &Filter) -> Vec<(ConflictType, ClaimId, Option<ClaimId>)> {
    let asked = Asked { filter, valid_at: None, types: Vec::new() };
    let rows = ask(&home.ledger, &asked, Cut::Head, &Suppositions::default(), 100);
    rows.into_iter().map(|row| (row.conflict_type, row.claim, row.other)).collect()
}

fn contradicts(target: u128) -> impl FnOnce(&mut Claim) {
    move |claim| claim.links = vec![Link { link_type: LinkType::Contradicts, target: id(target) }]
}

#[test]
fn a_retracted_claim_is_in_no_conflict_until_it_is_reinstated() {
    let home = Home::in_memory().with_registrations();
    let any = Filter::default();
    home.record([assert(with(state(1, "2024/2026"), contradicts(2)))]);
    assert_eq!(now(&home, &any), [], "the other is not recorded yet");
    home.record([assert(with(event(2, "2025"), contradicts(1)))]);
    let both = [(ConflictType::Link, id(2), Some(id(1)))];
    assert_eq!(now(&home, &any), both, "one conflict, though each says so");
    home.record([Command::Retract(id(1), RetractionReason::Wrong)]);
    assert_eq!(now(&home, &any), []);
    home.record([Command::Reinstate(id(1))]);
    assert_eq!(now(&home, &any), both);
}

#[test]
fn a_dispute_is_a_conflict_while_it_stands_and_is_found_by_its_counter_claim() {
    let home = Home::in_memory().with_registrations();
    home.record([assert(event(1, "2025")), assert(event(2, "2025"))]);
    home.record([Command::Dispute(id(1), Dispute { counter_claim: Some(id(2)), ..dispute(7) })]);
    home.record([Command::Dispute(id(1), dispute(8))]);
    let of = |claim: u128| one(detente_domain::filter::FilterItem { claim_ids: vec![id(claim)], ..Default::default() });
    let (alone, counted) = ((ConflictType::Dispute, id(1), None), (ConflictType::Dispute, id(1), Some(id(2))));
    assert_eq!((now(&home, &of(1)), now(&home, &of(2))), (vec![alone, counted], vec![counted]));
    home.record([Command::Retract(id(2), RetractionReason::Wrong)]);
    assert_eq!(
        (now(&home, &of(1)), now(&home, &of(2))),
        (vec![alone, alone], vec![]),
        "the dispute stands all the same"
    );
    home.record([Command::Resolve(id(1), dispute_id(8), DisputeOutcome::Upheld)]);
    assert_eq!(now(&home, &of(1)), [alone]);
    home.record([Command::Retract(id(1), RetractionReason::Wrong)]);
    assert_eq!(now(&home, &of(1)), []);
}

fn stance(number: u128, valid: &str, status: Status) -> Claim {
    with(state(number, valid), |claim| {
        claim.kind = word("stance");
        claim.status = Some(status);
    })
}

fn by_value(home: &Home, cut: Cut) -> Vec<(ClaimId, Option<ClaimId>, Certainty)> {
    let any = Filter::default();
    let asked = Asked { filter: &any, valid_at: None, types: vec![ConflictType::SingleValued] };
    let rows = ask(&home.ledger, &asked, cut, &Suppositions::default(), 100);
    rows.into_iter().map(|row| (row.claim, row.other, row.certainty)).collect()
}

#[test]
fn values_that_follow_one_another_are_succession_and_values_that_overlap_are_a_conflict() {
    let home = Home::in_memory().with_registrations();
    home.record(single_valued());
    home.record([assert(stance(1, "2024-01-01/2024-12-31", Status::Signed))]);
    home.record([assert(stance(2, "2025-01-01/2025-06-15", Status::InForce))]);
    home.record([assert(stance(3, "2025-01-01/2025-06-15", Status::InForce))]);
    assert_eq!(by_value(&home, Cut::Head), [], "one after the other, and the same once more");
    home.record([assert(stance(4, "2025-06/2025-12", Status::Terminated))]);
    let perhaps = [(id(4), Some(id(2)), Certainty::Possible), (id(4), Some(id(3)), Certainty::Possible)];
    assert_eq!(by_value(&home, Cut::Head), perhaps, "it may begin in June before the others end, or after");
    let takes_over = with(stance(5, "2025-06-01/..", Status::Suspended), |claim| {
        claim.links = [2, 3, 4].map(|target| Link { link_type: LinkType::Supersedes, target: id(target) }).into();
    });
    home.record([assert(takes_over)]);
    assert_eq!(by_value(&home, Cut::Head), perhaps, "what says that it takes the place of others contradicts none");
    home.record([assert(with(stance(6, "2024-06-01", Status::Rejected), |claim| claim.modality = Modality::Denied))]);
    assert_eq!(by_value(&home, Cut::Head), perhaps, "a denial is not another value");
    let before = home.ledger.head().position();
    home.record([assert(stance(7, "2024-06-01/2024-06-02", Status::Rejected))]);
    assert_eq!(by_value(&home, Cut::Head)[2..], [(id(7), Some(id(1)), Certainty::Definite)]);
    home.record([Command::Retract(id(1), RetractionReason::Wrong)]);
    assert_eq!(by_value(&home, Cut::Head), perhaps);
    assert_eq!(by_value(&home, Cut::At(before)), perhaps);
}

#[test]
fn a_handover_on_one_day_is_a_possible_conflict_and_two_shared_days_are_a_definite_one() {
    let home = Home::in_memory().with_registrations();
    home.record(single_valued());
    home.record([assert(stance(1, "2024-01-01/2024-06-15", Status::Signed))]);
    home.record([assert(stance(2, "2024-06-15/2024-12-31", Status::InForce))]);
    let handover = (id(2), Some(id(1)), Certainty::Possible);
    assert_eq!(by_value(&home, Cut::Head), [handover]);
    home.record([assert(stance(3, "2024-12-30/..", Status::Suspended))]);
    assert_eq!(by_value(&home, Cut::Head), [handover, (id(3), Some(id(2)), Certainty::Definite)]);
}

#[test]
fn a_kind_rules_from_when_it_is_registered_and_parties_that_are_merged_have_one_relationship() {
    let home = Home::in_memory().with_registrations();
    home.record([
        assert(stance(1, "2025", Status::Signed)),
        assert(stance(2, "2025-01-01/2025-12-31", Status::InForce)),
    ]);
    let before = home.ledger.head().position();
    home.record(single_valued());
    let definite = (id(2), Some(id(1)), Certainty::Definite);
    assert_eq!((by_value(&home, Cut::At(before)), by_value(&home, Cut::Head)), (vec![], vec![definite]));
    let elsewhere = with(stance(3, "2025-03-01/2025-03-31", Status::Suspended), |claim| {
        claim.relationships = vec![relationship("AZE-TUR")];
    });
    home.record([assert(elsewhere)]);
    assert_eq!(by_value(&home, Cut::Head), [definite]);
    home.record([Command::MergeParties(party_id("TUR"), party_id("RUS"))]);
    let rows = by_value(&home, Cut::Head);
    assert_eq!(
        rows.iter().map(|row| (row.0, row.1)).collect::<Vec<_>>(),
        [(id(2), Some(id(1))), (id(3), Some(id(1))), (id(3), Some(id(2))),]
    );
    let turkish =
        one(detente_domain::filter::FilterItem { relationships: vec![relationship("AZE-TUR")], ..Default::default() });
    assert_eq!(now(&home, &turkish).len(), 3, "the relationship of the merged party is that of the survivor");
}
