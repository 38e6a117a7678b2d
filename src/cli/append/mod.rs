//! `detente append`: record a batch of commands, all or nothing.
//!
//! ```text
//! detente append --file changes.json          # an AppendRequest, or only {"commands": [...]}
//! detente append --file - < changes.jsonl     # many AppendRequests, each an append of its own
//! detente append --relationship AZE-RUS --kind agreement --type state --valid 2025-09-10/.. \
//!     --text en:"They sign." --party RUS:party --party AZE:party --modality asserted --speaker RUS
//! ```
//!
//! Every request is sent with a request id, so that a retry after a broken connection records nothing twice. An id that
//! is made here is printed on standard error before anything is sent.

mod claim_args;
pub(super) mod input;
mod request_id;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use uuid::Uuid;

use self::claim_args::NewClaimArgs;
use super::{
    CommandFailure, connect,
    global_args::GlobalArgs,
    instant,
    json::{self, Layout},
    output::{self, OutputFormat},
    progress,
    refusal::RequestPlace,
    table::{escape, grid::Grid},
};
use detente_client::Client;
use detente_proto::v1::{AppendRequest, AppendResponse, CommandResult};

/// Arguments of `append`.
#[derive(Args, Debug)]
pub(crate) struct AppendArgs {
    /// File of one or more AppendRequests in canonical proto3 JSON. `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "NewClaimArgs")]
    file: Option<PathBuf>,
    /// Recorder, unless the file names one. Default: the caller that a token or a certificate
    /// proves, otherwise the user who runs the command.
    #[arg(long, env = "DETENTE_RECORDED_BY", value_name = "NAME")]
    recorded_by: Option<String>,
    /// Request id, unless the file has one. A retry with the id of an earlier attempt records the batch once. If there are
    /// several requests, each has an id derived from this one.
    #[arg(long, value_name = "UUID")]
    request_id: Option<Uuid>,
    /// Check everything and write nothing.
    #[arg(long)]
    validate_only: bool,
    #[command(flatten)]
    claim: NewClaimArgs,
}

impl AppendArgs {
    /// Records, and shows what was recorded.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let proves_caller = global.access.resolve(&global.server)?.proves_caller;
        let requests = self.requests(global.output, proves_caller)?;
        let ledger = connect::ledger(global).await?;
        let mut replies = Vec::new();
        // The appends recorded before a failure are shown, too: they stay recorded.
        let outcome = send(&ledger, requests, global.output, &mut replies).await;
        show(&replies, global)?;
        outcome
    }

    /// Everything to send, complete. All of the input is read before the first request goes out.
    fn requests(self, format: OutputFormat, proves_caller: bool) -> Result<Vec<AppendRequest>, CommandFailure> {
        let mut requests = match &self.file {
            Some(file) => input::read(file)?,
            None => vec![self.claim.request()],
        };
        // A server that knows who asks knows who records.
        let user = || std::env::var("USER").ok().filter(|_| !proves_caller);
        let recorded_by = self.recorded_by.or_else(user).unwrap_or_default();
        for request in &mut requests {
            request.validate_only |= self.validate_only;
            if request.recorded_by.is_empty() {
                request.recorded_by.clone_from(&recorded_by);
            }
        }
        if let Some(made) = request_id::complete(&mut requests, self.request_id) {
            tell(made, format);
        }
        Ok(requests)
    }
}

fn tell(request_id: Uuid, format: OutputFormat) {
    match format.is_json() {
        true => output::notice(&json!({ "requestId": request_id.to_string() }).to_string()),
        false => output::notice(&format!("request id {request_id}")),
    }
}

