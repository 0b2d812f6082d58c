//! The carriers' trunks, fetched every few seconds. The same request shows whether there is a control plane.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::Method;
use ipnet::IpNet;
use tokio::sync::{Notify, watch};
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use super::{Control, answer};
use crate::base::id::CarrierId;
use crate::base::{Clock, Millis, Result};
use crate::contract::trunk::{Trunk, Trunks};
use crate::engine::reach::OwnAddress;

/// How often the trunks are fetched.
const EVERY: Duration = Duration::from_secs(3);
/// At most one extra fetch in this time, however many strangers call.
const EXTRA_EVERY: Duration = Duration::from_millis(250);
/// How long a stranger's INVITE waits for such a fetch.
const EXTRA_WITHIN: Duration = Duration::from_secs(2);

/// The trunks as they are now, and whether the control plane answers.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Active trunks, oldest first.
    pub trunks: Arc<[Trunk]>,
    /// Whether the last fetch succeeded.
    pub is_connected: bool,
    /// When that began; `None` before the first fetch.
    pub since: Option<Millis>,
    /// Which state of the list of carriers this is.
    pub revision: u64,
    n_fetched: u64,
    homes: Homes,
}

/// Where trunks that are known by name were last found.
type Homes = Arc<RwLock<HashMap<CarrierId, IpAddr>>>;

impl Known {
    /// The carrier that calls from this address: the one whose `sip_address` it is, else the longest allowed prefix, else the oldest.
    pub fn carrier_of(&self, source: SocketAddr) -> Option<&Trunk> {
        let ip = source.ip().to_canonical();
        let matching: Vec<(&Trunk, u8)> = self.trunks.iter().filter_map(|trunk| Some((trunk, self.prefix_of(trunk, ip)?))).collect();
        let by_address = matching.iter().find(|(trunk, _)| self.is_at(trunk, SocketAddr::new(ip, source.port())));
        let longest = matching.iter().map(|(_, prefix)| *prefix).max()?;
        by_address.or_else(|| matching.iter().find(|(_, prefix)| *prefix == longest)).map(|(trunk, _)| *trunk)
    }

    /// The trunk of a carrier.
    pub fn trunk(&self, carrier: &CarrierId) -> Option<&Trunk> {
        self.trunks.iter().find(|trunk| trunk.carrier_id == *carrier)
    }

    /// The trunk outbound calls go through when none is named: the oldest.
    pub fn outbound(&self) -> Option<&Trunk> {
        self.trunks.first()
    }

    fn is_at(&self, trunk: &Trunk, source: SocketAddr) -> bool {
        match trunk.sip_address.parse::<SocketAddr>() {
            Ok(address) => address == source,
            Err(_) => {
                let port = trunk.sip_address.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
                self.home_of(trunk) == Some(source.ip()) && port == Some(source.port())
            }
        }
    }

    /// Where a trunk is: the address it was given, or the one its name was last found at.
    fn home_of(&self, trunk: &Trunk) -> Option<IpAddr> {
        let text = trunk.sip_address.as_str();
        let written = text.parse::<SocketAddr>().map(|address| address.ip()).or_else(|_| text.parse());
        let found = || self.homes.read().unwrap_or_else(PoisonError::into_inner).get(&trunk.carrier_id).copied();
        written.ok().or_else(found).map(|ip| ip.to_canonical())
    }

    /// Length of the longest allowed prefix that holds this address. A trunk that signs in, or at which we are registered, and that names
    /// no prefix calls from its own address.
    fn prefix_of(&self, trunk: &Trunk, ip: IpAddr) -> Option<u8> {
        let is_proven = trunk.inbound_auth_username.is_some() || trunk.register_seconds.is_some();
        if trunk.inbound_allowed_addresses.is_empty() && is_proven {
            return self.home_of(trunk).filter(|own| *own == ip).map(|own| IpNet::from(own).prefix_len());
        }
        let nets = trunk.inbound_allowed_addresses.iter().filter_map(|text| {
            let text = text.trim();
            text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
        });
        nets.filter(|net| net.contains(&ip)).map(|net| net.prefix_len()).max()
    }
}

/// Keeps the trunks fresh. Cheap to clone; the fetching ends with the last handle.
#[derive(Clone)]
pub struct TrunkWatch {
    known: watch::Receiver<Known>,
    wanted: Arc<Notify>,
    clock: Clock,
    homes: Homes,
    _task: Arc<AbortOnDropHandle<()>>,
}

impl TrunkWatch {
    /// Starts to fetch; `own` is told how the box is reached from outside.
    pub fn start(control: Control, clock: Clock, own: OwnAddress) -> Self {
        let homes = Homes::default();
        let (sender, known) = watch::channel(Known { homes: homes.clone(), ..Known::default() });
        let wanted = Arc::new(Notify::new());
        let task = AbortOnDropHandle::new(tokio::spawn(keep_fresh(control, clock.clone(), own, sender, wanted.clone())));
        Self { known, wanted, clock, homes, _task: Arc::new(task) }
    }

    /// Notes where the name of a trunk leads.
    pub fn found_at(&self, carrier: &CarrierId, ip: IpAddr) {
        self.homes.write().unwrap_or_else(PoisonError::into_inner).insert(carrier.clone(), ip);
    }

    /// What is known now.
    pub fn now(&self) -> Known {
        self.known.borrow().clone()
    }

    /// Told of every fetch.
    pub fn subscribe(&self) -> watch::Receiver<Known> {
        self.known.clone()
    }

