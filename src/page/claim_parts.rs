//! The parts of a claim that several views show: its words, its dates, who says so, what became of it.

use super::lang::Lang;
use super::names::PartyNames;
use super::request::{PageRequest, path};
use super::text::{line, sanitize};
use super::words::{self, PageWord};
use detente_proto::v1::bound::Bound as End;
use detente_proto::v1::{Bound, Claim, KnownDate, Text};
use maud::{Markup, html};
use prost_types::Timestamp;

/// The most of a text that a list shows.
const IN_LIST: usize = 320;

/// The text in the reader's language, else the original, else the first.
fn text(claim: &Claim, lang: Lang) -> Option<&Text> {
    let own = claim.texts.iter().find(|text| Lang::by_tag(&text.lang) == Some(lang));
    own.or_else(|| claim.texts.iter().find(|text| text.original)).or_else(|| claim.texts.first())
}

/// The words of a claim on one line, and whether they run from right to left.
pub(super) fn label(claim: &Claim, lang: Lang, most: usize) -> (String, bool) {
    let text = text(claim, lang);
    let rtl = text.is_some_and(|text| matches!(text.lang.split('-').next(), Some("ar" | "fa" | "he" | "ur")));
    (text.map_or_else(|| line(&claim.kind, most), |text| line(&text.text, most)), rtl)
}

/// The texts of a claim, that in the reader's language first.
pub(super) fn texts(claim: &Claim, lang: Lang) -> Vec<&Text> {
    let first = text(claim, lang);
    let others = claim.texts.iter().filter(|other| first.is_none_or(|first| !std::ptr::eq(first, *other)));
    first.into_iter().chain(others).collect()
}

/// A text of the record, isolated, in its language.
pub(super) fn words(text: &Text) -> Markup {
    html! { bdi.said lang=(line(&text.lang, 35)) { (sanitize(&text.text)) } }
}

/// The words of a claim, leading to its history.
pub(super) fn link(asked: &PageRequest, claim: &Claim, values: &[(&str, &str)]) -> Markup {
    let href = asked.to(&path("claim", &claim.claim_id), values);
    let struck = claim.retraction.is_some();
    html! {
        a.claim.retracted[struck] href=(href) {
            @match text(claim, asked.lang) {
                Some(text) => bdi.said lang=(line(&text.lang, 35)) { (cut_to(&sanitize(&text.text))) },
                None => (claim.kind),
            }
        }
    }
}

fn cut_to(text: &str) -> String {
    if text.chars().count() <= IN_LIST { text.to_owned() } else { text.chars().take(IN_LIST).chain(['…']).collect() }
}

/// Shows the valid time of a claim, in words.
pub(super) fn when(claim: &Claim, lang: Lang) -> Markup {
    let (from, to) = (end(claim.valid_from.as_ref()), end(claim.valid_to.as_ref()));
    html! {
        @match (from, to) {
            (None, _) | (_, None) => span.quiet { (lang.t("no time", "بلا زمن")) },
            (Some(End::Known(a)), Some(End::Known(b))) if a.edtf == b.edtf => (show_date(a)),
            (Some(from), Some(to)) => {
                @match from {
                    End::Known(known) => (show_date(known)),
                    End::Unknown(_) => span.quiet { (lang.t("start unknown", "البداية غير معروفة")) },
                    End::Open(_) => span.quiet { (lang.t("since always", "منذ الأزل")) },
                }
                span.to { (lang.t(" → ", " ← ")) }
                @match to {
                    End::Known(known) => (show_date(known)),
                    End::Unknown(_) => span.quiet { (lang.t("end unknown", "النهاية غير معروفة")) },
                    End::Open(_) => span.quiet { (lang.t("still open", "ما زال قائمًا")) },
                }
            }
        }
    }
}

/// Returns the valid time of a claim, in one line of plain text.
pub(super) fn when_plain(claim: &Claim, lang: Lang) -> String {
    let said = |bound: Option<&Bound>, open: &str| match end(bound) {
        Some(End::Known(known)) => known.edtf.clone(),
        Some(End::Unknown(_)) => lang.t("unknown", "غير معروف").to_owned(),
        Some(End::Open(_)) => open.to_owned(),
        None => lang.t("no time", "بلا زمن").to_owned(),
    };
    let from = said(claim.valid_from.as_ref(), lang.t("since always", "منذ الأزل"));
    let to = said(claim.valid_to.as_ref(), lang.t("still open", "ما زال قائمًا"));
    if from == to { from } else { format!("{from} – {to}") }
}

/// Returns the sort of end that a bound is.
pub(super) fn end(bound: Option<&Bound>) -> Option<&End> {
    bound.and_then(|bound| bound.bound.as_ref())
}

/// An end as it was given; where that is a time with an offset, with the instant in UTC.
fn show_date(known: &KnownDate) -> Markup {
    let is_local = known.edtf.contains('T') && !known.edtf.ends_with('Z') && !known.earliest.is_empty();
    html! {
        (date(&known.edtf))
        @if is_local { " " span.quiet dir="ltr" { "(" (known.earliest) ")" } }
    }
}

/// A date as it was given.
pub(super) fn date(edtf: &str) -> Markup {
    html! { bdi.date dir="ltr" { (line(edtf, 80)) } }
}

/// An instant.
pub(super) fn instant(at: Option<&Timestamp>) -> Markup {
    let at = at.map(ToString::to_string).unwrap_or_default();
    let text = at.strip_suffix(":00Z").map_or_else(|| at.clone(), |rest| format!("{rest}Z")).replace('T', " ");
    html! { time.date dir="ltr" datetime=(at) { (text) } }
}

/// The day of an instant.
pub(super) fn day(at: Option<&Timestamp>) -> String {
    at.map(ToString::to_string).unwrap_or_default().chars().take(10).collect()
}

/// Shows the chain of voices.
pub(super) fn voices(asked: &PageRequest, claim: &Claim, names: &PartyNames) -> Markup {
    html! {
        span.voices {
            @for (at, voice) in claim.attribution.iter().enumerate() {
                @if at > 0 { span.quiet { (asked.lang.t(", ", "، ")) } }
                @if voice.party_id.is_empty() { bdi { (line(&voice.name, 120)) } } @else { (names.link(asked, &voice.party_id)) }
                " " span.quiet { (voice.role().word(asked.lang)) }
            }
        }
    }
}

/// Shows the kind, the modality and the status of a claim.
pub(super) fn marks(claim: &Claim, lang: Lang) -> Markup {
    let disputed = claim.disputes.iter().any(|dispute| dispute.resolution.is_none());
    html! {
        span.marks {
            span.kind { (words::kind(&claim.kind, lang)) }
            @for word in [claim.modality().word(lang), claim.status().word(lang)] {
                @if !word.is_empty() { span { (word) } }
            }
            @if !claim.polarity().word(lang).is_empty() {
                span.polarity.(polarity_class(claim)) { (claim.polarity().word(lang)) }
            }
            @if disputed { span.mark { (lang.t("disputed", "متنازَع فيه")) } }
            @if claim.retraction.is_some() { span.mark { (lang.t("retracted", "مسحوب")) } }
        }
    }
}

/// The class that colours a claim.
pub(super) fn polarity_class(claim: &Claim) -> &'static str {
    use detente_proto::v1::Polarity;
    match claim.polarity() {
        Polarity::Cooperation => "p-coop",
        Polarity::Tension => "p-tens",
        Polarity::Mixed => "p-mix",
        Polarity::Mitigating => "p-miti",
        Polarity::Neutral | Polarity::Unspecified => "p-none",
    }
}
