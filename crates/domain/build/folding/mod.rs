//! Derives the table that folds text for search, for `detente_domain::text`.
//!
//! A code point is decomposed (NFKD) and loses its marks and its case (`spelling`). Each letter that is left becomes the
//! representative of its class (`relation`): of the letters that a collation of ICU4X, or a change of case, treats as one.
//! The Word_Break property decides which code points join words and which divide them (`boundary`). The result is a table
//! in two stages with a cell for each code point.

mod boundary;
#[path = "../../src/text/cell.rs"]
mod cell;
mod languages;
mod relation;
mod spelling;

use relation::Relation;
use spelling::Properties;
use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;

/// The table while it is made.
#[derive(Default)]
struct Table {
    blocks: Vec<u16>,
    cells: Vec<u16>,
    known: HashMap<Vec<u16>, u16>,
    /// Spellings: the place of each in the text, its length and the class of its code point, packed.
    spellings: Vec<u32>,
    text: String,
    numbers: HashMap<(String, u16), u16>,
}

/// The source text of the table.
pub(crate) fn source() -> Result<String, Box<dyn Error>> {
    let properties = Properties::new();
    let relation = Relation::derive(&properties)?;
    let mut table = Table::default();
    for block in 0..0x11_0000_u32.div_ceil(cell::BLOCK as u32) {
        let first = block * cell::BLOCK as u32;
        let points = (first..first + cell::BLOCK as u32).map(char::from_u32);
        let cells = points.map(|c| c.map_or(Ok(cell::BREAK), |c| table.cell(c, &properties, &relation)));
        let cells = cells.collect::<Result<Vec<u16>, Box<dyn Error>>>()?;
        table.push(cells)?;
    }
    table.write()
}

impl Table {
    fn cell(&mut self, c: char, properties: &Properties, relation: &Relation) -> Result<u16, Box<dyn Error>> {
        if let Some(cell) = boundary::between_letters(c, properties) {
            return Ok(cell);
        }
        if matches!(c, '\u{ac00}'..='\u{d7a3}') {
            return Ok(cell::HANGUL);
        }
        if properties.is_unassigned(c) {
            return Ok(cell::BREAK);
        }
        let class = boundary::class(c, properties);
        let spelled = relation.fold(&properties.spelling(c));
        if spelled.chars().all(|c| c == cell::SPELLED_BREAK) {
            return Ok(if spelled.is_empty() { cell::MARK } else { cell::BREAK });
        }
        if spelled.chars().eq([c]) {
            return Ok(cell::LETTER + class);
        }
        let next = cell::SPELLING + u16::try_from(self.numbers.len())?;
        if let Some(known) = self.numbers.get(&(spelled.clone(), class)) {
            return Ok(*known);
        }
        let place = u32::try_from(self.text.find(&spelled).unwrap_or(self.text.len()))?;
        if place as usize == self.text.len() {
            self.text.push_str(&spelled);
        }
        self.spellings.push((place << 12) | (u32::try_from(spelled.len())? << 4) | u32::from(class));
        self.numbers.insert((spelled, class), next);
        Ok(next)
    }

    fn push(&mut self, cells: Vec<u16>) -> Result<(), Box<dyn Error>> {
        let next = u16::try_from(self.cells.len() / cell::BLOCK)?;
        let number = *self.known.entry(cells.clone()).or_insert(next);
        if number == next {
            self.cells.extend(cells);
        }
        self.blocks.push(number);
        Ok(())
    }

    fn write(&self) -> Result<String, Box<dyn Error>> {
        let mut source = String::new();
        writeln!(source, "pub(super) static BLOCKS: [u16; {}] = {:?};", self.blocks.len(), self.blocks)?;
        writeln!(source, "pub(super) static CELLS: [u16; {}] = {:?};", self.cells.len(), self.cells)?;
        writeln!(source, "pub(super) static SPELLINGS: [u32; {}] = {:?};", self.spellings.len(), self.spellings)?;
        writeln!(source, "pub(super) static TEXT: &str = {:?};", self.text)?;
        writeln!(source, "pub(super) const FINGERPRINT: u64 = {:#x};", fingerprint(source.as_bytes()))?;
        Ok(source)
    }
}

/// FNV-1a: a number that another table does not have.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}
