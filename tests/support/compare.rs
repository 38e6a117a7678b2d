//! Asks a ledger and the model the same, everywhere.

use super::ask;
use super::make::{batch_if, party_id, period};
use super::oracle::{EVERYONE, Known, Meaning, Oracle, rewrite, shown_event, state_of, survivor};
use super::random::ASKED;
use detente_domain::certainty::Mode;
use detente_domain::command::Precondition;
use detente_domain::cut::{Basis, Cut};
use detente_domain::emptiness::Emptiness;
use detente_domain::event::Change;
use detente_domain::filter::Filter;
use detente_domain::name::{ClaimId, PartyId};
use detente_domain::party::Party;
use detente_domain::position::{Position, RecordedAt};
use detente_ledger::Ledger;
use detente_ledger::error::QueryError;
use detente_ledger::query::events::Start;
use detente_ledger::query::parties::PartiesQuery;
use detente_ledger::query::registry::RegistryQuery;
use detente_ledger::wire::kind::{render_kind, render_scheme};
use detente_ledger::wire::party::render_party;
use detente_ledger::wire::source::render_source;
use detente_ledger::write::append::AppendRequest;
use detente_proto::v1;
use std::collections::{BTreeMap, BTreeSet};

const MODES: [Option<Mode>; 4] = [None, Some(Mode::HoldsAt), Some(Mode::OccurredBy), Some(Mode::OccurredIn)];

/// Every question at every point of the grid: every cut, however it is named; every asked date, in every mode; every
/// filter. Returns how many answers were compared.
pub(crate) fn everywhere(ledger: &Ledger, oracle: &Oracle, filters: &[Filter]) -> usize {
    cuts(ledger, oracle) + at_every_cut(ledger, oracle, filters, &ASKED) + readings(ledger, oracle, filters)
}

/// Every question at every cut.
pub(crate) fn at_every_cut(ledger: &Ledger, oracle: &Oracle, filters: &[Filter], asked: &[&str]) -> usize {
    let mut compared = 0;
    let genesis = (Position::START, Cut::At(Position::START));
    let ends = oracle.appends.iter().map(|append| (append.basis.position, Cut::Basis(append.basis)));
    for (position, cut) in std::iter::once(genesis).chain(ends) {
        let histories = oracle.histories(position);
        let known: Vec<Known> = histories.iter().map(|history| history.last().unwrap().clone()).collect();
        for filter in filters {
            let meaning = Meaning::new(filter, oracle.merges(position));
            let meant = known.iter().filter(|k| meaning.admits(&k.content, k.at.recorded_at)).map(|k| k.at.position);
            let meant: BTreeSet<Position> = meant.collect();
            let means = |k: &Known| meant.contains(&k.at.position);
            compared += states(ledger, &known, filter, &means, cut, asked);
            compared += lists(ledger, &known, filter, &means, cut);
        }
        compared += histories_of(ledger, &histories, cut);
        compared += registries(ledger, oracle, &known, position, cut);
    }
    compared
}

/// Every instant from before the first append to after the last means the appends recorded by then, and every position
/// that ends no append is refused.
fn cuts(ledger: &Ledger, oracle: &Oracle) -> usize {
    let ends: Vec<Position> = oracle.appends.iter().map(|append| append.basis.position).collect();
    for position in 0..=oracle.head().0 {
        let expected = position == 0 || ends.contains(&Position(position));
        let got = ask::state(ledger, &Filter::default(), period("2025"), None, Cut::At(Position(position)), false);
        match got {
            Ok(state) => assert!(expected && state.basis.position.0 == position),
            Err(QueryError::CutInsideAppend { before, after }) => {
                assert!(!expected && before.0 < position && position < after.0);
                assert!(ends.contains(&after) && (before.0 == 0 || ends.contains(&before)));
            }
            Err(error) => panic!("{error}"),
        }
    }
    let first = oracle.appends[0].recorded_at.0;
    let last = oracle.appends.last().unwrap().recorded_at.0;
    for instant in (first - 1..=last).map(RecordedAt) {
        let known = oracle.appends.iter().take_while(|append| append.recorded_at <= instant).last();
        let expected = known.map_or(Basis { position: Position::START, mark: [0; 8] }, |append| append.basis);
        let got = ask::state(ledger, &Filter::default(), period("2025"), None, Cut::KnownAt(instant), false).unwrap();
        assert_eq!(got.basis, expected, "known at {instant:?}");
    }
    oracle.head().0 as usize + (last - first) as usize
}

