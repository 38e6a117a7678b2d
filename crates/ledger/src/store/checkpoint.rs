//! The index in one file, as it was at a stop, so that a start does not have to make it from every row.
//!
//! Sled names the file by its checksum and the position it reaches to. It is used after a clean stop only, and rows beyond
//! the position are taken in as without it. The index is made from the rows if the file is missing, is not the one that
//! sled names or does not fit.

use super::block::{SPAN, number_of};
use super::db::{Db, Unusable};
use super::index::{FIRST_SECTION, IndexLoader};
use super::sections::{SectionWriter, read_sections, take};
use super::view::View;
use detente_domain::position::Position;
use detente_journal::Reader;
use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::Path;

const NAME: &str = "index";
const NEW_NAME: &str = "index.new";
const HEAD: u8 = 1;
const REQUESTS: u8 = 2;
const PLACES: u8 = 3;
/// Stands for a place that is not known.
const UNKNOWN: u64 = u64::MAX;

/// The file that sled names: the position it reaches to, and its checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CheckpointName {
    pub(super) position: Position,
    pub(super) sum: u32,
}

/// Returns true if so much was recorded since the file was written that reading it from rows would take a good part of a
/// start.
fn is_worth_writing(last: Option<CheckpointName>, head: Position) -> bool {
    const LEAST: u64 = 16;
    let position = last.map_or(Position::START, |last| last.position);
    head.0.saturating_sub(position.0) >= LEAST.max(position.0 / 32)
}

/// Writes the file anew if enough was recorded since it was last written. All of the view must be in sled.
pub(super) fn write(db: &Db, view: &View, journal: &dyn Reader) -> Result<(), Unusable> {
    let head = view.head();
    // The dictionary may have terms that no row needs; the file has none that sled has not.
    if !is_worth_writing(db.checkpoint()?, head) || db.term_count() != view.index.term_count() {
        return Ok(());
    }
    let sum = write_file(db.dir(), view, journal).inspect_err(|_| {
        // A part of a file only takes room, and may not even be there.
        drop(std::fs::remove_file(db.dir().join(NEW_NAME)));
    })?;
    db.name_checkpoint(CheckpointName { position: head, sum })
}

fn write_file(dir: &Path, view: &View, journal: &dyn Reader) -> io::Result<u32> {
    let new = dir.join(NEW_NAME);
    let mut to = SectionWriter::new(BufWriter::new(File::create(&new)?));
    to.begin(HEAD)?;
    to.row(|row| {
        row.extend_from_slice(&view.head().0.to_le_bytes());
        row.extend_from_slice(&view.terms_needed().to_le_bytes());
        row.extend_from_slice(&view.link_of_full_blocks());
    })?;
    to.begin(PLACES)?;
    for block in 0..number_of(view.head().next()) {
        to.row(|row| row.extend_from_slice(&journal.place_of(block).unwrap_or(UNKNOWN).to_le_bytes()))?;
    }
    view.requests.dump(REQUESTS, &mut to)?;
    view.index.dump(&mut to)?;
    let (file, sum) = to.end()?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    std::fs::rename(&new, dir.join(NAME))?;
    File::open(dir)?.sync_all()?;
    Ok(sum)
}

/// Returns true if there is no file, or one that is whole and, if it reaches as far as a view that was made from the journal,
/// has what that has.
pub(super) fn is_as_made(db: &Db, made: &View, journal: &dyn Reader) -> Result<bool, Unusable> {
    let Some(name) = db.checkpoint()? else { return Ok(true) };
    let Some(loaded) = load(db, journal, 0)? else { return Ok(false) };
    let is_same = || {
        let of = |view: &View| (view.terms_needed(), view.link_of_full_blocks(), sum_of(view).ok());
        of(&loaded) == of(made) && loaded.requests == made.requests
    };
    Ok(name.position != made.head() || is_same())
}

fn sum_of(view: &View) -> io::Result<u32> {
    let mut to = SectionWriter::new(io::sink());
    view.index.dump(&mut to)?;
    to.end().map(|(_, sum)| sum)
}

