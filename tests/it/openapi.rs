//! The committed description of the API is the one the routes give.

#[test]
fn the_committed_description_is_what_the_routes_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/openapi.json");
    let now = cxbox::app::openapi_text().unwrap();
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(now == committed, "assets/openapi.json is out of date: cargo run -- openapi > assets/openapi.json");
}
