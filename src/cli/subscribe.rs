//! `detente subscribe`: follows the log and prints each event once, for as long as it is let.
//!
//! When the connection breaks or the server stops, it connects again and goes on behind the last event it printed. With a
//! cursor it is the server that knows where it stands: what was printed and not acknowledged comes again after a break, and
//! is not printed again.

use std::time::Duration;

use clap::Args;
use tonic::Streaming;

use super::{
    Failure, connect,
    connect::Ledger,
    filter_args::FilterArgs,
    global_args::GlobalArgs,
    instant,
    output::{self, Format, notice},
    table::{View, escape, event},
};
use crate::v1::{
    AcknowledgeCursorRequest, EndReason, ErrorReason, Event, FromHead, SubscribeRequest, SubscribeResponse,
    subscribe_request::Start, subscribe_response::Frame,
};

/// Where to begin, and with what?
#[derive(Args, Debug)]
pub(crate) struct SubscribeArgs {
    /// Begin right after this position. Default: with the first event.
    #[arg(long, alias = "after", value_name = "N", conflicts_with_all = ["from_head", "cursor"])]
    after_position: Option<u64>,
    /// Begin with what is recorded from now on.
    #[arg(long, conflicts_with = "cursor")]
    from_head: bool,
    /// Begin where this cursor stands, with the filter it was made with.
    #[arg(long, value_name = "NAME")]
    cursor: Option<String>,
    /// Acknowledge to the cursor what has been printed.
    #[arg(long, requires = "cursor")]
    ack: bool,
    /// Stop after so many events. Default: never.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    #[command(flatten)]
    filter: FilterArgs,
}

impl SubscribeArgs {
    /// Follows, over as many connections as it takes.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), Failure> {
        const FIRST_PAUSE: Duration = Duration::from_millis(100);
        const LONGEST_PAUSE: Duration = Duration::from_secs(10);
        let mut follower = self.follower(global);
        let mut pause = FIRST_PAUSE;
        loop {
            follower.confirmed = false;
            let why = match follower.follow().await {
                Ok(Ended::Limit) => return Ok(()),
                Ok(Ended::Stopping) => "the server is stopping".to_owned(),
                Err(failure) if follower.has_begun && is_passing(&failure) => failure.to_string(),
                Err(failure) => return Err(failure),
            };
            pause = if follower.confirmed { FIRST_PAUSE } else { (2 * pause).min(LONGEST_PAUSE) };
            let position = follower.position;
            notice(&escape::visible(&format!("{why}; connecting again to go on after position {position}")));
            tokio::time::sleep(pause).await;
        }
    }

    /// An instant to begin with is a place in the log rather than a filter, unless a place is given too.
    fn follower(self, global: &GlobalArgs) -> Follower<'_> {
        let mut filter = self.filter;
        let start = match (self.after_position, self.from_head, self.cursor.clone()) {
            (Some(position), ..) => Some(Start::AfterPosition(position)),
            (_, true, _) => Some(Start::FromHead(FromHead {})),
            (.., Some(cursor)) => Some(Start::CursorId(cursor)),
            (None, false, None) => filter.take_recorded_from().map(Start::RecordedFrom),
        };
        let request = SubscribeRequest { start, filter: filter.filter(None), heartbeat: None };
        let acknowledges = self.cursor.filter(|_| self.ack);
        Follower {
            global,
            view: global.into(),
            request,
            acknowledges,
            left: self.limit.unwrap_or(u64::MAX),
            position: 0,
            acknowledged: 0,
            printed: 0,
            has_begun: false,
            confirmed: false,
        }
    }
}

/// How a connection ended without a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// As many events as were asked for have been printed.
    Limit,
    /// The server is stopping.
    Stopping,
}

/// What has come so far.
struct Follower<'g> {
    global: &'g GlobalArgs,
    view: View,
    request: SubscribeRequest,
    /// The cursor to acknowledge to.
    acknowledges: Option<String>,
    /// How many events are still wanted.
    left: u64,
    /// That of the last frame.
    position: u64,
    acknowledged: u64,
    /// That of the last event printed.
    printed: u64,
    /// Whether a subscription has ever stood, and whether this one does.
    has_begun: bool,
    confirmed: bool,
}

impl Follower<'_> {
    /// Follows over one connection.
    async fn follow(&mut self) -> Result<Ended, Failure> {
        if self.left == 0 {
            return Ok(Ended::Limit);
        }
        let mut ledger = connect::ledger(&self.global.server).await?;
        let mut frames: Streaming<SubscribeResponse> = ledger.subscribe(self.request.clone()).await?.into_inner();
        while let Some(SubscribeResponse { position, frame }) = frames.message().await? {
            self.position = position;
            if let Some(ended) = self.take(frame.unwrap_or(Frame::Heartbeat(Default::default())))? {
                return Ok(ended);
            }
            let done = if self.left == 0 { self.printed } else { position };
            self.acknowledge(&mut ledger, done).await?;
            if self.left == 0 {
                return Ok(Ended::Limit);
            }
        }
        Ok(Ended::Stopping)
    }

    fn take(&mut self, frame: Frame) -> Result<Option<Ended>, Failure> {
        match frame {
            Frame::Confirmed(_) => {
                (self.has_begun, self.confirmed) = (true, true);
                self.acknowledged = self.acknowledged.max(self.position);
            }
            Frame::Events(events) => self.print(events.events)?,
            Frame::Heartbeat(_) => {}
            Frame::CaughtUp(_) => self.tell(|position| format!("caught up at position {position}")),
            Frame::FellBehind(behind) => {
                self.tell(|position| format!("{} events behind at position {position}", behind.behind));
            }
            Frame::End(end) => return ended(end.reason()).map(Some),
        }
        if !matches!(self.request.start, Some(Start::CursorId(_))) {
            self.request.start = Some(Start::AfterPosition(self.position));
        }
        Ok(None)
    }

    /// Prints what has not been printed, as far as it is wanted.
    fn print(&mut self, mut events: Vec<Event>) -> Result<(), Failure> {
        events.retain(|event| event.position > self.printed);
        events.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= events.len() as u64;
        self.printed = events.last().map_or(self.printed, |last| last.position);
        match self.global.output {
            Format::Json | Format::Jsonl => output::lines(&events),
            Format::Table => output::write(&events.iter().map(|event| line(event, &self.view)).collect::<String>()),
        }
    }

    async fn acknowledge(&mut self, ledger: &mut Ledger, position: u64) -> Result<(), Failure> {
        if let Some(cursor_id) = self.acknowledges.clone().filter(|_| position > self.acknowledged) {
            ledger.acknowledge_cursor(AcknowledgeCursorRequest { cursor_id, position }).await?;
            self.acknowledged = position;
        }
        Ok(())
    }

    /// Tells people, not programs, how far it is.
    fn tell(&self, words: impl FnOnce(u64) -> String) {
        if !self.global.output.is_json() {
            notice(&words(self.position));
        }
    }
}

