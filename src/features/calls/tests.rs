//! Calls below HTTP: results, events; real SQLite, moved clock.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{CallStatus, Calls, CallsSetup, Direction, NewCall, Origin, open_skeleton, upkeep};
use crate::base::id::{CallId, SessionId};
use crate::base::seal::Sealer;
use crate::base::{Clock, Kind, Millis, Random, Result};
use crate::contract::event::CallEvent;
use crate::features::bots::Bots;
use crate::platform::db::{Db, Trace};
use crate::platform::objects::Objects;
use crate::platform::outbox::{Outbox, Work, facts_after};

struct House {
    _folder: tempfile::TempDir,
    db: Db,
    clock: Clock,
    calls: Calls,
    outbox: Outbox,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::manual(Millis(1_767_268_800_000));
        let db = Db::open(&folder.path().join("main.db"), folder.path(), clock.clone()).expect("a database");
        let random = Random::seeded(1);
        let sealer = Arc::new(Sealer::new(&[7; 32], random.clone()).expect("a sealer"));
        let calls = Calls::new(CallsSetup {
            db: db.clone(),
            clock: clock.clone(),
            random: random.clone(),
            sealer: sealer.clone(),
            recordings: Objects::disk(folder.path().join("recordings"), random.clone()).expect("a store"),
            trace: Trace::open(&folder.path().join("trace.db")).expect("a trace"),
            bots: Bots::new(db.clone(), random, sealer),
            bulletin: crate::platform::bulletin::Bulletin::default(),
            public_base: "https://phone.example:8443".to_owned(),
        });
        let outbox = Outbox::new(&db, &clock, Work { upkeep: upkeep().into(), ..Work::default() });
        Self { _folder: folder, db, clock, calls, outbox }
    }

    async fn post(&self, body: Value) -> Result<SessionId> {
        self.calls.record_result(Bytes::from(body.to_string())).await
    }

    async fn stored(&self, session_id: &str) -> Value {
        serde_json::to_value(self.calls.view(SessionId::from(session_id)).await.expect("a call")).expect("JSON")
    }

    async fn open(&self, call: NewCall) {
        self.db.write(move |tx| open_skeleton(tx, &call)).await.expect("a skeleton");
    }

    async fn event(&self, session_id: &str, event: Value) -> Result<()> {
        let event: CallEvent = serde_json::from_value(event).expect("an event");
        self.calls.record_event(SessionId::from(session_id), event).await
    }

    async fn facts(&self) -> Vec<Value> {
        let facts = self.db.read(|conn| facts_after(conn, 0, 1000)).await.expect("facts");
        facts.events.iter().map(|event| serde_json::to_value(&event.fact).expect("JSON")).collect()
    }
}

fn outbound(session_id: &str) -> NewCall {
    NewCall {
        call_id: Some(CallId::from("oac-0123456789ab")),
        direction: Direction::Outbound,
        origin: Origin::OutboundAi,
        to_number: Some("+15551234567".to_owned()),
        save_transcript: true,
        connected_event: json!({ "a": 1 }).as_object().cloned(),
        ..NewCall::of(SessionId::from(session_id))
    }
}

#[tokio::test]
async fn an_unknown_session_becomes_a_call_and_a_repeat_changes_nothing() {
    let house = House::new();
    let body = json!({ "session_id": "s1", "disconnected_by": "customer", "recording_key": "s1.wav", "transcript": [], "extra": 1,
        "transfer_reason": "asked", "post_call_analysis": { "x": null }, "call_direction": "outbound" });
    house.post(body.clone()).await.expect("stored");
    let first = house.stored("s1").await;
    house.clock.advance(std::time::Duration::from_secs(60));
    house.post(body).await.expect("stored again");
    assert_eq!(house.stored("s1").await, first);
    assert_eq!(house.facts().await, [json!({ "fact": "call_completed", "session_id": "s1", "has_transcript": false })]);
    assert_eq!(first["status"], "completed");
    assert_eq!(first["outcome"], "far-hangup");
    assert_eq!(first["post_call_analysis"], json!({ "x": null }));
    assert_eq!((first["transfer_reason"].as_str(), first.get("extra"), &first["direction"]), (Some("asked"), None, &json!("outbound")));
    assert_eq!(first["recording_access_token"].as_str().map(str::len), Some(32));
    let link =
        format!("https://phone.example:8443/api/v1/public/recordings/{}", first["recording_access_token"].as_str().expect("a token"));
    assert_eq!(first["recording_link"], json!(link));
}

