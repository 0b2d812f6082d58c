//! What a check of a trunk means, in plain words: is it there, and does what we tell it lead back to us. Pure.

use std::net::SocketAddr;

use serde::Serialize;
use utoipa::ToSchema;

use super::model::{TrunkTransport, TrunkView};
use crate::contract::trunk::{RegistrationStatus, TrunkCheck, TrunkStatus};

/// The verdict on a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = TrunkVerdict)]
pub enum Verdict {
    /// It answers, and sees the box where the box says that it is.
    Ok,
    /// It answers, but sees the box elsewhere: a NAT or a proxy stands between.
    Nat,
    /// It refuses the registration.
    Refused,
    /// It does not answer.
    Unreachable,
    /// No engine could ask it.
    Unknown,
}

/// The trunk as one engine found it just now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CheckedView {
    /// The engine: its URL, or `local`.
    pub engine: String,
    /// What it comes to.
    pub verdict: Verdict,
    /// What was found and what to do, one sentence each.
    pub findings: Vec<String>,
    /// What the engine saw.
    pub trunk: Option<TrunkView>,
    /// Address that SDP gives the trunk for audio.
    pub audio_address: Option<String>,
    /// UDP ports for audio, such as `20000-20999`.
    pub audio_ports: Option<String>,
}

/// The verdict on a trunk that no engine could ask.
pub(super) fn not_asked(engine: String, why: &str) -> CheckedView {
    let findings = vec![format!("The engine could not ask the trunk: {why}.")];
    CheckedView { engine, verdict: Verdict::Unknown, findings, trunk: None, audio_address: None, audio_ports: None }
}

/// The verdict on a trunk as an engine found it.
pub(super) fn judge(engine: String, check: TrunkCheck, transport: TrunkTransport) -> CheckedView {
    let mut findings = Vec::new();
    let verdict = reached(&check, &mut findings).unwrap_or_else(|| seen(&check, transport, &mut findings));
    let ports = format!("{}-{}", check.audio_port_first, check.audio_port_last);
    findings.push(format!("Audio is asked for at {} on UDP ports {ports}: they must be open and lead to this box.", check.audio_address));
    CheckedView {
        engine,
        verdict,
        findings,
        trunk: Some(TrunkView::from(check.state)),
        audio_address: Some(check.audio_address),
        audio_ports: Some(ports),
    }
}

/// Whether the trunk answers at all; `None` when it does.
fn reached(check: &TrunkCheck, findings: &mut Vec<String>) -> Option<Verdict> {
    let state = &check.state;
    let why = state.why.as_deref().unwrap_or("it did not answer");
    if let Some(registration) = &state.registration
        && registration.status == RegistrationStatus::Refused
        && state.status == TrunkStatus::Down
        && state.n_missed == 0
    {
        findings
            .push(format!("The trunk answers, but {why}: check user name and password, and whether the carrier lets this box register."));
        return Some(Verdict::Refused);
    }
    if state.n_missed == 0 && state.answered_at_ms.is_some() {
        if let (Some(ms), Some(answer)) = (state.round_trip_ms, &state.ping) {
            findings.push(format!("The trunk answered OPTIONS with {} {} after {ms} ms.", answer.code, answer.reason));
        }
        return None;
    }
    findings.push(format!(
        "The trunk does not answer ({why}): check its address, port and transport, and that the firewall lets SIP out and its answers in."
    ));
    Some(Verdict::Unreachable)
}

