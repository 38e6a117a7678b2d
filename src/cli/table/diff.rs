//! The changes of claims, as people read them: the reason, the words before and after, and the recorder.

use super::{TableView, claim, escape, grid::Grid, period, question, state};
use crate::cli::{instant, words};
use detente_proto::v1::{
    Certainty, ChangeCause, ChangeReason, Claim, ClaimChange, DiffResponse, Filter, LinkType, Modality, Polarity,
    Quantity, Status, TemporalType,
};

/// The most characters of a value that are shown of each side.
const SHOWN: usize = 60;

/// The whole answer.
pub(crate) fn table(filter: Option<&Filter>, reply: &DiffResponse, view: &TableView) -> String {
    let (from, to) = (reply.from.clone().unwrap_or_default(), reply.to.clone().unwrap_or_default());
    let mut grid = Grid::new(["why", "claim", "changed", "recorded", "marks", "id"]).wide(2);
    for change in &reply.changes {
        let either = change.after.as_ref().or(change.before.as_ref()).cloned().unwrap_or_default();
        grid.row([
            words::format::<ChangeReason>(change.reason).into(),
            claim::text(&either, view).into(),
            format_changes(change, view).into(),
            change.causes.iter().map(cause).collect::<Vec<_>>().join("; ").into(),
            claim::marks(&either),
            claim::id(&either, view).into(),
        ]);
    }
    [
        question::of_diff(filter, &from, &to),
        format!("from {}", question::coordinates(&from)),
        format!("to   {}", question::coordinates(&to)),
        grid.render(),
        escape::line(&reply.summary.clone().unwrap_or_default().line) + "\n",
        state::more(&reply.next_page_token),
    ]
    .concat()
}

/// `retraction: no → RETRACTED (source withdrawn)`; only the name where one side has nothing to compare with.
fn format_changes(change: &ClaimChange, view: &TableView) -> String {
    let certainty = |number| Some(words::format::<Certainty>(number)).filter(|word| !word.is_empty());
    let sure = (certainty(change.certainty_before), certainty(change.certainty_after));
    let state = match sure {
        (None, None) => None,
        (before, after) if before == after => None,
        (before, after) => Some(arrow("in the state", &or_no(before), &or_no(after))),
    };
    let fields = change.changed_fields.iter().map(|field| match (&change.before, &change.after) {
        (Some(before), Some(after)) => arrow(field, &value(field, before, view), &value(field, after, view)),
        _ => field.clone(),
    });
    state.into_iter().chain(fields).collect::<Vec<_>>().join("; ")
}

fn arrow(what: &str, before: &str, after: &str) -> String {
    format!("{what}: {} → {}", shorten(before), shorten(after))
}

