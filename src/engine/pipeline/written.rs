//! A conversation in writing: what a bot would answer to words that were typed. Nothing is spoken and no call is touched: that the bot
//! wants to end or transfer it is told instead.

use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::turn::Rules;
use crate::base::Clock;
use crate::contract::chat::{ChatAnswer, ChatAsk, ChatEnd};
use crate::contract::turn::{Role, Turn};
use crate::engine::providers::{Ask, Llm, Piece, ProviderError, Verdict};
use crate::engine::tools::{END_CALL, Gave, SEND_DTMF, TRANSFER, ToolUse, Toolbox};

/// How long each piece of an answer may take.
const PIECE_WITHIN: Duration = Duration::from_secs(15);
/// Times the responder may use tools for one turn, as on a call.
const MOST_ROUNDS: usize = 6;
/// What a model is told of a tool that is not asked.
const NOT_ASKED: &str = "This is a test in writing: the tool was not asked. Go on as if it had worked, and say so.";

/// Who answers, and what they may use.
pub struct Writer<'a> {
    /// What decides the answers.
    pub llm: &'a dyn Llm,
    /// The tools that ask somebody else.
    pub toolbox: &'a Toolbox,
    /// The clock.
    pub clock: &'a Clock,
}

/// One answer of the responder, whole.
#[derive(Default)]
struct Said {
    text: String,
    uses: Vec<ToolUse>,
    extra: Map<String, Value>,
}

impl Writer<'_> {
    /// What the bot says next. Without turns: its first words.
    ///
    /// # Errors
    /// The provider's own, when no answer came about.
    pub async fn answer(&self, ask: ChatAsk) -> Result<ChatAnswer, ProviderError> {
        let begun = self.clock.monotonic();
        let mut answer = ChatAnswer::default();
        if ask.turns.is_empty() && ask.keys.is_none() {
            answer
                .turns
                .extend(Rules::of(&ask.config, true).opening_lines().into_iter().map(|line| self.turn(Role::Assistant, line, Map::new())));
        } else {
            self.recall(&ask).await;
            self.converse(&ask, &mut answer).await?;
        }
        answer.took_ms = u64::try_from(self.clock.monotonic().duration_since(begun).as_millis()).unwrap_or(u64::MAX);
        Ok(answer)
    }

    /// A responder of intents may have asked back about the turn before: it hears that one first, so that a yes has something to confirm.
    async fn recall(&self, ask: &ChatAsk) {
        let newest = ask.turns.iter().rposition(|turn| turn.role == Role::User).unwrap_or(0);
        let before = ask.turns[..newest].iter().rposition(|turn| turn.role == Role::User);
        if let Some(before) = before.filter(|_| ask.config.llm.provider == "flow") {
            let turns = ask.turns[..=before].to_vec();
            let again = Ask { system_prompt: String::new(), turns, heard: None, keys: None };
            // What it answered is known; what it remembers counts.
            drop(self.llm.answer(again).await);
        }
    }

    async fn converse(&self, ask: &ChatAsk, answer: &mut ChatAnswer) -> Result<(), ProviderError> {
        let mut turns = ask.turns.clone();
        let mut keys = ask.keys.clone();
        for round in 0..=MOST_ROUNDS {
            let question = Ask { system_prompt: ask.config.system_prompt.clone(), turns: turns.clone(), heard: None, keys: keys.take() };
            let said = self.listen(question, answer).await?;
            let mut new = Vec::new();
            if !said.text.trim().is_empty() {
                new.push(self.turn(Role::Assistant, said.text.trim().to_owned(), said.extra));
            }
            let mut has_news = false;
            for used in said.uses {
                let gave = self.act(&used, ask, round, answer).await;
                has_news |= gave.is_some() && !used.id.is_empty();
                new.push(self.tool_turn(&used, gave));
            }
            turns.extend(new.iter().cloned());
            answer.turns.extend(new);
            if answer.ends.is_some() || !has_news {
                break;
            }
        }
        Ok(())
    }

    /// One answer to its end.
    async fn listen(&self, question: Ask, answer: &mut ChatAnswer) -> Result<Said, ProviderError> {
        let mut pieces = within(self.llm.answer(question)).await??;
        let mut said = Said::default();
        while let Some(piece) = next(&mut pieces).await? {
            match piece {
                Piece::Text(text) | Piece::Said(text) => said.text.push_str(&text),
                // Nobody listens here.
                Piece::Sound(_) => {}
                Piece::Tool { id, name, arguments } => said.uses.push(ToolUse { id, name, arguments }),
                Piece::Intent { id, confidence } => {
                    said.extra.insert("intent".to_owned(), id.into());
                    said.extra.insert("confidence".to_owned(), confidence.into());
                }
                Piece::Hits(hits) => {
                    let kept = said.extra.entry("knowledge").or_insert_with(|| Value::Array(Vec::new()));
                    if let Value::Array(kept) = kept {
                        kept.extend(hits);
                    }
                }
                Piece::Usage { prompt_tokens, completion_tokens } => {
                    answer.prompt_tokens += prompt_tokens;
                    answer.completion_tokens += completion_tokens;
                }
                Piece::Failed(error) => return Err(error),
            }
        }
        Ok(said)
    }

    /// Does what a tool asks for. `None`: it is part of the call, and nothing comes back.
    async fn act(&self, used: &ToolUse, ask: &ChatAsk, round: usize, answer: &mut ChatAnswer) -> Option<Gave> {
        let text = |name: &str| used.arguments.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        match used.name.as_str() {
            END_CALL => {
                answer.ends = Some(ChatEnd::EndCall);
                None
            }
            TRANSFER | "transfer" => match text("target") {
                Some(target) => {
                    answer.ends = Some(ChatEnd::Transfer { target: target.to_owned() });
                    None
                }
                None => Some(Gave::error("transfer without a target")),
            },
            SEND_DTMF => Some(Gave { text: "sent".to_owned(), is_error: false }),
            name if round >= MOST_ROUNDS => Some(Gave::error(format!("{name} was asked for too often"))),
            _ if ask.uses_tools => Some(self.toolbox.run(used).await),
            _ => Some(Gave { text: NOT_ASKED.to_owned(), is_error: false }),
        }
    }

    fn turn(&self, role: Role, content: String, extra: Map<String, Value>) -> Turn {
        Turn { role, content, ts: self.clock.now(), extra }
    }

    /// A use of a tool as a call keeps it, so that the conversation can go on with it.
    fn tool_turn(&self, used: &ToolUse, gave: Option<Gave>) -> Turn {
        let mut extra = Map::from_iter([("tool".to_owned(), used.name.as_str().into()), ("arguments".to_owned(), used.arguments.clone())]);
        if !used.id.is_empty() {
            extra.insert("tool_call_id".to_owned(), used.id.as_str().into());
        }
        if gave.as_ref().is_some_and(|gave| gave.is_error) {
            extra.insert("failed".to_owned(), true.into());
        }
        self.turn(Role::Tool, gave.map_or_else(|| used.name.clone(), |gave| gave.text), extra)
    }
}

async fn next(pieces: &mut mpsc::Receiver<Piece>) -> Result<Option<Piece>, ProviderError> {
    within(pieces.recv()).await
}

async fn within<T>(answer: impl Future<Output = T>) -> Result<T, ProviderError> {
    let slow = |_| ProviderError { verdict: Verdict::GiveUp, message: "the model did not answer in time".to_owned() };
    tokio::time::timeout(PIECE_WITHIN, answer).await.map_err(slow)
}
