//! Who may come in: people and their ranks, passwords and tokens, API keys, the identity provider and its clients, sign-in with another
//! one, the first admin, the gate's knowledge of callers.
//!
//! Tables: `users`, `api_keys`, `oidc_*`, `foreign_identities`. It announces no facts; whoever shows names asks the [`Actor`](crate::platform::access::Actor) of the request.

mod authenticate;
mod cache;
mod clients;
mod foreign;
mod key_ring;
mod keys;
mod limits;
mod oidc;
mod password;
mod rsa_key;
mod service;
mod setup;
mod sign_in;
mod sign_in_routes;
mod token;
mod users;

pub use clients::{ClientChange, ClientView, Clients, NewClient, RegisteredClient};
pub use keys::{KeyChange, KeyView, Keys, MintedKey, NewKey, Scope};
pub use service::{Auth, AuthSetup, Identity};
pub use users::{NewUser, OwnChange, User, UserChange, UserFilter, UserView, Users, addresses_of_owners};

use utoipa_axum::router::OpenApiRouter;

use crate::platform::access::{Permission, Role};

/// To see and change people.
pub enum ManageUsers {}
impl Permission for ManageUsers {
    const RANK: Role = Role::Admin;
    const KEYS: bool = false;
}

/// To delete people.
pub enum DeleteUsers {}
impl Permission for DeleteUsers {
    const RANK: Role = Role::SuperAdmin;
    const KEYS: bool = false;
}

/// To see, change and delete API keys.
pub enum ManageKeys {}
impl Permission for ManageKeys {
    const RANK: Role = Role::Admin;
    const KEYS: bool = false;
}

/// To mint API keys. A key gets past this check only to be told `api_key_cannot_mint`.
pub enum MintKeys {}
impl Permission for MintKeys {
    const RANK: Role = Role::Admin;
}

/// To see the clients of the identity provider.
pub enum ReadClients {}
impl Permission for ReadClients {
    const RANK: Role = Role::Admin;
    const KEYS: bool = false;
}

/// To register, change and remove clients of the identity provider.
pub enum WriteClients {}
impl Permission for WriteClients {
    const RANK: Role = Role::SuperAdmin;
    const KEYS: bool = false;
}

/// To replace the key that signs tokens.
pub enum RotateKeys {}
impl Permission for RotateKeys {
    const RANK: Role = Role::SuperAdmin;
    const KEYS: bool = false;
}

/// To see oneself.
pub enum SeeOneself {}
impl Permission for SeeOneself {
    const RANK: Role = Role::Agent;
}

/// To change one's own account: name, telephone, languages, password.
pub enum ChangeOneself {}
impl Permission for ChangeOneself {
    const RANK: Role = Role::Agent;
    const KEYS: bool = false;
}

/// All routes of this feature.
pub fn routes(auth: Auth) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(users::routes(auth.users().clone()))
        .merge(keys::routes(auth.keys().clone()))
        .merge(sign_in_routes::routes(auth.clone()))
        .merge(clients::routes(auth.clients().clone()))
        .merge(foreign::routes(auth.clone()))
        .merge(oidc::routes(auth))
}
