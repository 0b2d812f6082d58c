//! What an engine host answers and takes: health, dialout, drain (contract §2.8, §2.9, decision 21).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::base::id::{BotId, CallId, CarrierId, SessionId};
use crate::contract::trunk::Trunk;

/// `GET /health/fleet`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FleetHealth {
    /// `ok`, or `draining`.
    pub status: String,
    /// Calls this host can hold.
    pub fleet_max: u32,
    /// Calls it can still take.
    pub fleet_available: u32,
    /// Calls it holds.
    pub fleet_calls: u32,
    /// Its workers (one for the built-in engine).
    pub workers: Vec<Value>,
    /// Version of the contract it speaks (ours; absent on foreign engines).
    #[serde(default)]
    pub contract_version: Option<u32>,
    /// Version of the program.
    #[serde(default)]
    pub version: Option<String>,
    /// Process id of the engine.
    #[serde(default)]
    pub pid: Option<u32>,
    /// Where SIP is bound; null while it is not.
    #[serde(default)]
    pub sip: Option<String>,
    /// Whether the speech worker answers.
    #[serde(default)]
    pub speech_ready: bool,
    /// Results that wait in the spool.
    #[serde(default)]
    pub spooled: u32,
}

/// `POST /livekit/dialout`: place one call.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Dialout {
    /// The bot that will speak.
    pub bot_id: BotId,
    /// Whom to call: E.164.
    pub to_number: String,
    /// Caller id to show.
    #[serde(default)]
    pub from_number: Option<String>,
    /// Base of the config route, `<public base>/api/v1/config`.
    #[serde(default)]
    pub config_url: Option<String>,
    /// Variables of this call.
    #[serde(default)]
    pub connected_event: Option<Value>,
    /// Key of the call skeleton that already exists.
    #[serde(default)]
    pub session_id: Option<SessionId>,
    /// The CodeB key of the call.
    #[serde(default)]
    pub call_id: Option<CallId>,
    /// The trunk to dial through.
    #[serde(default)]
    pub trunk: Option<Trunk>,
    /// Trunks to dial through when that one fails before it rings, in this order. Before one is used the engine asks for a line on it
    /// (`POST /api/v1/engine/calls/{session_id}/carrier`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Way>,
    /// How long to let it ring.
    #[serde(default = "default_ringing_s")]
    pub ringing_timeout_seconds: u32,
}

/// A trunk to dial through, and the number to show there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Way {
    /// The trunk.
    pub trunk: Trunk,
    /// Caller id to show.
    #[serde(default)]
    pub from_number: Option<String>,
}

/// `POST /api/v1/engine/calls/{session_id}/carrier`: the engine wants to dial a call through another carrier than it was told.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OtherCarrier {
    /// The carrier.
    pub carrier_id: CarrierId,
}

/// A number that is to be called beside a call: whoever it is handed on to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondLeg {
    /// E.164.
    pub phone: String,
}

/// The engine's answer to a dialout it takes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DialoutAccepted {
    /// Always `accepted`.
    pub status: String,
    /// The call.
    pub call_id: String,
    /// Name of the media room; the session id here.
    pub room_name: String,
}

fn default_ringing_s() -> u32 {
    45
}
