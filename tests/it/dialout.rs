//! Calls that a CRM has placed: who may, in which order things are checked, and what it is told.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::dialling::session;
use crate::support::{Answer, Answering, Client, Dialling, make};

const DIALOUT: &str = "/api/v1/sip/dialout";

/// A box that can place calls, and a CRM with its key.
struct Crm {
    box_: Dialling,
    key: Client,
    key_id: String,
    bot: String,
}

impl Crm {
    async fn start() -> Self {
        Self::at(Dialling::start().await).await
    }

    async fn at(box_: Dialling) -> Self {
        let bot = box_.admin.post("/api/v1/bots", make::bot("Anna")).await.expect(201)["id"].as_str().unwrap().to_owned();
        let minted = box_.admin.post("/api/v1/api-keys", json!({ "name": "crm" })).await.expect(201);
        let key = box_.app.anonymous().with_header("x-api-key", minted["key"].as_str().unwrap());
        Self { box_, key, key_id: minted["id"].as_str().unwrap().to_owned(), bot }
    }

    fn body(&self, change: Value) -> Value {
        make::with(json!({ "bot_id": self.bot, "to_number": "+15551234567" }), change)
    }

    async fn dial(&self, change: Value) -> Answer {
        self.key.post(DIALOUT, self.body(change)).await
    }

    async fn set_bot(&self, change: Value) {
        self.box_.admin.put(&format!("/api/v1/bots/{}", self.bot), make::with(make::bot("Anna"), change)).await.expect(200);
    }
}

fn error(answer: &Answer, status: u16) -> String {
    answer.expect(status)["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_crm_s_key_alone_places_a_call_with_its_variables() {
    let crm = Crm::start().await;
    let reply =
        crm.dial(json!({ "to_number": "91 98765-43210", "variables": { "name": "Ada", "_skip_post_push": true } })).await.expect(200);
    let dialled = crm.box_.dialled();
    assert_eq!(reply["status"], "ok");
    assert_eq!(
        (&reply["call_id"], &reply["session_id"], &reply["room_name"]),
        (&dialled["call_id"], &dialled["session_id"], &dialled["session_id"])
    );
    assert_eq!((&dialled["bot_id"], &dialled["to_number"]), (&json!(crm.bot), &json!("+919876543210")));
    assert_eq!(dialled["config_url"], format!("{}/api/v1/config", crm.box_.app.base_url()));
    assert_eq!(dialled["connected_event"], json!({ "name": "Ada", "_skip_post_push": true }));
    assert_eq!(dialled["ringing_timeout_seconds"], 45);
    let event = dialled["connected_event"].to_string().bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let path = format!("/api/v1/config/{}?session_id={}&connected_event={event}", crm.bot, session(&dialled));
    crm.box_.app.engine().get(&path).await.expect(200);
    let call = crm.box_.admin.get(&format!("/api/v1/calls/{}", session(&dialled))).await.expect(200);
    assert_eq!((&call["connected_event"], &call["skip_post_push"]), (&json!({ "name": "Ada" }), &json!(true)));
    assert_eq!(
        (&call["direction"], &call["requested_by"], &call["to_number"]),
        (&json!("outbound"), &json!(crm.key_id), &json!("+919876543210"))
    );
    crm.box_.finish(&dialled, "no-answer", json!({})).await;
    assert!(crm.box_.engine.take_dialouts().is_empty(), "nothing is tried again");
    let order = crm.box_.call(reply["call_id"].as_str().unwrap()).await;
    assert_eq!((&order["status"], &order["email"]), (&json!("ended-failed-final"), &json!("")));
}

#[tokio::test]
async fn an_admin_may_too_and_nobody_else() {
    let crm = Crm::start().await;
    let body = crm.body(json!({}));
    crm.box_.admin.post(DIALOUT, body.clone()).await.expect(200);
    for role in [Role::Agent, Role::Supervisor] {
        crm.box_.app.user(role).post(DIALOUT, body.clone()).await.expect(403);
    }
    crm.box_.app.anonymous().post(DIALOUT, body.clone()).await.expect(401);
    crm.box_.app.engine().post(DIALOUT, body.clone()).await.expect(403);
    crm.box_.app.anonymous().with_header("x-api-key", "vx_unknown").post(DIALOUT, body).await.expect(401);
    assert_eq!(crm.box_.engine.take_dialouts().len(), 1);
}

#[tokio::test]
async fn things_are_checked_in_the_order_of_the_contract() {
    let crm = Crm::start().await;
    let closed = json!({ "active_hours": { "start_time": "01:00", "end_time": "02:00" } });
    crm.set_bot(closed).await;
    crm.box_.engine.set_room(0);
    let both = json!({ "bot_id": "nobody", "to_number": "5", "variables": {}, "connected_event": {} });
    let off = |is_active: bool| {
        let (admin, path) = (crm.box_.admin.clone(), format!("/api/v1/api-keys/{}", crm.key_id));
        async move { admin.patch(&path, json!({ "is_active": is_active })).await.expect(200) }
    };
    off(false).await;
    crm.dial(both.clone()).await.expect(403);
    off(true).await;
    let refused = crm.dial(both).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "variables");
    assert_eq!(crm.dial(json!({ "to_number": "5551234" })).await.expect(422)["errors"][0]["field"], "to_number");
    for bad in [json!({ "to_number": 7 }), json!({ "variables": [] }), json!({ "surprise": 1 }), json!({ "bot_id": null })] {
        crm.dial(bad).await.expect(422);
    }
    crm.dial(json!({ "bot_id": "nobody" })).await.expect(404);
    let outside = crm.dial(json!({ "from_number": "+442071838750" })).await.expect(503);
    assert!(outside["detail"].as_str().unwrap().starts_with("outside_active_hours"), "{outside}");
    crm.set_bot(json!({ "status": "inactive" })).await;
    crm.dial(json!({})).await.expect(404);
    crm.set_bot(json!({})).await;
    assert_eq!(crm.dial(json!({ "from_number": "+442071838750" })).await.expect(404)["detail"], "No outbound trunk");
    assert_eq!(crm.dial(json!({})).await.expect(503)["detail"], "No healthy fleet server available");
    assert!(crm.box_.engine.take_dialouts().is_empty());
    crm.box_.engine.set_room(5);
    // What an engine says of itself counts for some seconds.
    crm.box_.app.advance(Duration::from_secs(30));
    crm.dial(json!({})).await.expect(200);
    crm.box_.app.settle().await;
}

