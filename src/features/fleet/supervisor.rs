//! Keeps the built-in engine running: adopts one that runs, starts one that does not, starts it again when it crashes.
//!
//! The engine is never ended because this process ends: its calls go on, and the next `serve` adopts it.

use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use tokio::process::Child;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::adopt::{EngineArgs, Verdict, verdict};
use super::process::{Program, signal};
use super::restart::Restarts;
use super::service::Fleet;
use crate::base::{Clock, Context, Result};
use crate::contract::fleet::FleetHealth;
use crate::platform::data_dir::DataDir;

/// How often a running engine is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often it is asked how it is.
const ASK_EVERY: Duration = Duration::from_secs(5);
/// An engine that holds its lock and does not answer for this long hangs.
const HANGS_AFTER: Duration = Duration::from_secs(60);
/// How long an engine found at start may take to answer for the first time.
const FIRST_ANSWER: Duration = Duration::from_secs(10);
/// How long an engine may take to end after SIGTERM.
const TERM_TAKES: Duration = Duration::from_secs(5);

/// What the supervisor is built from.
pub struct SupervisorSetup {
    /// The program to start, this one.
    pub program: PathBuf,
    /// The data folder.
    pub data: DataDir,
    /// `engine.sip`.
    pub sip: String,
    /// `engine.rtp_ports`, as `20000-20999`.
    pub rtp_ports: String,
    /// Further settings of the engine, as environment variables.
    pub environment: Vec<(String, String)>,
    /// The way to talk to it.
    pub fleet: Fleet,
    /// Time.
    pub clock: Clock,
}

/// How the engine that runs now came to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// This supervisor started it.
    Started,
    /// It ran already.
    Adopted,
}

/// The running supervisor. Dropping it leaves the engine alone.
pub struct Supervisor {
    kept: watch::Receiver<Option<Kept>>,
    stop: CancellationToken,
    task: JoinHandle<Option<Engine>>,
    keeper: Keeper,
}

/// An engine that runs.
#[derive(Debug)]
enum Engine {
    /// Started by this process.
    Child(Child),
    /// Started by an earlier one.
    Adopted(Option<u32>),
}

impl Engine {
    fn kept(&self) -> Kept {
        match self {
            Self::Child(_) => Kept::Started,
            Self::Adopted(_) => Kept::Adopted,
        }
    }
}

#[derive(Clone)]
struct Keeper {
    program: Program,
    fleet: Fleet,
    clock: Clock,
}

impl Supervisor {
    /// Starts keeping the engine.
    pub fn start(setup: SupervisorSetup) -> Self {
        let args = EngineArgs { sip: setup.sip, rtp_ports: setup.rtp_ports, environment: setup.environment };
        let program = Program { path: setup.program, data: setup.data, args };
        let keeper = Keeper { program, fleet: setup.fleet, clock: setup.clock };
        let stop = CancellationToken::new();
        let (tell, kept) = watch::channel(None);
        let task = tokio::spawn(keeper.clone().keep(stop.clone(), tell));
        Self { kept, stop, task, keeper }
    }

    /// Waits until an engine is kept, and says how it came about. `None` when the supervisor failed.
    pub async fn kept(&self) -> Option<Kept> {
        let mut kept = self.kept.clone();
        kept.wait_for(Option::is_some).await.ok().and_then(|kept| *kept)
    }

    /// Stops keeping the engine and leaves it running.
    pub async fn leave(self) {
        self.stop.cancel();
        // A panic of the task was logged where it happened.
        let _ = self.task.await;
    }

    /// Ends the engine: it takes no more calls, has `within` for those it holds, then is told to stop.
    pub async fn drain(self, within: Duration) -> Result<()> {
        self.stop.cancel();
        let engine = self.task.await.context("the engine's supervisor failed")?;
        if let Some(engine) = engine {
            self.keeper.end(engine, within).await;
        }
        Ok(())
    }
}

impl Keeper {
    /// Runs until stopped; gives back the engine that runs then.
    async fn keep(self, stop: CancellationToken, tell: watch::Sender<Option<Kept>>) -> Option<Engine> {
        let mut restarts = Restarts::default();
        let n_restarts = metrics::counter!("cxbox_engine_restarts_total");
        // A figure that is not there cannot be seen to rise.
        n_restarts.increment(0);
        loop {
            let found = tokio::select! {
                () = stop.cancelled() => return None,
                found = self.find_or_start() => found,
            };
            match found {
                Ok(mut engine) => {
                    tell.send_replace(Some(engine.kept()));
                    tokio::select! {
                        () = stop.cancelled() => return Some(engine),
                        () = self.watch(&mut engine) => {}
                    }
                }
                Err(cause) => error!("The engine could not be started: {cause}"),
            }
            tell.send_replace(None);
            let pause = restarts.after_crash(self.clock.ticks());
            n_restarts.increment(1);
            warn!("The engine is started again in {} ms", pause.as_millis());
            tokio::select! {
                () = stop.cancelled() => return None,
                () = self.clock.sleep(pause) => {}
            }
        }
    }

