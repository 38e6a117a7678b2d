//! The letters of a code point: taken apart, without marks and case, before letters that count as one become one.

use super::boundary;
use super::cell::{SECOND_READING, SPELLED_APOSTROPHE, SPELLED_BREAK};
use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_properties::props::{
    Alphabetic, ChangesWhenCasemapped, DefaultIgnorableCodePoint, GeneralCategory, Ideographic, Script, WordBreak,
};
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed, CodePointSetData, CodePointSetDataBorrowed};

/// The iota below a vowel: ignored when words are compared, a letter of its own in capitals.
const IOTA_BELOW: char = '\u{345}';
/// Letters without a weight: the tatweel and its likes.
const WEIGHTLESS: [char; 3] = ['\u{640}', '\u{7fa}', '\u{fe73}'];

/// The properties of code points, of ICU4X.
pub(crate) struct Properties {
    pub(crate) word_break: CodePointMapDataBorrowed<'static, WordBreak>,
    pub(crate) script: CodePointMapDataBorrowed<'static, Script>,
    pub(crate) ignorable: CodePointSetDataBorrowed<'static>,
    pub(crate) cased: CodePointSetDataBorrowed<'static>,
    pub(crate) ideographic: CodePointSetDataBorrowed<'static>,
    category: CodePointMapDataBorrowed<'static, GeneralCategory>,
    alphabetic: CodePointSetDataBorrowed<'static>,
    decomposing: DecomposingNormalizerBorrowed<'static>,
    cases: CaseMapperBorrowed<'static>,
}

impl Properties {
    pub(crate) fn new() -> Self {
        Self {
            word_break: CodePointMapData::new(),
            script: CodePointMapData::new(),
            ignorable: CodePointSetData::new::<DefaultIgnorableCodePoint>(),
            cased: CodePointSetData::new::<ChangesWhenCasemapped>(),
            ideographic: CodePointSetData::new::<Ideographic>(),
            category: CodePointMapData::new(),
            alphabetic: CodePointSetData::new::<Alphabetic>(),
            decomposing: DecomposingNormalizerBorrowed::new_nfkd(),
            cases: CaseMapper::new(),
        }
    }

    /// Returns true if a code point is a letter or a number: a part of a word.
    pub(crate) fn is_word(&self, c: char) -> bool {
        use GeneralCategory as G;
        let number = matches!(self.category.get(c), G::DecimalNumber | G::LetterNumber | G::OtherNumber);
        (number || self.alphabetic.contains(c)) && !self.is_mark(c) && !self.ignorable.contains(c)
    }

    /// Returns true if a code point is dropped: a combining mark, or a letter without a weight.
    pub(crate) fn is_mark(&self, c: char) -> bool {
        use GeneralCategory as G;
        let category = self.category.get(c);
        matches!(category, G::NonspacingMark | G::SpacingMark | G::EnclosingMark) || WEIGHTLESS.contains(&c)
    }

    /// Returns true if a code point means nothing by itself: it is not assigned, or for private use.
    pub(crate) fn is_unassigned(&self, c: char) -> bool {
        matches!(self.category.get(c), GeneralCategory::Unassigned | GeneralCategory::PrivateUse)
    }

    /// The letters of a text, as [`Self::spelling`] has them.
    pub(crate) fn spelling_of(&self, text: &str) -> String {
        text.chars().map(|c| self.spelling(c)).collect()
    }

    /// The letters of a code point in lower case, with what stands between them and what only the second reading has.
    pub(crate) fn spelling(&self, c: char) -> String {
        let mut encoded = [0; 4];
        let decomposed = self.decomposing.normalize(c.encode_utf8(&mut encoded));
        let mut spelled = String::new();
        let modifier = boundary::is_modifier(c);
        let counts = |c: &char| *c == IOTA_BELOW || !self.is_mark(*c);
        for letter in decomposed.chars().map(|c| self.cases.simple_lowercase(c)).filter(counts) {
            if letter == IOTA_BELOW && spelled.ends_with(SPELLED_BREAK) {
                // On its own it is an iota.
                spelled.pop();
                spelled.push('ι');
            } else if letter == IOTA_BELOW {
                spelled.extend([SECOND_READING, 'ι']);
            } else if boundary::is_apostrophe(letter) {
                spelled.push(SPELLED_APOSTROPHE);
            } else if !self.is_word(letter) {
                let is_mid = self.word_break.get(letter) == WordBreak::MidLetter;
                spelled.push(if is_mid { SPELLED_APOSTROPHE } else { SPELLED_BREAK });
            } else if modifier {
                spelled.extend([SECOND_READING, letter, SPELLED_APOSTROPHE]);
            } else {
                spelled.push(letter);
            }
        }
        spelled
    }
}
