//! What a conversation does next, decided without I/O: an input and the time go in, actions come out.
//!
//! `rules` is what the bot declares, `caller` what happens on the caller's side, `bot` what happens on the bot's, `tools` what it does
//! besides talking.

mod aloud;
mod bot;
mod caller;
mod consent;
mod line;
mod machine;
mod pace;
#[cfg(test)]
mod pace_tests;
mod patience;
mod rules;
#[cfg(test)]
mod tests;
mod tools;
#[cfg(test)]
mod tools_tests;

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::base::Millis;
use crate::contract::turn::{Role, Turn};
use crate::engine::detect::Finding;
use crate::engine::media::{Clip, ClipId};
use crate::engine::pipeline::think::Thought;
use crate::engine::providers::{Heard, ProviderError};
use crate::engine::tools::{Gave, ToolUse};

pub use consent::is_yes;
pub use line::{Line, LineKind};
use machine::Machine;
pub use machine::Machines;
pub use pace::Pace;
pub use rules::{Rules, ToolRule};
use tools::Tools;

/// What can happen to a conversation.
#[derive(Debug)]
pub enum Input {
    /// The call is answered; the bot may speak.
    Begin,
    /// The first packet of a line left.
    LineStarted(ClipId),
    /// A line was spoken to its end.
    LineDone(ClipId),
    /// No provider could speak a line.
    LineMute(ClipId, ProviderError),
    /// The caller's voice began.
    VoiceStarted,
    /// The caller's voice ended, so long ago; the utterance is with the recogniser.
    VoiceEnded(Duration),
    /// The words so far, while the caller still speaks.
    Partial(String),
    /// What the utterance said.
    Heard(Heard),
    /// The recogniser failed.
    HeardNothing(ProviderError),
    /// Who answered was found out.
    Found(Finding),
    /// The machine that answered records now.
    Records,
    /// The caller pressed a key.
    Key(char),
    /// Something of the answer.
    Thought(Thought),
    /// What a tool gave, by the number of its use.
    Gave(u64, Gave),
    /// A timer ran out.
    Due(Timer),
    /// The transfer did not come about; the bot has the caller back.
    TransferFailed(String),
    /// The call is over; nothing more is said.
    Stop,
}

/// What a timer waits for. One of each kind runs at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The caller says nothing.
    Silence,
    /// Another key of a code.
    Keys,
    /// The caller may go on after a hesitation.
    EndOfTurn,
    /// A yes or no to the recording.
    Consent,
    /// The longest a call may last.
    MaxDuration,
    /// The pause before the first word.
    Start,
    /// The pause before an announcement is said again.
    Repeat,
    /// A tool keeps the caller waiting.
    Filler,
    /// The answer takes a while.
    Patience,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Speak this line behind those that wait.
    Say(Line),
    /// Play the built-in tone as this line: no provider can speak.
    Tone(ClipId),
    /// The next of a line that comes as sound.
    Pour(ClipId, Clip),
    /// A line that came as sound is complete.
    Complete(ClipId),
    /// Stop speaking and forget what waits.
    StopSpeaking,
    /// Be silent, but keep the place.
    Pause,
    /// Go on where it was paused.
    Resume,
    /// Whether the caller's voice is listened to.
    Listen(bool),
    /// Begin the recording.
    Record,
    /// Ask the responder.
    Think(Question),
    /// Forget the question.
    StopThinking,
    /// Use a tool; what it gives comes back under this number.
    Use(u64, ToolUse),
    /// Press keys for the far end.
    SendKeys(String),
    /// Start (or restart) a timer.
    Wake(Timer, Duration),
    /// Stop a timer.
    Forget(Timer),
    /// A turn is finished.
    Turn(Turn),
    /// It is known who answered.
    Answered(Finding),
    /// An intent was recognised.
    Intent(String, f32),
    /// Something for the call's events.
    Note(&'static str, Map<String, Value>),
    /// Hand the caller on.
    Transfer(Handover),
    /// Hang up.
    End(Why),
}

/// What the responder is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// What was heard; `None` when keys were pressed.
    pub heard: Option<Heard>,
    /// Keys that were pressed.
    pub keys: Option<String>,
}

/// Whom the caller is handed on to, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The name of the target.
    pub target: String,
    /// Why, in the words of the model; empty where there are none.
    pub reason: String,
}

/// Why the bot ends a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It has said all.
    Finished,
    /// The caller said nothing, even when asked.
    NoReaction,
    /// The call has lasted as long as it may.
    MaxDuration,
    /// A machine answered.
    Machine,
    /// A provider failed for good.
    Failed(String),
}

/// What the caller is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Quiet,
    Talking,
    Understanding,
    /// What was said is known and does not sound finished.
    Hesitating,
}

/// Whether the call may be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Consent {
    Settled,
    Asking,
}

/// What follows the bot's last words.
#[derive(Debug, Clone, PartialEq)]
enum Then {
    Listen,
    End(Why),
    Transfer(Handover),
}

