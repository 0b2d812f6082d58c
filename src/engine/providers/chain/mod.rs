//! Providers in turn: when one fails, the next one takes its place in the middle of a call, and stays there.
//!
//! One that may work again is given a second chance; one that will not is passed over for the rest of the call.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::ledger::{Amount, Incident, Ledger};
use super::live::{Ear, Partials};
use super::{Ask, Heard, Hints, Llm, Piece, ProviderError, Soon, Sounding, Stt, Tts, Verdict};
use crate::base::Clock;
use crate::engine::media::Clip;

/// Failures that may pass after which a provider is passed over.
const CHANCES: u32 = 2;
/// How long a responder or a voice may take to begin while another one waits behind it.
const FIRST_PIECE_WITHIN: Duration = Duration::from_secs(5);
/// Pieces that may wait for the pipeline.
const PIECES: usize = 32;

/// One provider and what it is called.
pub struct Link<P: ?Sized> {
    /// Its name, for the call's events.
    pub name: String,
    /// Its model, where the bot names one.
    pub model: Option<String>,
    /// The provider.
    pub provider: Arc<P>,
}

/// Providers of one kind, the preferred one first.
pub struct Chain<P: ?Sized> {
    slot: &'static str,
    links: Vec<Link<P>>,
    state: Mutex<State>,
    ledger: Ledger,
    clock: Clock,
}

#[derive(Default)]
struct State {
    /// Where the chain begins now.
    at: usize,
    n_failures: u32,
}

impl<P: ?Sized> Chain<P> {
    /// A chain; with a single link it only passes on.
    pub fn new(slot: &'static str, links: Vec<Link<P>>, ledger: Ledger, clock: Clock) -> Self {
        Self { slot, links, state: Mutex::default(), ledger, clock }
    }

    fn rest(&self) -> impl Iterator<Item = (usize, &Link<P>)> {
        let at = self.state().at;
        self.links.iter().enumerate().skip(at)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One did its work, or began to.
    fn worked(&self, n: usize, amount: Option<Amount>) {
        let mut state = self.state();
        if state.at == n {
            state.n_failures = 0;
        }
        drop(state);
        if let (Some(link), Some(amount)) = (self.links.get(n), amount) {
            self.ledger.count(self.slot, &link.name, link.model.as_deref(), amount);
        }
    }

    /// One failed, and the call says so; it is passed over when it will not work again and there is another.
    fn failed(&self, n: usize, error: &ProviderError) {
        self.broke_off(n).tell(error);
        let mut state = self.state();
        let Some(next) = self.links.get(n + 1).filter(|_| state.at == n) else { return };
        state.n_failures += 1;
        if error.verdict == Verdict::GiveUp || state.n_failures >= CHANCES {
            *state = State { at: n + 1, n_failures: 0 };
            let (name, by) = (self.links[n].name.clone(), next.name.clone());
            self.ledger.note(Incident::Replaced { slot: self.slot, name, by, reason: error.message.clone() });
        }
    }

    /// What tells the call that this one failed in the middle of its work.
    fn broke_off(&self, n: usize) -> Teller {
        let name = self.links.get(n).map(|link| link.name.clone()).unwrap_or_default();
        Teller { slot: self.slot, name, ledger: self.ledger.clone() }
    }
}

/// Tells the call of one provider's failures.
struct Teller {
    slot: &'static str,
    name: String,
    ledger: Ledger,
}

impl Teller {
    fn tell(&self, error: &ProviderError) {
        self.ledger.note(Incident::Failed { slot: self.slot, name: self.name.clone(), reason: error.message.clone() });
    }
}

/// What may come last of a stream.
trait Last {
    /// The failure, if it is one.
    fn failure(&self) -> Option<&ProviderError>;
}

impl Last for Piece {
    fn failure(&self) -> Option<&ProviderError> {
        if let Self::Failed(error) = self { Some(error) } else { None }
    }
}

impl Last for Result<Clip, ProviderError> {
    fn failure(&self) -> Option<&ProviderError> {
        self.as_ref().err()
    }
}

fn heard(utterance: &Clip) -> Option<Amount> {
    Some(Amount::Seconds(utterance.samples.len() as f64 / f64::from(utterance.rate.max(1))))
}

fn spoken(sentence: &str) -> Option<Amount> {
    Some(Amount::Characters(sentence.chars().count() as u64))
}

fn nobody() -> ProviderError {
    ProviderError { verdict: Verdict::GiveUp, message: "there is no provider".to_owned() }
}

impl Stt for Chain<dyn Stt> {
    fn transcribe<'a>(&'a self, utterance: &'a Clip, hints: &'a Hints) -> Soon<'a, Result<Heard, ProviderError>> {
        Box::pin(async move {
            let mut last = nobody();
            for (n, link) in self.rest() {
                match link.provider.transcribe(utterance, hints).await {
                    Ok(words) => {
                        self.worked(n, heard(utterance));
                        return Ok(words);
                    }
                    Err(error) => {
                        self.failed(n, &error);
                        last = error;
                    }
                }
            }
            Err(last)
        })
    }

    fn is_live(&self) -> bool {
        self.rest().next().is_some_and(|(_, link)| link.provider.is_live())
    }

    fn warm(&self, hints: &Hints) {
        if let Some((_, link)) = self.rest().next() {
            link.provider.warm(hints);
        }
    }

    fn begin(&self, rate: u32, hints: &Hints, partials: Partials) -> Option<Ear> {
        let (n, link) = self.rest().next()?;
        Some(link.provider.begin(rate, hints, partials)?.of_link(n))
    }

    fn finish<'a>(&'a self, ear: Ear, utterance: &'a Clip, hints: &'a Hints) -> Soon<'a, Result<Heard, ProviderError>> {
        Box::pin(async move {
            let n = ear.link;
            match ear.finish().await {
                Ok(words) => {
                    self.worked(n, heard(utterance));
                    Ok(words)
                }
                // The sound is still there: whoever is next, or the same once more, gets it as a whole.
                Err(error) => {
                    self.failed(n, &error);
                    if error.verdict == Verdict::GiveUp && self.state().at == n {
                        Err(error)
                    } else {
                        self.transcribe(utterance, hints).await
                    }
                }
            }
        })
    }
}

