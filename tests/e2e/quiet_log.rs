//! What must never be written to a log, found nowhere in the log of a real box that was given all of it (checklist 37, 112); and
//! credentials, found nowhere in its folder and on no command line (R45).

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Appliance, Http, Peer, free_port, reception, stage, until};

#[tokio::test]
async fn tokens_keys_prompts_and_full_numbers_are_in_no_log_line() {
    let port = free_port();
    let peer = Peer::sipp("outbound_busy", port, &["-m", "1"]);
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    let mut bot = reception();
    bot["system_prompt"] = "canary-bot-prompt".into();
    let stage = stage::set(&admin, &format!("127.0.0.1:{port}"), "udp", &bot).await;
    let number = json!({ "name": "secretive", "number": "4711", "mode": "live-voice-ai", "bot_id": stage.bot_id, "visibility": "public" });
    admin.post_ok("/api/v1/numbers", &number, 201).await;
    admin.get_ok("/api.ashx/v1/numbers").await;
    let key = admin.post_ok("/api/v1/api-keys", &json!({ "name": "quiet", "kind": "ak" }), 201).await["key"].as_str().unwrap().to_owned();
    let call = json!({
        "phone": "+15557654321", "displayName": "Test", "systemPrompt": "canary-call-prompt", "apiKey": "canary-engine-key",
        "maxSeconds": 30, "botId": stage.bot_id
    });
    let call_id = admin.post_ok("/api.ashx/v1/calls", &call, 200).await["callId"].as_str().unwrap().to_owned();
    peer.ended().await.expect_success();
    until("the call is over", Duration::from_secs(40), || async {
        let call = admin.get_ok(&format!("/api.ashx/v1/calls/{call_id}")).await;
        (call["status"] == "ended-failed-final").then_some(())
    })
    .await;
    let bearer = admin.header("authorization").trim_start_matches("Bearer ").to_owned();
    let log = appliance.log();
    assert!(log.contains("Listening on"), "the log is the box's own: {log}");
    for secret in ["canary-bot-prompt", "canary-call-prompt", "canary-engine-key", "15557654321", &key, &bearer] {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
}

/// Credentials that are given to a box, each unlike every other text.
#[derive(Default)]
struct Canaries(Vec<String>);

impl Canaries {
    fn make(&mut self) -> String {
        let canary = format!("Canary{:02}-{}", self.0.len(), cxbox::base::Random::system().hex::<8>());
        self.0.push(canary.clone());
        canary
    }

    /// What an answer shows once.
    fn shown(&mut self, answer: &Value, key: &str) {
        self.0.push(answer[key].as_str().unwrap().to_owned());
    }
}

/// Gives the box a credential in every place that takes or makes one.
async fn plant(admin: &Http, canaries: &mut Canaries) {
    let user = json!({ "name": "bob", "email": "bob@example.com", "role": "agent", "password": canaries.make() });
    admin.post_ok("/api/v1/users", &user, 201).await;
    let carrier = json!({
        "name": "Sealed", "sip_address": "127.0.0.1:9", "transport": "udp", "options_interval_seconds": 0, "auth_username": "a",
        "auth_password": canaries.make(), "inbound_auth_username": "i", "inbound_auth_password": canaries.make(),
        "outbound_auth_username": "o", "outbound_auth_password": canaries.make(), "inbound_auth_mode": "ip",
        "inbound_allowed_addresses": ["127.0.0.9"]
    });
    admin.post_ok("/api/v1/carriers", &carrier, 201).await;
    let bot = json!({
        "name": "Sealed", "status": "active", "opening_message": "Hello.", "system_prompt": "p", "language": "en-US", "timezone": "UTC",
        "stt": { "provider": "openai", "api_key": canaries.make() }, "tts": { "provider": "openai", "voice": "v", "api_key": canaries.make() },
        "llm": { "provider": "openai", "base_url": "https://api.example.com/v1", "api_key": canaries.make(), "model": "m" }
    });
    let bot = admin.post_ok("/api/v1/bots", &bot, 201).await["id"].clone();
    let number = json!({ "name": "sealed", "number": "4712", "bot_id": bot, "gemini_api_key": canaries.make() });
    admin.post_ok("/api/v1/numbers", &number, 201).await;
    for (section, key) in
        [("mail", "password"), ("storage", "secret_key"), ("providers", "openai_api_key"), ("outbound", "default_api_key")]
    {
        let change = json!({ key: canaries.make() }).to_string();
        let reply = admin.send(http::Method::PUT, &format!("/api/v1/settings/{section}"), "application/json", change).await.unwrap();
        assert_eq!(reply.status, 200, "{section}: {}", reply.text());
    }
    let call = json!({
        "phone": "+15557654321", "systemPrompt": "x", "apiKey": canaries.make(), "scheduleAtUtc": "2099-01-01T12:00:00Z"
    });
    admin.post_ok("/api.ashx/v1/calls", &call, 200).await;
    for kind in ["ak", "vx"] {
        canaries.shown(&admin.post_ok("/api/v1/api-keys", &json!({ "name": "k", "kind": kind }), 201).await, "key");
    }
    let hook = json!({ "url": "https://hooks.example.com/", "events": ["*"] });
    canaries.shown(&admin.post_ok("/api/v1/webhooks", &hook, 201).await, "secret");
    canaries.shown(&admin.post_ok("/api/v1/phones", &json!({ "user": "bob" }), 201).await, "sip_password");
}

/// All files below a folder, secrets of the box itself excepted.
fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() && entry.file_name() != "secrets" => files(&entry.path(), found),
            kind if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn credentials_lie_open_in_no_file_and_on_no_command_line() {
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    let mut canaries = Canaries::default();
    plant(&admin, &mut canaries).await;
    canaries.0.push(admin.header("authorization").trim_start_matches("Bearer ").to_owned());
    for guess in ["/t/", "/api/v1/public/recordings/"] {
        appliance.http().get(&format!("{guess}{}", canaries.make())).await.unwrap();
    }
    let form = format!("grant_type=password&client_id=codeb-admin&username=root&password={}", canaries.make());
    appliance.http().send(http::Method::POST, "/oidc.ashx/token", "application/x-www-form-urlencoded", form).await.unwrap();
    for own in ["cxbcore_secret", "jwt_secret"] {
        canaries.0.push(std::fs::read_to_string(appliance.data().join("secrets").join(own)).unwrap().trim().to_owned());
    }
    assert!(canaries.0.len() >= 20 && canaries.0.iter().all(|canary| canary.len() >= 12), "{:?}", canaries.0);
    let mut places = Vec::new();
    files(appliance.data(), &mut places);
    let of_the_box = std::iter::once(appliance.pid()).chain(appliance.engine_processes());
    places.extend(of_the_box.map(|pid| format!("/proc/{pid}/cmdline").into()));
    assert!(places.iter().any(|path| path.ends_with("main.db-wal")) && places.len() > 8, "{places:?}");
    for path in places {
        let bytes = std::fs::read(&path).unwrap_or_default();
        let open: Vec<_> = canaries.0.iter().filter(|canary| holds(&bytes, canary)).collect();
        assert!(open.is_empty(), "{} holds {open:?}", path.display());
    }
}
