//! Places in a request, as a chain on the stack: every step knows the one before it.
//!
//! Going down costs two words and no allocation; the text is put together only when there is something to say.
//!
//! ```text
//!   root  <-  commands  <-  [2]  <-  assert_claim  <-  claim      is written   commands[2].assert_claim.claim
//! ```

use std::fmt;

/// A place in a request.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    parent: Option<&'a At<'a>>,
    step: PathStep<'a>,
}

#[derive(Clone, Copy, Debug)]
enum PathStep<'a> {
    Name(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    /// The request itself, or the place at a path that is known as text.
    #[must_use]
    pub const fn root(path: &'a str) -> Self {
        Self { parent: None, step: PathStep::Name(path) }
    }

    /// A field of the message at this place.
    #[must_use]
    pub const fn field<'b>(&'b self, name: &'b str) -> At<'b> {
        At { parent: Some(self), step: PathStep::Name(name) }
    }

    /// One of the values of the repeated field at this place.
    #[must_use]
    pub const fn index(&self, index: usize) -> At<'_> {
        At { parent: Some(self), step: PathStep::Index(index) }
    }

    fn is_empty(&self) -> bool {
        self.parent.is_none() && matches!(self.step, PathStep::Name(""))
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parent = self.parent.filter(|parent| !parent.is_empty());
        if let Some(parent) = parent {
            parent.fmt(f)?;
        }
        match self.step {
            PathStep::Name(name) if parent.is_some() => write!(f, ".{name}"),
            PathStep::Name(name) => f.write_str(name),
            PathStep::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// Returns true if a path is this one or leads on from it; the empty path is the request, which none leads on from.
#[must_use]
pub fn is_within(path: &str, begin: &str) -> bool {
    !begin.is_empty() && path.strip_prefix(begin).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// A name as fields have it in a path: `claimAsserted` and `ClaimAsserted` are `claim_asserted`.
#[must_use]
pub fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_in_proto_names_from_the_request_down() {
        let root = At::root("");
        let commands = root.field("commands");
        let command = commands.index(2);
        let verb = command.field("assert_claim");
        assert_eq!(verb.field("claim").to_string(), "commands[2].assert_claim.claim");
        assert_eq!(At::root("filter").field("items").index(0).to_string(), "filter.items[0]");
        assert_eq!(root.to_string(), "");
    }

    #[test]
    fn a_path_leads_on_at_the_end_of_a_name_alone() {
        assert!(["from", "from.basis", "from[0]"].into_iter().all(|path| is_within(path, "from")));
        assert!(!is_within("from_head", "from") && !is_within("from", "from.basis") && !is_within("from", ""));
    }

    #[test]
    fn names_of_json_and_of_messages_become_names_of_fields() {
        for (name, snake) in [("claimAsserted", "claim_asserted"), ("ClaimChange", "claim_change"), ("text", "text")] {
            assert_eq!(snake_case(name), snake);
        }
    }
}
