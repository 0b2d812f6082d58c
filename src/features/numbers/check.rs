//! Whether a virtual number can be accepted. Pure.

use super::model::{NumberBody, NumberMode};
use crate::base::{Error, Result};
use crate::contract::config::RecordingMode;
use crate::features::bots::is_language;

/// Milliseconds before the first word of a number that speaks a text and names none.
const DEFAULT_START_MS: u32 = 1_500;
/// Longest such pause.
const MOST_START_MS: u32 = 30_000;
/// Longest prompt.
const LONGEST_PROMPT: usize = 200_000;
/// Longest first words, and longest text of a number in mode `tts`.
const LONGEST_WORDS: usize = 4_000;
/// Most entries of the list of transfers.
const MOST_TARGETS: usize = 200;
/// Voices of the built-in `flite`.
const FLITE_VOICES: [&str; 1] = ["slt"];

/// The number without spaces round its texts and with its mode's defaults, or a refusal that names every wrong field.
pub(super) fn checked(mut body: NumberBody) -> Result<NumberBody> {
    for text in [&mut body.name, &mut body.number, &mut body.voice, &mut body.language, &mut body.text] {
        *text = text.trim().to_owned();
    }
    body.bot_id = body.bot_id.filter(|id| !id.as_str().trim().is_empty());
    body.start_ms.get_or_insert(if body.mode == NumberMode::Tts { DEFAULT_START_MS } else { 0 });
    if let Some(targets) = &mut body.transfer_allowed {
        targets.iter_mut().for_each(|target| *target = target.trim().to_owned());
    }
    let mut wrong: Vec<(String, String)> = Vec::new();
    let mut unless = |holds: bool, field: &str, sentence: &str| {
        if !holds {
            wrong.push((field.to_owned(), sentence.to_owned()));
        }
    };
    let dialled = |c: char| c.is_ascii_alphanumeric() || "+*#-_.".contains(c);
    unless((1..=100).contains(&body.name.chars().count()), "name", "must have 1 to 100 characters");
    unless((1..=64).contains(&body.number.len()), "number", "must have 1 to 64 characters");
    unless(body.number.chars().all(dialled), "number", "may have letters, digits and + * # - _ . only");
    unless(body.number != "*", "number", "is the catch-all of the inbound routes");
    unless((1..=14_400).contains(&body.max_duration_sec), "max_duration_sec", "must be 1 to 14400");
    unless(body.start_ms <= Some(MOST_START_MS), "start_ms", &format!("must be 0 to {MOST_START_MS}"));
    unless(body.voice.len() <= 100, "voice", "must have at most 100 bytes");
    unless(body.language.is_empty() || is_language(&body.language), "language", "must be a language tag such as en-US");
    unless(body.system_prompt.len() <= LONGEST_PROMPT, "system_prompt", &format!("must have at most {LONGEST_PROMPT} bytes"));
    unless(body.opening_message.len() <= LONGEST_WORDS, "opening_message", &format!("must have at most {LONGEST_WORDS} bytes"));
    unless(body.text.len() <= LONGEST_WORDS, "text", &format!("must have at most {LONGEST_WORDS} bytes"));
    let key = body.api_key.as_ref().map_or("", |key| &key.0);
    unless(key.len() <= 512 && !key.chars().any(char::is_control), "api_key", "must have at most 512 bytes and no line ends");
    mode_fits(&body, &mut unless);
    targets_fit(&body, &mut unless);
    match wrong.first() {
        None => Ok(body),
        Some((field, sentence)) => {
            let error = Error::invalid(format!("{field}: {sentence}"));
            Err(wrong.iter().fold(error, |error, (field, sentence)| error.field(field.clone(), sentence.clone())))
        }
    }
}

