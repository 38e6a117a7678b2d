//! `detente export`: the whole record as JSON Lines, which another ledger can import; or the state at a coordinate, the
//! claims of a cut, or the log, as a table for other tools.
//!
//! ```text
//! detente export --data DIR > record.jsonl
//! detente export AZE-RUS --format parquet --what state --valid-at 2025-07 --known-at 2025-08-02 --out state.parquet
//! detente export --format csv --what events --data DIR --out log.csv
//! ```
//!
//! A table comes from a server, or from a directory whose ledger nobody serves; the rows are the same. A file that is named
//! is there when it is whole, and not before.

mod out;
mod rows;

use super::{
    CommandFailure, connect,
    cut_args::CutArgs,
    filter_args::FilterArgs,
    global_args::GlobalArgs,
    output::{self, notice},
    progress,
    state::Mode,
};
use clap::{Args, ValueEnum};
use detente_ingest::tables::{self, Table, columns, sheet};
use rows::ExportQuestion;
use std::path::PathBuf;

pub(crate) use rows::{Ask, Client};

/// Arguments of `export`.
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// Directory of the ledger. No server may have it open. Default: the table is requested from the server.
    #[arg(long, env = "DETENTE_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// File to write. Default: standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Format of the file.
    #[arg(long, value_enum, default_value_t = FileFormat::Record)]
    format: FileFormat,
    /// Rows of the table. Default: the claims of a state.
    #[arg(long, value_enum, value_name = "ROWS")]
    what: Option<ExportSubject>,
    /// Languages of the text columns (BCP 47, comma-separated), one column each.
    #[arg(long, value_name = "LANG,...", value_delimiter = ',', default_value = "en")]
    languages: Vec<String>,
    /// Write CSV for a spreadsheet: with a byte order mark, and with an apostrophe before each cell that would be a formula.
    #[arg(long)]
    spreadsheet: bool,
    /// List the columns of the table and write nothing.
    #[arg(long)]
    columns: bool,
    /// Interpretation of the date of a state.
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// Date of a state (EDTF). Default: today in UTC.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    valid_at: Option<String>,
    /// Include retracted claims in a state or a list of claims, marked as such.
    #[arg(long)]
    include_retracted: bool,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    filter: FilterArgs,
}

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    /// The whole record, lossless, as JSON Lines that `detente import` reads.
    #[value(alias = "jsonl")]
    Record,
    /// A table as comma-separated values.
    Csv,
    /// A table as Apache Parquet.
    Parquet,
    /// A table as one JSON object per line.
    Ndjson,
}

/// The kind of rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportSubject {
    /// The claims of the state at a date, as known at a cut.
    State,
    /// The claims of a cut, whatever their valid time.
    Claims,
    /// The events of the log, up to a cut.
    Events,
}

impl From<ExportSubject> for Table {
    fn from(what: ExportSubject) -> Self {
        match what {
            ExportSubject::State => Self::State,
            ExportSubject::Claims => Self::Claims,
            ExportSubject::Events => Self::Events,
        }
    }
}

/// The kind of an export, once its flags are understood.
#[derive(Debug)]
pub(crate) enum Export {
    /// The whole record.
    Record {
        /// Directory of the ledger.
        data: PathBuf,
        /// The file; none is standard output.
        out: Option<PathBuf>,
    },
    /// A table.
    Table(Box<TableExport>),
    /// The list of the columns of a table.
    Columns(String),
}

/// A table to write.
#[derive(Debug)]
pub(crate) struct TableExport {
    /// The directory that holds the ledger; if none, a server answers.
    pub(crate) data: Option<PathBuf>,
    form: sheet::SheetForm,
    table: Table,
    languages: Vec<String>,
    question: ExportQuestion,
    out: Option<PathBuf>,
}

