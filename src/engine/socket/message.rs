//! The messages of a call over a WebSocket, read and written. Sound is 16 bit, little endian, 8 kHz, mono, in base64. No I/O.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

/// The only encoding and rate there are.
const ENCODING: &str = "LINEAR16";
const RATE: u64 = 8000;
/// Longest name or number that is taken from a message.
const MOST_TEXT: usize = 256;
/// Most parameters of a call, which become headers.
const MOST_PARAMETERS: usize = 50;

/// What the far end said.
#[derive(Debug, PartialEq)]
pub(super) enum Event {
    /// The socket is open.
    Connected,
    /// What call it is.
    Start(Start),
    /// The person at the far end has answered.
    Answer,
    /// Sound.
    Media(Vec<i16>),
    /// A key was pressed.
    Key(char),
    /// The far end has hung up.
    HangUp,
    /// Nothing we know.
    Unknown(String),
}

/// What the far end says of its call.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Start {
    /// Its own key of the stream.
    pub stream_id: Option<String>,
    /// Who calls.
    pub from: Option<String>,
    /// What was dialled.
    pub to: Option<String>,
    /// What a bot may know of the call, like the headers of a call over SIP.
    pub parameters: BTreeMap<String, String>,
    /// Whether somebody is there already; else `answer` tells it.
    pub is_answered: bool,
}

