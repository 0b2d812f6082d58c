//! Where the other end of a call was, in the words of CodeB. Pure.

use crate::features::calls::{CallRecord, Direction, Origin};

/// Where the other end of a call was, in the words of CodeB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Somebody called a virtual number.
    Vnum,
    /// A user's registered phone called one (decision 31).
    OfficeTab,
    /// We called somebody.
    OutboundAi,
}

impl Source {
    pub(super) fn of(call: &CallRecord) -> Self {
        match (call.origin, call.direction) {
            (Origin::OutboundAi, _) | (Origin::External, Direction::Outbound) => Self::OutboundAi,
            _ if call.phone_user.is_some() => Self::OfficeTab,
            _ => Self::Vnum,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Vnum => "vnum",
            Self::OfficeTab => "office-tab",
            Self::OutboundAi => "outbound-ai",
        }
    }

    pub(super) fn is_outbound(self) -> bool {
        self == Self::OutboundAi
    }
}
