//! Lines that become sound: once for all calls, in parts, by the spare voice.

use super::*;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::engine::providers::{Ask, Hints, Llm, Piece, Soon};

struct Counting {
    n: AtomicU32,
    fails: Option<Verdict>,
}

impl Tts for Counting {
    fn speak<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Clip, ProviderError>> {
        self.n.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            match self.fails {
                Some(verdict) => Err(ProviderError { verdict, message: "dead".to_owned() }),
                None => Ok(Clip { rate: 8000, samples: vec![1; sentence.len()].into() }),
            }
        })
    }
}

struct Silent;

impl Llm for Silent {
    fn answer(&self, _: Ask) -> Soon<'_, Result<mpsc::Receiver<Piece>, ProviderError>> {
        Box::pin(async { Ok(mpsc::channel(1).1) })
    }
}

fn voice(first: &Arc<Counting>, spare: Option<&Arc<Counting>>) -> Voice {
    let spare_tts = spare.map(|s| s.clone() as Arc<dyn Tts>);
    let providers = Providers {
        stt: None,
        llm: Arc::new(Silent),
        tts: first.clone(),
        spare_tts,
        ledger: Default::default(),
        analyst: None,
        hints: Hints::default(),
    };
    Voice::new(&providers, Phrases::default(), "test")
}

fn counting(fails: Option<Verdict>) -> Arc<Counting> {
    Arc::new(Counting { n: AtomicU32::new(0), fails })
}

#[tokio::test]
async fn a_known_sentence_is_made_once_for_all_calls() {
    let tts = counting(None);
    let voice = voice(&tts, None);
    let (a, b) = tokio::join!(voice.speak("Hello.", true), voice.speak("Hello.", true));
    assert_eq!(a.expect("sound").clip.samples.len(), b.expect("sound").clip.samples.len());
    assert_eq!(tts.n.load(Ordering::SeqCst), 1);
    voice.speak("Hello.", false).await.expect("sound");
    assert_eq!(tts.n.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn the_spare_voice_speaks_when_the_first_is_dead_and_says_so() {
    let (dead, spare) = (counting(Some(Verdict::GiveUp)), counting(None));
    let spoken = voice(&dead, Some(&spare)).speak("Hello.", true).await.expect("the spare speaks");
    assert_eq!(spoken.instead_of.expect("a reason").message, "dead");
    assert_eq!(dead.n.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_failure_that_may_pass_is_tried_once_more() {
    let dead = counting(Some(Verdict::Retry));
    voice(&dead, None).speak("Hello.", false).await.expect_err("nobody speaks");
    assert_eq!(dead.n.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_long_text_is_spoken_in_pieces_and_is_one_clip() {
    let tts = counting(None);
    let text = "This is a sentence of forty characters. ".repeat(20);
    let clip = voice(&tts, None).speak(text.trim(), true).await.expect("sound").clip;
    assert_eq!(tts.n.load(Ordering::SeqCst), 3, "seven sentences at a time");
    assert!(clip.samples.len() >= text.trim().len() - 3);
}

/// Gives two parts of a sentence, then breaks off; whole sentences it can say.
struct Broken;

impl Tts for Broken {
    fn speak<'a>(&'a self, _: &'a str) -> Soon<'a, Result<Clip, ProviderError>> {
        Box::pin(async { Ok(Clip { rate: 8000, samples: vec![9; 90].into() }) })
    }

    fn stream<'a>(&'a self, _: &'a str) -> Soon<'a, Result<Sounding, ProviderError>> {
        let (send, receive) = mpsc::channel(4);
        for part in 1..3 {
            let _ = send.try_send(Ok(Clip { rate: 8000, samples: vec![part; 10].into() }));
        }
        let _ = send.try_send(Err(ProviderError { verdict: Verdict::Retry, message: "cut".to_owned() }));
        Box::pin(async { Ok(receive) })
    }
}

async fn poured(voice: &Voice) -> (Vec<usize>, Done) {
    let (send, mut receive) = mpsc::channel(16);
    let last = voice.pour(ClipId(7), "Hello.", &send).await;
    drop(send);
    let mut parts = Vec::new();
    while let Some(Done::Part { clip, .. }) = receive.recv().await {
        parts.push(clip.samples.len());
    }
    (parts, last)
}

#[tokio::test]
async fn a_sentence_that_breaks_off_is_said_once_more_and_the_reason_is_told() {
    let voice = Voice { tts: Arc::new(Broken), spare: None, phrases: Phrases::default(), name: "test".into() };
    let (parts, last) = poured(&voice).await;
    assert_eq!(parts, [10, 10, 90]);
    assert!(matches!(last, Done::Whole { instead_of: Some(error), .. } if error.message == "cut"));
}

#[tokio::test]
async fn an_answer_comes_in_parts_or_from_the_spare_voice_or_not_at_all() {
    let (dead, fine) = (counting(Some(Verdict::GiveUp)), counting(None));
    let (parts, last) = poured(&voice(&fine, None)).await;
    assert!(parts == [6] && matches!(last, Done::Whole { instead_of: None, .. }));
    let (parts, last) = poured(&voice(&dead, Some(&fine))).await;
    assert!(parts == [6] && matches!(last, Done::Whole { instead_of: Some(_), .. }));
    let (parts, last) = poured(&voice(&dead, Some(&dead))).await;
    assert!(parts.is_empty() && matches!(last, Done::Mute { .. }));
}

#[test]
fn the_tone_is_audible_and_begins_softly() {
    let clip = tone();
    assert!(clip.samples.iter().any(|s| s.abs() > 5000) && clip.samples[0] == 0);
}