#[derive(Deserialize)]
struct Raw {
    event: String,
    #[serde(default, alias = "stream_id", rename = "streamId")]
    stream_id: Option<String>,
    #[serde(default)]
    start: Option<RawStart>,
    #[serde(default)]
    media: Option<RawMedia>,
    #[serde(default)]
    dtmf: Option<RawKey>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct RawStart {
    #[serde(default, alias = "stream_id")]
    stream_id: Option<String>,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    answered: Option<bool>,
    #[serde(default)]
    media_format: Option<RawFormat>,
    #[serde(default)]
    custom_parameters: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFormat {
    #[serde(default)]
    encoding: Option<String>,
    #[serde(default)]
    sample_rate: Option<u64>,
    #[serde(default)]
    channels: Option<u64>,
}

#[derive(Deserialize)]
struct RawMedia {
    payload: String,
}

#[derive(Deserialize)]
struct RawKey {
    digit: String,
}

/// Reads a message, or says what is wrong with it.
pub(super) fn read(text: &str) -> Result<Event, String> {
    let raw: Raw = serde_json::from_str(text).map_err(|error| format!("the message is not one of ours: {error}"))?;
    Ok(match raw.event.as_str() {
        "connected" => Event::Connected,
        "start" => Event::Start(start(raw.stream_id, raw.start.unwrap_or_default())?),
        "answer" => Event::Answer,
        "media" => Event::Media(samples(&raw.media.ok_or("media needs media.payload")?.payload)?),
        "dtmf" => Event::Key(key(&raw.dtmf.ok_or("dtmf needs dtmf.digit")?.digit)?),
        "hangup-call" => Event::HangUp,
        other => Event::Unknown(other.chars().take(40).collect()),
    })
}

fn start(stream_id: Option<String>, raw: RawStart) -> Result<Start, String> {
    if let Some(RawFormat { encoding, sample_rate, channels }) = raw.media_format {
        let fits = encoding.is_none_or(|encoding| encoding.eq_ignore_ascii_case(ENCODING));
        if !fits || sample_rate.is_some_and(|rate| rate != RATE) || channels.is_some_and(|n| n != 1) {
            return Err(format!("the sound must be {ENCODING} with {RATE} samples per second, mono"));
        }
    }
    if raw.custom_parameters.len() > MOST_PARAMETERS {
        return Err(format!("customParameters has more than {MOST_PARAMETERS} entries"));
    }
    let parameter = |(name, value): (String, Value)| Some((short(name)?, short(plain(&value)?)?));
    Ok(Start {
        stream_id: stream_id.or(raw.stream_id).and_then(short),
        from: raw.from.and_then(short),
        to: raw.to.and_then(short),
        parameters: raw.custom_parameters.into_iter().filter_map(parameter).collect(),
        is_answered: raw.answered.unwrap_or(true),
    })
}

/// A text that can be kept; none for an empty one, one that is too long, or one with control characters.
fn short(text: String) -> Option<String> {
    (!text.is_empty() && text.len() <= MOST_TEXT && !text.chars().any(char::is_control)).then_some(text)
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn samples(payload: &str) -> Result<Vec<i16>, String> {
    let bytes = STANDARD.decode(payload).map_err(|_| "media.payload is not base64")?;
    let (samples, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("media.payload has half a sample: it must be 16 bit".to_owned());
    }
    Ok(samples.iter().map(|two| i16::from_le_bytes(*two)).collect())
}

fn key(digit: &str) -> Result<char, String> {
    let mut chars = digit.chars();
    match (chars.next().map(|key| key.to_ascii_uppercase()), chars.next()) {
        (Some(key), None) if "0123456789*#ABCD".contains(key) => Ok(key),
        _ => Err("dtmf.digit must be one key".to_owned()),
    }
}

/// The bot is there; the keys of the call.
pub(super) fn answer(stream_id: Option<&str>, call_id: &str, session_id: &str) -> String {
    let format = json!({ "encoding": ENCODING, "sampleRate": RATE, "channels": 1 });
    json!({ "event": "answer", "streamId": stream_id, "answer": { "callId": call_id, "sessionId": session_id, "mediaFormat": format } })
        .to_string()
}

/// Sound for the far end.
pub(super) fn media(stream_id: Option<&str>, samples: &[i16]) -> String {
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    json!({ "event": "reverse-media", "streamId": stream_id, "media": { "payload": STANDARD.encode(bytes) } }).to_string()
}

/// What was sent and not played yet is to be thrown away.
pub(super) fn stop(stream_id: Option<&str>) -> String {
    json!({ "event": "reverse-media-stop", "streamId": stream_id }).to_string()
}

/// The bot has hung up.
pub(super) fn hang_up(stream_id: Option<&str>) -> String {
    json!({ "event": "reverse-hangup-call", "streamId": stream_id }).to_string()
}

/// The caller is to be handed on.
pub(super) fn transfer(stream_id: Option<&str>, target: &str) -> String {
    json!({ "event": "reverse-call-transfer", "streamId": stream_id, "transfer": { "target": target } }).to_string()
}

/// Something is wrong.
pub(super) fn error(code: &str, sentence: &str) -> String {
    json!({ "event": "error", "error": { "code": code, "message": sentence } }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_and_wrong_ones_are_told_what_is_wrong() {
        let start = r#"{"event":"start","streamId":"s1","start":{"from":"+49301","to":"200","answered":false,
            "mediaFormat":{"encoding":"linear16","sampleRate":8000},"customParameters":{"X-Order":17,"deep":{}}}}"#;
        let parameters = BTreeMap::from([("X-Order".to_owned(), "17".to_owned())]);
        let (from, to) = (Some("+49301".to_owned()), Some("200".to_owned()));
        let expected = Start { stream_id: Some("s1".to_owned()), from, to, parameters, is_answered: false };
        assert_eq!(read(start), Ok(Event::Start(expected)));
        assert_eq!(read(r#"{"event":"start"}"#), Ok(Event::Start(Start { is_answered: true, ..Start::default() })));
        assert_eq!(read(r#"{"event":"media","media":{"payload":"AQD//w=="}}"#), Ok(Event::Media(vec![1, -1])));
        assert_eq!(read(r##"{"event":"dtmf","dtmf":{"digit":"#"}}"##), Ok(Event::Key('#')));
        assert_eq!(read(r#"{"event":"hangup-call"}"#), Ok(Event::HangUp));
        assert_eq!(read(r#"{"event":"mark","name":"x"}"#), Ok(Event::Unknown("mark".to_owned())));
        for (text, word) in [
            ("hello", "not one of ours"),
            ("{}", "event"),
            (r#"{"event":"media"}"#, "media.payload"),
            (r#"{"event":"media","media":{"payload":"?"}}"#, "base64"),
            (r#"{"event":"media","media":{"payload":"AQ=="}}"#, "half a sample"),
            (r#"{"event":"dtmf","dtmf":{"digit":"12"}}"#, "one key"),
            (r#"{"event":"start","start":{"mediaFormat":{"sampleRate":16000}}}"#, "8000"),
            (r#"{"event":"start","start":{"mediaFormat":{"encoding":"mulaw"}}}"#, "LINEAR16"),
        ] {
            let why = read(text).unwrap_err();
            assert!(why.contains(word), "{text}: {why}");
        }
    }

    #[test]
    fn sound_that_is_written_reads_back() {
        let written: Value = serde_json::from_str(&media(Some("s"), &[3, -4])).unwrap();
        assert_eq!(samples(written["media"]["payload"].as_str().unwrap()), Ok(vec![3, -4]));
    }
}
