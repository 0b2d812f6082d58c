//! Endpoints: one for UDP and TCP, and one for each trunk over TLS, because the stack has one trust and one name per endpoint.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rsipstack::EndpointBuilder;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::transport::TransportLayer;
use rsipstack::transport::tls::TlsConfig;
use tokio::sync::mpsc;

use crate::base::Result;
use crate::base::id::CarrierId;
use crate::contract::trunk::{Transport, Trunk};

use super::super::Incoming;
use super::challenge::Challenges;
use super::listen::ALLOWED;
use super::{Shared, address, inbound, stack_error};

/// How often a line that is not wanted any more looks whether its calls are over.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The endpoints.
pub(super) struct Lines {
    main: Arc<Shared>,
    calls: mpsc::Sender<Incoming>,
    per_second: u32,
    by_carrier: Mutex<HashMap<CarrierId, Line>>,
}

/// The endpoint of one TLS trunk, and what it was made for.
struct Line {
    made_for: (String, Option<String>),
    shared: Arc<Shared>,
}

impl Lines {
    pub(super) fn new(main: Arc<Shared>, calls: mpsc::Sender<Incoming>, per_second: u32) -> Self {
        Self { main, calls, per_second, by_carrier: Mutex::default() }
    }

    /// The endpoint of everything but TLS trunks.
    pub(super) fn main(&self) -> &Arc<Shared> {
        &self.main
    }

    /// The endpoint towards a trunk. That of a TLS trunk is made when it is first needed, and anew when the trunk changed.
    pub(super) fn towards(&self, trunk: &Trunk) -> Result<Arc<Shared>> {
        if trunk.transport != Transport::Tls {
            return Ok(self.main.clone());
        }
        let wanted = (trunk.sip_address.clone(), trunk.tls_ca_pem.clone());
        let mut lines = self.lines();
        if let Some(line) = lines.get(&trunk.carrier_id).filter(|line| line.made_for == wanted) {
            return Ok(line.shared.clone());
        }
        let shared = self.open(trunk)?;
        if let Some(old) = lines.insert(trunk.carrier_id.clone(), Line { made_for: wanted, shared: shared.clone() }) {
            retire(old.shared);
        }
        Ok(shared)
    }

    /// Closes what is kept open for this trunk alone.
    pub(super) fn forget(&self, carrier: &CarrierId) {
        if let Some(line) = self.lines().remove(carrier) {
            retire(line.shared);
        }
    }

    fn open(&self, trunk: &Trunk) -> Result<Arc<Shared>> {
        let running = self.main.running.child_token();
        let layer = TransportLayer::new(running.clone());
        layer.set_tls_config(TlsConfig {
            ca_certs: Some(trusted(trunk)),
            sni_hostname: Some(address::host(&trunk.sip_address).trim_matches(['[', ']']).to_owned()),
            ..TlsConfig::default()
        });
        let mut builder = EndpointBuilder::new();
        builder.with_user_agent(concat!("cxbox/", env!("CARGO_PKG_VERSION")));
        builder.with_transport_layer(layer).with_cancel_token(running.clone()).with_allows(ALLOWED.to_vec());
        builder.with_inspector(Box::new(Challenges));
        let endpoint = builder.build();
        let requests = endpoint.incoming_transactions().map_err(|error| stack_error("the TLS trunk does not start", &error))?;
        let shared = Arc::new(Shared {
            dialogs: Arc::new(DialogLayer::new(endpoint.inner.clone())),
            endpoint: endpoint.inner.clone(),
            gate: self.main.gate.clone(),
            bound: self.main.bound,
            advertise: self.main.advertise.clone(),
            random: self.main.random.clone(),
            resolver: self.main.resolver.clone(),
            session: self.main.session,
            running: running.clone(),
            carrier: Some(trunk.carrier_id.clone()),
            tls_port: None,
            local_port: Default::default(),
        });
        tokio::spawn(inbound::serve(shared.clone(), requests, self.calls.clone(), self.per_second));
        tokio::spawn(async move {
            let _ended = running.drop_guard();
            // Holds the endpoint: dropping it would close the connection.
            if let Err(error) = endpoint.inner.serve().await {
                tracing::error!(%error, "The SIP stack of a TLS trunk failed");
            }
        });
        Ok(shared)
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<CarrierId, Line>> {
        self.by_carrier.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends an endpoint once the calls on it are over.
fn retire(line: Arc<Shared>) {
    tokio::spawn(async move {
        while !line.dialogs.is_empty() {
            if line.running.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_none() {
                return;
            }
        }
        line.running.cancel();
    });
}

/// What a trunk's certificate is checked against, in PEM: the trunk's own CA, else the public authorities.
fn trusted(trunk: &Trunk) -> Vec<u8> {
    match trunk.tls_ca_pem.as_deref().filter(|pem| !pem.trim().is_empty()) {
        Some(pem) => pem.as_bytes().to_vec(),
        None => crate::platform::tls::public_roots_pem(),
    }
}
