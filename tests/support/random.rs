//! Makes claims, commands and filters out of a seed: from few values, so that histories meet themselves.

use super::make::{PARTIES, SOURCES, claim};
use super::make::{date, dispute, dispute_id, id, party, party_id, relationship, source, source_id, tick, with, word};
use detente_domain::bound::Bound;
use detente_domain::claim::{Attribution, Citation, Claim, ClaimParty, Code, ExternalId, Link, Text, Time};
use detente_domain::command::{Command, Patch};
use detente_domain::edtf::parse_valid;
use detente_domain::event::Dispute;
use detente_domain::filter::{Filter, FilterItem, Pattern};
use detente_domain::kind::{Kind, KindValue, ScaleEntry};
use detente_domain::name::ClaimId;
use detente_domain::rejection::Violation;
use detente_domain::scheme::Scheme;
use detente_domain::text::SearchWords;
use detente_domain::vocabulary::{
    AttributionRole, DisputeOutcome, LinkType, Modality, Polarity, RetractionReason, RevisionKind, Status, TemporalType,
};

/// SplitMix64: a seed says everything.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 to one less than `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Returns true once in the given number of times.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize].clone()
    }

    fn some_of<T: Clone>(&mut self, choices: &[T]) -> Vec<T> {
        choices.iter().filter(|_| self.0 != 0 && self.next().is_multiple_of(3)).cloned().collect()
    }
}

const CLAIMS: u64 = 20;
const KINDS: [&str; 4] = ["agreement", "agreement_signed", "accusation", "talks"];
const RELATIONSHIPS: [&str; 4] = ["AZE-RUS", "ARM-AZE", "ARM-AZE-RUS", "RUS-TUR"];
const WORDS: [&str; 10] =
    ["border", "Bordeaux", "accord", "Élysée", "gas", "إتفاقية", "agreement", "agree", "l'accord", "cease\u{200c}fire"];
const LABELS: [&str; 3] = ["draft", "Draft", "trade"];
const DATES: [&str; 12] = [
    "2025-01-02",
    "2025-01-03",
    "2025-01-04~",
    "2025-01",
    "[..2025-01-03]",
    "[2025-01-02..]",
    "2025-01-03T12:00:00Z",
    "2025-01-0X",
    "[2025-01-01,2025-01-04..2025-01-05]",
    "2025-0X-X3",
    "2025-01-03T02:00:00+04:00",
    "2025-01-03T22:00:00-05:00",
];
const AS_OFS: [&str; 6] =
    ["2025-01-01", "2025-01-03", "2025-01-05", "2025-01", "2025-01-03T06:00:00Z", "2025-01-04T01:00:00+03:00"];
const LINKS: [LinkType; 3] = [LinkType::Supports, LinkType::Contradicts, LinkType::Supersedes];
const MODALITIES: [Modality; 6] = [
    Modality::Asserted,
    Modality::Asserted,
    Modality::Reported,
    Modality::Denied,
    Modality::Absent,
    Modality::NoInformation,
];

/// The days, and longer and shorter periods, of the questions.
pub(crate) const ASKED: [&str; 10] = [
    "2024-12-31",
    "2025-01-01",
    "2025-01-02",
    "2025-01-03",
    "2025-01-04",
    "2025-01-05",
    "2025-01",
    "2025",
    "2025-01-03T12:00:00Z",
    "2025-01-02T22:00:00Z",
];

fn random_time(random: &mut Random) -> Time {
    loop {
        let mut bound = || match random.below(5) {
            0 => Bound::Open,
            1 => Bound::Unknown,
            _ => Bound::Known(date(random.of(&DATES))),
        };
        let (from, to) = (bound(), bound());
        let time = match random.below(7) {
            0 => return Time::None,
            1..=3 => Time::State(from, to),
            4 | 5 => Time::Event(from, to),
            _ => {
                let (from, to) = parse_valid(random.of(&DATES)).unwrap();
                Time::Event(from, to)
            }
        };
        // One in many ends before it starts: that is for the record to refuse.
        let possible =
            time.bounds().is_none_or(|(a, b)| detente_domain::valid_time::ValidTime::resolve(a, b, None).is_ok());
        if possible || random.once_in(20) {
            return time;
        }
    }
}

