//! Rows and columns that fit the terminal.
//!
//! comfy-table measures by display width and wraps. Wrapping happens after escaping, and isolating after wrapping: each
//! line of each cell gets an isolate of its own, as a terminal treats each line as a paragraph. The padding goes into
//! the isolate, so right-to-left text stands at the right edge of its cell.
//!
//! No word is cut in two for want of room, a mark like SYNTHETIC least of all: a table too wide for that is shown as
//! cards instead, one for each row, with the titles next to the values.

use comfy_table::{
    Attribute, Cell as TableCell, Color, ColumnConstraint, ContentArrangement, Table, TableStyle, Width, presets,
};

use super::escape;

/// The width of a table that no terminal shows.
const PIPED_WIDTH: u16 = 120;
/// A word longer than this, an address or an id, may be cut after all.
const LONG_WORD: u16 = 24;
/// The spaces around the content of a cell.
const PADDING: u16 = 2;
/// The lines between two cells, at the edges and inside.
const BORDERS: [char; 2] = ['│', '┆'];

/// The emphasis of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tone {
    /// Like the others.
    #[default]
    Plain,
    /// Sure.
    Sure,
    /// Not sure.
    Doubt,
    /// Not to be missed.
    Alert,
}

/// One cell: text of whatever origin, not escaped yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct GridCell {
    text: String,
    tone: Tone,
}

impl GridCell {
    /// A cell that is set off.
    pub(crate) fn in_tone(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

impl<T: Into<String>> From<T> for GridCell {
    fn from(text: T) -> Self {
        Self { text: text.into(), tone: Tone::Plain }
    }
}

/// A table in the making.
#[derive(Debug)]
pub(crate) struct Grid {
    titles: Vec<String>,
    rows: Vec<Vec<GridCell>>,
    style: TableStyle,
    whole: Vec<usize>,
    wide: Option<usize>,
    width: u16,
}

impl Grid {
    /// A table with these columns and no row, with lines between its rows.
    pub(crate) fn new<const N: usize>(columns: [&str; N]) -> Self {
        Self::with_columns(columns.map(str::to_owned).to_vec())
    }

    /// The same where the columns are not known before.
    pub(crate) fn with_columns(titles: Vec<String>) -> Self {
        let width = Table::new().width().unwrap_or(PIPED_WIDTH);
        Self { titles, rows: Vec::new(), style: presets::UTF8_FULL, whole: Vec::new(), wide: None, width }
    }

    /// The same without lines between the rows, for rows that are short.
    pub(crate) fn dense<const N: usize>(columns: [&str; N]) -> Self {
        Self { style: presets::UTF8_FULL_CONDENSED, ..Self::new(columns) }
    }

    /// Keeps a column from being wrapped: an instant, an id that is wanted whole.
    pub(crate) fn whole(mut self, column: usize) -> Self {
        self.whole.push(column);
        self
    }

    /// Gives a column of sentences most of the room that is left.
    pub(crate) fn wide(self, column: usize) -> Self {
        Self { wide: Some(column), ..self }
    }

    /// The same with a width of its own.
    #[cfg(test)]
    pub(crate) fn width(self, width: u16) -> Self {
        Self { width, ..self }
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [GridCell; N]) {
        self.row_of(cells.into());
    }

    /// Adds a row, with a cell for each column.
    pub(crate) fn row_of(&mut self, cells: Vec<GridCell>) {
        self.rows.push(cells);
    }

    /// The table as lines, each with its line break. Nothing where there is no row.
    pub(crate) fn render(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let least = self.least();
        match self.room(&least) {
            Some(room) => lines(&self.table(&least, room)),
            None => self.rows.iter().map(|row| lines(&self.card(row))).collect(),
        }
    }

    /// The least width of each column's content: its longest word, or all of it where it is to stay whole.
    fn least(&self) -> Vec<u16> {
        let contents = self.measure(str::to_owned);
        let words = self.measure(|text| text.replace(' ', "\n"));
        let least = contents.iter().zip(words).enumerate();
        least
            .map(|(column, (all, word))| if self.whole.contains(&column) { *all } else { word.min(LONG_WORD) })
            .collect()
    }

    /// Returns the room left over by the least widths, or none if even they do not fit.
    fn room(&self, least: &[u16]) -> Option<u16> {
        let least: u16 = least.iter().fold(0, |sum, width| sum.saturating_add(width.saturating_add(PADDING + 1)));
        self.width.checked_sub(least.saturating_add(1))
    }

    /// The width that each column's content would like to have, its text laid out in some way.
    fn measure(&self, layout: impl Fn(&str) -> String) -> Vec<u16> {
        let mut table = Table::new();
        table.set_header(self.titles.iter().map(|title| layout(title)));
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| layout(&cell.safe_text())));
        }
        table.column_max_content_widths()
    }

    fn table(&self, least: &[u16], room: u16) -> Table {
        let mut table = empty(self.style, self.width);
        table.set_header(self.titles.iter().map(|title| TableCell::new(title).add_attribute(Attribute::Bold)));
        for row in &self.rows {
            table.add_row(row.iter().map(GridCell::to_table_cell));
        }
        let wanted = table.column_max_content_widths();
        for (index, (least, wanted)) in least.iter().zip(wanted).enumerate() {
            let more = if self.wide == Some(index) { room / 3 * 2 } else { 0 };
            let width = least.saturating_add(more).min(wanted).saturating_add(PADDING);
            if let Some(column) = table.column_mut(index) {
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
            }
        }
        table
    }

    /// One row, from top to bottom. Empty cells are left out.
    fn card(&self, row: &[GridCell]) -> Table {
        let mut card = empty(presets::UTF8_FULL_CONDENSED, self.width);
        for (title, cell) in self.titles.iter().zip(row).filter(|(_, cell)| !cell.text.is_empty()) {
            card.add_row([TableCell::new(title).add_attribute(Attribute::Bold), cell.to_table_cell()]);
        }
        if let Some(titles) = card.column_mut(0) {
            titles.set_constraint(ColumnConstraint::ContentWidth);
        }
        card
    }
}

