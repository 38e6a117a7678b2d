//! Where in a request something stands, as a chain on the stack: every step knows the one before it.
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
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    /// The request itself, or the place at a path that is known as text.
    #[must_use]
    pub const fn root(path: &'a str) -> Self {
        Self { parent: None, step: Step::Name(path) }
    }

    /// A field of the message at this place.
    #[must_use]
    pub const fn field<'b>(&'b self, name: &'b str) -> At<'b> {
        At { parent: Some(self), step: Step::Name(name) }
    }

    /// One of the values of the repeated field at this place.
    #[must_use]
    pub const fn index(&self, index: usize) -> At<'_> {
        At { parent: Some(self), step: Step::Index(index) }
    }

    fn is_empty(&self) -> bool {
        self.parent.is_none() && matches!(self.step, Step::Name(""))
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parent = self.parent.filter(|parent| !parent.is_empty());
        if let Some(parent) = parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Name(name) if parent.is_some() => write!(f, ".{name}"),
            Step::Name(name) => f.write_str(name),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
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
}
