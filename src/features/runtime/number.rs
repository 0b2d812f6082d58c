//! What a virtual number gives a call: the row's fields, what it changes on its bot, and the announcement of a number that speaks a text.

use serde_json::{Map, Value, json};

use crate::base::id::{BotId, CallId, SessionId};
use crate::contract::config::{Announcement, CallConfig, ProviderSpec, RecordingMode};
use crate::features::bots::{BotBody, Published, is_language};
use crate::features::calls::{Direction, NewCall, Origin};
use crate::features::carriers::DidView;
use crate::features::numbers::{NumberBody, NumberView};

/// Language of a number that speaks a text and names none.
const DEFAULT_LANGUAGE: &str = "en-US";

/// The row of a call that a number takes.
pub(super) fn skeleton(session_id: &SessionId, number: &NumberView) -> NewCall {
    let own = &number.body;
    NewCall {
        direction: Direction::Inbound,
        origin: Origin::Vnum,
        number_id: Some(number.id.clone()),
        number: Some(own.number.clone()),
        number_name: Some(own.name.clone()),
        save_transcript: own.save_transcripts,
        ..NewCall::of(session_id.clone())
    }
}

/// The row of a call that the bot of a carrier's number takes.
pub(super) fn of_did(session_id: &SessionId, did: &DidView, bot: &Published) -> NewCall {
    NewCall {
        direction: Direction::Inbound,
        origin: Origin::Vnum,
        number: Some(did.body.number.clone()),
        number_name: Some(did.body.label.clone()).filter(|label| !label.is_empty()),
        save_transcript: true,
        bot_id: Some(bot.id.clone()),
        bot_version: Some(bot.version),
        voice: bot.body.tts.voice.clone(),
        language: Some(bot.body.language.clone()),
        model: bot.body.llm.model.clone().or_else(|| Some(bot.body.llm.provider.clone())),
        ..NewCall::of(session_id.clone())
    }
}

/// The row of a call that a number's bot takes. The number's limit and the bot's both hold.
pub(super) fn of_bot(new: NewCall, number: &NumberBody, bot: &Published) -> NewCall {
    let given = |text: &String| Some(text.clone()).filter(|text| !text.trim().is_empty());
    let mut overrides = Map::new();
    overrides.insert("maxSeconds".to_owned(), json!(number.max_duration_sec.min(bot.body.max_call_duration_seconds)));
    overrides.insert("startMs".to_owned(), json!(number.start_ms.unwrap_or(0)));
    for (key, value) in [
        ("systemPrompt", given(&number.system_prompt)),
        ("openingMessage", given(&number.opening_message)),
        ("voice", given(&number.voice)),
        ("language", given(&number.language)),
    ] {
        overrides.extend(value.map(|value| (key.to_owned(), Value::String(value))));
    }
    if let Some(mode) = number.recording_mode {
        overrides.insert("recordingMode".to_owned(), json!(mode));
    }
    if let Some(allowed) = &number.transfer_allowed {
        overrides.insert("transferAllowed".to_owned(), json!(allowed));
    }
    NewCall {
        bot_id: Some(bot.id.clone()),
        bot_version: Some(bot.version),
        voice: given(&number.voice).or_else(|| bot.body.tts.voice.clone()),
        language: given(&number.language).or_else(|| Some(bot.body.language.clone())),
        model: bot.body.llm.model.clone().or_else(|| Some(bot.body.llm.provider.clone())),
        overrides: Some(Value::Object(overrides)),
        ..new
    }
}

/// The row of a call to a number that speaks a text.
pub(super) fn of_announcement(new: NewCall, number: &NumberBody, bot_id: BotId) -> NewCall {
    let tts = speaker(number);
    NewCall { bot_id: Some(bot_id), voice: tts.voice, language: tts.language, model: Some("none".to_owned()), ..new }
}

