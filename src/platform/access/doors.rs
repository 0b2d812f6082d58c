//! From where people may come in: the console, its API and the setup of a new box. Programs come in from everywhere; what they may do is
//! decided by their keys and secrets as ever.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ipnet::IpNet;

use super::peer::{Entrance, Peer};
use crate::base::{Error, Kind};
use crate::platform::http::ApiError;

/// First parts of paths that programs use, callers of a public number, and whoever has a link. Everything else is for people, so that a new
/// route is closed until it stands here.
const OF_PROGRAMS: &[&str] = &[
    "/api.ashx",
    "/oidc.ashx",
    "/oauth2",
    "/.well-known",
    "/api/v1/engine",
    "/api/v1/config",
    "/api/v1/call-results",
    "/api/v1/cdr",
    "/api/v1/sip",
    "/api/v1/knowledge/search",
    "/api/v1/public",
    "/ws",
    "/api/v1/settings/display",
    "/t",
    "/healthz",
    "/readyz",
    "/version",
    "/metrics",
    "/openapi.json",
    // The page where a browser calls a public number, and its files.
    "/room.html",
    "/assets",
];

/// The networks people may come in from.
#[derive(Debug, Clone)]
pub struct Doors(Arc<[IpNet]>);

impl Doors {
    /// Only these; all when there are none.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }

    /// Whether a request for this path may come from there, at that listener. The command line comes over the control socket and always may.
    fn admit(&self, path: &str, peer: Option<Peer>, entrance: Entrance) -> bool {
        if is_of_programs(path) || peer == Some(Peer::ControlSocket) {
            return true;
        }
        if entrance == Entrance::Programs {
            return false;
        }
        if self.0.is_empty() {
            return true;
        }
        let Some(ip) = peer.and_then(Peer::ip) else { return false };
        self.0.iter().any(|network| network.contains(&ip.to_canonical()))
    }
}

fn is_of_programs(path: &str) -> bool {
    OF_PROGRAMS.iter().any(|first| path.strip_prefix(*first).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Middleware (`axum::middleware::from_fn_with_state`) in front of the gate: nobody's password is looked at who may not come in from there.
pub async fn doors(State(doors): State<Doors>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let entrance = request.extensions().get::<Entrance>().copied().unwrap_or_default();
    if doors.admit(request.uri().path(), peer, entrance) {
        return next.run(request).await;
    }
    let refusal = match entrance {
        Entrance::Programs => Error::new(Kind::Forbidden, "people come in at another address only").code("address_not_allowed"),
        Entrance::All => Error::new(Kind::Forbidden, "people come in from other networks only").code("network_not_allowed"),
    };
    ApiError(refusal).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(networks: &[&str]) -> Doors {
        Doors::new(networks.iter().map(|network| network.parse().unwrap()).collect())
    }

    fn from(address: &str) -> Option<Peer> {
        Some(Peer::Tcp(address.parse().unwrap()))
    }

    #[test]
    fn at_a_listener_for_programs_people_do_not_come_in() {
        let here = from("127.0.0.1:4");
        for office in [doors(&[]), doors(&["127.0.0.0/8"])] {
            for path in ["/", "/api/v1/users", "/api/v1/setup", "/api/v1/auth/login", "/calls", "/api/v1/webhooks"] {
                assert!(!office.admit(path, here, Entrance::Programs) && office.admit(path, here, Entrance::All), "{path}");
                assert!(office.admit(path, Some(Peer::ControlSocket), Entrance::Programs), "{path}");
            }
            for path in ["/api.ashx/v1/calls", "/api/v1/call-results", "/t/token.json", "/healthz", "/ws/bot_1"] {
                assert!(office.admit(path, here, Entrance::Programs), "{path}");
            }
        }
    }

    #[test]
    fn people_come_in_from_the_named_networks_and_programs_from_everywhere() {
        let office = doors(&["10.1.0.0/16", "fd00::/8"]);
        for path in
            ["/", "/api/v1/users", "/api/v1/setup", "/api/v1/auth/login", "/calls", "/api/v1/configuration", "/api/v1/sipp", "/tea", "/wsx"]
        {
            assert!(
                office.admit(path, from("10.1.2.3:4"), Entrance::All) && office.admit(path, from("[fd00::1]:4"), Entrance::All),
                "{path}"
            );
            assert!(
                office.admit(path, from("[::ffff:10.1.2.3]:4"), Entrance::All),
                "{path}: an address of version 4 in the clothes of version 6"
            );
            assert!(
                !office.admit(path, from("10.2.2.3:4"), Entrance::All) && !office.admit(path, from("127.0.0.1:4"), Entrance::All),
                "{path}"
            );
            assert!(office.admit(path, Some(Peer::ControlSocket), Entrance::All) && !office.admit(path, None, Entrance::All), "{path}");
            assert!(doors(&[]).admit(path, from("203.0.113.9:4"), Entrance::All), "{path}");
        }
        for path in [
            "/api.ashx/v1",
            "/api.ashx/v1/calls",
            "/api/v1/config/bot_1",
            "/api/v1/call-results",
            "/t/token.json",
            "/oidc.ashx",
            "/ws/bot_1",
        ] {
            assert!(office.admit(path, from("203.0.113.9:4"), Entrance::All), "{path}");
        }
    }
}
