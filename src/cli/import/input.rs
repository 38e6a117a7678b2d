//! The input of an import, as files and flags describe it: the mapping, its tables, the rows to read.

use super::ImportArgs;
use super::earlier_stages::{self, ImportMark};
use super::known_claims::KnownCut;
use super::row_messages::CommandForwarder;
use super::rows::{Came, read_failure};
use super::staging::Opening;
use crate::cli::CommandFailure;
use detente_ingest::day::Day;
use detente_ingest::fault::BadMapping;
use detente_ingest::mapping::Mapping;
use detente_ingest::pipeline::{self, Job, RecordedState};
use detente_ingest::scope::{RowScope, Scope};
use detente_ingest::source::SourceFiles;
use detente_ingest::table::{CodeTable, Tables};
use detente_ingest::to_nfc;
use detente_ingest::value::Value;
use detente_ingest::version::Version;
use detente_proto::v1;
use prost_types::Timestamp;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The version of the rules by which commands are made; another version has other stages.
const COMMANDS: &str = "commands:4";

/// The whole input of an import, for the thread that reads it.
pub(super) struct Input {
    pub(super) mapping: Mapping,
    tables: Tables,
    pub(super) opened: SourceFiles,
    pub(super) release: String,
    revised: i32,
    revised_by_flag: bool,
    retracted: i32,
    pub(super) complete: bool,
    strict: bool,
    date: Option<Day>,
    corrects: bool,
    until: Option<Version>,
    /// The last version that an earlier step of a replay has imported.
    reported: Option<Version>,
    recorded_at: Option<Timestamp>,
    /// Of everything that makes the commands what they are, but for the record.
    digest: Sha256,
}

fn unusable(bad: BadMapping) -> CommandFailure {
    CommandFailure::Usage(bad.to_string())
}

