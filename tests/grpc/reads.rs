//! The answer of every rpc, the pages of a list as one answer, and the needs of grpcurl.

use crate::running::{Running, about, assert, claim, command, ledger_id, party, source};
use detente_proto::v1;
use detente_proto::v1::command::Command;
use tokio_stream::StreamExt;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
use uuid::Uuid;

fn uuid(id: u128) -> String {
    Uuid::from_u128(id).to_string()
}

/// A server with two parties, a source and three claims, the second of them disputed.
async fn dossier() -> Running {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE"), party("RUS"), party("TUR"), source("tass:1")]).await;
    let cites = v1::Claim {
        sources: vec![v1::Citation { source_id: "tass:1".into(), ..Default::default() }],
        as_of: "2025-06".into(),
        ..claim(1, "AZE-RUS", "2025-01/..")
    };
    server.append(vec![assert(cites), assert(claim(2, "AZE-RUS", "2025-03/2025-04"))]).await;
    let dispute = v1::DisputeClaim {
        claim_id: uuid(2),
        disputed_by: "RUS".into(),
        statement: "It was never signed.".into(),
        ..Default::default()
    };
    server.append(vec![command(Command::DisputeClaim(dispute)), assert(claim(3, "AZE-TUR", "2025/.."))]).await;
    server
}

fn ids(claims: &[v1::Claim]) -> Vec<String> {
    claims.iter().map(|claim| claim.claim_id.clone()).collect()
}

#[tokio::test]
async fn an_append_says_what_each_command_recorded_and_at_which_cut() {
    let mut server = dossier().await;
    let reply = server.append(vec![party("IRN"), assert(claim(4, "AZE-IRN", "2025/.."))]).await;
    let context = reply.context.unwrap();
    assert_eq!((context.position, context.ledger_id), (10, ledger_id().to_string()));
    assert_eq!(context.recorded_at, reply.recorded_at);
    assert_eq!((reply.results[0].party_id.as_str(), reply.results[0].position), ("IRN", 9));
    assert_eq!((reply.results[1].claim_id.clone(), reply.results[1].revision), (uuid(4), 1));

    let check = v1::AppendRequest { validate_only: true, ..crate::running::batch(vec![party("GEO")]) };
    let reply = server.client.append(check).await.unwrap().into_inner();
    assert_eq!((reply.results[0].position, reply.recorded_at, reply.context.unwrap().position), (0, None, 10));
}

#[tokio::test]
async fn the_state_is_what_holds_at_the_date_with_the_words_of_the_record() {
    let mut server = dossier().await;
    let request = v1::GetStateRequest { filter: about("RUS-AZE"), valid_at: "2025-07".into(), ..Default::default() };
    let reply = server.client.get_state(request).await.unwrap().into_inner();
    let context = reply.context.clone().unwrap();
    assert_eq!((context.valid_at.as_str(), context.position, context.known_at), ("2025-07", 8, None));
    assert_eq!(reply.emptiness(), v1::Emptiness::NotEmpty);
    assert_eq!(reply.matches.len(), 1);
    let found = &reply.matches[0];
    assert_eq!((found.certainty(), found.as_of_age_days), (v1::Certainty::Definite, Some(31)));
    let claim = found.claim.as_ref().unwrap();
    assert_eq!((claim.claim_id.clone(), claim.revision, claim.recorded_by.as_str()), (uuid(1), 1, "tests"));
    assert_eq!(claim.texts[0].text, "Agreement number 1.");

    let unknown = v1::GetStateRequest { filter: about("AAA-BBB"), ..Default::default() };
    let reply = server.client.get_state(unknown).await.unwrap().into_inner();
    assert_eq!(reply.emptiness(), v1::Emptiness::NothingRecorded);
    assert_eq!(reply.context.unwrap().valid_at.len(), "2025-07-01".len(), "today is asked, and said");
}

#[tokio::test]
async fn a_claim_and_its_revisions_tell_what_changed() {
    let mut server = dossier().await;
    let request = v1::GetClaimRequest { claim_id: uuid(2), ..Default::default() };
    let claim = server.client.get_claim(request).await.unwrap().into_inner().claim.unwrap();
    assert_eq!((claim.revision, claim.disputes.len()), (2, 1));

    let mut request = v1::ListRevisionsRequest { claim_id: uuid(2), page_size: 1, ..Default::default() };
    let first = server.client.list_revisions(request.clone()).await.unwrap().into_inner();
    assert_eq!(first.revisions[0].event(), v1::RevisionEvent::Asserted);
    assert!(first.revisions[0].changed_fields.is_empty());
    request.page_token = first.next_page_token;
    let second = server.client.list_revisions(request).await.unwrap().into_inner();
    assert_eq!(second.revisions[0].event(), v1::RevisionEvent::Disputed);
    assert_eq!(second.revisions[0].changed_fields, ["disputes"]);
    assert_eq!(second.revisions[0].claim.as_ref(), Some(&claim));
    assert_eq!(second.next_page_token, "");
}

