//! The timeline chart: a row for each claim, its words above its bar, and the asked date as a band through all rows.

use super::WIDTH;
use super::axis::{Axis, px};
use super::defs::defs;
use super::reach::{FAR, Reach};
use super::shape::{BAR, Lane, shape};
use crate::page::claim_parts::{label, polarity_class, when_plain};
use crate::page::day::{PageDay, span};
use crate::page::request::{PageRequest, path};
use crate::page::words::PageWord;
use detente_proto::v1::{Certainty, Claim};
use maud::{Markup, html};

const ROW: f64 = 33.0;
const TOP: f64 = 26.0;

/// A claim with what it is at the asked date.
pub(in crate::page) struct ChartRow<'a> {
    pub(in crate::page) claim: &'a Claim,
    pub(in crate::page) certainty: Certainty,
}

/// Returns the axis that shows an asked date and its surroundings: the given number of months, two thirds of them
/// before; 0 shows all.
pub(in crate::page) fn axis(rows: &[ChartRow<'_>], valid_at: &str, months: i64, rtl: bool) -> Axis {
    let asked = span(valid_at).unwrap_or_default();
    if months > 0 {
        let first = crate::page::day::month_of(asked.0, -(months * 2 / 3));
        return Axis::new(first, crate::page::day::month_of(asked.1, months / 3 + 1) - 1, 0.0, rtl);
    }
    let dated = |day: &PageDay| day.abs() < FAR;
    let reaches = || rows.iter().filter_map(|row| Reach::of(row.claim));
    let days = || reaches().flat_map(|reach| [reach.first(), reach.last(), reach.start.latest, reach.end.earliest]);
    let first = days().filter(dated).min().unwrap_or(asked.0).min(asked.0);
    let last = days().filter(dated).max().unwrap_or(asked.1).max(asked.1);
    let pad = (last - first) / 30 + 20;
    Axis::new(first - pad, last + pad, 0.0, rtl)
}

/// The chart.
#[allow(clippy::cast_precision_loss, reason = "rows are few")]
pub(in crate::page) fn timeline(
    asked: &PageRequest,
    rows: &[ChartRow<'_>],
    axis: &Axis,
    valid_at: &str,
    values: &[(&str, &str)],
) -> Markup {
    let height = (rows.len() as f64).mul_add(ROW, TOP + 8.0);
    let band =
        span(valid_at).filter(|(first, last)| axis.shows(*first, *last)).map(|(first, last)| axis.stretch(first, last));
    let title = asked.lang.t("Timeline of the claims", "خطّ الأقوال الزمني");
    html! {
        svg.chart role="group" aria-label=(title) viewBox=(format!("0 0 {WIDTH} {}", px(height))) {
            (defs())
            (axis.draw(TOP, height))
            @if let Some(band) = band {
                rect.asked x=(px(band.x)) y=(px(TOP)) width=(px(band.width)) height=(px(height - TOP)) {}
            }
            @for (at, row) in rows.iter().enumerate() {
                (draw_row(asked, row, axis, (at as f64).mul_add(ROW, TOP + 4.0), values))
            }
        }
    }
}

fn draw_row(asked: &PageRequest, row: &ChartRow<'_>, axis: &Axis, y: f64, values: &[(&str, &str)]) -> Markup {
    let claim = row.claim;
    let (words, rtl) = label(claim, asked.lang, 110);
    let disputed = claim.disputes.iter().any(|dispute| dispute.resolution.is_none());
    let retracted = claim.retraction.is_some();
    let about = format!("{words} ({}) {}", when_plain(claim, asked.lang), row.certainty.word(asked.lang));
    let (x, anchor) = match (axis.rtl(), rtl) {
        (false, false) => ("4", "start"),
        (false, true) => ("4", "end"),
        (true, true) => ("956", "start"),
        (true, false) => ("956", "end"),
    };
    let class = match row.certainty {
        Certainty::Definite => "now",
        Certainty::Possible => "may",
        Certainty::Unspecified => "off",
    };
    html! {
        a.row.(class).(polarity_class(claim)) href=(asked.to(&path("claim", &claim.claim_id), values)) aria-label=(about) data-claim=(claim.claim_id) {
            title { (about) }
            rect.hit x="0" y=(px(y)) width=(WIDTH) height=(px(ROW - 2.0)) {}
            text.label x=(x) y=(px(y + 12.0)) text-anchor=(anchor) direction=(if rtl { "rtl" } else { "ltr" }) { (words) }
            @match Reach::of(claim) {
                Some(reach) => (shape(axis, &reach, Lane { y: y + 17.0, height: BAR }, disputed, retracted)),
                None => circle.timeless cx=(px(WIDTH / 2.0)) cy=(px(y + 17.0 + BAR / 2.0)) r="4.5" {},
            }
        }
    }
}

/// Explains the shapes.
pub(in crate::page) fn legend(asked: &PageRequest) -> Markup {
    let lang = asked.lang;
    let entries = [
        ("k-sure", lang.t("certain", "مؤكَّد")),
        ("k-fade", lang.t("a bound is uncertain", "الحدّ غير مؤكَّد")),
        ("k-point", lang.t("event; shaded: some day in this span", "حدث؛ والمظلَّل: يوم ما في هذه المدّة")),
        ("k-arrow", lang.t("open", "مفتوح")),
        ("k-unknown", lang.t("end unknown", "نهاية مجهولة")),
        ("k-timeless", lang.t("no time", "بلا زمن")),
        ("k-hatch", lang.t("disputed", "متنازَع فيه")),
        ("k-struck", lang.t("retracted", "مسحوب")),
        ("k-tens", lang.t("tension", "توتّر")),
        ("k-coop", lang.t("cooperation", "تعاون")),
    ];
    html! {
        ul.legend {
            @for (class, words) in entries { li.(class) { (words) } }
        }
    }
}
