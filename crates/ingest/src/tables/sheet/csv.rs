//! CSV after RFC 4180: UTF-8, a header, fields quoted where they must be, lines that end with a line feed.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@` or certain control characters for a formula, and runs it;
//! and without a byte order mark it takes UTF-8 for something else. Programs want neither mended: what was recorded has to
//! come through as it is. So a file is either for programs, verbatim, or for a spreadsheet: with a byte order mark, lines
//! that end as RFC 4180 has it, and an apostrophe before every cell but a number that would be a formula (and, so that it can be taken
//! away again, before every one that begins with an apostrophe).

use super::{Sheet, day_text, instant_text};
use crate::tables::{Cell, Heading};
use std::io::{self, Write};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A CSV file.
pub(super) struct CsvSheet<W: Write> {
    for_spreadsheet: bool,
    out: csv::Writer<W>,
}

impl<W: Write> CsvSheet<W> {
    pub(super) fn begin(for_spreadsheet: bool, headings: &[Heading], mut out: W) -> io::Result<Self> {
        if for_spreadsheet {
            out.write_all(BYTE_ORDER_MARK)?;
        }
        let mut begun = Self::resume(for_spreadsheet, out);
        begun.out.write_record(headings.iter().map(|heading| heading.name.as_bytes()))?;
        Ok(begun)
    }

    /// Continues a file that has rows already.
    pub(super) fn resume(for_spreadsheet: bool, out: W) -> Self {
        let mut form = csv::WriterBuilder::new();
        if for_spreadsheet {
            form.terminator(csv::Terminator::CRLF);
        }
        Self { for_spreadsheet, out: form.from_writer(out) }
    }
}

impl<W: Write> Sheet for CsvSheet<W> {
    fn row(&mut self, cells: Vec<Cell>) -> io::Result<()> {
        for cell in cells {
            let is_number = matches!(cell, Cell::Integer(_) | Cell::Number(_));
            let text = match cell {
                Cell::Empty => String::new(),
                Cell::Text(text) => text,
                Cell::Integer(number) => number.to_string(),
                Cell::Number(number) => number.to_string(),
                Cell::Flag(flag) => flag.to_string(),
                Cell::Instant(micros) => instant_text(micros),
                Cell::Day(day) => day_text(day),
            };
            self.out.write_field(if self.for_spreadsheet && !is_number { inert(text) } else { text })?;
        }
        Ok(self.out.write_record(None::<&[u8]>)?)
    }

    fn finish(mut self: Box<Self>, _: &[super::SheetProperty]) -> io::Result<()> {
        self.out.flush()
    }
}

/// A text that no spreadsheet takes for a formula.
fn inert(text: String) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－', '＠']) {
        true => format!("'{text}"),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{Column, Table, columns};

    #[test]
    fn only_a_number_begins_with_a_sign_in_a_spreadsheet() {
        let text = String::from_utf8(write_row(true, &[Cell::Integer(-5), Cell::Day(-719_529)])).unwrap();
        assert!(text.ends_with("-5,'-0001-12-31\r\n"), "{text}");
    }

    fn write_row(for_spreadsheet: bool, cells: &[Cell]) -> Vec<u8> {
        let columns: Vec<Heading> = columns(Table::State, &[]).iter().map(Column::heading).take(cells.len()).collect();
        let mut out = Vec::new();
        let mut sheet = Box::new(CsvSheet::begin(for_spreadsheet, &columns, &mut out).unwrap());
        sheet.row(cells.to_vec()).unwrap();
        sheet.finish(&[]).unwrap();
        out
    }

    #[test]
    fn programs_get_what_was_recorded_and_spreadsheets_no_formula() {
        let cells = [
            Cell::Text("=HYPERLINK(\"http://evil\")".into()),
            Cell::Integer(-5),
            Cell::Text("قال \"نعم\"\nثم سكت".into()),
        ];
        let program = String::from_utf8(write_row(false, &cells)).unwrap();
        assert_eq!(
            program,
            "certainty,as_of_age_days,claim_id\n\"=HYPERLINK(\"\"http://evil\"\")\",-5,\"قال \"\"نعم\"\"\nثم سكت\"\n"
        );
        let spreadsheet = write_row(true, &cells);
        let text = std::str::from_utf8(spreadsheet.strip_prefix(BYTE_ORDER_MARK).unwrap()).unwrap();
        assert_eq!(
            text,
            "certainty,as_of_age_days,claim_id\r\n\"'=HYPERLINK(\"\"http://evil\"\")\",-5,\"قال \"\"نعم\"\"\nثم سكت\"\r\n"
        );
    }

    #[test]
    fn every_beginning_of_a_formula_is_made_inert_and_can_be_told_apart_again() {
        for first in ["=", "+", "-", "@", "\t", "\r", "\n", "'", "＝"] {
            let text = format!("{first}1+1");
            assert_eq!(inert(text.clone()).strip_prefix('\''), Some(text.as_str()));
        }
        assert_eq!(inert("1+1".into()), "1+1");
    }

    #[test]
    fn days_and_instants_are_written_as_iso_8601_has_them() {
        assert_eq!(day_text(20_284), "2025-07-15");
        assert_eq!(day_text(-719_529), "-0001-12-31");
        assert_eq!(day_text(2_932_897), "+10000-01-01");
        assert_eq!(instant_text(1_754_092_800_000_001), "2025-08-02T00:00:00.000001Z");
    }
}
