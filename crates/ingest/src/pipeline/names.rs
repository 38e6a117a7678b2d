//! The names of registered parties, compared with those that the rows of a file have for them.

use super::ImportFailure;
use super::sequence::Sequencer;
use crate::class::{EntityRegistration, name_digest};
use crate::day::Day;
use crate::source::{FileName, Row};
use detente_proto::v1::{self, command::Command};
use std::collections::HashSet;
use std::sync::Arc;

/// Names of a registered party that are not its current ones.
pub(super) struct NewNames {
    known_by: u128,
    file: Arc<FileName>,
    line: u64,
    made: v1::Party,
}

impl Sequencer<'_> {
    /// Compares the names of a registered party with those of the row. Other names are a notice, or wait for the end of the
    /// file if the class says that they are new ones.
    pub(super) fn compare_names(&mut self, row: &Row, needed: &EntityRegistration) {
        let Command::RegisterParty(v1::RegisterParty { party: Some(made) }) = &needed.command else { return };
        let Some(held) = self.known.registered.get_mut(&needed.known_by) else { return };
        let may_be_renamed = needed.is_renamed && self.job.date.is_some();
        let is_named = match held.party.as_deref().filter(|_| may_be_renamed) {
            // A name that was given up may be taken again.
            Some(party) => {
                let current: Vec<u64> = current_names(party).collect();
                let (said, new): (Vec<u64>, Vec<u64>) = needed.names.iter().partition(|name| current.contains(name));
                held.said.extend(said);
                new.is_empty()
            }
            None => needed.names.iter().all(|digest| held.names.contains(digest)),
        };
        // It is reported once, however many rows name it.
        if is_named || needed.names.iter().all(|digest| held.told.contains(digest)) {
            return;
        }
        held.told.extend(&needed.names);
        held.names.extend(&needed.names);
        let new =
            NewNames { known_by: needed.known_by, file: Arc::clone(&row.file), line: row.line, made: made.clone() };
        if held.party.is_some() && may_be_renamed {
            self.new_names.push(new);
        } else {
            let hint = " (say the day of the release for the new name to count from then on)";
            self.named_otherwise(&new, if needed.is_renamed && self.job.date.is_none() { hint } else { "" });
        }
    }

    /// Gives parties the new names that the file has for them, from the day of the release on. A name that a row still uses
    /// stays, and of several new ones in a language the first counts.
    pub(super) fn rename_parties(&mut self) -> Result<(), ImportFailure> {
        let Some(day) = self.job.date.clone() else { return Ok(()) };
        for mut new in std::mem::take(&mut self.new_names) {
            let held = self.known.registered.get_mut(&new.known_by);
            let revised = held.and_then(|held| {
                let party = held.party.as_deref_mut()?;
                let names = new_names_of(party, &held.said, &new.made, &day)?;
                party.names = names;
                Some(party.clone())
            });
            let Some(party) = revised else {
                self.named_otherwise(&new, "");
                continue;
            };
            self.tally.renamed += 1;
            self.made = 0;
            new.made = v1::Party { revision: 0, recorded_at: None, recorded_by: String::new(), position: 0, ..party };
            self.command(Command::ReviseParty(v1::ReviseParty { party: Some(new.made) }), String::new(), 256)?;
            self.places.note(new.file.display_path(), new.line, self.made, true);
        }
        Ok(())
    }

    /// Reports names of a party that it does not get.
    fn named_otherwise(&mut self, new: &NewNames, hint: &str) {
        if self.is_reported {
            return;
        }
        self.tally.named_otherwise += 1;
        let names: Vec<&str> = new.made.names.iter().map(|name| name.name.as_str()).collect();
        let notice =
            format!("party {} keeps its name; here it is called {}{hint}", new.made.party_id, names.join(", "));
        self.out.odd(new.file.display_path(), new.line, &notice);
    }
}

/// True for a name that a party has now, and that is neither an alias nor one that only some use.
fn is_current(name: &v1::PartyName) -> bool {
    let lasts = name.valid.is_empty() || name.valid.ends_with("/..");
    lasts && !name.alias && name.used_by.is_empty() && name.r#type == 0
}

/// The names that a party has now, as digests.
fn current_names(party: &v1::Party) -> impl Iterator<Item = u64> {
    party.names.iter().filter(|name| is_current(name)).map(name_digest)
}

/// The names of a party with those that a release has for it from its day on; what it was called until then ends the day
/// before. `said`: current names that the release uses, which stay. None where no name is new or one would end before it
/// begins.
fn new_names_of(party: &v1::Party, said: &HashSet<u64>, made: &v1::Party, day: &Day) -> Option<Vec<v1::PartyName>> {
    let mut names = party.names.clone();
    for new in &made.names {
        let mut before = names.iter().filter(|name| name.lang == new.lang && is_current(name)).map(name_digest);
        if before.any(|digest| digest == name_digest(new) || said.contains(&digest)) {
            continue;
        }
        for old in names.iter_mut().filter(|name| name.lang == new.lang && is_current(name)) {
            let since = old.valid.strip_suffix("/..").unwrap_or("..");
            if since >= day.text() && since != ".." {
                return None;
            }
            old.valid = format!("{since}/{}", day.before());
        }
        names.push(v1::PartyName { valid: format!("{}/..", day.text()), ..new.clone() });
    }
    (names.len() > party.names.len()).then_some(names)
}
