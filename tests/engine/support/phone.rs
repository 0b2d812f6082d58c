//! The far end: a SIP stack and RTP of its own. It listens with its ears (energy), presses keys, speaks, hangs up.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cxbox::base::id::CarrierId;
use cxbox::base::{Clock, Random};
use cxbox::contract::trunk::{Transport, Trunk};
use cxbox::engine::media::{Clip, ClipId, Listen, MediaEngine, MediaEvent, MediaOptions, MediaSession};
use cxbox::engine::sip::{self, Admission, Incoming, Leg, LegEnd, LegEvent, PlaceCall, SipOptions, SipStack, Soon};
use tokio::sync::{Mutex, mpsc};

use super::within;

struct Everyone;

impl Admission for Everyone {
    fn is_known(&self, _: IpAddr) -> bool {
        true
    }

    fn carrier_of(&self, _: IpAddr) -> Soon<'_, Option<CarrierId>> {
        Box::pin(async { Some("tr_far".into()) })
    }
}

/// A phone that calls and is called.
pub struct Phone {
    stack: Arc<dyn SipStack>,
    media: MediaEngine,
    pub incoming: Mutex<mpsc::Receiver<Incoming>>,
}

impl Phone {
    pub async fn start() -> Self {
        let options = SipOptions {
            bind: "127.0.0.1:0".parse().unwrap(),
            advertise: Default::default(),
            admission: Arc::new(Everyone),
            new_calls_per_second: 1000,
            random: Random::system(),
            clock: Clock::system(),
            session: Default::default(),
            tls: None,
        };
        let (stack, incoming) = sip::start(options).await.unwrap();
        let media = MediaOptions { realtime: false, ..MediaOptions::new("127.0.0.1".parse().unwrap(), 40_000..=49_999) };
        Self { stack, media: MediaEngine::start(media, Random::system()).unwrap(), incoming: Mutex::new(incoming) }
    }

    pub fn address(&self) -> SocketAddr {
        self.stack.bound()
    }

    /// Sends an INVITE; the leg's events tell the rest.
    pub async fn invite(&self, engine: SocketAddr, to: &str) -> (Leg, cxbox::engine::media::PendingSession) {
        let (pending, offer) = self.media.offer(None).unwrap();
        let trunk = Trunk::new("tr_engine".into(), engine.to_string(), Transport::Udp);
        let call = PlaceCall {
            trunk,
            to: to.to_owned(),
            uri: None,
            from: "4930111".to_owned(),
            display_name: None,
            offer,
            headers: Default::default(),
        };
        (self.stack.place(call).await.unwrap(), pending)
    }

    /// Calls the engine and is answered.
    pub async fn call(&self, engine: SocketAddr) -> Talk {
        let (mut leg, pending) = self.invite(engine, "100").await;
        let sdp = within("the engine answers", async {
            loop {
                match leg.events.recv().await.unwrap() {
                    LegEvent::Answered { sdp } => return sdp,
                    LegEvent::Ended { how } => panic!("the call is not answered: {how:?}"),
                    _ => {}
                }
            }
        })
        .await;
        let (session, sounds) = pending.complete(&sdp).unwrap();
        Talk::new(leg, session, sounds)
    }

    /// How an INVITE that is not answered ends.
    pub async fn refused(&self, engine: SocketAddr, to: &str) -> LegEnd {
        let (mut leg, _pending) = self.invite(engine, to).await;
        within("the engine refuses", until_ended(&mut leg.events)).await
    }

    /// Waits for a call from the engine.
    pub async fn rings(&self) -> Incoming {
        within("the phone rings", async { self.incoming.lock().await.recv().await.unwrap() }).await
    }

    /// Picks up.
    pub async fn pick_up(&self, incoming: Incoming) -> Talk {
        let ours = self.media.answer(&incoming.offer).unwrap();
        incoming.leg.control.answer(ours.sdp).await.unwrap();
        Talk::new(incoming.leg, ours.session, ours.events)
    }
}

async fn until_ended(events: &mut mpsc::Receiver<LegEvent>) -> LegEnd {
    loop {
        if let LegEvent::Ended { how } = events.recv().await.unwrap() {
            return how;
        }
    }
}

/// The far side of an answered call.
pub struct Talk {
    pub leg: Leg,
    pub session: MediaSession,
    sounds: mpsc::Receiver<MediaEvent>,
}

impl Talk {
    pub fn new(leg: Leg, session: MediaSession, sounds: mpsc::Receiver<MediaEvent>) -> Self {
        session.listen(Listen::All);
        Self { leg, session, sounds }
    }

    /// Waits for this many frames in a row that are loud, or quiet; how long it took.
    async fn frames(&mut self, n: usize, loud: bool) -> Duration {
        let clock = cxbox::base::Clock::system();
        let began = clock.monotonic();
        let what = if loud { "the bot is heard" } else { "the bot is silent" };
        within(what, async {
            let mut n_in_a_row = 0;
            while n_in_a_row < n {
                if let MediaEvent::Heard(frame) = self.sounds.recv().await.unwrap() {
                    let sum: i64 = frame.samples.iter().map(|s| i64::from(s.unsigned_abs())).sum();
                    let is_loud = sum / i64::try_from(frame.samples.len()).unwrap() > 300;
                    n_in_a_row = if is_loud == loud { n_in_a_row + 1 } else { 0 };
                }
            }
        })
        .await;
        clock.monotonic().duration_since(began)
    }

    /// Waits until the bot is heard.
    pub async fn hears(&mut self) -> Duration {
        self.frames(2, true).await
    }

    /// Waits until the bot has been silent for 400 ms.
    pub async fn hears_silence(&mut self) -> Duration {
        self.frames(20, false).await
    }

    /// Waits until the bot falls silent: 60 ms.
    pub async fn falls_silent(&mut self) -> Duration {
        self.frames(3, false).await
    }

    /// Waits until the far end presses this key.
    pub async fn hears_key(&mut self, key: char) {
        within("the key is heard", async { while !matches!(self.sounds.recv().await.unwrap(), MediaEvent::Key(k) if k == key) {} }).await;
    }

    pub fn press(&self, keys: &str) {
        self.session.send_keys(keys);
    }

    pub fn says(&self, clip: &Clip) {
        self.session.play(ClipId(1), clip);
    }

    pub async fn hangs_up(&self) {
        self.leg.control.hang_up().await.unwrap();
    }

    /// Waits until the engine ends the call.
    pub async fn is_hung_up(&mut self) -> LegEnd {
        within("the engine hangs up", until_ended(&mut self.leg.events)).await
    }
}
