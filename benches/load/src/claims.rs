//! Claims of about 300 bytes as encoded, made at the cost of a copy.
//!
//! A [`Template`] is an `AssertClaim` command, encoded once with marks where it is to differ: the id, the parties, the
//! relationship, the dates, the id elsewhere. All of them have a fixed width, so a claim is a copy of the template with
//! those bytes written over, and a request is a head and claims, one after the other, as protobuf allows. The words differ
//! from template to template, of which there are 512.
//!
//! A claim has one relationship, two parties with roles, a kind, one text of 120 bytes, both bounds, one attribution, a
//! modality and a polarity, one source, one label, one external id.

use crate::cases::{Place, date, digits, pair, party, relationship};
use crate::setup::{SOURCE, SPEAKER};
use crate::words::{Chance, sentence};
use anyhow::{Result, ensure};
use bytes::{BufMut as _, Bytes, BytesMut};
use detente_proto::v1;
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};

/// The name under which everything is recorded.
pub const RECORDER: &str = "bench";
/// The kind of all claims.
pub const KIND: &str = "agreement";
const TEXT_BYTES: usize = 120;
const TEMPLATES: u64 = 512;

const ID_MARK: &str = "ffffffff-ffff-7fff-bfff-ffffffffffff";
const ONE_MARK: &str = "P998";
const OTHER_MARK: &str = "P999";
const RELATIONSHIP_MARK: &str = "P998-P999";
const FROM_MARK: &str = "9998-01-01";
const TO_MARK: &str = "9999-12-31";
const NUMBER_MARK: &str = "999999999999";

/// The origin of a claim's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Id {
    /// Left to the ledger.
    Made,
    /// Given, after the claim's number, so that it can be named again.
    Given,
}

/// The command given for the claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// They are put on record.
    Assert(Id),
    /// They get a new state, as corrections: other words.
    Revise,
}

struct Template {
    bytes: Vec<u8>,
    id: Option<usize>,
    one: usize,
    other: usize,
    relationship: usize,
    from: usize,
    to: usize,
    number: usize,
}

/// Makes requests.
pub struct Maker {
    templates: Vec<Template>,
    chance: Chance,
}

impl Maker {
    /// Returns a maker of one sort of requests.
    ///
    /// # Errors
    /// If a mark does not stand in the encoded claim just once.
    pub fn new(verb: Verb, seed: u64) -> Result<Self> {
        // Revisions with another seed have other words: a claim that gets the words it has would not change.
        let mut words = Chance::from_seed(if verb == Verb::Revise { seed.wrapping_add(1) } else { 0 });
        let templates = (0..TEMPLATES).map(|_| template(verb, &mut words)).collect::<Result<_>>()?;
        Ok(Self { templates, chance: Chance::from_seed(seed) })
    }

    /// A request with a claim for each place.
    pub fn request(&mut self, places: impl IntoIterator<Item = Place>, request_id: Option<&str>) -> Bytes {
        let mut out = BytesMut::with_capacity(512);
        let head = v1::AppendRequest {
            request_id: request_id.unwrap_or_default().to_owned(),
            recorded_by: RECORDER.to_owned(),
            ..v1::AppendRequest::default()
        };
        head.encode_raw(&mut out);
        for place in places {
            let chosen = self.chance.below(TEMPLATES) as usize;
            self.templates[chosen].write(place, &mut out);
        }
        out.freeze()
    }
}

impl Template {
    fn write(&self, place: Place, out: &mut BytesMut) {
        const COMMANDS: u32 = 3;
        encode_key(COMMANDS, WireType::LengthDelimited, out);
        encode_varint(self.bytes.len() as u64, out);
        let start = out.len();
        out.put_slice(&self.bytes);
        let claim = &mut out[start..];
        let (one, other) = pair(place.relationship);
        put(claim, self.one, &party(one));
        put(claim, self.other, &party(other));
        put(claim, self.relationship, &relationship(place.relationship));
        put(claim, self.from, &date(place.from_day));
        put(claim, self.to, &date(place.to_day));
        digits(&mut claim[self.number..self.number + NUMBER_MARK.len()], place.number);
        if let Some(at) = self.id {
            put(claim, at, claim_id(place.number).as_bytes());
        }
    }
}

fn put(claim: &mut [u8], at: usize, bytes: &[u8]) {
    claim[at..at + bytes.len()].copy_from_slice(bytes);
}

/// The id of a claim with a given id: in the order of the numbers, as UUIDs of version 7 are.
pub fn claim_id(number: u64) -> String {
    format!("0193a000-0000-7000-8000-{number:012x}")
}

fn template(verb: Verb, words: &mut Chance) -> Result<Template> {
    let mut claim = claim(sentence(words, TEXT_BYTES));
    if verb == Verb::Assert(Id::Made) {
        claim.claim_id.clear();
    }
    let bytes = command(verb, claim).encode_to_vec();
    let relationship = find(&bytes, RELATIONSHIP_MARK)?;
    Ok(Template {
        id: (verb != Verb::Assert(Id::Made)).then(|| find(&bytes, ID_MARK)).transpose()?,
        one: find_before(&bytes, ONE_MARK, relationship)?,
        other: find_before(&bytes, OTHER_MARK, relationship)?,
        relationship,
        from: find(&bytes, FROM_MARK)?,
        to: find(&bytes, TO_MARK)?,
        number: find(&bytes, NUMBER_MARK)?,
        bytes,
    })
}

