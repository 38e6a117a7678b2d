//! A flat query becomes the request of an rpc, as JSON, with all that is wrong with its parameters.

use super::choice::Choices;
use super::form::{self, ReplyForm};
use super::table::{FEED, FieldPlace, Param, Route, ValueShape};
use super::value::{field_of, is_single, value};
use super::violations::Violations;
use crate::http::transcode;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The parameters of a query.
#[derive(Debug)]
pub(in crate::http) struct FlatParameters {
    /// The request of the rpc, made of the parameters that are in order.
    pub(in crate::http) request: Value,
    /// The form of the answer.
    pub(super) form: ReplyForm,
    /// True if the query asks for one page or a number of entries: the answer is no more than that.
    pub(super) is_part: bool,
    /// The query with its names in order, as it tells one question from another.
    pub(super) canonical: String,
    /// The names that are given.
    pub(in crate::http) given: Vec<String>,
    /// The faults of the parameters.
    pub(in crate::http) violations: Violations,
}

/// Reads the query of a route.
pub(super) fn read(route: &Route, query: &str) -> FlatParameters {
    let mut given = values(query);
    let canonical = given.iter().map(|(name, values)| format!("{name}={values:?}&")).collect();
    let names = given.keys().cloned().collect();
    let mut violations = Vec::new();
    let form = ReplyForm::take(&mut given, &mut violations);
    let params: Vec<&Param> = route.params().collect();
    let mut request = request(route.rpc, &params, given, &mut violations);
    bound(route, &form, &mut request, &mut violations);
    let is_said = |name: &&str| request.get(name).is_some_and(|value| value != "0");
    let is_part = ["pageSize", "pageToken", "limit"].iter().any(is_said);
    FlatParameters { request, form, is_part, canonical, given: names, violations }
}

/// The parameters of the feed.
pub(in crate::http) fn feed_params() -> Vec<&'static Param> {
    FEED.iter().flat_map(|group| group.iter()).collect()
}

/// Reads the query of the feed: its request, the names that are given, and the faults of its parameters. Parameters in
/// `unused` are passed over.
pub(in crate::http) fn feed(query: &str, unused: &[&str]) -> (Value, Vec<String>, Violations) {
    let mut given = values(query);
    given.retain(|name, _| !unused.contains(&name.as_str()));
    let names = given.keys().cloned().collect();
    let mut violations = Vec::new();
    let request = request("Subscribe", &feed_params(), given, &mut violations);
    (request, names, violations)
}

/// The values of each name, in the order they are given.
fn values(query: &str) -> BTreeMap<String, Vec<String>> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        values.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    values
}

