//! The handle of this slice: the hosts, their health, and orders to them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use serde::Serialize;
use serde_json::Value;
use tracing::warn;
use utoipa::ToSchema;

use super::client::{CallOrder, Client, Host};
use super::place::{freest, has_room, is_healthy};
use super::recent::Recent;
use crate::base::id::{CarrierId, SessionId};
use crate::base::secret::Secret;
use crate::base::{Clock, Error, Kind, Random, Result};
use crate::contract::browser::{BrowserAccepted, BrowserCall};
use crate::contract::chat::{ChatAnswer, ChatAsk};
use crate::contract::fleet::{Dialout, DialoutAccepted, FleetHealth};
use crate::contract::socket::SocketCall;
use crate::contract::trunk::TrunkCheck;
use crate::features::settings::Settings;
use crate::platform::net::{Answer, Outbound};

/// How long a call waits for slow hosts while another one has room.
const GRACE: Duration = Duration::from_secs(1);

/// What the slice is built from.
pub struct FleetSetup {
    /// Socket of the built-in engine.
    pub engine_socket: PathBuf,
    /// The internal secret.
    pub secret: Secret,
    /// The client for engines elsewhere.
    pub net: Outbound,
    /// Randomness, to spread calls over equal hosts.
    pub random: Random,
    /// The settings, for the list of hosts.
    pub settings: Settings,
    /// Time.
    pub clock: Clock,
}

/// The engines. Cheap to clone.
#[derive(Clone)]
pub struct Fleet {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    clock: Clock,
    recent: Recent,
    random: Random,
    engine_socket: PathBuf,
    settings: Settings,
}

/// What became of an order to a call that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// An engine has it and does it.
    Ordered,
    /// No engine holds it.
    NotRunning,
    /// An engine did not answer; it may hold it.
    Unknown,
}

/// One host as the operator sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WorkerStatus {
    /// Its URL, or `local`.
    pub url: String,
    /// `ok`, `draining`, or `unreachable`.
    pub status: String,
    /// Calls it can hold.
    pub total_capacity: u32,
    /// Calls it can still take.
    pub total_available: u32,
    /// Calls it holds.
    pub worker_calls: u32,
    /// Where it listens for SIP, such as `0.0.0.0:5060`; null where it does not say.
    pub sip: Option<String>,
    /// Its workers, as it lists them.
    #[schema(value_type = Vec<Object>)]
    pub workers: Vec<Value>,
}

impl Fleet {
    /// The fleet over its parts.
    pub fn new(setup: FleetSetup) -> Self {
        let client = Client::new(setup.secret, setup.net);
        let FleetSetup { random, engine_socket, settings, clock, .. } = setup;
        Self { inner: Arc::new(Inner { client, clock, recent: Recent::default(), random, engine_socket, settings }) }
    }

    /// The hosts of the setting `fleet.cxbcore_fleet` as it is now; the built-in engine when none is listed.
    pub fn hosts(&self) -> Vec<Host> {
        let settings = self.inner.settings.current();
        let listed = &settings.fleet.hosts;
        if listed.is_empty() {
            return vec![self.local()];
        }
        listed.iter().map(|url| Host::Remote(url.trim_end_matches('/').to_owned())).collect()
    }

    fn local(&self) -> Host {
        Host::Local(self.inner.engine_socket.clone())
    }

    /// How the built-in engine is; an error when it does not answer.
    pub async fn local_health(&self) -> Result<FleetHealth> {
        self.inner.client.health(&self.local()).await
    }

    /// Asks the built-in engine to take no more calls and to end with its last one.
    pub(super) async fn drain_local(&self) -> Result<()> {
        self.inner.client.drain(&self.local()).await
    }

