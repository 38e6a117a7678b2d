//! The size of every refusal, computed on the headers that are written.

use super::final_status::{HEADER_BYTES, OTHER_HEADER_BYTES, header_bytes};
use super::reason::{short_name, tests::all};
use super::*;
use detente_domain::name::ClaimId;
use detente_domain::position::Position;
use detente_domain::rejection::{Conflict, Rejection};
use detente_journal::Obstacle;
use detente_ledger::error::ReadFailure;
use detente_ledger::write::stage::Unfit;
use tonic_types::StatusExt as _;
use uuid::Uuid;

const COUNTS: [usize; 6] = [1, 2, 20, 100, 1000, 10_000];

/// Texts of a few and of very many letters, of one and of two bytes each, and of bytes that are written as three.
fn texts() -> [String; 6] {
    ["required", &"x".repeat(3000), "مطلوب", &"ش".repeat(3000), &"<{ }>".repeat(600), &"龍".repeat(2000)]
        .map(str::to_owned)
}

/// Returns refusals that list the given number of violations.
fn listing(count: usize, text: &str) -> Vec<CallRefusal> {
    let violations = || -> Vec<Violation> {
        let field = |nth| format!("commands[{nth}].assert_claim.claim.texts[0].lang");
        (0..count).map(|nth| Violation::new(field(nth), text)).collect()
    };
    let boundaries =
        || (0..count).map(|index| Conflict::Boundary { index, after: Position(3), touched_at: Position(5) });
    let claim = ClaimId(Uuid::from_u128(u128::MAX));
    let revision = |index| Conflict::Revision { index, claim, expected: text.to_owned(), actual: Some(4) };
    let mut unfit = Unfit::default();
    (unfit.first, unfit.count) = (violations(), count as u64);
    vec![
        CallRefusal::Invalid(violations()),
        AppendError::Rejected(Rejection::Violations(violations())).into(),
        AppendError::Rejected(Rejection::Conflicts(boundaries().collect())).into(),
        AppendError::Rejected(Rejection::Conflicts((0..count).map(revision).collect())).into(),
        QueryError::Unsupposable(Rejection::Violations(violations())).into(),
        QueryError::Unsupposable(Rejection::Conflicts(boundaries().collect())).into(),
        StageError::Invalid(violations()).into(),
        StageError::Unfit(unfit).into(),
    ]
}

/// Refusals that say a text of any length.
fn saying(text: &str) -> Vec<CallRefusal> {
    let text = || text.to_owned();
    vec![
        CallRefusal::TooLarge(Violation::new(text(), text())),
        CallRefusal::Host(text()),
        CallRefusal::Origin(text()),
        CallRefusal::Unsupported(text()),
        CallRefusal::TooSlow(text()),
        CallRefusal::Unauthenticated(text()),
        CallRefusal::Grant("record_as", text()),
        AppendError::OutcomeUnknown(text()).into(),
        AppendError::DiskFull(text()).into(),
        AppendError::NotServing(text()).into(),
        AppendError::Lacking(text()).into(),
        CursorError::NotWritten(text()).into(),
        CursorError::OutcomeUnknown(text()).into(),
        StageError::DiskFull(text()).into(),
        StageError::Damaged { id: Uuid::from_u128(1), why: text() }.into(),
        QueryError::NotRead(ReadFailure::Damaged(text())).into(),
        QueryError::NotRead(ReadFailure::Lacking(text(), Obstacle::Memory)).into(),
        QueryError::NotRead(ReadFailure::Refused(text(), Obstacle::Device)).into(),
    ]
}

/// The status of a refusal, of which a client can read the reason and which headers can carry.
fn check(refusal: CallRefusal) -> Status {
    let reason = short_name(refusal.reason());
    let status = refusal.carried_by(Carrier::Headers);
    let bytes = header_bytes(&status) + OTHER_HEADER_BYTES;
    assert!(bytes <= HEADER_BYTES, "{bytes} bytes of headers: {status:?}");
    assert_eq!(status.get_details_error_info().unwrap().reason, reason);
    assert!(!status.message().is_empty());
    status
}

#[test]
fn the_headers_of_every_refusal_are_bounded_however_much_is_wrong() {
    all().into_iter().for_each(|refusal| drop(check(refusal)));
    for text in texts() {
        saying(&text).into_iter().for_each(|refusal| drop(check(refusal)));
        for count in COUNTS {
            for refusal in listing(count, &text) {
                let status = check(refusal);
                let metadata = status.get_details_error_info().unwrap().metadata;
                assert_eq!(metadata["violations"], count.to_string());
                assert!(count == 1 || status.message().contains(&format!("{count} violations")), "{status:?}");
                assert_eq!(violation_count(&status), count);
            }
        }
    }
}

/// The number of violations by the list of a status: those that it has, and those it says are left out.
fn violation_count(status: &Status) -> usize {
    let fields = status.get_details_bad_request().map(|request| request.field_violations).unwrap_or_default();
    let failed = status.get_details_precondition_failure().map(|failure| failure.violations).unwrap_or_default();
    let entries = fields.into_iter().map(|one| (one.field, one.description));
    let entries: Vec<_> = entries.chain(failed.into_iter().map(|one| (one.subject, one.description))).collect();
    let left_out = entries.last().filter(|(field, _)| field.is_empty()).map(|(_, said)| said.as_str());
    let more = left_out.and_then(|said| said.strip_prefix("and ")?.split(' ').next()?.parse::<usize>().ok());
    assert!(entries.len() > usize::from(more.is_some()), "not one violation is listed");
    entries.len() - usize::from(more.is_some()) + more.unwrap_or_default()
}

#[test]
fn a_list_is_as_long_as_its_carrier_allows_and_says_how_to_have_more() {
    let violations =
        |count| CallRefusal::Invalid((0..count).map(|nth| Violation::new(format!("a[{nth}]"), "required")).collect());
    let entries = |status: &Status| status.get_details_bad_request().unwrap().field_violations.len();
    let few = violations(20).carried_by(Carrier::Headers);
    assert_eq!(entries(&few), 20, "few are all listed");
    assert_eq!(few.message(), "the request is malformed: 20 violations, the first: a[0]: required");
    let many = violations(2000).carried_by(Carrier::Headers);
    let one_more = 40;
    assert!(header_bytes(&many) + OTHER_HEADER_BYTES > HEADER_BYTES - one_more, "there was room for more");
    assert!(many.message().contains("call it as JSON"), "{many:?}");
    let in_body = violations(2000).carried_by(Carrier::Body);
    assert_eq!(entries(&in_body), 2000, "a body has room for all of these");
    let too_many = violations(100_000).carried_by(Carrier::Body);
    assert!(entries(&too_many) > 2000 && too_many.message().contains("send it in parts"), "{}", too_many.message());
}
