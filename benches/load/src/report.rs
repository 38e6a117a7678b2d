//! Results into Markdown tables: on standard output, or in place of those of a document.

use crate::document::{Results, marker, render};
use anyhow::{Context as _, Result, anyhow, bail};
use std::fs;
use std::path::PathBuf;

/// The results to show, and the document to write them into.
#[derive(clap::Args)]
pub struct ReportArgs {
    /// A file of results, one JSON object a line, or a folder of such files.
    results: PathBuf,
    /// A document whose tables between `<!-- results: NAME section -->` and `<!-- end -->` are written.
    #[arg(long)]
    into: Option<PathBuf>,
    /// Write nothing; fail if the document is not what would be written.
    #[arg(long, requires = "into")]
    check: bool,
}

/// Prints all tables, or writes those that a document has places for.
///
/// # Errors
/// If a file cannot be read or written, or a document that is checked is not current.
pub fn run(args: &ReportArgs) -> Result<()> {
    let results = Results::read(&args.results).map_err(|error| anyhow!(error))?;
    let Some(document) = &args.into else {
        print!("{}", render(&all(&results), &results).map_err(|error| anyhow!(error))?);
        return Ok(());
    };
    let path = document.display();
    let before = fs::read_to_string(document).with_context(|| path.to_string())?;
    let after = render(&before, &results).map_err(|error| anyhow!("{path}: {error}"))?;
    if before == after {
        return Ok(());
    }
    if args.check {
        bail!("{path} is not what its results make: load report --into {path} {}", args.results.display());
    }
    fs::write(document, after).with_context(|| path.to_string())
}

/// A document with a place for every section.
fn all(results: &Results) -> String {
    let sections = |name| results.sections(name).into_iter().map(move |section| (name, section));
    let of_each = results.names().flat_map(sections);
    of_each.map(|(name, section)| format!("### {section}\n\n{}\n", marker(name, section))).collect()
}