/// A claim of any content.
pub(crate) fn random_claim(random: &mut Random, number: u128) -> Claim {
    let time = random_time(random);
    let mut words = vec![random.of(&WORDS), random.of(&WORDS)];
    words.dedup();
    let party = |random: &mut Random| party_id(random.of(&PARTIES));
    with(claim(number, time), |claim| {
        claim.kind = word(random.of(&KINDS));
        claim.texts = vec![Text { lang: "en".into(), text: words.join(" ").into(), original: true }];
        if random.once_in(3) {
            claim.texts.push(Text { lang: "ar".into(), text: random.of(&WORDS).into(), original: false });
        }
        claim.relationships = random.some_of(&RELATIONSHIPS).into_iter().map(relationship).collect();
        let of = |party| ClaimParty { party, role: word("party"), as_text: "".into() };
        claim.parties = random.some_of(&PARTIES).into_iter().map(|name| of(party_id(name))).collect();
        if random.once_in(4) {
            let party = party(random);
            claim.parties.push(ClaimParty { party, role: word("mediator"), as_text: "".into() });
        }
        claim.modality = random.of(&MODALITIES);
        claim.polarity = random.of(&[None, Some(Polarity::Cooperation), Some(Polarity::Tension)]);
        claim.status = random.of(&[None, Some(Status::Signed), Some(Status::InForce)]);
        claim.as_of = random.of(&[None, Some(()), None]).map(|()| date(random.of(&AS_OFS)));
        claim.labels = random.some_of(&LABELS).into_iter().map(Into::into).collect();
        claim.sources = random.some_of(&SOURCES).into_iter().map(citation).collect();
        if random.once_in(3) {
            let target = id(1 + u128::from(random.below(CLAIMS)));
            claim.links = random.some_of(&LINKS).into_iter().map(|link_type| Link { link_type, target }).collect();
        }
        if random.once_in(3) {
            let party = party(random);
            claim.attribution = vec![Attribution {
                party: Some(party),
                name: "".into(),
                role: AttributionRole::Speaker,
                said_at: None,
            }];
        }
        if random.once_in(3) {
            let id = random.of(&["a", "ab", "b"]).into();
            claim.external_ids = vec![ExternalId { scheme: "gdelt".into(), id, release: "r1".into() }];
        }
        if random.once_in(3) {
            claim.codes = vec![Code {
                scheme: random.of(&["CAMEO", "PLOVER"]).into(),
                code: random.of(&["05", "057", "1"]).into(),
            }];
        }
    })
}

fn citation(name: &str) -> Citation {
    Citation { source: source_id(name), locator: "".into(), quote: "".into(), retrieved_at: None, granularity: None }
}

/// A patch that gives a claim other labels, another end, or another start.
#[derive(Clone, Debug)]
pub(crate) struct Relabel {
    pub(crate) id: ClaimId,
    pub(crate) labels: Vec<Box<str>>,
    pub(crate) wrong: bool,
}

impl Patch for Relabel {
    fn claim_id(&self) -> ClaimId {
        self.id
    }

    fn apply(&self, last: &Claim) -> Result<Claim, Vec<Violation>> {
        if self.wrong {
            return Err(vec![Violation::new("labels[0]", "wrong"), Violation::new("labels[1]", "wrong too")]);
        }
        Ok(Claim { labels: self.labels.clone(), ..last.clone() })
    }

    fn clone_box(&self) -> Box<dyn Patch> {
        Box::new(self.clone())
    }
}

/// Any command about claims, parties and sources but those that merge parties: for models that know nothing of merges,
/// kinds and schemes.
pub(crate) fn random_command(random: &mut Random, is_recorded: &dyn Fn(u128) -> bool) -> Command {
    loop {
        let command = any_command(random, is_recorded);
        let beyond = matches!(
            command,
            Command::MergeParties(..)
                | Command::UnmergeParties(_)
                | Command::RegisterKind(_)
                | Command::ReviseKind(_)
                | Command::RegisterScheme(_)
                | Command::ReviseScheme(_)
        );
        if !beyond {
            return command;
        }
    }
}

/// Any command, most often one that fits: `is_recorded` tells which claims are.
pub(crate) fn any_command(random: &mut Random, is_recorded: &dyn Fn(u128) -> bool) -> Command {
    let number = 1 + u128::from(random.below(CLAIMS));
    let kinds = [RevisionKind::Correction, RevisionKind::WorldChange, RevisionKind::PrecisionRefined];
    if !is_recorded(number) && !random.once_in(12) {
        return Command::Assert(Box::new(random_claim(random, number)));
    }
    match random.below(24) {
        0..=3 => Command::Revise(random.of(&kinds), Box::new(random_claim(random, number))),
        4 | 5 => {
            let labels = random.some_of(&LABELS).into_iter().map(Into::into).collect();
            Command::Patch(random.of(&kinds), Box::new(Relabel { id: id(number), labels, wrong: random.once_in(20) }))
        }
        6..=9 => Command::Confirm(id(number), date(random.of(&AS_OFS))),
        10 | 11 => Command::Retract(id(number), random.of(&[RetractionReason::Wrong, RetractionReason::Legal])),
        12 | 13 => Command::Reinstate(id(number)),
        14 | 15 => {
            let counter_claim = random.once_in(4).then(|| id(1 + u128::from(random.below(CLAIMS))));
            Command::Dispute(id(number), Dispute { counter_claim, ..dispute(1 + u128::from(random.below(3))) })
        }
        16 => {
            let outcome = random.of(&[DisputeOutcome::Upheld, DisputeOutcome::Settled]);
            Command::Resolve(id(number), dispute_id(1 + u128::from(random.below(3))), outcome)
        }
        17 => {
            let successor = 100 + u128::from(random.below(1000));
            let successor = random_claim(random, successor);
            Command::Supersede(id(number), date(random.of(&DATES)), Box::new(successor))
        }
        18 => match random.below(3) {
            0 => Command::RegisterParty(party(random.of(&["GEO", "IRN"]))),
            1 => Command::ReviseParty(with_alias(random.of(&["GEO", "AZE"]))),
            _ => Command::WithdrawSource(source_id(random.of(&["gazette", "memo"]))),
        },
        19 | 20 => Command::MergeParties(party_id(random.of(&MERGING)), party_id(random.of(&MERGING))),
        21 => Command::UnmergeParties(party_id(random.of(&MERGING))),
        22 => match random.below(4) {
            0 => Command::RegisterKind(kind(random.of(&KINDS), random.once_in(2))),
            1 => Command::ReviseKind(kind(random.of(&KINDS), random.once_in(2))),
            2 => Command::RegisterScheme(scheme("CAMEO", random.below(9))),
            _ => Command::ReviseScheme(scheme("CAMEO", random.below(9))),
        },
        _ => match random.below(2) {
            0 => Command::RegisterSource(source(random.of(&["memo", "note"]))),
            _ => Command::ReviseSource(source(random.of(&["memo", "gazette"]))),
        },
    }
}

