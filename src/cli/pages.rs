//! Many pages as one answer.
//!
//! A page token pins the cut of the first page, so the joined answer is one answer at one basis, however much is
//! recorded meanwhile.

use std::collections::HashSet;

use super::{CommandFailure, json::Wire, page_args::PageArgs};
use detente_client::PagedQuestion;
use detente_proto::v1;

/// As many as the server gives at once.
const LARGEST_PAGE: u32 = 1000;

/// A reply that is a list.
pub(crate) trait List: Wire {
    /// The type of its elements.
    type Element: Wire;

    /// Returns its elements.
    fn elements(&self) -> &[Self::Element];
}

/// A reply that is one page of a list.
pub(crate) trait Page: List {
    /// Adds the page that comes after this one.
    fn absorb(&mut self, later: Self);
}

macro_rules! paged {
    ($($reply:ident [$list:ident: $element:ident]),* $(,)?) => {
        $(impl List for v1::$reply {
            type Element = v1::$element;

            fn elements(&self) -> &[v1::$element] {
                &self.$list
            }
        }

        impl Page for v1::$reply {
            fn absorb(&mut self, later: Self) {
                self.$list.extend(later.$list);
                self.next_page_token = later.next_page_token;
            }
        })*
    };
}

paged!(
    DiffResponse [changes: ClaimChange],
    GetStateResponse [matches: StateMatch],
    ListClaimsResponse [claims: Claim],
    ListKindsResponse [kinds: Kind],
    ListCommitmentsResponse [commitments: Commitment],
    ListConflictsResponse [conflicts: Conflict],
    ListCorroborationResponse [corroborations: Corroboration],
    ListGapsResponse [gaps: Gap],
    ListPartiesResponse [parties: Party],
    ListRelationshipsResponse [relationships: Relationship],
    ListRevisionsResponse [revisions: Revision],
    ListSchemesResponse [schemes: Scheme],
    ListSourcesResponse [sources: Source],
    ListUpcomingResponse [transitions: UpcomingTransition],
);

impl List for v1::ComparePerspectivesResponse {
    type Element = v1::PerspectiveState;

    fn elements(&self) -> &[v1::PerspectiveState] {
        &self.perspectives
    }
}

impl List for v1::GetSeriesResponse {
    type Element = v1::SeriesBucket;

    fn elements(&self) -> &[v1::SeriesBucket] {
        &self.buckets
    }
}

impl List for v1::GetTimelineResponse {
    type Element = v1::TimelineSegment;

    fn elements(&self) -> &[v1::TimelineSegment] {
        &self.segments
    }
}

impl Page for v1::GetTimelineResponse {
    /// A segment may continue on the next page, and each page names its claims again.
    fn absorb(&mut self, later: Self) {
        let mut segments = later.segments.into_iter();
        if let Some(open) = self.segments.last_mut().filter(|last| last.continues)
            && let Some(rest) = segments.next()
        {
            open.definite.extend(rest.definite);
            open.possible.extend(rest.possible);
            open.entered.extend(rest.entered);
            open.left.extend(rest.left);
            open.continues = rest.continues;
        }
        self.segments.extend(segments);
        let known: HashSet<String> = self.claims.iter().map(|claim| claim.claim_id.clone()).collect();
        self.claims.extend(later.claims.into_iter().filter(|claim| !known.contains(&claim.claim_id)));
        self.next_page_token = later.next_page_token;
    }
}

/// Asks a question and, unless one page is wanted, turns all the pages of its answer.
pub(crate) async fn turn<Q: PagedQuestion<Answer: Page>, E>(
    args: PageArgs,
    mut question: Q,
    mut ask: impl AsyncFnMut(Q) -> Result<Q::Answer, E>,
) -> Result<Q::Answer, CommandFailure>
where
    CommandFailure: From<E>,
{
    let one = args.one();
    // 0 leaves the size of a page to the server.
    *question.page_size() = args.page_size.unwrap_or(if one { 0 } else { LARGEST_PAGE });
    *question.page_token() = args.page_token.unwrap_or_default();
    let mut reply = ask(question.clone()).await?;
    while !one && !Q::next_page(&reply).is_empty() {
        *question.page_token() = Q::next_page(&reply).to_owned();
        reply.absorb(ask(question.clone()).await?);
    }
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1::{ListPartiesRequest, ListPartiesResponse, Party};

    /// A server with five parties, two a page.
    async fn parties(question: ListPartiesRequest) -> Result<ListPartiesResponse, CommandFailure> {
        let start: usize = question.page_token.parse().unwrap_or(0);
        let end = (start + 2).min(5);
        let party = |n: usize| Party { party_id: n.to_string(), ..Default::default() };
        let next_page_token = if end < 5 { end.to_string() } else { String::new() };
        Ok(ListPartiesResponse { parties: (start..end).map(party).collect(), next_page_token, ..Default::default() })
    }

    async fn ids(args: PageArgs) -> (String, String) {
        let reply = turn(args, ListPartiesRequest::default(), parties).await.unwrap();
        (reply.parties.iter().map(|party| party.party_id.as_str()).collect(), reply.next_page_token)
    }

    #[tokio::test]
    async fn all_pages_are_one_answer() {
        assert_eq!(ids(PageArgs::default()).await, ("01234".into(), String::new()));
    }

    #[test]
    fn a_segment_that_goes_on_is_one_and_a_claim_is_named_once() {
        let page = |segments: &[(&str, &[&str], bool)], next: &str| v1::GetTimelineResponse {
            segments: segments
                .iter()
                .map(|(period, definite, continues)| v1::TimelineSegment {
                    period: (*period).to_owned(),
                    definite: definite.iter().map(ToString::to_string).collect(),
                    continues: *continues,
                    ..Default::default()
                })
                .collect(),
            claims: segments
                .iter()
                .flat_map(|(_, ids, _)| *ids)
                .map(|id| v1::Claim { claim_id: (*id).to_owned(), ..Default::default() })
                .collect(),
            next_page_token: next.to_owned(),
            ..Default::default()
        };
        let mut whole = page(&[("1", &["a"], false), ("2", &["b"], true)], "x");
        whole.absorb(page(&[("2", &["c"], true)], "y"));
        whole.absorb(page(&[("2", &["d"], false), ("3", &["b", "e"], false)], ""));
        let all: Vec<String> = whole.segments.iter().map(|s| s.definite.concat()).collect();
        assert_eq!(all, ["a", "bcd", "be"]);
        assert_eq!(whole.claims.iter().map(|claim| claim.claim_id.as_str()).collect::<String>(), "abcde");
        assert!(!whole.segments[1].continues && whole.next_page_token.is_empty());
    }

    #[tokio::test]
    async fn one_page_is_one_page_with_the_token_of_the_next() {
        let first = PageArgs { page_size: Some(2), page_token: None };
        assert_eq!(ids(first).await, ("01".into(), "2".into()));
        let second = PageArgs { page_size: None, page_token: Some("2".into()) };
        assert_eq!(ids(second).await, ("23".into(), "4".into()));
    }
}
