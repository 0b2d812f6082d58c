//! The SIP stack behind the seam: `rsipstack`, with our own rules for who is heard and what is answered.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::transaction::endpoint::EndpointInnerRef;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::base::{Error, Random, Result};
use crate::contract::phone::Registration;

use super::{Incoming, Leg, PlaceCall, SipOptions, SipStack, Soon};
use desk::Desk;
use gate::Gate;

mod address;
mod desk;
mod flood;
mod gate;
mod inbound;
mod leg;
mod listen;
mod message;
mod mid_call;
mod outbound;
mod proof;
mod register;
mod socket;

/// New calls that may wait for the engine; more get 503.
const NEW_CALLS: usize = 64;

/// What all legs share.
struct Shared {
    endpoint: EndpointInnerRef,
    dialogs: Arc<DialogLayer>,
    gate: Arc<Gate>,
    bound: SocketAddr,
    advertise: Option<IpAddr>,
    random: Random,
    resolver: address::Resolver,
    /// Ends with the stack.
    running: CancellationToken,
}

/// The running stack.
struct Stack {
    shared: Arc<Shared>,
    running: CancellationToken,
}

/// Starts listening on UDP and TCP. New calls come out of the receiver; when it ends, the stack has ended.
/// `Unavailable` when the address is taken.
pub async fn start(options: SipOptions) -> Result<(Arc<dyn SipStack>, mpsc::Receiver<Incoming>)> {
    let running = CancellationToken::new();
    let gate = Arc::new(Gate::new(options.admission.clone(), Desk::new(options.clock.clone(), options.random.clone())));
    let (endpoint, bound) = listen::bind(&options, gate.clone(), &running).await?;
    let requests = endpoint.incoming_transactions().map_err(|error| stack_error("the SIP stack does not start", &error))?;
    let inner = endpoint.inner.clone();
    let shared = Arc::new(Shared {
        dialogs: Arc::new(DialogLayer::new(inner.clone())),
        endpoint: inner.clone(),
        gate,
        bound,
        advertise: options.advertise,
        random: options.random,
        resolver: address::Resolver::default(),
        running: running.clone(),
    });
    let (calls, receiver) = mpsc::channel(NEW_CALLS);
    tokio::spawn(inbound::serve(shared.clone(), requests, calls, options.new_calls_per_second));
    tokio::spawn({
        let running = running.clone();
        async move {
            // Also when the stack panics.
            let _ended = running.drop_guard();
            // Holds the endpoint: dropping it would close the sockets.
            if let Err(error) = endpoint.inner.serve().await {
                tracing::error!(%error, "The SIP stack failed");
            }
        }
    });
    let stack = Arc::new(Stack { shared, running });
    listen::until_open(bound).await?;
    Ok((stack, receiver))
}

impl SipStack for Stack {
    fn place(&self, call: PlaceCall) -> Soon<'_, Result<Leg>> {
        Box::pin(outbound::place(self.shared.clone(), call))
    }

    fn phones_of(&self, aor: &str) -> Vec<Registration> {
        self.shared.gate.desk.of(aor)
    }

    fn registrations(&self) -> watch::Receiver<Arc<[Registration]>> {
        self.shared.gate.desk.watch()
    }

    fn adopt(&self, registrations: Vec<Registration>) {
        self.shared.gate.desk.adopt(registrations);
    }

    fn sign_out(&self, aor: &str) {
        self.shared.gate.desk.sign_out(aor);
    }

    fn bound(&self) -> SocketAddr {
        self.shared.bound
    }

    fn close(&self) -> Soon<'_, ()> {
        Box::pin(async { self.running.cancel() })
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.running.cancel();
    }
}

impl Shared {
    /// Our address as this peer reaches it.
    fn address_towards(&self, peer: IpAddr) -> SocketAddr {
        SocketAddr::new(address::ours(self.advertise, self.bound.ip(), peer), self.bound.port())
    }
}

/// A failure of the stack as one of ours.
fn stack_error(what: &'static str, error: &rsipstack::Error) -> Error {
    Error::upstream(what).caused_by(error.to_string())
}
