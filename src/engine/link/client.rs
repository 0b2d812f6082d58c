//! How the engine reaches the control plane: over the socket in the data folder, or over HTTPS when it runs on another host.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::Method;

use crate::base::Result;
use crate::base::secret::Secret;
use crate::contract::SECRET_HEADER;
use crate::platform::net::{Answer, NetError, Outbound, OutboundOptions, Request, unix};

/// The control plane, as the engine knows it. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    way: Way,
    secret: Arc<Secret>,
}

#[derive(Clone)]
enum Way {
    Socket(Arc<Path>),
    Remote { base: Arc<str>, client: Outbound },
}

impl Control {
    /// The control plane on this machine.
    pub fn local(socket: PathBuf, secret: Secret) -> Self {
        Self { way: Way::Socket(socket.into()), secret: Arc::new(secret) }
    }

    /// A control plane elsewhere: the root of its URL, and a file with the CA that signed its certificate.
    pub fn remote(url: &str, ca: Option<PathBuf>, secret: Secret) -> Result<Self> {
        let options = OutboundOptions { extra_ca: ca, ..OutboundOptions::allowing(Vec::<String>::new())? };
        let base = url.trim_end_matches('/').into();
        Ok(Self { way: Way::Remote { base, client: Outbound::new(options)? }, secret: Arc::new(secret) })
    }

    /// A request to a path of the control plane, with the internal secret.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let target = match &self.way {
            Way::Socket(_) => path.to_owned(),
            Way::Remote { base, .. } => format!("{base}{path}"),
        };
        Request::new(method, target).header(SECRET_HEADER, self.secret.expose())
    }

    /// Sends it. Any status is an answer; a failure means that nobody answered.
    pub async fn send(&self, request: Request) -> Result<Answer, NetError> {
        match &self.way {
            Way::Socket(socket) => unix::request(socket, request).await,
            Way::Remote { client, .. } => client.operator(request).await,
        }
    }

    /// Whether a header of a request to the engine is the internal secret.
    pub fn is_secret(&self, given: &str) -> bool {
        self.secret.matches(given)
    }
}
