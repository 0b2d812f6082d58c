//! Makes sound of lines, in order, ahead of their time. Sentences that are known before a call are kept for all calls.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::f32::consts::TAU;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, mpsc};
use tokio_util::task::AbortOnDropHandle;

use super::sentences::Sentences;
use super::{Done, DoneSender, Providers, once_more};
use crate::engine::media::{Clip, ClipId};
use crate::engine::providers::{ProviderError, Sounding, Tts, Verdict};

/// How long one sentence may take to become sound.
const CLIP_WITHIN: Duration = Duration::from_secs(10);

/// How long the next part of a sentence may take.
const PART_WITHIN: Duration = Duration::from_secs(4);

/// Longest text that is spoken at once, in characters: about twenty seconds.
const MOST_AT_ONCE: usize = 300;

/// Lines that may wait for their sound on one call. More make the responder wait.
const MOST_WAITING: usize = 64;

/// Most sentences kept over all calls. When full, all are dropped and made anew.
const MOST_KEPT: usize = 128;

/// Longest sentence that is kept, in seconds of sound.
const LONGEST_KEPT_S: usize = 15;

/// Sound of sentences that many calls speak. Cheap to clone.
#[derive(Clone, Default)]
pub struct Phrases {
    kept: Arc<Mutex<HashMap<String, Arc<OnceCell<Clip>>>>>,
}

impl Phrases {
    /// The cell of a sentence; filled by the first who needs it, awaited by the others.
    fn cell(&self, key: String) -> Arc<OnceCell<Clip>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT && !kept.contains_key(&key) {
            kept.clear();
        }
        kept.entry(key).or_default().clone()
    }

    fn forget(&self, key: &str) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// The voice of one call. Cheap to clone.
#[derive(Clone)]
pub struct Voice {
    tts: Arc<dyn Tts>,
    spare: Option<Arc<dyn Tts>>,
    phrases: Phrases,
    name: Arc<str>,
}

/// A line as sound.
#[derive(Debug)]
pub struct Spoken {
    /// The sound.
    pub clip: Clip,
    /// Why the spare provider spoke, if it did.
    pub instead_of: Option<ProviderError>,
}

impl Voice {
    /// A voice. `name` tells apart voices whose sentences are kept together: provider, voice, language.
    pub fn new(providers: &Providers, phrases: Phrases, name: &str) -> Self {
        Self { tts: providers.tts.clone(), spare: providers.spare_tts.clone(), phrases, name: name.into() }
    }

    /// The sentence as sound. `keep`: other calls will need it too.
    pub async fn speak(&self, text: &str, keep: bool) -> Result<Spoken, ProviderError> {
        let first = if keep { self.kept(text).await } else { attempt(self.tts.as_ref(), text).await };
        match (first, &self.spare) {
            (Ok(clip), _) => Ok(Spoken { clip, instead_of: None }),
            (Err(error), Some(spare)) => match attempt(spare.as_ref(), text).await {
                Ok(clip) => Ok(Spoken { clip, instead_of: Some(error) }),
                Err(_) => Err(error),
            },
            (Err(error), None) => Err(error),
        }
    }

    /// The sentence as one clip.
    async fn whole(&self, id: ClipId, text: &str, keep: bool) -> Done {
        match self.speak(text, keep).await {
            Ok(Spoken { clip, instead_of }) => Done::Spoken { id, clip, instead_of },
            Err(error) => Done::Mute { id, error },
        }
    }

    /// Makes sound of the sentence and hands it on as it comes; what it gives in the end is the last message about the line.
    async fn pour(&self, id: ClipId, text: &str, done: &DoneSender) -> Done {
        if text.chars().count() > MOST_AT_ONCE {
            return self.whole(id, text, false).await;
        }
        let (broke_off, spoken) = match begin(self.tts.as_ref(), text).await {
            Ok(sounding) => match hand_on(id, sounding, done).await {
                Ok(()) => return Done::Whole { id, instead_of: None },
                // Nobody knows which of its words were heard: the sentence is said once more from its beginning.
                Err(error) => (error, self.speak(text, false).await),
            },
            Err(error) => match &self.spare {
                Some(spare) => {
                    let spoken = attempt(spare.as_ref(), text).await.map_err(|_| error.clone());
                    (error, spoken.map(|clip| Spoken { clip, instead_of: None }))
                }
                None => return Done::Mute { id, error },
            },
        };
        match spoken {
            Ok(Spoken { clip, instead_of }) => {
                // The call is over when nobody receives.
                let _ = done.send(Done::Part { id, clip }).await;
                Done::Whole { id, instead_of: instead_of.or(Some(broke_off)) }
            }
            Err(error) => Done::Mute { id, error },
        }
    }

    async fn kept(&self, text: &str) -> Result<Clip, ProviderError> {
        let key = format!("{}\n{text}", self.name);
        let cell = self.phrases.cell(key.clone());
        let clip = cell.get_or_try_init(|| attempt(self.tts.as_ref(), text)).await?.clone();
        if clip.samples.len() > LONGEST_KEPT_S * clip.rate as usize {
            self.phrases.forget(&key);
        }
        Ok(clip)
    }
}