fn states(
    ledger: &Ledger,
    known: &[Known],
    filter: &Filter,
    means: &dyn Fn(&Known) -> bool,
    cut: Cut,
    asked: &[&str],
) -> usize {
    let points = asked.len() * MODES.len() * 2;
    for (asked, mode) in asked.iter().flat_map(|asked| MODES.map(|mode| (*asked, mode))) {
        for retracted in [false, true] {
            let (rows, emptiness) = state_of(known, means, &period(asked), mode, retracted);
            let got = ask::state(ledger, filter, period(asked), mode, cut, retracted).unwrap();
            let place = || format!("{asked} {mode:?} {cut:?} retracted {retracted} {filter:?}");
            assert_eq!(got.emptiness, emptiness, "{}", place());
            assert_eq!(got.matches.len(), rows.len(), "{}", place());
            for ((claim, certainty), (row, expected)) in got.matches.iter().zip(&rows) {
                assert_eq!((claim, certainty), (&row.shown, expected), "{}", place());
            }
            let absent = matches!(emptiness, Emptiness::RecordedAbsence(_));
            let absences: Vec<ClaimId> = rows.iter().filter(|_| absent).map(|(row, _)| row.content.id).collect();
            assert_eq!(got.absences, absences, "{}", place());
        }
    }
    points
}

fn lists(ledger: &Ledger, known: &[Known], filter: &Filter, means: &dyn Fn(&Known) -> bool, cut: Cut) -> usize {
    for (retracted, newest_first, entries) in [(false, false, 100), (true, false, 3), (true, true, 2), (false, true, 1)]
    {
        let matching = known.iter().filter(|k| means(k));
        let wanted = matching.filter(|k| retracted || k.shown.retraction.is_none());
        let mut expected: Vec<&v1::Claim> = wanted.map(|k| &k.shown).collect();
        if newest_first {
            expected.reverse();
        }
        let got = ask::claims(ledger, filter, cut, (retracted, newest_first), entries);
        assert_eq!(got.iter().collect::<Vec<_>>(), expected, "{cut:?} {filter:?}");
    }
    4
}

fn histories_of(ledger: &Ledger, histories: &[Vec<Known>], cut: Cut) -> usize {
    for history in histories {
        let id = history[0].content.id;
        assert_eq!(ask::claim(ledger, id, cut).unwrap(), history.last().unwrap().shown);
        let mut got = ask::revisions(ledger, id, cut, false, 2).unwrap();
        let before = std::iter::once(None).chain(history.iter().map(|known| Some(known.shown.clone())));
        let expected: Vec<ask::Revision> =
            history.iter().zip(before).map(|(known, before)| (known.made_by, known.shown.clone(), before)).collect();
        assert_eq!(got, expected);
        got.reverse();
        assert_eq!(ask::revisions(ledger, id, cut, true, 3).unwrap(), got);
    }
    let unknown = ClaimId(uuid::Uuid::from_u128(u128::MAX));
    assert!(matches!(ask::claim(ledger, unknown, cut), Err(QueryError::ClaimNotFound(id)) if id == unknown));
    assert!(matches!(ask::revisions(ledger, unknown, cut, false, 1), Err(QueryError::ClaimNotFound(_))));
    histories.len() * 3
}

