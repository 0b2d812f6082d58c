//! Every route with an id × every role, for an object of the box and for one that is not there. Whoever may not use a route learns nothing
//! from its answer; whoever may is told that there is nothing; and nothing of all that was asked has changed anything.

use std::collections::BTreeMap;

use cxbox::platform::access::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::dialling::{Dialling, wish};
use crate::support::{Answer, Client, make};

const ROLES: [Role; 4] = [Role::Agent, Role::Supervisor, Role::Admin, Role::SuperAdmin];

/// Routes whose id is made up by whoever asks, or is no object: what is not there is made, or is an answer like another.
const OPEN: &[&str] = &["PUT /api/v1/prompts/{slug}", "GET /api/v1/settings/{section}", "PUT /api/v1/settings/{section}"];

/// Surfaces with proofs of their own; the walk looks at them.
const ELSEWHERE: &[&str] = &["/api/v1/engine/", "/api/v1/config/", "/api/v1/public/", "/t/"];

/// A box with one object of each kind. Gives the ids by the beginning of the paths they stand in.
async fn furnished(desk: &Dialling) -> Vec<(&'static str, String)> {
    let root = desk.app.user(Role::SuperAdmin);
    let mut ids = Vec::new();
    let mut made = async |prefix: &'static str, path: &str, body: Value, key: &str| {
        let made = root.post(path, body).await;
        let text = made.text();
        assert!((200..300).contains(&made.status), "{path}: {text}");
        let id = serde_json::from_str::<Value>(&text).unwrap()[key].as_str().unwrap_or_default().to_owned();
        ids.push((prefix, id.clone()));
        id
    };
    made("/api/v1/api-keys/", "/api/v1/api-keys", json!({ "name": "crm", "kind": "vx" }), "id").await;
    made("/api/v1/bots/", "/api/v1/bots", make::bot("Anna"), "id").await;
    let carrier = json!({ "name": "Second", "sip_address": "127.0.0.1:5091" });
    let carrier = made("/api/v1/carriers/", "/api/v1/carriers", make::with(make::quick_carrier(), carrier), "id").await;
    let did = json!({ "number": "+442071838750", "label": "Desk", "direction": "both" });
    made("/api/v1/carriers/{id}/dids/", &format!("/api/v1/carriers/{carrier}/dids"), did, "id").await;
    made("/api/v1/do-not-call/", "/api/v1/do-not-call", json!({ "phone": "+15550000001" }), "phone").await;
    made("/api/v1/whitelist/", "/api/v1/whitelist", json!({ "phone": "+15550000002" }), "phone").await;
    made("/api/v1/knowledge-bases/", "/api/v1/knowledge-bases", json!({ "name": "Shop" }), "id").await;
    let client = json!({ "client_id": "other", "redirect_uris": ["https://app.example/back"] });
    made("/api/v1/oidc/clients/", "/api/v1/oidc/clients", client, "client_id").await;
    let person = json!({ "name": "alex", "email": "alex@x.test", "password": "correct horse battery", "role": "agent" });
    made("/api/v1/users/", "/api/v1/users", person, "id").await;
    made("/api/v1/phones/", "/api/v1/phones", json!({ "user": "alex" }), "id").await;
    made("/api/v1/webhooks/", "/api/v1/webhooks", json!({ "url": "https://hooks.example.com/in", "events": ["webhook.test"] }), "id").await;
    made("/api/v1/backups/", "/api/v1/backups", json!({}), "name").await;
    root.put("/api/v1/prompts/reminder", json!({ "text": "Remind." })).await.expect(200);
    root.post("/api.ashx/v1/inbound-routes", json!({ "did": "+15551110000", "user": "desk" })).await.expect(201);
    let order = desk.place(json!({ "scheduleAtUtc": "2026-06-03T12:00:00Z" })).await;
    let turn = json!({ "role": "user", "content": "hello", "ts": desk.app.clock.now() });
    let result = json!({ "session_id": "sess-1", "recording_key": "s.wav", "transcript": [turn] });
    desk.app.engine().post("/api/v1/call-results", result).await.expect(200);
    desk.app.settle().await;
    let note = root.post("/api/v1/calls/sess-1/notes", json!({ "text": "mine" })).await.expect(201);
    ids.push(("/api/v1/calls/{session_id}/notes/", note["id"].as_str().map_or_else(|| note["id"].to_string(), str::to_owned)));
    let fixed = [
        ("/api/v1/calls/", "sess-1"),
        ("/api/v1/recordings/", "sess-1"),
        ("/api/v1/prompts/", "reminder"),
        ("/api/v1/settings/", "mail"),
        ("/api.ashx/v1/inbound-routes/", "%2B15551110000"),
    ];
    ids.extend(fixed.map(|(prefix, id)| (prefix, id.to_owned())));
    ids.push(("/api.ashx/v1/calls/", order));
    ids
}

