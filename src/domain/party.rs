//! A party: whatever a claim can be about or come from, registered under an id with an explicit type.

use super::claim::ExternalId;
use super::name::PartyId;
use super::vocabulary::PartyType;

/// The content of one revision of a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Identity.
    pub id: PartyId,
    /// What it is; never guessed from the id.
    pub party_type: PartyType,
    /// Its names, at least one.
    pub names: Vec<PartyName>,
    /// Its ids elsewhere.
    pub external_ids: Vec<ExternalId>,
}

/// A name of a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyName {
    /// BCP 47 tag.
    pub lang: Box<str>,
    /// The name.
    pub name: Box<str>,
    /// Whether it is another name, not the main one.
    pub alias: bool,
}
