//! A call back that somebody asks for during a call.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::Millis;
use crate::base::id::CallId;

/// What a model must know to take the wish: what time it is where the other end is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallbackOffer {
    /// IANA zone.
    pub time_zone: String,
    /// The time there when the call began, such as `Friday 2026-11-27 15:30`.
    pub local_time: String,
}

/// The wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallbackAsk {
    /// When: `2026-11-27T15:30` or `15:30` by the clocks of the other end, or a time with its offset.
    pub time: String,
    /// What about, for the bot that calls; it knows it as `{{call.callback_reason}}`.
    #[serde(default)]
    pub reason: String,
}

/// The call that is planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Callback {
    /// Its key.
    pub call_id: CallId,
    /// When it is placed; later than wished when numbers there may not be called at that time.
    #[schema(value_type = String, format = DateTime)]
    pub at: Millis,
    /// The same by the clocks of the other end.
    pub local_time: String,
    /// Their zone.
    pub time_zone: String,
}
