//! Mails about outbound calls, through a mail server of our own on loopback.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{Does, FakeEngine, MailSink, Manner, Receiver, Taken, TestApp, make};

const TRY_OUT: &str = "/api/v1/settings/mail/test";

fn settings(sink: &MailSink) -> Value {
    json!({
        "host": "127.0.0.1", "port": sink.port, "from": "box@example.com", "security": "starttls", "username": "box",
        "password": "correct horse", "ca_pem": sink.ca_pem,
    })
}

fn plain(sink: &MailSink) -> Value {
    json!({ "host": "127.0.0.1", "port": sink.port, "from": "box@example.com", "security": "off" })
}

async fn set(app: &TestApp, mail: Value) {
    app.user(Role::SuperAdmin).put("/api/v1/settings/mail", mail).await.expect(200);
}

/// An app with a carrier, and an engine that pretends.
async fn stage() -> (TestApp, FakeEngine) {
    let app = TestApp::start().await;
    let engine = FakeEngine::start(&app).await;
    app.user(Role::SuperAdmin).post("/api/v1/carriers", make::carrier()).await.expect(201);
    (app, engine)
}

fn said() -> Value {
    json!([
        { "role": "assistant", "content": "Good morning, this is a reminder.", "ts": "2026-06-01T12:00:01.000Z" },
        { "role": "user", "content": "Thank you <b>kindly</b>.", "ts": "2026-06-01T12:00:05.000Z" },
        { "role": "tool", "content": "end_call", "ts": "2026-06-01T12:00:06.000Z" }
    ])
}

/// Places a call and ends it with this result. Gives the key of its session.
async fn finished_call(app: &TestApp, engine: &FakeEngine, call: Value, result: Value) -> String {
    let body = make::with(
        json!({ "phone": "+35621234567", "systemPrompt": "Remind her.", "displayName": "Ada", "email": "ada@example.com" }),
        call,
    );
    app.user(Role::Admin).post("/api.ashx/v1/calls", body).await.expect(200);
    let dialled = engine.take_dialouts();
    let session_id = dialled[0]["session_id"].as_str().unwrap().to_owned();
    let base = json!({
        "session_id": session_id, "call_id": dialled[0]["call_id"], "disconnected_by": "bot", "call_direction": "outbound",
        "answered_at": "2026-06-01T12:00:00.000Z", "ended_at": "2026-06-01T12:02:25.000Z", "transcript": said(),
    });
    app.engine().post("/api/v1/call-results", make::with(base, result)).await.expect(200);
    app.settle().await;
    session_id
}

async fn mails(app: &TestApp) -> Vec<Value> {
    app.user(Role::Admin).get("/api/v1/mails").await.expect(200)["data"].as_array().unwrap().clone()
}

#[track_caller]
fn one(mut mails: Vec<Taken>) -> Taken {
    assert_eq!(mails.len(), 1, "{mails:?}");
    mails.remove(0)
}

#[tokio::test]
async fn a_finished_call_is_mailed_once_with_its_outcome_and_what_was_said() {
    let (app, engine) = stage().await;
    let sink = MailSink::start(Manner::Starttls).await;
    set(&app, settings(&sink)).await;
    let brand = json!({ "name": "Acme Calls", "support_email": "help@example.com", "logo": "https://example.com/logo.png" });
    app.user(Role::SuperAdmin).put("/api/v1/settings/brand", brand).await.expect(200);
    let session_id = finished_call(&app, &engine, json!({}), json!({})).await;
    let mail = one(sink.take_all());
    assert_eq!((mail.from.as_str(), mail.to.clone(), mail.is_tls), ("box@example.com", vec!["ada@example.com".to_owned()], true));
    assert_eq!(mail.signed_in, Some(("box".to_owned(), "correct horse".to_owned())));
    let headers = mail.headers();
    for header in [
        "From: \"Acme Calls\" <box@example.com>",
        "Reply-To: help@example.com",
        "Subject: Call to Ada (+35621234567): the conversation came to its end",
        "Auto-Submitted: auto-generated",
    ] {
        assert!(headers.iter().any(|line| line == header), "{header} is not in {headers:#?}");
    }
    for text in
        ["AI: Good morning, this is a reminder.", "Ada: Thank you <b>kindly</b>.", "2:25 min", "Thank you &lt;b&gt;kindly&lt;", "logo.png"]
    {
        assert!(mail.text.contains(text), "{text} is not in {}", mail.text);
    }
    assert!(!mail.text.contains("end_call"), "tools are no part of a conversation");
    app.engine().post("/api/v1/call-results", json!({ "session_id": session_id, "disconnected_by": "bot" })).await.expect(200);
    app.settle().await;
    assert!(sink.take_all().is_empty(), "a repeated result sends nothing again");
    let listed = mails(&app).await;
    assert_eq!((listed.len(), listed[0]["state"].clone(), listed[0]["to"].clone()), (1, json!("sent"), json!("ada@example.com")));
    assert_eq!((listed[0]["session_id"].clone(), listed[0]["attempts"].clone()), (json!(session_id), json!(1)));
    assert!(sink.open_lines().iter().all(|line| line.starts_with("EHLO") || line == "STARTTLS"), "{:?}", sink.open_lines());
}

