//! Parameters that exclude one another: those whose fields are alternatives in the contract.

use super::table::{FieldPlace, Param};
use super::value::field_of;
use prost_reflect::MessageDescriptor;
use std::collections::HashMap;

/// The choices of a request, with the parameters that are given.
#[derive(Debug)]
pub(super) struct Choices {
    /// Of each parameter that is an alternative its choice: the message it is in, and its name there.
    choices: HashMap<&'static str, (&'static str, String)>,
    /// Names of parameters in the order of their table.
    names: Vec<&'static str>,
    /// Names of those that are given.
    given: Vec<&'static str>,
    /// The choices of which one was taken.
    taken: Vec<(&'static str, String)>,
}

impl Choices {
    /// The choices among the parameters of a request.
    pub(super) fn of(params: &[&'static Param], request: &MessageDescriptor, given: Vec<&'static str>) -> Self {
        let choice = |param: &&'static Param| {
            let choice = field_of(param, request)?.containing_oneof().filter(|choice| !choice.is_synthetic())?;
            let message = match param.place {
                FieldPlace::At(path) => path.rsplit_once('.').map_or("", |(message, _)| message),
                FieldPlace::Filter(_) => "",
            };
            Some((param.name, (message, choice.name().to_owned())))
        };
        let names = params.iter().map(|param| param.name).collect();
        Self { choices: params.iter().filter_map(choice).collect(), names, given, taken: Vec::new() }
    }

    /// Takes a parameter, and returns true if it is the first of its choice: a request has one. Each that is given with
    /// another of its choice is wrong.
    pub(super) fn take(&mut self, param: &Param, wrong: impl FnOnce(String)) -> bool {
        let Some(choice) = self.choices.get(param.name) else { return true };
        let of_choice = self.names.iter().copied().filter(|name| self.choices.get(name) == Some(choice));
        let names: Vec<&str> = of_choice.collect();
        let others = names.iter().copied().filter(|name| *name != param.name && self.given.contains(name));
        let others: Vec<&str> = others.collect();
        if !others.is_empty() {
            wrong(format!("given beside {}; give one of {}", others.join(" and "), names.join(", ")));
        }
        let is_first = !self.taken.contains(choice);
        self.taken.push(choice.clone());
        is_first
    }
}
