//! Inbound routes as seed 002 describes them.

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::TestApp;

const ROUTES: &str = "/api.ashx/v1/inbound-routes";

async fn order(admin: &crate::support::Client) -> Vec<String> {
    let list = admin.get(ROUTES).await.expect(200);
    list["data"].as_array().unwrap().iter().map(|row| row["did"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_new_box_has_the_catch_all_and_new_rows_come_before_it() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    assert_eq!(admin.get(ROUTES).await.expect(200)["data"], json!([{ "did": "*", "user": "reception" }]));
    let made = admin.post(ROUTES, json!({ "Did": "+15551234567", "User": "alex" })).await.expect(201);
    assert_eq!(made, json!({ "did": "+15551234567", "user": "alex" }));
    admin.post(ROUTES, json!({ "did": "anonymous", "fromNumber": "*", "user": "callcentre" })).await.expect(201);
    assert_eq!(order(&admin).await, ["+15551234567", "anonymous", "*"]);
}

#[tokio::test]
async fn a_pair_of_did_and_filter_exists_once() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let post = |body: Value| {
        let admin = admin.clone();
        async move { admin.post(ROUTES, body).await }
    };
    post(json!({ "did": "100", "user": "alex" })).await.expect(201);
    let refusal = post(json!({ "did": "100", "user": "berta" })).await.expect(409);
    assert_eq!(refusal["error"], "duplicate_route");
    assert!(refusal["error_description"].as_str().unwrap().contains("Did='100'"));
    post(json!({ "did": "100", "fromNumber": "+356*", "user": "alex" })).await.expect(201);
    post(json!({ "did": "100", "fromNumber": " ", "user": "alex" })).await.expect(409);
    post(json!({ "did": "*", "user": "alex" })).await.expect(409);
    post(json!({ "did": "*", "fromNumber": "+44*", "user": "alex" })).await.expect(201);
    for missing in
        [json!({ "user": "alex" }), json!({ "did": "101" }), json!({ "did": "", "user": "alex" }), json!({ "did": 7, "user": "a" })]
    {
        post(missing.clone()).await.expect(400);
    }
    assert_eq!(order(&admin).await, ["100", "100", "*", "*"]);
}

#[tokio::test]
async fn one_row_is_read_changed_and_removed_by_its_keys() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    admin.post(ROUTES, json!({ "did": "+15551234567", "user": "alex" })).await.expect(201);
    admin.post(ROUTES, json!({ "did": "anonymous", "fromNumber": "*", "user": "callcentre" })).await.expect(201);
    assert_eq!(admin.get(&format!("{ROUTES}/%2B15551234567")).await.expect(200)["user"], "alex");
    for star in ["%2A", "*", "%252A"] {
        assert_eq!(admin.get(&format!("{ROUTES}/{star}")).await.expect(200)["user"], "reception", "{star}");
    }
    let refusal = admin.get(&format!("{ROUTES}/%2B440000")).await.expect(404);
    assert_eq!(
        (refusal["error"].clone(), refusal["error_description"].clone()),
        (json!("not_found"), json!("No inbound route with did='+440000'"))
    );
    let changed = admin.put(&format!("{ROUTES}/anonymous?fromNumber=%2A"), json!({ "user": "berta" })).await.expect(200);
    assert_eq!(changed, json!({ "did": "anonymous", "fromNumber": "*", "user": "berta" }));
    let refusal = admin.put(&format!("{ROUTES}/anonymous"), json!({ "user": "berta" })).await.expect(404);
    assert!(refusal["error_description"].as_str().unwrap().contains("Did='anonymous' FromNumber="));
    assert_eq!(admin.put(&format!("{ROUTES}/%2A"), json!({ "user": "desk" })).await.expect(200), json!({ "did": "*", "user": "desk" }));
    admin.put(&format!("{ROUTES}/%2A"), json!({})).await.expect(400);
    assert_eq!(admin.delete(&format!("{ROUTES}/%2A")).await.expect(400)["error"], "cannot_delete_catchall");
    let gone = admin.delete(&format!("{ROUTES}/%2B15551234567")).await.expect(200);
    assert_eq!(gone, json!({ "deleted": { "did": "+15551234567", "user": "alex" } }));
    admin.delete(&format!("{ROUTES}/%2B15551234567")).await.expect(404);
    assert_eq!(order(&admin).await, ["anonymous", "*"]);
}

