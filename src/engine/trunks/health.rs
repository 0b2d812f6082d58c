//! How one trunk is, from what it answered and when; and when it is to be asked again. Pure.

use std::time::Duration;

use crate::base::backoff::Backoff;
use crate::base::{Error, Millis};
use crate::contract::trunk::{RegistrationStatus, SipAnswer, Trunk, TrunkRegistration, TrunkState, TrunkStatus};
use crate::engine::sip::Answered;

/// OPTIONS in a row without an answer after which a trunk is down.
const MOST_MISSED: u32 = 3;
/// The pause after a registration that failed; it grows, so that a registrar which refuses us is not bothered for ever.
const AGAIN: Backoff = Backoff::Doubling { first: Duration::from_secs(5), most: Duration::from_secs(300) };
/// The least pause between two registrations, whatever was granted.
const LEAST_PAUSE: Duration = Duration::from_secs(1);
/// SIP: the registration would be too short.
const INTERVAL_TOO_BRIEF: u16 = 423;

/// What is known of one trunk.
#[derive(Debug, Clone)]
pub(super) struct Health {
    state: TrunkState,
    wanted_s: Option<u32>,
    pings: bool,
    /// Seconds to ask for; more than wanted where the registrar insists.
    asked_s: u32,
    n_refused: u32,
    failure: Option<String>,
}

impl Health {
    /// A trunk that nobody has asked yet.
    pub(super) fn new(trunk: &Trunk, revision: u64) -> Self {
        let state = TrunkState {
            carrier_id: trunk.carrier_id.clone(),
            revision,
            status: TrunkStatus::Pending,
            why: None,
            registration: trunk.register_seconds.map(|_| TrunkRegistration::default()),
            ping: None,
            round_trip_ms: None,
            n_missed: 0,
            answered_at_ms: None,
            seen_as: None,
            sent_as: None,
        };
        let wanted_s = trunk.register_seconds;
        Self { state, wanted_s, pings: trunk.options_seconds > 0, asked_s: wanted_s.unwrap_or(0), n_refused: 0, failure: None }
    }

    /// The seconds to register for.
    pub(super) fn seconds(&self) -> u32 {
        self.asked_s
    }

    /// Whether a registration may stand at the trunk.
    pub(super) fn is_registered(&self) -> bool {
        self.state.registration.as_ref().is_some_and(|registration| registration.expires_at_ms.is_some())
    }

    /// Takes note that the trunk belongs to a newer list.
    pub(super) fn confirmed(&mut self, revision: u64) {
        self.state.revision = revision;
    }

    /// Takes note of what came of OPTIONS.
    pub(super) fn pinged(&mut self, came: &Result<Answered, Error>, now: Millis) {
        match came {
            Ok(answered) => {
                self.heard(answered, now);
                self.state.n_missed = 0;
                self.state.ping = Some(SipAnswer { code: answered.code, reason: answered.reason.clone() });
                self.state.round_trip_ms = Some(u32::try_from(answered.took.as_millis()).unwrap_or(u32::MAX));
            }
            Err(error) => {
                self.state.n_missed = self.state.n_missed.saturating_add(1);
                self.failure = Some(error.message().to_owned());
            }
        }
    }

    /// Takes note of what came of REGISTER; says after which time the next one is due.
    pub(super) fn registered(&mut self, came: &Result<Answered, Error>, now: Millis) -> Duration {
        let asked_s = self.asked_s;
        if let Ok(answered) = came {
            self.heard(answered, now);
        }
        let Some(registration) = self.state.registration.as_mut() else { return Duration::MAX };
        match came {
            Ok(answered) if (200..300).contains(&answered.code) => {
                let granted_s = answered.granted_s.filter(|granted| *granted > 0).unwrap_or(asked_s);
                let until = now.plus(Duration::from_secs(granted_s.into())).0;
                registration.answer = Some(SipAnswer { code: answered.code, reason: answered.reason.clone() });
                (registration.status, registration.expires_at_ms) = (RegistrationStatus::Registered, Some(until));
                self.n_refused = 0;
                return refresh_after(granted_s);
            }
            Ok(answered) => {
                registration.answer = Some(SipAnswer { code: answered.code, reason: answered.reason.clone() });
                let wants_more = answered.code == INTERVAL_TOO_BRIEF && answered.least_s.is_some_and(|least| least > asked_s);
                if let (true, Some(least)) = (wants_more, answered.least_s) {
                    self.asked_s = least;
                    return Duration::ZERO;
                }
                registration.status = RegistrationStatus::Refused;
                registration.expires_at_ms = None;
            }
            Err(error) => {
                self.failure = Some(error.message().to_owned());
                registration.status = RegistrationStatus::Unreachable;
            }
        }
        self.n_refused = self.n_refused.saturating_add(1);
        AGAIN.after(self.n_refused).unwrap_or(LEAST_PAUSE)
    }

    fn heard(&mut self, answered: &Answered, now: Millis) {
        self.state.answered_at_ms = Some(now.0);
        self.state.seen_as = answered.seen_as.map(|address| address.to_string());
        self.state.sent_as = Some(answered.sent_as.to_string());
    }

    /// How the trunk is at this moment.
    pub(super) fn state(&self, now: Millis) -> TrunkState {
        let (status, why) = self.judge(now);
        TrunkState { status, why, ..self.state.clone() }
    }