#[tokio::test]
async fn a_key_for_some_bots_dials_with_those_alone() {
    let crm = Crm::start().await;
    let path = format!("/api/v1/api-keys/{}", crm.key_id);
    let held = crm.box_.admin.patch(&path, json!({ "bot_ids": ["bot_0000000000000001"] })).await.expect(200);
    assert_eq!(held["bot_ids"], json!(["bot_0000000000000001"]));
    assert_eq!(error(&crm.dial(json!({})).await, 403), "bot_not_in_scope");
    crm.dial(json!({ "bot_id": "bot_0000000000000001" })).await.expect(200);
    crm.box_.admin.patch(&path, json!({ "bot_ids": [] })).await.expect(200);
    crm.dial(json!({})).await.expect(200);
    let key = crm.box_.admin.get("/api/v1/api-keys").await.expect(200)["data"][0].clone();
    assert!(key["last_used_at"].is_string(), "{key}");
    crm.box_.admin.delete(&path).await.expect(204);
    crm.dial(json!({})).await.expect(401);
}

#[tokio::test]
async fn an_expiry_that_cannot_be_read_is_403_and_none_never_ends() {
    let crm = Crm::start().await;
    let set = |expiry: Option<i64>| {
        let (db, id) = (crm.box_.app.db().clone(), crm.key_id.clone());
        async move {
            db.write(move |tx| Ok(tx.execute("update api_keys set expires_at = ?2 where id = ?1", (&id, expiry))?)).await.unwrap();
        }
    };
    for (expiry, status) in [(Some(i64::MAX), 403), (Some(i64::MIN), 403), (Some(1), 403), (None, 200)] {
        set(expiry).await;
        // A change of any key makes the gate read them anew.
        crm.box_.admin.patch(&format!("/api/v1/api-keys/{}", crm.key_id), json!({ "name": "crm" })).await.expect(200);
        crm.dial(json!({})).await.expect(status);
        crm.box_.admin.get("/api/v1/api-keys").await.expect(200);
    }
    crm.box_.app.advance(Duration::from_secs(400 * 86_400));
    crm.dial(json!({})).await.expect(200);
}

#[tokio::test]
async fn what_an_engine_refuses_is_passed_on_as_it_said_it() {
    let crm = Crm::start().await;
    for status in [400, 403, 404, 409, 429, 500, 503] {
        crm.box_.engine.will_answer(&[Answering::Refused(status)]);
        assert_eq!(crm.dial(json!({})).await.expect(status)["detail"], "refused", "{status}");
        crm.box_.app.settle().await;
    }
    let failed = crm.box_.admin.get("/api.ashx/v1/calls?limit=20").await.expect(200);
    let words: Vec<_> = failed["data"].as_array().unwrap().iter().map(|order| order["status"].clone()).collect();
    assert!(words.len() == 7 && words.iter().all(|status| status == "ended-failed-final"), "{words:?}");
    crm.dial(json!({})).await.expect(200);
}

