//! The link of a recording that a CRM is told, and how long the row of a push is kept.

use std::time::Duration;

use bytes::Bytes;
use cxbox::platform::access::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::crm::Crm;
use crate::support::{TestApp, make};

struct Office {
    app: TestApp,
    crm: Crm,
    bot: String,
}

impl Office {
    async fn start() -> Self {
        let app = TestApp::start_with(&[("CXBOX_OUTBOUND__ALLOW_CIDRS", "127.0.0.0/8")]).await;
        let crm = Crm::start().await;
        let mapper = json!({ "recording": "{{result.recording_url}}" });
        let push = json!({ "enabled": true, "url": format!("{}/calls", crm.url), "key_mapper": mapper });
        let body = make::with(make::bot("Anna"), json!({ "post_call_push": push }));
        let bot = app.user(Role::Admin).post("/api/v1/bots", body).await.expect(201)["id"].as_str().unwrap().to_owned();
        Self { app, crm, bot }
    }

    /// A call with a recording, and what the CRM was told of it.
    async fn call(&self, id: &str) -> Value {
        let config = format!("/api/v1/config/{}?session_id={id}&caller_id=%2B15551234567", self.bot);
        self.app.engine().get(&config).await.expect(200);
        let path = format!("/api/v1/engine/recordings/{id}.wav");
        self.app.engine().send(Method::PUT, &path, "audio/wav", Bytes::from_static(b"sound")).await.expect(201);
        let result =
            json!({ "session_id": id, "disconnected_by": "customer", "from_number": "+15551234567", "recording_key": format!("{id}.wav") });
        self.app.engine().post("/api/v1/call-results", result).await.expect(200);
        self.app.settle().await;
        self.crm.take_one().json()["recording"].clone()
    }

    /// What the CRM is told when the push is made once more.
    async fn again(&self, id: &str) -> Value {
        let path = format!("/api/v1/calls/{id}/crm-push/retry?force=true");
        self.app.user(Role::Admin).post(&path, json!({})).await.expect(200);
        self.app.settle().await;
        self.crm.take_one().json()["recording"].clone()
    }

    async fn opens(&self, link: &Value) -> u16 {
        self.app.anonymous().get(link.as_str().unwrap().strip_prefix(&self.app.base_url()).unwrap()).await.status
    }

    async fn pushes(&self) -> Value {
        self.app.user(Role::Admin).get("/api/v1/crm-pushes").await.expect(200)["total"].clone()
    }
}

#[tokio::test]
async fn a_crm_is_told_the_lasting_link_else_a_signed_one_and_none_that_was_revoked() {
    let office = Office::start().await;
    let lasting = office.call("s-1").await;
    let token = office.app.user(Role::Admin).get("/api/v1/calls/s-1").await.expect(200)["recording_access_token"].clone();
    assert_eq!(lasting, format!("{}/api/v1/public/recordings/{}", office.app.base_url(), token.as_str().unwrap()));
    assert_eq!((office.opens(&lasting).await, office.again("s-1").await), (200, lasting), "a retry is told the same");

    // A recording that never had a link of its own, as results of before left it.
    let bare = "update calls set recording_token_hash = null, recording_token_sealed = null where session_id = 's-1'";
    office.app.db().write(move |tx| Ok(tx.execute(bare, [])?)).await.unwrap();
    let signed = office.again("s-1").await;
    assert!(signed.as_str().unwrap().contains("/api/v1/public/recordings/signed."), "{signed}");
    assert_eq!(office.opens(&signed).await, 200);
    office.app.advance(Duration::from_secs(7 * 86_400 - 60));
    assert_eq!(office.opens(&signed).await, 200);
    office.app.advance(Duration::from_secs(61));
    assert_eq!(office.opens(&signed).await, 410, "it lives for a week");

    office.call("s-2").await;
    office.app.user(Role::SuperAdmin).delete("/api/v1/recordings/s-2/link").await.expect(204);
    assert_eq!(office.again("s-2").await, "", "who revoked a link does not want another one given away");
}

#[tokio::test]
async fn the_row_of_a_push_goes_with_its_call_and_with_its_person() {
    let office = Office::start().await;
    for id in ["s-1", "s-2"] {
        office.call(id).await;
    }
    assert_eq!(office.pushes().await, 2);
    let admin = office.app.user(Role::Admin);
    admin.post("/api/v1/erasures", json!({ "phone": "+15551234567" })).await.expect(200);
    assert_eq!(office.pushes().await, 0, "nothing says any more what a CRM was told of the person");
    office.app.settle().await;

    office.call("s-3").await;
    office.app.user(Role::SuperAdmin).put("/api/v1/settings/retention", json!({ "metadata_days": 30 })).await.expect(200);
    office.app.advance(Duration::from_secs(31 * 86_400));
    for _ in 0..3 {
        office.app.advance(Duration::from_secs(660));
        office.app.settle().await;
    }
    assert_eq!(office.pushes().await, 0);
    office.app.user(Role::Admin).get("/api/v1/calls/s-3").await.expect(404);
}
