//! The faults of an address that its view can find without the services: what is no instant, and what is no choice of a form.

use super::coordinates::{MODES, mode};
use super::relationship::SPANS;
use super::request::PageRequest;
use super::series::{BUCKETS, GROUPS};
use detente_ledger::wire::pasted_date::is_date_name;
use detente_ledger::wire::path::is_within;
use detente_ledger::wire::time::{read_instant, recorded_at};
use detente_proto::v1::StateMode;

/// Faults: of each the name in the address, and what is wrong.
pub(super) type Faults = Vec<(String, String)>;

/// The faults of the address of a view. A name that the view does not read has none: links gather all sorts of names.
pub(super) fn faults(asked: &PageRequest) -> Faults {
    let mut faults = Vec::new();
    for name in asked.names() {
        let value = asked.get(name);
        if is_date_name(name) && asked.non_empty(name).any(|other| other != value) {
            faults.push((name.to_owned(), "given more than once".to_owned()));
        }
        let fault =
            instant_fault(asked, name).or_else(|| choice_fault(asked, name)).or_else(|| place_fault(asked, name));
        if let Some(fault) = fault {
            faults.push((name.to_owned(), fault));
        }
    }
    faults
}

fn instant_fault(asked: &PageRequest, name: &str) -> Option<String> {
    let is_instant = match name {
        "known_at" => true,
        "from_known_at" | "to_known_at" => asked.path() == "/diff",
        _ => false,
    };
    let value = Some(asked.get(name)).filter(|value| is_instant && !value.is_empty())?;
    let lacks = match read_instant(value) {
        Ok(instant) => recorded_at(&instant).err().map(|expected| format!("expected {expected}")),
        Err(lacks) => Some(lacks),
    };
    lacks.map(|lacks| format!("`{value}` is no instant: {lacks}"))
}

fn choice_fault(asked: &PageRequest, name: &str) -> Option<String> {
    let (path, value) = (asked.path(), asked.get(name));
    let known: Vec<&str> = match name {
        "mode" if path.starts_with("/relationship/") || path == "/what-if" => {
            if mode(asked) != StateMode::Unspecified {
                return None;
            }
            MODES.iter().map(|one| one.0).collect()
        }
        "span" if path.starts_with("/relationship/") => SPANS.iter().map(|one| one.0).collect(),
        "bucket" if path == "/series" => BUCKETS.iter().map(|one| one.0).collect(),
        "group" if path == "/series" => GROUPS.iter().map(|one| one.0).collect(),
        _ => return None,
    };
    let is_known = value.is_empty() || known.contains(&value);
    let listed: Vec<&str> = known.into_iter().filter(|known| !known.is_empty()).collect();
    (!is_known).then(|| format!("`{value}` is not one of {}", listed.join(", ")))
}

/// The fault of a place in the feed.
fn place_fault(asked: &PageRequest, name: &str) -> Option<String> {
    let value =
        Some(asked.get(name)).filter(|value| asked.path() == "/feed" && name == "before" && !value.is_empty())?;
    value.parse::<u64>().is_err().then(|| format!("`{value}` is not the position of an event"))
}

/// The name in an address of a field of a request.
pub(super) fn name_of(field: &str) -> &str {
    const NAMES: [(&str, &str); 18] = [
        ("filter.items[0].relationships", "relationship"),
        ("filter.items[0].kinds", "kind"),
        ("filter.items[0].claim_ids", "retract"),
        ("filter.items[0].text", "q"),
        ("cut.known_at", "known_at"),
        ("cut.basis", "basis"),
        ("from.valid_at", "from_valid_at"),
        ("from.cut.known_at", "from_known_at"),
        ("from.cut.basis", "from_basis"),
        ("to.valid_at", "to_valid_at"),
        ("to.cut.known_at", "to_known_at"),
        ("to.cut.basis", "to_basis"),
        ("what_if[0].assert_claim.claim.kind", "claim_kind"),
        ("what_if[0].assert_claim.claim.valid", "valid"),
        ("what_if[0].assert_claim.claim.texts", "text"),
        ("what_if[0].assert_claim.claim.relationships", "relationship"),
        ("what_if[0].retract_claim.claim_id", "retract"),
        ("what_if[1].retract_claim.claim_id", "retract"),
    ];
    NAMES.iter().find(|(begin, _)| is_within(field, begin)).map_or(field, |(_, name)| name)
}
