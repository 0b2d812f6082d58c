//! One call as it happens: what was told of it already, then what is told from now on, up to its end.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt as _};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::service::{Calls, Live};
use crate::base::Result;
use crate::base::id::SessionId;
use crate::contract::event::CallEventKind;

impl Calls {
    /// What happened on a call after this event, and what happens on it from now on. The last event is its end; a listener that is too
    /// slow misses some before it.
    pub async fn follow(&self, session_id: SessionId, after: u32) -> Result<BoxStream<'static, Live>> {
        // Listening begins before reading, so that nothing falls between the two.
        let live = self.live();
        let missed = VecDeque::from(self.missed(&format!("{session_id}:{after}")).await?);
        let follower = Follower { session_id, missed, last: after, live, is_over: false };
        Ok(stream::unfold(follower, step).boxed())
    }
}

async fn step(mut follower: Follower) -> Option<(Live, Follower)> {
    let next = follower.next().await?;
    Some((next, follower))
}

struct Follower {
    session_id: SessionId,
    missed: VecDeque<Live>,
    /// The event that was told last.
    last: u32,
    live: Receiver<Arc<Live>>,
    is_over: bool,
}

impl Follower {
    async fn next(&mut self) -> Option<Live> {
        if self.is_over {
            return None;
        }
        let next = match self.missed.pop_front() {
            Some(missed) => missed,
            None => self.heard().await?,
        };
        self.last = next.event.seq;
        self.is_over = matches!(next.event.what, CallEventKind::Completed);
        Some(next)
    }

    async fn heard(&mut self) -> Option<Live> {
        loop {
            match self.live.recv().await {
                Ok(happened) if happened.session_id == self.session_id && happened.event.seq > self.last => {
                    return Some(Live::clone(&happened));
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
