//! Reads what we need out of SIP messages, and checks what we put into them. Pure.

use std::collections::BTreeMap;

use rsipstack::sip::prelude::{HeadersExt as _, ToTypedHeader as _};
use rsipstack::sip::{Header, Headers, Method, Request, Response, StatusCode, Uri};

use super::session_timer;
use crate::base::{Error, Result};

/// Most characters of a header value that is passed on.
const MOST_VALUE: usize = 1024;
/// Most headers that are passed on.
const MOST_HEADERS: usize = 64;

/// What an INVITE says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invite {
    pub(super) call_id: String,
    pub(super) did: String,
    /// User part of `To`.
    pub(super) to: Option<String>,
    pub(super) from: Option<String>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) offer: Vec<u8>,
}

impl Invite {
    /// A call to the name we are registered under is for the number in its `To`.
    pub(super) fn meant_for(mut self, registered_as: Option<&str>) -> Self {
        if registered_as == Some(self.did.as_str())
            && let Some(to) = self.to.take()
        {
            self.did = to;
        }
        self
    }
}

/// Reads an INVITE. The status says what is wrong with it.
pub(super) fn read_invite(request: &Request) -> Result<Invite, StatusCode> {
    check(request)?;
    if request.contact_header().is_err() {
        return Err(StatusCode::BadRequest);
    }
    let user = request.uri.user().map(str::to_owned).filter(|user| !user.is_empty());
    let to = request.to_header().ok().and_then(|to| to.uri().ok()).and_then(|uri| uri.user().map(str::to_owned));
    let did = user.or_else(|| to.clone()).filter(|did| did.len() <= MOST_VALUE).ok_or(StatusCode::NotFound)?;
    let call_id = request.call_id_header().map_err(|_| StatusCode::BadRequest)?.value().to_owned();
    let to = to.filter(|to| !to.is_empty() && to.len() <= MOST_VALUE).map(|to| plain(&to));
    Ok(Invite { call_id, did: plain(&did), to, from: caller(request), headers: passed_on(request), offer: sdp(request)? })
}

/// Whether the sender says that it knows an extension.
pub(super) fn supports(headers: &Headers, extension: &str) -> bool {
    headers.iter().any(|header| match header {
        Header::Supported(list) => list.value().split(',').any(|name| name.trim().eq_ignore_ascii_case(extension)),
        _ => false,
    })
}

/// What every request outside a call must have.
pub(super) fn check(request: &Request) -> Result<(), StatusCode> {
    let bad = |_| StatusCode::BadRequest;
    if request.uri.scheme.as_ref().is_none_or(|scheme| !matches!(scheme.to_string().as_str(), "sip" | "sips" | "tel")) {
        return Err(StatusCode::UnsupportedUriScheme);
    }
    let from = request.from_header().map_err(bad)?;
    from.uri().map_err(bad)?;
    request.to_header().map_err(bad)?.uri().map_err(bad)?;
    if from.tag().map_err(bad)?.is_none() {
        return Err(StatusCode::BadRequest);
    }
    let sequence = request.cseq_header().map_err(bad)?.typed().map_err(bad)?;
    if sequence.method != request.method {
        return Err(StatusCode::BadRequest);
    }
    if request.call_id_header().map_err(bad)?.value().trim().is_empty() {
        return Err(StatusCode::BadRequest);
    }
    let is_known = |list: &str| list.split(',').all(|name| name.trim().eq_ignore_ascii_case(session_timer::EXTENSION));
    let asks_too_much = |header: &Header| match header {
        Header::Require(value) => !is_known(value.value()),
        Header::ProxyRequire(_) => true,
        _ => false,
    };
    if request.headers.iter().any(asks_too_much) {
        return Err(StatusCode::BadExtension);
    }
    Ok(())
}

/// The SDP of a message, empty when there is none. Anything else than SDP is 415.
pub(super) fn sdp(request: &Request) -> Result<Vec<u8>, StatusCode> {
    if request.body.is_empty() {
        return Ok(Vec::new());
    }
    let kind = content_type(request).unwrap_or_default();
    if kind.eq_ignore_ascii_case("application/sdp") { Ok(request.body.clone()) } else { Err(StatusCode::UnsupportedMediaType) }
}

/// The content type without parameters.
pub(super) fn content_type(request: &Request) -> Option<String> {
    request.headers.iter().find_map(|header| match header {
        Header::ContentType(kind) => Some(kind.value().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()),
        _ => None,
    })
}

