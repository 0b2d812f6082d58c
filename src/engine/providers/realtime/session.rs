//! The session of one call: moves sound, words and pieces of answers between the call and the service.

use std::time::Duration;

use audio_codec::BoxedResampler;
use serde_json::Value;
use tokio::sync::mpsc;
use tracing::debug;

use super::super::endpoint::{Endpoint, nonsense, unreachable};
use super::super::knowledge::{Documents, SEARCH_TOOL, kept};
use super::super::live::Spoken;
use super::answers::{Answers, Claim};
use super::steps::{Hearing, NOTED, Step, elapsed, given, next, utterance};
use super::{Event, Order, Realtime, ToolResult};
use crate::base::Clock;
use crate::contract::turn::{Role, Turn};
use crate::engine::media::Clip;
use crate::engine::providers::{Ask, Heard, Piece, ProviderError, Soon};
use crate::platform::net::{Message, Socket};

/// How long the caller's words may take once the caller has stopped.
const WORDS_WITHIN: Duration = Duration::from_secs(4);
/// How long they may take once the answer to them has begun.
const WORDS_AFTER: Duration = Duration::from_millis(800);
/// How long the service may take to set a session up.
const READY_WITHIN: Duration = Duration::from_secs(6);
/// What stands in the conversation for words that nobody wrote down, though they were answered.
const UNWRITTEN: &str = "(not written down)";
/// The session of one call.
pub(super) struct Session {
    endpoint: Endpoint,
    clock: Clock,
    documents: Option<Documents>,
    speaks: Box<dyn Realtime>,
    socket: Option<Socket>,
    /// The service will close it.
    is_leaving: bool,
    hearing: Option<Hearing>,
    answers: Answers,
    /// Something was heard that no answer was asked for.
    owes_answer: bool,
    /// Tools the model wants something of.
    wanted: Vec<ToolResult>,
    /// Questions to the documents.
    searches: Vec<ToolResult>,
    /// The conversation so far, for a session that begins in its middle.
    turns: Vec<Turn>,
    due: Option<Soon<'static, ()>>,
}

impl Session {
    pub(super) fn new(endpoint: Endpoint, clock: Clock, documents: Option<Documents>, speaks: Box<dyn Realtime>) -> Self {
        Self {
            endpoint,
            clock,
            documents,
            speaks,
            socket: None,
            is_leaving: false,
            hearing: None,
            answers: Answers::default(),
            owes_answer: false,
            wanted: Vec::new(),
            searches: Vec::new(),
            turns: Vec::new(),
            due: None,
        }
    }

