//! Directories and archives: which of their files are meant, and the members of `.tar` and `.zip`, each read as a file.
//!
//! A data set is often handed out with a README next to its tables. `files` of `[source]` selects the members to read.
//! Without it a member of unknown form is passed over and reported.

use super::unpack::{self, CountingReader};
use super::{SourceForm, Take, broken_file, is_hidden, rows};
use crate::fault::{BadFile, BadMapping};
use crate::mapping::FileSpec;
use std::io::{self, Read, Seek};
use std::path::Path;

/// Chooses among the files of a directory or an archive.
pub(super) struct Choice<'s> {
    spec: &'s FileSpec,
    /// True if there are several files, so that one of them may be passed over.
    among_several: bool,
    taken: usize,
    passed_over: Vec<String>,
}

impl<'s> Choice<'s> {
    pub(super) fn new(spec: &'s FileSpec, among_several: bool) -> Self {
        Self { spec, among_several, taken: 0, passed_over: Vec::new() }
    }

    /// Returns true if the file with this name is to be read.
    pub(super) fn takes(&mut self, name: &str) -> bool {
        let is_meant = if self.spec.files.is_empty() {
            !self.among_several || SourceForm::of(name, self.spec).is_ok()
        } else {
            self.spec.files.iter().any(|pattern| matches(pattern, name))
        };
        if is_meant {
            self.taken += 1;
        } else if self.spec.files.is_empty() {
            self.passed_over.push(name.to_owned());
        }
        is_meant
    }

    /// The files that were passed over.
    ///
    /// # Errors
    /// Nothing was read though there was something to read.
    pub(super) fn finish(self) -> Result<Vec<String>, BadMapping> {
        if self.taken > 0 || (self.passed_over.is_empty() && self.spec.files.is_empty()) {
            return Ok(self.passed_over);
        }
        let what = match self.spec.files.as_slice() {
            [] => format!("no file has a known form: {}; say `format` in [source]", self.passed_over.join(", ")),
            patterns => format!("no file is called {}", patterns.join(" or ")),
        };
        Err(BadMapping::at("source.files", what))
    }

    fn members(&mut self) {
        self.among_several = true;
    }
}

/// Reads the members of a tar archive, in its order.
pub(super) fn tar(
    name: &str,
    stream: Box<dyn Read + '_>,
    choice: &mut Choice<'_>,
    take: Take<'_>,
) -> Result<(), BadFile> {
    choice.members();
    let mut archive = tar::Archive::new(stream);
    for entry in archive.entries().map_err(|cause| broken_file(name, &cause))? {
        let entry = entry.map_err(|cause| broken_file(name, &cause))?;
        let path = entry.path().map_err(|cause| broken_file(name, &cause))?.into_owned();
        let Some(member) = path.file_name() else { continue };
        let shown = path.to_string_lossy().into_owned();
        if !entry.header().entry_type().is_file() || is_hidden(member) || !choice.takes(&shown) {
            continue;
        }
        let stream = unpack::unpack(Box::new(entry)).map_err(|cause| broken_file(&shown, &cause))?;
        rows(&shown, stream, choice.spec, take)?;
    }
    Ok(())
}

/// Reads the members of a zip archive, in its order.
pub(super) fn zip<R: Read + Seek>(
    name: &str,
    file: CountingReader<R>,
    choice: &mut Choice<'_>,
    take: Take<'_>,
) -> Result<(), BadFile> {
    choice.members();
    let cannot = |error: zip::result::ZipError| broken_file(name, &io::Error::from(error));
    let mut archive = zip::ZipArchive::new(file).map_err(cannot)?;
    for number in 0..archive.len() {
        let member = archive.by_index(number).map_err(cannot)?;
        let shown = member.name().map_err(cannot)?.into_owned();
        let is_hidden = Path::new(&shown).file_name().is_none_or(is_hidden) || shown.starts_with("__MACOSX/");
        if !member.is_file() || is_hidden || !choice.takes(&shown) {
            continue;
        }
        let stream = unpack::unpack(Box::new(member)).map_err(|cause| broken_file(&shown, &cause))?;
        rows(&shown, stream, choice.spec, take)?;
    }
    Ok(())
}

/// Returns true if a name matches a pattern with `*` (any characters) and `?` (one). A pattern without `/` applies to
/// the last part of the name.
fn matches(pattern: &str, name: &str) -> bool {
    let name = if pattern.contains('/') { name } else { name.rsplit('/').next().unwrap_or(name) };
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut in_name) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while in_name < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, in_name));
                at += 1;
            }
            Some(c) if *c == '?' || name.get(in_name) == Some(c) => {
                at += 1;
                in_name += 1;
            }
            _ => {
                let Some((star_at, from)) = star else { return false };
                star = Some((star_at, from + 1));
                (at, in_name) = (star_at + 1, from + 1);
            }
        }
    }
    pattern.iter().skip(at).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_pattern_is_about_the_last_part_of_a_name_unless_it_has_a_slash() {
        for (pattern, name, expected) in [
            ("*.csv", "data/a.csv", true),
            ("*.csv", "a.csv.txt", false),
            ("data/*.csv", "other/a.csv", false),
            ("data/*.csv", "data/a.csv", true),
            ("?.csv", "ab.csv", false),
            ("a*b*c", "a1b2b3c", true),
            ("*", "anything", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
