//! The program, as an operator starts it.

use super::wire::Wire;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;

const PROGRAM: &str = env!("CARGO_BIN_EXE_detente");

/// The program with these words before it (`prlimit`, `faketime`) and these arguments.
pub(crate) fn program(before: &[&str], arguments: &[&str]) -> Command {
    let words: Vec<&str> = before.iter().copied().chain([PROGRAM]).chain(arguments.iter().copied()).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env_remove("DETENTE_DATA").env_remove("DETENTE_SERVER").env("RUST_LOG", "info");
    command
}

/// Runs the program; returns its exit code and both streams.
pub(crate) fn run(before: &[&str], arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = program(before, arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// A running server.
pub(crate) struct Server {
    address: String,
    child: Child,
    log: Option<JoinHandle<Vec<String>>>,
}

impl Server {
    /// Serves a directory.
    pub(crate) fn start(data: &Path, before: &[&str], arguments: &[&str]) -> Self {
        let mut command = program(before, &["serve", "--listen", "127.0.0.1:0"]);
        command.args(arguments).arg("--data").arg(data);
        Self::spawn(command)
    }

    /// Serves, by a command that is complete.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let (found, address) = mpsc::channel();
        let log = std::thread::spawn(move || {
            let mut all = Vec::new();
            for line in lines {
                if let Some(at) = line.strip_prefix("serving ").and_then(|rest| rest.split_once("http://")) {
                    let address = at.1.split(',').next().unwrap().to_owned();
                    found.send(address).unwrap();
                }
                all.push(line);
            }
            all
        });
        match address.recv() {
            Ok(address) => Self { address, child, log: Some(log) },
            Err(_) => panic!("it does not serve: {:#?}", log.join().unwrap()),
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn wire(&self) -> Wire {
        Wire::to(&self.address)
    }

    pub(crate) fn id(&self) -> String {
        self.child.id().to_string()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Asks it to end; what it logged.
    pub(crate) fn end(mut self) -> Vec<String> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
        self.log.take().unwrap().join().unwrap()
    }

    /// Waits until it has ended, with an error; what it logged.
    pub(crate) fn ends_by_itself(mut self) -> Vec<String> {
        assert_eq!(self.child.wait().unwrap().code(), Some(1));
        self.log.take().unwrap().join().unwrap()
    }
}

/// A test that fails leaves no process behind.
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Counts the lines that contain the words.
pub(crate) fn count(log: &[String], words: &str) -> usize {
    log.iter().filter(|line| line.contains(words)).count()
}

/// A configuration file with these settings.
pub(crate) fn settings(dir: &Path, text: &str) -> String {
    let file = dir.join("detente.toml");
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}