    /// Serves the call until it is over.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        if let Err(error) = self.opened().await {
            debug!(error = %error.message, "The model cannot be reached ahead of the call");
        }
        loop {
            let step = tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => Step::Order(order),
                    None => break,
                },
                step = utterance(&mut self.hearing) => step,
                message = next(&mut self.socket) => Step::Message(message),
                () = self.answers.unwanted() => Step::Unwanted,
                () = elapsed(&mut self.due) => Step::Due,
            };
            if let Err(error) = self.take(step).await {
                self.failed(error).await;
            }
        }
        if let Some(socket) = self.socket {
            socket.close().await;
        }
    }

    async fn take(&mut self, step: Step) -> Result<(), ProviderError> {
        match step {
            Step::Order(Order::Hear(spoken)) => self.begins(spoken).await,
            Step::Order(Order::Answer(ask, to)) => self.asked(ask, to).await,
            Step::Order(Order::Cut(heard_ms)) => {
                let messages = self.speaks.truncate(heard_ms);
                if self.socket.is_some() { self.say(messages).await } else { Ok(()) }
            }
            Step::Sound(Some(samples)) => self.goes_on(&samples).await,
            Step::Sound(None) => self.stops().await,
            Step::Unheard => {
                self.hearing = None;
                self.due = None;
                Ok(())
            }
            Step::Unwanted => {
                let messages = if self.answers.drop_current() { self.speaks.cancel() } else { Vec::new() };
                self.say(messages).await
            }
            Step::Due => self.overdue(),
            Step::Message(message) => match message.map_err(|error| unreachable(&error))? {
                Some(Message::Text(text)) => self.read(&text).await,
                Some(Message::Bytes(bytes)) => self.read(&String::from_utf8_lossy(&bytes)).await,
                None => {
                    self.socket = None;
                    // Between two turns that is no loss: the next one opens it anew.
                    if self.hearing.is_some() || self.answers.is_busy() { Err(nonsense("the model closed the session")) } else { Ok(()) }
                }
            },
        }
    }

    /// Opens the session unless it is open, with what was said so far.
    async fn opened(&mut self) -> Result<(), ProviderError> {
        if self.is_leaving {
            self.socket = None;
        }
        if self.socket.is_some() {
            return Ok(());
        }
        self.is_leaving = false;
        self.answers = Answers::default();
        self.owes_answer = false;
        self.wanted.clear();
        self.searches.clear();
        self.socket = Some(self.endpoint.socket(&self.speaks.path()).await?);
        self.say(self.speaks.open()).await?;
        let clock = self.clock.clone();
        tokio::select! {
            ready = self.ready() => ready?,
            () = clock.sleep(READY_WITHIN) => {
                self.socket = None;
                return Err(nonsense("the model set no session up"));
            }
        }
        self.say(self.speaks.remember(&self.turns)).await
    }

    async fn ready(&mut self) -> Result<(), ProviderError> {
        loop {
            let text = match next(&mut self.socket).await.map_err(|error| unreachable(&error))? {
                Some(Message::Text(text)) => text,
                Some(Message::Bytes(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
                None => return Err(nonsense("the model closed the session")),
            };
            for event in self.speaks.read(&text).map_err(nonsense)? {
                match event {
                    Event::Ready => return Ok(()),
                    Event::Failed(error) => return Err(error),
                    _ => {}
                }
            }
        }
    }

    async fn say(&mut self, messages: Vec<Value>) -> Result<(), ProviderError> {
        for message in messages {
            let Some(socket) = &mut self.socket else { return Err(nonsense("the session with the model is not open")) };
            socket.send(Message::Text(message.to_string())).await.map_err(|error| unreachable(&error))?;
        }
        Ok(())
    }

    async fn begins(&mut self, spoken: Spoken) -> Result<(), ProviderError> {
        let Spoken { rate, sound, partials, reply } = spoken;
        let resampler = BoxedResampler::new(rate as usize, self.speaks.in_rate() as usize).ok().filter(|_| rate != self.speaks.in_rate());
        self.hearing = Some(Hearing { sound, partials, reply, resampler, words: String::new(), is_over: false });
        self.due = None;
        self.opened().await?;
        let mut messages = Vec::new();
        if !self.wanted.is_empty() {
            let noted: Vec<_> = self.wanted.drain(..).map(|used| ToolResult { text: NOTED.to_owned(), ..used }).collect();
            messages.extend(self.speaks.give(&noted, false));
        }
        if self.answers.drop_unclaimed() {
            messages.extend(self.speaks.cancel());
        }
        if self.speaks.begin_interrupts() {
            self.answers.interrupted();
        }
        messages.extend(self.speaks.begin());
        self.say(messages).await
    }

    async fn goes_on(&mut self, samples: &[i16]) -> Result<(), ProviderError> {
        let Some(hearing) = &mut self.hearing else { return Ok(()) };
        let message = match &mut hearing.resampler {
            Some(resampler) => self.speaks.hear(&resampler.resample(samples)),
            None => self.speaks.hear(samples),
        };
        self.say(vec![message]).await
    }

    /// The caller stopped: the answer is asked for at once, unless another one is still being made.
    async fn stops(&mut self) -> Result<(), ProviderError> {
        if let Some(hearing) = &mut self.hearing {
            hearing.is_over = true;
        }
        self.wake(WORDS_WITHIN);
        let wants_answer = !self.answers.is_running();
        self.say(self.speaks.end(wants_answer)).await?;
        self.owes_answer = !wants_answer;
        if wants_answer {
            self.answers.ahead();
        }
        Ok(())
    }

    async fn asked(&mut self, ask: Ask, to: mpsc::Sender<Piece>) -> Result<(), ProviderError> {
        let Ask { mut turns, heard, keys, .. } = ask;
        let newest = turns.pop_if(|turn| turn.role == Role::User);
        self.turns = turns;
        if self.socket.is_none()
            && let Err(error) = self.opened().await
        {
            // Nobody may want the answer any more.
            let _ = to.send(Piece::Failed(error.clone())).await;
            return Err(error);
        }
        let claim = self.answers.claim(to, heard.is_some()).await;
        if claim == Claim::Taken {
            self.turns.extend(newest);
            return Ok(());
        }
        let mut messages = if claim == Claim::Cancels { self.speaks.cancel() } else { Vec::new() };
        messages.extend(match (keys, newest) {
            (Some(keys), _) => self.speaks.tell(&format!("(The caller pressed the keys {keys}.)")),
            (None, _) if !self.wanted.is_empty() => {
                let results: Vec<_> = self.wanted.drain(..).map(|used| given(used, &self.turns)).collect();
                self.speaks.give(&results, true)
            }
            (None, newest) if heard.is_some() && std::mem::take(&mut self.owes_answer) => {
                self.turns.extend(newest);
                self.speaks.answer()
            }
            (None, Some(newest)) => {
                let messages = self.speaks.tell(&newest.content);
                self.turns.push(newest);
                messages
            }
            (None, None) => self.speaks.answer(),
        });
        self.say(messages).await
    }

    async fn read(&mut self, text: &str) -> Result<(), ProviderError> {
        for event in self.speaks.read(text).map_err(nonsense)? {
            match event {
                Event::Ready => {}
                Event::Heard { text, is_whole } => self.heard(text, is_whole),
                Event::Leaving => self.is_leaving = true,
                Event::Failed(error) => return Err(error),
                Event::Done => self.done().await?,
                Event::Tool { id, name, arguments } => {
                    if self.answers.is_running() {
                        self.tool(id, name, arguments).await;
                    }
                }
                Event::Sound(samples) => {
                    let clip = Clip { rate: self.speaks.out_rate(), samples: samples.into() };
                    self.piece(Piece::Sound(clip)).await;
                }
                Event::Said(words) => self.piece(Piece::Said(words)).await,
                Event::Usage { prompt_tokens, completion_tokens } => self.answers.used(prompt_tokens, completion_tokens).await,
            }
        }
        Ok(())
    }

    /// Something of the answer. With it the caller's words should be there soon.
    async fn piece(&mut self, piece: Piece) {
        if self.answers.push(piece).await && self.hearing.as_ref().is_some_and(|hearing| hearing.is_over) {
            self.wake(WORDS_AFTER);
        }
    }

    async fn tool(&mut self, id: String, name: String, arguments: Value) {
        if name == SEARCH_TOOL && self.documents.is_some() {
            let text = arguments.get("query").and_then(Value::as_str).unwrap_or_default().to_owned();
            return self.searches.push(ToolResult { id, name, text });
        }
        self.wanted.push(ToolResult { id: id.clone(), name: name.clone(), text: String::new() });
        self.piece(Piece::Tool { id, name, arguments }).await;
    }

    /// The answer is whole, unless the model waits for what the documents say.
    async fn done(&mut self) -> Result<(), ProviderError> {
        let searches = std::mem::take(&mut self.searches);
        let (true, Some(documents)) = (!searches.is_empty() && self.answers.is_running(), self.documents.clone()) else {
            self.answers.done();
            return Ok(());
        };
        let mut results = Vec::new();
        for search in searches {
            let found = documents.ask(&search.text, false).await.results;
            if !found.is_empty() {
                self.answers.push(Piece::Hits(kept(&search.text, &found))).await;
            }
            let passages: Vec<String> = found.iter().map(|hit| format!("{}: {}", hit.document_name, hit.text)).collect();
            let text = if passages.is_empty() { "Nothing was found.".to_owned() } else { passages.join("\n\n") };
            results.push(ToolResult { text, ..search });
        }
        self.say(self.speaks.give(&results, true)).await
    }

    fn heard(&mut self, text: String, is_whole: bool) {
        let Some(hearing) = &mut self.hearing else { return };
        if !text.is_empty() && text != hearing.words {
            (hearing.partials)(&text);
            hearing.words = text;
        }
        if is_whole && hearing.is_over {
            self.reply();
        }
    }

    /// The words are what they are.
    fn reply(&mut self) {
        self.due = None;
        let Some(hearing) = self.hearing.take() else { return };
        let confidence = if hearing.words.is_empty() { 0.0 } else { 0.9 };
        // Nobody may want them any more.
        let _ = hearing.reply.send(Ok(Heard { text: hearing.words, confidence }));
    }

    fn overdue(&mut self) -> Result<(), ProviderError> {
        self.due = None;
        let Some(hearing) = &mut self.hearing else { return Ok(()) };
        if hearing.words.is_empty() {
            if !self.answers.has_begun() {
                return Err(nonsense("the model did not answer"));
            }
            hearing.words = UNWRITTEN.to_owned();
        }
        self.reply();
        Ok(())
    }

    fn wake(&mut self, after: Duration) {
        let clock = self.clock.clone();
        self.due = Some(Box::pin(async move { clock.sleep(after).await }));
    }

    /// The session is lost: whoever waits for something is told.
    async fn failed(&mut self, error: ProviderError) {
        self.socket = None;
        self.due = None;
        self.wanted.clear();
        if let Some(hearing) = self.hearing.take() {
            // Nobody may want the words any more.
            let _ = hearing.reply.send(Err(error.clone()));
        }
        std::mem::take(&mut self.answers).failed(error).await;
    }
}
