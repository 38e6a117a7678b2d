//! The command line without a server: what it understands, what it says when it does not, and its exit codes.

use assert_cmd::Command;

/// Runs `detente` with these arguments: its exit code, what it wrote, what it complained.
fn detente(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("detente")
        .expect("the binary is built")
        .env_remove("DETENTE_SERVER")
        .env_remove("DETENTE_DATA")
        .args(arguments)
        .output()
        .expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("a code"), text(output.stdout), text(output.stderr))
}

/// A port that nobody listens on: 1 is reserved.
const NOBODY: &str = "http://127.0.0.1:1";

#[test]
fn help_names_every_verb_and_every_exit_code() {
    let (code, help, _) = detente(&["--help"]);
    assert_eq!(code, 0);
    for verb in
        "append state claim revisions claims diff parties sources kinds schemes relationships events subscribe cursors info \
                  completions serve import \
                 export verify rebuild dump"
            .split_whitespace()
    {
        assert!(help.contains(&format!("\n  {verb} ")), "{verb} in {help}");
    }
    for code in 0..=6 {
        assert!(help.contains(&format!("\n  {code}  ")), "{code} in {help}");
    }
}

#[test]
fn whoever_records_a_date_is_told_by_which_calendar() {
    let (_, help, _) = detente(&["append", "--help"]);
    let valid: Vec<&str> =
        help.split("--valid <DATE>").nth(1).unwrap().split("--as-of").next().unwrap().split_whitespace().collect();
    assert!(valid.join(" ").contains("proleptic Gregorian calendar"), "{help}");
}

#[test]
fn completions_are_made_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script, _) = detente(&["completions", shell]);
        assert!(code == 0 && script.contains("relationships"), "{shell}");
    }
}

#[test]
fn wrong_usage_exits_with_2_and_says_what_is_understood() {
    for (arguments, expected) in [
        (["state", "--modality", "sure"], "no-information"),
        (["state", "--known-at", "soon"], "2025-08-02T00:00:00Z"),
        (["claims", "--party-role", "RUS"], "RUS:mediator"),
        (["info", "--server", "ftp://h"], "must be http"),
        (["append", "--kind", "agreement"], "--modality"),
    ] {
        let (code, _, complaint) = detente(&arguments);
        assert_eq!(code, 2, "{arguments:?}: {complaint}");
        assert!(complaint.contains(expected), "{arguments:?}: {complaint}");
    }
}

#[test]
fn a_date_before_the_year_0_is_a_date_and_no_flag() {
    for arguments in
        [["state", "--valid-at", "-0044-03-15"], ["timeline", "--from", "-0044"], ["gaps", "--until", "-0043"]]
    {
        let (code, _, complaint) = detente(&[&arguments[..], &["--server", NOBODY]].concat());
        assert_eq!(code, 6, "understood, and then nobody is there: {complaint}");
    }
}

#[test]
fn a_server_that_is_not_there_exits_with_6_and_says_how_to_start_one() {
    let (code, answer, complaint) = detente(&["info", "--server", NOBODY]);
    assert_eq!((code, answer.as_str()), (6, ""));
    assert!(complaint.contains(NOBODY) && complaint.contains("detente serve"), "{complaint}");
}

#[test]
fn an_error_is_json_where_the_answer_would_be() {
    let (code, answer, complaint) = detente(&["info", "--server", NOBODY, "--output", "json"]);
    assert_eq!((code, answer.as_str()), (6, ""));
    let error: serde_json::Value = serde_json::from_str(&complaint).expect("one JSON object");
    assert_eq!(error["error"]["exitCode"], 6);
}

#[test]
fn a_file_is_understood_before_a_server_is_looked_for() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), r#"{"comands":[]}"#).expect("written");
    let path = file.path().to_str().expect("UTF-8");
    let (code, _, complaint) = detente(&["append", "--file", path, "--server", NOBODY]);
    assert_eq!(code, 2, "{complaint}");
    assert!(complaint.contains("request 1") && complaint.contains("comands"), "{complaint}");
}
