//! What happens while it rings: providers are made, the first words become sound. So the caller hears them as soon as the call is answered.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tracing::warn;

use super::exchange::Exchange;
use crate::base::{Error, Result};
use crate::contract::config::CallConfig;
use crate::engine::pipeline::Providers;
use crate::engine::pipeline::speak::Voice;
use crate::engine::pipeline::turn::Rules;
use crate::engine::tools::mcp::{Discovered, discover};
use crate::engine::tools::{CallbackTool, SCHEDULE_CALLBACK, Toolbox};

/// How long the answer waits for the first words at most.
const WORDS_WITHIN: Duration = Duration::from_millis(2500);

/// A call that can be answered.
pub(super) struct Prepared {
    pub(super) config: Arc<CallConfig>,
    pub(super) rules: Rules,
    pub(super) providers: Providers,
    pub(super) voice: Voice,
    /// What the bot can do besides talking.
    pub(super) toolbox: Toolbox,
    /// What happened meanwhile: names of events and their details.
    pub(super) notes: Vec<(&'static str, Map<String, Value>)>,
}

/// Makes the providers and the first words. A provider that cannot speak now is heard of again, and dealt with, on the call.
pub(super) async fn prepare(exchange: &Exchange, mut config: CallConfig) -> Result<Prepared> {
    let (toolbox, notes) = tools(exchange, &mut config).await;
    let providers = exchange.providers.providers(&config).map_err(|error| Error::unavailable(error.message))?;
    let rules = Rules::of(&config, providers.stt.is_some());
    if let Some(stt) = &providers.stt {
        stt.warm(&providers.hints);
    }
    providers.llm.warm();
    providers.tts.warm();
    let tts = &config.tts;
    let name =
        [&tts.provider, tts.voice.as_ref().unwrap_or(&config.language), tts.model.as_ref().unwrap_or(&tts.provider)].map(String::as_str);
    let voice = Voice::new(&providers, exchange.phrases.clone(), &name.join("/"));
    let words = async {
        for line in rules.opening_lines() {
            if let Err(error) = voice.speak(&line, true).await {
                warn!(error = %error.message, "The first words could not be made");
                break;
            }
        }
    };
    tokio::select! {
        () = words => {}
        () = exchange.clock.sleep(WORDS_WITHIN) => {}
    }
    spare_words(&voice, &rules);
    Ok(Prepared { config: Arc::new(config), rules, providers, voice, toolbox, notes })
}

/// What the bot declares, what its servers offer, and call backs. What servers offer is declared on the call from here on.
async fn tools(exchange: &Exchange, config: &mut CallConfig) -> (Toolbox, Vec<(&'static str, Map<String, Value>)>) {
    let mut toolbox = Toolbox::of(config, &exchange.outbound);
    if config.callback.is_some() {
        let tool = CallbackTool::new(Arc::new(exchange.control.clone()), config.session_id.clone());
        toolbox = toolbox.with(SCHEDULE_CALLBACK, Arc::new(tool));
    }
    if config.mcp_servers.is_empty() {
        return (toolbox, Vec::new());
    }
    let Discovered { declared, tools, notes } = discover(config, &exchange.outbound, &exchange.clock).await;
    config.tools.extend(declared);
    (toolbox.with_all(tools), notes)
}

/// The failure sentence becomes sound while nothing has failed yet.
fn spare_words(voice: &Voice, rules: &Rules) {
    let (voice, words) = (voice.clone(), rules.failure.clone());
    tokio::spawn(async move {
        if let Err(error) = voice.speak(&words, true).await {
            warn!(error = %error.message, "The failure sentence could not be made in advance");
        }
    });
}
