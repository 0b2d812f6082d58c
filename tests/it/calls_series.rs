//! Figures of calls over time: what is counted, in whose hours, for whom; and what stays counted.

use std::time::Duration;

use cxbox::features::calls::{NewCall, open_skeleton};
use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::TestApp;

const SERIES: &str = "/api/v1/analytics/calls";

/// Begins a call at this moment.
async fn begin(app: &TestApp, session_id: &str, bot: &str, number: &str) {
    let mut skeleton = NewCall::of(session_id.into());
    skeleton.bot_id = Some(bot.into());
    skeleton.number = Some(number.to_owned());
    app.db().write(move |tx| open_skeleton(tx, &skeleton).map(|_| ())).await.unwrap();
}

/// Ends it.
async fn end(app: &TestApp, session_id: &str, by: &str, seconds: f64, waits_ms: &[u32]) {
    let samples: Vec<Value> =
        waits_ms.iter().map(|ms| json!({ "turn": 1, "stt_ms": 10, "first_token_ms": 20, "first_audio_ms": ms })).collect();
    let result = json!({ "session_id": session_id, "disconnected_by": by, "call_duration_seconds": seconds, "carrier_id": "tr_1",
        "call_direction": "inbound", "latency_samples": samples });
    app.engine().post("/api/v1/call-results", result).await.expect(200);
}

/// From 12:00 UTC on: three calls in the first hour, none in the second, one in the third; and one that still runs.
async fn a_few_calls(app: &TestApp) {
    for (session, bot, number, by, seconds, waits) in [
        ("s-1", "bot_a", "1000", "customer", 60.0, vec![500, 700]),
        ("s-2", "bot_a", "1001", "bot", 30.0, vec![1000]),
        ("s-3", "bot_b", "1001", "no_answer", 0.0, vec![]),
    ] {
        begin(app, session, bot, number).await;
        end(app, session, by, seconds, &waits).await;
    }
    app.advance(Duration::from_secs(2 * 3600 + 600));
    begin(app, "s-4", "bot_b", "1000").await;
    end(app, "s-4", "customer", 90.0, &[2000]).await;
    begin(app, "s-live", "bot_b", "1000").await;
    app.settle().await;
}

