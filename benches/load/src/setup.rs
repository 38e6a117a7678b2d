//! The records that the claims need before them: their parties, the party that speaks, and their source.
//!
//! Registering what is registered already is refused as COMMAND_REJECTED, which is as good; so it may be done each time.

use crate::cases::{pair, party};
use crate::claims::RECORDER;
use crate::connect::Target;
use anyhow::Result;
use detente_proto::v1;
use detente_proto::v1::command::Command;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Status};

/// The party that says all that is claimed.
pub const SPEAKER: &str = "SPEAKER";
/// The source of all claims.
pub const SOURCE: &str = "bench:wire";

/// Registers all that claims about a number of relationships need.
///
/// # Errors
/// If the ledger refuses for another reason than that all are registered already.
pub async fn register(target: &Target, relationships: u64) -> Result<()> {
    let mut ledger = LedgerServiceClient::new(target.connect().await?);
    let commands = commands(relationships);
    match append(&mut ledger, commands.clone()).await {
        Err(status) if status.code() == Code::FailedPrecondition => one_by_one(&mut ledger, commands).await,
        other => Ok(other?),
    }
}

async fn one_by_one(ledger: &mut LedgerServiceClient<Channel>, commands: Vec<Command>) -> Result<()> {
    for command in commands {
        match append(ledger, vec![command]).await {
            Err(status) if status.code() != Code::FailedPrecondition => return Err(status.into()),
            _ => {}
        }
    }
    Ok(())
}

async fn append(ledger: &mut LedgerServiceClient<Channel>, commands: Vec<Command>) -> Result<(), Status> {
    let noted = |command| v1::Command { note: String::new(), command: Some(command) };
    let request = v1::AppendRequest {
        recorded_by: RECORDER.to_owned(),
        commands: commands.into_iter().map(noted).collect(),
        ..v1::AppendRequest::default()
    };
    ledger.append(request).await.map(drop)
}

fn commands(relationships: u64) -> Vec<Command> {
    let (_, highest) = pair(relationships.saturating_sub(1));
    let ids = (0..=highest).map(|number| String::from_utf8_lossy(&party(number)).into_owned());
    let states = ids.map(|id| register_party(&id, v1::PartyType::State));
    let speaker = register_party(SPEAKER, v1::PartyType::Medium);
    states.chain([speaker, register_source()]).collect()
}

fn register_party(id: &str, of: v1::PartyType) -> Command {
    let name = v1::PartyName {
        lang: "en".to_owned(),
        name: format!("The party {id}"),
        alias: false,
        ..v1::PartyName::default()
    };
    let party = v1::Party { party_id: id.to_owned(), r#type: of.into(), names: vec![name], ..v1::Party::default() };
    Command::RegisterParty(v1::RegisterParty { party: Some(party) })
}

fn register_source() -> Command {
    let source = v1::Source {
        source_id: SOURCE.to_owned(),
        title: "The wire of the measurements".to_owned(),
        ..v1::Source::default()
    };
    Command::RegisterSource(v1::RegisterSource { source: Some(source) })
}
