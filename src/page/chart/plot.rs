//! Bars over time: what is certain solid, what is only possible hollow on top of it.

use super::WIDTH;
use super::axis::px;
use crate::page::lang::Lang;
use maud::{Markup, html};

const HEIGHT: f64 = 120.0;
const FOOT: f64 = 18.0;
/// The place at which the highest bar ends, below its number.
const TOP: f64 = 18.0;
/// The width of the name of a period.
const NAME: f64 = 60.0;

/// One bar.
pub(in crate::page) struct Bar {
    pub(in crate::page) period: String,
    pub(in crate::page) definite: u64,
    pub(in crate::page) possible: u64,
}

/// Bars in order of time, up to a common height.
#[allow(clippy::cast_precision_loss, reason = "counts of a plot are far below 2^52")]
pub(in crate::page) fn plot(title: &str, bars: &[Bar], most: u64, lang: Lang) -> Markup {
    let step = WIDTH / bars.len().max(1) as f64;
    let unit = (HEIGHT - TOP) / most.max(1) as f64;
    let every = bars.len().div_ceil(8).max(1);
    // A name begins where its bar does, and must end before the drawing.
    let named = |at: usize| at.is_multiple_of(every) && (at == 0 || (bars.len() - at) as f64 * step >= NAME);
    html! {
        svg.chart.plot role="img" aria-label=(title) viewBox=(format!("0 0 {WIDTH} {}", px(HEIGHT + FOOT))) {
            line.base x1="0" x2=(WIDTH) y1=(HEIGHT) y2=(HEIGHT) {}
            line.base x1="0" x2=(WIDTH) y1=(px(TOP)) y2=(px(TOP)) {}
            text.tick x=(if lang.is_rtl() { WIDTH } else { 0.0 }) y=(px(TOP - 4.0)) text-anchor=(if lang.is_rtl() { "end" } else { "start" }) direction="ltr" { (most) }
            @for (at, bar) in bars.iter().enumerate() {
                @let along = at as f64 * step;
                @let x = if lang.is_rtl() { WIDTH - along - step } else { along };
                @let sure = bar.definite as f64 * unit;
                @let maybe = bar.possible as f64 * unit;
                @let width = px((step - 2.0).max(1.0));
                g {
                    title { (bar.period) ": " (bar.definite) " + " (bar.possible) }
                    @if bar.definite > 0 { rect.sure x=(px(x)) width=(width) y=(px(HEIGHT - sure)) height=(px(sure)) {} }
                    @if bar.possible > 0 { rect.maybe x=(px(x)) width=(width) y=(px(HEIGHT - sure - maybe)) height=(px(maybe)) {} }
                }
                @if named(at) {
                    text.tick x=(px(if lang.is_rtl() { x + step } else { x })) y=(px(HEIGHT + 14.0)) text-anchor=(if lang.is_rtl() { "end" } else { "start" }) direction="ltr" { (bar.period) }
                }
            }
        }
    }
}
