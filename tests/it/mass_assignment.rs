//! Bodies that carry more than their route takes, over every route that takes a JSON body: what a caller may not set is refused with its
//! name, or, where the seeds define the body, left alone. Nothing of it is stored.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use cxbox::platform::access::Role;
use http::Method;
use rusqlite::types::ValueRef;
use serde_json::{Map, Value, json};

use crate::support::bodies::{Ask, Asker, ask};
use crate::support::{Answer, Client, Furnished, PASSWORD, TestApp};

/// Bodies that the seeds define, or that engines of other versions send: what they do not know is ignored. Everything else is refused. The
/// list may only shrink.
const LENIENT: &[&str] = &[
    "POST /api.ashx/v1/calls",
    "POST /api.ashx/v1/inbound-routes",
    "PUT /api.ashx/v1/inbound-routes/{did}",
    "POST /api/v1/auth/login",
    "POST /api/v1/call-results",
    "POST /api/v1/cdr",
    "POST /api/v1/engine/calls/{session_id}/events",
    "POST /api/v1/engine/inbound",
    "POST /api/v1/engine/logs",
    "PUT /api/v1/engine/registrations",
    "PUT /api/v1/engine/trunks/state",
];

/// Table, column and key that keep a body as it came, by contract.
const KEPT_WHOLE: (&str, &str, &str) = ("calls", "doc", "cdr");

/// What a caller tries beside the object's own fields and columns.
const TRIED: &[&str] = &[
    "id",
    "uuid",
    "rowid",
    "owner",
    "owner_id",
    "ownerId",
    "user_id",
    "tenant",
    "tenant_id",
    "tenantId",
    "organisation_id",
    "created_by",
    "created_at",
    "createdAt",
    "updated_at",
    "deleted_at",
    "role",
    "roles",
    "groups",
    "permissions",
    "scopes",
    "is_admin",
    "isAdmin",
    "is_active",
    "active",
    "enabled",
    "email_verified",
    "password",
    "password_hash",
    "token_epoch",
    "key",
    "keys",
    "key_hash",
    "secret",
    "client_secret",
    "api_key",
    "token",
    "status",
    "state",
    "version",
    "revision",
    "attempts",
    "n_attempts",
    "audit",
    "actor",
    "hash",
    "_campaign_session_id",
    "__proto__",
    "constructor",
];

/// The value of everything that is tried.
const PLANTED: &str = "planted-by-a-caller";

/// A box, its description and who asks it.
struct World {
    furnished: Furnished,
    openapi: Value,
    alex: Client,
}

/// Rows of a table as text, column by column.
type Rows = Vec<Vec<String>>;
/// Columns and rows of each table.
type Snapshot = BTreeMap<String, (Vec<String>, Rows)>;

impl World {
    async fn start() -> Self {
        let furnished = Furnished::start().await;
        let app = &furnished.desk.app;
        let openapi = serde_json::to_value(app.openapi()).unwrap();
        let login = app.anonymous().post("/api/v1/auth/login", json!({ "email": "alex@x.test", "password": PASSWORD })).await.expect(200);
        let alex = app.anonymous().with_bearer(login["access_token"].as_str().unwrap());
        Self { furnished, openapi, alex }
    }

    fn app(&self) -> &TestApp {
        &self.furnished.desk.app
    }

    /// All routes that take a JSON body.
    fn routes(&self) -> Vec<String> {
        let mut routes = Vec::new();
        for (path, item) in self.openapi["paths"].as_object().unwrap() {
            for method in ["post", "put", "patch"] {
                if item[method]["requestBody"]["content"].get("application/json").is_some() {
                    routes.push(format!("{} {path}", method.to_uppercase()));
                }
            }
        }
        routes
    }

    async fn send(&self, method: &Method, asker: Asker, path: &str, body: &Value) -> Answer {
        let client = match asker {
            Asker::Root => self.app().user(Role::SuperAdmin),
            Asker::Alex => self.alex.clone(),
            Asker::Nobody => self.app().anonymous(),
            Asker::Engine => self.app().engine(),
        };
        client.send(method.clone(), path, "application/json", body.to_string().into()).await
    }

