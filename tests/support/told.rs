//! Random histories in which claims are about one another: they contradict, support, fulfil, supersede; they have due dates,
//! numbers, voices and sources that draw on one another, also in circles.

use super::home::{Home, request};
use super::make::{batch, date, id, party_id, registrations, relationship, source, source_id, tick, word};
use super::oracle::{Known, Oracle};
use super::random::{Random, random_command, random_filter};
use detente_domain::claim::{Attribution, Citation, Claim, ClaimParty, Link, Quantity};
use detente_domain::command::{Command, Suppositions};
use detente_domain::cut::{Basis, Cut};
use detente_domain::event::Change;
use detente_domain::filter::Filter;
use detente_domain::name::ClaimId;
use detente_domain::position::Position;
use detente_domain::source::Source;
use detente_domain::vocabulary::{AttributionRole, LinkType, Modality, Status};
use std::collections::BTreeMap;

/// The sources of these histories, besides those that every test registers.
pub(crate) const DRAWING: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const CLAIMS: u64 = 20;
const LINKS: [LinkType; 10] = [
    LinkType::Contradicts,
    LinkType::Supports,
    LinkType::Restates,
    LinkType::Corroborates,
    LinkType::SameEventAs,
    LinkType::Fulfils,
    LinkType::Breaches,
    LinkType::Waives,
    LinkType::Supersedes,
    LinkType::About,
];
const DUES: [&str; 5] = ["2025-01-02", "2025-01-03", "2025-01", "[..2025-01-04]", "[2025-01-02..]"];

/// A history as the ledger and the model have it, with the commands of every append.
pub(crate) struct Told {
    pub(crate) home: Home,
    pub(crate) oracle: Oracle,
    pub(crate) commands: Vec<Vec<Command>>,
}

/// A cut with what is known at it.
pub(crate) struct At {
    pub(crate) basis: Basis,
    pub(crate) known: Vec<Known>,
    pub(crate) sources: BTreeMap<String, (Vec<String>, bool)>,
    /// The commands of the next append.
    pub(crate) next: Suppositions,
}

impl At {
    pub(crate) fn cut(&self) -> Cut {
        Cut::Basis(self.basis)
    }

    /// The claims that stand, with their place in the order of first recording.
    pub(crate) fn standing(&self) -> Vec<(usize, &Known)> {
        self.known.iter().enumerate().filter(|(_, known)| known.shown.retraction.is_none()).collect()
    }

    /// A claim that stands, with its place.
    pub(crate) fn find(&self, id: ClaimId) -> Option<(usize, &Known)> {
        self.standing().into_iter().find(|(_, known)| known.content.id == id)
    }
}

impl Told {
    /// Every cut.
    pub(crate) fn cuts(&self) -> Vec<At> {
        let nexts = self.commands.iter().skip(1).cloned().chain([Vec::new()]);
        let cuts = self.oracle.appends.iter().zip(nexts);
        cuts.map(|(append, next)| {
            let position = append.basis.position;
            At {
                basis: append.basis,
                known: self.oracle.claims(position),
                sources: sources(&self.oracle, position),
                next: Suppositions(batch(next).commands),
            }
        })
        .collect()
    }
}

/// Plays a history of the given number of appends, with more registrations before it.
pub(crate) fn tell(seed: u64, appends: usize, registered: Vec<Command>) -> Told {
    let mut random = Random(seed);
    let mut told = Told { home: Home::in_memory(), oracle: Oracle::default(), commands: Vec::new() };
    let drawing = DRAWING.iter().map(|name| Command::RegisterSource(source(name)));
    told.append(registrations().into_iter().chain(drawing).chain(registered).collect());
    while told.commands.len() <= appends {
        let known = told.oracle.claims(told.oracle.head());
        let is_recorded = |number| known.iter().any(|known| known.content.id == id(number));
        let commands = (0..1 + random.below(4)).map(|_| one(&mut random, &is_recorded)).collect();
        told.append(commands);
    }
    told
}

impl Told {
    /// Records commands, unless they do not fit.
    fn append(&mut self, commands: Vec<Command>) {
        if self.oracle.decide(batch(commands.clone())).is_err() {
            return;
        }
        let at = tick(self.commands.len() as i64);
        let recorded = self.home.at(at).try_record(request(batch(commands.clone()))).unwrap();
        self.oracle.must_record(commands.clone(), at, false, recorded.at.basis);
        self.commands.push(commands);
    }
}

