//! The truth table of tokens: what is accepted, and everything near it that is not.

use std::sync::OnceLock;

use super::*;
use crate::base::Random;
use crate::platform::data_dir::DataDir;

const NOW: Millis = Millis(1_767_268_800_000);
const ISSUER: &str = "https://box.example:8443";
const SECRET: &str = "6f1c9a0be2d84753a1f09e7cc3b25d88";

/// One key for all tests: making one takes a second.
fn tokens() -> &'static Tokens {
    static TOKENS: OnceLock<Tokens> = OnceLock::new();
    TOKENS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let ring = KeyRing::open(&DataDir::open(folder.path()).unwrap(), &Random::system()).unwrap();
        Tokens::new(ring, &Secret::new(SECRET), ISSUER)
    })
}

fn about() -> Map<String, Value> {
    let claims = json!({
        "sub": "usr_1", "uid": "usr_1", "role": "admin", "ver": 3, "gid": "grt_1", "client_id": "codeb-admin", "scope": "openid email",
    });
    claims.as_object().unwrap().clone()
}

fn access_claims() -> Value {
    claims(&about(), ISSUER, API_AUDIENCE, NOW, ACCESS_LIFE)
}

fn login_claims() -> Value {
    claims(&about(), LOGIN_ISSUER, LOGIN_AUDIENCE, NOW, LOGIN_LIFE)
}

