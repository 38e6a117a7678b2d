//! Folding and splitting text, so that a search finds what a reader would call the same word.
//!
//! Folded away: case, Latin accents and every other combining mark, Arabic diacritics and tatweel, the variants of alef
//! (`أ إ آ ٱ` are `ا`), of ya (`ى ئ ی` are `ي`), waw with hamza (`ؤ` is `و`), ta marbuta (`ة` is `ه`), Persian kaf, and the
//! script of digits. Compatibility forms are decomposed (NFKD). A token is a run of letters and digits.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest token kept, in bytes; longer ones are cut, in texts and in questions alike.
const LONGEST_TOKEN: usize = 64;

/// Calls `found` with each folded token of a text, in order, repeats included.
pub fn tokens(text: &str, mut found: impl FnMut(&str)) {
    let mut token = String::new();
    let mut push = |c: char| {
        if c.is_alphanumeric() {
            if token.len() + c.len_utf8() <= LONGEST_TOKEN {
                token.push(c);
            }
        } else if !token.is_empty() {
            found(&token);
            token.clear();
        }
    };
    if text.is_ascii() {
        text.bytes().for_each(|b| push(char::from(b.to_ascii_lowercase())));
    } else {
        text.nfkd().filter(|c| !is_ignored(*c)).flat_map(char::to_lowercase).map(fold_letter).for_each(&mut push);
    }
    push(' ');
}

/// The folded tokens of a text as a list.
#[must_use]
pub fn token_list(text: &str) -> Vec<Box<str>> {
    let mut list = Vec::new();
    tokens(text, |token| list.push(token.into()));
    list
}

/// Whether a text answers a search: all its words must be there, the last one at least as the beginning of a word.
#[must_use]
pub fn matches(words: &[Box<str>], texts: &[&str]) -> bool {
    let mut present: Vec<Box<str>> = Vec::new();
    texts.iter().for_each(|text| tokens(text, |token| present.push(token.into())));
    let Some((last, whole)) = words.split_last() else { return true };
    whole.iter().all(|word| present.contains(word)) && present.iter().any(|token| token.starts_with(&**last))
}

fn is_ignored(c: char) -> bool {
    const TATWEEL: char = '\u{640}';
    c == TATWEEL || is_combining_mark(c)
}

fn fold_letter(c: char) -> char {
    match c {
        'ٱ' => 'ا',
        'ى' | 'ی' => 'ي',
        'ة' => 'ه',
        'ک' => 'ك',
        '\u{660}'..='\u{669}' => ascii_digit(c, 0x660),
        '\u{6f0}'..='\u{6f9}' => ascii_digit(c, 0x6f0),
        _ => c,
    }
}

fn ascii_digit(c: char, zero: u32) -> char {
    char::from_digit(u32::from(c).saturating_sub(zero), 10).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        token_list(text).join(" ")
    }

    #[test]
    fn case_and_accents_do_not_matter() {
        assert_eq!(folded("Élysée, ÇATALCA-Straße"), "elysee catalca straße");
        assert_eq!(folded("plain ASCII text"), "plain ascii text");
    }

    #[test]
    fn arabic_letter_variants_diacritics_and_tatweel_do_not_matter() {
        assert_eq!(folded("إتِّفاقيّة"), folded("اتفاقيه"));
        assert_eq!(folded("أذربيجــان"), folded("اذربيجان"));
        assert_eq!(folded("موسى"), folded("موسي"));
        assert_eq!(folded("مسؤول"), folded("مسوول"));
        assert_eq!(folded("عام ٢٠١٠"), "عام 2010");
    }

    #[test]
    fn every_word_must_be_there_and_the_last_one_may_be_a_beginning() {
        let texts = ["Russia and Azerbaijan signed a border agreement"];
        assert!(matches(&token_list("agreement azer"), &texts));
        assert!(!matches(&token_list("azer agreement"), &texts));
        assert!(!matches(&token_list("agreement turkey"), &texts));
        assert!(matches(&[], &texts));
    }

    #[test]
    fn the_ascii_path_and_the_general_path_agree() {
        for text in ["A b-C", "x", "", "1.5 KM/h", "end "] {
            let general: Vec<Box<str>> = token_list(&format!("{text} \u{e9}"));
            assert_eq!(general.split_last().unwrap().1, token_list(text).as_slice());
        }
    }
}
