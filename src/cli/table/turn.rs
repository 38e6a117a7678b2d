//! Turns as people read them: when, what time makes of the claim, and what can be said of it from then on.

use super::{
    View, claim, escape,
    grid::{Cell, Grid, Tone},
    period, question, state,
};
use crate::{
    cli::{instant, words},
    v1::{Claim, ClockTurn, Filter, ListUpcomingResponse, TemporalType, Turn},
};

/// What comes next, as a table.
pub(crate) fn table(filter: Option<&Filter>, reply: &ListUpcomingResponse, view: &View) -> String {
    let context = reply.context.clone().unwrap_or_default();
    let columns = ["when", "turn", "from then on", "claim", "relationships", "valid", "marks", "id"];
    let mut grid = Grid::new(columns).whole(0).wide(3);
    for turn in &reply.turns {
        let Some(claim) = &turn.claim else { continue };
        grid.row([
            when(turn.at.as_ref()).into(),
            words::shown::<Turn>(turn.turn).into(),
            Cell::toned(from_then_on(turn.turn(), claim), tone(turn.turn())),
            claim::text(claim, view).into(),
            claim.relationships.join(", ").into(),
            period::shown(claim, None).into(),
            claim::marks(claim),
            claim::id(claim, view).into(),
        ]);
    }
    let span = context.valid_at.replace('/', " to ");
    [
        question::of_list(&format!("What turns from {span}"), filter, &context),
        question::coordinates(&context),
        grid.render(),
        turns(reply.turns.len()) + ".\n",
        state::more(&reply.next_page_token),
    ]
    .concat()
}

/// A turn that has come, as a line.
pub(crate) fn line(turn: &ClockTurn, view: &View) -> String {
    let claim = turn.claim.clone().unwrap_or_default();
    let told = match (turn.late, &turn.at) {
        (false, at) => when(at.as_ref()),
        (true, at) => format!("{} (late: {})", instant::shown(turn.told_at.as_ref()), when(at.as_ref())),
    };
    let words = [
        told,
        words::shown::<Turn>(turn.turn),
        from_then_on(turn.turn(), &claim).to_owned(),
        claim.relationships.join(", "),
        claim::text(&claim, view),
        claim::id(&claim, view),
    ];
    let words: Vec<String> = words.iter().filter(|word| !word.is_empty()).map(|word| escape::line(word)).collect();
    words.join(" | ") + "\n"
}

/// What can be said of the claim from a turn on.
fn from_then_on(turn: Turn, claim: &Claim) -> &'static str {
    let happens = claim.temporal_type() == TemporalType::Event;
    match turn {
        Turn::MayBegin if happens => "may have happened",
        Turn::Ends if happens => "has happened",
        Turn::MayBegin => "may hold",
        Turn::Begins => "holds",
        Turn::MayEnd => "may be over",
        Turn::Ends => "is over",
        Turn::FallsDue => "is overdue",
        Turn::Unspecified => "",
    }
}

const fn tone(turn: Turn) -> Tone {
    match turn {
        Turn::MayBegin | Turn::MayEnd => Tone::Doubt,
        Turn::Begins | Turn::Ends => Tone::Sure,
        Turn::FallsDue => Tone::Alert,
        Turn::Unspecified => Tone::Plain,
    }
}

/// An instant, as a day where it is the beginning of one.
fn when(at: Option<&prost_types::Timestamp>) -> String {
    let shown = instant::shown(at);
    shown.strip_suffix("T00:00:00Z").map_or_else(|| shown.clone(), str::to_owned)
}

fn turns(n: usize) -> String {
    match n {
        1 => "1 turn".to_owned(),
        n => format!("{n} turns"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{ReplyContext, Text, UpcomingTurn};

    fn claim(temporal_type: TemporalType) -> Claim {
        let text = Text { lang: "en".into(), text: "They \u{1b}[2Jsign.".into(), original: true };
        Claim { texts: vec![text], temporal_type: temporal_type.into(), ..Default::default() }
    }

    fn at(day: &str) -> Option<prost_types::Timestamp> {
        Some(instant::read(day).unwrap())
    }

    #[test]
    fn a_turn_says_what_holds_from_then_on() {
        let turn =
            UpcomingTurn { turn: Turn::MayEnd.into(), at: at("2025-07-02"), claim: Some(claim(TemporalType::State)) };
        let context = ReplyContext { valid_at: "2025-07/2025-08".into(), position: 7, ..Default::default() };
        let reply = ListUpcomingResponse { context: Some(context), turns: vec![turn], ..Default::default() };
        let table = table(None, &reply, &View { lang: "en".into(), full_ids: false });
        for expected in ["What turns from 2025-07 to 2025-08", "2025-07-02", "may end", "may be over", "1 turn."] {
            assert!(table.contains(expected), "{expected}: {table}");
        }
    }

    #[test]
    fn a_line_tells_the_turn_of_an_event_and_when_it_was_late() {
        let view = View { lang: "en".into(), full_ids: false };
        let turn = ClockTurn {
            turn: Turn::Ends.into(),
            at: at("2025-07-02"),
            told_at: at("2025-08-02T10:00:00Z"),
            late: true,
            claim: Some(claim(TemporalType::Event)),
        };
        let expected = "2025-08-02T10:00:00Z (late: 2025-07-02) | ends | has happened | They \\u{1b}[2Jsign.\n";
        assert_eq!(line(&turn, &view), expected);
    }
}
