//! One of us: SIP stack and media engine, able to call and to be called.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use cxbox::base::id::CarrierId;
use cxbox::base::{Clock, Random};
use cxbox::contract::config::WireSecret;
use cxbox::contract::trunk::{Transport, Trunk};
use cxbox::engine::media::{Clip, MediaEngine, MediaEvent, MediaOptions, MediaSession};
use cxbox::engine::sip::{self, Admission, Incoming, Leg, LegEvent, PlaceCall, SessionTimes, SipOptions, SipStack, Soon, TlsDoor};
use tokio::sync::mpsc;

use super::{heard, next, soon};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Knows everybody or nobody.
struct Known(bool);

impl Admission for Known {
    fn is_known(&self, _: IpAddr) -> bool {
        self.0
    }

    fn carrier_of(&self, _: IpAddr) -> Soon<'_, Option<CarrierId>> {
        let carrier = self.0.then(|| CarrierId::from("tr_0000000000000001"));
        Box::pin(async move { carrier })
    }
}

/// A SIP address with everything behind it.
pub struct Party {
    pub sip: Arc<dyn SipStack>,
    pub calls: mpsc::Receiver<Incoming>,
    pub media: MediaEngine,
}

impl Party {
    /// Takes calls from everybody.
    pub async fn start() -> Self {
        Self::with(true, 1000).await
    }

    /// Knows nobody.
    pub async fn aloof() -> Self {
        Self::with(false, 1000).await
    }

    /// Takes calls by these rules.
    pub async fn knowing(admission: Arc<dyn Admission>) -> Self {
        Self::start_with(admission, 1000).await
    }

    pub async fn with(knows_everybody: bool, new_calls_per_second: u32) -> Self {
        Self::start_with(Arc::new(Known(knows_everybody)), new_calls_per_second).await
    }

    /// Takes calls from everybody, with these times of sessions.
    pub async fn timed(session: SessionTimes) -> Self {
        Self::start_timed(Arc::new(Known(true)), 1000, session, None).await
    }

    /// Takes calls from everybody, over TLS too.
    pub async fn with_door(door: TlsDoor) -> Self {
        Self::start_timed(Arc::new(Known(true)), 1000, SessionTimes::default(), Some(door)).await
    }

    async fn start_with(admission: Arc<dyn Admission>, new_calls_per_second: u32) -> Self {
        Self::start_timed(admission, new_calls_per_second, SessionTimes::default(), None).await
    }

    async fn start_timed(admission: Arc<dyn Admission>, new_calls_per_second: u32, session: SessionTimes, tls: Option<TlsDoor>) -> Self {
        let options = SipOptions {
            bind: SocketAddr::new(HERE, 0),
            advertise: Default::default(),
            admission,
            new_calls_per_second,
            random: Random::system(),
            clock: Clock::system(),
            session,
            tls,
        };
        let (sip, calls) = sip::start(options).await.unwrap();
        let media = MediaEngine::start(MediaOptions::new(HERE, 30_000..=39_999), Random::system()).unwrap();
        Self { sip, calls, media }
    }

    pub fn address(&self) -> SocketAddr {
        self.sip.bound()
    }

    /// A call from here to an address, not yet placed.
    pub fn call(to: SocketAddr, transport: Transport, offer: Vec<u8>) -> PlaceCall {
        let trunk = Trunk::new(CarrierId::from("tr_0000000000000001"), to.to_string(), transport);
        PlaceCall {
            trunk,
            to: "+4930123456".to_owned(),
            uri: None,
            from: "+4930987654".to_owned(),
            display_name: Some("Box".to_owned()),
            offer,
            headers: BTreeMap::from([("X-Call".to_owned(), "seven".to_owned())]),
        }
    }

    /// The same with a user name and a password.
    pub fn call_with_password(to: SocketAddr, offer: Vec<u8>, user: &str, password: &str) -> PlaceCall {
        let mut call = Self::call(to, Transport::Udp, offer);
        call.trunk.outbound_auth_username = Some(user.to_owned());
        call.trunk.outbound_auth_password = Some(WireSecret(password.to_owned()));
        call
    }
}

/// One side of a connected call.
pub struct Side {
    pub leg: Leg,
    pub media: MediaSession,
    pub events: mpsc::Receiver<MediaEvent>,
}

/// Both sides.
pub struct Both {
    pub caller: Side,
    pub callee: Side,
}

/// Connects two of us and checks what each side is told on the way.
pub async fn connect(from: &Party, to: &mut Party, transport: Transport) -> Both {
    let (pending, offer) = from.media.offer(None).unwrap();
    let mut caller = soon(from.sip.place(Party::call(to.address(), transport, offer))).await.unwrap();
    let incoming = next(&mut to.calls).await;
    assert_eq!((incoming.did.as_str(), incoming.from.as_deref()), ("+4930123456", Some("+4930987654")));
    assert_eq!((incoming.headers["X-Call"].as_str(), incoming.transport), ("seven", transport));
    assert_eq!(incoming.leg.sip_call_id, caller.sip_call_id);
    let mut callee = incoming.leg;
    callee.control.ring().await.unwrap();
    assert!(matches!(heard(&mut caller.events).await, LegEvent::Ringing { sdp: None }));
    let answer = to.media.answer(&incoming.offer).unwrap();
    callee.control.answer(answer.sdp).await.unwrap();
    let LegEvent::Answered { sdp } = heard(&mut caller.events).await else { panic!("not answered") };
    assert!(matches!(heard(&mut callee.events).await, LegEvent::Answered { .. }));
    let (media, events) = pending.complete(&sdp).unwrap();
    Both { caller: Side { leg: caller, media, events }, callee: Side { leg: callee, media: answer.session, events: answer.events } }
}

/// Half a second of a tone.
pub fn tone() -> Clip {
    #[expect(clippy::cast_possible_truncation, reason = "a test tone")]
    let samples: Vec<i16> = (0..4000).map(|i| ((f64::from(i) * 440.0 * std::f64::consts::TAU / 8000.0).sin() * 8000.0) as i16).collect();
    Clip { rate: 8000, samples: samples.into() }
}

/// Loudness of what is heard next in this many frames (mean of the absolute samples).
pub async fn audio_level(events: &mut mpsc::Receiver<MediaEvent>, n_frames: usize) -> u32 {
    let (mut sum, mut n) = (0u64, 0u64);
    let mut seen = 0;
    while seen < n_frames {
        if let MediaEvent::Heard(frame) = next(events).await {
            seen += 1;
            n += frame.samples.len() as u64;
            sum += frame.samples.iter().map(|s| u64::from(s.unsigned_abs())).sum::<u64>();
        }
    }
    u32::try_from(sum / n.max(1)).unwrap()
}

/// Events until one matches; all of them are given back.
pub async fn kept_events(events: &mut mpsc::Receiver<MediaEvent>, last: impl Fn(&MediaEvent) -> bool) -> Vec<MediaEvent> {
    let mut kept = Vec::new();
    loop {
        let event = next(events).await;
        let is_last = last(&event);
        kept.push(event);
        if is_last {
            return kept;
        }
    }
}
