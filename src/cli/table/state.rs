//! The state as people read it: the question, the claims with their certainty, and which nothing it is where it is one.
//!
//! "No agreement is recorded" and "it is recorded that there is no agreement" are different answers. A table without
//! rows cannot tell them apart, so the emptiness is always a whole sentence.

use super::{
    TableView, claim, escape,
    grid::{Grid, GridCell, Tone},
    period, question,
};
use crate::cli::words;
use detente_proto::v1::{Certainty, Emptiness, Filter, GetStateResponse, StateMatch, StateMode};

/// The most absence claims that a reply names.
const ABSENCE_LIMIT: usize = 100;

/// The whole answer.
pub(crate) fn table(mode: StateMode, filter: Option<&Filter>, reply: &GetStateResponse, view: &TableView) -> String {
    let context = reply.context.clone().unwrap_or_default();
    [
        question::of_state(mode, filter, &context),
        question::coordinates(&context),
        rows(&reply.matches, view),
        meaning(reply) + "\n",
        more(&reply.next_page_token),
    ]
    .concat()
}

/// The line that tells how to see the rest of a list; nothing where this was all.
pub(crate) fn more(next_page_token: &str) -> String {
    match next_page_token {
        "" => String::new(),
        token => format!("There is more: ask again with --page-token {}\n", escape::visible(token)),
    }
}

fn rows(matches: &[StateMatch], view: &TableView) -> String {
    let mut grid = Grid::new(["certainty", "claim", "kind", "valid", "who says", "marks", "rev", "id"]).wide(1);
    for found in matches {
        let Some(claim) = &found.claim else { continue };
        grid.row([
            certainty(found.certainty),
            claim::text(claim, view).into(),
            claim.kind.as_str().into(),
            period::format(claim, found.as_of_age_days).into(),
            claim::says(claim).into(),
            claim::marks(claim),
            claim.revision.to_string().into(),
            claim::id(claim, view).into(),
        ]);
    }
    grid.render()
}

/// Formats the certainty of a claim, in its tone.
pub(crate) fn certainty(certainty: i32) -> GridCell {
    let tone = match Certainty::try_from(certainty) {
        Ok(Certainty::Definite) => Tone::Sure,
        Ok(Certainty::Possible) => Tone::Doubt,
        _ => Tone::Plain,
    };
    GridCell::in_tone(words::format::<Certainty>(certainty), tone)
}

/// Sums up the answer in a sentence.
fn meaning(reply: &GetStateResponse) -> String {
    match reply.emptiness() {
        Emptiness::NotEmpty => counts(reply),
        Emptiness::RecordedAbsence => absence(reply),
        Emptiness::NothingCovers => {
            "Nothing covers this date: there are matching claims on record, but none for then.".to_owned()
        }
        Emptiness::OnlyRetracted => "All that matches has been retracted (--include-retracted shows it).".to_owned(),
        Emptiness::NothingRecorded => {
            "Nothing is recorded: no matching claim is on record at this cut. That is not a \"no\".".to_owned()
        }
        Emptiness::Unspecified => "The server did not say whether this is all.".to_owned(),
    }
}

fn counts(reply: &GetStateResponse) -> String {
    let count = |certainty: Certainty| reply.matches.iter().filter(|found| found.certainty() == certainty).count();
    let (definite, possible) = (count(Certainty::Definite), count(Certainty::Possible));
    format!("{}: {definite} definite, {possible} possible.", claims(reply.matches.len()))
}

fn absence(reply: &GetStateResponse) -> String {
    let certainty = match words::format::<Certainty>(reply.absence_certainty) {
        unsaid if unsaid.is_empty() => "certainty not said".to_owned(),
        said => said,
    };
    let says = match reply.absence_claim_ids.len() {
        1 => "1 claim says".to_owned(),
        n if n >= ABSENCE_LIMIT => format!("at least {n} claims say"),
        n => format!("{n} claims say"),
    };
    format!("Recorded absence ({certainty}): {says} that there is none, or that none is known.")
}

/// A number of claims in words.
pub(crate) fn claims(n: usize) -> String {
    match n {
        1 => "1 claim".to_owned(),
        n => format!("{n} claims"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1::{Claim, Text};

    fn view() -> TableView {
        TableView { lang: "en".into(), full_ids: false }
    }

    fn empty(emptiness: Emptiness) -> GetStateResponse {
        GetStateResponse { emptiness: emptiness.into(), ..Default::default() }
    }

    #[test]
    fn a_recorded_absence_is_a_whole_sentence_with_its_certainty() {
        let reply = GetStateResponse {
            absence_certainty: Certainty::Definite.into(),
            absence_claim_ids: vec![String::new(); 4],
            ..empty(Emptiness::RecordedAbsence)
        };
        let expected = "Recorded absence (definite): 4 claims say that there is none, or that none is known.";
        assert_eq!(meaning(&reply), expected);
    }

    #[test]
    fn each_nothing_is_told_apart() {
        let nothings = [Emptiness::NothingCovers, Emptiness::OnlyRetracted, Emptiness::NothingRecorded];
        let sentences: std::collections::BTreeSet<_> = nothings.map(|n| meaning(&empty(n))).into();
        assert_eq!(sentences.len(), 3);
    }

    #[test]
    fn the_answer_shows_the_claim_in_the_asked_language_and_marks_what_is_made_up() {
        let text = |lang: &str, text: &str| Text { lang: lang.into(), text: text.into(), original: false };
        let claim = Claim {
            texts: vec![text("ar", "وقعت"), text("en", "They sign.")],
            labels: vec!["synthetic".into()],
            ..Default::default()
        };
        let found = StateMatch { certainty: Certainty::Possible.into(), claim: Some(claim), as_of_age_days: None };
        let reply = GetStateResponse { matches: vec![found], ..empty(Emptiness::NotEmpty) };
        let table = table(StateMode::HoldsAt, None, &reply, &view());
        assert!(table.contains("They sign.") && table.contains("SYNTHETIC"), "{table}");
        assert!(table.ends_with("1 claim: 0 definite, 1 possible.\n"), "{table}");
    }
}
