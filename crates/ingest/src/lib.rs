//! Data sets of others: rows of a file become claims, as a mapping says, and a later release becomes what changed.
//!
//! ```text
//!   file ---source---> rows ---plan---> claims ---release---> commands
//!           unpacked,   |      the mapping,       compared with
//!           decoded,    |      compiled for       what the ledger
//!           split       |      these columns      has of the set
//!                       +--- a bad row goes to the report, with its line, column and what was expected
//! ```
//!
//! | file | says |
//! |---|---|
//! | [`mapping`] | what a mapping can say: the TOML file, read and no more |
//! | [`source`] | how a file becomes rows: unpacking, encodings, CSV and JSON |
//! | [`table`] | code tables |
//! | [`scope`], [`template`], [`value`], [`condition`], [`date`], [`day`] | the small language of mappings, compiled for the columns there are |
//! | [`class`], [`claim`], [`plan`] | what a row makes: parties, sources, claims |
//! | [`release`] | what the ledger has of a data set, and what a row changes of it |
//! | [`snapshot`] | the same, where a release is what held on a day |
//! | [`version`] | which of several versions of a row counts, for each of its claims |
//! | [`ending`] | the end of a claim that a later version of its record no longer has |
//! | [`pipeline`] | all of it at once, on several threads, in the order of the file |
//!
//! A mapping is text, and a fault in it is named with its place:
//!
//! ```
//! use detente_ingest::mapping::Mapping;
//!
//! let text = r#"
//!     [dataset]
//!     name = "treaties"
//!     key = ["{number}"]
//!
//!     [[claim]]
//!     kind = "agreement"
//!     type = "state"
//!     texts = { en = "{title}" }
//!     to = { date = "{expiry}", formats = ["D Mon YYYY"] }
//! "#;
//! let mapping = Mapping::parse(text, &[], "treaties.toml")?;
//! assert_eq!((mapping.dataset.name.as_str(), mapping.claim.len()), ("treaties", 1));
//!
//! let fault = Mapping::parse(&text.replace("kind", "knd"), &[], "treaties.toml").unwrap_err();
//! assert!(fault.to_string().contains("treaties.toml"), "{fault}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Every text is put into NFC as it is read, of rows, code tables, the mapping and the release alike, so that a file that was
//! written on another operating system has the same keys.
//!
//! The crate is pure of protocols: commands go out as messages of the contract, and the caller (`crate::cli::import`)
//! has them recorded. The rules of the ledger (`detente_ledger::wire`) are checked here, too, so that a bad row is
//! reported with its line before anything is sent.
//!
//! Reasons: `docs/design/import.md`.

pub mod claim;
pub mod class;
pub mod condition;
pub mod date;
pub mod day;
pub mod ending;
pub mod fault;
pub mod filter;
pub mod mapping;
pub mod pipeline;
pub mod plan;
pub mod release;
pub mod scope;
pub mod snapshot;
pub mod source;
pub mod table;
pub mod tables;
pub mod template;
pub mod value;
pub mod version;

use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// A text in NFC, the form in which texts are compared wherever identity depends on them.
pub fn to_nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfc().collect())
}
