//! A mapping, compiled for the columns of a file: a row goes in, its claims come out, or everything that is wrong with it.

use super::claim::{ClaimPlan, MadeClaim, Tools};
use super::class::MadeEntities;
use super::condition::Condition;
use super::date::DateValue;
use super::fault::{BadMapping, Faults, RowFault};
use super::mapping::{DeriveSpec, Mapping, Semantics, ValueSpec};
use super::scope::{RowScope, Scope, UnusedColumns};
use super::source::{Columns, Row};
use super::table::Tables;
use super::value::{Rule, RuleParts, Value, excerpt};
use super::version::{RowVersion, Version};
use detente_proto::v1;

/// A mapping, compiled.
#[derive(Debug)]
pub struct Plan<'m> {
    derive: Vec<Derive<'m>>,
    derived: usize,
    claims: Vec<ClaimPlan<'m>>,
    /// The condition for rows that take their claims back.
    retracts: Option<Condition>,
    /// The condition for rows that say that their claims have ended.
    ends: Option<Condition>,
    /// The kind of a change and the reason of a retraction, if the row names them.
    revised: Option<Value<'m>>,
    retracted: Option<Value<'m>>,
    /// The value that distinguishes the versions of a row.
    version: Option<Value<'m>>,
    /// The number of values of a key that name a record.
    record: usize,
    /// The columns that nothing is made of.
    pub unused: UnusedColumns,
    tools: &'m Tools<'m>,
}

/// The data that a thread keeps from row to row.
#[derive(Debug, Default)]
pub struct Bench {
    derived: Vec<String>,
    made: MadeEntities,
    /// The version of the last row; none if it says none.
    pub version: Option<Version>,
}

/// The outcome of a row.
#[derive(Debug)]
pub enum RowOutcome {
    /// Claims.
    Claims {
        /// The claims.
        claims: Vec<MadeClaim>,
        /// Notices about oddities of the row.
        notices: Vec<String>,
        /// True if the row says that its claims have ended.
        have_ended: bool,
    },
    /// Nothing: another version of it counts.
    Older,
    /// Nothing: it takes the claims with these keys back, for a reason of its own or that of all.
    Retracted(Vec<String>, Option<i32>),
    /// Nothing but what is wrong with it.
    Rejected {
        /// The faults of the row.
        faults: Vec<RowFault>,
        /// The keys of its claims, if all of them can be read.
        keys: Option<Vec<String>>,
    },
}

#[derive(Debug)]
struct Derive<'m> {
    what: Derivation<'m>,
    into: Into<'m>,
}

