//! What systemd knows: whether the units run and come back after a reboot, and whether the clock is kept. Blocking.

use std::collections::HashMap;
use std::process::{Command, Stdio};

use super::model::Finding;

/// The units of an installed box.
const UNITS: [&str; 2] = ["cxbox.service", "cxbox-engine.service"];
const PROPERTIES: &str = "--property=LoadState,ActiveState,UnitFileState,NeedDaemonReload,NRestarts";
/// Restarts after which a unit is not well, however quickly it comes back.
const MANY_RESTARTS: u32 = 3;

/// The units and the clock. Where systemd does not run there is nothing to find fault with.
pub(super) fn look() -> Vec<Finding> {
    let shown = |unit: &&str| said_by("systemctl", &["show", PROPERTIES, unit]).map(|said| unit_finding(unit, &said));
    let mut findings: Vec<_> = UNITS.iter().filter_map(shown).flatten().collect();
    if findings.is_empty() {
        findings.push(Finding::ok("unit", "no unit of systemd is installed: something else starts the box"));
    }
    findings.extend(said_by("timedatectl", &["show", "--property=NTPSynchronized", "--value"]).and_then(|said| kept_clock(&said)));
    findings
}

/// What a program says, if there is one and it ends well.
fn said_by(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// One unit; `None` when it is not installed.
fn unit_finding(unit: &str, said: &str) -> Option<Finding> {
    let shown: HashMap<&str, &str> = said.lines().filter_map(|line| line.trim().split_once('=')).collect();
    let is = |name: &str, value: &str| shown.get(name) == Some(&value);
    if !is("LoadState", "loaded") {
        return None;
    }
    let restarts: u32 = shown.get("NRestarts").and_then(|text| text.parse().ok()).unwrap_or(0);
    let watch = |message: String, fix: String| Finding::watch("unit", message, fix);
    Some(if is("ActiveState", "failed") {
        let fix = format!("systemctl reset-failed {unit} && systemctl start {unit}");
        Finding::broken("unit", format!("{unit} has failed and is not started again"), fix)
    } else if is("ActiveState", "inactive") {
        Finding::broken("unit", format!("{unit} does not run"), format!("systemctl start {unit}"))
    } else if is("NeedDaemonReload", "yes") {
        watch(format!("{unit} was changed on disk and runs as it was"), format!("systemctl daemon-reload && systemctl restart {unit}"))
    } else if is("UnitFileState", "disabled") {
        watch(format!("{unit} will not start after a reboot"), format!("systemctl enable {unit}"))
    } else if restarts >= MANY_RESTARTS {
        watch(format!("{unit} had to be started again {restarts} times"), format!("journalctl -u {unit} -p warning -n 100"))
    } else {
        Finding::ok("unit", format!("{unit} runs and starts after a reboot"))
    })
}

/// Whether something sets the clock by others.
fn kept_clock(said: &str) -> Option<Finding> {
    match said.trim() {
        "yes" => Some(Finding::ok("clock_sync", "the clock is set by a time server")),
        "no" => Some(Finding::watch("clock_sync", "no time server sets the clock", "timedatectl set-ntp true")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::Verdict;
    use super::*;

    #[test]
    fn each_state_of_a_unit_has_its_command() {
        let of = |change: &[(&str, &str)]| {
            let mut all = HashMap::from([
                ("LoadState", "loaded"),
                ("ActiveState", "active"),
                ("UnitFileState", "enabled"),
                ("NeedDaemonReload", "no"),
                ("NRestarts", "0"),
            ]);
            all.extend(change.iter().copied());
            unit_finding("cxbox.service", &all.iter().map(|(name, value)| format!("{name}={value}\n")).collect::<String>())
        };
        assert_eq!(of(&[("LoadState", "not-found")]), None);
        assert_eq!(of(&[]).expect("installed").verdict, Verdict::Ok);
        for (change, verdict, fix) in [
            (("ActiveState", "failed"), Verdict::Broken, "systemctl reset-failed cxbox.service && systemctl start cxbox.service"),
            (("ActiveState", "inactive"), Verdict::Broken, "systemctl start cxbox.service"),
            (("NeedDaemonReload", "yes"), Verdict::Watch, "systemctl daemon-reload && systemctl restart cxbox.service"),
            (("UnitFileState", "disabled"), Verdict::Watch, "systemctl enable cxbox.service"),
            (("NRestarts", "3"), Verdict::Watch, "journalctl -u cxbox.service -p warning -n 100"),
        ] {
            let found = of(&[change]).expect("installed");
            assert_eq!((found.verdict, found.fix.as_deref()), (verdict, Some(fix)), "{change:?}");
        }
    }

    #[test]
    fn a_clock_that_nobody_sets_is_to_be_watched() {
        assert_eq!(kept_clock("yes\n").map(|found| found.verdict), Some(Verdict::Ok));
        assert_eq!(kept_clock("no\n").and_then(|found| found.fix), Some("timedatectl set-ntp true".to_owned()));
        assert_eq!(kept_clock(""), None);
    }
}
