//! Everything that can be wrong with a claim, each at its path.

use super::{At, Sink, counting, fields, known_bound, small_claim, uuid};
use crate::wire::claim::parse_claim;
use crate::wire::ids::Ids;
use crate::wire::limits;
use detente_domain::bound::Bound;
use detente_domain::claim::{Claim, Time};
use detente_domain::rejection::Violation;
use detente_proto::v1;

fn parse(claim: v1::Claim) -> Result<Claim, Vec<Violation>> {
    let mut sink = Sink::input();
    let parsed = parse_claim(claim, &mut Ids::new(&mut counting()), &At::root("claim"), &mut sink);
    sink.finish().map(|()| parsed.unwrap())
}

/// A claim with one thing changed, and where that is refused: a path under `claim`, and words of the description.
type Case = (fn(&mut v1::Claim), &'static str, &'static str);

fn assert_refused(cases: &[Case]) {
    for (change, field, words) in cases {
        let mut claim = small_claim();
        change(&mut claim);
        let violations = parse(claim).unwrap_err();
        assert_eq!(fields(&violations), [format!("claim.{field}")], "{violations:?}");
        assert!(violations[0].description.contains(words), "{violations:?}");
    }
}

fn long(bytes: usize) -> String {
    "x".repeat(bytes)
}

#[test]
fn a_small_claim_has_nothing_wrong() {
    let claim = parse(small_claim()).unwrap();
    assert_eq!(claim.id.0, uuid::Uuid::from_u128(1));
    assert_eq!(claim.kind.as_str(), "agreement");
}

#[test]
fn what_is_said_once_is_refused_at_its_field() {
    assert_refused(&[
        (|c| c.claim_id = "7".into(), "claim_id", "expected a UUID"),
        (|c| c.claim_id = "00000000-0000-0000-0000-000000000000".into(), "claim_id", "nil"),
        (|c| c.claim_id = "$memo".into(), "claim_id", "no claim"),
        (|c| c.claim_id = "$Memo".into(), "claim_id", "lower case"),
        (|c| c.kind.clear(), "kind", "required"),
        (|c| c.kind = "Agreement".into(), "kind", "lower case"),
        (|c| c.modality = 0, "modality", "required: one of MODALITY_ASSERTED"),
        (|c| c.modality = 99, "modality", "99 is no Modality"),
        (|c| c.polarity = -1, "polarity", "-1 is no Polarity"),
        (|c| c.status = 99, "status", "99 is no Status"),
        (|c| c.as_of = "soon".into(), "as_of", "not an EDTF date"),
        (|c| c.refers_to = "2024/2025".into(), "refers_to", "interval"),
        (|c| c.due = "2024-21".into(), "due", "season"),
        (|c| c.due = long(limits::MAX_DATE_BYTES + 1), "due", "513 bytes long"),
        (|c| c.place = long(limits::MAX_NAME_BYTES + 1), "place", "1025 bytes long; at most 1024"),
    ]);
}

#[test]
fn valid_time_must_fit_the_temporal_type() {
    assert_refused(&[
        (|c| c.temporal_type = 0, "temporal_type", "TEMPORAL_TYPE_EVENT"),
        (|c| c.temporal_type = 3, "valid", "without time"),
        (|c| c.valid_from = known_bound("2024"), "valid", "either"),
        (|c| c.valid_to = known_bound("2024"), "valid", "either"),
        (|c| c.valid = "2024-12-25T10:00:00".into(), "valid", "add `Z`"),
        (|c| c.valid = "../..".into(), "valid", "has no date"),
        (|c| (c.valid, c.valid_from) = (String::new(), known_bound("2024")), "valid_to", "required"),
        (|c| (c.valid, c.valid_to) = (String::new(), known_bound("2024")), "valid_from", "required"),
        (
            |c| (c.valid, c.valid_from, c.valid_to) = (String::new(), known_bound("2024"), known_bound("{2024}")),
            "valid_to.known.edtf",
            "a claim for each",
        ),
        (
            |c| (c.valid, c.valid_from, c.valid_to) = (String::new(), known_bound(""), known_bound("2024")),
            "valid_from.known.edtf",
            "empty",
        ),
        (
            |c| (c.valid, c.valid_from, c.valid_to) = (String::new(), Some(v1::Bound::default()), known_bound("2024")),
            "valid_from",
            "known, unknown or open",
        ),
        (
            |c| (c.valid, c.temporal_type, c.valid_to) = (String::new(), 3, known_bound("2024")),
            "valid_to",
            "without time",
        ),
    ]);
    let violations = parse(v1::Claim { valid: String::new(), ..small_claim() }).unwrap_err();
    assert_eq!(fields(&violations), ["claim.valid_from", "claim.valid_to"]);
}

