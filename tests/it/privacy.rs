//! Erasing a person: nothing that tells of them is left in any file, what is held stays, and who else was called keeps everything.

use std::path::Path;

use cxbox::features::calls::{NewCall, open_skeleton};
use cxbox::platform::access::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::dialling::{Dialling, session};

const PHONE: &str = "+15557654321";

/// All files below a folder that hold one of these texts.
fn holding(folder: &Path, needles: &[&str], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holding(&path, needles, found);
        } else if path.metadata().unwrap().is_file() {
            let bytes = std::fs::read(&path).unwrap_or_default();
            for needle in needles {
                if bytes.windows(needle.len()).any(|window| window == needle.as_bytes()) {
                    found.push(format!("{needle} in {}", path.display()));
                }
            }
        }
    }
}

fn hits(app: &TestApp, needles: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    holding(app.folder(), needles, &mut found);
    found
}

/// A call with canaries in everything an engine and people may say of it.
async fn tell_tale(app: &TestApp, session_id: &str, number: &str, canary: &str) {
    let skeleton = NewCall {
        save_transcript: true,
        number: Some("1000".into()),
        number_name: Some("desk".into()),
        connected_event: json!({ "customer": canary }).as_object().cloned(),
        display_name: Some(canary.into()),
        email: Some(format!("{canary}@example.com")),
        ..NewCall::of(session_id.into())
    };
    app.db().write(move |tx| open_skeleton(tx, &skeleton).map(|_| ())).await.unwrap();
    let turn = json!({ "role": "user", "content": format!("my name is {canary}"), "ts": app.clock.now() });
    let event = json!({ "seq": 1, "at": app.clock.now(), "type": "turn", "turn": turn });
    app.engine().post(&format!("/api/v1/engine/calls/{session_id}/events"), event).await.expect(200);
    let key = format!("{session_id}.wav");
    app.engine().send(Method::PUT, &format!("/api/v1/engine/recordings/{key}"), "audio/wav", canary.to_owned().into()).await.expect(201);
    let result = json!({
        "session_id": session_id, "from_number": number, "caller_id": format!("sip:{number}@10.0.0.1"), "recording_key": key,
        "transcript": [turn], "error_detail": canary, "post_call_analysis": { "summary": canary }, "intents": [{ "id": canary }],
        "events": [{ "at": app.clock.now(), "type": "note", "name": "recording_consent", "detail": { "given": true } }],
        "started_at": app.clock.now(), "ended_at": app.clock.now(), "call_duration_seconds": 7,
    });
    app.engine().post("/api/v1/call-results", result).await.expect(200);
    app.settle().await;
    let admin = app.user(Role::Admin);
    admin.post(&format!("/api/v1/calls/{session_id}/notes"), json!({ "text": canary })).await.expect(201);
    admin.put(&format!("/api/v1/calls/{session_id}/tags"), json!({ "tags": [canary] })).await.expect(200);
    app.settle().await;
}

async fn subscribe(app: &TestApp) {
    // A receiver that is never reached: deliveries wait with their bodies.
    let hook = json!({ "url": "http://127.0.0.1:1024/in", "events": ["*"] });
    app.user(Role::Admin).post("/api/v1/webhooks", hook).await.expect(201);
}

