//! The columns of a message.

use super::EntryColumns;
use super::cell::{CellView, MessagePlace};
use detente_ingest::tables::{self, ColumnKind, Heading};
use detente_ledger::wire::path::snake_case;
use prost_reflect::{FieldDescriptor, Kind as Type, MessageDescriptor};
use std::borrow::Cow;
use std::collections::HashSet;

/// Depth to which messages are spread out; what lies deeper is JSON in a cell.
const DEPTH: usize = 4;
/// Members of a context in an entry. The other members are only there if the question has them.
const OF_CONTEXT: [&str; 4] = ["ledger_id", "basis", "position", "recorded_at"];

/// Entries that never have a claim that is retracted, so that nothing could stand in its columns about that.
const STANDING: [&str; 4] = ["Commitment", "Conflict", "Gap", "UpcomingTransition"];

/// The head of the table of an entry, and its columns.
pub(super) fn entry(
    message: MessageDescriptor,
    within: Option<&str>,
    languages: &[String],
) -> (Vec<Heading>, EntryColumns) {
    let within = within.and_then(|within| message.get_field_by_name(within));
    let claims = claims(&message, languages);
    let taken: HashSet<String> = claims.iter().flat_map(|(_, headings, _)| headings).map(name_of).collect();
    let mut spread =
        Spread { languages, entry: snake_case(message.name()), taken, headings: Vec::new(), places: Vec::new() };
    let own = message.fields().filter(|field| !is_claim(field) && within.as_ref() != Some(field));
    own.for_each(|field| spread.field(&field, &[], ""));
    let mut headings = spread.headings;
    let own = spread.places;
    headings.extend(claims.iter().flat_map(|(_, headings, _)| headings.clone()));
    let claims = claims.into_iter().map(|(number, _, columns)| (number, columns)).collect();
    let within = within.map(|list| {
        let mut of_element =
            Spread { languages, entry: String::new(), taken: HashSet::new(), headings: Vec::new(), places: Vec::new() };
        if let Some(element) = list.kind().as_message() {
            element.fields().for_each(|field| of_element.field(&field, &[], ""));
        }
        headings.append(&mut of_element.headings);
        (list, of_element.places)
    });
    (headings, EntryColumns::Spread { message, own, claims, within })
}

/// The claims in an entry: the number of the field, the heads, and the columns.
fn claims(message: &MessageDescriptor, languages: &[String]) -> Vec<(u32, Vec<Heading>, Vec<tables::Column>)> {
    let of_field = |field: FieldDescriptor| {
        let mut columns = tables::claim_columns(languages);
        columns.retain(|column| !(STANDING.contains(&message.name()) && column.name.starts_with("retract")));
        let heading = |column: &tables::Column| match field.name() {
            "claim" => column.heading(),
            other => Heading { name: format!("{other}_{}", column.name).into(), kind: column.kind },
        };
        (field.number(), columns.iter().map(heading).collect(), columns)
    };
    message.fields().filter(is_claim).map(of_field).collect()
}

fn is_claim(field: &FieldDescriptor) -> bool {
    !field.is_list() && field.kind().as_message().is_some_and(|of| of.full_name() == "detente.v1.Claim")
}

fn name_of(heading: &Heading) -> String {
    heading.name.to_string()
}

/// Columns that are being made.
struct Spread<'l> {
    languages: &'l [String],
    /// The name of the entry, which a column has before its own where a claim has one of that name.
    entry: String,
    /// Names of the columns of claims.
    taken: HashSet<String>,
    headings: Vec<Heading>,
    places: Vec<MessagePlace>,
}

