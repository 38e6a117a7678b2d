//! The words of the proto's enums: how people write them and how tables show them.
//!
//! `MODALITY_NO_INFORMATION` is written `no-information` (or `no_information`, or whole) and shown as `no information`.
//! A flag that takes one lists them all in its help, in what a shell completes, and when it is not understood.

use std::{ffi::OsStr, marker::PhantomData};

use clap::{
    Arg, Command,
    builder::{PossibleValue, TypedValueParser},
    error::{ContextKind, ContextValue, ErrorKind},
};

use detente_proto::v1;

/// An enum of the proto.
pub(crate) trait OptionWord: Copy + Default + TryFrom<i32> + Send + Sync + 'static {
    /// The whole name of the value, for example `MODALITY_ASSERTED`.
    fn whole(self) -> &'static str;

    /// The name without the enum's, for example `ASSERTED`.
    fn stem(self) -> &'static str {
        let prefix = Self::default().whole().strip_suffix("UNSPECIFIED").unwrap_or_default();
        self.whole().strip_prefix(prefix).unwrap_or(self.whole())
    }

    /// Every value but "not said", in the order of the proto.
    fn all() -> impl Iterator<Item = Self> {
        // Numbers are dense from 0; no enum has as many as a hundred.
        (1..100).map_while(|number| Self::try_from(number).ok())
    }
}

macro_rules! words {
    ($($word:ident),* $(,)?) => {
        $(impl OptionWord for v1::$word {
            fn whole(self) -> &'static str {
                self.as_str_name()
            }
        })*
    };
}

words!(
    AttributionRole,
    Bucket,
    Certainty,
    ChangeReason,
    CommitmentStatus,
    ConflictType,
    DisputeOutcome,
    GapType,
    LinkType,
    Modality,
    PartyNameType,
    PartyType,
    Polarity,
    RetractionReason,
    RevisionEvent,
    RevisionKind,
    SeriesGroup,
    Status,
    TemporalType,
    Transition,
);

/// Formats a value for a table: `no information`; empty if it is unspecified.
pub(crate) fn format<W: OptionWord>(number: i32) -> String {
    match W::try_from(number) {
        Ok(word) if word.stem() == "UNSPECIFIED" => String::new(),
        Ok(word) => word.stem().to_lowercase().replace('_', " "),
        Err(_) => format!("? ({number})"),
    }
}

/// Formats a value for a flag: `no-information`.
pub(crate) fn flag_value<W: OptionWord>(word: W) -> String {
    word.stem().to_lowercase().replace('_', "-")
}

/// Reads a value as people write it.
pub(crate) fn read<W: OptionWord>(text: &str) -> Option<W> {
    let name = text.to_uppercase().replace('-', "_");
    W::all().find(|word| name == word.stem() || name == word.whole())
}

/// Reads a value, or says which there are.
pub(crate) fn read_or_list<W: OptionWord>(text: &str) -> Result<W, String> {
    read(text).ok_or_else(|| format!("`{text}` is none of {}", W::all().map(flag_value).collect::<Vec<_>>().join(", ")))
}

/// A parser of flags that take a word.
#[derive(Debug, Clone)]
pub(crate) struct WordParser<W>(PhantomData<W>);

/// A parser of flags that take a word of this enum.
pub(crate) fn parser<W: OptionWord>() -> WordParser<W> {
    WordParser(PhantomData)
}

impl<W: OptionWord> TypedValueParser for WordParser<W> {
    type Value = W;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<W, clap::Error> {
        let text = value.to_string_lossy();
        read(&text).ok_or_else(|| {
            let mut error = clap::Error::new(ErrorKind::InvalidValue).with_cmd(command);
            if let Some(argument) = argument {
                error.insert(ContextKind::InvalidArg, ContextValue::String(argument.to_string()));
            }
            error.insert(ContextKind::InvalidValue, ContextValue::String(text.into_owned()));
            error.insert(ContextKind::ValidValue, ContextValue::Strings(W::all().map(flag_value).collect()));
            error
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        // clap wants names that live for ever. They are a few, and only leaked where help or completions are printed.
        Some(Box::new(W::all().map(|word| PossibleValue::new(&*flag_value(word).leak()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_understood_in_each_of_its_forms() {
        for text in ["no-information", "no_information", "NO_INFORMATION", "MODALITY_NO_INFORMATION"] {
            assert_eq!(read(text), Some(v1::Modality::NoInformation), "{text}");
        }
        assert_eq!(read::<v1::Modality>("unspecified"), None);
        assert_eq!(read::<v1::Modality>("sure"), None);
    }

    #[test]
    fn every_value_of_an_enum_is_listed() {
        assert_eq!(v1::Modality::all().count(), 11);
        assert_eq!(v1::LinkType::all().count(), 37);
        assert_eq!(v1::LinkType::all().last(), Some(v1::LinkType::AnsweredBy));
    }

    #[test]
    fn what_is_not_said_is_not_shown() {
        assert_eq!(format::<v1::Status>(0), "");
        assert_eq!(format::<v1::Status>(7), "in force");
        assert_eq!(format::<v1::Status>(99), "? (99)");
    }

    #[test]
    fn a_wrong_word_is_answered_with_the_right_ones() {
        let command = Command::new("t").arg(Arg::new("m").long("modality").value_parser(parser::<v1::Modality>()));
        let error = command.try_get_matches_from(["t", "--modality", "sure"]).unwrap_err().to_string();
        assert!(error.contains("no-information") && error.contains("--modality"), "{error}");
    }
}