#[tokio::test]
async fn nothing_that_tells_of_the_person_is_left_in_any_file() {
    let mut app = TestApp::start_with(&[("CXBOX_OUTBOUND__ALLOW_CIDRS", "127.0.0.0/8")]).await;
    app.may_leave_work();
    subscribe(&app).await;
    tell_tale(&app, "s-1", PHONE, "CANARYONE").await;
    tell_tale(&app, "s-2", "0015557654321", "CANARYTWO").await;
    tell_tale(&app, "s-3", "+15550000000", "BYSTANDER").await;
    let admin = app.user(Role::Admin);
    admin.post("/api/v1/do-not-call", json!({ "phone": PHONE, "note": "CANARYNOTE" })).await.expect(201);
    let needles = ["CANARY", "canary", "7654321"];
    assert!(hits(&app, &needles).len() > 4, "the canaries are everywhere before");
    let link = admin.get("/api/v1/calls/s-1").await.expect(200)["recording_link"].as_str().unwrap().to_owned();

    let done = admin.post("/api/v1/erasures", json!({ "phone": PHONE })).await.expect(200);
    assert_eq!((&done["n_calls"], &done["n_recordings"], &done["n_transcripts"]), (&json!(2), &json!(2), &json!(2)), "{done}");
    assert_eq!((&done["phone_end"], &done["do_not_call"]), (&json!("4321"), &json!("hash")));
    assert_eq!(hits(&app, &needles), Vec::<String>::new());
    assert!(!hits(&app, &["BYSTANDER"]).is_empty(), "who else called keeps everything");

    // The call counts on, without the person; its link opens nothing, a search finds nothing, a late result brings nothing back.
    let call = admin.get("/api/v1/calls/s-1").await.expect(200);
    assert_eq!((&call["call_duration_seconds"], &call["from_number"], call.get("transcript")), (&json!(7.0), &Value::Null, None));
    app.anonymous().get(link.strip_prefix(&app.base_url()).unwrap()).await.expect(404);
    app.engine().post("/api/v1/call-results", json!({ "session_id": "s-1", "caller_id": "CANARYLATE" })).await.expect(200);
    app.settle().await;
    assert_eq!(admin.get("/api/v1/calls?phone=7654321").await.expect(200)["total"], 0);
    assert_eq!(admin.get("/api/v1/calls?q=canaryone").await.expect(200)["total"], 0);
    assert_eq!(admin.get("/api/v1/calls?q=bystander").await.expect(200)["total"], 1);
    assert_eq!(hits(&app, &needles), Vec::<String>::new());

    // A repeat finds nothing more; the proof is kept without the number.
    assert_eq!(admin.post("/api/v1/erasures", json!({ "phone": PHONE })).await.expect(200)["n_calls"], 0);
    let all = admin.get("/api/v1/erasures").await.expect(200);
    assert_eq!((&all["total"], &all["data"][1]["id"]), (&json!(2), &done["id"]));
    let trail = app.user(Role::SuperAdmin).get("/api/v1/audit?action=person.erase").await.expect(200);
    assert_eq!((&trail["total"], &trail["data"][1]["target"]), (&json!(2), &done["id"]));
}

#[tokio::test]
async fn calls_on_hold_stay_whole_until_they_are_released() {
    let mut app = TestApp::start().await;
    app.may_leave_work();
    tell_tale(&app, "s-1", PHONE, "CANARYONE").await;
    tell_tale(&app, "s-2", PHONE, "CANARYTWO").await;
    let admin = app.user(Role::Admin);
    admin.put("/api/v1/calls/s-1/legal-hold", json!({ "reason": "case" })).await.expect(200);
    let done = admin.post("/api/v1/erasures", json!({ "phone": PHONE })).await.expect(200);
    assert_eq!((&done["n_calls"], &done["n_held"], &done["held"]), (&json!(1), &json!(1), &json!(["s-1"])));
    assert_eq!((hits(&app, &["CANARYTWO"]).len(), hits(&app, &["CANARYONE"]).is_empty()), (0, false));
    assert_eq!(admin.get("/api/v1/recordings/s-1").await.status, 200);
    admin.delete("/api/v1/calls/s-1/legal-hold").await.expect(204);
    admin.post("/api/v1/erasures", json!({ "phone": PHONE })).await.expect(200);
    assert_eq!(hits(&app, &["CANARY", "canary", "7654321"]), Vec::<String>::new());
}

#[tokio::test]
async fn orders_that_wait_are_taken_back_and_the_do_not_call_entry_becomes_what_was_chosen() {
    let mut desk = Dialling::start().await;
    desk.app.may_leave_work();
    let order =
        json!({ "phone": PHONE, "displayName": "CANARYNAME", "systemPrompt": "Say CANARYPROMPT", "scheduleAtUtc": "2026-06-02T12:00:00Z" });
    let id = desk.place(order).await;
    desk.app.settle().await;
    assert_eq!(desk.status(&id).await, "scheduled");
    let admin = desk.admin.clone();
    admin.post("/api/v1/do-not-call", json!({ "phone": PHONE })).await.expect(201);
    let done = admin.post("/api/v1/erasures", json!({ "phone": PHONE, "do_not_call": "hash" })).await.expect(200);
    assert_eq!(done["n_orders"], 1);
    desk.app.settle().await;
    assert_eq!(hits(&desk.app, &["CANARY", "7654321"]), Vec::<String>::new());
    admin.get(&format!("/api.ashx/v1/calls/{id}")).await.expect(404);
    // The mark still keeps the number from being dialled, and can be taken off by the number.
    let refused = admin.post("/api.ashx/v1/calls", crate::support::dialling::wish(json!({ "phone": PHONE }))).await.expect(400);
    assert_eq!(refused["error"], "call_not_permitted");
    admin.delete(&format!("/api/v1/do-not-call/{}", PHONE.replace('+', "%2B"))).await.expect(204);
    desk.place(json!({ "phone": PHONE })).await;
    let dialout = desk.dialled();
    let running = admin.post("/api/v1/erasures", json!({ "phone": PHONE })).await.expect(409);
    assert_eq!(running["error"], "call_running");
    let result = json!({ "session_id": session(&dialout), "disconnected_by": "no_answer" });
    desk.app.engine().post("/api/v1/call-results", result).await.expect(200);
    desk.app.settle().await;
    admin.post("/api/v1/do-not-call", json!({ "phone": PHONE })).await.expect(201);
    admin.post("/api/v1/erasures", json!({ "phone": PHONE, "do_not_call": "keep" })).await.expect(200);
    assert_eq!(admin.get("/api/v1/do-not-call").await.expect(200)["total"], 1);
    admin.post("/api/v1/erasures", json!({ "phone": PHONE, "do_not_call": "remove" })).await.expect(200);
    assert_eq!(hits(&desk.app, &["7654321"]), Vec::<String>::new());
}

