//! Turns facts into one reaction per listener and runs the reactions. (First version: the outbox's owner fills it in.)

use std::sync::Arc;

use super::events::Event;
use crate::base::Result;
use crate::contract::fact::Fact;
use crate::platform::db::Tx;

type React = Arc<dyn Fn(&Tx<'_>, &Event) -> Result<()> + Send + Sync>;

/// A listener: its name, which facts it wants, and what it does. `react` writes rows and enqueues jobs, nothing else; it runs in one
/// transaction with the mark "done", so its effect happens exactly once.
#[derive(Clone)]
pub struct Subscription {
    /// Stable name, such as `webhooks`; stored with each reaction.
    pub name: &'static str,
    /// Whether it wants a fact.
    pub wants: fn(&Fact) -> bool,
    /// What it does.
    pub react: React,
}

/// The one task that fans facts out.
pub struct Dispatcher;
