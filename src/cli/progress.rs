//! A bar or a counter on standard error while something long runs; nothing where nobody watches.

use std::{io::IsTerminal, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

const BAR: &str = "{msg} {wide_bar} {human_pos}/{human_len} {per_sec} eta {eta}";
const COUNTER: &str = "{spinner} {msg} {human_pos} {per_sec}";

/// A bar over a known number of things.
pub(crate) fn bar(what: &'static str, total: usize) -> ProgressBar {
    style_bar(ProgressBar::new(total as u64), what, BAR)
}

/// A counter of things whose number is not known.
pub(crate) fn counter(what: &'static str) -> ProgressBar {
    style_bar(ProgressBar::no_length(), what, COUNTER)
}

fn style_bar(bar: ProgressBar, what: &'static str, template: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar.with_message(what)
}
