//! What the service says of the sound, put together to what was said. Pure.

use serde::Deserialize;

use crate::engine::providers::Heard;

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    is_final: bool,
    #[serde(default)]
    from_finalize: bool,
    #[serde(default)]
    start: Option<f64>,
    #[serde(default)]
    duration: Option<f64>,
    #[serde(default)]
    channel: Option<Channel>,
}

#[derive(Deserialize)]
struct Channel {
    #[serde(default)]
    alternatives: Vec<Alternative>,
}

#[derive(Deserialize)]
struct Alternative {
    #[serde(default)]
    transcript: String,
    #[serde(default)]
    confidence: f32,
}

/// What a message changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    None,
    /// These are the words so far.
    Words(String),
    /// All that was asked for is said.
    Finished,
}

/// The words of one utterance.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Where in the stream it began, in seconds; what lies before belongs to another one.
    from: f64,
    certain: Vec<String>,
    guess: String,
    confidence: Option<f32>,
}

impl Words {
    /// An utterance that begins here in the stream.
    pub(super) fn from(seconds: f64) -> Self {
        Self { from: seconds, ..Self::default() }
    }

    /// Takes a message. `Err` with a sentence when it cannot be read or reports a failure.
    pub(super) fn take(&mut self, text: &str) -> Result<Change, &'static str> {
        let event: Event = serde_json::from_str(text).map_err(|_| "the recogniser sent something else than words")?;
        match event.kind.as_str() {
            "Results" => {}
            "Error" => return Err("the recogniser reports a failure"),
            _ => return Ok(Change::None),
        }
        let ends = event.start.zip(event.duration).map(|(start, duration)| start + duration);
        if ends.is_some_and(|end| end <= self.from) {
            return Ok(Change::None);
        }
        let best = event.channel.and_then(|channel| channel.alternatives.into_iter().next());
        let before = self.so_far();
        if let Some(Alternative { transcript, confidence }) = best {
            let transcript = transcript.trim().to_owned();
            self.guess.clear();
            if !event.is_final {
                self.guess = transcript;
            } else if !transcript.is_empty() {
                self.certain.push(transcript);
                self.confidence = Some(self.confidence.map_or(confidence, |least| least.min(confidence)));
            }
        }
        if event.from_finalize {
            return Ok(Change::Finished);
        }
        let now = self.so_far();
        Ok(if now == before || now.is_empty() { Change::None } else { Change::Words(now) })
    }

    /// Whether words are known and none of them is a guess.
    pub(super) fn is_certain(&self) -> bool {
        self.guess.is_empty() && !self.certain.is_empty()
    }

    /// Whether anything was understood.
    pub(super) fn is_empty(&self) -> bool {
        self.guess.is_empty() && self.certain.is_empty()
    }

    fn so_far(&self) -> String {
        let guess = Some(self.guess.as_str()).filter(|guess| !guess.is_empty());
        self.certain.iter().map(String::as_str).chain(guess).collect::<Vec<_>>().join(" ")
    }

    /// What was said, as far as it is known.
    pub(super) fn heard(&self) -> Heard {
        let text = self.so_far();
        // A guess is worth less than what the service stands by.
        let confidence = if text.is_empty() { 0.0 } else { self.confidence.unwrap_or(0.6) };
        Heard { text, confidence }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn results(text: &str, start: f64, is_final: bool, from_finalize: bool) -> String {
        json!({
            "type": "Results", "start": start, "duration": 1.0, "is_final": is_final, "speech_final": is_final, "from_finalize": from_finalize,
            "channel": { "alternatives": [{ "transcript": text, "confidence": 0.9 }] },
        })
        .to_string()
    }

    #[test]
    fn guesses_become_certain_and_finalize_ends_it() {
        let mut words = Words::from(2.0);
        let said = |text: &str| Ok(Change::Words(text.to_owned()));
        assert_eq!(words.take(&results("old words", 0.5, true, false)), Ok(Change::None), "of the utterance before");
        assert_eq!(words.take(&results("good", 2.0, false, false)), said("good"));
        assert_eq!(words.take(&results("good morning", 2.0, false, false)), said("good morning"));
        assert_eq!(words.take(&results("good morning", 2.0, false, false)), Ok(Change::None));
        assert_eq!(words.take(&results("Good morning.", 2.0, true, false)), said("Good morning."));
        assert!(words.is_certain());
        assert_eq!(words.take(&results("how are", 3.0, false, false)), said("Good morning. how are"));
        assert!(!words.is_certain());
        assert_eq!(words.take(&results("How are you?", 3.0, true, true)), Ok(Change::Finished));
        assert_eq!(words.heard(), Heard { text: "Good morning. How are you?".to_owned(), confidence: 0.9 });
    }

    #[test]
    fn what_is_no_result_changes_nothing_and_what_cannot_be_read_is_a_failure() {
        let mut words = Words::default();
        for text in [r#"{"type":"Metadata","request_id":"x"}"#, r#"{"type":"SpeechStarted"}"#, r#"{"type":"Results"}"#] {
            assert_eq!(words.take(text), Ok(Change::None), "{text}");
        }
        assert!(words.take("<html>").is_err() && words.take(r#"{"type":"Error","message":"x"}"#).is_err());
        assert_eq!(words.heard(), Heard::default());
        assert!(words.is_empty() && !words.is_certain());
    }
}
