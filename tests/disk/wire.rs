//! HTTP/1.1 by hand, over one connection that stays: what a test says while nobody else can connect any more.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// A connection to a server.
pub(crate) struct Wire(BufReader<TcpStream>);

impl Wire {
    pub(crate) fn to(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self(BufReader::new(stream))
    }

    /// The status and the body of an answer.
    fn ask(&mut self, head: &str, body: &str) -> (u16, String) {
        let request = format!(
            "{head} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut status, mut length, mut chunked) = (0, 0, false);
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the connection was closed");
            let line = line.trim_end().to_ascii_lowercase();
            match line.split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(("transfer-encoding", value)) => chunked = value == "chunked",
                Some(_) => {}
                None if line.is_empty() => break,
                None => status = line.split(' ').nth(1).unwrap().parse().unwrap(),
            }
        }
        let body = if chunked { self.chunks() } else { self.bytes(length) };
        (status, String::from_utf8(body).unwrap())
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    fn chunks(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            let length = usize::from_str_radix(line.trim_end(), 16).unwrap();
            all.extend(self.bytes(length));
            self.bytes(2);
            if length == 0 {
                return all;
            }
        }
    }

    pub(crate) fn get(&mut self, path: &str) -> (u16, String) {
        self.ask(&format!("GET {path}"), "")
    }

    pub(crate) fn call(&mut self, rpc: &str, request: &Value) -> (u16, Value) {
        let (status, body) = self.ask(&format!("POST /detente.v1.LedgerService/{rpc}"), &request.to_string());
        (status, serde_json::from_str(&body).unwrap_or_default())
    }

    /// Appends one claim with this many bytes of text, in texts of at most 16,000.
    pub(crate) fn append(&mut self, claims: usize) -> (u16, Value) {
        let texts = ["en", "fr", "de"].map(|lang| json!({ "lang": lang, "text": "x".repeat(16_000) }));
        let claim = json!({
            "kind": "load", "temporalType": "TEMPORAL_TYPE_STATE", "valid": "2025-07/..", "texts": texts,
            "relationships": ["AZE-RUS"], "modality": "MODALITY_ASSERTED",
        });
        let commands = vec![json!({ "assertClaim": { "claim": claim } }); claims];
        self.call("Append", &json!({ "recordedBy": "tests", "commands": commands }))
    }

    /// Registers a party: a small append.
    pub(crate) fn register(&mut self, id: &str) -> (u16, Value) {
        let party = json!({ "partyId": id, "type": "PARTY_TYPE_STATE", "names": [{ "lang": "en", "name": id }] });
        let command = json!({ "registerParty": { "party": party } });
        self.call("Append", &json!({ "recordedBy": "tests", "commands": [command] }))
    }

    /// The value of a metric.
    pub(crate) fn metric(&mut self, name: &str) -> f64 {
        let (_, text) = self.get("/metrics");
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }

    /// Polls `/readyz` until it contains the expected words.
    pub(crate) fn ready_says(&mut self, expected: &str) -> String {
        let began = std::time::Instant::now();
        loop {
            let (status, text) = self.get("/readyz");
            assert_eq!(status, 200, "{text}");
            if text.contains(expected) {
                return text;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{text:?} does not become {expected:?}");
            std::thread::yield_now();
        }
    }
}

/// The reason of a refusal.
pub(crate) fn reason(answer: &Value) -> String {
    let details = answer["details"].as_array().cloned().unwrap_or_default();
    let of = |detail: &Value| detail["debug"]["reason"].as_str().map(str::to_owned);
    details.iter().find_map(of).unwrap_or_else(|| panic!("no reason in {answer}"))
}
