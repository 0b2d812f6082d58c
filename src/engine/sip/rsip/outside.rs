//! Requests of ours outside calls: OPTIONS and REGISTER at trunks, with digest, and what their answers say.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rsipstack::dialog::authenticate::{AuthRetry, handle_client_authenticate};
use rsipstack::sip::prelude::{HeadersExt as _, ToTypedHeader as _};
use rsipstack::sip::{Header, Method, Param, Request, Response, SipMessage, StatusCode, StatusCodeKind, Uri, typed};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::SipAddr;
use tokio::time::Instant;

use crate::base::{Error, Result};
use crate::contract::trunk::{Transport, Trunk};

use super::super::{Answered, RegisterAt};
use super::outbound::{connect, credential, destination};
use super::{Shared, address, message, stack_error};

/// How long a trunk may take to answer. The stack itself would wait for half a minute.
const ANSWER: Duration = Duration::from_secs(5);
/// The user part of our own URIs.
const OWN_NAME: &str = "cxbox";

/// What is sent.
struct Question {
    method: Method,
    uri: String,
    /// User and host of `From` and `To`.
    party: String,
    contact_user: String,
    call_id: String,
    seq: u32,
    headers: Vec<Header>,
}

/// Asks a trunk whether it is there.
pub(super) async fn ping(line: Arc<Shared>, trunk: Trunk) -> Result<Answered> {
    let user = trunk.outbound_auth_username.clone().unwrap_or_else(|| OWN_NAME.to_owned());
    let question = Question {
        method: Method::Options,
        uri: format!("sip:{}{}", trunk.sip_address, trunk.transport.uri_suffix()),
        party: format!("sip:{}@{}", message::user_part(&user)?, address::host(&trunk.sip_address)),
        contact_user: OWN_NAME.to_owned(),
        call_id: format!("{}@cxbox", line.random.hex::<12>()),
        seq: 1,
        headers: vec![Header::Accept("application/sdp".into())],
    };
    ask(&line, &trunk, question).await
}

/// Registers at a trunk, or takes the registration back.
pub(super) async fn register(line: Arc<Shared>, request: RegisterAt) -> Result<Answered> {
    let RegisterAt { trunk, call_id, seq, seconds } = request;
    let user = trunk.outbound_auth_username.as_deref().ok_or_else(|| Error::invalid("a registration needs a user name"))?;
    let host = address::host(&trunk.sip_address);
    let user = message::user_part(user)?;
    let question = Question {
        method: Method::Register,
        uri: format!("sip:{host}"),
        party: format!("sip:{user}@{host}"),
        contact_user: user.to_owned(),
        call_id,
        seq,
        headers: vec![Header::Expires(seconds.to_string().into()), message::allow(super::listen::ALLOWED)],
    };
    ask(&line, &trunk, question).await
}

