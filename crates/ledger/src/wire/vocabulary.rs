//! The closed vocabularies on the wire: every domain enum has a twin in the contract, member by member, by name.
//!
//! The contract's zero ("not said") is no member; it is `None`. Both directions are written as a `match` without a rest
//! arm, so that a member that is added on one side alone does not compile.

use super::path::At;
use super::sink::Sink;
use detente_domain::vocabulary as domain;
use detente_domain::vocabulary::Vocabulary;
use detente_proto::v1;

/// A vocabulary with its twin in the contract.
pub trait Twin: Vocabulary {
    /// The generated enum.
    type Wire: Copy + Into<i32> + TryFrom<i32>;

    /// The name of the enum in the contract.
    const NAME: &'static str;

    /// The same member in the contract.
    fn wire(self) -> Self::Wire;

    /// The name of the member in the contract: `TEMPORAL_TYPE_EVENT`.
    fn name(self) -> &'static str;

    /// The number of the member in the contract.
    fn to_wire(self) -> i32 {
        self.wire().into()
    }

    /// The member with a number; none for zero, "not said".
    ///
    /// # Errors
    /// A number that the contract does not have.
    fn from_wire(number: i32) -> Result<Option<Self>, UnknownNumber>;
}

/// A number that the enum does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownNumber(pub i32);

/// The number of a member that need not be said.
pub(super) fn number<V: Twin>(member: Option<V>) -> i32 {
    member.map_or(0, V::to_wire)
}

/// The member with a number, which must be said.
pub(super) fn required_member<V: Twin>(number: i32, at: &At<'_>, sink: &mut Sink) -> Option<V> {
    if number == 0 {
        sink.refuse(at, format!("required: one of {}", names::<V>()));
    }
    optional_member(number, at, sink)
}

/// The member with a number, which need not be said.
pub(super) fn optional_member<V: Twin>(number: i32, at: &At<'_>, sink: &mut Sink) -> Option<V> {
    V::from_wire(number).unwrap_or_else(|UnknownNumber(unknown)| {
        sink.refuse(at, format!("{unknown} is no {}; expected one of {}", V::NAME, names::<V>()));
        None
    })
}

fn names<V: Twin>() -> String {
    V::ALL.iter().map(|member| member.name()).collect::<Vec<_>>().join(", ")
}

macro_rules! twin {
    ($($name:ident { $($member:ident),+ $(,)? })+) => {$(
        impl Twin for domain::$name {
            type Wire = v1::$name;

            const NAME: &'static str = stringify!($name);

            fn wire(self) -> v1::$name {
                match self { $(Self::$member => v1::$name::$member),+ }
            }

            fn name(self) -> &'static str {
                self.wire().as_str_name()
            }

            fn from_wire(number: i32) -> Result<Option<Self>, UnknownNumber> {
                match v1::$name::try_from(number) {
                    Err(_) => Err(UnknownNumber(number)),
                    Ok(v1::$name::Unspecified) => Ok(None),
                    $(Ok(v1::$name::$member) => Ok(Some(Self::$member))),+
                }
            }
        }
    )+};
}

