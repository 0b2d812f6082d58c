//! Mails about outbound calls: one for each finished attempt, with its outcome and what was said. Owns the table `mails`. And notices to
//! whoever runs the box, which are jobs alone.
//!
//! Hears `CallCompleted` and `WebhookPaused` and announces nothing. A mail is a row and a job: whatever happens to it, the call is over and
//! stays as it is.

mod jobs;
mod letter;
mod model;
mod notices;
mod reactions;
mod routes;
mod service;
mod store;
mod work;

pub use jobs::handlers;
pub use model::{MailState, MailView};
pub use reactions::subscription;
pub use routes::routes;
pub use service::{Mails, MailsSetup};
pub use store::forget;
pub use work::MAIL_SEND;

use crate::platform::access::{Permission, Role};

/// May see which mails went out, and send them again.
pub enum ManageMails {}

impl Permission for ManageMails {
    const RANK: Role = Role::Admin;
}
