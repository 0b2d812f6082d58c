//! A request's body that must keep coming: one that trickles is cut off, so that slow clients cannot hold connections for ever.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::limits::Limits;

/// Counts what comes and sets a deadline once the body is waited for.
pub(super) struct Paced {
    body: Incoming,
    limits: Limits,
    n_bytes: u64,
    waiting: Option<Waiting>,
}

struct Waiting {
    since: Instant,
    deadline: Pin<Box<Sleep>>,
}

impl Paced {
    pub(super) fn new(body: Incoming, limits: Limits) -> Self {
        Self { body, limits, n_bytes: 0, waiting: None }
    }

    /// How long the body may take with what has come so far: the grace time, then one second per [`Limits::body_rate`] bytes.
    fn allowed(&self) -> Duration {
        self.limits.body_grace + Duration::from_secs(self.n_bytes / self.limits.body_rate.max(1))
    }

    /// The body is late when its deadline has passed and the bytes that came since did not move it.
    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        let allowed = self.allowed();
        let waiting = self.waiting.get_or_insert_with(|| {
            let since = Instant::now();
            Waiting { since, deadline: Box::pin(tokio::time::sleep_until(since + allowed)) }
        });
        let until = waiting.since + allowed;
        if waiting.deadline.deadline() != until {
            waiting.deadline.as_mut().reset(until);
        }
        waiting.deadline.as_mut().poll(cx).is_ready()
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.n_bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(other) => Poll::Ready(other.map(|frame| frame.map_err(Into::into))),
            Poll::Pending if self.is_late(cx) => Poll::Ready(Some(Err("the body came too slowly".into()))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
