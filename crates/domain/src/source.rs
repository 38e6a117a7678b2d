//! A source: where claims come from, a record of its own that claims cite.

use super::claim::ExternalId;
use super::edtf::PartialDate;
use super::name::{PartyId, SourceId};

/// The content of one revision of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Identity.
    pub id: SourceId,
    /// The parties that published it.
    pub publishers: Vec<PartyId>,
    /// Its title.
    pub title: Box<str>,
    /// The address.
    pub url: Box<str>,
    /// The date of publication.
    pub published: Option<PartialDate>,
    /// Its language, BCP 47.
    pub language: Box<str>,
    /// The sources it draws on.
    pub derives_from: Vec<SourceId>,
    /// Its ids elsewhere.
    pub external_ids: Vec<ExternalId>,
}
