//! The report of an import. Its last lines are always rows read, events written, rows rejected.

use crate::cli::output::OutputFormat;
use crate::cli::{CommandFailure, write};
use detente_ingest::pipeline::ImportTally;
use detente_proto::v1;
use serde_json::json;

/// The facts to report.
pub(super) struct Report<'r> {
    /// The data set.
    pub(super) dataset: &'r str,
    /// The release.
    pub(super) release: &'r str,
    /// The counts.
    pub(super) tally: ImportTally,
    /// The append, if anything was recorded.
    pub(super) append: Option<v1::StagedAppend>,
    /// True if nothing was to be recorded.
    pub(super) check: bool,
    /// Commands that an earlier run had staged.
    pub(super) resumed: u64,
    /// Columns that nothing is made of.
    pub(super) unused: &'r [String],
    /// True for a release that says what held on a day.
    pub(super) snapshot: bool,
}

impl Report<'_> {
    /// Writes it.
    pub(super) fn write(&self, format: OutputFormat) -> Result<(), CommandFailure> {
        match format {
            OutputFormat::Table => write(&self.words()),
            OutputFormat::Json | OutputFormat::Jsonl => write(&format!("{}\n", self.object())),
        }
    }

    fn events(&self) -> u64 {
        if self.append.is_some() { self.tally.commands() } else { 0 }
    }

    fn words(&self) -> String {
        let tally = &self.tally;
        let mut lines = Vec::new();
        let mut line = |name: &str, value: String| lines.push(format!("{:<17}{value}\n", format!("{name}:")));
        let of = match self.release {
            "" => self.dataset.to_owned(),
            release => format!("{}, release {release}", self.dataset),
        };
        line(if self.check { "checked" } else { "data set" }, of);
        if let Some(context) = self.append.as_ref().and_then(|append| append.context.as_ref()) {
            line("recorded", format!("position {}, basis {}", context.position, context.basis));
        }
        if self.resumed > 0 {
            line("staged before", self.resumed.to_string());
        }
        for (name, count) in [
            ("parties", tally.parties),
            ("sources", tally.sources),
            ("asserted", tally.asserted),
            ("revised", tally.revised),
            ("retracted", tally.retracted),
            ("reinstated", tally.reinstated),
            ("unchanged", tally.unchanged),
        ] {
            line(name, count.to_string());
        }
        let keyless = format!("because {} rejected rows have no key that can be read", tally.keyless);
        if tally.spared > 0 {
            let name = if self.snapshot { "not ended" } else { "not retracted" };
            line(name, format!("{}, {keyless}", tally.spared));
        }
        if tally.unconfirmed > 0 {
            let why = match (tally.keyless, tally.rejected) {
                (1.., _) => keyless.as_str(),
                (0, 1001..) => "because more than 1000 rows are rejected",
                (0, _) => "because the ledger refuses a row",
            };
            line("not confirmed", format!("{}, {why}", tally.unconfirmed));
        }
        for (name, value) in self.rare() {
            line(name, value);
        }
        if self.check {
            line("events to write", tally.commands().to_string());
        }
        line("rows read", tally.rows.to_string());
        line("events written", self.events().to_string());
        line("rows rejected", tally.rejected.to_string());
        lines.concat()
    }

    /// The lines of the report that few imports have.
    fn rare(&self) -> Vec<(&'static str, String)> {
        let tally = &self.tally;
        let counts = [
            ("other versions", tally.older),
            ("repeated", tally.repeated),
            ("without a claim", tally.silent),
            ("succeeded", tally.succeeded),
            ("ended", tally.ended),
            ("confirmations", tally.confirmed),
            ("parties renamed", tally.renamed),
            ("named otherwise", tally.named_otherwise),
            ("odd", tally.odd),
        ];
        let counts = counts.into_iter().filter(|(_, count)| *count > 0);
        let mut lines: Vec<_> = counts.map(|(name, count)| (name, count.to_string())).collect();
        if let Some((first, last)) = tally.dates {
            lines.push(("dates", format!("{} to {}", first.to_text(), last.to_text())));
        }
        if tally.fractions > 0 {
            lines.push(("fractions cut", format!("{} dates, to the second", tally.fractions)));
        }
        if tally.leap_seconds > 0 {
            lines.push(("leap seconds", format!("{} dates, taken for the second before", tally.leap_seconds)));
        }
        if self.check && !self.unused.is_empty() {
            const MOST: usize = 30;
            let more = if self.unused.len() > MOST { ", ..." } else { "" };
            let shown = self.unused.get(..MOST).unwrap_or(self.unused);
            lines.push(("columns unused", format!("{}{more}", shown.join(", "))));
        }
        lines
    }

    fn object(&self) -> serde_json::Value {
        let tally = &self.tally;
        let context = self.append.as_ref().and_then(|append| append.context.as_ref());
        json!({
            "dataset": self.dataset,
            "release": self.release,
            "check": self.check,
            "basis": context.map(|context| context.basis.clone()).unwrap_or_default(),
            "position": context.map(|context| context.position).unwrap_or_default().to_string(),
            "stagedBefore": self.resumed,
            "parties": tally.parties,
            "sources": tally.sources,
            "asserted": tally.asserted,
            "revised": tally.revised,
            "retracted": tally.retracted,
            "reinstated": tally.reinstated,
            "unchanged": tally.unchanged,
            "notRetracted": if self.snapshot { 0 } else { tally.spared },
            "notEnded": if self.snapshot { tally.spared } else { 0 },
            "notConfirmed": tally.unconfirmed,
            "otherVersions": tally.older,
            "repeated": tally.repeated,
            "withoutClaim": tally.silent,
            "succeeded": tally.succeeded,
            "ended": tally.ended,
            "confirmations": tally.confirmed,
            "partiesRenamed": tally.renamed,
            "namedOtherwise": tally.named_otherwise,
            "odd": tally.odd,
            "columnsNotUsed": self.unused,
            "firstDate": tally.dates.map(|(first, _)| first.to_text()).unwrap_or_default(),
            "lastDate": tally.dates.map(|(_, last)| last.to_text()).unwrap_or_default(),
            "fractionsCut": tally.fractions,
            "leapSeconds": tally.leap_seconds,
            "eventsToWrite": tally.commands(),
            "rowsRead": tally.rows,
            "eventsWritten": self.events(),
            "rowsRejected": tally.rejected,
        })
    }
}
