//! A mapping, compiled for the columns of a file: a row goes in, its claims come out, or everything that is wrong with it.

use super::claim::{ClaimPlan, MadeClaim, Tools};
use super::class::Made;
use super::fault::{BadMapping, Fault, Faults};
use super::mapping::{DeriveSpec, Mapping};
use super::scope::{Scope, Seen};
use super::source::{Columns, Row};
use super::table::Tables;
use super::value::{Rule, RuleParts, shown};

/// A mapping, compiled.
#[derive(Debug)]
pub(crate) struct Plan<'m> {
    derive: Vec<Derive<'m>>,
    derived: usize,
    claims: Vec<ClaimPlan<'m>>,
    tools: &'m Tools<'m>,
}

/// What a thread keeps from row to row.
#[derive(Debug, Default)]
pub(crate) struct Bench {
    derived: Vec<String>,
    made: Made,
}

/// What a row makes.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Claims.
    Claims(Vec<MadeClaim>),
    /// Nothing but what is wrong with it.
    Rejected {
        /// What is wrong.
        faults: Vec<Fault>,
        /// The keys of its claims, if all of them can be read.
        keys: Option<Vec<String>>,
    },
}

#[derive(Debug)]
struct Derive<'m> {
    rule: Rule<'m>,
    into: Into<'m>,
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
    /// What is wrong with it, and where.
    pub(crate) fn compile(
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
        let claims = claims
            .map(|(number, spec)| ClaimPlan::compile(number, spec, &mapping.dataset.key, &scope, tables, tools))
            .collect::<Result<_, _>>()?;
        Ok(Self { derive, derived: names.len(), claims, tools })
    }

    /// What a row makes.
    pub(crate) fn row(&self, row: &Row, bench: &mut Bench) -> Outcome {
        let mut faults = Faults::default();
        bench.derived.clear();
        bench.derived.resize(self.derived, String::new());
        for derive in &self.derive {
            faults.take(derive.apply(row, &mut bench.derived, self.tools.release));
        }
        let seen = Seen::row(row, &bench.derived, self.tools.release);
        let mut keys = Some(Vec::new());
        let mut claims = Vec::with_capacity(self.claims.len());
        // A derived column that failed may be part of a key or of a condition: then no key can be trusted.
        if !faults.is_empty() {
            keys = None;
        }
        for plan in self.claims.iter().filter(|plan| plan.applies(&seen)) {
            let Some(key) = faults.take(plan.key(&seen)) else {
                keys = None;
                continue;
            };
            if let Some(keys) = &mut keys {
                keys.push(key.clone());
            }
            claims.extend(plan.make(key, &seen, self.tools, &mut bench.made, &mut faults));
        }
        if faults.is_empty() { Outcome::Claims(claims) } else { Outcome::Rejected { faults: faults.into_vec(), keys } }
    }
}

impl<'m> Derive<'m> {
    fn compile(
        spec: &'m DeriveSpec,
        scope: &mut Scope,
        names: &mut Vec<&'m str>,
        tables: &'m Tables,
    ) -> Result<Self, String> {
        let parts = RuleParts {
            when: spec.when.as_ref(),
            from: &spec.from,
            matches: spec.matches.as_deref(),
            map: spec.map.as_ref(),
            table: spec.table.as_deref(),
            take: spec.take.as_deref(),
            otherwise: spec.otherwise.as_deref(),
        };
        let rule = Rule::compile(parts, scope, tables)?;
        let mut place = |name: &'m str| {
            let at = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            scope.derive(name, at);
            at
        };
        if let Some(column) = &spec.column {
            return Ok(Self { rule, into: Into::Column(place(column)) });
        }
        let groups = spec.matches.as_deref().map(group_names).unwrap_or_default();
        if groups.is_empty() || spec.map.is_some() || spec.table.is_some() {
            return Err("give a `column`, or a `match` with named groups and without `map` and `table`".to_owned());
        }
        let groups = groups.into_iter().map(|name| (name, place(name))).collect();
        Ok(Self { rule, into: Into::Groups(groups, spec.otherwise.is_some()) })
    }

    fn apply(&self, row: &Row, derived: &mut [String], release: &str) -> Result<(), Fault> {
        let seen = Seen::row(row, derived, release);
        if !self.rule.when.holds(&seen) {
            return Ok(());
        }
        match &self.into {
            Into::Column(at) => {
                let value = self.rule.eval(&seen)?.into_owned();
                put(derived, *at, value);
            }
            Into::Groups(groups, may_fail) => {
                let text = self.rule.from.render(&seen).into_owned();
                let Some(matches) = &self.rule.matches else { return Ok(()) };
                let Some(found) = matches.captures(&text) else {
                    if *may_fail || text.is_empty() {
                        return Ok(());
                    }
                    let what = format!("`{}` does not match `{matches}`", shown(&text));
                    return Err(Fault::column(self.rule.from.columns(), what));
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
