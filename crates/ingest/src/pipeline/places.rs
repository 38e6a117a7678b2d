//! The row that each command was made of, so that a fault found by the ledger alone is reported with its line.
//!
//! Mostly a row is a line and makes a command, so rows are kept in runs: of a file of a million such rows one run is left.

use std::collections::BTreeSet;

/// The place of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowPlace {
    /// The file that it is in.
    pub file: String,
    /// The line that it begins in, or the number of the array's element.
    pub line: u64,
}

/// The row that a command was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The place of the row.
    pub row: RowPlace,
    /// All commands that go with this one: registrations, or what becomes of the claims of the row.
    pub commands: std::ops::Range<u64>,
}

/// The rows of all commands of an import.
#[derive(Debug, Default)]
pub struct Places {
    files: Vec<String>,
    runs: Vec<RowRun>,
    /// The number of the next command.
    next: u64,
    /// The commands that end a claim and assert another, and those that only end one.
    succeeded: Vec<u64>,
    ended: Vec<u64>,
    /// The command that confirms all claims that go on.
    confirmation: Option<u64>,
}

/// Rows that follow one another, each with as many commands.
#[derive(Clone, Copy, Debug)]
struct RowRun {
    command: u64,
    line: u64,
    /// The number of lines from one row to the next; known from the second row on.
    step: u64,
    rows: u64,
    each: u32,
    file: u32,
    registers: bool,
}

impl RowRun {
    /// The number behind its last command.
    fn end(&self) -> u64 {
        self.command + self.rows * u64::from(self.each)
    }

    /// Returns true if these commands continue the run, which then includes them.
    fn takes(&mut self, other: &Self) -> bool {
        let step = other.line.checked_sub(self.line + self.step * (self.rows - 1));
        let alike = (self.each, self.file, self.registers) == (other.each, other.file, other.registers);
        let follows = self.end() == other.command && step.is_some_and(|step| self.rows == 1 || step == self.step);
        if alike && follows {
            self.step = step.unwrap_or_default();
            self.rows += 1;
        }
        alike && follows
    }
}

impl Places {
    /// Notes that a row made commands: some that register what it names, or some about its claims.
    pub fn note(&mut self, file: &str, line: u64, commands: u32, registers: bool) {
        if commands == 0 {
            return;
        }
        if self.files.last().is_none_or(|last| last != file) {
            self.files.push(file.to_owned());
        }
        let file = u32::try_from(self.files.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let run = RowRun { command: self.next, line, step: 0, rows: 1, each: commands, file, registers };
        self.next = run.end();
        if !self.runs.last_mut().is_some_and(|last| last.takes(&run)) {
            self.runs.push(run);
        }
    }

    /// Notes that a command ends a claim and asserts the one that takes its place; it comes after `made` commands that are
    /// not yet noted.
    pub fn succeed(&mut self, made: u32) {
        self.succeeded.push(self.next + u64::from(made));
    }

    /// Notes that a command ends a claim.
    pub fn end(&mut self, made: u32) {
        self.ended.push(self.next + u64::from(made));
    }

    /// Notes that a command confirms all claims that go on.
    pub fn confirm(&mut self, made: u32) {
        self.confirmation = Some(self.next + u64::from(made));
    }

    /// The command that confirms all claims that go on.
    pub const fn confirmation(&self) -> Option<u64> {
        self.confirmation
    }

    /// The numbers of successions and of ends that are left when some commands are left out.
    pub fn without(&self, left_out: &BTreeSet<u64>) -> (u64, u64) {
        let count = |commands: &[u64]| commands.iter().filter(|command| !left_out.contains(command)).count() as u64;
        (count(&self.succeeded), count(&self.ended))
    }

    /// The row that a command was made of; none for one that no row made, such as a retraction.
    pub fn origin(&self, command: u64) -> Option<Origin> {
        let after = self.runs.partition_point(|run| run.command <= command);
        let run = self.runs.get(after.checked_sub(1)?).filter(|run| command < run.end())?;
        let row = (command - run.command) / u64::from(run.each);
        let first = run.command + row * u64::from(run.each);
        let file = self.files.get(run.file as usize)?.clone();
        let row = RowPlace { file, line: run.line + row * run.step };
        Some(Origin { row, commands: first..first + u64::from(run.each) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin_of(places: &Places, command: u64) -> Option<(String, u64, std::ops::Range<u64>)> {
        places.origin(command).map(|origin| (origin.row.file, origin.row.line, origin.commands))
    }

    #[test]
    fn every_command_is_that_of_its_row_and_regular_rows_are_one_run() {
        let mut places = Places::default();
        places.note("a.csv", 2, 3, true);
        places.note("a.csv", 2, 1, false);
        for line in 3..1_000 {
            places.note("a.csv", line, 1, false);
        }
        places.note("a.csv", 1_001, 2, false);
        places.note("a.csv", 1_002, 0, false);
        places.note("a.csv", 1_003, 2, false);
        places.note("b.csv", 2, 2, false);
        assert_eq!(places.runs.len(), 4);
        let of = |file: &str, line, commands| Some((file.to_owned(), line, commands));
        assert_eq!(origin_of(&places, 1), of("a.csv", 2, 0..3));
        assert_eq!(origin_of(&places, 3), of("a.csv", 2, 3..4));
        assert_eq!(origin_of(&places, 1_000), of("a.csv", 999, 1_000..1_001));
        assert_eq!(origin_of(&places, 1_002), of("a.csv", 1_001, 1_001..1_003));
        assert_eq!(origin_of(&places, 1_003), of("a.csv", 1_003, 1_003..1_005));
        assert_eq!(origin_of(&places, 1_006), of("b.csv", 2, 1_005..1_007));
        assert_eq!(origin_of(&places, 1_007), None);
    }

    #[test]
    fn rows_that_were_cells_of_one_line_have_that_line() {
        let mut places = Places::default();
        for line in [5, 5, 5, 6, 6] {
            places.note("a.csv", line, 1, false);
        }
        let lines: Vec<u64> = (0..5).filter_map(|command| places.origin(command)).map(|o| o.row.line).collect();
        assert_eq!(lines, [5, 5, 5, 6, 6]);
    }
}
