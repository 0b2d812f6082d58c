//! Signing in with another identity provider: off unless configured. A person there is a person here by a stored link of issuer and
//! subject, and by nothing else. The table `foreign_identities`.

mod bridge;
mod decide;
mod flow;
mod model;
mod provider;
mod routes;
pub(super) mod store;

pub(super) use flow::{begin, callback};
pub(super) use provider::Foreign;
pub(super) use routes::routes;
