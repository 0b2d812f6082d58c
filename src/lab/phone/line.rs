//! A line to call on: SIP and RTP of its own, on ports of its own.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::base::id::CarrierId;
use crate::base::{Clock, Random, Result};
use crate::engine::media::{MediaEngine, MediaOptions};
use crate::engine::sip::{self, Admission, Incoming, SipOptions, SipStack, Soon};

/// New calls a lab line takes in a second; it is not what is being tested.
const NEW_CALLS_PER_SECOND: u32 = 10_000;

/// Where a line lives.
#[derive(Debug, Clone)]
pub struct LineOptions {
    /// SIP address; port 0 picks one.
    pub sip: SocketAddr,
    /// Ports for RTP and RTCP.
    pub rtp_ports: RangeInclusive<u16>,
    /// Whether sound is paced with real-time priority, if permitted.
    pub realtime: bool,
}

/// A line. It takes calls from anybody.
pub struct Line {
    pub(super) sip: Arc<dyn SipStack>,
    pub(super) incoming: mpsc::Receiver<Incoming>,
    pub(super) media: MediaEngine,
    pub(super) carrier: CarrierId,
}

impl Line {
    /// Opens the line.
    ///
    /// # Errors
    /// When the address is taken or the port range holds no pair.
    pub async fn open(options: LineOptions, random: &Random) -> Result<Self> {
        let carrier = CarrierId::new(random);
        let media = MediaOptions { realtime: options.realtime, ..MediaOptions::new(options.sip.ip(), options.rtp_ports) };
        let media = MediaEngine::start(media, random.clone())?;
        let (sip, incoming) = sip::start(SipOptions {
            bind: options.sip,
            advertise: Default::default(),
            admission: Arc::new(Everybody(carrier.clone())),
            new_calls_per_second: NEW_CALLS_PER_SECOND,
            random: random.clone(),
            clock: Clock::system(),
            session: Default::default(),
            tls: None,
        })
        .await?;
        Ok(Self { sip, incoming, media, carrier })
    }

    /// Where it takes calls.
    pub fn address(&self) -> SocketAddr {
        self.sip.bound()
    }

    /// Gives the ports back.
    pub async fn close(self) {
        self.sip.close().await;
    }
}

struct Everybody(CarrierId);

impl Admission for Everybody {
    fn carrier_of(&self, _: IpAddr) -> Soon<'_, Option<CarrierId>> {
        Box::pin(async { Some(self.0.clone()) })
    }

    fn is_known(&self, _: IpAddr) -> bool {
        true
    }
}
