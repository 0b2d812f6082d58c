//! Opens UDP and TCP on one address, TLS on another, and builds the stack on top.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rsipstack::EndpointBuilder;
use rsipstack::sip::Method;
use rsipstack::transaction::Endpoint;
use rsipstack::transport::tls::{TlsConfig, TlsListenerConnection};
use rsipstack::transport::udp::UdpConnection;
use rsipstack::transport::{SipConnection, TcpListenerConnection, TransportLayer};
use tokio_util::sync::CancellationToken;

use crate::base::{Context as _, Error, Result};

use super::super::{SipOptions, TlsDoor};
use super::challenge::Challenges;
use super::gate::Gate;
use super::socket::GatedSocket;
use super::stack_error;

/// Tries to find a port that is free for both UDP and TCP.
const TRIES: usize = 20;

/// How long the stack may take to open its TCP side.
const OPENING: Duration = Duration::from_secs(5);

/// The methods we take, for `Allow`.
pub(super) const ALLOWED: &[Method] =
    &[Method::Invite, Method::Ack, Method::Bye, Method::Cancel, Method::Options, Method::Info, Method::Update, Method::Notify];

/// Binds both and builds the endpoint; it does not listen before it is served.
pub(super) async fn bind(options: &SipOptions, gate: Arc<Gate>, running: &CancellationToken) -> Result<(Endpoint, SocketAddr)> {
    let socket = sockets(options.bind).await?;
    let bound = socket.local_addr().context("cannot open the SIP socket")?;
    let named = options.advertise.for_everybody().map(|ip| SocketAddr::new(ip, bound.port()));
    let layer = TransportLayer::new(running.clone());
    let gated = Arc::new(GatedSocket { socket, gate: gate.clone() });
    let udp = UdpConnection::from_socket(gated, named, Some(running.child_token()));
    layer.add_transport(udp.await.map_err(|error| stack_error("cannot open the SIP socket", &error))?.into());
    let named = named.unwrap_or_else(|| SipConnection::resolve_bind_address(bound));
    let tcp = TcpListenerConnection::new(bound, Some(named));
    layer.add_transport(tcp.await.map_err(|error| stack_error("cannot open the SIP socket", &error))?.into());
    if let Some(door) = &options.tls {
        layer.add_transport(tls(door, options.advertise.for_everybody()).await?);
    }
    layer.set_whitelist(move |source| {
        let gate = gate.clone();
        async move { gate.admits(source).await }
    });
    let mut builder = EndpointBuilder::new();
    builder.with_user_agent(concat!("cxbox/", env!("CARGO_PKG_VERSION")));
    builder.with_inspector(Box::new(Challenges));
    builder.with_transport_layer(layer).with_cancel_token(running.clone()).with_allows(ALLOWED.to_vec());
    Ok((builder.build(), bound))
}

/// The listener for TLS. The stack opens it only once it runs, and says nothing then; so it is tried here.
async fn tls(door: &TlsDoor, named: Option<IpAddr>) -> Result<SipConnection> {
    drop(tokio::net::TcpListener::bind(door.bind).await.map_err(|error| taken(door.bind, error))?);
    let named = named.map_or_else(|| SipConnection::resolve_bind_address(door.bind), |ip| SocketAddr::new(ip, door.bind.port()));
    let config = TlsConfig { cert: Some(door.certificate.clone()), key: Some(door.key.clone()), ..TlsConfig::default() };
    let listener = TlsListenerConnection::new(door.bind, Some(named), config).await;
    Ok(listener.map_err(|error| stack_error("cannot listen for SIP over TLS", &error))?.into())
}

/// The UDP socket, on a port whose TCP side is free too (the stack opens that one itself).
async fn sockets(address: SocketAddr) -> Result<tokio::net::UdpSocket> {
    for _ in 0..TRIES {
        let udp = tokio::net::UdpSocket::bind(address).await.map_err(|error| taken(address, error))?;
        let bound = udp.local_addr().context("cannot open the SIP socket")?;
        match tokio::net::TcpListener::bind(bound).await {
            Ok(_) => return Ok(udp),
            Err(error) if address.port() != 0 => return Err(taken(address, error)),
            Err(_) => {}
        }
    }
    Err(Error::unavailable("found no port that is free for both UDP and TCP"))
}

/// Waits until TCP takes connections: the stack opens that side only once it runs.
pub(super) async fn until_open(bound: SocketAddr) -> Result<()> {
    let here: IpAddr = if bound.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    let probe = SocketAddr::new(Some(bound.ip()).filter(|ip| !ip.is_unspecified()).unwrap_or(here), bound.port());
    let opened = async {
        while tokio::net::TcpStream::connect(probe).await.is_err() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let refused = || Error::unavailable(format!("cannot listen for SIP on {bound}"));
    tokio::time::timeout(OPENING, opened).await.map_err(|_| refused())
}

fn taken(address: SocketAddr, error: std::io::Error) -> Error {
    Error::unavailable(format!("cannot listen for SIP on {address}")).caused_by(error)
}