    async fn find_or_start(&self) -> Result<Engine> {
        if self.program.is_running() && self.adopt().await {
            let pid = self.fleet.local_health().await.ok().and_then(|health| health.pid);
            return Ok(Engine::Adopted(pid.or_else(|| self.program.record().map(|record| record.pid))));
        }
        let child = self.program.start()?;
        info!("Started the engine as process {}", child.id().unwrap_or_default());
        Ok(Engine::Child(child))
    }

    /// Whether the engine that runs stays. If not, this waits until it is gone.
    async fn adopt(&self) -> bool {
        let Some(health) = self.first_health().await else {
            if self.program.is_running() {
                warn!("An engine holds the lock and does not answer: it is told to stop");
                self.stop_by_record().await;
            }
            return false;
        };
        match verdict(&health, self.program.record().as_ref(), &self.program.args) {
            Verdict::Adopt => {
                info!("Adopted the running engine, process {}, with {} calls", health.pid.unwrap_or_default(), health.fleet_calls);
                true
            }
            Verdict::Replace(why) => {
                info!("The running engine finishes its {} calls and is replaced: {why}", health.fleet_calls);
                self.outlast().await;
                false
            }
        }
    }

    async fn first_health(&self) -> Option<FleetHealth> {
        let until = self.clock.now().plus(FIRST_ANSWER);
        loop {
            match self.fleet.local_health().await {
                Ok(health) => return Some(health),
                Err(_) if !self.program.is_running() || self.clock.now() >= until => return None,
                Err(_) => self.clock.sleep(LOOK_EVERY).await,
            }
        }
    }

    /// Asks the running engine to drain and waits for its end, however long its calls take: it holds the SIP port.
    async fn outlast(&self) {
        while self.program.is_running() {
            if let Err(cause) = self.fleet.drain_local().await {
                warn!("The old engine did not take the order to drain: {cause}");
            }
            let until = self.clock.now().plus(ASK_EVERY);
            while self.program.is_running() && self.clock.now() < until {
                self.clock.sleep(LOOK_EVERY.min(Duration::from_millis(100))).await;
            }
        }
    }

    async fn stop_by_record(&self) {
        let Some(record) = self.program.record() else { return };
        signal(record.pid, Signal::TERM);
        if !self.gone_within(TERM_TAKES).await {
            signal(record.pid, Signal::KILL);
            self.gone_within(TERM_TAKES).await;
        }
    }

    async fn gone_within(&self, within: Duration) -> bool {
        let until = self.clock.now().plus(within);
        while self.program.is_running() {
            if self.clock.now() >= until {
                return false;
            }
            self.clock.sleep(Duration::from_millis(50)).await;
        }
        true
    }

    /// Returns when the engine has ended, or was ended because it hangs.
    async fn watch(&self, engine: &mut Engine) {
        match engine {
            Engine::Child(child) => {
                let pid = child.id();
                tokio::select! {
                    status = child.wait() => match status {
                        Ok(status) => error!("The engine ended: {status}"),
                        Err(cause) => error!("The engine cannot be waited for: {cause}"),
                    },
                    () = self.until_hung() => kill_hung(pid),
                }
                // Also after a kill: nothing is left behind in the process table.
                let _ = child.wait().await;
            }
            Engine::Adopted(pid) => {
                tokio::select! {
                    () = self.until_unlocked() => error!("The adopted engine ended"),
                    () = self.until_hung() => kill_hung(*pid),
                }
                self.until_unlocked().await;
            }
        }
    }

    async fn until_unlocked(&self) {
        while self.program.is_running() {
            self.clock.sleep(LOOK_EVERY).await;
        }
    }

    /// Returns when the engine has not answered for [`HANGS_AFTER`].
    async fn until_hung(&self) {
        let mut last_answer = self.clock.ticks();
        while self.clock.ticks().since(last_answer) < HANGS_AFTER {
            self.clock.sleep(ASK_EVERY).await;
            if self.fleet.local_health().await.is_ok() {
                last_answer = self.clock.ticks();
            }
        }
    }

    /// Ends an engine in order: drain, SIGTERM, SIGKILL.
    async fn end(&self, engine: Engine, within: Duration) {
        if let Err(cause) = self.fleet.drain_local().await {
            warn!("The engine did not take the order to drain: {cause}");
        }
        match engine {
            Engine::Child(mut child) => {
                let Some(pid) = child.id() else { return };
                for (patience, next) in [(within, Signal::TERM), (TERM_TAKES, Signal::KILL)] {
                    tokio::select! {
                        _ = child.wait() => return,
                        () = self.clock.sleep(patience) => signal(pid, next),
                    }
                }
                let _ = child.wait().await;
            }
            Engine::Adopted(pid) => {
                for (patience, next) in [(within, Signal::TERM), (TERM_TAKES, Signal::KILL)] {
                    if self.gone_within(patience).await {
                        return;
                    }
                    if let Some(pid) = pid {
                        signal(pid, next);
                    }
                }
            }
        }
    }
}

fn kill_hung(pid: Option<u32>) {
    error!("The engine does not answer any more: it is ended");
    if let Some(pid) = pid {
        signal(pid, Signal::KILL);
    }
}
