//! Whose SIP is heard: the carriers', by the trunks as they are now.

use std::net::{IpAddr, SocketAddr};

use super::trunks::TrunkWatch;
use crate::base::id::CarrierId;
use crate::engine::sip::{Admission, Soon};

/// Calls are taken from carriers' addresses only.
impl Admission for TrunkWatch {
    fn is_known(&self, source: IpAddr) -> bool {
        self.knows(SocketAddr::new(source, 0))
    }

    fn carrier_of(&self, source: IpAddr) -> Soon<'_, Option<CarrierId>> {
        Box::pin(async move { TrunkWatch::carrier_of(self, SocketAddr::new(source, 0)).await.map(|trunk| trunk.carrier_id) })
    }
}
