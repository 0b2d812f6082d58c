//! How fast whoever asked takes an answer, and how much of it is therefore read at once: a few who take fast are spared wake-ups, a hundred
//! who take slowly hold little memory each.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf, Take};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Read at once of what is taken slowly. One byte less than a power of two: hyper doubles a buffer that was filled.
const SMALL: usize = 8 * 1024 - 1;
/// Read at once of what is taken fast.
const LARGE: usize = 64 * 1024 - 1;
/// Answers that are read in large pieces at once. Who comes later is read in small ones and loses a tenth of the speed of loopback.
const MOST_LARGE: usize = 4;
/// Bytes that must be taken without a wait before large pieces are read again.
const PROOF: usize = 1024 * 1024;
/// Who takes fewer bytes than this in a millisecond is slow (5 MB/s): large pieces would spare nothing that is felt.
const SLOW_PER_MS: usize = 5_000;

/// Places of answers that are read in large pieces. Cheap to clone.
#[derive(Clone)]
pub(super) struct Places(Arc<Semaphore>);

impl Default for Places {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_LARGE)))
    }
}

/// How much may be read at once. The connection and whoever takes from it share one.
#[derive(Clone)]
pub(super) struct Allowance(Arc<AtomicUsize>);

impl Default for Allowance {
    fn default() -> Self {
        Self(Arc::new(AtomicUsize::new(SMALL)))
    }
}

/// Watches how an answer is taken.
pub(super) struct Pace {
    allowance: Allowance,
    places: Places,
    place: Option<OwnedSemaphorePermit>,
    /// The piece that was handed on last: when, and its bytes.
    handed: Option<(Instant, usize)>,
    /// Bytes taken without a wait. Everybody is believed to be fast at first.
    n_fast: usize,
}

impl Pace {
    pub(super) fn new(allowance: Allowance, places: Places) -> Self {
        Self { allowance, places, place: None, handed: None, n_fast: PROOF }
    }

    /// A piece of so many bytes goes out.
    pub(super) fn hands_on(&mut self, n_bytes: usize, now: Instant) {
        self.handed = Some((now, n_bytes));
    }

    /// The next piece is wanted.
    pub(super) fn is_asked(&mut self, now: Instant) {
        if let Some((at, n_bytes)) = self.handed.take() {
            self.n_fast = taken(self.n_fast, n_bytes, now.saturating_duration_since(at));
        }
        if self.n_fast < PROOF {
            self.place = None;
        } else if self.place.is_none() {
            self.place = self.places.0.clone().try_acquire_owned().ok();
        }
        self.allowance.0.store(if self.place.is_some() { LARGE } else { SMALL }, Ordering::Relaxed);
    }
}

/// Bytes taken without a wait, after a piece that was taken within this time.
fn taken(n_fast: usize, n_bytes: usize, within: Duration) -> usize {
    let ms = usize::try_from(within.as_millis()).unwrap_or(usize::MAX);
    let is_slow = ms > 0 && ms.saturating_mul(SLOW_PER_MS) > n_bytes;
    if is_slow { 0 } else { (n_fast + n_bytes).min(PROOF) }
}

/// A stream of which no more is read at once than is allowed.
pub(super) struct Measured<S> {
    stream: Take<S>,
    allowance: Allowance,
}

impl<S: AsyncRead> Measured<S> {
    pub(super) fn new(stream: S, allowance: Allowance) -> Self {
        Self { stream: stream.take(0), allowance }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Measured<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let most = self.allowance.0.load(Ordering::Relaxed);
        self.stream.set_limit(most as u64);
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Measured<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(self.stream.get_mut()).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_shutdown(cx)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(self.stream.get_mut()).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.get_ref().is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wait_must_be_made_good_by_a_megabyte_without() {
        let (fast, slow) = (Duration::from_micros(100), Duration::from_millis(20));
        assert_eq!(taken(PROOF, SMALL, fast), PROOF);
        assert_eq!(taken(PROOF, LARGE, Duration::from_millis(13)), PROOF);
        assert_eq!(taken(PROOF, LARGE, slow), 0);
        assert_eq!((0..128).fold(0, |n_fast, _| taken(n_fast, SMALL, fast)), PROOF - 128);
        assert_eq!((0..129).fold(0, |n_fast, _| taken(n_fast, SMALL, fast)), PROOF);
    }

    #[test]
    fn a_few_who_take_fast_are_given_much_and_who_waits_makes_room() {
        let (places, now) = (Places::default(), Instant::now());
        let mut listeners: Vec<(Allowance, Pace)> = (0..MOST_LARGE + 2)
            .map(|_| {
                let allowance = Allowance::default();
                (allowance.clone(), Pace::new(allowance, places.clone()))
            })
            .collect();
        let given = |listeners: &[(Allowance, Pace)]| -> Vec<bool> {
            listeners.iter().map(|(allowance, _)| allowance.0.load(Ordering::Relaxed) == LARGE).collect()
        };
        listeners.iter_mut().for_each(|(_, pace)| pace.is_asked(now));
        let (few, others) = (vec![true; MOST_LARGE], [false, false]);
        assert_eq!(given(&listeners), [&few[..], &others].concat());

        // The first one takes its piece slowly; its place is the next one's who asks.
        listeners.iter_mut().for_each(|(_, pace)| pace.hands_on(LARGE, now));
        listeners[1..].iter_mut().for_each(|(_, pace)| pace.is_asked(now));
        let now = now + Duration::from_secs(1);
        listeners[0].1.is_asked(now);
        listeners[MOST_LARGE].1.is_asked(now);
        assert_eq!(given(&listeners), [&[false][..], &few, &[false]].concat());

        // Whoever ends makes room too.
        listeners.remove(2);
        listeners[MOST_LARGE].1.is_asked(now);
        assert_eq!(given(&listeners), [&[false][..], &few].concat());
    }

    #[tokio::test]
    async fn no_more_is_read_at_once_than_is_allowed_and_nothing_is_lost() {
        use tokio::io::AsyncWriteExt as _;
        let (mut far, near) = tokio::io::duplex(1 << 20);
        let sent: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        far.write_all(&sent).await.expect("written");
        drop(far);
        let mut near = Measured::new(near, Allowance::default());
        let (mut buffer, mut all) = (vec![0; 1 << 20], Vec::new());
        loop {
            let n_bytes = near.read(&mut buffer).await.expect("read");
            assert!(n_bytes <= SMALL, "{n_bytes} at once");
            if n_bytes == 0 {
                break;
            }
            all.extend_from_slice(&buffer[..n_bytes]);
        }
        assert!(all == sent);
    }
}
