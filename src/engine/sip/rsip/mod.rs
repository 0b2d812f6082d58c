//! The SIP stack behind the seam: `rsipstack`, with our own rules for who is heard and what is answered.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::transaction::endpoint::EndpointInnerRef;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::base::id::CarrierId;
use crate::base::{Error, Random, Result};
use crate::contract::phone::Registration;
use crate::contract::trunk::Trunk;
use crate::engine::reach::OwnAddress;

use super::{Answered, Incoming, Leg, PlaceCall, RegisterAt, SessionTimes, SipOptions, SipStack, Soon};
use desk::Desk;
use gate::Gate;
use lines::Lines;

mod address;
mod challenge;
mod desk;
mod flood;
mod gate;
mod inbound;
mod keep;
mod keeper;
mod leg;
mod lines;
mod listen;
mod message;
mod mid_call;
mod outbound;
mod outside;
mod proof;
mod register;
mod session_timer;
mod socket;

/// New calls that may wait for the engine; more get 503.
const NEW_CALLS: usize = 64;

/// What all legs share.
struct Shared {
    endpoint: EndpointInnerRef,
    dialogs: Arc<DialogLayer>,
    gate: Arc<Gate>,
    bound: SocketAddr,
    advertise: OwnAddress,
    random: Random,
    resolver: Arc<address::Resolver>,
    session: SessionTimes,
    /// Ends with the stack.
    running: CancellationToken,
    /// Whose endpoint it is; none for the one of UDP and TCP.
    carrier: Option<CarrierId>,
    /// Our port for TLS, where it is taken.
    tls_port: Option<u16>,
    /// Our port of the connection to a TLS trunk: requests of the trunk come in on it. 0: none yet.
    local_port: AtomicU16,
}

/// The running stack.
struct Stack {
    lines: Lines,
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
        resolver: Arc::default(),
        session: options.session,
        running: running.clone(),
        carrier: None,
        tls_port: options.tls.as_ref().map(|door| door.bind.port()),
        local_port: AtomicU16::new(0),
    });
    let (calls, receiver) = mpsc::channel(NEW_CALLS);
    tokio::spawn(inbound::serve(shared.clone(), requests, calls.clone(), options.new_calls_per_second));
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
    let stack = Arc::new(Stack { lines: Lines::new(shared, calls, options.new_calls_per_second), running });
    for bound in [Some(bound), options.tls.map(|door| door.bind)].into_iter().flatten() {
        listen::until_open(bound).await?;
    }
    Ok((stack, receiver))
}

impl SipStack for Stack {
    fn place(&self, call: PlaceCall) -> Soon<'_, Result<Leg>> {
        Box::pin(async move { outbound::place(self.lines.towards(&call.trunk)?, call).await })
    }

    fn find<'a>(&'a self, trunk: &'a Trunk) -> Soon<'a, Result<SocketAddr>> {
        Box::pin(self.lines.main().resolver.find(&trunk.sip_address))
    }

    fn ping(&self, trunk: Trunk) -> Soon<'_, Result<Answered>> {
        Box::pin(async move { outside::ping(self.lines.towards(&trunk)?, trunk).await })
    }

    fn register(&self, request: RegisterAt) -> Soon<'_, Result<Answered>> {
        Box::pin(async move { outside::register(self.lines.towards(&request.trunk)?, request).await })
    }

    fn forget(&self, carrier: &CarrierId) {
        self.lines.forget(carrier);
    }

    fn phones_of(&self, aor: &str) -> Vec<Registration> {
        self.lines.main().gate.desk.of(aor)
    }

    fn registrations(&self) -> watch::Receiver<Arc<[Registration]>> {
        self.lines.main().gate.desk.watch()
    }

    fn adopt(&self, registrations: Vec<Registration>) {
        self.lines.main().gate.desk.adopt(registrations);
    }

    fn sign_out(&self, aor: &str) {
        self.lines.main().gate.desk.sign_out(aor);
    }

    fn bound(&self) -> SocketAddr {
        self.lines.main().bound
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
        let port = match self.local_port.load(Ordering::Relaxed) {
            0 => self.bound.port(),
            own => own,
        };
        SocketAddr::new(self.advertise.towards(self.bound.ip(), Some(peer)), port)
    }
}

/// A failure of the stack as one of ours.
fn stack_error(what: &'static str, error: &rsipstack::Error) -> Error {
    Error::upstream(what).caused_by(error.to_string())
}