async fn ask(line: &Arc<Shared>, trunk: &Trunk, question: Question) -> Result<Answered> {
    let peer = line.resolver.find(&trunk.sip_address).await?;
    // Answers must come in even before the carrier list says so.
    let _guard = line.gate.hold(peer.ip());
    let target = destination(peer, trunk.transport);
    let via = match trunk.transport {
        Transport::Udp => SipAddr { r#type: Some(rsipstack::sip::Transport::Udp), addr: line.address_towards(peer.ip()).into() },
        Transport::Tcp | Transport::Tls => connect(line, &target).await?,
    };
    let sent_as = line.address_towards(peer.ip());
    let contact = format!("sip:{}@{sent_as}{}", question.contact_user, trunk.transport.uri_suffix());
    let request = build(line, question, via, &contact)?;
    let started = Instant::now();
    let answered = tokio::time::timeout(ANSWER, exchange(line, trunk, target, request)).await;
    let response = answered.map_err(|_| Error::upstream("the trunk does not answer"))??;
    let seconds = |header: &Header| match header {
        Header::MinExpires(value) => value.value().trim().parse().ok(),
        _ => None,
    };
    Ok(Answered {
        code: response.status_code.code(),
        reason: message::reason(&response),
        took: started.elapsed(),
        seen_as: seen_as(&response),
        sent_as,
        granted_s: granted(&response, &contact),
        least_s: response.headers.iter().find_map(seconds),
    })
}

fn build(line: &Shared, question: Question, via: SipAddr, contact: &str) -> Result<Request> {
    let uri =
        |text: &str| Uri::try_from(text).map_err(|_| Error::invalid("the trunk's address or user name cannot be written as a SIP URI"));
    let party = uri(&question.party)?;
    let via = line.endpoint.get_via(Some(via), None).map_err(|error| stack_error("the SIP stack has no address", &error))?;
    let from = typed::From { display_name: None, uri: party.clone(), params: vec![] }.with_tag(line.random.hex::<6>().into());
    let to = typed::To { display_name: None, uri: party, params: vec![] };
    let call_id = question.call_id.into();
    let mut request = line.endpoint.make_request(question.method, uri(&question.uri)?, via, from, to, question.seq, Some(call_id));
    request.headers.push(Header::Contact(format!("<{contact}>").into()));
    for header in question.headers {
        request.headers.push(header);
    }
    Ok(request)
}

/// Sends a request and waits for its final answer; a challenge is answered once, a stale nonce again.
async fn exchange(line: &Shared, trunk: &Trunk, target: SipAddr, request: Request) -> Result<Response> {
    let failed = |error: rsipstack::Error| stack_error("the trunk cannot be asked", &error);
    let mut seq = request.cseq_header().ok().and_then(|cseq| cseq.seq().ok()).unwrap_or(1);
    let key = TransactionKey::from_request(&request, TransactionRole::Client).map_err(failed)?;
    let mut transaction = Transaction::new_client(key, request, line.endpoint.clone(), None);
    transaction.destination = Some(target);
    transaction.send().await.map_err(failed)?;
    let mut retry = AuthRetry::new();
    while let Some(received) = transaction.receive().await {
        let SipMessage::Response(response) = received else { continue };
        if response.status_code.kind() == StatusCodeKind::Provisional {
            continue;
        }
        let is_challenge = matches!(response.status_code, StatusCode::Unauthorized | StatusCode::ProxyAuthenticationRequired);
        let Some(credential) = credential(trunk).filter(|_| is_challenge) else { return Ok(response) };
        if !retry.should_answer(&response) {
            return Ok(response);
        }
        seq += 1;
        let Ok(again) = handle_client_authenticate(seq, &transaction, response.clone(), &credential).await else { return Ok(response) };
        transaction = again;
        transaction.send().await.map_err(failed)?;
    }
    Err(Error::upstream("the trunk does not answer"))
}

/// Where the trunk says that our request came from.
fn seen_as(response: &Response) -> Option<SocketAddr> {
    let via = response.via_header().ok()?.typed().ok()?;
    let own: Option<SocketAddr> = via.uri.host_with_port.to_string().parse().ok();
    let mut received: Option<IpAddr> = None;
    let mut port = None;
    for param in &via.params {
        match param {
            Param::Received(value) => received = value.to_string().trim_matches(['[', ']']).parse().ok(),
            Param::Rport(value) => port = *value,
            _ => {}
        }
    }
    // Without `received` the source address was the one we wrote (RFC 3261, 18.2.1); without either nothing is known.
    let ip = received.or_else(|| port.and(own).map(|own| own.ip()))?;
    Some(SocketAddr::new(ip, port.or(own.map(|own| own.port()))?))
}

/// The seconds a registrar granted our contact.
fn granted(response: &Response, contact: &str) -> Option<u32> {
    let own = Uri::try_from(contact).ok()?;
    let bindings = response.typed_contact_headers().unwrap_or_default();
    let is_ours = |uri: &Uri| uri.user() == own.user() && uri.host_with_port == own.host_with_port;
    let of_binding = bindings.iter().find(|binding| is_ours(&binding.uri)).and_then(|binding| {
        binding.params.iter().find_map(|param| match param {
            Param::Expires(value) => value.to_string().trim().parse().ok(),
            _ => None,
        })
    });
    of_binding.or_else(|| {
        response.headers.iter().find_map(|header| match header {
            Header::Expires(value) => value.value().trim().parse().ok(),
            _ => None,
        })
    })
}