fn or_no(word: Option<String>) -> String {
    word.unwrap_or_else(|| "no".to_owned())
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        _ if text.is_empty() => "–".to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The value of a field in short.
fn value(field: &str, claim: &Claim, view: &TableView) -> String {
    match field {
        "kind" => claim.kind.clone(),
        "temporal_type" => words::format::<TemporalType>(claim.temporal_type),
        "texts" => claim::text(claim, view),
        "parties" => join(&claim.parties, |party| format!("{} as {}", party.party_id, party.role)),
        "relationships" => claim.relationships.join(", "),
        "valid_from" => period::end(claim.valid_from.as_ref()),
        "valid_to" => period::end(claim.valid_to.as_ref()),
        "as_of" => claim.as_of.clone(),
        "refers_to" => claim.refers_to.clone(),
        "attribution" => claim::says(claim),
        "modality" => words::format::<Modality>(claim.modality),
        "polarity" => words::format::<Polarity>(claim.polarity),
        "status" => words::format::<Status>(claim.status),
        "due" => claim.due.clone(),
        "quantities" => join(&claim.quantities, quantity),
        "place" => claim.place.clone(),
        "codes" => join(&claim.codes, |code| format!("{}:{}", code.scheme, code.code)),
        "sources" => join(&claim.sources, |source| source.source_id.clone()),
        "links" => {
            join(&claim.links, |link| format!("{} {}", words::format::<LinkType>(link.r#type), view.id(&link.claim_id)))
        }
        "external_ids" => claim::external_ids(claim),
        "labels" => claim.labels.join(", "),
        "retraction" => or_no(claim::retraction_mark(claim)),
        "disputes" => {
            join(&claim::standing_disputes(claim).collect::<Vec<_>>(), |dispute| claim::dispute_mark(dispute))
        }
        _ => String::new(),
    }
}

fn join<T>(things: &[T], shown: impl Fn(&T) -> String) -> String {
    things.iter().map(shown).collect::<Vec<_>>().join(", ")
}

fn quantity(quantity: &Quantity) -> String {
    let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
    let value = match (quantity.low, quantity.high) {
        (None, None) => number(quantity.value),
        (low, high) => format!("{} [{}..{}]", number(quantity.value), number(low), number(high)),
    };
    format!("{} {value} {}", quantity.name, quantity.unit).trim_end().to_owned()
}

/// `2025-08-05T00:00:00Z by archivist: "The daily corrected itself" (correction, position 117)`
fn cause(cause: &ChangeCause) -> String {
    let note = if cause.note.is_empty() { String::new() } else { format!(": “{}”", cause.note) };
    let (when, why) = (instant::format(cause.recorded_at.as_ref()), words::format::<ChangeReason>(cause.reason));
    format!("{when} by {}{note} ({why}, position {})", cause.recorded_by, cause.position)
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1::{DiffSummary, ExternalId, ReplyContext, Retraction, RetractionReason, Text};

    fn view() -> TableView {
        TableView { lang: "en".into(), full_ids: false }
    }

    fn claim(place: &str, retracted: bool) -> Claim {
        let reason = RetractionReason::SourceWithdrawn.into();
        Claim {
            texts: vec![Text { lang: "en".into(), text: "They sign.".into(), original: true }],
            place: place.into(),
            retraction: retracted.then(|| Retraction { reason, ..Default::default() }),
            ..Default::default()
        }
    }

    fn change() -> ClaimChange {
        let cause = ChangeCause {
            reason: ChangeReason::Retraction.into(),
            position: 117,
            recorded_at: Some(instant::read("2025-08-05").unwrap()),
            recorded_by: "archivist".into(),
            note: "SYNTHETIC: withdrawn".into(),
        };
        ClaimChange {
            before: Some(claim("Baku", false)),
            after: Some(claim("", true)),
            changed_fields: vec!["place".into(), "retraction".into()],
            reason: ChangeReason::Retraction.into(),
            causes: vec![cause],
            ..Default::default()
        }
    }

    #[test]
    fn a_change_tells_what_was_what_is_and_who_recorded_it() {
        let change = change();
        assert_eq!(format_changes(&change, &view()), "place: Baku → –; retraction: no → RETRACTED (source withdrawn)");
        assert_eq!(
            cause(&change.causes[0]),
            "2025-08-05T00:00:00Z by archivist: “SYNTHETIC: withdrawn” (retraction, position 117)"
        );
        let entered = ClaimChange {
            before: None,
            certainty_after: Certainty::Possible.into(),
            changed_fields: vec!["valid_to".into()],
            ..change
        };
        assert_eq!(format_changes(&entered, &view()), "in the state: no → possible; valid_to");
    }

    #[test]
    fn an_id_elsewhere_is_told_with_the_release_it_is_taken_from() {
        let of = |release: &str| Claim {
            external_ids: vec![ExternalId { scheme: "mid".into(), id: "136".into(), release: release.into() }],
            ..claim("Baku", false)
        };
        let changed_fields = vec!["external_ids".into()];
        let change =
            ClaimChange { before: Some(of("4.01")), after: Some(of("5.0")), changed_fields, ..ClaimChange::default() };
        assert_eq!(format_changes(&change, &view()), "external_ids: mid:136 (4.01) → mid:136 (5.0)");
        assert!(claim::id(&of("5.0"), &view()).ends_with(" mid:136"));
    }

    #[test]
    fn the_answer_ends_with_how_much_was_the_world() {
        let known = |day: &str| ReplyContext { known_at: Some(instant::read(day).unwrap()), ..Default::default() };
        let summary = DiffSummary { line: "1 claim changed: ...".into(), ..Default::default() };
        let reply = DiffResponse {
            from: Some(known("2025-08-02")),
            to: Some(known("2025-08-20")),
            changes: vec![change()],
            summary: Some(summary),
            next_page_token: String::new(),
        };
        let table = table(None, &reply, &view());
        let asked =
            "What changed from what was known at 2025-08-02T00:00:00Z to what was known at 2025-08-20T00:00:00Z?";
        assert!(table.starts_with(asked) && table.ends_with("1 claim changed: ...\n"), "{table}");
        assert!(table.contains("RETRACTED"), "{table}");
    }

    #[test]
    fn a_long_value_is_shown_by_its_beginning() {
        assert_eq!(shorten(&"اتفاق ".repeat(30)).chars().count(), SHOWN + 1);
    }
}