    /// Everything that is stored.
    async fn snapshot(&self) -> Snapshot {
        let rows = self.app().db().read(|conn| {
            let mut tables = conn.prepare("select name from sqlite_schema where type = 'table' and sql not like 'create virtual%'")?;
            let tables: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let mut snapshot = Snapshot::new();
            for table in tables {
                let mut statement = conn.prepare(&format!("select * from \"{table}\""))?;
                let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
                let width = columns.len();
                let rows = statement.query_map([], |row| (0..width).map(|n| Ok(text(row.get_ref(n)?))).collect())?;
                snapshot.insert(table, (columns, rows.collect::<Result<_, _>>()?));
            }
            Ok(snapshot)
        });
        rows.await.unwrap()
    }
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Names of tables that differ.
fn touched<'a>(before: &Snapshot, after: &'a Snapshot) -> Vec<&'a str> {
    after.iter().filter(|(table, rows)| before.get(*table) != Some(rows)).map(|(table, _)| table.as_str()).collect()
}

/// The text of a column, as far as it is not a body kept as it came.
fn without_what_is_kept<'a>(table: &str, column: &str, text: &'a str) -> Cow<'a, str> {
    if (table, column) != (KEPT_WHOLE.0, KEPT_WHOLE.1) {
        return Cow::Borrowed(text);
    }
    let mut doc: Map<String, Value> = serde_json::from_str(text).unwrap();
    doc.remove(KEPT_WHOLE.2);
    Cow::Owned(Value::Object(doc).to_string())
}

/// Where what was planted has come up.
fn planted(snapshot: &Snapshot) -> Vec<String> {
    let mut found = Vec::new();
    for (table, (columns, rows)) in snapshot {
        for (n, column) in columns.iter().enumerate() {
            if rows.iter().any(|row| without_what_is_kept(table, column, &row[n]).contains(PLANTED)) {
                found.push(format!("{table}.{column}"));
            }
        }
    }
    found
}

/// A schema without its references; where it may be null, what it is otherwise.
fn resolved<'a>(openapi: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(name) = schema["$ref"].as_str() {
        return resolved(openapi, &openapi["components"]["schemas"][name.rsplit('/').next().unwrap()]);
    }
    match schema["oneOf"].as_array() {
        Some(choices) if schema["properties"].is_null() => {
            let real: Vec<_> = choices.iter().filter(|choice| choice["type"] != "null").collect();
            if real.len() == 1 { resolved(openapi, real[0]) } else { schema }
        }
        _ => schema,
    }
}