fn command(verb: Verb, claim: v1::Claim) -> v1::Command {
    let claim = Some(claim);
    let command = match verb {
        Verb::Assert(_) => v1::command::Command::AssertClaim(v1::AssertClaim { claim }),
        Verb::Revise => v1::command::Command::ReviseClaim(v1::ReviseClaim {
            claim,
            update_mask: None,
            kind: v1::RevisionKind::Correction.into(),
        }),
    };
    v1::Command { note: String::new(), command: Some(command) }
}

/// The claim that the templates are made of.
fn claim(text: String) -> v1::Claim {
    let in_role = |id: &str, role: &str| v1::ClaimParty {
        party_id: id.to_owned(),
        role: role.to_owned(),
        as_text: String::new(),
    };
    v1::Claim {
        claim_id: ID_MARK.to_owned(),
        kind: KIND.to_owned(),
        temporal_type: v1::TemporalType::State.into(),
        texts: vec![v1::Text { lang: "en".to_owned(), text, original: true }],
        parties: vec![in_role(ONE_MARK, "actor"), in_role(OTHER_MARK, "target")],
        relationships: vec![RELATIONSHIP_MARK.to_owned()],
        valid_from: Some(known_bound(FROM_MARK)),
        valid_to: Some(known_bound(TO_MARK)),
        attribution: vec![v1::Attribution {
            party_id: SPEAKER.to_owned(),
            role: v1::AttributionRole::Speaker.into(),
            ..v1::Attribution::default()
        }],
        modality: v1::Modality::Asserted.into(),
        polarity: v1::Polarity::Cooperation.into(),
        sources: vec![v1::Citation { source_id: SOURCE.to_owned(), ..v1::Citation::default() }],
        external_ids: vec![v1::ExternalId {
            scheme: "bench".to_owned(),
            id: NUMBER_MARK.to_owned(),
            release: String::new(),
        }],
        labels: vec!["measured".to_owned()],
        ..v1::Claim::default()
    }
}

fn known_bound(date: &str) -> v1::Bound {
    let known = v1::KnownDate { edtf: date.to_owned(), ..v1::KnownDate::default() };
    v1::Bound { bound: Some(v1::bound::Bound::Known(known)) }
}

/// Returns the place of a mark.
fn find(bytes: &[u8], mark: &str) -> Result<usize> {
    let found: Vec<usize> = positions(bytes, mark).collect();
    ensure!(found.len() == 1, "{mark} stands {} times in an encoded claim", found.len());
    Ok(found[0])
}

/// Returns the place of a mark that is also part of a later one.
fn find_before(bytes: &[u8], mark: &str, later: usize) -> Result<usize> {
    let found: Vec<usize> = positions(bytes, mark).filter(|at| *at < later).collect();
    ensure!(found.len() == 1, "{mark} stands {} times before the relationship", found.len());
    Ok(found[0])
}

fn positions(bytes: &[u8], mark: &str) -> impl Iterator<Item = usize> {
    bytes.windows(mark.len()).enumerate().filter(move |(_, part)| *part == mark.as_bytes()).map(|(at, _)| at)
}

/// Prints the sizes of claims and requests.
///
/// # Errors
/// If no request can be made.
pub fn print_sizes() -> Result<()> {
    let place = Place { number: 1, relationship: 0, from_day: 0, to_day: 1 };
    let one = claim(sentence(&mut Chance::from_seed(0), TEXT_BYTES));
    let without_id = v1::Claim { claim_id: String::new(), ..one.clone() };
    println!("claim with its id         {:>6} bytes", one.encoded_len());
    println!("claim without             {:>6} bytes", without_id.encoded_len());
    for claims in [1, 100, 1_000] {
        let request = Maker::new(Verb::Assert(Id::Made), 0)?.request((0..claims).map(|_| place), None);
        println!("append of {claims:>5} claims    {:>6} bytes", request.len());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_made_of_bytes_is_the_message_it_stands_for() {
        let places = [3, 4].map(|number| Place { number, relationship: 2, from_day: 0, to_day: 9 });
        let bytes = Maker::new(Verb::Assert(Id::Given), 1).expect("a maker").request(places, None);
        let request = v1::AppendRequest::decode(bytes).expect("a message");
        assert_eq!((request.recorded_by.as_str(), request.commands.len()), (RECORDER, 2));
        let Some(v1::command::Command::AssertClaim(v1::AssertClaim { claim: Some(claim) })) =
            request.commands[1].command.clone()
        else {
            panic!("not an assertion");
        };
        assert_eq!(claim.claim_id, claim_id(4));
        assert_eq!(claim.relationships, ["P001-P002"]);
        assert_eq!((claim.parties[0].party_id.as_str(), claim.parties[1].party_id.as_str()), ("P001", "P002"));
        assert_eq!(
            (claim.valid_from, claim.valid_to),
            (Some(known_bound("1995-01-01")), Some(known_bound("1995-01-10")))
        );
        assert_eq!(claim.external_ids[0].id, "000000000004");
        assert_eq!(claim.texts[0].text.len(), TEXT_BYTES);
    }
}
