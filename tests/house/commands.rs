//! The commands of the documents: every one parses, and those of the introduction and the tour run and answer as
//! printed there.
//!
//! Bash runs a block as a reader would paste it, with nothing on the path but stand-ins. A stand-in writes down the
//! words of its call, so quotes, variables and continued lines are the shell's affair. The calls are then held against
//! the program's own arguments, the descriptors of the contract and the description of the flat queries.

use crate::documents::{documents, root};
use prost_reflect::{DescriptorPool, DynamicMessage};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_detente");

/// Programs of others that documents call.
const STAND_INS: [&str; 12] =
    ["detente", "cargo", "grpcurl", "curl", "buf", "docker", "duckdb", "mkdir", "pip", "protoc", "python", "python3"];

/// A stand-in: writes its name and its words down.
const STAND_IN: &str = "#!/bin/bash\n{ printf '%s\\0' \"${0##*/}\" \"$@\"; printf '\\1\\0'; } >> \"$CALLS\"\n";

/// One command of a document, or a block of them, with the output that stands below.
struct Script {
    /// The document and the line, for messages.
    place: String,
    text: String,
    output: Vec<String>,
}

/// Returns true if bash takes a text for one or more whole commands.
fn is_whole(text: &str) -> bool {
    let checked = Command::new("bash").args(["-n", "-c", text]).output().unwrap();
    !text.trim_end().ends_with('\\') && checked.status.success() && checked.stderr.is_empty()
}

/// The commands of a block of a terminal: each begins with `$ ` and has the lines that it needs to be whole.
fn commands(document: &Path, first_line: usize, block: &[&str]) -> Vec<Script> {
    let mut scripts: Vec<Script> = Vec::new();
    for (at, line) in block.iter().enumerate() {
        if let Some(command) = line.strip_prefix("$ ") {
            let place = format!("{}:{}", document.display(), first_line + at);
            scripts.push(Script { place, text: command.to_owned(), output: Vec::new() });
        } else if let Some(script) = scripts.last_mut() {
            if script.output.is_empty() && !is_whole(&script.text) {
                script.text = format!("{}\n{line}", script.text);
            } else {
                script.output.push((*line).to_owned());
            }
        }
    }
    scripts
}

/// The scripts of a document, in order: a block of `sh` is one, each command of a block of `console` is one.
fn scripts(document: &Path) -> Vec<Script> {
    let text = fs::read_to_string(root().join(document)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut scripts = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let language = lines[at].trim_start().strip_prefix("```");
        let Some(language) = language else {
            at += 1;
            continue;
        };
        let length = lines[at + 1..].iter().position(|line| line.trim_start() == "```").unwrap();
        let block = &lines[at + 1..at + 1 + length];
        match language {
            "sh" => scripts.push(Script {
                place: format!("{}:{}", document.display(), at + 2),
                text: block.join("\n"),
                output: Vec::new(),
            }),
            "console" => scripts.extend(commands(document, at + 2, block)),
            _ => {}
        }
        at += length + 2;
    }
    scripts
}

/// The programs of the repository that a document may name by their paths.
fn own_programs() -> Vec<String> {
    let mut found = Vec::new();
    for folder in [
        ".",
        "tests/clients",
        "tests/oracles",
        "tests/browser",
        "tests/dashboards",
        "examples",
        "benches",
        "benches/siege",
        ".ci",
    ] {
        for entry in fs::read_dir(root().join(folder)).unwrap().map(Result::unwrap) {
            let file = entry.metadata().unwrap();
            if file.is_file() && file.permissions().mode() & 0o111 != 0 {
                found.push(format!("{folder}/{}", entry.file_name().to_string_lossy()));
            }
        }
    }
    found
}

/// A folder in which scripts run with stand-ins for every program.
struct Sandbox(tempfile::TempDir);

