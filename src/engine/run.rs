//! The engine process: starts media, SIP and the link, takes calls and commands, drains and ends.

use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, info, warn};

use crate::base::id::CarrierId;
use crate::base::{Clock, Context, Error, Random, Result};
use crate::contract::CONTRACT_VERSION;
use crate::contract::chat::{ChatAnswer, ChatAsk};
use crate::contract::fleet::FleetHealth;
use crate::contract::trunk::TrunkCheck;
use crate::engine::call::{Exchange, Live, Order, Parts, ProviderSource, dial, take, take_browser, take_socket};
use crate::engine::link::Control;
use crate::engine::link::admission::Doorkeeper;
use crate::engine::link::commands::{Command, routes};
use crate::engine::link::journal::adopt_orphans;
use crate::engine::link::phones::{PhoneWatch, keep_told};
use crate::engine::link::spool::Spool;
use crate::engine::link::trunks::TrunkWatch;
use crate::engine::media::{MediaEngine, MediaOptions};
use crate::engine::pipeline::speak::Phrases;
use crate::engine::pipeline::written::Writer;
use crate::engine::reach::OwnAddress;
use crate::engine::sip::{self, Incoming, SipOptions, SipStack, TlsDoor};
use crate::engine::tools::Toolbox;
use crate::engine::tools::mcp::discover;
use crate::engine::trunks::{TrunkKeeper, Upkeep};
use crate::engine::webrtc::{Lines, LinesSetup};
use crate::platform::data_dir::DataDir;
use crate::platform::http::{Http, Limits, Socket};
use crate::platform::net::Outbound;

/// An engine that `serve` started and that has neither control plane nor calls ends after this time.
const ALONE_FOR: Duration = Duration::from_secs(30);
/// How long calls have to end and results to be delivered once they were told to stop.
const LAST_MOMENT: Duration = Duration::from_secs(5);
/// How long trunks have to take our registrations back when the engine ends.
const SIGN_OFF: Duration = Duration::from_secs(2);
/// Commands that may wait; more make the control plane wait.
const MOST_COMMANDS: usize = 64;
/// Calls within the box that may wait to be taken; more are refused.
const MOST_WITHIN: usize = 64;
/// New calls per second that are let in; a flood of INVITEs gets 503.
const NEW_CALLS_PER_SECOND: u32 = 200;

/// How the engine runs.
pub struct EngineOptions {
    /// The data folder.
    pub data: DataDir,
    /// Address for SIP over UDP and TCP.
    pub sip: SocketAddr,
    /// Where SIP over TLS is taken, if anywhere.
    pub sip_tls: Option<TlsDoor>,
    /// UDP ports for audio.
    pub rtp_ports: RangeInclusive<u16>,
    /// Address that is told to the far end, where it differs.
    pub advertise: Option<IpAddr>,
    /// Calls at the same time.
    pub max_calls: usize,
    /// How long calls may go on once the engine is told to stop.
    pub drain: Duration,
    /// The control plane.
    pub control: Control,
    /// Where orders of a control plane on another machine are taken.
    pub listen: Option<Listen>,
    /// Whether `serve` started it: it then ends when it is left alone.
    pub is_supervised: bool,
    /// Speech and language.
    pub providers: Arc<dyn ProviderSource>,
    /// The way to services that bots name.
    pub outbound: Outbound,
    /// Whether speech works; asked by each health check.
    pub speech_ready: Arc<dyn Fn() -> bool + Send + Sync>,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
}

/// An address for orders from another machine.
pub struct Listen {
    /// The address.
    pub address: SocketAddr,
    /// What it speaks TLS with.
    pub tls: Arc<rustls::ServerConfig>,
}

/// A running engine.
pub struct Engine {
    exchange: Exchange,
    options: EngineOptions,
    incoming: mpsc::Receiver<Incoming>,
    /// Calls from one number of the box to another.
    within: mpsc::Receiver<Incoming>,
    commands: mpsc::Receiver<Command>,
    door: Http,
    own: OwnAddress,
    keeper: TrunkKeeper,
    _told: AbortOnDropHandle<()>,
    _lock: File,
}

