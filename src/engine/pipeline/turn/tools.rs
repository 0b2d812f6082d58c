//! What the bot does besides talking. Ending, transferring and keys are decided here; other tools are used while the caller waits, and
//! the responder goes on with what they gave.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::patience::{FILLED, millis};
use super::{Action, Conversation, Handover, LineKind, Question, Then, Timer, Why, detail};
use crate::base::Millis;
use crate::contract::turn::{Role, Turn};
use crate::engine::tools::{END_CALL, Gave, SCHEDULE_CALLBACK, SEND_DTMF, TRANSFER, ToolUse};

/// How long a tool may take before the caller is told to wait.
const PATIENCE: Duration = Duration::from_millis(700);
/// Times the responder may use tools for one turn of the caller; a model that does nothing else ends there.
const MOST_ROUNDS: u32 = 6;
/// Most keys at once.
const MOST_KEYS: usize = 32;
/// The longest that is kept of what a tool gave, in characters.
const MOST_KEPT: usize = 16_384;

/// The tools of the answer that is being given.
#[derive(Debug, Default)]
pub(super) struct Tools {
    n_used: u64,
    running: BTreeMap<u64, ToolUse>,
    /// At work for an answer that does not count any more.
    abandoned: BTreeMap<u64, ToolUse>,
    /// Whether something came back that the responder does not know yet.
    has_news: bool,
    /// Whether the answer that used them is complete.
    is_answer_done: bool,
    n_rounds: u32,
    /// The caller was told to wait, once for this turn.
    pub(super) has_filled: bool,
}

impl Tools {
    /// Whether one is at work.
    pub(super) fn is_busy(&self) -> bool {
        !self.running.is_empty()
    }
}

impl Conversation {
    /// The answer wants a tool used.
    pub(super) fn tool(&mut self, used: ToolUse, now: Millis, out: &mut Vec<Action>) {
        let text = |name: &str| used.arguments.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        match used.name.as_str() {
            END_CALL => {
                self.then = Then::End(Why::Finished);
                self.tool_turn(&used, None, now, out);
            }
            TRANSFER | "transfer" => match text("target") {
                Some(target) => {
                    let reason = text("reason").unwrap_or_default().to_owned();
                    self.then = Then::Transfer(Handover { target: target.to_owned(), reason });
                    self.tool_turn(&used, None, now, out);
                }
                None => self.refuse(&used, "transfer without a target", now, out),
            },
            SEND_DTMF => match text("digits").filter(|keys| are_keys(keys)) {
                Some(keys) => {
                    out.push(Action::SendKeys(keys.to_owned()));
                    self.news(&used, &Gave { text: "sent".to_owned(), is_error: false }, now, out);
                }
                None => self.refuse(&used, "digits must be 1 to 32 of 0-9, * and #", now, out),
            },
            name if !self.rules.tools.iter().any(|tool| tool.name == name) => {
                self.refuse(&used, &format!("there is no tool {name}"), now, out)
            }
            name if self.tools.n_rounds >= MOST_ROUNDS => self.refuse(&used, &format!("{name} was asked for too often"), now, out),
            _ => {
                self.tools.n_used += 1;
                self.tools.running.insert(self.tools.n_used, used.clone());
                out.push(Action::Use(self.tools.n_used, used));
            }
        }
    }

    fn refuse(&mut self, used: &ToolUse, why: &str, now: Millis, out: &mut Vec<Action>) {
        out.push(Action::Note("tool_refused", detail("reason", why)));
        self.news(used, &Gave::error(why), now, out);
    }

    /// Something the responder should know before it goes on. One that is no model is not asked again.
    fn news(&mut self, used: &ToolUse, gave: &Gave, now: Millis, out: &mut Vec<Action>) {
        self.tool_turn(used, Some(gave), now, out);
        self.tools.has_news |= !used.id.is_empty();
    }

    fn tool_turn(&mut self, used: &ToolUse, gave: Option<&Gave>, now: Millis, out: &mut Vec<Action>) {
        let mut extra = detail("tool", used.name.as_str());
        extra.insert("arguments".to_owned(), used.arguments.clone());
        if !used.id.is_empty() {
            extra.insert("tool_call_id".to_owned(), used.id.as_str().into());
        }
        if gave.is_some_and(|gave| gave.is_error) {
            extra.insert("failed".to_owned(), true.into());
        }
        let content = gave.map_or_else(|| used.name.clone(), |gave| gave.text.chars().take(MOST_KEPT).collect());
        out.push(Action::Turn(Turn { role: Role::Tool, content, ts: now, extra }));
    }

    /// A tool gave something. What comes after the caller has interrupted is kept on the call, and changes nothing else.
    pub(super) fn gave(&mut self, n: u64, gave: &Gave, now: Millis, out: &mut Vec<Action>) {
        if self.lines.is_empty() && self.is_asking_for_patience() {
            // What covered the wait was said before it was over.
            self.flush(false, out);
        }
        if let Some(used) = self.tools.abandoned.remove(&n) {
            self.is_put_off |= used.name == SCHEDULE_CALLBACK && !gave.is_error;
            return self.tool_turn(&used, Some(gave), now, out);
        }
        let Some(used) = self.tools.running.remove(&n) else { return };
        self.is_put_off |= used.name == SCHEDULE_CALLBACK && !gave.is_error;
        self.news(&used, gave, now, out);
        if self.tools.is_answer_done {
            self.go_on(out);
        }
    }

    /// Whether the answer is not over yet: tools are at work, or gave something.
    pub(super) fn wants_to_go_on(&self) -> bool {
        self.then == Then::Listen && (!self.tools.running.is_empty() || self.tools.has_news)
    }

    /// The answer that used tools is complete: the responder is asked again once they all gave something.
    pub(super) fn go_on(&mut self, out: &mut Vec<Action>) {
        self.tools.is_answer_done = true;
        if !self.tools.running.is_empty() {
            if !self.tools.has_filled && !self.said_in_answer {
                out.push(Action::Wake(Timer::Filler, PATIENCE));
            }
            return;
        }
        self.tools.is_answer_done = false;
        self.tools.has_news = false;
        self.tools.n_rounds += 1;
        out.push(Action::Forget(Timer::Filler));
        out.push(Action::Think(Question { heard: None, keys: None }));
        self.may_take_long(out);
    }

    /// A tool takes its time: the caller hears that the bot is still there, as when the model takes long. Once per turn.
    pub(super) fn filler(&mut self, out: &mut Vec<Action>) {
        let Some(used) = self.tools.running.values().next() else { return };
        let text = self.rules.tools.iter().find(|tool| tool.name == used.name).map(|tool| tool.filler.clone()).unwrap_or_default();
        if text.is_empty() || !self.lines.is_empty() || self.paused {
            return;
        }
        let mut filled = detail("after_ms", millis(PATIENCE));
        filled.insert("tool".to_owned(), used.name.as_str().into());
        self.tools.has_filled = true;
        out.push(Action::Note(FILLED, filled));
        self.say(text, LineKind::Patience, out);
    }

    /// The answer does not count any more, or a new one begins.
    pub(super) fn forget_tools(&mut self, out: &mut Vec<Action>) {
        let mut before = std::mem::take(&mut self.tools);
        if !before.running.is_empty() {
            out.push(Action::Forget(Timer::Filler));
        }
        before.abandoned.append(&mut before.running);
        self.tools = Tools { n_used: before.n_used, abandoned: before.abandoned, ..Tools::default() };
    }
}

fn are_keys(text: &str) -> bool {
    text.len() <= MOST_KEYS && text.bytes().all(|byte| byte.is_ascii_digit() || b"*#".contains(&byte))
}
