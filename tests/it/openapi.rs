//! The committed description of the API is the one the routes give.

#[test]
fn the_committed_description_is_what_the_routes_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/openapi.json");
    let now = cxbox::app::openapi_text().unwrap();
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(now == committed, "assets/openapi.json is out of date: cargo run -- openapi > assets/openapi.json");
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let text = cxbox::app::openapi_text().unwrap();
    let description: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut names = std::collections::BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(_, operation)| operation.is_object()) {
            let name = operation["operationId"].as_str().unwrap_or_default();
            assert!(!name.is_empty() && names.insert(name.to_owned()), "{method} {path} has the name {name:?}, which is none or taken");
        }
    }
    assert!(names.len() > 100 && names.contains("get_api_v1_calls_session_id"));
}