#[tokio::test]
async fn absent_and_null_fields_leave_the_skeleton_alone() {
    let house = House::new();
    house.open(outbound("s1")).await;
    assert_eq!(house.stored("s1").await["status"], "active");
    house
        .post(json!({ "session_id": "s1", "connected_event": null, "caller_id": "c", "disconnected_by": "no_answer", "qc_analysis": { "a": 1 } }))
        .await
        .expect("stored");
    house.post(json!({ "session_id": "s1", "caller_id": null, "qc_analysis": null, "pipeline_config": {} })).await.expect("stored");
    let call = house.stored("s1").await;
    assert_eq!(call["connected_event"], json!({ "a": 1 }));
    assert_eq!((&call["caller_id"], &call["qc_analysis"], &call["pipeline_config"]), (&json!("c"), &json!({ "a": 1 }), &json!({})));
    assert_eq!((&call["status"], &call["outcome"]), (&json!("failed"), &json!("no-answer")));
    assert_eq!((&call["to_number"], &call["call_id"]), (&json!("+15551234567"), &json!("oac-0123456789ab")));
    house.post(json!({ "session_id": "s1", "connected_event": { "b": 2 } })).await.expect("stored");
    assert_eq!(house.stored("s1").await["connected_event"], json!({ "b": 2 }));
}

