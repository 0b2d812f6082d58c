//! Events by position: the same words as the deliveries, in a stable order, with an honest answer when some are gone.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{Receiver, TestApp};
use crate::webhooks::{after, end_call, start, subscribe};

async fn pull(app: &TestApp, query: &str) -> Value {
    app.user(Role::Admin).get(&format!("/api/v1/events{query}")).await.expect(200)
}

fn calls(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|event| event["data"]["callId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_puller_reads_every_event_once_in_order_and_the_same_words_as_a_receiver() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let empty = pull(&app, "").await;
    assert_eq!(empty, json!({ "data": [], "limit": 50, "cursor": 0, "next": null }));
    subscribe(&app, &receiver, &["*"]).await;
    for n in 0..7 {
        end_call(&app, &format!("s-{n}")).await;
    }
    app.settle().await;
    let mut query = "?limit=3".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = pull(&app, &query).await;
        seen.extend(page["data"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else {
            query = format!("?after={}", page["cursor"]);
            break;
        };
        query = next.strip_prefix("/api/v1/events").unwrap().to_owned();
    }
    let ids: Vec<i64> = seen.iter().map(|event| event["id"].as_i64().unwrap()).collect();
    assert!(ids.len() == 7 && ids.is_sorted());
    let mut pushed: Vec<Value> = receiver.take_all().iter().map(crate::support::Received::json).collect();
    pushed.sort_by_key(|body| body["data"]["callId"].as_str().unwrap().to_owned());
    for (mut event, body) in seen.into_iter().zip(pushed) {
        event.as_object_mut().unwrap().remove("id");
        assert_eq!(event, body);
    }
    assert_eq!(calls(&pull(&app, &query).await), [""; 0]);
    end_call(&app, "s-new").await;
    app.settle().await;
    assert_eq!(calls(&pull(&app, &query).await), ["s-new"]);
    assert_eq!(calls(&pull(&app, "?event=transcript.saved,call.started").await), [""; 0]);
    assert_eq!(calls(&pull(&app, "?event=call.ended&limit=2").await).len(), 2);
}

#[tokio::test]
async fn nonsense_is_refused_and_a_cursor_that_is_too_old_is_told_so() {
    let app = start().await;
    end_call(&app, "s-1").await;
    app.settle().await;
    let admin = app.user(Role::Admin);
    for query in ["?after=x", "?after=-1", "?after=1.5", "?event=call.finished"] {
        admin.get(&format!("/api/v1/events{query}")).await.expect(422);
    }
    assert_eq!(admin.get("/api/v1/events?after=99").await.expect(410)["error"], "cursor_unknown");
    app.user(Role::Supervisor).get("/api/v1/events").await.expect(403);
    app.anonymous().get("/api/v1/events").await.expect(401);
    app.advance(Duration::from_secs(6 * 24 * 3600));
    end_call(&app, "s-2").await;
    app.settle().await;
    assert_eq!(calls(&pull(&app, "?after=0").await), ["s-1", "s-2"]);
    after(&app, 2 * 24 * 3600).await;
    let answer = app.user(Role::Admin).get("/api/v1/events?after=0").await.expect(410);
    assert_eq!(answer["error"], "cursor_too_old");
    assert_eq!(calls(&pull(&app, "").await), ["s-2"]);
    assert_eq!(calls(&pull(&app, "?after=1").await), ["s-2"], "nothing after it is gone");
}
