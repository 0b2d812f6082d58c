//! From a bot and a call to the config the call runs on. Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::number::recording_words;
use crate::base::id::{BotId, CallId, SessionId};
use crate::base::template::Variables;
use crate::contract::config::{CallConfig, ProviderSpec, ReEngagement, RecordingMode, WireSecret};
use crate::contract::flow::Flow;
use crate::contract::provider;
use crate::features::bots::{BotBody, BotState, is_language};
use crate::features::outbound::Keys;
use crate::features::settings::Providers;

/// Voices that the built-in `flite` has.
const FLITE_VOICES: [&str; 1] = ["slt"];

/// What a call changes on its bot, for itself alone.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Overrides {
    pub(super) system_prompt: Option<String>,
    pub(super) voice: Option<String>,
    pub(super) language: Option<String>,
    pub(super) max_seconds: Option<u32>,
    pub(super) opening_message: Option<String>,
    pub(super) start_ms: Option<u32>,
    pub(super) recording_mode: Option<RecordingMode>,
    pub(super) transfer_allowed: Option<Vec<String>>,
    pub(super) model: Option<String>,
    /// The state of the bot that the call tries out.
    pub(super) tries: Option<String>,
    /// Nothing a tool asks for is carried out.
    pub(super) rehearsal: bool,
}

impl Overrides {
    /// The overrides stored on a call; what cannot be read counts as none.
    pub(super) fn of(stored: Option<&Value>) -> Self {
        stored.and_then(|value| serde_json::from_value(value.clone()).ok()).unwrap_or_default()
    }

    /// What is stored on a call that tries this state of its bot out and changes nothing else.
    pub(super) fn trying(state: BotState) -> Value {
        json!({ "tries": state.word() })
    }
}

/// What a config is made of.
pub(super) struct Parts<'a> {
    pub(super) session_id: SessionId,
    pub(super) call_id: CallId,
    pub(super) bot_id: BotId,
    pub(super) bot_version: u32,
    pub(super) body: &'a BotBody,
    pub(super) overrides: &'a Overrides,
    pub(super) keys: &'a Keys,
    pub(super) variables: &'a Variables,
    /// Whether a campaign makes the call; only then callbacks are looked for.
    pub(super) is_campaign: bool,
    pub(super) webhook_url: String,
    /// Key of the language model for this call, where it is not the bot's.
    pub(super) llm_key: Option<WireSecret>,
    /// Where providers are that the bot names neither address nor key of.
    pub(super) providers: &'a Providers,
}

