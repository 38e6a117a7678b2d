//! `ListConflicts`: claims that contradict one another.

use super::context::{context, with_hints};
use super::encoded_reply::certainty;
use super::page::{Page, PageCursor};
use super::parse::Parse;
use super::service::Service;
use super::status::CallRefusal;
use detente_domain::conflict::ConflictType;
use detente_domain::period::Period;
use detente_ledger::query::conflicts::{ConflictFinding, ConflictPlace, ConflictsQuery};
use detente_ledger::query::hints::NamedIds;
use detente_proto::v1;
use std::sync::Arc;

pub(super) async fn list_conflicts(
    service: &Service,
    mut request: v1::ListConflictsRequest,
) -> Result<v1::ListConflictsResponse, CallRefusal> {
    let mut parse = Parse::new();
    let page = parse.page(&mut request, service.ledger.ledger_id().0);
    let filter = parse.filter(request.filter, false);
    let valid_at = touched_date(&request.valid_at, &mut parse);
    let types = asked_types(&request.types, &mut parse);
    let asked_cut = parse.cut(request.cut);
    let supposed = parse.what_if(request.what_if);
    parse.finish()?;
    let after = match &page.cursor {
        PageCursor::Start => None,
        PageCursor::Id(place) => Some(ConflictPlace::from_text(place).ok_or(CallRefusal::PageToken)?),
        PageCursor::Number(_) => return Err(CallRefusal::PageToken),
    };
    let cut = page.cut(asked_cut);
    let query = ConflictsQuery { filter, valid_at, types, cut, supposed, after, page: page.size };
    let ledger = Arc::clone(&service.ledger);
    let answer = move || {
        let found = ledger.conflicts(&query)?;
        let context = context(&Page::at(found.at, asked_cut), &request.valid_at);
        let context = with_hints(context, &ledger, || NamedIds::of(&query.filter), found.conflicts.is_empty());
        Ok(v1::ListConflictsResponse {
            context: Some(context),
            conflicts: found.conflicts.into_iter().map(conflict).collect(),
            next_page_token: page.token(found.at.basis, found.next.map(|place| place.to_text()).into(), ""),
        })
    };
    service.threads.ask(answer).await
}

/// Parses the asked date, if there is one.
fn touched_date(asked: &str, parse: &mut Parse) -> Option<Period> {
    if asked.is_empty() {
        return None;
    }
    Period::parse(asked).map_err(|error| parse.wrong("valid_at", error.to_string())).ok()
}

fn asked_types(numbers: &[i32], parse: &mut Parse) -> Vec<ConflictType> {
    let mut types = Vec::new();
    for (index, number) in numbers.iter().enumerate() {
        match v1::ConflictType::try_from(*number) {
            Ok(v1::ConflictType::Link) => types.push(ConflictType::Link),
            Ok(v1::ConflictType::Dispute) => types.push(ConflictType::Dispute),
            Ok(v1::ConflictType::SingleValued) => types.push(ConflictType::SingleValued),
            Ok(v1::ConflictType::Unspecified) | Err(_) => {
                parse.wrong(&format!("types[{index}]"), format!("{number} is no ConflictType to ask for"));
            }
        }
    }
    types
}

fn conflict(conflict: ConflictFinding) -> v1::Conflict {
    let conflict_type = match conflict.conflict_type {
        ConflictType::Link => v1::ConflictType::Link,
        ConflictType::Dispute => v1::ConflictType::Dispute,
        ConflictType::SingleValued => v1::ConflictType::SingleValued,
    };
    let (relationship, [value, other_value]) = conflict.matter.unwrap_or_default();
    v1::Conflict {
        r#type: conflict_type.into(),
        claim: Some(conflict.claim),
        other: conflict.other,
        dispute_id: conflict.dispute.as_ref().map(|dispute| dispute.dispute_id.clone()).unwrap_or_default(),
        relationship,
        value,
        other_value,
        certainty: certainty(conflict.certainty).into(),
        dispute: conflict.dispute,
    }
}