    fn judge(&self, now: Millis) -> (TrunkStatus, Option<String>) {
        if self.pings && self.state.n_missed >= MOST_MISSED {
            let cause = self.failure.as_deref().map(|cause| format!(": {cause}")).unwrap_or_default();
            return (TrunkStatus::Down, Some(format!("the last {} OPTIONS got no answer{cause}", self.state.n_missed)));
        }
        match self.state.registration.as_ref().filter(|_| self.wanted_s.is_some()) {
            Some(registration) if registration.expires_at_ms.is_some_and(|until| until > now.0) => (TrunkStatus::Up, None),
            Some(registration) => match (registration.status, &registration.answer) {
                (RegistrationStatus::Refused, Some(answer)) => (
                    TrunkStatus::Down,
                    Some(format!("it refuses the registration: {} {}", answer.code, answer.reason).trim_end().to_owned()),
                ),
                (RegistrationStatus::Unreachable, _) => {
                    (TrunkStatus::Down, Some(self.failure.clone().unwrap_or_else(|| "it does not answer the registration".to_owned())))
                }
                _ => (TrunkStatus::Pending, None),
            },
            None if !self.pings || (self.state.ping.is_some() && self.state.n_missed == 0) => (TrunkStatus::Up, None),
            // A trunk that was there is so until three questions in a row have failed.
            None if self.state.ping.is_some() => (TrunkStatus::Up, None),
            None => (TrunkStatus::Pending, None),
        }
    }
}

/// A registration is refreshed while a fifth of it is left, a short one while half of it is.
fn refresh_after(granted_s: u32) -> Duration {
    let granted = Duration::from_secs(granted_s.into());
    (if granted_s >= 120 { granted.mul_f64(0.8) } else { granted / 2 }).max(LEAST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::trunk::Transport;

    const NOW: Millis = Millis(1_000_000);

    fn answered(code: u16, reason: &str) -> Answered {
        Answered {
            code,
            reason: reason.to_owned(),
            took: Duration::from_millis(7),
            seen_as: Some(([203, 0, 113, 1], 5060).into()),
            sent_as: ([10, 0, 0, 1], 5060).into(),
            granted_s: None,
            least_s: None,
        }
    }

    fn trunk(register_seconds: Option<u32>, options_seconds: u32) -> Trunk {
        Trunk { register_seconds, options_seconds, ..Trunk::new("tr_1".into(), "192.0.2.1:5060".to_owned(), Transport::Udp) }
    }

    fn silence() -> Result<Answered, Error> {
        Err(Error::upstream("the trunk does not answer"))
    }

    #[test]
    fn three_missed_options_make_it_down_and_one_answer_brings_it_back() {
        let mut health = Health::new(&trunk(None, 30), 1);
        let mut seen = Vec::new();
        for came in [silence(), silence(), Ok(answered(404, "Not Found")), silence(), silence(), silence(), Ok(answered(200, "OK"))] {
            health.pinged(&came, NOW);
            seen.push(health.state(NOW).status);
        }
        use TrunkStatus::{Down, Pending, Up};
        assert_eq!(seen, [Pending, Pending, Up, Up, Up, Down, Up]);
        let state = health.state(NOW);
        assert_eq!((state.round_trip_ms, state.seen_as.as_deref()), (Some(7), Some("203.0.113.1:5060")));
        assert_eq!(Health::new(&trunk(None, 0), 1).state(NOW).status, Up, "one that is never asked counts as there");
    }

    #[test]
    fn a_registration_is_refreshed_from_what_was_granted() {
        let mut health = Health::new(&trunk(Some(600), 30), 1);
        let granted = |seconds| Ok(Answered { granted_s: Some(seconds), ..answered(200, "OK") });
        assert_eq!(health.registered(&granted(300), NOW), Duration::from_secs(240));
        assert_eq!(health.registered(&granted(60), NOW), Duration::from_secs(30));
        assert_eq!(health.registered(&granted(1), NOW), Duration::from_secs(1));
        assert_eq!(health.registered(&Ok(answered(200, "OK")), NOW), Duration::from_secs(480), "nothing said: what was asked for");
        let state = health.state(NOW);
        assert_eq!((state.status, state.registration.unwrap().expires_at_ms), (TrunkStatus::Up, Some(NOW.0 + 600_000)));
        assert_eq!(health.state(NOW.plus(Duration::from_secs(601))).status, TrunkStatus::Pending);
    }

    #[test]
    fn one_that_asks_for_longer_gets_it_at_once_and_a_refusal_waits_longer_each_time() {
        let mut health = Health::new(&trunk(Some(60), 30), 1);
        let brief = Ok(Answered { least_s: Some(900), ..answered(423, "Interval Too Brief") });
        assert_eq!((health.registered(&brief, NOW), health.seconds()), (Duration::ZERO, 900));
        let pauses: Vec<u64> = (0..8).map(|_| health.registered(&Ok(answered(403, "Forbidden")), NOW).as_secs()).collect();
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 300, 300]);
        let state = health.state(NOW);
        assert_eq!((state.status, state.why.as_deref()), (TrunkStatus::Down, Some("it refuses the registration: 403 Forbidden")));
    }

    #[test]
    fn a_registration_that_cannot_be_refreshed_stands_until_it_ends() {
        let mut health = Health::new(&trunk(Some(600), 30), 1);
        health.registered(&Ok(answered(200, "OK")), NOW);
        health.registered(&silence(), NOW.plus(Duration::from_secs(480)));
        assert_eq!(health.state(NOW.plus(Duration::from_secs(500))).status, TrunkStatus::Up);
        let late = health.state(NOW.plus(Duration::from_secs(700)));
        assert_eq!((late.status, late.why.as_deref()), (TrunkStatus::Down, Some("the trunk does not answer")));
    }
}
