//! The engine and its control plane: it may be gone, the engine may be full, calls may be ordered.

use std::time::Duration;

use cxbox::engine::sip::LegEnd;
use cxbox::platform::net::Request;
use serde_json::json;

use crate::support::providers::Script;
use crate::support::{Bench, bot};

#[tokio::test(flavor = "multi_thread")]
async fn a_result_waits_on_disk_until_the_control_plane_is_back() {
    let bench = Bench::start(bot(), Script::default()).await;
    let mut talk = bench.phone.call(bench.sip).await;
    talk.hears().await;
    bench.control.down();
    talk.hangs_up().await;
    let folder = bench.data.spool().join("results");
    crate::support::within("the result is on disk", async {
        while std::fs::read_dir(&folder).unwrap().count() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    bench.control.up();
    let result = bench.control.result().await;
    assert_eq!(result["disconnected_by"], "customer");
    bench.all_delivered().await;
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(bench.data.spool().join("journal")).unwrap().count(), 0);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_refused_for_good_is_parked() {
    let bench = Bench::start(bot(), Script::default()).await;
    bench.control.answer_results_with(422);
    let talk = bench.phone.call(bench.sip).await;
    talk.hangs_up().await;
    let parked = bench.data.spool().join("parked");
    crate::support::within("the result is parked", async {
        while std::fs::read_dir(&parked).unwrap().count() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(bench.control.n_results(), 0);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_refused_with_a_fitting_status() {
    let bench = Bench::with_seats(bot(), Script::default(), 1).await;
    let code = |end: LegEnd| if let LegEnd::Refused { code, .. } = end { code } else { 0 };
    assert_eq!(code(bench.phone.refused(bench.sip, "404").await), 404);
    let mut talk = bench.phone.call(bench.sip).await;
    talk.hears().await;
    assert_eq!(code(bench.phone.refused(bench.sip, "100").await), 486, "all lines are in use");
    bench.command(Request::post("/drain")).await;
    assert_eq!(code(bench.phone.refused(bench.sip, "100").await), 503, "draining");
    assert_eq!(bench.control.result().await["error_detail"], "the engine was stopped during the call");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_to_the_secret_are_turned_away() {
    let bench = Bench::start(bot(), Script::default()).await;
    let bare = cxbox::platform::net::unix::request(&bench.data.engine_socket(), Request::get("/health/fleet")).await.unwrap();
    assert_eq!(bare.status, 403);
    assert_eq!(bench.health().await["status"], "ok");
    assert_eq!(bench.command(Request::post("/calls/nobody/hangup")).await.status, 404);
    assert_eq!(bench.command(Request::get("/recordings/..%2F..%2Fsecrets")).await.status, 404);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordered_call_is_answered_greeted_and_hung_up_by_order() {
    let bench = Bench::start(bot(), Script::default()).await;
    let dialout = json!({ "bot_id": "bot_1", "to_number": "+4930222", "session_id": "s-out", "call_id": "oac-1" });
    let accepted = bench.command(Request::post("/livekit/dialout").json(&dialout).unwrap()).await;
    assert_eq!(accepted.status, 200);
    let incoming = bench.phone.rings().await;
    assert_eq!(incoming.did, "+4930222");
    incoming.leg.control.ring().await.unwrap();
    bench.control.event("ringing").await;
    let mut talk = bench.phone.pick_up(incoming).await;
    talk.hears().await;
    assert_eq!(bench.command(Request::post("/calls/s-out/hangup")).await.status, 200);
    talk.is_hung_up().await;
    let result = bench.control.result().await;
    assert_eq!(
        (&result["call_id"], &result["outcome"], &result["call_direction"]),
        (&json!("oac-1"), &json!("cancelled"), &json!("outbound"))
    );
    assert_eq!(bench.control.events()[..3], ["ringing", "answered", "started"]);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordered_call_that_is_not_answered_has_a_result_too() {
    for (code, outcome, by) in [(486, "busy", "rejected"), (603, "rejected", "rejected"), (480, "no-answer", "no_answer")] {
        let bench = Bench::start(bot(), Script::default()).await;
        let dialout = json!({ "bot_id": "bot_1", "to_number": "+4930222" });
        bench.command(Request::post("/livekit/dialout").json(&dialout).unwrap()).await;
        bench.phone.rings().await.leg.control.reject(code, None).await.unwrap();
        let result = bench.control.result().await;
        assert_eq!((&result["outcome"], &result["disconnected_by"]), (&json!(outcome), &json!(by)));
        assert!(result.get("answered_at").is_none() && result["call_duration_seconds"] == 0.0);
        bench.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_rings_no_longer_than_ordered() {
    let bench = Bench::start(bot(), Script::default()).await;
    let dialout = json!({ "bot_id": "bot_1", "to_number": "+4930222", "ringing_timeout_seconds": 1 });
    bench.command(Request::post("/livekit/dialout").json(&dialout).unwrap()).await;
    let incoming = bench.phone.rings().await;
    incoming.leg.control.ring().await.unwrap();
    let result = bench.control.result().await;
    assert_eq!(result["outcome"], "no-answer");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_stops_with_a_call_and_its_result_is_there() {
    let bench = Bench::start(bot(), Script::default()).await;
    let mut talk = bench.phone.call(bench.sip).await;
    talk.hears().await;
    let began = cxbox::base::Clock::system().monotonic();
    let control = bench.end().await;
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(control.result().await["disconnected_by"], "error");
}
