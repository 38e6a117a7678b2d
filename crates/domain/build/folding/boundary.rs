//! Boundaries of words after UAX 29: what a code point does that stands between letters.

use super::cell;
use super::spelling::Properties;
use icu_properties::props::WordBreak;

/// Returns true if a code point is written and left out at will in transliteration: an apostrophe, a prime or a half ring. Those that
/// Unicode has in the block of modifier letters are not all; keyboards and fonts bring others.
pub(crate) fn is_apostrophe(c: char) -> bool {
    let listed = matches!(
        c,
        '\'' | '`'
            | '\u{b4}'
            | '\u{55a}'
            | '\u{5f3}'
            | '\u{7f4}'
            | '\u{7f5}'
            | '\u{1fbd}'
            | '\u{1fbf}'
            | '\u{1fef}'
            | '\u{1ffd}'
            | '\u{1ffe}'
            | '\u{2018}'
            | '\u{2019}'
            | '\u{201b}'
            | '\u{2032}'..='\u{2037}' | '\u{a78b}' | '\u{a78c}' | '\u{ff07}' | '\u{ff40}'
    );
    listed || is_modifier(c)
}

/// Returns true if a code point is in the block of modifier letters.
pub(crate) fn is_modifier(c: char) -> bool {
    matches!(c, '\u{2b0}'..='\u{2ff}')
}

/// The cell of a code point that is no letter; none for letters, and for what is spelled in letters.
pub(crate) fn between_letters(c: char, properties: &Properties) -> Option<u16> {
    use WordBreak as W;
    if is_modifier(c) && properties.spelling(c).contains(cell::SECOND_READING) {
        return None;
    }
    if is_apostrophe(c) {
        return Some(cell::APOSTROPHE);
    }
    if properties.is_mark(c) || properties.is_word(c) {
        return None;
    }
    match properties.word_break.get(c) {
        W::Extend | W::Format | W::ZWJ => Some(cell::JOINER),
        W::ALetter | W::HebrewLetter | W::Numeric if !properties.spelling(c).contains(char::is_alphanumeric) => {
            Some(cell::JOINER)
        }
        W::MidLetter => Some(cell::MID_LETTER),
        W::MidNumLet => Some(cell::MID_LETTER_OR_DIGIT),
        W::MidNum => Some(cell::MID_DIGIT),
        W::DoubleQuote => Some(cell::QUOTE),
        W::ExtendNumLet => Some(cell::LOW_LINE),
        _ if properties.ignorable.contains(c) && c != '\u{200b}' => Some(cell::JOINER),
        _ => None,
    }
}

/// The class of a letter or digit.
pub(crate) fn class(c: char, properties: &Properties) -> u16 {
    match properties.word_break.get(c) {
        WordBreak::ALetter => cell::ALPHABETIC,
        WordBreak::HebrewLetter => cell::HEBREW,
        WordBreak::Numeric => cell::NUMERIC,
        _ => cell::APART,
    }
}
