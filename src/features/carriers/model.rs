//! What a carrier is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::Millis;
use crate::base::id::CarrierId;
use crate::contract::config::WireSecret;
use crate::contract::trunk::{Transport, Trunk};

/// How SIP travels to a carrier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TrunkTransport {
    /// What the box thinks best: UDP.
    Auto,
    /// TCP.
    Tcp,
    /// UDP.
    #[default]
    Udp,
    /// TLS; not offered yet, refused with a sentence.
    Tls,
}

/// How a carrier's calls to the box are recognised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum InboundAuth {
    /// By name and password.
    #[default]
    Credentials,
    /// By the address they come from.
    Ip,
}

/// A carrier as it is written. Passwords go in and never come out: absent keeps the stored one, an empty text removes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CarrierBody {
    /// What people call it.
    pub name: String,
    /// `host` or `host:port` of its SIP server.
    pub sip_address: String,
    /// How SIP travels to it.
    pub transport: TrunkTransport,
    /// Country calls are meant for: two letters.
    pub destination_country: Option<String>,
    /// Whether calls are taken from it and placed through it.
    pub is_active: bool,
    /// Number shown to the people who are called.
    pub from_number: Option<String>,
    /// User name both ways, where no other is given.
    pub auth_username: Option<String>,
    /// Password both ways, where no other is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_password: Option<WireSecret>,
    /// How its calls are recognised.
    pub inbound_auth_mode: InboundAuth,
    /// Addresses or prefixes its calls come from; needed when `inbound_auth_mode` is `ip`.
    pub inbound_allowed_addresses: Vec<String>,
    /// User name it signs in with.
    pub inbound_auth_username: Option<String>,
    /// Password it signs in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbound_auth_password: Option<WireSecret>,
    /// User name the box signs in with.
    pub outbound_auth_username: Option<String>,
    /// Password the box signs in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound_auth_password: Option<WireSecret>,
    /// Calls placed per second: 0.1 to 100.
    pub outbound_cps: f64,
    /// Calls that may be placed at once after a pause: 1 to 1000.
    pub outbound_burst: u32,
    /// Calls at once towards this carrier: 1 to 500.
    pub outbound_channels: u32,
}

impl Default for CarrierBody {
    fn default() -> Self {
        Self {
            name: String::new(),
            sip_address: String::new(),
            transport: TrunkTransport::default(),
            destination_country: None,
            is_active: true,
            from_number: None,
            auth_username: None,
            auth_password: None,
            inbound_auth_mode: InboundAuth::default(),
            inbound_allowed_addresses: Vec::new(),
            inbound_auth_username: None,
            inbound_auth_password: None,
            outbound_auth_username: None,
            outbound_auth_password: None,
            outbound_cps: 1.0,
            outbound_burst: 5,
            outbound_channels: 10,
        }
    }
}

impl CarrierBody {
    /// The passwords, to seal or open them.
    pub(super) fn passwords_mut(&mut self) -> [&mut Option<WireSecret>; 3] {
        [&mut self.auth_password, &mut self.inbound_auth_password, &mut self.outbound_auth_password]
    }

    /// What its calls must sign in with: a whole pair, or nothing.
    fn inbound_login(&self) -> (Option<String>, Option<WireSecret>) {
        let username = self.inbound_auth_username.as_ref().or(self.auth_username.as_ref()).filter(|name| !name.is_empty());
        let password = self.inbound_auth_password.as_ref().or(self.auth_password.as_ref()).filter(|password| !password.0.is_empty());
        match (self.inbound_auth_mode, username, password) {
            (InboundAuth::Credentials, Some(username), Some(password)) => (Some(username.clone()), Some(password.clone())),
            _ => (None, None),
        }
    }

    /// The trunk as the engine needs it. The body's passwords must be open.
    pub(super) fn to_trunk(&self, id: &CarrierId) -> Trunk {
        let (inbound_auth_username, inbound_auth_password) = self.inbound_login();
        Trunk {
            carrier_id: id.clone(),
            name: self.name.clone(),
            sip_address: self.sip_address.clone(),
            transport: match self.transport {
                TrunkTransport::Tcp => Transport::Tcp,
                _ => Transport::Udp,
            },
            outbound_auth_username: self.outbound_auth_username.clone().or_else(|| self.auth_username.clone()),
            outbound_auth_password: self.outbound_auth_password.clone().or_else(|| self.auth_password.clone()),
            inbound_auth_username,
            inbound_auth_password,
            inbound_allowed_addresses: self.inbound_allowed_addresses.clone(),
            outbound_channels: Some(self.outbound_channels),
        }
    }
}

/// A carrier as it is read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CarrierView {
    /// The trunk.
    pub id: CarrierId,
    /// What was written, without passwords.
    #[serde(flatten)]
    pub body: CarrierBody,
    /// Whether a password both ways is stored.
    pub has_auth_password: bool,
    /// Whether a password for its calls is stored.
    pub has_inbound_auth_password: bool,
    /// Whether a password for ours is stored.
    pub has_outbound_auth_password: bool,
    /// Whether the engine knows the trunk: `synced`, the engine asks by itself.
    pub lk_sync_status: &'static str,
    /// Why it does not.
    pub lk_sync_error: Option<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub lk_last_synced_at: Millis,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
}
