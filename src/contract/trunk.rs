//! A carrier's trunk as the engine needs it: whom to accept calls from, where to send them, where to sign in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::id::CarrierId;
use crate::contract::wire_secret::WireSecret;

/// How SIP travels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// UDP, the default.
    #[default]
    Udp,
    /// TCP.
    Tcp,
    /// TLS.
    Tls,
}

impl Transport {
    /// What a SIP URI says of it.
    pub fn uri_suffix(self) -> &'static str {
        match self {
            Self::Udp => "",
            Self::Tcp => ";transport=tcp",
            Self::Tls => ";transport=tls",
        }
    }
}

/// Whether the sound of calls through a trunk is encrypted (SRTP with keys in SIP, RFC 4568).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MediaEncryption {
    /// Over TLS it is offered, and calls go on without it where the carrier does not take it; over UDP and TCP it is not offered.
    #[default]
    Auto,
    /// Calls without it are refused, both ways.
    Required,
    /// It is never offered.
    Off,
}

/// Seconds between two questions whether a trunk is there.
pub const PING_EVERY_S: u32 = 30;

/// One trunk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trunk {
    /// The carrier.
    pub carrier_id: CarrierId,
    /// Its name, for the log.
    #[serde(default)]
    pub name: String,
    /// `host:port` calls are sent to.
    pub sip_address: String,
    /// Transport of outbound calls.
    #[serde(default)]
    pub transport: Transport,
    /// Certificates (PEM) to trust for TLS, instead of the common ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_ca_pem: Option<String>,
    /// User name for a digest challenge (RFC 8760).
    #[serde(default)]
    pub outbound_auth_username: Option<String>,
    /// Password for a digest challenge.
    #[serde(default)]
    pub outbound_auth_password: Option<WireSecret>,
    /// Seconds to register for; `None`: the trunk wants no registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub register_seconds: Option<u32>,
    /// Seconds between two OPTIONS; 0: none are sent.
    #[serde(default = "default_ping")]
    pub options_seconds: u32,
    /// User name its calls must sign in with. `None`: its addresses alone tell it.
    #[serde(default)]
    pub inbound_auth_username: Option<String>,
    /// Password its calls must sign in with.
    #[serde(default)]
    pub inbound_auth_password: Option<WireSecret>,
    /// Addresses or prefixes (CIDR) calls are taken from. Empty with a user name or a registration: the address in `sip_address`.
    #[serde(default)]
    pub inbound_allowed_addresses: Vec<String>,
    /// Most calls at once towards this carrier.
    #[serde(default)]
    pub outbound_channels: Option<u32>,
    /// Whether sound is encrypted.
    #[serde(default)]
    pub media_encryption: MediaEncryption,
}

impl Trunk {
    /// A trunk at `host:port` that signs in nowhere and from which no call is taken.
    pub fn new(carrier_id: CarrierId, sip_address: String, transport: Transport) -> Self {
        Self {
            name: carrier_id.to_string(),
            carrier_id,
            sip_address,
            transport,
            tls_ca_pem: None,
            outbound_auth_username: None,
            outbound_auth_password: None,
            register_seconds: None,
            options_seconds: 0,
            inbound_auth_username: None,
            inbound_auth_password: None,
            inbound_allowed_addresses: Vec::new(),
            outbound_channels: None,
            media_encryption: MediaEncryption::Auto,
        }
    }
}

fn default_ping() -> u32 {
    PING_EVERY_S
}

/// `GET /api/v1/engine/trunks`: all active trunks. `revision` changes when any of them does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trunks {
    /// Changes with every change.
    pub revision: u64,
    /// The active trunks, oldest first.
    pub trunks: Vec<Trunk>,
    /// How the box is reached from outside its own networks; absent: as its interfaces say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
}

/// How SIP and audio reach the box from elsewhere: behind a NAT its own addresses do not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reach {
    /// The address peers outside are told.
    pub external_address: String,
    /// Networks (CIDR) whose peers are told the address of the interface instead.
    #[serde(default)]
    pub local_networks: Vec<String>,
}

/// How a trunk is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TrunkStatus {
    /// Nobody has tried yet.
    #[default]
    Pending,
    /// It answers, and where it wants a registration there is one.
    Up,
    /// It does not answer, or refuses the registration.
    Down,
}

/// How the registration at a trunk is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RegistrationStatus {
    /// The first one is on its way.
    #[default]
    Trying,
    /// It stands.
    Registered,
    /// The trunk said no.
    Refused,
    /// The trunk did not answer.
    Unreachable,
}

/// A SIP answer in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SipAnswer {
    /// Its status code.
    pub code: u16,
    /// Its words.
    pub reason: String,
}

/// The registration of the box at a trunk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrunkRegistration {
    /// How it is.
    pub status: RegistrationStatus,
    /// Until when it stands, in milliseconds since 1970.
    #[serde(default)]
    pub expires_at_ms: Option<i64>,
    /// What the trunk last answered to a REGISTER.
    #[serde(default)]
    pub answer: Option<SipAnswer>,
}

/// One trunk as an engine sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrunkState {
    /// The carrier.
    pub carrier_id: CarrierId,
    /// Revision of the trunks that this was seen under.
    pub revision: u64,
    /// How it is.
    pub status: TrunkStatus,
    /// Why it is down, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The registration, where one is wanted.
    #[serde(default)]
    pub registration: Option<TrunkRegistration>,
    /// What it last answered to OPTIONS.
    #[serde(default)]
    pub ping: Option<SipAnswer>,
    /// How long that took, in milliseconds.
    #[serde(default)]
    pub round_trip_ms: Option<u32>,
    /// OPTIONS without an answer since the last one that was answered.
    #[serde(default)]
    pub n_missed: u32,
    /// When it last answered anything, in milliseconds since 1970.
    #[serde(default)]
    pub answered_at_ms: Option<i64>,
    /// `ip:port` it sees us at (`received` and `rport` of its answers).
    #[serde(default)]
    pub seen_as: Option<String>,
    /// `ip:port` we give it for SIP (Contact).
    #[serde(default)]
    pub sent_as: Option<String>,
}

/// `PUT /api/v1/engine/trunks/state`: all trunks as one engine sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrunkStates {
    /// A name of the engine that no other one has.
    pub engine: String,
    /// Its view of each trunk.
    pub states: Vec<TrunkState>,
}

/// `POST /trunks/{carrier_id}/check` of an engine: the trunk asked anew, and where audio will be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrunkCheck {
    /// The trunk, asked just now.
    pub state: TrunkState,
    /// Address that SDP gives it for audio.
    pub audio_address: String,
    /// First UDP port for audio.
    pub audio_port_first: u16,
    /// Last UDP port for audio.
    pub audio_port_last: u16,
}
