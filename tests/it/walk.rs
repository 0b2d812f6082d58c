//! Every registered route × every kind of caller. The lists may only shrink: a new route is closed unless its permission says otherwise.

use std::path::Path;

use cxbox::platform::access::Role;
use http::Method;
use serde_json::json;

use crate::support::{Client, TestApp};

/// Routes for everybody. Each checks something of its own (a token in the body or the path), or tells nothing that is secret.
const PUBLIC: &[&str] = &[
    "GET /healthz",
    "GET /readyz",
    // For this machine only, where tests are; others are told that there is nothing.
    "GET /metrics",
    "GET /version",
    "GET /openapi.json",
    "GET /api.ashx/v1",
    "GET /.well-known/jwks.json",
    "GET /.well-known/openid-configuration",
    "GET /oidc.ashx",
    "POST /oidc.ashx",
    "POST /api/v1/setup",
    "POST /api/v1/auth/login",
    "GET /api/v1/public/recordings/{token}",
    "GET /t/{token}",
    "GET /api/v1/manual",
    // Virtual numbers that are public, once the setting is on; a stranger learns nothing about others.
    "GET /api/v1/public/browser-calls/{number}",
    "POST /api/v1/public/browser-calls",
    // Only with the key that came with the call.
    "GET /api/v1/public/calls/{session_id}/words",
];

/// Endpoints of the identity provider under both of their addresses. They take proofs of their own: a client's secret, a code, a password,
/// the bearer token of whom they tell about. Nobody is let in for who they are elsewhere.
const PROVIDER: &[&str] = &["/oauth2/v1/", "/oidc.ashx/"];

/// Routes of the engine: the internal secret and nothing else.
const ENGINE: &[&str] = &[
    "/api/v1/engine/",
    "/api/v1/config/",
    "/api/v1/call-results",
    "/api/v1/cdr",
    "/api/v1/sip/lookup",
    "/api/v1/sip/outbound-trunk",
    "/api/v1/knowledge/search",
];

/// Routes that the key of a CRM opens, beside people.
const CRM: &[&str] = &["POST /api/v1/sip/dialout"];

/// Routes for people below admin.
const BELOW_ADMIN: &[&str] = &[
    "GET /api/v1/auth/me",
    "PUT /api/v1/auth/me",
    "PUT /api/v1/auth/me/password",
    "GET /api/v1/calls",
    "GET /api/v1/calls/{session_id}",
    "GET /api/v1/calls/{session_id}/timeline",
    "PUT /api/v1/calls/{session_id}/tags",
    "POST /api/v1/calls/{session_id}/notes",
    "DELETE /api/v1/calls/{session_id}/notes/{note_id}",
    "POST /api/v1/calls/{session_id}/hangup",
    "PUT /api/v1/calls/{session_id}/recording",
    "GET /api/v1/call-tags",
    "GET /api/v1/analytics/calls",
    "GET /api/v1/events/stream",
    "GET /api/v1/settings/display",
    "GET /api/v1/browser-calls/{number}",
    "POST /api/v1/browser-calls",
];

/// The callers in the order of what they may do.
struct Callers {
    anonymous: Client,
    engine: Client,
    crm: Client,
    key: Client,
    people: Vec<(Role, Client)>,
}

impl Callers {
    async fn of(app: &TestApp) -> Self {
        let root = app.oidc_user(Role::SuperAdmin);
        let mut keys = Vec::new();
        for kind in ["ak", "vx"] {
            let minted = root.post("/api/v1/api-keys", json!({ "name": "walk", "kind": kind })).await.expect(201);
            keys.push(minted["key"].as_str().unwrap().to_owned());
        }
        let roles = [Role::Agent, Role::Supervisor, Role::Admin, Role::SuperAdmin];
        Self {
            anonymous: app.anonymous(),
            engine: app.engine(),
            crm: app.anonymous().with_header("x-api-key", &keys[1]),
            key: app.anonymous().with_bearer(&keys[0]),
            people: roles.into_iter().map(|role| (role, app.user(role))).collect(),
        }
    }
}

