//! The engine's side of the speech workers: starts them, shares them out, replaces one that died and repeats what it was doing.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tracing::warn;

use super::cache::SentenceCache;
use super::frame::{self, Reply, Request};
use super::process::Process;
use crate::base::backoff::Backoff;
use crate::base::{Clock, Millis};
use crate::engine::media::Clip;
use crate::engine::providers::{Heard, ProviderError, Verdict};

/// After a worker that would not start or died at once: how long requests are refused at once instead of starting another.
const REST: Backoff = Backoff::Doubling { first: Duration::from_millis(200), most: Duration::from_secs(10) };

/// How the workers are run.
#[derive(Debug, Clone)]
pub struct SpeechSettings {
    /// The program; this one.
    pub program: PathBuf,
    /// Most workers at a time; each serves one request after the other.
    pub n_workers: usize,
    /// Most requests that wait; further ones are refused.
    pub n_waiting: usize,
    /// A worker that takes longer is killed.
    pub timeout: Duration,
    /// Most samples of sentences that are kept.
    pub cache_samples: usize,
}

impl SpeechSettings {
    /// Two workers of the given program, 64 waiting requests, 10 s each, 4 minutes of kept sentences (8 MB).
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), n_workers: 2, n_waiting: 64, timeout: Duration::from_secs(10), cache_samples: 4_000_000 }
    }
}

/// The speech workers of one engine. Cheap to clone. Its workers end with the last clone.
#[derive(Clone)]
pub struct SpeechWorkers(Arc<Shared>);

struct Shared {
    settings: SpeechSettings,
    clock: Clock,
    free: Semaphore,
    n_inside: AtomicUsize,
    state: Mutex<State>,
    cache: Mutex<SentenceCache>,
}

#[derive(Default)]
struct State {
    idle: Vec<Process>,
    busy: Vec<u32>,
    n_failed: u32,
    rest_until: Option<Millis>,
}

impl SpeechWorkers {
    /// No worker runs yet; see [`SpeechWorkers::warm`].
    pub fn new(settings: SpeechSettings, clock: Clock) -> Self {
        let free = Semaphore::new(settings.n_workers.max(1));
        let cache = Mutex::new(SentenceCache::new(settings.cache_samples));
        Self(Arc::new(Shared { settings, clock, free, n_inside: AtomicUsize::new(0), state: Mutex::default(), cache }))
    }

    /// Starts one worker, so that the first call need not wait for it. Without this it starts with the first request.
    pub fn warm(&self) -> Result<(), ProviderError> {
        let process = self.0.start()?;
        self.0.state().idle.push(process);
        Ok(())
    }

    /// The sentence as sound; from the cache if it was spoken before.
    ///
    /// # Errors
    /// `Retry` when no worker is to be had just now, `GiveUp` when this sentence or voice cannot be spoken.
    pub async fn speak(&self, voice: &str, sentence: &str) -> Result<Clip, ProviderError> {
        let cache = || self.0.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(clip) = cache().get(voice, sentence) {
            return Ok(clip);
        }
        let request = Request::Speak { text: sentence.to_owned(), voice: voice.to_owned() };
        match self.ask(&request, &[]).await? {
            (Reply::Spoken { rate }, samples) => {
                let clip = Clip { rate, samples: samples.into() };
                cache().put(voice, sentence, &clip);
                Ok(clip)
            }
            (reply, _) => Err(refused(reply)),
        }
    }

    /// What was said, as one of the phrases.
    ///
    /// # Errors
    /// `Retry` when no worker is to be had just now, `GiveUp` when the recogniser refuses.
    pub async fn transcribe(&self, utterance: &Clip, phrases: &[String]) -> Result<Heard, ProviderError> {
        let request = Request::Transcribe { rate: utterance.rate, phrases: phrases.to_vec() };
        match self.ask(&request, &utterance.samples).await? {
            (Reply::Heard { text, confidence, skipped }, _) => {
                if !skipped.is_empty() {
                    warn!("The recogniser leaves out {} phrases it cannot pronounce", skipped.len());
                }
                Ok(Heard { text, confidence })
            }
            (reply, _) => Err(refused(reply)),
        }
    }