impl Engine {
    /// Takes the lock of the data folder, turns what an engine that died left behind into results, binds SIP and the socket.
    /// `Conflict` when another engine runs in this folder, `Unavailable` when the SIP address is taken.
    pub async fn start(options: EngineOptions) -> Result<Self> {
        let lock = take_lock(&options.data)?;
        let own = OwnAddress::fixed(options.advertise);
        let trunks = TrunkWatch::start(options.control.clone(), options.clock.clone(), own.clone());
        let phones = PhoneWatch::start(options.control.clone(), options.clock.clone());
        let spool_root = options.data.spool();
        for folder in ["recordings", "journal"] {
            std::fs::create_dir_all(spool_root.join(folder)).context("cannot make a folder of the spool")?;
        }
        let spool = Spool::start(&spool_root, options.control.clone(), &trunks, options.clock.clone())?;
        adopt_orphans(&spool_root, &spool, options.clock.now()).await?;
        let mut media = MediaOptions::new(options.sip.ip(), options.rtp_ports.clone());
        media.advertise = own.clone();
        let media = MediaEngine::start(media, options.random.clone())?;
        let (clock, random) = (options.clock.clone(), options.random.clone());
        let browsers = Lines::new(LinesSetup { bind: options.sip.ip(), own: own.clone(), clock, random })?;
        let (stack, incoming) = open_sip(&options, &own, &trunks, &phones).await?;
        let told = keep_told(options.control.clone(), options.clock.clone(), phones, stack.clone());
        let told = AbortOnDropHandle::new(tokio::spawn(told));
        let keeper = TrunkKeeper::start(Upkeep {
            control: options.control.clone(),
            trunks: trunks.clone(),
            sip: stack.clone(),
            clock: options.clock.clone(),
            random: options.random.clone(),
        });
        let (from_within, within) = mpsc::channel(MOST_WITHIN);
        let exchange = Exchange::new(Parts {
            control: options.control.clone(),
            trunks,
            spool,
            spool_root,
            media,
            browsers,
            sip: stack,
            within: from_within,
            providers: options.providers.clone(),
            outbound: options.outbound.clone(),
            phrases: Phrases::default(),
            live: Live::new(options.max_calls),
            clock: options.clock.clone(),
            random: options.random.clone(),
        });
        let (sender, commands) = mpsc::channel(MOST_COMMANDS);
        let door = open_door(&options, sender).await?;
        Ok(Self { exchange, options, own, keeper, incoming, within, commands, door, _told: told, _lock: lock })
    }

    /// Where SIP listens.
    pub fn sip(&self) -> SocketAddr {
        self.exchange.sip.bound()
    }

    /// Takes calls and commands until it is told to stop, or is left alone. All results are on disk when this returns.
    pub async fn run(mut self, stop: CancellationToken) -> Result<()> {
        let alone = Box::pin(left_alone(self.exchange.clone(), self.options.is_supervised));
        tokio::pin!(alone);
        let drained = CancellationToken::new();
        loop {
            tokio::select! {
                incoming = self.incoming.recv() => match incoming {
                    Some(incoming) => drop(tokio::spawn(Box::pin(take(self.exchange.clone(), incoming)))),
                    None => return Err(Error::internal("the SIP stack has ended")),
                },
                Some(incoming) = self.within.recv() => drop(tokio::spawn(Box::pin(take(self.exchange.clone(), incoming)))),
                Some(command) = self.commands.recv() => self.command(command, &drained),
                () = stop.cancelled(), if !self.exchange.live.is_draining() => self.drain(&drained),
                () = drained.cancelled() => break,
                () = &mut alone => {
                    info!("There is neither a control plane nor a call: the engine ends");
                    break;
                }
            }
        }
        self.close().await;
        self.door.drain(LAST_MOMENT).await;
        Ok(())
    }