/// One provider; a text of several sentences a few at a time, so that the longest takes no longer than any other.
async fn attempt(tts: &dyn Tts, text: &str) -> Result<Clip, ProviderError> {
    let mut pieces = pieces(text).into_iter();
    let mut clip = twice(tts, &pieces.next().unwrap_or_default()).await?;
    for piece in pieces {
        let next = twice(tts, &piece).await?;
        if next.rate != clip.rate {
            return Err(ProviderError { verdict: Verdict::GiveUp, message: "text to speech changed its rate within a line".to_owned() });
        }
        clip.samples = clip.samples.iter().chain(next.samples.iter()).copied().collect();
    }
    Ok(clip)
}

/// The sentences of a text, as many together as are spoken at once.
fn pieces(text: &str) -> Vec<String> {
    if text.chars().count() <= MOST_AT_ONCE {
        return vec![text.to_owned()];
    }
    let mut sentences = Sentences::default();
    let cut = sentences.push(text).into_iter().chain(sentences.finish());
    let mut pieces: Vec<String> = Vec::new();
    for sentence in cut {
        match pieces.last_mut().filter(|last| last.chars().count() + sentence.chars().count() < MOST_AT_ONCE) {
            Some(last) => {
                last.push(' ');
                last.push_str(&sentence);
            }
            None => pieces.push(sentence),
        }
    }
    pieces
}

/// One provider and one piece, with a second attempt when the failure may pass.
async fn twice(tts: &dyn Tts, text: &str) -> Result<Clip, ProviderError> {
    once_more(|| async { tokio::time::timeout(CLIP_WITHIN, tts.speak(text)).await.unwrap_or_else(|_| Err(too_slow())) }).await
}

/// Begins a sentence, with a second attempt when the failure may pass.
async fn begin(tts: &dyn Tts, text: &str) -> Result<Sounding, ProviderError> {
    once_more(|| async { tokio::time::timeout(CLIP_WITHIN, tts.stream(text)).await.unwrap_or_else(|_| Err(too_slow())) }).await
}

/// Hands on what comes of a sentence until it is whole.
async fn hand_on(id: ClipId, mut sounding: Sounding, done: &DoneSender) -> Result<(), ProviderError> {
    loop {
        match tokio::time::timeout(PART_WITHIN, sounding.recv()).await {
            // The call is over when nobody receives; this task ends with it.
            Ok(Some(Ok(clip))) => drop(done.send(Done::Part { id, clip }).await),
            Ok(Some(Err(error))) => return Err(error),
            Ok(None) => return Ok(()),
            Err(_) => return Err(too_slow()),
        }
    }
}

fn too_slow() -> ProviderError {
    ProviderError { verdict: Verdict::Retry, message: "text to speech took too long".to_owned() }
}

/// A line on its way to its sound: name, words, whether other calls will need it.
type Waiting = (ClipId, String, bool);

/// Where lines are queued, and the task that makes their sound.
type Running = (mpsc::Sender<Waiting>, AbortOnDropHandle<()>);

/// Speaks the lines of one call, in order.
pub struct Speaker {
    voice: Voice,
    done: DoneSender,
    running: Option<Running>,
}

impl Speaker {
    /// A speaker that sends the sound to `done`.
    pub fn new(voice: Voice, done: DoneSender) -> Self {
        Self { voice, done, running: None }
    }

    /// Queues a line.
    pub async fn say(&mut self, id: ClipId, text: String, keep: bool) {
        let (lines, _) = self.running.get_or_insert_with(|| start(self.voice.clone(), self.done.clone()));
        // The task ends only with the call.
        let _ = lines.send((id, text, keep)).await;
    }

    /// Forgets the lines that wait. Sound that was already sent may still arrive.
    pub fn stop(&mut self) {
        self.running = None;
    }
}

fn start(voice: Voice, done: DoneSender) -> Running {
    let (lines, mut waiting) = mpsc::channel::<Waiting>(MOST_WAITING);
    let task = tokio::spawn(async move {
        while let Some((id, text, keep)) = waiting.recv().await {
            let made = if keep { voice.whole(id, &text, true).await } else { voice.pour(id, &text, &done).await };
            if done.send(made).await.is_err() {
                break;
            }
        }
    });
    (lines, AbortOnDropHandle::new(task))
}

/// Two falling tones, 0.8 s: what a caller hears when no provider can speak.
pub fn tone() -> Clip {
    const RATE: u32 = 8000;
    let part = |hertz: f32| {
        (0..RATE * 2 / 5).map(move |n| {
            let at = n as f32 / RATE as f32;
            let fade = (at / 0.02).min((0.4 - at) / 0.02).clamp(0.0, 1.0);
            ((TAU * hertz * at).sin() * fade * 8000.0) as i16
        })
    };
    Clip { rate: RATE, samples: part(660.0).chain(part(440.0)).collect() }
}
