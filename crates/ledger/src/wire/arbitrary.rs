//! Any claim, party, source, kind, scheme and event that a client may record, for tests.

use detente_domain::bound::Bound;
use detente_domain::claim::{Attribution, Citation, Claim, ClaimParty, Code, ExternalId, Link, Quantity, Text, Time};
use detente_domain::edtf::PartialDate;
use detente_domain::event::{Change, Dispute, Event, LabelConfirmation};
use detente_domain::kind::{Kind, KindValue, ScaleEntry};
use detente_domain::name::{ClaimId, DisputeId, PartyId, SourceId, Word};
use detente_domain::party::{NameValid, Party, PartyName};
use detente_domain::relationship::RelationshipId;
use detente_domain::scheme::Scheme;
use detente_domain::source::Source;
use detente_domain::vocabulary::Vocabulary;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

/// The dates that have every shape a bound may have.
const DATES: [&str; 16] = [
    "2024",
    "2024-12",
    "2024-12-25",
    "201X",
    "1874-XX-XX",
    "1874~",
    "2001?-06",
    "[2024-12..2025-07]",
    "[..2025-07]",
    "[2025-07..]",
    "[1667,1668-12,1670..1672]",
    "2025-33",
    "-0044-03-15",
    "Y17000",
    "2025-07-15T01:30:00+03:00",
    "1950S2",
];

pub(crate) fn claim() -> impl Strategy<Value = Claim> {
    let head = (claim_id(), word(), time(), (vec(words(), 1..4), once(claim_party()), once(relationship())));
    let said = (of(date()), of(date()), vec(attribution(), 0..3), member(), of(member()), of(member()), of(date()));
    let rest = (vec(quantity(), 0..3), text(), vec(code(), 0..3), vec(citation(), 0..3), once(link()));
    let tags = (vec(external_id(), 0..3), once(key()));
    (head, said, rest, tags).prop_map(|(head, said, rest, tags)| {
        let (id, kind, time, (texts, parties, relationships)) = head;
        let (as_of, refers_to, attribution, modality, polarity, status, due) = said;
        let (quantities, place, codes, sources, links) = rest;
        let (external_ids, labels) = tags;
        Claim {
            id,
            kind,
            time,
            texts,
            parties,
            relationships,
            as_of,
            refers_to,
            attribution,
            modality,
            polarity,
            status,
            due,
            quantities,
            place,
            codes,
            sources,
            links,
            external_ids,
            labels,
        }
    })
}

pub(crate) fn party() -> impl Strategy<Value = Party> {
    let names = once(party_name()).prop_filter("at least one name", |names| !names.is_empty());
    (party_id(), member(), names, vec(external_id(), 0..3)).prop_map(|(id, party_type, names, external_ids)| Party {
        id,
        party_type,
        names,
        external_ids,
    })
}

fn party_name() -> impl Strategy<Value = PartyName> {
    let valid = select(&["2024", "1925-04/1961", "../1925", "1961-11-10~/..", "/2024", "2024/", "[1667..1668]"][..]);
    let valid = of(valid.prop_map(|text| NameValid::parse(text).unwrap()));
    let said = (language(), non_empty(), any::<bool>());
    (said, of(member()), valid, once(party_id())).prop_map(|((lang, name, alias), name_type, valid, used_by)| {
        PartyName { lang, name, alias, name_type, valid, used_by }
    })
}

pub(crate) fn kind() -> impl Strategy<Value = Kind> {
    let value = prop_oneof![
        Just(KindValue::Status),
        Just(KindValue::Polarity),
        word().prop_map(KindValue::Quantity),
        key().prop_map(KindValue::Code),
        word().prop_map(KindValue::Role),
    ];
    (word(), text(), any::<bool>(), of(value), scale(), any::<bool>()).prop_map(
        |(kind, description, single, value, scale, promise)| Kind {
            kind,
            description,
            single_valued: single && value.is_some(),
            value,
            scale,
            promise,
        },
    )
}

