//! Inbound routes, one test for each line of the checklist (132 to 160).

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{Client, TestApp, make};

const ROUTES: &str = "/api.ashx/v1/inbound-routes";

async fn start() -> (TestApp, Client) {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    (app, admin)
}

async fn add(admin: &Client, did: &str, user: &str) -> Value {
    admin.post(ROUTES, json!({ "did": did, "user": user })).await.expect(201)
}

async fn add_from(admin: &Client, did: &str, from: &str, user: &str) -> Value {
    admin.post(ROUTES, json!({ "did": did, "fromNumber": from, "user": user })).await.expect(201)
}

async fn rows(admin: &Client) -> Vec<Value> {
    admin.get(ROUTES).await.expect(200)["data"].as_array().unwrap().clone()
}

async fn order(admin: &Client) -> Vec<String> {
    rows(admin).await.iter().map(|row| row["did"].as_str().unwrap().to_owned()).collect()
}

/// A number of this name that a bot answers, so that its name can be the user of a route.
async fn number(admin: &Client, name: &str) {
    let bot = admin.post("/api/v1/bots", make::bot(name)).await.expect(201)["id"].clone();
    admin.post("/api/v1/numbers", json!({ "name": name, "number": format!("n-{name}"), "bot_id": bot })).await.expect(201);
}

/// The name of the number that takes a call.
async fn taken_by(app: &TestApp, did: &str, from: Option<&str>) -> String {
    let call_id = format!("vnum{}", app.core_secret.len() + did.len() * 1000 + from.map_or(7, str::len));
    let call_id = format!(
        "{call_id}{}",
        app.db().read(|conn| Ok(conn.query_row("select count(*) from calls", [], |r| r.get::<_, i64>(0))?)).await.unwrap()
    );
    let call = json!({ "call_id": call_id, "carrier_id": "tr_1", "did": did, "from_number": from });
    let answer = app.engine().post("/api/v1/engine/inbound", call).await.expect(200);
    let Some(id) = answer["number_id"].as_str() else { return answer.to_string() };
    app.user(Role::Admin).get(&format!("/api/v1/numbers/{id}")).await.expect(200)["name"].as_str().unwrap().to_owned()
}

async fn store(app: &TestApp, sql: &'static str) {
    app.db().write(move |tx| Ok(tx.execute_batch(sql)?)).await.unwrap();
}

#[tokio::test]
async fn line_132_a_fresh_tenant_lists_exactly_the_catch_all() {
    let (_app, admin) = start().await;
    let list = admin.get(ROUTES).await.expect(200);
    assert_eq!((list["total"].clone(), order(&admin).await), (json!(1), vec!["*".to_owned()]));
}

#[tokio::test]
async fn line_133_a_catch_all_that_was_removed_from_storage_is_inserted_again() {
    let (app, admin) = start().await;
    number(&admin, "reception-desk").await;
    store(&app, "delete from inbound_routes").await;
    assert_eq!(order(&admin).await, ["*"]);
    store(&app, "delete from inbound_routes").await;
    assert_eq!(taken_by(&app, "+1999", Some("+1555")).await, "reception", "also when a call comes first");
    store(&app, "delete from inbound_routes").await;
    admin.put(&format!("{ROUTES}/%2A"), json!({ "user": "reception-desk" })).await.expect(200);
    store(&app, "delete from inbound_routes").await;
    add(&admin, "100", "alex").await;
    assert_eq!(order(&admin).await, ["100", "*"]);
}

#[tokio::test]
async fn line_134_the_list_is_in_match_order_and_the_catch_all_is_last() {
    let (_app, admin) = start().await;
    for did in ["9", "1", "5"] {
        add(&admin, did, "alex").await;
    }
    assert_eq!(order(&admin).await, ["9", "1", "5", "*"]);
}

#[tokio::test]
async fn line_135_a_post_with_did_and_user_is_201_with_the_created_row() {
    let (_app, admin) = start().await;
    assert_eq!(add(&admin, "+15551234567", "alex").await, json!({ "did": "+15551234567", "user": "alex" }));
}

#[tokio::test]
async fn line_136_a_new_row_is_placed_before_the_catch_all() {
    let (_app, admin) = start().await;
    add(&admin, "100", "alex").await;
    add(&admin, "200", "alex").await;
    assert_eq!(order(&admin).await.last().unwrap(), "*");
}

#[tokio::test]
async fn line_137_a_post_without_did_or_without_user_is_400() {
    let (_app, admin) = start().await;
    for (body, field) in
        [(json!({ "user": "alex" }), "did"), (json!({ "did": "100" }), "user"), (json!({ "did": " ", "user": "a" }), "did")]
    {
        let refusal = admin.post(ROUTES, body).await.expect(400);
        assert!(refusal["error_description"].as_str().unwrap().contains(field), "{refusal}");
    }
}

