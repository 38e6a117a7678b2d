//! Series to plot: against the model bucket by bucket, and over a socket.

use super::dossier::{about, violations};
use super::history::{History, filters, matching};
use crate::support::demo::Demo;
use crate::support::home::Home;
use crate::support::make::{assert, date, event, period, relationship, state, with, word};
use crate::support::oracle::Known;
use detente_domain::buckets::{Bucket, Buckets};
use detente_domain::certainty::{Certainty, Mode, certainty};
use detente_domain::claim::{Claim, Time};
use detente_domain::command::Suppositions;
use detente_domain::cut::Cut;
use detente_domain::filter::{Filter, FilterItem, Pattern};
use detente_domain::period::Period;
use detente_domain::vocabulary::TemporalType;
use detente_ledger::query::series::{SeriesBucket, SeriesError, SeriesGroup, SeriesQuery};
use detente_ledger::wire::vocabulary::Twin;
use detente_proto::v1;
use std::collections::{BTreeMap, BTreeSet};

const GROUPS: [Option<SeriesGroup>; 5] = [
    None,
    Some(SeriesGroup::Kind),
    Some(SeriesGroup::Polarity),
    Some(SeriesGroup::Modality),
    Some(SeriesGroup::Relationship),
];

fn query(filter: &Filter, bucket: Bucket, span: (&str, &str), group_by: Option<SeriesGroup>, cut: Cut) -> SeriesQuery {
    SeriesQuery {
        filter: filter.clone(),
        buckets: Buckets::covering(bucket, period(span.0).a, period(span.1).b).unwrap(),
        group_by,
        scheme: String::new(),
        cut,
        supposed: Suppositions::default(),
        bytes: 3 << 20,
    }
}

fn groups_of(known: &Known, group_by: Option<SeriesGroup>) -> Vec<String> {
    let content = &known.content;
    let stem = |name: &str, of: &str| name.strip_prefix(of).unwrap().to_owned();
    match group_by {
        None => vec![String::new()],
        Some(SeriesGroup::Kind) => vec![content.kind.to_string()],
        Some(SeriesGroup::Polarity) => {
            vec![content.polarity.map(|p| stem(p.name(), "POLARITY_")).unwrap_or_default()]
        }
        Some(SeriesGroup::Modality) => vec![stem(content.modality.name(), "MODALITY_")],
        Some(SeriesGroup::Relationship) if content.relationships.is_empty() => vec![String::new()],
        Some(SeriesGroup::Relationship) => content.relationships.iter().map(ToString::to_string).collect(),
    }
}

/// Returns the counts of each group: definite and possible.
fn expected_counts(known: &[&Known], asked: &Period, group_by: Option<SeriesGroup>) -> BTreeMap<String, (u64, u64)> {
    let mut counts = BTreeMap::new();
    if group_by.is_none() {
        counts.insert(String::new(), (0, 0));
    }
    for known in known {
        let mode = match known.content.time {
            Time::State(..) => Mode::HoldsAt,
            Time::Event(..) => Mode::OccurredIn,
            Time::None => continue,
        };
        let Some(certainty) = certainty(mode, &known.valid().unwrap(), asked) else { continue };
        for group in groups_of(known, group_by) {
            let (definite, possible) = counts.entry(group).or_insert((0, 0));
            *if certainty == Certainty::Definite { definite } else { possible } += 1;
        }
    }
    counts
}

#[test]
fn at_every_cut_every_bucket_of_every_group_counts_what_the_model_counts() {
    let mut compared = 0;
    let spans = [
        (Bucket::Day, ("2024-12-30", "2025-01-06")),
        (Bucket::Week, ("2024-12-30", "2025-01-06")),
        (Bucket::Month, ("2024-12", "2025-02")),
        (Bucket::Quarter, ("2024", "2025")),
        (Bucket::Year, ("2023", "2026")),
    ];
    for seed in 100..106 {
        let history = History::random(seed, 20);
        let filters = filters(seed);
        for (cut, known) in history.cuts() {
            for filter in &filters {
                let known = matching(&known, filter);
                for (group_by, (bucket, span)) in GROUPS.iter().flat_map(|group| spans.map(|span| (*group, span))) {
                    let got = history.home.ledger.series(&query(filter, bucket, span, group_by, cut)).unwrap();
                    let expected: Vec<_> =
                        got.buckets.iter().map(|bucket| expected_counts(&known, &bucket.period, group_by)).collect();
                    let groups: BTreeSet<&String> = expected.iter().flat_map(BTreeMap::keys).collect();
                    for (bucket, expected) in got.buckets.iter().zip(&expected) {
                        let told = bucket.points.iter().map(|(group, tally)| (group, (tally.definite, tally.possible)));
                        let count = |group| expected.get(group).copied().unwrap_or_default();
                        let counts = groups.iter().map(|group| (*group, count(*group)));
                        assert!(told.eq(counts), "{bucket:?} {expected:?} {group_by:?} {filter:?}");
                        compared += 1;
                    }
                }
            }
        }
    }
    println!("{compared} buckets compared");
    assert!(compared > 20_000);
}

