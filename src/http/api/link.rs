//! The address of the next page, as RFC 8288 has it.

use super::table::Route;
use form_urlencoded::{Serializer, parse};

/// Names that say where an answer begins; the next one begins elsewhere.
const BEGINNINGS: [&str; 3] = ["page_token", "after_position", "recorded_from"];

/// The value of a `Link` header that leads to the next page of a query.
pub(super) fn next(route: &Route, query: &str, name: &str, value: &str) -> String {
    let kept = parse(query.as_bytes()).filter(|(name, _)| !BEGINNINGS.contains(&&**name));
    let mut next = Serializer::new(String::new());
    next.extend_pairs(kept);
    next.append_pair(name, value);
    format!("<{}?{}>; rel=\"next\"", route.path(), next.finish())
}

#[cfg(test)]
mod tests {
    use super::super::table::ROUTES;
    use super::*;

    #[test]
    fn the_next_page_is_asked_for_as_the_first_one_was() {
        let route = ROUTES.iter().find(|route| route.name == "claims").unwrap();
        let link = next(route, "kind=a+b&page_token=00&text=%D8%A8%3E", "page_token", "07");
        assert_eq!(link, "</api/v1/claims?kind=a+b&text=%D8%A8%3E&page_token=07>; rel=\"next\"");
    }
}
