//! Parameters that exclude one another: those whose fields are alternatives in the contract.

use super::table::{Param, Place};
use super::value::field_of;
use prost_reflect::MessageDescriptor;
use std::collections::HashMap;

/// The choices of a request, and the parameter of each that was given.
#[derive(Debug)]
pub(super) struct Choices {
    /// Of each parameter that is an alternative its choice: the message it is in, and its name there.
    choices: HashMap<&'static str, (&'static str, String)>,
    /// Names of parameters in the order of their table.
    names: Vec<&'static str>,
    taken: HashMap<(&'static str, String), &'static str>,
}

impl Choices {
    /// The choices among the parameters of a request.
    pub(super) fn of(params: &[&'static Param], request: &MessageDescriptor) -> Self {
        let choice = |param: &&'static Param| {
            let choice = field_of(param, request)?.containing_oneof().filter(|choice| !choice.is_synthetic())?;
            let message = match param.place {
                Place::At(path) => path.rsplit_once('.').map_or("", |(message, _)| message),
                Place::Filter(_) => "",
            };
            Some((param.name, (message, choice.name().to_owned())))
        };
        let names = params.iter().map(|param| param.name).collect();
        Self { choices: params.iter().filter_map(choice).collect(), names, taken: HashMap::new() }
    }

    /// Takes a parameter.
    ///
    /// # Errors
    /// Names the parameters of its choice, if another of them was taken before.
    pub(super) fn take(&mut self, param: &Param) -> Result<(), String> {
        let Some(choice) = self.choices.get(param.name) else { return Ok(()) };
        let Some(other) = self.taken.insert(choice.clone(), param.name) else { return Ok(()) };
        let is_of_choice = |name: &&&str| self.choices.get(**name) == Some(choice);
        let names: Vec<&str> = self.names.iter().filter(is_of_choice).copied().collect();
        Err(format!("given beside {other}; give one of {}", names.join(", ")))
    }
}
