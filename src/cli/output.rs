//! The three forms of an answer, and the one place that writes to standard output.
//!
//! A reader that has gone (`detente claims | head`) is not a failure: the run ends at once, quietly, as done.

use std::io::{self, Write};

use clap::ValueEnum;

use super::{
    CommandFailure,
    json::{self, Layout, Wire},
    pages::List,
};

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// A table for reading.
    Table,
    /// One object in canonical proto3 JSON, defaults included.
    Json,
    /// One element of the answer per line, each in canonical proto3 JSON.
    Jsonl,
}

impl OutputFormat {
    /// Writes a reply that is one thing.
    pub(crate) fn one<M: Wire>(self, reply: &M, table: impl FnOnce() -> String) -> Result<(), CommandFailure> {
        match self {
            Self::Table => write(&table()),
            Self::Json => write(&json::text(reply, Layout::Pretty)?),
            Self::Jsonl => write(&json::text(reply, Layout::Line)?),
        }
    }

    /// Writes a reply that is a list: as one object, or one element a line.
    pub(crate) fn list<M: List>(self, reply: &M, table: impl FnOnce() -> String) -> Result<(), CommandFailure> {
        match self {
            Self::Table | Self::Json => self.one(reply, table),
            Self::Jsonl => lines(reply.elements()),
        }
    }

    /// Returns true if a program reads the answer.
    pub(crate) fn is_json(self) -> bool {
        self != Self::Table
    }
}

/// Writes messages, one a line.
pub(crate) fn lines<M: Wire>(messages: &[M]) -> Result<(), CommandFailure> {
    let mut out = io::stdout().lock();
    for message in messages {
        let line = json::text(message, Layout::Line)?;
        out.write_all(line.as_bytes()).map_err(CommandFailure::output)?;
    }
    out.flush().map_err(CommandFailure::output)
}

/// Writes finished text to standard output, without colours where they are not wanted.
pub(crate) fn write(text: &str) -> Result<(), CommandFailure> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(CommandFailure::output)
}

/// Writes a notice to standard error, where it cannot mix with an answer. That nobody reads it is no failure.
pub(crate) fn notice(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}
