//! Boundaries of words, held against another implementation of UAX 29.

use super::super::words;
use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};
use unicode_segmentation::UnicodeSegmentation;

/// The words of UAX 29 in a text, as letters alone.
fn segments(text: &str) -> Vec<String> {
    let letters = |segment: &str| segment.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    text.split_word_bounds().map(letters).filter(|word| !word.is_empty()).collect()
}

fn fold(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    words::each(text, |word| word.first.whole(|token| words.push(token.to_owned())));
    words
}

#[test]
fn words_of_letters_digits_and_marks_end_where_uax_29_has_them_end() {
    const PIECES: [char; 13] =
        ['a', '7', 'א', '.', ',', ':', '"', '_', '\u{ad}', '\u{200c}', '\u{b7}', ' ', '\u{200b}'];
    const LENGTH: u32 = 5;
    for mut number in 0..PIECES.len().pow(LENGTH) {
        let mut text = String::new();
        for _ in 0..LENGTH {
            text.push(PIECES[number % PIECES.len()]);
            number /= PIECES.len();
        }
        assert_eq!(fold(&text), segments(&text), "{text:?}");
    }
}

#[test]
fn every_character_between_two_letters_divides_them_where_uax_29_has_it_divide_them() {
    let categories = CodePointMapData::<GeneralCategory>::new();
    let is_mark = |c| GeneralCategoryGroup::Mark.contains(categories.get(c));
    let is_judged =
        |c: &char| categories.get(*c) != GeneralCategory::Unassigned && !c.is_alphanumeric() && !is_mark(*c);
    let between = ('\0'..=char::MAX).filter(|c| is_judged(c) && fold(&c.to_string()).is_empty());
    let differ = |c: &char| fold(&format!("a{c}a")).len() != segments(&format!("a{c}a")).len();
    let differing: Vec<String> = between.filter(differ).map(|c| format!("{:x}", u32::from(c))).collect();
    assert_eq!(differing.join(" "), APART_FROM_UAX_29, "join words here and divide them there, or the other way");
}

/// Apostrophes and primes that UAX 29 divides at.
const APART_FROM_UAX_29: &str = "60 b4 2d8 2d9 2da 2db 2dc 2dd 1fbd 1fbf 1fef 1ffd 1ffe 201b \
                                 2032 2033 2034 2035 2036 2037 2057 ff40";