/// The config of one call: the bot, changed by the call's overrides, its texts with their variables in place.
pub(super) fn assemble(parts: Parts<'_>) -> CallConfig {
    let (body, overrides, say) = (parts.body, parts.overrides, |text: &str| parts.variables.render(text));
    let (speakers, prompt, mode) = (speakers(&parts), prompt(&parts), overrides.recording_mode.unwrap_or(body.recording_mode));
    CallConfig {
        session_id: parts.session_id,
        call_id: parts.call_id,
        bot_id: parts.bot_id,
        bot_version: parts.bot_version,
        webhook_url: parts.webhook_url,
        system_prompt: prompt,
        opening_message: say(overrides.opening_message.as_deref().unwrap_or(&body.opening_message)),
        disclosure: say(body.disclosure.words()),
        failure_message: say(body.failure_words()),
        language: overrides.language.clone().unwrap_or_else(|| body.language.clone()),
        timezone: body.timezone.clone(),
        re_engagement: body.re_engagement.as_ref().map(|again| ReEngagement { message: say(&again.message), ..again.clone() }),
        min_words_interruption: body.min_words_interruption,
        turn_taking: body.turn_taking.clone(),
        answering_machines: body.answering_machines.clone(),
        max_call_duration_seconds: overrides.max_seconds.unwrap_or(body.max_call_duration_seconds),
        voicemail_message: say(&body.voicemail_message),
        pre_transfer_message: say(&body.pre_transfer_message),
        recording_mode: mode,
        recording_notice: say(&recording_words(body, mode)),
        recording_format: body.recording_format,
        record_cards: body.record_cards,
        stt: reachable(body.stt.clone(), parts.providers),
        llm: speakers.llm,
        tts: speakers.tts,
        stt_fallbacks: fallbacks(&body.stt_fallbacks, parts.providers),
        llm_fallbacks: speakers.llm_fallbacks,
        tts_fallbacks: speakers.tts_fallbacks,
        flow: body.flow.as_ref().map(|flow| spoken(flow, parts.variables)),
        tools: listed(&body.tools),
        mcp_servers: body.mcp_servers.clone(),
        callback: None,
        conversation_policy: body.conversation_policy.clone(),
        transfer_numbers: body.transfer_numbers.clone(),
        transfer_targets: listed(&body.transfer_targets),
        transfer_inside: Default::default(),
        // A list with nothing on it: no transfer of a rehearsal leaves the box.
        transfer_allowed: if overrides.rehearsal { Some(Vec::new()) } else { overrides.transfer_allowed.clone() },
        start_ms: overrides.start_ms.unwrap_or(0),
        announcement: None,
        is_rehearsal: overrides.rehearsal,
        post_call_analysis_prompt: body.post_call_analysis_prompt.clone(),
        post_call_cache_enabled: body.post_call_cache_enabled,
        post_call_cache_version: body.post_call_cache_version.clone(),
        post_call_cache: body.post_call_cache.clone(),
        qc_prompt: body.qc_prompt.clone(),
        auto_dispositions: body.auto_dispositions.as_ref().and_then(|given| serde_json::to_value(given).ok()),
        callback_detection_enabled: callback_words(body, parts.is_campaign).is_some(),
        knowledge_enabled: body.knowledge_enabled,
        knowledge_trigger_instructions: say(&body.knowledge_trigger_instructions),
        knowledge_kb_ids: body.knowledge_kb_ids.clone(),
        knowledge_top_k: body.knowledge_top_k,
        knowledge_score_threshold: body.knowledge_score_threshold,
        knowledge_strict: body.knowledge_strict,
        knowledge_fallback_message: say(&body.knowledge_fallback_message),
        knowledge_phrases: Vec::new(),
        notices: speakers.notices,
    }
}

/// What the model is told about callbacks; only calls of campaigns look for them.
fn callback_words(body: &BotBody, is_campaign: bool) -> Option<&str> {
    body.callback_prompt_injection.as_ref().filter(|callback| callback.enabled && is_campaign).map(|callback| callback.text.as_str())
}

/// The model and the voice of a call, what takes their place, and what of the call's wishes they cannot fulfil.
struct Speakers {
    llm: ProviderSpec,
    tts: ProviderSpec,
    llm_fallbacks: Vec<ProviderSpec>,
    tts_fallbacks: Vec<ProviderSpec>,
    notices: Vec<String>,
}

fn speakers(parts: &Parts<'_>) -> Speakers {
    let mut notices = Vec::new();
    let (mut llm, mut tts) = (live_by_key(parts).unwrap_or_else(|| parts.body.llm.clone()), parts.body.tts.clone());
    if let Some(voice) = parts.overrides.voice.as_deref() {
        let speaks_itself = provider::is_realtime(&llm.provider);
        let speaker = if speaks_itself { &mut llm } else { &mut tts };
        match has_voice(speaker, voice) {
            true => speaker.voice = Some(voice.to_owned()),
            false => notices.push("voice_not_available".to_owned()),
        }
    }
    llm.api_key = parts.llm_key.clone().or(llm.api_key);
    notices.extend(apply_to_model(&mut llm, parts.overrides, parts.keys).map(str::to_owned));
    if llm.provider == "gemini-live" && parts.body.llm.provider != llm.provider {
        // What is said word for word has the same voice as the rest.
        tts = ProviderSpec { api_key: llm.api_key.clone(), voice: llm.voice.clone(), ..ProviderSpec::named("gemini") };
    }
    let (llm, tts) = (reachable(llm, parts.providers), reachable(tts, parts.providers));
    Speakers {
        llm_fallbacks: stand_ins(&parts.body.llm, &llm, &parts.body.llm_fallbacks, parts.providers),
        tts_fallbacks: stand_ins(&parts.body.tts, &tts, &parts.body.tts_fallbacks, parts.providers),
        llm,
        tts,
        notices,
    }
}