impl GridCell {
    /// The text, made safe. A border in it would be taken for one of the table.
    fn safe_text(&self) -> String {
        escape::visible(&self.text).replace(BORDERS, "|")
    }

    fn to_table_cell(&self) -> TableCell {
        let cell = TableCell::new_owned(self.safe_text());
        match self.tone {
            Tone::Plain => cell,
            Tone::Sure => cell.fg(Color::Green),
            Tone::Doubt => cell.fg(Color::Yellow),
            Tone::Alert => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        }
    }
}

fn empty(style: TableStyle, width: u16) -> Table {
    let mut table = Table::new();
    table.load_style(style).set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    table
}

fn lines(table: &Table) -> String {
    table.lines().map(|line| isolate_cells(&line) + "\n").collect()
}

fn isolate_cells(line: &str) -> String {
    line.split_inclusive(BORDERS)
        .map(|part| match part.strip_suffix(BORDERS) {
            Some(cell) => escape::isolate(cell) + part.strip_prefix(cell).unwrap_or_default(),
            None => escape::isolate(part),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render_cell(width: u16, text: &str) -> String {
        let mut grid = Grid::new(["claim", "id"]).width(width);
        grid.row([text.into(), "1".into()]);
        grid.render()
    }

    #[test]
    fn every_line_of_a_wrapped_right_to_left_cell_has_an_isolate_of_its_own() {
        let table = render_cell(24, "لا توجد معلومات مؤكدة عن اتفاق شامل بين البلدين");
        let lines: Vec<_> = table.lines().filter(|line| line.contains('\u{2068}')).collect();
        assert!(lines.len() > 2, "{table}");
        for line in lines {
            assert_eq!(line.matches('\u{2068}').count(), 1, "{line}");
            assert_eq!(line.matches('\u{2069}').count(), 1, "{line}");
            assert!(line.starts_with("│\u{2068}") && line.ends_with("1    │") || line.ends_with("│"), "{line}");
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_wide_characters_count_twice() {
        for text in ["a claim in several words", "両国は協定に達したという情報はない", "🇦🇿 👩‍🚀 and others"]
        {
            let table = render_cell(20, text);
            let rule = table.lines().next().unwrap().chars().count();
            assert!(rule <= 20, "{table}");
        }
    }

    #[test]
    fn no_word_is_cut_where_a_table_is_too_narrow_for_it_but_shown_on_a_card() {
        for width in 28..120 {
            let mut grid = Grid::new(["certainty", "claim", "marks"]).wide(1).width(width);
            grid.row(["possible".into(), "They sign, it is said.".into(), "SYNTHETIC, disputed by AZE".into()]);
            let table = grid.render();
            assert!(table.contains("SYNTHETIC") && table.contains("certainty"), "{width}\n{table}");
            assert!(table.lines().all(|line| line.chars().count() <= width.into()), "{width}\n{table}");
        }
    }

    #[test]
    fn text_cannot_draw_a_border_or_leave_its_line() {
        let table = render_cell(60, "a │ b ┆ c\nd");
        assert!(table.contains("a | b | c\\nd"), "{table}");
    }

    #[test]
    fn a_table_without_rows_is_nothing() {
        assert_eq!(Grid::new(["a"]).render(), "");
    }
}
