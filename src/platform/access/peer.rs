//! Where a request came from. The listener puts it into the request's extensions before anything else looks at it.

use std::net::{IpAddr, SocketAddr};

/// The other end of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A TCP or TLS client.
    Tcp(SocketAddr),
    /// A process of the same user over `run/control.sock`. Only here the local header counts.
    ControlSocket,
}

impl Peer {
    /// The client's address; none over the socket.
    pub fn ip(self) -> Option<IpAddr> {
        match self {
            Self::Tcp(address) => Some(address.ip()),
            Self::ControlSocket => None,
        }
    }
}

/// What the listener that took a connection is for. The listener puts it into the request's extensions, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Entrance {
    /// Everything.
    #[default]
    All,
    /// Programs alone: people come in at another listener.
    Programs,
}
