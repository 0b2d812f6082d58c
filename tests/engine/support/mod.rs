//! An engine with everything round it: a control plane that can go away, a phone at the far end, providers that obey.

pub mod browser;
pub mod control;
pub mod dialogue;
pub mod phone;
pub mod ports;
pub mod providers;
pub mod relay;
pub mod socket;
#[path = "../../sound/voice.rs"]
pub mod voice;

use std::sync::Arc;
use std::time::Duration;

use cxbox::base::secret::Secret;
use cxbox::base::{Clock, Random};
use cxbox::engine::call::ProviderSource;
use cxbox::engine::link::Control;
use cxbox::engine::providers::choose::Chooser;
use cxbox::engine::run::{Engine, EngineOptions};
use cxbox::engine::speech::{SpeechSettings, SpeechWorkers};
use cxbox::platform::data_dir::DataDir;
use cxbox::platform::net::{Answer, Request, unix};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use control::FakeControl;
use phone::Phone;
use providers::{Script, outbound};

pub const SECRET: &str = "0123456789abcdef0123456789abcdef-test";

/// A bot that answers by flow: 1 tells the hours, 2 transfers, 9 says goodbye.
pub fn bot() -> Value {
    json!({
        "call_id": "vnum000000000001", "bot_id": "bot_1", "webhook_url": "", "system_prompt": "",
        "disclosure": "You speak with a machine.", "opening_message": "Hello, how can I help?", "failure_message": "Something broke.",
        "recording_mode": "off", "stt": { "provider": "fake" }, "llm": { "provider": "flow" }, "tts": { "provider": "fake" },
        "flow": { "fallback": "Sorry?", "intents": [
            { "id": "hours", "phrases": ["opening hours"], "digits": "1", "reply": "We are open from nine to five on every day of the week." },
            { "id": "human", "phrases": ["a human"], "digits": "2", "reply": "One moment.", "tool": { "name": "transfer", "target": "desk" } },
            { "id": "bye", "phrases": ["goodbye"], "digits": "9", "reply": "Bye.", "tool": { "name": "end_call" } },
        ] },
    })
}

/// The bot with some of it changed.
pub fn bot_with(changes: Value) -> Value {
    let mut bot = bot();
    bot.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    bot
}

/// One engine and its surroundings, in a folder of their own.
pub struct Bench {
    _folder: tempfile::TempDir,
    pub data: DataDir,
    pub control: FakeControl,
    pub phone: Phone,
    pub sip: std::net::SocketAddr,
    pub stop: CancellationToken,
    engine: tokio::task::JoinHandle<cxbox::base::Result<()>>,
}

impl Bench {
    /// An engine whose bot is `config`, with obedient providers.
    pub async fn start(config: Value, script: Script) -> Self {
        Self::with_seats(config, script, 10).await
    }

    /// The same with a limit of calls.
    pub async fn with_seats(config: Value, script: Script, max_calls: usize) -> Self {
        let nobody = json!({ "realm": "box", "allowed_networks": [], "accounts": [] });
        Self::with(config, script, max_calls, nobody).await
    }

    /// The same with telephones of people.
    pub async fn with_phones(config: Value, script: Script, phones: Value) -> Self {
        Self::with(config, script, 10, phones).await
    }

    /// The same with the providers that the bot names, of which none but local ones can be reached.
    pub async fn with_real_providers(config: Value) -> Self {
        let workers = SpeechWorkers::new(SpeechSettings::new(env!("CARGO_BIN_EXE_cxbox")), Clock::system());
        let nobody = json!({ "realm": "box", "allowed_networks": [], "accounts": [] });
        Self::with(config, Chooser::new(workers, outbound(), Clock::system()), 10, nobody).await
    }

    async fn with(config: Value, providers: impl ProviderSource + 'static, max_calls: usize, phones: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let phone = Phone::start().await;
        let control = FakeControl::start(data.control_socket(), config, phones, phone.address());
        let engine = Engine::start(EngineOptions {
            data: data.clone(),
            sip: "127.0.0.1:0".parse().unwrap(),
            sip_tls: None,
            rtp_ports: 30_000..=39_999,
            advertise: None,
            max_calls,
            drain: Duration::from_millis(300),
            control: Control::local(data.control_socket(), Secret::new(SECRET)),
            listen: None,
            is_supervised: true,
            providers: Arc::new(providers),
            outbound: outbound(),
            speech_ready: Arc::new(|| true),
            clock: Clock::system(),
            random: Random::system(),
        })
        .await
        .unwrap();
        let sip = engine.sip();
        control.asked_for_trunks().await;
        let stop = CancellationToken::new();
        let engine = tokio::spawn(Box::pin(engine.run(stop.clone())));
        Self { _folder: folder, data, control, phone, sip, stop, engine }
    }

    /// Sends a command to the engine's own socket.
    pub async fn command(&self, request: Request) -> Answer {
        let request = request.header("X-CXBCore-Secret", SECRET);
        unix::request(&self.data.engine_socket(), request).await.unwrap()
    }

    /// What the engine says of itself.
    pub async fn health(&self) -> Value {
        self.command(Request::get("/health/fleet")).await.json(1 << 16).await.unwrap()
    }

    /// Waits until nothing waits in the spool.
    pub async fn all_delivered(&self) {
        within("the spool is empty", async { while self.health().await["spooled"] != 0 {} }).await;
    }

    /// Stops the engine and waits until it has ended.
    pub async fn end(self) -> FakeControl {
        self.stop.cancel();
        within("the engine ends", self.engine).await.unwrap().unwrap();
        self.control
    }
}

/// Waits for something that must happen soon.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(20), future).await {
        Ok(value) => value,
        Err(_) => panic!("this did not happen in time: {what}"),
    }
}