/// Sends the requests in order, each after the answer to the one before, and stops at the first that fails.
async fn send(
    ledger: &Client,
    requests: Vec<AppendRequest>,
    format: OutputFormat,
    replies: &mut Vec<AppendResponse>,
) -> Result<(), CommandFailure> {
    let total = requests.len();
    let progress = progress::bar("appends", total);
    for (request, ordinal) in requests.into_iter().zip(1..) {
        let place = RequestPlace { request_id: request.request_id.clone(), ordinal, total };
        let reply = ledger.append(request).await.map_err(|error| CommandFailure::from(error).of(place))?;
        match format {
            OutputFormat::Jsonl => output::lines(&[reply])?,
            OutputFormat::Table | OutputFormat::Json => replies.push(reply),
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(())
}

fn show(replies: &[AppendResponse], global: &GlobalArgs) -> Result<(), CommandFailure> {
    match (replies, global.output) {
        ([], _) => Ok(()),
        ([reply], format) => format.one(reply, || table(reply)),
        (replies, OutputFormat::Table) => output::write(&replies.iter().map(summary).collect::<String>()),
        (replies, OutputFormat::Json | OutputFormat::Jsonl) => {
            let lines = replies.iter().map(|reply| json::text(reply, Layout::Line)).collect::<Result<Vec<_>, _>>()?;
            let lines: Vec<_> = lines.iter().map(|line| line.trim_end()).collect();
            output::write(&format!("{{\"responses\": [\n{}\n]}}\n", lines.join(",\n")))
        }
    }
}

/// One reply in one line.
fn summary(reply: &AppendResponse) -> String {
    let context = reply.context.clone().unwrap_or_default();
    let commands = match reply.results.len() {
        1 => "1 command".to_owned(),
        n => format!("{n} commands"),
    };
    let Some(at) = &reply.recorded_at else {
        return format!("Checked {commands}, wrote nothing: as things stand they would be recorded.\n");
    };
    let what = match reply.replayed {
        true => "Was recorded before and is not again",
        false => "Recorded",
    };
    let line = format!("{what}: {commands} at {}, basis {}", instant::format(Some(at)), context.basis);
    escape::line(&line) + "\n"
}

fn table(reply: &AppendResponse) -> String {
    let mut grid = Grid::dense(["command", "about", "id", "revision", "position"]).whole(2);
    for (result, ordinal) in reply.results.iter().zip(1_usize..) {
        let (about, id) = about(result);
        grid.row([
            ordinal.to_string().into(),
            about.into(),
            id.into(),
            result.revision.to_string().into(),
            if result.position == 0 { "".into() } else { result.position.to_string().into() },
        ]);
    }
    summary(reply) + &grid.render()
}

/// Returns the kind and the id of the thing that a command was about. Ids are whole here, so that they can be used.
fn about(result: &CommandResult) -> (&'static str, String) {
    match result {
        CommandResult { dispute_id, claim_id, .. } if !dispute_id.is_empty() => {
            ("dispute", format!("{dispute_id} of claim {claim_id}"))
        }
        CommandResult { claim_id, .. } if !claim_id.is_empty() => ("claim", claim_id.clone()),
        CommandResult { party_id, .. } if !party_id.is_empty() => ("party", party_id.clone()),
        CommandResult { kind, .. } if !kind.is_empty() => ("kind", kind.clone()),
        CommandResult { scheme, .. } if !scheme.is_empty() => ("scheme", scheme.clone()),
        CommandResult { source_id, .. } => ("source", source_id.clone()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Probe {
        #[command(flatten)]
        append: AppendArgs,
    }

    fn parse(flags: &[&str]) -> Result<AppendArgs, String> {
        let arguments = ["probe"].iter().chain(flags);
        Probe::try_parse_from(arguments).map(|probe| probe.append).map_err(|error| error.to_string())
    }

    #[test]
    fn one_claim_is_made_from_flags() {
        let flags = ["--kind", "agreement", "--type", "state", "--modality", "asserted", "--text", "en:They sign."];
        let more =
            ["--valid", "2025-09-10/..", "--relationship", "AZE-RUS", "--recorded-by", "desk", "--validate-only"];
        let requests =
            parse(&[flags.as_slice(), &more].concat()).unwrap().requests(OutputFormat::Table, false).unwrap();
        let [request] = requests.as_slice() else { panic!("not one") };
        assert_eq!((request.recorded_by.as_str(), request.validate_only), ("desk", true));
        assert!(Uuid::parse_str(&request.request_id).is_ok());
    }

    #[test]
    fn a_claim_needs_its_required_flags() {
        let error = parse(&["--kind", "agreement"]).unwrap_err();
        assert!(["--type", "--modality", "--text"].iter().all(|flag| error.contains(flag)), "{error}");
    }

    #[test]
    fn a_file_and_a_claim_at_once_are_refused() {
        assert!(parse(&["--file", "f", "--kind", "agreement"]).unwrap_err().contains("cannot be used with"));
        assert!(parse(&["--file", "f"]).is_ok());
    }
}
