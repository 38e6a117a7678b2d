//! Untrusted text, made safe to show on a terminal.
//!
//! There are two dangers. Characters that *act* - controls, and the invisible ones that turn the direction of the text
//! after them (UAX #9; "Trojan Source", CVE-2021-42574) - are shown as `\u{202e}` instead of being obeyed. And text
//! that is honestly right-to-left would pull the columns next to it out of order; it is wrapped in an isolate (U+2068
//! .. U+2069), which keeps its direction to itself. Marks piled on one letter would cover the lines above and below: no
//! more of them are shown than any writing has, and the others are counted.

use unicode_normalization::char::is_combining_mark;

const FIRST_STRONG_ISOLATE: char = '\u{2068}';
const POP_DIRECTIONAL_ISOLATE: char = '\u{2069}';

/// Returns true if a character does something to the text around it instead of only being seen.
pub(crate) fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{2028}' | '\u{2029}'             // line and paragraph separators
            | '\u{202a}'..='\u{202e}'           // embeddings, overrides and their end
            | '\u{2066}'..='\u{2069}'           // isolates and their end
            | '\u{feff}'                        // byte order mark
            | '\u{fff9}'..='\u{fffb}'           // interlinear annotation
            | '\u{e0000}'..='\u{e007f}') // invisible tags
}

/// More marks than this on one letter are no writing.
const MARKS: usize = 8;

/// Shows every character that acts as an escape, counts marks that are piled up, and leaves the others alone.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut marks = 0_usize;
    for c in text.chars() {
        if is_combining_mark(c) {
            marks += 1;
            if marks <= MARKS {
                shown.push(c);
            }
            continue;
        }
        count(&mut marks, &mut shown);
        match c {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            c if acts(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    count(&mut marks, &mut shown);
    shown
}

/// Shows the number of marks that were left out, if any were, and starts the count again.
fn count(marks: &mut usize, shown: &mut String) {
    let left_out = std::mem::take(marks).saturating_sub(MARKS);
    if left_out > 0 {
        shown.push_str(&format!("[+{left_out} marks]"));
    }
}

/// Wraps text that has right-to-left characters in an isolate. The text must be on one line.
pub(crate) fn isolate(text: &str) -> String {
    match text.chars().any(is_right_to_left) {
        true => format!("{FIRST_STRONG_ISOLATE}{text}{POP_DIRECTIONAL_ISOLATE}"),
        false => text.to_owned(),
    }
}

/// Text for a line of its own or a part of one: escaped, and isolated where it needs to be.
pub(crate) fn line(text: &str) -> String {
    isolate(&visible(text))
}

/// Returns true if a character belongs to a right-to-left script, or is a mark that makes text one: the blocks that
/// Unicode reserves for them, assigned or not.
fn is_right_to_left(c: char) -> bool {
    matches!(c,
        '\u{0590}'..='\u{08ff}' | '\u{200f}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_shown_instead_of_obeyed() {
        assert_eq!(visible("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(visible("user\u{202e}txt\u{2069}"), "user\\u{202e}txt\\u{2069}");
        assert_eq!(visible("one\ntwo\tthree\u{9b}"), "one\\ntwo\\tthree\\u{9b}");
    }

    #[test]
    fn marks_piled_on_one_letter_are_counted_instead_of_shown() {
        let piled = format!("a{}b{}", "\u{301}".repeat(2048), "\u{5b0}".repeat(9));
        let eight = |mark: &str| mark.repeat(8);
        assert_eq!(visible(&piled), format!("a{}[+2040 marks]b{}[+1 marks]", eight("\u{301}"), eight("\u{5b0}")));
    }

    #[test]
    fn what_is_only_seen_is_left_alone() {
        for text in ["Baku – “accord”", "اتفاق", "قَدْ نُشِرَ", "Việt Nam", "می‌شود", "協定", "👩‍🚀"]
        {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn right_to_left_text_is_isolated_and_other_text_is_not() {
        assert_eq!(line("لا معلومات"), "\u{2068}لا معلومات\u{2069}");
        assert_eq!(line("שלום"), "\u{2068}שלום\u{2069}");
        assert_eq!(line("Bakı"), "Bakı");
    }

    #[test]
    fn an_isolate_cannot_be_left_from_inside() {
        let line = line("عربي\u{2069}\u{202e}evil");
        assert_eq!(line.matches(POP_DIRECTIONAL_ISOLATE).count(), 1);
        assert!(line.ends_with(POP_DIRECTIONAL_ISOLATE));
    }
}