#[test]
fn words_parties_and_voices_are_refused_at_their_place() {
    assert_refused(&[
        (|c| c.texts.clear(), "texts", "at least one"),
        (|c| c.texts[0].lang.clear(), "texts[0].lang", "required: a BCP 47"),
        (|c| c.texts[0].lang = "english_uk".into(), "texts[0].lang", "expected a BCP 47"),
        (|c| c.texts[0].text.clear(), "texts[0].text", "empty"),
        (|c| c.texts[0].text = long(limits::MAX_TEXT_BYTES + 1), "texts[0].text", "16385 bytes"),
        (|c| c.parties = vec![party("", "actor")], "parties[0].party_id", "required: a party id"),
        (|c| c.parties = vec![party("AZE-RUS", "actor")], "parties[0].party_id", "expected a party id"),
        (|c| c.parties = vec![party("AZE", "Actor")], "parties[0].role", "lower case"),
        (|c| c.parties = vec![party("AZE", "actor"); 2], "parties[1]", "already"),
        (|c| c.relationships = vec!["AZE".into()], "relationships[0]", "two or more"),
        (|c| c.relationships = vec!["AZE-RUS".into(), "RUS-AZE".into()], "relationships[1]", "already"),
        (|c| c.attribution = vec![voice("", "", 1)], "attribution[0]", "party_id or name"),
        (|c| c.attribution = vec![voice("A Z", "x", 1)], "attribution[0].party_id", "expected a party id"),
        (|c| c.attribution = vec![voice("AZE", "", 0)], "attribution[0].role", "ATTRIBUTION_ROLE_SPEAKER"),
        (
            |c| c.attribution = vec![v1::Attribution { said_at: "x".into(), ..voice("AZE", "", 1) }],
            "attribution[0].said_at",
            "EDTF",
        ),
    ]);
}

fn party(id: &str, role: &str) -> v1::ClaimParty {
    v1::ClaimParty { party_id: id.to_owned(), role: role.to_owned(), as_text: String::new() }
}

fn voice(id: &str, name: &str, role: i32) -> v1::Attribution {
    v1::Attribution { party_id: id.to_owned(), name: name.to_owned(), role, said_at: String::new() }
}

#[test]
fn numbers_codes_and_citations_are_refused_at_their_place() {
    assert_refused(&[
        (|c| c.quantities = vec![quantity("killed", None, None, None)], "quantities[0]", "value, low or high"),
        (|c| c.quantities = vec![quantity("", Some(1.0), None, None)], "quantities[0].name", "required"),
        (|c| c.quantities = vec![quantity("killed", Some(f64::NAN), None, None)], "quantities[0].value", "finite"),
        (|c| c.quantities = vec![quantity("killed", None, Some(f64::INFINITY), None)], "quantities[0].low", "finite"),
        (|c| c.quantities = vec![quantity("killed", None, Some(2.0), Some(1.0))], "quantities[0].low", "greater"),
        (|c| c.codes = vec![code("", "057")], "codes[0].scheme", "empty"),
        (|c| c.codes = vec![code("CAMEO", "")], "codes[0].code", "empty"),
        (|c| c.codes = vec![code("CA\0MEO", "057")], "codes[0].scheme", "NUL"),
        (|c| c.codes = vec![code("CAMEO", &long(257))], "codes[0].code", "257 bytes"),
        (|c| c.sources = vec![citation("a b")], "sources[0].source_id", "expected a source id"),
        (
            |c| c.sources = vec![v1::Citation { granularity: 9, ..citation("s") }],
            "sources[0].granularity",
            "9 is no CitationGranularity",
        ),
        (
            |c| {
                let retrieved_at = Some(prost_types::Timestamp { seconds: 0, nanos: -1 });
                c.sources = vec![v1::Citation { retrieved_at, ..citation("s") }];
            },
            "sources[0].retrieved_at",
            "expected a timestamp",
        ),
    ]);
}

