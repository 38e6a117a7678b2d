//! The shipped mappings, each on a small made-up sample in the form of its data set: what a row says becomes what a claim
//! says, and a later release changes exactly what changed. The real files are compared in `tests/oracles`.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

/// A ledger in a directory of its own, into which samples are imported.
struct Ledger {
    directory: tempfile::TempDir,
    scheme: &'static str,
    mapping: &'static str,
    tables: Vec<(&'static str, &'static str)>,
    releases: u32,
}

impl Ledger {
    fn new(scheme: &'static str, mapping: &'static str) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), scheme, mapping, tables: Vec::new(), releases: 0 }
    }

    /// The samples that its mapping wants as tables.
    fn with(mut self, tables: &[(&'static str, &'static str)]) -> Self {
        self.tables = tables.to_vec();
        self
    }

    fn data(&self) -> String {
        self.directory.path().join("ledger").display().to_string()
    }

    /// Imports a sample as the next release, a year after the one before, and returns the report.
    fn import(&mut self, sample: &str) -> String {
        self.releases += 1;
        let mapping = root().join("deploy/mappings").join(self.mapping);
        let mut arguments =
            vec!["import".to_owned(), sample_file(sample), "--mapping".into(), mapping.display().to_string()];
        for (name, file) in &self.tables {
            arguments.extend(["--table".into(), format!("{name}={}", sample_file(file))]);
        }
        let recorded_at = format!("20{:02}-01-01T00:00:00Z", 19 + self.releases);
        for (flag, value) in [
            ("--data", self.data()),
            ("--release", self.releases.to_string()),
            ("--recorded-at", recorded_at),
            ("--recorded-by", "desk".into()),
        ] {
            arguments.extend([flag.to_owned(), value]);
        }
        run(&arguments)
    }

    /// The claims as they stand, retracted ones too, by their key in the data set.
    fn claims(&self) -> BTreeMap<String, Value> {
        let claims = self.export("claims", &["--include-retracted"]);
        let key = |claim: &Value| {
            let ids = claim["external_ids"].as_array().unwrap();
            let own = ids.iter().find(|id| id["scheme"] == self.scheme).unwrap();
            own["id"].as_str().unwrap().to_owned()
        };
        claims.into_iter().map(|claim| (key(&claim), claim)).collect()
    }

    /// The keys of the claims that an event of each sort is about, in the release that was imported last.
    fn changed_keys(&self) -> BTreeMap<String, BTreeSet<String>> {
        let keys: BTreeMap<String, String> =
            self.claims().iter().map(|(key, claim)| (text(claim, "claim_id").to_owned(), key.clone())).collect();
        let events = self.export("events", &[]);
        let last = text(events.last().unwrap(), "recorded_at").to_owned();
        let mut changed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for event in events.iter().filter(|event| text(event, "recorded_at") == last) {
            if let Some(key) = keys.get(text(event, "subject_id")) {
                changed.entry(text(event, "event").to_owned()).or_default().insert(key.clone());
            }
        }
        changed
    }

    fn export(&self, what: &str, more: &[&str]) -> Vec<Value> {
        let data = self.data();
        let question = ["export", "--format", "ndjson", "--languages", "en,ar", "--data", &data, "--what", what];
        let arguments: Vec<String> = question.iter().chain(more).map(|word| (*word).to_owned()).collect();
        run(&arguments)
            .lines()
            .filter(|line| line.starts_with('{'))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sample_file(name: &str) -> String {
    root().join("tests/data/mappings").join(name).display().to_string()
}

/// Runs a verb that must succeed: what it wrote and what it told.
fn run(arguments: &[String]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_detente"));
    let done = command.env_remove("DETENTE_SERVER").env_remove("DETENTE_DATA").args(arguments).output().unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success(), "{arguments:?}: {told}");
    String::from_utf8(done.stdout).unwrap() + &told
}

fn text<'a>(row: &'a Value, column: &str) -> &'a str {
    row[column].as_str().unwrap_or_default()
}

