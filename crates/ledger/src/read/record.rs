//! The record as a decision needs it, from the view at a cut. The writer decides at its very head, appends that are not
//! durable yet included: later appends of one group see the effect of earlier ones. A supposition is decided at the cut of
//! its question.

use crate::read::render::Renderer;
use crate::store::{IndexedLog, Store};
use crate::wire::claim::read_claim;
use detente_domain::claim::Claim;
use detente_domain::decide::Record;
use detente_domain::edtf::Atom;
use detente_domain::filter::Filter;
use detente_domain::name::{ClaimId, DisputeId, PartyId, SourceId, Word};
use detente_domain::position::Position;
use detente_domain::standing::Standing;
use detente_proto::v1;
use prost::Message;

/// The record as a decision sees it.
pub(crate) struct DecisionRecord<'v> {
    pub(crate) store: &'v Store,
    pub(crate) view: &'v IndexedLog,
    /// The last position that counts.
    pub(crate) cut: Position,
}

/// A cut that sees everything, also what is not durable yet.
pub(crate) const EVERYTHING: Position = Position(u64::MAX);

impl Record for DecisionRecord<'_> {
    fn standing(&self, id: ClaimId) -> Option<Standing> {
        self.view.index.standing_at(id, self.cut)
    }

    fn dispute(&self, claim: ClaimId, id: DisputeId) -> Option<bool> {
        self.view.index.dispute_stands(claim, id, self.cut)
    }

    fn content(&self, id: ClaimId) -> Option<Claim> {
        let claims = self.view.index.claims();
        let claim = claims.find(id.0)?;
        let (number, _) = claims.current(claim, self.cut)?;
        let mut bytes = Vec::new();
        Renderer::at(self.store, self.view, self.cut).claim(claim, number, &mut bytes).ok()?;
        read_claim(v1::Claim::decode(bytes.as_slice()).ok()?).ok()
    }

    fn party_revision(&self, id: &PartyId) -> Option<u32> {
        self.view.index.parties.current(id.as_str(), self.cut).map(|(number, _)| number)
    }

    fn source_revision(&self, id: &SourceId) -> Option<(u32, bool)> {
        let (number, record) = self.view.index.sources.current(id.as_str(), self.cut)?;
        Some((number, record.withdrawn))
    }

    fn in_other_case(&self, what: &str, id: &str) -> Option<String> {
        let index = &self.view.index;
        let registry = match what {
            "party" => &index.parties,
            "source" => &index.sources,
            "kind" => &index.kinds,
            _ => &index.schemes,
        };
        registry.in_other_case(id, self.cut).map(str::to_owned)
    }

    fn kind_revision(&self, kind: &Word) -> Option<u32> {
        self.view.index.kinds.current(kind.as_str(), self.cut).map(|(number, _)| number)
    }

    fn scheme_revision(&self, scheme: &str) -> Option<u32> {
        self.view.index.schemes.current(scheme, self.cut).map(|(number, _)| number)
    }

    fn label_as_of(&self, label: &str) -> Option<Atom> {
        self.view.index.label_as_of(label, self.cut)
    }

    fn merged_into(&self, id: &PartyId) -> Option<PartyId> {
        self.view.index.merges.at(self.cut).merged_into(id.as_str()).cloned()
    }

    fn first_touch(&self, filter: &Filter, after: Position) -> Option<Position> {
        self.view.index.first_touch(filter, after)
    }
}
