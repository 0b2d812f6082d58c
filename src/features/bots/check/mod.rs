//! Whether a bot can be accepted: pure rules, each refusal with the path of its field.

mod flow;
mod links;
mod rules;
mod schema;
mod talk;
mod transfer;

use super::body::{BotBody, BotStatus};
use crate::base::{Error, Result};
use crate::contract::provider::{self, ProviderSpec};
pub(crate) use rules::{day_index, minute_of_day};

/// Which providers fit which field.
const FITTING: &[(&str, &[&str])] = &[("stt", provider::STT), ("llm", provider::LLM), ("tts", provider::TTS)];
/// Most providers that may stand in for one.
const MOST_FALLBACKS: usize = 5;
/// Longest text of a message or a reply.
const LONGEST_MESSAGE: usize = 4_000;
/// Longest prompt.
const LONGEST_PROMPT: usize = 200_000;

/// The refusals found so far.
#[derive(Default)]
struct Refusals(Vec<(String, String)>);

impl Refusals {
    fn add(&mut self, field: impl Into<String>, sentence: impl Into<String>) {
        self.0.push((field.into(), sentence.into()));
    }

    fn unless(&mut self, holds: bool, field: impl Into<String>, sentence: impl Into<String>) {
        if !holds {
            self.add(field, sentence);
        }
    }

    fn into_result(self) -> Result<()> {
        let Some((field, sentence)) = self.0.first() else { return Ok(()) };
        let error = Error::invalid(format!("{field}: {sentence}"));
        Err(self.0.iter().fold(error, |error, (field, sentence)| error.field(field, sentence)))
    }
}

/// Refuses a body that cannot run, naming every field that is wrong.
pub(super) fn check(body: &BotBody) -> Result<()> {
    let mut no = Refusals::default();
    let n_name = body.name.trim().chars().count();
    no.unless((1..=200).contains(&n_name), "name", "must have 1 to 200 characters");
    no.unless(is_language(&body.language), "language", "must be a language tag such as en-US");
    no.unless(is_zone(&body.timezone), "timezone", "must be an IANA time zone such as Europe/Malta");
    no.unless((1..=14_400).contains(&body.max_call_duration_seconds), "max_call_duration_seconds", "must be 1 to 14400");
    no.unless(body.min_words_interruption <= 20, "min_words_interruption", "must be 0 to 20");
    lengths(body, &mut no);
    for (slot, first, fallbacks) in body.providers() {
        no.unless(fallbacks.len() <= MOST_FALLBACKS, format!("{slot}_fallbacks"), format!("must have at most {MOST_FALLBACKS} providers"));
        let others = fallbacks.iter().enumerate().map(|(n, fallback)| (format!("{slot}_fallbacks[{n}]"), fallback));
        for (n, fallback) in fallbacks.iter().enumerate() {
            let fine = !provider::is_realtime(&fallback.provider);
            no.unless(fine, format!("{slot}_fallbacks[{n}].provider"), "hears and speaks itself, and cannot stand in for another");
        }
        for (path, spec) in std::iter::once((slot.to_owned(), first)).chain(others) {
            provider_fits(slot, &path, spec, &mut no);
            if body.status != BotStatus::Draft {
                key_is_there(&path, spec, &mut no);
            }
        }
    }
    match &body.flow {
        Some(flow) => flow::flow_runs(flow, !body.transfer_targets.is_empty(), &mut no),
        None => {
            let is_needed = std::iter::once(&body.llm).chain(&body.llm_fallbacks).any(|llm| llm.provider == "flow");
            no.unless(!is_needed, "flow", "is needed when llm.provider is flow");
        }
    }
    links::links_hold(body, &mut no);
    transfer::transfers_hold(body, &mut no);
    rules::rules_hold(body, &mut no);
    talk::talk_holds(body, &mut no);
    no.into_result()
}

fn lengths(body: &BotBody, no: &mut Refusals) {
    let prompt = |prompt: &Option<String>| prompt.as_ref().map_or(0, String::len);
    for (field, length, most) in [
        ("opening_message", body.opening_message.len(), LONGEST_MESSAGE),
        ("recording_notice", body.recording_notice.len(), LONGEST_MESSAGE),
        ("failure_message", body.failure_message.len(), LONGEST_MESSAGE),
        ("voicemail_message", body.voicemail_message.len(), LONGEST_MESSAGE),
        ("pre_transfer_message", body.pre_transfer_message.len(), LONGEST_MESSAGE),
        ("knowledge_fallback_message", body.knowledge_fallback_message.len(), LONGEST_MESSAGE),
        ("knowledge_trigger_instructions", body.knowledge_trigger_instructions.len(), LONGEST_PROMPT),
        ("disclosure", body.disclosure.words().len(), LONGEST_MESSAGE),
        ("system_prompt", body.system_prompt.len(), LONGEST_PROMPT),
        ("post_call_analysis_prompt", prompt(&body.post_call_analysis_prompt), LONGEST_PROMPT),
        ("post_call_cache_version", body.post_call_cache_version.len(), 200),
        ("qc_prompt", prompt(&body.qc_prompt), LONGEST_PROMPT),
    ] {
        no.unless(length <= most, field, format!("must have at most {most} bytes"));
    }
}