/// A list of a row, in order.
fn list(row: &Value, column: &str) -> BTreeSet<String> {
    let items = row[column].as_array().into_iter().flatten();
    items.map(|item| item.as_str().unwrap().to_owned()).collect()
}

fn set(items: &[&str]) -> BTreeSet<String> {
    items.iter().map(|&item| item.to_owned()).collect()
}

/// A valid time in short: `1931-03/1931-05-17`, with `open` and `unknown` for ends that are.
fn valid(claim: &Value) -> String {
    let end = |which: &str| match text(claim, &format!("{which}_kind")) {
        "known" => text(claim, which).to_owned(),
        other => other.to_owned(),
    };
    format!("{}/{}", end("valid_from"), end("valid_to"))
}

/// The codes as `SCHEME:code`.
fn codes(claim: &Value) -> BTreeSet<String> {
    let codes = claim["codes"].as_array().into_iter().flatten();
    codes.map(|code| format!("{}:{}", text(code, "scheme"), text(code, "code"))).collect()
}

fn quantity<'a>(claim: &'a Value, name: &str) -> &'a Value {
    claim["quantities"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|quantity| quantity["name"] == name)
        .unwrap_or(&Value::Null)
}

fn changes(expected: &[(&str, &[&str])]) -> BTreeMap<String, BTreeSet<String>> {
    expected.iter().map(|(event, keys)| ((*event).to_owned(), set(keys))).collect()
}

#[test]
fn a_dispute_has_the_states_of_both_sides_and_an_end_only_once_it_ended() {
    let mut ledger = Ledger::new("cow-mid", "cow_mid.toml").with(&[("participants", "cow_mid_participants_1.csv")]);
    ledger.import("cow_mid_disputes_1.csv");
    let claims = ledger.claims();
    assert_eq!(claims.len(), 4);

    let first = &claims["90001"];
    assert_eq!(valid(first), "1931-03/1931-05-17");
    assert_eq!(list(first, "party_roles"), set(&["TUR:side_a", "RUS:side_b"]));
    assert_eq!(list(first, "relationships"), set(&["RUS-TUR"]));
    assert_eq!(text(first, "text_en"), "Militarized dispute 90001: show of force; a compromise");
    assert_eq!(text(first, "text_ar"), "نزاع عسكري رقم 90001: استعراض للقوة");
    assert_eq!(
        codes(first),
        set(&["MID_ACTION:7", "MID_FATALITY:0", "MID_HOSTILITY:3", "MID_OUTCOME:6", "MID_SETTLEMENT:1"])
    );

    let going_on = &claims["90002"];
    assert_eq!((valid(going_on).as_str(), text(going_on, "as_of")), ("2010-11-04/open", "2010-12-20"));
    assert_eq!(list(going_on, "relationships"), set(&["ARM-AZE", "AZE-RUS"]));
    let deaths = quantity(going_on, "deaths");
    assert_eq!((&deaths["low"], &deaths["high"], &deaths["value"]), (&json!(26.0), &json!(100.0), &Value::Null));
    assert_eq!(quantity(first, "deaths"), &json!({ "name": "deaths", "unit": "", "value": 0.0 }));
    assert_eq!(list(&claims["90003"], "party_ids"), set(&["COW_AUH", "TUR"]), "a state without an ISO code");
    assert_eq!(list(&claims["90002"], "labels"), set(&["dataset:cow-mid", "reciprocated"]));
}

#[test]
fn a_later_release_of_disputes_retracts_asserts_and_corrects_exactly_what_changed() {
    let mut ledger = Ledger::new("cow-mid", "cow_mid.toml").with(&[("participants", "cow_mid_participants_1.csv")]);
    ledger.import("cow_mid_disputes_1.csv");
    ledger = ledger.with(&[("participants", "cow_mid_participants_2.csv")]);
    ledger.import("cow_mid_disputes_2.csv");
    assert_eq!(
        ledger.changed_keys(),
        changes(&[
            ("claim_asserted", &["90004"]),
            ("claim_revised", &["90001", "90002"]),
            ("claim_retracted", &["90003"]),
        ])
    );
    let claims = ledger.claims();
    assert_eq!(valid(&claims["90001"]), "1931-03-08/1931-05-17");
    assert_eq!(valid(&claims["90002"]), "2010-11-04/2012-03-02");
    assert_eq!((&claims["90003"]["retracted"], text(&claims["90003"], "retraction_reason")), (&json!(true), "wrong"));
}

