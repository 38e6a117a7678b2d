//! A stream out of a state and what makes the next entry of it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio_stream::Stream;

/// The next entry and what is left; nothing ends the stream.
pub(super) type NextItem<S, T> = Pin<Box<dyn Future<Output = Option<(T, S)>> + Send>>;

/// The stream of what `step` makes of `state`, again and again.
pub(super) fn unfold<S: Send, T: Send>(
    state: S,
    step: fn(S) -> NextItem<S, T>,
) -> impl Stream<Item = T> + Send + Unpin {
    Unfold { running: Some(step(state)), step }
}

struct Unfold<S, T> {
    running: Option<NextItem<S, T>>,
    step: fn(S) -> NextItem<S, T>,
}

impl<S, T> Stream for Unfold<S, T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(running) = &mut self.running else { return Poll::Ready(None) };
        let made = ready!(running.as_mut().poll(context));
        self.running = None;
        let Some((entry, rest)) = made else { return Poll::Ready(None) };
        self.running = Some((self.step)(rest));
        Poll::Ready(Some(entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_stream::StreamExt as _;

    #[tokio::test]
    async fn it_ends_where_there_is_no_next_and_stays_ended() {
        let mut countdown =
            unfold(3, |left: u32| Box::pin(async move { left.checked_sub(1).map(|rest| (left, rest)) }));
        assert_eq!((&mut countdown).collect::<Vec<_>>().await, [3, 2, 1]);
        assert_eq!(countdown.next().await, None);
    }
}