/// The state of a conversation.
#[derive(Debug)]
pub struct Conversation {
    rules: Rules,
    n_lines: u64,
    lines: VecDeque<Line>,
    started: bool,
    spoken: Option<Turn>,
    answering: bool,
    said_in_answer: bool,
    /// The line of an answer that speaks itself, as far as it has come.
    aloud: Option<ClipId>,
    /// Whether the first of it was heard.
    aloud_is_heard: bool,
    /// Places in documents that the answer under way is made from.
    hits: Vec<Value>,
    caller: Caller,
    /// When the caller's voice ended last.
    silent_since: Millis,
    paused: bool,
    heard_before: Vec<Heard>,
    /// Said while the bot spoke and did not fall silent; answered when it has finished.
    waiting: Vec<Heard>,
    keys: String,
    consent: Consent,
    then: Then,
    tools: Tools,
    machine: Machine,
    /// Whether the other end will be called back.
    is_put_off: bool,
    n_nudges: u32,
    /// How often the caller was asked for patience.
    n_patience: usize,
    n_failures: u32,
    n_user_turns: u32,
    begun: bool,
    over: bool,
}

impl Conversation {
    /// A conversation that has not begun.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            n_lines: 0,
            lines: VecDeque::new(),
            started: false,
            spoken: None,
            answering: false,
            said_in_answer: false,
            aloud: None,
            aloud_is_heard: false,
            hits: Vec::new(),
            caller: Caller::Quiet,
            silent_since: Millis(0),
            paused: false,
            heard_before: Vec::new(),
            waiting: Vec::new(),
            keys: String::new(),
            consent: Consent::Settled,
            then: Then::Listen,
            tools: Tools::default(),
            machine: Machine::default(),
            is_put_off: false,
            n_nudges: 0,
            n_patience: 0,
            n_failures: 0,
            n_user_turns: 0,
            begun: false,
            over: false,
        }
    }

    /// Whether the responder's answer is awaited or still coming.
    pub fn is_answering(&self) -> bool {
        self.answering
    }

    /// Whether the bot is saying its last words.
    pub fn is_closing(&self) -> bool {
        matches!(self.then, Then::End(_))
    }

    /// Whether the other end asked to be called back, and will be.
    pub fn is_put_off(&self) -> bool {
        self.is_put_off
    }

    /// Takes one input. After [`Action::End`] or [`Input::Stop`] nothing comes out any more.
    pub fn step(&mut self, input: Input, now: Millis) -> Vec<Action> {
        let mut out = Vec::new();
        if self.over || self.is_deaf_to(&input) {
            return out;
        }
        match input {
            Input::Begin => self.answered(&mut out),
            Input::LineStarted(id) => self.line_started(id, now, &mut out),
            Input::LineDone(id) => self.line_done(id, &mut out),
            Input::LineMute(id, error) => self.line_mute(id, &error, &mut out),
            Input::VoiceStarted => self.voice_started(&mut out),
            Input::VoiceEnded(silence) => self.voice_ended(silence, now),
            Input::Partial(words) => self.heard_so_far(&words, &mut out),
            Input::Heard(heard) => self.heard(heard, now, &mut out),
            Input::HeardNothing(error) => self.heard_nothing(&error, &mut out),
            Input::Found(finding) => self.found(finding, &mut out),
            Input::Records => self.records(&mut out),
            Input::Key(key) => self.key(key, now, &mut out),
            Input::Thought(thought) => self.thought(thought, now, &mut out),
            Input::Gave(n, gave) => self.gave(n, &gave, now, &mut out),
            Input::Due(timer) => self.due(timer, now, &mut out),
            Input::TransferFailed(reason) => self.transfer_failed(&reason, now, &mut out),
            Input::Stop => {
                self.flush(true, &mut out);
                self.over = true;
            }
        }
        if out.iter().any(|action| matches!(action, Action::End(_))) {
            self.over = true;
        }
        self.answer_what_waits(now, &mut out);
        out
    }

    /// Before its first word the bot hears nothing; an announcement and a bot that leaves a message never do.
    fn is_deaf_to(&self, input: &Input) -> bool {
        let is_callers = matches!(
            input,
            Input::VoiceStarted | Input::VoiceEnded(_) | Input::Partial(_) | Input::Heard(_) | Input::HeardNothing(_) | Input::Key(_)
        );
        is_callers && (!self.begun || self.rules.announcement.is_some() || self.is_machine())
    }

    fn due(&mut self, timer: Timer, now: Millis, out: &mut Vec<Action>) {
        match timer {
            Timer::Start => self.begin(out),
            Timer::Repeat => {
                let text = self.rules.opening.clone();
                self.say(text, LineKind::Again, out);
            }
            Timer::Silence => self.silence(out),
            Timer::Keys => self.keys_done(now, out),
            Timer::EndOfTurn if self.caller == Caller::Hesitating => self.turn_ended(now, out),
            Timer::EndOfTurn => {}
            Timer::Consent => self.consent_given(false, out),
            Timer::Filler => self.filler(out),
            Timer::Patience => self.asks_for_patience(out),
            Timer::MaxDuration => self.end(Why::MaxDuration, out),
        }
    }

    /// Ends the call now, with what was said so far.
    fn end(&mut self, why: Why, out: &mut Vec<Action>) {
        self.flush(!self.lines.is_empty(), out);
        out.push(Action::End(why));
    }

    fn user_turn(&mut self, content: String, extra: Map<String, Value>, now: Millis, out: &mut Vec<Action>) {
        self.n_user_turns += 1;
        self.n_nudges = 0;
        out.push(Action::Turn(Turn { role: Role::User, content, ts: now, extra }));
    }
}

/// One entry of an event's details.
fn detail(name: &str, value: impl Into<Value>) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value.into())])
}
