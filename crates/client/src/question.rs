//! The questions: the requests of the contract that read, each with its answer.
//!
//! One trait stands for a method for each: [`Client::ask`](super::Client::ask) handles cuts and broken connections for
//! all of them.

use super::connect::Stub;
use detente_proto::v1::{self, ReplyContext};
use tonic::{Request, Response, Status};

/// The result of an attempt.
type ResponseResult<A> = Result<Response<A>, Status>;

/// A request that reads.
pub trait Question: Clone + Send + Sync + sealed::Sealed + 'static {
    /// The message that answers it.
    type Answer: Send + 'static;

    /// Makes it a question at this basis, where it names no cut.
    fn stand_at(&mut self, basis: String);

    /// The coordinates that an answer says it was computed at.
    fn context(answer: &Self::Answer) -> Option<&ReplyContext>;

    /// Asks once.
    fn put(request: Request<Self>, stub: Stub) -> impl Future<Output = ResponseResult<Self::Answer>> + Send;
}

/// A question whose answer comes in pages.
pub trait PagedQuestion: Question {
    /// The type of the entries that the answer lists.
    type Entry: Send + 'static;

    /// The most entries of a page; 0 leaves it to the server.
    fn page_size(&mut self) -> &mut u32;

    /// The token of the page asked for; empty for the first.
    fn page_token(&mut self) -> &mut String;

    /// The token of the next page; empty on the last.
    fn next_page(answer: &Self::Answer) -> &str;

    /// The entries of a page.
    fn entries(answer: Self::Answer) -> Vec<Self::Entry>;
}

mod sealed {
    /// Only the requests of the contract are questions.
    pub trait Sealed {}
}

/// Names a basis where no cut is named.
fn name_cut(cut: &mut Option<v1::Cut>, basis: String) {
    if cut.as_ref().is_none_or(v1::Cut::is_head) {
        *cut = Some(v1::Cut::basis(basis));
    }
}

macro_rules! put {
    ($request:ident, $answer:ident, $rpc:ident) => {
        type Answer = v1::$answer;

        async fn put(request: Request<Self>, mut stub: Stub) -> ResponseResult<v1::$answer> {
            stub.$rpc(request).await
        }
    };
}

macro_rules! at_a_cut {
    ($($request:ident => $rpc:ident => $answer:ident),* $(,)?) => {$(
        impl sealed::Sealed for v1::$request {}

        impl Question for v1::$request {
            put!($request, $answer, $rpc);

            fn stand_at(&mut self, basis: String) {
                name_cut(&mut self.cut, basis);
            }

            fn context(answer: &v1::$answer) -> Option<&ReplyContext> {
                answer.context.as_ref()
            }
        }
    )*};
}

macro_rules! without_a_cut {
    ($($request:ident => $rpc:ident => $answer:ident),* $(,)?) => {$(
        impl sealed::Sealed for v1::$request {}

        impl Question for v1::$request {
            put!($request, $answer, $rpc);

            fn stand_at(&mut self, _: String) {}

            fn context(_: &v1::$answer) -> Option<&ReplyContext> {
                None
            }
        }
    )*};
}

macro_rules! paged {
    ($($request:ident => $answer:ident [$list:ident: $entry:ident]),* $(,)?) => {$(
        impl PagedQuestion for v1::$request {
            type Entry = v1::$entry;

            fn page_size(&mut self) -> &mut u32 {
                &mut self.page_size
            }

            fn page_token(&mut self) -> &mut String {
                &mut self.page_token
            }

            fn next_page(answer: &v1::$answer) -> &str {
                &answer.next_page_token
            }

            fn entries(answer: v1::$answer) -> Vec<v1::$entry> {
                answer.$list
            }
        }
    )*};
}

