//! The whole way of an import of rows: the mapping, the file, what the ledger has, what the file says, the record.

use super::report::Report;
use super::shown::Shown;
use super::staging::{Opening, Staging};
use super::{ImportArgs, known};
use crate::cli::export::{Ask, Client};
use crate::cli::output::Format;
use crate::cli::{Failure, json, notice};
use crate::ingest::fault::{BadFile, BadMapping};
use crate::ingest::mapping::Mapping;
use crate::ingest::pipeline::{self, Failed, Job, Known, Tally};
use crate::ingest::source::Opened;
use crate::ingest::table::{Table, Tables};
use crate::v1;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// How many batches of commands may wait to be sent.
const WAITING: usize = 4;

/// What is imported, in one piece, for the thread that reads it.
struct Input {
    mapping: Mapping,
    tables: Tables,
    opened: Opened,
    release: String,
    revised: i32,
    retracted: i32,
    complete: bool,
    strict: bool,
    /// Of everything that makes the commands what they are.
    digest: Sha256,
}

/// What reading came to.
struct Came {
    tally: Result<Tally, Failed>,
    shown: Shown,
}

/// Imports.
pub(super) async fn run(
    args: &ImportArgs,
    format: Format,
    ledger: Option<&mut Client<impl Ask>>,
) -> Result<(), Failure> {
    let spooled = Spooled::of(&args.file)?;
    let input = Input::read(args, &spooled.path)?;
    let dataset = input.mapping.dataset.name.clone();
    let release = input.release.clone();
    let (tally, append, resumed) = match ledger {
        Some(ledger) if !args.rows.check => record(args, input, ledger).await?,
        ledger => {
            let known = match ledger {
                Some(ledger) => known::ask(ledger, &dataset).await?,
                None => known::nothing(&dataset),
            };
            (check(args, format, input, known).await?, None, 0)
        }
    };
    let report = Report { dataset: &dataset, release: &release, tally, append, check: args.rows.check, resumed };
    report.write(format)
}

async fn check(args: &ImportArgs, format: Format, input: Input, known: Known) -> Result<Tally, Failure> {
    let shown = shown(args, &input, None)?;
    let came = tokio::task::spawn_blocking(move || input.run(known, shown)).await.map_err(Failure::other)?;
    let Came { tally, mut shown } = came;
    shown.finish()?;
    let tally = tally.map_err(failed)?;
    rest(&tally, args);
    if let (Format::Table, Some(sample)) = (format, shown.sample.take()) {
        let sample = v1::AppendRequest { commands: vec![sample], ..v1::AppendRequest::default() };
        crate::cli::write(&format!("the first claim:\n{}", json::text(&sample, json::Layout::Pretty)?))?;
    }
    Ok(tally)
}

async fn record<T: Ask>(
    args: &ImportArgs,
    input: Input,
    ledger: &mut Client<T>,
) -> Result<(Tally, Option<v1::StagedAppend>, u64), Failure> {
    let info = ledger.get_server_info(v1::GetServerInfoRequest {}).await?.into_inner();
    let known = known::ask(ledger, &input.mapping.dataset.name).await?;
    let opening = input.opening(args, &info.ledger_id, &known)?;
    let (way, mut commands) = mpsc::channel(WAITING);
    let shown = shown(args, &input, Some(way))?;
    let reading = tokio::task::spawn_blocking(move || input.run(known, shown));
    let mut staging = Staging::new(ledger, opening);
    let mut resumed = 0;
    let sent = async {
        while let Some(batch) = commands.recv().await {
            if !staging.is_open() {
                resumed = staging.open().await?;
            }
            staging.add(batch).await?;
        }
        Ok::<_, Failure>(())
    };
    let sent = sent.await;
    // What is not taken any more stops the reading.
    drop(commands);
    let Came { tally, mut shown } = reading.await.map_err(Failure::other)?;
    shown.finish()?;
    sent?;
    let tally = match tally {
        Ok(tally) if args.rows.strict && tally.rejected > 0 => {
            rest(&tally, args);
            Err(Failure::Rejected(format!(
                "--strict: {} of {} rows are bad; nothing was recorded",
                tally.rejected, tally.rows
            )))
        }
        Ok(tally) => Ok(tally),
        Err(why) => Err(failed(why)),
    };
    match tally {
        Err(failure) => {
            if staging.is_open() {
                staging.drop_it().await?;
            }
            Err(failure)
        }
        Ok(tally) => {
            rest(&tally, args);
            let append = if staging.is_open() { Some(staging.commit().await?) } else { None };
            Ok((tally, append, resumed))
        }
    }
}

