//! Providers in turn: when one fails, the next one takes its place in the middle of a call, and stays there.
//!
//! One that may work again is given a second chance; one that will not is passed over for the rest of the call.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::{Ask, Heard, Hints, Llm, Piece, ProviderError, Soon, Stt, Tts, Verdict};
use crate::base::Clock;
use crate::engine::media::Clip;

/// Failures that may pass after which a provider is passed over.
const CHANCES: u32 = 2;
/// How long a responder may take for its first piece while another one waits behind it.
const FIRST_PIECE_WITHIN: Duration = Duration::from_secs(5);
/// Pieces that may wait for the pipeline.
const PIECES: usize = 32;

/// A provider that was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// `stt`, `llm` or `tts`.
    pub slot: &'static str,
    /// Its name.
    pub name: String,
    /// The name of the one that took its place.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What was replaced on a call and not yet told. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Replacements(Arc<Mutex<Vec<Replaced>>>);

impl Replacements {
    /// All that came since the last time.
    pub fn take(&self) -> Vec<Replaced> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn push(&self, replaced: Replaced) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(replaced);
    }
}

/// One provider and its name.
pub struct Link<P: ?Sized> {
    /// For the call's events.
    pub name: String,
    /// The provider.
    pub provider: Arc<P>,
}

/// Providers of one kind, the preferred one first.
pub struct Chain<P: ?Sized> {
    slot: &'static str,
    links: Vec<Link<P>>,
    state: Mutex<State>,
    replaced: Replacements,
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
    pub fn new(slot: &'static str, links: Vec<Link<P>>, replaced: Replacements, clock: Clock) -> Self {
        Self { slot, links, state: Mutex::default(), replaced, clock }
    }