#[test]
fn a_spell_in_a_dispute_keeps_its_key_when_its_day_is_corrected_and_loses_it_when_its_month_is() {
    let mut ledger = Ledger::new("cow-mid-participants", "cow_mid_participants.toml");
    ledger.import("cow_mid_participants_1.csv");
    let first = &ledger.claims()["90002:373:2010-11"];
    assert_eq!(text(first, "text_en"), "Azerbaijan takes part in militarized dispute 90002 on side B");
    assert_eq!(list(first, "labels"), set(&["dataset:cow-mid-participants", "originator", "revisionist"]));
    assert!(codes(first).is_superset(&set(&["MID_REVISION:1", "MID_REVISION:2"])));
    assert_eq!(first["links"][0]["type"], "LINK_TYPE_PART_OF");

    ledger.import("cow_mid_participants_2.csv");
    assert_eq!(
        ledger.changed_keys(),
        changes(&[
            ("claim_asserted", &["90002:365:2010-12", "90004:365:2014-6", "90004:640:2014-6"]),
            ("claim_revised", &["90001:365:1931-3", "90001:640:1931-3", "90002:371:2010-11", "90002:373:2010-11"]),
            ("claim_retracted", &["90002:365:2010-11", "90003:300:1962-9", "90003:640:1962-9"]),
        ])
    );
}

#[test]
fn a_dispute_and_a_spell_in_it_are_joined_where_both_are_in_one_ledger() {
    let mut disputes = Ledger::new("cow-mid", "cow_mid.toml").with(&[("participants", "cow_mid_participants_1.csv")]);
    disputes.import("cow_mid_disputes_1.csv");
    let mut spells = Ledger::new("cow-mid-participants", "cow_mid_participants.toml");
    spells.import("cow_mid_participants_1.csv");
    assert_eq!(spells.claims()["90001:640:1931-3"]["links"][0]["claimId"], disputes.claims()["90001"]["claim_id"]);
}

#[test]
fn a_month_written_as_a_made_up_day_is_no_change_and_type_0_is_a_recorded_absence() {
    let mut ledger = Ledger::new("cow-contiguity", "cow_contiguity.toml");
    ledger.import("cow_contiguity_1.csv");
    let claims = ledger.claims();
    let lasting = &claims["371:373:1992-01"];
    assert_eq!((valid(lasting).as_str(), text(lasting, "as_of")), ("1992-01/open", "2016-12"));
    assert_eq!(text(lasting, "text_en"), "Armenia borders by land or river Azerbaijan");
    assert_eq!(valid(&claims["365:640:1900-04"]), "1900-04/1951-12");

    ledger.import("cow_contiguity_2.csv");
    assert_eq!(
        ledger.changed_keys(),
        changes(&[
            ("claim_asserted", &["365:640:1952-01", "640:365:1952-01"]),
            ("claim_revised", &["365:640:1900-04", "640:365:1900-04"]),
        ])
    );
    let claims = ledger.claims();
    assert_eq!(text(&claims["365:640:1952-01"], "modality"), "absent");
    assert_eq!(quantity(&claims["365:640:1900-04"], "water")["high"], json!(24.0));
}

#[test]
fn each_bit_of_an_alliance_year_is_a_code_and_a_year_without_any_is_a_claim_too() {
    let mut ledger = Ledger::new("atop", "atop.toml");
    ledger.import("atop_1.csv");
    let claims = ledger.claims();
    let year = &claims["365:373:1901"];
    assert_eq!(valid(year), "1901/1901");
    assert_eq!(
        text(year, "text_en"),
        "Obligations of Russia towards Azerbaijan in 1901: defence nonaggression consultation"
    );
    assert_eq!(codes(year), set(&["ATOP:defence", "ATOP:nonaggression", "ATOP:consultation"]));
    assert_eq!(list(year, "party_roles"), set(&["RUS:obliged", "AZE:ally"]));
    assert!(text(&claims["365:373:1902"], "text_en").ends_with("in 1902: none of the five sorts"));

    ledger.import("atop_2.csv");
    let expected = changes(&[("claim_asserted", &["365:373:1903"]), ("claim_revised", &["373:365:1901"])]);
    assert_eq!(ledger.changed_keys(), expected);
}

