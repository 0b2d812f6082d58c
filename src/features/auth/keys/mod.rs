//! API keys of both kinds: `ak_` stands for the person who minted it, `vx_` lets a CRM dial. The table `api_keys`.

mod model;
mod routes;
mod scope;
mod service;
mod store;

pub(super) use model::Kind;
pub use model::{KeyChange, KeyView, MintedKey, NewKey};
pub(super) use routes::routes;
pub use scope::Scope;
pub use service::Keys;