    /// How every host is, in the order of the list. A host that was well a moment ago is not asked again. With `grace` the slow ones are
    /// left behind once another one has room.
    async fn healths(&self, grace: Option<Duration>) -> Vec<(Host, Option<FleetHealth>)> {
        let hosts = self.hosts();
        let mut found: Vec<Option<FleetHealth>> = hosts.iter().map(|host| self.inner.recent.get(host.label(), &self.inner.clock)).collect();
        let mut asked: FuturesUnordered<_> = hosts
            .iter()
            .enumerate()
            .filter(|(n, _)| found[*n].is_none())
            .map(|(n, host)| async move { (n, self.ask(host).await) })
            .collect();
        let mut patience = grace.filter(|_| has_room(&found));
        loop {
            let answered = match patience {
                None => asked.next().await,
                Some(grace) => tokio::select! {
                    answered = asked.next() => answered,
                    () = self.inner.clock.sleep(grace) => None,
                },
            };
            let Some((n, health)) = answered else { break };
            found[n] = health;
            patience = grace.filter(|_| has_room(&found));
        }
        drop(asked);
        hosts.into_iter().zip(found).collect()
    }

    async fn ask(&self, host: &Host) -> Option<FleetHealth> {
        match self.inner.client.health(host).await {
            Ok(health) => {
                self.inner.recent.note(host.label(), &health, &self.inner.clock);
                Some(health)
            }
            Err(error) => {
                warn!("The engine {} does not answer: {error}", host.label());
                None
            }
        }
    }

    /// How every host is.
    pub async fn status(&self) -> Vec<WorkerStatus> {
        self.healths(None).await.into_iter().map(|(host, health)| WorkerStatus::new(&host, health)).collect()
    }

    /// Places a call on the freest host; when that one refuses for want of room, on the next. `Upstream`: no engine answers.
    /// `Unavailable`: none takes a call now.
    pub async fn dialout(&self, call: &Dialout) -> Result<DialoutAccepted> {
        self.on_the_freest(|host| async move { self.inner.client.dialout(&host, call).await }).await
    }

    /// Hands a call from a browser to the freest host, and fails as [`Fleet::dialout`] does. `Invalid` when its offer cannot be answered.
    pub async fn browser_call(&self, call: &BrowserCall) -> Result<BrowserAccepted> {
        self.on_the_freest(|host| async move { self.inner.client.browser_call(&host, call).await }).await
    }

    /// Hands a call to the freest host while its WebSocket is being opened, and fails as [`Fleet::dialout`] does. The answer is 101.
    pub async fn socket_call(&self, call: &SocketCall, handshake: &[(String, String)]) -> Result<Answer> {
        self.on_the_freest(|host| async move { self.inner.client.socket_call(&host, call, handshake).await }).await
    }

    /// Has the freest host take a call; when that one refuses for want of room, the next.
    async fn on_the_freest<T, F: Future<Output = Result<T>>>(&self, ask: impl Fn(Host) -> F) -> Result<T> {
        let (hosts, mut healths): (Vec<_>, Vec<_>) = self.healths(Some(GRACE)).await.into_iter().unzip();
        let answers = healths.iter().any(Option::is_some);
        let mut refusal = None;
        while let Some(best) = freest(&healths, &self.inner.random) {
            let host = &hosts[best];
            match ask(host.clone()).await {
                Ok(accepted) => {
                    self.inner.recent.took_a_call(host.label());
                    return Ok(accepted);
                }
                Err(error) => {
                    self.inner.recent.forget(host.label());
                    // Only a host that certainly has not taken the call lets another one have it.
                    if !matches!(error.kind(), Kind::Unavailable | Kind::TooMany) {
                        return Err(error);
                    }
                    healths[best] = None;
                    refusal = Some(error);
                }
            }
        }
        Err(refusal.unwrap_or_else(|| match answers {
            true => Error::unavailable("No healthy fleet server available").code("no_capacity").retry_after(10),
            false => Error::upstream("the call engine does not answer").code("bridge_unreachable"),
        }))
    }

