//! The document: every setting with its type. Defaults stand in `assets/config/default.toml`.

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};

use super::window::Window;
use crate::base::secret::Secret;

/// All settings as they are at one moment.
#[derive(Debug, Clone)]
pub struct SettingsDoc {
    /// Counts the changes.
    pub revision: i64,
    /// Outbound calls.
    pub outbound: OutboundCalls,
    /// The mail server.
    pub mail: Mail,
    /// How the box presents itself.
    pub brand: Brand,
    /// The engines.
    pub fleet: FleetHosts,
    /// Model providers of bots that name none of their own.
    pub providers: Providers,
}

/// Section `outbound`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundCalls {
    /// Bot of calls that name none; empty when there is none.
    pub default_bot_id: String,
    /// Where the outcome of calls goes that name no address; empty when it goes to whoever placed the call.
    pub default_email: String,
    /// Key of the language model for calls that bring none; empty when there is none.
    pub default_api_key: Secret,
    /// When calls may be placed, in the time of the person who is called.
    pub window: Window,
    /// Zone of the box.
    #[serde(deserialize_with = "time_zone")]
    pub timezone: TimeZone,
    /// Countries that may be called, two letters each; empty when all may.
    pub allowed_countries: Vec<String>,
    /// Numbers that begin like this may be called although their country or kind is refused.
    pub allowed_prefixes: Vec<String>,
    /// Whether only numbers that are on the whitelist already may be called.
    pub only_whitelisted: bool,
    /// Calls per day; 0 when there is no limit.
    pub daily_cap: u32,
}

/// Whether mail travels under TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// Plain at first, then TLS or nothing.
    Starttls,
    /// From the first byte.
    Tls,
    /// Never.
    Off,
}

/// Section `mail`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The server; empty when no mail is sent.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// TLS or not.
    pub security: MailSecurity,
    /// User name; empty when there is no sign-in.
    pub username: String,
    /// Password.
    pub password: Secret,
    /// Address the mail is from.
    pub from: String,
    /// Certificates (PEM) to trust besides the usual ones.
    pub ca_pem: String,
    /// How long one mail may take.
    pub timeout_seconds: u32,
}

impl Mail {
    /// Whether mail is sent at all.
    pub fn is_on(&self) -> bool {
        !self.host.is_empty()
    }
}

/// Section `brand`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brand {
    /// The name people see.
    pub name: String,
    /// URL of a picture; empty when there is none.
    pub logo: String,
    /// Address people may write to; empty when there is none.
    pub support_email: String,
}

/// Section `fleet`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FleetHosts {
    /// URLs of engines; empty when the engine of this box is used.
    #[serde(rename = "cxbcore_fleet")]
    pub hosts: Vec<String>,
}

/// Section `providers`: where bots go that use the provider `openai` and name neither an address nor a key.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Providers {
    /// Root of an OpenAI-compatible API; empty for the public one.
    pub openai_base_url: String,
    /// Its key; empty when it needs none.
    pub openai_api_key: Secret,
}

fn time_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(deserializer)?;
    TimeZone::get(&name).map_err(|_| serde::de::Error::custom("must be a time zone such as Europe/Malta"))
}