impl Spread<'_> {
    fn field(&mut self, field: &FieldDescriptor, above: &[FieldDescriptor], prefix: &str) {
        let path: Vec<FieldDescriptor> = above.iter().cloned().chain([field.clone()]).collect();
        let name = column_name(prefix, field.name());
        match field.kind() {
            Type::Message(of) if field.is_list() => self.list(&of, &path, &name),
            Type::String | Type::Enum(_) if field.is_list() => self.push(name, ColumnKind::Ids, path, CellView::Ids),
            _ if field.is_list() => self.push(name, ColumnKind::Json, path, CellView::Json),
            Type::Message(of) => self.message(&of, path, name),
            kind => self.push(name, kind_of(&kind), path, CellView::Value),
        }
    }

    fn message(&mut self, of: &MessageDescriptor, path: Vec<FieldDescriptor>, name: String) {
        match of.full_name() {
            "google.protobuf.Timestamp" => self.push(name, ColumnKind::Instant, path, CellView::Instant),
            _ if of.fields().len() == 0 => self.push(name, ColumnKind::Flag, path, CellView::Presence),
            full if path.len() >= DEPTH || full.starts_with("google.protobuf.") => {
                self.push(name, ColumnKind::Json, path, CellView::Json);
            }
            full => {
                let is_context = full == "detente.v1.ReplyContext";
                let members = of.fields().filter(|member| !is_context || OF_CONTEXT.contains(&member.name()));
                members.for_each(|member| self.field(&member, &path, &name));
            }
        }
    }

    /// Of a list of messages: words by language, what can be joined (words of a vocabulary, numbers, ids), and all of it as
    /// JSON.
    fn list(&mut self, of: &MessageDescriptor, path: &[FieldDescriptor], name: &str) {
        if let (Some(lang), Some(words)) = (of.get_field_by_name("lang"), of.get_field_by_name("name")) {
            let single = name.strip_suffix('s').unwrap_or(name);
            let words = |wanted: Option<&String>| CellView::Words {
                lang: lang.clone(),
                words: words.clone(),
                wanted: wanted.cloned(),
            };
            self.push(single.to_owned(), ColumnKind::Text, path.to_vec(), words(None));
            for wanted in self.languages {
                self.push(tables::in_language(single, wanted), ColumnKind::Text, path.to_vec(), words(Some(wanted)));
            }
        }
        for member in of.fields().filter(is_joined) {
            let name = column_name(name, member.name());
            self.push(name, ColumnKind::Ids, path.to_vec(), CellView::Members(member));
        }
        self.push(name.to_owned(), ColumnKind::Json, path.to_vec(), CellView::Json);
    }

    /// Adds a column, unless there is one of that name, which has the same then.
    fn push(&mut self, name: String, kind: ColumnKind, path: Vec<FieldDescriptor>, view: CellView) {
        let name = if self.taken.contains(&name) { format!("{}_{name}", self.entry) } else { name };
        if !self.headings.iter().any(|heading| heading.name == name) {
            self.headings.push(Heading { name: Cow::Owned(name), kind });
            self.places.push(MessagePlace { path, view });
        }
    }
}

/// Returns true for a member of which a list can be joined: texts that anybody wrote may contain any mark.
fn is_joined(member: &FieldDescriptor) -> bool {
    let is_number = matches!(member.kind(), Type::Int32 | Type::Int64 | Type::Uint32 | Type::Uint64);
    let is_id = member.kind() == Type::String && member.name().ends_with("_id");
    !member.is_list() && (is_number || is_id || member.kind().as_enum().is_some())
}

/// The name of a member of a message in a column; a name that says where it stands is not said twice.
fn column_name(prefix: &str, name: &str) -> String {
    let stands = name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('_'));
    if prefix.is_empty() || stands { name.to_owned() } else { format!("{prefix}_{name}") }
}

fn kind_of(kind: &Type) -> ColumnKind {
    match kind {
        Type::Bool => ColumnKind::Flag,
        Type::Float | Type::Double => ColumnKind::Number,
        Type::Enum(_) => ColumnKind::Word,
        Type::String | Type::Bytes | Type::Message(_) => ColumnKind::Text,
        _ => ColumnKind::Integer,
    }
}

#[cfg(test)]
mod tests {
    use super::super::RouteTable;
    use super::*;
    use crate::http::api::table::ROUTES;
    use crate::http::transcode;

