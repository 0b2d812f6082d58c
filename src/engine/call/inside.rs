//! A call within the box: two legs back to back, with no SIP between them. Who is called gets it as an ordinary incoming call.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::{mpsc, oneshot};

use super::exchange::Exchange;
use crate::base::id::CarrierId;
use crate::base::{Error, Result};
use crate::contract::trunk::Transport;
use crate::engine::sip::{Incoming, Leg, LegControl, LegEnd, LegEvent, Sender, Soon};

/// How often a caller is handed on within the box; two bots that hand their callers to each other end there.
const MOST_HOPS: u8 = 3;
/// Events that may wait for a call's task. Few are ever sent.
const EVENTS: usize = 32;
/// Tells a bot why it gets the caller, if it asks for SIP headers.
const REASON: &str = "X-Transfer-Reason";

/// Somebody to be called within the box.
#[derive(Debug, Clone)]
pub(super) struct Extension {
    /// The number or name.
    pub(super) dialled: String,
    /// Who calls.
    pub(super) from: Option<String>,
    /// The carrier the caller came by.
    pub(super) carrier: Option<CarrierId>,
    /// Where numbers are transferred to from there.
    pub(super) host: Option<String>,
    /// How often the caller was handed on before.
    pub(super) hops: u8,
    /// Why the caller is handed on; may be empty.
    pub(super) reason: String,
}

impl Extension {
    /// Calls. What comes in is taken like every other call, and runs in its own task to its own result; what comes back is our side of it.
    pub(super) fn call(self, exchange: &Exchange, offer: Vec<u8>) -> Result<Leg> {
        if self.hops >= MOST_HOPS {
            return Err(Error::conflict("the caller was handed on too often"));
        }
        let (ours, theirs) = pair();
        let headers = Some(self.reason).filter(|reason| !reason.is_empty()).map(|reason| (REASON.to_owned(), reason));
        let incoming = Incoming {
            leg: theirs,
            sender: Sender::Inside { carrier: self.carrier, host: self.host, hops: self.hops + 1 },
            source: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            transport: Transport::Udp,
            did: self.dialled,
            from: self.from,
            headers: headers.into_iter().collect::<BTreeMap<_, _>>(),
            offer,
            received: exchange.clock.monotonic(),
        };
        exchange.within.try_send(incoming).map_err(|_| Error::unavailable("the engine takes no calls within the box now"))?;
        Ok(ours)
    }
}

/// The caller's leg and the called one's.
fn pair() -> (Leg, Leg) {
    let (to_caller, callers) = mpsc::channel(EVENTS);
    let (to_called, calleds) = mpsc::channel(EVENTS);
    let phase = Arc::new(AtomicU8::new(RINGING));
    let half = |other, is_callers| Half { other, is_callers, phase: phase.clone() };
    let leg = |events, half| Leg { sip_call_id: String::new(), events, control: Arc::new(half) };
    (leg(callers, half(to_called, true)), leg(calleds, half(to_caller, false)))
}

const RINGING: u8 = 0;
const ANSWERED: u8 = 1;
const OVER: u8 = 2;

/// One end of such a call.
struct Half {
    /// What the other end hears.
    other: mpsc::Sender<LegEvent>,
    is_callers: bool,
    /// The same for both ends.
    phase: Arc<AtomicU8>,
}

impl Half {
    async fn tell(&self, event: LegEvent) -> Result<()> {
        self.other.send(event).await.map_err(|_| gone())
    }

    /// Ends the call. Whoever is first decides how it ended.
    fn end(&self, how: impl FnOnce(u8) -> LegEnd) {
        let before = self.phase.swap(OVER, Ordering::AcqRel);
        if before != OVER {
            // A full queue belongs to a task that is gone or stuck; it finds the queue closed.
            let _ = self.other.try_send(LegEvent::Ended { how: how(before) });
        }
    }

    fn leave(&self) {
        let is_callers = self.is_callers;
        self.end(|before| if before == RINGING && is_callers { LegEnd::Cancelled } else { LegEnd::Remote });
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        self.leave();
    }
}

impl LegControl for Half {
    fn ring(&self) -> Soon<'_, Result<()>> {
        Box::pin(self.tell(LegEvent::Ringing { sdp: None }))
    }

    fn answer(&self, sdp: Vec<u8>) -> Soon<'_, Result<()>> {
        Box::pin(async move {
            self.phase.compare_exchange(RINGING, ANSWERED, Ordering::AcqRel, Ordering::Acquire).map_err(|_| gone())?;
            self.tell(LegEvent::Answered { sdp }).await
        })
    }

    fn reject(&self, code: u16, reason: Option<String>) -> Soon<'_, Result<()>> {
        self.end(|_| LegEnd::Refused { code, reason: reason.unwrap_or_default() });
        Box::pin(async { Ok(()) })
    }

    fn hang_up(&self) -> Soon<'_, Result<()>> {
        self.leave();
        Box::pin(async { Ok(()) })
    }

    fn refer(&self, _target: String) -> Soon<'_, Result<()>> {
        Box::pin(async { Err(Error::conflict("a caller within the box is put through, not referred")) })
    }

    fn reinvite(&self, offer: Vec<u8>) -> Soon<'_, Result<Vec<u8>>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.tell(LegEvent::Offer { sdp: offer, reply }).await?;
            answer.await.map_err(|_| Error::conflict("the other end of the box does not take the change"))
        })
    }

    fn info(&self, content_type: &'static str, body: Vec<u8>) -> Soon<'_, Result<()>> {
        Box::pin(self.tell(LegEvent::Info { content_type: content_type.to_owned(), body }))
    }
}

fn gone() -> Error {
    Error::conflict("the call within the box is over")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn next(leg: &mut Leg) -> String {
        leg.events.recv().await.map_or_else(|| "closed".to_owned(), |event| format!("{event:?}"))
    }

    #[tokio::test]
    async fn what_one_end_does_the_other_hears_and_an_end_is_heard_once() {
        let (mut caller, mut called) = pair();
        called.control.ring().await.expect("rings");
        called.control.answer(b"sdp".to_vec()).await.expect("answered");
        assert!(called.control.answer(Vec::new()).await.is_err(), "twice");
        assert!(next(&mut caller).await.starts_with("Ringing") && next(&mut caller).await.starts_with("Answered"));
        caller.control.hang_up().await.expect("hung up");
        called.control.hang_up().await.expect("hung up");
        assert_eq!(next(&mut called).await, "Ended { how: Remote }");
        drop(called);
        assert_eq!(next(&mut caller).await, "closed");
    }

    #[tokio::test]
    async fn giving_up_refusing_and_vanishing_are_told_apart() {
        let (caller, mut called) = pair();
        caller.control.hang_up().await.expect("gave up");
        assert_eq!(next(&mut called).await, "Ended { how: Cancelled }");
        assert!(called.control.answer(Vec::new()).await.is_err(), "nobody is there any more");
        let (mut caller, called) = pair();
        called.control.reject(486, None).await.expect("refused");
        assert_eq!(next(&mut caller).await, "Ended { how: Refused { code: 486, reason: \"\" } }");
        let (mut caller, called) = pair();
        drop(called);
        assert_eq!(next(&mut caller).await, "Ended { how: Remote }");
    }
}
