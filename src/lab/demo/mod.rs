//! The main job once, in a temporary folder: an appliance, an incoming and an outgoing call, and proof of everything that must follow.

mod check;
mod live;
mod manual;
mod receiver;
mod story;
mod summary;
mod verify;

use std::net::SocketAddr;

use tokio::sync::mpsc;

use crate::base::{Clock, Context, Random, Result};
use crate::engine::speech::{SpeechSettings, SpeechWorkers};
use crate::lab::phone::{Line as PhoneLine, LineOptions};
use crate::lab::world::{World, WorldOptions};

pub use summary::{CallSummary, Line, Recording, Summary, Webhook};

/// What the demo tells while it runs.
#[derive(Debug, Clone)]
pub enum News {
    /// A step begins.
    Step(String),
    /// Somebody spoke.
    Said(Line),
}

/// A demo whose appliance still runs.
pub struct Demo {
    world: World,
    /// What was proved.
    pub summary: Summary,
}

impl Demo {
    /// Starts an appliance and makes both calls. `news` is told of each step and each spoken line; a full channel loses lines.
    ///
    /// # Errors
    /// The first thing that is not as it must be, in a sentence.
    pub async fn run(clock: Clock, random: Random, news: mpsc::Sender<News>) -> Result<Self> {
        let step = |text: &str| news.try_send(News::Step(text.to_owned()));
        let _ = step("Starting an appliance in a temporary folder");
        let mut world = World::start(WorldOptions::default(), clock.clone(), &random).await?;
        world.api.sign_in(&world.setup_token()?, &random).await?;
        let mut stage = stage(&world, clock, &random).await?;
        stage.prepare().await?;
        tell(live::follow(&world.api).await?, news.clone());
        let _ = step("A call comes in by SIP over UDP");
        let inbound = stage.inbound().await?;
        let _ = step("The appliance places a call");
        let outbound = stage.outbound().await?;
        stage.line.close().await;
        Ok(Self { world, summary: Summary { calls: vec![inbound, outbound] } })
    }

    /// The SIP address a softphone on this machine can call.
    pub fn sip(&self) -> SocketAddr {
        self.world.sip
    }

    /// The appliance's URL.
    pub fn url(&self) -> String {
        self.world.api.url("/")
    }

    /// Ends the appliance and removes its folder.
    pub async fn end(self) -> Result<()> {
        self.world.end().await
    }
}

async fn stage(world: &World, clock: Clock, random: &Random) -> Result<story::Stage> {
    let line = LineOptions { sip: SocketAddr::from(([127, 0, 0, 1], 0)), rtp_ports: world.phone_ports()?, realtime: false };
    let program = std::env::current_exe().context("cannot find this program")?;
    Ok(story::Stage {
        api: world.api.clone(),
        receiver: receiver::Receiver::start().await?,
        line: PhoneLine::open(line, random).await?,
        voice: SpeechWorkers::new(SpeechSettings::new(program), clock.clone()),
        clock,
        sip: world.sip,
        told: Vec::new(),
    })
}

/// Passes spoken lines on until either end is gone.
fn tell(mut lines: mpsc::Receiver<Line>, news: mpsc::Sender<News>) {
    tokio::spawn(async move {
        while let Some(line) = lines.recv().await {
            if news.send(News::Said(line)).await.is_err() {
                return;
            }
        }
    });
}
