//! The seam round the SIP stack: legs, what happens on them, and what can be asked of them. The stack behind it can be replaced.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};

use crate::base::digest::Ha1;
use crate::base::id::CarrierId;
use crate::base::{Clock, Random, Result};
use crate::contract::phone::Registration;
use crate::contract::trunk::{Transport, Trunk};
use crate::engine::reach::OwnAddress;

mod registrar;
mod rsip;

pub use rsip::start;

/// A future that a trait returns.
pub type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How SIP is to run.
pub struct SipOptions {
    /// Address for UDP and TCP. Port 0 picks a port that is free for both.
    pub bind: SocketAddr,
    /// Address that is told to peers.
    pub advertise: OwnAddress,
    /// Who may send us anything.
    pub admission: Arc<dyn Admission>,
    /// Most new calls in a second, from all trunks together; more get 503.
    pub new_calls_per_second: u32,
    /// For tags, Call-IDs and nonces.
    pub random: Random,
    /// For the life of registrations.
    pub clock: Clock,
    /// How long calls live without a sign of life.
    pub session: SessionTimes,
    /// Where TLS is taken, if anywhere.
    pub tls: Option<TlsDoor>,
}

/// Where SIP over TLS is taken, and what we show there.
#[derive(Clone)]
pub struct TlsDoor {
    /// The address; its port must be given.
    pub bind: SocketAddr,
    /// Our certificate with those that signed it, in PEM.
    pub certificate: Vec<u8>,
    /// Its key, in PEM.
    pub key: Vec<u8>,
}

/// Times of session timers (RFC 4028): after how long a call whose far end vanished ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimes {
    /// What we propose, in seconds; the call is refreshed at half of it.
    pub offered_s: u32,
    /// The least we take; shorter ones are refused with 422.
    pub least_s: u32,
}

impl Default for SessionTimes {
    /// What the RFC recommends: half an hour, and no less than 90 s.
    fn default() -> Self {
        Self { offered_s: 1800, least_s: 90 }
    }
}

/// Who may send us SIP. Everyone else gets no answer at all.
pub trait Admission: Send + Sync {
    /// Whether this address belongs to a carrier, from memory. Asked for every packet of a source that has no call.
    fn is_known(&self, source: IpAddr) -> bool;
    /// The carrier this address belongs to. May look again before it says `None`, at most a few times a second and not
    /// for long: packets of other strangers wait meanwhile. Not asked for those who flood.
    fn carrier_of(&self, source: IpAddr) -> Soon<'_, Option<CarrierId>>;
    /// What calls of the carrier at this address must sign in with; `None`: the address is enough.
    fn carrier_login(&self, _source: SocketAddr) -> Option<Login> {
        None
    }
    /// The name under which we are registered at a carrier: its calls to that name are for the number in their `To`.
    fn registered_as(&self, _carrier: &CarrierId) -> Option<String> {
        None
    }
    /// Whether telephones of people are heard from this address, from memory.
    fn is_phone_network(&self, _source: IpAddr) -> bool {
        false
    }
    /// The SIP account of this name, from memory.
    fn account(&self, _name: &str) -> Option<Login> {
        None
    }
    /// The realm of our challenges.
    fn realm(&self) -> String {
        "cxbox".to_owned()
    }
}

/// What somebody signs in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The name; of an account also its address of record.
    pub name: String,
    /// Digests of its password in our realm.
    pub ha1: Ha1,
}

