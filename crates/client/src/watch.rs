//! A watch of the clock that outlives its connections: each transition once, none missed.
//!
//! Every frame has a token, and after a break the clock is watched from that token on. A consumer that keeps the token can do the
//! same in another process.

use super::follow::{Came, Following};
use super::stream::unfold;
use super::{Client, Error};
use detente_proto::v1::{ClockTransition, WatchClockRequest, WatchClockResponse};
use tokio::time::Instant;
use tokio_stream::Stream;

/// The news of a watch.
#[derive(Clone, Debug)]
pub enum ClockNews {
    /// A frame: a transition that has come, or a sign that none has.
    Frame(Box<WatchClockResponse>),
    /// The connection broke or the server stops; it will be mended. [`ClockWatch::next`] goes on after a pause.
    Interrupted(Error),
}

/// A watch of the clock.
#[derive(Debug)]
pub struct ClockWatch {
    client: Client,
    /// The request that goes on behind what has been told.
    request: WatchClockRequest,
    following: Following<WatchClockResponse>,
    /// The frame that came when it began.
    first: Option<Box<WatchClockResponse>>,
    /// That of the last frame handed out.
    token: String,
}

impl ClockWatch {
    pub(super) async fn begin(client: Client, request: WatchClockRequest) -> Result<Self, Error> {
        let following = Following::new(&client.options);
        let mut watch = Self { client, request, following, first: None, token: String::new() };
        let until = watch.following.patience_ends();
        loop {
            match watch.pull().await? {
                Came::Break(why) if Instant::now() >= until => return Err(why),
                Came::Break(_) => {}
                Came::Frame(frame) => return Ok(Self { first: Some(frame), ..watch }),
            }
        }
    }

    /// Waits for the next news. A caller that stops waiting loses nothing.
    ///
    /// # Errors
    /// [`Error::Refused`] if coming back would not help.
    pub async fn next(&mut self) -> Result<ClockNews, Error> {
        let came = match self.first.take() {
            Some(first) => Came::Frame(first),
            None => self.pull().await?,
        };
        Ok(match came {
            Came::Break(why) => ClockNews::Interrupted(why),
            Came::Frame(frame) => {
                self.token.clone_from(&frame.token);
                ClockNews::Frame(frame)
            }
        })
    }

    /// Waits for the next transition, whatever else comes before it.
    ///
    /// # Errors
    /// As [`ClockWatch::next`].
    pub async fn transition(&mut self) -> Result<ClockTransition, Error> {
        loop {
            if let ClockNews::Frame(frame) = self.next().await?
                && let Some(transition) = frame.transition
            {
                return Ok(transition);
            }
        }
    }

    /// The token of the last frame handed out; `after` of a watch that goes on.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Returns the next frame or break, from the server.
    async fn pull(&mut self) -> Result<Came<Box<WatchClockResponse>>, Error> {
        let (mut stub, request) = (self.client.stub(), self.request.clone());
        Ok(match self.following.next(async move { stub.watch_clock(request).await }).await? {
            Came::Break(why) => Came::Break(why),
            Came::Frame(frame) => {
                (self.request.after, self.request.from) = (frame.token.clone(), None);
                Came::Frame(Box::new(frame))
            }
        })
    }

    /// The news as a stream, which ends after the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<ClockNews, Error>> + Send + Unpin {
        unfold(Some(self), |watch| {
            Box::pin(async move {
                let mut watch = watch?;
                match watch.next().await {
                    Ok(news) => Some((Ok(news), Some(watch))),
                    Err(error) => Some((Err(error), None)),
                }
            })
        })
    }
}
