//! The parts of a claim of a mapping, compiled: a fault is told at its place.

use super::Tools;
use super::choice::Choice;
use crate::condition::Condition;
use crate::date::DateValue;
use crate::fault::BadMapping;
use crate::mapping::{ClaimSpec, ConditionSpec, DateSpec, ValueSpec};
use crate::scope::Scope;
use crate::table::Tables;
use crate::value::Value;
use detente_domain::name::Word;
use detente_proto::v1;

/// Compiles the parts of a claim, each told at its place when it is wrong.
pub(super) struct Compiler<'c, 'm> {
    pub(super) at: &'c str,
    pub(super) scope: &'c Scope,
    pub(super) tables: &'m Tables,
}

impl<'m> Compiler<'_, 'm> {
    pub(super) fn wrong(&self, field: &str, what: String) -> BadMapping {
        BadMapping::at(format!("{}.{field}", self.at), what)
    }

    pub(super) fn value(&self, field: &str, spec: &'m ValueSpec) -> Result<Value<'m>, BadMapping> {
        Value::compile(spec, self.scope, self.tables).map_err(|what| self.wrong(field, what))
    }

    /// A value that is a word of an open vocabulary. One that is the same for every row is looked at here.
    pub(super) fn word(&self, field: &str, spec: &'m ValueSpec) -> Result<Value<'m>, BadMapping> {
        let value = self.value(field, spec)?;
        match value.constant().map(Word::parse) {
            Some(Err(expected)) => Err(self.wrong(field, format!("expected {expected}"))),
            _ => Ok(value),
        }
    }

    pub(super) fn optional(&self, field: &str, spec: &'m Option<ValueSpec>) -> Result<Option<Value<'m>>, BadMapping> {
        spec.as_ref().map(|spec| self.value(field, spec)).transpose()
    }

    pub(super) fn date(
        &self,
        field: &str,
        spec: &'m Option<DateSpec>,
        bound: bool,
    ) -> Result<Option<DateValue<'m>>, BadMapping> {
        let compile = |spec| DateValue::compile(spec, !bound, self.scope, self.tables);
        spec.as_ref().map(compile).transpose().map_err(|what| self.wrong(field, what))
    }

    /// Returns the key of the claim: its own, or that of the data set, `key`. Reports the faults of the claim as a
    /// whole.
    pub(super) fn key(
        &self,
        spec: &'m ClaimSpec,
        key: &'m [ValueSpec],
        tools: &Tools<'m>,
    ) -> Result<&'m [ValueSpec], BadMapping> {
        let key = spec.key.as_deref().unwrap_or(key);
        if key.is_empty() {
            return Err(BadMapping::at("dataset.key", "is missing: say which columns make a row the same row"));
        }
        if spec.both_and_ends() {
            return Err(self.wrong("at", "give either `at`, or `from` and `to`".to_owned()));
        }
        if spec.as_of.is_some() && tools.snapshot.is_some() {
            return Err(self.wrong("as_of", "is the day of the snapshot: leave it out".to_owned()));
        }
        if let Some(language) = spec.original.as_ref().filter(|language| !spec.texts.contains_key(*language)) {
            return Err(self.wrong("original", format!("there is no text in `{language}`")));
        }
        if spec.external_ids.contains_key(tools.dataset) {
            return Err(self.wrong("external_ids", format!("the key makes the one of `{}`", tools.dataset)));
        }
        Ok(key)
    }

    /// A temporal type, which in a snapshot is that of a state.
    pub(super) fn temporal_type(&self, choice: Choice<'m>, tools: &Tools<'m>) -> Result<Choice<'m>, BadMapping> {
        match choice {
            Choice::Fixed(number) if tools.snapshot.is_some() && number != i32::from(v1::TemporalType::State) => {
                Err(self.wrong("type", "a snapshot has states: what held on its day".to_owned()))
            }
            choice => Ok(choice),
        }
    }

    /// Checks that a claim that is always a state or an event has two ends, which a snapshot need not say.
    pub(super) fn check_ends(
        &self,
        spec: &ClaimSpec,
        choice: &Choice<'_>,
        tools: &Tools<'_>,
    ) -> Result<(), BadMapping> {
        let timed = [v1::TemporalType::State, v1::TemporalType::Event].map(i32::from);
        let is_timed = matches!(choice, Choice::Fixed(number) if timed.contains(number));
        if !is_timed || tools.snapshot.is_some() || spec.at.is_some() {
            return Ok(());
        }
        let missing = [("from", &spec.from, "unknown"), ("to", &spec.to, "open")];
        match missing.into_iter().find(|(_, end, _)| end.is_none()) {
            Some((end, _, bound)) => Err(self.wrong(
                end,
                format!("is missing: a state or an event has two ends; for one that no row says write `{end} = {{ bound = \"{bound}\" }}`"),
            )),
            None => Ok(()),
        }
    }

    pub(super) fn when(&self, spec: Option<&'m ConditionSpec>, scope: &Scope) -> Result<Condition, BadMapping> {
        Condition::compile(spec, scope).map_err(|what| self.wrong("when", what))
    }
}

impl ClaimSpec {
    fn both_and_ends(&self) -> bool {
        self.at.is_some() && (self.from.is_some() || self.to.is_some())
    }
}
