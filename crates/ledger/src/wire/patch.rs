//! Revisions with an update mask: only some fields of a claim are given, the others stay as they were last.
//!
//! The fields are parsed with the request, where their violations have their paths. They are laid over the last state of
//! the claim later, since that is known only when the batch is decided. Two errors are possible then: the temporal type and
//! the two ends no longer fit together, or the claim has grown too large.

use super::claim::render_claim;
use super::ids::Ids;
use super::limits::{self, MAX_CLAIM_BYTES, MAX_NAME_BYTES};
use super::parts;
use super::path::At;
use super::scalar::{date, text, word};
use super::sink::Sink;
use super::valid_time::{StatedTimes, combine, end, ends};
use super::vocabulary::{optional_member, required_member};
use detente_domain::bound::Bound;
use detente_domain::claim::{Attribution, Citation, Claim, ClaimParty, Code, ExternalId, Link, Quantity, Text};
use detente_domain::command::Patch;
use detente_domain::edtf::PartialDate;
use detente_domain::name::{ClaimId, Word};
use detente_domain::rejection::Violation;
use detente_domain::relationship::RelationshipId;
use detente_domain::vocabulary::{Modality, Polarity, Status, TemporalType};
use detente_proto::v1;
use std::mem::take;

/// New values for some fields of a claim.
#[derive(Clone, Debug)]
pub struct ClaimPatch {
    id: ClaimId,
    edits: Vec<Edit>,
}

/// A new value for one field.
#[derive(Clone, Debug)]
enum Edit {
    Kind(Word),
    TemporalType(TemporalType),
    ValidFrom(Option<Bound>),
    ValidTo(Option<Bound>),
    Texts(Vec<Text>),
    Parties(Vec<ClaimParty>),
    Relationships(Vec<RelationshipId>),
    AsOf(Option<PartialDate>),
    RefersTo(Option<PartialDate>),
    Attribution(Vec<Attribution>),
    Modality(Modality),
    Polarity(Option<Polarity>),
    Status(Option<Status>),
    Due(Option<PartialDate>),
    Quantities(Vec<Quantity>),
    Place(Box<str>),
    Codes(Vec<Code>),
    Sources(Vec<Citation>),
    Links(Vec<Link>),
    ExternalIds(Vec<ExternalId>),
    Labels(Vec<Box<str>>),
}

/// Parses the fields of a claim that a mask names. `at` is the place of the claim, `mask_at` that of the mask.
pub(super) fn parse_patch(
    mut claim: v1::Claim,
    mask: &[String],
    ids: &Ids<'_>,
    (at, mask_at): (&At<'_>, &At<'_>),
    sink: &mut Sink,
) -> Option<ClaimPatch> {
    let id = ids.claim(&claim.claim_id, &at.field("claim_id"), sink);
    if mask.is_empty() {
        sink.refuse(mask_at, "names no field; to replace all of them, leave it out");
    }
    let mut edits = Vec::with_capacity(mask.len());
    let paths_at = mask_at.field("paths");
    for (index, path) in mask.iter().enumerate() {
        if mask.iter().take(index).any(|earlier| earlier == path) {
            continue;
        }
        match path.as_str() {
            "valid_from" | "valid_to" if mask.iter().any(|other| other == "valid") => {}
            "valid" => valid_edits(&mut claim, at, sink, &mut edits),
            _ if is_field(path) => edits.extend(edit(path, &mut claim, ids, &at.field(path), sink)),
            _ => sink.refuse(&paths_at.index(index), format!("expected one of {}", FIELDS.join(", "))),
        }
    }
    Some(ClaimPatch { id: id?, edits })
}

/// The fields that a mask can name: those that a client can set, apart from the id.
const FIELDS: [&str; 22] = [
    "kind",
    "temporal_type",
    "texts",
    "parties",
    "relationships",
    "valid",
    "valid_from",
    "valid_to",
    "as_of",
    "refers_to",
    "attribution",
    "modality",
    "polarity",
    "status",
    "due",
    "quantities",
    "place",
    "codes",
    "sources",
    "links",
    "external_ids",
    "labels",
];

fn is_field(path: &str) -> bool {
    FIELDS.contains(&path)
}

fn valid_edits(claim: &mut v1::Claim, at: &At<'_>, sink: &mut Sink, edits: &mut Vec<Edit>) {
    let stated =
        StatedTimes { valid: take(&mut claim.valid), from: claim.valid_from.take(), to: claim.valid_to.take() };
    if let (Ok(from), Ok(to)) = ends(stated, at, sink) {
        edits.extend([Edit::ValidFrom(from), Edit::ValidTo(to)]);
    }
}