#[tokio::test]
async fn a_lost_catch_all_comes_back_and_doubles_are_told_apart_by_order() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    app.db()
        .write(|tx| {
            tx.execute("delete from inbound_routes", [])?;
            tx.execute("insert into inbound_routes (did, user) values ('100', 'first'), ('100', 'second')", [])?;
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(order(&admin).await, ["100", "100", "*"]);
    admin.put(&format!("{ROUTES}/100"), json!({ "user": "changed" })).await.expect(200);
    assert_eq!(admin.delete(&format!("{ROUTES}/100")).await.expect(200)["deleted"]["user"], "changed");
    assert_eq!(admin.get(&format!("{ROUTES}/100")).await.expect(200)["user"], "second");
}

#[tokio::test]
async fn pages_follow_match_order() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    for n in 1..=3 {
        admin.post(ROUTES, json!({ "did": format!("10{n}"), "user": "alex" })).await.expect(201);
    }
    let mut next = Some(format!("{ROUTES}?limit=2"));
    let mut seen = Vec::new();
    while let Some(path) = next {
        let page = admin.get(&path).await.expect(200);
        assert_eq!(page["total"], 4);
        seen.extend(page["data"].as_array().unwrap().iter().map(|row| row["did"].as_str().unwrap().to_owned()));
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, ["101", "102", "103", "*"]);
}

#[tokio::test]
async fn routes_are_put_in_another_order_as_a_whole() {
    const ORDER: &str = "/api/v1/inbound-routes/order";
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    for (did, from) in [("100", None), ("100", Some("+356*")), ("200", None)] {
        admin.post(ROUTES, json!({ "did": did, "fromNumber": from, "user": "alex" })).await.expect(201);
    }
    let wanted = json!([{ "did": "200" }, { "did": "100", "fromNumber": "+356*" }, { "did": "100" }]);
    let ordered = admin.put(ORDER, json!({ "routes": wanted })).await.expect(200);
    let pairs = |list: &Value| -> Vec<(String, Value)> {
        list["data"].as_array().unwrap().iter().map(|row| (row["did"].as_str().unwrap().to_owned(), row["fromNumber"].clone())).collect()
    };
    let expected = [("200", Value::Null), ("100", json!("+356*")), ("100", Value::Null), ("*", Value::Null)];
    assert_eq!(pairs(&ordered), expected.map(|(did, from)| (did.to_owned(), from)));
    assert_eq!(pairs(&admin.get(ROUTES).await.expect(200)), pairs(&ordered));
    admin.put(ORDER, json!({ "routes": wanted })).await.expect(200);
    let trail = admin.get("/api/v1/audit?action=route.order").await.expect(200);
    assert_eq!(trail["total"], 1, "an order that changes nothing leaves no trace");
    admin.post(ROUTES, json!({ "did": "300", "user": "alex" })).await.expect(201);
    assert_eq!(order(&admin).await, ["200", "100", "100", "300", "*"], "a new route comes after those that were arranged");
    let refusal = admin.put(ORDER, json!({ "routes": wanted })).await.expect(409);
    assert_eq!(refusal["error"], "routes_changed");
    for (body, field) in [
        (json!({ "routes": [{ "did": "200" }, { "did": "200" }] }), "routes[1]"),
        (json!({ "routes": [{ "did": "*" }] }), "routes[0]"),
        (json!({ "routes": [{ "did": 7 }] }), "routes[0].did"),
        (json!({ "order": [] }), ""),
    ] {
        let refusal = admin.put(ORDER, body.clone()).await.expect(422);
        assert!(field.is_empty() || refusal["errors"][0]["field"] == field, "{body}: {refusal}");
    }
    app.user(Role::Supervisor).put(ORDER, json!({ "routes": [] })).await.expect(403);
    assert_eq!(order(&admin).await, ["200", "100", "100", "300", "*"]);
}
