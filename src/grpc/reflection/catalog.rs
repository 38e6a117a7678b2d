//! The files that describe a server: the contract, the standard protocols, and the details of errors.
//!
//! The sets of tonic name files without their folders. Everybody else imports `google/rpc/status.proto`, and a tool that has
//! that file already links by its name, so they are renamed ([`NAMES`]) here, in the files and in what imports them.
//!
//! A tool that knows the contract by reflection alone reads the file of the service and what that imports. The reasons and
//! details of errors are in no request or reply, and the proto files on disk do without `google/rpc`; so the imports are
//! added here ([`IMPORTED`]).

use super::symbols::Symbols;
use detente_proto::DESCRIPTOR;
use prost::Message as _;
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use std::collections::{BTreeMap, HashSet, VecDeque};

/// Files by their names in the sets of tonic, and by those under which they are imported everywhere else.
const NAMES: [(&str, &str); 5] = [
    ("status.proto", "google/rpc/status.proto"),
    ("error_details.proto", "google/rpc/error_details.proto"),
    ("health.proto", "grpc/health/v1/health.proto"),
    ("reflection_v1.proto", "grpc/reflection/v1/reflection.proto"),
    ("reflection_v1alpha.proto", "grpc/reflection/v1alpha/reflection.proto"),
];

/// Files of the contract, and the files that each imports here in addition to its own imports.
const IMPORTED: [(&str, &[&str]); 2] = [
    ("detente/v1/ledger.proto", &["detente/v1/error.proto"]),
    ("detente/v1/error.proto", &["google/rpc/error_details.proto", "google/rpc/status.proto"]),
];

/// Descriptors of the contract or of a standard protocol that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DescriptorError(#[from] prost::DecodeError);

/// Everything that reflection tells.
#[derive(Debug)]
pub(in crate::grpc) struct Catalog {
    files: BTreeMap<String, File>,
    /// The file of each name.
    pub(super) symbols: Symbols,
    /// Names of the services, in order.
    pub(super) services: Vec<String>,
}

#[derive(Debug)]
struct File {
    bytes: Vec<u8>,
    imports: Vec<String>,
}

impl Catalog {
    /// The catalog of this server.
    pub(in crate::grpc) fn new() -> Result<Self, DescriptorError> {
        let sets = [
            DESCRIPTOR,
            tonic_types::pb::FILE_DESCRIPTOR_SET,
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
        ];
        let mut catalog = Self { files: BTreeMap::new(), symbols: Symbols::default(), services: Vec::new() };
        for set in sets {
            FileDescriptorSet::decode(set)?.file.into_iter().for_each(|file| catalog.add(file));
        }
        catalog.services.sort();
        Ok(catalog)
    }

    /// The names of the services.
    pub(in crate::grpc) fn services(&self) -> &[String] {
        &self.services
    }

    /// Adds a file. Of a file that is in several sets the first stays.
    fn add(&mut self, mut file: FileDescriptorProto) {
        let name = new_name(file.name()).to_owned();
        if self.files.contains_key(&name) {
            return;
        }
        file.name = Some(name.clone());
        file.dependency.iter_mut().for_each(|import| *import = new_name(import).to_owned());
        for (of, imported) in IMPORTED {
            if of == name {
                file.dependency.extend(imported.iter().map(|import| (*import).to_owned()));
            }
        }
        self.symbols.add(&file);
        let package = file.package();
        self.services.extend(file.service.iter().map(|service| format!("{package}.{}", service.name())));
        self.files.insert(name, File { bytes: file.encode_to_vec(), imports: file.dependency });
    }

    /// The file of a name and all that it imports, itself first; none where there is no such file.
    pub(super) fn with_imports(&self, name: &str) -> Option<Vec<(&str, &[u8])>> {
        self.files.get(name)?;
        let (mut found, mut seen, mut next) = (Vec::new(), HashSet::new(), VecDeque::from([name]));
        while let Some(name) = next.pop_front() {
            if let Some((name, file)) = self.files.get_key_value(name).filter(|_| seen.insert(name)) {
                found.push((name.as_str(), file.bytes.as_slice()));
                next.extend(file.imports.iter().map(String::as_str));
            }
        }
        Some(found)
    }
}

fn new_name(name: &str) -> &str {
    NAMES.iter().find(|(from, _)| *from == name).map_or(name, |(_, to)| to)
}