impl Sandbox {
    fn new() -> Self {
        let sandbox = Self(tempfile::tempdir().unwrap());
        fs::create_dir(sandbox.path("bin")).unwrap();
        for name in STAND_INS {
            sandbox.program(name, STAND_IN);
        }
        symlink("/bin/cat", sandbox.path("bin/cat")).unwrap();
        sandbox
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn program(&self, name: &str, text: &str) {
        let file = self.path("bin").join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs a script, which must succeed; its standard output.
    fn run(&self, script: &Script, server: &str) -> Result<String, String> {
        let functions: String =
            own_programs().iter().map(|path| format!("{path}() {{ detente --version; }}\n")).collect();
        let output = Command::new("/bin/bash")
            .args(["-e", "-c", &format!("{functions}\n{}", script.text)])
            .current_dir(self.0.path())
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("CALLS", self.path("calls"))
            .env("DETENTE_SERVER", server)
            .env("COLUMNS", "250")
            .output()
            .unwrap();
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout).unwrap());
        }
        Err(format!("{}: {}: {}", script.place, output.status, String::from_utf8_lossy(&output.stderr)))
    }

    /// The calls of stand-ins since the last time, each as its words.
    fn calls(&self) -> Vec<Vec<String>> {
        let written = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let _ = fs::remove_file(self.path("calls"));
        let calls = written.split("\u{1}\0").filter(|call| !call.is_empty());
        calls.map(|call| call.trim_end_matches('\0').split('\0').map(str::to_owned).collect()).collect()
    }
}

/// The complaint of the program about its words, if it has one. With `--help` at their end it reads them and does nothing.
fn misuse(words: &[String]) -> Option<String> {
    let asked = Command::new(PROGRAM).args(words).arg("--help").env_remove("DETENTE_SERVER").output().unwrap();
    let complaint = String::from_utf8_lossy(&asked.stderr).into_owned();
    (!asked.status.success()).then(|| format!("detente {}: {complaint}", words.join(" ")))
}

/// The fault of a call with grpcurl: an rpc that does not exist, or a request that is none of it.
fn wrong_rpc(words: &[String], pool: &DescriptorPool) -> Option<String> {
    let name = words.iter().find(|word| word.starts_with("detente.v1.LedgerService/"))?;
    let service = pool.get_service_by_name("detente.v1.LedgerService").unwrap();
    let Some(method) = service.methods().find(|method| name.ends_with(&format!("/{}", method.name()))) else {
        return Some(format!("there is no rpc {name}"));
    };
    let at = words.iter().position(|word| word == "-d")?;
    let mut requests = serde_json::Deserializer::from_str(&words[at + 1]);
    DynamicMessage::deserialize(method.input(), &mut requests).err().map(|error| format!("{name}: {error}"))
}

/// The fault of an address that curl is called with: a path that is not served, or a parameter that a flat query does not take.
fn wrong_address(words: &[String], pool: &DescriptorPool, openapi: &serde_json::Value) -> Option<String> {
    let address = words.iter().find_map(|word| word.strip_prefix("http://127.0.0.1:7443/"))?;
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    if path.starts_with("detente.") {
        return wrong_rpc(&[path.to_owned()], pool);
    }
    if ["", "metrics", "healthz", "readyz"].contains(&path) {
        return None;
    }
    let item = &openapi["paths"][format!("/{path}")]["get"];
    let Some(parameters) = item["parameters"].as_array() else { return Some(format!("/{path} is not served")) };
    let names = query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, _)| name);
    let unknown = names.into_iter().find(|name| !parameters.iter().any(|known| known["name"] == *name));
    unknown.map(|name| format!("/{path} takes no {name}"))
}

/// The fault of a call of cargo: words of the program, a test or a profile that does not exist.
fn wrong_cargo(call: &[String]) -> Option<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for pair in call.windows(2) {
        let name = &pair[1];
        let exists = match pair[0].as_str() {
            "--test" => ["", "/main"].iter().any(|end| root().join(format!("tests/{name}{end}.rs")).exists()),
            "--profile" => manifest.contains(&format!("[profile.{name}]")),
            _ => true,
        };
        if !exists {
            return Some(format!("cargo has no {} {name}", pair[0]));
        }
    }
    // Another package than that at the top has words of its own.
    let is_ours = call[1] == "run" && !call.iter().any(|word| word == "--manifest-path");
    let own = call.iter().position(|word| word == "--").filter(|_| is_ours);
    own.and_then(|at| misuse(&call[at + 1..]))
}

