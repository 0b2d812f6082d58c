//! What a bot declares about its conversations, as the turn machine needs it.

use std::time::Duration;

use serde_json::{Value, json};

use super::machine::Machines;
use super::pace::Pace;
use crate::contract::config::{Announcement, CallConfig, RecordingMode};
use crate::contract::flow::Flow;
use crate::engine::pipeline::lexicon::{Lexicon, moment};
use crate::engine::tools::SCHEDULE_CALLBACK;

/// Said when the bot declares no sentence of its own for a failure.
const FAILURE_MESSAGE: &str = "I am sorry, something is not working here. Please call again later.";

/// Said when a transfer did not come about.
const TRANSFER_FAILED: &str = "I could not put you through. Is there anything else I can do for you?";

/// Said while a tool works, where the bot declares nothing else and speaks English.
const FILLER: &str = "One moment, please.";

/// A tool that asks somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolRule {
    /// Its name.
    pub name: String,
    /// Said when it keeps the caller waiting; empty for nothing.
    pub filler: String,
}

impl ToolRule {
    /// A tool as a bot declares it.
    fn of(declared: &Value, language: &str) -> Option<Self> {
        let usual = if language.starts_with("en") { FILLER } else { "" };
        let filler = declared.get("filler").and_then(Value::as_str).filter(|text| !text.trim().is_empty()).unwrap_or(usual);
        Some(Self { name: declared.get("name")?.as_str()?.to_owned(), filler: filler.to_owned() })
    }
}

/// The rules of one call.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Spoken first; empty for none.
    pub disclosure: String,
    /// Whether and how the call is recorded.
    pub recording: RecordingMode,
    /// Said or asked about the recording.
    pub recording_notice: String,
    /// The greeting.
    pub opening: String,
    /// Said when a provider fails.
    pub failure: String,
    /// Said before a transfer that was not announced otherwise.
    pub before_transfer: String,
    /// Said when a transfer failed.
    pub transfer_failed: String,
    /// Whether there is a recogniser: without one a voice pauses the bot and only keys say anything.
    pub understands_speech: bool,
    /// Whether there is a responder; without one what the caller says is noted and nothing follows.
    pub answers: bool,
    /// Whether the responder wants to hear of speech that was not understood, to ask back.
    pub asks_back: bool,
    /// Words that keep the bot silent after an interruption.
    pub min_words: usize,
    /// How long the caller is waited for, and what short words mean.
    pub pace: Pace,
    /// What follows when a machine answers.
    pub machines: Machines,
    /// Silence before the bot speaks again, what it says, how often.
    pub nudge: Option<(Duration, String, u32)>,
    /// How long an answer may take before the caller is asked for patience, and in which words, one after the other.
    pub patience: Option<(Duration, Vec<String>)>,
    /// The longest call.
    pub max_duration: Duration,
    /// Pause between the answer and the first word.
    pub start_after: Duration,
    /// The call only speaks the greeting.
    pub announcement: Option<Announcement>,
    /// Tools that ask somebody else.
    pub tools: Vec<ToolRule>,
    /// Key codes the responder knows; a code that is not the beginning of another is taken at once.
    pub key_codes: Vec<String>,
}

/// The tools that ask somebody else.
fn tools(config: &CallConfig) -> Vec<ToolRule> {
    let callback = config.callback.as_ref().map(|_| json!({ "name": SCHEDULE_CALLBACK }));
    config.tools.iter().chain(&callback).filter_map(|tool| ToolRule::of(tool, &config.language)).collect()
}

/// What short words mean on this call. The phrases of a flow are sentences of their own, whatever they are elsewhere.
fn lexicon(config: &CallConfig, flow: Option<&Flow>) -> Lexicon {
    let known: Vec<String> = flow.iter().flat_map(|flow| &flow.intents).flat_map(|intent| intent.phrases.iter().cloned()).collect();
    Lexicon::of(&config.language, &config.turn_taking.fillers, &known)
}

/// When and how the caller is asked for patience.
fn patience(config: &CallConfig) -> Option<(Duration, Vec<String>)> {
    let taking = &config.turn_taking;
    let words =
        if taking.thinking_words.is_empty() { moment(&config.language).into_iter().collect() } else { taking.thinking_words.clone() };
    let after = Duration::from_millis(u64::from(taking.thinking_after_ms));
    (!after.is_zero() && !words.is_empty()).then_some((after, words))
}

impl Rules {
    /// The rules of a call. `has_stt`: whether a recogniser could be had.
    pub fn of(config: &CallConfig, has_stt: bool) -> Self {
        let flow = config.flow.as_ref().filter(|_| config.llm.provider == "flow");
        let or = |text: &str, other: &str| if text.trim().is_empty() { other.to_owned() } else { text.to_owned() };
        Self {
            disclosure: config.disclosure.clone(),
            recording: config.recording_mode,
            recording_notice: config.recording_notice.clone(),
            opening: config.opening_message.clone(),
            failure: or(&config.failure_message, FAILURE_MESSAGE),
            before_transfer: config.pre_transfer_message.clone(),
            transfer_failed: TRANSFER_FAILED.to_owned(),
            understands_speech: has_stt,
            answers: !matches!(config.llm.provider.as_str(), "none" | ""),
            asks_back: flow.is_some(),
            // Whoever uses the words of a flow says one of them, however short it is.
            min_words: if flow.is_some() { 0 } else { usize::try_from(config.min_words_interruption).unwrap_or(usize::MAX) },
            pace: Pace::of(&config.turn_taking, lexicon(config, flow)),
            machines: Machines { declared: config.answering_machines.clone(), message: config.voicemail_message.clone() },
            nudge: config
                .re_engagement
                .as_ref()
                .map(|again| (Duration::from_millis(u64::from(again.after_ms)), again.message.clone(), again.times)),
            patience: patience(config),
            max_duration: Duration::from_secs(u64::from(config.max_call_duration_seconds)),
            start_after: Duration::from_millis(u64::from(config.start_ms)),
            announcement: config.announcement,
            tools: tools(config),
            key_codes: flow.map(|f| f.intents.iter().filter_map(|i| i.digits.clone()).collect()).unwrap_or_default(),
        }
    }

    /// The sentences that are known before the call, in the order they are spoken.
    pub fn opening_lines(&self) -> Vec<String> {
        [&self.disclosure, &self.recording_notice_if_spoken(), &self.opening]
            .into_iter()
            .filter(|t| !t.trim().is_empty())
            .cloned()
            .collect()
    }

    /// All sentences that are known before the call, for a cache of sound.
    pub fn known_lines(&self) -> Vec<String> {
        let mut lines = self.opening_lines();
        lines.push(self.failure.clone());
        lines
    }

    fn recording_notice_if_spoken(&self) -> String {
        if self.recording == RecordingMode::Off { String::new() } else { self.recording_notice.clone() }
    }

    /// Whether these keys are a whole code: none that is known begins with them and goes on.
    pub(super) fn is_whole_code(&self, keys: &str) -> bool {
        self.key_codes.iter().any(|code| code == keys)
            && !self.key_codes.iter().any(|code| code.len() > keys.len() && code.starts_with(keys))
    }
}
