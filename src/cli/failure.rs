//! The failures of a run, and their messages: the event, the exact faults, a hint.
//!
//! ```text
//! error: the append was refused: 2 violations
//!   commands[0].assert_claim.claim.kind: required
//!   commands[0].assert_claim.claim.valid: `2025-13` is not a date: the month is 13
//! hint: ...
//! ```

use std::io;

use serde_json::{Value, json};

use super::{exit::Exit, output, output::OutputFormat, refusal::CommandRefusal, table::escape};

/// The reason why a run failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandFailure {
    /// The command line, or a file it names, was not understood.
    #[error("{0}")]
    Usage(String),
    /// No connection could be made.
    #[error("cannot reach the server at {server}: {cause}")]
    Unreachable {
        /// The address tried.
        server: String,
        /// The error of the transport.
        cause: String,
    },
    /// One side refused the other before anything was sent.
    #[error("{words}")]
    Handshake {
        /// The side, and its reason.
        words: String,
        /// The flags that may help.
        hint: &'static str,
    },
    /// The server answered with an error, or the connection broke before it could.
    #[error("{0}")]
    Refused(Box<CommandRefusal>),
    /// Stored bytes are damaged.
    #[error("{0}")]
    Damaged(String),
    /// The request does not fit the record; nothing was written.
    #[error("{0}")]
    Rejected(String),
    /// The answer could not be written.
    #[error("cannot write the answer: {0}")]
    Output(io::Error),
    /// The reader of the answer has gone.
    #[error("nobody reads the answer")]
    OutputClosed,
    /// Anything else.
    #[error("{0:#}")]
    Other(anyhow::Error),
}

impl CommandFailure {
    /// Returns the failure to write an answer, distinguishing a reader that has gone.
    pub(crate) fn output(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::Output(error),
        }
    }

    /// A failure of no particular sort.
    pub(crate) fn other(error: impl Into<anyhow::Error>) -> Self {
        Self::Other(error.into())
    }

    /// The code to exit with.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::OutputClosed => Exit::Done,
            Self::Usage(_) => Exit::Usage,
            Self::Unreachable { .. } => Exit::Unanswered,
            Self::Handshake { .. } => Exit::Denied,
            Self::Refused(refusal) => refusal.exit(),
            Self::Damaged(_) => Exit::Damaged,
            Self::Rejected(_) => Exit::Rejected,
            Self::Output(_) | Self::Other(_) => Exit::Failed,
        }
    }

    /// Tells standard error about it, in the form asked for, and says with which code to exit.
    pub(crate) fn report(&self, format: OutputFormat) -> Exit {
        match (self, format) {
            (Self::OutputClosed, _) => {}
            (_, OutputFormat::Table) => output::notice(&self.words()),
            (_, OutputFormat::Json | OutputFormat::Jsonl) => {
                output::notice(&json!({ "error": self.object() }).to_string())
            }
        }
        self.exit()
    }

    fn words(&self) -> String {
        let mut words = format!("error: {}", escape::visible(&self.to_string()));
        if let Self::Refused(refusal) = self {
            for detail in refusal.details() {
                words.push_str("\n  ");
                words.push_str(&escape::visible(&detail));
            }
        }
        if let Some(hint) = self.hint() {
            words.push_str("\nhint: ");
            words.push_str(&escape::visible(&hint));
        }
        words
    }

    fn object(&self) -> Value {
        let mut object = match self {
            Self::Refused(refusal) => refusal.object(),
            _ => json!({ "message": self.to_string() }),
        };
        if let Value::Object(fields) = &mut object {
            fields.insert("exitCode".to_owned(), json!(self.exit() as u8));
            fields.insert("hint".to_owned(), json!(self.hint().unwrap_or_default()));
        }
        object
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(_) => Some("`detente help` and `detente VERB --help` tell what is understood".to_owned()),
            Self::Unreachable { .. } => Some(
                "start one with `detente serve --demo --data DIR`, or name another with --server or DETENTE_SERVER"
                    .to_owned(),
            ),
            Self::Handshake { hint, .. } => Some((*hint).to_owned()),
            Self::Refused(refusal) => refusal.hint(),
            Self::Damaged(_) => Some("`detente verify --data DIR` names every damaged place".to_owned()),
            Self::Rejected(_) | Self::Output(_) | Self::OutputClosed | Self::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_done_and_any_other_write_error_is_not() {
        assert_eq!(CommandFailure::output(io::ErrorKind::BrokenPipe.into()).exit(), Exit::Done);
        assert_eq!(CommandFailure::output(io::ErrorKind::StorageFull.into()).exit(), Exit::Failed);
    }

    #[test]
    fn words_never_carry_control_characters_of_others() {
        let words = CommandFailure::Rejected("a\u{1b}[2Jb\u{202e}c".to_owned()).words();
        assert_eq!(words, "error: a\\u{1b}[2Jb\\u{202e}c");
    }

    #[test]
    fn the_json_form_names_the_exit_code_and_a_hint() {
        let object = CommandFailure::Unreachable { server: "http://h:1".into(), cause: "refused".into() }.object();
        assert_eq!(object["exitCode"], 6);
        assert!(object["hint"].as_str().unwrap().contains("--server"));
    }
}
