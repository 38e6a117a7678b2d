//! The parties of a claim, each with its role, and the relationships that it bears on. Empty keys are left out.

use super::with::With;
use super::{Compiler, Tools, empty_value_fault};
use crate::class::{EntityRegistration, MadeEntities, NamedEntity};
use crate::condition::Condition;
use crate::fault::{BadMapping, Faults, RowFault};
use crate::mapping::{ClaimSpec, PartySpec, RelationshipSpec};
use crate::scope::RowScope;
use crate::source::{LIST_SEPARATOR, pieces};
use crate::table::CodeTable;
use crate::value::{Value, excerpt};
use detente_domain::relationship::RelationshipId;
use detente_proto::v1;
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
    each: Option<(&'m CodeTable, Value<'m>)>,
    split: Option<&'m str>,
    with: With<'m>,
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
        let parties = parties.collect::<Result<Vec<_>, _>>()?;
        for role in spec.relationships.iter().flat_map(RelationshipSpec::roles) {
            // A role that the row gives may be any.
            let may_be = |part: &PartyPart<'_>| part.role.constant().is_none_or(|known| known == role);
            if !parties.iter().any(may_be) {
                return Err(compiler.wrong("relationships", format!("no party of the claim has the role `{role}`")));
            }
        }
        let relationships = spec.relationships.iter().map(|spec| match spec {
            RelationshipSpec::Between { between: [one, other] } => Ok(RelationshipPart::Between(one, other)),
            RelationshipSpec::All { all } => Ok(RelationshipPart::All(all)),
            RelationshipSpec::Given(spec) => compiler.value("relationships", spec).map(RelationshipPart::Given),
        });
        Ok(Self { parties, relationships: relationships.collect::<Result<_, _>>()? })
    }

    pub(super) fn make(
        &self,
        seen: &RowScope<'_>,
        tools: &Tools<'_>,
        made: &mut MadeEntities,
        needs: &mut Vec<Arc<EntityRegistration>>,
        faults: &mut Faults,
    ) -> (Vec<v1::ClaimParty>, Vec<String>) {
        let mut making =
            EntityDraft { tools, made, needs, parties: Vec::with_capacity(self.parties.len()), repeats: false };
        for part in &self.parties {
            match &part.each {
                None => part.make(seen, &mut making, faults),
                Some((table, by)) => {
                    let key = faults.take(by.eval(seen)).unwrap_or_default();
                    let before = making.parties.len();
                    for row in table.all(&key) {
                        part.make(&seen.with_table_row(row), &mut making, faults);
                    }
                    // In which order a table has them is no part of what is claimed.
                    if let Some(joined) = making.parties.get_mut(before..) {
                        joined.sort_by(|one, other| one.party_id.cmp(&other.party_id));
                    }
                }
            }
        }
        let EntityDraft { parties, repeats, .. } = making;
        let mut relationships: Vec<String> = Vec::new();
        for part in &self.relationships {
            part.make((&parties, repeats), seen, faults, &mut |id| {
                if !relationships.contains(&id) {
                    relationships.push(id);
                }
            });
        }
        (parties, relationships)
    }
}

/// The parties of a claim as they are made.
struct EntityDraft<'a, 't> {
    tools: &'a Tools<'t>,
    made: &'a mut MadeEntities,
    needs: &'a mut Vec<Arc<EntityRegistration>>,
    parties: Vec<v1::ClaimParty>,
    /// True if a party came twice in the same role.
    repeats: bool,
}

impl<'m> PartyPart<'m> {
    fn compile(compiler: &Compiler<'_, 'm>, spec: &'m PartySpec, tools: &Tools<'m>) -> Result<Self, BadMapping> {
        let Some(fields) = tools.classes.party_fields(&spec.party) else {
            let what = format!("there is no class `{}` in [parties]", spec.party);
            return Err(compiler.wrong("parties", what));
        };
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
        let scope = scope.as_ref().unwrap_or(compiler.scope);
        let inner = Compiler { at: compiler.at, scope, tables: compiler.tables };
        let items = scope.with_item();
        let of_item = Compiler { at: compiler.at, scope: &items, tables: compiler.tables };
        Ok(Self {
            class: &spec.party,
            role: inner.value("parties.role", &spec.role)?,
            key: inner.value("parties.key", &spec.key)?,
            as_text: of_item.optional("parties.as", &spec.as_text)?,
            when: inner.when(spec.when.as_ref(), inner.scope)?,
            each,
            split: spec.split.as_deref(),
            with: With::compile(&of_item, "parties", &spec.with, fields)?,
        })
    }

