//! Words of a text, folded as they are read, from the first code point to the last.
//!
//! A [`Word`] is a run of letters and digits with what UAX 29 lets stand between them. It keeps where its parts begin, since
//! it is found whole and by its parts. A few letters can be left out or read as another; a word that has one is read twice.

use super::cell;
use super::table;

/// The longest token, in bytes; longer ones are cut, in texts and in questions alike.
const MAX_TOKEN_BYTES: usize = 64;
/// The maximum number of parts of a word of which every run is found, not only each part and the whole.
const MAX_RUN_PARTS: usize = 4;

/// A folded word and its parts.
#[derive(Clone, Debug, Default)]
pub(super) struct Word {
    text: String,
    /// Beginnings of the parts but the first. True if a reader sees the mark before the part, false if nobody does.
    parts: Vec<(usize, bool)>,
}

/// A word in its first and, if there is one, its second reading.
pub(super) struct Readings<'w> {
    pub(super) first: &'w Word,
    pub(super) second: Option<&'w Word>,
}

/// Gap between the last letter and the next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// Nothing, or nothing but marks that are dropped.
    None,
    /// Code points that join whatever they stand between.
    Joiner,
    /// Apostrophes.
    Apostrophe,
    /// Low lines.
    LowLine,
    /// One mark that joins some letters or digits, by its cell.
    Mid(u16),
    /// Several such marks, which join nothing.
    Broken,
}

