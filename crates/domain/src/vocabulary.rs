//! The closed vocabularies of a claim: small enums, each with a `Vocabulary` impl that lists it.
//!
//! The meaning of each member is written once, in `proto/detente/v1/claim.proto`; the names here are the same. Open
//! vocabularies
//! (kinds, roles, schemes, labels) are strings, checked for shape in [`super::name`].

/// A closed vocabulary: its members in order, each with a small code that fits a bit set.
pub trait Vocabulary: Copy + 'static {
    /// Every member.
    const ALL: &'static [Self];
    /// The place of this member in [`Vocabulary::ALL`].
    fn code(self) -> u8;
}

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "members are documented in the proto, under the same names")]
        pub enum $name { $($(#[$member_doc])* $member),+ }

        impl Vocabulary for $name {
            const ALL: &'static [Self] = &[$(Self::$member),+];
            fn code(self) -> u8 { self as u8 }
        }
    };
}

vocabulary! {
    /// The temporal type of a claim: it is about something that happens, that holds, or that has no time.
    TemporalType { Event, State, None }
}
vocabulary! {
    /// In which mode a claim is put forward.
    Modality {
        Asserted, Reported, Alleged, Suspected, Perceived, Presupposed, Denied, Planned, Hypothetical, Absent,
        NoInformation,
    }
}
vocabulary! {
    /// The effect of a claim on the relationship.
    Polarity { Cooperation, Tension, Neutral, Mixed, Mitigating }
}
vocabulary! {
    /// The stage that the matter of a claim has reached.
    Status {
        Proposed, Demanded, Negotiated, Signed, Ratified, Concluded, InForce, Suspended, Terminated, Done, Failed,
        NoneKnown, Fulfilled, Partial, Unfulfilled, Announced, Rejected,
    }
}
vocabulary! {
    /// The part of a voice in the chain that leads to a claim.
    AttributionRole { Speaker, Accuser, Perceiver, Reporter, Publisher, Coder }
}
vocabulary! {
    /// The precision with which a citation ties a claim to its source.
    CitationGranularity { Claim, Document }
}
vocabulary! {
    /// The relation of one claim to another.
    LinkType {
        CausedBy, RespondsTo, Fulfils, Breaches, Waives, Contradicts, Supports, Supersedes, Restates, PartOf, About,
        Causes, Explains, ReasonFor, ResultOf, Enables, Intensifies, Limits, Ends, After, Despite, Contrast,
        CoexistsWith, SimilarTo, SameEventAs, ContextOf, BackgroundOf, Labels, Qualifies, Specifies, Corroborates,
        PresupposedBy, StatusOf, StatusGivenBy, FulfilledBy, Answers, AnsweredBy,
    }
}
vocabulary! {
    /// The reason why a claim was taken back.
    RetractionReason { SourceWithdrawn, Duplicate, OutOfScope, Wrong, Legal }
}
vocabulary! {
    /// The outcome of a dispute, seen from the disputing party.
    DisputeOutcome { Upheld, Rejected, Withdrawn, Settled, Inconclusive }
}
vocabulary! {
    /// The reason why a claim was revised, on the side of the world or of our knowledge.
    RevisionKind { Correction, PrecisionRefined, WorldChange, Recoded, Enriched }
}
vocabulary! {
    /// The reason why a claim differs between two coordinates.
    ChangeReason {
        New, LateReport, Correction, PrecisionRefined, Recoded, Enriched, WorldChange, Confirmation, Retraction,
        Reinstatement, Dispute, Resolution, TimePassed,
    }
}
vocabulary! {
    /// The change that the passing of time makes to a claim.
    Transition { MayBegin, Begins, MayEnd, Ends, FallsDue }
}
vocabulary! {
    /// The type of a party.
    PartyType {
        State, Organisation, Person, Group, Region, Medium, Publisher, Document, Recorder, Unnamed,
    }
}

vocabulary! {
    /// The sort of a name, if not an ordinary one.
    PartyNameType { Transliteration, Contested }
}

impl Modality {
    /// Returns true if it says that there is none, or that none is known. Such claims do not keep an answer from being
    /// empty.
    #[must_use]
    pub const fn is_absence(self) -> bool {
        matches!(self, Self::Absent | Self::NoInformation)
    }
}
