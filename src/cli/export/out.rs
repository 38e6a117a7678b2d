//! The destination of a table: standard output, or a file that gets its name once it is whole.

use super::CommandFailure;
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::PathBuf,
};

/// The destination of a table.
pub(super) struct Out {
    file: Option<Partial>,
}

struct Partial {
    whole: PathBuf,
    part: PathBuf,
    is_done: bool,
}

impl Out {
    /// Begins a file, or standard output without one.
    pub(super) fn begin(out: Option<PathBuf>) -> Result<Self, CommandFailure> {
        let Some(whole) = out else { return Ok(Self { file: None }) };
        let Some(name) = whole.file_name() else {
            return Err(CommandFailure::Usage(format!("--out {}: not the name of a file", whole.display())));
        };
        let mut part = name.to_owned();
        part.push(format!(".{}.part", std::process::id()));
        let part = whole.with_file_name(part);
        Ok(Self { file: Some(Partial { whole, part, is_done: false }) })
    }

    /// Opens the destination for writing.
    pub(super) fn writer(&mut self) -> Result<Box<dyn Write + Send>, CommandFailure> {
        match &self.file {
            None => Ok(Box::new(BufWriter::new(io::stdout()))),
            Some(file) => Ok(Box::new(BufWriter::new(File::create(&file.part).map_err(CommandFailure::Output)?))),
        }
    }

    /// Gives the file its name. The caller has flushed what it wrote.
    pub(super) fn finish(mut self) -> Result<(), CommandFailure> {
        let Some(file) = &mut self.file else { return Ok(()) };
        fs::rename(&file.part, &file.whole).map_err(CommandFailure::Output)?;
        file.is_done = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_done {
            // Half a file that stays behind is a nuisance, and no more than that.
            let _removed = fs::remove_file(&self.part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_when_it_is_whole_and_leaves_nothing_when_it_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table.csv");
        let mut out = Out::begin(Some(path.clone())).unwrap();
        out.writer().unwrap().write_all(b"a").unwrap();
        assert!(!path.exists());
        drop(out);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        let mut out = Out::begin(Some(path.clone())).unwrap();
        out.writer().unwrap().write_all(b"b").unwrap();
        out.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"b");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