#[tokio::test]
async fn line_138_the_same_pair_twice_is_409_duplicate_route_that_names_the_did() {
    let (_app, admin) = start().await;
    add_from(&admin, "100", "+356*", "alex").await;
    let refusal = admin.post(ROUTES, json!({ "did": "100", "fromNumber": "+356*", "user": "berta" })).await.expect(409);
    assert_eq!(refusal["error"], "duplicate_route");
    assert!(refusal["error_description"].as_str().unwrap().contains("100"));
}

#[tokio::test]
async fn line_139_the_same_did_with_another_filter_is_201() {
    let (_app, admin) = start().await;
    add(&admin, "100", "alex").await;
    add_from(&admin, "100", "+356*", "berta").await;
    add_from(&admin, "100", "+44*", "carla").await;
}

#[tokio::test]
async fn line_140_a_second_catch_all_is_409() {
    let (_app, admin) = start().await;
    assert_eq!(admin.post(ROUTES, json!({ "did": "*", "user": "alex" })).await.expect(409)["error"], "duplicate_route");
}

#[tokio::test]
async fn line_141_without_from_number_there_is_no_filter_and_no_such_key_in_the_row() {
    let (_app, admin) = start().await;
    for body in [
        json!({ "did": "1", "user": "a" }),
        json!({ "did": "2", "user": "a", "fromNumber": "" }),
        json!({ "did": "3", "user": "a", "fromNumber": null }),
    ] {
        assert!(admin.post(ROUTES, body).await.expect(201).get("fromNumber").is_none());
    }
    assert!(rows(&admin).await.iter().all(|row| row.get("fromNumber").is_none()));
}

#[tokio::test]
async fn line_142_the_did_of_a_path_is_decoded() {
    let (_app, admin) = start().await;
    add(&admin, "+15551234567", "alex").await;
    assert_eq!(admin.get(&format!("{ROUTES}/%2B15551234567")).await.expect(200)["user"], "alex");
    assert_eq!(admin.get(&format!("{ROUTES}/%2A")).await.expect(200)["did"], "*");
}

#[tokio::test]
async fn line_143_an_unknown_did_is_404_that_names_it() {
    let (_app, admin) = start().await;
    let refusal = admin.get(&format!("{ROUTES}/%2B440000")).await.expect(404);
    assert!(refusal["error_description"].as_str().unwrap().contains("'+440000'"), "{refusal}");
}

#[tokio::test]
async fn line_144_percent_2a_is_the_catch_all() {
    let (_app, admin) = start().await;
    add_from(&admin, "*", "+44*", "british").await;
    assert_eq!(admin.get(&format!("{ROUTES}/%2A")).await.expect(200), json!({ "did": "*", "user": "reception" }));
}

#[tokio::test]
async fn line_145_put_changes_the_user_and_nothing_else() {
    let (_app, admin) = start().await;
    add_from(&admin, "100", "+356*", "alex").await;
    let body = json!({ "user": "berta", "did": "999", "fromNumber": "+1*" });
    let changed = admin.put(&format!("{ROUTES}/100?fromNumber=%2B356%2A"), body).await.expect(200);
    assert_eq!(changed, json!({ "did": "100", "fromNumber": "+356*", "user": "berta" }));
    assert_eq!(rows(&admin).await[0], changed);
}

#[tokio::test]
async fn line_146_put_without_from_number_means_the_row_without_a_filter() {
    let (_app, admin) = start().await;
    add_from(&admin, "100", "+356*", "alex").await;
    add(&admin, "100", "berta").await;
    admin.put(&format!("{ROUTES}/100"), json!({ "user": "carla" })).await.expect(200);
    let users: Vec<Value> = rows(&admin).await.iter().map(|row| row["user"].clone()).collect();
    assert_eq!(users[..2], ["alex", "carla"]);
}

#[tokio::test]
async fn line_147_put_with_from_number_star_means_the_row_filtered_by_a_star() {
    let (_app, admin) = start().await;
    add(&admin, "anonymous", "alex").await;
    add_from(&admin, "anonymous", "*", "berta").await;
    let changed = admin.put(&format!("{ROUTES}/anonymous?fromNumber=%2A"), json!({ "user": "carla" })).await.expect(200);
    assert_eq!(changed, json!({ "did": "anonymous", "fromNumber": "*", "user": "carla" }));
    assert_eq!(rows(&admin).await[0]["user"], "alex");
}

#[tokio::test]
async fn line_148_put_without_a_match_is_404_that_names_both_keys() {
    let (_app, admin) = start().await;
    add(&admin, "100", "alex").await;
    let refusal = admin.put(&format!("{ROUTES}/100?fromNumber=%2B44%2A"), json!({ "user": "b" })).await.expect(404);
    let sentence = refusal["error_description"].as_str().unwrap();
    assert!(sentence.contains("'100'") && sentence.contains("'+44*'"), "{sentence}");
}

#[tokio::test]
async fn line_149_put_gives_the_catch_all_another_user() {
    let (app, admin) = start().await;
    number(&admin, "night").await;
    admin.put(&format!("{ROUTES}/%2A"), json!({ "user": "night" })).await.expect(200);
    assert_eq!(taken_by(&app, "+1999", Some("+1555")).await, "night");
}

