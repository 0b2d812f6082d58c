//! Trunks with real carriers: Kamailio as registrar and proxy over UDP, TCP and TLS, trunks that fail, a NAT in between, and attackers.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::UdpSocket;

use super::support::kamailio::{PASSWORD, USER};
use super::support::{Appliance, Http, Kamailio, Peer, free_port, reception, until};

const SOON: Duration = Duration::from_secs(40);

/// A carrier with some fields of its own; its trunk is asked every second.
async fn carrier(admin: &Http, sip_address: &str, change: Value) -> String {
    let mut body = json!({
        "name": "Carrier", "sip_address": sip_address, "options_interval_seconds": 1, "register_interval_seconds": 60,
        "outbound_auth_username": USER, "outbound_auth_password": PASSWORD, "outbound_cps": 100, "outbound_burst": 100
    });
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    admin.post_ok("/api/v1/carriers", &body, 201).await["id"].as_str().unwrap().to_owned()
}

async fn until_sync(admin: &Http, id: &str, wanted: &str) -> Value {
    until(&format!("the trunk is {wanted}"), SOON, || async {
        let seen = admin.get_ok(&format!("/api/v1/carriers/{id}")).await;
        (seen["lk_sync_status"] == wanted).then_some(seen)
    })
    .await
}

async fn bot(admin: &Http) -> String {
    let mut bot = reception();
    bot["max_call_duration_seconds"] = 3.into();
    admin.post_ok("/api/v1/bots", &bot, 201).await["id"].as_str().unwrap().to_owned()
}

async fn dial(admin: &Http, bot_id: &str) -> String {
    let body = json!({ "phone": "+15557654321", "systemPrompt": "Say hello.", "maxSeconds": 30, "botId": bot_id });
    admin.post_ok("/api.ashx/v1/calls", &body, 200).await["callId"].as_str().unwrap().to_owned()
}

async fn until_status(admin: &Http, call_id: &str, wanted: &str) -> Value {
    until(&format!("{call_id} is {wanted}"), SOON, || async {
        let call = admin.get_ok(&format!("/api.ashx/v1/calls/{call_id}")).await;
        (call["status"] == wanted).then_some(call)
    })
    .await
}