/// The new value of one field, taken out of the message. `at` is the place of the field.
fn edit(path: &str, claim: &mut v1::Claim, ids: &Ids<'_>, at: &At<'_>, sink: &mut Sink) -> Option<Edit> {
    Some(match path {
        "kind" => Edit::Kind(word(&claim.kind, at, sink)?),
        "temporal_type" => Edit::TemporalType(required_member(claim.temporal_type, at, sink)?),
        "valid_from" => Edit::ValidFrom(end(claim.valid_from.take(), at, sink).ok()?),
        "valid_to" => Edit::ValidTo(end(claim.valid_to.take(), at, sink).ok()?),
        "texts" => Edit::Texts(parts::texts(take(&mut claim.texts), at, sink)),
        "parties" => Edit::Parties(parts::parties(take(&mut claim.parties), at, sink)),
        "relationships" => Edit::Relationships(parts::relationships(take(&mut claim.relationships), at, sink)),
        "as_of" => Edit::AsOf(date(&claim.as_of, at, sink)),
        "refers_to" => Edit::RefersTo(date(&claim.refers_to, at, sink)),
        "attribution" => Edit::Attribution(parts::attribution(take(&mut claim.attribution), at, sink)),
        "modality" => Edit::Modality(required_member(claim.modality, at, sink)?),
        "polarity" => Edit::Polarity(optional_member(claim.polarity, at, sink)),
        "status" => Edit::Status(optional_member(claim.status, at, sink)),
        "due" => Edit::Due(date(&claim.due, at, sink)),
        "quantities" => Edit::Quantities(parts::quantities(take(&mut claim.quantities), at, sink)),
        "place" => Edit::Place(text(take(&mut claim.place), MAX_NAME_BYTES, at, sink)),
        "codes" => Edit::Codes(parts::codes(take(&mut claim.codes), at, sink)),
        "sources" => Edit::Sources(parts::citations(take(&mut claim.sources), at, sink)),
        "links" => Edit::Links(parts::links(take(&mut claim.links), ids, at, sink)),
        "external_ids" => Edit::ExternalIds(parts::external_ids(take(&mut claim.external_ids), at, sink)),
        "labels" => Edit::Labels(parts::labels(take(&mut claim.labels), at, sink)),
        _ => return None,
    })
}

impl Patch for ClaimPatch {
    fn claim_id(&self) -> ClaimId {
        self.id
    }

    fn apply(&self, last: &Claim) -> Result<Claim, Vec<Violation>> {
        let mut next = last.clone();
        let mut when = When::of(last);
        self.edits.iter().cloned().for_each(|edit| edit.lay_over(&mut next, &mut when));
        let mut sink = Sink::input();
        if let Some(time) = combine(when.temporal_type, when.from, when.to, &At::root(""), &mut sink) {
            next.time = time;
        }
        sink.finish()?;
        match limits::excess(&render_claim(&next)) {
            Some(bytes) => Err(vec![Violation::new("texts", limits::too_long(bytes, MAX_CLAIM_BYTES))]),
            None => Ok(next),
        }
    }

    fn clone_box(&self) -> Box<dyn Patch> {
        Box::new(self.clone())
    }
}

/// The temporal type and the ends of a claim, while they need not fit together.
struct When {
    temporal_type: TemporalType,
    from: Option<Bound>,
    to: Option<Bound>,
}

impl When {
    fn of(claim: &Claim) -> Self {
        let (from, to) = claim.time.bounds().map(|(from, to)| (from.clone(), to.clone())).unzip();
        Self { temporal_type: claim.time.temporal_type(), from, to }
    }
}

impl Edit {
    fn lay_over(self, claim: &mut Claim, when: &mut When) {
        match self {
            Self::TemporalType(value) => when.temporal_type = value,
            Self::ValidFrom(value) => when.from = value,
            Self::ValidTo(value) => when.to = value,
            Self::Kind(value) => claim.kind = value,
            Self::Texts(value) => claim.texts = value,
            Self::Parties(value) => claim.parties = value,
            Self::Relationships(value) => claim.relationships = value,
            Self::AsOf(value) => claim.as_of = value,
            Self::RefersTo(value) => claim.refers_to = value,
            Self::Attribution(value) => claim.attribution = value,
            Self::Modality(value) => claim.modality = value,
            Self::Polarity(value) => claim.polarity = value,
            Self::Status(value) => claim.status = value,
            Self::Due(value) => claim.due = value,
            Self::Quantities(value) => claim.quantities = value,
            Self::Place(value) => claim.place = value,
            Self::Codes(value) => claim.codes = value,
            Self::Sources(value) => claim.sources = value,
            Self::Links(value) => claim.links = value,
            Self::ExternalIds(value) => claim.external_ids = value,
            Self::Labels(value) => claim.labels = value,
        }
    }
}
