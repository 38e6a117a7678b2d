//! A party: anything that a claim can be about or come from, registered under an id with an explicit type.
//!
//! Its names have a time of their own. [`NameValid::covers`] finds those in use at a date, by the same rules by which a
//! claim holds.

use super::certainty::{Mode, certainty};
use super::claim::ExternalId;
use super::edtf::parse_valid;
use super::name::PartyId;
use super::period::Period;
use super::valid_time::ValidTime;
use super::vocabulary::{PartyNameType, PartyType};

/// The content of one revision of a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Identity.
    pub id: PartyId,
    /// The type of the party; never guessed from the id.
    pub party_type: PartyType,
    /// Its names, at least one.
    pub names: Vec<PartyName>,
    /// Its ids elsewhere.
    pub external_ids: Vec<ExternalId>,
}

/// A name of a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyName {
    /// BCP 47 tag.
    pub lang: Box<str>,
    /// The name.
    pub name: Box<str>,
    /// True if it is another name, not the main one.
    pub alias: bool,
    /// The sort of name, if not an ordinary one.
    pub name_type: Option<PartyNameType>,
    /// The time in which it is in use; none: always.
    pub valid: Option<NameValid>,
    /// The parties that use it; none: all.
    pub used_by: Vec<PartyId>,
}

/// The time in which a name is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameValid {
    text: Box<str>,
    valid: ValidTime,
}

impl NameValid {
    /// Reads one EDTF string that gives both ends, as [`parse_valid`] does.
    ///
    /// # Errors
    /// A description of the error: no such date, or an end before its start.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (from, to) = parse_valid(text).map_err(|error| error.to_string())?;
        let valid = ValidTime::resolve(&from, &to, None).map_err(|error| error.to_string())?;
        Ok(Self { text: text.into(), valid })
    }

    /// Returns true if the name is in use at some time of a period, in some reading of its dates.
    #[must_use]
    pub fn covers(&self, asked: &Period) -> bool {
        certainty(Mode::HoldsAt, &self.valid, asked).is_some()
    }

    /// It as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl PartyName {
    /// An ordinary name, always in use, by all.
    #[must_use]
    pub fn new(lang: &str, name: &str) -> Self {
        Self { lang: lang.into(), name: name.into(), alias: false, name_type: None, valid: None, used_by: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_use(valid: &str, asked: &str) -> bool {
        NameValid::parse(valid).unwrap().covers(&Period::parse(asked).unwrap())
    }

    #[test]
    fn a_name_is_in_use_from_its_first_possible_day_to_its_last() {
        for (asked, expected) in
            [("1925-03", false), ("1925-04-01", true), ("1943", true), ("1961-12-31", true), ("1962", false)]
        {
            assert_eq!(in_use("1925-04/1961", asked), expected, "{asked}");
        }
        assert!(in_use("1961-11-10/..", "2025") && !in_use("1961-11-10/..", "1961-11-09"));
        assert!(in_use("../1925", "1600"));
    }

    #[test]
    fn an_end_before_the_start_is_refused_and_what_was_written_is_kept() {
        assert!(NameValid::parse("1961/1925").unwrap_err().contains("ends before it starts"));
        assert!(NameValid::parse("soon").is_err());
        assert_eq!(NameValid::parse("1925~/1961").unwrap().text(), "1925~/1961");
    }
}
