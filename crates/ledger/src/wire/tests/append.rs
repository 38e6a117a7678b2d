//! Appends: `$names`, every command's violations at their paths, the fingerprint, limits.

use super::{append_of, assert_command, counting, fields, small_claim, uuid};
use crate::wire::command::{ParsedAppend, over_limit, parse_append};
use crate::wire::limits;
use detente_domain::command::{Command, Expectation, Precondition};
use detente_domain::name::ClaimId;
use detente_domain::position::Position;
use detente_domain::rejection::Violation;
use detente_proto::v1;
use uuid::Uuid;
use v1::command::Command as Wire;

fn parse(request: v1::AppendRequest) -> Result<ParsedAppend, Vec<Violation>> {
    parse_append(request, &mut counting())
}

fn do_it(command: Wire) -> v1::Command {
    v1::Command { note: String::new(), command: Some(command) }
}

fn asserting(claim_id: &str, linked_to: &[&str]) -> v1::Command {
    let links = linked_to.iter().map(|id| v1::Link { r#type: 7, claim_id: (*id).to_owned() }).collect();
    assert_command(v1::Claim { claim_id: claim_id.to_owned(), links, ..small_claim() })
}

/// The id and the link targets of the claim that a command asserts.
fn asserted_claim(command: &Command) -> (ClaimId, Vec<ClaimId>) {
    match command {
        Command::Assert(claim) | Command::Supersede(_, _, claim) => {
            (claim.id, claim.links.iter().map(|link| link.target).collect())
        }
        other => panic!("{other:?}"),
    }
}

fn id(n: u128) -> ClaimId {
    ClaimId(Uuid::from_u128(n))
}

#[test]
fn a_name_means_the_claim_wherever_it_stands_forward_and_backward() {
    let dispute = Wire::DisputeClaim(v1::DisputeClaim {
        claim_id: "$memo".into(),
        disputed_by: "AZE".into(),
        statement: "No.".into(),
        counter_claim_id: "$other".into(),
        ..Default::default()
    });
    let parsed = parse(append_of(vec![
        asserting("$memo", &["$other", &uuid(77)]),
        asserting("$other", &["$memo"]),
        do_it(dispute),
        do_it(Wire::ReinstateClaim(v1::ReinstateClaim { claim_id: "$other".into() })),
    ]))
    .unwrap();
    let commands: Vec<&Command> = parsed.batch.commands.iter().map(|noted| &noted.command).collect();
    assert_eq!(asserted_claim(commands[0]), (id(1), vec![id(2), id(77)]));
    assert_eq!(asserted_claim(commands[1]), (id(2), vec![id(1)]));
    assert!(matches!(commands[2], Command::Dispute(of, d)
        if *of == id(1) && d.counter_claim == Some(id(2)) && d.id.0 == Uuid::from_u128(3)));
    assert!(matches!(commands[3], Command::Reinstate(of) if *of == id(2)));
}

#[test]
fn the_claim_that_takes_the_place_of_another_can_be_named_too() {
    let supersede = |claim_id: &str, name: &str| {
        do_it(Wire::SupersedeClaim(v1::SupersedeClaim {
            claim_id: claim_id.to_owned(),
            ended: "2025".to_owned(),
            claim: Some(v1::Claim { claim_id: name.to_owned(), ..small_claim() }),
        }))
    };
    let parsed = parse(append_of(vec![supersede(&uuid(50), "$next"), supersede("$next", "")])).unwrap();
    assert_eq!(asserted_claim(&parsed.batch.commands[0].command).0, id(1));
    assert!(matches!(&parsed.batch.commands[1].command, Command::Supersede(old, ended, claim)
        if *old == id(1) && ended.text() == "2025" && claim.id == id(2)));
}

#[test]
fn a_name_that_is_unknown_or_given_twice_or_misshapen_is_refused() {
    let violations = parse(append_of(vec![
        asserting("$memo", &["$none"]),
        asserting("$memo", &[]),
        asserting("$Memo", &["$"]),
        asserting(&format!("${}", "x".repeat(65)), &[]),
        do_it(Wire::ReinstateClaim(v1::ReinstateClaim { claim_id: "$gone".into() })),
    ]))
    .unwrap_err();
    assert_eq!(
        fields(&violations),
        [
            "commands[1].assert_claim.claim.claim_id",
            "commands[0].assert_claim.claim.links[0].claim_id",
            "commands[2].assert_claim.claim.claim_id",
            "commands[2].assert_claim.claim.links[0].claim_id",
            "commands[3].assert_claim.claim.claim_id",
            "commands[4].reinstate_claim.claim_id",
        ]
    );
    assert!(violations[0].description.contains("`$memo` already"), "{violations:?}");
}

#[test]
fn a_name_that_only_a_revision_bears_names_nothing() {
    let revise = v1::ReviseClaim {
        claim: Some(v1::Claim { claim_id: "$x".into(), ..small_claim() }),
        update_mask: None,
        kind: 1,
    };
    let violations = parse(append_of(vec![do_it(Wire::ReviseClaim(revise))])).unwrap_err();
    assert_eq!(fields(&violations), ["commands[0].revise_claim.claim.claim_id"]);
}

/// A command and the fields of it that are refused.
type Case = (Wire, &'static [&'static str]);

fn assert_refused(cases: Vec<Case>) {
    for (command, expected) in cases {
        let shown = format!("{command:?}");
        let violations = parse(append_of(vec![do_it(command)])).unwrap_err();
        let expected: Vec<String> = expected.iter().map(|field| format!("commands[0].{field}")).collect();
        assert_eq!(fields(&violations), expected, "{shown}");
    }
}

#[test]
fn commands_about_claims_are_refused_at_their_fields() {
    assert_refused(vec![
        (Wire::AssertClaim(v1::AssertClaim::default()), &["assert_claim.claim"]),
        (Wire::ReviseClaim(v1::ReviseClaim::default()), &["revise_claim.kind", "revise_claim.claim"]),
        (
            Wire::ReviseClaim(v1::ReviseClaim { claim: Some(small_claim()), update_mask: None, kind: 9 }),
            &["revise_claim.kind", "revise_claim.claim.claim_id"],
        ),
        (Wire::ConfirmClaim(v1::ConfirmClaim::default()), &["confirm_claim.claim_id", "confirm_claim.as_of"]),
        (Wire::RetractClaim(v1::RetractClaim::default()), &["retract_claim.claim_id", "retract_claim.reason"]),
        (Wire::ReinstateClaim(v1::ReinstateClaim::default()), &["reinstate_claim.claim_id"]),
        (
            Wire::DisputeClaim(v1::DisputeClaim {
                dispute_id: "7".into(),
                counter_claim_id: "8".into(),
                ..Default::default()
            }),
            &[
                "dispute_claim.claim_id",
                "dispute_claim.dispute_id",
                "dispute_claim.disputed_by",
                "dispute_claim.statement",
                "dispute_claim.counter_claim_id",
            ],
        ),
        (
            Wire::ResolveDispute(v1::ResolveDispute::default()),
            &["resolve_dispute.claim_id", "resolve_dispute.dispute_id", "resolve_dispute.outcome"],
        ),
        (
            Wire::SupersedeClaim(v1::SupersedeClaim::default()),
            &["supersede_claim.claim_id", "supersede_claim.ended", "supersede_claim.claim"],
        ),
    ]);
}

#[test]
fn commands_about_parties_and_sources_are_refused_at_their_fields() {
    let name = v1::PartyName {
        lang: "x".into(),
        r#type: 9,
        valid: "2025/2024".into(),
        used_by: vec!["AZE".into(), "A-B".into(), "AZE".into()],
        ..Default::default()
    };
    let names = vec![name];
    let party = v1::Party { party_id: "A-B".into(), r#type: 0, names, ..Default::default() };
    let source = v1::Source {
        source_id: "a b".into(),
        publishers: vec!["AZE".into(), "AZE".into()],
        published: "soon".into(),
        language: "x".into(),
        derives_from: vec![String::new()],
        ..Default::default()
    };
    assert_refused(vec![
        (Wire::RegisterParty(v1::RegisterParty::default()), &["register_party.party"]),
        (
            Wire::ReviseParty(v1::ReviseParty { party: Some(party) }),
            &[
                "revise_party.party.party_id",
                "revise_party.party.type",
                "revise_party.party.names[0].lang",
                "revise_party.party.names[0].name",
                "revise_party.party.names[0].type",
                "revise_party.party.names[0].valid",
                "revise_party.party.names[0].used_by[1]",
                "revise_party.party.names[0].used_by[2]",
            ],
        ),
        (
            Wire::RegisterParty(v1::RegisterParty {
                party: Some(v1::Party { party_id: "AZE".into(), r#type: 1, ..Default::default() }),
            }),
            &["register_party.party.names"],
        ),
        (
            Wire::RegisterSource(v1::RegisterSource { source: Some(source) }),
            &[
                "register_source.source.source_id",
                "register_source.source.publishers[1]",
                "register_source.source.title",
                "register_source.source.published",
                "register_source.source.language",
                "register_source.source.derives_from[0]",
            ],
        ),
        (Wire::ReviseSource(v1::ReviseSource::default()), &["revise_source.source"]),
        (Wire::WithdrawSource(v1::WithdrawSource::default()), &["withdraw_source.source_id"]),
    ]);
}

#[test]
fn commands_about_kinds_and_schemes_are_refused_at_their_fields() {
    let entry = |value: &str, score: f64| v1::ScaleEntry { value: value.into(), score };
    let scale = vec![entry("01", 1.0), entry("", f64::NAN), entry("01", f64::NEG_INFINITY)];
    let kind = v1::Kind { kind: "Border".into(), single_valued: true, scale: scale.clone(), ..Default::default() };
    let scheme = v1::Scheme { scheme: "CA\0MEO".into(), title: "x".repeat(1025), scale, ..Default::default() };
    let numbered = |count: usize| (0..count).map(|nth| entry(&nth.to_string(), 0.0)).collect();
    let many = v1::Scheme { scheme: "ICEWS".into(), scale: numbered(10_001), ..Default::default() };
    let long: Vec<_> = (0..1000).map(|nth| entry(&format!("{nth:0>256}"), 0.0)).collect();
    let long = v1::Scheme { scheme: "ICEWS".into(), scale: long, ..Default::default() };
    assert_refused(vec![
        (Wire::RegisterKind(v1::RegisterKind::default()), &["register_kind.kind"]),
        (
            Wire::RegisterKind(v1::RegisterKind { kind: Some(kind) }),
            &[
                "register_kind.kind.kind",
                "register_kind.kind.single_valued",
                "register_kind.kind.scale[1].score",
                "register_kind.kind.scale[1].value",
                "register_kind.kind.scale[2].score",
                "register_kind.kind.scale[2].value",
            ],
        ),
        (
            Wire::ReviseKind(v1::ReviseKind {
                kind: Some(v1::Kind {
                    kind: "border".into(),
                    value: Some(v1::KindValue::default()),
                    ..Default::default()
                }),
            }),
            &["revise_kind.kind.value"],
        ),
        (
            Wire::RegisterScheme(v1::RegisterScheme { scheme: Some(scheme) }),
            &[
                "register_scheme.scheme.scheme",
                "register_scheme.scheme.title",
                "register_scheme.scheme.scale[1].score",
                "register_scheme.scheme.scale[1].value",
                "register_scheme.scheme.scale[2].score",
                "register_scheme.scheme.scale[2].value",
            ],
        ),
        (Wire::ReviseScheme(v1::ReviseScheme::default()), &["revise_scheme.scheme"]),
        (Wire::ReviseScheme(v1::ReviseScheme { scheme: Some(many) }), &["revise_scheme.scheme.scale"]),
        (Wire::ReviseScheme(v1::ReviseScheme { scheme: Some(long) }), &["revise_scheme.scheme.scale"]),
    ]);
    let most = v1::Scheme { scheme: "ICEWS".into(), scale: numbered(10_000), ..Default::default() };
    let register = Wire::RegisterScheme(v1::RegisterScheme { scheme: Some(most) });
    assert!(parse(append_of(vec![do_it(register)])).is_ok());
}

#[test]
fn commands_that_merge_parties_are_refused_at_their_fields() {
    let merge = v1::MergeParties { merged_party_id: String::new(), surviving_party_id: "A-B".into() };
    assert_refused(vec![
        (Wire::MergeParties(merge), &["merge_parties.merged_party_id", "merge_parties.surviving_party_id"]),
        (Wire::UnmergeParties(v1::UnmergeParties::default()), &["unmerge_parties.merged_party_id"]),
    ]);
}

#[test]
fn what_is_wrong_around_the_commands_is_told_with_the_rest() {
    let request = v1::AppendRequest {
        request_id: "7".into(),
        commands: vec![
            v1::Command { note: "x".repeat(limits::MAX_NOTE_BYTES + 1), command: None },
            assert_command(v1::Claim { kind: String::new(), ..small_claim() }),
        ],
        preconditions: vec![v1::Precondition::default()],
        ..Default::default()
    };
    assert_eq!(
        fields(&parse(request).unwrap_err()),
        [
            "request_id",
            "recorded_by",
            "commands[0].note",
            "commands[0]",
            "commands[1].assert_claim.claim.kind",
            "preconditions[0]",
        ]
    );
    assert_eq!(fields(&parse(append_of(Vec::new())).unwrap_err()), ["commands"]);
    let long = v1::AppendRequest { recorded_by: "x".repeat(257), ..append_of(vec![asserting("", &[])]) };
    assert_eq!(fields(&parse(long).unwrap_err()), ["recorded_by"]);
}

fn expecting(claim_id: &str, expectation: Option<v1::expected_revision::Expectation>) -> v1::Precondition {
    let expected = v1::ExpectedRevision { claim_id: claim_id.to_owned(), expectation };
    v1::Precondition { precondition: Some(v1::precondition::Precondition::ExpectedRevision(expected)) }
}

fn boundary(filter: v1::Filter) -> v1::Precondition {
    let boundary = v1::QueryBoundary { filter: Some(filter), after_position: 41 };
    v1::Precondition { precondition: Some(v1::precondition::Precondition::QueryBoundary(boundary)) }
}

fn under(preconditions: Vec<v1::Precondition>) -> Result<ParsedAppend, Vec<Violation>> {
    parse(v1::AppendRequest { preconditions, ..append_of(vec![asserting("", &[])]) })
}

#[test]
fn preconditions_expect_a_revision_or_a_boundary() {
    use v1::expected_revision::Expectation as E;
    let parsed = under(vec![
        expecting(&uuid(7), Some(E::Exact(3))),
        expecting(&uuid(8), Some(E::Absent(true))),
        expecting(&uuid(9), Some(E::Exists(true))),
        boundary(v1::Filter::default()),
    ])
    .unwrap();
    let got = parsed.batch.preconditions.as_slice();
    assert!(matches!(got[0], Precondition::Revision(claim, Expectation::Exact(3)) if claim == id(7)));
    assert!(matches!(got[1], Precondition::Revision(_, Expectation::Absent)));
    assert!(matches!(got[2], Precondition::Revision(_, Expectation::Exists)));
    assert!(matches!(&got[3], Precondition::Boundary(filter, Position(41)) if filter.items.is_empty()));
}

#[test]
fn preconditions_are_refused_at_their_fields() {
    use v1::expected_revision::Expectation as E;
    let text = v1::FilterItem { text: "border".into(), ..Default::default() };
    let violations = under(vec![
        expecting("", Some(E::Exact(0))),
        expecting(&uuid(7), Some(E::Absent(false))),
        expecting(&uuid(7), Some(E::Exists(false))),
        expecting(&uuid(7), None),
        boundary(v1::Filter { items: vec![text] }),
    ])
    .unwrap_err();
    assert_eq!(
        fields(&violations),
        [
            "preconditions[0].expected_revision.claim_id",
            "preconditions[0].expected_revision.exact",
            "preconditions[1].expected_revision.absent",
            "preconditions[2].expected_revision.exists",
            "preconditions[3].expected_revision",
            "preconditions[4].query_boundary.filter.items[0].text",
        ]
    );
}

#[test]
fn the_digest_is_that_of_the_request_without_its_name() {
    let named = |n: u128, by: &str| v1::AppendRequest {
        request_id: uuid(n),
        recorded_by: by.to_owned(),
        ..append_of(vec![asserting("", &[])])
    };
    let key = |request| parse(request).unwrap().request;
    let first = key(named(1, "a")).unwrap();
    assert_eq!((first.id, first.staged), (Uuid::from_u128(1), false));
    assert_eq!(key(named(2, "a")).unwrap().body, first.body);
    assert_ne!(key(named(1, "b")).unwrap().body, first.body);
    assert_eq!(key(append_of(vec![asserting("", &[])])), None);
}

#[test]
fn a_claim_that_is_too_large_is_told_apart_and_what_the_ledger_adds_does_not_count() {
    let text = v1::Text { lang: "en".into(), text: "x".repeat(limits::MAX_TEXT_BYTES), original: false };
    let large = v1::Claim { texts: vec![text; 4], ..small_claim() };
    let request = append_of(vec![asserting("", &[]), assert_command(large)]);
    let violation = over_limit(&request.commands).unwrap();
    assert_eq!(violation.field, "commands[1].assert_claim.claim");
    assert_eq!(parse(request).unwrap_err(), [violation]);
    let disputes = vec![v1::Dispute { statement: "x".repeat(limits::MAX_CLAIM_BYTES), ..Default::default() }];
    let answered = append_of(vec![assert_command(v1::Claim { disputes, ..small_claim() })]);
    assert_eq!(over_limit(&answered.commands), None);
    assert!(parse(answered).is_ok());
}
