//! What a call was like, seen from the phone.

use serde::Serialize;

use super::script::Step;

/// One call. Times are milliseconds; `None` where it did not come to that.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Whether every step went as the script expects.
    pub ok: bool,
    /// SIP Call-ID.
    pub sip_call_id: String,
    /// From the INVITE to the answer.
    pub answered_ms: Option<u64>,
    /// From the answer to the first sound of speech heard.
    pub first_audio_ms: Option<u64>,
    /// For each line that was spoken into the far end's speech: from its first sound to the far end's silence.
    pub barge_in_ms: Vec<u64>,
    /// Speech heard, in seconds.
    pub heard_seconds: f64,
    /// Keys the far end pressed.
    pub keys: String,
    /// How long the call was up.
    pub up_ms: Option<u64>,
    /// SIP status of a refusal.
    pub refused_with: Option<u16>,
    /// Who ended it.
    pub ended_by: Option<EndedBy>,
    /// Packets sent.
    pub n_sent: u64,
    /// Packets received.
    pub n_received: u64,
    /// Packets that never came.
    pub n_lost: u64,
    /// The steps that were taken.
    pub steps: Vec<StepReport>,
}

/// One step.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// The step.
    pub step: Step,
    /// Whether it went as expected.
    pub ok: bool,
    /// When it began, counted from the answer.
    pub at_ms: u64,
    /// How long it took.
    pub took_ms: u64,
}

/// Who ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The phone.
    Phone,
    /// The far end.
    FarEnd,
    /// The far end, before it was answered.
    Refused,
    /// The caller, before it was answered.
    Cancelled,
    /// The network.
    Failure,
    /// Nobody called.
    NoCall,
}