/// All registered routes as (method, path with placeholders).
fn routes(app: &TestApp) -> Vec<(Method, String)> {
    let openapi = serde_json::to_value(app.openapi()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in openapi["paths"].as_object().unwrap() {
        for method in ["get", "head", "post", "put", "patch", "delete"] {
            if item.get(method).is_some() {
                routes.push((method.to_uppercase().parse().unwrap(), path.clone()));
            }
        }
    }
    routes
}

/// The path with something harmless in each placeholder.
fn filled(path: &str) -> String {
    let fill = |part: &str| if part.starts_with('{') { "nothing".to_owned() } else { part.to_owned() };
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

/// What is wrong with the answers of one route.
async fn faults(callers: &Callers, method: &Method, path: &str) -> Vec<String> {
    let name = format!("{method} {path}");
    let target = filled(path);
    let ask = |client: &Client| {
        let (client, method, target) = (client.clone(), method.clone(), target.clone());
        async move { client.status(&method, &target).await }
    };
    let (anonymous, engine) = (ask(&callers.anonymous).await, ask(&callers.engine).await);
    let (crm, key) = (ask(&callers.crm).await, ask(&callers.key).await);
    let mut people = Vec::new();
    for (role, client) in &callers.people {
        people.push((*role, ask(client).await));
    }
    let mut faults = Vec::new();
    let mut must = |holds: bool, sentence: &str| {
        if !holds {
            faults.push(format!(
                "{name}: {sentence} (anonymous {anonymous}, engine {engine}, crm {crm}, key {key}, people {:?})",
                people.iter().map(|(_, status)| *status).collect::<Vec<_>>()
            ));
        }
    };
    let is_refused = |status: u16| status == 401 || status == 403;
    if PUBLIC.contains(&name.as_str()) {
        must(!is_refused(anonymous), "it is on the public list and refuses strangers");
    } else if PROVIDER.iter().any(|prefix| path.starts_with(prefix)) {
        let tells = ["discovery", "jwks"].iter().any(|name| path.ends_with(name)) || path.contains("end") || path.ends_with("logout");
        let all = [anonymous, engine, crm].into_iter().all(|status| (400..500).contains(&status) || tells);
        must(all, "without a proof that this endpoint takes there is nothing");
    } else if ENGINE.iter().any(|prefix| path.starts_with(prefix)) {
        let others = [anonymous, crm, key].into_iter().chain(people.iter().map(|(_, status)| *status)).all(|status| status == 403);
        must(others, "the internal secret is needed, everybody else gets 403");
        must(!is_refused(engine), "the internal secret suffices");
    } else {
        must(anonymous == 401, "strangers get 401");
        must(engine == 403, "the internal secret is no person");
        must((crm == 403) != CRM.contains(&name.as_str()), "a CRM's key only dials");
        must(!is_refused(people[3].1), "a super_admin may do everything");
        must(people.windows(2).all(|pair| is_refused(pair[0].1) || !is_refused(pair[1].1)), "a higher rank may do what a lower one may");
        let below = people[..2].iter().any(|(_, status)| !is_refused(*status));
        must(below == BELOW_ADMIN.contains(&name.as_str()), "only the listed routes are open below admin");
        must(key == 403 || !is_refused(people[2].1), "a key does no more than an admin");
    }
    must(
        [anonymous, engine, crm, key].iter().chain(people.iter().map(|(_, s)| s)).all(|s| *s < 500 || *s == 503),
        "nobody gets a fault of ours",
    );
    faults
}

#[tokio::test]
async fn every_route_turns_away_whoever_has_no_business_there() {
    let mut app = TestApp::start().await;
    app.may_leave_work();
    let callers = Callers::of(&app).await;
    let routes = routes(&app);
    assert!(routes.len() > 30, "only {} routes are registered", routes.len());
    let mut all = Vec::new();
    for (method, path) in &routes {
        all.extend(faults(&callers, method, path).await);
    }
    assert!(all.is_empty(), "{} faults:\n  {}", all.len(), all.join("\n  "));
}

#[tokio::test]
async fn the_list_of_what_is_open_below_admin_names_only_routes_that_exist() {
    let app = TestApp::start().await;
    let names: Vec<String> = routes(&app).into_iter().map(|(method, path)| format!("{method} {path}")).collect();
    let gone: Vec<_> = BELOW_ADMIN.iter().filter(|name| !names.iter().any(|known| known == *name)).collect();
    assert!(gone.is_empty(), "take these off the lists: {gone:?}");
}

/// A route that is not described would not be walked.
#[test]
fn no_feature_registers_a_route_past_its_description() {
    fn look(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look(&path, found);
            } else if std::fs::read_to_string(&path).unwrap().contains(concat!(".route", "(\"")) {
                found.push(path.display().to_string());
            }
        }
    }
    let mut found = Vec::new();
    for folder in ["src/features", "src/app"] {
        look(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    assert!(found.is_empty(), "use routes!(…) in {found:?}");
}