    fn names(route: &str, languages: &[&str]) -> Vec<String> {
        let route = ROUTES.iter().find(|one| one.name == route).unwrap();
        let languages: Vec<String> = languages.iter().map(|&lang| lang.to_owned()).collect();
        let table = RouteTable::of(route, &transcode::method(route.rpc).unwrap().output(), &languages);
        table.headings.iter().map(name_of).collect()
    }

    #[test]
    fn no_two_columns_of_a_route_have_one_name() {
        for route in ROUTES {
            let names = names(route.name, &["en", "zh-Hant"]);
            let unique: HashSet<&String> = names.iter().collect();
            assert!(unique.len() == names.len() && !names.is_empty(), "{}: {names:?}", route.name);
        }
    }

    #[test]
    fn the_manual_names_every_column_that_has_json() {
        let is_of_claim = |name: &str| tables::claim_columns(&[]).iter().any(|column| name.ends_with(&*column.name));
        let mut expected = String::from("| route | columns of JSON beside those of a claim |\n|---|---|\n");
        for route in ROUTES {
            let table = RouteTable::of(route, &transcode::method(route.rpc).unwrap().output(), &[]);
            let json = table.headings.iter().filter(|heading| heading.kind == ColumnKind::Json).map(name_of);
            let own: Vec<String> = json.filter(|name| !is_of_claim(name)).map(|name| format!("`{name}`")).collect();
            if !own.is_empty() {
                expected.push_str(&format!("| `{}` | {} |\n", route.name, own.join(", ")));
            }
        }
        let manual = include_str!("../../../../docs/HTTP.md").replace("\n  |", "\n|");
        assert!(manual.contains(&expected), "docs/HTTP.md should have:\n{expected}");
    }

    #[test]
    fn json_in_a_cell_is_a_list_or_what_happened_in_an_event() {
        for route in ROUTES {
            let table = RouteTable::of(route, &transcode::method(route.rpc).unwrap().output(), &[]);
            let EntryColumns::Spread { own, within, .. } = &table.entry else { continue };
            let places = own.iter().chain(within.iter().flat_map(|(_, places)| places));
            for place in places.filter(|place| matches!(place.view, CellView::Json)) {
                assert!(place.path.last().unwrap().is_list(), "{}: {:?}", route.name, place.path.last());
            }
        }
    }

    #[test]
    fn claims_have_the_columns_of_the_exports_wherever_they_stand() {
        let claim: Vec<String> =
            tables::claim_columns(&["en".into()]).iter().map(|column| column.name.to_string()).collect();
        for (route, before) in [
            ("state", ""),
            ("upcoming", ""),
            ("gaps", ""),
            ("commitments", ""),
            ("revisions", ""),
            ("conflicts", ""),
            ("conflicts", "other_"),
            ("diff", "before_"),
            ("diff", "after_"),
        ] {
            let names = names(route, &["en"]);
            for column in &claim {
                let may_be_retracted = ["state", "revisions", "diff"].contains(&route);
                let expected = may_be_retracted || !column.starts_with("retract");
                assert_eq!(names.contains(&format!("{before}{column}")), expected, "{route}: {before}{column}");
            }
        }
    }

    #[test]
    fn what_an_entry_says_beside_its_claim_is_told_apart_by_the_name_of_the_entry() {
        let revisions = names("revisions", &[]);
        assert!(
            ["revision_kind", "kind", "dispute_id"].iter().all(|name| revisions.contains(&(*name).to_owned())),
            "{revisions:?}"
        );
        assert!(names("commitments", &[]).starts_with(&["commitment_status".to_owned(), "definite".to_owned()]));
    }

    #[test]
    fn a_series_has_the_numbers_of_a_point_as_columns() {
        let names = names("series", &[]);
        assert!(
            names.starts_with(&["period", "from", "until", "beyond_sources", "group", "definite"].map(str::to_owned)),
            "{names:?}"
        );
    }

    #[test]
    fn words_of_parties_are_columns_by_language() {
        let names = names("parties", &["ar", "zh-Hant"]);
        assert!(
            ["name", "name_ar", "name_zh_hant", "names"].iter().all(|name| names.contains(&(*name).to_owned())),
            "{names:?}"
        );
    }
}
