//! The one client for the outside: resolves once, lets the guard choose, connects to exactly that address, follows nothing.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::failure::{Failure, NetError};
use super::guard::{Class, Guard};
use super::idle::{Idle, Key, Line};
use super::message::{Answer, Request};
use super::places::Places;
use super::resolve::Resolver;
use super::send::Way;
use super::socket::{Refusal, Socket};
use super::url::{Host, Target};
use super::{own, pace, send, tls};
use crate::base::Result;

/// A connection must come about within this time, for each address that is tried.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Addresses of one name that are tried.
const MOST_ADDRESSES: usize = 3;
/// Bytes of a guarded answer that are read unless set otherwise.
const BODY_CAP: usize = 64 * 1024;

/// How the client is set up.
pub struct OutboundOptions {
    /// Entries of `outbound.allow_cidrs`.
    pub allow_cidrs: Vec<String>,
    /// PEM file with certificates to trust besides the usual ones.
    pub extra_ca: Option<PathBuf>,
    /// How names are looked up.
    pub resolver: Resolver,
    /// Most bytes read of a guarded answer.
    pub body_cap: usize,
}

impl OutboundOptions {
    /// The usual set-up with these entries of `outbound.allow_cidrs`.
    pub fn allowing<S: Into<String>>(allow_cidrs: impl IntoIterator<Item = S>) -> Result<Self> {
        let allow_cidrs = allow_cidrs.into_iter().map(Into::into).collect();
        Ok(Self { allow_cidrs, extra_ca: None, resolver: Resolver::system()?, body_cap: BODY_CAP })
    }
}

/// The client for everything outside this machine. Cheap to clone.
#[derive(Clone)]
pub struct Outbound(Arc<Inner>);

struct Inner {
    guard: Guard,
    resolver: Resolver,
    tls: Arc<ClientConfig>,
    places: Places,
    idle: Idle,
    large: pace::Places,
    body_cap: usize,
}

impl Outbound {
    /// Sets the client up. Fails when an entry of the allow-list or the certificate file cannot be read.
    pub fn new(options: OutboundOptions) -> Result<Self> {
        Ok(Self(Arc::new(Inner {
            guard: Guard::new(&options.allow_cidrs)?,
            resolver: options.resolver,
            tls: tls::client_config(options.extra_ca.as_deref())?,
            places: Places::new(),
            idle: Idle::default(),
            large: pace::Places::default(),
            body_cap: options.body_cap,
        })))
    }

    /// Whether a URL of an untrusted party is one that could ever be reached; names are not looked up.
    pub fn check(&self, url: &str) -> Result<(), NetError> {
        self.0.guard.check_target(&Target::read(url)?, Class::Guarded)
    }

    /// Sends a request to a URL of an untrusted party (webhooks, tools, documents). Internal addresses are refused unless the
    /// allow-list names them, redirects are answers like any other, the body is capped, and the whole exchange must end within the
    /// request's time. Waits up to `place_within` for one of the two connections that the request's lane, else its host, may have; fails
    /// with [`Failure::Busy`] after that.
    pub async fn guarded(&self, request: Request, place_within: Duration) -> Result<Answer, NetError> {
        let target = Target::read(&request.target)?;
        self.0.guard.check_target(&target, Class::Guarded)?;
        let lane = request.lane.clone().unwrap_or_else(|| format!("{}:{}", target.host, target.port));
        let places = self.0.places.take(&lane, place_within).await?;
        let until = tokio::time::Instant::now() + request.head_within;
        let answer = self.exchange(request, target, Class::Guarded, places).await?;
        Ok(answer.limited(until, self.0.body_cap))
    }

    /// Sends a request to an endpoint the operator has set (models, storage, fleet). The local network is allowed. The request's time
    /// covers the answer's head; the body may stream for as long as it likes.
    pub async fn operator(&self, request: Request) -> Result<Answer, NetError> {
        let target = Target::read(&request.target)?;
        self.0.guard.check_target(&target, Class::Operator)?;
        if request.is_kept {
            return self.kept(request, &target).await;
        }
        self.exchange(request, target, Class::Operator, Vec::new()).await
    }

    /// Opens a connection that the next [`kept`](Request::kept) request to this URL's host finds ready, unless some are. That it cannot be opened
    /// is heard of again when it is needed.
    pub async fn connect_ahead(&self, url: &str) -> Result<(), NetError> {
        let target = Target::read(url)?;
        self.0.guard.check_target(&target, Class::Operator)?;
        let key = key_of(&target);
        if self.0.idle.has_spare(&key) {
            return Ok(());
        }
        let line = tokio::time::timeout(CONNECT_WITHIN, self.line(&target)).await.map_err(|_| too_late())??;
        self.0.idle.put(key, line);
        Ok(())
    }

    /// Opens a WebSocket at an endpoint the operator has set; `http` and `https` stand for `ws` and `wss`. The guard is that of
    /// [`Outbound::operator`]; connection, TLS and handshake must come about within the request's time.
    pub async fn socket(&self, request: Request) -> Result<Socket, Refusal> {
        let url = match request.target.split_once("://") {
            Some(("ws", rest)) => format!("http://{rest}"),
            Some(("wss", rest)) => format!("https://{rest}"),
            _ => request.target.clone(),
        };
        let target = Target::read(&url)?;
        self.0.guard.check_target(&target, Class::Operator)?;
        let within = request.head_within;
        let opened = async {
            let stream = self.connect(&target, Class::Operator).await?;
            if target.tls {
                let stream = self.secure(&target, stream).await?;
                return Socket::over(Box::new(stream), request, &target).await;
            }
            Socket::over(Box::new(stream), request, &target).await
        };
        tokio::time::timeout(within, opened).await.unwrap_or_else(|_| Err(Refusal::Failed(too_late())))
    }