/// The caller's user part, `None` when it is withheld.
fn caller(request: &Request) -> Option<String> {
    let is_private = request.headers.iter().any(|header| match header {
        Header::Privacy(privacy) => {
            let privacy = privacy.value().to_ascii_lowercase();
            privacy.split([';', ',']).any(|part| matches!(part.trim(), "id" | "user" | "full"))
        }
        _ => false,
    });
    let uri: Uri = request.from_header().ok()?.uri().ok()?;
    let user = plain(uri.user()?);
    let is_anonymous = user.eq_ignore_ascii_case("anonymous") || uri.host_with_port.host.to_string().ends_with("anonymous.invalid");
    (!is_private && !is_anonymous && !user.is_empty() && user.len() <= MOST_VALUE).then_some(user)
}

/// A user part without its parameters (`;phone-context=…`) and with `%41` read.
fn plain(user: &str) -> String {
    let user = user.split(';').next().unwrap_or_default();
    let mut bytes = Vec::with_capacity(user.len());
    let mut rest = user.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| *first == b'%').and_then(|two| std::str::from_utf8(two).ok());
        match escaped.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|byte| byte.is_ascii_graphic()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Headers that are not part of SIP's own machinery. Of several with the same name the first is kept.
fn passed_on(request: &Request) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    for header in request.headers.iter() {
        let (name, value) = match header {
            Header::Other(name, value) if name.len() > 2 && name.as_bytes()[..2].eq_ignore_ascii_case(b"x-") => {
                (name.clone(), value.clone())
            }
            Header::PAssertedIdentity(value) => ("P-Asserted-Identity".to_owned(), value.value().to_owned()),
            Header::Diversion(value) => ("Diversion".to_owned(), value.value().to_owned()),
            Header::Subject(value) => ("Subject".to_owned(), value.value().to_owned()),
            _ => continue,
        };
        if value.len() <= MOST_VALUE && name.len() <= 128 && headers.len() < MOST_HEADERS {
            headers.entry(name).or_insert_with(|| value.trim().to_owned());
        }
    }
    headers
}

/// The status a NOTIFY about a REFER reports.
pub(super) fn refer_status(body: &[u8]) -> Option<u16> {
    let first = body.split(|byte| *byte == b'\r' || *byte == b'\n').next()?;
    let line = std::str::from_utf8(first).ok()?;
    let mut words = line.split_whitespace();
    words.next().filter(|word| word.eq_ignore_ascii_case("SIP/2.0"))?;
    words.next()?.parse().ok().filter(|code| (100..700).contains(code))
}

/// The reason phrase of a response.
pub(super) fn reason(response: &Response) -> String {
    response.status_code.to_string().split_once(' ').map_or_else(String::new, |(_, text)| text.trim().to_owned())
}

/// `Allow` with the methods we take.
pub(super) fn allow(methods: &[Method]) -> Header {
    Header::Allow(methods.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ").into())
}

/// A header that says what the body is.
pub(super) fn content(kind: &str) -> Header {
    Header::ContentType(kind.to_owned().into())
}

/// A user part for a URI. `Invalid` when it holds what does not belong there.
pub(super) fn user_part(text: &str) -> Result<&str> {
    let fits =
        !text.is_empty() && text.len() <= 128 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,?/#%".contains(&b));
    if fits { Ok(text) } else { Err(Error::invalid("this is no number or user name that can be called")) }
}

/// Where a transfer goes: a SIP or tel URI as it is, a number or user at the given host. `Invalid` for anything else.
pub(super) fn refer_target(target: &str, host: &str) -> Result<String> {
    let is_clean = target.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"".contains(&b));
    if !is_clean {
        return Err(Error::invalid("this is no target for a transfer"));
    }
    if let Some(number) = target.strip_prefix("tel:") {
        return Ok(format!("<sip:{}@{host}>", user_part(number)?));
    }
    if target.starts_with("sip:") || target.starts_with("sips:") {
        Uri::try_from(target).map_err(|_| Error::invalid("this is no target for a transfer"))?;
        return Ok(format!("<{target}>"));
    }
    if target.contains('@') {
        return refer_target(&format!("sip:{target}"), host);
    }
    Ok(format!("<sip:{}@{host}>", user_part(target)?))
}

/// Headers to be added to an INVITE. `Invalid` when one could break out of its line or is SIP's own business.
pub(super) fn extra_headers(headers: &BTreeMap<String, String>) -> Result<Vec<Header>> {
    let own =
        ["via", "from", "to", "call-id", "cseq", "contact", "route", "record-route", "content-length", "content-type", "max-forwards"];
    let mut found = Vec::new();
    for (name, value) in headers {
        let is_token = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let is_text = value.len() <= MOST_VALUE && !value.chars().any(char::is_control);
        if !is_token || !is_text || own.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(Error::invalid(format!("the SIP header {name:?} cannot be sent")));
        }
        found.push(Header::Other(name.clone(), value.clone()));
    }
    Ok(found)
}