/// A bot that takes calls has the keys its services want; one that is still written, or came from a file, may lack them.
fn key_is_there(path: &str, spec: &ProviderSpec, no: &mut Refusals) {
    let has_key = spec.api_key.as_ref().is_some_and(|key| !key.0.trim().is_empty());
    let name = spec.provider.as_str();
    no.unless(
        has_key || spec.has_address() || !provider::wants_key(name),
        format!("{path}.api_key"),
        format!("is needed for {name}, unless base_url names a server of your own"),
    );
}

fn provider_fits(slot: &str, path: &str, spec: &ProviderSpec, no: &mut Refusals) {
    let fitting = FITTING.iter().find(|(name, _)| *name == slot).map_or(&[][..], |(_, names)| names);
    if !fitting.contains(&spec.provider.as_str()) {
        no.add(format!("{path}.provider"), format!("must be one of {}", fitting.join(", ")));
    }
    let name = spec.provider.as_str();
    let has_voice = spec.voice.as_ref().is_some_and(|voice| !voice.trim().is_empty());
    no.unless(has_voice || !provider::wants_voice(name), format!("{path}.voice"), format!("is needed for {name}: the id of a voice"));
    if let Some(url) = &spec.base_url {
        no.unless(links::is_http_url(url), format!("{path}.base_url"), "must be an http or https URL");
    }
    if let Some(temperature) = spec.temperature {
        no.unless((0.0..=2.0).contains(&temperature), format!("{path}.temperature"), "must be 0 to 2");
    }
    if let Some(most) = spec.max_tokens {
        no.unless((1..=200_000).contains(&most), format!("{path}.max_tokens"), "must be 1 to 200000");
    }
    if let Some(language) = &spec.language {
        no.unless(is_language(language), format!("{path}.language"), "must be a language tag such as en-US");
    }
    for (field, text) in [("model", &spec.model), ("voice", &spec.voice)] {
        let fine = text.as_ref().is_none_or(|text| text.len() <= 200 && !text.chars().any(char::is_control));
        no.unless(fine, format!("{path}.{field}"), "must be one line of at most 200 bytes");
    }
    if let Some(key) = &spec.api_key {
        let fine = key.0.len() <= 4_096 && !key.0.chars().any(char::is_control);
        no.unless(fine, format!("{path}.api_key"), "must be one line of at most 4096 bytes");
    }
}