fn ended(why: EndReason) -> Result<Ended, Failure> {
    match why {
        EndReason::CursorTakenOver => Err(Failure::Rejected("another subscription took the cursor over".to_owned())),
        EndReason::CursorDeleted => Err(Failure::Rejected("the cursor was deleted".to_owned())),
        EndReason::ServerStopping | EndReason::Unspecified => Ok(Ended::Stopping),
    }
}

/// Whether the same call may do in a while.
fn is_passing(failure: &Failure) -> bool {
    match failure {
        Failure::Unreachable { .. } => true,
        Failure::Refused(refusal) => match refusal.reason {
            Some(reason) => matches!(reason, ErrorReason::NotServing | ErrorReason::Overloaded),
            None => refusal.outcome_is_unknown(),
        },
        _ => false,
    }
}

/// An event on a line: a table has an end, this has none.
fn line(event: &Event, view: &View) -> String {
    let told = event::told(event, view);
    let synthetic = if event::is_synthetic(event) { "SYNTHETIC" } else { "" };
    let position = event.position.to_string();
    let revision = format!("rev {}", event.revision);
    let recorded = instant::shown(event.recorded_at.as_ref());
    let parts: [&str; 8] =
        [&position, &recorded, &event.recorded_by, &told.what, &told.about, &revision, &told.words, synthetic];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).map(escape::line).collect();
    parts.join("  ") + "\n"
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::v1::Claim;

    #[derive(Parser)]
    struct Probe {
        #[command(flatten)]
        subscribe: SubscribeArgs,
        #[command(flatten)]
        global: GlobalArgs,
    }

    fn probe(flags: &[&str]) -> Result<Probe, String> {
        Probe::try_parse_from(["probe"].iter().chain(flags)).map_err(|error| error.to_string())
    }

    fn start(flags: &[&str]) -> Option<Start> {
        let Probe { subscribe, global } = probe(flags).unwrap();
        subscribe.follower(&global).request.start
    }

    #[test]
    fn there_is_one_place_to_begin() {
        assert_eq!(start(&[]), None);
        assert_eq!(start(&["--after-position", "7"]), Some(Start::AfterPosition(7)));
        assert_eq!(start(&["--after", "7"]), Some(Start::AfterPosition(7)));
        assert_eq!(start(&["--from-head"]), Some(Start::FromHead(FromHead {})));
        assert_eq!(start(&["--cursor", "desk-1"]), Some(Start::CursorId("desk-1".into())));
        assert!(matches!(start(&["--recorded-from", "2025-08-02"]), Some(Start::RecordedFrom(_))));
        assert!(probe(&["--after", "7", "--from-head"]).is_err());
        assert!(probe(&["--from-head", "--cursor", "desk-1"]).is_err());
        assert!(probe(&["--ack"]).is_err());
    }

    #[test]
    fn what_comes_again_is_not_printed_again_and_no_more_than_is_wanted() {
        let Probe { subscribe, global } = probe(&["--cursor", "desk-1", "--limit", "3", "--output", "jsonl"]).unwrap();
        let mut follower = subscribe.follower(&global);
        let events = |positions: &[u64]| {
            positions.iter().map(|position| Event { position: *position, ..Event::default() }).collect()
        };
        follower.print(events(&[4, 5])).unwrap();
        follower.print(events(&[4, 5])).unwrap();
        assert_eq!((follower.printed, follower.left), (5, 1));
        follower.print(events(&[5, 6, 7])).unwrap();
        assert_eq!((follower.printed, follower.left), (6, 0));
    }

    #[test]
    fn a_line_stays_a_line_whatever_was_recorded() {
        let claim = Claim { claim_id: "c".into(), place: String::new(), ..Default::default() };
        let asserted = crate::v1::ClaimAsserted { claim: Some(claim) };
        let event = Event {
            position: 7,
            recorded_by: "a\nb\u{1b}[2J".into(),
            event: Some(crate::v1::event::Event::ClaimAsserted(asserted)),
            ..Default::default()
        };
        let line = line(&event, &View { lang: "en".into(), full_ids: true });
        assert!(line.starts_with("7  a\\nb\\u{1b}[2J  claim asserted  c  rev 0"), "{line}");
        assert_eq!(line.matches('\n').count(), 1);
    }
}
