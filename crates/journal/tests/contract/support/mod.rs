//! Makes histories, reads them back whole, and compares.

pub(crate) mod faulty_disk;

use std::path::Path;
use std::sync::Arc;

use detente_domain::position::{Position, RecordedAt};
use detente_journal::file::disk::Disk;
use detente_journal::file::{FileJournal, OpenError, Options, Recovery};
use detente_journal::{
    Append, AppendError, AppendHeader, Bytes, Chunk, Head, Journal, LedgerId, Piece, ReadError, Reader, Record,
    RequestMark, Salt, chain,
};
use uuid::Uuid;

pub(crate) use self::faulty_disk::FaultyDisk;

/// The directory of journals on a simulated disk.
pub(crate) fn dir() -> &'static Path {
    Path::new("/ledger/journal")
}

pub(crate) fn ledger_id() -> LedgerId {
    LedgerId(Uuid::from_u128(0x0198_c0de))
}

/// Small frames and segments, so that small histories meet every boundary. No zeros are kept behind them.
pub(crate) fn small() -> Options {
    Options { segment_bytes: 2_000, max_frame_bytes: 320, reserve_bytes: 0, most_zeros: 0, ..Options::default() }
}

/// The same with zeros behind the last frame.
pub(crate) fn with_zeros() -> Options {
    Options { most_zeros: 4_000, ..small() }
}

/// Small frames in one segment.
pub(crate) fn one_segment() -> Options {
    Options { segment_bytes: 1 << 30, ..small() }
}

pub(crate) fn create(disk: &FaultyDisk) -> FileJournal {
    FileJournal::create(dir(), ledger_id(), small(), disk.to_disk()).unwrap()
}

pub(crate) fn open(disk: &FaultyDisk) -> Result<(FileJournal, Recovery), OpenError> {
    FileJournal::open(dir(), small(), disk.to_disk())
}

/// SplitMix64: a seed says everything.
#[derive(Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 to one less than `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// Makes appends that continue a history.
#[derive(Clone)]
pub(crate) struct Maker {
    pub(crate) head: Head,
    pub(crate) random: Random,
    pub(crate) floor: RecordedAt,
}

impl Maker {
    pub(crate) fn new(seed: u64) -> Self {
        Self { head: Head::GENESIS, random: Random(seed), floor: RecordedAt::MIN }
    }

    /// Continues the history of a journal.
    pub(crate) fn after(journal: &dyn Journal, random: Random) -> Self {
        Self { head: journal.head(), random, floor: journal.floor() }
    }

    /// The next append, with events of these lengths.
    pub(crate) fn append(&mut self, lengths: &[usize]) -> Append {
        let records = lengths.iter().map(|len| self.record(*len)).collect::<Vec<_>>();
        let header = AppendHeader {
            first: self.head.position.next(),
            count: records.len() as u64,
            recorded_at: RecordedAt(self.head.recorded_at.0.max(0) + 1),
            recorded_by: "archivist".into(),
            request: self.request(),
            backfilled: false,
            floor: self.floor(),
        };
        let link = chain::seal(self.head.link, &header, &records);
        self.head = Head { position: header.last(), recorded_at: header.recorded_at, link };
        Append { header, records, link }
    }

    /// Some appends of random sizes.
    pub(crate) fn group(&mut self) -> Vec<Append> {
        (0..=self.random.below(3)).map(|_| self.random_append()).collect()
    }

    fn random_append(&mut self) -> Append {
        let count = if self.random.below(8) == 0 { 20 } else { 1 + self.random.below(4) };
        let lengths = (0..count).map(|_| self.random.below(120) as usize).collect::<Vec<_>>();
        self.append(&lengths)
    }

    fn record(&mut self, len: usize) -> Record {
        let event = (0..len).map(|_| self.random.next() as u8).collect::<Vec<_>>();
        let salt = Salt(Uuid::from_u64_pair(self.random.next(), self.random.next()).into_bytes());
        Record { salt, event: Bytes::from(event) }
    }

    /// An instant before the recorded time, higher now and then.
    fn floor(&mut self) -> RecordedAt {
        if self.random.below(3) == 0 {
            self.floor = RecordedAt(self.head.recorded_at.0.max(0));
        }
        self.floor
    }

