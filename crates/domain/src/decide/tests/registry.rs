//! Parties, sources, kinds and schemes.

use super::*;

#[test]
fn parties_and_sources_may_be_registered_anywhere_in_the_append_that_names_them() {
    let claim = Claim { parties: vec![claim_party("LYD")], sources: vec![citation("memo")], ..state(9, "2025") };
    let origin = Source { publishers: vec![party_id("LYD")], derives_from: vec![source_id("note")], ..source("memo") };
    let events = shelf().record(vec![
        assert_claim(claim),
        Command::RegisterSource(origin),
        Command::RegisterSource(source("note")),
        Command::RegisterParty(party("LYD")),
    ]);
    assert_eq!(events.len(), 4);
}

#[test]
fn a_withdrawn_source_may_still_be_cited_and_stays_withdrawn_when_it_is_revised() {
    let mut shelf = shelf();
    let claim = Claim { sources: vec![citation("withdrawn")], ..state(9, "2025") };
    shelf.record(vec![assert_claim(claim), Command::ReviseSource(source("withdrawn"))]);
    assert_eq!(shelf.source_revision(&source_id("withdrawn")), Some((3, true)));
}

fn kind(name: &str) -> Kind {
    Kind {
        kind: Word::parse(name).unwrap(),
        description: "".into(),
        single_valued: false,
        value: None,
        scale: Vec::new(),
        promise: false,
    }
}

fn scheme(name: &str) -> Scheme {
    Scheme { scheme: name.into(), title: "".into(), scale: Vec::new() }
}

#[test]
fn kinds_and_schemes_are_registered_once_and_revised_once_registered() {
    let mut shelf = shelf();
    let events = shelf.record(vec![
        Command::RegisterKind(kind("border")),
        Command::ReviseKind(kind("border")),
        Command::RegisterScheme(scheme("CAMEO")),
    ]);
    assert_eq!(events.iter().map(|event| event.revision).collect::<Vec<_>>(), [1, 2, 1]);
    assert_eq!(shelf.record(vec![Command::ReviseScheme(scheme("CAMEO"))])[0].revision, 2);
    assert_eq!(
        shelf.wrong(vec![
            Command::RegisterKind(kind("border")),
            Command::ReviseKind(kind("trade")),
            Command::RegisterScheme(scheme("CAMEO")),
            Command::ReviseScheme(scheme("PLOVER")),
            Command::RegisterScheme(scheme("ICEWS")),
            Command::RegisterScheme(scheme("ICEWS")),
        ]),
        [
            "commands[0].register_kind.kind.kind",
            "commands[1].revise_kind.kind.kind",
            "commands[2].register_scheme.scheme.scheme",
            "commands[3].revise_scheme.scheme.scheme",
            "commands[5].register_scheme.scheme.scheme",
        ]
    );
}

#[test]
fn who_uses_a_name_is_registered_before_or_in_the_append() {
    let shelf = shelf();
    let used_by = |party: Party, users: &[&str]| {
        let names =
            vec![PartyName { used_by: users.iter().map(|id| party_id(id)).collect(), ..party.names[0].clone() }];
        Party { names, ..party }
    };
    assert_eq!(
        shelf.wrong(vec![
            Command::RegisterParty(used_by(party("TUR"), &["AZE", "GEO", "IRN", "TUR"])),
            Command::ReviseParty(used_by(party("AZE"), &["IRN"])),
            Command::RegisterParty(party("GEO")),
        ]),
        ["commands[0].register_party.party.names[0].used_by[2]", "commands[1].revise_party.party.names[0].used_by[0]",]
    );
}
