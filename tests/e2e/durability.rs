//! `kill -9` at random moments under load: what was acknowledged is there, and every call has its fact.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;

use cxbox::base::Random;

use super::support::{Appliance, Http, Setup, until};

/// Posters at once.
const POSTERS: usize = 16;

/// Times each kind of kill is made: a few in the gate, many with `CXBOX_SOAK=1`.
fn rounds() -> usize {
    if std::env::var_os("CXBOX_SOAK").is_some_and(|soak| soak == "1") { 200 } else { 5 }
}

/// What was acknowledged so far.
struct Acknowledged {
    ids: Mutex<Vec<String>>,
    n: watch::Sender<u64>,
}

/// Posts results until no answer comes any more.
async fn post_until_it_dies(engine: Http, acknowledged: Arc<Acknowledged>, random: Random) {
    loop {
        let id = random.uuid().to_string();
        let body = json!({ "session_id": id, "disconnected_by": "customer", "recording_key": format!("{id}.wav"),
            "transcript": [{ "role": "user", "content": "hello", "ts": "2026-01-01T12:00:00.000Z" }] });
        let Ok(reply) = engine.post("/api/v1/call-results", &body).await else { return };
        assert_eq!(reply.status, 200, "{}", reply.text());
        acknowledged.ids.lock().unwrap().push(id);
        acknowledged.n.send_modify(|n| *n += 1);
    }
}

/// One round: start, load, kill after a random number of answers.
async fn round(setup: Setup, acknowledged: &Arc<Acknowledged>, kills_engine: bool) -> Setup {
    let random = Random::system();
    let appliance = setup.start().await;
    let target = *acknowledged.n.borrow() + 50 + random.below(2000);
    let posters: Vec<_> =
        (0..POSTERS).map(|_| tokio::spawn(post_until_it_dies(appliance.engine(), acknowledged.clone(), random.clone()))).collect();
    acknowledged.n.subscribe().wait_for(|n| *n >= target).await.unwrap();
    if kills_engine {
        for pid in appliance.engine_processes() {
            Appliance::signal(pid, "-KILL");
        }
    }
    let setup = appliance.kill();
    for poster in posters {
        poster.await.unwrap();
    }
    setup
}

fn sqlite(setup: &Setup, sql: &str) -> String {
    let output = Command::new("sqlite3").arg(setup.data.path().join("main.db")).arg(sql).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

const CALLS_WITHOUT_THEIR_FACT: &str = "select count(*) from calls left join (
    select json_extract(body, '$.session_id') as session_id, count(*) as n from events
    where json_extract(body, '$.fact') = 'call_completed' group by 1) facts using (session_id) where coalesce(facts.n, 0) <> 1";

fn check(setup: &Setup, acknowledged: &Acknowledged) {
    assert_eq!(sqlite(setup, "pragma integrity_check"), "ok");
    let stored = sqlite(setup, "select session_id from calls");
    let stored: BTreeSet<&str> = stored.lines().collect();
    let ids = acknowledged.ids.lock().unwrap();
    let lost: Vec<_> = ids.iter().filter(|id| !stored.contains(id.as_str())).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged results are lost: {lost:?}", lost.len(), ids.len());
    assert_eq!(sqlite(setup, CALLS_WITHOUT_THEIR_FACT), "0", "calls without exactly one fact");
}

async fn kill_again_and_again(kills_engine: bool) {
    let mut setup = Setup::new();
    let acknowledged = Arc::new(Acknowledged { ids: Mutex::default(), n: watch::channel(0).0 });
    for _ in 0..rounds() {
        setup = round(setup, &acknowledged, kills_engine).await;
        check(&setup, &acknowledged);
    }
    let mut appliance = setup.start().await;
    let waiting = "select (select count(*) from events where fanned_out = 0) + (select count(*) from reactions)";
    until("all facts are heard", Duration::from_secs(30), || async { (sqlite(&appliance.setup, waiting) == "0").then_some(()) }).await;
    assert!(appliance.terminate().await.success());
    check(&appliance.setup, &acknowledged);
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_serve_is_killed() {
    kill_again_and_again(false).await;
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_both_processes_are_killed() {
    kill_again_and_again(true).await;
}
