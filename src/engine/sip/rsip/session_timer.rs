//! Session timers (RFC 4028): a call whose far end vanished without a goodbye ends by itself, because nobody refreshes it any more.
//! What two sides agree on and what is due when; pure but for the clock it is given.

use std::time::Duration;

use rsipstack::sip::{Header, Headers};
use tokio::time::Instant;

use super::super::SessionTimes;

/// The extension's name in `Supported` and `Require`.
pub(super) const EXTENSION: &str = "timer";
/// At most this long before its end a session that nobody refreshed is given up (RFC 4028 §10).
const GIVE_UP_BEFORE: Duration = Duration::from_secs(32);

/// Who refreshes, seen from the request they agreed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refresher {
    /// Who sent the request.
    Asking,
    /// Who answered it.
    Answering,
}

/// What a message says about session timers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    seconds: Option<u32>,
    refresher: Option<Refresher>,
    least: Option<u32>,
    knows: bool,
    /// `Allow`; `None` when there is none.
    takes_update: Option<bool>,
}

impl Said {
    /// Reads the headers; what cannot be understood counts as not said.
    pub(super) fn read(headers: &Headers) -> Self {
        let mut said = Self::default();
        for header in headers.iter() {
            match header {
                Header::SessionExpires(value) => {
                    let mut parts = value.value().split(';');
                    said.seconds = parts.next().and_then(|n| n.trim().parse().ok());
                    said.refresher = parts.find_map(|part| match part.trim().to_ascii_lowercase().as_str() {
                        "refresher=uac" => Some(Refresher::Asking),
                        "refresher=uas" => Some(Refresher::Answering),
                        _ => None,
                    });
                }
                Header::MinSE(value) => said.least = value.value().split(';').next().and_then(|n| n.trim().parse().ok()),
                Header::Supported(value) => said.knows |= names(value.value(), EXTENSION),
                Header::Require(value) => said.knows |= names(value.value(), EXTENSION),
                Header::Allow(value) => said.takes_update = Some(said.takes_update == Some(true) || names(value.value(), "UPDATE")),
                _ => {}
            }
        }
        said
    }

    /// Whether the far end takes UPDATE.
    pub(super) fn takes_update(&self) -> Option<bool> {
        self.takes_update
    }

    /// The least time the far end takes (`Min-SE` of a 422).
    pub(super) fn least(&self) -> Option<u32> {
        self.least
    }
}

fn names(list: &str, wanted: &str) -> bool {
    list.split(',').any(|name| name.trim().eq_ignore_ascii_case(wanted))
}

/// What two sides agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Session {
    /// After so many seconds without a refresh the session is over.
    pub(super) seconds: u32,
    /// Whether we refresh it.
    pub(super) is_ours: bool,
}

/// The request wants a shorter time than we take: it is refused with 422 and our `Min-SE`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooShort;

/// Answers a request that begins or refreshes a session: what is agreed, if anything, and what the 200 says of it.
pub(super) fn answer(said: &Said, times: SessionTimes) -> Result<(Option<Session>, Vec<Header>), TooShort> {
    let supported = Header::Supported(EXTENSION.into());
    let session = match said.seconds {
        Some(seconds) if seconds < times.least_s && said.knows => return Err(TooShort),
        Some(seconds) => {
            let usual = if said.knows { Refresher::Asking } else { Refresher::Answering };
            let refresher = if said.knows { said.refresher.unwrap_or(usual) } else { usual };
            Session { seconds: seconds.max(times.least_s), is_ours: refresher == Refresher::Answering }
        }
        None if said.knows => Session { seconds: times.offered_s.max(said.least.unwrap_or(0)), is_ours: true },
        None => return Ok((None, vec![supported])),
    };
    let refresher = if session.is_ours { "uas" } else { "uac" };
    let mut headers = vec![supported, Header::SessionExpires(format!("{};refresher={refresher}", session.seconds).into())];
    if said.knows {
        headers.push(Header::Require(EXTENSION.into()));
    }
    Ok((Some(session), headers))
}

/// What a 422 says beside its status.
pub(super) fn least(times: SessionTimes) -> Header {
    Header::MinSE(times.least_s.to_string().into())
}

/// What our INVITE says: that we know timers, and the time we would like.
pub(super) fn offer(seconds: u32, times: SessionTimes) -> Vec<Header> {
    vec![Header::Supported(EXTENSION.into()), Header::SessionExpires(seconds.to_string().into()), least(times)]
}

/// What our refresh says: the same side goes on refreshing.
pub(super) fn refresh(session: Session, times: SessionTimes) -> Vec<Header> {
    let refresher = if session.is_ours { "uac" } else { "uas" };
    let expires = format!("{};refresher={refresher}", session.seconds);
    vec![Header::Supported(EXTENSION.into()), Header::SessionExpires(expires.into()), least(times)]
}

