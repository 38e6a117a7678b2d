//! Compares sled with the journal, entry by entry: everything sled should hold is made again from the journal, in a view of
//! its own, and held against what is there.

use super::StoreOpenError;
use super::block::first_of;
use super::checkpoint;
use super::db::{Db, Unusable};
use super::footing;
use super::open::{ReplayError, take_in_chunk};
use super::stored_value::StoredRows;
use super::view::{UnsavedBlock, View};
use detente_journal::{LedgerId, Reader};
use std::path::{Path, PathBuf};

/// The result of the comparison of sled with the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreReport {
    /// The number of events that sled holds correctly.
    pub events: u64,
    /// The number of terms of the index that it holds correctly.
    pub terms: u64,
    /// The number of events that it does not hold yet; a start brings them in.
    pub behind: u64,
    /// The first error found in it, if any; a rebuild mends it.
    pub wrong: Option<String>,
    /// True if there is no sled.
    pub missing: bool,
    /// The reason it was not examined to its end, though nothing wrong was seen: a full disk, missing rights.
    pub unexamined: Option<String>,
}

/// Compares sled in `dir` with the journal. `progress` gets the number of events that are done, and of all.
///
/// # Errors
/// If the journal cannot be read.
pub(crate) fn verify(
    dir: &Path,
    ledger: LedgerId,
    journal: &dyn Reader,
    progress: &dyn Fn(u64, u64),
) -> Result<StoreReport, StoreOpenError> {
    if !dir.exists() {
        return Ok(StoreReport { missing: true, behind: journal.head().position.0, ..StoreReport::default() });
    }
    if let Some(why) = footing::obstacle(dir) {
        return Ok(StoreReport { unexamined: Some(why), ..StoreReport::default() });
    }
    let (db, clean) = match Db::open(dir, ledger, usize::MAX) {
        Ok(opened) => opened,
        Err(error) => {
            let mut report = StoreReport::default();
            report.note_failure(&error, dir);
            return Ok(report);
        }
    };
    let mut report = StoreReport::default();
    if !clean && let Err(error) = db.cut_to(journal.head().position) {
        report.note_failure(&error, dir);
        return Ok(report);
    }
    let mut comparison = Comparison { dir: dir.to_owned(), journal, db, view: View::new(0), report, next: 0 };
    let total = journal.head().position.0;
    for chunk in journal.read(comparison.view.head().next())? {
        take_in_chunk(&mut comparison.view, &chunk?).map_err(ReplayError::into_open)?;
        comparison.compare_full_blocks();
        progress(comparison.view.head().0, total);
    }
    comparison.finish();
    if clean {
        comparison.compare_checkpoint(journal);
        if let Err(error) = comparison.db.note_clean() {
            comparison.report.note_failure(&error, dir);
        }
    }
    comparison.db.discard();
    Ok(comparison.report)
}

impl StoreReport {
    fn note_failure(&mut self, error: &Unusable, dir: &Path) {
        match footing::obstacle_behind(error, dir) {
            Some(why) => self.unexamined.get_or_insert(why),
            None => self.wrong.get_or_insert(error.to_string()),
        };
    }
}

struct Comparison<'j> {
    dir: PathBuf,
    journal: &'j dyn Reader,
    db: Db,
    view: View,
    report: StoreReport,
    /// The next block to compare.
    next: usize,
}

impl Comparison<'_> {
    fn compare_full_blocks(&mut self) {
        loop {
            let batch = self.view.to_save(64);
            if batch.is_empty() {
                return;
            }
            for (number, expected) in &batch {
                self.compare(*number, expected);
            }
            self.view.note_saved(batch.len());
        }
    }

    fn finish(&mut self) {
        for (number, expected) in self.view.end_to_save() {
            self.compare(number, &expected);
        }
        self.compare_terms();
        match self.db.block_count() {
            Ok(count) if count > self.next => self.wrong(format!("{} blocks too many", count - self.next)),
            Ok(_) => {}
            Err(error) => self.note_failure(&error),
        }
    }

    fn compare(&mut self, number: usize, expected: &UnsavedBlock) {
        self.next = self.next.max(number + 1);
        let count = expected.rows.entries.len();
        let Some(block) = self.view.blocks.block(number) else {
            return self.wrong(format!("block {number} cannot be made again"));
        };
        let events = View::stored_form(expected, block);
        let found = self.db.stored_block(number).and_then(|block| Ok((block, self.db.stored_rows(number)?)));
        match found {
            Err(error) => self.note_failure(&error),
            Ok((None, None)) if !matches!(self.db.has(number), Ok(true)) => self.report.behind += count as u64,
            Ok((None, _)) => self.wrong(format!("block {number} of the log (from position {})", first_of(number))),
            Ok((_, None)) => self.wrong(format!("row {number} of the index (from position {})", first_of(number))),
            Ok((Some(stored), Some(rows))) if stored.count() < count => {
                // An end that was written before more came.
                let is_beginning =
                    events.frames.starts_with(&stored.frames) && expected.rows.entries.starts_with(&rows.entries);
                if is_beginning {
                    self.report.events += stored.count() as u64;
                    self.report.behind += (count - stored.count()) as u64;
                } else {
                    self.wrong(format!("block {number} (from position {})", first_of(number)));
                }
            }
            Ok((Some(stored), Some(rows))) => {
                let has_place = rows.place.is_none_or(|place| self.journal.place_of(number) == Some(place));
                if stored != events || !has_place || (StoredRows { place: None, ..rows }) != expected.rows {
                    self.wrong(format!("block {number} (from position {})", first_of(number)));
                } else {
                    self.report.events += count as u64;
                }
            }
        }
    }

    fn compare_terms(&mut self) {
        let index = &self.view.index;
        let mut term = 0;
        let loaded = self.db.load_terms(|bytes| {
            let same = index.term_bytes(term) == bytes;
            term += 1;
            same
        });
        self.report.terms = term as u64;
        if let Err(error) = loaded {
            self.note_failure(&error);
        }
    }

    fn compare_checkpoint(&mut self, journal: &dyn Reader) {
        match checkpoint::is_as_made(&self.db, &self.view, journal) {
            Ok(true) => {}
            Ok(false) => self.wrong("the file of the index".to_owned()),
            Err(error) => self.note_failure(&error),
        }
    }

    fn note_failure(&mut self, error: &Unusable) {
        self.report.note_failure(error, &self.dir);
    }

    fn wrong(&mut self, what: String) {
        self.report.wrong.get_or_insert(what);
    }
}