at_a_cut!(
    ComparePerspectivesRequest => compare_perspectives => ComparePerspectivesResponse,
    GetClaimRequest => get_claim => GetClaimResponse,
    GetSeriesRequest => get_series => GetSeriesResponse,
    GetStateRequest => get_state => GetStateResponse,
    GetTimelineRequest => get_timeline => GetTimelineResponse,
    ListClaimsRequest => list_claims => ListClaimsResponse,
    ListCommitmentsRequest => list_commitments => ListCommitmentsResponse,
    ListConflictsRequest => list_conflicts => ListConflictsResponse,
    ListCorroborationRequest => list_corroboration => ListCorroborationResponse,
    ListGapsRequest => list_gaps => ListGapsResponse,
    ListKindsRequest => list_kinds => ListKindsResponse,
    ListPartiesRequest => list_parties => ListPartiesResponse,
    ListRelationshipsRequest => list_relationships => ListRelationshipsResponse,
    ListRevisionsRequest => list_revisions => ListRevisionsResponse,
    ListSchemesRequest => list_schemes => ListSchemesResponse,
    ListSourcesRequest => list_sources => ListSourcesResponse,
    ListUpcomingRequest => list_upcoming => ListUpcomingResponse,
);

without_a_cut!(
    GetServerInfoRequest => get_server_info => GetServerInfoResponse,
    GetStageRequest => get_stage => GetStageResponse,
    ListCursorsRequest => list_cursors => ListCursorsResponse,
    ListStagesRequest => list_stages => ListStagesResponse,
);

paged!(
    DiffRequest => DiffResponse [changes: ClaimChange],
    GetStateRequest => GetStateResponse [matches: StateMatch],
    GetTimelineRequest => GetTimelineResponse [segments: TimelineSegment],
    ListClaimsRequest => ListClaimsResponse [claims: Claim],
    ListCommitmentsRequest => ListCommitmentsResponse [commitments: Commitment],
    ListConflictsRequest => ListConflictsResponse [conflicts: Conflict],
    ListCorroborationRequest => ListCorroborationResponse [corroborations: Corroboration],
    ListGapsRequest => ListGapsResponse [gaps: Gap],
    ListKindsRequest => ListKindsResponse [kinds: Kind],
    ListPartiesRequest => ListPartiesResponse [parties: Party],
    ListRelationshipsRequest => ListRelationshipsResponse [relationships: Relationship],
    ListRevisionsRequest => ListRevisionsResponse [revisions: Revision],
    ListSchemesRequest => ListSchemesResponse [schemes: Scheme],
    ListSourcesRequest => ListSourcesResponse [sources: Source],
    ListUpcomingRequest => ListUpcomingResponse [transitions: UpcomingTransition],
);

impl sealed::Sealed for v1::DiffRequest {}

/// A comparison has two cuts; a side that names none stands at the basis.
impl Question for v1::DiffRequest {
    put!(DiffRequest, DiffResponse, diff);

    fn stand_at(&mut self, basis: String) {
        for side in [&mut self.from, &mut self.to] {
            name_cut(&mut side.get_or_insert_default().cut, basis.clone());
        }
    }

    fn context(answer: &v1::DiffResponse) -> Option<&ReplyContext> {
        answer.to.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1::{Coordinate, Cut};

    #[test]
    fn a_cut_that_a_question_names_is_left_alone() {
        let mut named = v1::GetStateRequest { cut: Some(Cut::position(3)), ..Default::default() };
        named.stand_at("9-x".to_owned());
        assert_eq!(named.cut, Some(Cut::position(3)));
        let mut open = v1::GetStateRequest::default();
        open.stand_at("9-x".to_owned());
        assert_eq!(open.cut, Some(Cut::basis("9-x")));
    }

    #[test]
    fn a_comparison_is_asked_at_the_basis_on_the_sides_that_name_no_cut() {
        let from = Some(Coordinate { cut: Some(Cut::position(3)), ..Default::default() });
        let mut diff = v1::DiffRequest { from, ..Default::default() };
        diff.stand_at("9-x".to_owned());
        assert_eq!(diff.from.unwrap().cut, Some(Cut::position(3)));
        assert_eq!(diff.to.unwrap().cut, Some(Cut::basis("9-x")));
    }
}