impl ExportArgs {
    /// Writes a table that a server answers with, or has the operator's verb open the directory.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        match self.into_export()? {
            Export::Columns(list) => output::write(&list),
            Export::Record { data, out } => crate::operator::export_record(data, out).await,
            Export::Table(table) if table.data.is_some() => crate::operator::export_table(*table).await,
            Export::Table(table) => table.write(&mut connect::ledger(global).await?.stub()).await,
        }
    }

    fn into_export(self) -> Result<Export, CommandFailure> {
        if self.columns {
            let table = self.what.unwrap_or(ExportSubject::State).into();
            return Ok(Export::Columns(tables::describe_columns(table, &self.languages)));
        }
        let form = match self.format {
            FileFormat::Record => return self.record(),
            FileFormat::Csv => sheet::SheetForm::Csv { for_spreadsheet: self.spreadsheet },
            FileFormat::Parquet => sheet::SheetForm::Parquet,
            FileFormat::Ndjson => sheet::SheetForm::Lines { with_nulls: false },
        };
        if self.spreadsheet && self.format != FileFormat::Csv {
            return Err(usage("--spreadsheet", "is for --format csv"));
        }
        let what = self.what.unwrap_or(ExportSubject::State);
        let question = ExportQuestion {
            filter: self.filter.filter(None),
            cut: self.cut,
            valid_at: self.valid_at,
            mode: self.mode.map(Into::into),
            include_retracted: self.include_retracted,
        };
        if what != ExportSubject::State && (question.valid_at.is_some() || question.mode.is_some()) {
            return Err(usage("--valid-at and --mode", "are for --what state"));
        }
        if what == ExportSubject::Events && question.include_retracted {
            return Err(usage("--include-retracted", "is not for --what events: the log has every event"));
        }
        let (data, out, languages) = (self.data, self.out, self.languages);
        Ok(Export::Table(Box::new(TableExport { data, form, table: what.into(), languages, question, out })))
    }

    fn record(self) -> Result<Export, CommandFailure> {
        if self.what.is_some() || self.valid_at.is_some() || self.mode.is_some() || self.spreadsheet {
            return Err(usage("--what, --valid-at, --mode and --spreadsheet", "need --format csv, parquet or ndjson"));
        }
        if self.include_retracted || self.cut.is_given() || self.filter.filter(None).is_some() {
            return Err(usage("--format record", "writes the whole record; a part of it needs another --format"));
        }
        match self.data {
            Some(data) => Ok(Export::Record { data, out: self.out }),
            None => Err(usage("--format record", "needs --data: no server hands out the salts of the hash chain")),
        }
    }
}

fn usage(flag: &str, why: &str) -> CommandFailure {
    CommandFailure::Usage(format!("{flag} {why}"))
}

impl TableExport {
    /// Asks a ledger, and writes its answer.
    pub(crate) async fn write(self, ledger: &mut rows::Client<impl Ask>) -> Result<(), CommandFailure> {
        let columns = columns(self.table, &self.languages);
        let headings = columns.iter().map(tables::Column::heading).collect();
        let mut file = out::Out::begin(self.out)?;
        let progress = progress::counter("rows");
        let mut sheet = sheet::begin(self.form, headings, file.writer()?).map_err(CommandFailure::output)?;
        let mut put = |row: &tables::OutputRow<'_>| {
            progress.inc(1);
            sheet.row(columns.iter().map(|column| column.cell(row)).collect()).map_err(CommandFailure::output)
        };
        let told = match self.table {
            Table::State => rows::state(ledger, self.question, &mut put).await,
            Table::Claims => rows::claims(ledger, self.question, &mut put).await,
            Table::Events => rows::events(ledger, self.question, &mut put).await,
        };
        progress.finish_and_clear();
        let told = told?;
        sheet.finish(&told.properties()).map_err(CommandFailure::output)?;
        file.finish()?;
        notice(&told.words());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Probe {
        #[command(flatten)]
        export: ExportArgs,
    }

    fn parse(flags: &str) -> Result<Export, String> {
        let arguments = ["probe"].into_iter().chain(flags.split_whitespace());
        let args = Probe::try_parse_from(arguments).map_err(|error| error.to_string())?.export;
        args.into_export().map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_whole_record_needs_its_directory_and_takes_no_question() {
        assert!(matches!(parse("--data d"), Ok(Export::Record { .. })));
        for (flags, word) in [("", "needs --data"), ("--data d AZE-RUS", "whole record"), ("--what claims", "--format")]
        {
            assert!(parse(flags).unwrap_err().contains(word), "{flags}");
        }
    }

    #[test]
    fn flags_that_mean_nothing_together_are_refused() {
        for flags in [
            "--format csv --what claims --valid-at 2025",
            "--format parquet --spreadsheet",
            "--format csv --what events --include-retracted",
        ] {
            assert!(parse(flags).is_err(), "{flags}");
        }
        assert!(matches!(parse("--format csv --spreadsheet AZE-RUS --mode holds-at"), Ok(Export::Table(_))));
    }

    #[test]
    fn the_columns_can_be_listed() {
        let Ok(Export::Columns(list)) = parse("--columns --languages en,ar") else { panic!("no list") };
        assert!(list.contains("| `text_ar` | text |") && list.contains("`certainty`"), "{list}");
    }
}
