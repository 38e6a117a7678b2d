//! Parties and sources: what a key makes, once, however many claims name it.

use super::fault::{BadMapping, Fault};
use super::mapping::{PartyClassSpec, SourceClassSpec, ValueSpec};
use super::scope::{Scope, Seen};
use super::table::{Table, TableRow, Tables};
use super::value::{Value, shown};
use crate::domain::rejection::Violation;
use crate::v1::{self, command::Command};
use crate::wire::party::parse_party;
use crate::wire::path::At;
use crate::wire::sink::Sink;
use crate::wire::source::parse_source;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// How many makings are remembered. Where every row has a source of its own, memory must not grow with the file.
const MEMORY: usize = 100_000;

/// A party or source that claims name, as it would be registered.
#[derive(Debug)]
pub(crate) struct Registered {
    /// Its id.
    pub(crate) id: String,
    /// The first half of the SHA-256 of its sort and id: what it is known by.
    pub(crate) known_by: u128,
    /// What tells keys apart that come to one id; none where they may.
    pub(crate) made_of: Option<u64>,
    /// The command that registers it.
    pub(crate) command: Command,
    /// What must be registered before it.
    pub(crate) needs: Vec<Arc<Registered>>,
}

/// The classes of a mapping, compiled.
#[derive(Debug)]
pub(crate) struct Classes<'m> {
    parties: BTreeMap<&'m str, PartyClass<'m>>,
    sources: BTreeMap<&'m str, SourceClass<'m>>,
}

/// What has been made so far.
#[derive(Debug, Default)]
pub(crate) struct Made(HashMap<(bool, usize), HashMap<Box<str>, Arc<Registered>>>);

#[derive(Debug)]
struct PartyClass<'m> {
    name: &'m str,
    number: usize,
    table: Option<&'m Table>,
    id: Value<'m>,
    party_type: Value<'m>,
    names: Vec<(&'m str, Value<'m>)>,
    external_ids: Vec<(&'m str, Value<'m>)>,
    same: bool,
}

#[derive(Debug)]
struct SourceClass<'m> {
    name: &'m str,
    number: usize,
    table: Option<&'m Table>,
    id: Value<'m>,
    title: Value<'m>,
    url: Option<Value<'m>>,
    published: Option<Value<'m>>,
    language: Option<Value<'m>>,
    publishers: Vec<(&'m str, Value<'m>)>,
    external_ids: Vec<(&'m str, Value<'m>)>,
}

/// By what a party is known here.
pub(crate) fn known_by_party(id: &str) -> u128 {
    known_by('p', id)
}

/// By what a source is known here.
pub(crate) fn known_by_source(id: &str) -> u128 {
    known_by('s', id)
}

fn known_by(sort: char, id: &str) -> u128 {
    let digest = Sha256::digest(format!("{sort}{id}").as_bytes());
    u128::from_be_bytes(digest.first_chunk().copied().unwrap_or_default())
}

/// Compiles the parts of a class, each told at its place when it is wrong.
struct Compiler<'m> {
    at: String,
    scope: Scope,
    tables: &'m Tables,
}

impl<'m> Compiler<'m> {
    fn new(at: String, table: Option<&Table>, tables: &'m Tables) -> Self {
        let scope = Scope::of_key(table.map(|table| table.columns.as_slice()));
        Self { at, scope, tables }
    }

    fn value(&self, field: &str, spec: &'m ValueSpec) -> Result<Value<'m>, BadMapping> {
        Value::compile(spec, &self.scope, self.tables)
            .map_err(|what| BadMapping::at(format!("{}.{field}", self.at), what))
    }

    fn optional(&self, field: &str, spec: &'m Option<ValueSpec>) -> Result<Option<Value<'m>>, BadMapping> {
        spec.as_ref().map(|spec| self.value(field, spec)).transpose()
    }

    fn each(
        &self,
        field: &str,
        specs: &'m BTreeMap<String, ValueSpec>,
    ) -> Result<Vec<(&'m str, Value<'m>)>, BadMapping> {
        specs.iter().map(|(name, spec)| Ok((name.as_str(), self.value(&format!("{field}.{name}"), spec)?))).collect()
    }
}

fn table<'m>(at: &str, name: Option<&str>, tables: &'m Tables) -> Result<Option<&'m Table>, BadMapping> {
    let found = |name: &str| {
        let missing = || BadMapping::at(format!("{at}.table"), format!("there is no table `{name}` in [tables]"));
        tables.get(name).ok_or_else(missing)
    };
    name.map(found).transpose()
}