/// The fault of one call, if it has one.
fn fault(call: &[String], pool: &DescriptorPool, openapi: &serde_json::Value) -> Option<String> {
    match call[0].as_str() {
        "detente" => misuse(&call[1..]),
        "cargo" => wrong_cargo(call),
        "grpcurl" => wrong_rpc(call, pool),
        "curl" => wrong_address(call, pool, openapi),
        _ => None,
    }
}

#[test]
fn every_command_of_the_documents_parses() {
    let sandbox = Sandbox::new();
    let pool = DescriptorPool::decode(detente_proto::DESCRIPTOR).unwrap();
    let openapi = fs::read_to_string(root().join("docs/openapi.json")).unwrap();
    let openapi = serde_json::from_str(&openapi).unwrap();
    let mut wrong = Vec::new();
    let mut calls = 0;
    for script in documents().iter().flat_map(|document| scripts(document)) {
        wrong.extend(sandbox.run(&script, "").err());
        for call in sandbox.calls() {
            calls += 1;
            wrong.extend(fault(&call, &pool, &openapi).map(|fault| format!("{}: {fault}", script.place)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(calls > 100, "the commands were not found: {calls}");
}

#[test]
fn every_command_line_within_a_sentence_of_the_documents_parses() {
    let mut wrong = Vec::new();
    let mut found = 0;
    for line in documents().iter().flat_map(|document| crate::documents::prose(document)) {
        for words in line.text.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("detente ")) {
            let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
            let is_form =
                words.iter().any(|word| word.contains('|')) || words[0] == "help" || words[0] == "completions";
            if !is_form {
                found += 1;
                wrong.extend(misuse(&words).map(|why| format!("{}:{}: {why}", line.document.display(), line.number)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(found > 10, "the command lines were not found: {found}");
}

/// A server with the demo, for as long as this is held.
struct Demo {
    child: Child,
    address: String,
    _home: tempfile::TempDir,
}

impl Demo {
    fn serve() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut child = Command::new(PROGRAM)
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--log-format", "json", "--data"])
            .arg(home.path().join("ledger"))
            .env("RUST_LOG", "info")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let mut events =
            lines.by_ref().map(|line| serde_json::from_str::<serde_json::Value>(&line).unwrap_or_default());
        let serving = events.find(|event| event["message"] == "serving").unwrap();
        std::thread::spawn(move || lines.count());
        Self { child, address: serving["address"].as_str().unwrap().to_owned(), _home: home }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lines of a document's output that stand there as they are printed: no `...`, and no columns, which are drawn narrower.
fn exact(output: &[String]) -> impl Iterator<Item = &str> {
    let lines = output.iter().map(|line| line.trim()).filter(|line| !line.is_empty());
    lines.filter(|line| !line.contains("...") && !line.contains("  ") && !line.contains(['│', '┌', '╞', '└', '…']))
}

#[test]
fn the_commands_of_the_introduction_and_the_tour_run_and_answer_as_it_stands_there() {
    let mut compared = 0;
    for document in ["README.md", "docs/TOUR.md"] {
        let demo = Demo::serve();
        let sandbox = Sandbox::new();
        // A stream that would go on until it is interrupted stops after one element.
        let ending = "case \"$1 $*\" in watch*|subscribe*) [[ \"$*\" == *--limit* ]] || set -- \"$@\" --limit 1;; esac";
        sandbox.program("detente", &format!("#!/bin/bash\n{ending}\nexec {PROGRAM} \"$@\"\n"));
        for script in scripts(Path::new(document)) {
            let printed = sandbox.run(&script, &format!("http://{}", demo.address)).unwrap();
            if script.text.starts_with("detente") {
                for line in exact(&script.output) {
                    compared += 1;
                    let is_there = printed.lines().any(|shown| shown.trim() == line);
                    assert!(is_there, "{}: no line `{line}` in:\n{printed}", script.place);
                }
            }
        }
    }
    assert!(compared > 10, "nothing was compared: {compared}");
}
