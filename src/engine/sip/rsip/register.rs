//! REGISTER: a telephone of a person says where it is.

use std::net::SocketAddr;
use std::time::Duration;

use rsipstack::sip::headers::typed::Contact;
use rsipstack::sip::prelude::HeadersExt as _;
use rsipstack::sip::{Header, Request, StatusCode};
use rsipstack::transaction::transaction::Transaction;

use crate::base::Millis;
use crate::contract::phone::Registration;
use crate::contract::trunk::Transport;

use super::super::Login;
use super::super::registrar::{LONGEST, SHORTEST};
use super::Shared;
use super::proof::{self, Proof};

/// Longest contact that is kept.
const LONGEST_CONTACT: usize = 512;
/// Most contacts of one REGISTER that are looked at.
const MOST_CONTACTS: usize = 8;

/// What a REGISTER wants.
#[derive(Debug, PartialEq, Eq)]
enum Wish {
    /// To know what is registered.
    Nothing,
    /// To be forgotten altogether.
    Leave,
    /// These contacts, each for so long; zero removes it.
    Contacts(Vec<(String, Duration)>),
}

/// Takes a REGISTER. Whoever proves nothing is asked; whoever guessed too often hears nothing.
pub(super) async fn take(shared: &Shared, mut transaction: Transaction, source: SocketAddr, transport: Transport) {
    let gate = &shared.gate;
    let answered = match proof::check(gate, &transaction.original, source, |name| gate.admission().account(name)) {
        Proof::Banned => return,
        Proof::Ask(headers) => transaction.reply_with(StatusCode::Unauthorized, headers, None).await,
        Proof::Of(login) => {
            let (status, headers) = register(shared, &transaction.original, &login, source, transport);
            transaction.reply_with(status, headers, None).await
        }
    };
    if let Err(error) = answered {
        tracing::debug!(%error, "A REGISTER could not be answered");
    }
}

fn register(shared: &Shared, request: &Request, login: &Login, source: SocketAddr, transport: Transport) -> (StatusCode, Vec<Header>) {
    let to = request.to_header().ok().and_then(|to| to.uri().ok()).and_then(|uri| uri.user().map(str::to_owned));
    if !to.is_some_and(|to| to.eq_ignore_ascii_case(&login.name)) {
        return (StatusCode::Forbidden, Vec::new());
    }
    let wish = match wish(request) {
        Ok(wish) => wish,
        Err(StatusCode::IntervalTooBrief) => {
            return (StatusCode::IntervalTooBrief, vec![Header::MinExpires(SHORTEST.as_secs().to_string().into())]);
        }
        Err(status) => return (status, Vec::new()),
    };
    let user_agent = request.headers.iter().find_map(|header| match header {
        Header::UserAgent(value) => Some(value.value().chars().filter(|c| !c.is_control()).take(100).collect()),
        _ => None,
    });
    let user_agent: String = user_agent.unwrap_or_default();
    let registration = |contact: String, life: Duration, now: Millis| Registration {
        aor: login.name.clone(),
        contact,
        source: source.to_string(),
        transport,
        user_agent: user_agent.clone(),
        registered_at: now,
        expires_at: now.plus(life),
    };
    match wish {
        Wish::Nothing => {}
        Wish::Leave => shared.gate.desk.sign_out(&login.name),
        Wish::Contacts(contacts) => shared.gate.desk.change(|bindings, now| {
            for (contact, life) in contacts {
                match life {
                    Duration::ZERO => bindings.remove(&login.name, &contact),
                    life => bindings.put(registration(contact, life, now), now),
                }
            }
        }),
    }
    (StatusCode::OK, standing(shared, &login.name))
}

/// What is registered now, as the answer says it.
fn standing(shared: &Shared, aor: &str) -> Vec<Header> {
    let now = shared.gate.desk.now();
    let known = shared.gate.desk.of(aor);
    let line = |at: &Registration| format!("<{}>;expires={}", at.contact, at.expires_at.since(now).as_secs());
    known.iter().map(|at| Header::Contact(line(at).into())).collect()
}

