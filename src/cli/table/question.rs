//! The question in words, and the coordinates of its answer: the two lines above every table.

use super::escape;
use crate::cli::{instant, words};
use detente_proto::v1::{
    Filter, FilterItem, LinkType, Modality, Polarity, ReplyContext, StateMode, Status, TemporalType,
};

/// `What holds in 2025-07 between AZE and RUS, as known at 2025-08-02T00:00:00Z?`
pub(crate) fn of_state(mode: StateMode, filter: Option<&Filter>, context: &ReplyContext) -> String {
    let at = match context.valid_at.as_str() {
        "" => "today",
        date => date,
    };
    let within = preposition(at);
    let what = match mode {
        StateMode::Unspecified => format!("What holds {within}{at} or has happened by then"),
        StateMode::HoldsAt => format!("What holds {within}{at}"),
        StateMode::OccurredBy => format!("What has happened by {at}"),
        StateMode::OccurredIn => format!("What happens {within}{at}"),
    };
    let words = format!("{what}{}, as known {}?", between(filter), known_at(context));
    escape::line(&words) + "\n" + &conditions(filter)
}

/// `Claims, as known at ...`, with what they must be.
pub(crate) fn of_list(what: &str, filter: Option<&Filter>, context: &ReplyContext) -> String {
    escape::line(&format!("{what}{}, as known {}", between(filter), known_at(context))) + "\n" + &conditions(filter)
}

/// `What changed between AZE and RUS from what was known at ... to what was known at ...?`, with what claims must be.
pub(crate) fn of_diff(filter: Option<&Filter>, from: &ReplyContext, to: &ReplyContext) -> String {
    let side = |context: &ReplyContext| match context.valid_at.as_str() {
        "" => format!("what was known {}", known_at(context)),
        date => format!("{date}, as known {},", known_at(context)),
    };
    let words = format!("What changed{} from {} to {}", between(filter), side(from), side(to));
    escape::line(&format!("{}?", words.trim_end_matches(','))) + "\n" + &conditions(filter)
}

/// The place of the answer in the record, as a line that lets one ask again, and below it the hints.
pub(crate) fn coordinates(context: &ReplyContext) -> String {
    let recorded = match &context.recorded_at {
        Some(at) => format!(", recorded {}", instant::format(Some(at))),
        None => String::new(),
    };
    let supposed = if context.supposed { "; what is supposed on top of it is NOT recorded" } else { "" };
    let line = format!("position {}{recorded}, basis {}{supposed}", context.position, context.basis);
    escape::line(&line) + "\n" + &hints(context)
}

/// The hints of an answer that has nothing, one a line.
fn hints(context: &ReplyContext) -> String {
    context.hints.iter().map(|hint| format!("Hint: {}.\n", escape::visible(hint))).collect()
}

/// Describes a filter in short; `all events` if it has no condition.
pub(crate) fn filter(filter: Option<&Filter>) -> String {
    let of_item = |item: &FilterItem| {
        let relationships = condition("relationship", item.relationships.clone());
        relationships.into_iter().chain(of_item(item)).collect::<Vec<_>>().join("; ")
    };
    match filter {
        None => "all events".to_owned(),
        Some(filter) if filter.items.is_empty() => "all claims".to_owned(),
        Some(filter) => filter.items.iter().map(of_item).collect::<Vec<_>>().join(" | "),
    }
}

fn known_at(context: &ReplyContext) -> String {
    match &context.known_at {
        Some(at) => format!("at {}", instant::format(Some(at))),
        None => format!("at position {}", context.position),
    }
}

/// `in` a month, `on` a day, `at` a time.
fn preposition(date: &str) -> &'static str {
    match date {
        "today" => "",
        time if time.contains('T') => "at ",
        day if day.len() == "YYYY-MM-DD".len() && !day.contains('X') => "on ",
        _ => "in ",
    }
}

