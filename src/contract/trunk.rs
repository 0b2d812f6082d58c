//! A carrier's trunk as the engine needs it: whom to accept calls from and where to send them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::id::CarrierId;
use crate::contract::config::WireSecret;

/// How SIP travels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// UDP, the default.
    #[default]
    Udp,
    /// TCP.
    Tcp,
}

/// One trunk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trunk {
    /// The carrier.
    pub carrier_id: CarrierId,
    /// Its name, for the log.
    pub name: String,
    /// `host:port` calls are sent to.
    pub sip_address: String,
    /// Transport of outbound calls.
    #[serde(default)]
    pub transport: Transport,
    /// User name for a digest challenge (RFC 8760).
    #[serde(default)]
    pub outbound_auth_username: Option<String>,
    /// Password for a digest challenge.
    #[serde(default)]
    pub outbound_auth_password: Option<WireSecret>,
    /// User name its calls must sign in with. `None`: its addresses alone tell it.
    #[serde(default)]
    pub inbound_auth_username: Option<String>,
    /// Password its calls must sign in with.
    #[serde(default)]
    pub inbound_auth_password: Option<WireSecret>,
    /// Addresses or prefixes (CIDR) calls are taken from. Empty with a user name: the address in `sip_address`.
    #[serde(default)]
    pub inbound_allowed_addresses: Vec<String>,
    /// Most calls at once towards this carrier.
    #[serde(default)]
    pub outbound_channels: Option<u32>,
}

/// `GET /api/v1/engine/trunks`: all active trunks. `revision` changes when any of them does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trunks {
    /// Changes with every change.
    pub revision: u64,
    /// The active trunks, oldest first.
    pub trunks: Vec<Trunk>,
}
