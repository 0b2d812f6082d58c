//! What every route of the CodeB surface has in common: the self-description, errors, methods, casing, lists (checklist 1 to 17, 38 to 48).

use bytes::Bytes;
use cxbox::platform::access::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, FakeEngine, TestApp, make};
use crate::transcripts::{inbound, outbound};

const ROOT: &str = "/api.ashx/v1";

/// The rows of the seed, in its order: method, path, area.
const ROWS: [(&str, &str, &str); 13] = [
    ("POST", "/api.ashx/v1/calls", "outbound-ai"),
    ("GET", "/api.ashx/v1/calls", "outbound-ai"),
    ("GET", "/api.ashx/v1/calls/{id}", "outbound-ai"),
    ("POST", "/api.ashx/v1/calls/{id}/hangup", "outbound-ai"),
    ("GET", "/api.ashx/v1/numbers", "numbers"),
    ("GET", "/api.ashx/v1/transcripts", "transcripts"),
    ("GET", "/api.ashx/v1/transcripts/{callId}", "transcripts"),
    ("GET", "/api.ashx/v1/inbound-routes", "inbound-routes"),
    ("POST", "/api.ashx/v1/inbound-routes", "inbound-routes"),
    ("GET", "/api.ashx/v1/inbound-routes/{did}", "inbound-routes"),
    ("DELETE", "/api.ashx/v1/inbound-routes/{did}", "inbound-routes"),
    ("PUT", "/api.ashx/v1/inbound-routes/{did}", "inbound-routes"),
    ("GET", "/api.ashx/v1/webhooks", "webhooks"),
];

/// The lists of the surface.
const LISTS: [&str; 5] = ["calls", "numbers", "transcripts", "inbound-routes", "webhooks"];

fn filled(path: &str) -> String {
    path.replace("{id}", "oac-000000000000").replace("{callId}", "oac-000000000000").replace("{did}", "nobody")
}

/// What every answer has, and what every error says.
#[track_caller]
fn proper(answer: &Answer, what: &str) {
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    assert_eq!(answer.header("content-type"), "application/json", "{what}: {}", answer.text());
    if answer.status >= 400 {
        let body: Value = serde_json::from_slice(&answer.bytes).expect(what);
        let said = |key: &str| body[key].as_str().is_some_and(|text| !text.is_empty());
        assert!(said("error") && said("error_description") && body.as_object().is_some_and(|body| body.len() == 2), "{what}: {body}");
    }
}

async fn raw(client: &Client, method: Method, path: &str, body: &[u8]) -> Answer {
    client.send(method, path, "application/json", Bytes::copy_from_slice(body)).await
}

#[tokio::test]
async fn the_surface_describes_itself_to_everybody_with_the_thirteen_rows_in_order() {
    let app = TestApp::start().await;
    let answer = app.anonymous().get(ROOT).await;
    proper(&answer, "the root");
    let root = answer.expect(200);
    assert_eq!((root["name"].clone(), root["version"].clone()), (json!("CodeB Platform REST API"), json!("v1")));
    let said = |key: &str| root[key].as_str().unwrap().to_owned();
    assert!(!said("build").is_empty() && !said("errors").is_empty());
    assert!(said("auth").contains("OIDC") && said("auth").contains("role=admin") && said("auth").contains("ak_"));
    assert!(said("pagination").contains("defaults 50, 0"));
    let rows: Vec<_> = root["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            assert!(row.as_object().unwrap().len() == 4 && row["description"].as_str().unwrap().len() > 10, "{row}");
            (row["method"].as_str().unwrap(), row["path"].as_str().unwrap(), row["area"].as_str().unwrap())
        })
        .collect();
    assert_eq!(rows, ROWS);
    assert_eq!(app.user(Role::Agent).get(ROOT).await.expect(200), root, "whoever asks");
}

/// All operations of a description below the surface's root.
fn operations(openapi: &Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (path, item) in openapi["paths"].as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/api.ashx/v1/")) {
        let methods = ["get", "post", "put", "patch", "delete", "head", "options"].into_iter().filter(|method| item.get(method).is_some());
        all.extend(methods.map(|method| (method.to_uppercase(), path.clone())));
    }
    all.sort();
    all
}

