//! Carries out what the conversation decided: speaks, listens, asks, records.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::task::JoinSet;
use tracing::info;

use super::ears::Ears;
use super::exchange::Exchange;
use super::prepare::Prepared;
use super::record::Record;
use super::state::{self, End};
use super::timers::Timers;
use crate::base::Clock;
use crate::contract::config::{CallConfig, RecordingMode};
use crate::contract::turn::{Role, Turn};
use crate::engine::detect::{Watch, WatchRules};
use crate::engine::media::{Clip, ClipId, Frame, Listen, MediaSession, Pour};
use crate::engine::pipeline::cards::Cards;
use crate::engine::pipeline::speak::{Speaker, Voice, tone};
use crate::engine::pipeline::think::{Thinker, Thought};
use crate::engine::pipeline::turn::{Action, Handover, Input, Line, LineKind, Question, Timer};
use crate::engine::pipeline::{Done, DoneSender, Providers};
use crate::engine::providers::{Ask, ProviderError};
use crate::engine::tools::{ToolUse, Toolbox};

/// The timers of an answered call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimerKind {
    /// One of the conversation.
    Talk(Timer),
    /// The target of a transfer must answer.
    Transfer,
}

/// What the conversation works with.
pub(super) struct Hands {
    pub(super) media: MediaSession,
    pub(super) record: Record,
    pub(super) ears: Ears,
    pub(super) timers: Timers<TimerKind>,
    config: Arc<CallConfig>,
    providers: Providers,
    keeps_answers: bool,
    speaker: Speaker,
    /// For words that are not the caller's.
    pub(super) voice: Voice,
    thinker: Thinker,
    done: DoneSender,
    clock: Clock,
    waiting: HashSet<ClipId>,
    /// The line that is played while the rest of it is being made.
    pour: Option<(ClipId, Pour)>,
    /// The line of an answer that speaks itself, until it was heard to its end.
    aloud: Option<ClipId>,
    toolbox: Toolbox,
    tools: JoinSet<()>,
    spare_was_noted: bool,
    /// Follows whether a card number is read out; none where that is recorded as everything else, or nothing is.
    cards: Option<Cards>,
    is_recorded: bool,
    leaves_out: LeavesOut,
    /// The bot's answers come as sound, their words behind it.
    speaks_itself: bool,
}

/// Why the recording leaves out what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct LeavesOut {
    is_asked: bool,
    is_card: bool,
}

impl LeavesOut {
    fn anything(self) -> bool {
        self != Self::default()
    }
}

impl Hands {
    pub(super) fn new(exchange: &Exchange, prepared: Prepared, media: MediaSession, record: Record, done: DoneSender) -> Self {
        let Prepared { config, providers, voice, rules, toolbox, .. } = prepared;
        let watch = record.is_outbound().then(|| watch(&config)).flatten();
        let toolbox = toolbox.rehearsed(config.is_rehearsal);
        let cards = (!config.record_cards && config.recording_mode != RecordingMode::Off).then(Cards::default);
        Self {
            media,
            record,
            ears: Ears::new(&providers, rules.pace.clone(), watch, done.clone(), exchange.clock.clone()),
            timers: Timers::new(exchange.clock.clone()),
            keeps_answers: rules.asks_back,
            speaker: Speaker::new(voice.clone(), done.clone()),
            voice,
            thinker: Thinker::new(providers.llm.clone(), done.clone()),
            config,
            providers,
            done,
            clock: exchange.clock.clone(),
            waiting: HashSet::new(),
            pour: None,
            aloud: None,
            toolbox,
            tools: JoinSet::new(),
            spare_was_noted: false,
            cards,
            is_recorded: false,
            leaves_out: LeavesOut::default(),
            speaks_itself: false,
        }
    }

    pub(super) fn config(&self) -> &CallConfig {
        &self.config
    }

