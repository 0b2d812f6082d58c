//! The stand-in's HTTP routes.

use std::convert::Infallible;
use std::sync::atomic::Ordering;

use axum::extract::{DefaultBodyLimit, State};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Ai;
use super::chat::ChatRequest;
use super::script::Fault;
use super::{broken, dashscope, listen, realtime, sound, voices};
use crate::base::Error;
use crate::platform::http::{ApiResult, Body};

/// Largest recording that is taken, in bytes.
const MOST_BODY: usize = 32 * 1024 * 1024;

/// All routes.
pub(super) fn router(ai: Ai) -> Router {
    Router::new()
        .route("/v1/models", get(models))
        .route("/v1/chat/completions", post(chat))
        .route("/v1/audio/transcriptions", post(transcribe))
        .route("/v1/audio/speech", post(speak))
        .route("/v1/listen", any(listen::listen))
        .route("/v1/text-to-speech/{voice}/stream", post(voices::elevenlabs))
        .route("/v1/realtime", any(realtime::openai))
        .route("/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent", any(realtime::gemini))
        .route("/tts/websocket", any(voices::cartesia))
        .route("/api-ws/v1/inference", any(dashscope::inference))
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .with_state(ai)
}

async fn models() -> Json<Value> {
    Json(json!({ "object": "list", "data": [{ "id": "lab", "object": "model", "created": 0, "owned_by": "cxbox" }] }))
}

async fn chat(State(ai): State<Ai>, Body(request): Body<ChatRequest>) -> Response {
    let script = &ai.options.script;
    let spoken = match request.tool_result() {
        Some(result) => script.after_tool(&result),
        None if request.wants_object() => script.object(&request.words()),
        None => script.answer(&request.words(), &request.tool_names()),
    };
    ai.clock.sleep(ai.options.delays.llm.unwrap_or(ai.options.delay)).await;
    let fault = ai.fault_of(|faults| &mut faults.chat);
    if !request.stream {
        let whole = request.completion(&spoken);
        return if fault == Fault::None {
            Json(whole).into_response()
        } else {
            broken::answer(ai.clock.clone(), fault, "application/json", whole.to_string().into_bytes())
        };
    }
    if fault != Fault::None {
        let events: String = request.chunks(&spoken).iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
        return broken::answer(ai.clock.clone(), fault, "text/event-stream", events.into_bytes());
    }
    let (clock, pause) = (ai.clock.clone(), ai.options.word_delay);
    let chunks = futures_util::stream::iter(request.chunks(&spoken)).then(move |chunk| {
        let clock = clock.clone();
        async move {
            if !pause.is_zero() {
                clock.sleep(pause).await;
            }
            Ok::<_, Infallible>(Event::default().data(chunk))
        }
    });
    Sse::new(chunks).into_response()
}

/// The sound is not listened to: the script says what was said.
async fn transcribe(State(ai): State<Ai>, sound: Bytes) -> ApiResult<Response> {
    if sound.is_empty() {
        return Err(Error::invalid("a transcription needs a recording").into());
    }
    let n = ai.n_transcribed.fetch_add(1, Ordering::Relaxed);
    ai.clock.sleep(ai.options.delays.stt.unwrap_or(ai.options.delay)).await;
    let text = ai.options.script.transcript(n).to_owned();
    let fault = ai.fault_of(|faults| &mut faults.transcriptions);
    if fault != Fault::None {
        return Ok(broken::answer(ai.clock.clone(), fault, "application/json", json!({ "text": text }).to_string().into_bytes()));
    }
    let wants_stream = sound.windows(13).any(|bytes| bytes == b"name=\"stream\"");
    if !wants_stream {
        return Ok(Json(json!({ "text": text })).into_response());
    }
    let words = text.split_inclusive(' ').map(|word| json!({ "type": "transcript.text.delta", "delta": word }));
    let events: Vec<Value> = words.chain([json!({ "type": "transcript.text.done", "text": text })]).collect();
    let events = events.into_iter().map(|event| Ok::<_, Infallible>(Event::default().data(event.to_string())));
    Ok(Sse::new(futures_util::stream::iter(events)).into_response())
}

/// A request for speech.
#[derive(Debug, Deserialize)]
struct SpeechRequest {
    input: String,
    #[serde(default)]
    voice: Option<String>,
    #[serde(default)]
    response_format: Option<String>,
}

async fn speak(State(ai): State<Ai>, Body(request): Body<SpeechRequest>) -> ApiResult<Response> {
    ai.clock.sleep(ai.options.delays.tts.unwrap_or(ai.options.delay)).await;
    let clip = ai.spoken(request.voice.as_deref().unwrap_or("slt"), &request.input).await?;
    let fault = ai.fault_of(|faults| &mut faults.speech);
    if fault != Fault::None {
        return Ok(broken::answer(ai.clock.clone(), fault, "audio/wav", sound::wav(&clip)));
    }
    if request.response_format.as_deref() == Some("pcm") {
        return Ok(([("content-type", "audio/pcm")], sound::pcm(&clip)).into_response());
    }
    Ok(([("content-type", "audio/wav")], sound::wav(&clip)).into_response())
}