/// Names of an object's fields, whatever it is put together of.
fn fields(openapi: &Value, schema: &Value, found: &mut BTreeSet<String>) {
    let schema = resolved(openapi, schema);
    found.extend(schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
    for part in ["allOf", "oneOf", "anyOf"] {
        for part in schema[part].as_array().into_iter().flatten() {
            fields(openapi, part, found);
        }
    }
}

/// A body for each place in a schema where an object of known fields stands, with a field too many there.
fn nested(openapi: &Value, schema: &Value, depth: usize) -> Vec<Value> {
    let schema = resolved(openapi, schema);
    let mut bodies = Vec::new();
    if depth == 0 {
        return bodies;
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let inner = resolved(openapi, inner);
        let (of, in_list) = if inner["items"].is_object() { (resolved(openapi, &inner["items"]), true) } else { (inner, false) };
        let mut here = too_many(of);
        here.extend(nested(openapi, of, depth - 1));
        bodies.extend(here.into_iter().map(|value| if in_list { json!({ name: [value] }) } else { json!({ name: value }) }));
    }
    bodies
}

/// Objects of this schema with a field too many; of a choice by `type`, one of each kind.
fn too_many(schema: &Value) -> Vec<Value> {
    if schema["properties"].is_object() {
        return vec![json!({ PLANTED: PLANTED })];
    }
    let kinds = schema["oneOf"].as_array().into_iter().flatten().filter_map(|kind| kind["properties"]["type"]["enum"][0].as_str());
    kinds.map(|kind| json!({ "type": kind, PLANTED: PLANTED })).collect()
}

/// What a caller tries on a route: the usual names, what the object shows of itself, and the columns it is stored in; without what the
/// body may say.
async fn names(world: &World, route: &str, ask: &Ask, columns: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    let (method, path) = route.split_once(' ').unwrap();
    let item = &world.openapi["paths"][path];
    let mut names: BTreeSet<String> = TRIED.iter().map(|name| (*name).to_owned()).chain(columns).collect();
    for method in [method.to_lowercase().as_str(), "get"] {
        for (status, response) in item[method]["responses"].as_object().into_iter().flatten() {
            if status.starts_with('2') {
                fields(&world.openapi, &response["content"]["application/json"]["schema"], &mut names);
            }
        }
    }
    let mut taken: BTreeSet<String> = ask.body.as_object().unwrap().keys().cloned().collect();
    fields(&world.openapi, &item[method.to_lowercase().as_str()]["requestBody"]["content"]["application/json"]["schema"], &mut taken);
    if path == "/api/v1/settings/{section}" {
        // Each section has keys of its own; it tells them, and under `keys` who set each.
        let section = world.app().user(Role::SuperAdmin).get(&ask.path).await.expect(200);
        taken.extend(section.as_object().unwrap().keys().filter(|key| *key != "keys").cloned());
    }
    names.retain(|name| !taken.contains(name));
    names
}

fn with(body: &Value, name: &str) -> Value {
    let mut body = body.as_object().unwrap().clone();
    body.insert(name.to_owned(), json!(PLANTED));
    Value::Object(body)
}

/// What is wrong with a route that refuses what it does not take.
async fn strict(world: &World, route: &str, ask: &Ask, names: &BTreeSet<String>) -> Vec<String> {
    let (method, path) = route.split_once(' ').unwrap();
    let verb: Method = method.parse().unwrap();
    let asker = if ask.asker == Asker::Alex { Asker::Root } else { ask.asker };
    let mut faults = Vec::new();
    let before = world.snapshot().await;
    for name in names {
        let answer = world.send(&verb, asker, &ask.path, &with(&ask.body, name)).await;
        let said: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
        if answer.status != 422 || said["errors"][0]["field"] != name.as_str() {
            faults.push(format!("{route} with {name}: {} {}", answer.status, answer.text()));
        }
    }
    let schema = &world.openapi["paths"][path][method.to_lowercase().as_str()]["requestBody"]["content"]["application/json"]["schema"];
    for change in nested(&world.openapi, schema, 4) {
        let mut body = ask.body.as_object().unwrap().clone();
        body.extend(change.as_object().unwrap().clone());
        let answer = world.send(&verb, asker, &ask.path, &Value::Object(body)).await;
        if answer.status != 422 || !answer.text().contains(PLANTED) {
            faults.push(format!("{route} with {change}: {} {}", answer.status, answer.text()));
        }
    }
    let changed = world.snapshot().await;
    for table in touched(&before, &changed) {
        faults.push(format!("{route}: what was refused has changed {table}"));
    }
    faults
}

/// What is wrong with a route that leaves alone what it does not know.
async fn lenient(world: &World, route: &str, names: &BTreeSet<String>) -> Vec<String> {
    let verb: Method = route.split_once(' ').unwrap().0.parse().unwrap();
    let second = ask(&world.furnished, route, 1).unwrap();
    let mut body: Map<String, Value> = names.iter().map(|name| (name.clone(), json!(PLANTED))).collect();
    body.extend(second.body.as_object().unwrap().clone());
    let answer = world.send(&verb, second.asker, &second.path, &Value::Object(body)).await;
    let mut faults = Vec::new();
    if answer.status != second.status || answer.text().contains(PLANTED) {
        faults.push(format!("{route} with more than it knows: {} {}", answer.status, answer.text()));
    }
    faults.extend(planted(&world.snapshot().await).into_iter().map(|place| format!("{route} has stored what it does not know in {place}")));
    faults
}

#[tokio::test]
async fn no_route_takes_a_field_that_its_caller_may_not_set() {
    let world = Box::pin(World::start()).await;
    let routes = world.routes();
    assert!(routes.len() > 60, "only {} routes take a body", routes.len());
    let gone: Vec<_> = LENIENT.iter().filter(|route| !routes.iter().any(|known| known == *route)).collect();
    assert!(gone.is_empty(), "take these off the list: {gone:?}");
    let (mut faults, mut n_tried) = (Vec::new(), 0);
    for route in &routes {
        let Some(ask) = ask(&world.furnished, route, 0) else {
            faults.push(format!("{route}: say in support/bodies.rs what it takes"));
            continue;
        };
        let before = world.snapshot().await;
        let answer = world.send(&route.split_once(' ').unwrap().0.parse().unwrap(), ask.asker, &ask.path, &ask.body).await;
        if answer.status != ask.status {
            faults.push(format!("{route}: its body should give {}: {} {}", ask.status, answer.status, answer.text()));
        }
        let after = world.snapshot().await;
        let columns = touched(&before, &after).into_iter().flat_map(|table| after[table].0.clone());
        let names = names(&world, route, &ask, columns).await;
        n_tried += names.len();
        let is_lenient = LENIENT.contains(&route.as_str());
        faults.extend(if is_lenient { lenient(&world, route, &names).await } else { strict(&world, route, &ask, &names).await });
    }
    assert!(n_tried > 3_000, "only {n_tried} fields were tried");
    assert!(faults.is_empty(), "{} faults:\n  {}", faults.len(), faults.join("\n  "));
}