    fn command(&self, command: Command, drained: &CancellationToken) {
        // Whoever asked may have gone; then nobody needs the answer.
        match command {
            Command::Dial(dialout, reply) => drop(reply.send(dial(&self.exchange, *dialout))),
            Command::Browser(call, reply) => {
                let exchange = self.exchange.clone();
                // Aside: the bot's config and first words take a moment.
                tokio::spawn(async move { drop(reply.send(Box::pin(take_browser(exchange, *call)).await)) });
            }
            Command::Socket(call, reply) => drop(reply.send(take_socket(self.exchange.clone(), *call))),
            Command::HangUp(id, reply) => drop(reply.send(self.exchange.live.tell(&id, Order::HangUp))),
            Command::Record(id, on, reply) => drop(reply.send(self.exchange.live.tell(&id, Order::Record(on)))),
            Command::Check(carrier, reply) => drop(tokio::spawn(self.check(carrier, reply))),
            Command::Chat(ask, reply) => drop(tokio::spawn(self.chat(*ask, reply))),
            Command::Health(reply) => drop(reply.send(self.health())),
            Command::Drain => self.drain(drained),
        }
    }

    /// Asks a trunk anew, aside: that may take seconds.
    fn check(&self, carrier: CarrierId, reply: oneshot::Sender<Result<TrunkCheck>>) -> impl Future<Output = ()> + use<> {
        let (keeper, own, bind) = (self.keeper.clone(), self.own.clone(), self.options.sip.ip());
        let (first, last) = (*self.options.rtp_ports.start(), *self.options.rtp_ports.end());
        async move {
            let checked = keeper.check(&carrier).await.map(|checked| TrunkCheck {
                state: checked.state,
                audio_address: own.towards(bind, checked.peer).to_string(),
                audio_port_first: first,
                audio_port_last: last,
            });
            // Whoever asked may have gone; then nobody needs the answer.
            drop(reply.send(checked));
        }
    }

    /// Answers in writing, aside: a model takes its time.
    fn chat(&self, ask: ChatAsk, reply: oneshot::Sender<Result<ChatAnswer>>) -> impl Future<Output = ()> + use<> {
        let (providers, outbound, clock) = (self.options.providers.clone(), self.options.outbound.clone(), self.options.clock.clone());
        async move {
            let mut ask = ask;
            let found = discover(&ask.config, &outbound, &clock).await;
            ask.config.tools.extend(found.declared);
            let toolbox = Toolbox::of(&ask.config, &outbound).with_all(found.tools);
            let answered = match providers.providers(&ask.config) {
                Ok(chosen) => Writer { llm: chosen.llm.as_ref(), toolbox: &toolbox, clock: &clock }.answer(ask).await,
                Err(error) => Err(error),
            };
            // Whoever asked may have gone; then nobody needs the answer.
            drop(reply.send(answered.map_err(|error| Error::upstream(error.message).code("provider_failed"))));
        }
    }

    fn health(&self) -> FleetHealth {
        let live = &self.exchange.live;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let free = if live.is_draining() { 0 } else { live.most().saturating_sub(live.n()) };
        FleetHealth {
            status: if live.is_draining() { "draining" } else { "ok" }.to_owned(),
            fleet_max: count(live.most()),
            fleet_available: count(free),
            fleet_calls: count(live.n()),
            workers: vec![serde_json::json!({ "id": "engine", "calls": live.n(), "capacity": live.most() })],
            contract_version: Some(CONTRACT_VERSION),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            pid: Some(std::process::id()),
            sip: Some(self.sip().to_string()),
            speech_ready: (self.options.speech_ready)(),
            spooled: count(self.exchange.spool.n_waiting()),
        }
    }

    /// Takes no more calls; those that run may go on for a while, then they are hung up.
    fn drain(&self, drained: &CancellationToken) {
        if self.exchange.live.is_draining() {
            return;
        }
        self.exchange.live.drain();
        let (exchange, within, drained) = (self.exchange.clone(), self.options.drain, drained.clone());
        info!(calls = exchange.live.n(), "The engine takes no more calls");
        tokio::spawn(async move {
            let (live, clock) = (&exchange.live, &exchange.clock);
            if !within_time(clock, within, live.empty()).await {
                warn!(calls = live.n(), "Calls are hung up: the engine stops");
                live.tell_all(Order::Stop);
                if !within_time(clock, LAST_MOMENT, live.empty()).await {
                    error!(calls = live.n(), "Calls did not end; their journals become results at the next start");
                }
            }
            drained.cancel();
        });
    }

