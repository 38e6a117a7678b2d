//! The languages and scripts whose letters count as one, for the table and for the tests that hold it against ICU4X.

use icu_properties::props::Script;

/// Collations that decide, at primary strength: the root first.
pub(crate) const COLLATIONS: [&str; 6] = ["und", "az", "tr", "hy", "fa", "uk"];
/// Languages whose upper and lower case decide.
pub(crate) const CASES: [&str; 8] = ["und", "az", "tr", "hy", "fa", "uk", "de", "el"];
/// Scripts for which a collation other than the root one decides.
pub(crate) const SCRIPTS: [Script; 7] = [
    Script::Latin,
    Script::Greek,
    Script::Cyrillic,
    Script::Armenian,
    Script::Georgian,
    Script::Arabic,
    Script::Hebrew,
];
/// Bare hamza and its seats, which are one letter in the collation of Persian. Closed with the seats that search ignores,
/// `ا`, `و` and `ي` would become a single letter.
pub(crate) const HAMZA_AND_SEATS: &str = "ءأإؤئٲٳ";
