//! What the demo prints at its end: one JSON object, or lines for people.

use std::fmt;

use serde::Serialize;

/// Everything the demo proved.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// The inbound call, then the outbound one.
    pub calls: Vec<CallSummary>,
}

/// One call of the demo.
#[derive(Debug, Clone, Serialize)]
pub struct CallSummary {
    /// CodeB key.
    pub call_id: String,
    /// CXB key.
    pub session_id: String,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// Outcome word.
    pub outcome: String,
    /// What was said.
    pub transcript: Vec<Line>,
    /// Documents and headings that answers came from.
    pub sources: Vec<String>,
    /// The recording behind its token URL.
    pub recording: Recording,
    /// What the receiver got.
    pub webhooks: Vec<Webhook>,
}

/// One line of a transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `AI` or `Caller`.
    pub speaker: String,
    /// The words.
    pub text: String,
}

/// A recording that was fetched and measured.
#[derive(Debug, Clone, Serialize)]
pub struct Recording {
    /// Its public URL.
    pub url: String,
    /// Its length.
    pub seconds: f64,
}

/// A delivery that arrived.
#[derive(Debug, Clone, Serialize)]
pub struct Webhook {
    /// Event name.
    pub event: String,
    /// Whether its signatures hold.
    pub verified: bool,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for call in &self.calls {
            writeln!(f, "\n{} call {} · session {} · outcome {}", call.direction, call.call_id, call.session_id, call.outcome)?;
            writeln!(f, "  transcript")?;
            for line in &call.transcript {
                writeln!(f, "    {:<7} {}", line.speaker, line.text)?;
            }
            for source in &call.sources {
                writeln!(f, "  answered from {source}")?;
            }
            writeln!(f, "  recording  {:.1} s, stereo, {}", call.recording.seconds, call.recording.url)?;
            for webhook in &call.webhooks {
                writeln!(f, "  webhook    {:<20} signature {}", webhook.event, if webhook.verified { "verified" } else { "WRONG" })?;
            }
        }
        Ok(())
    }
}
