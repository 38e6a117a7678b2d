//! The course of a state, as people read it: a chart of the claims, and under it a table of the chart's columns.
//!
//! ```text
//!   #  claim             segments        =  definite   -  possible   .  not
//!   1  They negotiate.   .-==-...
//!   2  They sign.        ...-====       one column for each segment, as wide as the others: the second table
//!                                       tells how long it is
//! ```
//!
//! The chart uses plain characters, which every terminal shows in one column, from left to right, whatever the script
//! of the claims next to it.

use std::collections::HashMap;

use super::{
    TableView, claim,
    grid::{Grid, GridCell, Tone},
    period, question, state,
};
use detente_proto::v1::{Filter, GetTimelineResponse, TimelineSegment};

/// The most segments that a line of the chart has room for.
const MOST_COLUMNS: usize = 60;

/// The whole answer.
pub(crate) fn table(filter: Option<&Filter>, reply: &GetTimelineResponse, view: &TableView) -> String {
    let context = reply.context.clone().unwrap_or_default();
    [
        question::of_list("How the state moved", filter, &context),
        question::coordinates(&context),
        chart(reply, view),
        segments(reply),
        meaning(reply) + "\n",
        state::more(&reply.next_page_token),
    ]
    .concat()
}

fn chart(reply: &GetTimelineResponse, view: &TableView) -> String {
    let mut grid = Grid::new(["#", "claim", "kind", "valid", "marks", "segments", "id"]).wide(1).whole(5);
    for (claim, nth) in reply.claims.iter().zip(1..) {
        grid.row([
            GridCell::from(nth.to_string()),
            claim::text(claim, view).into(),
            claim.kind.as_str().into(),
            period::format(claim, None).into(),
            claim::marks(claim),
            course(&claim.claim_id, &reply.segments).into(),
            claim::id(claim, view).into(),
        ]);
    }
    grid.render()
}

/// A claim's line of the chart.
fn course(id: &str, segments: &[TimelineSegment]) -> String {
    let names = |ids: &[String]| ids.iter().any(|named| named == id);
    let mark = |segment: &TimelineSegment| match (names(&segment.definite), names(&segment.possible)) {
        (true, _) => '=',
        (false, true) => '-',
        (false, false) => '.',
    };
    let line: String = segments.iter().take(MOST_COLUMNS).map(mark).collect();
    if segments.len() > MOST_COLUMNS { line + "…" } else { line }
}

fn segments(reply: &GetTimelineResponse) -> String {
    let claims = reply.claims.iter().zip(1_usize..);
    let numbers: HashMap<&str, usize> = claims.map(|(claim, nth)| (claim.claim_id.as_str(), nth)).collect();
    let listed = |ids: &[String]| {
        let number = |id: &String| numbers.get(id.as_str()).map_or_else(|| id.clone(), ToString::to_string);
        ids.iter().map(number).collect::<Vec<_>>().join(" ")
    };
    let mut grid = Grid::dense(["segment", "from / until", "definite", "possible", "entered", "left"]).whole(1);
    for (segment, nth) in reply.segments.iter().zip(1..) {
        grid.row([
            GridCell::from(nth.to_string()),
            segment.period.replace('/', " → ").into(),
            GridCell::in_tone(listed(&segment.definite), Tone::Sure),
            GridCell::in_tone(listed(&segment.possible), Tone::Doubt),
            listed(&segment.entered).into(),
            listed(&segment.left).into(),
        ]);
    }
    grid.render()
}

fn meaning(reply: &GetTimelineResponse) -> String {
    if reply.segments.is_empty() {
        return "No segments: nothing that matches has a time.".to_owned();
    }
    let segments = match reply.segments.len() {
        1 => "1 segment".to_owned(),
        n => format!("{n} segments"),
    };
    format!("{segments}, {}. In the chart: = definite, - possible, . not.", state::claims(reply.claims.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1::{Claim, Text};

    fn segment(period: &str, definite: &[&str], possible: &[&str]) -> TimelineSegment {
        let ids = |ids: &[&str]| ids.iter().map(ToString::to_string).collect();
        TimelineSegment {
            period: period.into(),
            definite: ids(definite),
            possible: ids(possible),
            entered: ids(definite),
            ..Default::default()
        }
    }

    fn claim(id: &str, text: &str) -> Claim {
        let text = Text { lang: "ar".into(), text: text.into(), original: true };
        Claim { claim_id: id.into(), texts: vec![text], ..Default::default() }
    }

    #[test]
    fn each_claim_has_a_line_with_a_character_for_each_segment() {
        let reply = GetTimelineResponse {
            segments: vec![segment("2024/2025", &["a"], &["b"]), segment("2026/..", &["b"], &[])],
            claims: vec![claim("a", "They talk."), claim("b", "لا اتفاق")],
            ..Default::default()
        };
        let table = table(None, &reply, &TableView { lang: "en".into(), full_ids: false });
        assert!(table.contains("=.") && table.contains("-="), "{table}");
        assert!(table.contains("2024 → 2025") && table.contains("2026 → .."), "{table}");
        assert!(table.ends_with("2 segments, 2 claims. In the chart: = definite, - possible, . not.\n"), "{table}");
    }

    #[test]
    fn a_chart_with_more_segments_than_fit_says_that_it_goes_on() {
        let many = vec![segment("2024", &["a"], &[]); 61];
        assert_eq!(course("a", &many), "=".repeat(60) + "…");
    }
}
