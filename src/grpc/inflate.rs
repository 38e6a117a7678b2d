//! Compressed requests, inflated within limits and in reserved memory.
//!
//! ```text
//!   the first 64 KiB, where it came ──> that was all: done
//!          └──> more: measured, nothing kept ──> room reserved ──> inflated        on a thread where nobody waits
//! ```
//!
//! A few bytes can become thousands of times as many. So beyond [`FREE`] a request may be at most [`RATIO`] times as
//! large as the bytes sent, and never larger than a request sent plainly. A large request is inflated twice. The first
//! time only measures it, which takes no memory.

use super::status::CallRefusal;
use detente_domain::rejection::Violation;
use detente_ledger::budget::{MemoryBudget, NoMemory, Reservation, ReservedBuffer, SMALL};
use prost::bytes::Bytes;
use std::io::{self, Cursor, Read};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The bytes that a request may become, however small it was.
const FREE: usize = 1 << 20;
/// The most times that a larger request may be as large as the bytes sent.
const RATIO: usize = 100;
/// The distance that zstd may refer back, as a power of two: RFC 8878 recommends that every decoder support it.
const ZSTD_WINDOW_LOG: u32 = 23;

/// The places for large requests to be inflated, weighed or decoded at once; more requests wait for them.
static PLACES: Semaphore = Semaphore::const_new(4);

/// The compression of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

/// Bytes that are there, with what is reserved for them.
#[derive(Debug)]
pub(crate) struct Payload {
    /// The bytes.
    pub(crate) bytes: Bytes,
    /// The memory reserved for them.
    pub(crate) reserved: Reservation,
}

impl From<ReservedBuffer> for Payload {
    fn from(buffer: ReservedBuffer) -> Self {
        let (bytes, reserved) = buffer.into_parts();
        Self { bytes: bytes.into(), reserved }
    }
}

impl From<NoMemory> for CallRefusal {
    fn from(none: NoMemory) -> Self {
        match none {
            NoMemory::Full => Self::Overloaded("large requests"),
            NoMemory::Never => Self::too_large("", "the request takes more memory than there is; send less at once"),
        }
    }
}

/// Does what takes long on a thread where nobody waits for it.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, CallRefusal> {
    let _place = PLACES.acquire().await.map_err(|_| CallRefusal::Stopping)?;
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|ended| if ended.is_panic() { CallRefusal::Defect } else { CallRefusal::Stopping })
}

impl Compression {
    /// The compression of a name, as both gRPC and HTTP have it.
    pub(crate) fn by_name(name: &[u8]) -> Option<Self> {
        match name {
            b"gzip" => Some(Self::Gzip),
            b"zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Its name, as both gRPC and HTTP have it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    fn reader(self, sent: Bytes) -> io::Result<Box<dyn Read + Send>> {
        let sent = Cursor::new(sent);
        Ok(match self {
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(sent)),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(sent)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Box::new(decoder)
            }
        })
    }

    /// Memory of a reader in addition to the bytes it has read.
    const fn memory(self) -> usize {
        match self {
            Self::Gzip => 0,
            Self::Zstd => 1 << ZSTD_WINDOW_LOG,
        }
    }

    fn refusal(self, error: &io::Error) -> CallRefusal {
        let (name, said) = (self.name(), error.to_string());
        match said.contains("too much memory") {
            true => {
                let most = self.memory() >> 20;
                CallRefusal::too_large("", format!("the request is {name} with a window of more than {most} MiB"))
            }
            false => CallRefusal::Invalid(vec![Violation::new("", format!("the request is not {name}: {said}"))]),
        }
    }
}

/// The largest sizes that a request may become.
#[derive(Clone, Copy)]
struct Bounds {
    /// The size allowed for the bytes sent.
    allowed: usize,
    /// The size allowed for any request.
    limit: usize,
}

impl Bounds {
    fn check(self, bytes: usize) -> Result<(), CallRefusal> {
        if bytes > self.limit {
            return Err(CallRefusal::too_large(
                "",
                format!("inflated, the request is larger than {} bytes", self.limit),
            ));
        }
        if bytes > self.allowed {
            let what = format!(
                "inflated, the request is larger than {FREE} bytes and more than {RATIO} times as large as it was sent; send \
                 it with less compression or none"
            );
            return Err(CallRefusal::too_large("", what));
        }
        Ok(())
    }

    /// Returns the number of bytes that a reader yields, if they are allowed. None of them are kept.
    fn measure(self, mut reader: impl Read, compression: Compression) -> Result<usize, CallRefusal> {
        let (mut read, mut piece) = (0, [0; 16 << 10]);
        loop {
            match reader.read(&mut piece).map_err(|error| compression.refusal(&error))? {
                0 => return Ok(read),
                more => read += more,
            }
            self.check(read)?;
        }
    }
}

