//! Outgoing mail: the one place that knows the SMTP library. Letters in, a verdict out; nothing is kept here.

mod letter;
mod send;

pub use letter::Letter;
pub use send::{MailError, Mailer, Security, Server};
