//! What a claim is and what follows from it. Pure: no clock, no disk, no socket, no configuration, no serialisation.
//!
//! ```
//! use detente_domain::certainty::{Certainty, Mode, certainty};
//! use detente_domain::{edtf::parse_valid, period::Period, valid_time::ValidTime};
//!
//! // It began on some day of December 2024, and has no end so far.
//! let (from, to) = parse_valid("2024-12/..")?;
//! let valid = ValidTime::resolve(&from, &to, None)?;
//! let holds_at = |date: &str| Ok::<_, Box<dyn std::error::Error>>(certainty(Mode::HoldsAt, &valid, &Period::parse(date)?));
//! assert_eq!(holds_at("2024-12-15")?, Some(Certainty::Possible));
//! assert_eq!(holds_at("2025-07")?, Some(Certainty::Definite));
//! assert_eq!(holds_at("2024-11")?, None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Read top-down: a [`claim`] says something about [`party`]s and [`relationship`]s, with [`bound`]s for its valid time,
//! written as partial dates ([`edtf`]). [`command`]s ask for it to be recorded; [`decide`] turns them into [`event`]s, or
//! says everything that is wrong with them ([`rejection`]). How a claim stands after its events is its [`standing`]; whether
//! it holds or happened at an asked [`period`] is its [`certainty`]; when nothing is found, [`emptiness`] says which nothing
//! it is; when all that changes by the passing of time is its [`transition`]s. A [`filter`] says which claims are meant, a [`cut`]
//! how much of the record may be used; what changed between two coordinates, and why, is a [`diff`].
//! Of claims beside one another: when they are in [`conflict`], and which of many are ([`rivals`]), what [`corroboration`] they have, what became of a
//! [`commitment`], and whose word counts from a [`perspective`].

pub mod bound;
pub mod buckets;
pub mod certainty;
pub mod claim;
pub mod command;
pub mod commitment;
pub mod conflict;
pub mod corroboration;
pub mod cut;
pub mod decide;
pub mod diff;
pub mod edtf;
pub mod emptiness;
pub mod event;
pub mod filter;
pub mod gaps;
pub mod kind;
pub mod merge;
pub mod moment;
pub mod name;
pub mod origins;
pub mod party;
pub mod period;
pub mod perspective;
pub mod position;
pub mod rejection;
pub mod relationship;
pub mod rivals;
pub mod scale;
pub mod scheme;
pub mod series;
pub mod source;
pub mod standing;
pub mod text;
pub mod timeline;
pub mod transition;
pub mod valid_time;
pub mod validity;
pub mod vocabulary;