    fn rest(&self) -> impl Iterator<Item = (usize, &Link<P>)> {
        let at = self.state().at;
        self.links.iter().enumerate().skip(at)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn worked(&self, n: usize) {
        let mut state = self.state();
        if state.at == n {
            state.n_failures = 0;
        }
    }

    /// One failed; it is passed over when it will not work again and there is another.
    fn failed(&self, n: usize, error: &ProviderError) {
        let mut state = self.state();
        let Some(next) = self.links.get(n + 1).filter(|_| state.at == n) else { return };
        state.n_failures += 1;
        if error.verdict == Verdict::GiveUp || state.n_failures >= CHANCES {
            *state = State { at: n + 1, n_failures: 0 };
            let (name, by) = (self.links[n].name.clone(), next.name.clone());
            self.replaced.push(Replaced { slot: self.slot, name, by, reason: error.message.clone() });
        }
    }
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
                    Ok(heard) => {
                        self.worked(n);
                        return Ok(heard);
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

impl Tts for Chain<dyn Tts> {
    fn speak<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Clip, ProviderError>> {
        Box::pin(async move {
            let mut last = nobody();
            for (n, link) in self.rest() {
                match link.provider.speak(sentence).await {
                    Ok(clip) => {
                        self.worked(n);
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
}

impl Llm for Chain<dyn Llm> {
    fn answer<'a>(&'a self, ask: Ask) -> Soon<'a, Result<mpsc::Receiver<Piece>, ProviderError>> {
        Box::pin(async move {
            let mut last = nobody();
            for (n, link) in self.rest() {
                match self.begin(n, link, ask.clone()).await {
                    Ok((first, rest)) => {
                        self.worked(n);
                        return Ok(joined(first, rest));
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
        if n + 1 == self.links.len() {
            return first.await;
        }
        tokio::select! {
            first = first => first,
            () = self.clock.sleep(FIRST_PIECE_WITHIN) => {
                Err(ProviderError { verdict: Verdict::Retry, message: "the responder took too long to begin".to_owned() })
            }
        }
    }
}

/// The pieces with the first one put back. The task ends with the answer, or when nobody receives any more.
fn joined(first: Option<Piece>, mut rest: mpsc::Receiver<Piece>) -> mpsc::Receiver<Piece> {
    let Some(first) = first else { return rest };
    let (send, receive) = mpsc::channel(PIECES);
    tokio::spawn(async move {
        let mut next = Some(first);
        while let Some(piece) = next {
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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Answers from a list; then always with the last word of it.
    struct Listed(Mutex<VecDeque<Result<&'static str, Verdict>>>);

    impl Listed {
        fn next(&self) -> Result<&'static str, ProviderError> {
            let mut all = self.0.lock().expect("sound");
            let next = if all.len() > 1 { all.pop_front() } else { all.front().copied() };
            next.expect("an answer").map_err(|verdict| ProviderError { verdict, message: "no".to_owned() })
        }
    }

    impl Stt for Listed {
        fn transcribe<'a>(&'a self, _: &'a Clip, _: &'a Hints) -> Soon<'a, Result<Heard, ProviderError>> {
            let heard = self.next().map(|text| Heard { text: text.to_owned(), confidence: 1.0 });
            Box::pin(async move { heard })
        }
    }

    impl Llm for Listed {
        fn answer(&self, _: Ask) -> Soon<'_, Result<mpsc::Receiver<Piece>, ProviderError>> {
            let piece = self.next().map_or_else(Piece::Failed, |text| Piece::Text(text.to_owned()));
            Box::pin(async move {
                let (send, receive) = mpsc::channel(4);
                send.send(piece).await.expect("room");
                send.send(Piece::Text(" more".to_owned())).await.expect("room");
                Ok(receive)
            })
        }
    }

    type Answers = [&'static [Result<&'static str, Verdict>]];

    fn links(answers: &Answers) -> Vec<(String, Arc<Listed>)> {
        let listed = |(n, list): (usize, &&[_])| (format!("p{n}"), Arc::new(Listed(Mutex::new(list.iter().copied().collect()))));
        answers.iter().enumerate().map(listed).collect()
    }

    fn stt(answers: &Answers) -> (Chain<dyn Stt>, Replacements) {
        let replaced = Replacements::default();
        let links = links(answers).into_iter().map(|(name, provider)| Link { name, provider: provider as Arc<dyn Stt> }).collect();
        (Chain::new("stt", links, replaced.clone(), Clock::system()), replaced)
    }

    async fn hear(chain: &Chain<dyn Stt>) -> Result<String, Verdict> {
        let utterance = Clip { rate: 8000, samples: [].into() };
        chain.transcribe(&utterance, &Hints::default()).await.map(|heard| heard.text).map_err(|error| error.verdict)
    }

    #[tokio::test]
    async fn one_that_will_not_work_again_is_passed_over_at_once_and_told_once() {
        let (chain, replaced) = stt(&[&[Err(Verdict::GiveUp), Ok("first")], &[Ok("second")]]);
        assert_eq!(hear(&chain).await, Ok("second".to_owned()));
        assert_eq!(hear(&chain).await, Ok("second".to_owned()), "the first one is not asked any more");
        let told = replaced.take();
        assert_eq!((told.len(), told[0].name.as_str(), told[0].by.as_str(), told[0].slot), (1, "p0", "p1", "stt"));
        assert!(replaced.take().is_empty());
    }

    #[tokio::test]
    async fn one_that_may_work_again_gets_a_second_chance() {
        let (chain, replaced) =
            stt(&[&[Err(Verdict::Retry), Ok("first"), Err(Verdict::Retry), Err(Verdict::Retry), Ok("first")], &[Ok("second")]]);
        for expected in ["second", "first", "second", "second", "second"] {
            assert_eq!(hear(&chain).await, Ok(expected.to_owned()));
        }
        assert_eq!(replaced.take().len(), 1);
    }

    #[tokio::test]
    async fn the_last_one_s_failure_is_the_chain_s_and_it_is_tried_again() {
        let (chain, replaced) = stt(&[&[Err(Verdict::GiveUp)], &[Err(Verdict::Retry), Ok("second")]]);
        assert_eq!(hear(&chain).await, Err(Verdict::Retry));
        assert_eq!(hear(&chain).await, Ok("second".to_owned()));
        assert_eq!(replaced.take().len(), 1);
        let (nobody, _) = stt(&[]);
        assert_eq!(hear(&nobody).await, Err(Verdict::GiveUp));
    }

    #[tokio::test]
    async fn a_responder_that_fails_before_its_first_word_is_replaced_within_the_answer() {
        let links = links(&[&[Err(Verdict::Retry)], &[Ok("hello")]]);
        let links = links.into_iter().map(|(name, provider)| Link { name, provider: provider as Arc<dyn Llm> }).collect();
        let chain: Chain<dyn Llm> = Chain::new("llm", links, Replacements::default(), Clock::system());
        let ask = Ask { system_prompt: String::new(), turns: Vec::new(), heard: None, keys: None };
        let mut pieces = chain.answer(ask).await.expect("an answer");
        let mut text = String::new();
        while let Some(Piece::Text(piece)) = pieces.recv().await {
            text.push_str(&piece);
        }
        assert_eq!(text, "hello more");
    }
}
