//! A result: one measurement, as a JSON object a line (for `report`) or as a small table (for people).

use crate::Common;
use crate::closed_loop::Measured;
use crate::document::results::Measurement;
use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeMap;

/// One measurement, with the circumstances that no table shows.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    #[serde(flatten)]
    measurement: Measurement,
    /// The kind of work: append, state, read, ...
    bench: String,
    /// Number of clients.
    clients: u64,
    /// Further figures, by their names.
    extra: BTreeMap<String, f64>,
}

impl Outcome {
    /// A figure of one client, without latencies.
    pub fn figure(who: &str, bench: &str, rate: f64, unit: &str) -> Self {
        let measurement = Measurement { who: who.into(), rate, unit: unit.into(), ..Measurement::default() };
        Self { measurement, bench: bench.into(), ..Self::default() }
    }

    /// The result of a closed loop; `items` stand for one call.
    pub fn of_loop(who: &str, bench: &str, measured: &Measured, clients: usize, items: u64, unit: &str) -> Self {
        let micros = |quantile| measured.latency.value_at_quantile(quantile) as f64 / 1e3;
        let per_call = |sum: u64| sum as f64 / measured.calls.max(1) as f64;
        Self::figure(who, bench, measured.calls as f64 * items as f64 / measured.seconds, unit)
            .of_clients(clients)
            .with_latencies(micros(0.5), micros(0.99))
            .with("max_us", measured.latency.max() as f64 / 1e3)
            .with("bytes_per_reply", per_call(measured.answers.bytes))
            .with("items_per_reply", per_call(measured.answers.items))
    }

    /// Sets the number of clients.
    pub fn of_clients(mut self, clients: usize) -> Self {
        self.clients = clients as u64;
        self
    }

    /// Sets the latencies, in microseconds.
    pub fn with_latencies(mut self, p50_us: f64, p99_us: f64) -> Self {
        (self.measurement.p50_us, self.measurement.p99_us) = (p50_us, p99_us);
        self
    }

    /// Adds a figure.
    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.extra.insert(name.to_owned(), value);
        self
    }

    /// Prints it as a table or as one JSON object, as the options say.
    pub fn print(mut self, common: &Common) -> Result<()> {
        self.measurement.case.clone_from(&common.case);
        if let Some(who) = &common.who {
            self.measurement.who.clone_from(who);
        }
        if common.json {
            println!("{}", serde_json::to_string(&self)?);
            return Ok(());
        }
        let Measurement { who, rate, unit, p50_us, p99_us, .. } = &self.measurement;
        println!("{who:<10} {:<16} {:>4} clients  {rate:>12.0} {unit}", self.bench, self.clients);
        if *p50_us > 0.0 {
            println!("           p50 {p50_us:.0} us, p99 {p99_us:.0} us");
        }
        for (name, value) in &self.extra {
            println!("           {name:<24} {value:>14.1}");
        }
        Ok(())
    }
}
