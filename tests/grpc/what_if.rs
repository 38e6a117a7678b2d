//! Suppositions over a socket: answered, marked, paged and refused like anything else, and never recorded.

use crate::running::{Running, about, assert, claim, command};
use detente::v1;
use detente::v1::command::Command;
use tonic::Code;
use tonic_types::StatusExt;

fn asked(what_if: Vec<v1::Command>) -> v1::GetStateRequest {
    v1::GetStateRequest { filter: about("AZE-RUS"), valid_at: "2025-07".into(), what_if, ..Default::default() }
}

#[tokio::test]
async fn a_state_with_a_supposed_claim_has_it_and_says_that_it_is_supposed() {
    let mut server = Running::in_memory().await;
    server.append(vec![crate::running::party("AZE"), crate::running::party("RUS")]).await;
    let supposed = asked(vec![assert(claim(1, "AZE-RUS", "2025-07-02"))]);
    let reply = server.client.get_state(supposed).await.unwrap().into_inner();
    assert_eq!(reply.matches.len(), 1);
    let context = reply.context.clone().unwrap();
    assert!(context.supposed);
    assert_eq!(reply.matches[0].claim.as_ref().unwrap().recorded_by, "supposed");
    assert_eq!(reply.emptiness(), v1::Emptiness::NotEmpty);

    let plain = server.client.get_state(asked(Vec::new())).await.unwrap().into_inner();
    assert_eq!(plain.emptiness(), v1::Emptiness::NothingRecorded);
    let plain = plain.context.unwrap();
    assert!(!plain.supposed);
    assert_eq!(plain.basis, context.basis, "the basis is that of the record");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn pages_of_a_supposed_answer_name_a_claim_without_an_id_alike() {
    let mut server = Running::in_memory().await;
    server.append(vec![crate::running::party("AZE"), crate::running::party("RUS")]).await;
    let nameless = |day: &str| assert(v1::Claim { claim_id: String::new(), ..claim(1, "AZE-RUS", day) });
    let what_if = vec![nameless("2025-07-01"), nameless("2025-07-02"), nameless("2025-07-03")];
    let all = server.client.get_state(asked(what_if.clone())).await.unwrap().into_inner();
    let ids = |reply: &v1::GetStateResponse| -> Vec<String> {
        reply.matches.iter().map(|matched| matched.claim.as_ref().unwrap().claim_id.clone()).collect()
    };
    let mut paged = Vec::new();
    let mut request = v1::GetStateRequest { page_size: 1, ..asked(what_if) };
    loop {
        let page = server.client.get_state(request.clone()).await.unwrap().into_inner();
        paged.extend(ids(&page));
        request.page_token.clone_from(&page.next_page_token);
        if page.next_page_token.is_empty() {
            break;
        }
    }
    assert_eq!(paged.len(), 3);
    assert_eq!(paged, ids(&all));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_supposition_that_could_not_be_recorded_is_refused_with_its_place() {
    let mut server = Running::in_memory().await;
    let fields = |status: tonic::Status| -> Vec<String> {
        let details = status.get_details_bad_request().unwrap();
        details.field_violations.into_iter().map(|violation| violation.field).collect()
    };
    let unregistered = asked(vec![assert(claim(1, "AZE-RUS", "2025-07-02"))]);
    let status = server.client.get_state(unregistered).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(status.get_details_error_info().unwrap().reason, "COMMAND_REJECTED");
    assert!(fields(status).iter().all(|field| field.starts_with("what_if[0].assert_claim.claim.")));

    let wrong = v1::Claim { kind: "Not a word".into(), ..claim(1, "AZE-RUS", "2025-07-02") };
    let status = server.client.get_state(asked(vec![assert(wrong)])).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(fields(status), ["what_if[0].assert_claim.claim.kind"]);

    let many = vec![command(Command::WithdrawSource(v1::WithdrawSource::default())); 101];
    let status = server.client.get_state(asked(many)).await.unwrap_err();
    assert_eq!(fields(status), ["what_if"]);
    server.stop().await.unwrap();
}
