//! Every route with an id × every role, for an object of the box and for one that is not there. Whoever may not use a route learns nothing
//! from its answer; whoever may is told that there is nothing; and nothing of all that was asked has changed anything.

use std::collections::BTreeMap;

use cxbox::platform::access::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::dialling::wish;
use crate::support::{Answer, Client, Furnished, TestApp};

const ROLES: [Role; 4] = [Role::Agent, Role::Supervisor, Role::Admin, Role::SuperAdmin];

/// Routes whose id is made up by whoever asks, or is no object: what is not there is made, or is an answer like another.
const OPEN: &[&str] = &["PUT /api/v1/prompts/{slug}", "GET /api/v1/settings/{section}", "PUT /api/v1/settings/{section}"];

/// Surfaces with proofs of their own; the walk looks at them.
const ELSEWHERE: &[&str] = &["/api/v1/engine/", "/api/v1/config/", "/api/v1/public/", "/t/"];

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
fn routes(app: &TestApp) -> Vec<(Method, String)> {
    let openapi = serde_json::to_value(app.openapi()).unwrap();
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
    let furnished = Furnished::start().await;
    let desk = &furnished.desk;
    let root = desk.app.user(Role::SuperAdmin);
    let people: Vec<_> = ROLES.map(|role| (role, desk.app.user(role))).into();
    let before = state(&root).await;
    let routes = routes(&desk.app);
    assert!(routes.len() > 80, "only {} routes carry an id", routes.len());
    let (mut faults, mut n_refused) = (Vec::new(), 0);
    for (method, path) in &routes {
        let name = format!("{method} {path}");
        let (there, missing) = (furnished.path(path), furnished.path_to_nothing(path));
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
