//! A result: one measurement, as a JSON object a line (for `report`) or as a small table (for people).

use crate::Common;
use crate::closed_loop::Measured;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One measurement.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Who was measured: detente, echo, raw, umadb, postgres.
    pub who: String,
    /// At what: append, state, read, ...
    pub bench: String,
    /// In which scenario.
    #[serde(default)]
    pub case: String,
    /// With how many clients.
    #[serde(default)]
    pub clients: u64,
    /// What counts, per second; or a plain figure where the unit says so.
    pub rate: f64,
    /// The unit of the rate.
    pub unit: String,
    /// The median latency, in microseconds.
    #[serde(default)]
    pub p50_us: f64,
    /// The latency that one call in a hundred exceeds, in microseconds.
    #[serde(default)]
    pub p99_us: f64,
    /// Whatever else is worth keeping.
    #[serde(default)]
    pub extra: BTreeMap<String, f64>,
}

impl Outcome {
    /// A figure without latencies.
    pub fn figure(who: &str, bench: &str, rate: f64, unit: &str) -> Self {
        Self { who: who.into(), bench: bench.into(), rate, unit: unit.into(), ..Self::default() }
    }

    /// What a closed loop measured; `items` stand for one call.
    pub fn of_loop(who: &str, bench: &str, measured: &Measured, clients: usize, items: u64, unit: &str) -> Self {
        let micros = |quantile| measured.latency.value_at_quantile(quantile) as f64 / 1e3;
        let per_call = |sum: u64| sum as f64 / measured.calls.max(1) as f64;
        let extra = BTreeMap::from([
            ("max_us".to_owned(), measured.latency.max() as f64 / 1e3),
            ("bytes_per_reply".to_owned(), per_call(measured.answers.bytes)),
            ("items_per_reply".to_owned(), per_call(measured.answers.items)),
        ]);
        Self {
            clients: clients as u64,
            p50_us: micros(0.5),
            p99_us: micros(0.99),
            extra,
            ..Self::figure(who, bench, measured.calls as f64 * items as f64 / measured.seconds, unit)
        }
    }

    /// Adds a figure.
    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.extra.insert(name.to_owned(), value);
        self
    }

    /// Prints it the way it was asked for.
    pub fn print(mut self, common: &Common) -> Result<()> {
        self.case.clone_from(&common.case);
        if let Some(who) = &common.who {
            self.who.clone_from(who);
        }
        if common.json {
            println!("{}", serde_json::to_string(&self)?);
            return Ok(());
        }
        let latencies = format!("p50 {:.0} us, p99 {:.0} us", self.p50_us, self.p99_us);
        println!("{:<10} {:<16} {:>4} clients  {:>12.0} {}", self.who, self.bench, self.clients, self.rate, self.unit);
        if self.p50_us > 0.0 {
            println!("           {latencies}");
        }
        for (name, value) in &self.extra {
            println!("           {name:<24} {value:>14.1}");
        }
        Ok(())
    }
}
