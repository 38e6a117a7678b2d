//! The exit codes: one table, for scripts and for `--help`.
//!
//! A code says what to do next, not where in the program it came from: mend the command line (2), stop and look at the
//! disk (3), mend the request (4), ask for something else (5), try again (6), bring another
//! proof of who asks, or trust another authority (7).

use std::{fmt::Write as _, process::ExitCode};

/// The end of a run, as an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The run succeeded.
    Done = 0,
    /// It failed in a way none of the others covers.
    Failed = 1,
    /// The command line, or a file it names, was not understood.
    Usage = 2,
    /// Stored bytes are damaged.
    Damaged = 3,
    /// The ledger refused the request and wrote nothing.
    Rejected = 4,
    /// The thing asked for is not there.
    Absent = 5,
    /// There was no answer.
    Unanswered = 6,
    /// One side refused the other: a certificate, a host, an origin.
    Denied = 7,
}

impl Exit {
    /// All of them, in the order of their codes.
    pub(crate) const ALL: [Self; 8] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Damaged,
        Self::Rejected,
        Self::Absent,
        Self::Unanswered,
        Self::Denied,
    ];

    /// Says what the code means, with the gRPC status codes that lead to it.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed for another reason",
            Self::Usage => "the command line or an input file was not understood",
            Self::Damaged => "stored bytes are damaged (DATA_LOSS)",
            Self::Rejected => {
                "rejected, nothing written (INVALID_ARGUMENT, FAILED_PRECONDITION, ABORTED, ALREADY_EXISTS)"
            }
            Self::Absent => "not found, or beyond what is recorded (NOT_FOUND, OUT_OF_RANGE)",
            Self::Unanswered => "the server cannot be reached, or the outcome is unknown (UNAVAILABLE, UNKNOWN)",
            Self::Denied => "one side does not accept the other (UNAUTHENTICATED, PERMISSION_DENIED)",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The table of exit codes, as `--help` shows it.
pub(crate) fn table() -> String {
    let mut table = String::from("Exit codes:\n");
    for exit in Exit::ALL {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "  {}  {}", exit as u8, exit.meaning());
    }
    table
}
