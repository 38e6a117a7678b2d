//! Versions: a file may hold every version of its rows, of which the last counts, or the last up to an instant.
//!
//! The version that counts follows from the whole file, so the file is read twice.
//!
//! Several rows may be one version of a *record*. A claim of an earlier version of the record that a later one does not have
//! is dropped by it:
//!
//! ```text
//!    2020-02-10   lk-1:shareholding   lk-1:votingRights
//!    2021-03-01   lk-1:shareholding                        drops lk-1:votingRights
//! ```

use super::claim::Tools;
use super::day::Day;
use super::fault::{BadFile, BadMapping};
use super::mapping::Mapping;
use super::plan::{Bench, Plan};
use super::release::ClaimIds;
use super::source::{self, Columns, FileName, Row, RowResult, SourceFiles};
use super::table::Tables;
use detente_ledger::wire::time::read_instant;
use prost_types::Timestamp;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::ops::Bound;
use std::sync::Arc;
use uuid::Uuid;

/// The name of a version: an instant or a day if it can be read as one, otherwise a text. Texts compare as people order
/// them: `v9` comes before `v10`.
#[derive(Clone, Debug)]
pub struct Version {
    instant: Option<(i64, i32)>,
    text: String,
}

impl Version {
    /// Reads a version. A day is its first moment in UTC.
    pub fn of(text: &str) -> Self {
        let instant = read_instant(text).ok().map(|at| (at.seconds, at.nanos));
        Self { instant, text: text.to_owned() }
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The day of an instant, in UTC.
    pub fn day(&self) -> Option<Day> {
        let (seconds, _) = self.instant?;
        let text = Timestamp { seconds, nanos: 0 }.to_string();
        Day::parse(text.get(..10)?)
    }
}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.instant.hash(state);
        if self.instant.is_none() {
            self.text.hash(state);
        }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.instant, other.instant) {
            (None, None) => natural(&self.text, &other.text),
            (one, another) => one.cmp(&another),
        }
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

/// Compares two texts with the numbers in them by their value.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
    loop {
        let order = match (left.chars().next(), right.chars().next()) {
            (Some(a), Some(b)) if a.is_ascii_digit() && b.is_ascii_digit() => {
                let (a, b) = (take_number(&mut left), take_number(&mut right));
                a.len().cmp(&b.len()).then(a.cmp(b))
            }
            (Some(a), Some(b)) => {
                left = left.get(a.len_utf8()..).unwrap_or_default();
                right = right.get(b.len_utf8()..).unwrap_or_default();
                a.cmp(&b)
            }
            (None, None) => return one.cmp(other),
            (a, b) => a.cmp(&b),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Takes the digits at the beginning of a text off it, and returns them without leading zeros.
fn take_number<'t>(text: &mut &'t str) -> &'t str {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = text.split_at_checked(digits).unwrap_or((text, ""));
    *text = rest;
    number.trim_start_matches('0')
}

/// A row as the scan of the versions reads it; what cannot be read is missing.
#[derive(Debug)]
pub struct RowVersion {
    /// Its version.
    pub version: Option<Version>,
    /// The keys of its claims.
    pub keys: Option<Vec<String>>,
    /// The records that it is a part of, also where it makes no claim.
    pub records: Option<Vec<String>>,
}

/// The version that counts of each key, by the id of its claim.
#[derive(Debug, Default)]
pub struct Versions {
    last: HashMap<Uuid, Version>,
    /// The number of times that a key comes in one version, if it is more than one.
    numbers: HashMap<Uuid, u32>,
    /// The versions of each record.
    records: HashMap<String, BTreeSet<Version>>,
    /// The records of which a row cannot be read.
    unclear: HashSet<String>,
    /// True if a row cannot be read, and so may be of any record.
    is_unclear: bool,
    /// True if versions are instants, rather than texts.
    are_instants: bool,
    /// The last version to read.
    until: Option<Version>,
}

impl Versions {
    /// Returns true if a version is the one that counts for a key, or for one of its occurrences.
    pub fn counts(&self, ids: ClaimIds, key: &str, version: &Version) -> bool {
        let id = ids.id(key);
        let most = self.numbers.get(&id).copied().unwrap_or(1);
        self.is_last(id, version)
            || (2..=most).any(|number| self.is_last(ids.id(&occurrence_key(key, number)), version))
    }

