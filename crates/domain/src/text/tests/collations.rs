//! The folding, held against the collations and the cases of ICU4X in both directions.

#[path = "../../../build/folding/languages.rs"]
mod languages;

use super::super::words;
use super::finds;
use icu_casemap::CaseMapper;
use icu_collator::options::{AlternateHandling, CollatorOptions, Strength};
use icu_collator::{Collator, CollatorBorrowed};
use icu_locale_core::{LanguageIdentifier, Locale};
use icu_properties::CodePointMapData;
use icu_properties::props::Script;
use languages::{CASES, COLLATIONS, HAMZA_AND_SEATS, SCRIPTS};
use std::collections::{BTreeMap, BTreeSet};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Letters whose decomposition has the high hamza behind the letter while collations have it before.
const HIGH_HAMZA: &str = "ٵٶٷٸﯝ";

/// Letters that are one with what they are without their marks, although every collation keeps them apart.
const ONE_WITHOUT_MARKS: &str = "Йآأؤإئ";
/// Letters that are one with another although no collation makes them so.
const ONE_BY_REVIEW: &str = "ƎƏᴈӘ";

fn letters(script: Script) -> Vec<char> {
    let scripts = CodePointMapData::<Script>::new();
    let is_letter = |c: &char| scripts.get(*c) == script && c.is_alphanumeric() && !is_combining_mark(*c);
    ('\0'..=char::MAX).filter(is_letter).collect()
}

fn collation(name: &str) -> CollatorBorrowed<'static> {
    let mut options = CollatorOptions::default();
    options.strength = Some(Strength::Primary);
    options.alternate_handling = Some(AlternateHandling::Shifted);
    Collator::try_new(name.parse::<Locale>().unwrap().into(), options).unwrap()
}

fn key(collation: &CollatorBorrowed<'_>, text: &str) -> Vec<u8> {
    let mut key = Vec::new();
    let Ok(()) = collation.write_sort_key_to(text, &mut key);
    key
}

/// The foldings of a text in each of its readings.
fn foldings(text: &str) -> BTreeSet<String> {
    let mut readings = [String::new(), String::new()];
    words::each(text, |word| {
        word.first.whole(|token| readings[0].push_str(token));
        word.second.unwrap_or(word.first).whole(|token| readings[1].push_str(token));
    });
    readings.into_iter().collect()
}

/// Asserts that of texts which a collation takes for equal each is folded like the first.
fn assert_equal_ones_are_folded_alike(texts: &[String]) {
    for name in COLLATIONS {
        let collation = collation(name);
        let mut firsts: BTreeMap<Vec<u8>, (&String, BTreeSet<String>)> = BTreeMap::new();
        let is_excepted = |c| HIGH_HAMZA.contains(c) || (name == "fa" && HAMZA_AND_SEATS.contains(c));
        let excepted = |text: &&String| text.chars().any(is_excepted);
        for text in texts.iter().filter(|text| !excepted(text)) {
            let key = key(&collation, text);
            if key.is_empty() {
                continue;
            }
            let foldings = foldings(text);
            let (first, known) = firsts.entry(key).or_insert_with(|| (text, foldings.clone()));
            assert!(!known.is_disjoint(&foldings), "{name}: {first} {known:?}, {text} {foldings:?}");
        }
    }
}

#[test]
fn letters_that_a_collation_makes_one_are_folded_alike() {
    for script in SCRIPTS {
        let letters: Vec<String> = letters(script).into_iter().map(String::from).collect();
        assert!(letters.len() > 60, "{script:?}: {}", letters.len());
        assert_equal_ones_are_folded_alike(&letters);
    }
}

