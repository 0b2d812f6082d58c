//! `openai`: any service that speaks the OpenAI API, on the local network or outside: chat, transcription, speech.

mod audio;
mod chat;
mod complete;
mod pieces;
#[cfg(test)]
mod tests;

pub use super::endpoint::Endpoint;
pub use audio::{Speaker, Transcriber};
#[cfg(test)]
pub(in crate::engine) use chat::pieces_of_stream;
pub use chat::{Chat, ChatSettings};
pub use complete::Completer;