/// The parties that are merged: mostly parties that claims name.
const MERGING: [&str; 6] = ["ARM", "AZE", "RUS", "TUR", "RUS", "GEO"];

fn kind(name: &str, promise: bool) -> Kind {
    Kind {
        kind: word(name),
        description: "in words".into(),
        single_valued: true,
        value: Some(KindValue::Status),
        scale: Vec::new(),
        promise,
    }
}

fn scheme(name: &str, score: u64) -> Scheme {
    let scale = vec![ScaleEntry { value: "05*".into(), score: score as f64 - 3.5 }];
    Scheme { scheme: name.into(), title: "A table".into(), scale }
}

fn with_alias(name: &str) -> detente_domain::party::Party {
    let mut party = party(name);
    let another = detente_domain::party::PartyName::new("en", "Another");
    party.names.push(detente_domain::party::PartyName { alias: true, ..another });
    party
}

/// A filter of a few items; with text or without.
pub(crate) fn random_filter(random: &mut Random, text: bool) -> Filter {
    let items = random.of(&[1, 1, 1, 2, 3]);
    Filter { items: (0..items).map(|_| random_item(random, text)).collect() }
}

fn random_item(random: &mut Random, text: bool) -> FilterItem {
    let mut item = FilterItem::default();
    for _ in 0..random.of(&[1, 1, 2, 3]) {
        match random.below(18) {
            0 | 1 => item.relationships = vec![relationship(random.of(&RELATIONSHIPS)), relationship("ARM-TUR")],
            2 => item.relationships = random.some_of(&RELATIONSHIPS).into_iter().map(relationship).collect(),
            3 => item.parties = vec![party_id(random.of(&PARTIES))],
            4 => item.party_roles = vec![(party_id(random.of(&PARTIES)), word(random.of(&["party", "mediator"])))],
            5 => {
                item.kinds = vec![
                    Pattern::parse(random.of(&["agree*", "agreement", "a*", "nothing", "*"])),
                    Pattern::parse("talks"),
                ]
            }
            6 => item.asserted_by = vec![party_id(random.of(&PARTIES))],
            7 => item.modalities = [random.of(&MODALITIES), random.of(&MODALITIES)].into_iter().collect(),
            8 => item.statuses = [Status::Signed].into_iter().collect(),
            9 => item.polarities = [Polarity::Tension].into_iter().collect(),
            10 => {
                item.temporal_types =
                    [random.of(&[TemporalType::State, TemporalType::Event, TemporalType::None])].into_iter().collect()
            }
            11 => item.sources = vec![source_id(random.of(&["gazette", "wire:1", "memo"]))],
            12 => {
                let link_type = random.of(&[None, Some(LinkType::Supports), Some(LinkType::Supersedes)]);
                item.links = (0..4).map(|_| (link_type, id(1 + u128::from(random.below(CLAIMS))))).collect();
            }
            13 => item.external_ids = vec![("gdelt".into(), random.of(&["a", "ab", "c"]).into())],
            14 => item.labels = vec![random.of(&LABELS).into()],
            15 => item.claim_ids = (0..5).map(|_| id(1 + u128::from(random.below(CLAIMS + 2)))).collect(),
            16 => {
                item.codes =
                    vec![(random.of(&["CAMEO", "PLOVER"]).into(), Pattern::parse(random.of(&["05", "05*", "*"])))]
            }
            _ => {
                let at = tick(random.below(40) as i64);
                if random.once_in(2) { item.recorded_from = Some(at) } else { item.recorded_before = Some(at) }
            }
        }
    }
    if text {
        let asked = random.of(&[
            "agree",
            "accord agree",
            "border accord",
            "bord",
            "elysee",
            "اتفاقيه",
            "agreement gas",
            "zzz",
            "l’accord",
            "laccord gas",
            "CEASE'FIRE",
            "fire cease",
        ]);
        item.text = SearchWords::parse(asked);
    }
    item
}
