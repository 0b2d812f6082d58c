//! Receivers in Flask and Express that check every delivery with other people's code: genuine ones pass, wrong secrets do not, and a
//! rotation loses nothing.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cxbox::base::{Clock, Random};
use cxbox::features::webhooks::{Signed, signed_headers};
use serde_json::{Value, json};

use super::support::{Appliance, Http, free_port, until};
use crate::peers;

const SOON: Duration = Duration::from_secs(30);

/// A running receiver; ended with the test.
struct Receiver(Child);

impl Receiver {
    async fn start(mut command: Command, port: u16, secret: &str) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let order = json!({ "port": port, "secret": secret }).to_string();
        child.stdin.take().unwrap().write_all(order.as_bytes()).unwrap();
        let receiver = Self(child);
        until("the receiver listens", SOON, || async { tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok() }).await;
        receiver
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Fires a test and waits until the receiver has said what it thinks of it.
async fn verdict(admin: &Http, path: &str) -> (u64, String) {
    let fired = admin.post_ok(&format!("{path}/test"), &json!({}), 200).await;
    let delivery = format!("{path}/deliveries/{}", fired["id"].as_str().unwrap());
    let attempt = until("the receiver has answered", SOON, || async {
        let detail = admin.get_ok(&delivery).await;
        detail["attempt_log"].as_array().and_then(|attempts| attempts.first().cloned())
    })
    .await;
    (attempt["http_status"].as_u64().unwrap_or(0), attempt["response_excerpt"].as_str().unwrap().to_owned())
}

async fn subscribe(admin: &Http, port: u16) -> (String, Value) {
    let made = admin.post_ok("/api/v1/webhooks", &json!({ "url": format!("http://127.0.0.1:{port}/hook"), "events": ["*"] }), 201).await;
    (format!("/api/v1/webhooks/{}", made["id"].as_str().unwrap()), made["secret"].clone())
}

#[tokio::test]
async fn flask_and_express_take_genuine_deliveries_by_both_schemes_and_refuse_others() {
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    let peers: [fn() -> Command; 2] = [|| peers::python("webhooks_flask.py"), || peers::node("webhooks_express.mjs")];
    let genuine = (200, "genuine webhook.test webhook.test".to_owned());
    for peer in peers {
        let port = free_port();
        let (path, secret) = subscribe(&admin, port).await;
        let old = Receiver::start(peer(), port, secret.as_str().unwrap()).await;
        assert_eq!(verdict(&admin, &path).await, genuine);
        let rotated = admin.post_ok(&format!("{path}/rotate"), &json!({}), 200).await;
        assert_eq!(verdict(&admin, &path).await, genuine, "the old secret still holds");
        drop(old);
        let new = Receiver::start(peer(), port, rotated["secret"].as_str().unwrap()).await;
        assert_eq!(verdict(&admin, &path).await, genuine, "the new one holds already");
        admin.post_ok(&format!("{path}/rotate?confirm=true"), &json!({}), 200).await;
        assert_eq!(verdict(&admin, &path).await, genuine, "and alone after the confirmation");
        drop(new);
        let _stranger = Receiver::start(peer(), port, secret.as_str().unwrap()).await;
        assert_eq!(verdict(&admin, &path).await, (401, "not codeb".to_owned()), "the old secret is worth nothing any more");
    }
}

/// R19: other people's libraries find every one of ten thousand bodies genuine, and none that was changed.
#[test]
fn ten_thousand_bodies_are_genuine_to_both_libraries() {
    const N: usize = 10_000;
    let (random, secret) = (Random::seeded(19), "0123456789abcdef".repeat(4));
    let letters: Vec<char> = "abc XYZ 0189 äßéñøłžğ şİ 漢字かな한 ØÆ €✓ \"\\\n\t\u{1}\u{2028} 👩‍👩‍👧 <>&'".chars().collect();
    let now = Clock::system().now();
    let deliveries: Vec<Value> = (0..N)
        .map(|n| {
            let bytes = random.bytes::<64>();
            let text: String = bytes.iter().take(1 + n % 64).map(|byte| letters[usize::from(*byte) % letters.len()]).collect();
            let body =
                json!({ "event": "call.ended", "n": n, "text": text, "more": vec![text.clone(); n % 5], "x": f64::from(bytes[0]) / 7.0 })
                    .to_string();
            let id = format!("dlv_{n}");
            let signed = Signed {
                event: "call.ended",
                delivery_id: &id,
                attempt: 1,
                sequence: Some(n as i64),
                now,
                body: body.as_bytes(),
                secret: &secret,
                next_secret: Some("another").filter(|_| n % 3 == 0),
            };
            let headers: Value = signed_headers(&signed).into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
            json!({ "headers": headers, "body_base64": BASE64_STANDARD.encode(&body) })
        })
        .collect();
    let order = json!({ "secret": secret, "deliveries": deliveries }).to_string();
    for peer in [peers::python("standard_many.py"), peers::node("standard_many.mjs")] {
        let found: Value = serde_json::from_slice(&peers::run(peer, &order).stdout).unwrap();
        assert_eq!(found, json!([N, 0]));
    }
}
