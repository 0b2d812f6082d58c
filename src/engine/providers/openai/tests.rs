//! Against a small server on loopback that answers as told, faults included.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};

use super::*;
use crate::base::{Clock, Millis};
use crate::contract::config::{ProviderSpec, WireSecret};
use crate::contract::turn::{Role, Turn};
use crate::engine::media::Clip;
use crate::engine::providers::wave::write_wave;
use crate::engine::providers::{Ask, Hints, Llm, Piece, Stt, Tts, Verdict};
use crate::platform::net::{Outbound, OutboundOptions};

#[derive(Clone)]
struct Script {
    status: u16,
    content_type: &'static str,
    parts: Vec<Bytes>,
    /// The connection is cut after the parts, once this is told.
    cut: Option<Arc<Notify>>,
    seen: mpsc::Sender<(HeaderMap, Bytes)>,
}

async fn reply(State(script): State<Script>, headers: HeaderMap, body: Bytes) -> Response {
    script.seen.send((headers, body)).await.expect("the test looks at it");
    let parts = stream::iter(script.parts.into_iter().map(Ok::<_, std::io::Error>));
    let cut = stream::iter(script.cut).then(|cut| async move {
        cut.notified().await;
        Err(std::io::Error::other("cut"))
    });
    Response::builder()
        .status(StatusCode::from_u16(script.status).expect("a status"))
        .header("content-type", script.content_type)
        .body(Body::from_stream(parts.chain(cut)))
        .expect("a response")
}

struct Service {
    at: SocketAddr,
    seen: mpsc::Receiver<(HeaderMap, Bytes)>,
}

impl Service {
    async fn answering(status: u16, content_type: &'static str, parts: &[&[u8]], cut: Option<Arc<Notify>>) -> Self {
        let (send, seen) = mpsc::channel(8);
        let parts = parts.iter().map(|part| Bytes::copy_from_slice(part)).collect();
        let script = Script { status, content_type, parts, cut, seen: send };
        let app = ["/v1/chat/completions", "/v1/audio/transcriptions", "/v1/audio/speech"]
            .into_iter()
            .fold(Router::new(), |app, path| app.route(path, post(reply)))
            .with_state(script);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, app).await.expect("served") });
        Self { at, seen }
    }

    fn endpoint(&self) -> Endpoint {
        endpoint(&format!("http://{}/v1/", self.at))
    }
}

fn endpoint(base_url: &str) -> Endpoint {
    let outbound = Outbound::new(OutboundOptions::allowing(["127.0.0.0/8"]).expect("a range")).expect("a client");
    let spec = ProviderSpec {
        provider: "openai".to_owned(),
        base_url: Some(base_url.to_owned()),
        api_key: Some(WireSecret("sk-test".to_owned())),
        ..ProviderSpec::default()
    };
    Endpoint::new(outbound, &spec)
}

fn chat(endpoint: Endpoint) -> Chat {
    let settings = ChatSettings { model: "small".to_owned(), temperature: Some(0.2), ..ChatSettings::default() };
    Chat::new(endpoint, settings, Clock::system())
}

fn ask() -> Ask {
    let turn = |role, content: &str| Turn { role, content: content.to_owned(), ts: Millis(0), extra: serde_json::Map::new() };
    Ask {
        system_prompt: "Be brief.".to_owned(),
        turns: vec![turn(Role::Assistant, "Hello"), turn(Role::Tool, "note"), turn(Role::User, "Good morning")],
        heard: None,
        keys: None,
    }
}

async fn collect(chat: &Chat) -> Vec<Piece> {
    let mut receiver = chat.answer(ask()).await.expect("an answer begins");
    let mut pieces = Vec::new();
    while let Some(piece) = receiver.recv().await {
        pieces.push(piece);
    }
    pieces
}

const STREAM: &[&[u8]] = &[
    b"data: {\"choices\":[{\"delta\":{\"content\":\"Good \"}}]}\n\n",
    b"data: {\"choices\":[{\"delta\":{\"content\":\"day\"}}]}\n\ndata: {\"choices\":[{\"del",
    b"ta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
];

#[tokio::test]
async fn an_answer_is_streamed_and_the_request_is_as_the_api_wants_it() {
    let mut service = Service::answering(200, "text/event-stream", STREAM, None).await;
    let pieces = collect(&chat(service.endpoint())).await;
    assert_eq!(pieces, [Piece::Text("Good ".to_owned()), Piece::Text("day".to_owned())]);
    let (headers, body) = service.seen.recv().await.expect("a request");
    assert_eq!(headers["authorization"], "Bearer sk-test");
    let body: Value = serde_json::from_slice(&body).expect("json");
    assert_eq!(body["stream"], true);
    assert_eq!(
        body["messages"],
        json!([
            { "role": "system", "content": "Be brief." },
            { "role": "assistant", "content": "Hello" },
            { "role": "user", "content": "Good morning" },
        ])
    );
}

#[tokio::test]
async fn refusals_say_whether_another_attempt_makes_sense_and_never_show_the_body() {
    for (status, verdict) in [
        (400, Verdict::GiveUp),
        (401, Verdict::GiveUp),
        (403, Verdict::GiveUp),
        (404, Verdict::GiveUp),
        (429, Verdict::Retry),
        (500, Verdict::Retry),
        (503, Verdict::Retry),
    ] {
        let service = Service::answering(status, "application/json", &[b"{\"error\":\"bad key sk-test\"}"], None).await;
        let error = chat(service.endpoint()).answer(ask()).await.expect_err("refused");
        assert_eq!(error.verdict, verdict, "{status}");
        assert!(error.message.contains(&status.to_string()) && !error.message.contains("sk-test"), "{}", error.message);
    }
}

