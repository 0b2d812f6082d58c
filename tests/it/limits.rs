//! What slow and greedy clients get, on raw sockets with short limits; how the listener ends.

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use cxbox::platform::http::{Http, Limits, Socket};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

async fn serve() -> (Http, std::net::SocketAddr) {
    let router = Router::new().route("/echo", post(|body: Bytes| async move { body }));
    let limits =
        Limits { connections: 2, head_within: Duration::from_millis(200), body_grace: Duration::from_millis(200), ..Limits::default() };
    let http = Http::new(router, limits);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    http.listen(Socket::Tcp(listener));
    (http, address)
}

/// Sends the text and reads until the server closes.
async fn talk(address: std::net::SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset is an end, too.
    let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.expect("the server ends it");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_client_that_says_nothing_or_half_a_head_is_let_go() {
    let (_http, address) = serve().await;
    for text in ["", "POST /echo HTTP/1.1\r\nhost: x\r\n"] {
        let answer = talk(address, text).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_trickles_is_cut_off_and_a_whole_one_is_answered() {
    let (_http, address) = serve().await;
    let answer = talk(address, "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc").await;
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = talk(address, "POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 3\r\n\r\nabc").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("abc"), "{answer}");
}

#[tokio::test]
async fn one_connection_too_many_is_closed_and_a_freed_place_is_taken() {
    let (_http, address) = serve().await;
    let held = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
    assert_eq!(talk(address, "").await, "");
    drop(held);
}

#[tokio::test]
async fn draining_ends_idle_connections_and_takes_no_new_ones() {
    let (http, address) = serve().await;
    let idle = TcpStream::connect(address).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), http.drain(Duration::from_secs(4))).await.expect("it ends early");
    drop(idle);
    assert!(TcpStream::connect(address).await.is_err());
}
