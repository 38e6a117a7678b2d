//! The parties, sources, kinds and schemes that are registered at the cut of a sight.

use super::Sight;
use crate::store::{Index, Registry, RegistryRevision};
use detente_proto::v1;
use prost::Message;

impl<'v> Sight<'v> {
    /// A registered source at the cut, and whether it is withdrawn.
    pub(crate) fn source(&self, id: &str) -> Option<(v1::Source, bool)> {
        let record = self.registry_entry(|index| &index.sources, id)?;
        Some((v1::Source::decode(&*record.bytes).ok()?, record.withdrawn))
    }

    /// A registered kind at the cut.
    pub(crate) fn kind(&self, kind: &str) -> Option<v1::Kind> {
        v1::Kind::decode(&*self.registry_entry(|index| &index.kinds, kind)?.bytes).ok()
    }

    /// A registered code scheme at the cut.
    pub(crate) fn scheme(&self, scheme: &str) -> Option<v1::Scheme> {
        v1::Scheme::decode(&*self.registry_entry(|index| &index.schemes, scheme)?.bytes).ok()
    }

    /// The entry under an id, supposed or recorded.
    pub(crate) fn registry_entry(
        &self,
        registry: impl Fn(&'v Index) -> &'v Registry,
        id: &str,
    ) -> Option<&'v RegistryRevision> {
        let layers = self.supposed.iter().map(|(_, layer)| layer).chain([&self.record]);
        layers
            .into_iter()
            .find_map(|layer| registry(&layer.view.index).current(id, layer.cut).map(|(_, record)| record))
    }
}