/// The seed's live voice AI: a call, or its number, brings a key of Google's and a prompt, and the bot's own responder could not use them.
fn live_by_key(parts: &Parts<'_>) -> Option<ProviderSpec> {
    let boxes = parts.keys.fallback.as_ref().filter(|_| parts.overrides.system_prompt.is_some());
    let own = parts.keys.own.as_ref().map(|key| key.expose()).or(parts.llm_key.as_ref().map(|key| key.0.as_str()));
    let key = own.or(boxes.map(|key| key.expose()))?;
    let llm = &parts.body.llm;
    let prompt = parts.overrides.system_prompt.as_deref().unwrap_or(&parts.body.system_prompt);
    let uses_it = llm.provider == "gemini-live" || llm.provider == "openai" && llm.has_address();
    (provider::is_google_key(key) && !uses_it && !prompt.trim().is_empty()).then(|| ProviderSpec::named("gemini-live"))
}

/// The provider with the address and the key of the settings, if it has neither. One without the other stays alone: no key may go to an
/// address it was not meant for.
fn reachable(mut spec: ProviderSpec, providers: &Providers) -> ProviderSpec {
    if spec.provider == "openai" && !spec.has_address() && spec.api_key.is_none() {
        spec.base_url = Some(providers.openai_base_url.clone()).filter(|url| !url.is_empty());
        spec.api_key = Some(providers.openai_api_key.expose()).filter(|key| !key.is_empty()).map(|key| WireSecret(key.to_owned()));
    }
    spec
}

/// What takes the place of a provider when it fails: the bot's own, where the call brought another, then those the bot declares.
fn stand_ins(own: &ProviderSpec, taken: &ProviderSpec, listed: &[ProviderSpec], providers: &Providers) -> Vec<ProviderSpec> {
    let own = Some(own).filter(|own| own.provider != taken.provider && own.provider != "none");
    own.map(|own| reachable(own.clone(), providers)).into_iter().chain(fallbacks(listed, providers)).collect()
}

fn fallbacks(listed: &[ProviderSpec], providers: &Providers) -> Vec<ProviderSpec> {
    listed.iter().map(|provider| reachable(provider.clone(), providers)).collect()
}

/// The prompt with what a campaign adds to it.
fn prompt(parts: &Parts<'_>) -> String {
    let own = parts.variables.render(parts.overrides.system_prompt.as_deref().unwrap_or(&parts.body.system_prompt));
    let addition = callback_words(parts.body, parts.is_campaign).map(|words| parts.variables.render(words)).unwrap_or_default();
    match (own.is_empty(), addition.trim().is_empty()) {
        (_, true) => own,
        (true, false) => addition,
        (false, false) => format!("{own}\n\n{addition}"),
    }
}

/// Parts of a bot as the engine reads them.
fn listed<T: Serialize>(parts: &[T]) -> Vec<Value> {
    parts.iter().filter_map(|part| serde_json::to_value(part).ok()).collect()
}

/// Gives a language model the model and the key of this call. Says what the bot's responder has no use for.
fn apply_to_model(llm: &mut ProviderSpec, overrides: &Overrides, keys: &Keys) -> impl Iterator<Item = &'static str> + use<> {
    let is_model = provider::is_model(&llm.provider);
    if is_model {
        let key = keys.own.as_ref().or(keys.fallback.as_ref().filter(|_| llm.api_key.is_none()));
        llm.api_key = key.map(|key| WireSecret(key.expose().to_owned())).or(llm.api_key.take());
        llm.model = overrides.model.clone().or(llm.model.take());
    }
    let useless = [
        (overrides.system_prompt.is_some(), "prompt_not_executable"),
        (overrides.model.is_some(), "model_not_used"),
        (keys.own.is_some(), "api_key_not_used"),
    ];
    useless.into_iter().filter(move |(is_given, _)| *is_given && !is_model).map(|(_, notice)| notice)
}

