//! The bitemporal plane of one claim: valid time across, recorded time down. Each revision is a band, from when it was
//! recorded to when the next one was, and in it the claim as it stood.

use super::WIDTH;
use super::axis::{Axis, px};
use super::defs::defs;
use super::reach::{FAR, Reach};
use super::shape::{Lane, shape};
use crate::page::claim_parts::{polarity_class, when_plain};
use crate::page::day::PageDay;
use crate::page::lang::Lang;
use crate::page::words::PageWord;
use detente_proto::v1::Revision;
use maud::{Markup, html};

const BAND: f64 = 44.0;
const TOP: f64 = 26.0;
/// The space kept free for the recorded times.
const LEFT: f64 = 190.0;

/// The plane of a claim's revisions, the oldest first.
#[allow(clippy::cast_precision_loss, reason = "revisions of a page are few")]
pub(in crate::page) fn plane(revisions: &[Revision], lang: Lang) -> Markup {
    let axis = axis(revisions, lang);
    let height = (revisions.len() as f64).mul_add(BAND, TOP + 4.0);
    let title = lang.t("Valid time across, recorded time down", "الزمن في الواقع أفقيًّا وزمن التدوين عموديًّا");
    html! {
        svg.chart.plane role="group" aria-label=(title) viewBox=(format!("0 0 {WIDTH} {}", px(height))) {
            (defs())
            (axis.draw(TOP, height))
            @for (at, revision) in revisions.iter().enumerate() {
                (band(revision, &axis, (at as f64).mul_add(BAND, TOP), lang))
            }
        }
    }
}

fn axis(revisions: &[Revision], lang: Lang) -> Axis {
    let reaches = revisions.iter().filter_map(|revision| revision.claim.as_ref()).filter_map(Reach::of);
    let ends = reaches.flat_map(|reach| [reach.first(), reach.last(), reach.start.latest, reach.end.earliest]);
    let recorded = revisions.iter().filter_map(|revision| revision.claim.as_ref()?.recorded_at.as_ref());
    let today = recorded.map(|at| at.seconds.div_euclid(86_400)).max().unwrap_or_default();
    let dated: Vec<PageDay> = ends.filter(|day| day.abs() < FAR).collect();
    let (first, last) =
        (dated.iter().min().map_or(today - 90, |day| *day), dated.iter().max().map_or(today, |day| *day));
    let pad = (last - first) / 8 + 15;
    Axis::new(first - pad, last + pad, LEFT, lang.is_rtl())
}

fn band(revision: &Revision, axis: &Axis, y: f64, lang: Lang) -> Markup {
    let Some(claim) = &revision.claim else { return html! {} };
    let at = claim.recorded_at.as_ref().map(ToString::to_string).unwrap_or_default();
    let recorded: String = at.chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect();
    let disputed = claim.disputes.iter().any(|dispute| dispute.resolution.is_none());
    let event = revision.event().word(lang);
    let about = format!("{}: {event} ({}) {at}", claim.revision, when_plain(claim, lang));
    let x = if axis.rtl() { "956" } else { "4" };
    let anchor = if axis.rtl() { "end" } else { "start" };
    html! {
        g.band.(polarity_class(claim)) role="img" aria-label=(about) tabindex="0" {
            title { (about) }
            rect.hit x="0" y=(px(y)) width=(WIDTH) height=(px(BAND)) {}
            line.recorded x1="0" x2=(WIDTH) y1=(px(y)) y2=(px(y)) {}
            text.label x=(x) y=(px(y + 18.0)) text-anchor=(anchor) direction="ltr" { (recorded) }
            text.label.quiet x=(x) y=(px(y + 34.0)) text-anchor="start" direction=(lang.dir()) { (event) }
            @if let Some(reach) = Reach::of(claim) {
                (shape(axis, &reach, Lane { y, height: BAND }, disputed, claim.retraction.is_some()))
            }
        }
    }
}
