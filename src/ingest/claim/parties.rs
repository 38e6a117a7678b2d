//! Who a claim is about: its parties, each with its role, and the relationships it bears on. What is empty is left out.

use super::{Compiler, Tools};
use crate::domain::relationship::RelationshipId;
use crate::ingest::class::{Made, Registered};
use crate::ingest::condition::Condition;
use crate::ingest::fault::{BadMapping, Fault, Faults};
use crate::ingest::mapping::{ClaimSpec, PartySpec, RelationshipSpec};
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
