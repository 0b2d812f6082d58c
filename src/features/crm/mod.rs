//! CRMs: what is asked of one before a call, and what it is sent afterwards. Owns the table `crm_pushes`.
//!
//! Hears `CallCompleted` and announces nothing. A push is a row and a job; `crm_push` on the call says how it stands. Whatever a CRM does,
//! the call stays as it is.

mod flatten;
mod forget_store;
mod mapping;
mod model;
mod names;
mod prefetch;
mod preview;
mod push;
mod reactions;
mod retry;
mod routes;
mod service;
mod store;
mod work;

pub use forget_store::forget;
pub use model::{PushState, PushView};
pub use names::before;
pub use prefetch::Fetched;
pub use push::handlers;
pub use reactions::subscription;
pub use routes::routes;
pub use service::{Crm, CrmSetup};
pub use work::CRM_PUSH;

use crate::platform::access::{Permission, Role};

/// Most bytes that are read of an answer of a CRM, and one more that tells that it is too long.
pub const MOST_ANSWER: usize = flatten::MOST_BYTES + 1;

/// May see what CRMs were sent, send it again, and try mappings out.
pub enum ManageCrm {}

impl Permission for ManageCrm {
    const RANK: Role = Role::Admin;
}
