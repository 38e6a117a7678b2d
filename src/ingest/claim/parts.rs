//! What a claim has several of. Each part has a condition; what is empty is left out.

use super::choice::{self, Choice};
use super::{Compiler, Tools};
use crate::domain::relationship::RelationshipId;
use crate::ingest::class::{Made, Registered};
use crate::ingest::condition::Condition;
use crate::ingest::date::{DateValue, Told};
use crate::ingest::fault::{BadMapping, Fault, Faults};
use crate::ingest::mapping::{
    ClaimSpec, CodeSpec, LinkSpec, PartySpec, QuantitySpec, RelationshipSpec, SourceSpec, VoiceSpec,
};
use crate::ingest::release::ClaimIds;
use crate::ingest::scope::Seen;
use crate::ingest::table::Table;
use crate::ingest::value::{Value, shown};
use crate::v1;
use std::sync::Arc;

/// The parties and the relationships.
#[derive(Debug)]
pub(super) struct Parties<'m> {
    parties: Vec<PartyPart<'m>>,
    relationships: Vec<RelationshipPart<'m>>,
}

#[derive(Debug)]
struct PartyPart<'m> {
    class: &'m str,
    role: Value<'m>,
    key: Value<'m>,
    as_text: Option<Value<'m>>,
    when: Condition,
    each: Option<(&'m Table, Value<'m>)>,
}