fn registries(ledger: &Ledger, oracle: &Oracle, known: &[Known], position: Position, cut: Cut) -> usize {
    let mut sources = BTreeMap::<String, (v1::Source, u32, bool)>::new();
    let (mut kinds, mut schemes) = (BTreeMap::new(), BTreeMap::new());
    for (_, event) in oracle.log(position) {
        match &event.change {
            Change::SourceRegistered(source) | Change::SourceRevised(source) => {
                let withdrawn = sources.get(source.id.as_str()).is_some_and(|(_, _, withdrawn)| *withdrawn);
                sources.insert(source.id.to_string(), (render_source(source), event.revision, withdrawn));
            }
            Change::SourceWithdrawn(id) => {
                let known = sources.get_mut(id.as_str()).unwrap();
                (known.1, known.2) = (event.revision, true);
            }
            Change::KindRegistered(kind) | Change::KindRevised(kind) => {
                kinds.insert(kind.kind.clone(), (render_kind(kind), event.revision));
            }
            Change::SchemeRegistered(scheme) | Change::SchemeRevised(scheme) => {
                schemes.insert(scheme.scheme.clone(), (render_scheme(scheme), event.revision));
            }
            _ => {}
        }
    }
    let query = RegistryQuery { cut, entries: 100, ..RegistryQuery::default() };
    let got = ledger.sources(&query).unwrap().entries.into_iter();
    let got: Vec<_> = got.map(|entry| (entry.message, entry.revision, entry.withdrawn)).collect();
    assert_eq!(got, sources.into_values().collect::<Vec<_>>());
    let got = ledger.kinds(&query).unwrap().entries.into_iter();
    assert_eq!(got.map(|e| (e.message, e.revision)).collect::<Vec<_>>(), kinds.into_values().collect::<Vec<_>>());
    let got = ledger.schemes(&query).unwrap().entries.into_iter();
    assert_eq!(got.map(|e| (e.message, e.revision)).collect::<Vec<_>>(), schemes.into_values().collect::<Vec<_>>());
    parties(ledger, oracle, position, cut);
    for party in ["", "ARM", "RUS"] {
        relationships(ledger, oracle, known, position, cut, party);
    }
    7 + EVERYONE.len()
}

/// Lists of parties: page after page, by every id, by names of one and of another.
fn parties(ledger: &Ledger, oracle: &Oracle, position: Position, cut: Cut) {
    let mut revisions = BTreeMap::<PartyId, (Party, u32)>::new();
    for (_, event) in oracle.log(position) {
        match &event.change {
            Change::PartyRegistered(party) | Change::PartyRevised(party) => {
                revisions.insert(party.id.clone(), (party.clone(), event.revision));
            }
            Change::PartiesMerged(merged, _) | Change::PartiesUnmerged(merged) => {
                revisions.get_mut(merged).unwrap().1 = event.revision;
            }
            _ => {}
        }
    }
    let merges = oracle.merges(position);
    let survivor = |id: &PartyId| survivor(&merges, id);
    let told = |id: &PartyId| {
        let (party, revision) = &revisions[id];
        let mut message = render_party(party);
        if merges.contains_key(id) {
            message.merged_into = survivor(id).to_string();
        } else {
            let merged = merges.keys().filter(|merged| survivor(merged) == *id);
            message.merged_party_ids = merged.map(ToString::to_string).collect();
        }
        (message, *revision)
    };
    let unmerged = |word: &str| -> BTreeSet<PartyId> {
        let named = revisions.values().filter(|(party, _)| {
            word.is_empty() || party.names.iter().any(|name| name.name.contains(word)) || party.id.as_str() == word
        });
        named.map(|(party, _)| survivor(&party.id)).collect()
    };
    for word in ["", "Another", "RUS"] {
        let expected: Vec<_> = unmerged(word).iter().map(told).collect();
        let words = word.to_lowercase();
        assert_eq!(list_parties(ledger, PartiesQuery { words, ..of(cut, &[], 2) }), expected, "{word} {cut:?}");
    }
    for id in EVERYONE {
        let expected: Vec<_> = revisions.keys().filter(|known| known.as_str() == id).map(told).collect();
        assert_eq!(list_parties(ledger, of(cut, &[id], 1)), expected, "{id} {cut:?}");
    }
    let all: Vec<_> = revisions.keys().map(told).collect();
    assert_eq!(list_parties(ledger, of(cut, &EVERYONE, 4)), all, "{cut:?}");
}

fn of(cut: Cut, ids: &[&str], entries: usize) -> PartiesQuery {
    let ids = ids.iter().map(|id| (*id).into()).collect();
    PartiesQuery {
        registry: RegistryQuery { ids, cut, entries, ..RegistryQuery::default() },
        ..PartiesQuery::default()
    }
}

