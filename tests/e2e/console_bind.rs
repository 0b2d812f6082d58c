//! R43: people come in at an address of their own, programs at the public one.

use serde_json::json;

use super::support::{Http, Setup, free_port};

const OF_PEOPLE: [&str; 8] =
    ["/", "/calls", "/api/v1/users", "/api/v1/bots", "/api/v1/auth/me", "/api/v1/setup", "/api/v1/settings", "/api/v1/nothing"];

#[tokio::test]
async fn people_come_in_at_the_consoles_address_only_and_programs_at_both() {
    let bind = format!("127.0.0.1:{}", free_port());
    let mut appliance = Setup::new().env("CXBOX_CONSOLE__BIND", &bind).start().await;
    let (public, engine, console) = (appliance.http(), appliance.engine(), Http::new(format!("http://{bind}")));
    for path in OF_PEOPLE {
        let refused = public.get(path).await.unwrap();
        assert_eq!((refused.status.as_u16(), refused.json()["error"].as_str()), (403, Some("address_not_allowed")), "{path}");
        assert_ne!(console.get(path).await.unwrap().status, 403, "{path}");
    }
    let person = json!({ "email": "root@example.com", "password": "correct horse battery staple" });
    for path in ["/api/v1/setup", "/api/v1/auth/login"] {
        assert_eq!(public.post(path, &person).await.unwrap().status, 403, "{path}: nobody's password is looked at");
    }
    appliance.setup.http = bind.parse().unwrap();
    let admin = appliance.super_admin().await;
    assert_eq!(admin.get("/api/v1/users").await.unwrap().status, 200);
    let page = console.get("/").await.unwrap();
    assert_eq!((page.status.as_u16(), page.text().contains("<html")), (200, true), "the console itself");
    for http in [&public, &console] {
        assert_eq!(http.get("/healthz").await.unwrap().status, 200);
        assert_eq!(http.get("/api.ashx/v1").await.unwrap().status, 200);
        assert_eq!(http.get("/t/none.json").await.unwrap().status, 404);
    }
    let result = json!({ "session_id": "s-1", "disconnected_by": "customer" });
    engine.post_ok("/api/v1/call-results", &result, 200).await;
    assert_eq!(admin.get("/api/v1/calls/s-1").await.unwrap().status, 200);
}

#[tokio::test]
async fn an_address_that_cannot_be_had_is_said_and_one_that_others_reach_wants_tls() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    for (bind, said) in [(at.as_str(), "(console.bind)"), ("0.0.0.0:0", "server.tls = off on 0.0.0.0:0"), ("nowhere", "console.bind")] {
        let setup = Setup::new().env("CXBOX_CONSOLE__BIND", bind);
        let ended = setup.command().output().unwrap();
        let text = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!ended.status.success() && text.contains(said), "{bind}: {text}");
    }
}
