//! The requests of the service, each with its rpc and its reply: a call is made with the request alone, and no name of an rpc
//! stands in a string.

use detente_proto::v1;
use prost::Message;

/// A request of an rpc of `detente.v1.LedgerService`.
pub(crate) trait LedgerRequest: Message {
    /// The rpc.
    const RPC: &'static str;
    /// The message of its reply, or of each of its replies.
    type Reply: Message + Default;

    /// The path of the rpc in an HTTP request.
    fn path() -> String {
        format!("/detente.v1.LedgerService/{}", Self::RPC)
    }
}

macro_rules! requests {
    ($($rpc:literal $request:ident $reply:ident;)*) => {
        $(impl LedgerRequest for v1::$request {
            const RPC: &'static str = $rpc;
            type Reply = v1::$reply;
        })*

        /// Of each request: the rpc, and the names of its messages.
        #[cfg(test)]
        const ALL: &[(&str, &str, &str)] = &[$(($rpc, stringify!($request), stringify!($reply)),)*];
    };
}

requests! {
    "Append" AppendRequest AppendResponse;
    "GetState" GetStateRequest GetStateResponse;
    "GetClaim" GetClaimRequest GetClaimResponse;
    "ListRevisions" ListRevisionsRequest ListRevisionsResponse;
    "ListClaims" ListClaimsRequest ListClaimsResponse;
    "ListParties" ListPartiesRequest ListPartiesResponse;
    "ListSources" ListSourcesRequest ListSourcesResponse;
    "ListRelationships" ListRelationshipsRequest ListRelationshipsResponse;
    "ReadEvents" ReadEventsRequest ReadEventsResponse;
    "GetServerInfo" GetServerInfoRequest GetServerInfoResponse;
    "ListKinds" ListKindsRequest ListKindsResponse;
    "ListSchemes" ListSchemesRequest ListSchemesResponse;
    "Diff" DiffRequest DiffResponse;
    "Subscribe" SubscribeRequest SubscribeResponse;
    "CreateCursor" CreateCursorRequest CreateCursorResponse;
    "AcknowledgeCursor" AcknowledgeCursorRequest AcknowledgeCursorResponse;
    "ListCursors" ListCursorsRequest ListCursorsResponse;
    "DeleteCursor" DeleteCursorRequest DeleteCursorResponse;
    "ListUpcoming" ListUpcomingRequest ListUpcomingResponse;
    "WatchClock" WatchClockRequest WatchClockResponse;
    "GetTimeline" GetTimelineRequest GetTimelineResponse;
    "GetSeries" GetSeriesRequest GetSeriesResponse;
    "ComparePerspectives" ComparePerspectivesRequest ComparePerspectivesResponse;
    "ListConflicts" ListConflictsRequest ListConflictsResponse;
    "ListCorroboration" ListCorroborationRequest ListCorroborationResponse;
    "ListCommitments" ListCommitmentsRequest ListCommitmentsResponse;
    "ListGaps" ListGapsRequest ListGapsResponse;
    "OpenStage" OpenStageRequest OpenStageResponse;
    "StageCommands" StageCommandsRequest StageCommandsResponse;
    "CommitStage" CommitStageRequest CommitStageResponse;
    "GetStage" GetStageRequest GetStageResponse;
    "ListStages" ListStagesRequest ListStagesResponse;
    "DropStage" DropStageRequest DropStageResponse;
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_reflect::DescriptorPool;

    #[test]
    fn every_rpc_of_the_service_has_its_request_and_its_reply_here() {
        let pool = DescriptorPool::decode(detente_proto::DESCRIPTOR).unwrap();
        let service = pool.get_service_by_name("detente.v1.LedgerService").unwrap();
        let declared: Vec<(String, String, String)> = service
            .methods()
            .map(|rpc| (rpc.name().to_owned(), rpc.input().name().to_owned(), rpc.output().name().to_owned()))
            .collect();
        let here: Vec<(String, String, String)> =
            ALL.iter().map(|(rpc, request, reply)| (rpc.to_string(), request.to_string(), reply.to_string())).collect();
        assert_eq!(here, declared);
    }
}