/// What a 200 to a request of ours agreed on.
pub(super) fn agreed(said: &Said) -> Option<Session> {
    let is_ours = said.refresher.unwrap_or(Refresher::Asking) == Refresher::Asking;
    said.seconds.filter(|seconds| *seconds > 0).map(|seconds| Session { seconds, is_ours })
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Refresh the session.
    Refresh,
    /// Give it up: it was not refreshed.
    End,
}

/// The timer of a session that runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Running {
    pub(super) session: Session,
    refreshed: Instant,
    /// When a refresh is tried again after one that failed.
    again: Option<Instant>,
}

impl Running {
    /// Agreed or refreshed now.
    pub(super) fn new(session: Session, now: Instant) -> Self {
        Self { session, refreshed: now, again: None }
    }

    /// What is due next, and when.
    pub(super) fn next(&self) -> (Instant, Due) {
        let whole = Duration::from_secs(self.session.seconds.into());
        let end = self.refreshed + whole - GIVE_UP_BEFORE.min(whole / 3);
        let refresh = self.again.unwrap_or(self.refreshed + whole / 2);
        if self.session.is_ours && refresh < end { (refresh, Due::Refresh) } else { (end, Due::End) }
    }

    /// A refresh failed for a reason that may pass.
    pub(super) fn failed(&mut self, now: Instant) {
        self.again = Some(now + Duration::from_secs((self.session.seconds / 20).max(1).into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: SessionTimes = SessionTimes { offered_s: 1800, least_s: 90 };

    fn said(lines: &[&str]) -> Said {
        let text = format!(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n{}\r\nContent-Length: 0\r\n\r\n",
            lines.join("\r\n")
        );
        let message = rsipstack::sip::SipMessage::try_from(text.as_bytes()).unwrap();
        let rsipstack::sip::SipMessage::Response(response) = message else { panic!("no response") };
        Said::read(&response.headers)
    }

    fn told(lines: &[&str]) -> Result<(Option<Session>, String), TooShort> {
        answer(&said(lines), TIMES).map(|(session, headers)| {
            let text: Vec<String> = headers.iter().map(|header| header.to_string().trim().to_owned()).collect();
            (session, text.join(" | "))
        })
    }

    #[test]
    fn what_is_asked_for_is_agreed_and_the_asking_side_refreshes_unless_it_says_otherwise() {
        let theirs = Session { seconds: 120, is_ours: false };
        let ours = Session { seconds: 120, is_ours: true };
        let cases: [(&[&str], Session, &str); 4] = [
            (&["Supported: timer", "Session-Expires: 120"], theirs, "120;refresher=uac"),
            (&["Supported: 100rel, timer", "Session-Expires: 120;refresher=uas"], ours, "120;refresher=uas"),
            (&["Supported: timer"], Session { seconds: 1800, is_ours: true }, "1800;refresher=uas"),
            (&["Session-Expires: 20;refresher=uac"], Session { seconds: 90, is_ours: true }, "90;refresher=uas"),
        ];
        for (lines, session, header) in cases {
            let (agreed, headers) = told(lines).unwrap();
            assert_eq!(agreed, Some(session), "{lines:?}");
            assert!(headers.contains(&format!("Session-Expires: {header}")), "{headers}");
            assert_eq!(headers.contains("Require: timer"), lines[0].starts_with("Supported"), "{headers}");
        }
        assert_eq!(told(&["X-Nothing: 1"]).unwrap(), (None, "Supported: timer".to_owned()));
        assert_eq!(told(&["Supported: timer", "Session-Expires: 30"]), Err(TooShort));
        assert_eq!(told(&["Session-Expires: soon"]).unwrap().0, None);
    }

    #[test]
    fn an_answer_says_who_refreshes() {
        assert_eq!(agreed(&said(&["Session-Expires: 300;refresher=uas"])), Some(Session { seconds: 300, is_ours: false }));
        assert_eq!(agreed(&said(&["x: 300"])), Some(Session { seconds: 300, is_ours: true }));
        assert_eq!((agreed(&said(&["Supported: timer"])), agreed(&said(&["Session-Expires: 0"]))), (None, None));
        let said = said(&["Allow: INVITE, UPDATE", "Min-SE: 600"]);
        assert_eq!((said.takes_update(), said.least()), (Some(true), Some(600)));
    }

    #[test]
    fn a_session_is_refreshed_at_half_its_time_tried_again_and_given_up_before_its_end() {
        let now = Instant::now();
        let after = |(at, due): (Instant, Due)| (at.duration_since(now).as_secs(), due);
        let mut ours = Running::new(Session { seconds: 100, is_ours: true }, now);
        assert_eq!(after(ours.next()), (50, Due::Refresh));
        ours.failed(now + Duration::from_secs(52));
        assert_eq!(after(ours.next()), (57, Due::Refresh));
        ours.failed(now + Duration::from_secs(67));
        assert_eq!(after(ours.next()), (68, Due::End));
        let theirs = Running::new(Session { seconds: 90, is_ours: false }, now);
        assert_eq!(after(theirs.next()), (60, Due::End));
        assert_eq!(after(Running::new(Session { seconds: 1800, is_ours: false }, now).next()), (1768, Due::End));
    }
}