twin! {
    TemporalType { Event, State, None }
    Modality {
        Asserted, Reported, Alleged, Suspected, Perceived, Presupposed, Denied, Planned, Hypothetical, Absent,
        NoInformation,
    }
    Polarity { Cooperation, Tension, Neutral, Mixed, Mitigating }
    Status {
        Proposed, Demanded, Negotiated, Signed, Ratified, Concluded, InForce, Suspended, Terminated, Done, Failed,
        NoneKnown, Fulfilled, Partial, Unfulfilled, Announced, Rejected,
    }
    AttributionRole { Speaker, Accuser, Perceiver, Reporter, Publisher, Coder }
    CitationGranularity { Claim, Document }
    LinkType {
        CausedBy, RespondsTo, Fulfils, Breaches, Waives, Contradicts, Supports, Supersedes, Restates, PartOf, About,
        Causes, Explains, ReasonFor, ResultOf, Enables, Intensifies, Limits, Ends, After, Despite, Contrast,
        CoexistsWith, SimilarTo, SameEventAs, ContextOf, BackgroundOf, Labels, Qualifies, Specifies, Corroborates,
        PresupposedBy, StatusOf, StatusGivenBy, FulfilledBy, Answers, AnsweredBy,
    }
    RetractionReason { SourceWithdrawn, Duplicate, OutOfScope, Wrong, Legal }
    DisputeOutcome { Upheld, Rejected, Withdrawn, Settled, Inconclusive }
    RevisionKind { Correction, PrecisionRefined, WorldChange, Recoded, Enriched }
    ChangeReason {
        New, LateReport, Correction, PrecisionRefined, Recoded, Enriched, WorldChange, Confirmation, Retraction,
        Reinstatement, Dispute, Resolution, TimePassed,
    }
    PartyType { State, Organisation, Person, Group, Region, Medium, Publisher, Document, Recorder, Unnamed }
    PartyNameType { Transliteration, Contested }
    Transition { MayBegin, Begins, MayEnd, Ends, FallsDue }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that every member has a number and a name of its own, and that no number is left over.
    fn assert_total<V: Twin + PartialEq + std::fmt::Debug>() {
        for member in V::ALL {
            assert_eq!(V::from_wire(member.to_wire()), Ok(Some(*member)));
            assert!(member.name().ends_with(&screaming(*member)), "{} {member:?}", member.name());
        }
        let count = i32::try_from(V::ALL.len()).unwrap();
        assert_eq!(V::from_wire(0), Ok(None));
        assert!((1..=count).all(|number| matches!(V::from_wire(number), Ok(Some(_)))), "{}", V::NAME);
        assert_eq!(V::from_wire(count + 1), Err(UnknownNumber(count + 1)));
        assert_eq!(V::from_wire(-1), Err(UnknownNumber(-1)));
    }

    fn screaming(member: impl std::fmt::Debug) -> String {
        let camel = format!("{member:?}");
        camel
            .chars()
            .flat_map(|c| c.is_uppercase().then_some('_').into_iter().chain([c.to_ascii_uppercase()]))
            .collect()
    }

    #[test]
    fn every_member_of_every_vocabulary_has_its_twin_and_no_twin_is_left_over() {
        assert_total::<domain::TemporalType>();
        assert_total::<domain::Modality>();
        assert_total::<domain::Polarity>();
        assert_total::<domain::Status>();
        assert_total::<domain::AttributionRole>();
        assert_total::<domain::CitationGranularity>();
        assert_total::<domain::LinkType>();
        assert_total::<domain::RetractionReason>();
        assert_total::<domain::DisputeOutcome>();
        assert_total::<domain::RevisionKind>();
        assert_total::<domain::ChangeReason>();
        assert_total::<domain::PartyType>();
        assert_total::<domain::PartyNameType>();
        assert_total::<domain::Transition>();
    }

    #[test]
    fn what_is_not_a_member_is_refused_with_the_members() {
        let mut sink = Sink::input();
        assert_eq!(required_member::<domain::TemporalType>(0, &At::root("a"), &mut sink), None);
        assert_eq!(optional_member::<domain::TemporalType>(0, &At::root("b"), &mut sink), None);
        assert_eq!(optional_member::<domain::TemporalType>(9, &At::root("c"), &mut sink), None);
        let said: Vec<String> =
            sink.finish().unwrap_err().into_iter().map(|v| format!("{}: {}", v.field, v.description)).collect();
        assert_eq!(
            said,
            [
                "a: required: one of TEMPORAL_TYPE_EVENT, TEMPORAL_TYPE_STATE, TEMPORAL_TYPE_NONE",
                "c: 9 is no TemporalType; expected one of TEMPORAL_TYPE_EVENT, TEMPORAL_TYPE_STATE, TEMPORAL_TYPE_NONE",
            ]
        );
    }
}
