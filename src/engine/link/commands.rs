//! The engine's own HTTP: place a call, hang one up, pause its recording, answer in writing, health, drain, recordings. Each handler sends one command and waits for its answer.

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body as HttpBody;
use axum::extract::{Path, Request, State, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio_util::io::ReaderStream;

use super::recording::recording_type;
use super::{Control, sockets};
use crate::base::id::{CarrierId, SessionId};
use crate::base::{Error, Result};
use crate::contract::browser::{BrowserAccepted, BrowserCall};
use crate::contract::chat::{ChatAnswer, ChatAsk};
use crate::contract::fleet::{Dialout, DialoutAccepted, FleetHealth};
use crate::contract::socket::SocketCall;
use crate::contract::trunk::TrunkCheck;
use crate::contract::{SECRET_HEADER, SECRET_HEADER_ALIAS};
use crate::engine::socket::Wire;
use crate::platform::http::{ApiError, ApiResult};

/// What the control plane asks of the engine.
#[derive(Debug)]
pub enum Command {
    /// Place a call. `TooMany` at capacity, `Unavailable` while draining.
    Dial(Box<Dialout>, oneshot::Sender<Result<DialoutAccepted>>),
    /// Take a call from a browser and answer its offer. `TooMany` at capacity, `Unavailable` while draining.
    Browser(Box<BrowserCall>, oneshot::Sender<Result<BrowserAccepted>>),
    /// Keep a place for a call whose WebSocket is being opened; the socket goes where the answer says. `TooMany` at capacity, `Unavailable`
    /// while draining.
    Socket(Box<SocketCall>, oneshot::Sender<Result<oneshot::Sender<Wire>>>),
    /// End a call. `NotFound` when it does not run here.
    HangUp(SessionId, oneshot::Sender<Result<()>>),
    /// Let the recording of a call go on, or leave out what comes. `NotFound` when the call does not run here.
    Record(SessionId, bool, oneshot::Sender<Result<()>>),
    /// Ask a trunk anew. `NotFound` when it is not among the active ones.
    Check(CarrierId, oneshot::Sender<Result<TrunkCheck>>),
    /// Answer in writing. `Upstream` with the provider's own sentence when it cannot.
    Chat(Box<ChatAsk>, oneshot::Sender<Result<ChatAnswer>>),
    /// How it is.
    Health(oneshot::Sender<FleetHealth>),
    /// Take no more calls and end when the last is over.
    Drain,
}

#[derive(Clone)]
struct Door {
    commands: mpsc::Sender<Command>,
    recordings: Arc<[PathBuf]>,
}

/// The routes. Every request must carry the internal secret. Recordings are looked for in the given folders, in order.
pub fn routes(control: Control, commands: mpsc::Sender<Command>, recordings: Vec<PathBuf>) -> Router {
    Router::new()
        .route("/livekit/dialout", post(dialout))
        .route("/browser-calls", post(browser))
        .route("/socket-calls", get(socket))
        .route("/chat", post(chat))
        .route("/health/fleet", get(health))
        .route("/calls/{session_id}/hangup", post(hang_up))
        .route("/calls/{session_id}/recording", put(pause_recording))
        .route("/drain", post(drain))
        .route("/trunks/{carrier_id}/check", post(check))
        .route("/recordings/{key}", get(recording))
        .layer(middleware::from_fn_with_state(control, guard))
        .with_state(Door { commands, recordings: recordings.into() })
}

async fn guard(State(control): State<Control>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let given = headers.get(SECRET_HEADER).or_else(|| headers.get(SECRET_HEADER_ALIAS)).and_then(|v| v.to_str().ok());
    if given.is_some_and(|secret| control.is_secret(secret)) {
        next.run(request).await
    } else {
        ApiError(Error::forbidden("the internal secret is missing or wrong")).into_response()
    }
}

impl Door {
    /// Sends a command and waits for the answer.
    async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T> {
        let gone = || Error::unavailable("the engine is stopping");
        let (reply, answer) = oneshot::channel();
        self.commands.send(make(reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }
}

async fn dialout(State(door): State<Door>, Json(dialout): Json<Dialout>) -> ApiResult<Json<DialoutAccepted>> {
    Ok(Json(door.ask(|reply| Command::Dial(Box::new(dialout), reply)).await??))
}

async fn chat(State(door): State<Door>, Json(ask): Json<ChatAsk>) -> ApiResult<Json<ChatAnswer>> {
    Ok(Json(door.ask(|reply| Command::Chat(Box::new(ask), reply)).await??))
}

async fn browser(State(door): State<Door>, Json(call): Json<BrowserCall>) -> ApiResult<Json<BrowserAccepted>> {
    Ok(Json(door.ask(|reply| Command::Browser(Box::new(call), reply)).await??))
}

async fn socket(State(door): State<Door>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> ApiResult<Response> {
    let call = sockets::call_of(&headers)?;
    let line = door.ask(|reply| Command::Socket(Box::new(call), reply)).await??;
    Ok(upgrade.max_message_size(sockets::MOST_MESSAGE).on_upgrade(|socket| sockets::carry(socket, line)))
}

async fn health(State(door): State<Door>) -> ApiResult<Json<FleetHealth>> {
    Ok(Json(door.ask(Command::Health).await?))
}

async fn hang_up(State(door): State<Door>, Path(id): Path<SessionId>) -> ApiResult<Json<Value>> {
    door.ask(|reply| Command::HangUp(id, reply)).await??;
    Ok(Json(json!({ "status": "ok" })))
}

/// Body of `PUT /calls/{session_id}/recording`.
#[derive(Deserialize)]
struct RecordingPause {
    is_paused: bool,
}

async fn pause_recording(State(door): State<Door>, Path(id): Path<SessionId>, Json(wish): Json<RecordingPause>) -> ApiResult<Json<Value>> {
    door.ask(|reply| Command::Record(id, !wish.is_paused, reply)).await??;
    Ok(Json(json!({ "status": "ok" })))
}

async fn check(State(door): State<Door>, Path(id): Path<CarrierId>) -> ApiResult<Json<TrunkCheck>> {
    Ok(Json(door.ask(|reply| Command::Check(id, reply)).await??))
}

async fn drain(State(door): State<Door>) -> ApiResult<Json<Value>> {
    door.commands.send(Command::Drain).await.map_err(|_| Error::unavailable("the engine is stopping"))?;
    Ok(Json(json!({ "status": "draining" })))
}

async fn recording(State(door): State<Door>, Path(key): Path<String>) -> ApiResult<Response> {
    let missing = || Error::not_found("no such recording on this host");
    if key.contains(['/', '\\', '\0']) || key.starts_with('.') {
        return Err(missing().into());
    }
    for folder in door.recordings.iter() {
        let Ok(file) = tokio::fs::File::open(folder.join(&key)).await else { continue };
        let Some(meta) = file.metadata().await.ok().filter(std::fs::Metadata::is_file) else { continue };
        let headers = [
            (CONTENT_TYPE, recording_type(std::path::Path::new(&key)).to_owned()),
            (CONTENT_LENGTH, meta.len().to_string()),
            (CACHE_CONTROL, "private, no-store".to_owned()),
        ];
        return Ok((headers, HttpBody::from_stream(ReaderStream::new(file))).into_response());
    }
    Err(missing().into())
}
