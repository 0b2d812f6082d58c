//! What happens while it rings: providers are made, the first words become sound. So the caller hears them as soon as the call is answered.

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use super::exchange::Exchange;
use crate::base::{Error, Result};
use crate::contract::config::CallConfig;
use crate::engine::pipeline::Providers;
use crate::engine::pipeline::speak::Voice;
use crate::engine::pipeline::turn::Rules;

/// How long the answer waits for the first words at most.
const WORDS_WITHIN: Duration = Duration::from_millis(2500);

/// A call that can be answered.
pub(super) struct Prepared {
    pub(super) config: Arc<CallConfig>,
    pub(super) rules: Rules,
    pub(super) providers: Providers,
    pub(super) voice: Voice,
}

/// Makes the providers and the first words. A provider that cannot speak now is heard of again, and dealt with, on the call.
pub(super) async fn prepare(exchange: &Exchange, config: CallConfig) -> Result<Prepared> {
    let providers = exchange.providers.providers(&config).map_err(|error| Error::unavailable(error.message))?;
    let mut rules = Rules::of(&config, providers.stt.is_some());
    if let Some(stt) = providers.stt.as_ref().filter(|stt| stt.is_live()) {
        stt.warm(&providers.hints);
        rules.min_words = config.min_words_interruption as usize;
    }
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
    Ok(Prepared { config: Arc::new(config), rules, providers, voice })
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
