//! The definitions that shapes refer to: masks that fade an uncertain end out, and the hatching of disputed claims.

use maud::{Markup, html};

/// The definitions, once in a drawing.
pub(super) fn defs() -> Markup {
    html! {
        defs {
            (fade("fade-from-left", "0", "1"))
            (fade("fade-from-right", "1", "0"))
            pattern #hatch width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                line.hatch x1="0" y1="0" x2="0" y2="7" {}
            }
        }
    }
}

/// A mask that lets nothing through at one end and all at the other.
fn fade(id: &str, left: &str, right: &str) -> Markup {
    let gradient = format!("{id}-gradient");
    html! {
        linearGradient id=(gradient) {
            stop offset="0" stop-color="#fff" stop-opacity=(left) {}
            stop offset="1" stop-color="#fff" stop-opacity=(right) {}
        }
        mask id=(id) maskContentUnits="objectBoundingBox" {
            rect width="1" height="1" fill=(format!("url(#{gradient})")) {}
        }
    }
}
