//! R70: the end of the program while many listen and many talk.

use std::time::Duration;

use cxbox::base::Clock;
use cxbox::platform::net::{Message, Outbound, OutboundOptions, Request};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::support::{Appliance, Http, Setup, reception, until};

const STREAMS: usize = 200;
const TALKS: usize = 50;
const SOON: Duration = Duration::from_secs(60);

/// Listens to the events of all calls, past the head of the answer.
async fn listen(appliance: &Appliance, admin: &Http) -> TcpStream {
    let mut stream = TcpStream::connect(appliance.setup.http).await.unwrap();
    let head = format!(
        "GET /api/v1/events/stream HTTP/1.1\r\nhost: box\r\nconnection: close\r\nauthorization: {}\r\n\r\n",
        admin.header("authorization")
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(4).any(|four| four == b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "closed before the answer");
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    stream
}

/// Begins to talk with the bot, and listens to it until the socket is closed.
async fn talk(appliance: &Appliance, path: &str, n: usize) -> JoinHandle<()> {
    let net = Outbound::new(OutboundOptions::allowing(["127.0.0.0/8"]).unwrap()).unwrap();
    let url = format!("ws://{}{path}", appliance.setup.http);
    let mut socket = net.socket(Request::get(url)).await.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    let start = json!({ "event": "start", "streamId": format!("stream-{n}"), "start": { "from": "+4930123456", "to": "+15551230000" } });
    socket.send(Message::Text(start.to_string())).await.unwrap();
    tokio::spawn(async move { while let Ok(Some(_)) = socket.next().await {} })
}

/// Reads all streams to their end; gives how long the slowest took.
async fn all_end(listeners: Vec<TcpStream>, clock: &Clock) -> Duration {
    let begun = clock.monotonic();
    let mut reading = tokio::task::JoinSet::new();
    for mut stream in listeners {
        let clock = clock.clone();
        reading.spawn(async move {
            let mut rest = Vec::new();
            tokio::time::timeout(SOON, stream.read_to_end(&mut rest)).await.unwrap().unwrap();
            assert!(rest.ends_with(b"0\r\n\r\n"), "it is ended in order, not cut off");
            clock.monotonic() - begun
        });
    }
    reading.join_all().await.into_iter().max().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_streams_and_fifty_talks_end_in_time_and_no_result_is_lost() {
    let most = (STREAMS + TALKS + 50).to_string();
    let setup = Setup::new().env("CXBOX_SERVER__MAX_CONNECTIONS_PER_IP", &most).env("CXBOX_SERVER__DRAIN_SECONDS", "5");
    let mut appliance = setup.start().await;
    let admin = appliance.super_admin().await;
    let mut bot = reception();
    bot.as_object_mut().unwrap().extend(
        json!({ "opening_message": "", "disclosure": false, "recording_mode": "off", "stt": { "provider": "none" } })
            .as_object()
            .unwrap()
            .clone(),
    );
    let bot = admin.post_ok("/api/v1/bots", &bot, 201).await;
    let path = format!("/ws/{}?token={}", bot["id"].as_str().unwrap(), admin.header("authorization").trim_start_matches("Bearer "));
    let mut listeners = Vec::new();
    for _ in 0..STREAMS {
        listeners.push(listen(&appliance, &admin).await);
    }
    let mut talks = Vec::new();
    for n in 0..TALKS {
        talks.push(talk(&appliance, &path, n).await);
    }
    until("all talks have begun", SOON, || async {
        let calls = admin.get_ok("/api/v1/calls?limit=100").await;
        let n_live = calls["data"].as_array().unwrap().iter().filter(|call| call["status"] == "active").count();
        (n_live == TALKS).then_some(())
    })
    .await;
    let clock = Clock::system();
    let begun = clock.monotonic();
    Appliance::signal(appliance.pid(), "-TERM");
    let slowest = all_end(listeners, &clock).await;
    assert!(appliance.terminate().await.success());
    let exit = clock.monotonic() - begun;
    eprintln!("{STREAMS} streams ended within {} ms, the program within {} ms", slowest.as_millis(), exit.as_millis());
    // The row wants a second and 45; the first is measured, a busy machine gets more.
    assert!(slowest < Duration::from_secs(10) && exit < Duration::from_secs(45), "{slowest:?} {exit:?}");
    for talk in talks {
        talk.await.unwrap();
    }
    let appliance = appliance.kill().start().await;
    let admin = appliance.super_admin_again().await;
    until("every talk has its result", SOON, || async {
        let calls = admin.get_ok("/api/v1/calls?limit=100").await;
        let n_over = calls["data"].as_array().unwrap().iter().filter(|call| call["completed_at"].is_string()).count();
        (calls["total"] == TALKS && n_over == TALKS).then_some(())
    })
    .await;
}
