//! What is gathered of a call while it runs, in the shapes its result takes. No I/O.

use serde_json::{Map, Value};

use crate::contract::result::CallResultsPayload;
use crate::contract::turn::Turn;
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
    /// The `transfer_*` fields, once the caller was handed on or could not be.
    pub(super) transfer: Map<String, Value>,
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
            transfer: Map::new(),
        }
    }
}