#[tokio::test]
async fn the_key_of_an_order_that_is_over_is_in_no_page_any_more() {
    let mut desk = Dialling::start().await;
    desk.app.may_leave_work();
    desk.place(json!({ "apiKey": "sk-secret-of-this-order", "retries": 1 })).await;
    let sealed: String =
        desk.app.db().read(|conn| Ok(conn.query_row("select api_key_sealed from outbound_orders", [], |row| row.get(0))?)).await.unwrap();
    assert!(!hits(&desk.app, &[&sealed]).is_empty());
    let dialout = desk.dialled();
    desk.config(&dialout).await.expect(200);
    let result = json!({ "session_id": session(&dialout), "disconnected_by": "bot", "answered_at": desk.app.clock.now() });
    desk.app.engine().post("/api/v1/call-results", result).await.expect(200);
    desk.app.settle().await;
    desk.app.db().scrub().await.unwrap();
    assert_eq!(hits(&desk.app, &[&sealed]), Vec::<String>::new());
}

#[tokio::test]
async fn a_person_gets_everything_with_links_that_open_the_recordings() {
    let mut app = TestApp::start().await;
    app.may_leave_work();
    tell_tale(&app, "s-1", PHONE, "CANARYONE").await;
    tell_tale(&app, "s-2", "+15550000000", "BYSTANDER").await;
    let admin = app.user(Role::Admin);
    let path = "/api/v1/erasures/export?phone=%2B15557654321";
    let data = admin.get(path).await.expect(200);
    assert_eq!((&data["phone"], data["calls"].as_array().unwrap().len()), (&json!(PHONE), 1));
    let call = &data["calls"][0];
    assert_eq!(
        (&call["session_id"], &call["notes"][0]["text"], &call["tags"]),
        (&json!("s-1"), &json!("CANARYONE"), &json!(["CANARYONE"]))
    );
    assert_eq!(call["transcript"][0]["content"], "my name is CANARYONE");
    let proof = json!({ "session_id": "s-1", "bot_id": "", "bot_version": null, "kind": "recording_consent", "given": true, "at": app.clock.now() });
    assert_eq!(data["consent_proofs"], json!([proof]));
    let link = call["recording_link"].as_str().unwrap();
    assert_eq!(app.anonymous().get(link.strip_prefix(&app.base_url()).unwrap()).await.text(), "CANARYONE");
    admin.post("/api/v1/erasures", json!({ "phone": PHONE })).await.expect(200);
    let data = admin.get(path).await.expect(200);
    assert_eq!((&data["calls"], &data["consent_proofs"]), (&json!([]), &json!([proof])), "the proof outlives the call");
}

#[tokio::test]
async fn only_admins_in_person_erase_and_a_number_of_nobody_is_refused() {
    let app = TestApp::start().await;
    let order = json!({ "phone": PHONE });
    let key = app.oidc_user(Role::Admin).post("/api/v1/api-keys", json!({ "name": "k", "kind": "ak" })).await.expect(201);
    let key = app.anonymous().with_bearer(key["key"].as_str().unwrap());
    for who in [app.user(Role::Supervisor), app.engine(), key] {
        who.post("/api/v1/erasures", order.clone()).await.expect(403);
        who.get("/api/v1/erasures/export?phone=%2B15557654321").await.expect(403);
    }
    app.anonymous().post("/api/v1/erasures", order).await.expect(401);
    let admin = app.user(Role::Admin);
    for body in
        [json!({ "phone": "+1" }), json!({ "phone": PHONE, "do_not_call": "maybe" }), json!({ "phone": PHONE, "all": true }), json!({})]
    {
        admin.post("/api/v1/erasures", body).await.expect(422);
    }
    admin.get("/api/v1/erasures/export?phone=%2B1").await.expect(422);
}
