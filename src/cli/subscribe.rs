//! `detente subscribe`: follows the log and prints each event once, for as long as it is let.
//!
//! If the connection breaks or the server stops, it connects again and continues behind the last event it printed. The
//! client does that ([`detente_client::Subscription`]), and a message on standard error says so.

use clap::Args;

use super::{
    CommandFailure, connect,
    filter_args::FilterArgs,
    global_args::GlobalArgs,
    instant,
    output::{self, OutputFormat, notice},
    table::{TableView, escape, event},
};
use detente_client::News;
use detente_proto::v1::{Event, FromHead, SubscribeRequest, subscribe_request::Start};

/// Arguments of `subscribe`.
#[derive(Args, Debug)]
pub(crate) struct SubscribeArgs {
    /// Position to start right after. Default: the first event.
    #[arg(long, alias = "after", value_name = "N", conflicts_with_all = ["from_head", "cursor"])]
    after_position: Option<u64>,
    /// Start with the next event that is recorded.
    #[arg(long, conflicts_with = "cursor")]
    from_head: bool,
    /// Name of a cursor: start at its position and use its filter.
    #[arg(long, value_name = "NAME")]
    cursor: Option<String>,
    /// Acknowledge events to the cursor once they are printed.
    #[arg(long, requires = "cursor")]
    ack: bool,
    /// The most events to show. Default: no limit.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    #[command(flatten)]
    filter: FilterArgs,
}

impl SubscribeArgs {
    /// Follows, over as many connections as it takes.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let acknowledges = self.ack;
        let mut printer = Printer { global, view: global.into(), left: self.limit.unwrap_or(u64::MAX), printed: 0 };
        if printer.left == 0 {
            return Ok(());
        }
        let mut feed = connect::ledger(global).await?.subscribe(self.request()).await?;
        let mut acknowledged = 0;
        loop {
            let news = feed.next().await?;
            let position = feed.position();
            let is_confirmed = matches!(news, News::Confirmed(_));
            printer.take(news, position)?;
            let done = if printer.left == 0 { printer.printed } else { position };
            if acknowledges && !is_confirmed && done > acknowledged {
                feed.acknowledge(done).await?;
            }
            acknowledged = acknowledged.max(done);
            if printer.left == 0 {
                return Ok(());
            }
        }
    }

    /// Builds the request. An instant to begin with is a place in the log, and no filter, unless a place is given, too.
    fn request(self) -> SubscribeRequest {
        let mut filter = self.filter;
        let start = match (self.after_position, self.from_head, self.cursor) {
            (Some(position), ..) => Some(Start::AfterPosition(position)),
            (_, true, _) => Some(Start::FromHead(FromHead {})),
            (.., Some(cursor)) => Some(Start::CursorId(cursor)),
            (None, false, None) => filter.take_recorded_from().map(Start::RecordedFrom),
        };
        SubscribeRequest { start, filter: filter.filter(None), heartbeat: None }
    }
}

/// Prints what comes.
struct Printer<'g> {
    global: &'g GlobalArgs,
    view: TableView,
    /// The number of events still wanted.
    left: u64,
    /// The position of the last event printed.
    printed: u64,
}

impl Printer<'_> {
    fn take(&mut self, news: News, position: u64) -> Result<(), CommandFailure> {
        match news {
            News::Events(events) => self.print(events)?,
            News::CaughtUp => self.tell(|| format!("caught up at position {position}")),
            News::FellBehind(behind) => self.tell(|| format!("{behind} events behind at position {position}")),
            News::Interrupted(why) => {
                notice(&escape::visible(&format!("{why}; connecting again to go on after position {position}")));
            }
            News::Confirmed(_) | News::Heartbeat => {}
        }
        Ok(())
    }

    /// Prints as many as are wanted.
    fn print(&mut self, mut events: Vec<Event>) -> Result<(), CommandFailure> {
        events.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= events.len() as u64;
        self.printed = events.last().map_or(self.printed, |last| last.position);
        match self.global.output {
            OutputFormat::Json | OutputFormat::Jsonl => output::lines(&events),
            OutputFormat::Table => {
                output::write(&events.iter().map(|event| line(event, &self.view)).collect::<String>())
            }
        }
    }

    /// Tells people, not programs, how far it is.
    fn tell(&self, words: impl FnOnce() -> String) {
        if !self.global.output.is_json() {
            notice(&words());
        }
    }
}

/// An event on a line: a table has an end, this has none.
fn line(event: &Event, view: &TableView) -> String {
    let told = event::cells(event, view);
    let synthetic = if event::is_synthetic(event) { "SYNTHETIC" } else { "" };
    let position = event.position.to_string();
    let revision = format!("rev {}", event.revision);
    let recorded = instant::format(event.recorded_at.as_ref());
    let parts: [&str; 8] =
        [&position, &recorded, &event.recorded_by, &told.what, &told.about, &revision, &told.words, synthetic];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).map(escape::line).collect();
    parts.join("  ") + "\n"
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use detente_proto::v1::Claim;

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
        probe(flags).unwrap().subscribe.request().start
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
    fn no_more_is_printed_than_is_wanted() {
        let Probe { global, .. } = probe(&["--output", "jsonl"]).unwrap();
        let mut printer = Printer { global: &global, view: (&global).into(), left: 3, printed: 0 };
        let events = |positions: &[u64]| {
            News::Events(positions.iter().map(|position| Event { position: *position, ..Event::default() }).collect())
        };
        printer.take(events(&[4, 5]), 5).unwrap();
        assert_eq!((printer.printed, printer.left), (5, 1));
        printer.take(events(&[6, 7]), 7).unwrap();
        assert_eq!((printer.printed, printer.left), (6, 0));
    }

    #[test]
    fn a_line_stays_a_line_whatever_was_recorded() {
        let claim = Claim { claim_id: "c".into(), place: String::new(), ..Default::default() };
        let asserted = detente_proto::v1::ClaimAsserted { claim: Some(claim) };
        let event = Event {
            position: 7,
            recorded_by: "a\nb\u{1b}[2J".into(),
            event: Some(detente_proto::v1::event::Event::ClaimAsserted(asserted)),
            ..Default::default()
        };
        let line = line(&event, &TableView { lang: "en".into(), full_ids: true });
        assert!(line.starts_with("7  a\\nb\\u{1b}[2J  claim asserted  c  rev 0"), "{line}");
        assert_eq!(line.matches('\n').count(), 1);
    }
}
