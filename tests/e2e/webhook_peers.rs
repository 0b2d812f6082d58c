//! Receivers in Flask and Express that check every delivery with other people's code: genuine ones pass, wrong secrets do not, and a
//! rotation loses nothing.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

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
