//! The cells of a claim: its words, who says so, and the marks without which it would be misread.
//!
//! Marks come in the order of what must not be missed: RETRACTED, SYNTHETIC (made up, to show how the ledger works), an
//! open dispute, then the mode if it is not plainly asserted ("no information" is not an agreement), then the status.

use super::{
    TableView,
    grid::{GridCell, Tone},
};
use crate::cli::words;
use detente_proto::v1::{Attribution, AttributionRole, Claim, Dispute, Modality, RetractionReason, Status};

const SYNTHETIC: &str = "SYNTHETIC";

/// The claim in words, in the language asked for or, failing that, in any.
pub(crate) fn text(claim: &Claim, view: &TableView) -> String {
    view.choose(&claim.texts, |text| &text.lang).map(|text| text.text.clone()).unwrap_or_default()
}

/// Names the voices of a claim, the speaker first: `RUS says · aljazeera reports`.
pub(crate) fn says(claim: &Claim) -> String {
    claim.attribution.iter().map(voice).collect::<Vec<_>>().join(" · ")
}

/// The marks of a claim, in a cell of the tone they need.
pub(crate) fn marks(claim: &Claim) -> GridCell {
    let alerts: Vec<String> = retraction_mark(claim).into_iter().chain(synthetic(claim)).collect();
    let more = Some(claim.unlisted_standing_disputes).filter(|more| *more > 0);
    let more = more.map(|more| format!("{more} more disputes"));
    let disputes: Vec<String> = standing_disputes(claim).map(dispute_mark).chain(more).collect();
    let modality = Some(words::format::<Modality>(claim.modality)).filter(|_| claim.modality() != Modality::Asserted);
    let tone = match (alerts.is_empty(), disputes.is_empty()) {
        (false, _) => Tone::Alert,
        (true, false) => Tone::Doubt,
        (true, true) => Tone::Plain,
    };
    let rest = modality.into_iter().chain([words::format::<Status>(claim.status)]).filter(|word| !word.is_empty());
    GridCell::in_tone(alerts.into_iter().chain(disputes).chain(rest).collect::<Vec<_>>().join(", "), tone)
}

/// The ids of a claim elsewhere, with the releases they are taken from: `seed:S24.1, cow-mid:136 (5.0)`.
pub(crate) fn external_ids(claim: &Claim) -> String {
    let shown = claim.external_ids.iter().map(|id| match id.release.as_str() {
        "" => format!("{}:{}", id.scheme, id.id),
        release => format!("{}:{} ({release})", id.scheme, id.id),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// The id of a claim in a table, with those it has elsewhere under it.
pub(crate) fn id(claim: &Claim, view: &TableView) -> String {
    let elsewhere: Vec<String> = claim.external_ids.iter().map(|id| format!("{}:{}", id.scheme, id.id)).collect();
    format!("{} {}", view.id(&claim.claim_id), elsewhere.join(", ")).trim_end().to_owned()
}

/// Returns true if a note or a text declares itself made up.
pub(crate) fn says_synthetic(text: &str) -> bool {
    text.get(..SYNTHETIC.len()).is_some_and(|start| start.eq_ignore_ascii_case(SYNTHETIC))
}

/// Returns true if a claim, or the note of its last event, declares itself made up.
pub(crate) fn is_synthetic(claim: &Claim) -> bool {
    claim.labels.iter().chain([&claim.note]).chain(claim.texts.iter().map(|text| &text.text)).any(|t| says_synthetic(t))
}

fn synthetic(claim: &Claim) -> Option<String> {
    is_synthetic(claim).then(|| SYNTHETIC.to_owned())
}

/// That a claim is retracted, and why.
pub(crate) fn retraction_mark(claim: &Claim) -> Option<String> {
    let retraction = claim.retraction.as_ref()?;
    Some(format!("RETRACTED ({})", words::format::<RetractionReason>(retraction.reason)))
}

/// The disputes of a claim that stand.
pub(crate) fn standing_disputes(claim: &Claim) -> impl Iterator<Item = &Dispute> {
    claim.disputes.iter().filter(|dispute| dispute.resolution.is_none())
}

/// That a dispute stands, and whose.
pub(crate) fn dispute_mark(dispute: &Dispute) -> String {
    match says_synthetic(&dispute.statement) {
        true => format!("disputed by {} ({SYNTHETIC})", dispute.disputed_by),
        false => format!("disputed by {}", dispute.disputed_by),
    }
}

fn voice(attribution: &Attribution) -> String {
    let who = match (attribution.party_id.as_str(), attribution.name.as_str()) {
        (party, "") => party.to_owned(),
        ("", name) => format!("“{name}”"),
        (party, name) => format!("{party} (“{name}”)"),
    };
    let does = match attribution.role() {
        AttributionRole::Speaker => "says",
        AttributionRole::Accuser => "accuses",
        AttributionRole::Perceiver => "sees it so",
        AttributionRole::Reporter => "reports",
        AttributionRole::Publisher => "publishes",
        AttributionRole::Coder => "codes",
        AttributionRole::Unspecified => "",
    };
    match attribution.said_at.as_str() {
        "" => format!("{who} {does}").trim_end().to_owned(),
        said_at => format!("{who} {does} ({said_at})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1::{DisputeResolution, Retraction, Text};

    fn marks_text(claim: &Claim) -> String {
        format!("{:?}", marks(claim))
    }

    fn dispute(by: &str, resolved: bool) -> Dispute {
        let resolution = resolved.then(DisputeResolution::default);
        Dispute { disputed_by: by.into(), resolution, ..Default::default() }
    }

    #[test]
    fn a_claim_plainly_asserted_has_no_mark() {
        let claim = Claim { modality: Modality::Asserted.into(), ..Default::default() };
        assert!(marks_text(&claim).contains(r#"text: """#));
    }

    #[test]
    fn what_must_not_be_missed_comes_first() {
        let claim = Claim {
            modality: Modality::NoInformation.into(),
            status: Status::NoneKnown.into(),
            labels: vec!["synthetic".into()],
            retraction: Some(Retraction { reason: RetractionReason::SourceWithdrawn.into(), ..Default::default() }),
            disputes: vec![dispute("AZE", false), dispute("RUS", true)],
            ..Default::default()
        };
        let marks = marks_text(&claim);
        let expected = "RETRACTED (source withdrawn), SYNTHETIC, disputed by AZE, no information, none known";
        assert!(marks.contains(expected) && marks.contains("Alert"), "{marks}");
    }

    #[test]
    fn what_is_made_up_is_marked_by_its_label_its_text_or_its_note() {
        let text = Text { text: "SYNTHETIC: they sign".into(), ..Default::default() };
        for claim in [
            Claim { labels: vec!["synthetic".into()], ..Default::default() },
            Claim { texts: vec![text], ..Default::default() },
            Claim { note: "Synthetic update".into(), ..Default::default() },
        ] {
            assert!(is_synthetic(&claim));
        }
        assert!(!is_synthetic(&Claim {
            labels: vec!["non-synthetic".into(), "اصطناعي".into()], ..Default::default()
        }));
    }

    #[test]
    fn the_chain_of_voices_is_read_from_the_speaker_outwards() {
        let voice = |party: &str, name: &str, role: AttributionRole| Attribution {
            party_id: party.into(),
            name: name.into(),
            role: role.into(),
            ..Default::default()
        };
        let attribution =
            vec![voice("RUS", "", AttributionRole::Speaker), voice("", "a daily", AttributionRole::Reporter)];
        assert_eq!(says(&Claim { attribution, ..Default::default() }), "RUS says · “a daily” reports");
    }
}
