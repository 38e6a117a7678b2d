//! The reading of a file into rows.
//!
//! ```text
//!   mod.rs         a file, a directory or an archive, stream by stream
//!   archive.rs     the members of .tar and .zip, and which files are meant
//!   unpack.rs      .gz, .xz, .zst, .zip, by what the bytes begin with
//!   decode.rs      encodings, byte order marks
//!   csv.rs   CSV and TSV: lines to cells
//!   columns.rs     what the columns are called
//!   json.rs        JSON and JSON Lines: objects to cells
//!   row.rs         a row, with the bytes it was read from
//!   shape.rs       rows of nothing, `split`, `unpivot`
//! ```
//!
//! Nothing here is larger than a row: files are read as they stream. A row that cannot be read is reported and passed
//! over ([`RowResult::Bad`]); a file that breaks off is refused ([`BadFile`]).

mod archive;
mod columns;
mod csv;
mod decode;
mod json;
mod row;
mod shape;
mod unpack;

pub use columns::{Columns, Members};
pub use row::{FileName, Row, RowResult};
pub use shape::pieces;

use super::fault::{BadFile, BadMapping};
use super::mapping::FileSpec;
use sha2::{Digest as _, Sha256};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The longest row that is read: far more than a claim can hold, and little enough for memory to stay flat.
pub const MAX_ROW_BYTES: usize = 4 << 20;
/// The separator between the items of a JSON list that is one cell, `{codes.*}`.
pub const LIST_SEPARATOR: char = '\u{1f}';
/// The number of bytes to read at once.
const CHUNK: usize = 256 << 10;

/// Takes the rows of a file. An error of it ends the reading.
pub type Take<'t> = &'t mut dyn FnMut(&Arc<Columns>, RowResult) -> Result<(), String>;

/// The files that one import reads.
#[derive(Debug, Default)]
pub struct SourceFiles {
    files: Vec<PathBuf>,
    /// The number of bytes on disk.
    pub bytes: u64,
    /// The number of bytes read.
    pub read: Arc<AtomicU64>,
    /// Files of no known form that were passed over.
    pub passed_over: Vec<String>,
}

/// The form in which rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SourceForm {
    Delimited(u8),
    Json,
    JsonLines,
}

impl SourceFiles {
    /// Finds a file, or the files of a directory in the order of their names.
    ///
    /// # Errors
    /// Returns the error of the system.
    pub fn open(path: &Path) -> Result<Self, BadFile> {
        let unreadable = |cause| BadFile::Unreadable { file: path.display().to_string(), cause };
        let metadata = path.metadata().map_err(unreadable)?;
        let mut files = Vec::new();
        if metadata.is_dir() {
            for entry in path.read_dir().map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                if !is_hidden(&entry.file_name()) && entry.path().is_file() {
                    files.push(entry.path());
                }
            }
            files.sort();
        } else {
            files.push(path.to_owned());
        }
        let sizes = files.iter().map(|file| file.metadata().map(|metadata| metadata.len()));
        let bytes = sizes.sum::<io::Result<u64>>().map_err(unreadable)?;
        Ok(Self { files, bytes, read: Arc::default(), passed_over: Vec::new() })
    }

    /// Computes the SHA-256 of the bytes of all files on disk, and of their names if there are several.
    ///
    /// # Errors
    /// Returns the error of the system.
    pub fn digest(&self) -> Result<[u8; 32], BadFile> {
        let mut digest = Sha256::new();
        for path in &self.files {
            if self.files.len() > 1 {
                digest.update(path.file_name().map(OsStr::as_encoded_bytes).unwrap_or_default());
            }
            let unreadable = |cause| BadFile::Unreadable { file: path.display().to_string(), cause };
            let mut file = File::open(path).map_err(unreadable)?;
            let mut buffer = vec![0; CHUNK];
            loop {
                let count = io::Read::read(&mut file, &mut buffer).map_err(unreadable)?;
                let Some(read @ [_, ..]) = buffer.get(..count) else { break };
                digest.update(read);
            }
        }
        Ok(digest.finalize().into())
    }
}

