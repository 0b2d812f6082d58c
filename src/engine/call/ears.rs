//! Hears the caller of one call: where speech begins, pauses and ends, and what it says. Words are looked for in a pause already, so that
//! they are known when it has lasted long enough; a caller who goes on makes that look void.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::base::{Clock, Millis};
use crate::engine::detect::{Step, Watch};
use crate::engine::media::{Clip, Frame, Hearing, Listener, Speech, Utterance};
use crate::engine::pipeline::lookahead::Lookahead;
use crate::engine::pipeline::turn::{Input, Pace};
use crate::engine::pipeline::{Done, DoneSender, Providers};
use crate::engine::providers::live::Ear;
use crate::engine::providers::{Heard, Hints, ProviderError, Stt};

/// Words below this are not believed when it comes to who says them.
const SURE: f32 = 0.5;

/// The hearing of one call.
pub(super) struct Ears {
    listener: Listener,
    stt: Option<Arc<dyn Stt>>,
    hints: Hints,
    pace: Pace,
    lookahead: Lookahead,
    clock: Clock,
    /// Finds out who answered a call that we placed.
    watch: Option<Watch>,
    done: DoneSender,
    /// Utterances so far.
    n: u64,
    /// When the recogniser was asked for the words of an utterance it has not answered yet.
    asked: BTreeMap<u64, Millis>,
    /// Utterances whose words count.
    awaited: BTreeSet<u64>,
    /// The recogniser at work; the call's end stops it.
    running: JoinSet<()>,
    /// Told when the last utterance that counts has been understood.
    last: CancellationToken,
    early: Option<Early>,
    /// Hears the utterance that is being spoken, where the recogniser is live.
    ear: Option<Ear>,
    /// The words so far of that utterance.
    so_far: String,
}

/// The words of a pause that may be all.
struct Early {
    n: u64,
    task: AbortHandle,
    finished: CancellationToken,
    heard: Option<Heard>,
}

impl Ears {
    /// Ears with the recogniser of a call; what it understood comes back by `done`.
    pub(super) fn new(providers: &Providers, pace: Pace, watch: Option<Watch>, done: DoneSender, clock: Clock) -> Self {
        let lookahead = Lookahead::default();
        // Without a recogniser there is nothing to be found in a pause.
        let pause = providers.stt.as_ref().map_or(Duration::MAX, |_| lookahead.pause(pace.after_sentence));
        let hearing = Hearing { pause_ms: millis(pause), end_ms: millis(pace.usual), ..Hearing::default() };
        let last = CancellationToken::new();
        last.cancel();
        Self {
            listener: Listener::new(hearing),
            stt: providers.stt.clone(),
            hints: providers.hints.clone(),
            pace,
            lookahead,
            clock,
            watch,
            done,
            n: 0,
            asked: BTreeMap::new(),
            awaited: BTreeSet::new(),
            running: JoinSet::new(),
            last,
            early: None,
            ear: None,
            so_far: String::new(),
        }
    }

    /// Forgets the speech that was going on.
    pub(super) fn reset(&mut self) {
        self.listener.reset();
        self.forget_early();
        self.ear = None;
    }

    fn forget_early(&mut self) {
        if let Some(early) = self.early.take() {
            early.task.abort();
            self.asked.remove(&early.n);
        }
    }

    /// Takes sound, and gives what it means for the conversation.
    pub(super) fn hear(&mut self, frame: &Frame) -> Vec<Input> {
        let mut inputs = Vec::new();
        for piece in frame.pieces() {
            let speech = self.listener.hear(frame.rate, piece);
            inputs.extend(self.look_who(frame.rate, piece));
            if !matches!(speech, Some(Speech::Started | Speech::Ended(_)))
                && let Some(ear) = &mut self.ear
            {
                ear.hear(piece);
            }
            match speech {
                Some(Speech::Started) => {
                    self.lend_ear(frame.rate);
                    inputs.push(Input::VoiceStarted);
                }
                Some(Speech::Paused(utterance)) => self.look(utterance),
                Some(Speech::Resumed) => self.forget_early(),
                Some(Speech::Ended(utterance)) => {
                    inputs.push(Input::VoiceEnded(Duration::from_millis(utterance.silence_ms.into())));
                    inputs.extend(self.ended(utterance));
                }
                None => {}
            }
        }
        inputs
    }

    fn look_who(&mut self, rate: u32, piece: &[i16]) -> Option<Input> {
        let watch = self.watch.as_mut()?;
        let step = watch.hear(rate, piece, self.listener.is_voice());
        if watch.is_over() {
            self.watch = None;
        }
        step.map(input_of)
    }

