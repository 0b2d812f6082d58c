//! What becomes of an incoming call: `POST /api/v1/engine/inbound` (issue contract, decision 24).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::browser::FromBrowser;
use super::socket::FromSocket;
use crate::base::id::{BotId, CallId, CarrierId, NumberId, SessionId};

/// The engine asks what to do with an INVITE.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InboundCall {
    /// Id the engine gave the call (`vnum…`). A repeat with the same id gets the same answer.
    pub call_id: CallId,
    /// Key the engine proposes. Its journal lies on disk under it before the call gets a row, so that no crash leaves a row without a
    /// result. An engine that proposes none is given one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// The carrier it came from; none for a call of a registered phone.
    #[serde(default)]
    pub carrier_id: Option<CarrierId>,
    /// The SIP account of the phone it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aor: Option<String>,
    /// The number that was dialled.
    pub did: String,
    /// Who calls; null when withheld.
    pub from_number: Option<String>,
    /// SIP headers of the INVITE that a bot may use.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A bot of this box hands its caller on to this number or name: only what the box itself has is meant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_inside: bool,
    /// The call comes from a browser: whom it reaches was decided when it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<FromBrowser>,
    /// The call comes over a WebSocket: its bot is named by who opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<FromSocket>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "lowercase")]
pub enum InboundAnswer {
    /// A bot takes the call; its config is fetched next.
    Bot {
        /// The bot.
        bot_id: BotId,
        /// The virtual number that was reached; none when the bot of a carrier's number (DID) takes the call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number_id: Option<NumberId>,
        /// Key for the call.
        session_id: SessionId,
    },
    /// A registered phone rings.
    Ring {
        /// Address of record.
        aor: String,
        /// Key for the call. Without one the engine's own is used.
        #[serde(default)]
        session_id: Option<SessionId>,
    },
    /// The call is refused.
    Reject {
        /// SIP status, such as 404 or 486.
        sip_code: u16,
        /// Why, for the caller's phone to show.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}