/// Inflates a request, to at most `limit` bytes.
pub(crate) async fn inflate(
    compression: Compression,
    sent: Payload,
    limit: usize,
    budget: &Arc<MemoryBudget>,
) -> Result<Payload, CallRefusal> {
    const OFTEN: usize = 8;
    let (wrong, bytes) = (move |error: io::Error| compression.refusal(&error), sent.bytes.clone());
    let bounds = Bounds { allowed: bytes.len().saturating_mul(RATIO).max(FREE).min(limit), limit };
    if bytes.len() <= SMALL {
        let mut inflated = ReservedBuffer::new(budget, SMALL);
        inflated.make_room(bytes.len().saturating_mul(OFTEN).clamp(1, SMALL)).await?;
        let mut reader = compression.reader(bytes.clone()).map_err(wrong)?;
        if inflated.fill(&mut reader).map_err(wrong)? {
            bounds.check(inflated.as_slice().len())?;
            return Ok(inflated.into());
        }
    }
    let mut window = budget.nothing();
    window.extend(compression.memory()).await?;
    let sent = bytes.clone();
    let measure = move || bounds.measure(compression.reader(sent).map_err(wrong)?, compression);
    let size = aside(measure).await??;
    let mut inflated = ReservedBuffer::new(budget, size);
    // One byte more shows that this is all.
    inflated.make_room(size.saturating_add(1)).await?;
    let fill = move || inflated.fill(&mut compression.reader(bytes)?).map(|_| inflated);
    Ok(aside(fill).await?.map_err(wrong)?.into())
}

/// Inflates a message that may be small only, where it came.
pub(crate) fn inflate_small(compression: Compression, sent: Bytes, most: usize) -> Result<Vec<u8>, CallRefusal> {
    let wrong = |error: io::Error| compression.refusal(&error);
    let mut inflated = Vec::new();
    let reader = compression.reader(sent).map_err(wrong)?;
    reader.take(most as u64 + 1).read_to_end(&mut inflated).map_err(wrong)?;
    Bounds { allowed: most, limit: most }.check(inflated.len())?;
    Ok(inflated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use tonic::Status;

    const LIMIT: usize = 16 << 20;

    fn compress(compression: Compression, bytes: &[u8]) -> Vec<u8> {
        match compression {
            Compression::Zstd => zstd::bulk::compress(bytes, 3).unwrap(),
            Compression::Gzip => {
                let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                gzip.write_all(bytes).unwrap();
                gzip.finish().unwrap()
            }
        }
    }

    async fn inflate_all(compression: Compression, sent: Vec<u8>, budget: &Arc<MemoryBudget>) -> Result<Bytes, String> {
        let sent = Payload { bytes: sent.into(), reserved: budget.nothing() };
        let inflated = inflate(compression, sent, LIMIT, budget).await;
        inflated.map(|inflated| inflated.bytes).map_err(|refusal| {
            let reason = refusal.reason().as_str_name();
            format!("{reason}: {}", Status::from(refusal).message())
        })
    }

    /// Bytes that hardly compress.
    fn noise(bytes: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..bytes).map(next).collect()
    }

    #[tokio::test]
    async fn what_was_compressed_is_what_it_was_small_and_large() {
        let budget = MemoryBudget::new(64 << 20);
        for compression in [Compression::Gzip, Compression::Zstd] {
            for whole in [b"{}".to_vec(), noise(70_000), noise(5 << 20), vec![7; 1 << 20]] {
                let sent = compress(compression, &whole);
                assert!(inflate_all(compression, sent, &budget).await.unwrap() == whole, "{compression:?}");
            }
            let two = [compress(compression, b"one"), compress(compression, b"two")].concat();
            assert_eq!(inflate_all(compression, two, &budget).await.unwrap(), "onetwo");
        }
        assert_eq!(budget.used_bytes(), 0);
    }

    #[tokio::test]
    async fn what_is_too_large_too_dense_malformed_or_cut_off_is_refused_and_leaves_nothing_reserved() {
        let budget = MemoryBudget::new(64 << 20);
        for compression in [Compression::Gzip, Compression::Zstd] {
            for (sent, refused) in [
                (compress(compression, &noise(LIMIT + 1)), "larger than 16777216 bytes"),
                (compress(compression, &vec![7; 4 << 20]), "more than 100 times as large"),
            ] {
                let refusal = inflate_all(compression, sent, &budget).await.unwrap_err();
                assert!(refusal.starts_with("ERROR_REASON_LIMIT_EXCEEDED"), "{refusal}");
                assert!(refusal.contains(refused), "{refusal}");
            }
            let whole = compress(compression, &noise(200_000));
            for sent in [whole[..100_000].to_vec(), whole[..whole.len() - 3].to_vec(), b"neither".to_vec()] {
                let refusal = inflate_all(compression, sent, &budget).await.unwrap_err();
                assert!(refusal.starts_with("ERROR_REASON_INVALID_REQUEST"), "{refusal}");
                assert!(refusal.contains(&format!("not {}", compression.name())), "{refusal}");
            }
        }
        assert_eq!(budget.used_bytes(), 0);
    }

    #[tokio::test]
    async fn a_window_that_is_large_is_refused_whatever_is_in_it() {
        let budget = MemoryBudget::new(64 << 20);
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
        encoder.window_log(27).unwrap();
        encoder.write_all(b"little").unwrap();
        let refusal = inflate_all(Compression::Zstd, encoder.finish().unwrap(), &budget).await.unwrap_err();
        assert!(refusal.contains("a window of more than 8 MiB"), "{refusal}");
    }

    #[tokio::test]
    async fn where_there_is_no_room_for_it_that_is_said() {
        let budget = MemoryBudget::new(LIMIT);
        let sent = compress(Compression::Gzip, &noise(2 << 20));
        let other = budget.try_reserve(LIMIT - (1 << 20)).unwrap();
        let refusal = inflate_all(Compression::Gzip, sent.clone(), &budget).await.unwrap_err();
        assert!(refusal.starts_with("ERROR_REASON_OVERLOADED"), "{refusal}");
        drop(other);
        assert_eq!(inflate_all(Compression::Gzip, sent, &budget).await.unwrap().len(), 2 << 20);
    }
}
