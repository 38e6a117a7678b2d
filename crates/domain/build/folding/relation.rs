//! The letters that count as one, after the collations and the cases of ICU4X.
//!
//! A text does not say reliably which language a word is in, and a question never does. So any of the collations and any of
//! the languages suffices to make two letters one, and what is one with a third is one: the classes of a union-find. A letter
//! that sorts as several (`æ`) is spelled with those.

use super::cell::{SECOND_READING, SPELLED_APOSTROPHE, SPELLED_BREAK};
use super::languages::{CASES, COLLATIONS, HAMZA_AND_SEATS, SCRIPTS};
use super::spelling::Properties;
use icu_casemap::CaseMapper;
use icu_collator::options::{AlternateHandling, CollatorOptions, Strength};
use icu_collator::{Collator, CollatorBorrowed};
use icu_locale_core::{LanguageIdentifier, Locale};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

/// Letters that search takes for one although no collation does.
const ALIKE: [(char, char); 8] =
    [('ا', 'ٱ'), ('ي', 'ى'), ('ي', 'ی'), ('ه', 'ة'), ('ك', 'ک'), ('e', 'ə'), ('e', 'ǝ'), ('e', 'ә')];

/// The classes of letters, each by its smallest member.
#[derive(Default)]
pub(crate) struct Relation {
    parents: BTreeMap<char, char>,
    /// The letters that a letter, or its class, is spelled with.
    expansions: BTreeMap<char, String>,
}

impl Relation {
    pub(crate) fn derive(properties: &Properties) -> Result<Self, Box<dyn Error>> {
        let hangul = '\u{ac00}'..='\u{d7a3}';
        let is_asked = |c: &char| properties.is_word(*c) && !properties.ideographic.contains(*c) && !hangul.contains(c);
        let letters: Vec<char> = ('\0'..=char::MAX).filter(is_asked).collect();
        let mut relation = Self::default();
        ALIKE.into_iter().for_each(|(one, other)| relation.unite(one, other));
        relation.read_cases(&letters, properties)?;
        let of_scripts: Vec<char> =
            letters.iter().copied().filter(|c| SCRIPTS.contains(&properties.script.get(*c))).collect();
        for name in COLLATIONS {
            let collation = collation(name)?;
            relation.read_collation(name, &collation, if name == "und" { &letters } else { &of_scripts }, properties);
        }
        relation.read_expansions(&collation("und")?, &of_scripts, properties);
        let spelled: Vec<(char, String)> = std::mem::take(&mut relation.expansions).into_iter().collect();
        for (letter, spelling) in spelled {
            let class = relation.class(letter);
            if class.is_ascii() {
                return Err(format!("{letter} would be spelled {spelling}, and {class} with it").into());
            }
            relation.expansions.entry(class).or_insert(spelling);
        }
        Ok(relation)
    }

    /// A spelling with the representative of each letter.
    pub(crate) fn fold(&self, spelling: &str) -> String {
        let letter = |c| {
            let class = self.class(c);
            self.expansions.get(&class).map_or_else(|| class.to_string(), |spelled| self.fold(spelled))
        };
        spelling.chars().map(letter).collect()
    }

    fn class(&self, mut letter: char) -> char {
        while let Some(parent) = self.parents.get(&letter) {
            letter = *parent;
        }
        letter
    }

    fn unite(&mut self, one: char, other: char) {
        let (one, other) = (self.class(one), self.class(other));
        if one != other {
            self.parents.insert(one.max(other), one.min(other));
        }
    }

    /// Makes two spellings one, where they are letters alone, one of them a single one that the other does not contain.
    fn relate(&mut self, one: &str, other: &str) {
        let is_no_letter = |c: char| matches!(c, SPELLED_BREAK | SPELLED_APOSTROPHE | SECOND_READING);
        if one == other || one.contains(is_no_letter) || other.contains(is_no_letter) {
            return;
        }
        let single = |spelling: &str| {
            let mut letters = spelling.chars();
            letters.next().filter(|_| letters.next().is_none())
        };
        match (single(one), single(other)) {
            (Some(one), Some(other)) => self.unite(one, other),
            (Some(letter), None) if !other.contains(letter) => {
                self.expansions.entry(letter).or_insert_with(|| other.to_owned());
            }
            (None, Some(_)) => self.relate(other, one),
            _ => {}
        }
    }

