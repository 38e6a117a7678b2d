//! Values that a row gives for the `fields` of the class of a party or source, in addition to the key.

use super::Compiler;
use crate::fault::{BadMapping, Faults};
use crate::mapping::ValueSpec;
use crate::scope::RowScope;
use crate::value::Value;
use std::collections::BTreeMap;

/// The values, in the order of the fields of the class.
#[derive(Debug)]
pub(super) struct With<'m>(Vec<Option<Value<'m>>>);

impl<'m> With<'m> {
    /// Compiles them; `at` is where they stand, `fields` are those of the class.
    pub(super) fn compile(
        compiler: &Compiler<'_, 'm>,
        at: &str,
        specs: &'m BTreeMap<String, ValueSpec>,
        fields: &[String],
    ) -> Result<Self, BadMapping> {
        if let Some(unknown) = specs.keys().find(|name| !fields.contains(name)) {
            let what = format!("the class has no field `{unknown}`; its `fields` are: {}", fields.join(", "));
            return Err(compiler.wrong(&format!("{at}.with"), what));
        }
        let value =
            |name: &String| specs.get(name).map(|spec| compiler.value(&format!("{at}.with.{name}"), spec)).transpose();
        fields.iter().map(value).collect::<Result<_, _>>().map(Self)
    }

    /// Evaluates the values for a row.
    pub(super) fn eval(&self, seen: &RowScope<'_>, faults: &mut Faults) -> Vec<String> {
        let said = |value: &Option<Value<'_>>, faults: &mut Faults| {
            value.as_ref().and_then(|value| faults.take(value.eval(seen))).unwrap_or_default().into_owned()
        };
        self.0.iter().map(|value| said(value, faults)).collect()
    }
}
