//! Parties and sources: what a key makes, once, however many claims name it.

use super::fault::{BadMapping, RowFault};
use super::filter::MAX_PARTY_ID;
use super::mapping::{PartyClassSpec, SourceClassSpec, ValueSpec};
use super::scope::{RowScope, Scope};
use super::table::{CodeTable, TableRow, Tables};
use super::to_nfc;
use super::value::{Value, excerpt};
use detente_domain::rejection::Violation;
use detente_ledger::wire::party::parse_party;
use detente_ledger::wire::path::At;
use detente_ledger::wire::sink::Sink;
use detente_ledger::wire::source::parse_source;
use detente_proto::v1::{self, command::Command};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// The number of registrations to remember. If every row has a source of its own, memory must not grow with the file.
const MEMORY: usize = 100_000;

/// A party or source that claims name, as it would be registered.
#[derive(Debug)]
pub struct EntityRegistration {
    /// Its id.
    pub id: String,
    /// The first half of the SHA-256 of its sort and id: what it is known by.
    pub known_by: u128,
    /// The digest that tells apart keys which come to one id; none if several keys may be one party.
    pub made_of: Option<u64>,
    /// The command that registers it.
    pub command: Command,
    /// The registrations that must come before it.
    pub needs: Vec<Arc<EntityRegistration>>,
    /// Its names, as digests.
    pub names: Vec<u64>,
    /// True if another name in a later release counts as a new name from the day of that release on.
    pub is_renamed: bool,
}

/// A party or source that is registered already, as far as an import compares it.
#[derive(Clone, Debug, Default)]
pub struct RegisteredEntity {
    /// The digest of the key that made it; 0 until that key is known.
    pub made_of: u64,
    /// Its names, as digests.
    pub names: Vec<u64>,
    /// The names that this import has reported or recorded, as digests.
    pub told: Vec<u64>,
    /// The current names that rows of this import use, as digests.
    pub said: HashSet<u64>,
    /// All of it, where it may be renamed.
    pub party: Option<Box<v1::Party>>,
}

impl RegisteredEntity {
    /// A party of the record. `whole`: it may be renamed.
    pub fn party(party: v1::Party, whole: bool) -> Self {
        let names = party.names.iter().map(name_digest).collect();
        Self { names, party: whole.then(|| Box::new(party)), ..Self::default() }
    }
}

/// A name in its language, as one number.
pub fn name_digest(name: &v1::PartyName) -> u64 {
    let digest = Sha256::digest(format!("{} {}", name.lang, to_nfc(&name.name)).as_bytes());
    u64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default())
}

/// A party or source that a row names.
#[derive(Clone, Copy, Debug)]
pub struct NamedEntity<'n> {
    /// Its class.
    pub class: &'n str,
    /// Its key.
    pub key: &'n str,
    /// The values that the row gives for the `fields` of the class, in the order of the fields.
    pub with: &'n [String],
    /// The columns that the key is made of.
    pub columns: &'n str,
}

impl NamedEntity<'_> {
    /// All that it is made of, in one text.
    fn identity(&self) -> std::borrow::Cow<'_, str> {
        if self.with.is_empty() {
            return self.key.into();
        }
        format!("{}\u{1e}{}", self.key, self.with.join("\u{1e}")).into()
    }
}

/// The classes of a mapping, compiled.
#[derive(Debug)]
pub struct Classes<'m> {
    parties: BTreeMap<&'m str, PartyClass<'m>>,
    sources: BTreeMap<&'m str, SourceClass<'m>>,
}

/// The parties and sources made so far.
#[derive(Debug, Default)]
pub struct MadeEntities(HashMap<(bool, usize), HashMap<Box<str>, Arc<EntityRegistration>>>);

#[derive(Debug)]
struct PartyClass<'m> {
    name: &'m str,
    number: usize,
    table: Option<&'m CodeTable>,
    id: Value<'m>,
    party_type: Value<'m>,
    names: Vec<(&'m str, Value<'m>)>,
    external_ids: Vec<(&'m str, Value<'m>)>,
    same: bool,
    fields: &'m [String],
    unlisted: bool,
    renamed: bool,
}

#[derive(Debug)]
struct SourceClass<'m> {
    name: &'m str,
    number: usize,
    table: Option<&'m CodeTable>,
    id: Value<'m>,
    title: Value<'m>,
    url: Option<Value<'m>>,
    published: Option<Value<'m>>,
    language: Option<Value<'m>>,
    publishers: Vec<(&'m str, Value<'m>)>,
    external_ids: Vec<(&'m str, Value<'m>)>,
    fields: &'m [String],
    unlisted: bool,
}

/// Returns the number by which a party is known here.
pub fn known_by_party(id: &str) -> u128 {
    known_by('p', id)
}

