//! The figures of the real program: a listener of their own, true counts, nothing personal in them.

use std::time::Duration;

use serde_json::json;

use super::support::{Appliance, Hooks, Http, Peer, Setup, free_port, reception, stage, until};

const SOON: Duration = Duration::from_secs(30);

async fn figures(http: &Http) -> String {
    let reply = http.get("/metrics").await.unwrap();
    assert_eq!(reply.status, 200);
    reply.text()
}

/// The value of a figure with exactly these labels.
fn value(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

async fn until_value(http: &Http, name: &str, holds: impl Fn(f64) -> bool) {
    until(name, SOON, || async { value(&figures(http).await, name).filter(|n| holds(*n)) }).await;
}

#[tokio::test]
async fn calls_turns_deliveries_and_restarts_are_counted_at_a_listener_of_their_own() {
    let bind = format!("127.0.0.1:{}", free_port());
    let appliance = Setup::new().env("CXBOX_METRICS__BIND", &bind).start().await;
    let http = Http::new(format!("http://{bind}"));
    let text = figures(&http).await;
    for name in ["cxbox_webhook_deliveries_total{result=\"delivered\"}", "cxbox_engine_restarts_total", "cxbox_calls_active"] {
        assert_eq!(value(&text, name), Some(0.0), "{name} in {text}");
    }
    assert_eq!(http.get("/healthz").await.unwrap().status, 404, "it gives figures and nothing else");
    assert_eq!(appliance.http().get("/metrics").await.unwrap().status, 404, "the API's address does not give them, too");
    let mut hooks = Hooks::away();
    hooks.listen().await;
    let admin = appliance.super_admin().await;
    admin.post_ok("/api/v1/webhooks", &json!({ "url": hooks.url(), "events": ["call.answered", "call.ended"] }), 201).await;
    stage::set(&admin, "127.0.0.1:9", "udp", &reception()).await;
    let target = appliance.setup.sip.to_string();
    let args = ["-s", "+15551230000", "-m", "1", "-d", "1500", &target];
    Peer::sipp("inbound_bye", free_port(), &args).ended().await.expect_success();
    let samples = json!([{ "turn": 1, "stt_ms": 200, "first_token_ms": 600, "first_audio_ms": 700 }]);
    let result = json!({ "session_id": "s-1", "disconnected_by": "customer", "latency_samples": samples, "from_number": "+15557654321" });
    appliance.engine().post_ok("/api/v1/call-results", &result, 200).await;
    until_value(&http, "cxbox_calls_total{direction=\"inbound\",status=\"completed\"}", |n| n == 2.0).await;
    until_value(&http, "cxbox_call_setup_seconds_count{direction=\"inbound\"}", |n| n == 1.0).await;
    until_value(&http, "cxbox_turn_latency_seconds_sum{stage=\"total\"}", |n| n >= 0.7).await;
    until_value(&http, "cxbox_webhook_deliveries_total{result=\"delivered\"}", |n| n == 3.0).await;
    until_value(&http, "cxbox_db_commit_seconds_count", |n| n > 3.0).await;
    until_value(&http, "cxbox_outbox_oldest_seconds", |n| n < 5.0).await;
    let text = figures(&http).await;
    for personal in ["15551230000", "15557654321", "s-1", &appliance.setup.data.path().display().to_string()] {
        assert!(!text.contains(personal), "{personal} is in the figures");
    }
    for name in ["cxbox_db_wal_bytes", "cxbox_disk_free_bytes", "cxbox_calls_capacity", "cxbox_engine_spooled_results"] {
        assert!(value(&text, name).is_some(), "{name} is not in {text}");
    }
    Appliance::signal(appliance.engine_pid().await.unwrap(), "-KILL");
    until_value(&http, "cxbox_engine_restarts_total", |n| n == 1.0).await;
    until_value(&http, "cxbox_engine_up", |n| n == 1.0).await;
}