#[tokio::test]
async fn a_stream_that_breaks_or_is_cut_short_fails_after_what_was_said() {
    for cut in [None, Some(Arc::new(Notify::new()))] {
        let service = Service::answering(200, "text/event-stream", &STREAM[..1], cut.clone()).await;
        let mut pieces = chat(service.endpoint()).answer(ask()).await.expect("an answer begins");
        assert_eq!(pieces.recv().await, Some(Piece::Text("Good ".to_owned())));
        if let Some(cut) = cut {
            cut.notify_one();
        }
        assert!(matches!(pieces.recv().await, Some(Piece::Failed(error)) if error.verdict == Verdict::Retry));
        assert_eq!(pieces.recv().await, None);
    }
}

#[tokio::test]
async fn a_web_page_instead_of_an_answer_is_a_failure() {
    let service = Service::answering(200, "text/html", &[b"data: <html>\n\n"], None).await;
    assert!(matches!(&collect(&chat(service.endpoint())).await[..], [Piece::Failed(_)]));
}

#[tokio::test]
async fn nobody_there_may_pass_and_a_bad_address_will_not() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    drop(listener);
    let nobody = chat(endpoint(&format!("http://{at}/v1"))).answer(ask()).await.expect_err("nobody");
    assert_eq!(nobody.verdict, Verdict::Retry);
    let bad = chat(endpoint("ftp://x/v1")).answer(ask()).await.expect_err("not http");
    assert_eq!(bad.verdict, Verdict::GiveUp);
}

#[tokio::test]
async fn an_utterance_goes_up_as_a_wave_file_and_its_text_comes_back() {
    let mut service = Service::answering(200, "application/json", &[b"{\"text\":\" Good morning. \"}"], None).await;
    let hints = Hints { language: "en-US".to_owned(), ..Hints::default() };
    let utterance = Clip { rate: 8000, samples: vec![5; 80].into() };
    let heard = Transcriber::new(service.endpoint(), "").transcribe(&utterance, &hints).await.expect("heard");
    assert_eq!(heard.text, "Good morning.");
    assert!(heard.confidence > 0.5);
    let (headers, body) = service.seen.recv().await.expect("a request");
    assert!(headers["content-type"].to_str().expect("text").starts_with("multipart/form-data; boundary="));
    let text = String::from_utf8_lossy(&body);
    assert!(text.contains("name=\"language\"\r\n\r\nen\r\n") && text.contains("whisper-1") && text.contains("RIFF"));
}

#[tokio::test]
async fn a_transcript_is_streamed_by_models_that_can_and_one_that_breaks_off_is_a_failure() {
    const WORDS: &[&[u8]] = &[
        b"data: {\"type\":\"transcript.text.delta\",\"delta\":\"Good mor\"}\n\n",
        b"data: {\"type\":\"transcript.text.done\",\"text\":\"Good morning.\",\"usage\":{\"total_tokens\":9}}\n\n",
    ];
    let utterance = Clip { rate: 8000, samples: vec![5; 80].into() };
    let mut service = Service::answering(200, "text/event-stream", WORDS, None).await;
    let transcriber = Transcriber::new(service.endpoint(), "gpt-4o-mini-transcribe");
    assert_eq!(transcriber.transcribe(&utterance, &Hints::default()).await.expect("heard").text, "Good morning.");
    let (_, body) = service.seen.recv().await.expect("a request");
    assert!(String::from_utf8_lossy(&body).contains("name=\"stream\"\r\n\r\ntrue\r\n"));
    for (parts, why) in [(&WORDS[..1], "broke off"), (&[b"data: <html>\n\n".as_slice()], "something else")] {
        let service = Service::answering(200, "text/event-stream", parts, None).await;
        let error = Transcriber::new(service.endpoint(), "").transcribe(&utterance, &Hints::default()).await.expect_err("no words");
        assert!(error.verdict == Verdict::Retry && error.message.contains(why), "{}", error.message);
    }
}

#[tokio::test]
async fn the_first_of_a_sentence_is_there_before_the_rest_is_made() {
    let wave = write_wave(&Clip { rate: 24_000, samples: vec![1; 2_400].into() });
    let cut = Arc::new(Notify::new());
    let service = Service::answering(200, "audio/wav", &[&wave[..1_244]], Some(cut.clone())).await;
    let mut sounding = Speaker::new(service.endpoint(), "", "").stream("Hello").await.expect("sound");
    let first = sounding.recv().await.expect("a part").expect("sound");
    assert_eq!((first.rate, first.samples.len()), (24_000, 600), "while the server still holds the rest back");
    cut.notify_one();
    assert!(matches!(sounding.recv().await, Some(Err(error)) if error.verdict == Verdict::Retry));
}

#[tokio::test]
async fn a_sentence_comes_back_as_sound_or_as_an_error() {
    let wave = write_wave(&Clip { rate: 24_000, samples: vec![1, 2, 3].into() });
    let service = Service::answering(200, "audio/wav", &[&wave], None).await;
    let clip = Speaker::new(service.endpoint(), "", "").speak("Hello").await.expect("sound");
    assert_eq!((clip.rate, clip.samples.len()), (24_000, 3));
    let silent = Service::answering(200, "audio/mpeg", &[b"ID3"], None).await;
    assert!(Speaker::new(silent.endpoint(), "", "").speak("Hello").await.is_err());
}
