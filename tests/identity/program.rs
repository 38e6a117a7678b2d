//! The program: keys made, listed and revoked, a server that asks for them, and verbs that show them.

use crate::authority::write;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_detente");

/// Runs the program; its exit code and both streams.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DETENTE_")) {
        command.env_remove(name);
    }
    let output = command.args(arguments).envs(variables.iter().copied()).env("USER", "somebody").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

struct Served {
    url: String,
    child: Child,
}

impl Served {
    fn start(dir: &Path, keys: &str) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--listen", "127.0.0.1:0", "--keys", keys, "--data"]).arg(dir.join("ledger"));
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let line = lines.by_ref().find(|line| line.starts_with("serving ")).expect("it does not serve");
        std::thread::spawn(move || lines.for_each(drop));
        let url = line.split_once(" on ").unwrap().1.split(',').next().unwrap().to_owned();
        Self { url, child }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const CLAIM: [&str; 13] = [
    "append",
    "--kind",
    "agreement",
    "--type",
    "state",
    "--modality",
    "asserted",
    "--text",
    "en:They sign.",
    "--valid",
    "2025-09-10/..",
    "--label",
    "desk",
];

#[test]
fn a_key_is_made_shown_once_and_counts_until_it_is_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("keys.toml");
    let keys = file.to_str().unwrap();
    let (code, key, said) = run(&["key", "new", "--keys", keys, "--for", "desk"], &[]);
    assert!(code == 0 && key.starts_with("dk_") && said.contains("key:desk"), "{code} {said}");
    let key = key.trim();
    let id = key.split('_').nth(1).unwrap();
    let (_, list, _) = run(&["key", "list", "--keys", keys], &[]);
    assert!(list.contains(id) && list.contains("active") && !list.contains(key), "{list}");
    let server = Served::start(dir.path(), keys);
    let url = server.url.as_str();

    let (code, _, said) = run(&["info", "--server", url], &[]);
    assert!(code == 7 && said.contains("no credential") && said.contains("DETENTE_TOKEN"), "{code} {said}");
    let claim = [&CLAIM[..], &["--server", url]].concat();
    let (code, _, said) = run(&claim, &[("DETENTE_TOKEN", key)]);
    assert_eq!(code, 0, "{said}");
    let credentials = write(dir.path(), "credentials.toml", &format!("[\"{url}\"]\ntoken = \"{key}\"\n"));
    let credentials = credentials.to_str().unwrap();
    let (code, events, said) =
        run(&["events", "--server", url, "--credentials", credentials, "--output", "jsonl"], &[]);
    assert!(code == 0 && events.contains("key:desk"), "{code} {said} {events}");
    let (code, _, said) = run(&[&claim[..], &["--recorded-by", "archivist"]].concat(), &[("DETENTE_TOKEN", key)]);
    assert!(code == 7 && said.contains("GRANT_MISSING"), "{code} {said}");

    assert_eq!(run(&["key", "revoke", "--keys", keys, id], &[]).0, 0);
    assert_eq!(run(&["key", "revoke", "--keys", keys, "none"], &[]).0, 2);
    let (_, list, _) = run(&["key", "list", "--keys", keys, "--output", "json"], &[]);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!((&list["keys"][0]["state"], &list["keys"][0]["principal"]), (&"revoked".into(), &"key:desk".into()));
    let child = server.child.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &child]).status().unwrap().success());
    let is_refused = || run(&["info", "--server", url], &[("DETENTE_TOKEN", key)]).0 == 7;
    let is_refused_soon = (0..50).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        is_refused()
    });
    assert!(is_refused_soon);
}

#[test]
fn a_server_does_not_start_with_a_file_of_keys_that_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let keys = write(dir.path(), "keys.toml", "nothing");
    let data = dir.path().join("ledger");
    let serve =
        ["serve", "--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0", "--keys", keys.to_str().unwrap()];
    let (code, _, said) = run(&serve, &[]);
    assert!(code == 1 && said.contains("keys.toml"), "{code} {said}");
    assert!(!data.exists());
}
