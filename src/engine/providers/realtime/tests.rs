//! What the two services send, in the shapes they send it, and what is made of it.

use serde_json::json;

use super::gemini::GeminiLive;
use super::openai::OpenaiRealtime;
use super::*;

fn opening() -> Opening {
    let tool = json!({ "type": "function", "function": { "name": "end_call", "description": "Ends", "parameters": { "type": "object" } } });
    Opening { instructions: "Be kind.".to_owned(), language: "de-DE".to_owned(), tools: vec![tool], ..Opening::default() }
}

fn read(speaks: &mut dyn Realtime, message: &Value) -> Vec<Event> {
    speaks.read(&message.to_string()).expect("a message")
}

fn heard(text: &str, is_whole: bool) -> Event {
    Event::Heard { text: text.to_owned(), is_whole }
}

#[test]
fn openai_is_set_up_without_its_own_turns_and_with_tools_in_its_form() {
    let speaks = OpenaiRealtime::new(opening());
    assert_eq!(speaks.path(), "/realtime?model=gpt-realtime");
    let session = &speaks.open()[0]["session"];
    assert_eq!((&session["type"], &session["audio"]["input"]["turn_detection"]), (&json!("realtime"), &Value::Null));
    assert_eq!(session["audio"]["input"]["transcription"]["language"], "de");
    assert_eq!(
        session["tools"],
        json!([{ "type": "function", "name": "end_call", "description": "Ends", "parameters": { "type": "object" } }])
    );
}

#[test]
fn an_answer_of_openai_is_sound_words_tools_and_tokens() {
    let mut speaks = OpenaiRealtime::new(opening());
    let done = json!({ "type": "response.done", "response": { "status": "completed", "usage": { "input_tokens": 7, "output_tokens": 3 },
        "output": [{ "type": "message" }, { "type": "function_call", "call_id": "c1", "name": "end_call", "arguments": "{\"a\":1}" }] } });
    for (message, expected) in [
        (json!({ "type": "session.updated", "session": {} }), vec![Event::Ready]),
        (json!({ "type": "rate_limits.updated" }), vec![]),
        (json!({ "type": "conversation.item.input_audio_transcription.delta", "delta": "Guten " }), vec![heard("Guten", false)]),
        (
            json!({ "type": "conversation.item.input_audio_transcription.completed", "transcript": "Guten Tag." }),
            vec![heard("Guten Tag.", true)],
        ),
        (json!({ "type": "response.output_audio.delta", "item_id": "i1", "delta": "AQACAA==" }), vec![Event::Sound(vec![1, 2])]),
        (json!({ "type": "response.audio.delta", "item_id": "i1", "delta": "AwA=" }), vec![Event::Sound(vec![3])]),
        (json!({ "type": "response.output_audio_transcript.delta", "delta": "Hallo" }), vec![Event::Said("Hallo".to_owned())]),
        (json!({ "type": "error", "error": { "code": "response_cancel_not_active" } }), vec![]),
        (
            done,
            vec![
                Event::Usage { prompt_tokens: 7, completion_tokens: 3 },
                Event::Tool { id: "c1".to_owned(), name: "end_call".to_owned(), arguments: json!({ "a": 1 }) },
                Event::Done,
            ],
        ),
    ] {
        assert_eq!(read(&mut speaks, &message), expected, "{message}");
    }
    assert!(speaks.truncate(9_000).is_empty(), "all of it was heard");
    assert!(speaks.truncate(0).is_empty(), "and is only told once");
    read(&mut speaks, &json!({ "type": "response.output_audio.delta", "item_id": "i2", "delta": STANDARD_SECOND.repeat(1000) }));
    assert_eq!(speaks.truncate(20)[0]["audio_end_ms"], 20);
    for (message, verdict) in [
        (json!({ "type": "response.done", "response": { "status": "failed" } }), Verdict::Retry),
        (json!({ "type": "error", "error": { "code": "invalid_api_key" } }), Verdict::GiveUp),
        (json!({ "type": "error", "error": { "message": "x" } }), Verdict::Retry),
    ] {
        assert!(matches!(&read(&mut speaks, &message)[..], [Event::Failed(error)] if error.verdict == verdict), "{message}");
    }
    for garbage in ["<html>", "{\"type\":\"response.output_audio.delta\",\"delta\":\"***\"}"] {
        assert!(speaks.read(garbage).is_err(), "{garbage}");
    }
}

/// Three samples of silence.
const STANDARD_SECOND: &str = "AAAAAAAA";

#[test]
fn gemini_is_set_up_with_the_seeds_voice_and_without_its_own_turns() {
    let setup = &GeminiLive::new(opening()).open()[0]["setup"];
    assert_eq!(setup["model"], "models/gemini-3.8-live");
    assert_eq!(setup["generationConfig"]["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"], "Aoede");
    assert_eq!(setup["realtimeInputConfig"]["automaticActivityDetection"]["disabled"], true);
    assert_eq!(setup["tools"][0]["functionDeclarations"][0]["name"], "end_call");
    assert_eq!(setup["systemInstruction"]["parts"][0]["text"], "Be kind.");
}

#[test]
fn an_answer_of_gemini_is_whole_when_it_is_made_and_not_again_when_it_was_heard() {
    let mut speaks = GeminiLive::new(opening());
    let sound = json!({ "serverContent": { "modelTurn": { "parts": [{ "inlineData": { "mimeType": "audio/pcm;rate=24000", "data": "AQACAA==" } }] } } });
    for (message, expected) in [
        (json!({ "setupComplete": {} }), vec![Event::Ready]),
        (json!({ "serverContent": { "inputTranscription": { "text": " Guten" } } }), vec![heard("Guten", false)]),
        (json!({ "serverContent": { "inputTranscription": { "text": " Tag" } } }), vec![heard("Guten Tag", false)]),
        (sound.clone(), vec![heard("Guten Tag", true), Event::Sound(vec![1, 2])]),
        (json!({ "serverContent": { "outputTranscription": { "text": "Hallo" } } }), vec![Event::Said("Hallo".to_owned())]),
        (json!({ "serverContent": { "generationComplete": true } }), vec![Event::Done]),
        (
            json!({ "serverContent": { "turnComplete": true }, "usageMetadata": { "promptTokenCount": 7, "responseTokenCount": 3 } }),
            vec![Event::Usage { prompt_tokens: 7, completion_tokens: 3 }],
        ),
        (sound, vec![Event::Sound(vec![1, 2])]),
        (json!({ "serverContent": { "interrupted": true } }), vec![Event::Done]),
        (json!({ "serverContent": { "turnComplete": true } }), vec![]),
        (
            json!({ "toolCall": { "functionCalls": [{ "id": "c1", "name": "end_call", "args": {} }] } }),
            vec![Event::Tool { id: "c1".to_owned(), name: "end_call".to_owned(), arguments: json!({}) }, Event::Done],
        ),
        (json!({ "goAway": { "timeLeft": "10s" } }), vec![Event::Leaving]),
    ] {
        assert_eq!(read(&mut speaks, &message), expected, "{message}");
    }
    assert!(speaks.read("<html>").is_err());
}
