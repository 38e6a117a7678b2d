//! Points of view against judging every claim: random histories, at every cut and asked date, and with what is supposed.

use crate::support::ask::one;
use crate::support::home::Home;
use crate::support::make::{assert, id, party_id, period, source_id, state, with};
use crate::support::oracle::{Known, state_of};
use crate::support::random::ASKED;
use crate::support::told::{At, filters, tell};
use detente_domain::certainty::{Certainty, Mode};
use detente_domain::claim::{Attribution, Claim, Link};
use detente_domain::command::Suppositions;
use detente_domain::cut::Cut;
use detente_domain::emptiness::Emptiness;
use detente_domain::filter::{Filter, FilterItem, Voice};
use detente_domain::name::ClaimId;
use detente_domain::vocabulary::{AttributionRole, LinkType, Modality};
use detente_ledger::Ledger;
use detente_ledger::query::page_size::PageSize;
use detente_ledger::query::perspectives::{Perspective, PerspectivesQuery};

/// The state of one point of view.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    matches: Vec<(ClaimId, Certainty)>,
    emptiness: Emptiness,
    total: u64,
    overruled: u64,
}

/// The question.
struct Asked<'a> {
    filter: &'a Filter,
    perspectives: &'a [Perspective],
    valid_at: &'a str,
    mode: Option<Mode>,
}

fn ask(ledger: &Ledger, asked: &Asked<'_>, cut: Cut, supposed: &Suppositions, entries: usize) -> Vec<Row> {
    let query = PerspectivesQuery {
        filter: asked.filter.clone(),
        perspectives: asked.perspectives.to_vec(),
        valid_at: period(asked.valid_at),
        mode: asked.mode,
        cut,
        supposed: supposed.clone(),
        page: PageSize { entries, bytes: usize::MAX },
    };
    let views = ledger.perspectives(&query).unwrap().views.into_iter();
    let row = |view: detente_ledger::query::perspectives::PerspectiveState| {
        let claim = |claim: &detente_proto::v1::Claim| ClaimId(claim.claim_id.parse().unwrap());
        let matches = view.matches.iter().map(|(matched, shown)| (claim(shown), matched.certainty)).collect();
        Row { matches, emptiness: view.emptiness, total: view.total, overruled: view.overruled }
    };
    views.map(row).collect()
}

fn says(voice: &Voice, claim: &Claim) -> bool {
    match voice {
        Voice::Party(party) => claim.attribution.iter().any(|voice| voice.party.as_ref() == Some(party)),
        Voice::Source(source) => claim.sources.iter().any(|citation| citation.source == *source),
    }
}

fn contradict(one: &Claim, two: &Claim) -> bool {
    let says = |a: &Claim, b: &Claim| {
        a.links.iter().any(|link| link.link_type == LinkType::Contradicts && link.target == b.id)
    };
    says(one, two) || says(two, one)
}

/// The state of the claims that come from any of these, and, in an order, without those that give way; by hand.
fn by_hand(at: &At, asked: &Asked<'_>, from: &Perspective) -> Row {
    let (voices, in_order) = match from {
        Perspective::Of(voice) => (std::slice::from_ref(voice), false),
        Perspective::Authorities(voices) => (voices.as_slice(), true),
    };
    let rank = |known: &Known| voices.iter().position(|voice| says(voice, &known.content));
    let said: Vec<Known> = at.known.iter().filter(|known| rank(known).is_some()).cloned().collect();
    let (rows, emptiness) = state_of(
        &said,
        |known| asked.filter.matches(&known.content, known.at.recorded_at),
        &period(asked.valid_at),
        asked.mode,
        false,
    );
    let mut kept: Vec<(&Known, Certainty)> = Vec::new();
    for of in 0..voices.len() {
        let higher = kept.clone();
        for (known, certainty) in rows.iter().filter(|(known, _)| rank(known) == Some(of)) {
            let overrules =
                |other: &&(&Known, Certainty)| other.1 <= *certainty && contradict(&other.0.content, &known.content);
            if !in_order || higher.iter().find(overrules).is_none() {
                kept.push((known, *certainty));
            }
        }
    }
    let stays = |known: &Known| kept.iter().any(|(other, _)| other.content.id == known.content.id);
    let left: Vec<_> = rows.iter().filter(|(known, _)| stays(known)).collect();
    let absent = left.iter().all(|(known, _)| known.content.modality.is_absence());
    let emptiness = match left.iter().map(|(_, certainty)| *certainty).min() {
        Some(surest) if absent => Emptiness::RecordedAbsence(surest),
        Some(_) => Emptiness::NotEmpty,
        None => emptiness,
    };
    Row {
        matches: left.iter().map(|(known, certainty)| (known.content.id, *certainty)).collect(),
        emptiness,
        total: left.len() as u64,
        overruled: (rows.len() - left.len()) as u64,
    }
}

fn party(name: &str) -> Voice {
    Voice::Party(party_id(name))
}

fn source(name: &str) -> Voice {
    Voice::Source(source_id(name))
}

fn points_of_view() -> Vec<Perspective> {
    vec![
        Perspective::Of(party("AZE")),
        Perspective::Of(source("a")),
        Perspective::Of(party("NOBODY")),
        Perspective::Authorities(vec![source("a"), party("RUS"), source("b"), party("AZE"), source("c")]),
        Perspective::Authorities(vec![party("AZE"), source("d"), source("c"), source("b"), party("RUS"), source("a")]),
    ]
}

