//! A flat query becomes the request of an rpc, as JSON. All that is wrong with it is told at once.

use super::form::{self, Form};
use super::table::{FEED, Param, Place, Route, Shape};
use crate::http::failure::Failure;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a query asks.
#[derive(Debug)]
pub(in crate::http) struct Asked {
    /// The request of the rpc.
    pub(super) request: Value,
    /// The form of the answer.
    pub(super) form: Form,
    /// Set where one page is asked for, or so many entries: the answer is no more than that.
    pub(super) is_part: bool,
    /// The query with its names in order, as it tells one question from another.
    pub(super) canonical: String,
}

/// Reads the query of a route.
pub(super) fn read(route: &Route, query: &str) -> Result<Asked, Failure> {
    let mut given = values(query);
    let canonical = given.iter().map(|(name, values)| format!("{name}={values:?}&")).collect();
    let mut wrong = Vec::new();
    let form = Form::take(&mut given, &mut wrong);
    let params: Vec<&Param> = route.params().collect();
    let mut request = request(&params, given, &mut wrong);
    bound(route, &form, &mut request, &mut wrong);
    let is_said = |name: &&str| request.get(name).is_some_and(|value| value != "0");
    let is_part = ["pageSize", "pageToken", "limit"].iter().any(is_said);
    if wrong.is_empty() { Ok(Asked { request, form, is_part, canonical }) } else { Err(Failure::invalid_fields(wrong)) }
}

/// Reads the query of the feed.
pub(in crate::http) fn feed(query: &str) -> Result<Value, Failure> {
    let params: Vec<&Param> = FEED.iter().flat_map(|group| group.iter()).collect();
    let mut wrong = Vec::new();
    let request = request(&params, values(query), &mut wrong);
    if wrong.is_empty() { Ok(request) } else { Err(Failure::invalid_fields(wrong)) }
}

/// The values of each name, in the order they are given.
fn values(query: &str) -> BTreeMap<String, Vec<String>> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        values.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    values
}

fn request(params: &[&Param], given: BTreeMap<String, Vec<String>>, wrong: &mut Vec<(String, String)>) -> Value {
    let mut request = Map::new();
    let mut item = Map::new();
    for (name, values) in given {
        let Some(param) = params.iter().find(|param| param.name == name) else {
            let known: Vec<&str> = params.iter().map(|param| param.name).chain(form::NAMES).collect();
            let known = format!("not known here; known are {}", known.join(", "));
            wrong.push((name, known));
            continue;
        };
        let values = given_values(param, values);
        if values.is_empty() {
            continue;
        }
        match value(param, values) {
            Err(expected) => wrong.push((name, expected)),
            Ok(value) => match param.place {
                Place::Top(field) => drop(request.insert(field.to_owned(), value)),
                Place::Filter(field) => drop(item.insert(field.to_owned(), value)),
                Place::Under(message, field) => {
                    let under = request.entry(message).or_insert_with(|| json!({}));
                    under.as_object_mut().map(|under| under.insert(field.to_owned(), value));
                }
            },
        }
    }
    if !item.is_empty() {
        request.insert("filter".to_owned(), json!({ "items": [item] }));
    }
    Value::Object(request)
}

/// The values that say something: a form and a dashboard send a name without a value for what is not filled in.
fn given_values(param: &Param, values: Vec<String>) -> Vec<String> {
    let says_by_being_there = matches!(param.shape, Shape::Flag | Shape::Empty);
    values.into_iter().filter(|value| says_by_being_there || !value.is_empty()).collect()
}

/// Holds what is asked against what one answer has at most. More is refused, since an answer with fewer entries looks whole. A
/// table of events has all of them, or as many as were asked for.
fn bound(route: &Route, form: &Form, request: &mut Value, wrong: &mut Vec<(String, String)>) {
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
        wrong.push((
            "page_size".to_owned(),
            format!("{size} is more than {MOST_ENTRIES}, the most in one page; {more}"),
        ));
    }
    let limit = number(request, "limit").filter(|limit| *limit > 0);
    let Some(request) = request.as_object_mut().filter(|_| route.rpc == "ReadEvents") else { return };
    match limit {
        Some(limit) if limit > MOST_EVENTS && !form.is_table() => {
            let more = "format=csv, ndjson and rows have as many as are asked for, and all without a limit";
            wrong.push((
                "limit".to_owned(),
                format!("{limit} is more than {MOST_EVENTS}, the most in one answer; {more}"),
            ));
        }
        Some(_) => {}
        None if form.is_table() => drop(request.remove("limit")),
        None => drop(request.insert("limit".to_owned(), DEFAULT_EVENTS.to_string().into())),
    }
}

fn value(param: &Param, values: Vec<String>) -> Result<Value, String> {
    match param.shape {
        Shape::Texts => Ok(values.into()),
        Shape::Members(prefix) => Ok(values.iter().map(|value| member(prefix, value)).collect()),
        Shape::Pairs(first, second) => values.iter().map(|value| pair(first, second, value)).collect(),
        single => match <[String; 1]>::try_from(values) {
            Ok([value]) => one(single, value),
            Err(_) => Err("given more than once".to_owned()),
        },
    }
}