    /// The addresses of a host the operator has set, for libraries with a client of their own: at least one, those the guard forbids left out.
    pub async fn operator_addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, NetError> {
        let found = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => self.0.resolver.look_up(host).await?,
        };
        let permitted = self.permitted(found, Class::Operator)?;
        Ok(permitted.into_iter().take(MOST_ADDRESSES).map(|address| SocketAddr::new(address, port)).collect())
    }

    /// Whether a host the operator has set takes a connection.
    pub async fn reaches(&self, host: &str, port: u16) -> Result<(), NetError> {
        let mut failure = NetError::new(Failure::Dns, "the name has no address");
        for address in self.operator_addresses(host, port).await? {
            match open(address).await {
                Ok(_) => return Ok(()),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// Whether the host of a URL the operator has set takes a connection; TLS and HTTP are not tried.
    pub async fn reaches_url(&self, url: &str) -> Result<(), NetError> {
        let target = Target::read(url)?;
        let host = match &target.host {
            Host::Name(name) => name.clone(),
            Host::Address(address) => address.to_string(),
        };
        self.reaches(&host, target.port).await
    }

    async fn exchange(
        &self,
        request: Request,
        target: Target,
        class: Class,
        places: Vec<OwnedSemaphorePermit>,
    ) -> Result<Answer, NetError> {
        let within = request.head_within;
        let exchange = async {
            let stream = self.connect(&target, class).await?;
            let way = Way { path: &target.path, host: &target.authority, places, large: self.0.large.clone() };
            if target.tls {
                send::once(self.secure(&target, stream).await?, request, way).await
            } else {
                send::once(stream, request, way).await
            }
        };
        tokio::time::timeout(within, exchange).await.map_err(|_| too_late())?
    }

    /// Sends over a connection that is open already, else over a new one, which stays open. The peer may close a connection at the very
    /// moment it is used; then the request goes out once more.
    async fn kept(&self, request: Request, target: &Target) -> Result<Answer, NetError> {
        let within = request.head_within;
        let exchange = async {
            let key = key_of(target);
            let mut request = request;
            if let Some(again) = request.again()
                && let Some(mut line) = self.0.idle.take(&key)
            {
                match send::over(&mut line, request, &target.path, &target.authority).await {
                    Ok(answer) => {
                        self.0.idle.put(key, line);
                        return Ok(answer);
                    }
                    Err(error) if error.class == Failure::Broken => request = again,
                    Err(error) => return Err(error),
                }
            }
            let mut line = self.line(target).await?;
            let answer = send::over(&mut line, request, &target.path, &target.authority).await?;
            self.0.idle.put(key, line);
            Ok(answer)
        };
        tokio::time::timeout(within, exchange).await.map_err(|_| too_late())?
    }

    /// A new connection to an endpoint the operator has set that speaks HTTP and is kept.
    async fn line(&self, target: &Target) -> Result<Line, NetError> {
        let stream = self.connect(target, Class::Operator).await?;
        if target.tls { send::open(self.secure(target, stream).await?).await } else { send::open(stream).await }
    }

    /// TLS over a connection, for the host that the target names.
    async fn secure(&self, target: &Target, stream: TcpStream) -> Result<TlsStream<TcpStream>, NetError> {
        let name = match &target.host {
            Host::Name(name) => {
                ServerName::try_from(name.clone()).map_err(|_| NetError::new(Failure::BadUrl, "the host cannot be named in TLS"))?
            }
            Host::Address(address) => ServerName::from(*address),
        };
        TlsConnector::from(self.0.tls.clone()).connect(name, stream).await.map_err(|error| {
            NetError::new(Failure::Tls, "TLS with the peer failed: its certificate or protocol does not hold").caused_by(error)
        })
    }

    /// Connects to the first address that the guard permits and that answers.
    async fn connect(&self, target: &Target, class: Class) -> Result<TcpStream, NetError> {
        let found = match &target.host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => self.0.resolver.look_up(name).await?,
        };
        let mut failure = NetError::new(Failure::Connect, "no connection came about");
        for address in self.permitted(found, class)?.into_iter().take(MOST_ADDRESSES) {
            match open(SocketAddr::new(address, target.port)).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn permitted(&self, found: Vec<IpAddr>, class: Class) -> Result<Vec<IpAddr>, NetError> {
        let own = if class == Class::Guarded { own::addresses() } else { Vec::new() };
        let mut refusal = NetError::new(Failure::Dns, "the name has no address");
        let mut permitted = Vec::with_capacity(found.len());
        for address in found {
            match self.0.guard.check_address(address, &own, class) {
                Ok(()) => permitted.push(address),
                Err(error) => refusal = error,
            }
        }
        if permitted.is_empty() { Err(refusal) } else { Ok(permitted) }
    }
}

fn key_of(target: &Target) -> Key {
    (target.tls, format!("{}:{}", target.host, target.port))
}

fn too_late() -> NetError {
    NetError::new(Failure::Timeout, "the peer did not answer in time")
}

async fn open(address: SocketAddr) -> Result<TcpStream, NetError> {
    let stream = tokio::time::timeout(CONNECT_WITHIN, TcpStream::connect(address))
        .await
        .map_err(|_| NetError::new(Failure::Timeout, "the peer took no connection in time"))?
        .map_err(|error| NetError::new(Failure::Connect, "no connection came about").caused_by(error))?;
    let peer = stream.peer_addr().map_err(|error| NetError::new(Failure::Connect, "the connection broke at once").caused_by(error))?;
    if peer != address {
        return Err(NetError::new(Failure::Blocked, "the connection led to another address than the one that was permitted"));
    }
    // Small requests should leave at once.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}