#[test]
fn an_actor_of_an_event_is_a_state_by_its_name_or_a_party_of_its_own() {
    let mut ledger = Ledger::new("icews", "icews.toml");
    ledger.import("icews.tsv");
    let claims = ledger.claims();
    assert_eq!(claims.len(), 5);
    let talks = &claims["2031-03-04:Russia:Consult:Azerbaijan"];
    assert_eq!(list(talks, "relationships"), set(&["AZE-RUS"]));
    assert_eq!((valid(talks).as_str(), text(talks, "polarity")), ("2031-03-04/2031-03-04", "cooperation"));
    assert_eq!(codes(talks), set(&["CAMEO:040"]));
    let fishermen = &claims["2031-03-04:Fishermen (Azerbaijan):Criticize or denounce:Harbour Police (Russia)"];
    assert_eq!(list(fishermen, "relationships"), set(&["ICEWS_Fishermen_Azerbaijan-ICEWS_Harbour_Police_Russia"]));
    assert_eq!(text(fishermen, "polarity"), "tension");
    let itself = &claims["2031-03-05:Harbour Police (Russia):Make statement:Harbour Police (Russia)"];
    assert_eq!(list(itself, "relationships"), set(&[]), "nobody has a relationship with themselves");
    let quoted = &claims["2031-03-06:Anna \"Nan\" Examplova:Provide aid:Azerbaijan"];
    let plain = &claims["2031-03-06:Anna Nan Examplova:An event of no code:Azerbaijan"];
    assert_eq!(list(quoted, "party_ids"), list(plain, "party_ids"), "one party, written in two ways");
    assert_eq!((codes(plain), text(plain, "polarity")), (set(&[]), ""));
}

#[test]
fn an_event_as_published_bears_on_the_relationship_of_its_countries() {
    let mut ledger = Ledger::new("icews-raw", "icews_raw.toml");
    ledger.import("icews_raw.tab");
    let claims = ledger.claims();
    let arrest = &claims["70000001"];
    assert_eq!(list(arrest, "relationships"), set(&["AZE-RUS"]));
    let roles = [
        "ICEWS_Harbour_Police_Russia:actor",
        "ICEWS_Fishermen_Azerbaijan:target",
        "RUS:actor_state",
        "AZE:target_state",
    ];
    assert_eq!(list(arrest, "party_roles"), set(&roles));
    assert_eq!(text(arrest, "place"), "Examplesk, Example Oblast, Russian Federation");
    assert_eq!(quantity(arrest, "intensity")["value"], json!(-5.0));
    assert_eq!(arrest["sources"][0]["locator"], "story 80000001, sentence 2");
    assert_eq!(list(&claims["70000002"], "relationships"), set(&[]), "one of the two has no country");
    assert_eq!(list(&claims["70000003"], "relationships"), set(&[]), "both are of one country");
    assert_eq!((text(&claims["70000003"], "place"), text(&claims["70000003"], "polarity")), ("", "neutral"));
}