#[derive(Debug)]
enum RelationshipPart<'m> {
    Between(&'m str, &'m str),
    All(&'m [String]),
    Given(Value<'m>),
}

impl<'m> Parties<'m> {
    pub(super) fn compile(
        compiler: &Compiler<'_, 'm>,
        spec: &'m ClaimSpec,
        tools: &Tools<'m>,
    ) -> Result<Self, BadMapping> {
        let parties = spec.parties.iter().map(|spec| PartyPart::compile(compiler, spec, tools));
        let relationships = spec.relationships.iter().map(|spec| match spec {
            RelationshipSpec::Between { between: [one, other] } => Ok(RelationshipPart::Between(one, other)),
            RelationshipSpec::All { all } => Ok(RelationshipPart::All(all)),
            RelationshipSpec::Given(spec) => compiler.value("relationships", spec).map(RelationshipPart::Given),
        });
        Ok(Self {
            parties: parties.collect::<Result<_, _>>()?,
            relationships: relationships.collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn make(
        &self,
        seen: &Seen<'_>,
        tools: &Tools<'_>,
        made: &mut Made,
        needs: &mut Vec<Arc<Registered>>,
        faults: &mut Faults,
    ) -> (Vec<v1::ClaimParty>, Vec<String>) {
        let mut parties: Vec<v1::ClaimParty> = Vec::with_capacity(self.parties.len());
        for part in &self.parties {
            match &part.each {
                None => part.make(seen, tools, made, needs, faults, &mut parties),
                Some((table, by)) => {
                    let key = faults.take(by.eval(seen)).unwrap_or_default();
                    let before = parties.len();
                    for row in table.all(&key) {
                        part.make(&seen.joined(row), tools, made, needs, faults, &mut parties);
                    }
                    // In which order a table has them is no part of what is claimed.
                    if let Some(joined) = parties.get_mut(before..) {
                        joined.sort_by(|one, other| one.party_id.cmp(&other.party_id));
                    }
                }
            }
        }
        let mut relationships: Vec<String> = Vec::new();
        for part in &self.relationships {
            part.make(&parties, seen, faults, &mut |id| {
                if !relationships.contains(&id) {
                    relationships.push(id);
                }
            });
        }
        (parties, relationships)
    }
}

impl<'m> PartyPart<'m> {
    fn compile(compiler: &Compiler<'_, 'm>, spec: &'m PartySpec, tools: &Tools<'m>) -> Result<Self, BadMapping> {
        if !tools.classes.has_parties(&spec.party) {
            let what = format!("there is no class `{}` in [parties]", spec.party);
            return Err(compiler.wrong("parties", what));
        }
        let each = match (&spec.each, &spec.by) {
            (None, None) => None,
            (Some(each), Some(by)) => {
                let missing = || compiler.wrong("parties.each", format!("there is no table `{each}` in [tables]"));
                let table = compiler.tables.get(each).ok_or_else(missing)?;
                Some((table, compiler.value("parties.by", by)?))
            }
            _ => return Err(compiler.wrong("parties", "`each` and `by` go together".to_owned())),
        };
        let scope = each.as_ref().map(|(table, _)| compiler.scope.with_table(&table.columns));
        let inner =
            Compiler { at: compiler.at, scope: scope.as_ref().unwrap_or(compiler.scope), tables: compiler.tables };
        Ok(Self {
            class: &spec.party,
            role: inner.value("parties.role", &spec.role)?,
            key: inner.value("parties.key", &spec.key)?,
            as_text: inner.optional("parties.as", &spec.as_text)?,
            when: inner.when(spec.when.as_ref(), inner.scope)?,
            each,
        })
    }

    fn make(
        &self,
        seen: &Seen<'_>,
        tools: &Tools<'_>,
        made: &mut Made,
        needs: &mut Vec<Arc<Registered>>,
        faults: &mut Faults,
        parties: &mut Vec<v1::ClaimParty>,
    ) {
        if !self.when.holds(seen) {
            return;
        }
        let Some(key) = faults.take(self.key.eval(seen)).filter(|key| !key.is_empty()) else { return };
        let party = tools.classes.party(self.class, &key, self.key.columns(), tools.release, made);
        let Some(party) = faults.take(party) else { return };
        let role = faults.take(self.role.eval(seen)).unwrap_or_default();
        let as_text = self.as_text.as_ref().and_then(|text| faults.take(text.eval(seen))).unwrap_or_default();
        if parties.iter().any(|known| known.party_id == party.id && known.role == role) {
            return;
        }
        parties.push(v1::ClaimParty {
            party_id: party.id.clone(),
            role: role.into_owned(),
            as_text: as_text.into_owned(),
        });
        needs.push(party);
    }
}

impl RelationshipPart<'_> {
    fn make(&self, parties: &[v1::ClaimParty], seen: &Seen<'_>, faults: &mut Faults, add: &mut dyn FnMut(String)) {
        match self {
            Self::Between(one, other) => {
                for left in in_role(parties, one) {
                    // A party that is on both sides has no relationship with itself.
                    for right in in_role(parties, other).filter(|right| *right != left) {
                        let (first, last) = if left < right { (left, right) } else { (right, left) };
                        add(format!("{first}-{last}"));
                    }
                }
            }
            Self::All(roles) => {
                let mut ids: Vec<&str> = roles.iter().flat_map(|role| in_role(parties, role)).collect();
                ids.sort_unstable();
                ids.dedup();
                if ids.len() > 1 {
                    add(ids.join("-"));
                }
            }
            Self::Given(value) => {
                let Some(id) = faults.take(value.eval(seen)).filter(|id| !id.is_empty()) else { return };
                match RelationshipId::parse(&id) {
                    Ok(id) => add(id.as_str().to_owned()),
                    Err(expected) => {
                        let what = format!("`{}` is no relationship: expected {expected}", shown(&id));
                        faults.note(Fault::column(value.columns(), what));
                    }
                }
            }
        }
    }
}

/// The ids of the parties that have a role.
fn in_role<'p>(parties: &'p [v1::ClaimParty], role: &'p str) -> impl Iterator<Item = &'p str> {
    parties.iter().filter(move |party| party.role == role).map(|party| party.party_id.as_str())
}

/// The voices.
#[derive(Debug)]
pub(super) struct Voices<'m>(Vec<VoicePart<'m>>);

#[derive(Debug)]
struct VoicePart<'m> {
    role: Choice<'m>,
    party: Option<(&'m str, Value<'m>)>,
    name: Option<Value<'m>>,
    said_at: Option<DateValue<'m>>,
    when: Condition,
}

impl<'m> Voices<'m> {
    pub(super) fn compile(
        compiler: &Compiler<'_, 'm>,
        specs: &'m [VoiceSpec],
        tools: &Tools<'m>,
    ) -> Result<Self, BadMapping> {
        let parts = specs.iter().map(|spec| {
            let party = match (&spec.party, &spec.key) {
                (None, None) => None,
                (Some(class), Some(key)) if tools.classes.has_parties(class) => {
                    Some((class.as_str(), compiler.value("attribution.key", key)?))
                }
                (Some(class), Some(_)) => {
                    return Err(
                        compiler.wrong("attribution.party", format!("there is no class `{class}` in [parties]"))
                    );
                }
                _ => return Err(compiler.wrong("attribution", "`party` and `key` go together".to_owned())),
            };
            Ok(VoicePart {
                role: choice::voice_role(compiler, &spec.role)?,
                party,
                name: compiler.optional("attribution.name", &spec.name)?,
                said_at: compiler.date("attribution.said_at", &spec.said_at, false)?,
                when: compiler.when(spec.when.as_ref(), compiler.scope)?,
            })
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn make(
        &self,
        seen: &Seen<'_>,
        tools: &Tools<'_>,
        made: &mut Made,
        needs: &mut Vec<Arc<Registered>>,
        faults: &mut Faults,
    ) -> Vec<v1::Attribution> {
        let mut voices = Vec::with_capacity(self.0.len());
        for part in self.0.iter().filter(|part| part.when.holds(seen)) {
            let mut voice = v1::Attribution {
                role: faults.take(part.role.eval(seen)).unwrap_or_default(),
                ..v1::Attribution::default()
            };
            if let Some((class, key)) = &part.party {
                let said = faults.take(key.eval(seen)).unwrap_or_default();
                if !said.is_empty() {
                    let party = tools.classes.party(class, &said, key.columns(), tools.release, made);
                    if let Some(party) = faults.take(party) {
                        voice.party_id.clone_from(&party.id);
                        needs.push(party);
                    }
                }
            }
            voice.name =
                part.name.as_ref().and_then(|name| faults.take(name.eval(seen))).unwrap_or_default().into_owned();
            if let Some(Told::Date(date)) = part.said_at.as_ref().and_then(|date| faults.take(date.eval(seen))) {
                voice.said_at = date;
            }
            if !voice.party_id.is_empty() || !voice.name.is_empty() {
                voices.push(voice);
            }
        }
        voices
    }
}

/// The numbers.
#[derive(Debug)]
pub(super) struct Quantities<'m>(Vec<QuantityPart<'m>>);

#[derive(Debug)]
struct QuantityPart<'m> {
    name: Value<'m>,
    numbers: [Option<Value<'m>>; 3],
    unit: Option<Value<'m>>,
    when: Condition,
}

impl<'m> Quantities<'m> {
    pub(super) fn compile(compiler: &Compiler<'_, 'm>, specs: &'m [QuantitySpec]) -> Result<Self, BadMapping> {
        let parts = specs.iter().map(|spec| {
            Ok(QuantityPart {
                name: compiler.value("quantities.name", &spec.name)?,
                numbers: [
                    compiler.optional("quantities.value", &spec.value)?,
                    compiler.optional("quantities.low", &spec.low)?,
                    compiler.optional("quantities.high", &spec.high)?,
                ],
                unit: compiler.optional("quantities.unit", &spec.unit)?,
                when: compiler.when(spec.when.as_ref(), compiler.scope)?,
            })
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn make(&self, seen: &Seen<'_>, faults: &mut Faults) -> Vec<v1::Quantity> {
        let mut quantities = Vec::with_capacity(self.0.len());
        for part in self.0.iter().filter(|part| part.when.holds(seen)) {
            let [value, low, high] = part
                .numbers
                .each_ref()
                .map(|number| number.as_ref().and_then(|number| faults.take(parsed(number, seen))).flatten());
            if value.or(low).or(high).is_none() {
                continue;
            }
            let name = faults.take(part.name.eval(seen)).unwrap_or_default().into_owned();
            let unit =
                part.unit.as_ref().and_then(|unit| faults.take(unit.eval(seen))).unwrap_or_default().into_owned();
            quantities.push(v1::Quantity { name, value, low, high, unit });
        }
        quantities
    }
}

fn parsed(value: &Value<'_>, seen: &Seen<'_>) -> Result<Option<f64>, Fault> {
    let text = value.eval(seen)?;
    if text.is_empty() {
        return Ok(None);
    }
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.map(Some).ok_or_else(|| Fault::column(value.columns(), format!("`{}` is no number", shown(&text))))
}

/// The codes.
#[derive(Debug)]
pub(super) struct Codes<'m>(Vec<(Value<'m>, Value<'m>, Condition)>);

impl<'m> Codes<'m> {
    pub(super) fn compile(compiler: &Compiler<'_, 'm>, specs: &'m [CodeSpec]) -> Result<Self, BadMapping> {
        let parts = specs.iter().map(|spec| {
            let scheme = compiler.value("codes.scheme", &spec.scheme)?;
            let code = compiler.value("codes.code", &spec.code)?;
            Ok((scheme, code, compiler.when(spec.when.as_ref(), compiler.scope)?))
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn make(&self, seen: &Seen<'_>, faults: &mut Faults) -> Vec<v1::Code> {
        let mut codes = Vec::with_capacity(self.0.len());
        for (scheme, code, _) in self.0.iter().filter(|(_, _, when)| when.holds(seen)) {
            let code = faults.take(code.eval(seen)).unwrap_or_default().into_owned();
            if !code.is_empty() {
                let scheme = faults.take(scheme.eval(seen)).unwrap_or_default().into_owned();
                codes.push(v1::Code { scheme, code });
            }
        }
        codes
    }
}

/// The citations.
#[derive(Debug)]
pub(super) struct Sources<'m>(Vec<SourcePart<'m>>);

#[derive(Debug)]
struct SourcePart<'m> {
    class: &'m str,
    key: Option<Value<'m>>,
    locator: Option<Value<'m>>,
    quote: Option<Value<'m>>,
    when: Condition,
}

impl<'m> Sources<'m> {
    pub(super) fn compile(
        compiler: &Compiler<'_, 'm>,
        specs: &'m [SourceSpec],
        tools: &Tools<'m>,
    ) -> Result<Self, BadMapping> {
        let parts = specs.iter().map(|spec| {
            if !tools.classes.has_sources(&spec.source) {
                return Err(compiler.wrong("sources", format!("there is no class `{}` in [sources]", spec.source)));
            }
            Ok(SourcePart {
                class: &spec.source,
                key: compiler.optional("sources.key", &spec.key)?,
                locator: compiler.optional("sources.locator", &spec.locator)?,
                quote: compiler.optional("sources.quote", &spec.quote)?,
                when: compiler.when(spec.when.as_ref(), compiler.scope)?,
            })
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn make(
        &self,
        seen: &Seen<'_>,
        tools: &Tools<'_>,
        made: &mut Made,
        needs: &mut Vec<Arc<Registered>>,
        faults: &mut Faults,
    ) -> Vec<v1::Citation> {
        let mut citations = Vec::with_capacity(self.0.len());
        for part in self.0.iter().filter(|part| part.when.holds(seen)) {
            let (key, columns) = match &part.key {
                None => (std::borrow::Cow::Borrowed(""), ""),
                Some(value) => match faults.take(value.eval(seen)).filter(|key| !key.is_empty()) {
                    Some(key) => (key, value.columns()),
                    None => continue,
                },
            };
            let source = tools.classes.source(part.class, &key, columns, tools.release, made);
            let Some(source) = faults.take(source) else { continue };
            let said = |value: &Option<Value<'_>>, faults: &mut Faults| {
                value.as_ref().and_then(|value| faults.take(value.eval(seen))).unwrap_or_default().into_owned()
            };
            citations.push(v1::Citation {
                source_id: source.id.clone(),
                locator: said(&part.locator, faults),
                quote: said(&part.quote, faults),
                ..v1::Citation::default()
            });
            needs.push(source);
        }
        citations
    }
}

/// The links.
#[derive(Debug)]
pub(super) struct Links<'m>(Vec<LinkPart<'m>>);

#[derive(Debug)]
struct LinkPart<'m> {
    link_type: Choice<'m>,
    ids: Option<ClaimIds>,
    key: Value<'m>,
    when: Condition,
}

impl<'m> Links<'m> {
    pub(super) fn compile(compiler: &Compiler<'_, 'm>, specs: &'m [LinkSpec]) -> Result<Self, BadMapping> {
        let parts = specs.iter().map(|spec| {
            Ok(LinkPart {
                link_type: choice::link_type(compiler, &spec.link_type)?,
                ids: spec.dataset.as_deref().map(ClaimIds::of),
                key: compiler.value("links.key", &spec.key)?,
                when: compiler.when(spec.when.as_ref(), compiler.scope)?,
            })
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn make(&self, seen: &Seen<'_>, tools: &Tools<'_>, faults: &mut Faults) -> Vec<v1::Link> {
        let mut links: Vec<v1::Link> = Vec::with_capacity(self.0.len());
        for part in self.0.iter().filter(|part| part.when.holds(seen)) {
            let Some(key) = faults.take(part.key.eval(seen)).filter(|key| !key.is_empty()) else { continue };
            let link = v1::Link {
                r#type: faults.take(part.link_type.eval(seen)).unwrap_or_default(),
                claim_id: part.ids.unwrap_or(tools.ids).id(&key).to_string(),
            };
            if !links.contains(&link) {
                links.push(link);
            }
        }
        links
    }
}