/// Calls `found` with every word of a text, in order.
pub(super) fn each(text: &str, found: impl FnMut(Readings<'_>)) {
    let mut reader = WordReader { first: Word::default(), second: None, gap: Gap::None, last: cell::APART, found };
    let mut rest = text;
    loop {
        let run = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        if let Some((letters, after)) = rest.split_at_checked(run).filter(|_| run > 0) {
            reader.ascii(letters);
            rest = after;
        }
        let mut chars = rest.chars();
        let Some(c) = chars.next() else { break };
        reader.read(c);
        rest = chars.as_str();
    }
    reader.end_word();
}

struct WordReader<F> {
    first: Word,
    second: Option<Word>,
    gap: Gap,
    /// The class of the last letter.
    last: u16,
    found: F,
}

impl<F: FnMut(Readings<'_>)> WordReader<F> {
    /// Takes in letters and digits of ASCII, which fold to themselves in lower case.
    fn ascii(&mut self, letters: &str) {
        let class = |byte: Option<&u8>| match byte {
            Some(byte) if byte.is_ascii_digit() => cell::NUMERIC,
            _ => cell::ALPHABETIC,
        };
        self.open_part(class(letters.as_bytes().first()));
        for word in [Some(&mut self.first), self.second.as_mut()].into_iter().flatten() {
            let before = word.text.len();
            word.text.push_str(letters);
            if let Some(added) = word.text.get_mut(before..) {
                added.make_ascii_lowercase();
            }
        }
        self.last = class(letters.as_bytes().last());
    }

    #[inline]
    fn read(&mut self, c: char) {
        match table::cell(c) {
            cell::BREAK => self.end_word(),
            cell::MARK => {}
            between @ cell::JOINER..=cell::LOW_LINE => self.widen_gap(between),
            cell::HANGUL => jamo(c).into_iter().flatten().for_each(|jamo| self.letter(jamo, cell::ALPHABETIC)),
            itself @ cell::LETTER..cell::SPELLING => self.letter(c, itself - cell::LETTER),
            spelled => self.spelling(spelled),
        }
    }

    fn spelling(&mut self, spelled: u16) {
        let (spelling, class) = table::spelling(spelled);
        let mut letters = spelling.chars();
        while let Some(letter) = letters.next() {
            match letter {
                cell::SPELLED_BREAK => self.end_word(),
                cell::SPELLED_APOSTROPHE => self.widen_gap(cell::APOSTROPHE),
                cell::SECOND_READING => {
                    letters.next().into_iter().for_each(|letter| self.second_reading(letter, class))
                }
                _ => self.letter(letter, class),
            }
        }
    }

    #[inline]
    fn letter(&mut self, letter: char, class: u16) {
        self.open_part(class);
        self.first.text.push(letter);
        if let Some(second) = &mut self.second {
            second.text.push(letter);
        }
        self.last = class;
    }

    /// Takes in a letter that only the second reading has.
    fn second_reading(&mut self, letter: char, class: u16) {
        self.open_part(class);
        let first = &self.first;
        self.second.get_or_insert_with(|| first.clone()).text.push(letter);
        self.last = class;
    }

    /// Closes the gap before a letter: begins a part of the word if the gap joins, or else ends the word.
    #[inline]
    fn open_part(&mut self, class: u16) {
        if self.gap == Gap::None {
            return;
        }
        if joins(self.last, self.gap, class) {
            let visible = self.gap != Gap::Joiner;
            for word in [Some(&mut self.first), self.second.as_mut()].into_iter().flatten() {
                if !word.text.is_empty() {
                    word.parts.push((word.text.len(), visible));
                }
            }
            self.gap = Gap::None;
        } else {
            self.end_word();
        }
    }

    fn widen_gap(&mut self, between: u16) {
        if self.first.text.is_empty() && self.second.is_none() {
            return;
        }
        self.gap = match (self.gap, between) {
            (gap, cell::JOINER) if gap != Gap::None => gap,
            (_, cell::JOINER) => Gap::Joiner,
            (Gap::None | Gap::Joiner | Gap::Apostrophe, cell::APOSTROPHE) => Gap::Apostrophe,
            (Gap::None | Gap::Joiner | Gap::LowLine, cell::LOW_LINE) => Gap::LowLine,
            (Gap::None | Gap::Joiner, mid) => Gap::Mid(mid),
            _ => Gap::Broken,
        };
    }

    fn end_word(&mut self) {
        self.gap = Gap::None;
        if !self.first.text.is_empty() || self.second.is_some() {
            (self.found)(Readings { first: &self.first, second: self.second.as_ref() });
            self.first.text.clear();
            self.first.parts.clear();
            self.second = None;
        }
    }
}

/// Returns true if a word goes on over a gap between two letters (WB4 to WB13 of UAX 29).
const fn joins(before: u16, gap: Gap, after: u16) -> bool {
    let letters = before <= cell::HEBREW && after <= cell::HEBREW;
    let digits = before == cell::NUMERIC && after == cell::NUMERIC;
    match gap {
        Gap::None | Gap::Joiner | Gap::Apostrophe | Gap::LowLine => true,
        Gap::Mid(cell::MID_LETTER) => letters,
        Gap::Mid(cell::MID_LETTER_OR_DIGIT) => letters || digits,
        Gap::Mid(cell::MID_DIGIT) => digits,
        Gap::Mid(cell::QUOTE) => before == cell::HEBREW && after == cell::HEBREW,
        Gap::Mid(_) | Gap::Broken => false,
    }
}

/// The jamo of a syllable of Hangul (section 3.12 of the Unicode Standard).
fn jamo(syllable: char) -> [Option<char>; 3] {
    let index = u32::from(syllable).wrapping_sub(0xac00);
    let (lead, vowel, tail) = (index / 588, index % 588 / 28, index % 28);
    let tail = char::from_u32(0x11a7 + tail).filter(|_| tail > 0);
    [char::from_u32(0x1100 + lead), char::from_u32(0x1161 + vowel), tail]
}

impl Word {
    /// True if it has no letter.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The whole word, as a token.
    pub(super) fn whole(&self, with: impl FnOnce(&str)) {
        token(&self.text, with);
    }

    /// Calls `found` with each part, as a token, in order. A word of one part has itself.
    pub(super) fn parts(&self, mut found: impl FnMut(&str)) {
        self.split(|_| true, &mut found);
    }

    /// Calls `found` with every token that finds the word: the whole, the parts, and runs of parts.
    pub(super) fn tokens(&self, found: &mut impl FnMut(&str)) {
        if self.parts.is_empty() {
            return self.whole(found);
        }
        if self.parts.len() < MAX_RUN_PARTS {
            return self.runs(found);
        }
        self.whole(&mut *found);
        self.split(|_| true, found);
        if self.parts.iter().any(|(_, visible)| *visible) {
            self.split(|visible| visible, found);
        }
    }

    fn runs(&self, found: &mut impl FnMut(&str)) {
        let starts = || std::iter::once(0).chain(self.parts.iter().map(|(start, _)| *start));
        let ends = || self.parts.iter().map(|(start, _)| *start).chain([self.text.len()]);
        for (number, start) in starts().enumerate() {
            ends().skip(number).for_each(|end| token(self.text.get(start..end).unwrap_or_default(), &mut *found));
        }
    }

    /// Calls `found` with the pieces between the beginnings of parts for which `divides` returns true.
    fn split(&self, divides: impl Fn(bool) -> bool, found: &mut impl FnMut(&str)) {
        let mut start = 0;
        let ends = self.parts.iter().filter(|(_, visible)| divides(*visible)).map(|(end, _)| *end);
        for end in ends.chain([self.text.len()]) {
            token(self.text.get(start..end).unwrap_or_default(), &mut *found);
            start = end;
        }
    }
}

/// Calls `with` with a folded text as a token: cut to its size, and with the one spelling of the Armenian `և`, whose capitals
/// are `ԵՒ` in one orthography and `ԵՎ` in the other.
fn token(folded: &str, with: impl FnOnce(&str)) {
    let end =
        (0..=MAX_TOKEN_BYTES.min(folded.len())).rev().find(|end| folded.is_char_boundary(*end)).unwrap_or_default();
    let cut = folded.get(..end).unwrap_or_default();
    if cut.contains("եվ") {
        return with(&cut.replace("եվ", "եւ"));
    }
    with(cut);
}