/// Whether a text is a language tag: a language of two or three letters, then subtags.
pub(crate) fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn is_zone(text: &str) -> bool {
    jiff::tz::TimeZone::get(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn refused(change: Value) -> Vec<String> {
        let mut body = json!({
            "name": "Anna", "status": "active", "llm": { "provider": "flow" },
            "flow": { "intents": [{ "id": "hours", "phrases": ["opening hours"], "reply": "Nine to five." }], "fallback": "Pardon?" }
        });
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        let body: BotBody = serde_json::from_value(body).unwrap();
        check(&body).map_or_else(|error| error.fields().iter().map(|f| f.field.clone()).collect(), |()| Vec::new())
    }

    #[test]
    fn a_small_flow_bot_is_accepted() {
        assert!(refused(json!({})).is_empty());
    }

    #[test]
    fn each_refusal_names_its_field() {
        let intent = |change: Value| {
            let mut intent = json!({ "id": "a", "phrases": ["yes"], "reply": "Fine." });
            for (key, value) in change.as_object().unwrap() {
                intent[key] = value.clone();
            }
            json!({ "flow": { "intents": [intent], "fallback": "Pardon?" } })
        };
        for (change, field) in [
            (json!({ "name": "  " }), "name"),
            (json!({ "timezone": "Mars/Olympus" }), "timezone"),
            (json!({ "language": "english please" }), "language"),
            (json!({ "max_call_duration_seconds": 0 }), "max_call_duration_seconds"),
            (json!({ "min_words_interruption": 21 }), "min_words_interruption"),
            (json!({ "stt": { "provider": "flite" } }), "stt.provider"),
            (json!({ "llm": { "provider": "openai", "base_url": "ftp://x" } }), "llm.base_url"),
            (json!({ "llm": { "provider": "openai", "temperature": 3.0 } }), "llm.temperature"),
            (json!({ "stt": { "provider": "deepgram" } }), "stt.api_key"),
            (json!({ "tts": { "provider": "cartesia", "api_key": "k" } }), "tts.voice"),
            (json!({ "tts_fallbacks": [{ "provider": "elevenlabs", "voice": "v" }] }), "tts_fallbacks[0].api_key"),
            (json!({ "stt_fallbacks": [{ "provider": "elevenlabs", "api_key": "k", "voice": "v" }] }), "stt_fallbacks[0].provider"),
            (json!({ "llm": { "provider": "gemini-live" } }), "llm.api_key"),
            (json!({ "llm_fallbacks": [{ "provider": "openai-realtime", "api_key": "k" }] }), "llm_fallbacks[0].provider"),
            (json!({ "flow": null }), "flow"),
            (json!({ "flow": { "intents": [], "fallback": "" } }), "flow.fallback"),
            (intent(json!({ "id": "" })), "flow.intents[0].id"),
            (intent(json!({ "phrases": [] })), "flow.intents[0].phrases"),
            (intent(json!({ "phrases": ["..."] })), "flow.intents[0].phrases[0]"),
            (intent(json!({ "digits": "A" })), "flow.intents[0].digits"),
            (intent(json!({ "reply": "" })), "flow.intents[0].reply"),
            (intent(json!({ "tool": { "name": "transfer" } })), "flow.intents[0].tool.target"),
            (json!({ "active_hours": { "days": ["someday"], "start_time": "09:00", "end_time": "17:00" } }), "active_hours.days[0]"),
            (json!({ "active_hours": { "start_time": "9 o'clock", "end_time": "17:00" } }), "active_hours.start_time"),
            (json!({ "turn_taking": { "end_of_turn_ms": 4000, "after_hesitation_ms": 4000 } }), "turn_taking.end_of_turn_ms"),
            (json!({ "turn_taking": { "after_sentence_ms": 900 } }), "turn_taking.after_sentence_ms"),
            (json!({ "turn_taking": { "after_hesitation_ms": 600 } }), "turn_taking.after_hesitation_ms"),
            (json!({ "turn_taking": { "fillers": ["okey dokey", " ... "] } }), "turn_taking.fillers[1]"),
            (json!({ "turn_taking": { "thinking_after_ms": 100 } }), "turn_taking.thinking_after_ms"),
            (json!({ "turn_taking": { "thinking_words": ["A moment.", "…"] } }), "turn_taking.thinking_words[1]"),
            (json!({ "answering_machines": { "greeting_ms": 100 } }), "answering_machines.greeting_ms"),
            (json!({ "answering_machines": { "max_words": 0 } }), "answering_machines.max_words"),
            (json!({ "answering_machines": { "on_voicemail": "leave_message" } }), "voicemail_message"),
            (json!({ "answering_machines": { "on_fax": "leave_message" }, "voicemail_message": "x" }), "answering_machines.on_fax"),
            (json!({ "callbacks": { "max_days": 0 } }), "callbacks.max_days"),
            (json!({ "mcp_servers": [{ "name": "a b", "url": "https://x.test/mcp", "tools": ["*"] }] }), "mcp_servers[0].name"),
            (json!({ "mcp_servers": [{ "name": "a", "url": "ws://x.test/mcp", "tools": ["*"] }] }), "mcp_servers[0].url"),
            (json!({ "mcp_servers": [{ "name": "a", "url": "https://x.test/mcp", "tools": [] }] }), "mcp_servers[0].tools"),
            (json!({ "re_engagement": { "after_ms": 1, "message": "Hello?" } }), "re_engagement.after_ms"),
        ] {
            assert_eq!(refused(change.clone()), [field], "{change}");
        }
    }

    #[test]
    fn a_server_of_one_s_own_needs_no_key() {
        assert!(refused(json!({ "stt": { "provider": "deepgram", "base_url": "http://10.0.0.5:8080/v1" } })).is_empty());
        assert!(refused(json!({ "tts": { "provider": "elevenlabs", "api_key": "k", "voice": "v" } })).is_empty());
        assert!(refused(json!({ "status": "draft", "stt": { "provider": "deepgram" } })).is_empty(), "a draft may lack its key");
    }

    #[test]
    fn two_intents_may_not_share_an_id_or_digits() {
        let twice = json!({ "id": "a", "phrases": ["yes"], "digits": "1", "reply": "Fine." });
        let fields = refused(json!({ "flow": { "intents": [twice, twice], "fallback": "Pardon?" } }));
        assert_eq!(fields, ["flow.intents[1].id", "flow.intents[1].digits"]);
    }
}
