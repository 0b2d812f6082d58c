//! People who sign in: the table `users`, ranks, and who may change whom.

mod model;
mod routes;
mod service;
pub(super) mod store;

pub use model::{NewUser, User, UserChange, UserView};
pub(super) use routes::routes;
pub use service::Users;
