//! A claim of a row: the message that is recorded, held to the rules of the ledger before anything is sent.
//!
//! ```text
//!   mod.rs      a claim, from its key to its digest
//!   parties.rs  its parties and relationships
//!   parts.rs    what else it has several of: voices, numbers, codes, citations, links
//!   with.rs     what a row says of a party beside its key
//!   ends.rs     its two ends, where the row or a snapshot says them
//!   choice.rs   members of closed vocabularies
//!   compiler.rs faults of a claim in a mapping, each at its place
//! ```

mod choice;
mod compiler;
mod ends;
mod field;
mod parties;
mod parts;
mod with;

use super::class::{Classes, EntityRegistration, MadeEntities};
use super::condition::Condition;
use super::date::{DateReading, DateValue};
use super::fault::{BadMapping, Faults, RowFault};
use super::mapping::{ClaimSpec, ValueSpec};
use super::release::{ClaimIds, ContentDigest};
use super::scope::{RowScope, Scope};
use super::snapshot::Window;
use super::table::Tables;
use super::value::{Value, excerpt};
use super::version::Versions;
use choice::Choice;
use compiler::Compiler;
use detente_domain::rejection::Violation;
use detente_domain::valid_time::ValidTime;
use detente_ledger::wire::claim::{into_message, parse_claim};
use detente_ledger::wire::ids::Ids;
use detente_ledger::wire::path::At;
use detente_ledger::wire::sink::Sink;
use detente_proto::v1;
pub use ends::OwnEnds;
use ends::{Ends, bound, held_between};
use field::FieldTexts;
use parties::Parties;
use parts::{Codes, Links, Quantities, Sources, Voices};
use std::sync::Arc;
use uuid::Uuid;

/// The release and the rules that claims are made with.
#[derive(Debug)]
pub struct Tools<'m> {
    /// The name of the data set.
    pub dataset: &'m str,
    /// The label of its claims.
    pub label: String,
    /// The ids of its claims.
    pub ids: ClaimIds,
    /// The release.
    pub release: &'m str,
    /// Parties and sources.
    pub classes: Classes<'m>,
    /// The decimal separator of numbers.
    pub decimal: Option<char>,
    /// The version that counts for each key, if a file has several.
    pub versions: Option<Versions>,
    /// The snapshot that it is, if it is one.
    pub snapshot: Option<Window>,
}

/// A claim of a mapping, compiled.
#[derive(Debug)]
pub struct ClaimPlan<'m> {
    at: String,
    name: Option<&'m str>,
    when: Condition,
    key: Vec<Value<'m>>,
    kind: Value<'m>,
    temporal_type: Choice<'m>,
    modality: Option<Choice<'m>>,
    polarity: Option<Choice<'m>>,
    status: Option<Choice<'m>>,
    from: Option<DateValue<'m>>,
    to: Option<DateValue<'m>>,
    both: Option<DateValue<'m>>,
    as_of: Option<DateValue<'m>>,
    due: Option<DateValue<'m>>,
    refers_to: Option<DateValue<'m>>,
    texts: Vec<(&'m str, Value<'m>)>,
    original: Option<&'m str>,
    place: Option<Value<'m>>,
    labels: Vec<Value<'m>>,
    external_ids: Vec<(&'m str, Value<'m>)>,
    note: Option<Value<'m>>,
    parties: Parties<'m>,
    voices: Voices<'m>,
    quantities: Quantities<'m>,
    codes: Codes<'m>,
    sources: Sources<'m>,
    links: Links<'m>,
}

/// A claim that a row makes.
#[derive(Debug)]
pub struct MadeClaim {
    /// The claim, but for its id, which depends on how often its key has come.
    pub claim: v1::Claim,
    /// The digest of its content.
    pub content: ContentDigest,
    /// Its key.
    pub key: String,
    /// The parties and sources that it names.
    pub needs: Vec<Arc<EntityRegistration>>,
    /// The note recorded with it.
    pub note: String,
    /// The `RevisionKind` of a change to the claim, if the row names one.
    pub revised: Option<i32>,
    /// The ends that the row itself says.
    pub own: OwnEnds,
    /// The record that it is a part of; empty if it is of none.
    pub record: String,
    /// The number of bytes that it takes, approximately.
    pub bytes: usize,
}

