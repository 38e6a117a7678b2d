//! The words for an event: its kind, its subject, and its content.

use super::{TableView, claim};
use crate::cli::words;
use detente_proto::v1::{
    Claim, DisputeOutcome, Event, Kind, Party, RetractionReason, RevisionKind, Scheme, Source, event::Event as What,
};

/// An event in three cells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct EventCells {
    /// The kind of the event: `claim revised (correction)`.
    pub(crate) what: String,
    /// Its subject: the id of a claim, party or source, a kind or scheme.
    pub(crate) about: String,
    /// Its content in words.
    pub(crate) words: String,
}

/// Tells an event.
pub(crate) fn cells(event: &Event, view: &TableView) -> EventCells {
    let Some(what) = &event.event else { return EventCells::default() };
    let (what, about, words) = match what {
        What::ClaimAsserted(e) => ("claim asserted".to_owned(), id(&e.claim, view), text(&e.claim, view)),
        What::ClaimRevised(e) => {
            (because::<RevisionKind>("claim revised", e.kind), id(&e.claim, view), text(&e.claim, view))
        }
        What::ClaimConfirmed(e) => {
            ("claim confirmed".to_owned(), view.id(&e.claim_id), format!("still true as of {}", e.as_of))
        }
        What::ClaimRetracted(e) => {
            (because::<RetractionReason>("claim retracted", e.reason), view.id(&e.claim_id), String::new())
        }
        What::ClaimReinstated(e) => ("claim reinstated".to_owned(), view.id(&e.claim_id), String::new()),
        What::ClaimDisputed(e) => {
            (format!("claim disputed by {}", e.disputed_by), view.id(&e.claim_id), e.statement.clone())
        }
        What::DisputeResolved(e) => {
            (because::<DisputeOutcome>("dispute resolved", e.outcome), view.id(&e.claim_id), String::new())
        }
        What::PartyRegistered(e) => party("party registered", e.party.as_ref(), view),
        What::PartyRevised(e) => party("party revised", e.party.as_ref(), view),
        What::SourceRegistered(e) => source("source registered", e.source.as_ref()),
        What::SourceRevised(e) => source("source revised", e.source.as_ref()),
        What::SourceWithdrawn(e) => ("source withdrawn".to_owned(), e.source_id.clone(), String::new()),
        What::KindRegistered(e) => kind("kind registered", e.kind.as_ref()),
        What::KindRevised(e) => kind("kind revised", e.kind.as_ref()),
        What::SchemeRegistered(e) => scheme("scheme registered", e.scheme.as_ref()),
        What::SchemeRevised(e) => scheme("scheme revised", e.scheme.as_ref()),
        What::PartiesMerged(e) => {
            let words = format!("answers as {} from now on", e.surviving_party_id);
            ("party merged".to_owned(), e.merged_party_id.clone(), words)
        }
        What::PartiesUnmerged(e) => {
            ("party unmerged".to_owned(), e.merged_party_id.clone(), "answers as itself again".to_owned())
        }
        What::ClaimsConfirmed(e) => {
            let words = format!("all that have the label and no end are still true as of {}", e.as_of);
            ("claims confirmed".to_owned(), e.label.clone(), words)
        }
    };
    EventCells { what, about, words }
}

/// Returns true if an event is made up, by its note or by the claim it carries.
pub(crate) fn is_synthetic(event: &Event) -> bool {
    let claim = match &event.event {
        Some(What::ClaimAsserted(asserted)) => asserted.claim.as_ref(),
        Some(What::ClaimRevised(revised)) => revised.claim.as_ref(),
        _ => None,
    };
    let disputed = matches!(&event.event, Some(What::ClaimDisputed(e)) if claim::says_synthetic(&e.statement));
    disputed || claim::says_synthetic(&event.note) || claim.is_some_and(claim::is_synthetic)
}

fn because<W: words::OptionWord>(what: &str, why: i32) -> String {
    match words::format::<W>(why) {
        unsaid if unsaid.is_empty() => what.to_owned(),
        why => format!("{what} ({why})"),
    }
}

fn id(claim: &Option<Claim>, view: &TableView) -> String {
    claim.as_ref().map(|claim| claim::id(claim, view)).unwrap_or_default()
}

fn text(claim: &Option<Claim>, view: &TableView) -> String {
    claim.as_ref().map(|claim| claim::text(claim, view)).unwrap_or_default()
}

fn party(what: &str, party: Option<&Party>, view: &TableView) -> (String, String, String) {
    let name = party.and_then(|party| view.choose(&party.names, |name| &name.lang)).map(|name| name.name.clone());
    (what.to_owned(), party.map(|party| party.party_id.clone()).unwrap_or_default(), name.unwrap_or_default())
}

fn source(what: &str, source: Option<&Source>) -> (String, String, String) {
    let source = source.cloned().unwrap_or_default();
    (what.to_owned(), source.source_id, source.title)
}

fn kind(what: &str, kind: Option<&Kind>) -> (String, String, String) {
    let kind = kind.cloned().unwrap_or_default();
    (what.to_owned(), kind.kind, kind.description)
}

fn scheme(what: &str, scheme: Option<&Scheme>) -> (String, String, String) {
    let scheme = scheme.cloned().unwrap_or_default();
    (what.to_owned(), scheme.scheme, scheme.title)
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1::{ClaimDisputed, ClaimRetracted, PartiesMerged};

    fn event(event: What) -> Event {
        Event { event: Some(event), ..Default::default() }
    }

    #[test]
    fn an_event_tells_why() {
        let view = TableView { lang: "en".into(), full_ids: true };
        let retracted = ClaimRetracted { claim_id: "c".into(), reason: RetractionReason::Wrong.into() };
        let told = cells(&event(What::ClaimRetracted(retracted)), &view);
        assert_eq!((told.what.as_str(), told.about.as_str()), ("claim retracted (wrong)", "c"));
    }

    #[test]
    fn a_merge_tells_as_whom_the_party_answers() {
        let view = TableView { lang: "en".into(), full_ids: true };
        let merged = PartiesMerged { merged_party_id: "RUS".into(), surviving_party_id: "RUF".into() };
        let told = cells(&event(What::PartiesMerged(merged)), &view);
        assert_eq!(
            (told.what, told.about, told.words),
            ("party merged".into(), "RUS".into(), "answers as RUF from now on".into())
        );
    }

    #[test]
    fn a_made_up_dispute_is_seen_as_one() {
        let disputed = |statement: &str| {
            event(What::ClaimDisputed(ClaimDisputed { statement: statement.into(), ..Default::default() }))
        };
        assert!(is_synthetic(&disputed("SYNTHETIC: intent disputed")));
        assert!(!is_synthetic(&disputed("intent disputed")));
    }
}
