//! Offline speech through the real worker process: what is spoken is recognised over a telephone's band, and a dead worker is replaced.

use std::time::Duration;

use audio_codec::pcmu::{PcmuDecoder, PcmuEncoder};
use audio_codec::{Decoder, Encoder};
use cxbox::base::Clock;
use cxbox::engine::media::Clip;
use cxbox::engine::providers::Verdict;
use cxbox::engine::speech::{SpeechSettings, SpeechWorkers};
use rustix::process::{Pid, Signal, kill_process};

const PHRASES: &[&str] = &[
    "what are your opening hours",
    "when are you open",
    "i want to book an appointment",
    "transfer me to sales",
    "i want to talk to a person",
    "where is my order",
    "how much does it cost",
    "call mister zorbana",
    "yes",
    "no",
    "goodbye",
];

fn phrases() -> Vec<String> {
    PHRASES.iter().map(|phrase| (*phrase).to_owned()).collect()
}

fn settings() -> SpeechSettings {
    SpeechSettings { timeout: Duration::from_secs(60), ..SpeechSettings::new(env!("CARGO_BIN_EXE_cxbox")) }
}

fn workers() -> SpeechWorkers {
    SpeechWorkers::new(settings(), Clock::system())
}

/// What is left of a sound after a telephone line: 8 kHz, µ-law.
fn over_the_telephone(clip: &Clip) -> Clip {
    let narrow = audio_codec::resample(&clip.samples, clip.rate, 8000);
    let line = PcmuEncoder::new().encode(&narrow);
    Clip { rate: 8000, samples: PcmuDecoder::new().decode(&line).into() }
}

fn send(id: u32, signal: Signal) {
    kill_process(Pid::from_raw(id.cast_signed()).unwrap(), signal).unwrap();
}

#[tokio::test]
async fn every_phrase_is_recognised_over_a_telephone_line() {
    let workers = workers();
    for phrase in PHRASES {
        let spoken = workers.speak("slt", phrase).await.unwrap();
        let heard = workers.transcribe(&over_the_telephone(&spoken), &phrases()).await.unwrap();
        assert_eq!(heard.text, *phrase);
        assert!(heard.confidence >= 0.5, "{phrase}: {}", heard.confidence);
    }
}

#[tokio::test]
async fn other_speech_is_not_taken_for_a_phrase() {
    let workers = workers();
    for sentence in [
        "the weather is nice today and i like bananas",
        "the train to london was late again",
        "could i have a large pizza with cheese",
        "yesterday we went to the beach",
    ] {
        let spoken = workers.speak("slt", sentence).await.unwrap();
        let heard = workers.transcribe(&over_the_telephone(&spoken), &phrases()).await.unwrap();
        assert!(heard.confidence < 0.5, "{sentence} was heard as {} with {}", heard.text, heard.confidence);
    }
}

#[tokio::test]
async fn silence_and_an_empty_grammar_give_nothing() {
    let workers = workers();
    let silence = Clip { rate: 8000, samples: vec![0; 8000].into() };
    assert_eq!(workers.transcribe(&silence, &phrases()).await.unwrap().text, "");
    assert_eq!(workers.transcribe(&silence, &["???".to_owned()]).await.unwrap().text, "");
    let nothing = Clip { rate: 8000, samples: Vec::new().into() };
    assert_eq!(workers.transcribe(&nothing, &phrases()).await.unwrap().text, "");
}

#[tokio::test]
async fn a_worker_that_is_killed_over_a_request_is_replaced_and_the_request_repeated() {
    let workers = workers();
    workers.warm().unwrap();
    let first = workers.ids()[0];
    send(first, Signal::STOP);
    let request = tokio::spawn({
        let workers = workers.clone();
        async move { workers.speak("slt", "still here").await }
    });
    while workers.n_busy() == 0 {
        tokio::task::yield_now().await;
    }
    send(first, Signal::KILL);
    let spoken = request.await.unwrap().unwrap();
    assert!(spoken.samples.len() > 4000);
    assert!(!workers.ids().contains(&first));
}

#[tokio::test]
async fn a_worker_that_hangs_is_killed_after_its_time() {
    let workers = SpeechWorkers::new(SpeechSettings { timeout: Duration::from_secs(2), ..settings() }, Clock::system());
    workers.warm().unwrap();
    let first = workers.ids()[0];
    send(first, Signal::STOP);
    assert!(workers.speak("slt", "are you there").await.is_ok());
    assert!(!workers.ids().contains(&first));
}

#[tokio::test]
async fn a_program_that_talks_nonsense_or_is_missing_is_a_clear_error() {
    for (program, word) in [("/bin/echo", "failed twice"), ("/nonexistent/cxbox", "does not start")] {
        let workers = SpeechWorkers::new(SpeechSettings::new(program), Clock::system());
        let error = workers.speak("slt", "hello").await.unwrap_err();
        assert_eq!(error.verdict, Verdict::Retry);
        assert!(error.message.contains(word), "{}", error.message);
        let next = workers.speak("slt", "hello").await.unwrap_err();
        assert!(next.message.contains("keeps failing"), "{}", next.message);
    }
}

#[tokio::test]
async fn a_voice_that_is_not_linked_is_refused_and_the_worker_stays() {
    let workers = workers();
    let error = workers.speak("rms", "hello").await.unwrap_err();
    assert_eq!(error.verdict, Verdict::GiveUp);
    let before = workers.ids();
    assert!(workers.speak("slt", "hello").await.is_ok());
    assert_eq!(workers.ids(), before);
}

#[tokio::test]
async fn a_sentence_is_made_once() {
    let workers = workers();
    let first = workers.speak("slt", "good morning").await.unwrap();
    let again = workers.speak("slt", "good morning").await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&first.samples, &again.samples));
}

#[tokio::test]
async fn more_requests_than_may_wait_are_refused() {
    let workers = SpeechWorkers::new(SpeechSettings { n_workers: 1, n_waiting: 1, ..settings() }, Clock::system());
    workers.warm().unwrap();
    let only = workers.ids()[0];
    send(only, Signal::STOP);
    let waiting: Vec<_> = ["one", "two"]
        .map(|text| {
            tokio::spawn({
                let workers = workers.clone();
                async move { workers.speak("slt", text).await }
            })
        })
        .into();
    while workers.n_waiting() < 2 {
        tokio::task::yield_now().await;
    }
    let refused = workers.speak("slt", "three").await.unwrap_err();
    assert!(refused.message.contains("too many"), "{}", refused.message);
    send(only, Signal::CONT);
    for request in waiting {
        assert!(request.await.unwrap().is_ok());
    }
}
