//! Many results into Markdown tables: medians with least and most over the passes, and ratios to the ceilings.
//!
//! A result's `case` is `section|row`. A section becomes a table, with a column for each who was measured there. The
//! ceiling of a row is the lowest of those that were measured in it (`echo`, `raw`).

use crate::result::Outcome;
use anyhow::{Context as _, Result};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

const OURS: &str = "detente";
const CEILINGS: [&str; 2] = ["echo", "raw"];

/// Of what.
#[derive(clap::Args)]
pub struct ReportArgs {
    /// Results, one JSON object a line.
    results: PathBuf,
}

/// Prints the tables.
///
/// # Errors
/// When the file cannot be read.
pub fn run(args: &ReportArgs) -> Result<()> {
    let text = fs::read_to_string(&args.results).with_context(|| args.results.display().to_string())?;
    let outcomes: Vec<Outcome> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    for section in distinct(outcomes.iter().map(section_of)) {
        let of_it: Vec<&Outcome> = outcomes.iter().filter(|outcome| section_of(outcome) == section).collect();
        print!("{}", table(section, &of_it)?);
    }
    Ok(())
}

fn section_of(outcome: &Outcome) -> &str {
    outcome.case.split_once('|').map_or("", |(section, _)| section)
}

fn row_of(outcome: &Outcome) -> &str {
    outcome.case.split_once('|').map_or(outcome.case.as_str(), |(_, row)| row)
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    names.for_each(|name| {
        if !seen.contains(&name) {
            seen.push(name)
        }
    });
    seen
}

fn table(section: &str, outcomes: &[&Outcome]) -> Result<String> {
    let mut who = distinct(outcomes.iter().map(|outcome| outcome.who.as_str()));
    who.sort_by_key(|name| (*name != OURS, !CEILINGS.contains(name)));
    let rated = who.contains(&OURS) && who.len() > 1;
    let units = distinct(outcomes.iter().filter(|one| !rated || one.who == OURS).map(|one| one.unit.as_str()));
    let (unit_of_all, several) = (units.first().copied().unwrap_or_default(), units.len() > 1);
    let mut out = String::new();
    match several {
        true => writeln!(out, "### {section}\n")?,
        false => writeln!(out, "### {section} ({unit_of_all})\n")?,
    }
    writeln!(out, "| | {} |{}", who.join(" | "), if rated { " of the lowest ceiling | p50, p99 |" } else { "" })?;
    writeln!(out, "|---|{}{}", "---:|".repeat(who.len()), if rated { "---:|---:|" } else { "" })?;
    for row in distinct(outcomes.iter().map(|outcome| row_of(outcome))) {
        let of = |name: &str| Cell::of(outcomes.iter().filter(|one| row_of(one) == row && one.who == name).copied());
        let unit = outcomes.iter().find(|one| row_of(one) == row).map_or("", |one| one.unit.as_str());
        match several {
            true => write!(out, "| {row} ({unit}) |")?,
            false => write!(out, "| {row} |")?,
        }
        for name in &who {
            write!(out, " {} |", of(name).map_or_else(String::new, |cell| cell.text()))?;
        }
        if rated {
            let ceiling = CEILINGS.iter().filter_map(|name| of(name)).map(|cell| cell.median).reduce(f64::min);
            write!(out, " {} |", ratio(of(OURS), ceiling))?;
            write!(out, " {} |", of(OURS).map_or_else(String::new, |cell| cell.latencies()))?;
        }
        writeln!(out)?;
    }
    writeln!(out)?;
    Ok(out)
}

fn ratio(ours: Option<Cell>, ceiling: Option<f64>) -> String {
    match (ours, ceiling) {
        (Some(ours), Some(ceiling)) if ceiling > 0.0 => format!("{:.2}", ours.median / ceiling),
        _ => String::new(),
    }
}

struct Cell {
    median: f64,
    least: f64,
    most: f64,
    p50_us: f64,
    p99_us: f64,
}

impl Cell {
    fn of<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Option<Self> {
        let all: Vec<&Outcome> = outcomes.collect();
        let rates = sorted(all.iter().map(|one| one.rate));
        Some(Self {
            median: middle(&rates)?,
            least: *rates.first()?,
            most: *rates.last()?,
            p50_us: middle(&sorted(all.iter().map(|one| one.p50_us)))?,
            p99_us: middle(&sorted(all.iter().map(|one| one.p99_us)))?,
        })
    }

    fn text(&self) -> String {
        match self.least == self.most {
            true => number(self.median),
            false => format!("{} ({} - {})", number(self.median), number(self.least), number(self.most)),
        }
    }

    fn latencies(&self) -> String {
        match self.p50_us > 0.0 {
            true => format!("{} us, {} us", number(self.p50_us), number(self.p99_us)),
            false => String::new(),
        }
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn middle(sorted: &[f64]) -> Option<f64> {
    sorted.get(sorted.len() / 2).copied()
}

/// A number for people: thousands set apart, decimals only for small ones.
fn number(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(who: &str, rate: f64) -> Outcome {
        Outcome { case: "Appends|64 clients".into(), ..Outcome::figure(who, "append", rate, "events/s") }
    }

    #[test]
    fn a_row_has_the_median_and_the_ratio_to_the_lowest_ceiling() {
        let all = [
            outcome("echo", 40_000.0),
            outcome("detente", 29_000.0),
            outcome("detente", 31_000.0),
            outcome("detente", 30_000.0),
            outcome("raw", 90_000.0),
        ];
        let table = table("Appends", &all.iter().collect::<Vec<_>>()).expect("a table");
        assert!(table.contains("| 64 clients | 30,000 (29,000 - 31,000) | 40,000 | 90,000 | 0.75 |"), "{table}");
    }

    #[test]
    fn numbers_are_for_people() {
        assert_eq!([number(0.5), number(999.0), number(1_234_567.0)], ["0.50", "999", "1,234,567"]);
    }
}
