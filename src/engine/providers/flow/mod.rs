//! `flow`: answers from the intents declared on the bot, without a language model.

mod decide;
mod matching;
mod words;

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::mpsc;

pub use decide::{Decision, Input, Pending, decide};

use super::{Ask, Hints, Llm, Piece, ProviderError, Soon};
use crate::contract::flow::{Flow, FlowTool, FlowToolName};
use crate::contract::turn::{Role, Turn};

/// The responder of one call. It remembers which intent it asked back about.
pub struct FlowResponder {
    flow: Flow,
    language: String,
    pending: Mutex<Option<Pending>>,
}

impl FlowResponder {
    /// A responder for one call.
    pub fn new(flow: Flow, language: &str) -> Self {
        Self { flow, language: language.to_owned(), pending: Mutex::default() }
    }

    fn next(&self, ask: &Ask) -> Decision {
        let input = match (&ask.keys, &ask.heard) {
            (Some(keys), _) => Input::Keys(keys),
            (None, Some(heard)) => Input::Said { text: &heard.text, confidence: heard.confidence },
            // Text that came without recognition, such as a test conversation: taken at its word.
            (None, None) => Input::Said { text: last_words(&ask.turns), confidence: 1.0 },
        };
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let (decision, now_pending) = decide(&self.flow, &self.language, pending.take(), input);
        *pending = now_pending;
        decision
    }
}

impl Llm for FlowResponder {
    fn answer<'a>(&'a self, ask: Ask) -> Soon<'a, Result<mpsc::Receiver<Piece>, ProviderError>> {
        Box::pin(async move {
            let pieces = self.pieces(self.next(&ask));
            // Large enough for all pieces, so that sending never waits.
            let (send, receive) = mpsc::channel(pieces.len().max(1));
            for piece in pieces {
                let _ = send.try_send(piece);
            }
            Ok(receive)
        })
    }
}

impl FlowResponder {
    fn pieces(&self, decision: Decision) -> Vec<Piece> {
        match decision {
            Decision::Intent { index, confidence } => {
                let Some(intent) = self.flow.intents.get(index) else { return Vec::new() };
                let mut pieces = vec![Piece::Intent { id: intent.id.clone(), confidence }];
                if !intent.reply.is_empty() {
                    pieces.push(Piece::Text(intent.reply.clone()));
                }
                pieces.extend(intent.tool.as_ref().map(tool));
                pieces
            }
            Decision::Confirm { question } => vec![Piece::Text(question)],
            Decision::Fallback => vec![Piece::Text(self.flow.fallback.clone())],
        }
    }
}

fn tool(tool: &FlowTool) -> Piece {
    match tool.name {
        FlowToolName::EndCall => Piece::Tool { id: String::new(), name: "end_call".to_owned(), arguments: json!({}) },
        FlowToolName::Transfer => Piece::Tool {
            id: String::new(),
            name: "transfer".to_owned(),
            arguments: tool.target.as_ref().map_or_else(|| json!({}), |target| json!({ "target": Value::String(target.clone()) })),
        },
    }
}

fn last_words(turns: &[Turn]) -> &str {
    turns.iter().rev().find(|turn| turn.role == Role::User).map_or("", |turn| turn.content.as_str())
}

/// What the recogniser should listen for on a call of this flow: its phrases, its keys as spoken digits, and yes and no.
pub fn hints(flow: &Flow, language: &str) -> Hints {
    let mut phrases: Vec<String> = flow.intents.iter().flat_map(|intent| intent.phrases.iter().cloned()).collect();
    phrases.extend(flow.intents.iter().filter_map(|intent| intent.digits.as_deref()).filter_map(words::spoken_digits));
    phrases.extend(words::of(language).yes.iter().chain(words::of(language).no).map(|word| (*word).to_owned()));
    Hints { language: language.to_owned(), phrases: phrases.into() }
}

#[cfg(test)]
mod tests;