#[test]
fn a_gdelt_event_cites_the_article_in_which_it_was_first_read() {
    let mut ledger = Ledger::new("gdelt", "gdelt_events.toml");
    ledger.import("gdelt_events.CSV");
    let claims = ledger.claims();
    let talks = &claims["99000001"];
    assert_eq!(valid(talks), "2031-03-04/2031-03-04");
    assert_eq!(list(talks, "relationships"), set(&["AZE-RUS"]));
    let roles = ["CAMEO_RUSGOV:actor", "AZE:target", "RUS:actor_state", "AZE:target_state"];
    assert_eq!(list(talks, "party_roles"), set(&roles));
    assert_eq!(text(talks, "text_en"), "RUSSIAN: Consult → AZERBAIJAN");
    assert_eq!(talks["attribution"][0]["name"], "courier.example");
    assert_eq!(talks["attribution"][0]["saidAt"], "2031-03-04T18:15:00Z");
    assert_eq!(list(talks, "labels"), set(&["root_event"]).union(&set(&["dataset:gdelt"])).cloned().collect());
    let rebels = &claims["99000002"];
    assert_eq!(text(rebels, "text_en"), "an actor not named: event 1999 → REBEL");
    assert_eq!(list(rebels, "party_roles"), set(&["CAMEO_REB:target"]));
    assert_eq!((text(rebels, "polarity"), quantity(rebels, "goldstein")["value"].clone()), ("tension", json!(-10.0)));
}

#[test]
fn a_mention_has_two_times_and_is_about_its_event() {
    let mut ledger = Ledger::new("gdelt-mentions", "gdelt_mentions.toml");
    ledger.import("gdelt_mentions.csv");
    let claims = ledger.claims();
    assert_eq!(claims.len(), 3, "one article mentions one event twice in one sentence");
    let again: Vec<_> = claims.keys().filter(|key| key.ends_with("#2")).collect();
    assert_eq!(again.len(), 1);
    let first = claims.iter().find(|(key, _)| again[0].strip_suffix("#2") == Some(key.as_str())).unwrap().1;
    assert_eq!(valid(first), "2031-03-04T18:30:00Z/2031-03-04T18:30:00Z");
    assert_eq!(text(first, "refers_to"), "2031-03-04T18:15:00Z");
    assert!(list(first, "labels").contains("lang:rus"));
    assert_eq!(first["links"][0]["type"], "LINK_TYPE_ABOUT");

    let mut events = Ledger::new("gdelt", "gdelt_events.toml");
    events.import("gdelt_events.CSV");
    assert_eq!(first["links"][0]["claimId"], events.claims()["99000001"]["claim_id"]);
}

#[test]
fn each_dated_cell_of_a_treaty_is_a_claim_and_its_letter_says_what_was_done() {
    let mut ledger = Ledger::new("un-treaties", "un_treaties.toml").with(&[("treaties", "un_treaties_index.csv")]);
    let told = ledger.import("un_treaties");
    let claims = ledger.claims();
    let signed = &claims["91-1:Russian Federation:signature"];
    assert_eq!((valid(signed).as_str(), text(signed, "status")), ("1951-05-03/1951-05-03", "signed"));
    assert_eq!(text(signed, "kind"), "treaty_signature");
    assert_eq!(
        text(signed, "text_en"),
        "Russian Federation: signature. Convention on the Weighing of Salt. Examplesk, 3 May 1951"
    );
    assert_eq!(text(&claims["91-1:Russian Federation:ratification"], "status"), "ratified");
    assert_eq!(text(&claims["91-1:Azerbaijan:accession"], "kind"), "treaty_accession");
    assert_eq!(list(&claims["91-1:Slovakia:succession"], "party_roles"), set(&["SVK:party"]));
    assert_eq!(list(&claims["91-1:World Salt Board:signature"], "party_roles"), set(&["UNTC_World_Salt_Board:party"]));
    let unclear = claims.iter().find(|(key, _)| key.starts_with("91-1.a:Turkey:participation ")).unwrap().1;
    assert!(text(unclear, "text_en").contains("(Definitive signature of the Protocol, Acceptance of the Protocol)"));
    assert_eq!(claims.len(), 6, "a volume number is no claim");
    assert!(told.contains("4 Oktob 1994"), "a date that cannot be read is told: {told}");
}

