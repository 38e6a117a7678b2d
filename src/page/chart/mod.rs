//! Drawings in SVG: a timeline of claims, the revisions of one claim over both axes, bars over time.
//!
//! Time runs in the direction of the reader's script. A drawing has no styles of its own: its classes are coloured in
//! `page.css`, so that light, dark and print come from one place.

pub(super) mod axis;
mod defs;
pub(super) mod plane;
pub(super) mod plot;
mod reach;
mod shape;
pub(super) mod timeline;

/// The width of a drawing, in its own units.
const WIDTH: f64 = 960.0;