/// Returns the number by which a source is known here.
pub fn known_by_source(id: &str) -> u128 {
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
    fn new(at: String, table: Option<&CodeTable>, fields: &[String], tables: &'m Tables) -> Self {
        let scope = Scope::of_key(table.map(|table| table.columns.as_slice()), fields);
        let scope = if table.is_some_and(|table| table.open) { scope.into_open() } else { scope };
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

fn table<'m>(at: &str, name: Option<&str>, tables: &'m Tables) -> Result<Option<&'m CodeTable>, BadMapping> {
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
    /// Returns the first fault, and its place.
    pub fn compile(
        parties: &'m BTreeMap<String, PartyClassSpec>,
        sources: &'m BTreeMap<String, SourceClassSpec>,
        tables: &'m Tables,
    ) -> Result<Self, BadMapping> {
        let parties = parties.iter().enumerate().map(|(number, (name, spec))| {
            let at = format!("parties.{name}");
            let table = table(&at, spec.table.as_deref(), tables)?;
            let compiler = Compiler::new(at, table, &spec.fields, tables);
            let class = PartyClass {
                name,
                number,
                table,
                id: compiler.value("id", &spec.id)?.for_id(),
                party_type: party_type(&compiler, &spec.party_type)?,
                names: compiler.each("names", &spec.names)?,
                external_ids: compiler.each("external_ids", &spec.external_ids)?,
                same: spec.same,
                fields: &spec.fields,
                unlisted: spec.unlisted,
                renamed: spec.renamed,
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

    /// The fields of a class of parties; none where there is no such class.
    pub fn party_fields(&self, class: &str) -> Option<&'m [String]> {
        self.parties.get(class).map(|class| class.fields)
    }

    /// The fields of a class of sources; none where there is no such class.
    pub fn source_fields(&self, class: &str) -> Option<&'m [String]> {
        self.sources.get(class).map(|class| class.fields)
    }

    /// The party that a key makes.
    ///
    /// # Errors
    /// Returns a fault if the class is unknown or the party is invalid.
    pub fn party(
        &self,
        named: NamedEntity<'_>,
        release: &str,
        made: &mut MadeEntities,
    ) -> Result<Arc<EntityRegistration>, RowFault> {
        let unknown = || RowFault::row(format!("there is no class `{}` in [parties]", named.class));
        let class = self.parties.get(named.class).ok_or_else(unknown)?;
        made.once((true, class.number), &named.identity(), || class.make(named, release))
    }

    /// The source that a key makes.
    ///
    /// # Errors
    /// Returns a fault if the class is unknown or the source is invalid.
    pub fn source(
        &self,
        named: NamedEntity<'_>,
        release: &str,
        made: &mut MadeEntities,
    ) -> Result<Arc<EntityRegistration>, RowFault> {
        let unknown = || RowFault::row(format!("there is no class `{}` in [sources]", named.class));
        let class = self.sources.get(named.class).ok_or_else(unknown)?;
        let identity = named.identity();
        if let Some(known) = made.get((false, class.number), &identity) {
            return Ok(known);
        }
        let source = self.make_source(class, named, release, made)?;
        made.once((false, class.number), &identity, || Ok(source))
    }

    fn make_source(
        &self,
        class: &SourceClass<'m>,
        named: NamedEntity<'_>,
        release: &str,
        made: &mut MadeEntities,
    ) -> Result<EntityRegistration, RowFault> {
        let columns = named.columns;
        let row = find(class.table, named, class.unlisted)?;
        let seen = RowScope::key(named.key, row, release).with_fields(named.with);
        let mut needs = Vec::new();
        for (party, key) in &class.publishers {
            let key = key.eval(&seen)?;
            if !key.is_empty() {
                needs.push(self.party(NamedEntity { class: party, key: &key, with: &[], columns }, release, made)?);
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
        let value = |field: &str| match field {
            "source_id" => source.source_id.as_str(),
            "url" => source.url.as_str(),
            "published" => source.published.as_str(),
            "language" => source.language.as_str(),
            _ => "",
        };
        check(sink, parsed.is_some(), &format!("sources.{}", class.name), columns, value)?;
        let command = Command::RegisterSource(v1::RegisterSource { source: Some(source.clone()) });
        let known_by = known_by_source(&source.source_id);
        Ok(EntityRegistration {
            id: source.source_id,
            known_by,
            made_of: None,
            command,
            needs,
            names: Vec::new(),
            is_renamed: false,
        })
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
        let compiler = Compiler::new(at, table, &spec.fields, tables);
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
            fields: &spec.fields,
            unlisted: spec.unlisted,
        })
    }
}

impl PartyClass<'_> {
    fn make(&self, named: NamedEntity<'_>, release: &str) -> Result<EntityRegistration, RowFault> {
        let (key, columns) = (named.key, named.columns);
        let row = find(self.table, named, self.unlisted)?;
        let seen = RowScope::key(key, row, release).with_fields(named.with);
        let mut names = Vec::new();
        for (lang, value) in &self.names {
            let name = value.eval(&seen)?;
            if !name.is_empty() {
                let lang = (*lang).to_owned();
                names.push(v1::PartyName { lang, name: name.into_owned(), ..v1::PartyName::default() });
            }
        }
        let written = self.party_type.eval(&seen)?;
        let party_type = type_named(&written).map_err(|what| RowFault::column(columns, what))?;
        let party = v1::Party {
            party_id: self.id.eval(&seen)?.into_owned(),
            r#type: party_type.into(),
            names,
            external_ids: external_ids(&self.external_ids, &seen)?,
            ..v1::Party::default()
        };
        let mut sink = Sink::input();
        let parsed = parse_party(party.clone(), &At::root(""), &mut sink);
        let value = |field: &str| if field == "party_id" { party.party_id.as_str() } else { "" };
        check(sink, parsed.is_some(), &format!("parties.{}", self.name), columns, value)?;
        let digest = Sha256::digest(format!("{} {key}", self.name).as_bytes());
        let made_of = u64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default());
        let command = Command::RegisterParty(v1::RegisterParty { party: Some(party.clone()) });
        let known_by = known_by_party(&party.party_id);
        let made_of = (!self.same).then_some(made_of);
        let names = party.names.iter().map(name_digest).collect();
        let is_renamed = self.renamed;
        Ok(EntityRegistration { id: party.party_id, known_by, made_of, command, needs: Vec::new(), names, is_renamed })
    }
}