fn one(shape: Shape, value: String) -> Result<Value, String> {
    match (shape, value.as_str()) {
        (Shape::Flag, "true" | "1" | "") => Ok(true.into()),
        (Shape::Flag, "false" | "0") => Ok(false.into()),
        (Shape::Empty, "true" | "1" | "") => Ok(json!({})),
        (Shape::Flag | Shape::Empty, _) => Err(format!("`{value}` is neither true nor false")),
        (Shape::Number, digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(value.into())
        }
        (Shape::Number, _) => Err(format!("`{value}` is not a number")),
        (Shape::Instant, _) => Ok(instant(value).into()),
        (Shape::Text, date_time) if has_bare_zone(date_time) => Ok(value.replace(' ', "+").into()),
        (Shape::Member(prefix), name) => Ok(member(prefix, name)),
        _ => Ok(value.into()),
    }
}

/// The whole name of a member of an enum.
fn member(prefix: &str, name: &str) -> Value {
    let name = name.to_ascii_uppercase().replace('-', "_");
    if name.starts_with(prefix) { name.into() } else { format!("{prefix}{name}").into() }
}

/// True for a date-time that has a space before its zone: in a query a `+` is a space.
fn has_bare_zone(text: &str) -> bool {
    let zone = text.split_once('T').and_then(|(_, time)| time.split_once(' '));
    text.starts_with(|c: char| c.is_ascii_digit())
        && zone.is_some_and(|(_, zone)| zone.bytes().all(|byte| byte.is_ascii_digit() || byte == b':'))
}

/// A day stands for its first moment, and a number of 11 to 15 digits for milliseconds since 1970, as dashboards write them. In
/// a query a `+` is a space, so that one before a zone has become one.
fn instant(text: String) -> String {
    if let (11..=15, Ok(milliseconds)) = (text.trim_start_matches('-').len(), text.parse()) {
        return jiff::Timestamp::from_millisecond(milliseconds).map_or(text, |instant| instant.to_string());
    }
    let is_day = text.len() == "YYYY-MM-DD".len() && !text.contains('T');
    if is_day { text + "T00:00:00Z" } else { text.replace(' ', "+") }
}

fn pair(first: &str, second: &str, value: &str) -> Result<Value, String> {
    let (one, other) = value.split_once(':').ok_or_else(|| format!("`{value}`: expected {first}:{second}"))?;
    Ok(json!({ first: one, second: other }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::api::form::Format;
    use crate::http::api::table::ROUTES;

    fn route(name: &str) -> &'static Route {
        ROUTES.iter().find(|route| route.name == name).unwrap()
    }

    #[test]
    fn a_flat_query_becomes_the_request_of_its_rpc() {
        let query = "relationship=AZE-RUS&kind=agreement&kind=talks&valid_at=2025-07&known_at=2025-08-02&mode=holds-at";
        let asked = read(route("state"), query).unwrap();
        let item = json!({ "relationships": ["AZE-RUS"], "kinds": ["agreement", "talks"] });
        let expected = json!({
            "filter": { "items": [item] },
            "validAt": "2025-07",
            "knownAt": "2025-08-02T00:00:00Z",
            "mode": "STATE_MODE_HOLDS_AT",
        });
        assert_eq!((asked.request, asked.form.format), (expected, Format::Json));
        let diff = read(route("diff"), "from_position=3&to_known_at=2025-08-02T00:00:00Z&format=csv").unwrap();
        let expected = json!({ "from": { "position": "3" }, "to": { "knownAt": "2025-08-02T00:00:00Z" } });
        assert_eq!((diff.request, diff.form.format), (expected, Format::Csv));
    }

    #[test]
    fn a_name_without_a_value_asks_nothing() {
        let asked = read(route("state"), "kind=&known_at=&valid_at=2025-07&include_retracted=&page_size=").unwrap();
        assert_eq!(asked.request, json!({ "validAt": "2025-07", "includeRetracted": true }));
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let failure = read(route("state"), "relation=x&page_size=many&format=xml&valid_at=1&valid_at=2").unwrap_err();
        let message = failure.0.message;
        for part in ["relation: not known here", "page_size: `many`", "format: `xml`", "valid_at: given more than once"]
        {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn events_are_bounded() {
        let limit = |query: &str| read(route("events"), query).unwrap().request["limit"].clone();
        assert_eq!(
            [limit(""), limit("limit=0"), limit("limit=7"), limit("limit=99999&format=csv")],
            ["100", "100", "7", "99999"]
        );
        assert_eq!([limit("format=csv"), limit("format=ndjson&limit=0")], [Value::Null, Value::Null]);
        for (name, query) in
            [("events", "limit=10001"), ("claims", "page_size=1001"), ("state", "page_size=1001&format=csv")]
        {
            assert!(read(route(name), query).unwrap_err().0.message.contains("is more than 1"), "{query}");
        }
    }

    #[test]
    fn an_answer_is_a_part_where_a_page_or_a_number_of_entries_is_asked_for() {
        for (query, is_part) in
            [("format=csv", false), ("format=csv&page_size=3", true), ("page_token=00", true), ("page_size=0", false)]
        {
            assert_eq!(read(route("claims"), query).unwrap().is_part, is_part, "{query}");
        }
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
                    Shape::Flag | Shape::Empty => "true",
                    Shape::Number => "1",
                    Shape::Instant => "2025-01-01",
                    Shape::Pairs(..) => "a:b",
                    Shape::Member(_) | Shape::Members(_) => "UNSPECIFIED",
                    Shape::Text | Shape::Texts => "x",
                };
                let asked = read(route, &format!("{}={sample}", param.name)).unwrap();
                let request = crate::http::transcode::request(&method, asked.request.to_string().as_bytes());
                assert!(request.is_ok(), "{} {}: {request:?}", route.name, param.name);
            }
        }
    }
}