    /// What a bot answers in writing, from the first host that can say. `Upstream` with the provider's sentence when there is no answer,
    /// and when no engine can be asked.
    pub async fn chat(&self, ask: &ChatAsk) -> Result<ChatAnswer> {
        let mut refusal = Error::upstream("the call engine does not answer").code("bridge_unreachable");
        for host in self.hosts() {
            match self.inner.client.chat(&host, ask).await {
                Ok(answer) => return Ok(answer),
                Err(error) if error.kind() == Kind::NotFound => {
                    refusal = Error::upstream(format!("the engine {} cannot answer in writing", host.label())).code("engine_refused");
                }
                Err(error) if error.peer_status().is_some() => return Err(error),
                Err(error) => warn!("The engine {} does not answer: {error}", host.label()),
            }
        }
        Err(refusal)
    }

    /// Asks a host of the list to take no more calls; it ends with its last one. `NotFound` for one that is not listed.
    pub async fn drain(&self, url: &str) -> Result<()> {
        let wanted = url.trim().trim_end_matches('/');
        let host = self.hosts().into_iter().find(|host| host.label() == wanted);
        let host = host.ok_or_else(|| Error::not_found(format!("there is no fleet host {wanted}")))?;
        self.inner.recent.forget(host.label());
        self.inner.client.drain(&host).await
    }

    /// Has every host ask a trunk anew; what each of them found, under its label.
    pub async fn check_trunk(&self, carrier: &CarrierId) -> Vec<(String, Result<TrunkCheck>)> {
        let ask = |host: Host| async move { (host.label().to_owned(), self.inner.client.check_trunk(&host, carrier).await) };
        join_all(self.hosts().into_iter().map(ask)).await
    }

    /// The first engine that keeps a recording, and how long that is. Engines that do not answer in time are passed over.
    pub async fn find_recording(&self, key: &str) -> Option<(Host, u64)> {
        for host in self.hosts() {
            match self.inner.client.recording(&host, key, None).await {
                Ok(answer) => {
                    let size = answer.header("content-length").and_then(|text| text.parse().ok());
                    if answer.status == 200 && size.is_some() {
                        return size.map(|size| (host, size));
                    }
                }
                Err(error) if error.kind() == Kind::NotFound => {}
                Err(error) => warn!("The engine {} was not able to say whether it has a recording: {error}", host.label()),
            }
        }
        None
    }

    /// Begins to read a recording that an engine keeps, or a part of it: first and last byte. `None` when it has none any more.
    pub async fn recording(&self, host: &Host, key: &str, part: Option<(u64, u64)>) -> Result<Option<Answer>> {
        match self.inner.client.recording(host, key, part).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Ends a call, wherever it runs; its result will come.
    pub async fn hang_up(&self, session_id: &SessionId) -> Told {
        self.tell(session_id, CallOrder::HangUp).await
    }

    /// Has what is said on a call left out of its recording, or not any more.
    pub async fn pause_recording(&self, session_id: &SessionId, is_paused: bool) -> Told {
        self.tell(session_id, CallOrder::PauseRecording(is_paused)).await
    }

    /// Gives an order to one engine after the other until one takes it.
    async fn tell(&self, session_id: &SessionId, order: CallOrder) -> Told {
        let mut found = Told::NotRunning;
        for host in self.hosts() {
            match self.inner.client.order(&host, session_id, order).await {
                Ok(()) => return Told::Ordered,
                Err(error) if error.kind() == Kind::NotFound => {}
                Err(error) => {
                    warn!("The engine {} did not take an order for a call: {error}", host.label());
                    found = Told::Unknown;
                }
            }
        }
        found
    }
}

impl WorkerStatus {
    fn new(host: &Host, health: Option<FleetHealth>) -> Self {
        let url = host.label().to_owned();
        let Some(health) = health else {
            let status = "unreachable".to_owned();
            return Self { url, status, total_capacity: 0, total_available: 0, worker_calls: 0, sip: None, workers: Vec::new() };
        };
        let status = if health.status == "ok" && !is_healthy(&health) { "inconsistent".to_owned() } else { health.status };
        Self {
            url,
            status,
            total_capacity: health.fleet_max,
            total_available: health.fleet_available,
            worker_calls: health.fleet_calls,
            sip: health.sip,
            workers: health.workers,
        }
    }
}