/// Reads what a REGISTER wants. The status says what is wrong with it.
fn wish(request: &Request) -> Result<Wish, StatusCode> {
    let expires = request.headers.iter().find_map(|header| match header {
        Header::Expires(value) => Some(value.value().trim().parse::<u32>().map_err(|_| StatusCode::BadRequest)),
        _ => None,
    });
    let expires = expires.transpose()?;
    let lines: Vec<&str> = request
        .headers
        .iter()
        .filter_map(|header| match header {
            Header::Contact(value) => Some(value.value()),
            _ => None,
        })
        .collect();
    if lines.is_empty() {
        return Ok(Wish::Nothing);
    }
    if lines.iter().any(|line| line.trim() == "*") {
        return if lines.len() == 1 && expires == Some(0) { Ok(Wish::Leave) } else { Err(StatusCode::BadRequest) };
    }
    let mut contacts = Vec::new();
    for line in lines {
        let listed = Contact::parse_header_list(line).map_err(|_| StatusCode::BadRequest)?;
        for contact in listed {
            let uri = contact.uri.to_string();
            let is_sip = uri.len() <= LONGEST_CONTACT && uri.to_ascii_lowercase().starts_with("sip:") && !uri.contains(['<', '>', '"']);
            if !is_sip || contacts.len() >= MOST_CONTACTS {
                return Err(StatusCode::BadRequest);
            }
            contacts.push((uri, life(contact.expires().or(expires))?));
        }
    }
    Ok(Wish::Contacts(contacts))
}

/// How long a registration holds that asks for so many seconds.
fn life(asked: Option<u32>) -> Result<Duration, StatusCode> {
    match asked.map_or(LONGEST, |seconds| Duration::from_secs(seconds.into())) {
        Duration::ZERO => Ok(Duration::ZERO),
        asked if asked < SHORTEST => Err(StatusCode::IntervalTooBrief),
        asked => Ok(asked.min(LONGEST)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(lines: &str) -> Request {
        let text = format!(
            "REGISTER sip:box SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.7;branch=z9hG4bK1\r\nFrom: <sip:alex@box>;tag=1\r\nTo: <sip:alex@box>\r\n\
             Call-ID: a\r\nCSeq: 1 REGISTER\r\n{lines}Content-Length: 0\r\n\r\n"
        );
        Request::try_from(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_wish_is_read_with_its_limits() {
        let s = Duration::from_secs;
        let one = |contact: &str, life: u64| Ok(Wish::Contacts(vec![(contact.to_owned(), s(life))]));
        for (lines, expected) in [
            ("", Ok(Wish::Nothing)),
            ("Contact: <sip:alex@10.0.0.7:5062>\r\n", one("sip:alex@10.0.0.7:5062", 3600)),
            ("Contact: <sip:alex@10.0.0.7>;expires=120\r\nExpires: 300\r\n", one("sip:alex@10.0.0.7", 120)),
            ("Contact: <sip:alex@10.0.0.7>\r\nExpires: 90000\r\n", one("sip:alex@10.0.0.7", 3600)),
            ("Contact: <sip:alex@10.0.0.7>\r\nExpires: 0\r\n", one("sip:alex@10.0.0.7", 0)),
            ("Contact: <sip:alex@10.0.0.7>\r\nExpires: 59\r\n", Err(StatusCode::IntervalTooBrief)),
            ("Contact: *\r\nExpires: 0\r\n", Ok(Wish::Leave)),
            ("Contact: *\r\n", Err(StatusCode::BadRequest)),
            ("Contact: *\r\nContact: <sip:alex@10.0.0.7>\r\nExpires: 0\r\n", Err(StatusCode::BadRequest)),
            ("Contact: <mailto:a@b>\r\n", Err(StatusCode::BadRequest)),
            ("Contact: <sip:alex@10.0.0.7>\r\nExpires: soon\r\n", Err(StatusCode::BadRequest)),
        ] {
            assert_eq!(wish(&request(lines)), expected, "{lines}");
        }
        let many = "Contact: <sip:a@h>\r\n".repeat(9);
        assert_eq!(wish(&request(&many)), Err(StatusCode::BadRequest));
    }
}
