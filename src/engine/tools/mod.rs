//! What a bot can do on a call besides talking: the tools a language model is offered, and those that ask somebody else.
//!
//! `offer` lists them for the model, `http` is a request that the bot declares, `mcp` what other machines offer, `callback` a
//! call at another time. Ending a call, transferring it and sending keys are part
//! of the call itself: they are offered here and decided in `pipeline/turn`.

mod arguments;
mod callback;
mod http;
pub mod mcp;
mod offer;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::contract::config::CallConfig;
use crate::engine::providers::Soon;
use crate::platform::net::Outbound;

use http::HttpTool;

pub use callback::{CallbackDesk, CallbackTool};
pub use offer::{END_CALL, SCHEDULE_CALLBACK, SEND_DTMF, TRANSFER, offered};

/// What tools of a rehearsal give.
const REHEARSED: &str = "done (this call is a rehearsal: nothing was carried out)";

/// A tool a model wants used.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ToolUse {
    /// The model's name for this use; empty when there is no model.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments, as they were sent.
    pub arguments: Value,
}

/// What a tool gave: words for the model. A failure is words too, so that the bot can say what is the matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gave {
    /// The words.
    pub text: String,
    /// Whether they tell of a failure.
    pub is_error: bool,
}

impl Gave {
    /// A failure in these words.
    pub fn error(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_error: true }
    }
}

/// Something that can be asked during a call.
pub trait Tool: Send + Sync {
    /// Uses it. It ends within its own time limit; a repeat uses it again.
    fn run<'a>(&'a self, arguments: &'a Value) -> Soon<'a, Gave>;
}

/// A tool of a rehearsal.
struct Rehearsed;

impl Tool for Rehearsed {
    fn run<'a>(&'a self, _: &'a Value) -> Soon<'a, Gave> {
        Box::pin(async { Gave { text: REHEARSED.to_owned(), is_error: false } })
    }
}

/// The tools of one call that ask somebody else. Cheap to clone.
#[derive(Clone, Default)]
pub struct Toolbox(Arc<BTreeMap<String, Arc<dyn Tool>>>);

impl Toolbox {
    /// What the bot of a call declares. A declaration that cannot be read is left out; the bot was checked when it was saved.
    pub fn of(config: &CallConfig, outbound: &Outbound) -> Self {
        let declared = config.tools.iter().filter_map(|tool| HttpTool::read(tool, outbound.clone()));
        Self(Arc::new(declared.map(|tool| (tool.name().to_owned(), Arc::new(tool) as Arc<dyn Tool>)).collect()))
    }

    /// The same with one more.
    #[must_use]
    pub fn with(self, name: &str, tool: Arc<dyn Tool>) -> Self {
        let mut all = (*self.0).clone();
        all.insert(name.to_owned(), tool);
        Self(Arc::new(all))
    }

    /// The same with these.
    #[must_use]
    pub fn with_all(self, tools: Vec<(String, Arc<dyn Tool>)>) -> Self {
        let mut all = (*self.0).clone();
        all.extend(tools);
        Self(Arc::new(all))
    }

    /// The same, with nothing carried out: a rehearsal shows what would be asked.
    #[must_use]
    pub fn rehearsed(self, is_rehearsal: bool) -> Self {
        if !is_rehearsal {
            return self;
        }
        Self(Arc::new(self.0.keys().map(|name| (name.clone(), Arc::new(Rehearsed) as Arc<dyn Tool>)).collect()))
    }

    /// Uses one; a name that is none is answered in words.
    pub async fn run(&self, used: &ToolUse) -> Gave {
        match self.0.get(&used.name) {
            Some(tool) => tool.run(&used.arguments).await,
            None => Gave::error(format!("there is no tool {}", used.name)),
        }
    }
}
