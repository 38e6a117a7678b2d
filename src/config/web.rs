//! The names under which browsers may reach a server, and the origins whose pages may ask it.

use super::ConfigError;

/// Origins as a browser writes them: a scheme and a host, a port if it is not the usual one, and nothing behind it.
pub(super) fn origins(said: Vec<String>) -> Result<Vec<String>, ConfigError> {
    let is_origin = |origin: &str| {
        let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")).unwrap_or_default();
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-:[]".contains(c);
        origin == "*" || (!host.is_empty() && host.chars().all(is_plain))
    };
    match said.iter().find(|origin| !is_origin(origin)) {
        Some(wrong) => Err(ConfigError::NoOrigin(wrong.clone())),
        None => Ok(said),
    }
}

/// Names of hosts, at any port.
pub(super) fn hosts(said: Vec<String>) -> Result<Vec<String>, ConfigError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_host = |host: &str| host == "*" || (!host.trim_matches('.').is_empty() && host.chars().all(is_plain));
    match said.iter().find(|host| !is_host(host)) {
        Some(wrong) => Err(ConfigError::NoHost(wrong.clone())),
        None => Ok(said),
    }
}