    /// Carries out one action. What concerns the call as a whole is handed back.
    pub(super) async fn carry(&mut self, action: Action) -> Option<state::Input> {
        match action {
            Action::Say(line) => self.say(line).await,
            Action::Pour(id, clip) => {
                self.speaks_itself = true;
                self.aloud = Some(id);
                self.waiting.insert(id);
                self.play_on(id, &clip);
            }
            Action::Complete(id) => {
                self.waiting.insert(id);
                self.complete(id);
            }
            Action::Tone(id) => self.media.play(id, &tone()),
            Action::StopSpeaking => {
                self.waiting.clear();
                self.pour = None;
                self.speaker.stop();
                let played_ms = self.media.stop().await;
                if self.aloud.take().is_some() {
                    self.providers.llm.cut(played_ms);
                }
            }
            Action::Pause => self.media.pause(),
            Action::Resume => self.media.resume(),
            Action::Listen(on) => self.media.listen(if on { Listen::ForVoice } else { Listen::Off }),
            Action::Record => {
                self.media.start_recording(self.record.recording());
                self.is_recorded = true;
                self.record.recording_started();
                // Somebody may have asked before there was anything to pause.
                self.record.recording_pauses(self.leaves_out.anything(), "asked");
                self.follow_cards(|_| {});
            }
            Action::Think(question) => self.think(question),
            Action::StopThinking => self.thinker.stop(),
            Action::Use(n, used) => self.use_tool(n, used),
            Action::SendKeys(keys) => self.media.send_keys(&keys),
            Action::Wake(timer, after) => self.timers.wake(TimerKind::Talk(timer), after),
            Action::Forget(timer) => self.timers.forget(TimerKind::Talk(timer)),
            Action::Turn(turn) => self.turn(turn),
            Action::Intent(id, confidence) => self.record.intent(&id, confidence),
            Action::Answered(finding) => self.record.answered_by(&finding),
            Action::Note(name, detail) => self.record.note(name, detail),
            Action::Transfer(Handover { target, reason }) => {
                self.record.handing_on(&target, &reason);
                // Nobody follows what a person asks.
                self.follow_cards(Cards::forget);
                return Some(state::Input::Transfer(target));
            }
            Action::End(why) => return Some(state::Input::BotEnded(why)),
        }
        None
    }

    fn turn(&mut self, turn: Turn) {
        match turn.role {
            Role::User => self.follow_cards(|cards| cards.caller_said(&turn.content)),
            Role::Assistant if self.speaks_itself => self.follow_cards(|cards| cards.bot_says(&turn.content)),
            _ => {}
        }
        self.record.turn(turn);
    }

    async fn say(&mut self, line: Line) {
        self.follow_cards(|cards| cards.bot_says(&line.text));
        let keep = self.keeps_answers || line.kind != LineKind::Answer;
        self.waiting.insert(line.id);
        self.speaker.say(line.id, line.text, keep).await;
    }

    fn think(&mut self, question: Question) {
        let now = self.clock.now();
        if question.keys.is_some() {
            self.record.gathered.latency.speech_ended(now);
        }
        // Going on after a tool is still the answer to the same turn.
        if question.keys.is_some() || question.heard.is_some() {
            self.record.gathered.latency.heard(now);
        }
        self.thinker.ask(Ask {
            system_prompt: self.config.system_prompt.clone(),
            turns: self.record.gathered.turns.iter().filter(|turn| !turn.is_filler()).cloned().collect(),
            heard: question.heard,
            keys: question.keys,
        });
    }

    /// A tool works beside the conversation; the call's end stops it.
    fn use_tool(&mut self, n: u64, used: ToolUse) {
        let (toolbox, done) = (self.toolbox.clone(), self.done.clone());
        self.tools.spawn(async move {
            let gave = toolbox.run(&used).await;
            // The call is over when nobody receives.
            let _ = done.send(Done::Gave(n, gave)).await;
        });
    }

    /// Takes what the caller says, and gives what it means for the conversation.
    pub(super) fn hear(&mut self, frame: &Frame) -> Vec<Input> {
        let inputs = self.ears.hear(frame);
        for input in &inputs {
            if let Input::VoiceEnded(silence) = input {
                // The silence that ended the speech is part of what the caller waits.
                let now = self.clock.now();
                self.record.gathered.latency.speech_ended(now.minus(*silence));
                self.record.gathered.latency.turn_ended(now);
            }
        }
        inputs
    }

