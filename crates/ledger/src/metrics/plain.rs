//! The text format of Prometheus, version 0.0.4, out of OpenMetrics text.
//!
//! The samples are the same. Their metadata differ: a family has the name of its samples there, `_total` and `_info`
//! included; an info is a gauge that is 1, a metric of no known type is untyped, and units and the end have no line.

use std::fmt::Write as _;

/// Media type of the text format.
pub const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Media type of OpenMetrics text.
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Converts OpenMetrics text to the text format.
#[must_use]
pub fn to_prometheus(open_metrics: &str) -> String {
    let mut plain = String::with_capacity(open_metrics.len());
    let mut help = "";
    for line in open_metrics.lines() {
        if let Some(about) = line.strip_prefix("# HELP ") {
            help = about;
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|family| family.split_once(' ')) {
            let (suffix, kind) = match kind {
                "counter" => ("_total", "counter"),
                "info" => ("_info", "gauge"),
                "unknown" => ("", "untyped"),
                "stateset" => ("", "gauge"),
                "gaugehistogram" => ("", "histogram"),
                kind => ("", kind),
            };
            let about = help.strip_prefix(name).unwrap_or_default().replace("\\\"", "\"");
            // Writing to a string cannot fail.
            let _ = writeln!(plain, "# HELP {name}{suffix}{about}\n# TYPE {name}{suffix} {kind}");
        } else if !line.starts_with('#') {
            plain.push_str(line);
            plain.push('\n');
        }
    }
    plain
}

/// True if a scraper that accepts these media types prefers OpenMetrics. One that does not name it gets the text format,
/// which every reader knows.
#[must_use]
pub fn prefers_open_metrics(accept: &str) -> bool {
    let (mut open, mut plain) = (0.0_f32, 0.0_f32);
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
        let parameters: Vec<(String, &str)> = parts
            .filter_map(|part| part.split_once('='))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
            .collect();
        let parameter =
            |name: &str| parameters.iter().find(|(other, _)| other == name).map(|(_, value)| value.trim_matches('"'));
        let weight = parameter("q").map_or(1.0, |weight| weight.parse::<f32>().unwrap_or_default());
        match (media_type.as_str(), parameter("version")) {
            ("application/openmetrics-text", None | Some("1.0.0" | "0.0.1")) => open = open.max(weight),
            ("text/plain", None | Some("0.0.4")) => plain = plain.max(weight),
            _ => {}
        }
    }
    open > 0.0 && open >= plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_have_the_names_of_their_samples_and_types_that_the_format_has() {
        let open = "# HELP a_build Which \\\"version\\\".\n# TYPE a_build info\na_build_info{version=\"1\"} 1\n\
                    # HELP a_events Events.\n# TYPE a_events counter\na_events_total 3\n\
                    # HELP a_wait_seconds Wait.\n# TYPE a_wait_seconds histogram\n# UNIT a_wait_seconds seconds\n\
                    a_wait_seconds_bucket{le=\"+Inf\"} 2\n# HELP a_x X.\n# TYPE a_x unknown\na_x 1\n# EOF\n";
        let plain = "# HELP a_build_info Which \"version\".\n# TYPE a_build_info gauge\na_build_info{version=\"1\"} 1\n\
                     # HELP a_events_total Events.\n# TYPE a_events_total counter\na_events_total 3\n\
                     # HELP a_wait_seconds Wait.\n# TYPE a_wait_seconds histogram\n\
                     a_wait_seconds_bucket{le=\"+Inf\"} 2\n# HELP a_x X.\n# TYPE a_x untyped\na_x 1\n";
        assert_eq!(to_prometheus(open), plain);
    }

    #[test]
    fn only_who_names_open_metrics_and_does_not_prefer_another_gets_it() {
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                          application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
                          text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        for accept in
            [prometheus, "application/openmetrics-text", "Application/OpenMetrics-Text; Version=\"1.0.0\", */*"]
        {
            assert!(prefers_open_metrics(accept), "{accept}");
        }
        let plain = [
            "",
            "*/*",
            "text/plain",
            "text/html, application/xml;q=0.9, */*;q=0.8",
            "application/openmetrics-text;q=0",
        ];
        let other = [
            "application/openmetrics-text;version=2.0.0",
            "application/openmetrics-text;q=0.2, text/plain;version=0.0.4",
        ];
        for accept in plain.into_iter().chain(other) {
            assert!(!prefers_open_metrics(accept), "{accept}");
        }
    }
}
