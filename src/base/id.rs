//! Typed identifiers. Each knows its prefix and how a new one is made; none is a bare `String`.

use crate::base::Random;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $make:expr;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
            #[serde(transparent)]
            #[schema(value_type = String)]
            pub struct $name(pub String);

            impl $name {
                /// A new identifier.
                pub fn new(random: &Random) -> Self {
                    let make: fn(&Random) -> String = $make;
                    Self(make(random))
                }

                /// The identifier as text.
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }

            impl std::fmt::Display for $name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str(&self.0)
                }
            }

            impl From<String> for $name {
                fn from(text: String) -> Self {
                    Self(text)
                }
            }

            impl From<&str> for $name {
                fn from(text: &str) -> Self {
                    Self(text.to_owned())
                }
            }
        )+
    };
}

ids! {
    /// A bot: `bot_` and 16 hexadecimal digits.
    BotId = |random| format!("bot_{}", random.hex::<8>());
    /// A virtual number: `num_` and 16 hexadecimal digits.
    NumberId = |random| format!("num_{}", random.hex::<8>());
    /// The SIP account of a person: `pho_` and 16 hexadecimal digits.
    PhoneId = |random| format!("pho_{}", random.hex::<8>());
    /// A SIP trunk of a carrier: `tr_` and 16 hexadecimal digits (seed 002).
    CarrierId = |random| format!("tr_{}", random.hex::<8>());
    /// A number of a carrier: `did_` and 16 hexadecimal digits.
    DidId = |random| format!("did_{}", random.hex::<8>());
    /// A person who signs in: `usr_` and 16 hexadecimal digits.
    UserId = |random| format!("usr_{}", random.hex::<8>());
    /// An API key's row: `key_` and 16 hexadecimal digits. Not the key itself.
    ApiKeyId = |random| format!("key_{}", random.hex::<8>());
    /// A webhook subscription: 16 hexadecimal digits (seed 002).
    WebhookId = |random| random.hex::<8>();
    /// One delivery of one event to one subscription; the same on every attempt: `dlv_` and 24 hexadecimal digits.
    DeliveryId = |random| format!("dlv_{}", random.hex::<12>());
    /// A link that shares a transcript: `shr_` and 16 hexadecimal digits. Not its token.
    ShareId = |random| format!("shr_{}", random.hex::<8>());
    /// A knowledge base: `kb_` and 16 hexadecimal digits.
    KnowledgeBaseId = |random| format!("kb_{}", random.hex::<8>());
    /// A document of a knowledge base: `doc_` and 16 hexadecimal digits.
    DocumentId = |random| format!("doc_{}", random.hex::<8>());
    /// A mail about a call: `mail_` and 16 hexadecimal digits.
    MailId = |random| format!("mail_{}", random.hex::<8>());
    /// A note on a call: `note_` and 16 hexadecimal digits.
    NoteId = |random| format!("note_{}", random.hex::<8>());
    /// An erasure of a person: `era_` and 16 hexadecimal digits.
    ErasureId = |random| format!("era_{}", random.hex::<8>());
    /// The CXB key of a call, from the call-time config to its result: a UUID.
    SessionId = |random| random.uuid().to_string();
    /// The CodeB key of a call: `oac-` + 12 hex outbound, `vnum` + 12 hex inbound. `new` makes an inbound one.
    CallId = |random| format!("vnum{}", random.hex::<6>());
}

impl CallId {
    /// A new outbound call: `oac-` and 12 hexadecimal digits (seed 002).
    pub fn outbound(random: &Random) -> Self {
        Self(format!("oac-{}", random.hex::<6>()))
    }
}
