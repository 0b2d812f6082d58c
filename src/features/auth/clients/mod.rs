//! Clients: the programs that let people sign in here. The table `oidc_clients`; the built-in `codeb-admin` has no row.

mod model;
mod redirect;
mod routes;
mod service;
mod store;

pub(super) use model::Client;
pub use model::{ClientChange, ClientView, NewClient, RegisteredClient};
pub(super) use redirect::{matches_any, origin, with_query};
pub(super) use routes::routes;
pub use service::Clients;