fn list_parties(ledger: &Ledger, mut query: PartiesQuery) -> Vec<(v1::Party, u32)> {
    let mut got = Vec::new();
    loop {
        let page = ledger.parties(&query).unwrap();
        got.extend(page.entries.into_iter().map(|entry| (entry.message, entry.revision)));
        let Some(next) = page.next else { return got };
        query.registry.after = next;
    }
}

fn relationships(ledger: &Ledger, oracle: &Oracle, known: &[Known], position: Position, cut: Cut, party: &str) {
    let merges = oracle.merges(position);
    let answers = survivor(&merges, &party_id(if party.is_empty() { "nobody" } else { party }));
    let mut bearing = BTreeMap::<String, BTreeSet<ClaimId>>::new();
    for known in known.iter().filter(|known| known.shown.retraction.is_none()) {
        for id in &known.content.relationships {
            let id = rewrite(&merges, id);
            let asked = party.is_empty() || id.parties().any(|member| member == answers.as_str());
            if asked && !id.parties().any(|member| member == "zz_itself") {
                bearing.entry(id.to_string()).or_default().insert(known.content.id);
            }
        }
    }
    let expected: BTreeMap<String, u64> = bearing.into_iter().map(|(id, claims)| (id, claims.len() as u64)).collect();
    let mut query = RegistryQuery { cut, entries: 1, ..RegistryQuery::default() };
    let mut got = BTreeMap::new();
    loop {
        let page = ledger.relationships(&query, party).unwrap();
        got.extend(page.entries.into_iter().map(|entry| (entry.id, entry.claims)));
        let Some(next) = page.next else { break };
        query.after = next;
    }
    assert_eq!(got, expected);
}

/// Readings of the log from every position, and preconditions on what happened since, with every filter.
fn readings(ledger: &Ledger, oracle: &Oracle, filters: &[Filter]) -> usize {
    let log: Vec<v1::Event> = oracle.log(oracle.head()).iter().map(shown_event).collect();
    for after in 0..=log.len() {
        let start = Start::After(Position(after as u64));
        assert_eq!(ask::events(ledger, start, None, 700), log[after..]);
        for filter in filters {
            let expected = oracle.belonging(filter, Position(after as u64));
            let since = oracle.first_touch_or_change(filter, Position(after as u64));
            let got = ask::events(ledger, start, Some(filter), 500);
            assert_eq!(got.iter().map(|event| Position(event.position)).collect::<Vec<_>>(), expected, "{filter:?}");
            assert!(got.iter().all(|event| *event == log[event.position as usize - 1]));
            assert_eq!(first_touched(ledger, filter, after as u64), since, "{filter:?}");
        }
    }
    for append in &oracle.appends {
        let expected: Vec<&v1::Event> = oracle
            .log(oracle.head())
            .iter()
            .zip(&log)
            .filter(|((at, _), _)| at.recorded_at >= append.recorded_at)
            .map(|(_, event)| event)
            .collect();
        let got = ask::events(ledger, Start::RecordedFrom(append.recorded_at), None, 1 << 20);
        assert_eq!(got.iter().collect::<Vec<_>>(), expected);
    }
    (log.len() + 1) * (1 + 2 * filters.len())
}

/// The first event after a position that a precondition finds.
fn first_touched(ledger: &Ledger, filter: &Filter, after: u64) -> Option<Position> {
    use detente_domain::rejection::{Conflict, Rejection};
    use detente_ledger::error::AppendError;
    let precondition = Precondition::Boundary(filter.clone(), Position(after));
    let batch = batch_if([], vec![precondition]);
    let request = AppendRequest { validate_only: true, ..super::home::request(batch) };
    match super::home::block_on(ledger.append(request)) {
        // The precondition holds; only then does the ledger find that there are no commands.
        Err(AppendError::Rejected(Rejection::Violations(_))) => None,
        Err(AppendError::Rejected(Rejection::Conflicts(conflicts))) => match conflicts.as_slice() {
            [Conflict::Boundary { touched_at, .. }] => Some(*touched_at),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}
