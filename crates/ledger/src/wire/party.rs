//! Parties: what a client writes, what was recorded, what is shown.

use super::limits::MAX_NAME_BYTES;
use super::parts::{external_ids, render, render_external_id};
use super::path::At;
use super::scalar::{each_once, is_too_long_for_a_date, language, party_id, required_text};
use super::sink::{Sink, Unreadable};
use super::vocabulary::{Twin as _, number, optional_member, required_member};
use detente_domain::party::{NameValid, Party, PartyName};
use detente_proto::v1;

/// Parses a party. Errors go to the sink; if there are any, the party is not to be used.
pub fn parse_party(party: v1::Party, at: &At<'_>, sink: &mut Sink) -> Option<Party> {
    let id = party_id(&party.party_id, &at.field("party_id"), sink);
    let party_type = required_member(party.r#type, &at.field("type"), sink);
    Some(Party {
        names: names(party.names, &at.field("names"), sink),
        external_ids: external_ids(party.external_ids, &at.field("external_ids"), sink),
        id: id?,
        party_type: party_type?,
    })
}

fn names(values: Vec<v1::PartyName>, at: &At<'_>, sink: &mut Sink) -> Vec<PartyName> {
    sink.rule(at, !values.is_empty(), "required: at least one name");
    each_once(values, at, sink, |value, at, sink| {
        let lang = language(value.lang, &at.field("lang"), sink);
        let name = required_text(value.name, MAX_NAME_BYTES, &at.field("name"), sink);
        let name_type = optional_member(value.r#type, &at.field("type"), sink);
        let valid = valid(&value.valid, &at.field("valid"), sink);
        let used_by = each_once(value.used_by, &at.field("used_by"), sink, |id, at, sink| party_id(&id, at, sink));
        Some(PartyName { lang, name, alias: value.alias, name_type, valid, used_by })
    })
}

fn valid(value: &str, at: &At<'_>, sink: &mut Sink) -> Option<NameValid> {
    if value.is_empty() || is_too_long_for_a_date(value, at, sink) {
        return None;
    }
    NameValid::parse(value).map_err(|wrong| sink.refuse(at, wrong)).ok()
}

/// Reads back the content of a party that was recorded.
///
/// # Errors
/// [`Unreadable`] when it lacks what no party can be without.
pub fn read_party(party: v1::Party) -> Result<Party, Unreadable> {
    let mut sink = Sink::for_stored();
    let party = parse_party(party, &At::root(""), &mut sink);
    sink.read("party", party)
}

/// The message with the content of a party.
#[must_use]
pub fn render_party(party: &Party) -> v1::Party {
    into_message(party.clone())
}

/// The message with the content of a party, made of its strings.
pub(super) fn into_message(party: Party) -> v1::Party {
    let name = |name: PartyName| v1::PartyName {
        lang: name.lang.into(),
        name: name.name.into(),
        alias: name.alias,
        r#type: number(name.name_type),
        valid: name.valid.map(|valid| valid.text().to_owned()).unwrap_or_default(),
        used_by: render(name.used_by, |id| id.as_str().to_owned()),
    };
    v1::Party {
        party_id: party.id.as_str().to_owned(),
        r#type: party.party_type.to_wire(),
        names: render(party.names, name),
        external_ids: render(party.external_ids, render_external_id),
        ..v1::Party::default()
    }
}
