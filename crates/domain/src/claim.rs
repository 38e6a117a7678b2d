//! A claim's content: one proposition, complete, as one revision of it states it.
//!
//! Properties that the ledger adds (revision number, recorded time, retraction, disputes) are not part of the content; they
//! follow from the events and live in [`super::standing`]. Field by field this is section "Claim" of the public contract.

use super::bound::Bound;
use super::edtf::PartialDate;
use super::name::{ClaimId, PartyId, SourceId, Word};
use super::relationship::RelationshipId;
use super::vocabulary::{AttributionRole, CitationGranularity, LinkType, Modality, Polarity, Status, TemporalType};

/// The content of one revision of a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Identity.
    pub id: ClaimId,
    /// The type of the claim; an open vocabulary.
    pub kind: Word,
    /// The temporal type, with the valid time that it demands.
    pub time: Time,
    /// The proposition in words, at least one language.
    pub texts: Vec<Text>,
    /// The parties in their roles.
    pub parties: Vec<ClaimParty>,
    /// The relationships it bears on, as given.
    pub relationships: Vec<RelationshipId>,
    /// The date up to which the source's knowledge reaches.
    pub as_of: Option<PartialDate>,
    /// A time that is talked about; not valid time.
    pub refers_to: Option<PartialDate>,
    /// The voices that say so, outermost last.
    pub attribution: Vec<Attribution>,
    /// The mode in which it is put forward.
    pub modality: Modality,
    /// Its effect on the relationship.
    pub polarity: Option<Polarity>,
    /// The stage that the matter has reached.
    pub status: Option<Status>,
    /// The deadline, if the claim is a promise.
    pub due: Option<PartialDate>,
    /// Numbers in it.
    pub quantities: Vec<Quantity>,
    /// The place, in words.
    pub place: Box<str>,
    /// Codes of event-data schemes.
    pub codes: Vec<Code>,
    /// The sources it cites.
    pub sources: Vec<Citation>,
    /// Its relations to other claims.
    pub links: Vec<Link>,
    /// Its ids elsewhere.
    pub external_ids: Vec<ExternalId>,
    /// Free facets.
    pub labels: Vec<Box<str>>,
}

/// The temporal type of a claim together with the valid time that it demands: a claim without time has no bounds, every
/// other has two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Time {
    /// It happens between two bounds.
    Event(Bound, Bound),
    /// It holds from one bound to the other.
    State(Bound, Bound),
    /// It has no time.
    None,
}

impl Time {
    /// The type alone.
    #[must_use]
    pub const fn temporal_type(&self) -> TemporalType {
        match self {
            Self::Event(..) => TemporalType::Event,
            Self::State(..) => TemporalType::State,
            Self::None => TemporalType::None,
        }
    }

    /// The two ends, where there are any.
    #[must_use]
    pub const fn bounds(&self) -> Option<(&Bound, &Bound)> {
        match self {
            Self::Event(from, to) | Self::State(from, to) => Some((from, to)),
            Self::None => None,
        }
    }
}

/// The words of a claim in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// BCP 47 tag.
    pub lang: Box<str>,
    /// The words, byte for byte.
    pub text: Box<str>,
    /// True if the words were said in this language.
    pub original: bool,
}

/// A party in its role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimParty {
    /// The party.
    pub party: PartyId,
    /// The role; an open vocabulary.
    pub role: Word,
    /// The party's name as the claim writes it.
    pub as_text: Box<str>,
}

/// One voice in the chain that leads to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution {
    /// The registered party that speaks, if it is one.
    pub party: Option<PartyId>,
    /// The voice as written.
    pub name: Box<str>,
    /// Its part in the chain.
    pub role: AttributionRole,
    /// The date at which the voice said so.
    pub said_at: Option<PartialDate>,
}

/// A number in a claim. At least one of the three is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// The thing that is counted or measured.
    pub name: Word,
    /// The number.
    pub value: Option<f64>,
    /// The least it may be.
    pub low: Option<f64>,
    /// The most it may be.
    pub high: Option<f64>,
    /// Its unit.
    pub unit: Box<str>,
}

/// A code of an event-data scheme.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code {
    /// The scheme that the code belongs to.
    pub scheme: Box<str>,
    /// The code, as text.
    pub code: Box<str>,
}

/// A citation of a source by a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    /// The source.
    pub source: SourceId,
    /// The place within the source: a page, a paragraph.
    pub locator: Box<str>,
    /// The words cited.
    pub quote: Box<str>,
    /// The time at which the source was fetched: seconds and nanoseconds since 1970.
    pub retrieved_at: Option<(i64, i32)>,
    /// The precision of the citation: this very claim, or the document it comes from.
    pub granularity: Option<CitationGranularity>,
}

/// A relation to another claim.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The relation of this claim to the other.
    pub link_type: LinkType,
    /// The other.
    pub target: ClaimId,
}

/// An id somewhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalId {
    /// The naming scheme of the id.
    pub scheme: Box<str>,
    /// The id.
    pub id: Box<str>,
    /// The release it is taken from.
    pub release: Box<str>,
}
