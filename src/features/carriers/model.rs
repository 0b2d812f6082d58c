//! What a carrier is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::Millis;
use crate::base::id::CarrierId;
use crate::contract::config::WireSecret;
use crate::contract::trunk::{MediaEncryption, PING_EVERY_S, RegistrationStatus, SipAnswer, Transport, Trunk, TrunkState};

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
    /// TLS. The name in `sip_address` must be the one in the carrier's certificate.
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
    /// Certificates (PEM) that a TLS carrier's own one must be signed by; none: the public authorities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_ca_pem: Option<String>,
    /// Whether sound is encrypted (SRTP). `required` needs the transport `tls`.
    pub media_encryption: MediaEncryption,
    /// Whether the box registers there, with `outbound_auth_username` (or `auth_username`) and its password.
    pub register: bool,
    /// Seconds the box asks to be registered for: 30 to 86400. The carrier may grant less.
    #[schema(minimum = 30, maximum = 86400)]
    pub register_interval_seconds: u32,
    /// Seconds between two OPTIONS that ask whether the carrier is there: 1 to 3600; 0: it is never asked.
    #[schema(maximum = 3600)]
    pub options_interval_seconds: u32,
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
            tls_ca_pem: None,
            media_encryption: MediaEncryption::default(),
            register: false,
            register_interval_seconds: 600,
            options_interval_seconds: PING_EVERY_S,
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

    /// What its calls must sign in with: a whole pair, or nothing. One at which the box is registered calls back to that registration and
    /// need not sign in, unless it was given a name of its own.
    fn inbound_login(&self) -> (Option<String>, Option<WireSecret>) {
        let legacy = Some(self).filter(|body| !body.register);
        let legacy_name = legacy.and_then(|body| body.auth_username.as_ref());
        let legacy_password = legacy.and_then(|body| body.auth_password.as_ref());
        let username = self.inbound_auth_username.as_ref().or(legacy_name).filter(|name| !name.is_empty());
        let password = self.inbound_auth_password.as_ref().or(legacy_password).filter(|password| !password.0.is_empty());
        match (self.inbound_auth_mode, username, password) {
            (InboundAuth::Credentials, Some(username), Some(password)) => (Some(username.clone()), Some(password.clone())),
            _ => (None, None),
        }
    }

    /// What the box signs in with.
    pub(super) fn outbound_login(&self) -> (Option<String>, Option<WireSecret>) {
        let username = self.outbound_auth_username.clone().or_else(|| self.auth_username.clone());
        (username, self.outbound_auth_password.clone().or_else(|| self.auth_password.clone()))
    }

    /// The trunk as the engine needs it. The body's passwords must be open.
    pub(super) fn to_trunk(&self, id: &CarrierId) -> Trunk {
        let (inbound_auth_username, inbound_auth_password) = self.inbound_login();
        let (outbound_auth_username, outbound_auth_password) = self.outbound_login();
        let transport = match self.transport {
            TrunkTransport::Tcp => Transport::Tcp,
            TrunkTransport::Tls => Transport::Tls,
            TrunkTransport::Udp | TrunkTransport::Auto => Transport::Udp,
        };
        Trunk {
            name: self.name.clone(),
            tls_ca_pem: self.tls_ca_pem.clone(),
            register_seconds: self.register.then_some(self.register_interval_seconds),
            options_seconds: self.options_interval_seconds,
            outbound_auth_username,
            outbound_auth_password,
            inbound_auth_username,
            inbound_auth_password,
            inbound_allowed_addresses: self.inbound_allowed_addresses.clone(),
            outbound_channels: Some(self.outbound_channels),
            media_encryption: self.media_encryption,
            ..Trunk::new(id.clone(), self.sip_address.clone(), transport)
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
    /// How the trunk is: `pending` until an engine has tried it as it is now, `synced`, or `error`.
    pub lk_sync_status: SyncStatus,
    /// Why it is not, in a sentence.
    pub lk_sync_error: Option<String>,
    /// When it last was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub lk_last_synced_at: Option<Millis>,
    /// What the engine sees, once it has tried.
    pub trunk: Option<TrunkView>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
}

/// Whether a trunk works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SyncStatus {
    /// No engine has tried it as it is now, or it is not active.
    #[default]
    Pending,
    /// It answers, and where the box registers it is registered.
    Synced,
    /// It does not answer, or refuses the registration.
    Error,
}

/// A trunk as an engine sees it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TrunkView {
    /// The registration, where one is wanted.
    pub registration: Option<RegistrationStatus>,
    /// Until when it stands.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub registered_until: Option<Millis>,
    /// What the carrier last answered to REGISTER.
    pub register_answer: Option<SipAnswer>,
    /// What it last answered to OPTIONS.
    pub options_answer: Option<SipAnswer>,
    /// How long that took, in milliseconds.
    pub round_trip_ms: Option<u32>,
    /// OPTIONS without an answer since the last one that was answered; three make an `error`.
    pub missed_options: u32,
    /// When it last answered anything.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Millis>,
    /// `ip:port` at which it sees the box.
    pub seen_as: Option<String>,
    /// `ip:port` that it is told for SIP.
    pub sent_as: Option<String>,
}

impl From<TrunkState> for TrunkView {
    fn from(state: TrunkState) -> Self {
        let (status, until, answer) = match state.registration {
            Some(registration) => (Some(registration.status), registration.expires_at_ms.map(Millis), registration.answer),
            None => (None, None, None),
        };
        Self {
            registration: status,
            registered_until: until,
            register_answer: answer,
            options_answer: state.ping,
            round_trip_ms: state.round_trip_ms,
            missed_options: state.n_missed,
            answered_at: state.answered_at_ms.map(Millis),
            seen_as: state.seen_as,
            sent_as: state.sent_as,
        }
    }
}
