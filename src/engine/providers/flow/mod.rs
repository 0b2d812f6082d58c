//! `flow`: answers from the intents declared on the bot, without a language model.

mod decide;
mod matching;
mod words;

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::mpsc;

pub use decide::{Decision, Input, Pending, decide};
use matching::same_words;

use super::knowledge::{Documents, kept};
use super::{Ask, Hints, Llm, Piece, ProviderError, Soon};
use crate::contract::flow::{Flow, FlowTool, FlowToolName};
use crate::contract::turn::{Role, Turn};

/// Words that are less sure than this are not looked up in documents, unless they are those of a heading.
const SURE_ENOUGH: f32 = 0.5;

/// The responder of one call. It remembers which intent it asked back about.
pub struct FlowResponder {
    flow: Flow,
    language: String,
    documents: Option<Documents>,
    pending: Mutex<Option<Pending>>,
}

impl FlowResponder {
    /// A responder for one call.
    pub fn new(flow: Flow, language: &str) -> Self {
        Self { flow, language: language.to_owned(), documents: None, pending: Mutex::default() }
    }

    /// The same, with documents that answer where no intent does.
    #[must_use]
    pub fn with_documents(self, documents: Option<Documents>) -> Self {
        Self { documents, ..self }
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
            let decision = self.next(&ask);
            let pieces = match self.said_in_documents(&ask, &decision).await {
                Some(pieces) => pieces,
                None => self.pieces(decision),
            };
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
    /// What the documents say where no intent was meant, or only perhaps and the words are those of a heading. `None`: the flow goes on.
    async fn said_in_documents(&self, ask: &Ask, decision: &Decision) -> Option<Vec<Piece>> {
        let documents = self.documents.as_ref()?;
        if ask.keys.is_some() {
            return None;
        }
        let words = ask.heard.as_ref().map_or_else(|| last_words(&ask.turns), |heard| heard.text.as_str());
        if words.trim().is_empty() || !self.may_look_up(documents, ask, decision, words) {
            return None;
        }
        let found = documents.ask(words, true).await;
        if let Some(answer) = found.answer {
            *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = None;
            return Some(vec![Piece::Hits(kept(words, &found.results)), Piece::Text(answer)]);
        }
        let is_lost = *decision == Decision::Fallback && documents.is_strict && !documents.fallback.is_empty();
        is_lost.then(|| vec![Piece::Text(documents.fallback.clone())])
    }

    fn may_look_up(&self, documents: &Documents, ask: &Ask, decision: &Decision, words: &str) -> bool {
        let is_heading = documents.phrases.iter().any(|phrase| same_words(phrase, words));
        match decision {
            Decision::Intent { .. } => false,
            Decision::Confirm { .. } => is_heading,
            // What was hardly heard is asked for again, not looked up.
            Decision::Fallback => is_heading || ask.heard.as_ref().is_none_or(|heard| heard.confidence >= SURE_ENOUGH),
        }
    }

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

/// What the recogniser should listen for on a call of this flow: its phrases, its keys as spoken digits, yes and no, and what documents can
/// be asked about.
pub fn hints(flow: &Flow, language: &str, about_documents: &[String]) -> Hints {
    let mut phrases: Vec<String> = flow.intents.iter().flat_map(|intent| intent.phrases.iter().cloned()).collect();
    phrases.extend(flow.intents.iter().filter_map(|intent| intent.digits.as_deref()).filter_map(words::spoken_digits));
    phrases.extend(words::of(language).yes.iter().chain(words::of(language).no).map(|word| (*word).to_owned()));
    phrases.extend_from_slice(about_documents);
    Hints { language: language.to_owned(), phrases: phrases.into() }
}

#[cfg(test)]
mod tests;