impl Input {
    /// Reads the mapping and its tables, and finds the rows.
    pub(super) fn read(args: &ImportArgs, file: &Path) -> Result<Self, CommandFailure> {
        let path = args.mapping.as_deref().unwrap_or(Path::new(""));
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| CommandFailure::Usage(format!("{name}: {error}")))?;
        let mapping = Mapping::parse(&text, &args.rows.set, &name).map_err(unusable)?;
        let mut tables = tables(&mapping, path, &args.rows.tables, file)?;
        let opened = SourceFiles::open(file).map_err(|bad| read_failure(bad.into()))?;
        let kind = args.rows.revised.as_deref().or_else(|| mapping.release.revised.constant()).unwrap_or("correction");
        let revised = revision_kind(kind)?;
        let why = mapping.release.retracted.constant().unwrap_or("wrong");
        let retracted = v1::RetractionReason::from_str_name(&format!("RETRACTION_REASON_{}", why.to_uppercase()));
        let retracted = retracted.filter(|why| *why != v1::RetractionReason::Unspecified).ok_or_else(|| {
            CommandFailure::Usage(format!(
                "{name}: release.retracted: `{why}` is no reason: source_withdrawn, duplicate, out_of_scope, wrong or legal"
            ))
        })?;
        let complete = mapping.dataset.complete && !args.rows.partial;
        let release = to_nfc(args.rows.release.as_deref().unwrap_or_default()).into_owned();
        let date = day_of(&mapping, &release, &tables).map_err(unusable)?;
        let mut digest = Sha256::new_with_prefix(COMMANDS);
        for part in [text.as_str(), release.as_str(), kind, why] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        digest.update([u8::from(complete)]);
        for setting in &args.rows.set {
            digest.update((setting.len() as u64).to_le_bytes());
            digest.update(setting);
        }
        for table in tables.values() {
            table.digest_into(&mut |bytes| digest.update(bytes));
        }
        let until = args.rows.until.as_deref().map(Version::of);
        tables.values_mut().for_each(|table| table.read_until(until.as_ref()));
        let recorded_at = args.rows.recorded_at;
        digest.update([u8::from(args.rows.revised.is_some())]);
        let corrects = args.rows.revised.as_deref().is_some_and(|kind| kind != "world_change");
        let (revised, retracted, strict) = (revised.into(), retracted.into(), args.rows.strict);
        Ok(Self {
            mapping,
            tables,
            opened,
            release,
            revised,
            revised_by_flag: args.rows.revised.is_some(),
            retracted,
            complete,
            strict,
            date,
            corrects,
            until,
            reported: None,
            recorded_at,
            digest,
        })
    }

    /// Returns the name to record under.
    fn recorded_by(&self, args: &ImportArgs) -> Result<String, CommandFailure> {
        let said = args.recorded_by.clone().filter(|by| !by.is_empty());
        let recorded_by = said.or_else(|| Some(self.mapping.dataset.recorded_by.clone()).filter(|by| !by.is_empty()));
        let Some(recorded_by) = recorded_by.or_else(|| args.proves_caller.then(String::new)) else {
            return self.user(args);
        };
        Ok(recorded_by)
    }

    /// Returns the user who runs the command, to record under.
    fn user(&self, args: &ImportArgs) -> Result<String, CommandFailure> {
        let recorded_by = std::env::var("USER").unwrap_or_default();
        if recorded_by.is_empty() && !args.rows.check {
            return Err(CommandFailure::Usage("say who records: --recorded-by NAME".to_owned()));
        }
        Ok(if recorded_by.is_empty() { "check".to_owned() } else { recorded_by })
    }

    /// All that is imported, into which ledger.
    pub(super) fn mark(&self, args: &ImportArgs, ledger_id: &str) -> Result<ImportMark, CommandFailure> {
        let mut digest = self.digest.clone();
        digest.update(self.opened.digest().map_err(|bad| read_failure(bad.into()))?);
        digest.update(ledger_id);
        digest.update(self.recorded_by(args)?);
        digest.update(self.until.as_ref().map(Version::text).unwrap_or_default());
        let at = self.recorded_at.map(|at| (at.seconds, at.nanos)).unwrap_or_default();
        digest.update(at.0.to_le_bytes());
        digest.update(at.1.to_le_bytes());
        digest.update([u8::from(args.rows.check)]);
        Ok(ImportMark(digest.finalize().first_chunk().copied().unwrap_or_default()))
    }

    /// Returns the opening of the stage. Its id follows from everything that the commands follow from.
    pub(super) fn opening(
        &self,
        args: &ImportArgs,
        mark: ImportMark,
        cut: &KnownCut,
    ) -> Result<Opening, CommandFailure> {
        let rest = Sha256::new_with_prefix(mark.0).chain_update(&cut.basis).finalize();
        Ok(Opening {
            id: mark.id(rest.first_chunk().copied().unwrap_or_default()),
            recorded_by: self.recorded_by(args)?,
            recorded_at: self.recorded_at,
            title: earlier_stages::title(&self.mapping.dataset.name, &self.release, cut),
        })
    }

    /// The work that it is.
    fn job(&self) -> Job<'_> {
        Job {
            mapping: &self.mapping,
            tables: &self.tables,
            release: &self.release,
            revised: self.revised,
            revised_by_flag: self.revised_by_flag,
            retracted: self.retracted,
            complete: self.complete,
            strict: self.strict,
            date: self.date.clone(),
            corrects: self.corrects,
            until: self.until.clone(),
            reported: self.reported.clone(),
        }
    }

    /// Reads everything.
    pub(super) fn run(mut self, mut known: RecordedState, mut shown: CommandForwarder) -> Came {
        let mut opened = std::mem::take(&mut self.opened);
        let made = pipeline::run(&self.job(), &mut opened, &mut known, &mut shown);
        shown.close();
        Came { made, known, shown, passed_over: opened.passed_over }
    }

    /// The same, of the versions of rows up to one, as it was recorded then. `reported`: the version before.
    pub(super) fn at_version(
        mut self,
        until: Version,
        recorded_at: Option<Timestamp>,
        reported: Option<Version>,
    ) -> Self {
        self.tables.values_mut().for_each(|table| table.read_until(Some(&until)));
        self.date = self.date.or_else(|| until.day());
        (self.until, self.recorded_at, self.reported) = (Some(until), recorded_at, reported);
        self
    }

    /// Returns true if an earlier step of a replay has reported the rows before.
    pub(super) const fn goes_on(&self) -> bool {
        self.reported.is_some()
    }

    /// Returns true if the claims of the record are needed as a whole.
    pub(super) fn compares_claims(&self) -> bool {
        self.mapping.dataset.record > 0 || self.mapping.release.end_when.is_some()
    }

    /// All versions that the file has of its rows, in order.
    pub(super) fn versions(mut self) -> Result<BTreeSet<Version>, CommandFailure> {
        let mut opened = std::mem::take(&mut self.opened);
        pipeline::versions(&self.job(), &mut opened).map_err(read_failure)
    }

    /// Returns true if parties may get other names in a later release.
    pub(super) fn renames(&self) -> bool {
        self.mapping.parties.values().any(|class| class.renamed)
    }
}

