//! `detente key`: the API keys of the callers of a server. It works on the file alone, which the server reads again by itself.

mod store;

use super::global_args::GlobalArgs;
use super::output;
use super::table::grid::{Grid, GridCell, Tone};
use super::{CommandFailure, notice};
use clap::{Args, Subcommand};
use detente_identity::{ApiKey, KeyFile, KeyRecord, KeyState};
use detente_ledger::clock::{Clock as _, SystemClock};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Arguments of `key`.
#[derive(Args, Debug)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    what: KeyAction,
}

#[derive(Debug, Subcommand)]
enum KeyAction {
    /// Make a key and print it, once: the file has its digest alone.
    New(NewKeyArgs),
    /// List the keys, without their secrets.
    List(KeyFileArgs),
    /// Take a key back. It is refused from then on and stays in the list.
    Revoke(RevokeArgs),
}

#[derive(Args, Debug)]
struct KeyFileArgs {
    /// File of the keys. `key new` creates it if it does not exist.
    #[arg(long, env = "DETENTE_KEYS", value_name = "FILE")]
    keys: PathBuf,
}

#[derive(Args, Debug)]
struct NewKeyArgs {
    #[command(flatten)]
    file: KeyFileArgs,
    /// Name of the holder, who is then known as key:NAME. A holder may have several keys.
    #[arg(long = "for", value_name = "NAME")]
    holder: String,
    /// Days after which the key expires.
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
    /// Make a key that does not expire.
    #[arg(long, conflicts_with = "days")]
    without_end: bool,
}

#[derive(Args, Debug)]
struct RevokeArgs {
    #[command(flatten)]
    file: KeyFileArgs,
    /// Id of the key, as the list and the key itself have it.
    #[arg(value_name = "ID")]
    id: String,
}

impl KeyArgs {
    /// Changes the file, or shows it.
    pub(crate) fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let now = now()?;
        match self.what {
            KeyAction::New(args) => issue(&args, now, global),
            KeyAction::List(args) => list(&store::read(&args.keys)?, now, global),
            KeyAction::Revoke(args) => revoke(&args, now, global),
        }
    }
}

fn now() -> Result<Timestamp, CommandFailure> {
    Timestamp::from_microsecond(SystemClock.now().0).map_err(CommandFailure::other)
}

fn issue(args: &NewKeyArgs, now: Timestamp, global: &GlobalArgs) -> Result<(), CommandFailure> {
    let end = now.checked_add(SignedDuration::from_hours(24 * i64::from(args.days))).map_err(CommandFailure::other)?;
    let end = Some(end).filter(|_| !args.without_end);
    let key = ApiKey::generate().map_err(|error| CommandFailure::other(anyhow::anyhow!("no randomness: {error}")))?;
    let id = key.id.clone();
    let record = store::change(&args.file.keys, |file| {
        file.issue(&key, &args.holder, now, end).map_err(|error| CommandFailure::Usage(error.to_string()))?;
        Ok(file.records().last().cloned())
    })?;
    if global.output.is_json() {
        let mut object = record.map(|record| object(&record, KeyState::Active)).unwrap_or_default();
        if let Value::Object(fields) = &mut object {
            fields.insert("key".to_owned(), json!(key.reveal()));
        }
        return output::write(&format!("{object}\n"));
    }
    notice(&format!("key {id} of key:{}; it is shown this once", args.holder));
    output::write(&format!("{}\n", key.reveal()))
}

fn revoke(args: &RevokeArgs, now: Timestamp, global: &GlobalArgs) -> Result<(), CommandFailure> {
    let record = store::change(&args.file.keys, |file| {
        if !file.revoke(&args.id, now) {
            return Err(CommandFailure::Usage(format!("{}: there is no key {:?}", args.file.keys.display(), args.id)));
        }
        Ok(file.records().iter().find(|record| record.id == args.id).cloned())
    })?;
    match record {
        Some(record) if global.output.is_json() => output::write(&format!("{}\n", object(&record, KeyState::Revoked))),
        _ => output::write(&format!("Key {} is revoked.\n", args.id)),
    }
}

fn list(file: &KeyFile, now: Timestamp, global: &GlobalArgs) -> Result<(), CommandFailure> {
    let state = |record: &KeyRecord| file.state(&record.id, now.as_second()).unwrap_or(KeyState::Revoked);
    if global.output.is_json() {
        let keys: Vec<Value> = file.records().iter().map(|record| object(record, state(record))).collect();
        return output::write(&format!("{}\n", json!({ "keys": keys })));
    }
    if file.records().is_empty() {
        return output::write("There is no key.\n");
    }
    let mut grid = Grid::dense(["key", "holder", "state", "created", "expires"]).whole(0).wide(1);
    for record in file.records() {
        let state = match state(record) {
            KeyState::Active => GridCell::from("active"),
            other => GridCell::in_tone(name(other), Tone::Alert),
        };
        grid.row([
            record.id.as_str().into(),
            format!("key:{}", record.holder).into(),
            state,
            record.created.as_str().into(),
            record.expires.as_deref().unwrap_or("never").into(),
        ]);
    }
    output::write(&grid.render())
}

const fn name(state: KeyState) -> &'static str {
    match state {
        KeyState::Active => "active",
        KeyState::Expired => "expired",
        KeyState::Revoked => "revoked",
    }
}

fn object(record: &KeyRecord, state: KeyState) -> Value {
    json!({
        "id": record.id,
        "principal": format!("key:{}", record.holder),
        "state": name(state),
        "created": record.created,
        "expires": record.expires,
        "revoked": record.revoked,
    })
}
