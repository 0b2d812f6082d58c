//! Tokens that are almost right, by the hundred: none opens anything (requirement R35). The genuine ones beside them do.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::forge::{Forge, b64, hs256, unsigned};
use crate::support::{Client, TestApp};

/// Tokens with a word on what is wrong with each.
struct Bad(Vec<(String, String)>);

impl Bad {
    fn add(&mut self, why: impl Into<String>, token: impl Into<String>) {
        self.0.push((why.into(), token.into()));
    }
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

/// What stands beside a genuine value and is not it.
fn near(genuine: &Value) -> Vec<Value> {
    let mut near = vec![json!(null), json!(""), json!([]), json!({}), json!(true), json!(0), json!(-1), json!(1.5), json!([genuine])];
    match genuine.as_str() {
        Some(text) => near.extend([
            json!(text.to_uppercase() + "x"),
            json!(format!(" {text}")),
            json!(format!("{text} ")),
            json!(format!("{text}\u{0}")),
            json!(format!("{text}/")),
            json!(text.chars().rev().collect::<String>() + "~"),
        ]),
        None => near.extend([json!(genuine.to_string()), json!("soon")]),
    }
    near
}

/// Claims out of shape, signed with the right key.
fn wrong_claims(bad: &mut Bad, sign: &dyn Fn(&Value) -> String, claims: &Value, names: &[&str]) {
    for name in names {
        bad.add(format!("no {name}"), sign(&without(claims.clone(), name)));
        for value in near(&claims[*name]) {
            bad.add(format!("{name} = {value}"), sign(&with(claims.clone(), name, value.clone())));
        }
    }
    let now = claims["iat"].as_i64().unwrap();
    for (name, at) in
        [("exp", now), ("exp", now - 1), ("exp", 0), ("exp", i64::MIN), ("iat", now + 3600), ("iat", i64::MAX), ("nbf", now + 3600)]
    {
        bad.add(format!("{name} at {at}"), sign(&with(claims.clone(), name, json!(at))));
    }
    for value in [json!("now"), json!(null), json!([now]), json!(now as f64 + 0.5)] {
        bad.add(format!("nbf = {value}"), sign(&with(claims.clone(), "nbf", value)));
    }
}

/// Other algorithms under every name, keys taken from what is published, names of keys that are paths or queries.
fn confused(bad: &mut Bad, forge: &Forge, jwt_secret: &[u8], access: &Value, login: &Value) {
    let public = forge.modulus.as_bytes().to_vec();
    let keys: [&[u8]; 5] = [&public, b"", b"secret", forge.kid.as_bytes(), jwt_secret];
    for alg in ["none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256"] {
        let header = with(forge.header(), "alg", json!(alg));
        bad.add(format!("access {alg} unsigned"), unsigned(&header, access) + ".");
        bad.add(format!("access {alg} signed RS256"), forge.rs256(&header, access));
        for key in keys {
            bad.add(format!("access {alg} by HMAC"), hs256(key, &header, access));
        }
        let header = json!({ "alg": alg, "typ": "JWT", "kid": "login" });
        bad.add(format!("login {alg} unsigned"), unsigned(&header, login) + ".");
        bad.add(format!("login {alg} by RSA"), forge.rs256(&header, login));
        if alg != "HS256" {
            bad.add(format!("login {alg} by HMAC"), hs256(jwt_secret, &header, login));
        }
        for key in &keys[..4] {
            bad.add(format!("login {alg} by another secret"), hs256(key, &header, login));
        }
    }
    let names = ["", "login ", "LOGIN", "../../secrets/jwt_secret", "/dev/null", "' or 1=1 --", "\u{0}", "https://evil.example/jwks", "0"];
    for kid in names.map(|name| json!(name)).into_iter().chain([json!(null), json!(0), json!(["login"]), json!({ "kid": "login" })]) {
        bad.add(format!("kid {kid}"), forge.rs256(&with(forge.header(), "kid", kid.clone()), access));
        bad.add(format!("kid {kid}"), hs256(jwt_secret, &json!({ "alg": "HS256", "typ": "JWT", "kid": kid }), login));
        bad.add(format!("kid {kid}"), hs256(b"", &json!({ "alg": "HS256", "typ": "JWT", "kid": kid }), login));
    }
    for typ in [json!("JWT"), json!("jwt"), json!("at+JWT"), json!(""), json!(null), json!(["at+jwt"]), json!("application/at+jwt")] {
        bad.add(format!("typ {typ}"), forge.rs256(&with(forge.header(), "typ", typ), access));
    }
    let jwk = json!({ "kty": "oct", "k": b64(b"mine") });
    for (name, value) in
        [("jwk", jwk), ("jku", json!("https://evil.example")), ("x5u", json!("https://evil.example")), ("crit", json!(["exp"]))]
    {
        let header = with(json!({ "alg": "HS256", "typ": "at+jwt", "kid": "mine" }), name, value.clone());
        bad.add(format!("header {name}"), hs256(b"mine", &header, access));
    }
    bad.add("crit", forge.rs256(&with(forge.header(), "crit", json!([])), access));
    bad.add("access claims as login", hs256(jwt_secret, &json!({ "alg": "HS256", "typ": "JWT", "kid": "login" }), access));
    bad.add("login claims as access", forge.rs256(&forge.header(), login));
}

/// Genuine tokens cut, bent, doubled and mixed.
fn bent(bad: &mut Bad, one: &str, other: &str) {
    for (token, foreign) in [(one, other), (other, one)] {
        for at in (0..token.len()).step_by(token.len() / 40) {
            bad.add(format!("cut at {at}"), &token[..at]);
            let mut bytes = token.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            bad.add(format!("byte {at} changed"), String::from_utf8(bytes).unwrap());
        }
        let (mine, theirs): (Vec<&str>, Vec<&str>) = (token.split('.').collect(), foreign.split('.').collect());
        for mix in
            [[mine[0], mine[1], theirs[2]], [mine[0], theirs[1], mine[2]], [theirs[0], mine[1], mine[2]], [mine[1], mine[0], mine[2]]]
        {
            bad.add("halves of two tokens", mix.join("."));
        }
        for text in [format!("{token}."), format!(".{token}"), format!("{token}.{token}"), format!("{token}="), token.replace('.', "..")] {
            bad.add("dots and padding", text);
        }
    }
}

async fn accepted(client: &Client, tokens: &Bad) -> Vec<String> {
    let mut wrong = Vec::new();
    for (why, token) in &tokens.0 {
        let Ok(value) = http::HeaderValue::from_str(&format!("Bearer {token}")) else { continue };
        let answer = client.with_header("authorization", value.to_str().unwrap_or("Bearer x")).get("/api.ashx/v1/calls").await;
        if answer.status != 401 {
            wrong.push(format!("{why}: {}", answer.status));
        }
    }
    wrong
}

#[tokio::test]
async fn of_more_than_five_hundred_tokens_that_are_almost_right_none_is_taken() {
    let app = TestApp::start().await;
    let forge = Forge::of(&app.data);
    let secret = app.jwt_secret().as_bytes().to_vec();
    let access = app.access_claims(Role::SuperAdmin);
    let now = access["iat"].clone();
    let login = json!({
        "uid": access["sub"], "ver": 0, "iss": "cxbox-login", "aud": "cxbox-api", "iat": now, "exp": now.as_i64().unwrap() + 28_800,
    });
    let login_header = json!({ "alg": "HS256", "typ": "JWT", "kid": "login" });
    let (good_access, good_login) = (forge.rs256(&forge.header(), &access), hs256(&secret, &login_header, &login));
    let path = "/api.ashx/v1/calls";
    for genuine in [&good_access, &good_login] {
        app.anonymous().with_bearer(genuine).get(path).await.expect(200);
    }
    let mut bad = Bad(Vec::new());
    let sign = |claims: &Value| forge.rs256(&forge.header(), claims);
    wrong_claims(&mut bad, &sign, &access, &["iss", "sub", "aud", "exp", "iat", "ver", "gid", "client_id"]);
    let sign = |claims: &Value| hs256(&secret, &login_header, claims);
    wrong_claims(&mut bad, &sign, &login, &["iss", "uid", "aud", "exp", "iat", "ver"]);
    // What is genuine after all: the stored epoch, a time long past, a client that may have such a token.
    bad.0.retain(|(why, _)| !["ver = 0", "iat = 0", "iat = -1"].contains(&why.as_str()));
    bad.0.retain(|(why, _)| !why.starts_with("client_id = \"") || why == "client_id = \"\"");
    confused(&mut bad, &forge, &secret, &access, &login);
    bent(&mut bad, &good_access, &good_login);
    for grant in ["grt_none", "grt_super_admin2", "' or 1=1"] {
        bad.add("no such grant", forge.rs256(&forge.header(), &with(access.clone(), "gid", json!(grant))));
    }
    for user in ["usr_none", "usr_admin", "super_admin"] {
        bad.add("no such person", forge.rs256(&forge.header(), &with(access.clone(), "sub", json!(user))));
    }
    assert!(bad.0.len() >= 500, "only {} cases", bad.0.len());
    let wrong = accepted(&app.anonymous(), &bad).await;
    assert!(wrong.is_empty(), "{} of {} were taken: {wrong:#?}", wrong.len(), bad.0.len());
    app.anonymous().with_bearer(&good_access).get(path).await.expect(200);
}

#[tokio::test]
async fn tokens_of_another_box_and_of_another_tenant_on_the_same_keys_are_refused() {
    let (one, other) = (TestApp::start().await, TestApp::start().await);
    let path = "/api.ashx/v1/calls";
    let here = Forge::of(&one.data);
    let claims = one.access_claims(Role::SuperAdmin);
    let token = here.rs256(&here.header(), &claims);
    one.anonymous().with_bearer(&token).get(path).await.expect(200);
    other.access_claims(Role::SuperAdmin);
    // All boxes of this test run share one RSA key: only the issuer tells them apart.
    assert_eq!(here.kid, Forge::of(&other.data).kid);
    other.anonymous().with_bearer(&token).get(path).await.expect(401);
    let mut renamed = TestApp::start_with(&[("CXBOX_SERVER__PUBLIC_BASE_URL", "https://tenant-a.example")]).await;
    renamed.may_leave_work();
    let mine = with(renamed.access_claims(Role::SuperAdmin), "iss", json!("https://tenant-a.example"));
    let forge = Forge::of(&renamed.data);
    renamed.anonymous().with_bearer(&forge.rs256(&forge.header(), &mine)).get(path).await.expect(200);
    let foreign = with(mine, "iss", json!("https://tenant-b.example"));
    renamed.anonymous().with_bearer(&forge.rs256(&forge.header(), &foreign)).get(path).await.expect(401);
}

#[tokio::test]
async fn a_token_ends_at_its_second_and_below_admin_it_is_403() {
    let app = TestApp::start().await;
    let path = "/api.ashx/v1/calls";
    app.oidc_user(Role::Agent).get(path).await.expect(403);
    app.oidc_user(Role::Supervisor).get(path).await.expect(403);
    let admin = app.oidc_user(Role::Admin);
    app.advance(Duration::from_secs(3599));
    admin.get(path).await.expect(200);
    app.advance(Duration::from_secs(1));
    admin.get(path).await.expect(401);
}