#[derive(Debug)]
enum Derivation<'m> {
    Value(Rule<'m>),
    Date(Condition, DateValue<'m>),
}

#[derive(Debug)]
enum Into<'m> {
    Column(usize),
    Groups(Vec<(&'m str, usize)>, bool),
}

impl<'m> Plan<'m> {
    /// Compiles a mapping for the columns of a file.
    ///
    /// # Errors
    /// Returns the first fault, and its place.
    pub fn compile(
        mapping: &'m Mapping,
        tables: &'m Tables,
        tools: &'m Tools<'m>,
        columns: &Columns,
    ) -> Result<Self, BadMapping> {
        let mut scope = Scope::of_columns(columns, &mapping.source.optional);
        let mut names: Vec<&str> = Vec::new();
        let mut derive = Vec::with_capacity(mapping.derive.len());
        for (number, spec) in mapping.derive.iter().enumerate() {
            let wrong = |what| BadMapping::at(format!("derive[{number}]"), what);
            derive.push(Derive::compile(spec, &mut scope, &mut names, tables).map_err(wrong)?);
        }
        let claims = mapping.claim.iter().enumerate();
        let claims: Vec<ClaimPlan<'m>> = claims
            .map(|(number, spec)| ClaimPlan::compile(number, spec, &mapping.dataset.key, &scope, tables, tools))
            .collect::<Result<_, _>>()?;
        let retracts = mapping.release.retract_when.as_ref().map(|when| Condition::compile(Some(when), &scope));
        let retracts = retracts.transpose().map_err(|what| BadMapping::at("release.retract_when", what))?;
        let ends = mapping.release.end_when.as_ref().map(|when| Condition::compile(Some(when), &scope));
        let ends = ends.transpose().map_err(|what| BadMapping::at("release.end_when", what))?;
        let kept: Vec<&String> = mapping.source.unpivot.iter().flatten().collect();
        let of_row = |field: &str, spec: &'m ValueSpec| match spec.constant() {
            Some(_) => Ok(None),
            None => Value::compile(spec, &scope, tables)
                .map(Some)
                .map_err(|what| BadMapping::at(format!("release.{field}"), what)),
        };
        let revised = of_row("revised", &mapping.release.revised)?;
        let retracted = of_row("retracted", &mapping.release.retracted)?;
        let version = mapping.dataset.version.as_ref().map(|spec| Value::compile(spec, &scope, tables));
        let version = version.transpose().map_err(|what| BadMapping::at("dataset.version", what))?;
        check_record(mapping, &claims)?;
        let record = mapping.dataset.record;
        let mut unused = scope.unused_columns(columns);
        unused.columns.retain(|name| !kept.contains(&name));
        let derived = names.len();
        Ok(Self { derive, derived, claims, retracts, ends, revised, retracted, version, record, unused, tools })
    }

    /// Makes the claims of a row.
    pub fn row(&self, row: &Row, bench: &mut Bench) -> RowOutcome {
        let mut faults = Faults::default();
        self.derive(row, bench, &mut faults);
        let seen = RowScope::row(row, &bench.derived, self.tools.release);
        bench.version = self.version_of(&seen);
        let Some(plans) = self.counting(&seen, bench.version.as_ref(), &faults) else { return RowOutcome::Older };
        if self.retracts.as_ref().is_some_and(|retracts| retracts.holds(&seen)) {
            return self.retract_row(&plans, &seen, faults);
        }
        // A derived column that failed may be part of a key or of a condition: then no key can be trusted.
        let mut keys = faults.is_empty().then(Vec::new);
        if let Some(fault) = self.comparable(&seen).err().filter(|_| !plans.is_empty()) {
            faults.note(fault);
        }
        let mut claims = Vec::with_capacity(plans.len());
        for plan in plans {
            let Some(key) = faults.take(plan.key(&seen)) else {
                keys = None;
                continue;
            };
            if let Some(keys) = &mut keys {
                keys.push(key.clone());
            }
            let made = plan.make(key, &seen, self.tools, &mut bench.made, &mut faults);
            let record = || plan.record(&seen, self.record).filter(|_| self.record > 0).unwrap_or_default();
            claims.extend(made.map(|made| MadeClaim { record: record(), ..made }));
        }
        if let Some(value) = &self.revised {
            let kind = faults.take(vocabulary_member(value, &seen, "REVISION_KIND", |name| {
                v1::RevisionKind::from_str_name(name).map(i32::from)
            }));
            claims.iter_mut().for_each(|made: &mut MadeClaim| made.revised = kind.flatten());
        }
        let (faults, notices) = faults.into_parts();
        let have_ended = self.ends.as_ref().is_some_and(|ends| ends.holds(&seen));
        if faults.is_empty() {
            RowOutcome::Claims { claims, notices, have_ended }
        } else {
            RowOutcome::Rejected { faults, keys }
        }
    }

    fn derive(&self, row: &Row, bench: &mut Bench, faults: &mut Faults) {
        bench.derived.clear();
        bench.derived.resize(self.derived, String::new());
        for derive in &self.derive {
            faults.take(derive.apply(row, &mut bench.derived, self.tools.release));
        }
    }

    /// The version of a row, the keys of its claims and its records, as far as they can be read.
    pub fn version(&self, row: &Row, bench: &mut Bench) -> RowVersion {
        let mut faults = Faults::default();
        self.derive(row, bench, &mut faults);
        let seen = RowScope::row(row, &bench.derived, self.tools.release);
        let version = self.version_of(&seen);
        let records = self.claims.iter().map(|plan| plan.record(&seen, self.record)).collect();
        let plans = self.claims.iter().filter(|plan| plan.applies(&seen));
        let keys = plans.filter_map(|plan| faults.take(plan.key(&seen))).collect();
        RowVersion {
            version,
            keys: faults.is_empty().then_some(keys),
            records: if self.record > 0 { records } else { None },
        }
    }

    /// The version that a row says; none if it says none.
    fn version_of(&self, seen: &RowScope<'_>) -> Option<Version> {
        let version = self.version.as_ref()?.eval(seen).ok()?;
        (!version.is_empty()).then(|| Version::of(&version))
    }

    /// The claims that a row makes, apart from those of which another version counts; none if that is so for all of them.
    fn counting(&self, seen: &RowScope<'_>, version: Option<&Version>, faults: &Faults) -> Option<Vec<&ClaimPlan<'m>>> {
        let mut plans: Vec<_> = self.claims.iter().filter(|plan| plan.applies(seen)).collect();
        let (Some(version), Some(versions)) = (version, &self.tools.versions) else { return Some(plans) };
        if plans.is_empty() || versions.check(version).is_err() {
            return Some(plans);
        }
        if versions.is_later(version) {
            return None;
        }
        if !faults.is_empty() {
            return Some(plans);
        }
        plans.retain(|plan| plan.key(seen).map_or(true, |key| versions.counts(self.tools.ids, &key, version)));
        (!plans.is_empty()).then_some(plans)
    }

    /// Checks that the version of a row can be compared with those of the other rows.
    fn comparable(&self, seen: &RowScope<'_>) -> Result<(), RowFault> {
        let (Some(value), Some(versions)) = (&self.version, &self.tools.versions) else { return Ok(()) };
        let version = value.eval(seen)?;
        if version.is_empty() {
            return Err(RowFault::column(value.columns(), "it has no version"));
        }
        let checked = versions.check(&Version::of(&version));
        checked.map_err(|what| RowFault::column(value.columns(), format!("the version `{}` {what}", excerpt(&version))))
    }

    /// The outcome of a row that takes its claims back.
    fn retract_row(&self, plans: &[&ClaimPlan<'m>], seen: &RowScope<'_>, mut faults: Faults) -> RowOutcome {
        let is_derived = faults.is_empty();
        let keys: Vec<String> = plans.iter().filter_map(|plan| faults.take(plan.key(seen))).collect();
        let is_known = is_derived && keys.len() == plans.len();
        let reason = self.retracted.as_ref().and_then(|value| {
            let reason = vocabulary_member(value, seen, "RETRACTION_REASON", |name| {
                v1::RetractionReason::from_str_name(name).map(i32::from)
            });
            faults.take(reason).flatten()
        });
        if let Err(fault) = self.comparable(seen) {
            faults.note(fault);
        }
        let (faults, _) = faults.into_parts();
        if faults.is_empty() {
            return RowOutcome::Retracted(keys, reason);
        }
        RowOutcome::Rejected { faults, keys: is_known.then_some(keys) }
    }
}

/// Checks that the versions of a record can be told apart, and that the key of each claim begins with the record.
fn check_record(mapping: &Mapping, claims: &[ClaimPlan<'_>]) -> Result<(), BadMapping> {
    let wrong = |what: &str| Err(BadMapping::at("dataset.record", what));
    let record = mapping.dataset.record;
    if mapping.dataset.version.is_none() {
        if record > 0 {
            return wrong("needs `version`, which tells the versions of a record apart");
        }
        let has_ends = mapping.release.end_when.is_some();
        let wrong = || BadMapping::at("release.end_when", "needs `version` in [dataset]: its day is the end");
        return if has_ends { Err(wrong()) } else { Ok(()) };
    }
    if record > 0 && claims.iter().any(|claim| claim.key_len() <= record) {
        return wrong("a key has more values than its record: the first name the record, the others the claim in it");
    }
    if mapping.release.semantics == Semantics::Snapshot && (record > 0 || mapping.release.end_when.is_some()) {
        return wrong("`record` and `end_when` are not for snapshots, in which what vanishes has ended");
    }
    Ok(())
}

impl<'m> Derive<'m> {
    fn compile(
        spec: &'m DeriveSpec,
        scope: &mut Scope,
        names: &mut Vec<&'m str>,
        tables: &'m Tables,
    ) -> Result<Self, String> {
        let (Some(from), None) = (&spec.from, &spec.date) else {
            return Self::compile_date(spec, scope, names, tables);
        };
        let parts = RuleParts {
            when: spec.when.as_ref(),
            from,
            matches: spec.matches.as_deref(),
            map: spec.map.as_ref(),
            table: spec.table.as_deref(),
            take: spec.take.as_deref(),
            otherwise: spec.otherwise.as_deref(),
        };
        let what = Derivation::Value(Rule::compile(parts, scope, tables)?);
        let mut place = |name: &'m str| place(name, names, scope);
        if let Some(column) = &spec.column {
            return Ok(Self { what, into: Into::Column(place(column)) });
        }
        let groups = spec.matches.as_deref().map(group_names).unwrap_or_default();
        if groups.is_empty() || spec.map.is_some() || spec.table.is_some() {
            return Err("give a `column`, or a `match` with named groups and without `map` and `table`".to_owned());
        }
        let groups = groups.into_iter().map(|name| (name, place(name))).collect();
        Ok(Self { what, into: Into::Groups(groups, spec.otherwise.is_some()) })
    }

    fn compile_date(
        spec: &'m DeriveSpec,
        scope: &mut Scope,
        names: &mut Vec<&'m str>,
        tables: &'m Tables,
    ) -> Result<Self, String> {
        let (Some(date), None, Some(column)) = (&spec.date, &spec.from, &spec.column) else {
            return Err("give one of: `from`, `date` (with a `column`)".to_owned());
        };
        if spec.matches.is_some() || spec.map.is_some() || spec.table.is_some() || spec.otherwise.is_some() {
            return Err("`match`, `map`, `table` and `else` are for `from`, not for `date`".to_owned());
        }
        let when = Condition::compile(spec.when.as_ref(), scope)?;
        let date = DateValue::compile(date, true, scope, tables)?;
        let into = Into::Column(place(column, names, scope));
        Ok(Self { what: Derivation::Date(when, date), into })
    }

    fn apply(&self, row: &Row, derived: &mut [String], release: &str) -> Result<(), RowFault> {
        let seen = RowScope::row(row, derived, release);
        let rule = match &self.what {
            Derivation::Value(rule) if rule.when.holds(&seen) => rule,
            Derivation::Date(when, date) if when.holds(&seen) => {
                let text = date.eval(&seen)?.into_text();
                if let Into::Column(at) = self.into {
                    put(derived, at, text);
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        match &self.into {
            Into::Column(at) => {
                let value = rule.eval(&seen)?.into_owned();
                put(derived, *at, value);
            }
            Into::Groups(groups, may_fail) => {
                let text = rule.from.render(&seen).into_owned();
                let Some(matches) = &rule.matches else { return Ok(()) };
                let Some(found) = matches.captures(&text) else {
                    if *may_fail || text.is_empty() {
                        return Ok(());
                    }
                    let what = format!("`{}` does not match `{matches}`", excerpt(&text));
                    return Err(RowFault::column(rule.from.columns(), what));
                };
                for (name, at) in groups {
                    let value = found.name(name).map(|found| found.as_str().to_owned()).unwrap_or_default();
                    put(derived, *at, value);
                }
            }
        }
        Ok(())
    }
}

/// The place of a derived column, which gets one with its first value.
fn place<'m>(name: &'m str, names: &mut Vec<&'m str>, scope: &mut Scope) -> usize {
    let at = names.iter().position(|known| *known == name).unwrap_or_else(|| {
        names.push(name);
        names.len() - 1
    });
    scope.derive(name, at);
    at
}

/// The member of a vocabulary that a row names; none where it says nothing.
fn vocabulary_member(
    value: &Value<'_>,
    seen: &RowScope<'_>,
    prefix: &str,
    member: fn(&str) -> Option<i32>,
) -> Result<Option<i32>, RowFault> {
    let word = value.eval(seen)?;
    if word.is_empty() {
        return Ok(None);
    }
    let number = member(&format!("{prefix}_{}", word.to_uppercase())).filter(|number| *number != 0);
    let what = prefix.to_lowercase().replace('_', " ");
    number.map(Some).ok_or_else(|| RowFault::column(value.columns(), format!("`{}` is no {what}", excerpt(&word))))
}

/// The last that gives a value counts.
fn put(derived: &mut [String], at: usize, value: String) {
    if let Some(column) = derived.get_mut(at).filter(|_| !value.is_empty()) {
        *column = value;
    }
}

/// The names of the groups of a regular expression, as they are written in it.
fn group_names(pattern: &str) -> Vec<&str> {
    let groups = pattern.split("(?").skip(1).filter_map(|rest| {
        let rest = rest.strip_prefix("P<").or_else(|| rest.strip_prefix('<'))?;
        rest.split_once('>').map(|(name, _)| name)
    });
    groups.filter(|name| !name.starts_with(['=', '!'])).collect()
}
