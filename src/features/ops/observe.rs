//! What is counted about calls as their facts are heard. No number and no id becomes a label.

use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, histogram};
use serde_json::Value;

use crate::base::Result;
use crate::contract::fact::Fact;
use crate::features::calls::{self, CallFigures};
use crate::platform::db::Tx;
use crate::platform::outbox::{Event, Subscription};

/// The listener that counts.
pub fn subscription() -> Subscription {
    let wants = |fact: &Fact| matches!(fact, Fact::CallAnswered { .. } | Fact::CallCompleted { .. });
    Subscription { name: "ops.figures", wants, react: Arc::new(count) }
}

fn count(tx: &Tx<'_>, heard: &Event) -> Result<()> {
    match &heard.fact {
        Fact::CallAnswered { session_id, answer_ms } => {
            if let Some(call) = calls::figures(tx, session_id)? {
                answered(&call, *answer_ms);
            }
        }
        Fact::CallCompleted { session_id, .. } => {
            if let Some(call) = calls::figures(tx, session_id)? {
                completed(&call);
            }
        }
        _ => {}
    }
    Ok(())
}

fn answered(call: &CallFigures, answer_ms: u32) {
    histogram!("cxbox_call_setup_seconds", "direction" => call.direction.as_str()).record(Duration::from_millis(answer_ms.into()));
}

fn completed(call: &CallFigures) {
    counter!("cxbox_calls_total", "direction" => call.direction.as_str(), "status" => call.status.as_str()).increment(1);
    for sample in &call.latency_samples {
        turn(sample);
    }
}

/// One turn: how long its end was waited for, how long hearing, thinking and speaking took, and all of it together. A sample that lacks a figure is left out.
fn turn(sample: &Value) {
    let of = |name: &str| sample.get(name).and_then(Value::as_u64);
    let (Some(heard), Some(thought), Some(spoke)) = (of("stt_ms"), of("first_token_ms"), of("first_audio_ms")) else { return };
    // An engine that does not tell when the turn was over counts that wait as recognition.
    let endpoint = of("endpoint_ms");
    if let Some(ms) = endpoint {
        histogram!("cxbox_turn_latency_seconds", "stage" => "endpoint").record(Duration::from_millis(ms));
    }
    let recognised = heard.saturating_sub(endpoint.unwrap_or(0));
    for (stage, ms) in
        [("stt", recognised), ("llm", thought.saturating_sub(heard)), ("tts", spoke.saturating_sub(thought)), ("total", spoke)]
    {
        histogram!("cxbox_turn_latency_seconds", "stage" => stage).record(Duration::from_millis(ms));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::features::calls::{CallStatus, Direction};
    use crate::platform::telemetry;

    #[test]
    fn a_call_is_counted_by_direction_and_its_turns_by_stage() {
        let call = CallFigures {
            direction: Direction::Outbound,
            status: CallStatus::Completed,
            latency_samples: vec![
                json!({ "turn": 1, "stt_ms": 200, "first_token_ms": 600, "first_audio_ms": 700 }),
                json!({ "turn": 2, "stt_ms": 100 }),
            ],
        };
        let recorder = telemetry::builder().expect("a builder").build_recorder();
        metrics::with_local_recorder(&recorder, || {
            answered(&call, 2755);
            completed(&call);
        });
        let text = recorder.handle().render();
        for line in [
            "cxbox_call_setup_seconds_bucket{direction=\"outbound\",le=\"2\"} 0",
            "cxbox_call_setup_seconds_bucket{direction=\"outbound\",le=\"3\"} 1",
            "cxbox_calls_total{direction=\"outbound\",status=\"completed\"} 1",
            "cxbox_turn_latency_seconds_sum{stage=\"stt\"} 0.2",
            "cxbox_turn_latency_seconds_sum{stage=\"llm\"} 0.4",
            "cxbox_turn_latency_seconds_sum{stage=\"tts\"} 0.1",
            "cxbox_turn_latency_seconds_count{stage=\"total\"} 1",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
