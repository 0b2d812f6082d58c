//! A receiver is away while calls end and `serve` is killed again and again: after a recovery it has every event.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;

use super::support::{Appliance, Hooks, Http, Setup, until};

/// Times `serve` is killed.
const KILLS: usize = 5;

/// Events.
const N_EVENTS: usize = 1000;

async fn end_calls(engine: &Http, from: usize, to: usize) {
    for n in from..to {
        engine.post_ok("/api/v1/call-results", &json!({ "session_id": format!("s-{n}"), "disconnected_by": "customer" }), 200).await;
    }
}

/// `serve` dies without warning and comes back.
async fn killed(appliance: Appliance) -> Appliance {
    appliance.kill().start().await
}

#[tokio::test]
async fn every_event_arrives_after_a_recovery_and_duplicates_keep_their_id() {
    let (n_all, mut hooks) = (N_EVENTS, Hooks::away());
    let mut appliance = Setup::new().start().await;
    let admin = appliance.super_admin().await;
    let made = admin.post_ok("/api/v1/webhooks", &json!({ "url": hooks.url(), "events": ["call.ended"] }), 201).await;
    let (path, since) = (format!("/api/v1/webhooks/{}", made["id"].as_str().unwrap()), made["created_at"].clone());
    for n in 0..KILLS {
        end_calls(&appliance.engine(), n * n_all / KILLS, (n + 1) * n_all / KILLS).await;
        // From the middle on an operator has paused the subscription: those events are not even queued for it.
        if n == KILLS / 2 {
            appliance.super_admin_again().await.post_ok(&format!("{path}/pause"), &json!({}), 200).await;
        }
        appliance = killed(appliance).await;
    }
    hooks.listen().await;
    let admin = appliance.super_admin_again().await;
    admin.post_ok(&format!("{path}/resume?replay=false"), &json!({}), 200).await;
    let recovered = admin.post_ok(&format!("{path}/recover"), &json!({ "since": since }), 200).await;
    assert!(recovered["requeued"].as_u64().unwrap() > 0 && recovered["missed"].as_u64().unwrap() > 0, "{recovered}");
    until("all events have arrived", Duration::from_secs(120), || async {
        let calls: BTreeSet<_> = hooks.taken().iter().map(|taken| taken.body["data"]["callId"].to_string()).collect();
        (calls.len() == n_all).then_some(())
    })
    .await;
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for taken in hooks.taken() {
        ids.entry(taken.body["data"]["callId"].to_string()).or_default().insert(taken.id);
    }
    assert!(ids.values().all(|ids| ids.len() == 1), "an event arrived under two ids");
    let distinct: BTreeSet<&String> = ids.values().flatten().collect();
    assert_eq!(distinct.len(), n_all, "each event has an id of its own");
    let again = admin.post_ok(&format!("{path}/recover"), &json!({ "since": since }), 200).await;
    assert_eq!(again["missed"], 0, "nothing is missing any more");
}
