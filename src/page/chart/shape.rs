//! The shape of one claim on an axis: solid where it is certain, faded where a bound is uncertain, an arrow where it is open,
//! a question mark where an end is not known, hatched when disputed, struck through when retracted.

use super::axis::{Axis, Stretch, px};
use super::reach::{Edge, FAR, Reach};
use crate::page::day::PageDay;
use maud::{Markup, html};

/// The height of a bar, and of a mark.
pub(super) const BAR: f64 = 11.0;

/// The place of a shape: its upper edge and its height.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lane {
    pub(super) y: f64,
    pub(super) height: f64,
}

impl Lane {
    fn middle(self) -> f64 {
        self.y + self.height / 2.0
    }
}

/// A claim's shape.
pub(super) fn shape(axis: &Axis, reach: &Reach, y: Lane, disputed: bool, retracted: bool) -> Markup {
    if !axis.shows(reach.first(), reach.last()) {
        return beyond(axis, reach, y);
    }
    let whole = axis.stretch(reach.first(), reach.last());
    html! {
        @if !reach.stretches.is_empty() { (stretches(axis, reach, y)) }
        @else if reach.is_event { (event(axis, reach, y)) }
        @else { (state(axis, reach, y)) }
        @if disputed { (bar(whole, y, "disputed", None)) }
        @if retracted {
            line.struck x1=(px(whole.x - 4.0)) x2=(px(whole.x + whole.width + 4.0)) y1=(px(y.middle())) y2=(px(y.middle())) {}
        }
        (edge(axis, reach.start.edge, reach.first(), true, y))
        (edge(axis, reach.end.edge, reach.last(), false, y))
    }
}

fn bar(at: Stretch, y: Lane, class: &str, mask: Option<&str>) -> Markup {
    let mask = mask.map(|id| format!("url(#{id})"));
    html! { rect.(class) x=(px(at.x)) y=(px(y.y)) width=(px(at.width)) height=(px(y.height)) rx="1.5" mask=[mask] {} }
}

/// The mask of an uncertain stretch before or after what is certain.
const fn mask(axis: &Axis, is_start: bool) -> &'static str {
    if is_start == axis.rtl() { "fade-from-right" } else { "fade-from-left" }
}

fn state(axis: &Axis, reach: &Reach, y: Lane) -> Markup {
    let Some((from, to)) = reach.certain() else {
        return bar(axis.stretch(reach.first(), reach.last()), y, "maybe", None);
    };
    html! {
        @if reach.first() < from && axis.shows(reach.first(), from - 1) {
            (bar(axis.stretch(reach.first(), from - 1), y, "sure", Some(mask(axis, true))))
        }
        @if axis.shows(from, to) { (bar(axis.stretch(from, to), y, "sure", None)) }
        @if to < reach.last() && axis.shows(to + 1, reach.last()) {
            (bar(axis.stretch(to + 1, reach.last()), y, "sure", Some(mask(axis, false))))
        }
    }
}

/// A claim that may hold or happen on some of the days between its ends alone.
fn stretches(axis: &Axis, reach: &Reach, y: Lane) -> Markup {
    let class = if reach.is_event { "when" } else { "maybe" };
    html! {
        @for (first, last) in reach.stretches.iter().filter(|(first, last)| axis.shows(*first, *last)) {
            (bar(axis.stretch(*first, *last), y, class, None))
        }
    }
}

/// An event is a point: on its day, or in the middle of the days on which it may have happened, which are shaded.
fn event(axis: &Axis, reach: &Reach, y: Lane) -> Markup {
    let (first, last) = (reach.first(), reach.last());
    let from_beyond = first == -FAR;
    let middle = if from_beyond { axis.middle(last, last) } else { axis.middle(first, last) };
    let half = BAR / 2.0;
    html! {
        @if first != last {
            @if from_beyond { (bar(axis.stretch(first, last), y, "when", Some(mask(axis, true)))) }
            @else { (bar(axis.stretch(first, last), y, "when", None)) }
        }
        path.point d=(format!("M{} {}l{half} {half}l-{half} {half}l-{half} -{half}z", px(middle), px(y.middle() - half))) {}
    }
}

/// An arrow at an open end, a question mark at an unknown one, and nothing at one that is dated.
fn edge(axis: &Axis, edge: Edge, day: PageDay, is_start: bool, y: Lane) -> Markup {
    let outward: f64 = if is_start == axis.rtl() { 1.0 } else { -1.0 };
    let x = axis.at(if is_start { day } else { day.saturating_add(1) });
    let middle = y.middle();
    html! {
        @match edge {
            Edge::Dated => {}
            Edge::Open => path.arrow d=(format!("M{} {}l{} -8v16z", px(outward.mul_add(12.0, x)), px(middle), px(outward * -12.0))) {},
            Edge::Unknown => text.unknown x=(px(outward.mul_add(7.0, x))) y=(px(middle + 4.5)) text-anchor="middle" { "?" },
        }
    }
}

/// A small mark at the edge beyond which it lies.
fn beyond(axis: &Axis, reach: &Reach, y: Lane) -> Markup {
    let before = reach.last() < axis.first();
    let x = axis.at(if before { axis.first() } else { axis.last() + 1 });
    let outward: f64 = if before == axis.rtl() { 1.0 } else { -1.0 };
    let (half, start) = (BAR / 2.0, outward.mul_add(-7.0, x));
    html! { path.beyond d=(format!("M{} {}l{} {half}l{} {half}", px(start), px(y.middle() - half), px(outward * 5.0), px(outward * -5.0))) {} }
}