pub(crate) fn scheme() -> impl Strategy<Value = Scheme> {
    (key(), text(), scale()).prop_map(|(scheme, title, scale)| Scheme { scheme, title, scale })
}

fn scale() -> impl Strategy<Value = Vec<ScaleEntry>> {
    let entries = proptest::collection::btree_map("[^\\x00]{1,12}", -1e300..1e300_f64, 0..4);
    entries.prop_map(|entries| {
        entries.into_iter().map(|(value, score)| ScaleEntry { value: value.into(), score }).collect()
    })
}

pub(crate) fn source() -> impl Strategy<Value = Source> {
    let origin = (source_id(), once(party_id()), non_empty(), text(), of(date()));
    let rest = (prop_oneof![Just(Box::default()), language()], once(source_id()), vec(external_id(), 0..3));
    (origin, rest).prop_map(|((id, publishers, title, url, published), (language, derives_from, external_ids))| {
        Source { id, publishers, title, url, published, language, derives_from, external_ids }
    })
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    (any::<u32>(), text(), change()).prop_map(|(revision, note, change)| Event { revision, note, change })
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        claim().prop_map(|claim| Change::ClaimAsserted(Box::new(claim))),
        (member(), claim()).prop_map(|(kind, claim)| Change::ClaimRevised(kind, Box::new(claim))),
        (claim_id(), date()).prop_map(|(id, as_of)| Change::ClaimConfirmed(id, as_of)),
        (claim_id(), member()).prop_map(|(id, reason)| Change::ClaimRetracted(id, reason)),
        claim_id().prop_map(Change::ClaimReinstated),
        (claim_id(), dispute()).prop_map(|(id, dispute)| Change::ClaimDisputed(id, dispute)),
        (claim_id(), uuid(), member()).prop_map(|(id, dispute, end)| Change::DisputeResolved(
            id,
            DisputeId(dispute),
            end
        )),
        party().prop_map(Change::PartyRegistered),
        party().prop_map(Change::PartyRevised),
        source().prop_map(Change::SourceRegistered),
        source().prop_map(Change::SourceRevised),
        source_id().prop_map(Change::SourceWithdrawn),
        registration(),
    ]
}

fn registration() -> impl Strategy<Value = Change> {
    prop_oneof![
        kind().prop_map(Change::KindRegistered),
        kind().prop_map(Change::KindRevised),
        scheme().prop_map(Change::SchemeRegistered),
        scheme().prop_map(Change::SchemeRevised),
        (party_id(), party_id()).prop_map(|(merged, survivor)| Change::PartiesMerged(merged, survivor)),
        party_id().prop_map(Change::PartiesUnmerged),
        (non_empty(), date(), vec(claim_id(), 0..3), vec(non_empty(), 0..3)).prop_map(
            |(label, as_of, except, unknown)| {
                Change::ClaimsConfirmed(Box::new(LabelConfirmation { label, as_of, except, unknown }))
            }
        ),
    ]
}

fn dispute() -> impl Strategy<Value = Dispute> {
    (uuid(), party_id(), non_empty(), of(claim_id())).prop_map(|(id, disputed_by, statement, counter_claim)| Dispute {
        id: DisputeId(id),
        disputed_by,
        statement,
        counter_claim,
    })
}

/// A few values, each once.
fn once<T: PartialEq + std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    vec(value, 0..4).prop_map(|values| {
        let mut kept = Vec::new();
        for value in values {
            if !kept.contains(&value) {
                kept.push(value);
            }
        }
        kept
    })
}

fn uuid() -> impl Strategy<Value = Uuid> {
    (1..=u128::MAX).prop_map(Uuid::from_u128)
}

fn claim_id() -> impl Strategy<Value = ClaimId> {
    uuid().prop_map(ClaimId)
}

fn word() -> impl Strategy<Value = Word> {
    "[a-z0-9_]{1,64}".prop_map(|text| Word::parse(&text).unwrap())
}