#[tokio::test]
async fn the_lists_have_what_is_recorded() {
    let mut server = dossier().await;
    let item = v1::FilterItem { text: "AGREEMENT numb".into(), ..Default::default() };
    let filter = Some(v1::Filter { items: vec![item] });
    let request = v1::ListClaimsRequest { filter, newest_first: true, ..Default::default() };
    let claims = server.client.list_claims(request).await.unwrap().into_inner().claims;
    assert_eq!(ids(&claims), [uuid(3), uuid(2), uuid(1)]);

    let request = v1::ListPartiesRequest { name: "party r".into(), ..Default::default() };
    let parties = server.client.list_parties(request).await.unwrap().into_inner().parties;
    assert_eq!((parties.len(), parties[0].party_id.as_str(), parties[0].position), (1, "RUS", 2));
    assert!(!parties[0].recorded_by.is_empty() && parties[0].recorded_at.is_some());

    let sources = server.client.list_sources(v1::ListSourcesRequest::default()).await.unwrap().into_inner().sources;
    assert_eq!((sources.len(), sources[0].source_id.as_str(), sources[0].revision), (1, "tass:1", 1));

    let request = v1::ListRelationshipsRequest { party_id: "AZE".into(), ..Default::default() };
    let found = server.client.list_relationships(request).await.unwrap().into_inner().relationships;
    let found: Vec<_> = found.iter().map(|of| (of.relationship_id.as_str(), of.claims, of.party_ids.len())).collect();
    assert_eq!(found, [("AZE-RUS", 2, 2), ("AZE-TUR", 1, 2)]);
}

#[tokio::test]
async fn the_log_is_read_whole_from_anywhere_and_says_where_it_ended() {
    let mut server = dossier().await;
    let read = async |server: &mut Running, request| {
        let mut stream = server.client.read_events(request).await.unwrap().into_inner();
        let (mut positions, mut last) = (Vec::new(), None);
        while let Some(batch) = stream.next().await.transpose().unwrap() {
            positions.extend(batch.events.iter().map(|event| event.position));
            last = Some((batch.through_position, batch.context.map(|context| context.position)));
        }
        (positions, last.unwrap())
    };
    let all = read(&mut server, v1::ReadEventsRequest::default()).await;
    assert_eq!(all, ((1..=8).collect(), (8, Some(8))));
    let start = Some(v1::read_events_request::Start::AfterPosition(6));
    let request = v1::ReadEventsRequest { start, ..Default::default() };
    assert_eq!(read(&mut server, request).await, (vec![7, 8], (8, Some(8))));
    let request = v1::ReadEventsRequest { filter: about("AZE-TUR"), ..Default::default() };
    assert_eq!(read(&mut server, request).await, (vec![8], (8, Some(8))));
    let request = v1::ReadEventsRequest { limit: 3, ..Default::default() };
    assert_eq!(read(&mut server, request).await, (vec![1, 2, 3], (3, Some(8))));
}

#[tokio::test]
async fn all_pages_are_one_answer_whatever_is_recorded_in_between() {
    let mut server = Running::in_memory().await;
    server.append(vec![party("AZE"), party("RUS")]).await;
    server.append((1..=25).map(|id| assert(claim(id, "AZE-RUS", "2025/.."))).collect()).await;
    let whole = v1::GetStateRequest { filter: about("AZE-RUS"), valid_at: "2025-07".into(), ..Default::default() };
    let whole = server.client.get_state(whole).await.unwrap().into_inner();
    let mut request = v1::GetStateRequest {
        filter: about("AZE-RUS"),
        valid_at: "2025-07".into(),
        page_size: 10,
        ..Default::default()
    };
    let mut list = v1::ListClaimsRequest { newest_first: true, page_size: 10, ..Default::default() };
    let (mut matches, mut listed) = (Vec::new(), Vec::new());
    for (nth, size) in [(0, 10), (1, 10), (2, 5)] {
        let page = server.client.get_state(request.clone()).await.unwrap().into_inner();
        let claims = server.client.list_claims(list.clone()).await.unwrap().into_inner();
        assert_eq!((page.matches.len(), claims.claims.len()), (size, size));
        assert_eq!(page.context, whole.context);
        assert_eq!(claims.context.unwrap().basis, whole.context.as_ref().unwrap().basis);
        matches.extend(page.matches);
        listed.extend(claims.claims);
        (request.page_token, list.page_token) = (page.next_page_token, claims.next_page_token);
        server.append((0..5).map(|id| assert(claim(100 + nth * 10 + id, "AZE-RUS", "2025/.."))).collect()).await;
    }
    assert_eq!((request.page_token.as_str(), list.page_token.as_str()), ("", ""));
    assert_eq!(matches, whole.matches);
    assert_eq!(ids(&listed), (1..=25).rev().map(uuid).collect::<Vec<_>>());
}