    /// Whether a carrier calls from this address, by what is known now.
    pub fn knows(&self, source: SocketAddr) -> bool {
        self.known.borrow().carrier_of(source).is_some()
    }

    /// The carrier that calls from this address. For a stranger the trunks are fetched anew first: the carrier may be a moment old.
    pub async fn carrier_of(&self, source: SocketAddr) -> Option<Trunk> {
        if let Some(trunk) = self.known.borrow().carrier_of(source) {
            return Some(trunk.clone());
        }
        self.refresh(1).await.carrier_of(source).cloned()
    }

    /// The trunks, fetched just now: one fetch may be on its way already, so a change of this moment needs the second one.
    pub async fn fresh(&self) -> Known {
        self.refresh(2).await
    }

    /// Waits for so many fetches, or for a while.
    async fn refresh(&self, n: u64) -> Known {
        let mut known = self.known.clone();
        let n_before = known.borrow().n_fetched;
        let fetched = async {
            for n_more in 1..=n {
                self.wanted.notify_one();
                if known.wait_for(|k| k.n_fetched >= n_before + n_more).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = fetched => {}
            () = self.clock.sleep(EXTRA_WITHIN) => {}
        }
        self.now()
    }
}

async fn keep_fresh(control: Control, clock: Clock, own: OwnAddress, known: watch::Sender<Known>, wanted: Arc<Notify>) {
    loop {
        let fetched = fetch(&control).await;
        if let Ok(trunks) = &fetched {
            own.set(trunks.reach.as_ref());
        }
        known.send_modify(|before| note(before, fetched, clock.now()));
        clock.sleep(EXTRA_EVERY).await;
        tokio::select! {
            () = clock.sleep(EVERY) => {}
            () = wanted.notified() => {}
        }
    }
}

fn note(known: &mut Known, fetched: Result<Trunks>, now: Millis) {
    known.n_fetched += 1;
    let is_connected = fetched.is_ok();
    if known.since.is_none() || is_connected != known.is_connected {
        known.since = Some(now);
        match &fetched {
            Ok(_) => info!("The control plane answers"),
            Err(error) => warn!(%error, "The control plane does not answer: no new calls are taken, results wait on disk"),
        }
    }
    known.is_connected = is_connected;
    if let Ok(trunks) = fetched {
        known.revision = trunks.revision;
        known.trunks = trunks.trunks.into();
    }
}

async fn fetch(control: &Control) -> Result<Trunks> {
    let request = control.request(Method::GET, "/api/v1/engine/trunks").within(Duration::from_secs(5));
    answer::read(control.send(request).await?).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::trunk::Transport;

    fn trunk(id: &str, sip_address: &str, allowed: &[&str]) -> Trunk {
        Trunk {
            inbound_allowed_addresses: allowed.iter().map(|a| (*a).to_owned()).collect(),
            ..Trunk::new(id.into(), sip_address.to_owned(), Transport::Udp)
        }
    }

    #[test]
    fn a_trunk_that_signs_in_and_names_no_prefix_calls_from_its_own_address() {
        let with_login = Trunk { inbound_auth_username: Some("carrier".to_owned()), ..trunk("login", "10.0.0.1:5060", &[]) };
        let known = Known { trunks: [with_login, trunk("mute", "10.0.0.2:5060", &[])].into(), ..Known::default() };
        for (source, expected) in [("10.0.0.1:9", Some("login")), ("10.0.0.2:5060", None), ("10.0.0.3:5060", None)] {
            let found = known.carrier_of(source.parse().expect("an address"));
            assert_eq!(found.map(|t| t.carrier_id.as_str()), expected, "{source}");
        }
    }

    #[test]
    fn a_registered_trunk_calls_from_where_its_name_leads() {
        let registered = Trunk { register_seconds: Some(300), ..trunk("named", "sip.example.com:5060", &[]) };
        let known = Known { trunks: [registered].into(), ..Known::default() };
        let source: SocketAddr = "192.0.2.7:5060".parse().expect("an address");
        assert!(known.carrier_of(source).is_none(), "nobody has looked the name up yet");
        known.homes.write().expect("no panic").insert("named".into(), source.ip());
        assert_eq!(known.carrier_of(source).map(|t| t.carrier_id.as_str()), Some("named"));
        assert!(known.carrier_of("192.0.2.8:5060".parse().expect("an address")).is_none());
    }

    #[test]
    fn a_source_belongs_to_its_address_then_to_the_longest_prefix_then_to_the_oldest() {
        let trunks = [
            trunk("wide", "10.0.0.1:5060", &["10.0.0.0/8"]),
            trunk("narrow", "10.9.9.9:5060", &["10.1.0.0/16"]),
            trunk("twin", "10.1.2.3:5070", &["10.1.0.0/16"]),
            trunk("six", "[2001:db8::1]:5060", &["2001:db8::1"]),
        ];
        let known = Known { trunks: trunks.into(), ..Known::default() };
        let cases = [
            ("10.200.0.1:5060", Some("wide")),
            ("10.1.2.3:5060", Some("narrow")),
            ("10.1.2.3:5070", Some("twin")),
            ("[::ffff:10.200.0.1]:9", Some("wide")),
            ("[2001:db8::1]:1", Some("six")),
            ("192.0.2.1:5060", None),
            ("10.9.9.9:5060", Some("wide")),
        ];
        for (source, expected) in cases {
            let found = known.carrier_of(source.parse().expect("an address"));
            assert_eq!(found.map(|t| t.carrier_id.as_str()), expected, "{source}");
        }
    }
}