/// What an announcement runs on: no recogniser, no model, a voice of the box.
pub(super) fn announcement(
    (session_id, call_id, bot_id): (SessionId, CallId, BotId),
    number: &NumberBody,
    webhook_url: String,
) -> CallConfig {
    // The words of every box, unless it is not recorded.
    let words = BotBody { recording_mode: number.recording_mode.unwrap_or_default(), ..BotBody::default() };
    let (nobody, tts) = (|| ProviderSpec::named("none"), speaker(number));
    CallConfig {
        session_id,
        call_id,
        bot_id,
        bot_version: 0,
        webhook_url,
        system_prompt: String::new(),
        opening_message: number.text.clone(),
        disclosure: String::new(),
        failure_message: words.failure_words().to_owned(),
        language: tts.language.clone().unwrap_or_default(),
        timezone: words.timezone.clone(),
        re_engagement: None,
        min_words_interruption: 0,
        turn_taking: Default::default(),
        answering_machines: Default::default(),
        max_call_duration_seconds: number.max_duration_sec,
        voicemail_message: String::new(),
        pre_transfer_message: String::new(),
        recording_mode: words.recording_mode,
        recording_notice: words.recording_words().to_owned(),
        recording_format: words.recording_format,
        record_cards: words.record_cards,
        stt: nobody(),
        llm: nobody(),
        tts,
        stt_fallbacks: Vec::new(),
        llm_fallbacks: Vec::new(),
        tts_fallbacks: Vec::new(),
        flow: None,
        tools: Vec::new(),
        mcp_servers: Vec::new(),
        callback: None,
        conversation_policy: None,
        transfer_numbers: Default::default(),
        transfer_targets: Vec::new(),
        transfer_inside: Default::default(),
        transfer_allowed: Some(Vec::new()),
        start_ms: number.start_ms.unwrap_or(0),
        is_rehearsal: false,
        announcement: Some(Announcement { is_looped: number.is_looped }),
        post_call_analysis_prompt: None,
        post_call_cache_enabled: false,
        post_call_cache_version: String::new(),
        post_call_cache: None,
        qc_prompt: None,
        auto_dispositions: None,
        callback_detection_enabled: false,
        knowledge_enabled: false,
        knowledge_trigger_instructions: String::new(),
        knowledge_kb_ids: Vec::new(),
        knowledge_top_k: words.knowledge_top_k,
        knowledge_score_threshold: 0.0,
        knowledge_strict: false,
        knowledge_fallback_message: String::new(),
        knowledge_phrases: Vec::new(),
        notices: Vec::new(),
    }
}

/// Which voice of the box speaks: `flite` in English, `espeak-ng` in every other language or where its voice is named.
fn speaker(number: &NumberBody) -> ProviderSpec {
    let voice = number.voice.as_str();
    let language = match (number.language.as_str(), is_language(voice) && voice != "slt") {
        ("", true) => voice,
        ("", false) => DEFAULT_LANGUAGE,
        (language, _) => language,
    };
    let is_flite = voice == "slt" || (voice.is_empty() && language.to_ascii_lowercase().starts_with("en"));
    let (provider, voice) = match (is_flite, voice) {
        (true, _) => ("flite", Some("slt".to_owned())),
        (false, "") => ("espeak-ng", None),
        (false, voice) => ("espeak-ng", Some(voice.to_owned())),
    };
    ProviderSpec { provider: provider.to_owned(), voice, language: Some(language.to_owned()), ..ProviderSpec::default() }
}

/// Whether what is said is recorded and announced; for a bot's own words.
pub(super) fn recording_words(body: &BotBody, mode: RecordingMode) -> String {
    BotBody { recording_mode: mode, recording_notice: body.recording_notice.clone(), ..BotBody::default() }.recording_words().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(change: Value) -> NumberBody {
        let mut body = json!({ "name": "n", "number": "1", "mode": "tts", "text": "We are closed." });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn english_is_spoken_by_flite_and_everything_else_by_espeak() {
        for (change, provider, voice, language) in [
            (json!({}), "flite", Some("slt"), "en-US"),
            (json!({ "language": "en-GB" }), "flite", Some("slt"), "en-GB"),
            (json!({ "voice": "slt", "language": "de-DE" }), "flite", Some("slt"), "de-DE"),
            (json!({ "language": "de-DE" }), "espeak-ng", None, "de-DE"),
            (json!({ "voice": "fr" }), "espeak-ng", Some("fr"), "fr"),
            (json!({ "voice": "en-gb", "language": "en-GB" }), "espeak-ng", Some("en-gb"), "en-GB"),
        ] {
            let spec = speaker(&number(change.clone()));
            assert_eq!(
                (spec.provider.as_str(), spec.voice.as_deref(), spec.language.as_deref()),
                (provider, voice, Some(language)),
                "{change}"
            );
        }
    }

    #[test]
    fn an_announcement_needs_no_recogniser_and_no_model_and_says_that_it_records() {
        let ids = || ("s".into(), "vnum000000000001".into(), "bot_1".into());
        let made = announcement(ids(), &number(json!({ "start_ms": 700, "loop": true })), String::new());
        assert_eq!((made.stt.provider.as_str(), made.llm.provider.as_str()), ("none", "none"));
        assert_eq!((made.opening_message.as_str(), made.start_ms), ("We are closed.", 700));
        assert!(made.announcement.unwrap().is_looped && made.disclosure.is_empty() && !made.recording_notice.is_empty());
        let off = announcement(ids(), &number(json!({ "recording_mode": "off" })), String::new());
        assert!(off.recording_notice.is_empty() && off.recording_mode == RecordingMode::Off);
    }
}
