//! The program: flags of the server and of the verbs, exit codes, and the signal that has files read again.

use crate::authority::{Authority, Validity, write};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const PROGRAM: &str = env!("CARGO_BIN_EXE_detente");

fn program() -> Command {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DETENTE_")) {
        command.env_remove(name);
    }
    command
}

/// A running `detente serve` with TLS that requires certificates.
struct Served {
    port: String,
    child: Child,
}

impl Served {
    fn start(dir: &Path) -> Self {
        let mut command = program();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(dir.join("ledger"));
        for (flag, file) in [("--tls-cert", "server.pem"), ("--tls-key", "server.key"), ("--tls-client-ca", "ca.pem")] {
            command.arg(flag).arg(dir.join(file));
        }
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let line = lines.by_ref().find(|line| line.starts_with("serving ")).expect("it does not serve");
        std::thread::spawn(move || lines.for_each(drop));
        let address = line.split_once("on https://").unwrap().1.split(',').next().unwrap().to_owned();
        Self { port: address.rsplit_once(':').unwrap().1.to_owned(), child }
    }

    /// Runs `detente info` with flags; its exit code and what it says of failures.
    fn info(&self, flags: &[(&str, &Path)]) -> (i32, String) {
        let mut command = program();
        command.args(["info", "--server", &format!("localhost:{}", self.port)]);
        for (flag, path) in flags {
            command.arg(flag).arg(path);
        }
        let output = command.output().unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_flags_of_server_and_client_meet_and_either_refusal_is_told_with_its_side() {
    let dir = tempfile::tempdir().unwrap();
    let (dir, authority) = (dir.path(), Authority::new());
    let (own, client) = (authority.server(Validity::Now), authority.client(5, "spiffe://example/desk", Validity::Now));
    let [ca, cert, key, other] = [
        ("ca.pem", authority.pem()),
        ("client.pem", client.certificate),
        ("client.key", client.key),
        ("other.pem", Authority::new().pem()),
    ]
    .map(|(name, text)| write(dir, name, &text));
    write(dir, "server.pem", &own.certificate);
    write(dir, "server.key", &own.key);
    let server = Served::start(dir);
    let (code, said) = server.info(&[("--ca", &ca), ("--cert", &cert), ("--key", &key)]);
    assert_eq!((code, said.as_str()), (0, ""));
    let (code, said) = server.info(&[("--ca", &ca)]);
    assert!(code == 7 && said.contains("the server") && said.contains("requires a certificate"), "{code} {said}");
    assert!(said.contains("--cert and --key"), "{said}");
    let (code, said) = server.info(&[("--ca", &other)]);
    assert!(code == 7 && said.contains("this client refused") && said.contains("hint: --ca"), "{code} {said}");
    let (code, said) = server.info(&[]);
    assert!(code == 7 && said.contains("its URL begins with https://"), "{code} {said}");
    let (code, said) = server.info(&[("--ca", &ca), ("--cert", &cert)]);
    assert!(code == 2 && said.contains("--cert needs --key"), "{code} {said}");

    // The authority changes, and the signal has it read again.
    let next = Authority::new();
    let own = next.server(Validity::Now);
    write(dir, "server.pem", &own.certificate);
    write(dir, "server.key", &own.key);
    let next_ca = write(dir, "next.pem", &next.pem());
    let id = server.child.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    let is_known = || server.info(&[("--ca", &next_ca), ("--cert", &cert), ("--key", &key)]).0 == 0;
    let is_known_soon = (0..50).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        is_known()
    });
    assert!(is_known_soon);
}

#[test]
fn a_server_does_not_start_with_files_that_do_not_fit() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let [one, other] = [(); 2].map(|()| Authority::new().server(Validity::Now));
    let (cert, key) = (write(dir, "cert.pem", &one.certificate), write(dir, "key.pem", &other.key));
    let mut command = program();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(dir.join("ledger"));
    let output = command.arg("--tls-cert").arg(cert).arg("--tls-key").arg(key).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("is not the key of the certificate"), "{said}");
    assert!(!dir.join("ledger").exists());
}
