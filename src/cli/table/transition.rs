//! Transitions as people read them: the instant, the transition of the claim, and its certainty from then on.

use super::{
    TableView, claim, escape,
    grid::{Grid, GridCell, Tone},
    period, question, state,
};
use crate::cli::{instant, words};
use detente_proto::v1::{Claim, ClockTransition, Filter, ListUpcomingResponse, TemporalType, Transition};

/// The transitions to come, as a table.
pub(crate) fn table(filter: Option<&Filter>, reply: &ListUpcomingResponse, view: &TableView) -> String {
    let context = reply.context.clone().unwrap_or_default();
    let columns = ["when", "transition", "from then on", "claim", "relationships", "valid", "marks", "id"];
    let mut grid = Grid::new(columns).whole(0).wide(3);
    for transition in &reply.transitions {
        let Some(claim) = &transition.claim else { continue };
        grid.row([
            when(transition.at.as_ref()).into(),
            words::format::<Transition>(transition.transition).into(),
            GridCell::in_tone(from_then_on(transition.transition(), claim), tone(transition.transition())),
            claim::text(claim, view).into(),
            claim.relationships.join(", ").into(),
            period::format(claim, None).into(),
            claim::marks(claim),
            claim::id(claim, view).into(),
        ]);
    }
    let span = context.valid_at.replace('/', " to ");
    [
        question::of_list(&format!("Transitions from {span}"), filter, &context),
        question::coordinates(&context),
        grid.render(),
        transitions(reply.transitions.len()) + ".\n",
        state::more(&reply.next_page_token),
    ]
    .concat()
}

/// A transition that has come, as a line.
pub(crate) fn line(transition: &ClockTransition, view: &TableView) -> String {
    let claim = transition.claim.clone().unwrap_or_default();
    let told = match (transition.late, &transition.at) {
        (false, at) => when(at.as_ref()),
        (true, at) => format!("{} (late: {})", instant::format(transition.reported_at.as_ref()), when(at.as_ref())),
    };
    let words = [
        told,
        words::format::<Transition>(transition.transition),
        from_then_on(transition.transition(), &claim).to_owned(),
        claim.relationships.join(", "),
        claim::text(&claim, view),
        claim::id(&claim, view),
    ];
    let words: Vec<String> = words.iter().filter(|word| !word.is_empty()).map(|word| escape::line(word)).collect();
    words.join(" | ") + "\n"
}

/// The words that hold of the claim from a transition on.
fn from_then_on(transition: Transition, claim: &Claim) -> &'static str {
    let happens = claim.temporal_type() == TemporalType::Event;
    match transition {
        Transition::MayBegin if happens => "may have happened",
        Transition::Ends if happens => "has happened",
        Transition::MayBegin => "may hold",
        Transition::Begins => "holds",
        Transition::MayEnd => "may be over",
        Transition::Ends => "is over",
        Transition::FallsDue => "is overdue",
        Transition::Unspecified => "",
    }
}

const fn tone(transition: Transition) -> Tone {
    match transition {
        Transition::MayBegin | Transition::MayEnd => Tone::Doubt,
        Transition::Begins | Transition::Ends => Tone::Sure,
        Transition::FallsDue => Tone::Alert,
        Transition::Unspecified => Tone::Plain,
    }
}

/// An instant, as a day where it is the beginning of one.
fn when(at: Option<&prost_types::Timestamp>) -> String {
    let shown = instant::format(at);
    shown.strip_suffix("T00:00:00Z").map_or_else(|| shown.clone(), str::to_owned)
}

fn transitions(n: usize) -> String {
    match n {
        1 => "1 transition".to_owned(),
        n => format!("{n} transitions"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1::{ReplyContext, Text, UpcomingTransition};

    fn claim(temporal_type: TemporalType) -> Claim {
        let text = Text { lang: "en".into(), text: "They \u{1b}[2Jsign.".into(), original: true };
        Claim { texts: vec![text], temporal_type: temporal_type.into(), ..Default::default() }
    }

    fn at(day: &str) -> Option<prost_types::Timestamp> {
        Some(instant::read(day).unwrap())
    }

    #[test]
    fn a_transition_says_what_holds_from_then_on() {
        let transition = UpcomingTransition {
            transition: Transition::MayEnd.into(),
            at: at("2025-07-02"),
            claim: Some(claim(TemporalType::State)),
        };
        let context = ReplyContext { valid_at: "2025-07/2025-08".into(), position: 7, ..Default::default() };
        let reply =
            ListUpcomingResponse { context: Some(context), transitions: vec![transition], ..Default::default() };
        let table = table(None, &reply, &TableView { lang: "en".into(), full_ids: false });
        for expected in ["Transitions from 2025-07 to 2025-08", "2025-07-02", "may end", "may be over", "1 transition."]
        {
            assert!(table.contains(expected), "{expected}: {table}");
        }
    }

    #[test]
    fn a_line_tells_the_transition_of_an_event_and_when_it_was_late() {
        let view = TableView { lang: "en".into(), full_ids: false };
        let transition = ClockTransition {
            transition: Transition::Ends.into(),
            at: at("2025-07-02"),
            reported_at: at("2025-08-02T10:00:00Z"),
            late: true,
            claim: Some(claim(TemporalType::Event)),
        };
        let expected = "2025-08-02T10:00:00Z (late: 2025-07-02) | ends | has happened | They \\u{1b}[2Jsign.\n";
        assert_eq!(line(&transition, &view), expected);
    }
}