fn party_type<'m>(compiler: &Compiler<'m>, spec: &'m ValueSpec) -> Result<Value<'m>, BadMapping> {
    let value = compiler.value("type", spec)?;
    match value.constant().map(type_named) {
        Some(Err(what)) => Err(BadMapping::at(format!("{}.type", compiler.at), what)),
        _ => Ok(value),
    }
}

fn type_named(written: &str) -> Result<v1::PartyType, String> {
    let named = v1::PartyType::from_str_name(&format!("PARTY_TYPE_{}", written.to_uppercase()));
    named.filter(|of| *of != v1::PartyType::Unspecified).ok_or_else(|| {
        format!(
            "`{}` is no type of a party: expected state, organisation, person, group, region, medium, publisher, \
             document or unnamed",
            excerpt(written)
        )
    })
}

fn find<'t>(table: Option<&'t CodeTable>, named: NamedEntity<'_>, unlisted: bool) -> Result<&'t [Box<str>], RowFault> {
    let Some(table) = table else { return Ok(&[]) };
    let unknown =
        || RowFault::column(named.columns, format!("`{}` is not in the table {}", excerpt(named.key), table.name));
    match table.get(named.key) {
        None if unlisted => Ok(&[]),
        row => row.map(TableRow::as_ref).ok_or_else(unknown),
    }
}

fn external_ids(specs: &[(&str, Value<'_>)], seen: &RowScope<'_>) -> Result<Vec<v1::ExternalId>, RowFault> {
    let mut ids = Vec::new();
    for (scheme, value) in specs {
        let id = value.eval(seen)?;
        if !id.is_empty() {
            ids.push(v1::ExternalId { scheme: (*scheme).to_owned(), id: id.into_owned(), release: String::new() });
        }
    }
    Ok(ids)
}

/// Holds what was made to the rules of the ledger. `value` has what stands in a field, to be shown.
fn check<'v>(
    sink: Sink,
    parsed: bool,
    class: &str,
    columns: &str,
    value: impl Fn(&str) -> &'v str,
) -> Result<(), RowFault> {
    let violations = match sink.finish() {
        Ok(()) if parsed => return Ok(()),
        Ok(()) => Vec::new(),
        Err(violations) => violations,
    };
    let told = violations.iter().map(|Violation { field, description }| match value(field) {
        "" => format!("{class}.{field}: {description}"),
        text => format!("{class}.{field}: `{}`{}: {description}", excerpt(text), broken_rule(field, text)),
    });
    Err(RowFault::column(columns, told.collect::<Vec<_>>().join("; ")))
}

/// The rule that an id breaks, as a part of a message; empty for a field that is no id.
fn broken_rule(field: &str, text: &str) -> String {
    if !field.ends_with("_id") {
        return String::new();
    }
    if text.len() > MAX_PARTY_ID {
        return format!(" has {} bytes", text.len());
    }
    let odd = text.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.'));
    odd.map(|c| format!(" has {}", if c == ' ' { "a blank".to_owned() } else { format!("{c:?}") })).unwrap_or_default()
}

impl MadeEntities {
    fn get(&self, class: (bool, usize), key: &str) -> Option<Arc<EntityRegistration>> {
        self.0.get(&class)?.get(key).map(Arc::clone)
    }

    fn once(
        &mut self,
        class: (bool, usize),
        key: &str,
        make: impl FnOnce() -> Result<EntityRegistration, RowFault>,
    ) -> Result<Arc<EntityRegistration>, RowFault> {
        if let Some(known) = self.get(class, key) {
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