/// The flow with the variables of its replies in place.
fn spoken(flow: &Flow, variables: &Variables) -> Flow {
    let mut flow = flow.clone();
    flow.fallback = variables.render(&flow.fallback);
    for intent in &mut flow.intents {
        intent.reply = variables.render(&intent.reply);
    }
    flow
}

/// Whether a provider can speak with a voice: names of another engine's voices must not silence the bot.
fn has_voice(tts: &ProviderSpec, voice: &str) -> bool {
    match tts.provider.as_str() {
        "flite" => FLITE_VOICES.contains(&voice),
        "espeak-ng" => is_language(voice),
        "gemini" | "gemini-live" => provider::is_gemini_voice(voice),
        "elevenlabs" | "cartesia" | "openai-realtime" => !provider::is_gemini_voice(voice),
        provider => provider != "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::secret::Secret;
    use serde_json::json;

    fn config(body: Value, overrides: Value) -> CallConfig {
        keyed(body, overrides, &Keys::default())
    }

    fn keyed(body: Value, overrides: Value, keys: &Keys) -> CallConfig {
        let body: BotBody = serde_json::from_value(body).unwrap();
        let mut variables = Variables::default();
        variables.set("call", "name", "Ada");
        assemble(Parts {
            session_id: "s".into(),
            call_id: "vnum000000000001".into(),
            bot_id: "bot_1".into(),
            bot_version: 3,
            body: &body,
            overrides: &Overrides::of(Some(&overrides)),
            keys,
            variables: &variables,
            is_campaign: false,
            webhook_url: "http://box/api/v1/call-results".into(),
            llm_key: None,
            providers: &Providers { openai_base_url: "http://lan/v1".into(), openai_api_key: Secret::new("settings") },
        })
    }

    #[test]
    fn a_bot_without_words_of_its_own_has_ours_and_variables_are_filled_in() {
        let made = config(json!({ "name": "A", "opening_message": "Hello {{call.name}} {{x.y}}" }), json!({}));
        assert_eq!(made.opening_message, "Hello Ada {{x.y}}");
        assert!(!made.disclosure.is_empty() && !made.failure_message.is_empty() && !made.recording_notice.is_empty());
        assert_eq!((made.min_words_interruption, made.max_call_duration_seconds), (3, 600));
        assert!(made.notices.is_empty());
    }

    #[test]
    fn overrides_hold_for_the_call_and_a_flow_cannot_follow_a_prompt() {
        let flow = json!({ "name": "A", "llm": { "provider": "flow" }, "flow": { "intents": [], "fallback": "Pardon, {{name}}?" } });
        let made = config(flow, json!({ "systemPrompt": "Sell.", "voice": "Aoede", "language": "de-DE", "maxSeconds": 60 }));
        assert_eq!(made.notices, ["voice_not_available", "prompt_not_executable"]);
        assert_eq!((made.language.as_str(), made.max_call_duration_seconds), ("de-DE", 60));
        assert_eq!(made.tts.voice, None);
        assert_eq!(made.flow.unwrap().fallback, "Pardon, Ada?");
        let model = json!({ "name": "A", "llm": { "provider": "openai" }, "tts": { "provider": "openai" }, "system_prompt": "Be kind." });
        let made = config(model, json!({ "systemPrompt": "Sell to {{name}}.", "voice": "Aoede" }));
        assert!(made.notices.is_empty());
        assert_eq!((made.system_prompt.as_str(), made.tts.voice.as_deref()), ("Sell to Ada.", Some("Aoede")));
    }

    #[test]
    fn the_key_of_a_call_goes_before_the_bots_and_the_boxes_stands_in_for_none() {
        let secret = |text: &str| Some(Secret::new(text));
        let key = |bot: Value, own: &str, fallback: &str| {
            let keys = Keys { own: secret(own).filter(|_| !own.is_empty()), fallback: secret(fallback) };
            let body = json!({ "name": "A", "llm": { "provider": "openai", "model": "m", "api_key": bot } });
            let made = keyed(body, json!({ "model": "own" }), &keys);
            assert!(made.notices.is_empty());
            assert_eq!(made.llm.model.as_deref(), Some("own"));
            made.llm.api_key.unwrap().0
        };
        assert_eq!(key(json!("bots"), "calls", "boxes"), "calls");
        assert_eq!(key(json!("bots"), "", "boxes"), "bots");
        assert_eq!(key(json!(null), "", "boxes"), "boxes");
        let flow = json!({ "name": "A", "llm": { "provider": "flow" }, "flow": { "intents": [], "fallback": "Pardon?" } });
        let keys = Keys { own: secret("calls"), fallback: secret("boxes") };
        let made = keyed(flow, json!({ "model": "own" }), &keys);
        assert_eq!(made.notices, ["model_not_used", "api_key_not_used"]);
        assert_eq!((made.llm.api_key, made.llm.model), (None, None));
    }

    #[test]
    fn a_key_of_googles_and_a_prompt_make_the_call_a_live_one_and_the_bots_own_answers_stand_in() {
        let flow = json!({ "name": "A", "llm": { "provider": "flow" }, "flow": { "intents": [], "fallback": "Pardon?" } });
        let call = json!({ "systemPrompt": "Remind {{call.name}}.", "voice": "Charon", "model": "gemini-3.8-live" });
        let keys = |own: &str| Keys { own: Some(Secret::new(own)), fallback: None };
        let made = keyed(flow.clone(), call.clone(), &keys("AIzaSyTest"));
        assert!(made.notices.is_empty(), "{:?}", made.notices);
        assert_eq!((made.llm.provider.as_str(), made.llm.voice.as_deref()), ("gemini-live", Some("Charon")));
        assert_eq!((made.llm.model.as_deref(), made.llm.api_key.unwrap().0.as_str()), (Some("gemini-3.8-live"), "AIzaSyTest"));
        assert_eq!((made.system_prompt.as_str(), made.llm_fallbacks[0].provider.as_str()), ("Remind Ada.", "flow"));
        assert_eq!((made.tts.provider.as_str(), made.tts.voice.as_deref()), ("gemini", Some("Charon")));
        assert_eq!(made.tts_fallbacks[0].provider, "flite");
        let other = keyed(flow.clone(), call, &keys("sk-test"));
        assert_eq!((other.llm.provider.as_str(), other.notices.len()), ("flow", 4));
        assert_eq!(keyed(flow, json!({}), &keys("AIzaSyTest")).llm.provider, "flow", "there is no prompt to follow");
        let lan =
            json!({ "name": "A", "llm": { "provider": "openai", "base_url": "http://lan/v1", "model": "m" }, "system_prompt": "Hi." });
        let made = keyed(lan, json!({}), &keys("AIzaSyTest"));
        assert_eq!((made.llm.provider.as_str(), made.llm_fallbacks.len()), ("openai", 0));
    }

    #[test]
    fn the_settings_reach_only_providers_that_name_neither_address_nor_key() {
        let openai = |change: Value| {
            let mut provider = json!({ "provider": "openai" });
            provider.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            provider
        };
        let body = json!({
            "name": "A", "llm": openai(json!({})), "stt": openai(json!({ "base_url": "http://own/v1" })), "tts": openai(json!({ "api_key": "own" })),
            "llm_fallbacks": [openai(json!({})), { "provider": "none" }]
        });
        let made = config(body, json!({}));
        let seen = |spec: &ProviderSpec| (spec.base_url.clone(), spec.api_key.clone().map(|key| key.0));
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(seen(&made.llm), (text("http://lan/v1"), text("settings")));
        assert_eq!(seen(&made.stt), (text("http://own/v1"), None));
        assert_eq!(seen(&made.tts), (None, text("own")));
        assert_eq!(seen(&made.llm_fallbacks[0]), (text("http://lan/v1"), text("settings")));
        assert_eq!(seen(&made.llm_fallbacks[1]), (None, None));
    }

    #[test]
    fn a_removed_disclosure_is_silent_and_off_has_no_notice() {
        let made = config(json!({ "name": "A", "disclosure": false, "recording_mode": "off", "recording_notice": "x" }), json!({}));
        assert_eq!((made.disclosure.as_str(), made.recording_notice.as_str()), ("", ""));
    }
}