    /// What came back from a provider, as the conversation's inputs. Stale answers are dropped.
    pub(super) fn done(&mut self, done: Done) -> Vec<Input> {
        self.record.hear_of_providers();
        match done {
            Done::Spoken { id, clip, instead_of } => {
                if self.waiting.remove(&id) {
                    self.record.gathered.latency.sound(self.clock.now());
                    self.media.play(id, &clip);
                }
                self.note_spare(instead_of);
                Vec::new()
            }
            Done::Part { id, clip } => {
                self.play_on(id, &clip);
                Vec::new()
            }
            Done::Whole { id, instead_of } => {
                self.complete(id);
                self.note_spare(instead_of);
                Vec::new()
            }
            Done::Partial(words) => {
                self.providers.llm.foresee(&words);
                let who = self.ears.heard_so_far(&words);
                who.into_iter().chain([Input::Partial(words)]).collect()
            }
            Done::Mute { id, error } => self.waiting.remove(&id).then_some(Input::LineMute(id, error)).into_iter().collect(),
            Done::Gave(n, gave) => vec![Input::Gave(n, gave)],
            Done::Heard(n, heard) => self.ears.understood(n, heard),
            Done::Thought { generation, thought } if self.thinker.is_current(generation) => {
                self.record.gathered.latency.token(self.clock.now());
                if let Thought::Usage { prompt_tokens, completion_tokens } = thought {
                    self.record.used(prompt_tokens, completion_tokens);
                    return Vec::new();
                }
                vec![Input::Thought(thought)]
            }
            Done::Thought { .. } => Vec::new(),
        }
    }

    /// A line that came in parts is whole.
    fn complete(&mut self, id: ClipId) {
        let is_wanted = self.waiting.remove(&id);
        match self.pour.take_if(|(pouring, _)| *pouring == id) {
            Some((_, pour)) => pour.end(),
            // Not a sound of it came.
            None if is_wanted => self.media.pour(id).end(),
            None => {}
        }
    }

    /// The recording goes on, or leaves out what comes, as somebody has asked.
    pub(super) fn record_on(&mut self, on: bool) {
        self.leave_out(LeavesOut { is_asked: !on, ..self.leaves_out });
    }

    /// Whether a card number is read out now that something was said: it is left out.
    fn follow_cards(&mut self, said: impl FnOnce(&mut Cards)) {
        let Some(cards) = &mut self.cards else { return };
        said(cards);
        let is_card = self.is_recorded && cards.is_reading();
        self.leave_out(LeavesOut { is_card, ..self.leaves_out });
    }

    /// The recording leaves out what comes while there is a reason; the call says when.
    fn leave_out(&mut self, now: LeavesOut) {
        let before = std::mem::replace(&mut self.leaves_out, now);
        if before.anything() == now.anything() {
            return;
        }
        self.media.pause_recording(now.anything());
        self.record.recording_pauses(now.anything(), if now.is_card || before.is_card { "card_number" } else { "asked" });
    }

    /// A line was heard to its end.
    pub(super) fn heard_to_its_end(&mut self, id: ClipId) {
        self.aloud.take_if(|aloud| *aloud == id);
    }

    /// Plays the next part of a line, unless nobody wants the line any more.
    fn play_on(&mut self, id: ClipId, clip: &Clip) {
        if !self.waiting.contains(&id) {
            return;
        }
        self.record.gathered.latency.sound(self.clock.now());
        match &mut self.pour {
            Some((pouring, pour)) if *pouring == id => pour.add(clip),
            _ => {
                let mut pour = self.media.pour(id);
                pour.add(clip);
                self.pour = Some((id, pour));
            }
        }
    }

    /// That the spare voice speaks is noted once per call.
    fn note_spare(&mut self, instead_of: Option<ProviderError>) {
        let Some(error) = instead_of.filter(|_| !self.spare_was_noted) else { return };
        self.spare_was_noted = true;
        let detail = [("provider", "tts"), ("reason", error.message.as_str())];
        self.record.note("provider_failed", detail.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect());
    }

    /// The call is over: the recording is whole, then the result is written.
    pub(super) async fn close(self, end: End) {
        let stats = match self.media.close().await {
            Ok(stats) => Some(stats),
            Err(error) => {
                info!(%error, "A media session ended without figures");
                None
            }
        };
        self.record.finish(end, stats).await;
    }
}

/// The watch over who answers a call that we placed.
fn watch(config: &CallConfig) -> Option<Watch> {
    let declared = &config.answering_machines;
    let is_watched = declared.enabled && config.announcement.is_none();
    is_watched.then(|| Watch::new(WatchRules::from(declared), &config.language))
}