#[test]
fn a_treaty_is_an_event_on_the_day_at_the_end_of_its_title() {
    let mut ledger = Ledger::new("un-treaty-index", "un_treaties_index.toml");
    ledger.import("un_treaties_index.csv");
    let claims = ledger.claims();
    assert_eq!(
        (valid(&claims["91-1"]).as_str(), text(&claims["91-1"], "place")),
        ("1951-05-03/1951-05-03", "Examplesk")
    );
    assert_eq!(valid(&claims["91-1.a"]), "1958-06-07/1958-06-07");
    assert_eq!(text(&claims["91-2"], "temporal_type"), "none");
}

#[test]
fn a_fact_without_a_year_has_an_unknown_end_and_one_that_ends_before_it_starts_is_told() {
    let tables = [("entities", "wikidata_entity2id.txt"), ("relations", "wikidata_relation2id.txt")];
    let mut ledger = Ledger::new("wikidata-intervals", "wikidata_intervals.toml").with(&tables);
    let told = ledger.import("wikidata.tsv");
    let claims = ledger.claims();
    let times: BTreeSet<String> = claims.values().map(valid).collect();
    assert_eq!(times, set(&["1991/unknown", "0918/0927", "unknown/1999", "2001/2001"]));
    let citizen = &claims["Q990000003:P27:Q990000002:####-##-##:1999-##-##"];
    assert_eq!(
        (text(citizen, "kind"), text(citizen, "text_en")),
        ("citizenship", "Q990000003 is a citizen of Q990000002")
    );
    assert_eq!(list(citizen, "relationships"), set(&["Q990000002-Q990000003"]));
    let itself = &claims["Q990000003:P9999:Q990000003:2001-##-##:2001-##-##"];
    assert_eq!((text(itself, "kind"), list(itself, "relationships")), ("wikidata_statement", set(&[])));
    assert!(told.contains("wikidata.tsv:5: columns start, end: it ends before it starts"), "{told}");
}

/// Replays a sample that has every version of its rows. The ledger.
fn replay(scheme: &'static str, mapping: &'static str, sample: &str) -> Ledger {
    let ledger = Ledger::new(scheme, mapping);
    ledger.replay(sample, &[]);
    let again = ledger.replay(sample, &[]);
    assert!(again.contains("events written:  0"), "replaying again writes nothing: {again}");
    ledger
}

impl Ledger {
    fn replay(&self, sample: &str, tables: &[&str]) -> String {
        let mapping = root().join("deploy/mappings").join(self.mapping).display().to_string();
        let words = ["import", &sample_file(sample), "--mapping", &mapping, "--replay", "--recorded-by", "desk"];
        let mut arguments: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        arguments.extend(["--data".to_owned(), self.data()]);
        for (name, file) in tables.iter().map(|table| table.split_once('=').unwrap()) {
            arguments.extend(["--table".to_owned(), format!("{name}={}", sample_file(file))]);
        }
        run(&arguments)
    }

    /// The valid times known at an instant, by key.
    fn valid_at(&self, known_at: &str) -> BTreeMap<String, String> {
        let claims = self.export("claims", &["--known-at", known_at]);
        let key = |claim: &Value| text(&claim["external_ids"][0], "id").to_owned();
        claims.iter().map(|claim| (key(claim), valid(claim))).collect()
    }
}

#[test]
fn a_bundle_of_stix_has_every_version_of_its_relationships_each_as_of_its_instant() {
    let ledger = replay("stix", "stix.toml", "stix_bundle.json");
    let (one, other) =
        ("relationship--33333333-3333-4333-8333-333333333333", "relationship--44444444-4444-4444-8444-444444444444");
    let first = ledger.valid_at("2016-06-30T00:00:00Z");
    assert_eq!(first[one], "2015-03-01T00:00:00Z/open");
    assert_eq!(first[other], "unknown/open");
    let later = ledger.valid_at("2017-06-01T00:00:00Z");
    assert_eq!(later[one], "2015-03-01T00:00:00Z/2016-06-01T00:00:00Z");
    assert!(!later.contains_key(other), "it was revoked: {later:?}");
    let claims = ledger.claims();
    assert_eq!(text(&claims[one], "kind"), "attributed_to");
    let told: Vec<String> = ledger.export("events", &[]).iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|party| party.contains("Made-up Ministry") && party.contains("ORGANISATION")), "{told:?}");
    assert!(told.iter().any(|party| party.contains("Made-up Group") && party.contains("GROUP")), "{told:?}");
}

