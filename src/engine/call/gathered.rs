//! What is gathered of a call while it runs, in the shapes its result takes. No I/O.

use serde_json::{Map, Value};

use crate::base::Millis;
use crate::contract::result::CallResultsPayload;
use crate::contract::turn::{Role, Turn};
use crate::engine::pipeline::latency::Latency;

/// What is known of a call so far.
pub(super) struct Gathered {
    /// What the result says in any case.
    pub(super) skeleton: CallResultsPayload,
    /// What was said, in order.
    pub(super) turns: Vec<Turn>,
    /// What happened, in order.
    pub(super) events: Vec<Value>,
    /// What the caller wanted, as it was recognised.
    pub(super) intents: Vec<Value>,
    /// Tokens, one entry per request to a model.
    pub(super) usage: Vec<Value>,
    /// How long each step of each turn took.
    pub(super) latency: Latency,
    /// Who answered a call that we placed.
    pub(super) answering: Option<Map<String, Value>>,
    /// The `transfer_*` fields, once the caller was handed on or could not be.
    pub(super) transfer: Map<String, Value>,
    /// What the bot's prompts found in the call.
    pub(super) analysis: Option<Map<String, Value>>,
    /// How well the call was done.
    pub(super) qc: Option<Map<String, Value>>,
}

impl Gathered {
    /// Nothing yet but the skeleton.
    pub(super) fn of(skeleton: CallResultsPayload) -> Self {
        Self {
            skeleton,
            turns: Vec::new(),
            events: Vec::new(),
            intents: Vec::new(),
            usage: Vec::new(),
            latency: Latency::default(),
            answering: None,
            transfer: Map::new(),
            analysis: None,
            qc: None,
        }
    }

    /// Whether the caller has said or pressed anything.
    pub(super) fn has_spoken(&self) -> bool {
        self.turns.iter().any(|turn| turn.role == Role::User)
    }

    /// How long the call has lasted since its answer, in seconds.
    pub(super) fn seconds(&self, until: Millis) -> f64 {
        self.skeleton.answered_at.map_or(0.0, |from| until.since(from).as_secs_f64())
    }
}