impl Tts for Chain<dyn Tts> {
    fn speak<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Clip, ProviderError>> {
        Box::pin(async move {
            let mut last = nobody();
            for (n, link) in self.rest() {
                match link.provider.speak(sentence).await {
                    Ok(clip) => {
                        self.worked(n, spoken(sentence));
                        return Ok(clip);
                    }
                    Err(error) => {
                        self.failed(n, &error);
                        last = error;
                    }
                }
            }
            Err(last)
        })
    }

    fn stream<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Sounding, ProviderError>> {
        Box::pin(async move {
            let mut last = nobody();
            for (n, link) in self.rest() {
                match self.begin(n, link, sentence).await {
                    Ok((first, rest)) => {
                        self.worked(n, spoken(sentence));
                        return Ok(joined(first, rest, self.broke_off(n)));
                    }
                    Err(error) => {
                        self.failed(n, &error);
                        last = error;
                    }
                }
            }
            Err(last)
        })
    }

    fn warm(&self) {
        if let Some((_, link)) = self.rest().next() {
            link.provider.warm();
        }
    }
}

impl Llm for Chain<dyn Llm> {
    fn warm(&self) {
        if let Some((_, link)) = self.rest().next() {
            link.provider.warm();
        }
    }

    fn foresee(&self, words: &str) {
        if let Some((_, link)) = self.rest().next() {
            link.provider.foresee(words);
        }
    }

    fn cut(&self, heard_ms: u32) {
        if let Some((_, link)) = self.rest().next() {
            link.provider.cut(heard_ms);
        }
    }

    fn answer<'a>(&'a self, ask: Ask) -> Soon<'a, Result<mpsc::Receiver<Piece>, ProviderError>> {
        Box::pin(async move {
            let mut last = nobody();
            for (n, link) in self.rest() {
                match self.begin(n, link, ask.clone()).await {
                    Ok((first, rest)) => {
                        self.worked(n, None);
                        return Ok(joined(first, rest, self.broke_off(n)));
                    }
                    Err(error) => {
                        self.failed(n, &error);
                        last = error;
                    }
                }
            }
            Err(last)
        })
    }
}

impl Chain<dyn Llm> {
    /// An answer counts as begun with its first piece: nothing was said yet, so that another responder can begin anew.
    async fn begin(&self, n: usize, link: &Link<dyn Llm>, ask: Ask) -> Result<(Option<Piece>, mpsc::Receiver<Piece>), ProviderError> {
        let first = async {
            let mut pieces = link.provider.answer(ask).await?;
            match pieces.recv().await {
                Some(Piece::Failed(error)) => Err(error),
                first => Ok((first, pieces)),
            }
        };
        self.in_time(n, first).await
    }
}

impl Chain<dyn Tts> {
    /// A sentence counts as begun with its first sound.
    async fn begin(
        &self,
        n: usize,
        link: &Link<dyn Tts>,
        sentence: &str,
    ) -> Result<(Option<Result<Clip, ProviderError>>, Sounding), ProviderError> {
        let first = async {
            let mut parts = link.provider.stream(sentence).await?;
            match parts.recv().await {
                Some(Err(error)) => Err(error),
                first => Ok((first, parts)),
            }
        };
        self.in_time(n, first).await
    }
}

impl<P: ?Sized> Chain<P> {
    /// Where another provider waits behind this one, it must begin in time.
    async fn in_time<T>(&self, n: usize, first: impl Future<Output = Result<T, ProviderError>>) -> Result<T, ProviderError> {
        if n + 1 == self.links.len() {
            return first.await;
        }
        tokio::select! {
            first = first => first,
            () = self.clock.sleep(FIRST_PIECE_WITHIN) => {
                Err(ProviderError { verdict: Verdict::Retry, message: format!("{} took too long to begin", self.links[n].name) })
            }
        }
    }
}

/// What comes with the first of it put back; a failure in the middle is told. The task ends with the rest, or when nobody receives any more.
fn joined<T: Last + Send + 'static>(first: Option<T>, mut rest: mpsc::Receiver<T>, teller: Teller) -> mpsc::Receiver<T> {
    let Some(first) = first else { return rest };
    let (send, receive) = mpsc::channel(PIECES);
    tokio::spawn(async move {
        let mut next = Some(first);
        while let Some(piece) = next {
            if let Some(error) = piece.failure() {
                teller.tell(error);
            }
            if send.send(piece).await.is_err() {
                return;
            }
            next = tokio::select! {
                piece = rest.recv() => piece,
                () = send.closed() => None,
            };
        }
    });
    receive
}
