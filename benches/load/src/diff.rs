//! Compares two cuts between which a given number of claims was revised: what that costs is to grow with those, and not with
//! the log before them. The ledger is one made by `fill`.

use crate::Common;
use crate::cases::Deal;
use crate::claims::{Maker, Verb};
use crate::closed_loop::{self, Answer, Client, Pace};
use crate::connect::{Caller, Target};
use crate::result::Outcome;
use crate::wire::count_field;
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use detente_proto::v1;
use detente_proto::v1::Cut;
use detente_proto::v1::ledger_service_client::LedgerServiceClient;
use prost::Message as _;

const PATH: &str = "/detente.v1.LedgerService/Diff";

/// The comparison to measure.
#[derive(clap::Args)]
pub struct DiffArgs {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    pace: Pace,
    /// The number of claims that the ledger was filled with.
    #[arg(long)]
    claims: u64,
    /// The number of relationships that they are spread over.
    #[arg(long)]
    relationships: u64,
    /// The number of claims to revise between the two cuts, at most 1000: all changes are on one page.
    #[arg(long, default_value_t = 1_000)]
    changed: u64,
    /// With the same date on both sides, so that what the state was is compared, and not the claims themselves.
    #[arg(long)]
    valid_at: Option<String>,
}

/// Revises some claims, then measures the comparison of the log before that with the log after it.
///
/// # Errors
/// If the claims are not there, or the changes found are not those that were made.
pub async fn run(args: DiffArgs, common: Common) -> Result<()> {
    ensure!((1..=1000).contains(&args.changed) && args.changed <= args.claims, "from 1 to 1000 claims are changed");
    let mut ledger = LedgerServiceClient::new(args.target.connect().await?);
    let mut head = async || -> Result<u64> {
        let info = ledger.get_server_info(v1::GetServerInfoRequest {}).await?.into_inner();
        Ok(info.head.context("no head")?.position)
    };
    let before = head().await?;
    let deal = Deal { claims: args.claims, relationships: args.relationships };
    let stride = args.claims / args.changed;
    let places = (0..args.changed).map(|nth| deal.place(nth * stride));
    let mut appending = Caller::new(args.target.connect().await?, crate::append::PATH);
    appending.call(Maker::new(Verb::Revise, before)?.request(places, None)).await?;
    let after = head().await?;
    let question = question(&args, before, after);
    let channels = args.target.channels(args.pace.clients).await?;
    let expected = args.valid_at.is_none().then_some(args.changed);
    let asking = |channel| Asking { caller: Caller::new(channel, PATH), question: question.clone(), expected };
    let measured = closed_loop::run(args.pace, channels.into_iter().map(asking)).await?;
    Outcome::of_loop("detente", "diff", &measured, args.pace.clients, 1, "queries/s")
        .with("positions_before", before as f64)
        .print(&common)
}

fn question(args: &DiffArgs, from: u64, to: u64) -> Bytes {
    let at = |position| v1::Coordinate {
        valid_at: args.valid_at.clone().unwrap_or_default(),
        cut: Some(Cut::position(position)),
    };
    let request =
        v1::DiffRequest { from: Some(at(from)), to: Some(at(to)), page_size: 1000, ..v1::DiffRequest::default() };
    request.encode_to_vec().into()
}

struct Asking {
    caller: Caller,
    question: Bytes,
    /// The number of changes that it has to find.
    expected: Option<u64>,
}

impl Client for Asking {
    async fn call(&mut self) -> Result<Answer> {
        const CHANGES: u32 = 3;
        let reply = self.caller.call(Bytes::copy_from_slice(&self.question)).await?;
        let items = count_field(&reply, CHANGES);
        ensure!(self.expected.is_none_or(|expected| items == expected), "{items} changes, not {:?}", self.expected);
        Ok(Answer { bytes: reply.len() as u64, items })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_gives_every_claim_other_words_than_the_first() {
        let deal = Deal { claims: 1_000, relationships: 10 };
        let texts = |before| -> Vec<String> {
            let mut maker = Maker::new(Verb::Revise, before).expect("a maker");
            let request = maker.request((0..1_000).map(|nth| deal.place(nth)), None);
            let request = v1::AppendRequest::decode(request).expect("a message");
            let claims = request.commands.into_iter().filter_map(|command| match command.command {
                Some(v1::command::Command::ReviseClaim(revise)) => revise.claim,
                _ => None,
            });
            claims.map(|claim| claim.texts[0].text.clone()).collect()
        };
        let (one, other) = (texts(10_000), texts(11_000));
        assert_eq!((one.len(), other.len()), (1_000, 1_000));
        assert!(one.iter().zip(&other).all(|(one, other)| one != other));
    }

    #[test]
    fn the_claims_that_change_are_different_ones_that_were_filled_in() {
        let mut maker = Maker::new(Verb::Revise, 0).expect("a maker");
        let deal = Deal { claims: 10_000, relationships: 100 };
        let request = maker.request((0..1_000).map(|nth| deal.place(nth * 10)), None);
        let request = v1::AppendRequest::decode(request).expect("a message");
        let mut numbers: Vec<String> = request
            .commands
            .into_iter()
            .filter_map(|command| match command.command {
                Some(v1::command::Command::ReviseClaim(revise)) => revise.claim.map(|claim| claim.claim_id),
                _ => None,
            })
            .collect();
        numbers.dedup();
        assert_eq!((numbers.len(), numbers[999].clone()), (1_000, crate::claims::claim_id(9_990)));
    }
}