#[test]
fn a_series_that_one_answer_does_not_hold_is_refused_whole() {
    let home = Home::in_memory().with_registrations();
    let pairs = ["ARM-AZE", "ARM-RUS", "ARM-TUR", "AZE-RUS", "AZE-TUR", "RUS-TUR"].map(relationship);
    home.record([assert(with(state(1, "1999/.."), |claim| claim.relationships = pairs.into()))]);
    let ask = |until, group_by| {
        home.ledger.series(&query(&Filter::default(), Bucket::Day, ("2000", until), group_by, Cut::Head))
    };
    let by_relationship = Some(SeriesGroup::Relationship);
    assert!(ask("2020", None).is_ok() && ask("2005", by_relationship).is_ok());
    assert!(matches!(ask("2027-05-18", by_relationship), Err(SeriesError::TooLarge { groups: 6, buckets: 10_000 })));
    let small =
        SeriesQuery { bytes: 10_000, ..query(&Filter::default(), Bucket::Day, ("2000", "2001"), None, Cut::Head) };
    assert!(matches!(home.ledger.series(&small), Err(SeriesError::TooLarge { groups: 1, buckets: 731 })));
}

fn question(bucket: v1::Bucket, group_by: v1::SeriesGroup) -> v1::GetSeriesRequest {
    v1::GetSeriesRequest {
        filter: about("AZE-RUS", &[]),
        from: "2024-12".into(),
        until: "2025-08".into(),
        bucket: bucket.into(),
        group_by: group_by.into(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_series_of_the_founding_dossier_counts_what_its_states_list() {
    let mut demo = Demo::start().await;
    let series = demo.client.get_series(question(v1::Bucket::Unspecified, v1::SeriesGroup::Unspecified)).await;
    let series = series.unwrap().into_inner();
    assert_eq!(series.buckets.len(), 9);
    assert_eq!(series.context.as_ref().unwrap().valid_at, "2024-12-01/2025-08-31");
    assert_eq!(series.buckets[0].from, Some(prost_types::Timestamp { seconds: 1_733_011_200, nanos: 0 }));
    assert!(series.buckets.windows(2).all(|pair| pair[0].until == pair[1].from));
    for bucket in &series.buckets {
        let mut counted = (0, 0);
        for (mode, only) in
            [(v1::StateMode::HoldsAt, TemporalType::State), (v1::StateMode::OccurredIn, TemporalType::Event)]
        {
            let mut filter = about("AZE-RUS", &[]).unwrap();
            filter.items[0].temporal_types = vec![only.to_wire()];
            let state = v1::GetStateRequest {
                filter: Some(filter),
                valid_at: bucket.period.clone(),
                mode: mode.into(),
                page_size: 1000,
                ..Default::default()
            };
            let state = demo.client.get_state(state).await.unwrap().into_inner();
            let definite = state.matches.iter().filter(|m| m.certainty() == v1::Certainty::Definite).count() as u64;
            counted = (counted.0 + definite, counted.1 + state.matches.len() as u64 - definite);
        }
        let [point] = bucket.points.as_slice() else { panic!("one entry without a breakdown") };
        assert_eq!((point.definite, point.possible), counted, "{}", bucket.period);
        assert_eq!((point.scored, point.sum, point.mean), (0, None, None));
    }
    let broken = demo.client.get_series(question(v1::Bucket::Month, v1::SeriesGroup::Polarity)).await.unwrap();
    let broken = broken.into_inner();
    let groups = |bucket: &v1::SeriesBucket| bucket.points.iter().map(|point| point.group.clone()).collect::<Vec<_>>();
    let first = groups(&broken.buckets[0]);
    assert!(first.len() >= 3 && broken.buckets.iter().all(|bucket| groups(bucket) == first), "{first:?}");
    for (whole, broken) in series.buckets.iter().zip(&broken.buckets) {
        let sum: u64 = broken.points.iter().map(|point| point.definite + point.possible).sum();
        assert_eq!(sum, whole.points[0].definite + whole.points[0].possible, "{}", whole.period);
    }
    demo.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_wrong_with_a_question_is_reported_at_once() {
    let mut demo = Demo::start().await;
    let wrong = v1::GetSeriesRequest { bucket: 9, group_by: 9, ..Default::default() };
    let status = demo.client.get_series(wrong).await.unwrap_err();
    assert_eq!(violations(&status), ["bucket", "from", "until", "group_by"]);
    let many = v1::GetSeriesRequest {
        from: "1900".into(),
        until: "2025".into(),
        bucket: v1::Bucket::Day.into(),
        ..Default::default()
    };
    let status = demo.client.get_series(many).await.unwrap_err();
    assert_eq!(violations(&status), ["bucket"]);
    let scheme =
        v1::GetSeriesRequest { scheme: "NO_SUCH".into(), ..question(v1::Bucket::Month, v1::SeriesGroup::Unspecified) };
    let status = demo.client.get_series(scheme).await.unwrap_err();
    assert_eq!((status.code(), violations(&status)), (tonic::Code::InvalidArgument, vec!["scheme".to_owned()]));
    let far = v1::GetSeriesRequest {
        from: "-0044-03".into(),
        until: "-0044-03".into(),
        ..question(v1::Bucket::Month, v1::SeriesGroup::Unspecified)
    };
    let far = demo.client.get_series(far).await.unwrap().into_inner();
    assert_eq!(far.buckets[0].period, "-0044-03");
    assert_eq!((far.buckets[0].from, far.buckets[0].until), (None, None), "no instant that can be told");
    demo.end().await;
}

/// The mark of each bucket of a series, with the count of its one point that lies beyond what is known.
fn beyond(home: &Home, kind: &str, from: &str, until: &str) -> Vec<(bool, u64, u64)> {
    let item = FilterItem { kinds: vec![Pattern::parse(kind)], ..FilterItem::default() };
    let series =
        home.ledger.series(&query(&Filter { items: vec![item] }, Bucket::Year, (from, until), None, Cut::Head));
    let point = |bucket: &SeriesBucket| (bucket.beyond_sources, bucket.points[0].1.definite, bucket.points[0].1.beyond);
    series.unwrap().buckets.iter().map(point).collect()
}

#[test]
fn counts_tell_how_far_the_sources_of_what_they_count_reach() {
    let home = Home::in_memory().with_registrations();
    let known_to = |claim: Claim, as_of: &str| with(claim, |claim| claim.as_of = Some(date(as_of)));
    let of_kind = |claim: Claim, kind: &str| with(claim, |claim| claim.kind = word(kind));
    home.record([
        // An old word of a state, one that is renewed, one that has ended, one whose source says nothing of it.
        assert(of_kind(known_to(state(1, "2015/.."), "2018-06-30"), "garrison")),
        assert(of_kind(known_to(state(2, "2016/.."), "2020-12-31"), "garrison")),
        assert(of_kind(known_to(state(3, "2015/2022"), "2018-06-30"), "garrison")),
        assert(of_kind(state(4, "2015/.."), "garrison")),
        assert(of_kind(known_to(event(5, "2014-03"), "2016"), "clash")),
        assert(of_kind(event(6, "2014-03"), "raid")),
    ]);
    // A bucket in which knowledge ends is still known of.
    let garrisons = [(false, 4, 0), (false, 4, 1), (false, 4, 1), (true, 4, 2), (true, 4, 2), (true, 2 + 1, 2)];
    assert_eq!(beyond(&home, "garrison", "2018", "2023"), garrisons);
    assert_eq!(beyond(&home, "clash", "2014", "2017"), [(false, 1, 0), (false, 0, 0), (false, 0, 0), (true, 0, 0)]);
    assert_eq!(beyond(&home, "raid", "2015", "2016"), [(false, 0, 0); 2], "nobody says how far it was looked");
}