/// What the engine needs of a SIP stack.
pub trait SipStack: Send + Sync {
    /// Sends an INVITE. The leg's events tell how it goes; dropping the control hangs up or cancels.
    fn place(&self, call: PlaceCall) -> Soon<'_, Result<Leg>>;
    /// Where a trunk is now: its `sip_address`, looked up.
    fn find<'a>(&'a self, trunk: &'a Trunk) -> Soon<'a, Result<SocketAddr>>;
    /// Asks a trunk whether it is there (OPTIONS). Any answer means that it is; an error, that it is not.
    fn ping(&self, trunk: Trunk) -> Soon<'_, Result<Answered>>;
    /// Registers at a trunk.
    fn register(&self, request: RegisterAt) -> Soon<'_, Result<Answered>>;
    /// Forgets a trunk that is gone: what was kept open for it alone is closed once its calls are over.
    fn forget(&self, carrier: &CarrierId);
    /// The telephones registered under this name now, the newest first.
    fn phones_of(&self, aor: &str) -> Vec<Registration>;
    /// All registrations; told of every change.
    fn registrations(&self) -> watch::Receiver<Arc<[Registration]>>;
    /// Takes registrations over that an earlier engine had.
    fn adopt(&self, registrations: Vec<Registration>);
    /// Forgets the telephones of an account that is gone or has another password.
    fn sign_out(&self, aor: &str);
    /// Where it listens.
    fn bound(&self) -> SocketAddr;
    /// Stops listening and frees the sockets. Running legs end.
    fn close(&self) -> Soon<'_, ()>;
}

/// A registration to be made, refreshed or taken back.
#[derive(Debug, Clone)]
pub struct RegisterAt {
    /// Where, with our credentials.
    pub trunk: Trunk,
    /// Call-ID; the same for all requests of one registration.
    pub call_id: String,
    /// CSeq; the next request must have one that is larger by [`SEQ_STEP`].
    pub seq: u32,
    /// For how long, in seconds; 0 takes it back.
    pub seconds: u32,
}

/// How many CSeq numbers one registration may use: the first request and its repeats with credentials.
pub const SEQ_STEP: u32 = 8;

/// A trunk's final answer to a request outside calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// SIP status.
    pub code: u16,
    /// Its words.
    pub reason: String,
    /// From the first packet to the answer.
    pub took: Duration,
    /// Where it sees us, if it says so (`received`, `rport`).
    pub seen_as: Option<SocketAddr>,
    /// Where we said that we are.
    pub sent_as: SocketAddr,
    /// REGISTER: the seconds it granted.
    pub granted_s: Option<u32>,
    /// REGISTER: the least seconds it takes (423).
    pub least_s: Option<u32>,
}

/// An outbound call to be made.
#[derive(Debug, Clone)]
pub struct PlaceCall {
    /// The trunk to go through, with its credentials.
    pub trunk: Trunk,
    /// Number or user part to call.
    pub to: String,
    /// The URI to call, where it is known whole: that of a registered telephone. The trunk's address says where it is sent.
    pub uri: Option<String>,
    /// Number or user part to show.
    pub from: String,
    /// Name to show.
    pub display_name: Option<String>,
    /// Our SDP offer.
    pub offer: Vec<u8>,
    /// Further SIP headers.
    pub headers: BTreeMap<String, String>,
}

/// An INVITE that came in from a known source. Answer it through `leg.control`.
pub struct Incoming {
    /// The leg, not yet answered.
    pub leg: Leg,
    /// Who sent it.
    pub sender: Sender,
    /// Where the INVITE came from.
    pub source: SocketAddr,
    /// How it came.
    pub transport: Transport,
    /// User part that was dialled.
    pub did: String,
    /// User part of the caller; `None` when withheld (anonymous).
    pub from: Option<String>,
    /// All headers that are not part of SIP's own machinery (`X-…`, `P-Asserted-Identity`, `Diversion`, `Subject`).
    pub headers: BTreeMap<String, String>,
    /// Their SDP offer; empty when they want ours.
    pub offer: Vec<u8>,
    /// When it arrived.
    pub received: Instant,
}

/// Who sent a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// A carrier.
    Carrier(CarrierId),
    /// The telephone of a SIP account, which has proved it.
    Phone(String),
    /// A bot of this box that hands its caller on.
    Inside {
        /// The carrier the caller came by.
        carrier: Option<CarrierId>,
        /// Where numbers are transferred to.
        host: Option<String>,
        /// How often the caller was handed on within the box, this time included.
        hops: u8,
    },
}