#[test]
fn statements_of_bods_make_a_claim_of_every_interest_and_a_closed_record_ends_them() {
    let ledger = replay("bods", "bods.toml", "bods_statements.json");
    let keys = ["mu-acme-jane:shareholding", "mu-acme-jane:votingRights", "mu-acme-jane:appointmentOfBoard"];
    let known = |known_at: &str| keys.map(|key| ledger.valid_at(known_at).remove(key).unwrap());
    assert_eq!(known("2023-06-01"), ["2019-04-01/open", "2019-04-01/open", "unknown/open"]);
    assert_eq!(known("2024-06-01"), ["2024-01-15/open", "2019-04-01/open", "unknown/open"]);
    assert_eq!(
        known("2025-06-01"),
        [
            "2024-01-15/[2024-02-05..2025-03-01]",
            "2019-04-01/[2024-02-05..2025-03-01]",
            "unknown/[2024-02-05..2025-03-01]"
        ]
    );
    let claims = ledger.claims();
    assert_eq!(keys.map(|key| text(&claims[key], "kind")), ["shareholding", "voting_rights", "appointment_of_board"]);
    assert_eq!(quantity(&claims[keys[0]], "share")["value"], json!(40.0));
    assert_eq!(list(&claims[keys[0]], "relationships"), set(&["mu_acme-mu_jane"]));
}

#[test]
fn statements_of_follow_the_money_are_a_claim_a_value_and_entities_are_parties() {
    let mut ledger = Ledger::new("ftm", "ftm_statements.toml");
    ledger.import("ftm_statements.csv");
    let claims = ledger.claims();
    assert_eq!(claims.len(), 8, "eleven rows, of which three are checksums");
    let owner = claims.values().find(|claim| text(claim, "kind") == "owner").unwrap();
    assert_eq!(list(owner, "relationships"), set(&["mu_acme-mu_jane"]), "a link is a relationship of its ends");
    assert_eq!((valid(owner).as_str(), &quantity(owner, "share")["value"]), ("2019-04/open", &json!(60.0)));
    assert_eq!(text(owner, "as_of"), "2024-02-05");
    let told: Vec<String> = ledger.export("events", &[]).iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|party| party.contains("Jane Made-up") && party.contains("PERSON")), "{told:?}");
}

#[test]
fn an_interest_that_a_later_statement_no_longer_has_ended_whichever_way_the_statements_come() {
    let whole = replay("bods", "bods.toml", "bods_registry_whole.json");
    let parts = replay("bods", "bods.toml", "bods_registry.json");
    let told = parts.replay("bods_registry_later.json", &["records=bods_registry_whole.json"]);
    assert!(told.contains("rows rejected:   0"), "{told}");
    for known_at in ["2020-03-01", "2021-03-01", "2022-03-01", "2023-03-01", "2024-06-01"] {
        assert_eq!(parts.valid_at(known_at), whole.valid_at(known_at), "{known_at}");
    }
    let [early, late] = ["2020-03-01", "2024-06-01"].map(|known_at| whole.valid_at(known_at));
    assert_eq!(early["or-r-quay:votingRights"], "2016-05-01/open");
    assert_eq!(late["or-r-quay:votingRights"], "2016-05-01/[2020-02-10..2021-02-15]", "the next statement lacks it");
    assert_eq!(late["or-r-quay:shareholding"], "2016-05-01/2023-12-31", "the day from which it ceased is no day of it");
    assert_eq!(late["or-r-quay:boardMember"], "2021-01-20/[2021-02-15..2024-01-10]", "the record is closed without it");
    assert_eq!(late["or-r-ferry:shareholding"], "2012-01-01/[2020-02-12..2022-07-01]", "closed with no interests");
    assert_eq!(late["or-r-trust:shareholding"], "2001-02-03/open");
    assert_eq!(late["or-r-trust:shareholding#2"], "2004-02-03/open", "two of a type");
}

