//! What a bot speaks, line by line.

use crate::engine::media::ClipId;

/// A line the bot speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Names it in the inputs about it.
    pub id: ClipId,
    /// The words.
    pub text: String,
    /// What it is.
    pub kind: LineKind,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// That the caller speaks with an AI. Voice pauses it, nothing skips it.
    Disclosure,
    /// About the recording. Voice pauses it, nothing skips it.
    Notice,
    /// Greeting, re-engagement, words before a transfer: known before the call.
    Fixed,
    /// An announcement, said once more.
    Again,
    /// That the answer takes a while, or a tool it needs; no part of it.
    Patience,
    /// Of an answer.
    Answer,
    /// That something failed.
    Failure,
    /// Left on a machine.
    Message,
}

impl LineKind {
    /// Whether the line must be heard to its end.
    pub(super) fn is_protected(self) -> bool {
        matches!(self, Self::Disclosure | Self::Notice)
    }
}
