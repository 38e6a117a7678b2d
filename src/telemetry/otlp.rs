//! Traces, sent with OTLP over gRPC to a collector. Nothing of this runs unless an endpoint is configured.
//!
//! A request is a span, and each rpc that it calls is a span within it. A span has what the log would have: ids, names
//! of rpcs, paths, codes; no text of any claim.

use super::TelemetryError;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::time::Duration;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

/// The header that names the span a request belongs to.
pub const PARENT: &str = "traceparent";

/// The time that the end may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The exporter of traces.
#[derive(Debug)]
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// Traces to an endpoint such as `http://127.0.0.1:4317`.
    pub(super) fn to(endpoint: &str) -> Result<Self, TelemetryError> {
        let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint).build();
        let exporter = exporter.map_err(|error| TelemetryError::Traces(error.to_string()))?;
        let resource = Resource::builder().with_service_name(env!("CARGO_PKG_NAME")).build();
        Ok(Self(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build()))
    }

    /// Returns the layer that makes spans of a trace out of ours, and of no library.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let tracer = self.0.tracer(env!("CARGO_PKG_NAME"));
        let is_own = filter_fn(|about| about.is_span() && about.target().starts_with(env!("CARGO_PKG_NAME")));
        tracing_opentelemetry::layer().with_tracer(tracer).with_filter(is_own)
    }

    /// Sends what has not been sent.
    pub(super) fn end(self) {
        if let Err(error) = self.0.shutdown_with_timeout(PATIENCE) {
            tracing::warn!(%error, "not all traces were sent");
        }
    }
}

/// Makes a span part of the trace that the headers of its request name.
pub(super) fn adopt<'a>(span: &Span, header: impl Fn(&str) -> Option<&'a str>) {
    let named = |name| header(name).map(|value| (name, value));
    let parent = TraceContextPropagator::new().extract(&Headers([named(PARENT), named("tracestate")]));
    // If nothing is traced, there is no trace to be part of.
    let _ = span.set_parent(parent);
}

struct Headers<'a>([Option<(&'static str, &'a str)>; 2]);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().flatten().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().flatten().map(|(name, _)| *name).collect()
    }
}