impl<'m> Classes<'m> {
    /// Compiles the classes of a mapping.
    ///
    /// # Errors
    /// What is wrong with them, and where.
    pub(crate) fn compile(
        parties: &'m BTreeMap<String, PartyClassSpec>,
        sources: &'m BTreeMap<String, SourceClassSpec>,
        tables: &'m Tables,
    ) -> Result<Self, BadMapping> {
        let parties = parties.iter().enumerate().map(|(number, (name, spec))| {
            let at = format!("parties.{name}");
            let table = table(&at, spec.table.as_deref(), tables)?;
            let compiler = Compiler::new(at, table, tables);
            let class = PartyClass {
                name,
                number,
                table,
                id: compiler.value("id", &spec.id)?,
                party_type: compiler.value("type", &spec.party_type)?,
                names: compiler.each("names", &spec.names)?,
                external_ids: compiler.each("external_ids", &spec.external_ids)?,
                same: spec.same,
            };
            Ok((name.as_str(), class))
        });
        let parties: BTreeMap<&str, PartyClass<'m>> = parties.collect::<Result<_, BadMapping>>()?;
        let sources = sources.iter().enumerate().map(|(number, (name, spec))| {
            let class = SourceClass::compile(name, number, spec, tables)?;
            for (party, _) in &class.publishers {
                if !parties.contains_key(party) {
                    let what = format!("there is no class `{party}` in [parties]");
                    return Err(BadMapping::at(format!("sources.{name}.publishers"), what));
                }
            }
            Ok((name.as_str(), class))
        });
        let sources = sources.collect::<Result<_, BadMapping>>()?;
        Ok(Self { parties, sources })
    }

    /// Whether there is such a class of parties.
    pub(crate) fn has_parties(&self, class: &str) -> bool {
        self.parties.contains_key(class)
    }

    /// Whether there is such a class of sources.
    pub(crate) fn has_sources(&self, class: &str) -> bool {
        self.sources.contains_key(class)
    }

    /// The party that a key makes. `columns` are those that the key is made of.
    ///
    /// # Errors
    /// What is wrong with it, at those columns.
    pub(crate) fn party(
        &self,
        class: &str,
        key: &str,
        columns: &str,
        release: &str,
        made: &mut Made,
    ) -> Result<Arc<Registered>, Fault> {
        let unknown = || Fault::row(format!("there is no class `{class}` in [parties]"));
        let class = self.parties.get(class).ok_or_else(unknown)?;
        made.once((true, class.number), key, || class.make(key, columns, release))
    }

    /// The source that a key makes. `columns` are those that the key is made of.
    ///
    /// # Errors
    /// What is wrong with it, at those columns.
    pub(crate) fn source(
        &self,
        class: &str,
        key: &str,
        columns: &str,
        release: &str,
        made: &mut Made,
    ) -> Result<Arc<Registered>, Fault> {
        let unknown = || Fault::row(format!("there is no class `{class}` in [sources]"));
        let class = self.sources.get(class).ok_or_else(unknown)?;
        if let Some(known) = made.known((false, class.number), key) {
            return Ok(known);
        }
        let source = self.make_source(class, key, columns, release, made)?;
        made.once((false, class.number), key, || Ok(source))
    }

    fn make_source(
        &self,
        class: &SourceClass<'m>,
        key: &str,
        columns: &str,
        release: &str,
        made: &mut Made,
    ) -> Result<Registered, Fault> {
        let row = looked_up(class.table, key, columns)?;
        let seen = Seen::key(key, row, release);
        let mut needs = Vec::new();
        for (party, key) in &class.publishers {
            let key = key.eval(&seen)?;
            if !key.is_empty() {
                needs.push(self.party(party, &key, columns, release, made)?);
            }
        }
        let said = |value: &Option<Value<'m>>| match value {
            Some(value) => value.eval(&seen).map(std::borrow::Cow::into_owned),
            None => Ok(String::new()),
        };
        let source = v1::Source {
            source_id: class.id.eval(&seen)?.into_owned(),
            publishers: needs.iter().map(|party| party.id.clone()).collect(),
            title: class.title.eval(&seen)?.into_owned(),
            url: said(&class.url)?,
            published: said(&class.published)?,
            language: said(&class.language)?,
            external_ids: external_ids(&class.external_ids, &seen)?,
            ..v1::Source::default()
        };
        let mut sink = Sink::input();
        let parsed = parse_source(source.clone(), &At::root(""), &mut sink);
        check(sink, parsed.is_some(), &format!("sources.{}", class.name), columns)?;
        let command = Command::RegisterSource(v1::RegisterSource { source: Some(source.clone()) });
        let known_by = known_by_source(&source.source_id);
        Ok(Registered { id: source.source_id, known_by, made_of: None, command, needs })
    }
}

