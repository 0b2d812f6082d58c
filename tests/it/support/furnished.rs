//! A box with one object of each kind, and the paths to them.

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use super::dialling::{Dialling, session};
use super::{Client, files, make};
use crate::transcripts::outbound;

/// The password of alex, who is an agent.
pub const PASSWORD: &str = "correct horse battery";

/// The box, and the ids of its objects by the beginning of the paths they stand in.
pub struct Furnished {
    pub desk: Dialling,
    ids: Vec<(&'static str, String)>,
}

impl Furnished {
    pub async fn start() -> Self {
        let mut desk = Dialling::start().await;
        desk.app.may_leave_work();
        let mut furnished = Self { desk, ids: Vec::new() };
        furnished.settle_in().await;
        furnished.have_people().await;
        furnished.have_calls().await;
        furnished
    }

    /// The id of the object behind a path that begins so.
    #[track_caller]
    pub fn id(&self, prefix: &str) -> &str {
        self.known(prefix).unwrap_or_else(|| panic!("there is nothing behind {prefix}"))
    }

    /// The path of objects that are there, as far as there are any of the kind.
    pub fn path(&self, template: &str) -> String {
        filled(template, |prefix| self.known(prefix))
    }

    /// The path of objects that are not there.
    pub fn path_to_nothing(&self, template: &str) -> String {
        filled(template, |_| None)
    }

    fn known(&self, prefix: &str) -> Option<&str> {
        self.ids.iter().find(|(known, _)| *known == prefix).map(|(_, id)| id.as_str())
    }

    fn root(&self) -> Client {
        self.desk.app.user(Role::SuperAdmin)
    }

    fn is_at(&mut self, prefix: &'static str, id: &str) {
        self.ids.push((prefix, id.replace('+', "%2B")));
    }

    async fn make(&mut self, prefix: &'static str, path: &str, body: Value, key: &str) -> String {
        let made = self.root().post(path, body).await;
        let text = made.text();
        assert!((200..300).contains(&made.status), "{path}: {text}");
        let made: Value = serde_json::from_str(&text).unwrap();
        let id = made[key].as_str().map_or_else(|| made[key].to_string(), str::to_owned);
        self.is_at(prefix, &id);
        id
    }

    /// What an operator sets up.
    async fn settle_in(&mut self) {
        let bot = make::with(make::bot("Anna"), json!({ "callbacks": { "enabled": true } }));
        let bot = self.make("/api/v1/bots/", "/api/v1/bots", bot, "id").await;
        let number = json!({ "name": "desk", "number": "100", "bot_id": bot, "visibility": "public" });
        self.make("/api/v1/numbers/", "/api/v1/numbers", number, "id").await;
        let carrier = make::with(make::quick_carrier(), json!({ "name": "Second", "sip_address": "127.0.0.1:5091" }));
        let carrier = self.make("/api/v1/carriers/", "/api/v1/carriers", carrier, "id").await;
        let did = json!({ "number": "+442071838750", "label": "Desk", "direction": "both" });
        self.make("/api/v1/carriers/{id}/dids/", &format!("/api/v1/carriers/{carrier}/dids"), did, "id").await;
        self.make("/api/v1/do-not-call/", "/api/v1/do-not-call", json!({ "phone": "+15550000001" }), "phone").await;
        self.make("/api/v1/whitelist/", "/api/v1/whitelist", json!({ "phone": "+15550000002" }), "phone").await;
        let base = self.make("/api/v1/knowledge-bases/", "/api/v1/knowledge-bases", json!({ "name": "Shop" }), "id").await;
        let document = files::upload(&self.root(), &base, "shop.md", b"# Hours\n\nFrom nine to six.\n").await.expect(201);
        self.is_at("/api/v1/knowledge-bases/{kb_id}/documents/", document["id"].as_str().unwrap());
        let webhook = json!({ "url": "https://hooks.example.com/in", "events": ["webhook.test"] });
        self.make("/api/v1/webhooks/", "/api/v1/webhooks", webhook, "id").await;
        self.make("/api/v1/backups/", "/api/v1/backups", json!({}), "name").await;
        self.root().put("/api/v1/prompts/reminder", json!({ "text": "Remind." })).await.expect(200);
        self.is_at("/api/v1/prompts/", "reminder");
        self.root().post("/api.ashx/v1/inbound-routes", json!({ "did": "+15551110000", "user": "desk" })).await.expect(201);
        self.is_at("/api.ashx/v1/inbound-routes/", "+15551110000");
        self.root().put("/api/v1/settings/browser", json!({ "visitors": true })).await.expect(200);
        self.is_at("/api/v1/settings/", "mail");
    }

    /// Who may come in.
    async fn have_people(&mut self) {
        self.make("/api/v1/api-keys/", "/api/v1/api-keys", json!({ "name": "crm", "kind": "vx" }), "id").await;
        let client = json!({ "client_id": "other", "redirect_uris": ["https://app.example/back"] });
        self.make("/api/v1/oidc/clients/", "/api/v1/oidc/clients", client, "client_id").await;
        let person = json!({ "name": "alex", "email": "alex@x.test", "password": PASSWORD, "role": "agent" });
        self.make("/api/v1/users/", "/api/v1/users", person, "id").await;
        self.make("/api/v1/phones/", "/api/v1/phones", json!({ "user": "alex" }), "id").await;
    }

    /// A call that waits for its time, two that are over and one that rings.
    async fn have_calls(&mut self) {
        let waits = self.desk.place(json!({ "scheduleAtUtc": "2026-06-03T12:00:00Z" })).await;
        self.is_at("/api.ashx/v1/calls/", &waits);
        let turn = json!({ "role": "user", "content": "hello", "ts": self.desk.app.clock.now() });
        let result = json!({ "session_id": "sess-1", "stream_id": "stream-1", "recording_key": "s.wav", "transcript": [turn] });
        self.desk.app.engine().post("/api/v1/call-results", result).await.expect(200);
        outbound(&self.desk.app, "sess-2", "oac-0123456789ab", "+15551234567", "Ada", "2026-01-01T12:00:00.000Z").await;
        self.desk.app.settle().await;
        self.is_at("/api/v1/calls/", "sess-1");
        self.is_at("/api/v1/recordings/", "sess-1");
        self.is_at("/api/v1/transcripts/", "oac-0123456789ab");
        self.make("/api/v1/calls/{session_id}/notes/", "/api/v1/calls/sess-1/notes", json!({ "text": "mine" }), "id").await;
        let bot = self.id("/api/v1/bots/").to_owned();
        self.desk.place(json!({ "botId": bot })).await;
        let rings = self.desk.dialled();
        self.desk.config(&rings).await.expect(200);
        self.is_at("/api/v1/engine/calls/", session(&rings));
    }
}

/// The path with an id in each placeholder.
fn filled<'a>(path: &str, id: impl Fn(&str) -> Option<&'a str>) -> String {
    let (mut filled, mut template) = (String::new(), String::new());
    for part in path.split('/').skip(1) {
        let word = if part.starts_with('{') { id(&format!("{template}/")).unwrap_or("nothing-of-this-name") } else { part };
        filled = format!("{filled}/{word}");
        template = format!("{template}/{part}");
    }
    filled
}
