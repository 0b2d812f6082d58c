//! What a call's task asks of one stream.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::bridge::Bridge;
use super::negotiate::Agreed;
use super::recorder::Tap;
use super::{ClipId, Listen, MediaStats};

/// To one stream.
pub(super) enum Order {
    /// Queue a clip; samples are at the stream's rate.
    Play(ClipId, Arc<[i16]>),
    /// Queue a clip whose samples are still to come.
    Pour(ClipId),
    /// More of it, at the stream's rate. A clip that was stopped takes nothing.
    Add(ClipId, Arc<[i16]>),
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