fn shown(args: &ImportArgs, input: &Input, way: Option<mpsc::Sender<Vec<v1::Command>>>) -> Result<Shown, Failure> {
    let read = std::sync::Arc::clone(&input.opened.read);
    Shown::new(way, args.rows.reject.as_deref(), args.rows.errors, input.opened.bytes, read)
}

/// How many bad rows were not shown.
fn rest(tally: &Tally, args: &ImportArgs) {
    let more = tally.rejected.saturating_sub(args.rows.errors as u64);
    if more > 0 {
        notice(&format!(
            "and {more} more bad rows; --errors {} shows all, --reject FILE collects them",
            tally.rejected
        ));
    }
}

fn failed(why: Failed) -> Failure {
    match why {
        Failed::File(BadFile::Mapping(bad)) => Failure::Usage(bad.to_string()),
        Failed::File(BadFile::Unreadable { file, cause }) => Failure::Usage(format!("{file}: {cause}")),
        why => Failure::Rejected(format!("{why}; nothing was recorded")),
    }
}

fn unusable(bad: BadMapping) -> Failure {
    Failure::Usage(bad.to_string())
}

impl Input {
    fn read(args: &ImportArgs, file: &Path) -> Result<Self, Failure> {
        let path = args.mapping.as_deref().unwrap_or(Path::new(""));
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
        let mapping = Mapping::parse(&text, &name).map_err(unusable)?;
        let tables = tables(&mapping, path, &args.rows.tables)?;
        let opened = Opened::open(file).map_err(|bad| failed(bad.into()))?;
        let kind = args.rows.revised.as_deref().unwrap_or(&mapping.release.revised);
        let revised = v1::RevisionKind::from_str_name(&format!("REVISION_KIND_{}", kind.to_uppercase()));
        let revised = revised.filter(|kind| *kind != v1::RevisionKind::Unspecified).ok_or_else(|| {
            Failure::Usage(format!(
                "`{kind}` is no kind of revision: correction, precision_refined, world_change, recoded or enriched"
            ))
        })?;
        let why = &mapping.release.retracted;
        let retracted = v1::RetractionReason::from_str_name(&format!("RETRACTION_REASON_{}", why.to_uppercase()));
        let retracted = retracted.filter(|why| *why != v1::RetractionReason::Unspecified).ok_or_else(|| {
            Failure::Usage(format!(
                "{name}: release.retracted: `{why}` is no reason: source_withdrawn, duplicate, out_of_scope, wrong or legal"
            ))
        })?;
        let complete = mapping.dataset.complete && !args.rows.partial;
        let release = args.rows.release.clone().unwrap_or_default();
        let mut digest = Sha256::new();
        for part in [text.as_str(), release.as_str(), kind, why.as_str()] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        digest.update([u8::from(complete)]);
        for table in tables.values() {
            table.digest_into(&mut |bytes| digest.update(bytes));
        }
        let (revised, retracted, strict) = (revised.into(), retracted.into(), args.rows.strict);
        Ok(Self { mapping, tables, opened, release, revised, retracted, complete, strict, digest })
    }

