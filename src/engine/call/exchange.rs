//! What every call needs, in one handle: media, SIP, providers, the link to the control plane, the register of calls.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::live::Live;
use crate::base::{Clock, Random};
use crate::contract::config::CallConfig;
use crate::engine::link::Control;
use crate::engine::link::spool::Spool;
use crate::engine::link::trunks::TrunkWatch;
use crate::engine::media::MediaEngine;
use crate::engine::pipeline::Providers;
use crate::engine::pipeline::speak::Phrases;
use crate::engine::providers::ProviderError;
use crate::engine::providers::choose::{Chooser, Chosen};
use crate::engine::sip::{Incoming, SipStack};
use crate::engine::webrtc::Lines;
use crate::platform::net::Outbound;

/// Makes the providers a bot declares.
pub trait ProviderSource: Send + Sync {
    /// The providers of one call. An unknown or unusable one is an error: the call is not answered.
    fn providers(&self, config: &CallConfig) -> Result<Providers, ProviderError>;
}

impl ProviderSource for Chooser {
    fn providers(&self, config: &CallConfig) -> Result<Providers, ProviderError> {
        let Chosen { stt, llm, tts, spare_tts, ledger, analyst, hints } = self.choose(config)?;
        Ok(Providers { stt, llm, tts, spare_tts, ledger, analyst, hints })
    }
}

/// The parts of the exchange.
pub struct Parts {
    /// The control plane.
    pub control: Control,
    /// The carriers' trunks.
    pub trunks: TrunkWatch,
    /// Results on their way.
    pub spool: Spool,
    /// `D/spool`: journals and recordings of running calls.
    pub spool_root: PathBuf,
    /// RTP.
    pub media: MediaEngine,
    /// Lines to browsers.
    pub browsers: Lines,
    /// SIP.
    pub sip: Arc<dyn SipStack>,
    /// Where calls from one number of the box to another go, to be taken like those that come by SIP. One that finds it full is refused.
    pub within: mpsc::Sender<Incoming>,
    /// Speech and language.
    pub providers: Arc<dyn ProviderSource>,
    /// The way to services that bots name.
    pub outbound: Outbound,
    /// Sentences as sound, kept over all calls.
    pub phrases: Phrases,
    /// The running calls.
    pub live: Live,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
}

/// The engine's switch. Cheap to clone.
#[derive(Clone)]
pub struct Exchange(Arc<Parts>);

impl Exchange {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for Exchange {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