/// The view up to the position of the file that sled names, without the block that is not full there; none if there is no
/// such file, or it is not to be used.
pub(super) fn load(db: &Db, journal: &dyn Reader, cache_bytes: usize) -> Result<Option<View>, Unusable> {
    let Some(name) = db.checkpoint()?.filter(|name| name.position <= journal.head().position) else { return Ok(None) };
    let Some(loaded) = load_file(db.dir(), name, cache_bytes)? else {
        tracing::warn!("the file of the index is not what was written; making it from its rows");
        return Ok(None);
    };
    loaded.places.iter().for_each(|(block, place)| journal.learn_place(*block, *place));
    read_rare_blocks(db, name.position, loaded).map(Some)
}

/// The parts of a view that is being loaded.
struct Loading {
    /// The position that the file must reach to.
    position: Position,
    has_head: bool,
    view: View,
    index: IndexLoader,
    /// The places of full blocks in the journal.
    places: Vec<(usize, u64)>,
    blocks: usize,
}

/// The file with a name; none if there is none, or it is not what was written.
fn load_file(dir: &Path, name: CheckpointName, cache_bytes: usize) -> Result<Option<Loading>, Unusable> {
    let file = match File::open(dir.join(NAME)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => BufReader::with_capacity(1 << 18, opened?),
    };
    let mut loading = Loading {
        position: name.position,
        has_head: false,
        view: View::new(cache_bytes),
        index: IndexLoader::default(),
        places: Vec::new(),
        blocks: 0,
    };
    let sum = std::thread::scope(|scope| {
        let (sender, receiver) = crossbeam_channel::bounded(4);
        let reader = scope.spawn(move || read_sections(file, |section, rows| sender.send((section, rows)).is_ok()));
        let mut pieces = receiver.into_iter();
        let is_whole = pieces.all(|(section, rows)| loading.take_in(section, &rows).is_some());
        // The reader ends when nobody receives any more.
        drop(pieces);
        let read = reader.join().map_err(|_| Unusable::Panicked)??;
        Ok::<_, Unusable>(read.filter(|_| is_whole))
    })?;
    let is_as_written = sum == Some(name.sum) && loading.has_head;
    Ok((is_as_written && loading.index.complete(name.position).is_some()).then_some(loading))
}

impl Loading {
    fn take_in(&mut self, section: u8, mut rows: &[u8]) -> Option<()> {
        match section {
            HEAD => {
                // The checksum is known only at the end, and a wrong position is a wrong amount of memory.
                let position = u64::from_le_bytes(take(&mut rows)?);
                if self.has_head || position != self.position.0 {
                    return None;
                }
                self.has_head = true;
                let terms = u64::from_le_bytes(take(&mut rows)?);
                let full_blocks = usize::try_from(position / SPAN).ok()?;
                self.view.begin_with(full_blocks, take(&mut rows)?, terms);
            }
            PLACES => {
                while let Some(place) = take(&mut rows).map(u64::from_le_bytes) {
                    self.places.extend((place != UNKNOWN).then_some((self.blocks, place)));
                    self.blocks += 1;
                }
            }
            REQUESTS => self.view.requests.load(&mut rows)?,
            section if section >= FIRST_SECTION => self.index.load(section, rows)?,
            _ => return None,
        }
        Some(())
    }
}

fn read_rare_blocks(db: &Db, position: Position, loaded: Loading) -> Result<View, Unusable> {
    let Loading { mut view, index: mut loader, .. } = loaded;
    for block in std::mem::take(&mut loader.rare) {
        let damaged = || Unusable::Damaged(format!("row {block}"));
        let rows = db.stored_rows(block)?.ok_or_else(damaged)?;
        loader.read_again(block, &rows.entries, position).ok_or_else(damaged)?;
    }
    view.index = loader.into_index();
    db.set_term_count(view.index.term_count());
    Ok(view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_again_once_a_thirty_second_more_was_recorded() {
        let last = |position| Some(CheckpointName { position: Position(position), sum: 0 });
        assert!(!is_worth_writing(None, Position(0)));
        assert!(is_worth_writing(None, Position(16)) && !is_worth_writing(None, Position(15)));
        assert!(!is_worth_writing(last(3200), Position(3299)));
        assert!(is_worth_writing(last(3200), Position(3300)));
    }
}