    fn make(&self, seen: &RowScope<'_>, making: &mut EntityDraft<'_, '_>, faults: &mut Faults) {
        if !self.when.holds(seen) {
            return;
        }
        let Some(key) = faults.take(self.key.eval(seen)).filter(|key| !key.is_empty()) else { return };
        // A list of JSON is several, whether or not a text is split.
        if self.split.is_some() || key.contains(LIST_SEPARATOR) {
            let key = key.into_owned();
            pieces(&key, self.split.unwrap_or_default()).for_each(|piece| self.one(piece, seen, making, faults));
        } else {
            self.one(&key, seen, making, faults);
        }
    }

    fn one(&self, key: &str, seen: &RowScope<'_>, making: &mut EntityDraft<'_, '_>, faults: &mut Faults) {
        let seen = &seen.item(key);
        let with = self.with.eval(seen, faults);
        let named = NamedEntity { class: self.class, key, with: &with, columns: self.key.columns() };
        let party = making.tools.classes.party(named, making.tools.release, making.made);
        let Some(party) = faults.take(party) else { return };
        let role = faults.take(self.role.eval(seen)).unwrap_or_default();
        if role.is_empty() && !self.role.raw(seen).is_empty() {
            faults.note(empty_value_fault(&self.role, seen));
        }
        let as_text = self.as_text.as_ref().and_then(|text| faults.take(text.eval(seen))).unwrap_or_default();
        if making.parties.iter().any(|known| known.party_id == party.id && known.role == role) {
            making.repeats = true;
            return;
        }
        making.parties.push(v1::ClaimParty {
            party_id: party.id.clone(),
            role: role.into_owned(),
            as_text: as_text.into_owned(),
        });
        making.needs.push(party);
    }
}

impl RelationshipPart<'_> {
    fn make(
        &self,
        (parties, repeats): (&[v1::ClaimParty], bool),
        seen: &RowScope<'_>,
        faults: &mut Faults,
        add: &mut dyn FnMut(String),
    ) {
        match self {
            Self::Between(one, other) => {
                for left in in_role(parties, one) {
                    for right in in_role(parties, other) {
                        // A party that is on both sides has no relationship with itself.
                        if right == left {
                            if one != other {
                                let roles = format!("{one} and {other}");
                                faults.remark(format!("{left} is {roles}: a party has no relationship with itself"));
                            }
                            continue;
                        }
                        let (first, last) = if left < right { (left, right) } else { (right, left) };
                        add(format!("{first}-{last}"));
                    }
                }
            }
            Self::All(roles) => {
                let mut ids: Vec<&str> = roles.iter().flat_map(|role| in_role(parties, role)).collect();
                ids.sort_unstable();
                ids.dedup();
                match ids.as_slice() {
                    [only] if repeats || in_roles(parties, roles) > 1 => {
                        faults.remark(format!("{only} is there alone, twice: a party has no relationship with itself"));
                    }
                    [_, _, ..] => add(ids.join("-")),
                    _ => {}
                }
            }
            Self::Given(value) => {
                let Some(id) = faults.take(value.eval(seen)).filter(|id| !id.is_empty()) else { return };
                match RelationshipId::parse(&id) {
                    Ok(id) => add(id.as_str().to_owned()),
                    Err(expected) => {
                        let what = format!("`{}` is no relationship: expected {expected}", excerpt(&id));
                        faults.note(RowFault::column(value.columns(), what));
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

/// The number of parties that have one of these roles.
fn in_roles(parties: &[v1::ClaimParty], roles: &[String]) -> usize {
    parties.iter().filter(|party| roles.contains(&party.role)).count()
}
