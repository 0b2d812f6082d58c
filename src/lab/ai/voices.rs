//! The stand-ins for streamed speech: ElevenLabs by HTTP, Cartesia by WebSocket. A tenth of a second at a time.

use std::io;

use axum::Json;
use axum::body::Body;
use axum::extract::ws::{Message, WebSocket};
use axum::extract::{Path, RawQuery, State, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::Ai;
use super::script::Fault;
use super::sound;
use crate::platform::http::ApiResult;

/// Bytes of a tenth of a second at 16 kHz.
const PART: usize = 3_200;

/// A sentence by ElevenLabs' API.
pub(super) async fn elevenlabs(
    State(ai): State<Ai>,
    Path(voice): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> ApiResult<Response> {
    let text = body["text"].as_str().unwrap_or_default();
    let key = if headers.contains_key("xi-api-key") { "with a key" } else { "without a key" };
    ai.note(format!("elevenlabs {voice} {} {} {key}: {text}", query.unwrap_or_default(), body["model_id"].as_str().unwrap_or_default()));
    if let Some(status) = ai.refusal() {
        return Ok(status.into_response());
    }
    let fault = ai.fault();
    ai.clock.sleep(ai.options.delays.tts.unwrap_or(ai.options.delay)).await;
    if fault == Fault::Nonsense {
        return Ok(Json(json!({ "detail": { "status": "voice_not_found" } })).into_response());
    }
    let parts = parts(&ai, text).await?;
    let n_parts = if fault == Fault::None { parts.len() } else { parts.len() / 2 };
    let teller = ai.clone();
    let sound = futures_util::stream::iter(parts.into_iter().take(n_parts).enumerate()).then(move |(n, part)| {
        let ai = teller.clone();
        async move {
            ai.clock.sleep(ai.options.word_delay).await;
            if n + 1 == n_parts {
                ai.note("all is said");
            }
            Ok::<_, io::Error>(part)
        }
    });
    let end = match fault {
        Fault::Silence => futures_util::stream::pending().boxed(),
        Fault::Cut => futures_util::stream::iter([Err(io::Error::other("cut"))]).boxed(),
        _ => futures_util::stream::empty().boxed(),
    };
    Ok(([("content-type", "audio/pcm")], Body::from_stream(sound.chain(end))).into_response())
}

async fn parts(ai: &Ai, text: &str) -> crate::base::Result<Vec<Bytes>> {
    let sound = Bytes::from(sound::pcm(&ai.spoken("slt", text).await?));
    Ok((0..sound.len().div_ceil(PART)).map(|n| sound.slice(n * PART..sound.len().min((n + 1) * PART))).collect())
}

/// A connection by Cartesia's API.
pub(super) async fn cartesia(State(ai): State<Ai>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    let version = headers.get("cartesia-version").and_then(|version| version.to_str().ok()).unwrap_or_default();
    ai.note(format!("cartesia {version}"));
    match ai.refusal() {
        Some(status) => status.into_response(),
        None => upgrade.on_upgrade(move |socket| speak(ai, socket)),
    }
}

async fn speak(ai: Ai, mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Text(text) = message else { continue };
        let ask: Value = serde_json::from_str(text.as_str()).unwrap_or_default();
        let context = ask["context_id"].as_str().unwrap_or_default().to_owned();
        if ask["cancel"] == true {
            ai.note(format!("cancel {context}"));
        } else if !sentence(&ai, &mut socket, &context, &ask).await {
            return;
        }
    }
}

/// Speaks one sentence, or begins to. Says whether the connection goes on.
async fn sentence(ai: &Ai, socket: &mut WebSocket, context: &str, ask: &Value) -> bool {
    let text = ask["transcript"].as_str().unwrap_or_default();
    ai.note(format!(
        "{context} {} {}: {text}",
        ask["model_id"].as_str().unwrap_or_default(),
        ask["voice"]["id"].as_str().unwrap_or_default()
    ));
    let fault = ai.fault();
    ai.clock.sleep(ai.options.delays.tts.unwrap_or(ai.options.delay)).await;
    if let Some(status) = fault.status() {
        let error = json!({ "type": "error", "context_id": context, "done": true, "status_code": status, "error": "no" });
        return socket.send(Message::Text(error.to_string().into())).await.is_ok();
    }
    let Ok(parts) = parts(ai, text).await else { return false };
    let n_parts = if fault == Fault::None { parts.len() } else { parts.len() / 2 };
    for part in &parts[..n_parts] {
        ai.clock.sleep(ai.options.word_delay).await;
        let chunk = json!({ "type": "chunk", "context_id": context, "done": false, "status_code": 206, "step_time": 1.0, "data": STANDARD.encode(part) });
        if socket.send(Message::Text(chunk.to_string().into())).await.is_err() {
            return false;
        }
    }
    ai.note("all is said");
    let end = match fault {
        Fault::Cut => return false,
        Fault::Silence => return true,
        Fault::Nonsense => "{\"type\":\"chunk\",\"data\":\"***\"}".to_owned(),
        _ => json!({ "type": "done", "context_id": context, "done": true, "status_code": 206 }).to_string(),
    };
    socket.send(Message::Text(end.into())).await.is_ok()
}
