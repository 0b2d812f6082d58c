//! The socket against a server on loopback: what goes through, what is refused, what breaks.

use axum::Router;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

use super::{Failure, Message, Outbound, OutboundOptions, Refusal, Request};

/// Sends everything back until it hears `cut`; only with the key.
async fn echo(headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    if headers.get("x-key").is_none_or(|key| key != "secret") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    upgrade.on_upgrade(|mut socket| async move {
        while let Some(Ok(message)) = socket.recv().await {
            if matches!(&message, ws::Message::Text(text) if text.as_str() == "cut") {
                return;
            }
            if matches!(message, ws::Message::Text(_) | ws::Message::Binary(_)) && socket.send(message).await.is_err() {
                return;
            }
        }
    })
}

async fn server() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}/echo", listener.local_addr().expect("an address"));
    let app = Router::new().route("/echo", any(echo));
    tokio::spawn(async move { axum::serve(listener, app).await.expect("served") });
    url
}

fn outbound() -> Outbound {
    Outbound::new(OutboundOptions::allowing::<String>([]).expect("no range")).expect("a client")
}

#[tokio::test]
async fn text_and_bytes_go_there_and_back_and_a_cut_is_an_end() {
    let mut socket = outbound().socket(Request::get(server().await).header("x-key", "secret")).await.expect("opened");
    for message in [Message::Text("Grüße".to_owned()), Message::Bytes(vec![0, 255, 7].into())] {
        socket.send(message.clone()).await.expect("sent");
        assert_eq!(socket.next().await.expect("an answer"), Some(message));
    }
    socket.send(Message::Text("cut".to_owned())).await.expect("sent");
    assert!(!matches!(socket.next().await, Ok(Some(_))));
}

#[tokio::test]
async fn a_refused_handshake_tells_its_status_and_nobody_there_is_a_failure() {
    let url = server().await;
    assert!(matches!(outbound().socket(Request::get(url.clone())).await, Err(Refusal::Status(401))));
    assert!(matches!(outbound().socket(Request::get(url.replace("/echo", "/nothing"))).await, Err(Refusal::Status(404))));
    for (url, class) in
        [("ftp://127.0.0.1/x", Failure::BadUrl), ("ws://169.254.169.254/latest", Failure::Blocked), ("ws://127.0.0.1:1/", Failure::Connect)]
    {
        match outbound().socket(Request::get(url)).await {
            Err(Refusal::Failed(error)) => assert_eq!(error.class, class, "{url}"),
            Err(Refusal::Status(status)) => panic!("{url}: {status}"),
            Ok(_) => panic!("{url} was opened"),
        }
    }
}
