//! An HTTP/2 stream whose small writes go out together.
//!
//! HTTP/2 writes a reply in frames of up to 16 KiB, flushes behind each of them, and then writes the trailers: two system
//! calls and two packets at least. Here they are gathered, and a flush behind a frame only asks for the task to be polled
//! once more:
//!
//! ```text
//!   write of a frame, flush   gathered; the task will be polled again, unless everything went out before
//!   write, flush              everything goes out in one write
//!   polled again, read        what is still here goes out
//! ```
//!
//! Nothing waits for long: mostly the next flush comes in the same poll, and if it does not, the task is polled again before
//! its thread goes to sleep; reading, flushing and shutting down all send. A small reply is one piece with its trailers, and
//! goes out with its one flush. More than [`MOST`] bytes go out directly, behind those that were gathered, so that a client
//! reads the beginning of a large reply while the rest is written. A whole frame does so already where no other call is
//! carried: the client then reads it on a processor that has nothing else to do. HTTP/1.1 flushes once a reply, so nothing is
//! gathered for it.

use super::link::CallCount;
use parking_lot::Mutex;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The beginning of an HTTP/2 connection (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0";
/// Maximum number of bytes that are gathered while there are other calls.
const MOST: usize = 64 << 10;
/// Maximum number of bytes that are gathered for a call that is the only one: less than a whole frame.
const MOST_ALONE: usize = 16 << 10;
/// Maximum number of bytes for which room is kept while nothing waits.
const ROOM: usize = 16 << 10;

/// A stream with what is to be written to it.
#[derive(Debug)]
pub(super) struct GatheringStream<S> {
    stream: S,
    /// Bytes that wait, from `sent` on.
    waiting: Vec<u8>,
    sent: usize,
    /// True for HTTP/2; none before anything was read.
    is_http2: Option<bool>,
    /// Set if more is about to follow: they were written in pieces, and have not been flushed.
    is_begun: bool,
    reminder: Arc<Reminder>,
    calls: CallCount,
}

/// The task to wake as long as something waits.
#[derive(Debug, Default)]
struct Reminder(Mutex<Option<Waker>>);

impl Wake for Reminder {
    fn wake(self: Arc<Self>) {
        self.0.lock().take().into_iter().for_each(Waker::wake);
    }
}

impl Reminder {
    /// Wakes the task before its thread goes to sleep, unless it is cancelled. To wake it at once would wake another thread
    /// to take it over, with or without need.
    fn set(self: &Arc<Self>, context: &Context<'_>) {
        *self.0.lock() = Some(context.waker().clone());
        let own = Waker::from(Arc::clone(self));
        // Pending: its first poll is the one that asks to be woken.
        let _ = pin!(tokio::task::yield_now()).poll(&mut Context::from_waker(&own));
    }

    fn cancel(&self) {
        *self.0.lock() = None;
    }
}

impl<S: AsyncWrite + Unpin> GatheringStream<S> {
    /// A stream with nothing to be written.
    pub(super) fn new(stream: S, calls: CallCount) -> Self {
        let reminder = Arc::default();
        Self { stream, waiting: Vec::new(), sent: 0, is_http2: None, is_begun: false, reminder, calls }
    }

    /// Sends everything that waits.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.waiting.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while let Some(rest) = self.waiting.get(self.sent..).filter(|rest| !rest.is_empty()) {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += written;
        }
        self.waiting.clear();
        self.waiting.shrink_to(ROOM);
        (self.sent, self.is_begun) = (0, false);
        self.reminder.cancel();
        Poll::Ready(Ok(()))
    }

    fn has_room_for(&self, bytes: usize) -> bool {
        let most = if self.calls.is_several() { MOST } else { MOST_ALONE };
        self.waiting.len().saturating_add(bytes) <= most
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for GatheringStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // Bytes that the peer does not take yet must not keep the peer's own bytes waiting.
        if let Poll::Ready(Err(error)) = self.poll_send(context) {
            return Poll::Ready(Err(error));
        }
        let before = into.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, into));
        if self.is_http2.is_none() {
            self.is_http2 = into.filled().get(before..).map(|begin| begin.starts_with(PREFACE));
        }
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for GatheringStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.has_room_for(bytes.len()) {
            self.waiting.extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bytes = pieces.iter().map(|piece| piece.len()).sum();
        if self.has_room_for(bytes) {
            let is_http2 = self.is_http2 == Some(true);
            self.is_begun = is_http2 && pieces.iter().filter(|piece| !piece.is_empty()).count() > 1;
            pieces.iter().for_each(|piece| self.waiting.extend_from_slice(piece));
            return Poll::Ready(Ok(bytes));
        }
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if std::mem::take(&mut self.is_begun) {
            self.reminder.set(context);
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    /// A peer that takes the given number of bytes more, and sends once.
    #[derive(Default)]
    struct Peer {
        writes: Vec<Vec<u8>>,
        takes: usize,
        is_shut: bool,
        sends: Vec<u8>,
    }

    impl AsyncRead for Peer {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            if self.sends.is_empty() {
                return Poll::Pending;
            }
            into.put_slice(&std::mem::take(&mut self.sends));
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Peer {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            let taken = bytes.len().min(self.takes);
            if taken == 0 {
                return Poll::Pending;
            }
            self.takes -= taken;
            self.writes.push(bytes[..taken].to_vec());
            Poll::Ready(Ok(taken))
        }

        fn poll_write_vectored(
            self: Pin<&mut Self>,
            context: &mut Context<'_>,
            pieces: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter().copied()).collect();
            self.poll_write(context, &bytes)
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.is_shut = true;
            Poll::Ready(Ok(()))
        }
    }

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    struct Site {
        stream: GatheringStream<Peer>,
        wakes: Arc<Wakes>,
    }

    impl Site {
        fn new(takes: usize) -> Self {
            Self::of(HTTP_2, takes, 2)
        }

        fn of(begin: &[u8], takes: usize, calls: u32) -> Self {
            let peer = Peer { takes, sends: begin.to_vec(), ..Peer::default() };
            let mut site = Self { stream: GatheringStream::new(peer, CallCount::of(calls)), wakes: Arc::default() };
            let mut buffer = [0; 64];
            assert!(site.with(|stream, context| stream.poll_read(context, &mut ReadBuf::new(&mut buffer))).is_ready());
            site
        }

        fn with<T>(
            &mut self,
            poll: impl FnOnce(Pin<&mut GatheringStream<Peer>>, &mut Context<'_>) -> Poll<T>,
        ) -> Poll<T> {
            let waker = Waker::from(Arc::clone(&self.wakes));
            poll(Pin::new(&mut self.stream), &mut Context::from_waker(&waker))
        }

        fn write_pieces(&mut self, pieces: &[&[u8]]) -> usize {
            let pieces: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
            match self.with(|stream, context| stream.poll_write_vectored(context, &pieces)) {
                Poll::Ready(written) => written.unwrap(),
                Poll::Pending => 0,
            }
        }

        fn write(&mut self, bytes: &[u8]) -> usize {
            match self.with(|stream, context| stream.poll_write(context, bytes)) {
                Poll::Ready(written) => written.unwrap(),
                Poll::Pending => 0,
            }
        }

        fn flush(&mut self) -> bool {
            self.with(|stream, context| stream.poll_flush(context)).is_ready()
        }

        fn read(&mut self) {
            let mut buffer = [0; 8];
            assert!(
                self.with(|stream, context| stream.poll_read(context, &mut ReadBuf::new(&mut buffer))).is_pending()
            );
        }

        fn writes(&self) -> Vec<usize> {
            self.stream.stream.writes.iter().map(Vec::len).collect()
        }
    }

    #[test]
    fn a_message_and_its_trailers_go_out_in_one_write() {
        let mut site = Site::new(usize::MAX);
        assert_eq!(site.write_pieces(&[&[0; 9], &[1; 4991]]), 5000);
        assert!(site.flush());
        assert_eq!((site.writes(), site.wakes.0.load(Ordering::Relaxed)), (vec![], 1));
        assert_eq!(site.write(&[2; 10]), 10);
        assert!(site.flush());
        assert_eq!(site.writes(), [5010]);
        site.read();
        assert_eq!(site.writes(), [5010]);
    }

    #[test]
    fn one_piece_goes_out_with_its_flush_and_wakes_nobody() {
        let mut site = Site::new(usize::MAX);
        assert_eq!(site.write(&[1; 100]) + site.write_pieces(&[&[], &[2; 20]]), 120);
        assert!(site.flush());
        assert_eq!((site.writes(), site.wakes.0.load(Ordering::Relaxed)), (vec![120], 0));
    }

    #[test]
    fn pieces_of_http_1_go_out_with_their_flush_and_wake_nobody() {
        let mut site = Site::of(b"GET /healthz HTTP/1.1\r\n", usize::MAX, 2);
        site.write_pieces(&[&[1; 100], &[2; 20]]);
        assert!(site.flush());
        assert_eq!((site.writes(), site.wakes.0.load(Ordering::Relaxed)), (vec![120], 0));
    }

    #[tokio::test]
    async fn a_task_is_polled_again_only_while_something_waits() {
        // Once more when the time is over.
        for (sends_all, polls) in [(true, 2), (false, 3)] {
            let mut site = Site::new(usize::MAX);
            let mut polled = 0;
            let serving = std::future::poll_fn(|context| {
                polled += 1;
                if polled == 1 {
                    site.write_pieces(&[&[1; 3], &[1; 4]]);
                    assert!(Pin::new(&mut site.stream).poll_flush(context).is_ready());
                }
                if sends_all {
                    assert!(Pin::new(&mut site.stream).poll_flush(context).is_ready());
                }
                Poll::<()>::Pending
            });
            assert!(tokio::time::timeout(std::time::Duration::from_millis(50), serving).await.is_err());
            assert_eq!(polled, polls);
        }
    }

    #[test]
    fn what_is_flushed_once_goes_out_when_the_task_is_polled_again() {
        let mut site = Site::new(usize::MAX);
        site.write_pieces(&[&[1; 3], &[1; 4]]);
        assert!(site.flush());
        site.read();
        assert_eq!(site.writes(), [7]);
        site.write_pieces(&[&[1; 4], &[1; 4]]);
        assert!(site.flush());
        assert_eq!(site.wakes.0.load(Ordering::Relaxed), 2);
        assert!(site.with(|stream, context| stream.poll_shutdown(context)).is_ready());
        assert_eq!(site.writes(), [7, 8]);
        assert!(site.stream.stream.is_shut);
    }

    #[test]
    fn what_is_large_goes_out_directly_behind_what_was_gathered() {
        let mut site = Site::new(usize::MAX);
        site.write(&[1; 100]);
        assert_eq!(site.write(&[2; MOST]), MOST);
        assert_eq!(site.writes(), [100, MOST]);
    }

    #[test]
    fn a_whole_frame_goes_out_directly_where_its_call_is_the_only_one() {
        for (calls, writes) in [(1, vec![16_393, 70]), (2, vec![16_463])] {
            let mut site = Site::of(HTTP_2, usize::MAX, calls);
            site.write_pieces(&[&[0; 9], &[1; 16_384]]);
            assert!(site.flush());
            site.write_pieces(&[&[0; 9], &[1; 51]]);
            assert!(site.flush());
            assert_eq!(site.write(&[2; 10]), 10);
            assert!(site.flush());
            assert_eq!(site.writes(), writes, "{calls} calls");
        }
    }

    #[test]
    fn a_peer_that_takes_little_gets_every_byte_once_and_in_order() {
        let mut site = Site::new(3);
        site.write_pieces(&[b"abcd", b"efgh"]);
        assert!(site.flush());
        assert!(!site.flush());
        assert_eq!(site.write(&[b'x'; MOST]), 0);
        assert_eq!(site.write(b"ij"), 2);
        assert!(site.with(|stream, context| stream.poll_shutdown(context)).is_pending());
        site.stream.stream.takes = usize::MAX;
        assert!(site.flush());
        assert_eq!(site.stream.stream.writes.concat(), b"abcdefghij");
    }
}
