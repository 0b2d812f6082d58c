//! A stored call with another version of its bot, and a conversation that is measured: the commands as people use them.

use std::process::{Command, Output};
use std::time::Duration;

use serde_json::{Value, json};

use super::support::release::said;
use super::support::{Appliance, Http, binary, free_range, reception, stage, until};

async fn cxbox(arguments: Vec<String>) -> Output {
    tokio::task::spawn_blocking(move || Command::new(binary()).args(arguments).output().unwrap()).await.unwrap()
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

fn ports() -> String {
    let first = free_range(20);
    format!("{first}-{}", first + 19)
}

/// A caller who asks for the hours and says goodbye.
async fn call(appliance: &Appliance, admin: &Http) -> Value {
    let to = format!("sip:+15551230000@{}", appliance.setup.sip);
    let call = words(&["lab", "phone", "--call", &to, "--from", "+15550001111", "--rtp-ports", &ports(), "--expect-speech", "10000"]);
    let talk =
        words(&["--wait-silence", "1500", "--say", "what are your opening hours", "--expect-speech", "10000", "--wait-silence", "1500"]);
    let done = cxbox([call, talk, words(&["--say", "goodbye", "--expect-hangup", "15000"])].concat()).await;
    assert!(done.status.success(), "{}", said(&done));
    let row = until("the call's result is stored", Duration::from_secs(30), || async {
        let list = admin.get_ok("/api/v1/calls").await;
        list["data"].as_array().and_then(|rows| rows.first().cloned()).filter(|call| call["completed_at"].is_string())
    })
    .await;
    admin.get_ok(&format!("/api/v1/calls/{}", row["session_id"].as_str().unwrap())).await
}

#[tokio::test]
async fn the_caller_of_a_stored_call_is_heard_by_the_draft_and_both_calls_are_shown_side_by_side() {
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    let set = stage::set(&admin, "127.0.0.1:9", "udp", &reception()).await;
    let original = call(&appliance, &admin).await;
    let session = original["session_id"].as_str().unwrap().to_owned();
    let data = appliance.data().to_str().unwrap().to_owned();
    let mut draft = reception();
    draft["flow"]["intents"][0]["reply"] = json!("On Sundays we are closed.");
    let saved = admin.send(http::Method::PUT, &format!("/api/v1/bots/{}/draft", set.bot_id), "application/json", draft.to_string()).await;
    assert_eq!(saved.unwrap().status, 200);

    let replay = |version: &str, more: &[&str]| {
        let all = [words(&["lab", "replay", &session, "--bot", version, "--data-dir", &data, "--rtp-ports", &ports()]), words(more)];
        cxbox(all.concat())
    };
    let done = replay("draft", &["--json"]).await;
    assert!(done.status.success(), "{}", said(&done));
    let found: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((&found["original"]["session_id"], &found["original"]["version"]), (&json!(session), &json!("1")));
    assert_eq!(found["replayed"]["version"], "draft");
    let answer = |side: &str| -> String {
        let exchanges = found[side]["exchanges"].as_array().unwrap().clone();
        let asked = exchanges.iter().find(|exchange| exchange["caller"].as_str().unwrap().contains("hours"));
        asked.unwrap_or_else(|| panic!("{found:#}"))["bot"].as_str().unwrap().to_owned()
    };
    assert!(answer("original").contains("nine to five") && answer("replayed").contains("On Sundays we are closed"), "{found:#}");
    assert!(found["n_different"].as_u64().unwrap() >= 1 && found["replayed"]["latency"]["n"].as_u64().unwrap() >= 1, "{found:#}");
    let again = admin.get_ok(&format!("/api/v1/calls/{}", found["replayed"]["session_id"].as_str().unwrap())).await;
    assert_eq!((&again["call_direction"], &again["skip_post_push"]), (&json!("outbound"), &json!(true)), "it is a call like every other");

    let same = replay("1", &[]).await;
    assert!(
        same.status.success() && said(&same).contains("nine to five") && said(&same).contains("replayed: version 1"),
        "{}",
        said(&same)
    );
    for (arguments, sentence) in [
        (words(&["lab", "replay", "nothing", "--data-dir", &data]), "no call nothing"),
        (words(&["lab", "replay", &session, "--bot", "77", "--data-dir", &data]), "has no version 77"),
        (words(&["lab", "replay", &session, "--bot", "newest", "--data-dir", &data]), "must be draft, published"),
        (words(&["lab", "replay", &session, "--data-dir", "/nonexistent/cxbox"]), "is not there"),
    ] {
        let refused = cxbox(arguments).await;
        assert!(!refused.status.success() && said(&refused).contains(sentence), "{sentence}: {}", said(&refused));
    }
}

#[tokio::test]
async fn a_short_measurement_prints_every_figure_and_draws_the_curve() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap().to_owned();
    let done = cxbox(words(&["bench", "conversation", "--calls", "1,2", "--seconds", "20", "--out", &out, "--json"])).await;
    assert!(done.status.success(), "{}", said(&done));
    let found: Value = serde_json::from_slice(&done.stdout).unwrap();
    for point in found["points"].as_array().unwrap() {
        assert_eq!(point["failed"], 0, "{found:#}");
        assert!(point["answers"].as_u64().unwrap() >= 1 && point["added_p95_ms"].as_f64().unwrap() > -700.0, "{found:#}");
    }
    assert!(found["interruptions"].as_u64().unwrap() >= 1 && found["disturbances"].as_u64().unwrap() >= 2, "{found:#}");
    let drawn = std::fs::read_to_string(folder.path().join("curve.svg")).unwrap();
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(folder.path().join("curve.json")).unwrap()).unwrap();
    assert!(drawn.contains("<polyline") && kept["points"].as_array().unwrap().len() == 2);
    let refused = cxbox(words(&["bench", "conversation", "--calls", "0"])).await;
    assert!(!refused.status.success() && said(&refused).contains("from 1 to 1000"), "{}", said(&refused));
}