/// One side of a call.
pub struct Leg {
    /// SIP Call-ID.
    pub sip_call_id: String,
    /// What happens on it. Bounded; the stack waits when the call's task is slow.
    pub events: mpsc::Receiver<LegEvent>,
    /// What can be asked of it.
    pub control: Arc<dyn LegControl>,
}

/// What can be asked of a leg. Each call is safe to repeat; a second hangup does nothing.
pub trait LegControl: Send + Sync {
    /// 180 Ringing (inbound, before the answer).
    fn ring(&self) -> Soon<'_, Result<()>>;
    /// 200 OK with our SDP (inbound).
    fn answer(&self, sdp: Vec<u8>) -> Soon<'_, Result<()>>;
    /// Refuses an unanswered inbound call.
    fn reject(&self, code: u16, reason: Option<String>) -> Soon<'_, Result<()>>;
    /// CANCEL while it rings, BYE once it is answered.
    fn hang_up(&self) -> Soon<'_, Result<()>>;
    /// Blind transfer (RFC 3515). Progress arrives as [`LegEvent::ReferProgress`].
    fn refer(&self, target: String) -> Soon<'_, Result<()>>;
    /// Re-INVITE with a new offer; the answer's SDP comes back.
    fn reinvite(&self, offer: Vec<u8>) -> Soon<'_, Result<Vec<u8>>>;
    /// INFO with a body, such as `application/dtmf-relay`.
    fn info(&self, content_type: &'static str, body: Vec<u8>) -> Soon<'_, Result<()>>;
    /// The bot falls silent in the middle of a word: a far end that keeps sound back throws it away.
    fn fall_silent(&self) {}
    /// A URI for [`LegControl::refer`] by which somebody calls this leg's far end and takes our place in it (RFC 3891); `None` where the far end
    /// does not know how.
    fn place(&self) -> Option<String> {
        None
    }
    /// Whether the far end may be told to take another leg's place.
    fn takes_places(&self) -> bool {
        false
    }
    /// How [`LegControl::refer`] hands somebody on, in the words of a result.
    fn method(&self) -> &'static str {
        "refer"
    }
}

/// What happens on a leg.
#[derive(Debug)]
pub enum LegEvent {
    /// Outbound: the far end has the call (100), nothing rings yet.
    Proceeding,
    /// 180 or 183; early media when there is an SDP.
    Ringing {
        /// Their SDP, if any.
        sdp: Option<Vec<u8>>,
    },
    /// Outbound: 200 OK with their answer. Inbound: the ACK arrived (SDP empty unless the ACK carried the answer).
    Answered {
        /// Their SDP.
        sdp: Vec<u8>,
    },
    /// A re-INVITE or UPDATE with a new offer; reply with our answer within 5 s.
    Offer {
        /// Their SDP; empty when they want ours.
        sdp: Vec<u8>,
        /// Where our SDP goes. Dropping it refuses the change (488); the call goes on as it was.
        reply: oneshot::Sender<Vec<u8>>,
    },
    /// INFO; already answered with 200.
    Info {
        /// Its content type.
        content_type: String,
        /// Its body.
        body: Vec<u8>,
    },
    /// NOTIFY of a REFER: the SIP status of the new call (100, 180, 200, 486…).
    ReferProgress {
        /// The status.
        code: u16,
    },
    /// The leg is over; nothing follows.
    Ended {
        /// How.
        how: LegEnd,
    },
}

/// How a leg ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegEnd {
    /// We hung up or cancelled.
    Local,
    /// The far end hung up.
    Remote,
    /// The caller gave up before the answer (CANCEL).
    Cancelled,
    /// The far end refused (its status), or did not answer in time (408, 480, 487).
    Refused {
        /// SIP status.
        code: u16,
        /// Its reason phrase.
        reason: String,
    },
    /// The stack or the network failed.
    Failed {
        /// What, in words.
        why: String,
    },
}
