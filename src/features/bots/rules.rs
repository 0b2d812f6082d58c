//! Small blocks of a bot: when it takes calls, which SIP headers it may see, dispositions set without analysis, callbacks.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// When a bot takes calls, in its own time zone. A window that ends before it starts runs over midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActiveHours {
    /// Days on which a window may begin: `mon` to `sun`, or 0 (Monday) to 6. Empty means every day.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub days: Vec<Value>,
    /// `HH:MM`, the first minute.
    pub start_time: String,
    /// `HH:MM`, the first minute that is outside again.
    pub end_time: String,
}

/// Which headers of an INVITE become `{{call.sip_header_…}}`. Every other one is dropped before anything is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SipHeaderConfig {
    /// False: no header at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Names, whatever their case; a `*` at the end stands for any rest, such as `X-Customer-*`.
    #[serde(default)]
    pub headers: Vec<String>,
}

/// Whether and how people may ask to be called back, where a language model answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Callbacks {
    /// Whether the model has the tool `schedule_callback`.
    pub enabled: bool,
    /// How many days ahead at most: 1 to 90.
    pub max_days: u32,
    /// Further attempts when nobody answers: 0 to 10.
    pub retries: u32,
    /// Minutes between attempts: 1 to 1440.
    pub retry_delay_minutes: u32,
}

impl Default for Callbacks {
    fn default() -> Self {
        Self { enabled: false, max_days: 14, retries: 1, retry_delay_minutes: 15 }
    }
}

/// Added to the prompt of calls of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallbackPromptInjection {
    /// Whether callbacks are looked for at all; the campaign must want them too.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The text; it may hold variables.
    #[serde(default)]
    pub text: String,
}

/// The result of a call of which nothing can be analysed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Disposition {
    /// The result.
    pub disposition: String,
    /// The finer result; the engine's own if absent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sub_disposition: String,
}

/// Results of calls that are not analysed; absent ones are the engine's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AutoDispositions {
    /// Nobody answered in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rnr: Option<Disposition>,
    /// An answering machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voicemail: Option<Disposition>,
    /// The time was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Disposition>,
    /// Something broke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Disposition>,
    /// The customer never spoke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_customer_message: Option<Disposition>,
}

impl AutoDispositions {
    /// Each one that is given, with the name of its field.
    pub(super) fn given(&self) -> impl Iterator<Item = (&'static str, &Disposition)> {
        [
            ("rnr", &self.rnr),
            ("voicemail", &self.voicemail),
            ("timeout", &self.timeout),
            ("error", &self.error),
            ("no_customer_message", &self.no_customer_message),
        ]
        .into_iter()
        .filter_map(|(name, given)| Some((name, given.as_ref()?)))
    }
}

fn yes() -> bool {
    true
}
