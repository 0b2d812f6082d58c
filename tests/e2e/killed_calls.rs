//! `kill -9` with twenty calls up: of the engine, whose calls get results at once; of `serve`, whose calls go on.

use std::time::Duration;

use serde_json::Value;

use super::support::{Appliance, Http, Peer, Setup, binary, reception, stage, until};

/// Calls that are up.
const CALLS: usize = 20;
const SOON: Duration = Duration::from_secs(60);

/// Twenty callers who stay for so many seconds.
fn callers(appliance: &Appliance, seconds: u32) -> Peer {
    let to = format!("sip:1234@{}", appliance.setup.sip);
    let args = ["lab", "load", &to, "--calls", &CALLS.to_string(), "--rate", "10", "--seconds", &seconds.to_string()];
    Peer::start(binary().to_str().unwrap(), &args.map(str::to_owned))
}

async fn appliance() -> (Appliance, Http) {
    let appliance = Setup::new().start().await;
    let admin = appliance.super_admin().await;
    stage::set(&admin, "127.0.0.1:9", "udp", &reception()).await;
    (appliance, admin)
}

async fn until_all_are_up(admin: &Http) {
    until("all calls are up", SOON, || async {
        let status = admin.get_ok("/api/v1/fleet/status").await;
        (status["active_calls"] == CALLS).then_some(())
    })
    .await;
}

async fn ended(admin: &Http) -> Vec<Value> {
    let calls = admin.get_ok("/api/v1/calls").await;
    calls["data"].as_array().unwrap().iter().filter(|call| call["outcome"].is_string()).cloned().collect()
}

#[tokio::test]
async fn a_killed_engine_leaves_a_result_of_every_call_within_ten_seconds() {
    let (appliance, admin) = appliance().await;
    let _callers = callers(&appliance, 60);
    until_all_are_up(&admin).await;
    let engine = appliance.engine_pid().await.unwrap();
    Appliance::signal(engine, "-KILL");
    let clock = cxbox::base::Clock::system();
    let killed_at = clock.monotonic();
    let results = until("every call has its result", SOON, || async {
        let ended = ended(&admin).await;
        (ended.len() == CALLS).then_some(ended)
    })
    .await;
    let took = clock.monotonic().duration_since(killed_at);
    assert!(took <= Duration::from_secs(10), "{took:?}");
    assert!(results.iter().all(|call| call["disconnected_by"] == "error"), "{results:#?}");
}

#[tokio::test]
async fn calls_outlive_a_killed_serve_and_their_results_arrive_after_its_restart() {
    let (appliance, admin) = appliance().await;
    let callers = callers(&appliance, 15);
    until_all_are_up(&admin).await;
    let setup = appliance.kill();
    let appliance = setup.start().await;
    let admin = appliance.super_admin_again().await;
    let load = callers.ended().await;
    load.expect_success();
    assert!(load.output.contains(&format!("{CALLS} made, 0 failed")), "{}", load.output);
    let results = until("every call has its result", SOON, || async {
        let ended = ended(&admin).await;
        (ended.len() == CALLS).then_some(ended)
    })
    .await;
    assert!(results.iter().all(|call| call["disconnected_by"] == "customer"), "{results:#?}");
}
