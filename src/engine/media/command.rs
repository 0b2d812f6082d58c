//! What a call's task asks of the media thread.

use std::sync::mpsc::SyncSender;

use crate::base::{Error, Result};

use super::order::Order;
use super::stream::Stream;

/// Commands that may wait. The thread takes all of them every 4 ms, so a full queue means that it has died.
pub(super) const QUEUE: usize = 4096;

/// To the thread.
pub(super) enum Command {
    /// Serve this stream from now on.
    Add(Box<Stream>),
    /// To one of its streams.
    To(u64, Order),
}

/// The thread's inbox. Cheap to clone.
#[derive(Clone)]
pub(super) struct Inbox(pub(super) SyncSender<Command>);

impl Inbox {
    /// Puts a command into the queue without waiting.
    pub(super) fn send(&self, command: Command) -> Result<()> {
        self.0.try_send(command).map_err(|_| Error::unavailable("the media thread does not answer"))
    }
}