/// Whether it sees us where we say that we are.
fn seen(check: &TrunkCheck, transport: TrunkTransport, findings: &mut Vec<String>) -> Verdict {
    let address = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<SocketAddr>().ok());
    let Some(sent) = address(&check.state.sent_as) else { return Verdict::Ok };
    let Some(seen) = address(&check.state.seen_as) else {
        findings
            .push(format!("We tell the trunk {sent}. It does not say where it sees us, so whether that is right shows in a call only."));
        return Verdict::Ok;
    };
    // The port of a connection is the operating system's choice.
    let has_port = matches!(transport, TrunkTransport::Udp | TrunkTransport::Auto);
    let is_right = sent.ip().to_canonical() == seen.ip().to_canonical() && (!has_port || sent.port() == seen.port());
    let has_audio = check.audio_address == seen.ip().to_canonical().to_string();
    if is_right && has_audio {
        findings.push(format!("The trunk sees the box at {seen}, which is what we tell it."));
        return Verdict::Ok;
    }
    if sent.ip().to_canonical() == seen.ip().to_canonical() && has_audio {
        findings.push(format!(
            "The trunk sees the box at port {}, we tell it {}: a NAT changes the port. Forward UDP port {} to this box.",
            seen.port(),
            sent.port(),
            sent.port()
        ));
        return Verdict::Nat;
    }
    findings.push(format!(
        "The trunk sees the box at {}, we tell it {} for SIP and {} for audio: a NAT stands between. Set sip.external_address to {} \
         (PUT /api/v1/settings/sip) and forward UDP port {} and the audio ports to this box.",
        seen.ip(),
        sent.ip(),
        check.audio_address,
        seen.ip(),
        sent.port()
    ));
    Verdict::Nat
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::trunk::{SipAnswer, TrunkRegistration, TrunkState};

    fn check(sent: &str, seen: Option<&str>, audio: &str) -> TrunkCheck {
        let state = TrunkState {
            carrier_id: "tr_1".into(),
            revision: 1,
            status: TrunkStatus::Up,
            why: None,
            registration: None,
            ping: Some(SipAnswer { code: 200, reason: "OK".to_owned() }),
            round_trip_ms: Some(12),
            n_missed: 0,
            answered_at_ms: Some(5),
            seen_as: seen.map(str::to_owned),
            sent_as: Some(sent.to_owned()),
        };
        TrunkCheck { state, audio_address: audio.to_owned(), audio_port_first: 20_000, audio_port_last: 20_999 }
    }

    #[test]
    fn what_the_trunk_sees_is_compared_with_what_it_is_told() {
        use TrunkTransport::{Tcp, Udp};
        for (sent, seen, audio, transport, verdict, word) in [
            ("203.0.113.9:5060", Some("203.0.113.9:5060"), "203.0.113.9", Udp, Verdict::Ok, "which is what we tell it"),
            ("203.0.113.9:5060", Some("203.0.113.9:40001"), "203.0.113.9", Tcp, Verdict::Ok, "which is what we tell it"),
            ("203.0.113.9:5060", Some("203.0.113.9:40001"), "203.0.113.9", Udp, Verdict::Nat, "changes the port"),
            ("10.0.0.5:5060", Some("203.0.113.9:5060"), "10.0.0.5", Udp, Verdict::Nat, "Set sip.external_address to 203.0.113.9"),
            ("203.0.113.9:5060", Some("203.0.113.9:5060"), "10.0.0.5", Udp, Verdict::Nat, "10.0.0.5 for audio"),
            ("10.0.0.5:5060", None, "10.0.0.5", Udp, Verdict::Ok, "does not say where it sees us"),
        ] {
            let checked = judge("local".to_owned(), check(sent, seen, audio), transport);
            assert_eq!(checked.verdict, verdict, "{sent} {seen:?}");
            assert!(checked.findings.iter().any(|finding| finding.contains(word)), "{:?}", checked.findings);
            assert!(checked.findings.iter().any(|finding| finding.contains("20000-20999")));
        }
    }

    #[test]
    fn silence_and_a_refusal_are_told_apart() {
        let mut silent = check("10.0.0.5:5060", None, "10.0.0.5");
        silent.state = TrunkState { n_missed: 1, status: TrunkStatus::Pending, ..silent.state };
        assert_eq!(judge("local".to_owned(), silent, TrunkTransport::Udp).verdict, Verdict::Unreachable);
        let mut refused = check("10.0.0.5:5060", None, "10.0.0.5");
        let registration = TrunkRegistration { status: RegistrationStatus::Refused, ..TrunkRegistration::default() };
        let why = Some("it refuses the registration: 403 Forbidden".to_owned());
        refused.state = TrunkState { status: TrunkStatus::Down, why, registration: Some(registration), ..refused.state };
        let refused = judge("local".to_owned(), refused, TrunkTransport::Udp);
        assert_eq!(refused.verdict, Verdict::Refused);
        assert!(refused.findings[0].contains("403 Forbidden") && refused.findings[0].contains("password"));
        assert_eq!(not_asked("local".to_owned(), "it does not answer").verdict, Verdict::Unknown);
    }
}