fn one(random: &mut Random, is_recorded: &dyn Fn(u128) -> bool) -> Command {
    if random.once_in(8) {
        let derives_from = (0..random.below(3)).map(|_| source_id(random.of(&DRAWING))).collect();
        return Command::ReviseSource(Source { derives_from, ..source(random.of(&DRAWING)) });
    }
    if random.once_in(16) {
        return Command::WithdrawSource(source_id(random.of(&DRAWING)));
    }
    match random_command(random, is_recorded) {
        Command::Assert(claim) => Command::Assert(Box::new(about_others(random, *claim))),
        Command::Revise(kind, claim) => Command::Revise(kind, Box::new(about_others(random, *claim))),
        other => other,
    }
}

/// The claim, with more that bears on others.
fn about_others(random: &mut Random, mut claim: Claim) -> Claim {
    let claims = |random: &mut Random| id(1 + u128::from(random.below(CLAIMS)));
    claim.links = (0..random.below(4)).map(|_| Link { link_type: random.of(&LINKS), target: claims(random) }).collect();
    claim.links.sort_by_key(|link| (link.link_type, link.target));
    claim.links.dedup();
    claim.due = random.once_in(3).then(|| date(random.of(&DUES)));
    claim.kind = word(random.of(&["post", "count", "stance", "vow", "talks"]));
    claim.relationships = random
        .of(&[vec!["AZE-RUS"], vec!["AZE-RUS"], vec!["AZE-RUS", "RUS-TUR"], vec![]])
        .into_iter()
        .map(relationship)
        .collect();
    let statuses =
        [None, Some(Status::Signed), Some(Status::InForce), Some(Status::Fulfilled), Some(Status::Unfulfilled)];
    claim.status = random.of(&statuses);
    let modalities = [
        Modality::Asserted,
        Modality::Asserted,
        Modality::Reported,
        Modality::Planned,
        Modality::Denied,
        Modality::Absent,
        Modality::Hypothetical,
    ];
    claim.modality = random.of(&modalities);
    claim.quantities = if random.once_in(3) { Vec::new() } else { vec![quantity(random)] };
    claim.attribution = (0..random.below(3)).map(|_| voice(random)).collect();
    claim.sources = (0..random.below(3)).map(|_| citation(random.of(&DRAWING))).collect();
    let role = word(random.of(&["promisor", "actor", "party", "witness"]));
    claim.parties.push(ClaimParty { party: party_id(random.of(&["AZE", "RUS", "TUR"])), role, as_text: "".into() });
    claim
}

fn quantity(random: &mut Random) -> Quantity {
    let number = |random: &mut Random| random.below(3) as f64;
    let low = number(random);
    let (value, low, high) = match random.below(3) {
        0 => (None, Some(low), Some(low + number(random))),
        1 => (None, Some(low), None),
        _ => (Some(low), None, None),
    };
    Quantity { name: word("persons"), value, low, high, unit: random.of(&["", "", "km"]).into() }
}

fn voice(random: &mut Random) -> Attribution {
    let party = random.once_in(2).then(|| party_id(random.of(&["AZE", "RUS", "TUR"])));
    let name = if party.is_none() { random.of(&["a daily", "AZE"]) } else { "" };
    Attribution { party, name: name.into(), role: AttributionRole::Reporter, said_at: None }
}

fn citation(name: &str) -> Citation {
    Citation { source: source_id(name), locator: "".into(), quote: "".into(), retrieved_at: None, granularity: None }
}

/// Returns the sources that each registered source draws on at a cut, and whether it is withdrawn.
fn sources(oracle: &Oracle, cut: Position) -> BTreeMap<String, (Vec<String>, bool)> {
    let mut sources = BTreeMap::new();
    for (_, event) in oracle.log(cut) {
        match &event.change {
            Change::SourceRegistered(source) | Change::SourceRevised(source) => {
                let entry: &mut (Vec<String>, bool) = sources.entry(source.id.to_string()).or_default();
                entry.0 = source.derives_from.iter().map(ToString::to_string).collect();
            }
            Change::SourceWithdrawn(id) => sources.get_mut(id.as_str()).unwrap().1 = true,
            _ => {}
        }
    }
    sources
}

/// Every claim, and what two random filters ask for.
pub(crate) fn filters(seed: u64) -> Vec<Filter> {
    let mut random = Random(seed);
    vec![Filter::default(), random_filter(&mut random, false), random_filter(&mut random, false)]
}
