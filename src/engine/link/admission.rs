//! Whose SIP is heard: the carriers', by the trunks as they are now, and that of people's telephones, by their accounts.

use std::net::{IpAddr, SocketAddr};

use super::phones::PhoneWatch;
use super::trunks::TrunkWatch;
use crate::base::digest::Ha1;
use crate::base::id::CarrierId;
use crate::engine::sip::{Admission, Login, Soon};

/// Calls are taken from carriers' addresses, and from telephones that sign in.
pub struct Doorkeeper {
    /// The carriers.
    pub trunks: TrunkWatch,
    /// The telephones of people.
    pub phones: PhoneWatch,
}

impl Admission for Doorkeeper {
    fn is_known(&self, source: IpAddr) -> bool {
        self.trunks.knows(SocketAddr::new(source, 0))
    }

    fn carrier_of(&self, source: IpAddr) -> Soon<'_, Option<CarrierId>> {
        Box::pin(async move { self.trunks.carrier_of(SocketAddr::new(source, 0)).await.map(|trunk| trunk.carrier_id) })
    }

    fn carrier_login(&self, source: SocketAddr) -> Option<Login> {
        let known = self.trunks.now();
        let trunk = known.carrier_of(source)?;
        let (name, password) = (trunk.inbound_auth_username.clone()?, trunk.inbound_auth_password.as_ref()?);
        let ha1 = Ha1::of(&name, &self.realm(), &password.0);
        Some(Login { name, ha1 })
    }

    fn registered_as(&self, carrier: &CarrierId) -> Option<String> {
        let known = self.trunks.now();
        let trunk = known.trunk(carrier).filter(|trunk| trunk.register_seconds.is_some())?;
        trunk.outbound_auth_username.clone()
    }

    fn is_phone_network(&self, source: IpAddr) -> bool {
        self.phones.now().hears(source)
    }

    fn account(&self, name: &str) -> Option<Login> {
        self.phones.now().find(name).cloned()
    }

    fn realm(&self) -> String {
        Some(self.phones.now().realm.clone()).filter(|realm| !realm.is_empty()).unwrap_or_else(|| "cxbox".to_owned())
    }
}
