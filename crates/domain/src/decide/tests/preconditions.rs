//! Preconditions of an append, and the moment at which they are checked.

use super::*;

#[test]
fn every_precondition_that_does_not_hold_is_told() {
    let shelf = Shelf { touched: Some(Position(7)), ..shelf() };
    let expect = |number, expectation| Precondition::Revision(id(number), expectation);
    let boundary = |after| Precondition::Boundary(Filter::default(), Position(after));
    let holding = vec![
        expect(1, Expectation::Exact(1)),
        expect(2, Expectation::Exact(2)),
        expect(2, Expectation::Exists),
        expect(9, Expectation::Absent),
        boundary(7),
    ];
    assert_eq!(shelf.conflicts(holding), []);
    let failing = vec![
        expect(1, Expectation::Exact(2)),
        expect(9, Expectation::Exact(1)),
        expect(1, Expectation::Exists),
        expect(9, Expectation::Exists),
        expect(2, Expectation::Absent),
        boundary(6),
    ];
    let revision = |index, number, expected: &str, actual| Conflict::Revision {
        index,
        claim: id(number),
        expected: expected.to_owned(),
        actual,
    };
    assert_eq!(
        shelf.conflicts(failing),
        [
            revision(0, 1, "revision 2", Some(1)),
            revision(1, 9, "revision 1", None),
            revision(3, 9, "recorded", None),
            revision(4, 2, "not recorded", Some(2)),
            Conflict::Boundary { index: 5, after: Position(6), touched_at: Position(7) },
        ]
    );
}

#[test]
fn preconditions_are_judged_before_the_append_and_before_its_commands() {
    let precondition = Precondition::Revision(id(9), Expectation::Exists);
    let commands = vec![assert_claim(state(9, "2025")), Command::Reinstate(id(9))];
    let rejection = decide(&shelf(), Batch { preconditions: vec![precondition], ..batch(commands) }).unwrap_err();
    assert!(matches!(rejection, Rejection::Conflicts(conflicts) if conflicts.len() == 1));
}
