//! The caller of a request, as the authenticate gate found it.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::str::FromStr;

use http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::id::{ApiKeyId, BotId, UserId};
use crate::base::{Error, Result};

/// Ranks of people; each may do what the lower ones may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes handed-over calls.
    Agent,
    /// Watches agents and calls.
    Supervisor,
    /// Runs bots, numbers and webhooks.
    Admin,
    /// Owns users, carriers and settings.
    SuperAdmin,
}

impl Role {
    /// The role as it is written in requests and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
            Self::SuperAdmin => "super_admin",
        }
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::Agent, Self::Supervisor, Self::Admin, Self::SuperAdmin]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| Error::invalid("a role is agent, supervisor, admin or super_admin"))
    }
}

/// How a person proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// An OIDC access token (RS256).
    Oidc,
    /// A token of `/api/v1/auth/login` (HS256).
    Login,
    /// An `ak_` key: ranks admin, never more, and may not mint keys (decision 30).
    ApiKey(ApiKeyId),
    /// The command line over the control socket.
    Local,
    /// The token of a public link.
    Link,
}

/// A person, or a key that stands for one.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The user's row; for a key, its minter.
    pub user_id: UserId,
    /// `preferred_username`; shown as `requestedBy`, `createdBy`, `actor`.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// The stored role, read for this request.
    pub role: Role,
    /// How they proved it.
    pub via: Via,
    /// Address the request came from; none for the machine itself.
    pub ip: Option<IpAddr>,
}

impl Actor {
    /// The appliance itself, for what it does unasked, such as seeding a fresh database.
    pub fn system() -> Self {
        Self::local("system")
    }

    /// Whoever has a public link and did not sign in.
    pub fn link(ip: Option<IpAddr>) -> Self {
        Self { via: Via::Link, role: Role::Agent, ip, ..Self::local("link") }
    }

    /// Whoever may read the data folder: the command line, or the appliance itself.
    pub fn local(name: &str) -> Self {
        Self { user_id: UserId::from(name), name: name.to_owned(), email: String::new(), role: Role::SuperAdmin, via: Via::Local, ip: None }
    }
}

/// Whoever sent a request.
#[derive(Debug, Clone)]
pub enum Caller {
    /// A live-media engine, by the internal secret.
    Engine,
    /// A person or an `ak_` key.
    Actor(Actor),
    /// A CRM's `vx_` key, only for dialout.
    Crm {
        /// The key.
        key_id: ApiKeyId,
        /// Bots it may dial with; empty means all.
        bot_ids: Vec<BotId>,
    },
}

/// Finds the caller of a request; implemented by `features/auth`, called once per request by the gate.
pub trait Authenticate: Send + Sync {
    /// `Ok(None)`: no proof was given. An error: a proof was given and does not hold.
    fn authenticate<'a>(&'a self, parts: &'a Parts) -> Pin<Box<dyn Future<Output = Result<Option<Caller>>> + Send + 'a>>;
}