#[tokio::test]
async fn a_token_is_minted_once_reused_and_gives_way_to_a_sent_one() {
    let house = House::new();
    let token = async || house.stored("s").await["recording_access_token"].clone();
    house.post(json!({ "session_id": "s" })).await.expect("stored");
    assert_eq!(token().await, Value::Null);
    house.post(json!({ "session_id": "s", "recording_url": "https://minio/x/a.wav?sig=1" })).await.expect("stored");
    let minted = token().await;
    house.post(json!({ "session_id": "s", "recording_key": "b.wav" })).await.expect("stored");
    assert_eq!(token().await, minted);
    house.post(json!({ "session_id": "s", "recording_access_token": "mine" })).await.expect("stored");
    assert_eq!(token().await, "mine");
    house.post(json!({ "session_id": "s", "recording_key": "b.wav" })).await.expect("stored");
    assert_eq!(token().await, "mine");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_field_and_nothing_is_stored() {
    let house = House::new();
    for (body, field) in [
        (json!({}), "session_id"),
        (json!({ "session_id": "" }), "session_id"),
        (json!({ "session_id": 7 }), "session_id"),
        (json!({ "session_id": "s", "transcript": "hello" }), "transcript"),
        (json!({ "session_id": "s", "call_duration_seconds": "long" }), "call_duration_seconds"),
        (json!({ "session_id": "s", "answer_ms": -1 }), "answer_ms"),
        (json!({ "session_id": "s", "answer_ms": 1.5 }), "answer_ms"),
        (json!({ "session_id": "s", "ended_at": "yesterday" }), "ended_at"),
        (json!({ "session_id": "s", "post_call_analysis": [] }), "post_call_analysis"),
        (json!({ "session_id": "s", "was_transferred": "yes" }), "was_transferred"),
    ] {
        let refused = house.post(body.clone()).await.expect_err("refused");
        assert_eq!((refused.kind(), refused.fields()[0].field.as_str()), (Kind::Invalid, field), "{body}");
    }
    let deep = format!(r#"{{"session_id":"s","events":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
    for text in ["", "[]", "null", "{", "{\"session_id\":\"s\"} x", "\u{feff}{}", &deep, r#"{"session_id":"s","latency":{"a":"\ud800"}}"#] {
        let refused = house.calls.record_result(Bytes::from(text.to_owned())).await.expect_err("refused");
        assert_eq!(refused.kind(), Kind::Invalid, "{text:.40}");
    }
    assert_eq!(house.facts().await, [] as [Value; 0]);
}

#[tokio::test]
async fn events_count_once_and_facts_come_once() {
    let house = House::new();
    house.open(outbound("s")).await;
    let mut live = house.calls.live();
    let at = "2026-01-01T12:00:05.000Z";
    let answered = json!({ "seq": 1, "at": at, "type": "answered", "answer_ms": 4100 });
    for event in [
        answered.clone(),
        answered,
        json!({ "seq": 2, "at": at, "type": "started" }),
        json!({ "seq": 3, "at": at, "type": "turn", "turn": { "role": "assistant", "content": "Hello", "ts": at } }),
        json!({ "seq": 4, "at": at, "type": "transferred", "target": "sip:desk@host", "method": "refer" }),
        json!({ "seq": 5, "at": at, "type": "started" }),
    ] {
        house.event("s", event).await.expect("stored");
    }
    let call = house.stored("s").await;
    assert_eq!((&call["answer_ms"], &call["answered_at"]), (&json!(4100), &json!(at)));
    assert_eq!((&call["transcript"][0]["content"], &call["transfer_target"]), (&json!("Hello"), &json!("sip:desk@host")));
    let words: Vec<_> = house.facts().await.iter().map(|fact| fact["fact"].clone()).collect();
    assert_eq!(words, ["call_answered", "call_started", "call_transferred"]);
    let mut n_live = 0;
    while live.try_recv().is_ok() {
        n_live += 1;
    }
    assert_eq!(n_live, 5);
    assert_eq!(house.event("nobody", json!({ "seq": 1, "at": at, "type": "started" })).await.expect_err("unknown").kind(), Kind::NotFound);
}

#[tokio::test]
async fn durations_and_turns_follow_from_the_result() {
    let house = House::new();
    house.open(outbound("s")).await;
    let body = json!({ "session_id": "s", "disconnected_by": "bot", "started_at": "2026-01-01T12:00:00.000Z",
        "answered_at": "2026-01-01T12:00:01.000Z", "ended_at": "2026-01-01T12:01:15.600Z", "transcript": [
            { "role": "assistant", "content": "Hello", "ts": "2026-01-01T12:00:03.000Z" },
            { "role": "user", "content": "Good day", "ts": "2026-01-01T12:00:05.000Z", "confidence": 0.9 },
            { "role": "tool", "content": "end_call", "ts": "2026-01-01T12:01:10.000Z" }] });
    house.post(body.clone()).await.expect("stored");
    house.post(body).await.expect("stored again");
    house.outbox.settle().await.expect("settled");
    let words: Vec<_> = house.facts().await.iter().map(|fact| fact["fact"].clone()).collect();
    assert_eq!(words, ["call_completed"]);
    let call = house.calls.get(SessionId::from("s")).await.expect("a call");
    assert_eq!((call.talk_seconds(), call.transcript_seconds(), call.n_turns(), call.status), (75, 75, (1, 1), CallStatus::Completed));
}

#[tokio::test]
async fn the_summary_of_the_cache_is_computed_and_free_of_prices() {
    let house = House::new();
    house
        .post(json!({ "session_id": "s", "llm_cache_summary": { "cost": 1, "enabled": false }, "usage_metrics": [
            { "type": "qc", "prompt_tokens": 10, "completion_tokens": 2, "cache_read_input_tokens": 4, "cache_enabled": true }] }))
        .await
        .expect("stored");
    let expected = json!({ "cache_read_input_tokens": 4, "cache_creation_input_tokens": 0, "fresh_prompt_tokens": 6, "completion_tokens": 2,
        "enabled": true, "worked": true, "statuses": [] });
    assert_eq!(house.stored("s").await["llm_cache_summary"], expected);
}

#[tokio::test]
async fn two_calls_may_claim_one_call_id_and_the_first_keeps_it() {
    let house = House::new();
    for session in ["a", "b"] {
        house.post(json!({ "session_id": session, "call_id": "vnum1" })).await.expect("stored");
    }
    assert_eq!((&house.stored("a").await["call_id"], &house.stored("b").await["call_id"]), (&json!("vnum1"), &Value::Null));
}

/// Pieces of one result: each field has one value, stands in at least one piece, and is absent or null in the others.
fn pieces(random: &Random, session_id: &str, whole: &Value) -> Vec<Value> {
    let mut pieces = vec![json!({ "session_id": session_id }); 5];
    for (name, value) in whole.as_object().into_iter().flatten() {
        let home = random.below(5);
        for (n, piece) in (0..).zip(&mut pieces) {
            match random.below(3) {
                _ if n == home => piece[name] = value.clone(),
                0 => piece[name] = value.clone(),
                1 => piece[name] = Value::Null,
                _ => {}
            }
        }
    }
    pieces
}

/// A few hundred cases in the gate, ten thousand (R4) with `CXBOX_SOAK=1`.
fn n_cases() -> usize {
    if std::env::var_os("CXBOX_SOAK").is_some_and(|soak| soak == "1") { 10_000 } else { 300 }
}

/// R4: whatever comes twice, at once or in another order, it is one call with one fact, and nothing that was known is lost.
#[tokio::test]
async fn pieces_of_a_result_that_come_at_once_and_in_any_order_make_one_call() {
    let house = House::new();
    let random = Random::seeded(4);
    let whole = json!({
        "caller_id": "c-1", "stream_id": "st-1", "from_number": "+35621234567", "disconnected_by": "customer", "recording_key": "r.wav",
        "post_call_analysis": { "mood": "good" }, "qc_analysis": { "score": 7 }, "latency": { "p50": 1 }, "pipeline_config": { "stt": "x" },
        "usage_metrics": [], "intents": [{ "id": "hours" }], "was_transferred": false
    });
    let n_cases = n_cases();
    for case in 0..n_cases {
        let session_id = format!("s-{case}");
        let has_skeleton = random.below(2) == 0;
        if has_skeleton {
            house.open(NewCall { call_id: Some(CallId(format!("oac-{case:012}"))), ..outbound(&session_id) }).await;
        }
        let posted = pieces(&random, &session_id, &whole).into_iter().map(|piece| house.post(piece));
        for answer in futures_util::future::join_all(posted).await {
            answer.expect("stored");
        }
        let call = house.stored(&session_id).await;
        for (name, value) in whole.as_object().into_iter().flatten() {
            assert_eq!(&call[name], value, "{name} of {session_id}");
        }
        assert_eq!(call["recording_access_token"].as_str().map(str::len), Some(32), "one token was minted");
        if has_skeleton {
            assert_eq!((&call["to_number"], &call["connected_event"]), (&json!("+15551234567"), &json!({ "a": 1 })));
        }
    }
    let mut told: Vec<String> = house.facts().await.iter().map(|fact| fact["session_id"].to_string()).collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!((told.len(), house.facts().await.len()), (n_cases, n_cases), "one fact for each call");
}

/// R30: a hostile body costs what its length costs, and its refusal is short.
#[tokio::test]
async fn hundreds_of_thousands_of_keys_are_read_once_and_refused_in_a_few_words() {
    let house = House::new();
    let many = |name: &str| {
        let keys: Map<String, Value> =
            (0..200_000).map(|n| (format!("{name}{n}"), json!(1))).chain([("session_id".to_owned(), json!("s"))]).collect();
        Value::Object(keys)
    };
    let refusal = house.post(many("transfer_")).await.expect_err("too many");
    assert_eq!((refusal.kind(), refusal.fields().len()), (Kind::Invalid, 32));
    house.post(many("unknown_")).await.expect("unknown keys are left out");
    assert!(house.stored("s").await.get("unknown_1").is_none());
}