#[test]
fn points_of_view_are_what_judging_every_claim_comes_to_at_every_cut_and_date() {
    let perspectives = points_of_view();
    let (mut compared, mut found, mut overruled) = (0, 0, 0);
    for seed in 0..10 {
        let told = tell(seed, 30, Vec::new());
        let (cuts, filters) = (told.cuts(), filters(seed));
        for (nth, at) in cuts.iter().enumerate() {
            for (of, filter) in filters.iter().enumerate() {
                for (day, valid_at) in ASKED.iter().enumerate() {
                    let mode =
                        [None, Some(Mode::HoldsAt), Some(Mode::OccurredBy), Some(Mode::OccurredIn)][(day + nth) % 4];
                    let asked = Asked { filter, perspectives: &perspectives, valid_at, mode };
                    let got = ask(&told.home.ledger, &asked, at.cut(), &Suppositions::default(), 100);
                    let expected: Vec<Row> = perspectives.iter().map(|from| by_hand(at, &asked, from)).collect();
                    assert_eq!(got, expected, "seed {seed}, cut {nth}, {valid_at} {mode:?} {filter:?}");
                    compared += got.len();
                    found += got.iter().map(|row| row.total).sum::<u64>();
                    overruled += got.iter().map(|row| row.overruled).sum::<u64>();
                    if let Some(next) = cuts.get(nth + 1).filter(|_| of == 0 && day == 3) {
                        let supposed = ask(&told.home.ledger, &asked, at.cut(), &at.next, 100);
                        let expected: Vec<Row> = perspectives.iter().map(|from| by_hand(next, &asked, from)).collect();
                        assert_eq!(supposed, expected, "seed {seed}, supposed at {nth}");
                    }
                }
            }
        }
    }
    println!("{compared} points of view compared: {found} claims, {overruled} overruled");
    assert!(found > 10_000 && overruled > 200);
}

fn said_by(number: u128, name: &str, valid: &str) -> Claim {
    with(state(number, valid), |claim| {
        let role = AttributionRole::Speaker;
        claim.attribution = vec![Attribution { party: Some(party_id(name)), name: "".into(), role, said_at: None }];
    })
}

fn against(claim: Claim, other: u128) -> Claim {
    with(claim, |claim| claim.links.push(Link { link_type: LinkType::Contradicts, target: id(other) }))
}

fn views(home: &Home, filter: &Filter, perspectives: &[Perspective]) -> Vec<Row> {
    let asked = Asked { filter, perspectives, valid_at: "2025-03-01", mode: None };
    ask(&home.ledger, &asked, Cut::Head, &Suppositions::default(), 100)
}

#[test]
fn what_each_says_stands_side_by_side_and_the_first_authority_counts_where_they_contradict() {
    let home = Home::in_memory().with_registrations();
    home.record([
        assert(said_by(1, "RUS", "2025")),
        assert(against(said_by(2, "AZE", "2025-01-01/2025-12-31"), 1)),
        assert(said_by(3, "RUS", "2025-01-01/2025-12-31")),
        assert(with(against(said_by(4, "TUR", "2025-01-01/2025-12-31"), 3), |claim| claim.modality = Modality::Absent)),
    ]);
    let any = Filter::default();
    let order = |names: &[&str]| Perspective::Authorities(names.iter().map(|name| party(name)).collect());
    let asked =
        [Perspective::Of(party("AZE")), order(&["AZE", "RUS"]), order(&["RUS", "AZE"]), order(&["TUR", "AZE", "RUS"])];
    let rows = views(&home, &any, &asked);
    let claims = |row: &Row| row.matches.iter().map(|(id, _)| id.0.as_u128()).collect::<Vec<_>>();
    assert_eq!((claims(&rows[0]), rows[0].overruled), (vec![2], 0));
    assert_eq!((claims(&rows[1]), rows[1].overruled), (vec![3, 2], 1));
    assert_eq!(
        (claims(&rows[2]), rows[2].overruled),
        (vec![3, 2, 1], 0),
        "what Russia says is only possible on that day and hides nothing"
    );
    assert_eq!((claims(&rows[3]), rows[3].overruled), (vec![4, 2], 2));
    let only = order(&["TUR", "RUS"]);
    let filter = one(FilterItem { claim_ids: vec![id(3), id(4)], ..FilterItem::default() });
    let row = views(&home, &filter, &[only]).remove(0);
    assert_eq!((claims(&row), row.emptiness), (vec![4], Emptiness::RecordedAbsence(Certainty::Definite)));
}

#[test]
fn a_point_of_view_narrows_a_filter_that_asks_who_says_so_too() {
    let home = Home::in_memory().with_registrations();
    let reported = with(said_by(1, "RUS", "2025-01-01/2025-12-31"), |claim| {
        let role = AttributionRole::Reporter;
        claim.attribution.push(Attribution { party: Some(party_id("AZE")), name: "".into(), role, said_at: None });
    });
    home.record([assert(reported), assert(said_by(2, "AZE", "2025")), assert(said_by(3, "RUS", "2025"))]);
    let by_russia = one(FilterItem { asserted_by: vec![party_id("RUS")], ..FilterItem::default() });
    let rows = views(&home, &by_russia, &[Perspective::Of(party("AZE")), Perspective::Of(party("TUR"))]);
    assert_eq!(rows[0].matches, [(id(1), Certainty::Definite)]);
    assert_eq!(rows[1].emptiness, Emptiness::NothingRecorded);
}

#[test]
fn a_page_shows_the_first_claims_and_tells_how_many_there_are() {
    let home = Home::in_memory().with_registrations();
    home.record((1..=5).map(|number| assert(said_by(number, "AZE", "2025"))));
    let from = [Perspective::Of(party("AZE"))];
    let any = Filter::default();
    let asked = Asked { filter: &any, perspectives: &from, valid_at: "2025", mode: None };
    let row = ask(&home.ledger, &asked, Cut::Head, &Suppositions::default(), 2).remove(0);
    assert_eq!((row.total, row.matches.len(), row.matches[0].0), (5, 2, id(5)));
}
