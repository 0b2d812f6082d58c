//! A call over a WebSocket through the whole program: control plane, engine, result, recording.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cxbox::platform::net::{Message, Outbound, OutboundOptions, Refusal, Request, Socket};
use serde_json::{Value, json};

use super::support::{Appliance, Http, reception, until};

const SOON: Duration = Duration::from_secs(30);

async fn open(appliance: &Appliance, path: &str, token: &str) -> Result<Socket, Refusal> {
    let net = Outbound::new(OutboundOptions::allowing(["127.0.0.0/8"]).unwrap()).unwrap();
    net.socket(Request::get(format!("ws://{}{path}?token={token}", appliance.setup.http))).await
}

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::Text(message.to_string())).await.unwrap();
}

/// The next message; none once the socket is closed.
async fn next(socket: &mut Socket) -> Option<Value> {
    match tokio::time::timeout(SOON, socket.next()).await.unwrap().unwrap()? {
        Message::Text(text) => Some(serde_json::from_str(&text).unwrap()),
        Message::Bytes(_) => panic!("bytes are no message"),
    }
}

/// Reads until the bot has been heard, then until it has been silent for a second.
async fn hears_a_line(socket: &mut Socket) {
    let (mut n_loud, mut n_silent) = (0, 0);
    while n_loud < 10 || n_silent < 50 {
        let message = next(socket).await.unwrap();
        let Some(payload) = message["media"]["payload"].as_str() else { continue };
        let bytes = STANDARD.decode(payload).unwrap();
        let is_loud = bytes.chunks_exact(2).any(|two| i16::from_le_bytes([two[0], two[1]]).unsigned_abs() > 300);
        (n_loud, n_silent) = if is_loud { (n_loud + 1, 0) } else { (n_loud, n_silent + 1) };
    }
}

#[tokio::test]
async fn a_call_over_a_websocket_is_held_recorded_and_stored_like_every_other_one() {
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    let mut body = reception();
    body["recording_format"] = "ogg".into();
    let bot = admin.post_ok("/api/v1/bots", &body, 201).await;
    let path = format!("/ws/{}", bot["id"].as_str().unwrap());
    assert!(matches!(open(&appliance, &path, "wrong").await, Err(Refusal::Status(401))));
    let token = admin.header("authorization").trim_start_matches("Bearer ").to_owned();
    let mut socket = open(&appliance, &path, &token).await.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    let start = json!({ "from": "+4930123456", "to": "+15551230000" });
    say(&mut socket, json!({ "event": "start", "streamId": "stream-7", "start": start })).await;
    hears_a_line(&mut socket).await;
    say(&mut socket, json!({ "event": "dtmf", "dtmf": { "digit": "1" } })).await;
    hears_a_line(&mut socket).await;
    say(&mut socket, json!({ "event": "dtmf", "dtmf": { "digit": "9" } })).await;
    let mut events = Vec::new();
    while let Some(message) = next(&mut socket).await {
        events.push(message["event"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(events.iter().filter(|event| *event == "reverse-hangup-call").count(), 1);
    let call = until("the call's result is stored", SOON, || async {
        let session = admin.get_ok("/api/v1/calls").await["data"][0]["session_id"].as_str().map(str::to_owned)?;
        let call = admin.get_ok(&format!("/api/v1/calls/{session}")).await;
        call["completed_at"].is_string().then_some(call)
    })
    .await;
    assert_eq!((call["status"].as_str(), call["outcome"].as_str()), (Some("completed"), Some("finished")), "{call:#}");
    assert_eq!((call["stream_id"].as_str(), call["from_number"].as_str()), (Some("stream-7"), Some("+4930123456")), "{call:#}");
    let said: Vec<_> = call["transcript"].as_array().unwrap().iter().filter_map(|turn| turn["content"].as_str()).collect();
    assert!(said.contains(&"1") && said.iter().any(|turn| turn.contains("nine to five")), "{call:#}");
    let token = call["recording_access_token"].as_str().expect("a recording link");
    is_an_ogg_file(&appliance.http(), &admin, token, call["session_id"].as_str().unwrap()).await;
}

/// The recording is Opus in Ogg for whoever hears it, a part of it too, and has a waveform in which both sides are seen.
async fn is_an_ogg_file(anybody: &Http, admin: &Http, token: &str, session_id: &str) {
    let path = format!("/api/v1/public/recordings/{token}");
    let whole = anybody.get(&path).await.unwrap();
    assert_eq!((whole.status.as_u16(), whole.headers["content-type"].to_str().unwrap()), (200, "audio/ogg"));
    assert!(whole.bytes.starts_with(b"OggS") && whole.bytes[28..].starts_with(b"OpusHead"));
    let part = anybody.with("range", "bytes=28-35").get(&path).await.unwrap();
    assert_eq!((part.status.as_u16(), &part.bytes[..]), (206, b"OpusHead".as_slice()));
    let peaks = admin.get_ok(&format!("/api/v1/recordings/{session_id}/peaks")).await;
    let loudest = |side: usize| peaks["peaks"][side].as_array().unwrap().iter().filter_map(Value::as_f64).fold(0.0, f64::max);
    assert!(peaks["duration_ms"].as_u64().unwrap() > 4000 && loudest(1) > 0.1 && loudest(0) < 0.1, "{} {}", loudest(0), loudest(1));
}
