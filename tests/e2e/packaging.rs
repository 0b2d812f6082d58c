//! The installer, the units and the release archive, as a newcomer meets them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use cxbox::base::Clock;
use serde_json::Value;

use super::support::binary;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} ended with {}: {text}", output.status);
    output
}

/// The release archive of the binary under test, unpacked.
fn unpacked_release(folder: &Path) -> PathBuf {
    let made = run(Command::new(root().join("packaging/release.sh")).arg(folder).env("CXBOX_BIN", binary()));
    let archive = String::from_utf8(made.stdout).unwrap().lines().last().unwrap().to_owned();
    run(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(folder));
    PathBuf::from(archive.strip_suffix(".tar.gz").unwrap())
}

#[test]
fn a_release_runs_the_demo_within_a_minute_of_unpacking_and_without_any_network() {
    let folder = tempfile::tempdir().unwrap();
    let release = unpacked_release(folder.path());
    let clock = Clock::system();
    let began = clock.now();
    // A network namespace of its own holds only loopback: nothing can leave, nothing can be fetched.
    let output =
        run(Command::new("unshare").args(["-rn", "sh", "-c", "ip link set lo up && exec ./install.sh demo --json"]).current_dir(&release));
    let took = clock.now().since(began);
    assert!(took < Duration::from_secs(60), "took {took:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let summary: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let calls = summary["calls"].as_array().unwrap();
    assert_eq!(calls.iter().map(|call| call["direction"].as_str().unwrap()).collect::<Vec<_>>(), ["inbound", "outbound"]);
    for call in calls {
        assert!(call["transcript"].as_array().is_some_and(|lines| lines.iter().any(|l| l["speaker"] == "Caller")), "{call:#}");
        assert!(call["recording"]["seconds"].as_f64().unwrap() > 1.0);
        assert!(call["webhooks"].as_array().is_some_and(|all| all.len() >= 4 && all.iter().all(|w| w["verified"] == true)), "{call:#}");
    }
}

#[test]
fn the_installer_stages_everything_and_takes_it_away_again_but_keeps_data() {
    let folder = tempfile::tempdir().unwrap();
    let release = unpacked_release(folder.path());
    let stage = folder.path().join("stage");
    let data = stage.join("var/lib/cxbox/main.db");
    let install = |command: &str| {
        run(Command::new(release.join("install.sh")).arg(command).env("DESTDIR", &stage));
    };
    install("install");
    install("install");
    for file in
        ["usr/local/bin/cxbox", "etc/systemd/system/cxbox.service", "etc/systemd/system/cxbox-engine.service", "etc/cxbox/config.toml"]
    {
        assert!(stage.join(file).exists(), "{file}");
    }
    std::fs::create_dir_all(data.parent().unwrap()).unwrap();
    std::fs::write(&data, "calls").unwrap();
    install("uninstall");
    assert!(!stage.join("usr/local/bin/cxbox").exists() && !stage.join("etc/systemd/system/cxbox.service").exists());
    assert!(data.exists() && stage.join("etc/cxbox/config.toml").exists());
}

#[test]
fn a_damaged_release_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let release = unpacked_release(folder.path());
    std::fs::write(release.join("README.md"), "changed").unwrap();
    let output = Command::new(release.join("install.sh")).arg("demo").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("damaged"));
}

#[test]
fn the_units_are_hardened_to_a_score_of_2_or_better() {
    for unit in ["cxbox.service", "cxbox-engine.service"] {
        let output = run(Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--threshold=20"])
            .arg(root().join("packaging/systemd").join(unit)));
        assert!(String::from_utf8_lossy(&output.stdout).contains("Overall exposure level"));
    }
}
