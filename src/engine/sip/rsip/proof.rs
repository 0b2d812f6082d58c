//! Whether a request proves who sent it: digests, nonces, and the same answer for every wrong guess.

use std::net::SocketAddr;

use rsipstack::sip::headers::untyped::WwwAuthenticate;
use rsipstack::sip::{Header, Request};

use crate::base::digest::{Algorithm, Claim, Ha1, challenge};

use super::super::Login;
use super::super::registrar::Standing;
use super::gate::Gate;

/// What a request proves.
pub(super) enum Proof {
    /// Its sender knows the password of this login.
    Of(Login),
    /// Nothing yet: it is to be asked with these headers (401).
    Ask(Vec<Header>),
    /// Its sender guessed too often and hears nothing.
    Banned,
}

/// Why somebody is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    /// They sent no proof.
    First,
    /// Their proof was right, but its nonce is not good any more.
    Stale,
    /// Their proof was wrong.
    Again,
}

/// Checks a request from this address. `login` finds whoever it claims to be.
pub(super) fn check(gate: &Gate, request: &Request, source: SocketAddr, login: impl FnOnce(&str) -> Option<Login>) -> Proof {
    if gate.desk.is_banned(source) {
        return Proof::Banned;
    }
    let realm = gate.admission().realm();
    let Some(claim) = claim(request, &realm) else { return Proof::Ask(ask(gate, &realm, source, Asking::First)) };
    let known = login(&claim.username);
    // Somebody unknown takes as long as somebody known.
    let decoy = || Ha1 { md5: "0".repeat(32), sha256: "0".repeat(64) };
    let ha1 = known.as_ref().map_or_else(decoy, |login| login.ha1.clone());
    let is_right = claim.proves(&ha1, &request.method.to_string());
    match (known, is_right, gate.desk.spend(&claim.nonce, source)) {
        (Some(login), true, Standing::Good) => Proof::Of(login),
        (Some(_), true, Standing::Stale) => Proof::Ask(ask(gate, &realm, source, Asking::Stale)),
        _ => {
            gate.desk.failed(source.ip());
            tracing::warn!(source = %source.ip(), "A wrong SIP password or name");
            Proof::Ask(ask(gate, &realm, source, Asking::Again))
        }
    }
}

/// Who a request claims to be in our realm, if it says so.
pub(super) fn claim(request: &Request, realm: &str) -> Option<Claim> {
    let values = request.headers.iter().filter_map(|header| match header {
        Header::Authorization(value) => Some(value.value()),
        _ => None,
    });
    values.filter_map(Claim::parse).find(|claim| claim.realm == realm)
}

/// A challenge for each hash function, the better one first (RFC 8760); by MD5 alone for a telephone that gave up on both.
fn ask(gate: &Gate, realm: &str, source: SocketAddr, asking: Asking) -> Vec<Header> {
    let nonce = gate.desk.nonce(source.ip());
    let is_old = gate.desk.is_asked_by_md5(source, asking == Asking::First);
    let header = |algorithm| Header::WwwAuthenticate(WwwAuthenticate::new(challenge(realm, &nonce, algorithm, asking == Asking::Stale)));
    Algorithm::ALL.into_iter().filter(|algorithm| !is_old || *algorithm == Algorithm::Md5).map(header).collect()
}
