//! The program itself, serving the demo: for what only it does, the log, the traces, the configuration.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;

/// A running `detente serve`.
pub(crate) struct Program {
    pub(crate) address: String,
    child: Child,
    log: Option<JoinHandle<Vec<String>>>,
    _home: tempfile::TempDir,
}

impl Program {
    /// Serves the demo, with what a configuration says, logging as `RUST_LOG` would have it.
    pub(crate) fn serve(config: &str, filter: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("detente.toml");
        std::fs::write(&file, config).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_detente"))
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--log-format", "json", "--data"])
            .arg(home.path().join("ledger"))
            .arg("--config")
            .arg(&file)
            .env("RUST_LOG", filter)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let (found, address) = mpsc::channel();
        let log = std::thread::spawn(move || {
            let mut all = Vec::new();
            for line in lines {
                let event: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
                if event["message"] == "serving" {
                    found.send(event["address"].as_str().unwrap().to_owned()).unwrap();
                }
                all.push(line);
            }
            all
        });
        let address = address.recv().expect("the program serves");
        Self { address, child, log: Some(log), _home: home }
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end; what it logged.
    pub(crate) fn end(mut self) -> Vec<String> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
        self.log.take().unwrap().join().unwrap()
    }
}

/// A test that fails leaves no process behind.
impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
