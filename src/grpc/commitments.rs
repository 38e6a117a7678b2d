//! `ListCommitments`: promises, and what became of them.

use super::context::{context, with_hints};
use super::page::{Page, PageCursor};
use super::parse::Parse;
use super::service::Service;
use super::state::asked_date;
use super::status::CallRefusal;
use detente_domain::certainty::Certainty;
use detente_domain::commitment::CommitmentStatus;
use detente_ledger::query::commitments::{Commitment, CommitmentsQuery};
use detente_ledger::query::hints::NamedIds;
use detente_ledger::wire::vocabulary::Twin;
use detente_proto::v1;
use std::sync::Arc;

pub(super) async fn list_commitments(
    service: &Service,
    mut request: v1::ListCommitmentsRequest,
) -> Result<v1::ListCommitmentsResponse, CallRefusal> {
    let mut parse = Parse::new();
    let page = parse.page(&mut request, service.ledger.ledger_id().0);
    let filter = parse.filter(request.filter, false);
    let statuses = asked_statuses(&request.statuses, &mut parse);
    let (period, valid_at) = asked_date(request.valid_at, &page, service.ledger.clock().now(), &mut parse);
    let asked_cut = parse.cut(request.cut);
    let supposed = parse.what_if(request.what_if);
    parse.finish()?;
    let skip = match page.cursor {
        PageCursor::Start => 0,
        PageCursor::Number(skip) => skip,
        PageCursor::Id(_) => return Err(CallRefusal::PageToken),
    };
    let cut = page.cut(asked_cut);
    let query = CommitmentsQuery { filter, statuses, valid_at: period, cut, supposed, skip, page: page.size };
    let ledger = Arc::clone(&service.ledger);
    let answer = move || {
        let found = ledger.commitments(&query)?;
        let context = context(&Page::at(found.at, asked_cut), &valid_at);
        let context = with_hints(context, &ledger, || NamedIds::of(&query.filter), found.commitments.is_empty());
        Ok(v1::ListCommitmentsResponse {
            context: Some(context),
            commitments: found.commitments.into_iter().map(commitment).collect(),
            next_page_token: page.token(found.at.basis, found.next.into(), &valid_at),
        })
    };
    service.threads.ask(answer).await
}

fn asked_statuses(numbers: &[i32], parse: &mut Parse) -> Vec<CommitmentStatus> {
    use v1::CommitmentStatus as Asked;
    let mut statuses = Vec::new();
    for (index, number) in numbers.iter().enumerate() {
        statuses.extend(match Asked::try_from(*number) {
            Ok(Asked::Open) => Some(CommitmentStatus::Open),
            Ok(Asked::Due) => Some(CommitmentStatus::Due),
            Ok(Asked::Overdue) => Some(CommitmentStatus::Overdue),
            Ok(Asked::Fulfilled) => Some(CommitmentStatus::Fulfilled),
            Ok(Asked::Breached) => Some(CommitmentStatus::Breached),
            Ok(Asked::Waived) => Some(CommitmentStatus::Waived),
            Ok(Asked::Unspecified) | Err(_) => {
                parse.wrong(&format!("statuses[{index}]"), format!("{number} is no CommitmentStatus to ask for"));
                None
            }
        });
    }
    statuses
}

const fn status(status: CommitmentStatus) -> v1::CommitmentStatus {
    match status {
        CommitmentStatus::Open => v1::CommitmentStatus::Open,
        CommitmentStatus::Due => v1::CommitmentStatus::Due,
        CommitmentStatus::Overdue => v1::CommitmentStatus::Overdue,
        CommitmentStatus::Fulfilled => v1::CommitmentStatus::Fulfilled,
        CommitmentStatus::Breached => v1::CommitmentStatus::Breached,
        CommitmentStatus::Waived => v1::CommitmentStatus::Waived,
    }
}

fn commitment(found: Commitment) -> v1::Commitment {
    let settlements = found.settlements.into_iter().map(|(link_type, claim, certainty)| v1::Settlement {
        r#type: link_type.to_wire(),
        claim_id: claim.0.to_string(),
        definite: certainty == Certainty::Definite,
    });
    v1::Commitment {
        status: status(found.status).into(),
        definite: found.definite,
        claim: Some(found.claim),
        settlements: settlements.collect(),
        days_past_due: found.days_past_due,
        promisors: found.promisors,
        unlisted_settlements: found.unlisted_settlements,
    }
}
