//! Texts that mean harm, on the command line and in the log. (On the page: `tests/page/hostile.rs`.)

use crate::program::Program;
use serde_json::json;
use std::process::Command;

const SCRIPT: &str = "<script>alert(1)</script>";
const TURNED: &str = "safe\u{202e}\u{2067}txt.exe";

#[test]
fn a_script_an_override_and_a_pile_of_marks_are_shown_harmlessly_on_the_command_line_and_in_the_log() {
    let server = Program::serve("", "detente=debug,info");
    let piled = format!("a{}", "\u{301}".repeat(2048));
    let claim = |text: &str| {
        json!({ "assertClaim": { "claim": {
            "kind": "agreement", "temporalType": "TEMPORAL_TYPE_STATE", "valid": "2026-01/..",
            "texts": [{ "lang": "en", "text": text }], "relationships": ["AZE-RUS"], "modality": "MODALITY_ASSERTED",
            "parties": [{ "partyId": "RUS", "role": "party" }],
            "attribution": [{ "name": text.chars().take(300).collect::<String>(), "role": "ATTRIBUTION_ROLE_SPEAKER" }],
        } } })
    };
    let commands: Vec<_> = [SCRIPT, TURNED, &piled].map(claim).into();
    let body = json!({ "recordedBy": TURNED, "commands": commands }).to_string();
    let url = format!("http://{}", server.address);
    let appended = http(&server.address, "POST", "/detente.v1.LedgerService/Append", &body);
    assert!(appended.contains("200 OK"), "{appended}");
    let asked = ["state AZE-RUS --valid-at 2026-06 --kind agreement", "claims AZE-RUS", "events --after-position 124"];
    for verb in asked {
        let shown = Command::new(env!("CARGO_BIN_EXE_detente")).args(verb.split(' ')).args(["--server", &url]).output();
        let shown = String::from_utf8(shown.unwrap().stdout).unwrap();
        assert!(shown.contains("script"), "{verb}: {shown}");
        assert!(!shown.contains('\u{202e}') && !shown.contains('\u{2067}'), "{verb}: an override acts");
        assert!(!shown.contains(&"\u{301}".repeat(9)), "{verb}: marks piled high");
    }
    http(&server.address, "GET", "/claim/%E2%80%AE%1B%5B31m?x-request-id=%0A", "");
    http(&server.address, "POST", "/detente.v1.LedgerService/%E2%80%AE%0Ainjected", "{}");
    let log = server.end();
    assert!(log.iter().any(|line| line.contains("request_id") && line.contains("Append")), "{log:#?}");
    for line in &log {
        let event: serde_json::Value = serde_json::from_str(line).expect("a line of the log is an object");
        assert!(event["level"].is_string(), "{line}");
        let acts =
            |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{301}');
        assert!(!line.contains(acts), "{line}");
    }
}

/// One request; the whole answer.
fn http(address: &str, method: &str, path: &str, body: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut socket = std::net::TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.0\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).unwrap();
    socket.write_all(body.as_bytes()).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
