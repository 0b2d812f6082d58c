//! Builds the result of a call from what was gathered of it. No I/O.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::gathered::Gathered;
use super::state::End;
use crate::base::Millis;
use crate::contract::config::{CallConfig, ProviderSpec};
use crate::contract::result::CallResultsPayload;
use crate::engine::media::MediaStats;

/// How and when a call ended.
pub(super) struct Ending<'a> {
    /// The words for it.
    pub(super) end: &'a End,
    /// When.
    pub(super) at: Millis,
    /// What the media session counted, if there was one.
    pub(super) stats: Option<&'a MediaStats>,
    /// The recording, if there is one.
    pub(super) recording: Option<&'a Path>,
}

/// The result.
pub(super) fn build(gathered: &Gathered, ending: &Ending<'_>) -> CallResultsPayload {
    let mut result = gathered.skeleton.clone();
    result.ended_at = Some(ending.at);
    let seconds = gathered.seconds(ending.at);
    result.call_duration_seconds = Some((seconds * 1000.0).round() / 1000.0);
    result.disconnected_by = Some(disconnected_by(gathered, ending.end).to_owned());
    result.outcome = Some(ending.end.outcome.to_owned());
    result.error_detail = ending.end.detail.clone();
    result.transcript = Some(gathered.turns.iter().map(|turn| serde_json::to_value(turn).unwrap_or_default()).collect());
    result.events = Some(gathered.events.clone());
    result.intents = Some(gathered.intents.clone());
    result.recording_key = ending.recording.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    result.latency = gathered.latency.summary();
    result.latency_samples = Some(gathered.latency.samples_json()).filter(|samples| !samples.is_empty());
    result.answering = gathered.answering.clone();
    result.post_call_analysis = gathered.analysis.clone();
    result.qc_analysis = gathered.qc.clone();
    tokens(&mut result, &gathered.usage);
    if let (Some(stats), Some(pipeline)) = (ending.stats, &mut result.pipeline_config) {
        pipeline.insert("media".to_owned(), media(stats));
    }
    result.rest.extend(gathered.transfer.clone());
    result
}

/// A caller who answered, never spoke and left reads as `customer`; only the bot's giving up reads as `RNR`.
pub(super) fn disconnected_by(gathered: &Gathered, end: &End) -> &'static str {
    let was_answered = gathered.skeleton.answered_at.is_some();
    if end.by == "RNR" && (!was_answered || gathered.has_spoken()) { "bot" } else { end.by }
}

fn tokens(result: &mut CallResultsPayload, usage: &[Value]) {
    if usage.is_empty() {
        return;
    }
    let sum = |name: &str| usage.iter().filter_map(|entry| entry.get(name)?.as_u64()).reduce(u64::saturating_add);
    // Without a language model there were no tokens to count.
    if let Some(prompt) = sum("prompt_tokens") {
        result.tokens_prompt = Some(prompt);
        result.tokens_total = Some(prompt.saturating_add(sum("completion_tokens").unwrap_or(0)));
    }
    result.usage_metrics = Some(usage.to_vec());
}

fn media(stats: &MediaStats) -> Value {
    let hundredths = |value: f64| (value * 100.0).round() / 100.0;
    json!({
        "codec": stats.codec, "encrypted": stats.is_encrypted, "packets_sent": stats.n_sent, "packets_received": stats.n_received, "packets_lost": stats.n_lost,
        "packets_late": stats.n_late, "packets_foreign": stats.n_foreign, "jitter_ms": hundredths(stats.jitter_ms),
        "jitter_buffer_ms": stats.jitter_buffer_ms, "round_trip_ms": stats.round_trip_ms.map(hundredths), "mos": stats.mos,
        "far_packets_lost": stats.far_lost, "far_jitter_ms": stats.far_jitter_ms.map(hundredths), "far_mos": stats.far_mos,
    })
}

/// How the pipeline of a call is set up; no secrets.
pub(super) fn pipeline_config(config: &CallConfig) -> Map<String, Value> {
    let spec = |spec: &ProviderSpec| json!({ "provider": spec.provider, "model": spec.model, "voice": spec.voice });
    let mut map = Map::new();
    for (name, value) in [
        ("stt", spec(&config.stt)),
        ("llm", spec(&config.llm)),
        ("tts", spec(&config.tts)),
        ("language", config.language.clone().into()),
        ("bot_version", config.bot_version.into()),
        ("min_words_interruption", config.min_words_interruption.into()),
        ("max_call_duration_seconds", config.max_call_duration_seconds.into()),
        ("recording_mode", serde_json::to_value(config.recording_mode).unwrap_or_default()),
    ] {
        map.insert(name.to_owned(), value);
    }
    map
}