    fn read_cases(&mut self, letters: &[char], properties: &Properties) -> Result<(), Box<dyn Error>> {
        let mapper = CaseMapper::new();
        for language in CASES {
            let language: LanguageIdentifier = language.parse()?;
            for letter in letters.iter().filter(|letter| properties.cased.contains(**letter)) {
                let text = letter.to_string();
                let spelling = properties.spelling(*letter);
                for other in
                    [mapper.uppercase_to_string(&text, &language), mapper.lowercase_to_string(&text, &language)]
                {
                    self.relate(&spelling, &properties.spelling_of(&other));
                }
            }
        }
        Ok(())
    }

    fn read_collation(
        &mut self,
        name: &str,
        collation: &CollatorBorrowed<'_>,
        letters: &[char],
        properties: &Properties,
    ) {
        let mut firsts: BTreeMap<Vec<u8>, String> = BTreeMap::new();
        for letter in letters.iter().filter(|letter| name != "fa" || !HAMZA_AND_SEATS.contains(**letter)) {
            let key = key(collation, &letter.to_string());
            if key.is_empty() {
                continue;
            }
            let spelling = properties.spelling(*letter);
            match firsts.get(&key) {
                Some(first) => self.relate(&first.clone(), &spelling),
                None => drop(firsts.insert(key, spelling)),
            }
        }
    }

    /// Finds the letters that sort as several: the key begins with that of another letter and continues with those of
    /// more.
    fn read_expansions(&mut self, collation: &CollatorBorrowed<'_>, letters: &[char], properties: &Properties) {
        let bases: BTreeSet<char> =
            letters.iter().flat_map(|c| properties.spelling(*c).chars().collect::<Vec<_>>()).collect();
        let bases: Vec<char> = bases.into_iter().filter(|c| properties.is_word(*c) && self.class(*c) == *c).collect();
        let keys: BTreeMap<Vec<u8>, char> = bases.iter().map(|c| (key(collation, &c.to_string()), *c)).collect();
        for letter in &bases {
            let whole = key(collation, &letter.to_string());
            let spelled = (1..whole.len()).find_map(|end| {
                let first = *keys.get(whole.get(..end)?)?;
                let script = properties.script.get(first);
                let others = bases.iter().filter(|c| *c != letter && properties.script.get(**c) == script);
                let others: Vec<char> = others.copied().collect();
                completion(collation, &first.to_string(), &whole, &others)
            });
            if let Some(spelled) = spelled {
                self.expansions.entry(*letter).or_insert(spelled);
            }
        }
    }
}

/// Returns the text that begins with `begun`, continues with a few of the letters and has a key.
fn completion(collation: &CollatorBorrowed<'_>, begun: &str, wanted: &[u8], letters: &[char]) -> Option<String> {
    letters.iter().find_map(|letter| {
        let text = format!("{begun}{letter}");
        let key = key(collation, &text);
        if key == wanted {
            return Some(text);
        }
        let goes_on = key.len() > self::key(collation, begun).len() && wanted.starts_with(&key);
        goes_on.then(|| completion(collation, &text, wanted, letters)).flatten()
    })
}

fn collation(name: &str) -> Result<CollatorBorrowed<'static>, Box<dyn Error>> {
    let mut options = CollatorOptions::default();
    options.strength = Some(Strength::Primary);
    options.alternate_handling = Some(AlternateHandling::Shifted);
    let locale: Locale = name.parse()?;
    Collator::try_new(locale.into(), options).map_err(|error| format!("the collation of {name}: {error}").into())
}

fn key(collation: &CollatorBorrowed<'_>, text: &str) -> Vec<u8> {
    let mut key = Vec::new();
    let Ok(()) = collation.write_sort_key_to(text, &mut key);
    key
}
