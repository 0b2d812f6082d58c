//! The ten event names (decision 5). This table is the only place that spells them.

use crate::contract::fact::Fact;

macro_rules! names {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// What a receiver can be told of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventName {
            $($(#[$doc])* $variant,)+
        }

        impl EventName {
            /// All names, in the order a call goes through them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name as it is sent.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

names! {
    /// Somebody picked up: the callee, or our receptionist over SIP.
    CallAnswered = "call.answered",
    /// A bot began to speak.
    CallStarted = "call.started",
    /// A bot handed the call on.
    CallTransferred = "call.transferred",
    /// A call to a number is over.
    CallEnded = "call.ended",
    /// An outbound call is over, answered or not.
    OutboundFinished = "outbound-ai.finished",
    /// A transcript can be fetched.
    TranscriptSaved = "transcript.saved",
    /// A transcript was shared by link.
    ShareCreated = "transcript.share.created",
    /// A shared transcript was opened.
    ShareViewed = "transcript.share.viewed",
    /// A share was taken back.
    ShareRevoked = "transcript.share.revoked",
    /// An operator tries a subscription out.
    Test = "webhook.test",
}

impl EventName {
    /// Reads a name. `None` if it is not in the table.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.as_str() == name)
    }

    /// The event that tells receivers of a fact, if any does. `is_outbound`: whether we placed the call.
    pub fn of(fact: &Fact, is_outbound: bool) -> Option<Self> {
        Some(match fact {
            Fact::CallAnswered { .. } => Self::CallAnswered,
            Fact::CallStarted { .. } => Self::CallStarted,
            Fact::CallTransferred { .. } => Self::CallTransferred,
            Fact::CallCompleted { .. } if is_outbound => Self::OutboundFinished,
            Fact::CallCompleted { .. } => Self::CallEnded,
            Fact::TranscriptSaved { .. } => Self::TranscriptSaved,
            Fact::ShareCreated { .. } => Self::ShareCreated,
            Fact::ShareViewed { .. } => Self::ShareViewed,
            Fact::ShareRevoked { .. } => Self::ShareRevoked,
            Fact::WebhookPaused { .. } => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_names_are_known_and_no_other() {
        assert_eq!(EventName::ALL.len(), 10);
        for event in EventName::ALL {
            assert_eq!(EventName::parse(event.as_str()), Some(*event));
        }
        for unknown in ["", "*", "call.ENDED", "call.ended ", "share.created"] {
            assert_eq!(EventName::parse(unknown), None);
        }
    }
}