fn quantity(name: &str, value: Option<f64>, low: Option<f64>, high: Option<f64>) -> v1::Quantity {
    v1::Quantity { name: name.to_owned(), value, low, high, unit: String::new() }
}

fn code(scheme: &str, code: &str) -> v1::Code {
    v1::Code { scheme: scheme.to_owned(), code: code.to_owned() }
}

fn citation(source: &str) -> v1::Citation {
    v1::Citation { source_id: source.to_owned(), ..Default::default() }
}

#[test]
fn links_ids_and_labels_are_refused_at_their_place() {
    assert_refused(&[
        (|c| c.links = vec![link(0, 7)], "links[0].type", "LINK_TYPE_CAUSED_BY"),
        (|c| c.links = vec![v1::Link { r#type: 1, claim_id: String::new() }], "links[0].claim_id", "required: a UUID"),
        (|c| c.links = vec![v1::Link { r#type: 1, claim_id: "$it".into() }], "links[0].claim_id", "no claim"),
        (|c| c.links = vec![link(1, 7), link(1, 7)], "links[1]", "already"),
        (
            |c| c.external_ids = vec![v1::ExternalId { id: "Q1".into(), ..Default::default() }],
            "external_ids[0].scheme",
            "empty",
        ),
        (
            |c| c.external_ids = vec![v1::ExternalId { scheme: "wikidata".into(), ..Default::default() }],
            "external_ids[0].id",
            "empty",
        ),
        (|c| c.labels = vec![String::new()], "labels[0]", "empty"),
        (|c| c.labels = vec!["a\0b".into()], "labels[0]", "NUL"),
        (|c| c.labels = vec![long(129)], "labels[0]", "129 bytes"),
        (|c| c.labels = vec!["a".into(), "b".into(), "a".into()], "labels[2]", "already"),
        (|c| c.labels = (0..513).map(|n| n.to_string()).collect(), "labels", "513 values; at most 512"),
    ]);
}

fn link(link_type: i32, target: u128) -> v1::Link {
    v1::Link { r#type: link_type, claim_id: uuid(target) }
}

#[test]
fn all_that_is_wrong_is_reported_at_once() {
    let claim =
        v1::Claim { valid: "soon".into(), due: "24".into(), labels: vec![String::new(); 2], ..Default::default() };
    assert_eq!(
        fields(&parse(claim).unwrap_err()),
        [
            "claim.kind",
            "claim.temporal_type",
            "claim.valid",
            "claim.modality",
            "claim.texts",
            "claim.due",
            "claim.labels[0]",
            "claim.labels[1]",
            "claim.labels[1]",
        ]
    );
}

#[test]
fn a_value_that_is_left_out_does_not_shift_the_places_of_the_others() {
    let mut claim = small_claim();
    claim.parties = vec![party("?", "actor"), party("AZE", "actor"), party("AZE", "actor")];
    assert_eq!(fields(&parse(claim).unwrap_err()), ["claim.parties[0].party_id", "claim.parties[2]"]);
}

#[test]
fn what_may_be_said_is_taken_as_it_is() {
    let mut claim = small_claim();
    claim.texts.push(v1::Text { lang: "en".into(), text: "\0\u{1b}[31m\r\n".into(), original: false });
    claim.relationships = vec!["RUS-AZE".into()];
    claim.parties = vec![party("AZE", "actor"), party("AZE", "target")];
    claim.links = vec![link(1, 7), link(2, 7)];
    claim.valid = "../2025".into();
    let parsed = parse(claim).unwrap();
    assert_eq!(&*parsed.texts[1].text, "\0\u{1b}[31m\r\n");
    assert_eq!(parsed.relationships[0].as_str(), "AZE-RUS");
    assert_eq!((parsed.parties.len(), parsed.links.len()), (2, 2));
    assert!(matches!(parsed.time, Time::Event(Bound::Open, Bound::Known(_))));
    let timeless = v1::Claim { temporal_type: 3, valid: String::new(), ..small_claim() };
    assert_eq!(parse(timeless).unwrap().time, Time::None);
}
