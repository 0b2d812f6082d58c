//! The identity provider seen by relying parties that other people wrote: npm `openid-client` and PyPI `authlib`.

use serde_json::{Value, json};

use crate::peers;
use crate::support::Appliance;

#[tokio::test]
async fn relying_parties_of_other_people_sign_in_and_verify_the_tokens() {
    let appliance = Appliance::start().await;
    let root = appliance.super_admin().await.get_ok("/api/v1/auth/me").await;
    let order = json!({
        "issuer": format!("http://{}", appliance.setup.http), "client_id": "codeb-admin",
        "username": "root", "password": "correct horse battery",
    });
    for peer in [peers::node("oidc_client.mjs"), peers::python("oidc_client.py")] {
        let output = peers::run(peer, &order.to_string());
        let saw: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(saw["password"], json!({ "expires_in": 3600, "sub": root["id"] }));
    }
}
