//! What a call's task asks of the media thread.

use std::sync::mpsc::SyncSender;

use tokio::sync::oneshot;

use crate::base::{Error, Result};

use super::bridge::Bridge;
use super::negotiate::Agreed;
use super::recorder::Tap;
use super::stream::Stream;
use super::{ClipId, Listen, MediaStats};

/// Commands that may wait. The thread takes all of them every 4 ms, so a full queue means that it has died.
pub(super) const QUEUE: usize = 4096;

/// To the thread.
pub(super) enum Command {
    /// Serve this stream from now on.
    Add(Box<Stream>),
    /// To one of its streams.
    To(u64, Order),
}

/// To one stream.
pub(super) enum Order {
    /// Queue a clip; samples are at the stream's rate.
    Play(ClipId, std::sync::Arc<[i16]>),
    /// Queue a clip whose samples are still to come.
    Pour(ClipId),
    /// More of it, at the stream's rate. A clip that was stopped takes nothing.
    Add(ClipId, std::sync::Arc<[i16]>),
    /// It is complete.
    Complete(ClipId),
    /// Forget all clips; say how much of the current one was played.
    Stop(oneshot::Sender<u32>),
    Pause(bool),
    Listen(Listen),
    Keys(String),
    Record(Tap),
    PauseRecording(bool),
    Agree(Agreed),
    /// Say what another stream hears, and let it say what this one hears, instead of clips.
    Bridge(Bridge),
    /// Leave the wheel; say how it was. Nobody may wait for the answer.
    Close(oneshot::Sender<MediaStats>),
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