    async fn close(&self) {
        within_time(&self.exchange.clock, SIGN_OFF, self.keeper.sign_off()).await;
        self.exchange.sip.close().await;
        let spool = self.exchange.spool.clone();
        if self.exchange.trunks.now().is_connected {
            within_time(&self.exchange.clock, LAST_MOMENT, spool.delivered()).await;
        }
        // The next engine makes its own.
        let _ = std::fs::remove_file(self.options.data.engine_socket());
        info!(waiting = spool.n_waiting(), "The engine has ended");
    }
}

/// Whether the future ended in time.
async fn within_time(clock: &Clock, within: Duration, future: impl Future<Output = ()>) -> bool {
    tokio::select! {
        () = future => true,
        () = clock.sleep(within) => false,
    }
}

fn take_lock(data: &DataDir) -> Result<File> {
    let file = File::options().create(true).truncate(false).write(true).mode(0o600).open(data.engine_lock());
    let file = file.context("cannot open the engine's lock")?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| Error::conflict("another engine runs in this data folder"))?;
    Ok(file)
}

/// Listens for SIP, also over TLS where that is wanted.
async fn open_sip(
    options: &EngineOptions,
    own: &OwnAddress,
    trunks: &TrunkWatch,
    phones: &PhoneWatch,
) -> Result<(Arc<dyn SipStack>, mpsc::Receiver<Incoming>)> {
    let (stack, incoming) = sip::start(SipOptions {
        bind: options.sip,
        advertise: own.clone(),
        admission: Arc::new(Doorkeeper { trunks: trunks.clone(), phones: phones.clone() }),
        new_calls_per_second: NEW_CALLS_PER_SECOND,
        random: options.random.clone(),
        clock: options.clock.clone(),
        session: Default::default(),
        tls: options.sip_tls.clone(),
    })
    .await?;
    info!("SIP listens at {}", stack.bound());
    if let Some(door) = &options.sip_tls {
        info!("SIP over TLS listens at {}", door.bind);
    }
    Ok((stack, incoming))
}

/// Serves the engine's own HTTP: on its socket, for the owner of the data folder only, and where it is to listen for another machine.
async fn open_door(options: &EngineOptions, commands: mpsc::Sender<Command>) -> Result<Http> {
    let path: PathBuf = options.data.engine_socket();
    // An engine that died leaves its socket; the lock says that nobody uses it.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).context("cannot open the engine's socket")?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).context("cannot protect the engine's socket")?;
    let recordings = vec![options.data.spool().join("recordings"), options.data.recordings()];
    let door = Http::new(routes(options.control.clone(), commands, recordings), Limits::default());
    door.listen(Socket::Control(listener));
    if let Some(listen) = &options.listen {
        let listener = TcpListener::bind(listen.address).await.context(format!("cannot listen on {}", listen.address))?;
        info!("Orders of the control plane are taken at https://{}", listen.address);
        door.listen(Socket::Tls(listener, listen.tls.clone()));
    }
    Ok(door)
}

/// Returns when a supervised engine has had neither control plane nor calls for a while; else never.
async fn left_alone(exchange: Exchange, is_supervised: bool) {
    if !is_supervised {
        return std::future::pending().await;
    }
    let mut known = exchange.trunks.subscribe();
    loop {
        // The senders live in `exchange`, so waiting cannot fail.
        let _ = known.wait_for(|k| k.since.is_some() && !k.is_connected).await;
        exchange.live.empty().await;
        tokio::select! {
            () = exchange.clock.sleep(ALONE_FOR) => return,
            _ = known.wait_for(|k| k.is_connected) => {}
            () = exchange.live.busy() => {}
        }
    }
}
