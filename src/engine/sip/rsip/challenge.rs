//! Digest challenges as the stack can answer them: of several the best one is kept, and the names of hash functions are spelled as the RFC
//! does (the stack spells SHA-256 without its hyphen, both ways).

use rsipstack::sip::headers::untyped::{Authorization, ProxyAuthenticate, ProxyAuthorization, WwwAuthenticate};
use rsipstack::sip::{Header, Response, SipMessage, StatusCode};
use rsipstack::transaction::endpoint::MessageInspector;
use rsipstack::transport::SipAddr;

use crate::base::digest::Challenge;

/// The stack's own spelling.
const STACK_SHA256: &str = "algorithm=SHA256";
/// The one of RFC 7616 and RFC 8760.
const SHA256: &str = "algorithm=SHA-256";

/// Sits between the stack and the wire.
pub(super) struct Challenges;

impl MessageInspector for Challenges {
    fn before_send(&self, message: SipMessage, _to: Option<&SipAddr>) -> SipMessage {
        let SipMessage::Request(mut request) = message else { return message };
        for header in request.headers.iter_mut() {
            match header {
                Header::Authorization(value) if value.value().contains(STACK_SHA256) => {
                    *value = Authorization::new(value.value().replace(STACK_SHA256, SHA256));
                }
                Header::ProxyAuthorization(value) if value.value().contains(STACK_SHA256) => {
                    *value = ProxyAuthorization::new(value.value().replace(STACK_SHA256, SHA256));
                }
                _ => {}
            }
        }
        request.into()
    }

    fn after_received(&self, message: SipMessage, _from: Option<&SipAddr>) -> SipMessage {
        match message {
            SipMessage::Response(response) => best_only(response).into(),
            request => request,
        }
    }
}

/// The response with one challenge, the best of those that can be answered. Without any the response stays as it came.
fn best_only(mut response: Response) -> Response {
    let is_proxy = match response.status_code {
        StatusCode::Unauthorized => false,
        StatusCode::ProxyAuthenticationRequired => true,
        _ => return response,
    };
    let value = |header: &Header| match header {
        Header::WwwAuthenticate(value) if !is_proxy => Some(value.value().to_owned()),
        Header::ProxyAuthenticate(value) if is_proxy => Some(value.value().to_owned()),
        _ => None,
    };
    let offered: Vec<Challenge> = response.headers.iter().filter_map(value).filter_map(|text| Challenge::parse(&text)).collect();
    let Some(best) = Challenge::best(&offered) else { return response };
    let text = best.to_string().replace(SHA256, STACK_SHA256);
    response.headers.retain(|header| !matches!(header, Header::WwwAuthenticate(_) | Header::ProxyAuthenticate(_)));
    response.headers.push(match is_proxy {
        true => Header::ProxyAuthenticate(ProxyAuthenticate::new(text)),
        false => Header::WwwAuthenticate(WwwAuthenticate::new(text)),
    });
    response
}
