//! Answers on their way: asked for ahead of the conversation, claimed by it, or not wanted any more.

use std::future::pending;

use tokio::sync::mpsc;

use crate::engine::providers::{Piece, ProviderError};

/// Most pieces of an answer that nobody has claimed yet; about a minute of sound. More are lost.
const MOST_WAITING: usize = 2_048;

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// An answer to this was being made already.
    Taken,
    /// One has to be asked for.
    Asks,
    /// One has to be asked for, and another one to be stopped before.
    Cancels,
}

/// The answer that is being made.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// The service makes an answer that counts; its end is still to come.
    is_running: bool,
    /// It was asked for ahead, and is not claimed yet.
    is_ahead: bool,
    has_begun: bool,
    to: Option<mpsc::Sender<Piece>>,
    waiting: Vec<Piece>,
    /// Ends of answers that do not count any more; what comes before them is theirs.
    n_stale: u32,
    /// Tokens that came after the answer they belong to.
    owed: (u64, u64),
}

impl Answers {
    /// Whether an answer that counts is being made.
    pub(super) fn is_running(&self) -> bool {
        self.is_running
    }

    /// Whether somebody waits for one, or will.
    pub(super) fn is_busy(&self) -> bool {
        self.is_running || self.to.is_some()
    }

    /// Whether anything of it has come.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// One was asked for before the conversation wanted it.
    pub(super) fn ahead(&mut self) {
        self.is_running = true;
        self.is_ahead = true;
        self.has_begun = false;
        self.waiting.clear();
    }

    /// The conversation wants an answer. `to_speech`: to what was heard last.
    pub(super) async fn claim(&mut self, to: mpsc::Sender<Piece>, to_speech: bool) -> Claim {
        self.pay(&to).await;
        if std::mem::take(&mut self.is_ahead) && to_speech {
            for piece in self.waiting.drain(..) {
                // Not wanted any more: seen by `unwanted`.
                let _ = to.send(piece).await;
            }
            self.to = Some(to).filter(|_| self.is_running);
            return Claim::Taken;
        }
        let cancels = self.drop_current();
        self.is_running = true;
        self.has_begun = false;
        self.to = Some(to);
        if cancels { Claim::Cancels } else { Claim::Asks }
    }

    async fn pay(&mut self, to: &mpsc::Sender<Piece>) {
        let (prompt_tokens, completion_tokens) = std::mem::take(&mut self.owed);
        if prompt_tokens + completion_tokens > 0 {
            let _ = to.send(Piece::Usage { prompt_tokens, completion_tokens }).await;
        }
    }

    /// A piece came. Says whether it belongs to an answer that counts and is its first.
    pub(super) async fn push(&mut self, piece: Piece) -> bool {
        if self.n_stale > 0 || !self.is_running {
            return false;
        }
        match &self.to {
            // Not wanted any more: seen by `unwanted`.
            Some(to) => drop(to.send(piece).await),
            None if self.waiting.len() < MOST_WAITING => self.waiting.push(piece),
            None => {}
        }
        !std::mem::replace(&mut self.has_begun, true)
    }

    /// Tokens were used; by an answer that is over already, it may be.
    pub(super) async fn used(&mut self, prompt_tokens: u64, completion_tokens: u64) {
        self.owed = (self.owed.0 + prompt_tokens, self.owed.1 + completion_tokens);
        if let Some(to) = self.to.clone() {
            self.pay(&to).await;
        }
    }

    /// An answer is whole. One that waits is still there to be claimed.
    pub(super) fn done(&mut self) {
        if self.n_stale > 0 {
            self.n_stale -= 1;
            return;
        }
        self.is_running = false;
        self.to = None;
    }

    /// What is being made does not count any more. Says whether there was something.
    pub(super) fn drop_current(&mut self) -> bool {
        let was_running = std::mem::take(&mut self.is_running);
        self.n_stale += u32::from(was_running);
        self.to = None;
        self.is_ahead = false;
        self.waiting.clear();
        was_running
    }

    /// An answer that nobody has claimed is not going to be. Says whether it was still being made.
    pub(super) fn drop_unclaimed(&mut self) -> bool {
        self.is_ahead && self.drop_current()
    }

    /// The service has stopped making an answer, and says so later; what came of it stands.
    pub(super) fn interrupted(&mut self) {
        if std::mem::take(&mut self.is_running) {
            self.n_stale += 1;
            self.to = None;
        }
    }

    /// Nothing more comes: whoever waits is told why.
    pub(super) async fn failed(self, error: ProviderError) {
        if let Some(to) = self.to {
            let _ = to.send(Piece::Failed(error)).await;
        }
    }

    /// Waits until nobody wants the answer any more.
    pub(super) async fn unwanted(&self) {
        match &self.to {
            Some(to) => to.closed().await,
            None => pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &str) -> Piece {
        Piece::Said(words.to_owned())
    }

    fn all(receiver: &mut mpsc::Receiver<Piece>) -> Vec<Piece> {
        std::iter::from_fn(|| receiver.try_recv().ok()).collect()
    }

    #[tokio::test]
    async fn an_answer_asked_for_ahead_waits_to_be_claimed_and_goes_on() {
        let mut answers = Answers::default();
        answers.ahead();
        assert!(answers.push(said("Good")).await && !answers.push(said(" morning")).await);
        let (send, mut receive) = mpsc::channel(8);
        assert_eq!(answers.claim(send, true).await, Claim::Taken);
        answers.push(said(".")).await;
        answers.used(3, 4).await;
        answers.done();
        assert!(!answers.is_busy());
        let usage = Piece::Usage { prompt_tokens: 3, completion_tokens: 4 };
        assert_eq!(all(&mut receive), [said("Good"), said(" morning"), said("."), usage]);
        assert!(receive.recv().await.is_none(), "the answer is whole");
    }

    #[tokio::test]
    async fn what_was_dropped_is_not_heard_in_the_next_answer() {
        let mut answers = Answers::default();
        answers.ahead();
        answers.push(said("old")).await;
        assert!(answers.drop_unclaimed());
        let (send, mut receive) = mpsc::channel(8);
        assert_eq!(answers.claim(send, false).await, Claim::Asks);
        answers.push(said("rest of the old")).await;
        answers.done();
        assert!(answers.is_busy(), "that was the end of the old one");
        answers.push(said("new")).await;
        answers.done();
        assert_eq!(all(&mut receive), [said("new")]);
        let (send, _receive) = mpsc::channel(8);
        answers.ahead();
        assert_eq!(answers.claim(send, false).await, Claim::Cancels, "keys were pressed: the answer to the speech is stopped");
    }

    #[tokio::test]
    async fn a_failure_reaches_whoever_waits() {
        let mut answers = Answers::default();
        let (send, mut receive) = mpsc::channel(8);
        answers.claim(send, false).await;
        let error = ProviderError { verdict: crate::engine::providers::Verdict::Retry, message: "gone".to_owned() };
        answers.failed(error.clone()).await;
        assert_eq!(all(&mut receive), [Piece::Failed(error)]);
    }
}
