//! Members of closed vocabularies, written in lower case: `in_force` is STATUS_IN_FORCE.

use super::Compiler;
use crate::fault::{BadMapping, RowFault};
use crate::mapping::ValueSpec;
use crate::scope::RowScope;
use crate::value::{Value, excerpt};
use detente_proto::v1;

/// A member, fixed or told by the row.
#[derive(Debug)]
pub(super) enum Choice<'m> {
    /// The same for every row.
    Fixed(i32),
    /// The member that a value names.
    Told(Value<'m>, &'static str, fn(&str) -> Option<i32>),
}

impl<'m> Choice<'m> {
    fn compile(
        compiler: &Compiler<'_, 'm>,
        field: &str,
        spec: &'m ValueSpec,
        prefix: &'static str,
        named: fn(&str) -> Option<i32>,
    ) -> Result<Self, BadMapping> {
        let value = compiler.value(field, spec)?;
        match value.constant() {
            None => Ok(Self::Told(value, prefix, named)),
            Some(word) => {
                let member = member(word, prefix, named);
                member.map(Self::Fixed).ok_or_else(|| compiler.wrong(field, unknown(word, prefix)))
            }
        }
    }

    /// Returns the number of the member; 0 if the value is empty.
    pub(super) fn eval(&self, seen: &RowScope<'_>) -> Result<i32, RowFault> {
        match self {
            Self::Fixed(number) => Ok(*number),
            Self::Told(value, prefix, named) => {
                let word = value.eval(seen)?;
                if word.is_empty() {
                    return Ok(0);
                }
                member(&word, prefix, *named).ok_or_else(|| RowFault::column(value.columns(), unknown(&word, prefix)))
            }
        }
    }
}

fn member(word: &str, prefix: &str, named: fn(&str) -> Option<i32>) -> Option<i32> {
    named(&format!("{prefix}_{}", word.to_uppercase())).filter(|number| *number != 0)
}

fn unknown(word: &str, prefix: &str) -> String {
    let what = prefix.to_lowercase().replace('_', " ");
    format!(
        "`{}` is no {what}: expected one of those in the contract, in lower case, for example {}",
        excerpt(word),
        example(prefix)
    )
}

fn example(prefix: &str) -> &'static str {
    match prefix {
        "TEMPORAL_TYPE" => "state, event, none",
        "MODALITY" => "asserted, reported, denied",
        "POLARITY" => "cooperation, tension, neutral",
        "STATUS" => "signed, ratified, in_force",
        "ATTRIBUTION_ROLE" => "speaker, publisher, coder",
        _ => "part_of, about, caused_by",
    }
}

macro_rules! choices {
    ($($name:ident, $field:literal, $prefix:literal, $type:ident;)+) => {$(
        /// The members of one vocabulary.
        pub(super) fn $name<'m>(compiler: &Compiler<'_, 'm>, spec: &'m ValueSpec) -> Result<Choice<'m>, BadMapping> {
            Choice::compile(compiler, $field, spec, $prefix, |name| v1::$type::from_str_name(name).map(i32::from))
        }
    )+};
}

choices! {
    temporal_type, "type", "TEMPORAL_TYPE", TemporalType;
    modality, "modality", "MODALITY", Modality;
    polarity, "polarity", "POLARITY", Polarity;
    status, "status", "STATUS", Status;
    voice_role, "attribution.role", "ATTRIBUTION_ROLE", AttributionRole;
    link_type, "links.type", "LINK_TYPE", LinkType;
}