#[tokio::test]
async fn routes_catalogue_and_committed_description_are_the_same() {
    let app = TestApp::start().await;
    let mut catalogue: Vec<_> = ROWS.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    catalogue.sort();
    assert_eq!(operations(&serde_json::to_value(app.openapi()).unwrap()), catalogue, "what is registered");
    let committed = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/openapi.json")).unwrap();
    assert_eq!(operations(&serde_json::from_slice(&committed).unwrap()), catalogue, "what is committed");
    let admin = app.user(Role::Admin);
    for (method, path, _) in ROWS {
        let answer = raw(&admin, method.parse().unwrap(), &filled(path), b"{}").await;
        proper(&answer, path);
        assert!(answer.status != 405 && !answer.text().contains("nothing at this path"), "{method} {path}: {}", answer.text());
        assert_eq!(raw(&app.anonymous(), method.parse().unwrap(), &filled(path), b"{}").await.status, 401, "{method} {path}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_405_with_those_that_are_right() {
    let app = TestApp::start().await;
    for (_, path, _) in ROWS {
        let known: Vec<_> = ROWS.iter().filter(|row| row.1 == path).map(|row| row.0).collect();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().filter(|method| !known.contains(method)) {
            for client in [app.anonymous(), app.user(Role::Admin)] {
                let answer = raw(&client, method.parse().unwrap(), &filled(path), b"{}").await;
                proper(&answer, path);
                assert_eq!(answer.expect(405)["error"], "method_not_allowed", "{method} {path}");
                let mut allowed: Vec<_> = answer.header("allow").split(',').filter(|method| *method != "HEAD").collect();
                let mut known = known.clone();
                allowed.sort_unstable();
                known.sort_unstable();
                assert_eq!(allowed, known, "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_path_is_404_in_json_for_everybody_and_every_method() {
    let app = TestApp::start().await;
    let paths = [
        "/api.ashx/v1/",
        "/api.ashx/v1/nothing",
        "/api.ashx/v1/calls/a/b/c",
        "/api.ashx/v1/%2A",
        "/api.ashx/v2/calls",
        "/api.ashx",
        "/api.ashx/v1/calls/",
    ];
    for path in paths {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            for client in [app.anonymous(), app.user(Role::Admin).with_header("accept", "text/html")] {
                let answer = raw(&client, method.clone(), path, b"").await;
                proper(&answer, path);
                assert_eq!(answer.expect(404)["error"], "not_found", "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_is_no_object_is_400_and_unknown_keys_are_ignored() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let bodies: [&[u8]; 10] = [b"", b"{", b"[1]", b"null", b"\"x\"", b"7", b"{\"did\":}", b"{\"did\":\"\xff\"}", b"{}{}", b"\0"];
    for (method, path) in [("POST", "calls"), ("POST", "inbound-routes"), ("PUT", "inbound-routes/%2A")] {
        for body in bodies {
            let answer = raw(&admin, method.parse().unwrap(), &format!("{ROOT}/{path}"), body).await;
            proper(&answer, path);
            assert_eq!(answer.expect(400)["error"], "invalid_request", "{method} {path} {:?}", String::from_utf8_lossy(body));
        }
        let wrong_type = raw(&admin, method.parse().unwrap(), &format!("{ROOT}/{path}"), br#"{"user": 7, "phone": []}"#).await;
        proper(&wrong_type, path);
        wrong_type.expect(400);
    }
    let doubled =
        [r#"{"did":"1","did":"2","user":"desk"}"#, r#"{"did":"1","Did":"1","user":"desk"}"#, r#"{"x":1,"X":2,"did":"1","user":"desk"}"#];
    for body in doubled {
        let answer = raw(&admin, Method::POST, &format!("{ROOT}/inbound-routes"), body.as_bytes()).await;
        proper(&answer, "a field twice");
        assert!(answer.expect(400)["error_description"].as_str().unwrap().ends_with(" stands twice in the body"), "{body}");
    }
    let wordy = raw(&admin, Method::POST, &format!("{ROOT}/calls"), br#"{"maxSeconds":"60"}"#).await;
    assert_eq!(wordy.expect(400)["error_description"], "maxSeconds: must be a whole number, not the text \"60\"");
    let body = json!({ "did": "100", "user": "desk", "colour": { "Deep": [1] }, "": null, "Ünknown": 1 });
    admin.post(&format!("{ROOT}/inbound-routes"), body).await.expect(201);
    let as_text = Bytes::from_static(br#"{"did":"101","user":"desk"}"#);
    admin.send(Method::POST, &format!("{ROOT}/inbound-routes"), "text/plain", as_text).await.expect(201);
    let no_query = admin.get(&format!("{ROOT}/calls?limit=%FF&status=%00")).await;
    proper(&no_query, "a query");
    no_query.expect(400);
}

/// The same body with the first letter of each key in upper case.
fn pascal(body: &Value) -> Value {
    let upper = |key: &String| key[..1].to_uppercase() + &key[1..];
    body.as_object().unwrap().iter().map(|(key, value)| (upper(key), value.clone())).collect()
}

#[tokio::test]
async fn either_case_of_the_first_letter_means_the_same() {
    let app = TestApp::start().await;
    let _engine = FakeEngine::start(&app).await;
    app.user(Role::SuperAdmin).post("/api/v1/carriers", make::quick_carrier()).await.expect(201);
    let admin = app.user(Role::Admin);
    let route = json!({ "did": "100", "fromNumber": "+356*", "user": "desk" });
    let made = admin.post(&format!("{ROOT}/inbound-routes"), pascal(&route)).await.expect(201);
    assert_eq!(made, route, "answers are camelCase");
    assert_eq!(admin.post(&format!("{ROOT}/inbound-routes"), route).await.expect(409)["error"], "duplicate_route");
    let path = format!("{ROOT}/inbound-routes/100?fromNumber=%2B356%2A");
    assert_eq!(admin.put(&path, json!({ "User": "night" })).await.expect(200)["user"], "night");
    assert_eq!(admin.put(&path, json!({ "user": "day" })).await.expect(200)["user"], "day");
    let call = json!({
        "phone": "+15551234567", "displayName": "Ada", "email": "ada@example.com", "systemPrompt": "Say hello.", "voice": "Charon",
        "language": "de-DE", "model": "m-1", "maxSeconds": 60, "retries": 2, "retryDelayMinutes": 7
    });
    let mut seen = Vec::new();
    for body in [call.clone(), pascal(&call)] {
        let id = admin.post(&format!("{ROOT}/calls"), body).await.expect(200)["callId"].as_str().unwrap().to_owned();
        let mut stored = admin.get(&format!("{ROOT}/calls/{id}")).await.expect(200);
        stored.as_object_mut().unwrap().remove("callId");
        seen.push(stored);
    }
    assert_eq!(seen[0], seen[1]);
    let expected = [("displayName", json!("Ada")), ("voice", json!("Charon")), ("retriesLeft", json!(2)), ("retryDelayMinutes", json!(7))];
    for (field, value) in expected {
        assert_eq!(seen[0][field], value, "{field}");
    }
    app.settle().await;
}

/// Every key, wherever it stands.
fn keys(value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            found.push((key.clone(), value.clone()));
            keys(value, found);
        }),
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        _ => {}
    }
}

/// An app with rows in every list: 23 routes, 12 webhooks, 11 numbers, 9 calls, 14 transcripts.
async fn filled_app() -> (TestApp, FakeEngine) {
    let mut app = TestApp::start().await;
    app.may_leave_work();
    let engine = FakeEngine::start(&app).await;
    let (admin, root) = (app.user(Role::Admin), app.user(Role::SuperAdmin));
    root.post("/api/v1/carriers", make::quick_carrier()).await.expect(201);
    let bot = admin.post("/api/v1/bots", make::bot("Anna")).await.expect(201)["id"].clone();
    for n in 0..22 {
        admin.post(&format!("{ROOT}/inbound-routes"), json!({ "did": format!("{n}"), "user": "desk" })).await.expect(201);
    }
    for n in 0..12 {
        root.post("/api/v1/webhooks", json!({ "url": format!("https://hooks.example.com/{n}"), "events": ["*"] })).await.expect(201);
    }
    for n in 0..10 {
        let number =
            json!({ "name": format!("n{n}"), "number": format!("77{n}"), "mode": "live-voice-ai", "bot_id": bot, "visibility": "public" });
        admin.post("/api/v1/numbers", number).await.expect(201);
    }
    for n in 0..9 {
        let call = json!({ "phone": format!("+1555000{n}000"), "systemPrompt": "Say hello.", "email": "ada@example.com" });
        admin.post(&format!("{ROOT}/calls"), call).await.expect(200);
    }
    for n in 0..7 {
        let began = format!("2026-01-0{}T12:00:00.000Z", n + 1);
        outbound(&app, &format!("t-{n}"), &format!("oac-{n:012}"), "+15551234567", "Reminder", &began).await;
        inbound(&app, &format!("u-{n}"), &format!("vnum{n:012}"), "+35699", &began, None).await;
    }
    app.settle().await;
    (app, engine)
}

#[tokio::test]
async fn every_list_has_its_envelope_clamps_its_page_and_writes_times_in_one_way() {
    let (app, _engine) = filled_app().await;
    let admin = app.user(Role::Admin);
    for list in LISTS {
        let path = format!("{ROOT}/{list}");
        let first = admin.get(&path).await;
        proper(&first, list);
        let first = first.expect(200);
        let mut envelope: Vec<_> = first.as_object().unwrap().keys().map(String::as_str).filter(|key| *key != "tenant").collect();
        envelope.sort_unstable();
        assert_eq!(envelope, ["data", "limit", "next", "offset", "total"], "{list}");
        assert_eq!((first["limit"].clone(), first["offset"].clone(), first["next"].clone()), (json!(50), json!(0), Value::Null), "{list}");
        assert_eq!(first["total"].as_u64().unwrap(), first["data"].as_array().unwrap().len() as u64, "{list}");
        assert_eq!(first.get("tenant").is_some(), list == "numbers", "{list}");
        for (query, limit, offset) in [
            ("limit=501", 500, 0),
            ("limit=100000&offset=2", 500, 2),
            ("limit=0", 50, 0),
            ("limit=-1&offset=-1", 50, 0),
            ("limit=x&offset=y", 50, 0),
            ("limit=1&offset=99999999999999999999", 1, 0),
        ] {
            let page = admin.get(&format!("{path}?{query}")).await.expect(200);
            assert_eq!((page["limit"].clone(), page["offset"].clone()), (json!(limit), json!(offset)), "{list} {query}");
            assert_eq!(page["total"], first["total"], "{list} {query}");
        }
        let beyond = admin.get(&format!("{path}?offset=1000")).await.expect(200);
        assert_eq!(
            (beyond["data"].clone(), beyond["next"].clone(), beyond["total"].clone()),
            (json!([]), Value::Null, first["total"].clone())
        );
        let mut all = Vec::new();
        keys(&first, &mut all);
        for (key, value) in all {
            assert!(key.starts_with(|c: char| c.is_ascii_lowercase()) && key.chars().all(|c| c.is_ascii_alphanumeric()), "{list}: {key}");
            if let Some(text) = value.as_str().filter(|_| key.ends_with("Utc") || key == "ts") {
                assert!(text.len() == 24 && text.ends_with('Z') && text.as_bytes()[19] == b'.', "{list}: {key} is {text}");
            }
        }
    }
}

#[tokio::test]
async fn following_next_visits_every_row_of_every_list_once_with_the_filters_kept() {
    let (app, _engine) = filled_app().await;
    let admin = app.user(Role::Admin);
    let walks = [
        ("calls", "&status=dispatching", 9),
        ("calls", "&status=in-flight,dispatching", 9),
        ("numbers", "", 11),
        ("transcripts", "", 14),
        ("transcripts", "&source=vnum", 7),
        ("transcripts", "&source=outbound-ai&since=2026-01-03T00:00:00Z&q=%2B1555", 5),
        ("inbound-routes", "", 23),
        ("webhooks", "", 12),
    ];
    for (list, filters, total) in walks {
        let whole = admin.get(&format!("{ROOT}/{list}?limit=500{filters}")).await.expect(200);
        assert_eq!(whole["total"], total, "{list} {filters}");
        for limit in [1, 3, 7] {
            let mut next = Some(format!("{ROOT}/{list}?limit={limit}{filters}"));
            let mut rows: Vec<Value> = Vec::new();
            while let Some(path) = next {
                assert!(path.starts_with(&format!("{ROOT}/{list}?")), "{path} is relative");
                let page = admin.get(&path).await.expect(200);
                assert!(page["total"] == total && page["limit"] == limit, "{path}: {page}");
                rows.extend(page["data"].as_array().unwrap().clone());
                next = page["next"].as_str().map(str::to_owned);
            }
            assert_eq!(json!(rows), whole["data"], "{list} {filters} by {limit}");
        }
    }
}

#[tokio::test]
async fn the_configured_public_url_names_the_tenant_and_begins_every_link() {
    let app = TestApp::start_with(&[("CXBOX_SERVER__PUBLIC_BASE_URL", "https://phone.example.org")]).await;
    outbound(&app, "s-1", "oac-0123456789ab", "+15551234567", "Reminder", "2026-01-01T12:00:00.000Z").await;
    app.settle().await;
    let admin = app.user(Role::Admin);
    assert_eq!(admin.get(&format!("{ROOT}/numbers")).await.expect(200)["tenant"], "phone.example.org");
    assert_eq!(admin.get(&format!("{ROOT}/transcripts/oac-0123456789ab")).await.expect(200)["tenant"], "phone.example.org");
    let share = admin.post("/api/v1/transcripts/oac-0123456789ab/shares", json!({})).await.expect(201);
    assert!(share["url"].as_str().unwrap().starts_with("https://phone.example.org/t/"));
    app.settle().await;
}