fn revision_kind(kind: &str) -> Result<v1::RevisionKind, CommandFailure> {
    let revised = v1::RevisionKind::from_str_name(&format!("REVISION_KIND_{}", kind.to_uppercase()));
    revised.filter(|kind| *kind != v1::RevisionKind::Unspecified).ok_or_else(|| {
        CommandFailure::Usage(format!(
            "`{kind}` is no kind of revision: correction, precision_refined, world_change, recoded or enriched"
        ))
    })
}

/// The day of a release, where the mapping or the name of the release says it.
fn day_of(mapping: &Mapping, release: &str, tables: &Tables) -> Result<Option<Day>, BadMapping> {
    let Some(spec) = &mapping.release.date else { return Ok(Day::parse(release)) };
    let wrong = |what: String| BadMapping::at("release.date", what);
    let value = Value::compile(spec, &Scope::of_key(None, &[]), tables).map_err(wrong)?;
    let text = value.eval(&RowScope::key("", &[], release)).map_err(|fault| wrong(fault.what))?;
    let day = Day::parse(&text).ok_or_else(|| wrong(format!("`{text}` is no day: expected one such as 2020-06-01")))?;
    Ok(Some(day))
}

/// `file`: the file that is imported.
fn tables(mapping: &Mapping, path: &Path, given: &[String], file: &Path) -> Result<Tables, CommandFailure> {
    let mut instead: BTreeMap<&str, PathBuf> = BTreeMap::new();
    for given in given {
        let pair = given.split_once('=').filter(|(name, _)| mapping.tables.contains_key(*name));
        let known: Vec<&str> = mapping.tables.keys().map(String::as_str).collect();
        let (name, file) = pair.ok_or_else(|| {
            CommandFailure::Usage(format!(
                "--table {given}: write NAME=FILE; the mapping has these tables: {}",
                known.join(", ")
            ))
        })?;
        instead.insert(name, file.into());
    }
    let beside = path.parent().unwrap_or(Path::new(""));
    let read = mapping.tables.iter().map(|(name, spec)| {
        let given = instead.get(name.as_str()).map(PathBuf::as_path);
        let table = match spec.itself {
            true => CodeTable::read_itself(name, spec, &mapping.source, given.unwrap_or(file))?,
            false => CodeTable::read(name, spec, beside, given)?,
        };
        Ok((name.clone(), table))
    });
    read.collect::<Result<_, BadMapping>>().map_err(unusable)
}

/// A file that can be read twice: the one named, or what standard input says, kept aside until it is dropped.
pub(super) struct RereadableInput {
    pub(super) path: PathBuf,
    copy: Option<PathBuf>,
}

impl RereadableInput {
    pub(super) fn of(path: &Path) -> Result<Self, CommandFailure> {
        if path != Path::new("-") {
            return Ok(Self { path: path.to_owned(), copy: None });
        }
        let copy = std::env::temp_dir().join(format!("detente-rows-{}", std::process::id()));
        let spooled = Self { path: copy.clone(), copy: Some(copy) };
        let mut file = fs::File::create(&spooled.path).map_err(CommandFailure::other)?;
        std::io::copy(&mut std::io::stdin().lock(), &mut file).map_err(CommandFailure::other)?;
        Ok(spooled)
    }
}

impl Drop for RereadableInput {
    fn drop(&mut self) {
        if let Some(copy) = &self.copy {
            // A copy that is left behind in the temporary directory does no harm.
            let _removed = fs::remove_file(copy);
        }
    }
}
