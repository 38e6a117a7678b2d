//! The other parts that a claim may have several of. Each part has a condition; an empty part is left out.

use super::choice::{self, Choice};
use super::with::With;
use super::{Compiler, Tools};
use crate::class::{EntityRegistration, MadeEntities, NamedEntity};
use crate::condition::Condition;
use crate::date::{DateReading, DateValue};
use crate::fault::{BadMapping, Faults, RowFault};
use crate::mapping::{CodeSpec, LinkSpec, QuantitySpec, SourceSpec, VoiceSpec};
use crate::release::ClaimIds;
use crate::scope::RowScope;
use crate::value::{Value, excerpt};
use detente_proto::v1;
use std::borrow::Cow;
use std::sync::Arc;

/// The voices.
#[derive(Debug)]
pub(super) struct Voices<'m>(Vec<VoicePart<'m>>);

#[derive(Debug)]
struct VoicePart<'m> {
    role: Choice<'m>,
    party: Option<(&'m str, Value<'m>, With<'m>)>,
    name: Option<Value<'m>>,
    said_at: Option<DateValue<'m>>,
    when: Condition,
}

impl<'m> Voices<'m> {
    pub(super) fn compile(
        compiler: &Compiler<'_, 'm>,
        specs: &'m [VoiceSpec],
        tools: &Tools<'m>,
    ) -> Result<Self, BadMapping> {
        let parts = specs.iter().map(|spec| {
            let party = match (&spec.party, &spec.key) {
                (None, None) => None,
                (Some(class), Some(key)) => {
                    let what = || format!("there is no class `{class}` in [parties]");
                    let fields = tools.classes.party_fields(class);
                    let fields = fields.ok_or_else(|| compiler.wrong("attribution.party", what()))?;
                    let with = With::compile(compiler, "attribution", &spec.with, fields)?;
                    Some((class.as_str(), compiler.value("attribution.key", key)?, with))
                }
                _ => return Err(compiler.wrong("attribution", "`party` and `key` go together".to_owned())),
            };
            Ok(VoicePart {
                role: choice::voice_role(compiler, &spec.role)?,
                party,
                name: compiler.optional("attribution.name", &spec.name)?,
                said_at: compiler.date("attribution.said_at", &spec.said_at, false)?,
                when: compiler.when(spec.when.as_ref(), compiler.scope)?,
            })
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn make(
        &self,
        seen: &RowScope<'_>,
        tools: &Tools<'_>,
        made: &mut MadeEntities,
        needs: &mut Vec<Arc<EntityRegistration>>,
        faults: &mut Faults,
    ) -> Vec<v1::Attribution> {
        let mut voices = Vec::with_capacity(self.0.len());
        for part in self.0.iter().filter(|part| part.when.holds(seen)) {
            let mut voice = v1::Attribution {
                role: faults.take(part.role.eval(seen)).unwrap_or_default(),
                ..v1::Attribution::default()
            };
            if let Some((class, key, with)) = &part.party {
                let said = faults.take(key.eval(seen)).unwrap_or_default();
                if !said.is_empty() {
                    let with = with.eval(seen, faults);
                    let named = NamedEntity { class, key: &said, with: &with, columns: key.columns() };
                    let party = tools.classes.party(named, tools.release, made);
                    if let Some(party) = faults.take(party) {
                        voice.party_id.clone_from(&party.id);
                        needs.push(party);
                    }
                }
            }
            voice.name =
                part.name.as_ref().and_then(|name| faults.take(name.eval(seen))).unwrap_or_default().into_owned();
            if let Some(DateReading::Date(date)) = part.said_at.as_ref().and_then(|date| faults.take(date.eval(seen))) {
                voice.said_at = date;
            }
            if !voice.party_id.is_empty() || !voice.name.is_empty() {
                voices.push(voice);
            }
        }
        voices
    }
}

/// The numbers.
#[derive(Debug)]
pub(super) struct Quantities<'m>(Vec<QuantityPart<'m>>, Option<char>);

#[derive(Debug)]
struct QuantityPart<'m> {
    name: Value<'m>,
    numbers: [Option<Value<'m>>; 3],
    unit: Option<Value<'m>>,
    when: Condition,
}

impl<'m> Quantities<'m> {
    pub(super) fn compile(
        compiler: &Compiler<'_, 'm>,
        specs: &'m [QuantitySpec],
        decimal: Option<char>,
    ) -> Result<Self, BadMapping> {
        if decimal.is_some_and(|decimal| !matches!(decimal, '.' | ',')) {
            return Err(BadMapping::at("source.decimal", "must be `,` or `.`"));
        }
        let parts = specs.iter().map(|spec| {
            Ok(QuantityPart {
                name: compiler.value("quantities.name", &spec.name)?,
                numbers: [
                    compiler.optional("quantities.value", &spec.value)?,
                    compiler.optional("quantities.low", &spec.low)?,
                    compiler.optional("quantities.high", &spec.high)?,
                ],
                unit: compiler.optional("quantities.unit", &spec.unit)?,
                when: compiler.when(spec.when.as_ref(), compiler.scope)?,
            })
        });
        Ok(Self(parts.collect::<Result<_, _>>()?, decimal))
    }

    pub(super) fn make(&self, seen: &RowScope<'_>, faults: &mut Faults) -> Vec<v1::Quantity> {
        let mut quantities = Vec::with_capacity(self.0.len());
        for part in self.0.iter().filter(|part| part.when.holds(seen)) {
            let [value, low, high] = part.numbers.each_ref().map(|number| {
                number.as_ref().and_then(|number| faults.take(parse_number(number, self.1, seen))).flatten()
            });
            if value.or(low).or(high).is_none() {
                continue;
            }
            let name = faults.take(part.name.eval(seen)).unwrap_or_default().into_owned();
            let unit =
                part.unit.as_ref().and_then(|unit| faults.take(unit.eval(seen))).unwrap_or_default().into_owned();
            quantities.push(v1::Quantity { name, value, low, high, unit });
        }
        quantities
    }
}

fn parse_number(value: &Value<'_>, decimal: Option<char>, seen: &RowScope<'_>) -> Result<Option<f64>, RowFault> {
    let text = value.eval(seen)?;
    if text.is_empty() {
        return Ok(None);
    }
    let plain = match decimal {
        None => Some(text.clone()),
        Some(decimal) => plain_number(&text, decimal).map(Cow::Owned),
    };
    let number = plain.and_then(|plain| plain.parse::<f64>().ok()).filter(|number| number.is_finite());
    number.map(Some).ok_or_else(|| {
        let hint = match decimal {
            None if plain_number(&text, ',').is_some() => {
                "; is its comma a decimal one? say `decimal = \",\"` in [source]"
            }
            _ => "",
        };
        RowFault::column(value.columns(), format!("`{}` is no number{hint}", excerpt(&text)))
    })
}

/// A number with a decimal point and without separators of thousands; none where these do not stand before three digits.
fn plain_number(text: &str, decimal: char) -> Option<String> {
    const SPACES: [char; 5] = [' ', '\u{a0}', '\u{202f}', '\'', '\u{2019}'];
    let thousands = if decimal == ',' { '.' } else { ',' };
    let (sign, digits) = text.strip_prefix(['-', '+']).map_or(("", text), |rest| (text.get(..1).unwrap_or(""), rest));
    let (digits, exponent) = digits.find(['e', 'E']).and_then(|at| digits.split_at_checked(at)).unwrap_or((digits, ""));
    let (whole, fraction) = digits.split_once(decimal).map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut groups = whole.split(|c| c == thousands || SPACES.contains(&c));
    let first = groups.next()?;
    let mut plain = format!("{sign}{first}");
    let mut grouped = false;
    for group in groups {
        grouped = true;
        if group.len() != 3 || !group.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        plain.push_str(group);
    }
    if (grouped && !(1..=3).contains(&first.len())) || !first.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if let Some(fraction) = fraction {
        plain.push('.');
        plain.push_str(fraction);
    }
    plain.push_str(exponent);
    Some(plain)
}

/// The codes.
#[derive(Debug)]
pub(super) struct Codes<'m>(Vec<(Value<'m>, Value<'m>, Condition)>);

impl<'m> Codes<'m> {
    pub(super) fn compile(compiler: &Compiler<'_, 'm>, specs: &'m [CodeSpec]) -> Result<Self, BadMapping> {
        let parts = specs.iter().map(|spec| {
            let scheme = compiler.value("codes.scheme", &spec.scheme)?;
            let code = compiler.value("codes.code", &spec.code)?;
            Ok((scheme, code, compiler.when(spec.when.as_ref(), compiler.scope)?))
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn make(&self, seen: &RowScope<'_>, faults: &mut Faults) -> Vec<v1::Code> {
        let mut codes = Vec::with_capacity(self.0.len());
        for (scheme, code, _) in self.0.iter().filter(|(_, _, when)| when.holds(seen)) {
            let code = faults.take(code.eval(seen)).unwrap_or_default().into_owned();
            if !code.is_empty() {
                let scheme = faults.take(scheme.eval(seen)).unwrap_or_default().into_owned();
                codes.push(v1::Code { scheme, code });
            }
        }
        codes
    }
}

/// The citations.
#[derive(Debug)]
pub(super) struct Sources<'m>(Vec<SourcePart<'m>>);

#[derive(Debug)]
struct SourcePart<'m> {
    class: &'m str,
    key: Option<Value<'m>>,
    with: With<'m>,
    locator: Option<Value<'m>>,
    quote: Option<Value<'m>>,
    when: Condition,
}

impl<'m> Sources<'m> {
    pub(super) fn compile(
        compiler: &Compiler<'_, 'm>,
        specs: &'m [SourceSpec],
        tools: &Tools<'m>,
    ) -> Result<Self, BadMapping> {
        let parts = specs.iter().map(|spec| {
            let Some(fields) = tools.classes.source_fields(&spec.source) else {
                return Err(compiler.wrong("sources", format!("there is no class `{}` in [sources]", spec.source)));
            };
            Ok(SourcePart {
                class: &spec.source,
                with: With::compile(compiler, "sources", &spec.with, fields)?,
                key: compiler.optional("sources.key", &spec.key)?,
                locator: compiler.optional("sources.locator", &spec.locator)?,
                quote: compiler.optional("sources.quote", &spec.quote)?,
                when: compiler.when(spec.when.as_ref(), compiler.scope)?,
            })
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn make(
        &self,
        seen: &RowScope<'_>,
        tools: &Tools<'_>,
        made: &mut MadeEntities,
        needs: &mut Vec<Arc<EntityRegistration>>,
        faults: &mut Faults,
    ) -> Vec<v1::Citation> {
        let mut citations = Vec::with_capacity(self.0.len());
        for part in self.0.iter().filter(|part| part.when.holds(seen)) {
            let (key, columns) = match &part.key {
                None => (Cow::Borrowed(""), ""),
                Some(value) => match faults.take(value.eval(seen)).filter(|key| !key.is_empty()) {
                    Some(key) => (key, value.columns()),
                    None => continue,
                },
            };
            let with = part.with.eval(seen, faults);
            let named = NamedEntity { class: part.class, key: &key, with: &with, columns };
            let source = tools.classes.source(named, tools.release, made);
            let Some(source) = faults.take(source) else { continue };
            let said = |value: &Option<Value<'_>>, faults: &mut Faults| {
                value.as_ref().and_then(|value| faults.take(value.eval(seen))).unwrap_or_default().into_owned()
            };
            citations.push(v1::Citation {
                source_id: source.id.clone(),
                locator: said(&part.locator, faults),
                quote: said(&part.quote, faults),
                ..v1::Citation::default()
            });
            needs.push(source);
        }
        citations
    }
}

/// The links.
#[derive(Debug)]
pub(super) struct Links<'m>(Vec<LinkPart<'m>>);

#[derive(Debug)]
struct LinkPart<'m> {
    link_type: Choice<'m>,
    ids: Option<ClaimIds>,
    key: Value<'m>,
    when: Condition,
}

impl<'m> Links<'m> {
    pub(super) fn compile(compiler: &Compiler<'_, 'm>, specs: &'m [LinkSpec]) -> Result<Self, BadMapping> {
        let parts = specs.iter().map(|spec| {
            Ok(LinkPart {
                link_type: choice::link_type(compiler, &spec.link_type)?,
                ids: spec.dataset.as_deref().map(ClaimIds::of),
                key: compiler.value("links.key", &spec.key)?,
                when: compiler.when(spec.when.as_ref(), compiler.scope)?,
            })
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn make(&self, seen: &RowScope<'_>, tools: &Tools<'_>, faults: &mut Faults) -> Vec<v1::Link> {
        let mut links: Vec<v1::Link> = Vec::with_capacity(self.0.len());
        for part in self.0.iter().filter(|part| part.when.holds(seen)) {
            let Some(key) = faults.take(part.key.eval(seen)).filter(|key| !key.is_empty()) else { continue };
            let link = v1::Link {
                r#type: faults.take(part.link_type.eval(seen)).unwrap_or_default(),
                claim_id: part.ids.unwrap_or(tools.ids).id(&key).to_string(),
            };
            if !links.contains(&link) {
                links.push(link);
            }
        }
        links
    }
}

#[cfg(test)]
mod tests {
    use super::plain_number;

    #[test]
    fn separators_of_thousands_stand_before_three_digits() {
        for (text, decimal, expected) in [
            ("173,9", ',', Some("173.9")),
            ("1.234,5", ',', Some("1234.5")),
            ("-1.234.567", ',', Some("-1234567")),
            ("1 234,5", ',', Some("1234.5")),
            ("1.23,5", ',', None),
            ("1,234.5", '.', Some("1234.5")),
            ("12345,6", ',', Some("12345.6")),
            ("12345.678", ',', None),
            (".5", '.', Some(".5")),
            ("1,5E+06", ',', Some("1.5E+06")),
            ("1e3", ',', Some("1e3")),
        ] {
            assert_eq!(plain_number(text, decimal).as_deref(), expected, "{text}");
        }
    }
}
