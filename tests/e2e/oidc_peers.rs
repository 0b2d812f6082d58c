//! The identity provider seen by relying parties that other people wrote: npm `openid-client` and PyPI `authlib`.

use serde_json::{Value, json};

use crate::peers;
use crate::support::{Appliance, Http};

/// Where nobody listens: the peers read the address they are sent to.
const CALLBACK: &str = "http://127.0.0.1:9/callback";
const BYE: &str = "http://127.0.0.1:9/bye";

async fn register(root: &Http, id: &str, confidential: bool) -> Value {
    let body = json!({
        "client_id": id, "redirect_uris": ["http://127.0.0.1/callback"], "post_logout_redirect_uris": [BYE], "confidential": confidential,
    });
    let made = root.post_ok("/api/v1/oidc/clients", &body, 201).await;
    json!({ "id": id, "secret": made["client_secret"] })
}

#[tokio::test]
async fn relying_parties_of_other_people_sign_in_refresh_revoke_and_leave() {
    let appliance = Appliance::start().await;
    let root = appliance.super_admin().await;
    let me = root.get_ok("/api/v1/auth/me").await["id"].clone();
    let order = json!({
        "issuer": format!("http://{}", appliance.setup.http), "username": "root", "password": "correct horse battery",
        "redirect_uri": CALLBACK, "bye": BYE,
        "public": register(&root, "app", false).await, "confidential": register(&root, "server", true).await,
    });
    let [node, python] = [peers::node("oidc_client.mjs"), peers::python("oidc_client.py")].map(|peer| {
        let output = peers::run(peer, &order.to_string());
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    });
    for saw in [&node, &python] {
        assert_eq!(saw["password"], json!({ "expires_in": 3600, "sub": me }));
        for way in ["public", "post", "basic"] {
            let saw = &saw[way];
            assert_eq!((&saw["sub"], &saw["email"], &saw["refreshed"]), (&me, &json!("root@example.com"), &json!(true)), "{way}");
            assert_eq!(saw["refreshAfterwards"], "invalid_grant", "{way}");
        }
    }
    for way in ["public", "post", "basic"] {
        assert_eq!(python[way]["revoked"], 200, "{way}");
        assert_eq!((&node[way]["left"], &node[way]["askedAgain"]), (&json!(format!("{BYE}?state=left")), &json!(true)), "{way}");
    }
    let log = appliance.log();
    for secret in ["eyJ", "correct horse", order["confidential"]["secret"].as_str().unwrap()] {
        assert!(!log.contains(secret), "the log shows {secret}");
    }
    for way in ["post", "basic"] {
        assert_eq!((&node[way]["active"], &node[way]["activeAfterwards"]), (&json!(true), &json!(false)), "{way}");
    }
}