fn party_id() -> impl Strategy<Value = PartyId> {
    "[A-Za-z0-9_.]{1,8}".prop_map(|text| PartyId::parse(&text).unwrap())
}

fn source_id() -> impl Strategy<Value = SourceId> {
    "[A-Za-z0-9_.:-]{1,12}".prop_map(|text| SourceId::parse(&text).unwrap())
}

fn relationship() -> impl Strategy<Value = RelationshipId> {
    ("[A-M]{3}", "[N-Z]{3}").prop_map(|(a, b)| RelationshipId::parse(&format!("{b}-{a}")).unwrap())
}

/// Any text, control characters and all.
fn text() -> impl Strategy<Value = Box<str>> {
    "(?s).{0,12}".prop_map(String::into_boxed_str)
}

fn non_empty() -> impl Strategy<Value = Box<str>> {
    "(?s).{1,12}".prop_map(String::into_boxed_str)
}

fn key() -> impl Strategy<Value = Box<str>> {
    "[^\\x00]{1,12}".prop_map(String::into_boxed_str)
}

fn language() -> impl Strategy<Value = Box<str>> {
    select(vec!["en", "ar", "zh-Hant", "sr-Latn-RS"]).prop_map(Box::from)
}

fn member<V: Vocabulary + std::fmt::Debug>() -> impl Strategy<Value = V> {
    select(V::ALL)
}

fn date() -> impl Strategy<Value = PartialDate> {
    let day = (0..9999, 1..=12, 1..=28).prop_map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}"));
    prop_oneof![select(&DATES[..]).prop_map(str::to_owned), day].prop_map(|text| PartialDate::parse(&text).unwrap())
}

fn bound() -> impl Strategy<Value = Bound> {
    prop_oneof![3 => date().prop_map(Bound::Known), 1 => Just(Bound::Unknown), 1 => Just(Bound::Open)]
}

fn time() -> impl Strategy<Value = Time> {
    prop_oneof![
        (bound(), bound()).prop_map(|(from, to)| Time::Event(from, to)),
        (bound(), bound()).prop_map(|(from, to)| Time::State(from, to)),
        Just(Time::None),
    ]
}

fn words() -> impl Strategy<Value = Text> {
    (language(), non_empty(), any::<bool>()).prop_map(|(lang, text, original)| Text { lang, text, original })
}

fn claim_party() -> impl Strategy<Value = ClaimParty> {
    (party_id(), word(), text()).prop_map(|(party, role, as_text)| ClaimParty { party, role, as_text })
}

fn attribution() -> impl Strategy<Value = Attribution> {
    (of(party_id()), non_empty(), member(), of(date())).prop_map(|(party, name, role, said_at)| Attribution {
        party,
        name,
        role,
        said_at,
    })
}

fn quantity() -> impl Strategy<Value = Quantity> {
    let number = || -1e300..1e300_f64;
    (word(), of(number()), number(), 0.0..1e300_f64, text()).prop_map(|(name, value, low, more, unit)| Quantity {
        name,
        value,
        low: Some(low),
        high: Some(low + more),
        unit,
    })
}

fn code() -> impl Strategy<Value = Code> {
    (key(), key()).prop_map(|(scheme, code)| Code { scheme, code })
}

fn citation() -> impl Strategy<Value = Citation> {
    let instant = (-62_135_596_800..=253_402_300_799_i64, 0..1_000_000_000_i32);
    (source_id(), text(), text(), of(instant), of(member())).prop_map(
        |(source, locator, quote, retrieved_at, granularity)| Citation {
            source,
            locator,
            quote,
            retrieved_at,
            granularity,
        },
    )
}

fn link() -> impl Strategy<Value = Link> {
    (member(), claim_id()).prop_map(|(link_type, target)| Link { link_type, target })
}

fn external_id() -> impl Strategy<Value = ExternalId> {
    (key(), key(), text()).prop_map(|(scheme, id, release)| ExternalId { scheme, id, release })
}
