//! Conditions: `{ ongoing = "1" }`, `{ deaths = { not = ["", "0"] } }`.

use super::mapping::{ConditionSpec, TestSpec};
use super::scope::{NameSlot, RowScope, Scope};

/// A condition, compiled. It always holds if it has no test.
#[derive(Clone, Debug, Default)]
pub struct Condition(Vec<Test>);

#[derive(Clone, Debug)]
struct Test {
    slot: NameSlot,
    texts: Vec<String>,
    wanted: bool,
}

impl Condition {
    /// Compiles a condition for the names of a scope.
    ///
    /// # Errors
    /// A column that there is not.
    pub fn compile(spec: Option<&ConditionSpec>, scope: &Scope) -> Result<Self, String> {
        let tests = spec.into_iter().flatten().map(|(name, test)| {
            let (texts, wanted) = match test {
                TestSpec::One(text) => (vec![text.clone()], true),
                TestSpec::Any(texts) => (texts.clone(), true),
                TestSpec::Not { not } => (not.all(), false),
            };
            Ok(Test { slot: scope.find(name)?, texts, wanted })
        });
        tests.collect::<Result<_, String>>().map(Self)
    }

    /// Returns true if it holds.
    pub fn holds(&self, seen: &RowScope<'_>) -> bool {
        self.0.iter().all(|test| {
            let cell = seen.get(test.slot);
            test.texts.iter().any(|text| *text == cell) == test.wanted
        })
    }
}
