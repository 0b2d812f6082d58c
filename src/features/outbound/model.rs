//! Orders: what is asked for, what is kept, what is shown.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::machine::{Standing, Status};
use super::telephone::Telephone;
use crate::base::Millis;
use crate::base::id::{BotId, CallId, SessionId};
use crate::base::secret::Secret;

/// A call somebody wants, checked. Other slices order calls with it as `POST /api.ashx/v1/calls` does.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Whom to call: E.164.
    pub phone: String,
    /// Name shown for the callee.
    pub display_name: String,
    /// Where transcript and outcome go; the default address, else the actor's, where there is none.
    pub email: Option<String>,
    /// Key of a model provider for this call. Sealed until the order is over, then forgotten.
    pub api_key: Option<Secret>,
    /// The bot that speaks; the default one if absent.
    pub bot_id: Option<BotId>,
    /// When to call; at once if absent or past.
    pub at: Option<Millis>,
    /// Further attempts if the first one does not come about.
    pub retries: u32,
    /// Minutes between attempts.
    pub retry_delay_minutes: u32,
    /// Placed now or not at all, and told of in no mail: a CRM waits for the answer.
    pub is_direct: bool,
    /// What holds for this call alone.
    pub brief: Brief,
}

/// What the bot is to do on every attempt of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// A text, or the name of a stored prompt; the bot's own prompt if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// Voice, where it is not the bot's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// Language, where it is not the bot's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Model, where it is not the bot's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Longest talk.
    pub max_seconds: u32,
    /// The number to show, where it is not the carrier's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_number: Option<String>,
    /// Variables and control flags, handed to the engine as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_event: Option<Map<String, Value>>,
    /// `draft`, `published` or the number of a version: the call tries that out, whether or not the bot takes calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<String>,
    /// Whether nothing is carried out that tools ask for, and nobody is transferred.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_rehearsal: bool,
    /// A telephone that is called by its SIP address, with no carrier between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telephone: Option<Telephone>,
}

/// What everybody with the permission may see of an order.
#[derive(Debug, Clone)]
pub struct OrderRecord {
    /// The CodeB key, the same on all attempts.
    pub call_id: CallId,
    /// How it stands.
    pub status: Status,
    /// Who asked for it.
    pub requested_by: String,
    /// Whom it calls.
    pub phone: String,
    /// Name of whom it calls.
    pub display_name: String,
    /// Where the outcome goes.
    pub email: String,
    /// Voice, as it is shown.
    pub voice: String,
    /// Language, as it is shown.
    pub language: String,
    /// Model, as it is shown.
    pub model: String,
    /// When it was asked for.
    pub created_at: Millis,
    /// When it is to be placed; none for a call that was to be placed at once.
    pub scheduled_for: Option<Millis>,
    /// When an engine was told to dial, on the newest attempt.
    pub dispatched_at: Option<Millis>,
    /// When the newest attempt was answered.
    pub answered_at: Option<Millis>,
    /// When the newest attempt ended.
    pub ended_at: Option<Millis>,
    /// How it ended; empty while it runs.
    pub ended_reason: String,
    /// Answer to end in seconds, rounded.
    pub duration_sec: u64,
    /// The trunk of the newest attempt.
    pub carrier_id: String,
    /// Its transcript; empty until there is one.
    pub transcript_file: String,
    /// What went wrong, where the failure was a technical one.
    pub error_detail: String,
    /// The attempt that counts.
    pub attempt: u32,
    /// Attempts after the first one that may be made.
    pub retries: u32,
    /// Minutes between attempts.
    pub retry_delay_minutes: u32,
}

/// A stored order, whole.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) record: OrderRecord,
    pub(super) session_id: Option<SessionId>,
    pub(super) claimed_at: Option<Millis>,
    pub(super) bot_id: BotId,
    pub(super) api_key_sealed: Option<String>,
    pub(super) brief: Brief,
}

impl Order {
    /// What decides about it.
    pub(super) fn standing(&self) -> Standing {
        let OrderRecord { status, attempt, retries, .. } = self.record;
        Standing { status, attempt, retries, is_claimed: self.claimed_at.is_some() }
    }

    /// The attempt that is made next.
    pub(super) fn next_attempt(&self) -> u32 {
        self.record.attempt + u32::from(self.record.status == Status::RetryPending)
    }
}

/// An order that was taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Placed {
    /// Its key.
    pub call_id: CallId,
    /// Whether the number was not on the whitelist before.
    pub is_new_number: bool,
    /// Why the number could not be put on the whitelist.
    pub whitelist_error: Option<String>,
    /// What an engine answered, or when one will be asked, as JSON text.
    pub bridge_reply: String,
}
