//! What conversations are measured with: an appliance, a bot for each part of the measurement with models of its own, and a number for each.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use super::BenchOptions;
use super::memory::held_kb;
use crate::base::{Clock, Context, Error, Random, Result};
use crate::engine::media::Clip;
use crate::engine::speech::{SpeechSettings, SpeechWorkers};
use crate::lab::ai::{AiOptions, Delays, RunningAi, Script};
use crate::lab::load::{self, Does, LoadOptions, Report};
use crate::lab::world::{World, WorldOptions};

/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Said without end by bots that are interrupted.
const MONOLOGUE: &str = "Thank you for calling us today. We are open from Monday to Friday between nine in the morning and five in the \
    afternoon, and on Saturdays until noon. You find us in the old town, right behind the market hall, where there is room for your car \
    as well. If you want to book a table, please tell me the day, the hour and how many of you will come. We are glad to help you with \
    everything else too, so do not hesitate to ask whatever you like to know about us.";
/// A short answer.
const ANSWER: &str = "We are open from nine to five.";

/// A part of the measurement: its number and its bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Questions and answers.
    Talk,
    /// A bot that speaks without end, to be interrupted.
    Monologue,
    /// The same, where what is heard is a hum of agreement.
    Hum,
    /// The same, where what is heard is no word at all.
    Noise,
}

impl Part {
    const ALL: [Self; 4] = [Self::Talk, Self::Monologue, Self::Hum, Self::Noise];

    fn number(self) -> &'static str {
        match self {
            Self::Talk => "2001",
            Self::Monologue => "2002",
            Self::Hum => "2003",
            Self::Noise => "2004",
        }
    }

    /// What the recogniser makes of whatever it hears.
    fn heard(self) -> &'static str {
        match self {
            Self::Talk => "could you please tell me when you are open",
            Self::Monologue => "wait a moment please I have another question",
            Self::Hum => "mhm",
            Self::Noise => "",
        }
    }
}

/// Everything that runs.
pub(super) struct Stage {
    world: World,
    models: Vec<RunningAi>,
    voice: SpeechWorkers,
    clock: Clock,
    hold: Duration,
    per_second: u32,
}

impl Stage {
    /// Starts it all and sets up a number for each part.
    pub(super) async fn start(options: &BenchOptions, most: u16, clock: Clock, random: &Random) -> Result<Self> {
        let world = WorldOptions { calls: most + 10, rtp_ports: (most + 20) * 4 };
        let mut world = World::start(world, clock.clone(), random).await?;
        world.api.sign_in(&world.setup_token()?, random).await?;
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut stage = Self {
            world,
            models: Vec::new(),
            voice: SpeechWorkers::new(SpeechSettings::new(program), clock.clone()),
            clock,
            hold: Duration::from_secs(options.seconds),
            per_second: options.per_second,
        };
        let carrier = json!({ "name": "Bench", "sip_address": "127.0.0.1:5099", "inbound_auth_mode": "ip",
            "inbound_allowed_addresses": ["127.0.0.1"], "options_interval_seconds": 0 });
        stage.world.api.post("/api/v1/carriers", &carrier).await?;
        for part in Part::ALL {
            stage.set_up(part, options).await?;
        }
        Ok(stage)
    }

    async fn set_up(&mut self, part: Part, options: &BenchOptions) -> Result<()> {
        let models = options.models;
        let ms = |ms: u64| Some(Duration::from_millis(ms));
        let ai = AiOptions {
            script: Script { fallback: Some(ANSWER.to_owned()), transcripts: vec![part.heard().to_owned()], ..Script::default() },
            delays: Delays { stt: ms(models.stt_ms), llm: ms(models.llm_ms), tts: ms(models.tts_ms) },
            ..AiOptions::default()
        };
        let ai = RunningAi::start(SocketAddr::from(([127, 0, 0, 1], 0)), ai, self.clock.clone()).await?;
        let mut bot = bot(part, &ai.base_url());
        bot["turn_taking"] = json!({ "end_of_turn_ms": options.end_of_turn_ms, "after_sentence_ms": options.end_of_turn_ms,
            "after_hesitation_ms": options.end_of_turn_ms.max(700) });
        let made = match self.world.api.post("/api/v1/bots", &bot).await {
            Err(error) if error.message().contains("turn_taking") => {
                // A box that knows only one silence has its own.
                bot.as_object_mut().map(|bot| bot.remove("turn_taking"));
                self.world.api.post("/api/v1/bots", &bot).await?
            }
            made => made?,
        };
        let number = json!({ "name": format!("bench {}", part.number()), "number": part.number(), "mode": "live-voice-ai",
            "bot_id": made["id"], "visibility": "public" });
        self.world.api.post("/api/v1/numbers", &number).await?;
        let route = json!({ "did": part.number(), "user": number["name"] });
        self.world.api.post("/api.ashx/v1/inbound-routes", &route).await?;
        self.models.push(ai);
        Ok(())
    }

    /// Words as a caller speaks them.
    pub(super) async fn spoken(&self, words: &str) -> Result<Clip> {
        self.voice.speak("slt", words).await.map_err(|error| Error::unavailable(format!("the caller cannot speak: {}", error.message)))
    }

    /// Memory of the engine.
    pub(super) fn memory_kb(&self) -> u64 {
        self.world.engine_pid().map_or(0, held_kb)
    }

    /// So many callers of a kind at once. Gives what came of it, and the most memory the engine held meanwhile.
    pub(super) async fn load(&self, part: Part, calls: u16, does: Does) -> Result<(Report, u64)> {
        let options = LoadOptions {
            to: format!("sip:{}@{}", part.number(), self.world.sip),
            n_calls: calls.into(),
            per_second: self.per_second,
            // The last call is begun late: all of them are held together for the time that was asked for.
            hold: self.hold + Duration::from_secs(u64::from(u32::from(calls) / self.per_second.max(1))),
            bind: [127, 0, 0, 1].into(),
            tcp: false,
            does,
        };
        let mut peak = 0;
        let load = load::run(options, self.clock.clone());
        tokio::pin!(load);
        loop {
            tokio::select! {
                report = &mut load => return Ok((report?, peak)),
                () = self.clock.sleep(LOOK_EVERY) => peak = peak.max(self.memory_kb()),
            }
        }
    }

    /// Ends the appliance and removes its folder.
    pub(super) async fn end(self) -> Result<()> {
        self.world.end().await
    }
}

fn bot(part: Part, base_url: &str) -> Value {
    let model = |name: &str| json!({ "provider": "openai", "base_url": base_url, "model": name });
    let opening = if part == Part::Talk { "Hello, how can I help you?" } else { MONOLOGUE };
    json!({
        "name": format!("bench {}", part.number()), "status": "active", "language": "en-US", "timezone": "UTC", "disclosure": false,
        "opening_message": opening, "system_prompt": "Answer questions about opening hours.", "recording_mode": "announce",
        "recording_notice": "This call is recorded.", "stt": model("stt"), "llm": model("llm"), "tts": model("tts"),
        "re_engagement": { "after_ms": 5000, "message": opening, "times": 10 }, "max_call_duration_seconds": 7200
    })
}
