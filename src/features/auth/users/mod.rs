//! People who sign in: the table `users`, ranks, and who may change whom.

mod model;
mod routes;
mod service;
pub(super) mod store;

pub use model::{NewUser, OwnChange, User, UserChange, UserFilter, UserView};
pub(super) use routes::routes;
pub use service::Users;
pub use store::addresses_of_owners;
