//! A stream that is opened again after a break: what subscriptions and clock watches have in common.

use super::error::{Error, Refusal};
use super::options::Options;
use super::retry::{Backoff, Repeat, may_help};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};
use tonic::{Response, Status, Streaming};

/// A stream of frames over as many connections as it takes.
#[derive(Debug)]
pub(super) struct Following<F> {
    frames: Option<Streaming<F>>,
    backoff: Backoff,
    /// The time that opening may take.
    limit: Duration,
    /// The time to wait for the first frame.
    patience: Duration,
    /// Before this instant it is not opened again.
    not_before: Option<Instant>,
}

/// The next thing of a stream.
#[derive(Debug)]
pub(super) enum Came<F> {
    /// A frame.
    Frame(F),
    /// Nothing: the stream broke, and will be opened again.
    Break(Error),
}

impl<F> Following<F> {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            frames: None,
            backoff: Backoff::new(options),
            limit: options.call_timeout,
            patience: options.patience,
            not_before: None,
        }
    }

    /// Waits for a frame or a break. A caller that stops waiting loses neither.
    ///
    /// # Errors
    /// If opening it again would not help.
    pub(super) async fn next(
        &mut self,
        open: impl Future<Output = Result<Response<Streaming<F>>, Status>>,
    ) -> Result<Came<F>, Error> {
        let frames = match &mut self.frames {
            Some(frames) => frames,
            none => {
                if let Some(instant) = self.not_before {
                    sleep_until(instant).await;
                }
                let opened = timeout(self.limit, open).await;
                match opened.unwrap_or_else(|_| Err(Status::deadline_exceeded("the stream does not begin"))) {
                    Ok(frames) => none.insert(frames.into_inner()),
                    Err(status) => return self.handle_break(status),
                }
            }
        };
        match frames.message().await {
            Ok(Some(frame)) => {
                self.backoff.reset();
                Ok(Came::Frame(frame))
            }
            Ok(None) => self.handle_break(Status::unavailable("the stream ended")),
            Err(status) => self.handle_break(status),
        }
    }

    /// Lets go of the stream; the next one is opened after a pause.
    pub(super) fn let_go(&mut self, retry_after: Option<Duration>) {
        self.frames = None;
        self.not_before = Some(Instant::now() + self.backoff.pause(retry_after));
    }

    /// Returns the instant until which to wait for the first frame.
    pub(super) fn patience_ends(&self) -> Instant {
        Instant::now() + self.patience
    }

    fn handle_break(&mut self, status: Status) -> Result<Came<F>, Error> {
        let refusal = Refusal::from(status);
        self.let_go(refusal.retry_after);
        match may_help(&refusal, Repeat::Safe) {
            true => Ok(Came::Break(refusal.into())),
            false => Err(refusal.into()),
        }
    }
}