fn mode_fits(body: &NumberBody, unless: &mut impl FnMut(bool, &str, &str)) {
    match body.mode {
        NumberMode::LiveVoiceAi => {
            let has_words = body.bot_id.is_some() || !body.system_prompt.trim().is_empty();
            unless(has_words, "bot_id", "is needed unless the number has a system_prompt of its own");
        }
        NumberMode::Tts => {
            unless(!body.text.is_empty(), "text", "is needed in mode tts");
            unless(is_spoken_voice(&body.voice), "voice", "must be slt or a language tag such as de in mode tts");
            let mode = body.recording_mode;
            unless(mode != Some(RecordingMode::Ask), "recording_mode", "must be off or announce in mode tts: nobody listens to an answer");
        }
    }
}

fn targets_fit(body: &NumberBody, unless: &mut impl FnMut(bool, &str, &str)) {
    let targets = body.transfer_allowed.as_deref().unwrap_or_default();
    unless(targets.len() <= MOST_TARGETS, "transfer_allowed", &format!("must have at most {MOST_TARGETS} entries"));
    for (n, target) in targets.iter().enumerate() {
        let is_text = (1..=255).contains(&target.len()) && !target.chars().any(char::is_control);
        let is_plain = target.strip_suffix('*').is_none_or(|beginning| !beginning.is_empty());
        let sentence = "must be a number, a name, a SIP URI or a beginning such as +356*";
        unless(is_text && is_plain, &format!("transfer_allowed[{n}]"), sentence);
    }
}

/// Whether one of the voices of the box speaks under this name; empty leaves the choice to the language.
fn is_spoken_voice(voice: &str) -> bool {
    voice.is_empty() || FLITE_VOICES.contains(&voice) || is_language(voice)
}

/// A refusal of one field.
pub(super) fn refused(field: &'static str, sentence: impl Into<String>) -> Error {
    let sentence = sentence.into();
    Error::invalid(format!("{field}: {sentence}")).field(field, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(change: Value) -> Result<NumberBody> {
        let mut body = json!({ "name": "main", "number": "100", "bot_id": "bot_1" });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        checked(serde_json::from_value(body).unwrap())
    }

    #[test]
    fn each_refusal_names_its_field() {
        let tts = |change: Value| {
            let mut body = json!({ "mode": "tts", "text": "We are closed." });
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            body
        };
        for (change, field) in [
            (json!({ "name": " " }), "name"),
            (json!({ "number": "1 2" }), "number"),
            (json!({ "number": "*" }), "number"),
            (json!({ "max_duration_sec": 0 }), "max_duration_sec"),
            (json!({ "max_duration_sec": 14_401 }), "max_duration_sec"),
            (json!({ "start_ms": 30_001 }), "start_ms"),
            (json!({ "language": "english please" }), "language"),
            (json!({ "system_prompt": "x".repeat(200_001) }), "system_prompt"),
            (json!({ "opening_message": "x".repeat(4_001) }), "opening_message"),
            (json!({ "api_key": "a\nb" }), "api_key"),
            (json!({ "bot_id": "" }), "bot_id"),
            (json!({ "bot_id": null }), "bot_id"),
            (json!({ "transfer_allowed": ["+1555", "*"] }), "transfer_allowed[1]"),
            (json!({ "transfer_allowed": [""] }), "transfer_allowed[0]"),
            (tts(json!({ "text": "  " })), "text"),
            (tts(json!({ "voice": "Aoede" })), "voice"),
            (tts(json!({ "recording_mode": "ask" })), "recording_mode"),
        ] {
            let error = read(change.clone()).expect_err(&change.to_string());
            assert_eq!(error.fields()[0].field, field, "{change}");
        }
    }

    #[test]
    fn a_prompt_stands_in_for_a_bot_and_the_pause_depends_on_the_mode() {
        let own = read(json!({ "bot_id": null, "system_prompt": "Be brief." })).unwrap();
        assert_eq!((own.bot_id, own.start_ms, own.max_duration_sec), (None, Some(0), 3_500));
        let tts = read(json!({ "bot_id": null, "mode": "tts", "text": " We are closed. ", "voice": "de" })).unwrap();
        assert_eq!((tts.start_ms, tts.text.as_str()), (Some(1_500), "We are closed."));
        assert_eq!(read(json!({ "start_ms": 700 })).unwrap().start_ms, Some(700));
    }
}