/// The path with ids of objects that are there, as far as there are any, or with ids of none.
fn filled(path: &str, ids: &[(&str, String)], exists: bool) -> String {
    let mut filled = String::new();
    let mut template = String::new();
    for part in path.split('/').skip(1) {
        let id = ids.iter().find(|(prefix, _)| *prefix == format!("{template}/")).map(|(_, id)| id.replace('+', "%2B"));
        template = format!("{template}/{part}");
        let word = match (part.starts_with('{'), exists.then_some(id).flatten()) {
            (false, _) => part.to_owned(),
            (true, Some(id)) => id,
            (true, None) => "nothing-of-this-name".to_owned(),
        };
        filled = format!("{filled}/{word}");
    }
    filled
}

async fn ask(client: &Client, method: &Method, path: &str) -> Answer {
    client.send(method.clone(), path, "application/json", "{}".into()).await
}

/// What a refusal says, without the id of the request.
fn words(answer: &Answer) -> (u16, Value) {
    let mut body: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    (answer.status, body)
}

/// All routes with an id that belong to people.
fn routes(desk: &Dialling) -> Vec<(Method, String)> {
    let openapi = serde_json::to_value(desk.app.openapi()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in openapi["paths"].as_object().unwrap() {
        if !path.contains('{')
            || ELSEWHERE.iter().any(|prefix| path.starts_with(prefix))
            || path.starts_with("/oidc")
            || path.starts_with("/oauth2")
        {
            continue;
        }
        for method in ["get", "post", "put", "patch", "delete"] {
            if item.get(method).is_some() {
                routes.push((method.to_uppercase().parse().unwrap(), path.clone()));
            }
        }
    }
    routes
}

/// What the box says of its objects.
async fn state(root: &Client) -> BTreeMap<&'static str, Value> {
    let mut state = BTreeMap::new();
    for list in [
        "/api/v1/bots",
        "/api/v1/carriers",
        "/api/v1/do-not-call",
        "/api/v1/whitelist",
        "/api/v1/knowledge-bases",
        "/api/v1/oidc/clients",
        "/api/v1/users",
        "/api/v1/phones",
        "/api/v1/webhooks",
        "/api/v1/backups",
        "/api/v1/prompts",
        "/api.ashx/v1/inbound-routes",
        "/api.ashx/v1/calls",
        "/api/v1/calls/sess-1",
        "/api/v1/settings/mail",
    ] {
        state.insert(list, root.get(list).await.expect(200));
    }
    state
}

#[tokio::test]
async fn whoever_may_not_use_a_route_learns_nothing_and_changes_nothing_and_what_is_not_there_is_said_to_whoever_may() {
    let mut desk = Dialling::start().await;
    desk.app.may_leave_work();
    let ids = furnished(&desk).await;
    let root = desk.app.user(Role::SuperAdmin);
    let people: Vec<_> = ROLES.map(|role| (role, desk.app.user(role))).into();
    let before = state(&root).await;
    let routes = routes(&desk);
    assert!(routes.len() > 80, "only {} routes carry an id", routes.len());
    let (mut faults, mut n_refused) = (Vec::new(), 0);
    for (method, path) in &routes {
        let name = format!("{method} {path}");
        let (there, missing) = (filled(path, &ids, true), filled(path, &ids, false));
        for (role, client) in &people {
            let nothing = ask(client, method, &missing).await;
            if nothing.status == 403 {
                n_refused += 1;
                let present = ask(client, method, &there).await;
                if words(&present) != words(&nothing) {
                    faults.push(format!("{role:?} {name}: {:?} tells what is there from {:?}", words(&present), words(&nothing)));
                }
            } else if !(OPEN.contains(&name.as_str()) || [400, 404, 409, 415, 422].contains(&nothing.status)) {
                faults.push(format!("{role:?} {name} on nothing: {} {}", nothing.status, nothing.text()));
            }
        }
    }
    assert!(n_refused > 150, "only {n_refused} refusals were compared");
    assert!(faults.is_empty(), "{} faults:\n  {}", faults.len(), faults.join("\n  "));
    assert_eq!(state(&root).await, before, "nothing that was asked has changed anything");
    desk.admin.post("/api.ashx/v1/calls", wish(json!({}))).await.expect(200);
}
