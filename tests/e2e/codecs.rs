//! Calls in Opus and G.722 with baresip (libopus, spandsp): what each side said is in the recording and at the other end as it was said.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::sound::Wave;
use super::support::voice::{found, voice};
use super::support::{Baresip, Http, Setup, free_port, reception, stage, until};

const SOON: Duration = Duration::from_secs(40);

/// A bot that hears nothing and says its greeting, then waits for the end.
fn patient() -> Value {
    let mut bot = reception();
    bot["stt"] = json!({ "provider": "none" });
    bot["max_call_duration_seconds"] = 11.into();
    bot
}

/// Silence while the bot says its greeting, then a voice.
fn later(voice: &[i16]) -> Vec<i16> {
    let mut says = vec![0; 16_000 * 6];
    says.extend(voice);
    says.extend(vec![0; 16_000 * 10]);
    says
}

/// The newest call once it is over, and its recording.
async fn over(admin: &Http) -> (Value, Wave) {
    let call = until("the call's result is stored", SOON, || async {
        let session = admin.get_ok("/api/v1/calls").await["data"][0]["session_id"].as_str().map(str::to_owned)?;
        let call = admin.get_ok(&format!("/api/v1/calls/{session}")).await;
        call["completed_at"].is_string().then_some(call)
    })
    .await;
    let recording = admin.get(&format!("/api/v1/recordings/{}", call["session_id"].as_str().unwrap())).await.unwrap();
    assert_eq!(recording.status, 200, "{call:#}");
    (call, Wave::read(&recording.bytes))
}

/// A call in this codec, plain or encrypted and over TLS.
async fn both_ways(codec: &str, name: &str, is_secure: bool) {
    let door = format!("127.0.0.1:{}", free_port());
    let appliance = Setup::new().env("CXBOX_ENGINE__SIP_TLS", &door).start().await;
    let admin = appliance.super_admin().await;
    stage::set(&admin, "127.0.0.1:9", if is_secure { "tls" } else { "udp" }, &patient()).await;
    let voice = voice(3);
    let mut phone = Baresip::speaking(codec, &later(&voice), if is_secure { ";mediaenc=srtp-mand" } else { "" }).await;
    let to = if is_secure { format!("{door};transport=tls") } else { appliance.setup.sip.to_string() };
    phone.command("dial", &format!("sip:+15551230000@{to}")).await;
    phone.event("CALL_ESTABLISHED").await;
    phone.event("CALL_CLOSED").await;
    let (call, recording) = over(&admin).await;
    let media = &call["pipeline_config"]["media"];
    assert_eq!((&media["codec"], &media["encrypted"]), (&json!(name), &json!(is_secure)), "{call:#}");
    assert!(media["mos"].as_f64().is_some_and(|mos| mos > 3.5), "{media:#}");
    assert_eq!((recording.rate, recording.n_sides), (16_000, 2));
    // The caller's encoder may take the lowest tones out of a voice, which changes its shape and not what is heard.
    let least = if codec == "opus" { 0.7 } else { 0.9 };
    let said = found(&voice[16_000..32_000], &recording.side_at_16k(0)).0;
    assert!(said > least, "{codec}: what the caller said is {said:.2} like the recording");
    let bot = recording.side_at_16k(1);
    let start = bot.iter().position(|sample| sample.unsigned_abs() > 1000).unwrap() + 4000;
    let heard = found(&bot[start..start + 16_000], &phone.decoded()).0;
    assert!(heard > 0.9, "{codec}: what the bot said is {heard:.2} like what was heard");
}

#[tokio::test]
async fn a_call_in_opus_is_heard_and_recorded_as_it_was_said() {
    both_ways("opus", "OPUS", false).await;
}

#[tokio::test]
async fn a_call_in_g722_is_heard_and_recorded_as_it_was_said() {
    both_ways("g722", "G722", false).await;
}

#[tokio::test]
async fn a_call_over_tls_with_encrypted_sound_is_heard_and_recorded_as_it_was_said() {
    both_ways("opus", "OPUS", true).await;
}
