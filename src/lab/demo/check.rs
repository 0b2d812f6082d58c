//! What must be true of a finished call, or the demo has failed. Pure: the stored call, the recording and the deliveries in, a summary out.

use serde_json::Value;

use super::live::spoken;
use super::receiver::Delivery;
use super::summary::{CallSummary, Line, Recording, Webhook};
use crate::base::{Error, Result};
use crate::lab::wave::{Stereo, peak};

/// Loudness below which a channel counts as silent.
const SILENCE: u16 = 500;

/// What was gathered about one call.
pub(super) struct Evidence<'a> {
    /// `GET /api/v1/calls/{session_id}`.
    pub(super) call: &'a Value,
    /// The public link and what it gave.
    pub(super) recording: (String, Vec<u8>),
    /// What the receiver got about it.
    pub(super) deliveries: Vec<Delivery>,
    /// What the bot must have said, in part.
    pub(super) reply: &'static str,
    /// The heading of the document that an answer must have come from, if one must.
    pub(super) heading: Option<&'static str>,
    /// Events that must have been delivered.
    pub(super) events: &'static [&'static str],
}

/// Checks a call and sums it up.
///
/// # Errors
/// Code of the failure that a machine which is busy with something else may cause: its documents did not answer while the caller waited.
pub(super) const NOT_FROM_THE_MANUAL: &str = "not_from_the_manual";

/// A sentence about the first thing that is not as it must be.
pub(super) fn check(evidence: Evidence<'_>) -> Result<CallSummary> {
    let text = |name: &str| evidence.call[name].as_str().unwrap_or_default().to_owned();
    let transcript: Vec<Line> = evidence.call["transcript"].as_array().into_iter().flatten().filter_map(spoken).collect();
    let (status, direction) = (text("status"), text("call_direction"));
    must(status == "completed", || format!("the {direction} call is stored as {status}, not as completed"))?;
    let said = |speaker: &str, words: &str| transcript.iter().any(|line| line.speaker == speaker && line.text.contains(words));
    must(said("Caller", ""), || format!("nothing the far end said on the {direction} call was recognised"))?;
    must(said("AI", evidence.reply), || format!("the bot did not say “{}” on the {direction} call", evidence.reply))?;
    let sources = sources(evidence.call);
    if let Some(heading) = evidence.heading {
        let is_told = sources.iter().any(|source| source.ends_with(heading));
        must(is_told, || format!("no answer on the {direction} call came from “{heading}” of the manual, but from {sources:?}"))
            .map_err(|error| error.code(NOT_FROM_THE_MANUAL))?;
    }
    let recording = measured(evidence.recording)?;
    for event in evidence.events {
        let arrived: Vec<&Delivery> = evidence.deliveries.iter().filter(|d| d.event == *event).collect();
        must(arrived.len() == 1, || format!("{event} of the {direction} call arrived {} times", arrived.len()))?;
        must(arrived[0].verified, || format!("the signature of {event} does not hold"))?;
    }
    let webhooks = evidence.deliveries.into_iter().map(|d| Webhook { event: d.event, verified: d.verified }).collect();
    Ok(CallSummary {
        call_id: text("call_id"),
        session_id: text("session_id"),
        direction,
        outcome: text("outcome"),
        transcript,
        sources,
        recording,
        webhooks,
    })
}

/// Where the answers of a call came from: the best place of each turn that has one.
fn sources(call: &Value) -> Vec<String> {
    let turns = call["transcript"].as_array().into_iter().flatten();
    let best = turns.filter_map(|turn| turn["knowledge"].get(0));
    best.map(|hit| format!("{} › {}", hit["document_name"].as_str().unwrap_or_default(), hit["heading"].as_str().unwrap_or_default()))
        .collect()
}

fn measured((url, bytes): (String, Vec<u8>)) -> Result<Recording> {
    let sound = Stereo::read(&bytes).ok_or_else(|| Error::upstream("the recording is no stereo WAV file"))?;
    let seconds = sound.seconds();
    must(seconds > 1.0, || format!("the recording is only {seconds:.1} s long"))?;
    must(peak(&sound.left) > SILENCE, || "the caller's side of the recording is silent".to_owned())?;
    must(peak(&sound.right) > SILENCE, || "the bot's side of the recording is silent".to_owned())?;
    Ok(Recording { url, seconds: (seconds * 10.0).round() / 10.0 })
}

fn must(holds: bool, otherwise: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::upstream(otherwise())) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn loud() -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x40\x1f\0\0\0\x7d\0\0\x04\0\x10\0data\0\xfa\0\0".to_vec();
        bytes.extend([1000i16; 32_000].iter().flat_map(|s| s.to_le_bytes()));
        bytes
    }

    fn delivered(event: &str, verified: bool) -> Delivery {
        Delivery { event: event.into(), call_id: "vnum1".into(), delivery_id: event.into(), verified }
    }

    fn outcome(status: &str, heard: &str, sound: Vec<u8>, deliveries: Vec<Delivery>) -> Result<CallSummary> {
        let turns = json!([{ "role": "assistant", "content": "From nine to six." }, { "role": heard, "content": "when are you open" }]);
        let call = json!({ "call_id": "vnum1", "session_id": "s", "status": status, "call_direction": "inbound", "outcome": "finished", "transcript": turns });
        check(Evidence {
            call: &call,
            recording: ("http://x/t".into(), sound),
            deliveries,
            reply: "nine to six",
            events: &["call.ended"],
            heading: None,
        })
    }

    #[test]
    fn a_whole_call_is_summed_up_and_each_gap_is_named() {
        let summary = outcome("completed", "user", loud(), vec![delivered("call.ended", true)]).expect("everything is there");
        assert_eq!((summary.transcript.len(), summary.recording.seconds, summary.webhooks.len()), (2, 2.0, 1));
        let gap = |result: Result<CallSummary>| result.expect_err("a gap").message().to_owned();
        assert!(gap(outcome("failed", "user", loud(), vec![])).contains("failed"));
        assert!(gap(outcome("completed", "tool", loud(), vec![])).contains("recognised"));
        assert!(gap(outcome("completed", "user", vec![], vec![])).contains("WAV"));
        assert!(gap(outcome("completed", "user", loud(), vec![])).contains("0 times"));
        assert!(gap(outcome("completed", "user", loud(), vec![delivered("call.ended", false)])).contains("signature"));
    }
}