impl<'m> ClaimPlan<'m> {
    /// Compiles a claim. `key` is that of the data set.
    ///
    /// # Errors
    /// Returns the first fault, and its place.
    pub fn compile(
        number: usize,
        spec: &'m ClaimSpec,
        key: &'m [ValueSpec],
        scope: &Scope,
        tables: &'m Tables,
        tools: &Tools<'m>,
    ) -> Result<Self, BadMapping> {
        let at = format!("claim[{number}]");
        let compiler = Compiler { at: &at, scope, tables };
        let key = compiler.key(spec, key, tools)?;
        let values = |field: &str, specs: &'m [ValueSpec]| -> Result<Vec<Value<'m>>, BadMapping> {
            specs.iter().map(|spec| compiler.value(field, spec)).collect()
        };
        let named = |field: &str, specs: &'m std::collections::BTreeMap<String, ValueSpec>| {
            let each =
                specs.iter().map(|(name, spec)| Ok((name.as_str(), compiler.value(&format!("{field}.{name}"), spec)?)));
            each.collect::<Result<Vec<_>, BadMapping>>()
        };
        let temporal_type = compiler.temporal_type(choice::temporal_type(&compiler, &spec.temporal_type)?, tools)?;
        compiler.check_ends(spec, &temporal_type, tools)?;
        Ok(Self {
            name: spec.name.as_deref(),
            when: compiler.when(spec.when.as_ref(), scope)?,
            key: values("key", key)?,
            kind: compiler.word("kind", &spec.kind)?,
            temporal_type,
            modality: spec.modality.as_ref().map(|spec| choice::modality(&compiler, spec)).transpose()?,
            polarity: spec.polarity.as_ref().map(|spec| choice::polarity(&compiler, spec)).transpose()?,
            status: spec.status.as_ref().map(|spec| choice::status(&compiler, spec)).transpose()?,
            from: compiler.date("from", &spec.from, true)?,
            to: compiler.date("to", &spec.to, true)?,
            both: compiler.date("at", &spec.at, true)?,
            as_of: compiler.date("as_of", &spec.as_of, false)?,
            due: compiler.date("due", &spec.due, false)?,
            refers_to: compiler.date("refers_to", &spec.refers_to, false)?,
            texts: named("texts", &spec.texts)?,
            original: spec.original.as_deref(),
            place: compiler.optional("place", &spec.place)?,
            labels: values("labels", &spec.labels)?,
            external_ids: named("external_ids", &spec.external_ids)?,
            note: compiler.optional("note", &spec.note)?,
            parties: Parties::compile(&compiler, spec, tools)?,
            voices: Voices::compile(&compiler, &spec.attribution, tools)?,
            quantities: Quantities::compile(&compiler, &spec.quantities, tools.decimal)?,
            codes: Codes::compile(&compiler, &spec.codes)?,
            sources: Sources::compile(&compiler, &spec.sources, tools)?,
            links: Links::compile(&compiler, &spec.links)?,
            at,
        })
    }

    /// Returns true if a row makes this claim.
    pub fn applies(&self, seen: &RowScope<'_>) -> bool {
        self.when.holds(seen)
    }

    /// Returns the key of the claim of a row.
    ///
    /// # Errors
    /// Returns a fault if a part of the key is unknown, or the key is empty.
    pub fn key(&self, seen: &RowScope<'_>) -> Result<String, RowFault> {
        let mut key = self.name.map(|name| format!("{name}:")).unwrap_or_default();
        let mut empty = true;
        for (at, part) in self.key.iter().enumerate() {
            if at > 0 {
                key.push(':');
            }
            let said = part.eval(seen)?;
            empty &= said.is_empty();
            key.push_str(&said);
        }
        if empty {
            let columns: Vec<&str> = self.key.iter().map(Value::columns).collect();
            return Err(RowFault::column(columns.join(", "), "the key is empty"));
        }
        Ok(key)
    }

    /// Returns the record that a row is a part of: the first values of its key. None if one of them is empty or unknown.
    pub fn record(&self, seen: &RowScope<'_>, values: usize) -> Option<String> {
        let mut record = self.name.map(str::to_owned).into_iter().collect::<Vec<_>>();
        for part in self.key.get(..values)? {
            record.push(part.eval(seen).ok().filter(|said| !said.is_empty())?.into_owned());
        }
        Some(record.join(":"))
    }

    /// Returns the number of values of its key.
    pub const fn key_len(&self) -> usize {
        self.key.len()
    }

    /// The claim of a row, with everything that is wrong with it.
    pub fn make(
        &self,
        key: String,
        seen: &RowScope<'_>,
        tools: &Tools<'_>,
        made: &mut MadeEntities,
        faults: &mut Faults,
    ) -> Option<MadeClaim> {
        let mut needs = Vec::new();
        let (claim, own) = self.message(&key, seen, tools, made, &mut needs, faults);
        let note = self.note.as_ref().and_then(|note| faults.take(note.eval(seen))).unwrap_or_default().into_owned();
        if !faults.is_empty() {
            return None;
        }
        let mut again = || self.message(&key, seen, tools, made, &mut Vec::new(), &mut Faults::default()).0;
        let claim = self.apply_rules(claim, tools.ids.id(&key), faults, &mut again)?;
        let content = ContentDigest::of(claim.clone(), tools.dataset);
        let bytes = prost::Message::encoded_len(&claim);
        Some(MadeClaim { claim, content, key, needs, note, revised: None, own, record: String::new(), bytes })
    }

    fn message(
        &self,
        key: &str,
        seen: &RowScope<'_>,
        tools: &Tools<'_>,
        made: &mut MadeEntities,
        needs: &mut Vec<Arc<EntityRegistration>>,
        faults: &mut Faults,
    ) -> (v1::Claim, OwnEnds) {
        let ((valid, valid_from, valid_to), own) = held_between(tools.snapshot.as_ref(), self.ends(seen, faults));
        let (parties, relationships) = self.parties.make(seen, tools, made, needs, faults);
        let chosen = |choice: &Option<Choice<'_>>, faults: &mut Faults| {
            choice.as_ref().and_then(|choice| faults.take(choice.eval(seen)))
        };
        let date = |date: &Option<DateValue<'_>>, faults: &mut Faults| match date
            .as_ref()
            .and_then(|date| faults.take(date.eval(seen)))
        {
            Some(DateReading::Date(text)) => text,
            _ => String::new(),
        };
        let modality = match &self.modality {
            Some(choice) => faults.take(choice.eval(seen)).unwrap_or_default(),
            None => v1::Modality::Asserted.into(),
        };
        let as_of = tools.snapshot.as_ref().map(|window| window.day.text().to_owned());
        let claim = v1::Claim {
            kind: self.word(seen, faults),
            temporal_type: self.type_of(seen, tools, faults),
            texts: self.texts(seen, faults),
            parties,
            relationships,
            valid,
            valid_from,
            valid_to,
            as_of: as_of.unwrap_or_else(|| date(&self.as_of, faults)),
            refers_to: date(&self.refers_to, faults),
            attribution: self.voices.make(seen, tools, made, needs, faults),
            modality,
            polarity: chosen(&self.polarity, faults).unwrap_or_default(),
            status: chosen(&self.status, faults).unwrap_or_default(),
            due: date(&self.due, faults),
            quantities: self.quantities.make(seen, faults),
            place: self.place.as_ref().and_then(|p| faults.take(p.eval(seen))).unwrap_or_default().into_owned(),
            codes: self.codes.make(seen, faults),
            sources: self.sources.make(seen, tools, made, needs, faults),
            links: self.links.make(seen, tools, faults),
            external_ids: self.elsewhere(key, seen, tools, faults),
            labels: self.labels(seen, tools, faults),
            ..v1::Claim::default()
        };
        (claim, own)
    }

    fn word(&self, seen: &RowScope<'_>, faults: &mut Faults) -> String {
        let kind = faults.take(self.kind.eval(seen)).unwrap_or_default().into_owned();
        if kind.is_empty() && !self.kind.raw(seen).is_empty() {
            faults.note(empty_value_fault(&self.kind, seen));
        }
        kind
    }

    fn type_of(&self, seen: &RowScope<'_>, tools: &Tools<'_>, faults: &mut Faults) -> i32 {
        let temporal_type = faults.take(self.temporal_type.eval(seen)).unwrap_or_default();
        if tools.snapshot.is_some() && temporal_type != i32::from(v1::TemporalType::State) {
            faults.note(RowFault::field(format!("{}.type", self.at), "a snapshot has states: what held on its day"));
        }
        temporal_type
    }

    fn ends(&self, seen: &RowScope<'_>, faults: &mut Faults) -> Ends {
        if let Some(both) = &self.both {
            return match faults.take(both.eval(seen)) {
                // An interval is split by the rules of the ledger.
                Some(DateReading::Date(text)) if text.contains('/') => (text, None, None),
                Some(told) => (String::new(), bound(told.clone()), bound(told)),
                None => (String::new(), None, None),
            };
        }
        let mut end =
            |date: &Option<DateValue<'_>>| date.as_ref().and_then(|date| faults.take(date.eval(seen))).and_then(bound);
        (String::new(), end(&self.from), end(&self.to))
    }

    fn texts(&self, seen: &RowScope<'_>, faults: &mut Faults) -> Vec<v1::Text> {
        let mut texts = Vec::with_capacity(self.texts.len());
        for (lang, value) in &self.texts {
            let text = faults.take(value.eval(seen)).unwrap_or_default();
            if !text.is_empty() {
                let original = self.original == Some(*lang);
                texts.push(v1::Text { lang: (*lang).to_owned(), text: text.into_owned(), original });
            }
        }
        texts
    }

    fn elsewhere(&self, key: &str, seen: &RowScope<'_>, tools: &Tools<'_>, faults: &mut Faults) -> Vec<v1::ExternalId> {
        let own =
            v1::ExternalId { scheme: tools.dataset.to_owned(), id: key.to_owned(), release: tools.release.to_owned() };
        let mut ids = vec![own];
        for (scheme, value) in &self.external_ids {
            let id = faults.take(value.eval(seen)).unwrap_or_default();
            if !id.is_empty() {
                ids.push(v1::ExternalId { scheme: (*scheme).to_owned(), id: id.into_owned(), release: String::new() });
            }
        }
        ids
    }

    fn labels(&self, seen: &RowScope<'_>, tools: &Tools<'_>, faults: &mut Faults) -> Vec<String> {
        let mut labels = vec![tools.label.clone()];
        for value in &self.labels {
            let label = faults.take(value.eval(seen)).unwrap_or_default();
            if !label.is_empty() && !labels.iter().any(|known| *known == label) {
                labels.push(label.into_owned());
            }
        }
        labels
    }

    /// Holds the claim to the rules of the ledger, and gives it back in the form in which it is recorded. `again` makes it
    /// once more, to show what stands in a field that breaks a rule.
    fn apply_rules(
        &self,
        claim: v1::Claim,
        id: Uuid,
        faults: &mut Faults,
        again: &mut dyn FnMut() -> v1::Claim,
    ) -> Option<v1::Claim> {
        let mut sink = Sink::input();
        let mut own = || id;
        let parsed = parse_claim(claim, &mut Ids::new(&mut own), &At::root(""), &mut sink);
        if let Err(violations) = sink.finish() {
            let shown = FieldTexts::of(&again());
            for Violation { field, description } in violations {
                let what = shown.with_value(&field, description);
                faults.note(RowFault::field(format!("{}.{field}", self.at), what));
            }
            return None;
        }
        let claim = parsed?;
        if let Some((from, to)) = claim.time.bounds() {
            let as_of = claim.as_of.as_ref().and_then(detente_domain::edtf::PartialDate::latest);
            if let Err(impossible) = ValidTime::resolve(from, to, as_of) {
                faults.note(RowFault::column(self.columns_of_ends(), impossible.to_string()));
                return None;
            }
        }
        if claim.links.iter().any(|link| link.target == claim.id) {
            faults.note(RowFault::field(format!("{}.links", self.at), "a claim cannot be linked to itself"));
            return None;
        }
        Some(into_message(claim))
    }

    fn columns_of_ends(&self) -> String {
        let mut columns: Vec<&str> = Vec::new();
        for date in [&self.from, &self.to, &self.both].into_iter().flatten() {
            for column in date.columns() {
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
        }
        columns.join(", ")
    }
}

/// A value that its filters left nothing of.
fn empty_value_fault(value: &Value<'_>, seen: &RowScope<'_>) -> RowFault {
    let what = format!(
        "`{}` has no letter of the Latin alphabet and no digit to make a word of: put it through a `map`",
        excerpt(&value.raw(seen))
    );
    RowFault::column(value.columns(), what)
}
