//! The violations of a flat query: all at once, each under the name of its parameter.
//!
//! ```text
//!   a query ──┬─ flat_query.rs   the parameters, each by its own shape
//!             └─ the rpc    the request that is made of those that are in order
//!                  └── violations.rs   both together, by the names that the query has
//! ```
//!
//! If a parameter is wrong already, the rpc only validates the request that the others make.

use super::table::{FieldPlace, Param};
use crate::grpc::local::{Local, Problem};
use crate::http::failure::{HttpFailure, message_of};
use detente_ledger::wire::path::{is_within, snake_case};

/// Violations: of each the name of a parameter, and what is wrong.
pub(in crate::http) type Violations = Vec<(String, String)>;

/// A flat query with the rpc that it calls.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct FlatCall<'a> {
    /// The services.
    pub(in crate::http) local: &'a Local,
    /// The path of the rpc.
    pub(in crate::http) path: &'a str,
    /// The parameters that the query may have.
    pub(in crate::http) params: &'a [&'static Param],
    /// The names that it has.
    pub(in crate::http) given: &'a [String],
}

impl FlatCall<'_> {
    /// The failure of a query of which some parameters are wrong, with what the rpc says of the others.
    pub(in crate::http) async fn failure(&self, mut violations: Violations, message: Vec<u8>) -> HttpFailure {
        match self.local.validate(self.path, message).await {
            Ok(of_rpc) => {
                let wrong: Vec<String> = violations.iter().map(|(name, _)| name.clone()).collect();
                // Without the value of a parameter that is wrong, the rpc misses it.
                let is_missed =
                    |field: &str| self.params_at(field).any(|param| wrong.iter().any(|name| name == param.name));
                violations
                    .extend(of_rpc.into_iter().filter(|(field, _)| !is_missed(field)).flat_map(|one| self.rename(one)));
            }
            Err(problem) => tracing::debug!(why = problem.message, "a query was validated in part"),
        }
        HttpFailure::invalid_fields(violations)
    }

    /// The failure of the rpc in the words of the query.
    pub(in crate::http) fn renamed_failure(&self, HttpFailure(problem): HttpFailure) -> HttpFailure {
        let violations = problem.violations();
        let Some((first, _)) = violations.first().cloned() else { return self.of_the_record(problem) };
        let named: Violations = violations.into_iter().flat_map(|one| self.rename(one)).collect();
        let message = match problem.message.strip_prefix(&first) {
            // The message is the violation itself.
            Some(rest) if !first.is_empty() && named.len() < 2 => {
                named.first().map(|(name, _)| format!("{name}{rest}"))
            }
            Some(_) if !first.is_empty() => Some(message_of(&named)),
            _ if problem.code == "invalid_argument" => Some(message_of(&named)),
            _ => None,
        };
        let message = message.unwrap_or_else(|| problem.message.clone());
        HttpFailure(Problem { message, ..problem.with_violations(named) })
    }

    /// A failure of a request that is in order, which does not fit the record: it is about the parameter that names what is
    /// not there.
    fn of_the_record(&self, problem: Problem) -> HttpFailure {
        let named: &[&str] = match problem.reason().as_str() {
            "CUT_IN_FUTURE" | "CUT_INSIDE_APPEND" | "BASIS_MISMATCH" => &["known_at", "position", "basis"],
            "CLAIM_NOT_FOUND" => &["claim_id"],
            "CURSOR_NOT_FOUND" => &["cursor_id"],
            _ => return HttpFailure(problem),
        };
        match self.given.iter().filter(|name| named.contains(&name.as_str())).collect::<Vec<_>>().as_slice() {
            [name] => {
                let violation = ((*name).clone(), problem.message.clone());
                let message = message_of(std::slice::from_ref(&violation));
                HttpFailure(Problem { message, ..problem.with_violations(vec![violation]) })
            }
            _ => HttpFailure(problem),
        }
    }

    /// A violation under the name of the parameter that its field is given by. One of a whole message is one of each
    /// parameter in it that is given; where none is, the message is missing.
    fn rename(&self, (field, description): (String, String)) -> Violations {
        if let Some(param) = self.param_of(&field) {
            return vec![(param.name.to_owned(), description)];
        }
        let within: Vec<&str> = self.params_at(&field).map(|param| param.name).collect();
        let given: Vec<&str> =
            within.iter().copied().filter(|name| self.given.iter().any(|given| given == name)).collect();
        match (within.first(), given.is_empty()) {
            (None, _) => vec![(field, description)],
            (Some(first), true) => vec![((*first).to_owned(), format!("required: one of {}", within.join(", ")))],
            (Some(_), false) => given.into_iter().map(|name| (name.to_owned(), description.clone())).collect(),
        }
    }

    /// The parameter whose value a field is, or is part of.
    fn param_of(&self, field: &str) -> Option<&'static Param> {
        self.params.iter().copied().rfind(|param| is_within(field, &path_of(param.place)))
    }

    /// The parameters that a field is part of, or that are part of it.
    fn params_at(&self, field: &str) -> impl Iterator<Item = &'static Param> {
        let touches = |path: &str| is_within(field, path) || is_within(path, field);
        self.params.iter().copied().filter(move |param| touches(&path_of(param.place)))
    }
}

/// The path of the field that a parameter goes to.
fn path_of(place: FieldPlace) -> String {
    match place {
        FieldPlace::At(path) => snake_case(path),
        FieldPlace::Filter(field) => format!("filter.items[0].{}", snake_case(field)),
    }
}
