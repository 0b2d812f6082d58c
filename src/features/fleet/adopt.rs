//! Whether a running engine may stay when the control plane starts. Pure.

use serde::{Deserialize, Serialize};

use crate::contract::CONTRACT_VERSION;
use crate::contract::fleet::FleetHealth;

/// What an engine was started with; kept in the data folder beside its socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EngineArgs {
    /// Where SIP was to listen.
    pub(super) sip: String,
    /// Which UDP ports audio was to use.
    pub(super) rtp_ports: String,
    /// Its other settings, as environment variables.
    #[serde(default)]
    pub(super) environment: Vec<(String, String)>,
}

/// What an engine of an earlier run left in the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EngineRecord {
    /// Its process.
    pub(super) pid: u32,
    /// What it was started with.
    #[serde(flatten)]
    pub(super) args: EngineArgs,
}

/// What to do with a running engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It stays.
    Adopt,
    /// It finishes its calls and ends before another one starts; why.
    Replace(&'static str),
}

/// An engine stays when it speaks this program's contract and has the settings it should have.
pub(super) fn verdict(health: &FleetHealth, record: Option<&EngineRecord>, wanted: &EngineArgs) -> Verdict {
    if health.contract_version != Some(CONTRACT_VERSION) {
        return Verdict::Replace("it speaks another version of the contract");
    }
    if health.status == "draining" {
        return Verdict::Replace("it is draining already");
    }
    let runs_right = match record.filter(|record| health.pid.is_none_or(|pid| pid == record.pid)) {
        Some(record) => record.args == *wanted,
        None => health.sip.as_deref() == Some(wanted.sip.as_str()),
    };
    if runs_right { Verdict::Adopt } else { Verdict::Replace("it runs with other settings") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(sip: &str) -> EngineArgs {
        EngineArgs { sip: sip.into(), rtp_ports: "20000-20999".into(), environment: Vec::new() }
    }

    fn engine(version: Option<u32>, status: &str, pid: u32, sip: &str) -> FleetHealth {
        FleetHealth {
            status: status.into(),
            fleet_max: 1,
            fleet_available: 1,
            fleet_calls: 0,
            workers: Vec::new(),
            contract_version: version,
            version: None,
            pid: Some(pid),
            sip: Some(sip.into()),
            speech_ready: true,
            spooled: 0,
        }
    }

    #[test]
    fn only_an_engine_of_this_contract_at_the_right_place_stays() {
        let wanted = args("0.0.0.0:5060");
        let record = EngineRecord { pid: 7, args: wanted.clone() };
        let current = Some(CONTRACT_VERSION);
        let stays = |health: &FleetHealth, record: Option<&EngineRecord>| verdict(health, record, &wanted) == Verdict::Adopt;
        assert!(stays(&engine(current, "ok", 7, "0.0.0.0:5060"), Some(&record)));
        assert!(stays(&engine(current, "ok", 8, "0.0.0.0:5060"), Some(&record)), "a stranger's record does not count");
        assert!(stays(&engine(current, "ok", 7, "0.0.0.0:5060"), None));
        assert!(!stays(&engine(Some(CONTRACT_VERSION + 1), "ok", 7, "0.0.0.0:5060"), Some(&record)));
        assert!(!stays(&engine(None, "ok", 7, "0.0.0.0:5060"), Some(&record)));
        assert!(!stays(&engine(current, "draining", 7, "0.0.0.0:5060"), Some(&record)));
        assert!(!stays(&engine(current, "ok", 7, "0.0.0.0:5060"), Some(&EngineRecord { pid: 7, args: args("0.0.0.0:5070") })));
        assert!(!stays(&engine(current, "ok", 7, "0.0.0.0:5070"), None));
        let more_lines = EngineArgs { environment: vec![("CXBOX_ENGINE__MAX_CONCURRENT_CALLS".into(), "7".into())], ..wanted.clone() };
        assert!(!stays(&engine(current, "ok", 7, "0.0.0.0:5060"), Some(&EngineRecord { pid: 7, args: more_lines })));
    }
}