    /// Returns true if a version is the last one of a claim.
    pub fn is_last(&self, id: Uuid, version: &Version) -> bool {
        self.last.get(&id) == Some(version)
    }

    /// Returns true if a version comes after the last one to read.
    pub fn is_later(&self, version: &Version) -> bool {
        self.until.as_ref().is_some_and(|until| self.check(version).is_ok() && version > until)
    }

    /// The version of a record that no longer has a claim of it; none if its last version has it or cannot be read as a whole.
    pub fn dropped_by(&self, id: Uuid, record: &str) -> Option<&Version> {
        self.clear_versions(record)?.range((Bound::Excluded(self.last.get(&id)?), Bound::Unbounded)).next()
    }

    /// The version of a record before another.
    pub fn before(&self, record: &str, version: &Version) -> Option<&Version> {
        self.records.get(record)?.range(..version).next_back()
    }

    /// The versions of the record that a recorded claim is of; none if the file has none, or not all can be read.
    pub fn of_key(&self, key: &str) -> Option<&BTreeSet<Version>> {
        let records = key.rmatch_indices(':').filter_map(|(at, _)| key.get(..at));
        let record = records.into_iter().find(|record| self.records.contains_key(*record))?;
        self.clear_versions(record)
    }

    fn clear_versions(&self, record: &str) -> Option<&BTreeSet<Version>> {
        let is_clear = !self.is_unclear && !self.unclear.contains(record);
        self.records.get(record).filter(|_| is_clear)
    }

    /// Checks that a version can be compared with the others of the file.
    ///
    /// # Errors
    /// The version of the others.
    pub fn check(&self, version: &Version) -> Result<(), &'static str> {
        match (version.instant.is_some(), self.are_instants) {
            (true, false) => Err("is an instant, and most versions of the file are none"),
            (false, true) => Err("is no instant or day, as most versions of the file are"),
            _ => Ok(()),
        }
    }
}

/// The key of an occurrence: `key`, `key#2`, ...
pub fn occurrence_key(key: &str, number: u32) -> String {
    if number > 1 { format!("{key}#{number}") } else { key.to_owned() }
}

/// The versions of the rows of a file, as they are read.
#[derive(Default)]
struct Scan {
    all: BTreeSet<Version>,
    /// The last version of each key among instants, and among texts.
    instants: HashMap<Uuid, Version>,
    texts: HashMap<Uuid, Version>,
    /// The number of times that a key has come in a version; of a record in a version as one row has it.
    occurrences: HashMap<(Uuid, Version), u32>,
    /// The row that was read last.
    place: Option<(Arc<FileName>, u64)>,
    versions: Versions,
}

impl Scan {
    /// Begins a row. Several are of one place if they are items of one list.
    fn begin_row(&mut self, row: &Row, mapping: &Mapping) {
        let is_same = self.place.as_ref().is_some_and(|(file, number)| *number == row.number && *file == row.file);
        if mapping.dataset.record > 0 && !is_same {
            self.occurrences.clear();
            self.place = Some((Arc::clone(&row.file), row.number));
        }
    }

    fn note(&mut self, row: RowVersion, mapping: &Mapping, ids: ClaimIds) {
        let makes_claims = row.keys.as_ref().is_none_or(|keys| !keys.is_empty());
        let Some(version) = row.version else {
            // A row that makes no claims need not have a version.
            if makes_claims {
                self.note_unclear(row.records);
            }
            return;
        };
        let is_read = self.versions.until.as_ref().is_none_or(|until| version <= *until);
        self.all.insert(version.clone());
        match row.keys {
            _ if !is_read => return,
            Some(keys) => {
                for key in keys {
                    let id = ids.id(&key);
                    let id = if mapping.dataset.occurrence { self.number(id, &key, &version, ids) } else { id };
                    let last = if version.instant.is_some() { &mut self.instants } else { &mut self.texts };
                    let last = last.entry(id).or_insert_with(|| version.clone());
                    if *last < version {
                        last.clone_from(&version);
                    }
                }
            }
            None => self.note_unclear(row.records.clone()),
        }
        for record in row.records.into_iter().flatten() {
            self.versions.records.entry(record).or_default().insert(version.clone());
        }
    }