#[tokio::test]
async fn a_call_that_nobody_answered_is_mailed_without_a_conversation() {
    let (app, engine) = stage().await;
    let sink = MailSink::start(Manner::Tls).await;
    set(&app, make::with(settings(&sink), json!({ "security": "tls" }))).await;
    let result = json!({ "disconnected_by": "no_answer", "answered_at": null, "transcript": [] });
    finished_call(&app, &engine, json!({ "email": null }), result).await;
    let mail = one(sink.take_all());
    assert!(mail.is_tls && mail.to == ["admin@cxbox.test"], "it goes to whoever placed the call: {mail:?}");
    assert!(mail.text.contains("nobody answered") && mail.text.contains("There is no conversation to show."), "{}", mail.text);
}

#[tokio::test]
async fn without_a_mail_server_nothing_is_kept_to_be_sent() {
    let (app, engine) = stage().await;
    finished_call(&app, &engine, json!({}), json!({})).await;
    assert!(mails(&app).await.is_empty());
    let inbound =
        json!({ "session_id": "0b0c3a52-4a4b-4f0e-8f0b-3c8f7d0a0001", "disconnected_by": "customer", "call_direction": "inbound" });
    let sink = MailSink::start(Manner::Plain).await;
    set(&app, plain(&sink)).await;
    app.engine().post("/api/v1/call-results", inbound).await.expect(200);
    app.settle().await;
    assert!(mails(&app).await.is_empty() && sink.take_all().is_empty(), "calls that came in are not mailed");
}

#[tokio::test]
async fn a_server_that_says_later_is_asked_again_later() {
    let (app, engine) = stage().await;
    let sink = MailSink::start(Manner::Plain).await;
    set(&app, plain(&sink)).await;
    sink.will(&[Does::Later, Does::Later]);
    finished_call(&app, &engine, json!({}), json!({})).await;
    let waiting = mails(&app).await;
    assert_eq!((waiting[0]["state"].clone(), waiting[0]["attempts"].clone()), (json!("waiting"), json!(1)));
    assert!(waiting[0]["error"].as_str().unwrap().contains("greylisted"), "{waiting:?}");
    let path = format!("/api/v1/mails/{}/resend", waiting[0]["id"].as_str().unwrap());
    app.user(Role::Admin).post(&path, json!({})).await.expect(409);
    for (seconds, n_taken) in [(29, 0), (1, 0), (119, 0), (1, 1)] {
        app.advance(Duration::from_secs(seconds));
        app.settle().await;
        assert_eq!(sink.take_all().len(), n_taken);
    }
    assert_eq!(mails(&app).await[0]["attempts"], 3);
}