/// Names the relationship, if the filter asks for exactly one.
fn between(filter: Option<&Filter>) -> String {
    let item = filter.and_then(|filter| filter.items.first());
    match item.map(|item| item.relationships.as_slice()) {
        Some([relationship]) => format!(" between {}", join_parties(&relationship.split('-').collect::<Vec<_>>())),
        Some([_, ..]) => format!(" in {}", item.map(|item| item.relationships.join(" or ")).unwrap_or_default()),
        _ => String::new(),
    }
}

fn join_parties(parties: &[&str]) -> String {
    match parties {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => parties.concat(),
    }
}

/// Describes the conditions beyond the relationship in a line; empty if there are none.
fn conditions(filter: Option<&Filter>) -> String {
    let conditions: Vec<String> = filter.and_then(|filter| filter.items.first()).map(of_item).unwrap_or_default();
    match conditions.is_empty() {
        true => String::new(),
        false => escape::line(&format!("only: {}", conditions.join("; "))) + "\n",
    }
}

fn of_item(item: &FilterItem) -> Vec<String> {
    let roles = item.party_roles.iter().map(|role| format!("{} as {}", role.party_id, role.role));
    let links = item.links.iter().map(|link| format!("{} {}", words::format::<LinkType>(link.r#type), link.claim_id));
    let ids = item.external_ids.iter().map(|id| format!("{}:{}", id.scheme, id.id));
    let codes = item.codes.iter().map(|code| format!("{}:{}", code.scheme, code.code));
    [
        condition("party", item.parties.clone()),
        condition("party", roles.collect()),
        condition("kind", item.kinds.clone()),
        condition("asserted by", item.asserted_by.clone()),
        condition("modality", all::<Modality>(&item.modalities)),
        condition("status", all::<Status>(&item.statuses)),
        condition("polarity", all::<Polarity>(&item.polarities)),
        condition("type", all::<TemporalType>(&item.temporal_types)),
        condition("source", item.sources.clone()),
        condition("link", links.collect()),
        condition("external id", ids.collect()),
        condition("label", item.labels.clone()),
        condition("claim", item.claim_ids.clone()),
        condition("code", codes.collect()),
        condition("recorded from", item.recorded_from.iter().map(|at| instant::format(Some(at))).collect()),
        condition("recorded before", item.recorded_before.iter().map(|at| instant::format(Some(at))).collect()),
        condition("text", Some(item.text.clone()).filter(|text| !text.is_empty()).into_iter().collect()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn all<W: words::OptionWord>(numbers: &[i32]) -> Vec<String> {
    numbers.iter().copied().map(words::format::<W>).collect()
}

fn condition(name: &str, values: Vec<String>) -> Option<String> {
    (!values.is_empty()).then(|| format!("{name} {}", values.join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question_text(relationships: &[&str], kinds: &[&str]) -> String {
        let item = FilterItem {
            relationships: relationships.iter().map(ToString::to_string).collect(),
            kinds: kinds.iter().map(ToString::to_string).collect(),
            modalities: vec![Modality::Absent.into()],
            ..Default::default()
        };
        let context = ReplyContext {
            valid_at: "2025-07".into(),
            known_at: Some(instant::read("2025-08-02").unwrap()),
            ..Default::default()
        };
        of_state(StateMode::HoldsAt, Some(&Filter { items: vec![item] }), &context)
    }

    #[test]
    fn the_question_is_repeated_in_words() {
        assert_eq!(
            question_text(&["AZE-RUS"], &["agreement", "treaty"]),
            "What holds in 2025-07 between AZE and RUS, as known at 2025-08-02T00:00:00Z?\n\
             only: kind agreement or treaty; modality absent\n"
        );
    }

    #[test]
    fn several_relationships_and_several_parties_are_told_apart() {
        assert!(question_text(&["ARM-AZE-RUS"], &[]).contains("between ARM, AZE and RUS,"));
        assert!(question_text(&["ARM-AZE", "AZE-RUS"], &[]).contains(" in ARM-AZE or AZE-RUS,"));
    }
}
