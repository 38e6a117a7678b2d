//! An axis of days: where a day lies, and where its ticks are.

use super::WIDTH;
use crate::page::day::{PageDay, civil, month_of};
use maud::{Markup, html};

/// The space kept free on either side, for the arrows of open ends.
const PAD: f64 = 14.0;

/// A stretch of days along the width of a drawing.
#[derive(Clone, Copy, Debug)]
pub(in crate::page) struct Axis {
    first: PageDay,
    last: PageDay,
    left: f64,
    rtl: bool,
}

/// A rectangle's place along the axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stretch {
    pub(super) x: f64,
    pub(super) width: f64,
}

impl Axis {
    /// The days from the first to the last, both included; `left` is kept free for labels at the start.
    pub(in crate::page) fn new(first: PageDay, last: PageDay, left: f64, rtl: bool) -> Self {
        Self { first, last: last.max(first + 1), left: left + PAD, rtl }
    }

    pub(in crate::page) const fn first(&self) -> PageDay {
        self.first
    }

    pub(in crate::page) const fn last(&self) -> PageDay {
        self.last
    }

    pub(super) const fn rtl(&self) -> bool {
        self.rtl
    }

    /// Returns the place at which a day begins.
    #[allow(clippy::cast_precision_loss, reason = "days of an axis are far below 2^52")]
    pub(super) fn at(&self, day: PageDay) -> f64 {
        let days = (self.last + 1 - self.first) as f64;
        let share = ((day.clamp(self.first, self.last + 1) - self.first) as f64) / days;
        let along = share.mul_add(WIDTH - PAD - self.left, self.left);
        if self.rtl { WIDTH - along } else { along }
    }

    /// The place of the days from one to another, both included; at least a hair wide.
    pub(super) fn stretch(&self, from: PageDay, to: PageDay) -> Stretch {
        let (a, b) = (self.at(from), self.at(to.saturating_add(1)));
        Stretch { x: a.min(b), width: (a - b).abs().max(2.5) }
    }

    /// The middle of a stretch.
    pub(super) fn middle(&self, from: PageDay, to: PageDay) -> f64 {
        f64::midpoint(self.at(from), self.at(to.saturating_add(1)))
    }

    /// Returns true if some day of a stretch is on the axis.
    pub(super) const fn shows(&self, from: PageDay, to: PageDay) -> bool {
        from <= self.last && to >= self.first
    }

    /// The days with a tick, and what is written there.
    pub(super) fn ticks(&self) -> Vec<(PageDay, String)> {
        let days = self.last - self.first;
        let months = match days {
            ..=200 => 1,
            201..=500 => 2,
            501..=800 => 3,
            801..=1600 => 6,
            _ => (days / 365 / 9 + 1) * 12,
        };
        let (year, month, _) = civil(self.first);
        let past = (year * 12 + month - 1).rem_euclid(months);
        let ticks =
            (0..).map(|tick| month_of(self.first, tick * months - past)).take_while(|day| *day <= self.last).take(64);
        let room = (self.last - self.first) / 16;
        let named = ticks.filter(|day| *day >= self.first && *day + room <= self.last).map(|day| {
            let (year, month, _) = civil(day);
            (day, if months >= 12 { year.to_string() } else { format!("{year}-{month:02}") })
        });
        named.collect()
    }

    /// The ticks with their lines, down to a height.
    pub(super) fn draw(&self, top: f64, height: f64) -> Markup {
        html! {
            g.axis aria-hidden="true" {
                @for (day, name) in self.ticks() {
                    @let x = px(self.at(day));
                    line x1=(x) x2=(x) y1=(px(top)) y2=(px(height)) {}
                    text x=(x) y=(px(top - 6.0)) dx=(if self.rtl { "-3" } else { "3" }) text-anchor=(if self.rtl { "end" } else { "start" }) { (name) }
                }
            }
        }
    }
}

/// A length in a drawing.
pub(super) fn px(length: f64) -> String {
    let text = format!("{length:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::day::span;

    fn axis(first: &str, last: &str, rtl: bool) -> Axis {
        let day = |text| span(text).map(|(day, _)| day).unwrap_or_default();
        Axis::new(day(first), day(last), 0.0, rtl)
    }

    #[test]
    fn time_runs_with_the_script() {
        let (ltr, rtl) = (axis("2025-01-01", "2025-12-31", false), axis("2025-01-01", "2025-12-31", true));
        assert!(ltr.at(ltr.first()) < ltr.at(ltr.last()));
        assert!(rtl.at(rtl.first()) > rtl.at(rtl.last()));
        let (a, b) = (ltr.stretch(ltr.first(), ltr.last()), rtl.stretch(rtl.first(), rtl.last()));
        assert_eq!((a.x, a.width), (PAD, WIDTH - 2.0 * PAD));
        assert_eq!(a, b);
    }

    #[test]
    fn no_axis_has_more_ticks_than_can_be_read() {
        for last in ["2025-01-02", "2025-03-01", "2026-06-01", "2030-01-01", "2100-01-01", "9999-12-31"] {
            let ticks = axis("2025-01-01", last, false).ticks();
            assert!((1..=12).contains(&ticks.len()), "{last}: {ticks:?}");
        }
    }
}
