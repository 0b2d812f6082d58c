//! The identity provider: OpenID Connect and OAuth 2 over the people of this box (contract 1.A.2).
//!
//! Tables: `oidc_grants`, `oidc_codes`, `oidc_refresh_tokens`, `oidc_sessions`. A grant is what a person let a client do; codes, refresh
//! tokens and access tokens are made from one and die with it. Whether they still hold is decided in `verdict.rs`.

mod asked;
mod authorize;
mod claims;
mod client_auth;
mod discovery;
mod end_session;
mod endpoints;
mod error;
mod give;
mod grants;
mod grants_store;
mod key_routes;
mod page;
mod pending;
mod request;
mod sessions;
mod sessions_store;
mod token_endpoint;
mod tokens_about;
mod userinfo;
mod verdict;

pub(in crate::features::auth) use asked::Asked;
pub(in crate::features::auth) use authorize::{finish, see_other, show_login};
pub(in crate::features::auth) use endpoints::routes;
pub(in crate::features::auth) use grants::Grants;
pub(in crate::features::auth) use page::{Brand, Pages};
pub(in crate::features::auth) use pending::{Link, Pending};
pub(in crate::features::auth) use sessions::Sessions;