    /// What the stage is opened with. Its id follows from everything that the commands follow from.
    fn opening(&self, args: &ImportArgs, ledger_id: &str, known: &Known) -> Result<Opening, Failure> {
        let said = args.recorded_by.clone().filter(|by| !by.is_empty());
        let recorded_by = said.or_else(|| Some(self.mapping.dataset.recorded_by.clone()).filter(|by| !by.is_empty()));
        let recorded_by = recorded_by.or_else(|| std::env::var("USER").ok()).unwrap_or_default();
        if recorded_by.is_empty() {
            return Err(Failure::Usage("say who records: --recorded-by NAME".to_owned()));
        }
        let recorded_at = args.rows.recorded_at;
        let mut digest = self.digest.clone();
        digest.update(self.opened.digest().map_err(|bad| failed(bad.into()))?);
        digest.update(ledger_id);
        digest.update(recorded_by.as_bytes());
        let at = recorded_at.map(|at| (at.seconds, at.nanos)).unwrap_or_default();
        digest.update(at.0.to_le_bytes());
        digest.update(at.1.to_le_bytes());
        digest.update(known.claims.fingerprint().to_le_bytes());
        let registered = known.registered.keys().fold(0_u128, |sum, known| sum ^ known);
        digest.update(registered.to_le_bytes());
        let half = digest.finalize().first_chunk().copied().unwrap_or_default();
        let id = uuid::Builder::from_custom_bytes(half).into_uuid();
        let release = if self.release.is_empty() { String::new() } else { format!(" {}", self.release) };
        let title = format!("import of {}{release}", self.mapping.dataset.name);
        Ok(Opening { id, recorded_by, recorded_at, title })
    }

    /// Reads everything.
    fn run(mut self, mut known: Known, mut shown: Shown) -> Came {
        let job = Job {
            mapping: &self.mapping,
            tables: &self.tables,
            release: &self.release,
            revised: self.revised,
            retracted: self.retracted,
            complete: self.complete,
            strict: self.strict,
        };
        let tally = pipeline::run(&job, &mut self.opened, &mut known, &mut shown);
        shown.close();
        Came { tally, shown }
    }
}

fn tables(mapping: &Mapping, path: &Path, given: &[String]) -> Result<Tables, Failure> {
    let mut instead: BTreeMap<&str, PathBuf> = BTreeMap::new();
    for given in given {
        let pair = given.split_once('=').filter(|(name, _)| mapping.tables.contains_key(*name));
        let known: Vec<&str> = mapping.tables.keys().map(String::as_str).collect();
        let (name, file) = pair.ok_or_else(|| {
            Failure::Usage(format!(
                "--table {given}: write NAME=FILE; the mapping has these tables: {}",
                known.join(", ")
            ))
        })?;
        instead.insert(name, file.into());
    }
    let beside = path.parent().unwrap_or(Path::new(""));
    let read = mapping.tables.iter().map(|(name, spec)| {
        let table = Table::read(name, spec, beside, instead.get(name.as_str()).map(PathBuf::as_path))?;
        Ok((name.clone(), table))
    });
    read.collect::<Result<_, BadMapping>>().map_err(unusable)
}

/// A file that can be read twice: the one named, or what standard input says, kept aside until it is dropped.
struct Spooled {
    path: PathBuf,
    copy: Option<PathBuf>,
}

impl Spooled {
    fn of(path: &Path) -> Result<Self, Failure> {
        if path != Path::new("-") {
            return Ok(Self { path: path.to_owned(), copy: None });
        }
        let copy = std::env::temp_dir().join(format!("detente-rows-{}", std::process::id()));
        let spooled = Self { path: copy.clone(), copy: Some(copy) };
        let mut file = fs::File::create(&spooled.path).map_err(Failure::other)?;
        std::io::copy(&mut std::io::stdin().lock(), &mut file).map_err(Failure::other)?;
        Ok(spooled)
    }
}

impl Drop for Spooled {
    fn drop(&mut self) {
        if let Some(copy) = &self.copy {
            // A copy that is left behind in the temporary directory does no harm.
            let _removed = fs::remove_file(copy);
        }
    }
}
