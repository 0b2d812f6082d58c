//! What can happen to a session next, and the waiting for it.

use std::future::pending;

use audio_codec::BoxedResampler;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::super::live::Partials;
use super::{Order, ToolResult};
use crate::contract::turn::Turn;
use crate::engine::providers::{Heard, ProviderError, Soon};
use crate::platform::net::{Message, NetError, Socket};

/// What a tool gave whose use needed no answer.
pub(super) const NOTED: &str = "done";

/// An utterance that is being heard.
pub(super) struct Hearing {
    pub(super) sound: mpsc::Receiver<Vec<i16>>,
    pub(super) partials: Partials,
    pub(super) reply: oneshot::Sender<Result<Heard, ProviderError>>,
    pub(super) resampler: Option<BoxedResampler>,
    pub(super) words: String,
    /// The caller has stopped.
    pub(super) is_over: bool,
}

/// What comes next.
pub(super) enum Step {
    Order(Order),
    Sound(Option<Vec<i16>>),
    Message(Result<Option<Message>, NetError>),
    /// Nobody wants the words of the utterance any more.
    Unheard,
    /// Nobody wants the answer any more.
    Unwanted,
    /// The words are overdue.
    Due,
}

/// What a tool gave, as the conversation has it.
pub(super) fn given(used: ToolResult, turns: &[Turn]) -> ToolResult {
    let of_it = |turn: &&Turn| turn.extra.get("tool_call_id").and_then(Value::as_str) == Some(used.id.as_str());
    let text = turns.iter().rev().find(of_it).map_or_else(|| NOTED.to_owned(), |turn| turn.content.clone());
    ToolResult { text, ..used }
}

/// What comes of the utterance next.
pub(super) async fn utterance(hearing: &mut Option<Hearing>) -> Step {
    let Some(Hearing { sound, reply, is_over, .. }) = hearing else { return pending().await };
    let is_speaking = !*is_over;
    tokio::select! {
        () = reply.closed() => Step::Unheard,
        samples = sound.recv(), if is_speaking => Step::Sound(samples),
    }
}

pub(super) async fn next(socket: &mut Option<Socket>) -> Result<Option<Message>, NetError> {
    match socket {
        Some(socket) => socket.next().await,
        None => pending().await,
    }
}

pub(super) async fn elapsed(due: &mut Option<Soon<'static, ()>>) {
    match due {
        Some(due) => due.await,
        None => pending().await,
    }
}
