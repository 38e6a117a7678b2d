//! Versions: a file may hold every version of its rows, of which the last counts, or the last up to an instant.
//!
//! The version that counts follows from the whole file, so the file is read twice.

use super::claim::Tools;
use super::fault::{BadFile, BadMapping};
use super::mapping::Mapping;
use super::plan::{Bench, Plan};
use super::source::{self, Columns, Opened, Read};
use super::table::Tables;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// The name of a version: an instant or a day if it can be read as one, otherwise a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    nanoseconds: Option<i128>,
    text: String,
}

impl Version {
    /// Reads a version.
    pub(crate) fn of(text: &str) -> Self {
        let instant = text.parse::<jiff::Timestamp>().ok();
        let day = || Some(text.parse::<jiff::civil::Date>().ok()?.at(0, 0, 0, 0).in_tz("UTC").ok()?.timestamp());
        let nanoseconds = instant.or_else(day).map(jiff::Timestamp::as_nanosecond);
        Self { nanoseconds, text: text.to_owned() }
    }

    /// As it is written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// The version that counts of each key, by the id of its claim.
#[derive(Debug, Default)]
pub(crate) struct Versions(HashMap<Uuid, Version>);

impl Versions {
    /// Returns true if a version is the one that counts for a key.
    pub(crate) fn counts(&self, id: Uuid, version: &Version) -> bool {
        self.0.get(&id) == Some(version)
    }
}

/// Reads which version counts of each key, none later than `until`; and all that there are.
///
/// # Errors
/// The file or the mapping is no good.
pub(crate) fn scan(
    mapping: &Mapping,
    tables: &Tables,
    tools: &Tools<'_>,
    opened: &mut Opened,
    until: Option<&Version>,
) -> Result<(Versions, BTreeSet<Version>), BadFile> {
    let (mut versions, mut all) = (Versions::default(), BTreeSet::new());
    let mut plan: Option<(Arc<Columns>, Plan<'_>)> = None;
    let mut bench = Bench::default();
    let mut wrong: Option<BadMapping> = None;
    let read = source::read(opened, &mapping.source, &mut |columns, read| {
        let Read::Row(row) = read else { return Ok(()) };
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
        let Some((keys, version)) = compiled.version(&row, &mut bench) else { return Ok(()) };
        all.insert(version.clone());
        if until.is_some_and(|until| version > *until) {
            return Ok(());
        }
        for key in keys {
            let last = versions.0.entry(tools.ids.id(&key)).or_insert_with(|| version.clone());
            if *last < version {
                last.clone_from(&version);
            }
        }
        Ok(())
    });
    match wrong {
        Some(bad) => Err(bad.into()),
        None => read.map(|()| (versions, all)),
    }
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
        assert!(of("v1") < of("v2"));
    }
}
