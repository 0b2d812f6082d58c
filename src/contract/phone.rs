//! Telephones of people: the accounts they sign in with, from the control plane to the engine; where they are, back again.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::Millis;
use crate::contract::trunk::Transport;
use crate::contract::wire_secret::WireSecret;

/// One SIP account. The password itself is known to nobody but the phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PhoneAccount {
    /// Name it signs in with; also its address of record.
    pub aor: String,
    /// Digest of name, realm and password by MD5.
    pub ha1_md5: WireSecret,
    /// The same by SHA-256.
    pub ha1_sha256: WireSecret,
}

/// Where one telephone of an account is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Registration {
    /// The account.
    pub aor: String,
    /// The URI it wants to be called at.
    pub contact: String,
    /// `ip:port` it registered from; calls are sent there.
    pub source: String,
    /// How it is reached.
    #[serde(default)]
    pub transport: Transport,
    /// What it calls itself.
    #[serde(default)]
    pub user_agent: String,
    /// When it registered last.
    #[schema(value_type = String, format = DateTime)]
    pub registered_at: Millis,
    /// Until when that holds.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Millis,
}

/// `GET /api/v1/engine/phones`: everything the engine's registrar works with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PhoneBook {
    /// Realm of the digests: the tenant.
    pub realm: String,
    /// Networks phones are heard from; everyone else gets no answer.
    pub allowed_networks: Vec<String>,
    /// The accounts of people who may sign in.
    pub accounts: Vec<PhoneAccount>,
    /// What was reported last; an engine that has just started takes it over.
    #[serde(default)]
    pub registrations: Vec<Registration>,
}

/// `PUT /api/v1/engine/registrations`: all that hold now. It replaces what was reported before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Registrations {
    /// The registrations.
    pub registrations: Vec<Registration>,
}