#[tokio::test]
async fn a_mail_that_is_refused_is_parked_with_the_reason_and_can_be_sent_again() {
    let (app, engine) = stage().await;
    let sink = MailSink::start(Manner::Plain).await;
    set(&app, plain(&sink)).await;
    sink.will(&[Does::Refuse]);
    let session_id = finished_call(&app, &engine, json!({}), json!({})).await;
    let admin = app.user(Role::Admin);
    let parked = admin.get("/api/v1/mails?state=parked").await.expect(200);
    assert_eq!(parked["total"], 1);
    assert!(parked["data"][0]["error"].as_str().unwrap().contains("no such user here"), "{parked}");
    let call = admin.get(&format!("/api/v1/calls/{session_id}")).await.expect(200);
    assert_eq!(call["status"], "completed", "the call is none the worse");
    let path = format!("/api/v1/mails/{}/resend", parked["data"][0]["id"].as_str().unwrap());
    app.user(Role::Supervisor).post(&path, json!({})).await.expect(403);
    assert_eq!(admin.post(&path, json!({})).await.expect(200)["state"], "waiting");
    app.settle().await;
    assert_eq!((sink.take_all().len(), mails(&app).await[0]["state"].clone()), (1, json!("sent")));
    admin.post("/api/v1/mails/mail_none/resend", json!({})).await.expect(404);
    admin.get("/api/v1/mails?state=lost").await.expect(422);
}

#[tokio::test]
async fn a_server_that_hangs_or_is_gone_costs_the_call_nothing_and_the_mail_is_parked_at_last() {
    let (app, engine) = stage().await;
    let sink = MailSink::start(Manner::Plain).await;
    set(&app, make::with(plain(&sink), json!({ "timeout_seconds": 1 }))).await;
    sink.will(&[Does::Hang]);
    let session_id = finished_call(&app, &engine, json!({}), json!({})).await;
    let waiting = mails(&app).await;
    assert!(waiting[0]["error"].as_str().unwrap().contains("did not answer in time"), "{waiting:?}");
    let call = app.user(Role::Admin).get(&format!("/api/v1/calls/{session_id}")).await.expect(200);
    assert_eq!(call["status"], "completed");
    // Nobody listens on port 9 of loopback.
    set(&app, json!({ "port": 9 })).await;
    for _ in 0..7 {
        app.advance(Duration::from_secs(2 * 3600));
        app.settle().await;
    }
    let parked = mails(&app).await;
    assert_eq!((parked[0]["state"].clone(), parked[0]["attempts"].clone()), (json!("parked"), json!(8)));
}

#[tokio::test]
async fn a_password_never_travels_without_tls_and_no_certificate_is_taken_on_trust() {
    let (app, engine) = stage().await;
    let open = MailSink::start(Manner::Plain).await;
    set(&app, make::with(settings(&open), json!({ "ca_pem": "" }))).await;
    finished_call(&app, &engine, json!({}), json!({})).await;
    assert!(mails(&app).await[0]["error"].as_str().unwrap().contains("offers no STARTTLS"));
    assert!(open.open_lines().iter().all(|line| line.starts_with("EHLO") || line.starts_with("QUIT")), "{:?}", open.open_lines());
    let unknown = MailSink::start(Manner::Starttls).await;
    set(&app, json!({ "port": unknown.port })).await;
    app.advance(Duration::from_secs(30));
    app.settle().await;
    assert!(mails(&app).await[0]["error"].as_str().unwrap().contains("TLS with the mail server failed"));
    assert!(unknown.take_all().is_empty());
    set(&app, json!({ "ca_pem": unknown.ca_pem })).await;
    app.advance(Duration::from_secs(120));
    app.settle().await;
    assert_eq!((unknown.take_all().len(), mails(&app).await[0]["error"].clone()), (1, json!("")), "each attempt reads the settings anew");
}

#[tokio::test]
async fn line_ends_in_what_callers_send_start_nothing_of_their_own() {
    let (app, engine) = stage().await;
    let sink = MailSink::start(Manner::Plain).await;
    set(&app, plain(&sink)).await;
    let evil = "Ada\r\nBcc: eve@example.com\r\n\r\n.\r\nMAIL FROM:<eve@example.com>";
    for field in ["displayName", "email"] {
        let call = make::with(json!({ "phone": "+35621234567", "systemPrompt": "Remind her." }), json!({ field: evil }));
        app.user(Role::Admin).post("/api.ashx/v1/calls", call).await.expect(400);
    }
    let turn = json!({ "role": "user", "content": evil, "ts": "2026-06-01T12:00:05.000Z" });
    finished_call(&app, &engine, json!({ "displayName": "Ada\u{2028}Bcc: eve@example.com" }), json!({ "transcript": [turn] })).await;
    let mail = one(sink.take_all());
    assert_eq!(mail.to, ["ada@example.com"]);
    assert!(!mail.headers().iter().any(|line| line.to_lowercase().starts_with("bcc")), "{:#?}", mail.headers());
}

