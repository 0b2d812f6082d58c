//! What callers do in most conversations: a voice, a call that has been greeted, a question, and what was said.

use std::time::Duration;

use cxbox::base::Clock;
use cxbox::engine::media::Clip;
use cxbox::engine::speech::{SpeechSettings, SpeechWorkers};
use cxbox::lab::ai::{AiOptions, RunningAi};
use serde_json::Value;

use super::Bench;
use super::phone::Talk;

/// A human-like voice for the caller.
pub async fn voice() -> Clip {
    let settings = SpeechSettings { timeout: Duration::from_secs(60), ..SpeechSettings::new(env!("CARGO_BIN_EXE_cxbox")) };
    SpeechWorkers::new(settings, Clock::system()).speak("slt", "what are your opening hours on a monday").await.unwrap()
}

/// What one side said, turn by turn.
pub fn said(result: &Value, role: &str) -> Vec<String> {
    let turns = result["transcript"].as_array().unwrap();
    turns.iter().filter(|t| t["role"] == role).map(|t| t["content"].as_str().unwrap().to_owned()).collect()
}

/// A call whose greeting has been heard.
pub async fn greeted(bench: &Bench) -> Talk {
    let mut talk = bench.phone.call(bench.sip).await;
    talk.hears().await;
    talk.hears_silence().await;
    talk
}

/// Says something and waits for the whole answer.
pub async fn asks(talk: &mut Talk, voice: &Clip) {
    talk.says(voice);
    talk.hears().await;
    talk.hears_silence().await;
}

/// Services that follow a script, with 20 ms before each tenth of a second of sound.
pub async fn services(script: Value) -> RunningAi {
    let options =
        AiOptions { script: serde_json::from_value(script).unwrap(), word_delay: Duration::from_millis(20), ..AiOptions::default() };
    RunningAi::start("127.0.0.1:0".parse().unwrap(), options, Clock::system()).await.unwrap()
}