#[tokio::test]
async fn without_an_engine_it_is_503_and_without_a_carrier_404() {
    let crm = Crm::start().await;
    let Crm { box_, key, bot, .. } = crm;
    let Dialling { app, engine, carrier_id, admin: _ } = box_;
    drop(engine);
    let body = json!({ "bot_id": bot, "to_number": "+15551234567" });
    let gone = key.post(DIALOUT, body.clone()).await.expect(503);
    assert_eq!((&gone["detail"], &gone["error"]), (&json!("No healthy fleet server available"), &json!("no_capacity")));
    app.settle().await;
    let root = app.user(Role::SuperAdmin);
    root.delete(&format!("/api/v1/carriers/{}", carrier_id.as_str().unwrap())).await.expect(204);
    assert_eq!(key.post(DIALOUT, body).await.expect(404)["detail"], "No outbound trunk");
}

#[tokio::test]
async fn the_gate_of_every_call_is_the_gate_of_these() {
    let crm = Crm::start().await;
    crm.box_.admin.post("/api/v1/do-not-call", json!({ "phone": "+15551234567" })).await.expect(201);
    let refused = crm.dial(json!({})).await;
    assert_eq!(error(&refused, 422), "call_not_permitted");
    let said = refused.expect(422);
    assert_eq!((&said["errors"][0]["field"], &said["reason"]), (&json!("to_number"), &json!("do_not_call")));
    assert!(crm.box_.engine.take_dialouts().is_empty());
    let crm = Crm::at(Dialling::start_with_window().await).await;
    crm.box_.app.advance(Duration::from_secs(12 * 3600));
    let minted = crm.box_.app.user(Role::Admin).post("/api/v1/api-keys", json!({ "name": "late" })).await.expect(201);
    let key = crm.box_.app.anonymous().with_header("x-api-key", minted["key"].as_str().unwrap());
    let closed = key.post(DIALOUT, crm.body(json!({ "to_number": "+35621234567" }))).await;
    assert_eq!(error(&closed, 503), "outside_calling_window");
    assert!(!closed.header("retry-after").is_empty());
    assert!(crm.box_.app.work_left().await.is_empty(), "nothing waits for the window");
}

#[tokio::test]
async fn engines_look_numbers_and_trunks_up_and_calls_show_the_number_they_ask_for() {
    let crm = Crm::start().await;
    let (engine, root) = (crm.box_.app.engine(), crm.box_.app.user(Role::SuperAdmin));
    let second =
        make::with(make::quick_carrier(), json!({ "name": "Second", "sip_address": "127.0.0.1:5091", "from_number": "+15550000000" }));
    let second = root.post("/api/v1/carriers", second).await.expect(201)["id"].clone();
    let number = json!({ "number": "+442071838750", "label": "Desk", "direction": "both", "bot_id": crm.bot });
    let did = root.post(&format!("/api/v1/carriers/{}/dids", second.as_str().unwrap()), number).await.expect(201)["id"].clone();
    let (lookup, trunk) = ("/api/v1/sip/lookup?number=", "/api/v1/sip/outbound-trunk");
    let found = engine.get(&format!("{lookup}%2B442071838750")).await.expect(200);
    assert_eq!(found, json!({ "bot_id": crm.bot, "carrier_id": second, "did_id": did }));
    for unknown in ["%2B15559999999", ""] {
        engine.get(&format!("{lookup}{unknown}")).await.expect(404);
    }
    let first = engine.get(trunk).await.expect(200);
    assert_eq!((&first["trunk"]["carrier_id"], &first["trunk"]["sip_address"]), (&crm.box_.carrier_id, &json!("127.0.0.1:5090")));
    assert_eq!(first["rate_limit"], json!({ "cps": 100.0, "burst": 1000, "channels": 10 }));
    for shown in ["+442071838750", "+15550000000"] {
        let found = engine.get(&format!("{trunk}?from_number={}", shown.replace('+', "%2B"))).await.expect(200);
        assert_eq!((&found["trunk"]["carrier_id"], &found["from_number"]), (&second, &json!(shown)));
        crm.dial(json!({ "from_number": shown })).await.expect(200);
        let dialled = crm.box_.dialled();
        assert_eq!((&dialled["trunk"]["carrier_id"], &dialled["from_number"]), (&second, &json!(shown)));
    }
    assert_eq!(engine.get(&format!("{trunk}?from_number=%2B15559999999")).await.expect(404)["detail"], "No outbound trunk");
    for stranger in [&crm.key, &crm.box_.admin, &crm.box_.app.anonymous()] {
        stranger.get(trunk).await.expect(403);
        stranger.get(&format!("{lookup}1")).await.expect(403);
    }
}