#[tokio::test]
async fn line_150_put_without_a_user_is_400() {
    let (_app, admin) = start().await;
    for body in [json!({}), json!({ "user": " " }), json!({ "user": null })] {
        admin.put(&format!("{ROUTES}/%2A"), body).await.expect(400);
    }
}

#[tokio::test]
async fn line_151_delete_is_200_with_the_deleted_row_and_the_row_is_gone() {
    let (_app, admin) = start().await;
    add_from(&admin, "100", "+356*", "alex").await;
    let gone = admin.delete(&format!("{ROUTES}/100?fromNumber=%2B356%2A")).await.expect(200);
    assert_eq!(gone, json!({ "deleted": { "did": "100", "fromNumber": "+356*", "user": "alex" } }));
    assert_eq!(order(&admin).await, ["*"]);
}

#[tokio::test]
async fn line_152_the_catch_all_cannot_be_deleted() {
    let (_app, admin) = start().await;
    assert_eq!(admin.delete(&format!("{ROUTES}/%2A")).await.expect(400)["error"], "cannot_delete_catchall");
    assert_eq!(order(&admin).await, ["*"]);
}

#[tokio::test]
async fn line_153_delete_of_what_is_not_there_is_404() {
    let (_app, admin) = start().await;
    admin.delete(&format!("{ROUTES}/100")).await.expect(404);
    add_from(&admin, "100", "+356*", "alex").await;
    admin.delete(&format!("{ROUTES}/100")).await.expect(404);
}

#[tokio::test]
async fn line_154_a_call_to_a_listed_did_is_for_that_rows_user() {
    let (app, admin) = start().await;
    number(&admin, "sales").await;
    add(&admin, "+15551234567", "sales").await;
    assert_eq!(taken_by(&app, "+15551234567", Some("+1555")).await, "sales");
    assert_eq!(taken_by(&app, "15551234567", Some("+1555")).await, "sales", "carriers leave the plus out");
}

#[tokio::test]
async fn line_155_the_first_row_that_fits_wins() {
    let (app, admin) = start().await;
    number(&admin, "first").await;
    number(&admin, "second").await;
    add_from(&admin, "100", "*", "first").await;
    add(&admin, "100", "second").await;
    assert_eq!(taken_by(&app, "100", Some("+1555")).await, "first");
}

#[tokio::test]
async fn line_156_a_call_that_no_row_takes_is_for_the_catch_alls_user() {
    let (app, admin) = start().await;
    number(&admin, "sales").await;
    add(&admin, "100", "sales").await;
    assert_eq!(taken_by(&app, "200", Some("+1555")).await, "reception");
}

#[tokio::test]
async fn line_157_a_call_without_caller_id_takes_the_anonymous_row() {
    let (app, admin) = start().await;
    number(&admin, "screening").await;
    add(&admin, "anonymous", "screening").await;
    for withheld in [None, Some("anonymous"), Some("Restricted"), Some("")] {
        assert_eq!(taken_by(&app, "200", withheld).await, "screening", "{withheld:?}");
    }
    assert_eq!(taken_by(&app, "200", Some("+1555")).await, "reception");
}

#[tokio::test]
async fn line_158_a_beginning_with_a_star_fits_numbers_that_begin_so() {
    let (app, admin) = start().await;
    number(&admin, "malta").await;
    add_from(&admin, "100", "+356*", "malta").await;
    assert_eq!(taken_by(&app, "100", Some("+35699123456")).await, "malta");
    assert_eq!(taken_by(&app, "100", Some("+447700900123")).await, "reception");
    assert_eq!(taken_by(&app, "100", None).await, "reception");
}

#[tokio::test]
async fn line_159_of_legacy_doubles_put_and_delete_touch_the_first_only() {
    let (app, admin) = start().await;
    store(&app, "insert into inbound_routes (did, user) values ('100', 'first'), ('100', 'second')").await;
    admin.put(&format!("{ROUTES}/100"), json!({ "user": "changed" })).await.expect(200);
    let users: Vec<Value> = rows(&admin).await.iter().map(|row| row["user"].clone()).collect();
    assert_eq!(users, ["changed", "second", "reception"]);
    assert_eq!(admin.delete(&format!("{ROUTES}/100")).await.expect(200)["deleted"]["user"], "changed");
    assert_eq!(admin.get(&format!("{ROUTES}/100")).await.expect(200)["user"], "second");
}

#[tokio::test]
async fn line_160_a_change_holds_from_the_next_call_on_without_a_restart() {
    let (app, admin) = start().await;
    number(&admin, "day").await;
    number(&admin, "night").await;
    add(&admin, "100", "day").await;
    assert_eq!(taken_by(&app, "100", Some("+1555")).await, "day");
    admin.put(&format!("{ROUTES}/100"), json!({ "user": "night" })).await.expect(200);
    assert_eq!(taken_by(&app, "100", Some("+1555")).await, "night");
    admin.delete(&format!("{ROUTES}/100")).await.expect(200);
    assert_eq!(taken_by(&app, "100", Some("+1555")).await, "reception");
}
