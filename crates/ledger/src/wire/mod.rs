//! The conversions between the messages of the public contract (`detente_proto::v1`) and the domain.
//!
//! A message can say anything; a domain type only what makes sense. The conversions between them are here, and nowhere
//! else:
//!
//! ```text
//!                parse_*  (a client's words: every rule, every violation, each with its path)
//!    v1::Claim ------------------------------------------------------------> domain::Claim
//!    v1::Claim <------------------------------------------------------------ domain::Claim
//!                render_* (the content; the caller sets the fields that the ledger adds)
//!    v1::Claim ------------------------------------------------------------> domain::Claim
//!                read_*   (a recorded message: shapes only, dates are not computed again)
//! ```
//!
//! Parsing and reading are one code with two strictnesses ([`sink::Sink`]). A **shape** is something that a domain type
//! cannot be made without: an id, a word, a member of a vocabulary. A **rule** is a further demand on clients: lengths, no
//! repeats, at least one text. Recorded messages must stay readable if a rule becomes stricter, so reading asks for shapes
//! only, and takes the first and last day of a bound as they were recorded, not as today's EDTF parser sees them.
//!
//! Everything that is wrong with a request comes back at once, at the path of its field in proto names
//! (`commands[2].assert_claim.claim.texts[0].lang`). Paths are chains on the stack ([`path::At`]) and become text only for
//! a violation; strings are moved, not copied. Recording claims by the hundred thousand goes through here.
//!
//! Tour: [`command`] parses an append, with [`ids`] for `$names` and [`patch`] for update masks; [`claim`], [`party`],
//! [`source`] and [`kind`] are the records, made of `parts`, `scalar`s and `valid_time`; [`event`] is the encoding of the
//! log; [`filter`] and [`cut`] are the common parameters of reads; [`time`] and [`vocabulary`] are instants and enums,
//! [`pasted_date`] mends instants out of an address; [`limits`] are the sizes; [`splice`] makes a claim of the bytes of an
//! event; [`staged_commands`] parses commands that come in pieces; [`tally`] counts events by kind; [`weight`] computes the memory
//! that a request takes before it is decoded.
//!
//! Not here: gRPC statuses, and the check of a command against the record (`detente_domain::decide`).
//!
//! Reasons: `docs/design/contract.md`.

pub mod claim;
pub mod command;
pub mod cut;
mod encode;
pub mod event;
pub mod filter;
pub mod ids;
pub mod json;
pub mod kind;
pub mod limits;
mod parts;
pub mod party;
pub mod pasted_date;
pub mod patch;
pub mod path;
mod precondition;
mod scalar;
pub mod sink;
pub mod source;
pub mod splice;
pub mod staged_commands;
pub mod tally;
pub mod time;
mod valid_time;
pub mod vocabulary;
pub mod weight;

#[cfg(test)]
mod arbitrary;
#[cfg(test)]
mod tests;