    /// Process ids of the workers that run, busy ones first.
    pub fn ids(&self) -> Vec<u32> {
        let state = self.0.state();
        state.busy.iter().copied().chain(state.idle.iter().filter_map(Process::id)).collect()
    }

    /// How many workers are answering a request at this moment.
    pub fn n_busy(&self) -> usize {
        self.0.state().busy.len()
    }

    /// How many requests are being answered or wait for it.
    pub fn n_waiting(&self) -> usize {
        self.0.n_inside.load(Ordering::Acquire)
    }

    async fn ask(&self, request: &Request, samples: &[i16]) -> Result<(Reply, Vec<i16>), ProviderError> {
        let frame = frame::encode(request, samples).map_err(|error| give_up(format!("the speech request is too large: {error}")))?;
        let place = Place::take(&self.0)?;
        let shared = self.0.clone();
        // A task of its own: who asked may stop waiting, but half an answer must not stay in the pipe.
        let task = tokio::spawn(async move {
            let _place = place;
            shared.answer_twice(&frame).await
        });
        task.await.unwrap_or_else(|_| Err(retry("the speech worker's task broke off")))
    }
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks a worker; when it dies over it, asks a fresh one once more.
    async fn answer_twice(&self, frame: &[u8]) -> Result<(Reply, Vec<i16>), ProviderError> {
        let _turn = self.free.acquire().await.map_err(|_| retry("the speech workers are closed"))?;
        let mut last = None;
        for attempt in 1..=2 {
            let idle = if attempt == 1 { self.state().idle.pop() } else { None };
            let process = match idle {
                Some(process) => process,
                None => self.start()?,
            };
            match self.answer_once(process, frame).await {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    warn!("A speech worker failed ({error}); attempt {attempt} of 2");
                    last = Some(error);
                }
            }
        }
        let mut state = self.state();
        state.n_failed += 1;
        state.rest_until = REST.after(state.n_failed).map(|rest| self.clock.ticks().plus(rest));
        Err(retry(format!("the speech worker failed twice: {}", last.map_or_else(String::new, |error| error.to_string()))))
    }

    async fn answer_once(&self, mut process: Process, frame: &[u8]) -> io::Result<(Reply, Vec<i16>)> {
        let id = process.id().unwrap_or_default();
        self.state().busy.push(id);
        let answer = tokio::select! {
            answer = process.ask(frame) => answer,
            () = self.clock.sleep(self.settings.timeout) => Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time")),
        };
        let mut state = self.state();
        state.busy.retain(|busy| *busy != id);
        if answer.is_ok() {
            state.n_failed = 0;
            state.idle.push(process);
        }
        answer
    }

    fn start(&self) -> Result<Process, ProviderError> {
        if self.state().rest_until.is_some_and(|until| self.clock.ticks() < until) {
            return Err(retry("the speech worker keeps failing; the next one starts in a moment"));
        }
        Process::start(&self.settings.program).map_err(|error| {
            let mut state = self.state();
            state.n_failed += 1;
            state.rest_until = REST.after(state.n_failed).map(|rest| self.clock.ticks().plus(rest));
            retry(format!("the speech worker {} does not start: {error}", self.settings.program.display()))
        })
    }
}

/// A place among those that wait or are served.
struct Place(Arc<Shared>);

impl Place {
    fn take(shared: &Arc<Shared>) -> Result<Self, ProviderError> {
        let most = shared.settings.n_workers + shared.settings.n_waiting;
        if shared.n_inside.fetch_add(1, Ordering::AcqRel) >= most {
            shared.n_inside.fetch_sub(1, Ordering::AcqRel);
            return Err(retry("too many sentences wait for the speech worker"));
        }
        Ok(Self(shared.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.n_inside.fetch_sub(1, Ordering::AcqRel);
    }
}

fn refused(reply: Reply) -> ProviderError {
    match reply {
        Reply::Failed { message } => give_up(message),
        _ => give_up("the speech worker answered something else than was asked".to_owned()),
    }
}

fn retry(message: impl Into<String>) -> ProviderError {
    ProviderError { verdict: Verdict::Retry, message: message.into() }
}

fn give_up(message: String) -> ProviderError {
    ProviderError { verdict: Verdict::GiveUp, message }
}
