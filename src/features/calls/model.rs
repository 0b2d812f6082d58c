//! The words of a call: which way it went, where it came from, how it stands; and what is known before it begins.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::base::Millis;
use crate::base::id::{BotId, CallId, CarrierId, NumberId, SessionId};

/// Outcome of a call that an operator ended; no result changes it.
pub(super) const CANCELLED: &str = "cancelled";

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:tt),+ $(,)? })+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
            pub enum $name {
                $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+
            }

            impl $name {
                /// Every value, in order.
                pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

                /// The word as it is stored and sent.
                pub fn as_str(self) -> &'static str {
                    match self { $(Self::$variant => $word,)+ }
                }

                /// Reads the word. `None` if it is another one.
                pub fn parse(word: &str) -> Option<Self> {
                    match word { $($word => Some(Self::$variant),)+ _ => None }
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(self.as_str())
                }
            }
        )+
    };
}

words! {
    /// Which way a call goes.
    Direction {
        /// Somebody called us.
        Inbound = "inbound",
        /// We called somebody.
        Outbound = "outbound",
    }

    /// What brought a call about.
    Origin {
        /// A call to a virtual number.
        Vnum = "vnum",
        /// A call placed by `POST /api.ashx/v1/calls`.
        OutboundAi = "outbound-ai",
        /// A call that an engine holds by itself and only reports.
        External = "external",
    }

    /// How a call stands for CXB (seed 000).
    CallStatus {
        /// Its result has not arrived.
        Active = "active",
        /// It was held.
        Completed = "completed",
        /// It never came about, or broke.
        Failed = "failed",
        /// An answering machine took it.
        Voicemail = "voicemail",
    }
}

/// What is known of a call before it begins. `..NewCall::of(session_id)` fills the rest.
#[derive(Debug, Clone)]
pub struct NewCall {
    /// The CXB key.
    pub session_id: SessionId,
    /// The CodeB key.
    pub call_id: Option<CallId>,
    /// The bot that speaks.
    pub bot_id: Option<BotId>,
    /// The version of it.
    pub bot_version: Option<u32>,
    /// Key of a WebSocket stream.
    pub stream_id: Option<String>,
    /// Which way it goes.
    pub direction: Direction,
    /// What brought it about.
    pub origin: Origin,
    /// The virtual number that was reached.
    pub number_id: Option<NumberId>,
    /// That number's digits.
    pub number: Option<String>,
    /// That number's name.
    pub number_name: Option<String>,
    /// The number that was dialled.
    pub did: Option<String>,
    /// Who called, or was called, in the words of the caller's system.
    pub caller_id: Option<String>,
    /// Number of the caller.
    pub from_number: Option<String>,
    /// Number that is called.
    pub to_number: Option<String>,
    /// Name shown for the callee.
    pub display_name: Option<String>,
    /// Where the transcript is mailed.
    pub email: Option<String>,
    /// User who asked for the call.
    pub requested_by: Option<String>,
    /// The trunk.
    pub carrier_id: Option<CarrierId>,
    /// SIP account that called or is rung: the office tab of the CodeB surface (decision 31).
    pub phone_user: Option<String>,
    /// Which attempt of its order this is.
    pub attempt: u32,
    /// Attempts that are left after this one.
    pub retries_left: u32,
    /// When an engine is told to dial; outbound calls only.
    pub dispatched_at: Option<Millis>,
    /// Whether a transcript file is written at its end.
    pub save_transcript: bool,
    /// Whether the CRM push is left out.
    pub skip_post_push: bool,
    /// Voice of the bot.
    pub voice: Option<String>,
    /// Language of the bot.
    pub language: Option<String>,
    /// Model of the bot.
    pub model: Option<String>,
    /// `systemPrompt`, `voice`, `language`, `maxSeconds` of this call alone.
    pub overrides: Option<Value>,
    /// Variables the call starts with.
    pub connected_event: Option<Map<String, Value>>,
    /// What the CRM said about the caller; kept as `crm_data`.
    pub crm_data: Option<Map<String, Value>>,
    /// Which campaign the call belongs to, in the dialler's own words; kept as `campaign`.
    pub campaign: Option<Map<String, Value>>,
}

impl NewCall {
    /// An inbound call of an external engine of which only the key is known.
    pub fn of(session_id: SessionId) -> Self {
        Self {
            session_id,
            call_id: None,
            bot_id: None,
            bot_version: None,
            stream_id: None,
            direction: Direction::Inbound,
            origin: Origin::External,
            number_id: None,
            number: None,
            number_name: None,
            did: None,
            caller_id: None,
            from_number: None,
            to_number: None,
            display_name: None,
            email: None,
            requested_by: None,
            carrier_id: None,
            phone_user: None,
            attempt: 1,
            retries_left: 0,
            dispatched_at: None,
            save_transcript: false,
            skip_post_push: false,
            voice: None,
            language: None,
            model: None,
            overrides: None,
            connected_event: None,
            crm_data: None,
            campaign: None,
        }
    }
}