fn counts(series: &Value) -> Vec<u64> {
    series["data"].as_array().unwrap().iter().map(|point| point["n_calls"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn calls_are_counted_where_they_began_by_outcome_and_with_how_long_callers_waited() {
    let app = TestApp::start().await;
    a_few_calls(&app).await;
    let supervisor = app.user(Role::Supervisor);
    let series = supervisor.get(&format!("{SERIES}?from=2026-06-01T12:00:00Z&to=2026-06-01T15:00:00Z")).await.expect(200);
    assert_eq!((&series["bucket"], &series["zone"], &series["is_complete"]), (&json!("hour"), &json!("UTC"), &json!(true)));
    assert_eq!(counts(&series), [3, 0, 1]);
    let first = &series["data"][0];
    assert_eq!((&first["start"], &first["end"]), (&json!("2026-06-01T12:00:00.000Z"), &json!("2026-06-01T13:00:00.000Z")));
    assert_eq!(first["outcomes"], json!({ "far-hangup": 1, "finished": 1, "no-answer": 1 }));
    assert_eq!((&first["n_answered"], &first["mean_duration_seconds"]), (&json!(2), &json!(45.0)));
    assert!((first["answered_share"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-9);
    assert_eq!(first["latency"]["n_answers"], 3);
    for (of, exact) in [(&first["latency"]["p50_ms"], 700.0), (&first["latency"]["p95_ms"], 1000.0)] {
        assert!((of.as_f64().unwrap() / exact - 1.0).abs() < 0.026, "{of} for {exact}");
    }
    let empty = &series["data"][1];
    assert_eq!(
        (&empty["answered_share"], &empty["mean_duration_seconds"], &empty["latency"]["p50_ms"]),
        (&json!(null), &json!(null), &json!(null))
    );
    assert_eq!((&series["total"]["n_calls"], &series["total"]["mean_duration_seconds"]), (&json!(4), &json!(60.0)));
}

#[tokio::test]
async fn buckets_are_the_days_of_the_viewer_and_filters_name_whose_calls() {
    let app = TestApp::start().await;
    a_few_calls(&app).await;
    let supervisor = app.user(Role::Supervisor);
    // 12:00 UTC is still the first of June in Honolulu, and 14:10 UTC is the second of June in Kiritimati.
    for (zone, starts) in [
        ("Pacific/Honolulu", vec![("2026-06-01T10:00:00.000Z", 4)]),
        ("Pacific/Kiritimati", vec![("2026-06-01T10:00:00.000Z", 4)]),
        ("Pacific/Apia", vec![("2026-05-31T11:00:00.000Z", 0), ("2026-06-01T11:00:00.000Z", 4)]),
        ("Asia/Kamchatka", vec![("2026-05-31T12:00:00.000Z", 0), ("2026-06-01T12:00:00.000Z", 4)]),
        ("America/St_Johns", vec![("2026-06-01T02:30:00.000Z", 4)]),
    ] {
        let path = format!("{SERIES}?from=2026-06-01T11:30:00Z&to=2026-06-01T15:00:00Z&bucket=day&zone={zone}");
        let path = if starts.len() == 1 { path } else { path.replace("T11:30", "T10:30") };
        let series = supervisor.get(&path).await.expect(200);
        let points = series["data"].as_array().unwrap();
        let found: Vec<(&str, u64)> =
            points.iter().map(|point| (point["start"].as_str().unwrap(), point["n_calls"].as_u64().unwrap())).collect();
        assert_eq!(found, starts, "{zone}");
    }
    for (filter, expected) in [
        ("bot_id=bot_a", [2, 0, 0]),
        ("bot_id=bot_b", [1, 0, 1]),
        ("number=1001", [2, 0, 0]),
        ("carrier_id=tr_1", [3, 0, 1]),
        ("carrier_id=tr_2", [0, 0, 0]),
        ("direction=inbound", [3, 0, 1]),
        ("direction=outbound", [0, 0, 0]),
        ("bot_id=", [3, 0, 1]),
    ] {
        let series = supervisor.get(&format!("{SERIES}?from=2026-06-01T12:00:00Z&to=2026-06-01T15:00:00Z&{filter}")).await.expect(200);
        assert_eq!(counts(&series), expected, "{filter}");
    }
    // Unless something is asked for: the week until now, by days.
    let series = supervisor.get(SERIES).await.expect(200);
    assert_eq!((&series["bucket"], counts(&series)), (&json!("day"), vec![0, 0, 0, 0, 0, 0, 0, 4]));
}

#[tokio::test]
async fn a_call_counts_once_and_stays_counted() {
    let app = TestApp::start().await;
    a_few_calls(&app).await;
    end(&app, "s-1", "customer", 60.0, &[500, 700]).await;
    app.settle().await;
    let admin = app.user(Role::Admin);
    let day = format!("{SERIES}?from=2026-06-01T00:00:00Z&to=2026-06-02T00:00:00Z&bucket=day");
    assert_eq!(counts(&admin.get(&day).await.expect(200)), [4]);
    app.db().write(|tx| Ok(tx.execute("delete from calls where session_id = 's-1'", [])?)).await.unwrap();
    assert_eq!(counts(&admin.get(&day).await.expect(200)), [4], "retention removes calls, not what they were counted as");
    end(&app, "s-live", "voicemail", 5.0, &[]).await;
    app.settle().await;
    let series = admin.get(&day).await.expect(200);
    assert_eq!((counts(&series), &series["total"]["outcomes"]["voicemail"]), (vec![5], &json!(1)));
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_name_and_agents_see_no_figures() {
    let app = TestApp::start().await;
    let supervisor = app.user(Role::Supervisor);
    for (field, query) in [
        ("from", "from=monday"),
        ("from", "from=2026-06-02T00:00:00Z&to=2026-06-01T00:00:00Z"),
        ("from", "from=2020-01-01T00:00:00Z&to=2026-06-01T00:00:00Z"),
        ("bucket", "bucket=minute"),
        ("bucket", "from=2026-01-01T00:00:00Z&to=2026-06-01T00:00:00Z&bucket=hour"),
        ("zone", "zone=Mars%2FOlympus"),
        ("direction", "direction=sideways"),
        ("number", "bot_id=bot_a&number=1000"),
    ] {
        let refused = supervisor.get(&format!("{SERIES}?{query}")).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], field, "{query}");
    }
    app.user(Role::Agent).get(SERIES).await.expect(403);
    app.anonymous().get(SERIES).await.expect(401);
}
