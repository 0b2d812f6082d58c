//! A load of calls against a SIP address: N calls at R per second, sound both ways, and what came of it on the wire.

mod acts;
mod barge;
mod disturb;
mod manner;
mod report;
mod talk;
mod wire;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::base::id::CarrierId;
use crate::base::{Clock, Error, Random, Result};
use crate::contract::trunk::{Transport, Trunk};
use crate::engine::media::Clip;
use crate::engine::sip::{self, Admission, Leg, LegEvent, PlaceCall, SipOptions, SipStack, Soon};

use manner::Manner;
pub use report::Report;
use wire::Wire;

/// How long a call may ring before it counts as failed.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// What load is made.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Where the calls go: `sip:100@127.0.0.1:5060`.
    pub to: String,
    /// How many.
    pub n_calls: u32,
    /// How many are begun in a second.
    pub per_second: u32,
    /// How long each lasts from its answer.
    pub hold: Duration,
    /// Our own address for SIP and RTP.
    pub bind: IpAddr,
    /// Calls go over TCP.
    pub tcp: bool,
    /// What every caller does.
    pub does: Does,
}

/// What a caller of a load does.
#[derive(Debug, Clone)]
pub enum Does {
    /// Listens on a line with a little noise.
    Listens,
    /// Interrupts the bot with these words again and again.
    Interrupts(Clip),
    /// Lets the bot finish, says these words, and waits for the answer.
    Talks(Clip),
    /// Makes these noises, one after the other, while the bot speaks.
    Disturbs(Vec<Clip>),
}

/// The answer to whoever calls us: everybody is welcome, nobody will.
struct Anyone;

impl Admission for Anyone {
    fn is_known(&self, _: IpAddr) -> bool {
        true
    }

    fn carrier_of(&self, _: IpAddr) -> Soon<'_, Option<CarrierId>> {
        Box::pin(async { Some("tr_load".into()) })
    }
}

/// What all calls share.
struct Lab {
    stack: Arc<dyn SipStack>,
    wire: Wire,
    trunk: Trunk,
    user: String,
    hold: Duration,
    /// What every caller does, its sounds as payload.
    manner: Manner,
    clock: Clock,
}

/// Makes the load and measures. Ends when the last call is over.
pub async fn run(options: LoadOptions, clock: Clock) -> Result<Report> {
    let (user, address) = target(&options.to)?;
    let sip = SipOptions {
        bind: SocketAddr::new(options.bind, 0),
        advertise: Default::default(),
        admission: Arc::new(Anyone),
        new_calls_per_second: 1,
        random: Random::system(),
        clock: clock.clone(),
        session: Default::default(),
        tls: None,
    };
    // Nobody calls a load generator: what comes in is dropped with the receiver.
    let (stack, _incoming) = sip::start(sip).await?;
    let wire = Wire::start(options.bind)?;
    let transport = if options.tcp { Transport::Tcp } else { Transport::Udp };
    let manner = Manner::of(&options.does);
    let lab = Arc::new(Lab { stack, wire, trunk: trunk(address, transport), user, hold: options.hold, manner, clock: clock.clone() });
    let mut calls = JoinSet::new();
    let pause = Duration::from_secs(1) / options.per_second.max(1);
    for n in 0..options.n_calls {
        calls.spawn(Box::pin(one_call(lab.clone(), n)));
        clock.sleep(pause).await;
    }
    let outcomes = calls.join_all().await;
    lab.stack.close().await;
    Ok(report::make(&outcomes, &lab.wire.stop()))
}

/// User and address of `sip:user@host:port`; `host:port` alone calls `100`.
fn target(to: &str) -> Result<(String, String)> {
    let bare = to.trim().trim_start_matches("sip:");
    let (user, address) = bare.split_once('@').unwrap_or(("100", bare));
    let address = address.split(';').next().unwrap_or(address);
    if address.is_empty() || user.is_empty() {
        return Err(Error::invalid("the target must read sip:100@127.0.0.1:5060"));
    }
    let with_port =
        if address.rsplit(':').next().is_some_and(|p| p.parse::<u16>().is_ok()) { address.to_owned() } else { format!("{address}:5060") };
    Ok((user.to_owned(), with_port))
}

fn trunk(sip_address: String, transport: Transport) -> Trunk {
    Trunk::new("tr_load".into(), sip_address, transport)
}

/// How one call went.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Answered after this time, and held to its end.
    Held { setup: Duration },
    /// Answered after this time, then ended by the far end before its time.
    Dropped { setup: Duration },
    /// Never answered; why.
    Failed(String),
}

async fn one_call(lab: Arc<Lab>, n: u32) -> Outcome {
    let began = lab.clock.monotonic();
    let call = PlaceCall {
        trunk: lab.trunk.clone(),
        uri: None,
        to: lab.user.clone(),
        from: format!("load{n}"),
        display_name: None,
        offer: lab.wire.offer(),
        headers: Default::default(),
    };
    let mut leg = match lab.stack.place(call).await {
        Ok(leg) => leg,
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let sdp = tokio::select! {
        answer = answered(&mut leg) => answer,
        () = lab.clock.sleep(ANSWER_WITHIN) => Err("no answer in time".to_owned()),
    };
    let sdp = match sdp {
        Ok(sdp) => sdp,
        Err(why) => return Outcome::Failed(why),
    };
    let setup = lab.clock.monotonic().saturating_duration_since(began);
    let Some(remote) = wire::remote(&sdp) else { return Outcome::Failed("the answer has no audio address".to_owned()) };
    // Callers lose patience at different times, so that they do not all speak at once.
    let patience_ms = 1_000 + u64::from(n) * 137 % 1_000;
    lab.wire.add(remote, lab.manner.caller(patience_ms));
    let is_held = tokio::select! {
        () = lab.clock.sleep(lab.hold) => true,
        _ = answered(&mut leg) => false,
    };
    lab.wire.remove(remote);
    // A call that is over already needs no BYE.
    let _ = leg.control.hang_up().await;
    if is_held { Outcome::Held { setup } } else { Outcome::Dropped { setup } }
}

/// Waits for the answer, or for the end.
async fn answered(leg: &mut Leg) -> Result<Vec<u8>, String> {
    while let Some(event) = leg.events.recv().await {
        match event {
            LegEvent::Answered { sdp } => return Ok(sdp),
            LegEvent::Ended { how } => return Err(format!("{how:?}")),
            _ => {}
        }
    }
    Err("the leg is gone".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_user_at_an_address() {
        let cases = [
            ("sip:200@127.0.0.1:5080", ("200", "127.0.0.1:5080")),
            ("127.0.0.1:5080", ("100", "127.0.0.1:5080")),
            ("sip:a@pbx.example;transport=tcp", ("a", "pbx.example:5060")),
        ];
        for (to, (user, address)) in cases {
            assert_eq!(target(to).expect("a target"), (user.to_owned(), address.to_owned()));
        }
        assert!(target("sip:@").is_err());
    }
}