#[test]
fn pairs_of_letters_that_a_collation_makes_one_are_folded_alike() {
    for script in SCRIPTS {
        let letters = letters(script);
        let usual: Vec<char> =
            letters.iter().copied().filter(|c| *c < '\u{10d0}' && !c.is_uppercase()).take(160).collect();
        let mut texts: Vec<String> = letters.into_iter().map(String::from).collect();
        texts.extend(usual.iter().flat_map(|one| usual.iter().map(move |other| format!("{one}{other}"))));
        assert_equal_ones_are_folded_alike(&texts);
    }
}

#[test]
fn a_word_is_found_by_its_capitals_and_its_small_letters_in_every_language() {
    let mapper = CaseMapper::new();
    for language in CASES {
        let language: LanguageIdentifier = language.parse().unwrap();
        for letter in SCRIPTS.into_iter().flat_map(letters) {
            let word = format!("{letter}x");
            for other in [mapper.uppercase_to_string(&word, &language), mapper.lowercase_to_string(&word, &language)] {
                assert!(finds(&word, &other) && finds(&other, &word), "{language}: {word} and {other}");
            }
        }
    }
}

/// Sets of letters that grow together.
#[derive(Default)]
struct Classes {
    parents: BTreeMap<String, String>,
}

impl Classes {
    fn of(&self, text: &str) -> String {
        let mut class = text;
        while let Some(parent) = self.parents.get(class) {
            class = parent;
        }
        class.to_owned()
    }

    fn unite(&mut self, one: &str, other: &str) {
        let (one, other) = (self.of(one), self.of(other));
        if one != other {
            self.parents.insert(one, other);
        }
    }
}

/// The classes of the letters after the collations and the cases alone.
fn classes(letters: &[char]) -> Classes {
    let mut classes = Classes::default();
    let mapper = CaseMapper::new();
    for language in CASES {
        let language: LanguageIdentifier = language.parse().unwrap();
        for letter in letters.iter().map(char::to_string) {
            classes.unite(&letter, &mapper.uppercase_to_string(&letter, &language));
            classes.unite(&letter, &mapper.lowercase_to_string(&letter, &language));
        }
    }
    for name in COLLATIONS {
        let collation = collation(name);
        let mut firsts: BTreeMap<Vec<u8>, String> = BTreeMap::new();
        for letter in letters.iter().filter(|c| name != "fa" || !HAMZA_AND_SEATS.contains(**c)).map(char::to_string) {
            let first = firsts.entry(key(&collation, &letter)).or_insert_with(|| letter.clone());
            classes.unite(first, &letter);
        }
    }
    classes
}

/// True if a letter is a single one, with or without marks, rather than a ligature of several, which its letters decide.
fn is_single(letter: char) -> bool {
    letter.nfkd().filter(|c| !is_combining_mark(*c)).count() == 1
}

#[test]
fn letters_that_are_folded_alike_are_one_in_a_collation_or_on_a_short_list() {
    let (mut without_marks, mut by_review) = (String::new(), String::new());
    let letters: Vec<char> = SCRIPTS.into_iter().flat_map(letters).filter(|letter| is_single(*letter)).collect();
    let mut classes = classes(&letters);
    for letter in &letters {
        let bare: String = letter.nfd().filter(|c| !is_combining_mark(*c)).collect();
        if classes.of(&letter.to_string()) != classes.of(&bare) {
            classes.unite(&letter.to_string(), &bare);
            without_marks.push(*letter);
        }
    }
    let mut firsts: BTreeMap<String, char> = BTreeMap::new();
    for letter in &letters {
        let folding = foldings(&letter.to_string()).into_iter().next_back().filter(|folding| !folding.is_empty());
        let Some(folding) = folding else { continue };
        let first = *firsts.entry(folding).or_insert(*letter);
        if classes.of(&first.to_string()) != classes.of(&letter.to_string()) {
            classes.unite(&first.to_string(), &letter.to_string());
            by_review.push(*letter);
        }
    }
    assert_eq!((without_marks.as_str(), by_review.as_str()), (ONE_WITHOUT_MARKS, ONE_BY_REVIEW));
}