#[test]
fn statements_of_bods_keep_shares_reasons_and_the_names_of_the_time() {
    let ledger = replay("bods", "bods.toml", "bods_registry_whole.json");
    let claims = ledger.claims();
    let share = quantity(&claims["or-r-ferry:shareholding"], "share");
    assert_eq!((&share["low"], &share["high"], &share["value"]), (&json!(25.0), &json!(50.0), &Value::Null));
    let unknown = &claims["or-r-nobody:unknownInterest"];
    assert!(text(unknown, "text_en").contains("a party that is not specified (no beneficial owners)"), "{unknown}");
    assert_eq!(list(unknown, "party_roles"), set(&["or_ferry:subject"]));
    assert_eq!(text(&claims["or-r-state:unspecified"], "kind"), "unspecified", "a relationship without interests");
    assert!(list(&claims["or-r-quay:boardMember"], "labels").contains("indirect"));
    assert_eq!(claims["or-r-quay:boardMember"]["attribution"][0]["name"], "Вымышленный реестр");
    let events = ledger.export("events", &[]);
    let party = |id: &str| -> String {
        events.iter().filter(|event| text(event, "subject_id") == id).map(ToString::to_string).collect()
    };
    assert!(party("or_quay").contains("Gəmi Körpüsü MMC") && party("or_quay").contains("../2021-12-31"));
    assert!(party("or_quay").contains("Körpü Holdinq MMC") && party("or_quay").contains("2022-01-01/.."));
    assert!(party("or_examplia").contains("PARTY_TYPE_STATE"));
    assert!(party("or_armen").contains("Արմեն Օրինակյան"));
}

#[test]
fn a_bundle_of_stix_may_have_objects_without_versions_sightings_and_later_names() {
    let ledger = replay("stix", "stix.toml", "stix_bundle_more.json");
    let claims = ledger.claims();
    let (seen, meant) =
        ("sighting--5a5a5a5a-5555-4555-8555-555555555555", "relationship--66666666-6666-4666-8666-666666666666");
    assert_eq!(claims.len(), 2, "{:?}", claims.keys());
    assert_eq!(valid(&claims[seen]), "2020-01-05T00:00:00Z/2020-02-05T00:00:00Z");
    assert_eq!((text(&claims[seen], "kind"), &quantity(&claims[seen], "count")["value"]), ("sighting", &json!(3.0)));
    assert_eq!(list(&claims[meant], "relationships").len(), 1);
    let parties: Vec<String> = ledger.export("events", &[]).iter().map(ToString::to_string).collect();
    let has = |words: &[&str]| parties.iter().any(|party| words.iter().all(|word| party.contains(word)));
    assert!(has(&["Wagtail Group", "Wagtail Collective", "2021-01-01/.."]), "{parties:?}");
    assert!(has(&["Səma Nümunə"]) && has(&["198.51.100.7"]), "{parties:?}");
}

#[test]
fn a_link_of_follow_the_money_is_a_relationship_of_its_ends_for_as_long_as_it_lasts() {
    let mut ledger = Ledger::new("ftm", "ftm_statements.toml");
    let told = ledger.import("ftm_links.csv");
    assert!(told.contains("rows rejected:   0"), "{told}");
    let claims = ledger.claims();
    let of = |kind: &str| -> Vec<&Value> { claims.values().filter(|claim| text(claim, "kind") == kind).collect() };
    let owners = of("owner");
    assert_eq!(owners.len(), 2, "one for each data set that says so");
    for owner in owners {
        assert_eq!(valid(owner), "2019-04/2022-01-31");
        assert_eq!(list(owner, "relationships"), set(&["fl_quay-fl_sema"]));
    }
    let director = of("director")[0];
    assert_eq!((valid(director).as_str(), text(director, "as_of")), ("2021-02-03/open", "2023-06-01"));
    assert!(text(director, "text_en").ends_with("(sədr)"), "{director}");
    assert_eq!(list(of("person")[0], "relationships"), set(&["fl_absent-fl_sema"]), "the other has no name here");
}