impl<'m> SourceClass<'m> {
    fn compile(
        name: &'m str,
        number: usize,
        spec: &'m SourceClassSpec,
        tables: &'m Tables,
    ) -> Result<Self, BadMapping> {
        let at = format!("sources.{name}");
        let table = table(&at, spec.table.as_deref(), tables)?;
        let compiler = Compiler::new(at, table, tables);
        let publishers = spec.publishers.iter();
        let publishers = publishers.map(|party| Ok((party.party.as_str(), compiler.value("publishers", &party.key)?)));
        Ok(Self {
            name,
            number,
            table,
            id: compiler.value("id", &spec.id)?,
            title: compiler.value("title", &spec.title)?,
            url: compiler.optional("url", &spec.url)?,
            published: compiler.optional("published", &spec.published)?,
            language: compiler.optional("language", &spec.language)?,
            publishers: publishers.collect::<Result<_, BadMapping>>()?,
            external_ids: compiler.each("external_ids", &spec.external_ids)?,
        })
    }
}

impl PartyClass<'_> {
    fn make(&self, key: &str, columns: &str, release: &str) -> Result<Registered, Fault> {
        let row = looked_up(self.table, key, columns)?;
        let seen = Seen::key(key, row, release);
        let mut names = Vec::new();
        for (lang, value) in &self.names {
            let name = value.eval(&seen)?;
            if !name.is_empty() {
                let lang = (*lang).to_owned();
                names.push(v1::PartyName { lang, name: name.into_owned(), ..v1::PartyName::default() });
            }
        }
        let written = self.party_type.eval(&seen)?;
        let party_type = v1::PartyType::from_str_name(&format!("PARTY_TYPE_{}", written.to_uppercase()));
        let party_type = party_type.ok_or_else(|| {
            Fault::column(
                columns,
                format!("`{}` is no type of a party: expected state, organisation, ...", shown(&written)),
            )
        })?;
        let party = v1::Party {
            party_id: self.id.eval(&seen)?.into_owned(),
            r#type: party_type.into(),
            names,
            external_ids: external_ids(&self.external_ids, &seen)?,
            ..v1::Party::default()
        };
        let mut sink = Sink::input();
        let parsed = parse_party(party.clone(), &At::root(""), &mut sink);
        check(sink, parsed.is_some(), &format!("parties.{}", self.name), columns)?;
        let digest = Sha256::digest(format!("{} {key}", self.name).as_bytes());
        let made_of = u64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default());
        let command = Command::RegisterParty(v1::RegisterParty { party: Some(party.clone()) });
        let known_by = known_by_party(&party.party_id);
        let made_of = (!self.same).then_some(made_of);
        Ok(Registered { id: party.party_id, known_by, made_of, command, needs: Vec::new() })
    }
}

fn looked_up<'t>(table: Option<&'t Table>, key: &str, columns: &str) -> Result<&'t [Box<str>], Fault> {
    let Some(table) = table else { return Ok(&[]) };
    let unknown = || Fault::column(columns, format!("`{}` is not in the table {}", shown(key), table.name));
    table.get(key).map(TableRow::as_ref).ok_or_else(unknown)
}

fn external_ids(specs: &[(&str, Value<'_>)], seen: &Seen<'_>) -> Result<Vec<v1::ExternalId>, Fault> {
    let mut ids = Vec::new();
    for (scheme, value) in specs {
        let id = value.eval(seen)?;
        if !id.is_empty() {
            ids.push(v1::ExternalId { scheme: (*scheme).to_owned(), id: id.into_owned(), release: String::new() });
        }
    }
    Ok(ids)
}

/// Holds what was made to the rules of the ledger.
fn check(sink: Sink, parsed: bool, class: &str, columns: &str) -> Result<(), Fault> {
    let violations = match sink.finish() {
        Ok(()) if parsed => return Ok(()),
        Ok(()) => Vec::new(),
        Err(violations) => violations,
    };
    let told = violations.iter().map(|Violation { field, description }| format!("{class}.{field}: {description}"));
    Err(Fault::column(columns, told.collect::<Vec<_>>().join("; ")))
}

impl Made {
    fn known(&self, class: (bool, usize), key: &str) -> Option<Arc<Registered>> {
        self.0.get(&class)?.get(key).map(Arc::clone)
    }

    fn once(
        &mut self,
        class: (bool, usize),
        key: &str,
        make: impl FnOnce() -> Result<Registered, Fault>,
    ) -> Result<Arc<Registered>, Fault> {
        if let Some(known) = self.known(class, key) {
            return Ok(known);
        }
        let made = Arc::new(make()?);
        let of_class = self.0.entry(class).or_default();
        if of_class.len() >= MEMORY {
            of_class.clear();
        }
        of_class.insert(key.into(), Arc::clone(&made));
        Ok(made)
    }
}
