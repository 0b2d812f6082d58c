//! Object-level access: routes with an id, asked by every role for objects of the box and for objects that are not there.

use cxbox::platform::access::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp, make};

const ROLES: [Role; 4] = [Role::Agent, Role::Supervisor, Role::Admin, Role::SuperAdmin];

async fn ask(client: &Client, method: &Method, path: &str, body: &Value) -> Answer {
    client.send(method.clone(), path, "application/json", body.to_string().into()).await
}

/// Routes of bots: method, path behind the id, body, and whether it only reads.
fn bot_routes() -> Vec<(Method, &'static str, Value)> {
    let body = make::bot("Taken over");
    vec![
        (Method::GET, "", json!({})),
        (Method::GET, "/versions", json!({})),
        (Method::GET, "/versions/1", json!({})),
        (Method::GET, "/diff?from=1&to=published", json!({})),
        (Method::GET, "/export", json!({})),
        (Method::GET, "/config-preview", json!({})),
        (Method::PUT, "", body.clone()),
        (Method::PUT, "/draft", body),
        (Method::GET, "/draft", json!({})),
        (Method::POST, "/publish", json!({})),
        (Method::POST, "/rollback", json!({ "version": 1 })),
        (Method::POST, "/clone", json!({})),
        (Method::POST, "/test-call", json!({ "to": "+15551234567" })),
        (Method::POST, "/deactivate", json!({})),
        (Method::POST, "/activate", json!({})),
        (Method::DELETE, "/draft", json!({})),
        (Method::DELETE, "", json!({})),
    ]
}

#[tokio::test]
async fn a_bot_is_hidden_from_those_below_admin_whether_it_exists_or_not() {
    let app = TestApp::start().await;
    let made = app.user(Role::Admin).post("/api/v1/bots", make::bot("Anna")).await.expect(201);
    let own = made["id"].as_str().unwrap().to_owned();
    for role in ROLES {
        let client = app.user(role);
        for (method, rest, body) in bot_routes() {
            let missing = ask(&client, &method, &format!("/api/v1/bots/bot_ffffffffffffffff{rest}"), &body).await;
            if role < Role::Admin {
                let present = ask(&client, &method, &format!("/api/v1/bots/{own}{rest}"), &body).await;
                assert_eq!((present.status, missing.status), (403, 403), "{role:?} {method} {rest}");
                assert_eq!(present.expect(403)["detail"], missing.expect(403)["detail"], "the refusal does not say whether it is there");
            } else {
                assert_eq!(missing.status, 404, "{role:?} {method} {rest}: {}", missing.text());
            }
        }
    }
    let untouched = app.user(Role::Admin).get(&format!("/api/v1/bots/{own}")).await.expect(200);
    assert_eq!((untouched["name"].clone(), untouched["version"].clone()), (json!("Anna"), json!(1)));
    for odd in ["..%2f..%2fetc", "%00", "'%20or%201=1--", "bot_%E2%80%AE"] {
        app.user(Role::Admin).get(&format!("/api/v1/bots/{odd}")).await.expect(404);
    }
}

#[tokio::test]
async fn each_rank_reaches_only_the_people_it_may() {
    let app = TestApp::start().await;
    let root = app.user(Role::SuperAdmin);
    let person = |name: &str, role: Role| json!({ "name": name, "email": format!("{name}@x.test"), "password": "correct horse battery", "role": role });
    for mine in ROLES {
        for theirs in ROLES {
            let name = format!("{}-{}", mine.as_str(), theirs.as_str());
            let id = root.post("/api/v1/users", person(&name, theirs)).await.expect(201)["id"].as_str().unwrap().to_owned();
            let client = app.user(mine);
            let path = format!("/api/v1/users/{id}");
            let may_change = mine == Role::SuperAdmin || (mine == Role::Admin && theirs < mine);
            let status = |allowed: bool, code: u16| if allowed { code } else { 403 };
            let seen = [
                client.get(&path).await.status,
                client.put(&path, json!({ "phone": "+15551234567" })).await.status,
                client.post(&format!("{path}/deactivate"), json!({})).await.status,
                client.post(&format!("{path}/activate"), json!({})).await.status,
                client.post(&format!("{path}/reset-password"), json!({ "new_password": "another good one" })).await.status,
                client.delete(&path).await.status,
            ];
            let expected = [
                status(mine >= Role::Admin, 200),
                status(may_change, 200),
                status(may_change, 200),
                status(may_change, 200),
                status(may_change, 204),
                status(mine == Role::SuperAdmin, 204),
            ];
            assert_eq!(seen, expected, "{mine:?} on {theirs:?}");
        }
        let missing = app.user(mine).get("/api/v1/users/usr_ffffffffffffffff").await.status;
        assert_eq!(missing, if mine >= Role::Admin { 404 } else { 403 });
    }
}
