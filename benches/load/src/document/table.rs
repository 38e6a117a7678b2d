//! Results into a Markdown table: medians with least and most over the passes, and ratios to the ceilings.
//!
//! Each row has a column for each system that was measured in the section. The ceiling of a row is the lowest of those
//! that were measured in it (`echo`, `raw`). If the results of Detente have latencies, a column has them.

use super::results::Measurement;
use std::fmt::{self, Write as _};

const OURS: &str = "detente";
const CEILINGS: [&str; 2] = ["echo", "raw"];

/// The table of the lines of one section.
///
/// # Errors
/// Never; formatting into a text does not fail.
pub fn markdown(lines: &[&Measurement]) -> Result<String, fmt::Error> {
    let mut who = distinct(lines.iter().map(|line| line.who.as_str()));
    who.sort_by_key(|name| (*name != OURS, !CEILINGS.contains(name)));
    let rated = who.contains(&OURS) && who.iter().any(|name| CEILINGS.contains(name));
    let timed = lines.iter().any(|line| line.who == OURS && line.p50_us > 0.0);
    let rows = distinct(lines.iter().map(|line| line.row()));
    let unit_of = |row| lines.iter().find(|line| line.row() == row).map_or("", |line| line.unit.as_str());
    let units = distinct(rows.iter().map(|row| unit_of(*row)));
    let unit = if let [unit] = units.as_slice() { unit } else { "" };
    let mut out = String::new();
    let (ratio_head, time_head) =
        (if rated { " of the lower ceiling |" } else { "" }, if timed { " p50, p99 |" } else { "" });
    writeln!(out, "| {unit} | {} |{ratio_head}{time_head}", who.join(" | "))?;
    writeln!(out, "|---|{}", "---:|".repeat(who.len() + usize::from(rated) + usize::from(timed)))?;
    for row in rows {
        let of = |name: &str| Cell::of(lines.iter().filter(|line| line.row() == row && line.who == name).copied());
        match unit.is_empty() {
            true => write!(out, "| {row} ({}) |", unit_of(row))?,
            false => write!(out, "| {row} |")?,
        }
        for name in &who {
            write!(out, " {} |", of(name).map_or_else(String::new, |cell| cell.text()))?;
        }
        if rated {
            let ceiling = CEILINGS.iter().filter_map(|name| of(name)).map(|cell| cell.median).reduce(f64::min);
            write!(out, " {} |", ratio(of(OURS), ceiling))?;
        }
        if timed {
            write!(out, " {} |", of(OURS).map_or_else(String::new, |cell| cell.latencies()))?;
        }
        writeln!(out)?;
    }
    Ok(out)
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

fn ratio(ours: Option<Cell>, ceiling: Option<f64>) -> String {
    match (ours, ceiling) {
        (Some(ours), Some(ceiling)) if ceiling > 0.0 => format!("{:.2}", ours.median / ceiling),
        _ => String::new(),
    }
}

/// The passes of one row and column.
struct Cell {
    median: f64,
    least: f64,
    most: f64,
    p50_us: f64,
    p99_us: f64,
    /// Ratios have two decimals whatever they are.
    is_ratio: bool,
}

impl Cell {
    fn of<'a>(lines: impl Iterator<Item = &'a Measurement>) -> Option<Self> {
        let all: Vec<&Measurement> = lines.collect();
        let rates = sort(all.iter().map(|line| line.rate));
        Some(Self {
            median: median(&rates)?,
            least: *rates.first()?,
            most: *rates.last()?,
            p50_us: median(&sort(all.iter().map(|line| line.p50_us)))?,
            p99_us: median(&sort(all.iter().map(|line| line.p99_us)))?,
            is_ratio: all.iter().any(|line| line.unit == "ratio"),
        })
    }

    fn text(&self) -> String {
        let number = |value| if self.is_ratio { format!("{value:.2}") } else { number(value) };
        match self.least == self.most {
            true => number(self.median),
            false => format!("{} ({} - {})", number(self.median), number(self.least), number(self.most)),
        }
    }

    fn latencies(&self) -> String {
        match self.p50_us > 0.0 {
            true => format!("{}, {}", duration(self.p50_us), duration(self.p99_us)),
            false => String::new(),
        }
    }
}

fn sort(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The middle one, or the mean of the two in the middle.
fn median(sorted: &[f64]) -> Option<f64> {
    let upper = sorted.get(sorted.len() / 2)?;
    let lower = sorted.get(sorted.len().checked_sub(1)? / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

/// A number for people: thousands set apart, decimals only for small ones that have any.
fn number(value: f64) -> String {
    if value < 100.0 && value.fract() != 0.0 {
        return if value < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") };
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A latency for people.
fn duration(micros: f64) -> String {
    match micros < 1_000.0 {
        true => format!("{} us", number(micros.round())),
        false => format!("{} ms", number(micros / 1_000.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(who: &str, row: &str, rate: f64, unit: &str, p50_us: f64) -> Measurement {
        serde_json::from_value(serde_json::json!({
            "who": who, "case": format!("Appends|{row}"), "rate": rate, "unit": unit, "p50_us": p50_us, "p99_us": p50_us * 10.0,
        }))
        .unwrap()
    }

    fn table(lines: &[Measurement]) -> String {
        markdown(&lines.iter().collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_row_has_the_median_and_the_ratio_to_the_lower_ceiling() {
        let row = |who, rate| line(who, "64 clients", rate, "events/s", 0.0);
        let rates = [("echo", 4e4), ("detente", 29e3), ("detente", 31e3), ("detente", 30e3), ("raw", 9e4)];
        let table = table(&rates.map(|(who, rate)| row(who, rate)));
        assert!(table.starts_with("| events/s | detente | echo | raw | of the lower ceiling |\n"), "{table}");
        assert!(table.contains("| 64 clients | 30,000 (29,000 - 31,000) | 40,000 | 90,000 | 0.75 |"), "{table}");
    }

    #[test]
    fn latencies_of_ours_have_a_column_and_peers_alone_are_no_ceiling() {
        let table =
            table(&[line("detente", "a", 10.0, "queries/s", 250.0), line("postgres", "a", 20.0, "queries/s", 99.0)]);
        assert_eq!(
            table,
            "| queries/s | detente | postgres | p50, p99 |\n|---|---:|---:|---:|\n| a | 10 | 20 | 250 us, 2.50 ms |\n"
        );
    }

    #[test]
    fn rows_of_several_units_name_theirs_and_ratios_have_two_decimals() {
        let table = table(&[
            line("new", "a", 9.0, "queries/s", 0.0),
            line("new", "b", 9.0, "s", 0.0),
            line("x", "b", 1.0, "ratio", 0.0),
        ]);
        assert!(table.ends_with("| a (queries/s) | 9 |  |\n| b (s) | 9 | 1.00 |\n"), "{table}");
    }

    #[test]
    fn numbers_are_for_people_and_an_even_number_of_passes_has_the_mean_of_the_two_in_the_middle() {
        assert_eq!([number(0.5), number(42.25), number(1_234_567.0)], ["0.50", "42.2", "1,234,567"]);
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
        assert_eq!(median(&[1.0, 2.0, 9.0]), Some(2.0));
        assert_eq!(median(&[]), None);
    }
}