    fn request(&mut self) -> Option<RequestMark> {
        let id = Uuid::from_u64_pair(self.random.next(), self.random.next());
        (self.random.below(2) == 0).then_some(RequestMark {
            id,
            fingerprint: [7; 16],
            salt: (self.random.below(2) == 0).then_some(Salt([8; 16])),
        })
    }
}

/// A history of a few groups, with appends in one frame and in many, over several segments.
pub(crate) fn history(seed: u64, groups: usize) -> Vec<Vec<Append>> {
    let mut maker = Maker::new(seed);
    (0..groups).map(|_| maker.group()).collect()
}

/// Appends one group after the other.
pub(crate) fn append_all(journal: &mut dyn Journal, groups: &[Vec<Append>]) {
    for group in groups {
        journal.append(group).unwrap();
    }
}

/// Records an append piece by piece, with the given numbers of records in its pieces.
pub(crate) fn append_in_pieces(
    journal: &mut dyn Journal,
    append: &Append,
    sizes: &[usize],
) -> Result<Head, AppendError> {
    let mut link = chain::open_append(journal.head().link, &append.header);
    let bytes = append.records.iter().map(|record| record.event.len() as u64 + 64).sum();
    let mut run = journal.begin(&append.header, bytes)?;
    let mut rest = append.records.as_slice();
    for size in sizes.iter().cycle() {
        let (records, after) = rest.split_at((*size).min(rest.len()));
        link = chain::extend_all(link, records);
        run.extend(&Piece { records: records.to_vec(), link })?;
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    run.seal()
}

/// Records a group; one of a single append may be recorded in pieces.
pub(crate) fn record(journal: &mut dyn Journal, group: &[Append], random: &mut Random) -> Result<Head, AppendError> {
    match group {
        [append] if random.below(2) == 0 => {
            let sizes = [1 + random.below(7) as usize, 1 + random.below(3) as usize];
            append_in_pieces(journal, append, &sizes)
        }
        _ => journal.append(group),
    }
}

/// Reads everything and puts the appends together again.
pub(crate) fn read_all(reader: &dyn Reader) -> Result<Vec<Append>, ReadError> {
    let (appends, error) = read_while_sound(reader);
    error.map_or(Ok(appends), Err)
}

/// Reads whole appends up to the first error.
pub(crate) fn read_while_sound(reader: &dyn Reader) -> (Vec<Append>, Option<ReadError>) {
    let chunks = match reader.read(Position::START) {
        Ok(chunks) => chunks,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let (mut appends, mut run) = (Vec::new(), Vec::new());
    for chunk in chunks {
        match chunk {
            Err(error) => return (appends, Some(error)),
            Ok(chunk) => join(&mut appends, &mut run, chunk),
        }
    }
    assert!(run.is_empty(), "an append was read without its end");
    (appends, None)
}

fn join(appends: &mut Vec<Append>, run: &mut Vec<Record>, chunk: Chunk) {
    assert_eq!(chunk.first, chunk.header.first.plus(run.len() as u64));
    run.extend(chunk.records);
    if chunk.last {
        let header = AppendHeader::clone(&chunk.header);
        appends.push(Append { header, records: std::mem::take(run), link: chunk.link });
    }
}

/// The head after these appends.
pub(crate) fn head_of(appends: &[Append]) -> Head {
    appends.last().map_or(Head::GENESIS, |append| Head {
        position: append.header.last(),
        recorded_at: append.header.recorded_at,
        link: append.link,
    })
}

/// Asserts that a journal holds exactly these appends.
pub(crate) fn assert_holds(journal: &dyn Journal, appends: &[Append]) {
    assert_eq!(journal.head(), head_of(appends));
    assert_eq!(read_all(&*journal.reader()).unwrap(), appends);
}

/// Verifies the journal on a simulated disk.
pub(crate) fn verify(disk: &FaultyDisk) -> Result<detente_journal::file::Report, OpenError> {
    detente_journal::file::verify(dir(), disk, &mut |_, _| ())
}

impl FaultyDisk {
    /// As a journal wants it.
    pub(crate) fn to_disk(&self) -> Arc<dyn Disk> {
        Arc::new(self.clone())
    }
}