/// The request of an rpc. A parameter that is wrong is left out of it; of one that is given more than once the first counts.
fn request(
    rpc: &str,
    params: &[&'static Param],
    given: BTreeMap<String, Vec<String>>,
    violations: &mut Violations,
) -> Value {
    let mut request = Map::new();
    let mut item = Map::new();
    let Some(message) = transcode::method(rpc).map(|method| method.input()) else { return Value::Object(request) };
    let given = known_parameters(params, given, violations);
    let mut choices = Choices::of(params, &message, given.iter().map(|(param, _)| param.name).collect());
    for (param, values) in given {
        let Some(field) = field_of(param, &message) else { continue };
        let mut wrong = |fault| violations.push((param.name.to_owned(), fault));
        if is_single(param.shape) && values.len() > 1 {
            wrong("given more than once".to_owned());
        }
        let is_first = choices.take(param, &mut wrong);
        match value(param, &field, &values) {
            Err(faults) => faults.into_iter().for_each(wrong),
            Ok(_) if !is_first => {}
            Ok(value) => match param.place {
                FieldPlace::At(path) => insert(&mut request, path, value),
                FieldPlace::Filter(field) => drop(item.insert(field.to_owned(), value)),
            },
        }
    }
    if !item.is_empty() {
        request.insert("filter".to_owned(), json!({ "items": [item] }));
    }
    Value::Object(request)
}

/// Inserts a value at a path: names with dots between.
fn insert(message: &mut Map<String, Value>, path: &str, value: Value) {
    let Some((first, rest)) = path.split_once('.') else { return drop(message.insert(path.to_owned(), value)) };
    let within = message.entry(first).or_insert_with(|| json!({}));
    if let Some(within) = within.as_object_mut() {
        insert(within, rest, value);
    }
}

/// The parameters that say something, with their values; a name that is no parameter is a fault.
fn known_parameters(
    params: &[&'static Param],
    given: BTreeMap<String, Vec<String>>,
    violations: &mut Violations,
) -> Vec<(&'static Param, Vec<String>)> {
    let mut known = Vec::with_capacity(given.len());
    let mut are_named = false;
    for (name, values) in given {
        match params.iter().copied().find(|param| param.name == name) {
            Some(param) => known.push((param, given_values(param, values))),
            None => violations.push((name, unknown(params, std::mem::replace(&mut are_named, true)))),
        }
    }
    known.retain(|(_, values)| !values.is_empty());
    known
}

/// The fault of a name that is no parameter. The first one in a query names those that are.
fn unknown(params: &[&Param], are_named: bool) -> String {
    if are_named {
        return "not known here".to_owned();
    }
    let known: Vec<&str> = params.iter().map(|param| param.name).chain(form::NAMES).collect();
    format!("not known here; known are {}", known.join(", "))
}

/// The values that say something: a form and a dashboard send a name without a value for what is not filled in.
fn given_values(param: &Param, values: Vec<String>) -> Vec<String> {
    let says_by_being_there = matches!(param.shape, ValueShape::Flag | ValueShape::Empty);
    values.into_iter().filter(|value| says_by_being_there || !value.is_empty()).collect()
}

/// Holds the request against the most that one answer has. More is refused, since an answer with fewer entries looks
/// whole. A table of events has all of them, or the requested number.
fn bound(route: &Route, form: &ReplyForm, request: &mut Value, violations: &mut Violations) {
    const DEFAULT_EVENTS: u64 = 100;
    const MOST_EVENTS: u64 = 10_000;
    const MOST_ENTRIES: u64 = 1000;
    let number = |request: &Value, name: &str| {
        let text = request.get(name).and_then(Value::as_str)?;
        // More digits than a number has are too many entries too.
        Some(text.parse().unwrap_or(u64::MAX))
    };
    if let Some(size) = number(request, "pageSize").filter(|size| *size > MOST_ENTRIES) {
        let more = "without page_size, format=csv, ndjson and rows have all entries";
        violations.push((
            "page_size".to_owned(),
            format!("{size} is more than {MOST_ENTRIES}, the most in one page; {more}"),
        ));
    }
    let limit = number(request, "limit").filter(|limit| *limit > 0);
    let Some(request) = request.as_object_mut().filter(|_| route.rpc == "ReadEvents") else { return };
    match limit {
        Some(limit) if limit > MOST_EVENTS && !form.is_table() => {
            let more = "format=csv, ndjson and rows have as many as are asked for, and all without a limit";
            violations.push((
                "limit".to_owned(),
                format!("{limit} is more than {MOST_EVENTS}, the most in one answer; {more}"),
            ));
        }
        Some(_) => {}
        None if form.is_table() => drop(request.remove("limit")),
        None => drop(request.insert("limit".to_owned(), DEFAULT_EVENTS.to_string().into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::api::form::ReplyFormat;
    use crate::http::api::table::ROUTES;
    use prost_reflect::{Kind, MessageDescriptor};

    fn route(name: &str) -> &'static Route {
        ROUTES.iter().find(|route| route.name == name).unwrap()
    }

    #[test]
    fn a_flat_query_becomes_the_request_of_its_rpc() {
        let query = "relationship=AZE-RUS&kind=agreement&kind=talks&valid_at=2025-07&known_at=2025-08-02&mode=holds-at";
        let asked = read(route("state"), query);
        let item = json!({ "relationships": ["AZE-RUS"], "kinds": ["agreement", "talks"] });
        let expected = json!({
            "filter": { "items": [item] },
            "validAt": "2025-07",
            "cut": { "knownAt": "2025-08-02T00:00:00Z" },
            "mode": "STATE_MODE_HOLDS_AT",
        });
        assert_eq!((asked.request, asked.form.format), (expected, ReplyFormat::Json));
        let diff = read(route("diff"), "from_position=3&to_known_at=2025-08-02T00:00:00Z&format=csv");
        let expected =
            json!({ "from": { "cut": { "position": "3" } }, "to": { "cut": { "knownAt": "2025-08-02T00:00:00Z" } } });
        assert_eq!((diff.request, diff.form.format), (expected, ReplyFormat::Csv));
    }

    #[test]
    fn a_name_without_a_value_asks_nothing() {
        let asked = read(route("state"), "kind=&known_at=&valid_at=2025-07&include_retracted=&page_size=");
        assert_eq!(asked.request, json!({ "validAt": "2025-07", "includeRetracted": true }));
    }

    #[test]
    fn all_that_is_wrong_is_reported_at_once() {
        let faults = |name: &str, query: &str| -> Vec<String> {
            let violations = read(route(name), query).violations.into_iter();
            violations.map(|(name, fault)| format!("{name}: {fault}")).collect()
        };
        let all = faults(
            "state",
            "relation=x&page_size=many&format=xml&valid_at=1&valid_at=2&mode=then&status=gone&status=unspecified\
             &known_at=soon&external_id=x&include_retracted=perhaps&position=7",
        );
        for part in [
            "relation: not known here",
            "page_size: `many` is not a number",
            "format: `xml` is not one of json",
            "valid_at: given more than once",
            "mode: `then` is not one of holds_at, occurred_by, occurred_in",
            "status: `gone` is not one of ",
            "status: `unspecified` is not one of ",
            "known_at: `soon` is no instant",
            "external_id: `x`: expected scheme:id",
            "include_retracted: `perhaps` is neither",
            "known_at: given beside position; give one of known_at, position, basis",
            "position: given beside known_at; give one of known_at, position, basis",
        ] {
            assert!(all.iter().any(|one| one.starts_with(part)), "{part}: {all:?}");
        }
        assert_eq!(all.len(), 12, "{all:?}");
        assert_eq!(faults("state", "page_size=4294967296")[0], "page_size: `4294967296` is larger than 4294967295");
        assert!(faults("diff", "from_position=3&to_position=4").is_empty(), "each side has a cut of its own");
        let sides = faults("diff", "from_position=3&from_basis=x&to_position=4&from_known_at=2025");
        for part in [
            "from_basis: given beside from_known_at and from_position; give one of from_known_at, from_position, from_basis",
            "from_known_at: given beside from_position and from_basis; ",
            "from_known_at: `2025` is no instant",
            "from_position: given beside from_known_at and from_basis; ",
        ] {
            assert!(sides.iter().any(|one| one.starts_with(part)), "{part}: {sides:?}");
        }
        assert_eq!(sides.len(), 4, "{sides:?}");
    }

    #[test]
    fn a_date_or_an_instant_is_taken_as_it_is_pasted_wherever_a_parameter_is_one() {
        let query = "from_valid_at=2025-07-01T10:00:00+04:00&to_known_at=2025-07-01+10:00:00+04:00";
        let pasted = read(route("diff"), query).request;
        assert_eq!(pasted["from"]["validAt"], "2025-07-01T10:00:00+04:00");
        assert_eq!(pasted["to"]["cut"]["knownAt"], "2025-07-01T06:00:00Z");
        for param in ROUTES.iter().flat_map(Route::params).chain(feed_params()) {
            let is_date = matches!(param.shape, ValueShape::Date | ValueShape::Instant);
            assert_eq!(is_date, detente_ledger::wire::pasted_date::is_date_name(param.name), "{}", param.name);
        }
    }

    #[test]
    fn events_are_bounded() {
        let limit = |query: &str| read(route("events"), query).request["limit"].clone();
        assert_eq!(
            [limit(""), limit("limit=0"), limit("limit=7"), limit("limit=99999&format=csv")],
            ["100", "100", "7", "99999"]
        );
        assert_eq!([limit("format=csv"), limit("format=ndjson&limit=0")], [Value::Null, Value::Null]);
        for (name, query) in
            [("events", "limit=10001"), ("claims", "page_size=1001"), ("state", "page_size=1001&format=csv")]
        {
            let violations = read(route(name), query).violations;
            assert!(violations.iter().any(|(_, fault)| fault.contains("is more than 1")), "{query}: {violations:?}");
        }
    }

    #[test]
    fn an_answer_is_a_part_where_a_page_or_a_number_of_entries_is_asked_for() {
        for (query, is_part) in
            [("format=csv", false), ("format=csv&page_size=3", true), ("page_token=00", true), ("page_size=0", false)]
        {
            assert_eq!(read(route("claims"), query).is_part, is_part, "{query}");
        }
    }

    fn first_member(request: &MessageDescriptor, param: &Param, prefix: &str) -> String {
        let Kind::Enum(members) = field_of(param, request).unwrap().kind() else { panic!("{} is no enum", param.name) };
        let member = members.values().find(|member| member.number() != 0).unwrap();
        member.name().strip_prefix(prefix).unwrap().to_owned()
    }

    #[test]
    fn every_route_asks_an_rpc_that_has_the_fields_it_fills() {
        for route in ROUTES {
            let method = crate::http::transcode::method(route.rpc).unwrap_or_else(|| panic!("{}", route.rpc));
            if let Some(list) = route.list {
                assert!(method.output().get_field_by_name(list).is_some(), "{} has no {list}", route.rpc);
            }
            for param in route.params() {
                let sample = match param.shape {
                    ValueShape::Flag | ValueShape::Empty => "true",
                    ValueShape::Number => "1",
                    ValueShape::Instant => "2025-01-01",
                    ValueShape::Pairs(..) => "a:b",
                    ValueShape::Member(_) => "UNSPECIFIED",
                    ValueShape::Members(prefix) => &first_member(&method.input(), param, prefix),
                    ValueShape::Text | ValueShape::Texts | ValueShape::Date => "x",
                };
                let asked = read(route, &format!("{}={sample}", param.name));
                assert_eq!(asked.violations, [], "{} {}", route.name, param.name);
                let request = crate::http::transcode::request(&method, asked.request.to_string().as_bytes());
                assert!(request.is_ok(), "{} {}: {request:?}", route.name, param.name);
            }
        }
    }
}