    /// What the recogniser understood, as far as it counts: who says such things first, then the words themselves.
    pub(super) fn understood(&mut self, n: u64, heard: Result<Heard, ProviderError>) -> Vec<Input> {
        let is_new = self.awaited.contains(&n) || self.early.as_ref().is_some_and(|early| early.n == n);
        let words = heard.as_ref().ok().filter(|heard| is_new && heard.confidence >= SURE);
        let who = words.zip(self.watch.as_mut()).and_then(|(heard, watch)| watch.words(&heard.text)).map(input_of);
        who.into_iter().chain(self.words(n, heard)).collect()
    }

    fn words(&mut self, n: u64, heard: Result<Heard, ProviderError>) -> Option<Input> {
        if let Some(asked) = self.asked.remove(&n)
            && heard.is_ok()
        {
            self.lookahead.took(self.clock.now().since(asked));
            self.listener.look_after(millis(self.lookahead.pause(self.pace.after_sentence)));
        }
        if let Some(early) = self.early.as_mut().filter(|early| early.n == n) {
            match heard {
                Ok(heard) => {
                    let words = heard.text.clone();
                    early.heard = Some(heard);
                    self.end_by(&words);
                }
                // When the speech has ended it is tried again, and then the failure counts.
                Err(_) => self.early = None,
            }
            return None;
        }
        self.awaited.remove(&n).then(|| match heard {
            Ok(heard) => Input::Heard(heard),
            Err(error) => Input::HeardNothing(error),
        })
    }

    /// The caller began to speak: a recogniser that is live gets the sound from now on, and what was kept from before.
    fn lend_ear(&mut self, rate: u32) {
        let Some(stt) = &self.stt else { return };
        let done = self.done.clone();
        // A call that is busy can do without the words so far.
        let partials = Arc::new(move |words: &str| drop(done.try_send(Done::Partial(words.to_owned()))));
        self.so_far.clear();
        self.ear = stt.begin(rate, &self.hints, partials);
        if let Some(ear) = &mut self.ear {
            ear.hear(&self.listener.kept());
        }
    }

    /// The words so far of a live recogniser. A pause that is going on lasts as long as they tell, and a machine gives itself away by them.
    pub(super) fn heard_so_far(&mut self, words: &str) -> Option<Input> {
        words.clone_into(&mut self.so_far);
        self.end_by(words);
        self.watch.as_mut()?.words_so_far(words).map(input_of)
    }

    /// A hesitation is waited out by the conversation: what follows is an utterance of its own.
    fn end_by(&mut self, words: &str) {
        self.listener.end_after(millis(self.pace.wait(words).min(self.pace.usual)));
    }

    /// The caller pauses: the words of a live recogniser are known, others are asked for them.
    fn look(&mut self, utterance: Utterance) {
        if self.ear.is_some() {
            let words = std::mem::take(&mut self.so_far);
            self.end_by(&words);
            self.so_far = words;
        } else if let Some(stt) = self.stt.clone() {
            self.early = Some(self.transcribe(stt, utterance));
        }
    }

    /// The speech is over: its words may be known. Without a recogniser nothing was understood, and that is known at once.
    fn ended(&mut self, utterance: Utterance) -> Option<Input> {
        let Some(stt) = self.stt.clone() else { return Some(Input::Heard(Heard::default())) };
        let early = match self.early.take() {
            Some(Early { heard: Some(heard), .. }) => return Some(Input::Heard(heard)),
            Some(early) => early,
            None => self.transcribe(stt, utterance),
        };
        self.awaited.insert(early.n);
        self.last = early.finished;
        None
    }

    /// Hands an utterance to the recogniser, behind the last one that counts: utterances keep their order.
    fn transcribe(&mut self, stt: Arc<dyn Stt>, utterance: Utterance) -> Early {
        while self.running.try_join_next().is_some() {}
        self.n += 1;
        let clip = Clip { rate: utterance.rate, samples: utterance.samples.into() };
        let (n, hints, done, before) = (self.n, self.hints.clone(), self.done.clone(), self.last.clone());
        let finished = CancellationToken::new();
        let guard = finished.clone().drop_guard();
        let ear = self.ear.take();
        self.asked.insert(n, self.clock.now());
        let task = self.running.spawn(async move {
            let _guard = guard;
            before.cancelled().await;
            let heard = match ear {
                Some(ear) => stt.finish(ear, &clip, &hints).await,
                None => stt.transcribe(&clip, &hints).await,
            };
            // The call is over when nobody receives.
            let _ = done.send(Done::Heard(n, heard)).await;
        });
        Early { n, task, finished, heard: None }
    }
}

fn input_of(step: Step) -> Input {
    match step {
        Step::Found(finding) => Input::Found(finding),
        Step::Records => Input::Records,
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
