//! Cells of the folding table: the meaning of one code point in 16 bits. The build script writes them, `super::table`
//! reads them.

/// A code point that is no part of a word.
pub(crate) const BREAK: u16 = 0;
/// A combining mark, or another code point that is dropped without a trace.
pub(crate) const MARK: u16 = 1;
/// A format character, a joiner or a mark inside a word: the word goes on, and is also found by its parts.
pub(crate) const JOINER: u16 = 2;
/// An apostrophe, a prime or a half ring.
pub(crate) const APOSTROPHE: u16 = 3;
/// A mark that joins two letters, such as a middle dot.
pub(crate) const MID_LETTER: u16 = 4;
/// A mark that joins two letters or two digits, such as a full stop.
pub(crate) const MID_LETTER_OR_DIGIT: u16 = 5;
/// A mark that joins two digits, such as a comma.
pub(crate) const MID_DIGIT: u16 = 6;
/// A quotation mark, which joins two Hebrew letters.
pub(crate) const QUOTE: u16 = 7;
/// A low line, which joins letters and digits.
pub(crate) const LOW_LINE: u16 = 8;
/// A syllable of Hangul, which is folded to its jamo by arithmetic.
pub(crate) const HANGUL: u16 = 15;
/// A letter that is folded to itself; the class of the letter is added.
pub(crate) const LETTER: u16 = 16;
/// The first number of a spelling.
pub(crate) const SPELLING: u16 = 32;

/// The classes of letters and digits, as far as marks between them care.
pub(crate) const ALPHABETIC: u16 = 0;
/// A letter of Hebrew.
pub(crate) const HEBREW: u16 = 1;
/// A digit.
pub(crate) const NUMERIC: u16 = 2;
/// A letter or number that no mark joins to another.
pub(crate) const APART: u16 = 3;

/// Mark of a spelling: the words on both sides are different ones.
pub(crate) const SPELLED_BREAK: char = ' ';
/// Mark of a spelling: an apostrophe, as in a text.
pub(crate) const SPELLED_APOSTROPHE: char = '\'';
/// Mark of a spelling: only the second reading of the word has the next letter.
pub(crate) const SECOND_READING: char = '\u{1}';

/// The number of code points in a block of the table.
pub(crate) const BLOCK: usize = 128;