fn rs(header: &Value, claims: &Value) -> String {
    let signed = unsigned(header, claims).unwrap();
    let signature = tokens().ring.active().sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn hs(key: &[u8], header: &Value, claims: &Value) -> String {
    let signed = unsigned(header, claims).unwrap();
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes());
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn rs_header() -> Value {
    json!({ "alg": "RS256", "typ": ACCESS_TYPE, "kid": tokens().ring.active().public().kid() })
}

fn hs_header() -> Value {
    json!({ "alg": "HS256", "typ": "JWT", "kid": LOGIN_KID })
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

fn without(mut claims: Value, name: &str) -> Value {
    claims.as_object_mut().unwrap().remove(name);
    claims
}

#[test]
fn both_kinds_hold_until_the_second_they_expire() {
    let made = [
        (tokens().access(&about(), API_AUDIENCE, NOW).unwrap(), ACCESS_LIFE, true),
        (tokens().login(&about(), NOW).unwrap(), LOGIN_LIFE, false),
    ];
    for (token, life, is_oidc) in made {
        let proof = tokens().verify(&token, NOW).unwrap();
        assert_eq!((proof.user_id.as_str(), proof.epoch), ("usr_1", 3));
        assert_eq!(proof.access.as_ref().map(|a| (a.grant_id.as_str(), a.opens_api)), is_oidc.then_some(("grt_1", true)));
        assert_eq!(tokens().verify(&token, NOW.plus(life).minus(Duration::from_secs(1))), Some(proof));
        assert_eq!(tokens().verify(&token, NOW.plus(life)), None);
        assert_eq!(tokens().verify(&token, NOW.minus(Duration::from_secs(60))), None, "made in the future");
    }
}

#[test]
fn the_tables_own_signing_makes_tokens_that_hold() {
    assert!(tokens().verify(&rs(&rs_header(), &access_claims()), NOW).is_some());
    assert!(tokens().verify(&hs(SECRET.as_bytes(), &hs_header(), &login_claims()), NOW).is_some());
}

#[test]
fn no_claim_may_be_missing_foreign_or_of_another_type() {
    let late = seconds(NOW) + 60;
    let bad: Vec<(&str, Value)> = vec![
        ("iss", json!("https://other.example")),
        ("iss", json!([ISSUER, LOGIN_ISSUER])),
        ("iss", json!(null)),
        ("aud", json!("another-client")),
        ("aud", json!([API_AUDIENCE, LOGIN_AUDIENCE])),
        ("aud", json!(1)),
        ("exp", json!(seconds(NOW))),
        ("exp", json!(late.to_string())),
        ("exp", json!(late as f64 + 0.5)),
        ("exp", json!(true)),
        ("exp", json!(null)),
        ("exp", json!([late])),
        ("nbf", json!(late)),
        ("nbf", json!(seconds(NOW).to_string())),
        ("nbf", json!(null)),
        ("iat", json!(late)),
        ("iat", json!("0")),
        ("ver", json!("3")),
    ];
    let mut tables = Vec::new();
    for claims in [access_claims(), login_claims()] {
        tables.extend(bad.iter().map(|(name, value)| with(claims.clone(), name, value.clone())));
        tables.extend(["iss", "aud", "exp", "iat", "ver"].iter().map(|name| without(claims.clone(), name)));
    }
    tables.push(with(with(access_claims(), "sub", json!("")), "uid", json!("")));
    tables.push(with(with(access_claims(), "sub", json!(7)), "uid", json!(7)));
    for claims in tables {
        assert_eq!(tokens().verify(&rs(&rs_header(), &claims), NOW), None, "RS256 {claims}");
        assert_eq!(tokens().verify(&hs(SECRET.as_bytes(), &hs_header(), &claims), NOW), None, "HS256 {claims}");
    }
    // Claims of one kind under the key of the other.
    assert_eq!(tokens().verify(&rs(&rs_header(), &login_claims()), NOW), None);
    assert_eq!(tokens().verify(&hs(SECRET.as_bytes(), &hs_header(), &access_claims()), NOW), None);
}

#[test]
fn the_token_never_chooses_the_algorithm() {
    let kid = tokens().ring.active().public().kid().to_owned();
    let jwk = tokens().ring().jwks(NOW)["keys"][0].clone();
    let public = jwk["n"].as_str().unwrap().as_bytes().to_vec();
    let mut refused = Vec::new();
    for alg in ["none", "None", "", "HS256", "HS512", "ES256", "PS256", "RS512", "rs256"] {
        let header = json!({ "alg": alg, "typ": ACCESS_TYPE, "kid": kid });
        refused.push(rs(&header, &access_claims()));
        refused.push(hs(&public, &header, &access_claims()));
        refused.push(hs(jwk.to_string().as_bytes(), &header, &access_claims()));
        refused.push(hs(SECRET.as_bytes(), &header, &access_claims()));
        refused.push(format!("{}.", unsigned(&header, &access_claims()).unwrap()));
        let header = json!({ "alg": alg, "typ": "JWT", "kid": LOGIN_KID });
        refused.push(rs(&header, &login_claims()));
        refused.push(format!("{}.", unsigned(&header, &login_claims()).unwrap()));
        if alg != "HS256" {
            refused.push(hs(SECRET.as_bytes(), &header, &login_claims()));
        }
    }
    for token in refused {
        assert_eq!(tokens().verify(&token, NOW), None, "{token}");
    }
}

#[test]
fn a_key_s_name_is_one_of_two_texts() {
    let names = [
        json!(""),
        json!("../../secrets/jwt_secret"),
        json!("/dev/null"),
        json!("LOGIN"),
        json!("login\u{0}"),
        json!(" login"),
        json!(0),
        json!(null),
        json!(["login"]),
        json!({ "login": 1 }),
    ];
    for kid in names {
        let (rs_named, hs_named) = (with(rs_header(), "kid", kid.clone()), with(hs_header(), "kid", kid.clone()));
        assert_eq!(tokens().verify(&rs(&rs_named, &access_claims()), NOW), None, "{kid}");
        assert_eq!(tokens().verify(&hs(SECRET.as_bytes(), &hs_named, &login_claims()), NOW), None, "{kid}");
        assert_eq!(tokens().verify(&hs(b"", &hs_named, &login_claims()), NOW), None, "{kid}");
    }
    for name in ["kid", "alg"] {
        assert_eq!(tokens().verify(&rs(&without(rs_header(), name), &access_claims()), NOW), None, "no {name}");
    }
}

#[test]
fn identity_tokens_extensions_and_embedded_keys_open_nothing() {
    assert_eq!(tokens().verify(&tokens().identity(&about(), API_AUDIENCE, NOW).unwrap(), NOW), None);
    for header in [with(rs_header(), "crit", json!(["exp"])), with(rs_header(), "crit", json!([])), with(rs_header(), "typ", json!("JWT"))]
    {
        assert_eq!(tokens().verify(&rs(&header, &access_claims()), NOW), None, "{header}");
    }
    let embedded =
        json!({ "alg": "HS256", "typ": "JWT", "kid": "mine", "jwk": { "kty": "oct", "k": "AAAA" }, "jku": "https://evil.example" });
    assert_eq!(tokens().verify(&hs(&[0, 0, 0], &embedded, &login_claims()), NOW), None);
}

#[test]
fn a_token_that_was_touched_anywhere_is_refused() {
    for token in [tokens().access(&about(), API_AUDIENCE, NOW).unwrap(), tokens().login(&about(), NOW).unwrap()] {
        for at in (0..token.len()).step_by(7) {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let touched = String::from_utf8(bytes).unwrap();
            assert_eq!(tokens().verify(&touched, NOW), None, "byte {at}");
        }
        let parts: Vec<&str> = token.split('.').collect();
        for text in [
            String::new(),
            ".".into(),
            "..".into(),
            "...".into(),
            format!("{token}."),
            format!(".{token}"),
            format!("{token}="),
            format!("{}.{}", parts[0], parts[1]),
            format!("{}.{}.{}.{}", parts[0], parts[1], parts[1], parts[2]),
            format!("{}.{}.", parts[0], parts[1]),
            token.to_uppercase(),
            "a".repeat(100_000),
        ] {
            assert_eq!(tokens().verify(&text, NOW), None, "{text}");
        }
    }
}

#[test]
fn an_access_token_opens_the_api_only_when_it_names_it() {
    for (audience, expected) in [(API_AUDIENCE, Some(true)), ("grafana", Some(false)), ("another", None), ("", None)] {
        let claims = with(with(access_claims(), "aud", json!(audience)), "client_id", json!("grafana"));
        let proof = tokens().verify(&rs(&rs_header(), &claims), NOW);
        assert_eq!(proof.map(|proof| proof.access.unwrap().opens_api), expected, "{audience}");
    }
    for name in ["gid", "client_id"] {
        assert_eq!(tokens().verify(&rs(&rs_header(), &without(access_claims(), name)), NOW), None, "no {name}");
    }
}

#[test]
fn a_hint_may_be_over_but_not_foreign_and_not_an_access_token() {
    let late = NOW.plus(Duration::from_secs(86_400));
    let hint = tokens().hint(&tokens().identity(&about(), "grafana", NOW).unwrap(), late).unwrap();
    assert_eq!((hint.user_id.as_str(), hint.client_id.as_str()), ("usr_1", "grafana"));
    assert_eq!(tokens().hint(&tokens().access(&about(), API_AUDIENCE, NOW).unwrap(), NOW), None);
    let header = with(rs_header(), "typ", json!("JWT"));
    assert!(tokens().hint(&rs(&header, &access_claims()), NOW).is_some());
    assert_eq!(tokens().hint(&rs(&header, &with(access_claims(), "iss", json!("https://other.example"))), NOW), None);
    assert_eq!(tokens().hint(&hs(SECRET.as_bytes(), &hs_header(), &access_claims()), NOW), None);
}

#[test]
fn the_published_key_verifies_access_tokens_and_shows_nothing_private() {
    let jwk = tokens().ring().jwks(NOW)["keys"][0].clone();
    let part = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let token = tokens().access(&about(), API_AUDIENCE, NOW).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let public = ring::rsa::PublicKeyComponents { n: part("n"), e: part("e") };
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    public.verify(&ring::signature::RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).unwrap();
    let members: Vec<&String> = jwk.as_object().unwrap().keys().collect();
    assert_eq!(members, ["kty", "use", "alg", "kid", "n", "e"]);
}