#[tokio::test]
async fn later_pages_say_the_instant_that_was_asked() {
    let mut server = dossier().await;
    let known_at = server.append(vec![party("IRN")]).await.recorded_at.unwrap();
    let cut = Some(v1::Cut::known_at(known_at));
    let mut request = v1::ListPartiesRequest { cut, page_size: 2, ..Default::default() };
    for expected in [["AZE", "IRN"], ["RUS", "TUR"]] {
        let page = server.client.list_parties(request.clone()).await.unwrap().into_inner();
        assert_eq!(page.parties.iter().map(|party| party.party_id.as_str()).collect::<Vec<_>>(), expected);
        assert_eq!(page.context.unwrap().known_at, Some(known_at));
        request.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn a_client_that_gives_the_basis_back_reads_its_own_write() {
    let mut server = dossier().await;
    let basis = server.append(vec![party("IRN"), assert(claim(9, "AZE-IRN", "2025/.."))]).await.context.unwrap().basis;
    let cut = Some(v1::Cut::basis(basis));
    server.client.get_claim(v1::GetClaimRequest { claim_id: uuid(9), cut, ..Default::default() }).await.unwrap();
}

#[tokio::test]
async fn the_server_says_what_it_is() {
    let mut server = dossier().await;
    let info = server.client.get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner();
    assert_eq!((info.version.as_str(), info.ledger_id), (env!("CARGO_PKG_VERSION"), ledger_id().to_string()));
    assert_eq!(info.head.unwrap().position, 8);
    let limits = info.limits.unwrap();
    assert_eq!((limits.max_commands, limits.max_page_size, limits.max_streams), (10_000, 1000, 256));
    assert!(info.now.is_some() && info.format_version == 1 && !info.features.is_empty());
}

#[tokio::test]
async fn health_is_told_of_the_whole_and_of_the_service() {
    let server = dossier().await;
    let mut health = HealthClient::new(server.channel.clone());
    for service in ["", "detente.v1.LedgerService"] {
        let reply = health.check(HealthCheckRequest { service: service.to_owned() }).await.unwrap();
        assert_eq!(reply.into_inner().status(), ServingStatus::Serving);
    }
}

macro_rules! services_by_reflection {
    ($version:ident, $channel:expr) => {{
        use tonic_reflection::pb::$version::ServerReflectionRequest;
        use tonic_reflection::pb::$version::server_reflection_client::ServerReflectionClient;
        use tonic_reflection::pb::$version::server_reflection_request::MessageRequest;
        use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;
        let mut client = ServerReflectionClient::new($channel)
            .send_compressed(tonic::codec::CompressionEncoding::Gzip)
            .accept_compressed(tonic::codec::CompressionEncoding::Gzip);
        let ask = |request| ServerReflectionRequest { host: String::new(), message_request: Some(request) };
        let asked = [
            ask(MessageRequest::ListServices(String::new())),
            ask(MessageRequest::FileContainingSymbol("detente.v1.ErrorReason".to_owned())),
            ask(MessageRequest::FileContainingSymbol("google.rpc.ErrorInfo".to_owned())),
        ];
        let replies = client.server_reflection_info(tokio_stream::iter(asked)).await.unwrap().into_inner();
        let replies: Vec<_> = replies.map(|reply| reply.unwrap().message_response.unwrap()).collect().await;
        for described in &replies[1..] {
            assert!(matches!(described, MessageResponse::FileDescriptorResponse(_)), "{described:?}");
        }
        let MessageResponse::ListServicesResponse(list) = &replies[0] else { panic!("{replies:?}") };
        list.service.iter().map(|service| service.name.clone()).collect::<Vec<_>>()
    }};
}

#[tokio::test]
async fn reflection_tells_the_contract_in_both_its_versions() {
    let server = dossier().await;
    for services in
        [services_by_reflection!(v1, server.channel.clone()), services_by_reflection!(v1alpha, server.channel.clone())]
    {
        for name in ["detente.v1.LedgerService", "grpc.health.v1.Health"] {
            assert!(services.iter().any(|service| service == name), "{services:?}");
        }
    }
}

#[tokio::test]
async fn answers_are_the_same_when_they_are_compressed() {
    use tonic::codec::CompressionEncoding::{Gzip, Zstd};
    let mut server = dossier().await;
    let request = v1::ListClaimsRequest::default();
    let plain = server.client.list_claims(request.clone()).await.unwrap().into_inner();
    for encoding in [Gzip, Zstd] {
        let mut client = server.client.clone().accept_compressed(encoding).send_compressed(encoding);
        assert_eq!(client.list_claims(request.clone()).await.unwrap().into_inner(), plain);
    }
}