    fn note_unclear(&mut self, records: Option<Vec<String>>) {
        match records {
            Some(records) => self.versions.unclear.extend(records),
            None => self.versions.is_unclear = true,
        }
    }

    /// The id of the next occurrence of a key in a version.
    fn number(&mut self, id: Uuid, key: &str, version: &Version, ids: ClaimIds) -> Uuid {
        let count = self.occurrences.entry((id, version.clone())).or_insert(0);
        *count += 1;
        if *count == 1 {
            return id;
        }
        let most = self.versions.numbers.entry(id).or_insert(1);
        *most = (*most).max(*count);
        ids.id(&occurrence_key(key, *count))
    }

    fn finish(mut self) -> Result<(Versions, BTreeSet<Version>), BadMapping> {
        let until = self.versions.until.as_ref();
        let instants = self.all.iter().filter(|version| version.instant.is_some()).count();
        let are_instants = instants * 2 >= self.all.len();
        if let Some(until) = until.filter(|until| are_instants && until.instant.is_none() && instants > 0) {
            let what = format!("`{}` is no instant or day, as the versions of the file are", until.text);
            return Err(BadMapping::at("--until", what));
        }
        if let Some(until) = until.filter(|until| !are_instants && until.instant.is_some()) {
            let what = format!("`{}` is an instant, and the versions of the file are none", until.text);
            return Err(BadMapping::at("--until", what));
        }
        let is_comparable = |version: &Version| version.instant.is_some() == are_instants;
        self.versions.records.values_mut().for_each(|versions| versions.retain(is_comparable));
        self.all.retain(is_comparable);
        let last = if are_instants { self.instants } else { self.texts };
        Ok((Versions { last, are_instants, ..self.versions }, self.all))
    }
}

/// Reads which version counts of each key, none later than `until`; and all that there are.
///
/// # Errors
/// The file or the mapping is no good, or `until` is no version as the file has them.
pub fn scan(
    mapping: &Mapping,
    tables: &Tables,
    tools: &Tools<'_>,
    opened: &mut SourceFiles,
    until: Option<&Version>,
) -> Result<(Versions, BTreeSet<Version>), BadFile> {
    let mut scan = Scan { versions: Versions { until: until.cloned(), ..Versions::default() }, ..Scan::default() };
    let mut plan: Option<(Arc<Columns>, Plan<'_>)> = None;
    let mut bench = Bench::default();
    let mut wrong: Option<BadMapping> = None;
    let read = source::read(opened, &mapping.source, &mut |columns, read| {
        let RowResult::Row(row) = read else {
            scan.note_unclear(None);
            return Ok(());
        };
        let current = plan.take().filter(|(known, _)| Arc::ptr_eq(known, columns));
        let current = match current {
            Some(current) => current,
            None => match Plan::compile(mapping, tables, tools, columns) {
                Ok(compiled) => (Arc::clone(columns), compiled),
                Err(bad) => {
                    let what = bad.to_string();
                    wrong = Some(bad);
                    return Err(what);
                }
            },
        };
        let (_, compiled) = plan.insert(current);
        scan.begin_row(&row, mapping);
        scan.note(compiled.version(&row, &mut bench), mapping, tools.ids);
        Ok(())
    });
    if let Some(bad) = wrong {
        return Err(bad.into());
    }
    read?;
    Ok(scan.finish()?)
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn instants_compare_as_instants_however_they_are_written() {
        let of = Version::of;
        assert!(of("2017-04-27T16:18:24.318Z") > of("2017-04-27T16:18:24Z"));
        assert!(of("2017-04-27T16:18:24+02:00") < of("2017-04-27T16:18:24Z"));
        assert!(of("2017-04-27") < of("2017-04-27T00:00:01Z"));
        assert_eq!(of("2017-04-27"), of("2017-04-27T02:00:00+02:00"));
        assert!(of("2017-04-27").instant.is_some());
    }

    #[test]
    fn texts_compare_with_the_numbers_in_them_by_their_value() {
        let of = Version::of;
        for (one, other) in [("v1", "v2"), ("v9", "v10"), ("9", "10"), ("5.9", "5.10"), ("1", "1a"), ("v01", "v1")] {
            assert!(of(one) < of(other), "{one} {other}");
        }
        assert_eq!(of("v1"), of("v1"));
    }
}
