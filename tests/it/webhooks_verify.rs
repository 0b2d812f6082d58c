//! Deliveries are verified by programs in other languages, written from the description alone.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::support::{Received, Receiver, TestApp};
use crate::webhooks::{act, start, subscribe};
use cxbox::platform::access::Role;

/// What both programs say about the deliveries; they must agree.
fn verdicts(secret: &str, now_s: i64, deliveries: &[Received]) -> Vec<String> {
    let deliveries: Vec<Value> = deliveries
        .iter()
        .map(|received| json!({ "headers": received.headers, "body_base64": BASE64_STANDARD.encode(&received.body) }))
        .collect();
    let order = json!({ "secret": secret, "now": now_s, "deliveries": deliveries }).to_string();
    let python = run("python3", "verify.py", &order);
    assert_eq!(python, run("node", "verify.mjs", &order), "both programs agree");
    python
}

fn run(program: &str, file: &str, order: &str) -> Vec<String> {
    let path = format!("{}/tests/fixtures/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new(program).arg(path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect(program);
    child.stdin.take().unwrap().write_all(order.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program} failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn now_s(app: &TestApp) -> i64 {
    app.clock.now().0 / 1000
}

#[tokio::test]
async fn genuine_deliveries_pass_and_changed_ones_do_not() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let (id, secret) = subscribe(&app, &receiver, &["*"]).await;
    act(&app, &id, "test").await;
    // Words that are not ASCII, so that bytes and characters differ.
    let result = json!({ "session_id": "s-1", "outcome": "zürück – ✓", "disconnected_by": "customer" });
    app.engine().post("/api/v1/call-results", result).await.expect(200);
    app.settle().await;
    let genuine = receiver.take_all();
    assert_eq!(genuine.len(), 2);
    assert_eq!(verdicts(&secret, now_s(&app), &genuine), ["ok", "ok"]);
    let changed = |change: &dyn Fn(&mut Received)| {
        let mut received = genuine[1].clone();
        change(&mut received);
        received
    };
    let body = changed(&|r| r.body = [r.body.as_ref(), b" "].concat().into());
    let swapped = changed(&|r| r.body = genuine[0].body.clone());
    let id_changed = changed(&|r| drop(r.headers.insert("webhook-id".into(), "dlv_other".into())));
    let said = verdicts(&secret, now_s(&app), &[body, swapped, id_changed]);
    assert_eq!(said, ["codeb signature", "codeb signature", "standard signature"]);
    assert_eq!(verdicts(&"0".repeat(64), now_s(&app), &genuine[..1]), ["codeb signature"]);
    assert_eq!(verdicts(&secret, now_s(&app) + 301, &genuine[..1]), ["time"]);
}

#[tokio::test]
async fn a_rotation_loses_nothing() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let (id, old) = subscribe(&app, &receiver, &["*"]).await;
    let rotated = act(&app, &id, "rotate").await;
    let new = rotated["secret"].as_str().unwrap().to_owned();
    assert!(new != old && rotated["rotation_ends_at"] == "2026-06-02T12:00:00.000Z");
    let deliver = async |wait: u64| {
        app.advance(Duration::from_secs(wait));
        act(&app, &id, "test").await;
        app.settle().await;
        let received = receiver.take_all().remove(0);
        let by = |secret: &str| verdicts(secret, now_s(&app), std::slice::from_ref(&received)).remove(0);
        (by(&old), by(&new))
    };
    let (ok, no) = ("ok".to_owned(), "codeb signature".to_owned());
    assert_eq!(deliver(0).await, (ok.clone(), ok.clone()));
    assert_eq!(deliver(23 * 3600).await, (ok.clone(), ok.clone()), "a day of both");
    assert_eq!(deliver(3600).await, (no, ok), "then the new one alone");
}

#[tokio::test]
async fn an_operator_may_end_a_rotation_at_once() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let (id, _) = subscribe(&app, &receiver, &["*"]).await;
    let new = act(&app, &id, "rotate").await["secret"].as_str().unwrap().to_owned();
    let confirmed = act(&app, &id, "rotate?confirm=true").await;
    assert!(confirmed["rotation_ends_at"].is_null() && confirmed.get("secret").is_none());
    app.user(Role::SuperAdmin).post(&format!("/api/v1/webhooks/{id}/rotate?confirm=true"), json!({})).await.expect(409);
    act(&app, &id, "test").await;
    app.settle().await;
    let received = receiver.take_all();
    assert_eq!(received[0].header("x-codeb-signature-next"), "");
    assert_eq!(verdicts(&new, now_s(&app), &received), ["ok"]);
}
