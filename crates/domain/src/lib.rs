//! The model of claims and all that follows from it. Pure: no clock, no disk, no socket, no configuration, no
//! serialisation.
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
//! returns everything that is wrong with them ([`rejection`]). A claim's [`standing`] is its state after its events, its
//! [`certainty`] that it holds or happened at an asked [`period`], and its [`transition`]s are the instants at which that
//! changes by the passing of time. [`emptiness`] is the reason why nothing is found. A [`filter`] selects claims, a [`cut`]
//! the part of the record that may be used; a [`diff`] names the changes between two coordinates, and their reasons.
//!
//! Several claims together: two that contradict one another are in [`conflict`], and [`rivals`] finds those among many;
//! [`corroboration`] counts their support, a [`commitment`] is settled or falls due, and a [`perspective`] ranks
//! authorities.

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
