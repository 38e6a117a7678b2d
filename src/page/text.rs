//! The texts of others, made harmless to show. Templates escape markup. This module treats the rest: control
//! characters, marks piled on one another, and, if there is no element to isolate a text, characters that turn its
//! direction.

use unicode_normalization::char::is_combining_mark;

/// More marks than this on one letter are no writing.
const MARKS: usize = 8;

/// A text for an element that isolates it.
pub(super) fn sanitize(text: &str) -> String {
    let mut marks = 0;
    let keep = |c: &char| {
        marks = if is_combining_mark(*c) { marks + 1 } else { 0 };
        marks <= MARKS
    };
    text.chars().filter(keep).map(|c| if is_control(c) { '\u{fffd}' } else { c }).collect()
}

/// A text on one line, cut to a length, for a title, a label in a drawing or an attribute.
pub(super) fn line(text: &str, most: usize) -> String {
    let mut cut: String = sanitize(text).chars().filter(|c| !turns_direction(*c)).map(as_space).collect();
    if cut.chars().count() > most {
        cut = cut.chars().take(most.saturating_sub(1)).collect();
        cut.push('…');
    }
    cut
}

const fn as_space(c: char) -> char {
    if matches!(c, '\n' | '\t') { ' ' } else { c }
}

fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t') || is_noncharacter(c)
}

const fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || (c as u32) & 0xfffe == 0xfffe
}

const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_piled_on_one_another_are_cut_and_writing_stays() {
        let piled = format!("a{}b", "\u{301}".repeat(2048));
        assert_eq!(sanitize(&piled), format!("a{}b", "\u{301}".repeat(MARKS)));
        for text in ["قَدْ نُشِرَ", "Việt Nam", "two\nlines"] {
            assert_eq!(sanitize(text), text);
        }
    }

    #[test]
    fn controls_are_shown_as_such_and_a_line_keeps_its_direction() {
        assert_eq!(sanitize("a\u{0}\u{1b}[31mb"), "a\u{fffd}\u{fffd}[31mb");
        assert_eq!(line("safe\u{202e}txt\nnext", 80), "safetxt next");
        assert_eq!(line("abcdef", 4), "abc…");
    }
}