#[tokio::test]
async fn a_super_admin_tries_the_mail_server_out() {
    let app = TestApp::start().await;
    let owner = app.user(Role::SuperAdmin);
    let to = json!({ "to": "ada@example.com" });
    assert_eq!(owner.post(TRY_OUT, to.clone()).await.expect(409)["error"], "mail_not_configured");
    let sink = MailSink::start(Manner::Starttls).await;
    set(&app, settings(&sink)).await;
    assert_eq!(owner.post(TRY_OUT, to.clone()).await.expect(200), json!({ "sent": true, "to": "ada@example.com" }));
    assert!(one(sink.take_all()).headers().iter().any(|line| line == "Subject: The mail server works"));
    set(&app, json!({ "password": "mistaken" })).await;
    let failure = owner.post(TRY_OUT, to.clone()).await.expect(502);
    assert_eq!(failure["error"], "mail_failed");
    assert!(failure["error_description"].as_str().unwrap().contains("refused user name or password"), "{failure}");
    assert!(!failure.to_string().contains("mistaken"), "no password in an answer");
    for bad in ["", "ada", "ada@example.com\r\nBcc: eve@example.com", "Ada <ada@example.com>"] {
        assert_eq!(owner.post(TRY_OUT, json!({ "to": bad })).await.expect(422)["errors"][0]["field"], "to", "{bad:?}");
    }
    set(&app, json!({ "host": "169.254.169.254" })).await;
    assert!(owner.post(TRY_OUT, to.clone()).await.expect(502)["error_description"].as_str().unwrap().contains("cannot be reached"));
    app.user(Role::Admin).post(TRY_OUT, to).await.expect(403);
}

/// R18: whoever runs the box learns that a receiver hears of nothing any more.
#[tokio::test]
async fn a_webhook_that_pauses_itself_is_mailed_to_every_super_admin_and_one_that_a_person_paused_to_nobody() {
    let app = TestApp::start_with(&[("CXBOX_OUTBOUND__ALLOW_CIDRS", "127.0.0.0/8")]).await;
    let sink = MailSink::start(Manner::Starttls).await;
    set(&app, settings(&sink)).await;
    let receiver = Receiver::start().await;
    let owner = app.user(Role::SuperAdmin);
    for n in 1..=2 {
        let person = json!({ "name": format!("owner{n}"), "email": format!("owner{n}@example.com"), "role": "super_admin", "password": "correct horse" });
        owner.post("/api/v1/users", person).await.expect(201);
    }
    let made = owner.post("/api/v1/webhooks", json!({ "url": receiver.url, "events": ["*"] })).await.expect(201);
    let path = format!("/api/v1/webhooks/{}", made["id"].as_str().unwrap());
    owner.post(&format!("{path}/pause"), json!({})).await.expect(200);
    owner.post(&format!("{path}/resume"), json!({})).await.expect(200);
    app.settle().await;
    assert_eq!(sink.take_all().len(), 0, "somebody did that on purpose");
    receiver.will_answer(&[(410, None)]);
    owner.post(&format!("{path}/test"), json!({})).await.expect(200);
    app.settle().await;
    let mails = sink.take_all();
    let to: Vec<String> = mails.iter().flat_map(|mail| mail.to.clone()).collect();
    for owner in ["owner1@example.com", "owner2@example.com"] {
        assert_eq!(to.iter().filter(|to| *to == owner).count(), 1, "{to:?}");
    }
    assert!(mails[0].headers().iter().any(|line| line == "Subject: Webhook paused: 127.0.0.1"), "{:#?}", mails[0].headers());
    assert!(mails[0].text.contains("the receiver answered 410"), "{}", mails[0].text);
}
