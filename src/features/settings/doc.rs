//! The document: every setting with its type. Defaults stand in `assets/config/default.toml`.

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};

use super::schedule::Schedule;
use super::window::Window;
use crate::base::secret::Secret;
use crate::platform::net::Target;

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
    /// Where recordings lie.
    pub storage: Storage,
    /// Scheduled backups.
    pub backup: Backup,
    /// How SIP reaches the box.
    pub sip: Sip,
    /// Knowledge bases.
    pub knowledge: KnowledgeLimits,
    /// How long what is kept of calls.
    pub retention: Retention,
    /// Calls from browsers.
    pub browser: BrowserVisitors,
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
    /// Countries that may be called, two letters each, or `*` for all; empty for those the carriers are meant for.
    pub allowed_countries: Vec<String>,
    /// Numbers that begin like this may be called although their country or kind is refused.
    pub allowed_prefixes: Vec<String>,
    /// Whether only numbers that are on the whitelist already may be called.
    pub only_whitelisted: bool,
    /// Calls per day; 0 when there is no limit.
    pub daily_cap: u32,
    /// Minutes per day that may be talked; 0 when there is no limit.
    pub daily_minutes: u32,
    /// What the calls of a day may cost, in the currency of the prices; 0 when there is no limit.
    pub daily_spend: f64,
    /// What a minute costs to numbers that `minute_prices` does not name.
    pub minute_price: f64,
    /// What a minute costs by how the number begins: `+356=0.02`.
    pub minute_prices: Vec<String>,
    /// When people are about who would notice abuse, by the zone of the box.
    pub business_hours: Window,
    /// Minutes per day that may be talked outside `business_hours`; 0 when there is no limit.
    pub off_hours_minutes: u32,
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

impl Brand {
    /// Where the picture comes from, as the policy of a page names it: `https://host`. None without a picture.
    pub fn picture_origin(&self) -> Option<String> {
        Target::read(&self.logo).ok().filter(|target| target.tls).map(|target| format!("https://{}", target.authority))
    }
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

/// Section `storage`: an S3-compatible store beside the local disk.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// Host and port of the store, such as `localhost:9000`.
    pub endpoint: String,
    /// Id of the access key; empty when only the local disk is used.
    pub access_key: String,
    /// The secret that belongs to it.
    pub secret_key: Secret,
    /// The bucket; it must exist.
    pub bucket: String,
    /// Whether the store is spoken to over TLS.
    pub secure: bool,
    /// Its region.
    pub region: String,
    /// Whether the bucket stands in the path of URLs and not in the host's name.
    pub path_style: bool,
    /// Whether the local copy of a recording stays after its upload.
    pub keep_local: bool,
    /// Days a recording link lives after its call; 0 when as long as the recording.
    pub link_days: u32,
}

impl Storage {
    /// Whether recordings are uploaded: endpoint, both keys and the bucket are set.
    pub fn is_on(&self) -> bool {
        ![&self.endpoint, &self.access_key, &self.bucket].into_iter().any(String::is_empty) && !self.secret_key.expose().is_empty()
    }
}

/// Section `backup`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// When backups are made.
    pub schedule: Schedule,
    /// How many finished ones are kept.
    pub keep: u32,
    /// Whether each one is also uploaded to the object store.
    pub to_s3: bool,
    /// Whether the database is written anew without free pages.
    pub compact: bool,
    /// Whether the sound of recordings that lie on local disk goes along.
    pub with_recordings: bool,
}

/// Section `sip`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sip {
    /// The address peers outside are told, as text; empty when the interfaces' own ones are of use to everybody.
    pub external_address: String,
    /// Networks whose peers are told the interface's address instead.
    pub local_networks: Vec<String>,
}

/// Section `knowledge`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnowledgeLimits {
    /// Largest document, in megabytes.
    pub max_document_mb: u32,
    /// How long reading one document may take, in seconds.
    pub parse_seconds: u32,
}

/// Section `retention`: days after the beginning of a call; 0 is for ever.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Recordings.
    pub audio_days: u32,
    /// What was said and what happened.
    pub transcript_days: u32,
    /// Analysis and quality check.
    pub analysis_days: u32,
    /// The calls themselves.
    pub metadata_days: u32,
    /// Proofs of consent.
    pub consent_days: u32,
    /// Raw events and log lines.
    pub trace_days: u32,
    /// Largest size of those, in megabytes.
    pub trace_mb: u32,
}

/// Section `browser`: calls from browsers of people who are not signed in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrowserVisitors {
    /// Whether they may call public numbers at all.
    pub visitors: bool,
    /// Their calls at the same time.
    pub visitors_at_once: u32,
    /// Calls of one address within an hour.
    pub visitor_calls_per_hour: u32,
    /// Their calls within a day.
    pub visitor_calls_per_day: u32,
}

fn time_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(deserializer)?;
    TimeZone::get(&name).map_err(|_| serde::de::Error::custom("must be a time zone such as Europe/Malta"))
}
