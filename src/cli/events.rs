//! `detente events`: the log, in order, up to the head captured when the reading begins.
//!
//! As JSON Lines each event is written as it comes, so a log of any length passes through; the other two forms are one
//! answer and hold it whole.

use clap::Args;

use super::{
    CommandFailure, connect,
    filter_args::FilterArgs,
    global_args::GlobalArgs,
    instant,
    output::{self, OutputFormat},
    pages::List,
    progress,
    table::{
        TableView, event,
        grid::{Grid, GridCell, Tone},
        question,
    },
};
use detente_proto::v1::{Event, ReadEventsRequest, ReadEventsResponse, read_events_request::Start};

/// Arguments of `events`.
#[derive(Args, Debug)]
pub(crate) struct EventsArgs {
    /// Position to start right after. Default: the first event.
    #[arg(long, value_name = "N")]
    after_position: Option<u64>,
    /// The most events to show. Default: all events up to the head.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    limit: u64,
    #[command(flatten)]
    filter: FilterArgs,
}

impl List for ReadEventsResponse {
    type Element = Event;

    fn elements(&self) -> &[Event] {
        &self.events
    }
}

impl EventsArgs {
    /// Reads, and shows the events.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let question = self.question();
        let ledger = connect::ledger(global).await?;
        let mut batches = ledger.stub().read_events(question).await?.into_inner();
        let progress = progress::counter("events");
        let mut all = ReadEventsResponse::default();
        while let Some(batch) = batches.message().await? {
            progress.inc(batch.events.len() as u64);
            match global.output {
                OutputFormat::Jsonl => output::lines(&batch.events)?,
                OutputFormat::Table | OutputFormat::Json => absorb(&mut all, batch),
            }
        }
        progress.finish_and_clear();
        match global.output {
            OutputFormat::Jsonl => Ok(()),
            OutputFormat::Table | OutputFormat::Json => global.output.one(&all, || table(&all, &global.into())),
        }
    }

    /// Builds the request. An instant to begin with is a place in the log, and no filter, unless a position is given,
    /// too: then events before it are not even read, and events of parties and sources are included.
    fn question(self) -> ReadEventsRequest {
        let mut filter = self.filter;
        let start = match self.after_position {
            Some(position) => Some(Start::AfterPosition(position)),
            None => filter.take_recorded_from().map(Start::RecordedFrom),
        };
        ReadEventsRequest { start, filter: filter.filter(None), limit: self.limit }
    }
}

fn absorb(all: &mut ReadEventsResponse, batch: ReadEventsResponse) {
    all.events.extend(batch.events);
    all.through_position = batch.through_position;
    all.context = batch.context.or(all.context.take());
}

fn table(all: &ReadEventsResponse, view: &TableView) -> String {
    let mut grid = Grid::new(["position", "recorded", "by", "what", "about", "rev", "words", "note"]).whole(1).wide(6);
    for event in &all.events {
        let told = event::cells(event, view);
        grid.row([
            event.position.to_string().into(),
            instant::format(event.recorded_at.as_ref()).into(),
            event.recorded_by.as_str().into(),
            told.what.into(),
            told.about.into(),
            event.revision.to_string().into(),
            told.words.into(),
            note(event),
        ]);
    }
    let head = all.context.as_ref().map(question::coordinates).unwrap_or_default();
    [format!("Events up to position {}\n", all.through_position), head, grid.render()].concat()
}

/// Returns the recorder's note, after the marks that a reader must see first.
fn note(event: &Event) -> GridCell {
    let synthetic = event::is_synthetic(event);
    let parts =
        [("SYNTHETIC", synthetic), ("backfilled", event.backfilled), (event.note.as_str(), !event.note.is_empty())];
    let parts: Vec<_> = parts.into_iter().filter_map(|(part, there)| there.then_some(part)).collect();
    GridCell::in_tone(parts.join("; "), if synthetic { Tone::Alert } else { Tone::Plain })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Probe {
        #[command(flatten)]
        events: EventsArgs,
    }

    fn question(flags: &[&str]) -> ReadEventsRequest {
        let arguments = ["probe"].iter().chain(flags);
        Probe::try_parse_from(arguments).map_err(|error| error.to_string()).unwrap().events.question()
    }

    #[test]
    fn an_instant_is_a_place_to_begin() {
        let question = question(&["--recorded-from", "2025-08-02"]);
        assert!(matches!(question.start, Some(Start::RecordedFrom(_))) && question.filter.is_none());
    }

    #[test]
    fn beside_a_position_an_instant_is_a_filter() {
        let question = question(&["--recorded-from", "2025-08-02", "--after-position", "3", "--limit", "2"]);
        assert_eq!((question.start, question.limit), (Some(Start::AfterPosition(3)), 2));
        assert!(question.filter.unwrap().items[0].recorded_from.is_some());
    }
}
