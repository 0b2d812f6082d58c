//! Receivers that hang, reset or flood: they delay only themselves.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::support::Receiver;
use crate::webhooks::{end_call, log, start};
use cxbox::platform::access::Role;

/// What a hostile receiver does with a connection.
#[derive(Clone, Copy)]
enum Manner {
    Hangs,
    Resets,
    Floods,
}

async fn hostile(manner: Manner) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(misbehave(stream, manner));
        }
    });
    url
}

async fn misbehave(mut stream: TcpStream, manner: Manner) {
    let mut request = vec![0; 16 * 1024];
    let _ = stream.read(&mut request).await;
    match manner {
        Manner::Hangs => std::future::pending().await,
        Manner::Resets => drop(stream),
        Manner::Floods => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n").await;
            let part = [b'x'; 64 * 1024];
            for _ in 0..1600 {
                if stream.write_all(&part).await.is_err() {
                    return;
                }
            }
        }
    }
}

#[tokio::test]
async fn they_do_not_hold_up_the_others() {
    let mut app = start().await;
    app.may_leave_work();
    let admin = app.user(Role::SuperAdmin);
    let mut ids = Vec::new();
    for manner in [Manner::Hangs, Manner::Resets, Manner::Floods] {
        let made = admin.post("/api/v1/webhooks", json!({ "url": hostile(manner).await, "events": ["*"] })).await.expect(201);
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    let fast = Receiver::start().await;
    admin.post("/api/v1/webhooks", json!({ "url": fast.url, "events": ["*"] })).await.expect(201);
    let stop = CancellationToken::new();
    let outbox = app.outbox().clone();
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { outbox.run(stop).await }
    });
    let n_calls = 60;
    for n in 0..n_calls {
        end_call(&app, &format!("s-{n}")).await;
    }
    // A hanging attempt takes ten seconds; sixty of them in pairs would take five minutes.
    tokio::time::timeout(Duration::from_secs(15), fast.wait_for(n_calls)).await.expect("the fast receiver got everything");
    let flooded = wait_for_log(&app, &ids[2], "delivered").await;
    assert_eq!(flooded["http_status"], 200);
    assert_eq!(flooded["response_excerpt"].as_str().map(str::len), Some(1024), "no more than that is kept");
    let reset = wait_for_log(&app, &ids[1], "waiting").await;
    assert_eq!(reset["error"], "broken");
    stop.cancel();
    running.abort();
}

/// The first delivery of a subscription that was attempted and has this status.
async fn wait_for_log(app: &crate::support::TestApp, id: &str, status: &str) -> serde_json::Value {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..500 {
        tick.tick().await;
        let found = log(app, id).await.into_iter().find(|entry| entry["status"] == status && entry["last_attempt_at"].is_string());
        if let Some(found) = found {
            return found;
        }
    }
    panic!("no delivery of {id} became {status}");
}