/// The body of a request that changes something.
async fn put(admin: &Http, path: &str, body: &Value) -> Value {
    let reply = admin.send(http::Method::PUT, path, "application/json", body.to_string()).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

async fn check(admin: &Http, id: &str) -> Value {
    admin.post_ok(&format!("/api/v1/carriers/{id}/check"), &json!({}), 200).await["engines"][0].clone()
}

#[tokio::test]
async fn a_box_registers_at_a_carrier_and_calls_go_both_ways_over_udp_tcp_and_tls() {
    for (transport, algorithm) in [("udp", "MD5"), ("tcp", "SHA-256"), ("tls", "SHA-256")] {
        let callee_port = free_port();
        let callee = Peer::sipp("trunk_callee", callee_port, &["-m", "1", "-rtp_echo"]);
        let kamailio = Kamailio::start(algorithm, callee_port).await;
        let appliance = Appliance::start().await;
        let admin = appliance.super_admin().await;
        let (port, ca) = match transport {
            "tls" => (kamailio.tls_port, json!(kamailio.ca_pem())),
            _ => (kamailio.port, json!(null)),
        };
        let change = json!({ "transport": transport, "tls_ca_pem": ca, "register": true });
        let id = carrier(&admin, &format!("127.0.0.1:{port}"), change).await;
        let seen = until_sync(&admin, &id, "synced").await;
        assert_eq!((&seen["trunk"]["registration"], &seen["trunk"]["register_answer"]["code"]), (&json!("registered"), &json!(200)));
        assert!(seen["lk_last_synced_at"].is_string() && seen["lk_sync_error"].is_null(), "{seen}");
        let bot_id = bot(&admin).await;
        let call_id = dial(&admin, &bot_id).await;
        callee.ended().await.expect_success();
        let call = until_status(&admin, &call_id, "ended-success").await;
        assert_eq!(call["trunkId"], id.as_str());
        let did = json!({ "number": "+15559990000", "label": "Front desk", "bot_id": bot_id });
        admin.post_ok(&format!("/api/v1/carriers/{id}/dids"), &did, 201).await;
        let kamailio_at = format!("127.0.0.1:{}", kamailio.port);
        let caller = Peer::sipp("trunk_inbound", free_port(), &[&kamailio_at, "-s", "+15559990000", "-d", "1500", "-m", "1"]);
        caller.ended().await.expect_success();
        let inbound = until("the inbound call is over", SOON, || async {
            let calls = admin.get_ok("/api/v1/calls").await;
            calls["data"].as_array().unwrap().iter().find(|call| call["direction"] == "inbound" && call["outcome"].is_string()).cloned()
        })
        .await;
        assert_eq!((&inbound["did"], &inbound["carrier_id"]), (&json!("+15559990000"), &json!(id)), "{transport}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_trunk_is_said_and_mended_without_a_restart() {
    let kamailio = Kamailio::start("SHA-256", free_port()).await;
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    let tls = format!("127.0.0.1:{}", kamailio.tls_port);
    let id = carrier(&admin, &tls, json!({ "transport": "tls", "register": true, "outbound_auth_password": "wrong" })).await;
    let path = format!("/api/v1/carriers/{id}");
    let seen = until_sync(&admin, &id, "error").await;
    assert!(seen["lk_sync_error"].as_str().unwrap().contains("UnknownIssuer"), "{seen}");
    let mut body = json!({
        "name": "Carrier", "sip_address": tls, "transport": "tls", "tls_ca_pem": kamailio.ca_pem(), "register": true,
        "outbound_auth_username": USER, "options_interval_seconds": 1, "register_interval_seconds": 60
    });
    assert_eq!(put(&admin, &path, &body).await["lk_sync_status"], "pending");
    let refused = check(&admin, &id).await;
    assert_eq!(refused["verdict"], "refused", "{refused}");
    assert!(refused["findings"][0].as_str().unwrap().contains("401"), "{refused}");
    until_sync(&admin, &id, "error").await;
    body["outbound_auth_password"] = PASSWORD.into();
    put(&admin, &path, &body).await;
    let synced = admin.post_ok(&format!("{path}/sync"), &json!({}), 200).await;
    assert_eq!((&synced["lk_sync_status"], &synced["trunk"]["registration"]), (&json!("synced"), &json!("registered")));
    assert_eq!(check(&admin, &id).await["verdict"], "ok");
    body["is_active"] = false.into();
    put(&admin, &path, &body).await;
    assert_eq!(admin.post(&format!("{path}/sync"), &json!({})).await.unwrap().status, 409);
}

#[tokio::test]
async fn a_call_goes_through_the_next_carrier_when_the_first_is_out_of_order_or_silent() {
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    let bot_id = bot(&admin).await;
    let broken_port = free_port();
    let broken = Peer::sipp("outbound_503", broken_port, &["-m", "1"]);
    let good_port = free_port();
    let callee = Peer::sipp("trunk_callee", good_port, &["-m", "2", "-rtp_echo"]);
    let unasked = || json!({ "options_interval_seconds": 0 });
    let first = carrier(&admin, &format!("127.0.0.1:{broken_port}"), unasked()).await;
    let good =
        carrier(&admin, &format!("127.0.0.1:{good_port}"), json!({ "options_interval_seconds": 0, "from_number": "+15550002222" })).await;
    let call = until_status(&admin, &dial(&admin, &bot_id).await, "ended-success").await;
    broken.ended().await.expect_success();
    let calls = admin.get_ok("/api/v1/calls").await;
    assert_eq!((&calls["data"][0]["carrier_id"], &call["errorDetail"]), (&json!(good), &json!("")), "{calls}");
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let body = json!({ "name": "Silent", "sip_address": silent.local_addr().unwrap().to_string(), "options_interval_seconds": 0 });
    put(&admin, &format!("/api/v1/carriers/{first}"), &body).await;
    until_status(&admin, &dial(&admin, &bot_id).await, "ended-success").await;
    callee.ended().await.expect_success();
    assert_eq!(admin.get_ok("/api/v1/calls").await["data"][0]["carrier_id"], json!(good));
}

#[tokio::test]
async fn a_carrier_that_falls_silent_is_passed_over_until_it_is_back() {
    let callee_port = free_port();
    let callee = Peer::sipp("trunk_callee", callee_port, &["-m", "2", "-rtp_echo"]);
    let (first, second) = (Kamailio::start("MD5", callee_port).await, Kamailio::start("MD5", callee_port).await);
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    let bot_id = bot(&admin).await;
    let (at_first, at_second) = (format!("127.0.0.1:{}", first.port), format!("127.0.0.1:{}", second.port));
    let ids = [carrier(&admin, &at_first, json!({})).await, carrier(&admin, &at_second, json!({})).await];
    for id in &ids {
        until_sync(&admin, id, "synced").await;
    }
    let stopped = first.stop();
    let seen = until_sync(&admin, &ids[0], "error").await;
    assert!(
        seen["trunk"]["missed_options"].as_u64().unwrap() >= 3 && seen["lk_sync_error"].as_str().unwrap().contains("OPTIONS"),
        "{seen}"
    );
    let call = until_status(&admin, &dial(&admin, &bot_id).await, "ended-success").await;
    assert_eq!(call["trunkId"], ids[1].as_str(), "the one that is down is not even tried");
    let _first = stopped.start().await;
    until_sync(&admin, &ids[0], "synced").await;
    let call = until_status(&admin, &dial(&admin, &bot_id).await, "ended-success").await;
    assert_eq!(call["trunkId"], ids[0].as_str());
    callee.ended().await.expect_success();
}

/// A trunk made of a bare socket.
struct BareTrunk(UdpSocket);

impl BareTrunk {
    async fn next(&self, method: &str) -> (String, SocketAddr) {
        let mut packet = vec![0; 4096];
        loop {
            let (n, from) = tokio::time::timeout(SOON, self.0.recv_from(&mut packet)).await.unwrap().unwrap();
            let text = String::from_utf8_lossy(&packet[..n]).into_owned();
            if text.starts_with(method) {
                return (text, from);
            }
        }
    }

    /// Answers a request; `seen_as` goes into its `Via`.
    async fn answer(&self, request: &(String, SocketAddr), status: &str, seen_as: &str) {
        let kept = request.0.lines().filter_map(|line| {
            let name = line.split(':').next().unwrap_or_default();
            match name {
                "Via" => Some(format!("{};{seen_as}", line.replace(";rport", ""))),
                "From" | "Call-ID" | "CSeq" => Some(line.to_owned()),
                "To" => Some(format!("{line};tag=bare")),
                _ => None,
            }
        });
        let head = kept.collect::<Vec<_>>().join("\r\n");
        let text = format!("SIP/2.0 {status}\r\n{head}\r\nContent-Length: 0\r\n\r\n");
        self.0.send_to(text.as_bytes(), request.1).await.unwrap();
    }
}

#[tokio::test]
async fn behind_a_nat_the_check_names_the_address_and_the_setting_is_told_to_peers_outside() {
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    let trunk = BareTrunk(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let id = carrier(&admin, &trunk.0.local_addr().unwrap().to_string(), json!({ "options_interval_seconds": 3600 })).await;
    let first = trunk.next("OPTIONS").await;
    trunk.answer(&first, "200 OK", "received=198.51.100.7;rport=5060").await;
    let answering = async {
        let asked = trunk.next("OPTIONS").await;
        trunk.answer(&asked, "404 Not Found", "received=198.51.100.7;rport=5060").await;
    };
    let (checked, ()) = tokio::join!(check(&admin, &id), answering);
    assert_eq!(checked["verdict"], "nat", "{checked}");
    assert!(checked["findings"].to_string().contains("Set sip.external_address to 198.51.100.7"), "{checked}");
    put(&admin, "/api/v1/settings/sip", &json!({ "external_address": "198.51.100.7", "local_networks": [] })).await;
    let port = appliance.setup.sip.port();
    let seen_as = format!("received=198.51.100.7;rport={port}");
    let answering = async {
        let asked = trunk.next("OPTIONS").await;
        trunk.answer(&asked, "200 OK", &seen_as).await;
        asked.0
    };
    let (checked, asked) = tokio::join!(check(&admin, &id), answering);
    assert!(asked.contains(&format!("Contact: <sip:cxbox@198.51.100.7:{port}>")), "{asked}");
    assert_eq!((&checked["verdict"], &checked["audio_address"]), (&json!("ok"), &json!("198.51.100.7")), "{checked}");
    let call_id = dial(&admin, &bot(&admin).await).await;
    let invite = trunk.next("INVITE").await;
    assert!(invite.0.contains("c=IN IP4 198.51.100.7") && invite.0.contains(&format!("@198.51.100.7:{port}")), "{}", invite.0);
    trunk.answer(&invite, "486 Busy Here", &seen_as).await;
    until_status(&admin, &call_id, "ended-failed-final").await;
    put(&admin, "/api/v1/settings/sip", &json!({ "local_networks": ["127.0.0.0/8"] })).await;
    let answering = async {
        let asked = trunk.next("OPTIONS").await;
        trunk.answer(&asked, "200 OK", "rport").await;
        asked.0
    };
    let (_, asked) = tokio::join!(check(&admin, &id), answering);
    assert!(asked.contains(&format!("Contact: <sip:cxbox@127.0.0.1:{port}>")), "peers in our own networks are told the interface: {asked}");
}

/// Runs one of sipvicious' programs against the box; what it printed.
async fn attack(program: &str, appliance: &Appliance, args: &[&str]) -> String {
    let sip = appliance.setup.sip;
    let mut all = vec!["-p".to_owned(), sip.port().to_string()];
    all.extend(args.iter().map(|arg| (*arg).to_owned()));
    all.push(sip.ip().to_string());
    Peer::start(program, &all).ended().await.output
}

#[tokio::test]
async fn scanners_find_neither_the_box_nor_a_telephone_nor_a_password() {
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    let found_nothing = |output: String| assert!(output.contains("found nothing"), "{output}");
    found_nothing(attack("svmap", &appliance, &[]).await);
    found_nothing(attack("svwar", &appliance, &["-e100-110"]).await);
    found_nothing(attack("svcrack", &appliance, &["-u", "100", "-r", "1000-1010"]).await);
    let user = json!({ "name": "alex", "email": "alex@example.com", "password": "correct horse", "role": "agent" });
    admin.post_ok("/api/v1/users", &user, 201).await;
    admin.post_ok("/api/v1/phones", &json!({ "user": "alex" }), 201).await;
    let folder = tempfile::tempdir().unwrap();
    let names = folder.path().join("names");
    std::fs::write(&names, "alex\nbob\nroot\n").unwrap();
    let names = names.display().to_string();
    let passwords = folder.path().join("passwords");
    std::fs::write(&passwords, (0..40).map(|n| format!("guess{n}\n")).collect::<String>()).unwrap();
    let passwords = passwords.display().to_string();
    until("telephones are heard from here", SOON, || async {
        let output = attack("svwar", &appliance, &["-d", &names]).await;
        output.contains("authentication request for an unknown extension").then_some(())
    })
    .await;
    found_nothing(attack("svmap", &appliance, &[]).await);
    found_nothing(attack("svwar", &appliance, &["--force", "-m", "OPTIONS", "-d", &names]).await);
    found_nothing(attack("svcrack", &appliance, &["-u", "alex", "-d", &passwords]).await);
    let wrong = appliance.log().matches("A wrong SIP password or name").count();
    assert_eq!(wrong, 10, "after ten wrong guesses the address hears nothing more");
    assert_eq!(admin.get_ok("/api/v1/phones").await["data"][0]["is_registered"], false);
}