/// Reads every row.
///
/// # Errors
/// [`BadFile`] if a file breaks off or cannot be divided into rows at all, or if `take` returns an error.
pub fn read(opened: &mut SourceFiles, spec: &FileSpec, take: Take<'_>) -> Result<(), BadFile> {
    let mut choice = archive::Choice::new(spec, opened.files.len() > 1);
    for path in &opened.files {
        let shown = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let unreadable = |cause| BadFile::Unreadable { file: path.display().to_string(), cause };
        let mut file = File::open(path).map_err(unreadable)?;
        let is_zip = path.is_file() && unpack::is_zip(&mut file).map_err(unreadable)?;
        let counted = unpack::CountingReader { inner: file, read: Arc::clone(&opened.read) };
        if is_zip {
            archive::zip(&shown, counted, &mut choice, take)?;
            continue;
        }
        let stream = unpack::unpack(Box::new(counted)).map_err(|cause| broken_file(&shown, &cause))?;
        if unpack::is_archive(&shown) {
            archive::tar(&shown, stream, &mut choice, take)?;
        } else if choice.takes(&shown) {
            rows(&shown, stream, spec, take)?;
        }
    }
    opened.passed_over = choice.finish()?;
    Ok(())
}

fn rows(name: &str, stream: Box<dyn io::Read + '_>, spec: &FileSpec, take: Take<'_>) -> Result<(), BadFile> {
    let form = SourceForm::of(name, spec)?;
    let file = Arc::new(FileName::of(name));
    let stream = decode::decode(stream, &spec.encoding).map_err(|what| BadMapping::at("source.encoding", what))?;
    let stream = stream.map_err(|cause| broken_file(name, &cause))?;
    let input = BufReader::with_capacity(CHUNK, stream);
    match form {
        SourceForm::Delimited(delimiter) => columns::read_delimited(&file, input, delimiter, spec, take),
        SourceForm::Json => json::array(&file, input, spec, take),
        SourceForm::JsonLines => json::lines(&file, input, spec, take),
    }
}

impl SourceForm {
    fn of(name: &str, spec: &FileSpec) -> Result<Self, BadMapping> {
        let by_name = || unpack::plain_name(name).rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
        let format = spec.format.clone().or_else(by_name).unwrap_or_default();
        let form = match format.as_str() {
            "csv" => Self::Delimited(b','),
            "tsv" | "tab" => Self::Delimited(b'\t'),
            "json" => Self::Json,
            "jsonl" | "ndjson" => Self::JsonLines,
            _ if spec.delimiter.is_some() => Self::Delimited(b','),
            other => {
                let what = format!("`{other}` is no format, of {name}: say `format`: `csv`, `tsv`, `json` or `jsonl`");
                return Err(BadMapping::at("source.format", what));
            }
        };
        match (form, spec.delimiter.map(u8::try_from)) {
            (Self::Delimited(_), Some(Ok(delimiter))) if delimiter.is_ascii() => Ok(Self::Delimited(delimiter)),
            (_, Some(_)) => {
                Err(BadMapping::at("source.delimiter", "must be one ASCII character, and is for csv and tsv"))
            }
            (form, None) => Ok(form),
        }
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// A file that breaks off, or is not what it begins as.
fn broken_file(file: &str, cause: &io::Error) -> BadFile {
    let what = match cause.kind() {
        io::ErrorKind::UnexpectedEof => "it breaks off: the end of the file is missing".to_owned(),
        _ => format!("it cannot be unpacked: {cause}"),
    };
    BadFile::Broken { file: file.to_owned(), what }
}

/// Returns the fault of a file whose rows the consumer refused.
fn refused_file(file: &FileName, what: String) -> BadFile {
    BadFile::Broken { file: file.display_path().to_owned(), what }
}
